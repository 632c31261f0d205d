"""Audio: FFmpeg (by PyAV) decodes any recording, block by block."""

import io
import re
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain, groupby
from operator import attrgetter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO

import av
import numpy as np
import soxr

from genre_lib.config import UserError, refusing
from genre_lib.corpus.sound import mixed

CUT = "is cut short: its end is missing"
WHOLE = 0.99  # a file with less than this of what its header announces is cut short
PADDING = 0.1  # seconds that coders add and take away again
MOST_LOST = 0.01  # of a file's packets; where more cannot be decoded, it is damaged
LOUDEST = 1e9  # a sample beyond it is no sound, and its power would overflow
BLOCK = 2**14  # samples of each channel that are decoded at a time
PREROLL = 0.5  # seconds that are decoded before an excerpt: codecs need what comes before
# How a header states its file's size; who writes to a pipe states 0, or about 2 GB and more.
SIZES = {b"RIFF": "<4xI", b"RF64": "<20xQ", b"FORM": ">4xI", b".snd": ">8xI"}
UNKNOWN_SIZE = 2**31 - 2**16
UNSIZED_AU = re.compile(rb"\A(\.snd.{4})\0{4}", re.DOTALL)  # FFmpeg knows another mark for it
KIND = attrgetter("format.name", "layout.name", "sample_rate")  # of a frame
# Formats that state their length; most MP3 files have a first frame that counts the others.
STATE_LENGTH = ("flac", "mov,mp4,m4a,3gp,3g2,mj2", "ogg", "tta")
MP3_FRAMES = b"(?s)\xff[\xe2-\xff].{11,34}(?:(?:Xing|Info)...[\1-\17]|VBRI.{10})(.{4})"


@dataclass(frozen=True)
class Upload:
    """An audio file in memory; `name` is what messages call it."""

    name: str
    content: bytes = field(repr=False)

    def __str__(self) -> str:
        return self.name


Source = Path | Upload
Tell = Callable[[float, bool], None]


def read_audio(
    source: Source, sample_rate: int, *, start: float = 0.0, seconds: float | None = None
) -> np.ndarray:
    """Decode an audio file, or a part of it, to mono float32, shape (samples,).

    Nothing behind the part is decoded; a file that ends earlier gives less. See `stream_audio`.
    """
    count = None if seconds is None else round(seconds * sample_rate)
    parts = [np.empty(0, np.float32)]
    for block in stream_audio(source, sample_rate, start=start):
        parts.append(block)
        if count is not None and sum(map(len, parts)) >= count:
            break
    return np.concatenate(parts)[:count]


def stream_audio(
    source: Source, sample_rate: int, *, start: float = 0.0, tell: Tell = lambda *_: None
) -> Iterator[np.ndarray]:
    """Decode an audio file from `start` seconds on to blocks of mono float32, shape (samples,).

    The format is that of the content, whatever its name says. Channels are mixed; where they cancel
    each other one is heard alone, and `tell` is given the seconds of each block and whether that
    was so. After the blocks before a fault, a `UserError` is raised if the file cannot be decoded,
    is cut short or has no samples, or one that is no finite number or too large for a sound.
    """
    done = start
    with _opened(source) as (container, announced):
        stream = container.streams.audio[0]
        zero = (stream.start_time or 0) * stream.time_base
        place: int | None = 0  # samples before the block
        if start and container.format.name != "ogg":  # which may be several files, joined
            with suppress(av.FFmpegError):  # what cannot be searched is read from its beginning
                container.seek(int((start - PREROLL + zero) / stream.time_base), stream=stream)
                place = None
        # A chained file may go on with frames of another kind, at another rate.
        for (*_, rate), frames in groupby(_frames(container, source), KIND):
            to_floats: Any = av.AudioResampler("flt", frame_size=BLOCK)
            to_rate = soxr.ResampleStream(rate, sample_rate, 1, dtype="float32", quality="HQ")
            parts = (to_floats.resample(frame) for frame in chain(frames, [None]))  # None ends it
            for frame in chain.from_iterable(parts):
                if place is None:
                    place = round(((frame.pts or 0) * frame.time_base - zero) * rate)
                channels = frame.to_ndarray().reshape(-1, frame.layout.nb_channels)
                channels = channels[max(0, round(start * rate) - place) :]
                place += frame.samples
                if not np.abs(channels).max(initial=0.0) < LOUDEST:
                    raise UserError(f"{source} holds samples that are no sound (NaN or too large).")
                if len(channels):
                    done += len(channels) / rate
                    mono, alone = mixed(channels)
                    tell(len(mono) / rate, alone)
                    yield to_rate.resample_chunk(mono)
            yield to_rate.resample_chunk(np.empty(0, np.float32), last=True)
    if not done:
        raise UserError(f"{source} holds no audio samples.")
    if not start and done < min(WHOLE * announced, announced - PADDING):
        heard = f"{done:.1f} of {announced:.1f} s can be decoded"
        raise UserError(f"{source} is cut short or damaged: {heard}.")


def seconds_of(source: Source) -> float:
    """How long an audio file says it is; 0 where it does not say."""
    with suppress(UserError), _opened(source) as (container, _):
        return (container.duration or 0) / 1e6
    return 0.0


def fault_of(source: Source) -> str:
    """What keeps a file from being decoded, as far as its beginning tells; else nothing."""
    try:
        with _opened(source):
            return ""
    except UserError as error:
        return str(error).removeprefix(f"{source} ").removesuffix(".")


@contextmanager
def _opened(source: Source) -> Iterator[tuple[Any, float]]:
    """A file as PyAV's container, and the seconds that its header states; 0 if it does not."""
    with refusing(f"{source} cannot be read", OSError, ValueError), _bytes_of(source) as raw:
        head = raw.read(2**22)  # there may be pictures before the sound
        size = raw.seek(0, io.SEEK_END)
        if not size:
            raise UserError(f"{source} is an empty file.")
        raw.seek(max(0, size - 2**17))
        tail = raw.read()
        stated = sum(struct.unpack_from(SIZES.get(head[:4], "x"), head.ljust(28, b"\0")))
        if size < WHOLE * stated < WHOLE * UNKNOWN_SIZE or _ends_within_a_page(tail):
            raise UserError(f"{source} {CUT}.")
        raw.seek(0)

        def read(count: int) -> bytes:
            start, data = raw.tell(), raw.read(count)
            return data if start else UNSIZED_AU.sub(b"\\1\xff\xff\xff\xff", data)

        # Without its name, a file is what its content is; and it may not refer to others.
        file: Any = SimpleNamespace(read=read, seek=raw.seek, tell=raw.tell)
        to_end = head.startswith(b"RF64") and not stated
        options = {"protocol_whitelist": "none", "ignore_length": f"{to_end:d}"}
        unknown = "cannot be decoded as audio (format not recognised)"
        fault = CUT if head[4:8] == b"ftyp" else unknown  # of MP4, the index is at the end
        try:
            with av.open(file, options=options, metadata_errors="replace") as container:
                stream = next(iter(container.streams.audio), None)
                if not stream or not stream.codec_context:
                    raise UserError(f"{source} has no sound, or of a kind that is not known.")
                if (rate := stream.rate) < 1000:
                    raise UserError(f"{source} has {rate} samples a second; 1000 are the fewest.")
                fault = "cannot be decoded to its end ({})"
                yield container, _stated_seconds(container, head, tail)
        except (av.FFmpegError, OSError) as error:
            raise UserError(f"{source} {fault.format(error.strerror)}.") from None


def _stated_seconds(container: Any, head: bytes, tail: bytes) -> float:
    """The length that a file states; 0 if it states none."""
    kind, stream = container.format.name, container.streams.audio[0]
    if kind == "matroska,webm" and len(container.streams) == 1:
        return ((container.duration or 0) - (container.start_time or 0)) / 1e6
    if frames := kind == "mp3" and re.search(MP3_FRAMES, head):
        samples = 1152 if stream.rate >= 32000 else 576  # of a frame
        return int.from_bytes(frames[1]) * samples / stream.rate
    seconds = float((stream.duration or 0) * stream.time_base) if kind in STATE_LENGTH else 0.0
    if kind == "ogg" and (page := tail.rfind(b"OggS")) >= 0:  # joined files: that of the last
        return min(seconds, int.from_bytes(tail[page + 6 :][:8], "little") / stream.rate)
    return seconds


def _bytes_of(source: Source) -> BinaryIO:
    """The bytes of a file that is there and can be opened."""
    if isinstance(source, Upload):
        return io.BytesIO(source.content)
    if source.is_file():
        return source.open("rb")
    fault = "does not exist; check its name"
    if source.exists():
        fault = "is a pipe, a device or a folder; give an audio file, or - for standard input"
    elif ":/" in str(source):  # a path has one slash there
        fault = "is an address; save it as a file and give that"
    raise UserError(f"{source} {fault}.")


def _frames(container: Any, source: Source) -> Iterator[Any]:
    """All that can be decoded; packets that cannot are passed over, unless they are many."""
    packets = decoded = 0
    for packet in container.demux(audio=0):
        packets += 1
        with suppress(av.FFmpegError):
            yield from packet.decode()
            decoded += 1
    if (lost := packets - decoded) > max(1, MOST_LOST * packets):
        raise UserError(f"{source} is damaged: {lost} of its {packets} packets cannot be decoded.")


def _ends_within_a_page(tail: bytes) -> bool:
    """Tell from its last bytes whether an Ogg file is cut short; other files are not."""
    page = tail[tail.rfind(b"OggS\0") :]
    complete = len(page) > 26 and len(page) >= 27 + page[26] + sum(page[27:][: page[26]])
    return page.startswith(b"OggS") and not complete
