"""Audio: FFmpeg (by PyAV) decodes any recording, block by block."""

from __future__ import annotations

import io
import re
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO

import numpy as np

from genre_lib.config import UserError

WHOLE = 0.99  # a file with less than this of what its header announces is cut short
MOST_LOST = 0.01  # of a file's packets; where more cannot be decoded, it is damaged
LOUDEST = 1e9  # a sample beyond it is no sound, and its power would overflow
LOWEST_RATE = 1000  # Hz
BLOCK = 2**14  # samples of each channel that are decoded at a time
PREROLL = 0.5  # seconds that are decoded before an excerpt: codecs need what comes before
# How a header states its file's size; who writes to a pipe states 0, or about 2 GB and more.
SIZES = {b"RIFF": "<4xI", b"RF64": "<20xQ", b"FORM": ">4xI", b".snd": ">8xI"}
UNKNOWN_SIZE = 2**31 - 2**16
# Formats that state their length; of MP3 files, those whose first frame is of this kind.
STATE_LENGTH = ("flac", "mp3", "mov,mp4,m4a,3gp,3g2,mj2")
MP3_LENGTH = re.compile(rb"\xff[\xe2-\xff].{11,34}(?:Xing|Info|VBRI)", re.DOTALL)
UNDECODABLE = "cannot be decoded as audio"
CUT = "is cut short: its end is missing"


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


def read_audio(
    source: Source, sample_rate: int, *, start: float = 0.0, seconds: float | None = None
) -> np.ndarray:
    """Decode an audio file, or a part of it, to mono float32, shape (samples,).

    What lies behind the part is not decoded, so faults in it are not noticed. There are fewer
    samples where the file ends earlier. See `stream_audio`.
    """
    missing = sys.maxsize if seconds is None else round(seconds * sample_rate)
    parts = [np.empty(0, np.float32)]
    for block in stream_audio(source, sample_rate, start=start):
        parts.append(block[:missing])
        missing -= len(parts[-1])
        if not missing:
            break
    return np.concatenate(parts)


def stream_audio(source: Source, sample_rate: int, *, start: float = 0.0) -> Iterator[np.ndarray]:
    """Decode an audio file from `start` seconds on to mono float32, block by block.

    The format is that of the content, whatever the name's suffix says, and the file is read to
    its true end, whatever length its header states. Yields arrays of shape (samples,).

    Raises
    ------
    AudioFault
        If the file is missing or cannot be read; if it cannot be decoded, is cut short or has no
        samples; if a sample is no finite number, or far too large for a sound. Blocks before the
        fault have been yielded by then.
    """
    import av
    import soxr

    done = start
    with _opened(source) as (container, announced):
        stream = container.streams.audio[0]
        zero = (stream.start_time or 0) * stream.time_base
        place = None if start else 0  # samples before the block
        if start:
            with suppress(av.FFmpegError):  # what cannot be searched is read from its beginning
                container.seek(int((start - PREROLL + zero) / stream.time_base), stream=stream)
        # A chained file may go on at another rate.
        for rate, frames in groupby(_frames(container, source), key=attrgetter("sample_rate")):
            resampler = soxr.ResampleStream(rate, sample_rate, 1, dtype="float32", quality="HQ")
            for frame in frames:
                if place is None:
                    place = round(((frame.pts or 0) * frame.time_base - zero) * rate)
                block = _mono(frame)[max(0, round(start * rate) - place) :]
                place += frame.samples
                if not np.abs(block).max(initial=0.0) < LOUDEST:
                    raise AudioFault(source, "holds samples that are no sound (NaN or too large)")
                done += len(block) / rate
                yield resampler.resample_chunk(block)
            yield resampler.resample_chunk(np.empty(0, np.float32), last=True)
    if not done:
        raise AudioFault(source, "holds no audio samples")
    if not start and done < WHOLE * announced:
        raise AudioFault(source, f"is cut short: it ends after {done:.1f} of {announced:.1f} s")


def seconds_of(source: Source) -> float:
    """How long an audio file says it is; 0 where it does not say."""
    try:
        with _opened(source) as (container, _):
            return (container.duration or 0) / 1e6
    except AudioFault:
        return 0.0


def fault_of(source: Source) -> str:
    """What keeps a file from being decoded, as far as its beginning tells; else nothing."""
    try:
        with _opened(source):
            return ""
    except AudioFault as error:
        return error.fault


@contextmanager
def _opened(source: Source) -> Iterator[tuple[Any, float]]:
    """A file as PyAV's container, and the seconds that its header states; 0 if it does not."""
    import av

    with _bytes_of(source) as raw:
        head = raw.read(2**22)  # there may be pictures before the sound
        size = raw.seek(0, io.SEEK_END)
        if not size:
            raise AudioFault(source, "is an empty file")
        raw.seek(max(0, size - 2**17))
        kind = SIZES.get(head[:4])
        stated = struct.unpack_from(kind, head.ljust(28, b"\0"))[0] if kind else 0
        whole = stated >= UNKNOWN_SIZE or size >= WHOLE * stated
        if not whole or _ends_within_a_page(raw.read()):
            raise AudioFault(source, CUT)
        raw.seek(0)
        # What makes FFmpeg read to the end, where a header states a length of 0.
        to_end = {b".snd": head[:8] + b"\xff\xff\xff\xff", b"RF64": b"RIFF"}
        begin = to_end.get(head[:4], b"") if not stated else b""

        def read(count: int) -> bytes:
            first = begin if raw.tell() == 0 else b""
            return first + raw.read(count)[len(first) :]

        # Without its name, a file is what its content is; and it may not refer to others.
        file = SimpleNamespace(read=read, seek=raw.seek, tell=raw.tell)
        try:
            container: Any = av.open(file, options={"protocol_whitelist": "none"})
        except (av.FFmpegError, ValueError) as error:
            if isinstance(error, av.EOFError) or head[4:8] == b"ftyp":  # MP4's index is at its end
                raise AudioFault(source, CUT) from None
            raise AudioFault(source, f"{UNDECODABLE} (format not recognised)") from None
        with container:
            if not container.streams.audio:
                raise AudioFault(source, f"{UNDECODABLE} (no sound in it)")
            stream = container.streams.audio[0]
            if not stream.codec_context:
                raise AudioFault(source, f"{UNDECODABLE} (its codec is not known)")
            if stream.rate < LOWEST_RATE:
                raise AudioFault(source, f"has {stream.rate} samples a second, too few")
            kind = container.format.name
            states = kind in STATE_LENGTH and (kind != "mp3" or MP3_LENGTH.search(head))
            yield container, float((stream.duration or 0) * stream.time_base) if states else 0.0


def _bytes_of(source: Source) -> BinaryIO:
    """The bytes of a file that is there and can be opened."""
    if isinstance(source, Upload):
        return io.BytesIO(source.content)
    try:
        if source.is_file() or not source.exists():
            return source.open("rb")
    except FileNotFoundError:
        if str(source).startswith(("http:/", "https:/")):  # a path has one slash there
            raise AudioFault(source, "is an address; save it as a file and give that") from None
        raise AudioFault(source, "does not exist; check its name") from None
    except (OSError, ValueError) as error:  # a name with a zero in it
        reason = getattr(error, "strerror", "") or error
        raise AudioFault(source, f"cannot be read ({reason})") from None
    raise AudioFault(source, "is a folder or a device; give the audio files themselves")


def _frames(container: Any, source: Source) -> Iterator[Any]:
    """All that can be decoded; packets that cannot are passed over, unless they are many."""
    import av

    packets = lost = 0
    kind, to_floats = None, av.AudioResampler("flt")
    try:
        for packet in container.demux(audio=0):
            packets += 1
            try:
                decoded = packet.decode()
            except av.FFmpegError:
                lost += 1
                continue
            for frame in decoded:
                found = (frame.format.name, frame.layout.name, frame.sample_rate)
                if found != kind:
                    yield from to_floats.resample(None)
                    kind, to_floats = found, av.AudioResampler("flt", frame_size=BLOCK)
                yield from to_floats.resample(frame)
        yield from to_floats.resample(None)
    except av.FFmpegError as error:
        raise AudioFault(source, f"cannot be decoded to its end ({error.strerror})") from None
    if lost > max(1, MOST_LOST * packets):
        raise AudioFault(source, f"{UNDECODABLE} (damage in {lost} of its {packets} packets)")


def _mono(frame: Any) -> np.ndarray:
    """The mean of a frame's channels, float32, shape (samples,)."""
    return frame.to_ndarray().reshape(-1, frame.layout.nb_channels).mean(axis=1)


def _ends_within_a_page(tail: bytes) -> bool:
    """Tell from its last bytes whether an Ogg file is cut short; other files are not."""
    page = tail[tail.rfind(b"OggS\0") :]
    complete = len(page) > 26 and len(page) >= 27 + page[26] + sum(page[27:][: page[26]])
    return page.startswith(b"OggS") and not complete
