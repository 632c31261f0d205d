"""Audio in blocks: the same samples as when read as a whole, in little memory, faults told."""

import gc
import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from genre_lib.config import UserError
from genre_lib.corpus import Upload, read_audio, stream
from genre_lib.corpus.stream import check_file, read_excerpt, seconds_of, stream_audio

RATE = 22050


def music(rate: int, *, seconds: float = 3.0, channels: int = 1) -> np.ndarray:
    """Tones and hiss, another mix in each channel, shape (samples, channels)."""
    rng = np.random.default_rng(channels)
    time = np.arange(round(rate * seconds))[:, None] / rate
    tones = np.sin(2 * np.pi * rng.uniform(100, 3000, channels) * time)
    return 0.3 * tones + rng.normal(0, 0.05, tones.shape)


def write(path: Path, audio: np.ndarray | None = None, rate: int = RATE, **more) -> Path:
    soundfile.write(path, music(rate) if audio is None else audio, rate, **more)
    return path


def joined(path: Path | Upload, rate: int = RATE) -> np.ndarray:
    return np.concatenate(list(stream_audio(path, rate)))


# The same samples


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000, 96000, 192000])
@pytest.mark.parametrize("channels", [1, 2, 8])
def test_blocks_joined_are_the_whole_file(tmp_path, monkeypatch, rate, channels):
    monkeypatch.setattr(stream, "BLOCK", 50_000)
    path = write(tmp_path / "a.wav", music(rate, channels=channels), rate)
    whole, blocks = read_audio(path, RATE), list(stream_audio(path, RATE))
    assert len(blocks) > 1
    assert all(block.dtype == np.float32 and block.ndim == 1 for block in blocks)
    np.testing.assert_allclose(np.concatenate(blocks), whole, rtol=0, atol=1e-6)


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3", "aiff"])
def test_formats_that_libsndfile_reads_come_in_blocks(tmp_path, monkeypatch, suffix):
    monkeypatch.setattr(stream, "BLOCK", 20_000)
    path = write(tmp_path / f"a.{suffix}")
    assert len(list(stream_audio(path, RATE))) > 3
    np.testing.assert_allclose(joined(path), read_audio(path, RATE), atol=1e-6)


@pytest.mark.parametrize("suffix", ["flac", "raw", "mp3", "txt", ""])
def test_content_decides_not_the_suffix(tmp_path, suffix):
    write(tmp_path / "a.wav").rename(tmp_path / f"a.{suffix}")
    np.testing.assert_allclose(joined(tmp_path / f"a.{suffix}"), music(RATE)[:, 0], atol=1e-4)


@pytest.mark.parametrize("name", ["my song.wav", "Ünïcödé ♫.wav", "-o.wav", "a'b\"c.wav"])
def test_any_name_will_do(tmp_path, name):
    assert len(joined(write(tmp_path / name))) == 3 * RATE


def test_blocks_do_not_grow_with_the_file(tmp_path):
    peaks = []
    for seconds in (60, 600):
        path = write(tmp_path / "long.wav", np.zeros(8000 * seconds, np.int16), 8000)
        tracemalloc.start()
        assert sum(map(len, stream_audio(path, RATE))) == RATE * seconds
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]
    assert peaks[1] < 8 * 600 * RATE / 10


def test_a_low_sample_rate_makes_no_large_blocks(tmp_path):
    path = write(tmp_path / "slow.wav", np.zeros(100_000), 100)
    assert max(map(len, stream_audio(path, RATE))) < 2 * stream.BLOCK_SECONDS * RATE


def test_a_file_says_how_long_it_is(tmp_path):
    assert seconds_of(write(tmp_path / "a.wav")) == pytest.approx(3.0)
    assert seconds_of(tmp_path / "missing.wav") == 0
    (tmp_path / "b.wav").write_text("no audio")
    assert seconds_of(tmp_path / "b.wav") == 0


# A part of a file, and files in memory


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3", "aiff"])
@pytest.mark.parametrize("start", [0, 0.7, 2.5])
def test_an_excerpt_is_that_part_of_the_whole(tmp_path, suffix, start):
    path = write(tmp_path / f"a.{suffix}", music(RATE, channels=2))
    first = round(start * RATE)
    expected = read_audio(path, RATE)[first : first + RATE]
    for source in (path, Upload("a", path.read_bytes())):
        excerpt = read_excerpt(source, RATE, start=start, seconds=1)
        np.testing.assert_allclose(excerpt, expected, atol=1e-6)


def test_an_excerpt_at_another_rate_has_its_length_in_seconds(tmp_path):
    path = write(tmp_path / "a.wav", music(48000), 48000)
    assert len(read_excerpt(path, RATE, start=1, seconds=0.5)) == RATE // 2
    assert len(read_excerpt(path, RATE, start=3, seconds=0.5)) == 0
    assert len(read_excerpt(path, RATE, start=99, seconds=0.5)) == 0


def test_of_a_long_file_only_the_excerpt_is_read(tmp_path, decoded):
    path = write(tmp_path / "long.wav", np.tile(music(RATE), (200, 1)))
    tracemalloc.start()
    read_excerpt(path, RATE, start=500, seconds=3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sum(decoded) == 3 * RATE
    assert peak < 4 * 4 * 3 * RATE


@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3"])
def test_an_upload_is_heard_as_the_file_is(tmp_path, suffix):
    path = write(tmp_path / f"a.{suffix}", music(48000, channels=2), 48000)
    upload = Upload("my <song>", path.read_bytes())
    np.testing.assert_array_equal(joined(upload), joined(path))
    assert seconds_of(upload) == seconds_of(path) == pytest.approx(3, abs=0.1)


@pytest.mark.parametrize(
    ("content", "words"), [(b"", "is an empty file"), (b"words\n" * 99, "not recognised")]
)
def test_an_upload_that_is_no_audio_is_told(content, words):
    for read in (joined, lambda upload: read_excerpt(upload, RATE, start=0, seconds=1)):
        with pytest.raises(UserError, match=rf"^my song\.wav .*{words}"):
            read(Upload("my song.wav", content))


@pytest.mark.parametrize("suffix", ["wav", "aiff"])
def test_an_excerpt_of_a_file_that_is_cut_short_is_refused(tmp_path, suffix):
    path = cut(write(tmp_path / f"a.{suffix}"))
    for source in (path, Upload("a", path.read_bytes())):
        with pytest.raises(UserError, match="cut short"):
            read_excerpt(source, RATE, start=0, seconds=1)


def test_what_can_only_be_decoded_as_a_whole_is_small(tmp_path, monkeypatch):
    path = tmp_path / "a.m4a"
    path.write_bytes(b"\x00\x00\x00\x20ftypM4A " * 20)
    monkeypatch.setattr(stream, "read_audio", lambda *_: np.arange(10 * RATE, dtype=np.float32))
    assert read_excerpt(path, RATE, start=2, seconds=3)[[0, -1]].tolist() == [
        2 * RATE,
        5 * RATE - 1,
    ]
    monkeypatch.setattr(stream, "WHOLE_BYTES", 100)
    with pytest.raises(UserError, match="too large"):
        read_excerpt(path, RATE, start=2, seconds=3)


# Faults


def cut(path: Path, share: float = 0.5) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: round(share * len(data))])
    return path


@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3", "aiff", "ogg"])
def test_a_file_that_is_cut_short_is_named(tmp_path, suffix):
    hiss = np.random.default_rng(0).uniform(-0.5, 0.5, 5 * RATE)
    path = cut(write(tmp_path / f"half song.{suffix}", hiss))
    with pytest.raises(UserError, match=rf"half song\.{suffix} .*cut short"):
        joined(path)


def test_a_length_that_a_pipe_could_not_know_is_no_fault(tmp_path):
    path = write(tmp_path / "a.wav")
    data = bytearray(path.read_bytes())
    place = data.index(b"data") + 4
    data[place : place + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    assert len(joined(path)) == 3 * RATE


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
@pytest.mark.parametrize("rate", [RATE, 48000])
def test_samples_that_are_no_sound_are_told(tmp_path, value, rate):
    audio = music(rate)
    audio[-5] = value
    path = write(tmp_path / "bad.wav", audio, rate, subtype="FLOAT")
    with pytest.raises(UserError, match=r"bad\.wav holds samples"):
        joined(path)


def test_a_file_without_samples_is_told(tmp_path):
    with pytest.raises(UserError, match="no audio samples"):
        joined(write(tmp_path / "a.wav", np.zeros(0)))


# audioread, which librosa asks last, leaves the file open when it gives up.
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
@pytest.mark.parametrize("content", [b"", b"no audio\n" * 100, b"RIFF\x00\x00"])
def test_what_is_no_audio_is_told(tmp_path, content):
    (tmp_path / "a b.wav").write_bytes(content)
    with pytest.raises(UserError, match=r"a b\.wav"):
        joined(tmp_path / "a b.wav")
    gc.collect()


def test_missing_files_folders_and_devices_are_told(tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        joined(tmp_path / "missing.wav")
    for name in ("a\0b.wav", "\udcff\ud800.wav"):
        with pytest.raises(UserError, match="no name that a file can have"):
            joined(Path(name))
    with pytest.raises(UserError, match="cannot be read"):
        joined(Path("long" * 999))
    with pytest.raises(UserError, match="is a folder"):
        joined(tmp_path)
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(UserError, match="no regular file"):
        joined(tmp_path / "pipe.wav")


def test_a_file_that_may_not_be_read_is_told(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    path = write(tmp_path / "a.wav")
    monkeypatch.setattr(Path, "open", refuse)  # root may read everything
    with pytest.raises(UserError, match="Permission denied"):
        check_file(path)


def test_what_libsndfile_cannot_read_is_read_as_a_whole(tmp_path, monkeypatch):
    (tmp_path / "a.m4a").write_bytes(b"\x00\x00\x00\x20ftypM4A " * 20)
    monkeypatch.setattr(stream, "read_audio", lambda *_: np.ones(10, np.float32))
    assert [len(block) for block in stream_audio(tmp_path / "a.m4a", RATE)] == [10]
