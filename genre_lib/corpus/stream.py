"""Audio in blocks: a file of any length is decoded in little memory."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile

from genre_lib.corpus.audio import (
    AudioFault,
    Source,
    check_samples,
    check_whole,
    read_audio,
    undecodable,
)

BLOCK = 2**20  # samples, of all channels together, that are decoded at a time
BLOCK_SECONDS = 10
WHOLE_BYTES = 20e6  # a larger file of a kind that is decoded at once would take much memory


class Forward(soundfile.SoundFile):
    """A sound file that is read from its start to its end.

    soundfile seeks after each block that it reads, and in an MP3 file every seek is heard.
    """

    def seekable(self) -> bool:
        """Say no, so that nothing seeks."""
        return False


def stream_audio(source: Source, sample_rate: int) -> Iterator[np.ndarray]:
    """Decode an audio file to mono float32 at `sample_rate`, a block at a time.

    The blocks joined are what `genre_lib.corpus.read_audio` returns, to within rounding. What
    libsndfile does not know (AAC, for example) comes as one block from there.

    Yields
    ------
    np.ndarray
        Shape (samples,), about ten seconds at most.

    Raises
    ------
    AudioFault
        If the file is missing, is a folder or cannot be read; if it cannot be decoded as a
        whole, is cut short or holds no samples; if a sample is no finite number, or far too
        large for a sound. Blocks before the fault have been yielded by then.
    """
    with _opened(source) as (raw, file):
        if file is not None:
            mono = _mono(file, raw, source)
            yield from _resampled(mono, file.samplerate, sample_rate)
            return
    yield _other(source, sample_rate)


def read_excerpt(source: Source, sample_rate: int, *, start: float, seconds: float) -> np.ndarray:
    """Decode a part of an audio file to mono float32 at `sample_rate`, shape (samples,).

    Nothing else of the file is decoded where libsndfile knows its format. There are fewer
    samples where the file ends earlier.

    Parameters
    ----------
    start
        Seconds from the file's beginning.

    Raises
    ------
    AudioFault
        As `stream_audio` does, for the part; if the file is cut short, where its header tells.
        If a file of a format that libsndfile does not know is larger than `WHOLE_BYTES`.
    """
    import librosa

    with _opened(source) as (raw, file):
        if file is not None:
            rate = file.samplerate
            first = min(round(start * rate), file.frames)
            file.seek(first)
            count = min(round(seconds * rate), file.frames - first)
            parts = [np.empty(0, np.float32), *_mono(file, raw, source, count)]
            return librosa.resample(np.concatenate(parts), orig_sr=rate, target_sr=sample_rate)
    if isinstance(source, Path) and source.stat().st_size > WHOLE_BYTES:
        raise AudioFault(
            source, "is too large for a kind that is decoded as a whole; make a FLAC or WAV of it"
        )
    audio = _other(source, sample_rate)
    return audio[round(start * sample_rate) :][: round(seconds * sample_rate)]


def seconds_of(source: Source) -> float:
    """How long an audio file says it is; 0 where it does not say."""
    try:
        with _opened(source) as (_, file):
            return file.frames / file.samplerate if file is not None else 0.0
    except AudioFault:
        return 0.0


@contextmanager
def _opened(source: Source) -> Iterator[tuple[BinaryIO, Forward | None]]:
    """A file, and the sound in it, if libsndfile knows its format."""
    if isinstance(source, Path):
        check_file(source)
    with open(source, "rb") if isinstance(source, Path) else io.BytesIO(source.content) as raw:
        try:
            # By number: from a name, libsndfile would guess a format where it recognises none.
            file = Forward(raw.fileno() if isinstance(source, Path) else raw, closefd=False)
        except soundfile.LibsndfileError:
            file = None
        with file or nullcontext():
            yield raw, file


def _other(source: Source, sample_rate: int) -> np.ndarray:
    """All samples of a file whose format libsndfile does not know."""
    if isinstance(source, Path):
        return read_audio(source, sample_rate)
    if not source.content:
        raise AudioFault(source, "is an empty file")
    raise AudioFault(source, "cannot be decoded as audio (format not recognised)")


def check_file(path: Path) -> None:
    """See that there is a file that can be opened.

    Raises
    ------
    AudioFault
        If it is missing, is a folder or a device, or its permissions forbid reading.
    """
    try:
        if path.is_dir():
            raise AudioFault(path, "is a folder; give the audio files in it")
        if path.exists() and not path.is_file():
            raise AudioFault(path, "is no regular file; give an audio file")
        path.open("rb").close()
    except FileNotFoundError:
        raise AudioFault(path, "does not exist; check its name") from None
    except OSError as error:
        raise AudioFault(path, f"cannot be read ({error.strerror})") from None
    except ValueError:  # a name with a zero in it
        raise AudioFault(path, "is no name that a file can have; check it") from None


def _mono(
    file: soundfile.SoundFile, raw: BinaryIO, source: Source, stop: int | None = None
) -> Iterator[np.ndarray]:
    """The mean of a sound file's channels, block by block, checked.

    Parameters
    ----------
    stop
        So many frames are wanted, all of which the file announces; else what there is.
    """
    frames = max(1, min(BLOCK // file.channels, BLOCK_SECONDS * file.samplerate))
    done = 0
    while stop is None or done < stop:
        try:
            count = frames if stop is None else min(frames, stop - done)
            block = file.read(count, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise undecodable(source, error) from None
        if not len(block):
            break
        done += len(block)
        check_samples(source, block)
        yield block.mean(axis=1)
    if not (done or stop == 0 < file.frames):
        raise AudioFault(source, "holds no audio samples")
    check_whole(source, file, done if stop is None else file.frames - stop + done, raw)


def _resampled(blocks: Iterator[np.ndarray], rate: int, wanted: int) -> Iterator[np.ndarray]:
    """Blocks at another sample rate, with the resampler that librosa uses."""
    if rate == wanted:
        yield from blocks
        return
    import soxr

    stream = soxr.ResampleStream(rate, wanted, 1, dtype="float32", quality="HQ")
    for block in blocks:
        yield stream.resample_chunk(block)
    yield stream.resample_chunk(np.empty(0, np.float32), last=True)
