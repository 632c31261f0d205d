"""Decoding: any recording is read to its true end, in little memory, and faults are named."""

import io
import os
import pickle
import tracemalloc
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from genre_lib.config import UserError
from genre_lib.corpus import Upload, audio, read_audio
from genre_lib.corpus.audio import seconds_of, stream_audio

RATE = 22050


def music(rate: int = RATE, *, seconds: float = 3.0, channels: int = 1) -> np.ndarray:
    """Tones and hiss, another mix in each channel, shape (samples, channels)."""
    rng = np.random.default_rng(channels)
    time = np.arange(round(rate * seconds))[:, None] / rate
    tones = np.sin(2 * np.pi * rng.uniform(100, 3000, channels) * time)
    return 0.3 * tones + rng.normal(0, 0.05, tones.shape)


def sine(frequency: float, *, rate: int = RATE, seconds: float = 0.5) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)


def pitch(sound: np.ndarray, rate: int) -> float:
    """Frequency of the strongest partial in Hz."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), n=8 * len(sound)))
    return spectrum.argmax() * rate / (8 * len(sound))


def write(path: Path, sound: np.ndarray | None = None, rate: int = RATE, **more) -> Path:
    soundfile.write(path, music(rate) if sound is None else sound, rate, **more)
    return path


def encoded(path: Path, codec: str, seconds: float = 3.0) -> Path:
    """Music as a file of a format that FFmpeg writes, by the name's suffix."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(
            music(seconds=seconds).T.astype(np.float32), format="flt", layout="mono"
        )
        frame.rate = RATE
        to_codec = av.AudioResampler(stream.format, "mono", RATE, stream.frame_size or 4096)
        for part in (*to_codec.resample(frame), *to_codec.resample(None), None):
            container.mux(stream.encode(part))
    return path


def cut(path: Path, share: float = 0.5) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: round(share * len(content))])
    return path


KINDS = {
    "wav": {},
    "wav of floats": {"subtype": "FLOAT"},
    "wav of 24 bits": {"subtype": "PCM_24"},
    "wav of 8 bits": {"subtype": "PCM_U8"},
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
EXACT = ("wav", "wav of floats", "wav of 24 bits", "wav, extensible", "au", "aiff", "flac")


# What is decoded


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_is_decoded_as_libsndfile_does_whatever_it_is_called(tmp_path, kind):
    for suffix in ("wav", "mp3", "raw"):
        options = {"format": "WAV"} | KINDS[kind]
        path = write(tmp_path / f"a.{suffix}", music(24000), 24000, **options)
        decoded = read_audio(path, 24000)
        expected = soundfile.read(io.BytesIO(path.read_bytes()), dtype="float32")[0]
        assert decoded.dtype == np.float32
        assert len(decoded) == pytest.approx(len(expected), abs=1100)  # a frame of padding
        if kind in EXACT:
            np.testing.assert_array_equal(decoded, expected)
        if kind == "opus":  # libsndfile keeps the samples before the sound
            continue
        count = min(len(decoded), len(expected))
        assert np.abs(decoded[:count] - expected[:count]).max() < 0.02


def test_kinds_that_libsndfile_does_not_know_are_decoded(tmp_path):
    for suffix in ("m4a", "aac"):
        decoded = read_audio(encoded(tmp_path / f"a.{suffix}", "aac"), RATE)
        assert len(decoded) == pytest.approx(3 * RATE, abs=4096)
        assert pitch(decoded, RATE) == pytest.approx(pitch(music()[:, 0], RATE), abs=1)


def test_any_rate_and_number_of_channels_is_decoded_in_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(audio, "BLOCK", 20_000)
    for suffix in ("wav", "flac", "ogg"):
        for rate in (8000, 44100, 192000):
            for channels in (1, 2, 8):
                sound = np.stack([sine(440, rate=rate) * (1 + n) for n in range(channels)], 1)
                path = write(tmp_path / f"a.{suffix}", sound / channels, rate)
                blocks = list(stream_audio(path, RATE))
                assert len(blocks) > 1 or rate * channels <= 40_000
                mono = np.concatenate(blocks)
                assert len(mono) == pytest.approx(RATE / 2, abs=300)
                assert pitch(mono, RATE) == pytest.approx(440, abs=3)
                assert np.abs(mono).max() == pytest.approx(0.25 * (1 + 1 / channels), rel=0.2)


def test_blocks_do_not_change_what_is_decoded(tmp_path, monkeypatch):
    path = write(tmp_path / "a.wav", music(48000, channels=2), 48000)
    whole = read_audio(path, RATE)
    assert len(whole) == 3 * RATE
    monkeypatch.setattr(audio, "BLOCK", 5000)
    np.testing.assert_allclose(read_audio(path, RATE), whole, rtol=0, atol=1e-6)


def test_stereo_becomes_the_mean_of_its_channels(tmp_path):
    sound = music(channels=2)
    decoded = read_audio(write(tmp_path / "a.wav", sound), RATE)
    np.testing.assert_allclose(decoded, sound.mean(axis=1), atol=1 / 2**14)


def test_tags_in_any_alphabet_will_do(tmp_path):
    title = "Björk".encode("latin-1")
    tag = b"INFOINAM" + len(title + b"\0").to_bytes(4, "little") + title + b"\0"
    content = write(tmp_path / "a.wav").read_bytes()
    content += b"LIST" + len(tag).to_bytes(4, "little") + tag
    assert len(read_audio(Upload("a.wav", content), RATE)) == 3 * RATE
    content = write(tmp_path / "a.mp3").read_bytes() + b"TAG" + title.ljust(125, b"\0")
    assert len(read_audio(Upload("a.mp3", content), RATE)) == pytest.approx(3 * RATE, rel=0.05)


def test_any_name_will_do(tmp_path):
    for name in ("my song.wav", "Ünïcödé ♫.wav", "-o.wav", "a'b\"c.wav", "http:", "concat:a|b"):
        assert len(read_audio(write(tmp_path / name, format="WAV"), RATE)) == 3 * RATE


def test_blocks_do_not_grow_with_the_file(tmp_path):
    path = write(tmp_path / "long.wav", np.zeros(8000 * 900, np.int16), 8000)
    tracemalloc.start()
    assert sum(map(len, stream_audio(path, RATE))) == RATE * 900
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10e6  # as float32 it is 79 MB


# Read to the true end


def sized(path: Path, size: int, *places: int, order: str = "little") -> Path:
    """Another size in a file's header."""
    content = bytearray(path.read_bytes())
    for place in places:
        content[place : place + 4] = size.to_bytes(4, order)
    path.write_bytes(content)
    return path


def test_a_length_that_was_not_known_when_the_header_was_written_is_no_fault(tmp_path):
    for size in (0, 0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000, 0xFFFFFF00):
        assert len(read_audio(sized(write(tmp_path / "a.wav"), size, 4, 40), RATE)) == 3 * RATE
    for size in (0, 0xFFFFFFFF):
        path = sized(write(tmp_path / "a.au"), size, 8, order="big")
        assert len(read_audio(path, RATE)) == 3 * RATE
    large = write(tmp_path / "a.rf64", format="RF64")
    data = large.read_bytes().index(b"data") + 4
    for size in (0xFFFFFFFF, 0):
        path = sized(sized(large, 0, 20, 24, 28, 32, 36, 40), size, data)
        assert len(read_audio(path, RATE)) == 3 * RATE
        assert seconds_of(path) < 4
    flac = bytearray(write(tmp_path / "a.flac").read_bytes())
    flac[21:26] = bytes([flac[21] & 0xF0, 0, 0, 0, 0])  # samples in the stream: unknown
    (tmp_path / "a.flac").write_bytes(flac)
    assert len(read_audio(tmp_path / "a.flac", RATE)) == 3 * RATE


def test_files_that_were_joined_are_read_to_the_end_of_the_last(tmp_path):
    for kind in ("mp3", "ogg", "opus", "wav"):
        path = write(tmp_path / "a", music(24000), 24000, **{"format": "WAV"} | KINDS[kind])
        path.write_bytes(2 * path.read_bytes())
        expected = 3 if kind == "wav" else 6  # what follows a WAV file's sound is no sound
        assert len(read_audio(path, 24000)) / 24000 == pytest.approx(expected, abs=0.15)
        excerpt = read_audio(path, 24000, start=2, seconds=3)
        assert len(excerpt) / 24000 == pytest.approx(min(3, expected - 2), abs=0.15)


def mp3(path: Path, *, stated: bool = True, picture: int = 0) -> Path:
    """An MP3 file that states its length or does not, with a picture before its sound."""
    content = write(path, format="MP3", bitrate_mode="VARIABLE").read_bytes()
    if not stated:  # the first frame has nothing but the length
        content = content[content.index(content[:2], 4) :]
    if picture:
        size, frame = (
            bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))
            for number in (picture + 12, picture + 2)
        )
        content = b"ID3\4\0\0" + size + b"APIC" + frame + bytes(picture + 4) + content
    path.write_bytes(content)
    return path


def test_a_whole_mp3_is_no_fault_whatever_its_size_suggests(tmp_path):
    for stated in (True, False):
        for picture in (0, 200_000):
            path = mp3(tmp_path / "a.mp3", stated=stated, picture=picture)
            assert len(read_audio(path, RATE)) == pytest.approx(3 * RATE, rel=0.05)
            path.write_bytes(path.read_bytes() + bytes(30_000))  # tags, or what is no sound
            assert len(read_audio(path, RATE)) == pytest.approx(3 * RATE, rel=0.05)
    inside = mp3(tmp_path / "a.mp3", stated=False).read_bytes()[1234:]  # begins inside a frame
    assert len(read_audio(Upload("a", inside), RATE)) == pytest.approx(2.7 * RATE, rel=0.1)


# Parts of files, and files in memory


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3", "aiff"])
def test_an_excerpt_is_that_part_of_the_whole(tmp_path, suffix):
    path = write(tmp_path / f"a.{suffix}", music(channels=2))
    whole = read_audio(path, RATE)
    for start in (0, 0.7, 2.5):
        expected = whole[round(start * RATE) :][:RATE]
        for source in (path, Upload("a", path.read_bytes())):
            excerpt = read_audio(source, RATE, start=start, seconds=1)
            np.testing.assert_allclose(excerpt, expected, atol=1e-6)


def test_an_excerpt_at_another_rate_has_its_length_in_seconds(tmp_path):
    path = write(tmp_path / "a.wav", music(48000), 48000)
    assert len(read_audio(path, RATE, start=1, seconds=0.5)) == RATE // 2
    assert len(read_audio(path, RATE, start=3, seconds=0.5)) == 0
    assert len(read_audio(path, RATE, start=99, seconds=0.5)) == 0


def test_of_a_long_file_hardly_more_than_the_excerpt_is_read(tmp_path, decoded):
    for suffix in ("wav", "flac", "mp3"):
        path = write(tmp_path / f"long.{suffix}", np.tile(music(8000), (50, 1)), 8000)
        for start in (0, 100):
            decoded.clear()
            assert len(read_audio(path, 8000, start=start, seconds=3)) == 3 * 8000
            assert sum(decoded) < 10 * 8000


def test_an_upload_is_heard_as_the_file_is(tmp_path):
    for suffix in ("wav", "flac", "mp3"):
        path = write(tmp_path / f"a.{suffix}", music(48000, channels=2), 48000)
        upload = Upload("my <song>", path.read_bytes())
        np.testing.assert_array_equal(read_audio(upload, RATE), read_audio(path, RATE))
        assert seconds_of(upload) == seconds_of(path) == pytest.approx(3, abs=0.1)


def test_a_file_that_is_none_has_no_length(tmp_path):
    assert seconds_of(tmp_path / "missing.wav") == 0
    assert seconds_of(Upload("b.wav", b"no audio")) == 0


# Faults


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_cut_short_is_refused(tmp_path, kind):
    for share in (0.2, 0.5, 0.95):
        path = cut(write(tmp_path / "cut.wav", music(24000), 24000, **KINDS[kind]), share)
        with pytest.raises(UserError, match=r"cut\.wav .*(cut short|its end is missing)") as caught:
            read_audio(path, 24000)
        assert "\n" not in str(caught.value)
    if kind in ("wav", "aiff"):  # of which the header tells before the end is reached
        for source in (path, Upload("cut.wav", path.read_bytes())):
            with pytest.raises(UserError, match="cut short"):
                read_audio(source, RATE, start=0, seconds=1)


def test_sound_that_is_missing_in_the_middle_or_at_the_end_is_reported(tmp_path):
    for kind in ("ogg", "opus", "mka"):
        path = tmp_path / f"a.{kind}"
        if kind == "mka":
            encoded(path, "aac", seconds=30)
        else:
            write(path, music(24000, seconds=30), 24000, **KINDS[kind])
        whole = path.read_bytes()
        assert len(read_audio(path, RATE)) == pytest.approx(30 * RATE, rel=0.01)
        third = len(whole) // 3
        hole = whole[:third] + bytes(third // 2) + whole[third + third // 2 :]
        for content in (hole, whole[:-third]):
            with pytest.raises(UserError, match=r"of 30\.. s can be decoded|cut short|packets"):
                read_audio(Upload("a", content), RATE)


def test_a_packet_that_cannot_be_decoded_is_passed_over_unless_there_are_many(tmp_path):
    content = bytearray(write(tmp_path / "a.flac", music(seconds=30)).read_bytes())
    whole = read_audio(Upload("a", bytes(content)), RATE)
    content[len(content) // 2] ^= 0xFF
    damaged = read_audio(Upload("a", bytes(content)), RATE)
    assert len(whole) - 2 * 4608 <= len(damaged) <= len(whole)
    np.testing.assert_array_equal(damaged[: 10 * RATE], whole[: 10 * RATE])
    for place in range(5000, len(content), len(content) // 20):
        content[place] ^= 0xFF
    with pytest.raises(UserError, match=r"of its .* packets|cut short"):
        read_audio(Upload("a", bytes(content)), RATE)


def noise(count: int) -> bytes:
    return np.random.default_rng(0).bytes(count)


FAULTS = {
    "is an empty file": b"",
    "cannot be decoded as audio": b"this is no audio\n" * 100,
    "cannot be decoded as audio ": noise(100_000),
    "cannot be decoded": b"RIFF\0\0",
    "cannot be decoded as audio  ": b"#EXTM3U\n#EXTINF:3,\nhttp://127.0.0.1:9/a.wav\n",
}


def test_what_is_no_audio_is_refused_whatever_it_is_called(tmp_path):
    for words, content in FAULTS.items():
        for name in ("a b.wav", "a.mp3", "a.flac", "a.raw", "a.m4a"):
            (tmp_path / name).write_bytes(content)
            with pytest.raises(UserError, match=f"{name} .*{words.strip()}"):
                read_audio(tmp_path / name, RATE)
        with pytest.raises(UserError, match=f"^my song .*{words.strip()}"):
            read_audio(Upload("my song", content), RATE, start=0, seconds=1)


def test_samples_that_are_no_sound_are_refused(tmp_path):
    for value in (np.nan, np.inf, -np.inf, 1e30):
        for rate in (RATE, 48000):
            sound = music(rate)
            sound[-5] = value
            path = write(tmp_path / "bad.wav", sound, rate, subtype="FLOAT")
            with pytest.raises(UserError, match=r"bad\.wav holds samples"):
                read_audio(path, RATE)


def test_files_without_samples_and_too_few_of_them_are_refused(tmp_path):
    for suffix in ("wav", "flac", "aiff"):
        with pytest.raises(UserError, match=r"no audio samples|empty file|cannot be decoded"):
            read_audio(write(tmp_path / f"a.{suffix}", np.zeros(0)), RATE)
    with pytest.raises(UserError, match="1 samples a second"):
        read_audio(write(tmp_path / "a.wav", np.zeros(100), 1), RATE)


def test_missing_files_folders_and_devices_are_named(tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        read_audio(tmp_path / "missing.wav", RATE)
    for name, fault in {
        "a\0b.wav": "not exist",
        "\udcff\ud800": "not exist",
        "a" * 999: "long",
    }.items():
        with pytest.raises(UserError, match=fault):
            read_audio(Path(name), RATE)
    with pytest.raises(UserError, match="or a folder"):
        read_audio(tmp_path, RATE)
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(UserError, match="is a pipe"):
        read_audio(tmp_path / "pipe.wav", RATE)


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="only Linux has such a file")
def test_a_file_whose_bytes_cannot_be_read_is_named():
    with pytest.raises(UserError, match=r"mem cannot be read .*\)\."):
        read_audio(Path("/proc/self/mem"), RATE)


def test_the_shortest_mp3_is_whole(tmp_path):
    path = write(tmp_path / "a.mp3", music(seconds=0.02))
    assert 0 < len(read_audio(path, RATE)) < 0.2 * RATE


def test_a_file_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    path = write(tmp_path / "a.wav")
    monkeypatch.setattr(Path, "open", refuse)  # root may read everything
    with pytest.raises(UserError, match=r"a\.wav cannot be read \(Permission denied\)"):
        read_audio(path, RATE)


def test_a_fault_survives_the_way_from_one_process_to_another(tmp_path):
    with pytest.raises(UserError) as caught:
        read_audio(tmp_path / "a.wav", RATE)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert isinstance(copy, UserError)
    assert str(copy) == str(caught.value)


def test_nothing_is_printed_beside_the_fault(tmp_path, capfd):
    for content in (noise(50_000), b"RIFF\0\0", io.BytesIO(b"OggS" * 99).getvalue()):
        with pytest.raises(UserError):
            read_audio(Upload("a", content), RATE)
    assert capfd.readouterr() == ("", "")
