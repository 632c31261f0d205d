"""Audio in blocks: a file of any length is decoded in little memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from genre_lib.config import UserError
from genre_lib.corpus.audio import read_audio

BLOCK = 2**20  # samples, of all channels together, that are decoded at a time
BLOCK_SECONDS = 10
LOUDEST = 1e9  # a sample beyond it is no sound, and its power would overflow
UNKNOWN_LENGTH = 2**31 - 2**16  # bytes; who writes to a pipe announces this much or more


def stream_audio(path: Path, sample_rate: int) -> Iterator[np.ndarray]:
    """Decode an audio file to mono float32 at `sample_rate`, a block at a time.

    The blocks joined are what `genre_lib.corpus.read_audio` returns, to within rounding. What
    libsndfile cannot read (AAC, for example) comes as one block from there.

    Yields
    ------
    np.ndarray
        Shape (samples,), about ten seconds at most.

    Raises
    ------
    UserError
        If the file is missing, is a folder or cannot be read; if it cannot be decoded as a
        whole, is cut short or holds no samples; if a sample is no finite number, or far too
        large for a sound. Blocks before the fault have been yielded by then.
    """
    import soundfile

    check_file(path)
    try:
        # By number, not by name: the suffix of a name may be wrong.
        with open(path, "rb") as raw, soundfile.SoundFile(raw.fileno(), closefd=False) as file:
            yield from _resampled(_mono(file, path), file.samplerate, sample_rate)
        return
    except soundfile.LibsndfileError as error:
        if "recogni" not in str(error):
            raise UserError(f"{path} cannot be decoded as audio ({_reason(error)}).") from None
    yield _checked(read_audio(path, sample_rate), path)


def seconds_of(path: Path) -> float:
    """How long an audio file says it is; 0 where it does not say."""
    import soundfile

    try:
        with open(path, "rb") as raw, soundfile.SoundFile(raw.fileno(), closefd=False) as file:
            return file.frames / file.samplerate
    except (OSError, RuntimeError):
        return 0.0


def check_file(path: Path) -> None:
    """See that there is a file that can be opened.

    Raises
    ------
    UserError
        If it is missing, is a folder or a device, or its permissions forbid reading.
    """
    if path.is_dir():
        raise UserError(f"{path} is a folder; give the audio files in it.")
    if path.exists() and not path.is_file():
        raise UserError(f"{path} is no regular file; give an audio file.")
    try:
        path.open("rb").close()
    except FileNotFoundError:
        raise UserError(f"There is no file {path}; check its name.") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}).") from None


def _mono(file: object, path: Path) -> Iterator[np.ndarray]:
    """The mean of a sound file's channels, block by block, checked."""
    import soundfile

    assert isinstance(file, soundfile.SoundFile)
    rate = file.samplerate
    frames = max(1, min(BLOCK // file.channels, BLOCK_SECONDS * rate))
    done = 0
    while True:
        try:
            block = file.read(frames, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise UserError(
                f"{path} cannot be decoded beyond {done / rate:.1f} s ({_reason(error)}); it is "
                "damaged or cut short."
            ) from None
        if not len(block):
            break
        done += len(block)
        yield _checked(block.mean(axis=1), path)
    announced = max(file.frames, _announced(file.extra_info, done))
    if not done:
        raise UserError(f"{path} holds no audio samples.")
    if done < 0.99 * announced:
        raise UserError(
            f"{path} is cut short: it announces {announced / rate:.1f} s and ends after "
            f"{done / rate:.1f} s; fetch or convert it again."
        )


def _announced(log: str, done: int) -> float:
    """Frames that the header of a WAV or AIFF file announces, by libsndfile's own log.

    libsndfile corrects a length that is too large, and tells nothing but its log.
    """
    found = re.search(r"^ *(?:data|SSND) *: (\d+) \(should be (\d+)\)", log, re.MULTILINE)
    if not found or int(found[1]) >= UNKNOWN_LENGTH:
        return 0.0
    return done * int(found[1]) / max(1, int(found[2]))


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


def _checked(audio: np.ndarray, path: Path) -> np.ndarray:
    """Return samples that are finite and of a size that sound has."""
    loudest = float(np.abs(audio).max(initial=0.0))
    if not np.isfinite(loudest):
        raise UserError(f"{path} holds samples that are not finite numbers.")
    if loudest > LOUDEST:
        raise UserError(f"{path} holds samples as large as {loudest:.0e}, which is no sound.")
    return audio


def _reason(error: Exception) -> str:
    """What libsndfile says, without what stands around it."""
    return str(error).removeprefix("Error : ").rpartition(": ")[2].strip().rstrip(".")
