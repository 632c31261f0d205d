"""Tracks and their audio: FFmpeg (by PyAV) decodes any recording, block by block."""

from __future__ import annotations

import functools
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from genre_lib.config import UserError

if TYPE_CHECKING:
    import av

WHOLE = 0.99  # a file with fewer of the samples that its header announces is cut short
MOST_LOST = 0.01  # of a file's packets; where more cannot be decoded, it is damaged
LOUDEST = 1e9  # a sample beyond it is no sound, and its power would overflow
LOWEST_RATE = 1000  # Hz
BLOCK = 2**20  # samples, of all channels together, that are decoded at a time
BLOCK_SECONDS = 10
PREROLL = 0.5  # seconds that are decoded before an excerpt: codecs need what comes before
UNKNOWN_SIZE = 2**31 - 2**16  # bytes; who writes to a pipe announces this much or more
STATE_LENGTH = ("wav", "aiff", "au", "flac", "mp3", "mov,mp4,m4a,3gp,3g2,mj2")
# Headers with a length of 0 for an unknown one, and what makes FFmpeg read to the end.
AU_UNKNOWN = re.compile(rb"\A(\.snd.{4})\0{4}", re.DOTALL), b"\\1\xff\xff\xff\xff"
RF64_UNKNOWN = re.compile(rb"\ARF64(.{8}ds64.{12}\0{8})", re.DOTALL), rb"RIFF\1"
# The first frame of an MP3 file that states its length; without it, the length is a guess.
MP3_LENGTH = re.compile(rb"\xff[\xe2-\xff].{11,34}(?:Xing|Info|VBRI)", re.DOTALL)


@dataclass(frozen=True)
class Track:
    """One recording with one genre label.

    ``load(sample_rate)`` returns mono float32 audio, shape (samples,); a composed track has no
    `path`.
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
        Looks at all the audio and says what it found, before a store is made of it.
    """

    name: str
    tracks: tuple[Track, ...] = ()
    store: Path | None = None
    dispensable: frozenset[str] = frozenset()
    describe: Callable[[], str] | None = None


@dataclass(frozen=True)
class Upload:
    """An audio file in memory; `name` is what messages call it."""

    name: str
    content: bytes = field(repr=False)

    def __str__(self) -> str:
        return self.name


Source = Path | Upload


class AudioFault(UserError):
    """What keeps an audio file from being used: `fault` ends the sentence that `source` begins."""

    def __init__(self, source: Source, fault: str) -> None:
        super().__init__(source, fault)
        self.fault = fault

    def __str__(self) -> str:
        return f"{self.args[0]} {self.fault}."


def read_audio(source: Source, sample_rate: int) -> np.ndarray:
    """Decode an audio file to mono float32, shape (samples,), as `stream_audio` does."""
    return np.concatenate(list(stream_audio(source, sample_rate)))


def stream_audio(source: Source, sample_rate: int) -> Iterator[np.ndarray]:
    """Decode an audio file to mono float32 at `sample_rate`, a block at a time.

    The format is that of the content, whatever the name's suffix says, and the file is read to
    its true end, whatever length its header states.

    Yields
    ------
    np.ndarray
        Shape (samples,), about ten seconds at most.

    Raises
    ------
    AudioFault
        If the file is missing, is a folder or cannot be read; if it cannot be decoded, is cut
        short or has no samples; if a sample is no finite number, or far too large for a sound.
        Blocks before the fault have been yielded by then.
    """
    import soxr

    with _opened(source) as (container, announced):
        done = 0.0
        for rate, blocks in groupby(_blocks(_frames(container, source)), key=lambda it: it[0]):
            stream = soxr.ResampleStream(rate, sample_rate, 1, dtype="float32", quality="HQ")
            for _, block in blocks:
                _check_samples(source, block)
                done += len(block) / rate
                yield block if rate == sample_rate else stream.resample_chunk(block)
            if rate != sample_rate:  # a chained file may go on at another rate
                yield stream.resample_chunk(np.empty(0, np.float32), last=True)
    if not done:
        raise AudioFault(source, "holds no audio samples")
    _check_whole(source, announced, done)


def read_excerpt(source: Source, sample_rate: int, *, start: float, seconds: float) -> np.ndarray:
    """Decode a part of an audio file, from `start` seconds on, as `read_audio` does.

    Hardly anything else of the file is decoded, so of its faults only those are noticed that its
    header or the part shows. There are fewer samples where it ends earlier.
    """
    import av
    import soxr

    with _opened(source) as (container, _):
        stream = container.streams.audio[0]
        zero = (stream.start_time or 0) * stream.time_base
        if start > PREROLL:
            try:
                container.seek(int((start - PREROLL + zero) / stream.time_base), stream=stream)
            except av.FFmpegError:  # behind the end
                return np.empty(0, np.float32)
        rate, place = stream.rate, 0
        parts = [np.empty(0, np.float32)]
        for frame in _frames(container, source):
            rate = frame.sample_rate
            if frame.pts is not None and frame.time_base:
                place = round((frame.pts * frame.time_base - zero) * rate)
            first, last = (round(time * rate) - place for time in (start, start + seconds))
            if last <= 0:
                break
            parts.append(_mono(frame)[max(0, first) : last])
            place += frame.samples
    excerpt = np.concatenate(parts)
    _check_samples(source, excerpt)
    return soxr.resample(excerpt, rate, sample_rate, quality="HQ")


def seconds_of(source: Source) -> float:
    """How long an audio file says it is; 0 where it does not say."""
    try:
        with _opened(source) as (container, _):
            return (container.duration or 0) / 1e6
    except AudioFault:
        return 0.0


@contextmanager
def _opened(source: Source) -> Iterator[tuple[Any, float]]:
    """A file as PyAV's container, and the seconds that its header states; 0 if it does not."""
    import av

    with _bytes_of(source) as raw:
        size = raw.seek(0, io.SEEK_END)
        if not size:
            raise AudioFault(source, "is an empty file")
        raw.seek(max(0, size - 2**17))
        cut = _ends_within_a_page(raw.read())
        seconds = _wav_seconds(raw)
        raw.seek(0)
        states_length = MP3_LENGTH.search(raw.read(2**22))  # there may be pictures before it
        raw.seek(0)
        # Without its name, a file is what its content is; and it may not refer to others.
        read = functools.partial(_read_unsized, raw)
        file = SimpleNamespace(read=read, seek=raw.seek, tell=raw.tell)
        try:
            container: Any = av.open(file, options={"protocol_whitelist": "none"})
        except (av.FFmpegError, ValueError) as error:
            reason = "its end is missing" if cut or isinstance(error, av.EOFError) else ""
            raise _undecodable(source, reason or "format not recognised") from None
        with container:
            if not container.streams.audio:
                raise _undecodable(source, "no sound in it")
            stream = container.streams.audio[0]
            codec = stream.codec_context
            if codec.sample_rate < LOWEST_RATE:
                raise AudioFault(source, f"has {codec.sample_rate} samples a second, too few")
            kind = container.format.name
            if not seconds and kind in STATE_LENGTH and (kind != "mp3" or states_length):
                seconds = float((stream.duration or 0) * stream.time_base)
            if codec.name.startswith(("pcm", "adpcm")) and codec.bit_rate:
                if seconds * codec.bit_rate / 8 >= UNKNOWN_SIZE:
                    seconds = 0.0
                _check_whole(source, seconds, min(seconds, size * 8 / codec.bit_rate))
            yield container, seconds
            if cut:
                raise AudioFault(source, "is cut short: it ends within a page of its sound")


@contextmanager
def _bytes_of(source: Source) -> Iterator[BinaryIO]:
    """The bytes of a file that is there and can be opened."""
    if isinstance(source, Upload):
        yield io.BytesIO(source.content)
        return
    try:
        if source.is_dir():
            raise AudioFault(source, "is a folder; give the audio files in it")
        if source.exists() and not source.is_file():
            raise AudioFault(source, "is no regular file; give an audio file")
        file = source.open("rb")
    except FileNotFoundError:
        raise AudioFault(source, "does not exist; check its name") from None
    except OSError as error:
        raise AudioFault(source, f"cannot be read ({error.strerror})") from None
    except ValueError:  # a name with a zero in it
        raise AudioFault(source, "is no name that a file can have; check it") from None
    with file:
        yield file


def _frames(container: Any, source: Source) -> Iterator[av.AudioFrame]:
    """All that can be decoded; packets that cannot are passed over, unless they are many."""
    import av

    packets = lost = frames = 0
    kind, to_floats = None, None
    try:
        for packet in container.demux(container.streams.audio[0]):
            packets += 1
            try:
                for frame in packet.decode():
                    frames += 1
                    found = (frame.format.name, frame.layout.name, frame.sample_rate)
                    if to_floats is None or found != kind:
                        kind, to_floats = found, av.AudioResampler("flt")
                    yield from to_floats.resample(frame)
            except av.FFmpegError:
                lost += 1
    except av.FFmpegError as error:
        raise AudioFault(source, f"cannot be decoded to its end ({error.strerror})") from None
    if lost > frames:
        raise _undecodable(source, "format not recognised")
    if lost > max(1, MOST_LOST * packets):
        raise AudioFault(source, f"is damaged: {lost} of its {packets} packets cannot be decoded")


def _blocks(frames: Iterator[av.AudioFrame]) -> Iterator[tuple[int, np.ndarray]]:
    """Sample rate and samples of frames, joined to blocks."""
    rate, count = 0, 0
    parts: list[np.ndarray] = []
    for frame in frames:
        most = min(BLOCK // frame.layout.nb_channels, BLOCK_SECONDS * frame.sample_rate)
        if parts and (frame.sample_rate != rate or count + frame.samples > most):
            yield rate, np.concatenate(parts)
            count, parts = 0, []
        rate, count = frame.sample_rate, count + frame.samples
        parts.append(_mono(frame))
    if parts:
        yield rate, np.concatenate(parts)


def _mono(frame: av.AudioFrame) -> np.ndarray:
    """The mean of a frame's channels, float32, shape (samples,)."""
    return frame.to_ndarray().reshape(-1, frame.layout.nb_channels).mean(axis=1)


def _check_samples(source: Source, audio: np.ndarray) -> None:
    loudest = float(np.abs(audio).max(initial=0.0))
    if not np.isfinite(loudest):
        raise AudioFault(source, "holds samples that are not finite numbers")
    if loudest > LOUDEST:
        raise AudioFault(source, f"holds samples as large as {loudest:.0e}, which is no sound")


def _check_whole(source: Source, announced: float, done: float) -> None:
    """See that a file has about as many seconds as its header announces."""
    if done < WHOLE * announced - 0.05:
        raise AudioFault(
            source, f"is cut short: it announces {announced:.1f} s and ends after {done:.1f} s"
        )


def _undecodable(source: Source, reason: str) -> AudioFault:
    return AudioFault(source, f"cannot be decoded as audio ({reason})")


def _read_unsized(raw: BinaryIO, count: int) -> bytes:
    """Bytes of a file; where its header states a length of 0, another that means unknown."""
    start, data = raw.tell(), raw.read(count)
    for header, unknown in (AU_UNKNOWN, RF64_UNKNOWN) if start == 0 else ():
        data = header.sub(unknown, data)
    return data


def _wav_seconds(raw: BinaryIO) -> float:
    """Seconds that a WAV file announces, which FFmpeg corrects; 0 if it is none or unknown."""
    raw.seek(0)
    if not re.match(rb"RIFF....WAVE", raw.read(12), re.DOTALL):
        return 0.0
    byte_rate = 0
    while len(head := raw.read(8)) == 8:
        name, size = head[:4], int.from_bytes(head[4:], "little")
        if name == b"data":
            return size / byte_rate if byte_rate and size < UNKNOWN_SIZE else 0.0
        chunk = raw.read(16) if name == b"fmt " else b""
        byte_rate = int.from_bytes(chunk[8:12], "little") or byte_rate
        raw.seek(size + size % 2 - len(chunk), io.SEEK_CUR)
    return 0.0


def _ends_within_a_page(tail: bytes) -> bool:
    """Tell from its last bytes whether an Ogg file is cut short; other files are not."""
    start = tail.rfind(b"OggS\0")
    if start < 0:
        return False
    lengths = tail[start + 27 :][: tail[start + 26]] if len(tail) > start + 26 else b""
    return not lengths or start + 27 + len(lengths) + sum(lengths) > len(tail)
