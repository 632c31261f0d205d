"""Tracks and their audio."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genre_lib.config import UserError


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
    """A named collection of tracks, or a spectrogram store that was made of one."""

    name: str
    tracks: tuple[Track, ...] = ()
    store: Path | None = None


def read_audio(path: Path, sample_rate: int) -> np.ndarray:
    """Decode an audio file to mono float32 at `sample_rate`, shape (samples,).

    Raises
    ------
    UserError
        If the file cannot be decoded, or holds no samples, or holds values that are not finite.
    """
    import librosa

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # librosa announces its fallback decoders
            audio, _ = librosa.load(path, sr=sample_rate, mono=True)
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{path} cannot be decoded as audio ({reason}).") from None
    if audio.size == 0:
        raise UserError(f"{path} holds no audio samples.")
    if not np.isfinite(audio).all():
        raise UserError(f"{path} holds samples that are not finite numbers.")
    return audio.astype(np.float32, copy=False)
