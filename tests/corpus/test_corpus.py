"""Corpora other than the synthetic one: decoding, folders, GTZAN, and how they are named."""

import errno
import gc
import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from genre_lib.config import GENRES, UserError, configure, data_dir
from genre_lib.corpus import AudioFault, find_corpus, read_audio
from genre_lib.corpus import audio as audio_module
from genre_lib.corpus.folder import AUDIO_SUFFIXES, folder_corpus, is_store
from genre_lib.corpus.gtzan import find_gtzan
from genre_lib.corpus.songs import load_song, synthetic_corpus
from genre_lib.corpus.synthetic import synthesize

RATE = 22050


def sine(frequency: float, *, rate: int = RATE, seconds: float = 0.5) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)


def pitch(audio: np.ndarray, rate: int) -> float:
    """Frequency of the strongest partial in Hz."""
    spectrum = np.abs(np.fft.rfft(audio * np.hanning(len(audio)), n=8 * len(audio)))
    return spectrum.argmax() * rate / (8 * len(audio))


def write(path: Path, audio: np.ndarray | None = None, rate: int = RATE, **more) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, sine(440) if audio is None else audio, rate, **more)
    return path


def apple_double(path: Path) -> None:
    """What macOS puts beside a file in an archive: its name says audio, its content does not."""
    companion = path.with_name(f"._{path.name}")
    companion.write_bytes(b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X" + bytes(195))


@pytest.fixture
def folder(tmp_path) -> Path:
    for name in ("blues/blues.00000", "blues/blues.00001", "jazz/jazz.00000"):
        apple_double(write(tmp_path / "music" / f"{name}.wav"))
    return tmp_path / "music"


# Decoding


def test_samples_at_their_own_rate_are_not_changed(tmp_path):
    written = sine(440)
    audio = read_audio(write(tmp_path / "a.wav", written), RATE)
    assert audio.dtype == np.float32
    np.testing.assert_allclose(audio, written, atol=1 / 2**15)


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg"])
@pytest.mark.parametrize("rate", [8000, 44100, 48000])
def test_another_rate_keeps_pitch_length_and_level(tmp_path, suffix, rate):
    audio = read_audio(write(tmp_path / f"a.{suffix}", sine(1000, rate=rate), rate), RATE)
    assert audio.ndim == 1
    assert len(audio) == pytest.approx(RATE / 2, abs=2)
    assert pitch(audio, RATE) == pytest.approx(1000, abs=1)
    assert np.abs(audio).max() == pytest.approx(0.5, rel=0.15)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "FLOAT"])
def test_any_sample_format_is_decoded(tmp_path, subtype):
    audio = read_audio(write(tmp_path / "a.wav", sine(440), subtype=subtype), RATE)
    np.testing.assert_allclose(audio, sine(440), atol=1 / 2**6)


def test_stereo_becomes_the_mean_of_its_channels(tmp_path):
    left, right = sine(440), sine(1000)
    audio = read_audio(write(tmp_path / "a.wav", np.stack([left, right], 1)), RATE)
    np.testing.assert_allclose(audio, (left + right) / 2, atol=1 / 2**14)


def damage(path: Path, kind: str) -> None:
    if kind == "text":
        path.write_text("this is no audio\n" * 100)
    elif kind == "empty file":
        path.write_bytes(b"")
    elif kind == "truncated header":
        write(path)
        path.write_bytes(path.read_bytes()[:20])
    elif kind == "zero length":
        write(path, np.zeros(0))
    elif kind == "missing":
        path.parent.mkdir(parents=True, exist_ok=True)
    else:
        audio = sine(440)
        audio[100] = {"not a number": np.nan, "infinite": np.inf}[kind]
        write(path, audio, subtype="FLOAT")


DAMAGES = (
    "text",
    "empty file",
    "truncated header",
    "zero length",
    "missing",
    "not a number",
    "infinite",
)


# audioread, which librosa asks last, leaves the file open when it gives up.
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
@pytest.mark.parametrize("kind", DAMAGES)
@pytest.mark.parametrize("rate", [RATE, 16000])
def test_a_file_that_is_no_music_is_named(tmp_path, kind, rate):
    path = tmp_path / "blues" / "bad name.wav"
    path.parent.mkdir()
    damage(path, kind)
    with pytest.raises(UserError, match=r"bad name\.wav"):
        read_audio(path, rate)
    gc.collect()


def noise(seconds: float = 2.0, *, rate: int = RATE, channels: int = 1) -> np.ndarray:
    shape = (round(seconds * rate), channels)
    return np.random.default_rng(0).uniform(-0.5, 0.5, shape)


KINDS = {
    "wav": {},
    "wav of floats": {"subtype": "FLOAT"},
    "wav of ADPCM": {"subtype": "IMA_ADPCM"},
    "wav, extensible": {"format": "WAVEX"},
    "wav, large": {"format": "RF64"},
    "au": {"format": "AU"},
    "aiff": {"format": "AIFF"},
    "flac": {"format": "FLAC"},
    "mp3": {"format": "MP3"},
    "mp3, variable": {"format": "MP3", "bitrate_mode": "VARIABLE", "compression_level": 0.5},
    "ogg": {"format": "OGG"},
    "opus": {"format": "OGG", "subtype": "OPUS"},
}


@pytest.mark.parametrize("share", [0.2, 0.5, 0.95])
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_a_file_that_is_cut_short_is_told(tmp_path, kind, share):
    path = write(tmp_path / "cut.wav", noise(rate=24000), 24000, **kind)
    assert len(read_audio(path, 24000)) == pytest.approx(48000, rel=0.05)
    content = path.read_bytes()
    path.write_bytes(content[: round(share * len(content))])
    with pytest.raises(AudioFault, match=r"cut\.wav .*(cut short|malformed)") as caught:
        read_audio(path, 24000)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000, 0xFFFFFF00])
def test_a_length_that_was_not_known_when_the_header_was_written_is_no_fault(tmp_path, size):
    path = write(tmp_path / "piped.wav")
    content = bytearray(path.read_bytes())
    content[4:8] = content[40:44] = size.to_bytes(4, "little")
    path.write_bytes(content)
    assert len(read_audio(path, RATE)) == len(sine(440))


def tagged(content: bytes, picture: int) -> bytes:
    """An MP3 file with a picture before its sound."""

    def size(number: int) -> bytes:
        return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))

    frame = b"APIC" + size(picture) + bytes(2) + bytes(picture)
    return b"ID3\x04\x00\x00" + size(len(frame)) + frame + content


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("picture", [0, 200_000])
def test_a_whole_mp3_is_no_fault_whatever_its_size_suggests(tmp_path, announced, picture):
    path = write(tmp_path / "a.mp3", noise(), bitrate_mode="CONSTANT", compression_level=0.5)
    content = path.read_bytes()
    if not announced:  # the first frame holds nothing but the length
        content = content[content.index(content[:2], 4) :]
    path.write_bytes(tagged(content, picture) if picture else content)
    assert len(read_audio(path, RATE)) == pytest.approx(2 * RATE, rel=0.05)
    if announced:
        path.write_bytes(path.read_bytes()[: -len(content) // 2])
        with pytest.raises(AudioFault, match="cut short"):
            read_audio(path, RATE)


@pytest.mark.parametrize("suffix", ["wav", "mp3", "flac", "ogg", "au", "aiff"])
@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3"])
def test_a_wrong_suffix_does_not_matter(tmp_path, suffix, kind):
    path = write(tmp_path / f"a.{suffix}", format=kind)
    assert pitch(read_audio(path, RATE), RATE) == pytest.approx(440, abs=2)


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
@pytest.mark.parametrize("suffix", sorted(AUDIO_SUFFIXES))
def test_text_is_no_audio_whatever_it_is_called(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_text("this is no audio\n" * 100)
    with pytest.raises(AudioFault, match="cannot be decoded as audio"):
        read_audio(path, RATE)
    gc.collect()


@pytest.mark.parametrize("rate", [8000, 44100, 192000])
@pytest.mark.parametrize("channels", [1, 2, 8])
@pytest.mark.parametrize("suffix", ["wav", "flac", "aiff", "au", "ogg"])
def test_any_rate_and_number_of_channels_is_decoded(tmp_path, rate, channels, suffix):
    audio = np.stack([sine(440, rate=rate) * (1 + index) for index in range(channels)], 1)
    audio /= channels
    mono = read_audio(write(tmp_path / f"a.{suffix}", audio, rate), RATE)
    assert len(mono) == pytest.approx(RATE / 2, abs=2)
    assert pitch(mono, RATE) == pytest.approx(440, abs=2)
    assert np.abs(mono).max() == pytest.approx(0.25 * (1 + 1 / channels), rel=0.2)


def test_values_that_no_sound_has_are_told(tmp_path):
    path = write(tmp_path / "a.wav", 1e30 * sine(440), subtype="FLOAT")
    with pytest.raises(AudioFault, match="no sound"):
        read_audio(path, RATE)


def test_a_file_that_may_not_be_read_is_told(tmp_path, monkeypatch):
    def refuse(path: Path, *_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    monkeypatch.setattr(audio_module, "open", refuse, raising=False)
    with pytest.raises(AudioFault, match=r"a\.wav cannot be read \(Permission denied\)"):
        read_audio(write(tmp_path / "a.wav"), RATE)


def test_a_folder_that_may_not_be_read_is_told(folder, monkeypatch):
    def refuse(path: Path) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(UserError, match=r"music cannot be read \(Permission denied\)"):
        folder_corpus(folder)


def test_a_fault_survives_the_way_from_one_process_to_another(tmp_path):
    fault = AudioFault(tmp_path / "a.wav", "is an empty file")
    copy = pickle.loads(pickle.dumps(fault))
    assert str(copy) == str(fault) == f"{tmp_path / 'a.wav'} is an empty file."
    assert copy.fault == fault.fault


# Folders


def test_a_folder_of_genre_folders_is_a_corpus(folder):
    corpus = folder_corpus(folder)
    assert corpus.name == "music"
    assert corpus.store is None
    assert [(track.track_id, track.genre) for track in corpus.tracks] == [
        ("blues.00000", "blues"),
        ("blues.00001", "blues"),
        ("jazz.00000", "jazz"),
    ]
    for track in corpus.tracks:
        assert track.path == folder / track.genre / f"{track.track_id}.wav"
        assert pitch(track.load(RATE), RATE) == pytest.approx(440, abs=1)
        assert len(track.load(8000)) == pytest.approx(4000, abs=1)


def test_what_is_hidden_or_no_audio_is_passed_over(folder):
    before = folder_corpus(folder).tracks
    write(folder / ".hidden" / "x.wav")
    write(folder / "blues" / ".x.wav")
    write(folder / "blues" / "nested" / "x.wav")
    write(folder / "loose.wav")
    for name in (".DS_Store", "blues/.DS_Store", "blues/notes.txt", "README"):
        (folder / name).write_text("x")
    (folder / "empty").mkdir()
    assert [t.track_id for t in folder_corpus(folder).tracks] == [t.track_id for t in before]


def test_the_order_does_not_depend_on_the_file_system(tmp_path):
    names = [f"blues/{number:05d}" for number in (3, 1, 2, 0)] + ["a/z", "a/b"]
    for name in names:
        write(tmp_path / f"{name}.wav")
    paths = [track.path for track in folder_corpus(tmp_path).tracks]
    assert paths == sorted(paths)


@pytest.mark.parametrize("suffix", sorted(AUDIO_SUFFIXES))
@pytest.mark.parametrize("change", [str.lower, str.upper])
def test_each_audio_suffix_is_found(tmp_path, suffix, change):
    (tmp_path / "blues").mkdir()
    (tmp_path / "blues" / f"x{change(suffix)}").touch()
    assert [track.track_id for track in folder_corpus(tmp_path).tracks] == ["blues.x"]


@pytest.mark.parametrize("name", ["My Song (live)", "Größe", "夜曲", "a.b.c", "été #1, 100%"])
def test_names_with_spaces_and_other_letters(tmp_path, name):
    write(tmp_path / "Drum & Bass ü" / f"{name}.wav")
    (track,) = folder_corpus(tmp_path).tracks
    assert track.genre == "Drum & Bass ü"
    assert track.track_id == f"Drum & Bass ü.{name}"
    assert pitch(track.load(RATE), RATE) == pytest.approx(440, abs=1)


def test_the_genre_is_not_repeated_in_the_tracks_name(tmp_path):
    for name in ("blues.1", "2", "bluesy"):
        write(tmp_path / "blues" / f"{name}.wav")
    ids = [track.track_id for track in folder_corpus(tmp_path).tracks]
    assert ids == ["blues.2", "blues.1", "blues.bluesy"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("blues/1.wav", "blues/1.flac"),
        ("blues/1.wav", "blues/blues.1.wav"),
        ("a/b.c.wav", "a.b/c.wav"),
    ],
)
def test_two_files_of_one_track_are_both_named(tmp_path, first, second):
    write(tmp_path / first)
    write(tmp_path / second)
    with pytest.raises(UserError) as caught:
        folder_corpus(tmp_path)
    assert str(tmp_path / first) in str(caught.value)
    assert str(tmp_path / second) in str(caught.value)


def test_a_folder_without_audio_is_told_what_a_corpus_is(tmp_path):
    (tmp_path / "blues").mkdir()
    (tmp_path / "blues" / "notes.txt").touch()
    write(tmp_path / "loose.wav")
    with pytest.raises(UserError, match=r"no audio.*subfolder.*\.wav"):
        folder_corpus(tmp_path)


# GTZAN

LAYOUTS = (
    "gtzan/genres",
    "gtzan/genres_original",
    "gtzan/Data/genres_original",
    "gtzan/data/genres",
    "gtzan/audio",
    "genres",
    "genres_original",
    "Data/genres_original",
    "data/genres",
    "audio",
)


@pytest.mark.parametrize("suffix", ["au", "flac", "WAV"])
def test_gtzan_may_have_been_converted(tmp_path, suffix):
    write(data_dir() / "gtzan" / "genres" / "blues" / f"blues.00000.{suffix}")
    (track,) = find_gtzan(data_dir()).tracks
    assert track.track_id == "blues.00000"
    assert pitch(track.load(RATE), RATE) == pytest.approx(440, abs=1)


def test_other_music_in_a_folder_of_that_name_is_not_gtzan(folder):
    write(data_dir() / "audio" / "polka" / "x.wav")
    (data_dir() / "gtzan" / "genres").mkdir(parents=True)
    with pytest.raises(UserError, match="not under"):
        find_gtzan(data_dir())
    shutil.copytree(folder, data_dir() / "genres")
    assert len(find_gtzan(data_dir()).tracks) == 3


@pytest.mark.parametrize("layout", LAYOUTS)
def test_gtzan_is_found_however_it_was_unpacked(folder, layout):
    shutil.copytree(folder, data_dir() / layout)
    corpus = find_corpus(configure(corpus="gtzan"))
    assert corpus.name == "gtzan"
    assert [track.track_id for track in corpus.tracks] == [
        "blues.00000",
        "blues.00001",
        "jazz.00000",
    ]
    assert all(data_dir() / layout in track.path.parents for track in corpus.tracks)


def test_spectrograms_of_gtzan_come_before_its_audio(folder, store_path):
    shutil.copytree(folder, data_dir() / "gtzan" / "genres")
    shutil.copytree(store_path, data_dir() / "gtzan" / "mel")
    corpus = find_gtzan(data_dir())
    assert corpus.name == "gtzan"
    assert corpus.store == data_dir() / "gtzan" / "mel"
    assert corpus.tracks == ()


def test_gtzan_that_is_nowhere_is_told_where_it_was_looked_for():
    with pytest.raises(UserError) as caught:
        find_corpus(configure(corpus="gtzan"))
    for place in (str(data_dir()), "gtzan/mel", *LAYOUTS[:5], "GENRE_DATA", "--corpus"):
        assert place in str(caught.value)


# Names


def test_a_folder_or_a_store_is_given_by_its_path(folder, store_path, monkeypatch):
    assert find_corpus(configure(corpus=str(folder))).name == "music"
    assert find_corpus(configure(corpus=str(store_path))).store == store_path
    monkeypatch.chdir(folder.parent)
    assert len(find_corpus(configure(corpus="music")).tracks) == 3
    assert len(find_corpus(configure(corpus="./music")).tracks) == 3


def test_the_home_folder_is_understood(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder.parent))
    assert find_corpus(configure(corpus="~/music")).tracks[0].path.parent == folder / "blues"


@pytest.mark.parametrize("file", ["store.json", "index.csv"])
def test_half_a_store_is_taken_for_a_store_not_for_audio(folder, file):
    assert not is_store(folder)
    (folder / file).touch()
    assert is_store(folder)
    assert find_corpus(configure(corpus=str(folder))).store == folder


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gtzen", ["'gtzen'", "'gtzan'"]),
        ("sintetic", ["'sintetic'", "'synthetic'"]),
        ("zzz", ["'zzz'", "synthetic, gtzan"]),
        ("no/such/folder", ["no/such/folder", "no folder"]),
        ("../nowhere", ["../nowhere"]),
    ],
)
def test_an_unknown_corpus_is_told(tmp_path, monkeypatch, name, words):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as caught:
        find_corpus(configure(corpus=name))
    for word in words:
        assert word in str(caught.value)


def test_a_file_is_no_corpus(folder):
    with pytest.raises(UserError, match=r"blues\.00000\.wav is a file"):
        find_corpus(configure(corpus=str(folder / "blues" / "blues.00000.wav")))


# The synthetic corpus as a corpus of tracks


def test_the_synthetic_corpus_has_as_many_songs_as_were_asked_for():
    corpus = find_corpus(configure(overrides={"songs_per_genre": 4}))
    assert corpus.name == "synthetic"
    assert len(corpus.tracks) == len({track.track_id for track in corpus.tracks}) == 40
    for genre in GENRES:
        ids = [track.track_id for track in corpus.tracks if track.genre == genre]
        assert ids == [f"{genre}.{number:05d}" for number in range(4)]


def test_a_larger_synthetic_corpus_begins_with_the_songs_of_a_smaller_one():
    small, large = synthetic_corpus(3), synthetic_corpus(5)
    assert {t.track_id for t in small.tracks} < {t.track_id for t in large.tracks}
    track = small.tracks[0]
    twin = next(other for other in large.tracks if other.track_id == track.track_id)
    song = track.load(RATE)
    np.testing.assert_array_equal(song, twin.load(RATE))
    np.testing.assert_array_equal(song, synthesize(track.genre, 0))


def test_a_song_at_another_rate_lasts_as_long():
    song, other = load_song("pop", 0, 0, RATE), load_song("pop", 0, 0, 11025)
    assert len(other) == pytest.approx(len(song) / 2, abs=1)
    assert other.dtype == np.float32
