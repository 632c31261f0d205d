"""What there is to hear in audio: channels that cancel, silence, windows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import repeat

import numpy as np

SILENT = 1e-4  # of full scale, -80 dB; what never gets louder is silence
PIECE = 0.1  # seconds; what is silent for less is no silence
CANCELLED = 0.05  # of the loudest channel; a mix that is softer has cancelled itself
REST = 0.05  # of a window; a shorter rest at the end of a recording is left out


def level(audio: np.ndarray) -> np.ndarray:
    """How far samples, shape (..., samples), get from their mean; 0 for a constant offset."""
    mean = audio.mean(axis=-1, dtype=float)
    return np.maximum(audio.max(axis=-1) - mean, mean - audio.min(axis=-1))


def mixed(channels: np.ndarray) -> tuple[np.ndarray, bool]:
    """Mix a block, shape (samples, channels), to mono float32; whether the channels cancel.

    Then the first one of them is heard that is about as loud as any. A silent block loses its
    offset, which would be a click to a resampler.
    """
    rows = np.ascontiguousarray(channels.T)  # many times as fast
    levels, mono = level(rows), rows.mean(axis=0)
    if levels.max() < SILENT:
        return mono - mono.mean(), False
    if level(mono) >= CANCELLED * levels.max():
        return mono, False
    return rows[np.argmax(levels > levels.max() / 2)], True


def share_of_sound(audio: np.ndarray, piece: int) -> float:
    """Share of the pieces of audio, shape (samples,), that are not silent."""
    return float(np.mean([level(part) >= SILENT for part in _pieces([audio], piece)]))


@dataclass
class Sound:
    """The pieces of a recording from its first sound to its last; silence between is zeros."""

    blocks: Iterable[np.ndarray]
    piece: int  # samples of a piece; the last one may be shorter
    samples: int = 0  # that have come so far
    before: int = 0  # of silence at the beginning
    after: int = 0  # of silence since the last sound

    def __iter__(self) -> Iterator[np.ndarray]:
        """Yield mono float32 arrays; of silence, however long it is, only a count is in memory."""
        silence = np.zeros(self.piece, np.float32)
        for piece in _pieces(self.blocks, self.piece):
            self.samples += len(piece)
            self.after += len(piece)
            if level(piece) < SILENT:
                continue
            pause = self.after - len(piece)
            if self.samples == self.after:
                self.before = pause
            else:
                yield from repeat(silence, pause // self.piece)
            self.after = 0
            yield piece


def _pieces(blocks: Iterable[np.ndarray], size: int) -> Iterator[np.ndarray]:
    """Audio in pieces of one size, of which only the last one may be shorter."""
    rest = np.empty(0, np.float32)
    for block in blocks:
        rest = np.concatenate((rest, block))
        whole = len(rest) // size * size
        yield from rest[:whole].reshape(-1, size)
        rest = rest[whole:]
    if len(rest):
        yield rest


def windows(
    blocks: Iterable[np.ndarray], *, length: int, hop: int
) -> Iterator[tuple[int, np.ndarray]]:
    """Cut a stream of audio into windows: the first sample of each, and it, shape (length,).

    No more than a few are in memory. One starts every `hop` samples, and the last one ends where
    the audio ends, unless less than `REST` of a window would be left out otherwise. Audio that is
    shorter than a window is one window, as short.
    """
    parts = [np.empty(0, np.float32)]  # the end of what has come, at least a window of it
    start = end = 0  # where the next window starts, and where the audio ends so far
    for block in blocks:
        parts.append(block)
        end += len(block)
        if start + length > end and sum(map(len, parts)) < 3 * length:
            continue
        audio = np.concatenate(parts)
        while start + length <= end:
            yield start, audio[start - end :][:length]
            start += hop
        parts = [audio[-max(length, end - start) :]]
    left_out = end - (start - hop + length)
    if 0 < end < length:
        yield 0, np.concatenate(parts)
    elif start and left_out > REST * length:
        yield end - length, np.concatenate(parts)[-length:]
