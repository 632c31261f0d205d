"""Tracks and their audio."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from genre_lib.config import UserError

if TYPE_CHECKING:
    import soundfile

WHOLE = 0.99  # a file with fewer of the samples that its header announces is cut short
LOUDEST = 1e9  # a sample beyond it is no sound, and its power would overflow
UNRECOGNISED = 1  # libsndfile's number for a format that it does not know
UNKNOWN_SIZE = 2**31 - 2**16  # bytes; who writes to a pipe announces this much or more

# What libsndfile's log says of files that end too early, and how an MP3 file states its length.
DATA_SIZE = re.compile(r"^ *(?:data|SSND|Data Size) *: (\d+) \(should be (\d+)\)", re.MULTILINE)
RF64_FRAMES = re.compile(r"does not match value from 'ds64' chunk of (\d+)")
CUT_OGG = ("lacks an end-of-stream bit", "Junk after the last page")
MP3_LENGTH = re.compile(rb"Xing|Info|VBRI")


@dataclass(frozen=True)
class Track:
    """One recording with one genre label.

    Attributes
    ----------
    track_id
        For example ``blues.00042``.
    load
        ``load(sample_rate)`` returns mono float32 audio, shape (samples,).
    path
        The audio file; None for a composed track.
    """

    track_id: str
    genre: str
    load: Callable[[int], np.ndarray]
    path: Path | None = None


@dataclass(frozen=True)
class Corpus:
    """A named collection of tracks, or a spectrogram store that was made of one.

    Attributes
    ----------
    dispensable
        Names of tracks that are left out, with a notice, where they cannot be decoded.
    describe
        Looks at all the audio and tells what it found, before a store is made of it.
    """

    name: str
    tracks: tuple[Track, ...] = ()
    store: Path | None = None
    dispensable: frozenset[str] = frozenset()
    describe: Callable[[], str] | None = None


@dataclass(frozen=True, eq=False)
class Upload:
    """An audio file that lies in memory, and nowhere else.

    Attributes
    ----------
    name
        What messages call it.
    content
        The bytes of the file.
    """

    name: str
    content: bytes = field(repr=False)

    def __str__(self) -> str:
        return self.name


Source = Path | Upload


class AudioFault(UserError):
    """What keeps an audio file from being used; its text is one sentence about the file.

    Parameters
    ----------
    source
        The file.
    fault
        The rest of the sentence, such as ``holds no audio samples``.
    """

    def __init__(self, source: Source, fault: str) -> None:
        super().__init__(source, fault)
        self.fault = fault

    def __str__(self) -> str:
        return f"{self.args[0]} {self.fault}."


def read_audio(path: Path, sample_rate: int) -> np.ndarray:
    """Decode an audio file to mono float32 at `sample_rate`, shape (samples,).

    The format is that of the content, whatever the name's suffix says.

    Raises
    ------
    AudioFault
        If the file cannot be read or decoded as a whole, is cut short or holds no samples, or if
        a sample is no finite number or far too large for a sound. It is a `UserError`.
    """
    import librosa

    audio, rate = _decode(path)
    if audio.size == 0:
        raise AudioFault(path, "holds no audio samples")
    check_samples(path, audio)
    audio = librosa.resample(librosa.to_mono(audio), orig_sr=rate, target_sr=sample_rate)
    return audio.astype(np.float32, copy=False)


def check_samples(path: Source, audio: np.ndarray) -> None:
    """See that all samples are finite and of a size that sound has.

    Raises
    ------
    AudioFault
        If one is not.
    """
    loudest = float(np.abs(audio).max(initial=0.0))
    if not np.isfinite(loudest):
        raise AudioFault(path, "holds samples that are not finite numbers")
    if loudest > LOUDEST:
        raise AudioFault(path, f"holds samples as large as {loudest:.0e}, which is no sound")


def _decode(path: Path) -> tuple[np.ndarray, float]:
    """Samples of a file as they are, shape (samples,) or (channels, samples), and their rate."""
    import soundfile

    try:
        raw = open(path, "rb")  # noqa: SIM115 (closed below)
    except OSError as error:
        raise AudioFault(path, f"cannot be read ({error.strerror})") from None
    with raw:
        try:
            # By number: from a name, libsndfile would guess a format where it recognises none.
            file = soundfile.SoundFile(raw.fileno(), closefd=False)
        except soundfile.LibsndfileError as error:
            if error.code != UNRECOGNISED:
                raise AudioFault(path, f"cannot be decoded as audio ({_words(error)})") from None
        else:
            return _decode_known(path, file, raw)
    return _decode_other(path)


def _decode_known(path: Path, file: soundfile.SoundFile, raw: BinaryIO) -> tuple[np.ndarray, float]:
    """Samples of a file that libsndfile knows, if they are all there."""
    import soundfile

    rate = file.samplerate
    with file:
        try:
            audio = file.read(dtype="float32").T
        except soundfile.LibsndfileError as error:
            raise undecodable(path, error) from None
        check_whole(path, file, audio.shape[-1], raw)
    return audio, rate


def undecodable(path: Source, error: soundfile.LibsndfileError) -> AudioFault:
    """The fault of a sound file in which libsndfile met an error before its end."""
    return AudioFault(
        path, f"cannot be decoded to its end ({_words(error)}); it is damaged or cut short"
    )


def check_whole(path: Source, file: soundfile.SoundFile, frames: int, raw: BinaryIO) -> None:
    """See that an open sound file, which gave so many frames, is not cut short.

    Parameters
    ----------
    raw
        What the sound file is read from; its position moves.

    Raises
    ------
    AudioFault
        If it is.
    """
    rate, announced = file.samplerate, _announced(file, raw)
    if all(words in file.extra_info for words in CUT_OGG):
        raise AudioFault(path, f"is cut short: it breaks off after {frames / rate:.1f} s")
    if 0 < frames < WHOLE * announced:
        raise AudioFault(
            path,
            f"is cut short: it announces {announced / rate:.1f} s and ends after "
            f"{frames / rate:.1f} s",
        )


def _decode_other(path: Path) -> tuple[np.ndarray, float]:
    """Samples of a file that libsndfile does not know, from the decoders that librosa finds."""
    import librosa
    import soundfile

    if path.stat().st_size == 0:
        raise AudioFault(path, "is an empty file")
    try:
        soundfile.info(path)
    except soundfile.LibsndfileError:
        pass
    else:  # by its name alone it would be read as raw samples, whatever it holds
        raise AudioFault(path, "cannot be decoded as audio (format not recognised)")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # librosa announces its fallback decoders
            audio, rate = librosa.load(path, sr=None, mono=False)
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else "format not recognised"
        if path.suffix.lower() == ".m4a":
            reason += "; this kind needs ffmpeg to be installed"
        raise AudioFault(path, f"cannot be decoded as audio ({reason})") from None
    return audio, rate


def _announced(file: soundfile.SoundFile, raw: BinaryIO) -> float:
    """Frames that the header of an open sound file announces; 0 where it does not say.

    libsndfile corrects a length that is too large, and tells nothing but its log.
    """
    if file.format == "MP3":  # without this header, the length is guessed from the file's size
        return file.frames if MP3_LENGTH.search(_first_frame(raw)) else 0
    if whole := RF64_FRAMES.search(file.extra_info):
        return int(whole[1])
    sizes = DATA_SIZE.search(file.extra_info)
    if not sizes or int(sizes[1]) >= UNKNOWN_SIZE:
        return file.frames
    return file.frames * int(sizes[1]) / max(1, int(sizes[2]))


def _first_frame(raw: BinaryIO) -> bytes:
    """The beginning of an MP3 file's sound, behind the tag with title and pictures."""
    raw.seek(0)
    head = raw.read(10)
    if head.startswith(b"ID3"):
        size = 0
        for byte in head[6:10]:
            size = size << 7 | byte & 0x7F
        raw.seek(10 + size)
    return raw.read(1024)


def _words(error: soundfile.LibsndfileError) -> str:
    """What libsndfile says of an error, without what stands around it."""
    return error.error_string.removeprefix("Error : ").strip().rstrip(".")
