"""Corpora other than the synthetic one: decoding, folders, GTZAN, and how they are named."""

import errno
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from genre_lib.config import GENRES, UserError, configure, data_dir
from genre_lib.corpus import find_corpus
from genre_lib.corpus.folder import AUDIO_SUFFIXES, folder_corpus, is_store
from genre_lib.corpus.gtzan import find_gtzan
from genre_lib.corpus.synthetic import synthesize
from genre_lib.corpus.synthetic.songs import load_song, synthetic_corpus

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


# Folders


def test_links_may_lead_to_folders_elsewhere_and_not_back(tmp_path):
    elsewhere, genre = tmp_path / "elsewhere", tmp_path / "music" / "rock"
    for folder in (elsewhere, genre):
        folder.mkdir(parents=True)
        (folder / "1.wav").touch()
    (genre / "album").symlink_to(elsewhere)
    assert len(folder_corpus(tmp_path / "music").tracks) == 2
    (elsewhere / "back").symlink_to(genre)
    with pytest.raises(UserError, match="back is a link to a folder that it lies in"):
        folder_corpus(tmp_path / "music")


def test_a_folder_that_may_not_be_read_is_named(folder, monkeypatch):
    def refuse(path: Path) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(UserError, match=r"music cannot be read \(Permission denied\)"):
        folder_corpus(folder)


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
    write(folder / "loose.wav")
    for name in (".DS_Store", "blues/.DS_Store", "blues/notes.txt", "README"):
        (folder / name).write_text("x")
    (folder / "empty").mkdir()
    corpus = folder_corpus(folder)
    assert [t.track_id for t in corpus.tracks] == [t.track_id for t in before]
    passed_over = corpus.passed_over.splitlines()[1:]
    assert [line.partition(" (")[0].strip() for line in sorted(passed_over)] == [
        "cannot be decoded as audio",
        "hidden: 7",
        "in no genre folder: 2",
    ]
    assert str(Path("blues", "notes.txt")) in "".join(passed_over)


def test_files_in_deeper_folders_and_of_any_suffix_count(folder):
    write(folder / "jazz" / "artist" / "album" / "1.wav")
    write(folder / "jazz" / "2.sound", format="WAV")
    write(folder / "blues" / "3", format="FLAC")
    ids = [track.track_id for track in folder_corpus(folder).tracks]
    assert ids == [
        *("blues.3", "blues.00000", "blues.00001"),
        *("jazz.2", "jazz.artist_album_1", "jazz.00000"),
    ]


def test_pieces_of_a_song_are_a_group_and_a_table_may_name_others(folder):
    for name in ("blues/a.0", "blues/a.1", "blues/a2", "blues/no.5", "jazz/0", "jazz/1"):
        write(folder / f"{name}.wav")

    def groups() -> dict[str, str]:
        tracks = folder_corpus(folder).tracks
        return {track.track_id: track.group for track in tracks if track.group}

    assert groups() == {"blues.a.0": "blues.a", "blues.a.1": "blues.a"}
    table = folder / "groups.csv"
    table.write_text("path,group\nblues/a.0.wav,x\njazz/0.wav,x\n")
    assert groups() == {"blues.a.0": "x", "jazz.0": "x", "blues.a.1": "blues.a"}
    for text, words in (("path\na\n", "columns path and group"), ("path,group\na,b\n", "'a'")):
        table.write_text(text)
        with pytest.raises(UserError, match=words):
            folder_corpus(folder)


def test_one_genre_is_no_corpus_and_genres_one_level_below_are_named(folder):
    with pytest.raises(UserError, match=r"one genre only, music; .*music: blues, jazz\?"):
        find_corpus(configure(corpus=str(folder.parent)))
    shutil.rmtree(folder / "jazz")
    with pytest.raises(UserError, match=r"one genre only, blues; give a folder of several\.$"):
        find_corpus(configure(corpus=str(folder)))


def test_folders_of_subsets_are_not_taken_for_genres(tmp_path):
    for name in ("Train/blues/1", "test/blues/2", "val/jazz/3"):
        write(tmp_path / f"{name}.wav")
    with pytest.raises(UserError, match=r"a folder for each subset; give one"):
        find_corpus(configure(corpus=str(tmp_path)))


def test_the_order_does_not_depend_on_the_file_system(tmp_path):
    names = [f"blues/{number:05d}" for number in (3, 1, 2, 0)] + ["a/z", "a/b"]
    for name in names:
        write(tmp_path / f"{name}.wav")
    paths = [track.path for track in folder_corpus(tmp_path).tracks]
    assert paths == sorted(paths)


def test_each_audio_suffix_is_found(tmp_path):
    for number, suffix in enumerate(sorted(AUDIO_SUFFIXES)):
        for name in (f"{number}{suffix}", f"upper{number}{suffix.upper()}"):
            (tmp_path / "blues").mkdir(exist_ok=True)
            (tmp_path / "blues" / name).touch()
    assert len(folder_corpus(tmp_path).tracks) == 2 * len(AUDIO_SUFFIXES)


def test_names_with_spaces_and_other_letters(tmp_path):
    names = sorted(["My Song (live)", "Größe", "夜曲", "a.b.c", "été #1, 100%"])
    for name in names:
        write(tmp_path / "Drum & Bass ü" / f"{name}.wav")
    for name, track in zip(names, folder_corpus(tmp_path).tracks, strict=True):
        assert track.genre == "Drum & Bass ü"
        assert track.track_id == f"Drum & Bass ü.{name}"
        assert pitch(track.load(RATE), RATE) == pytest.approx(440, abs=1)


def test_the_genre_is_not_repeated_in_the_tracks_name(tmp_path):
    for name in ("blues.1", "2", "bluesy"):
        write(tmp_path / "blues" / f"{name}.wav")
    ids = [track.track_id for track in folder_corpus(tmp_path).tracks]
    assert ids == ["blues.2", "blues.1", "blues.bluesy"]


def test_two_files_of_one_track_are_both_named(tmp_path):
    pairs = (("blues/1.wav", "blues/1.flac"), ("blues/1.wav", "blues/blues.1.wav"),
             ("a/b.c.wav", "a.b/c.wav"))  # fmt: skip
    for number, pair in enumerate(pairs):
        files = [write(tmp_path / str(number) / name) for name in pair]
        with pytest.raises(UserError) as caught:
            folder_corpus(tmp_path / str(number))
        assert all(str(file) in str(caught.value) for file in files)


def test_a_folder_without_audio_is_refused_with_what_a_corpus_is(tmp_path):
    (tmp_path / "blues").mkdir()
    (tmp_path / "blues" / "notes.txt").touch()
    write(tmp_path / "loose.wav")
    with pytest.raises(UserError, match=r"no audio.*\.wav.*subfolder"):
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


def test_gtzan_may_have_been_converted():
    for suffix in ("au", "flac", "WAV"):
        write(data_dir() / suffix / "gtzan" / "genres" / "blues" / f"blues.00000.{suffix}")
        (track,) = find_gtzan(data_dir() / suffix).tracks
        assert track.track_id == "blues.00000"
        assert pitch(track.load(RATE), RATE) == pytest.approx(440, abs=1)


def test_other_music_in_a_folder_of_that_name_is_not_gtzan(folder):
    write(data_dir() / "audio" / "polka" / "x.wav")
    (data_dir() / "gtzan" / "genres").mkdir(parents=True)
    with pytest.raises(UserError, match="not under"):
        find_gtzan(data_dir())
    shutil.copytree(folder, data_dir() / "genres")
    assert len(find_gtzan(data_dir()).tracks) == 3


def test_gtzan_is_found_however_it_was_unpacked(folder, monkeypatch):
    for number, layout in enumerate((*LAYOUTS, "", "archive", "downloads/genres_original")):
        data = folder.parent / f"data{number}"
        monkeypatch.setenv("GENRE_DATA", str(data))
        shutil.copytree(folder, data / layout)
        corpus = find_corpus(configure(corpus="gtzan"))
        assert corpus.name == "gtzan"
        assert [t.track_id for t in corpus.tracks] == ["blues.00000", "blues.00001", "jazz.00000"]
        assert all(data / layout in track.path.parents for track in corpus.tracks)


def test_an_archive_is_found_by_another_name_or_given_itself(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("GENRE_OFFLINE", "1")
    for number in range(2):
        data = tmp_path / f"downloads {number}"
        data.mkdir()
        archive = shutil.make_archive(str(data / "archive (1)"), "zip", folder)
        assert len(find_gtzan(Path(archive) if number else data).tracks) == 3


def test_genre_folders_with_other_music_are_not_taken_for_gtzan(folder, monkeypatch):
    for number, path in enumerate(sorted(folder.rglob("*.wav"))):
        path.rename(path.with_name(f"song {number}.wav"))
    monkeypatch.setenv("GENRE_OFFLINE", "1")
    with pytest.raises(UserError, match="GTZAN is not under"):
        find_gtzan(folder)


def test_names_that_are_no_text_are_read_with_a_mark_in_their_place(folder):
    for name in (b"caf\xe9.wav", b"two\rlines.wav"):
        path = folder / "jazz" / os.fsdecode(name)
        shutil.copy(next(folder.rglob("*.wav")), path)
    names = {track.track_id for track in find_corpus(configure(corpus=str(folder))).tracks}
    assert {"jazz.caf\ufffd", "jazz.two\ufffdlines"} < names


def test_spectrograms_of_gtzan_come_before_its_audio(folder, store_path):
    shutil.copytree(folder, data_dir() / "gtzan" / "genres")
    shutil.copytree(store_path, data_dir() / "gtzan" / "mel")
    corpus = find_gtzan(data_dir())
    assert corpus.name == "gtzan"
    assert corpus.store == data_dir() / "gtzan" / "mel"
    assert corpus.tracks == ()


def test_gtzan_that_is_nowhere_is_reported_with_the_places():
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
        ("no/such/folder", ["no/such/folder cannot be read", "No such"]),
        ("../nowhere", ["../nowhere"]),
    ],
)
def test_an_unknown_corpus_is_refused(tmp_path, monkeypatch, name, words):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as caught:
        find_corpus(configure(corpus=name))
    for word in words:
        assert word in str(caught.value)


def test_a_file_is_no_corpus(folder):
    with pytest.raises(UserError, match=r"blues\.00000\.wav is a file; a corpus is a folder"):
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
    same = next(other for other in large.tracks if other.track_id == track.track_id)
    song = track.load(RATE)
    np.testing.assert_array_equal(song, same.load(RATE))
    np.testing.assert_array_equal(song, synthesize(track.genre, 0))


def test_a_song_at_another_rate_lasts_as_long():
    song, other = load_song("pop", 0, 0, RATE), load_song("pop", 0, 0, 11025)
    assert len(other) == pytest.approx(len(song) / 2, abs=1)
    assert other.dtype == np.float32
