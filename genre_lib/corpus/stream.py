"""Audio in blocks: a file of any length is decoded in little memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from genre_lib.corpus.audio import (
    AudioFault,
    check_samples,
    check_whole,
    read_audio,
    undecodable,
)

BLOCK = 2**20  # samples, of all channels together, that are decoded at a time
BLOCK_SECONDS = 10


class Forward(soundfile.SoundFile):
    """A sound file that is read from its start to its end.

    soundfile seeks after each block that it reads, and in an MP3 file every seek is heard.
    """

    def seekable(self) -> bool:
        """Say no, so that nothing seeks."""
        return False


def stream_audio(path: Path, sample_rate: int) -> Iterator[np.ndarray]:
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
    check_file(path)
    with open(path, "rb") as raw:
        try:
            # By number: from a name, libsndfile would guess a format where it recognises none.
            file = Forward(raw.fileno(), closefd=False)
        except soundfile.LibsndfileError:
            file = None
        if file is not None:
            with file:
                yield from _resampled(_mono(file, path), file.samplerate, sample_rate)
            return
    yield read_audio(path, sample_rate)


def seconds_of(path: Path) -> float:
    """How long an audio file says it is; 0 where it does not say."""
    try:
        with open(path, "rb") as raw, Forward(raw.fileno(), closefd=False) as file:
            return file.frames / file.samplerate
    except (OSError, soundfile.SoundFileError):
        return 0.0


def check_file(path: Path) -> None:
    """See that there is a file that can be opened.

    Raises
    ------
    AudioFault
        If it is missing, is a folder or a device, or its permissions forbid reading.
    """
    if path.is_dir():
        raise AudioFault(path, "is a folder; give the audio files in it")
    if path.exists() and not path.is_file():
        raise AudioFault(path, "is no regular file; give an audio file")
    try:
        path.open("rb").close()
    except FileNotFoundError:
        raise AudioFault(path, "does not exist; check its name") from None
    except OSError as error:
        raise AudioFault(path, f"cannot be read ({error.strerror})") from None


def _mono(file: soundfile.SoundFile, path: Path) -> Iterator[np.ndarray]:
    """The mean of a sound file's channels, block by block, checked."""
    frames = max(1, min(BLOCK // file.channels, BLOCK_SECONDS * file.samplerate))
    done = 0
    while True:
        try:
            block = file.read(frames, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise undecodable(path, error) from None
        if not len(block):
            break
        done += len(block)
        check_samples(path, block)
        yield block.mean(axis=1)
    if not done:
        raise AudioFault(path, "holds no audio samples")
    check_whole(path, file, done)


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
