"""A tiny corpus that several test modules share: tones that are low or high, and hiss."""

from functools import partial

import numpy as np

from genre_lib.config import SpectrogramSettings
from genre_lib.corpus import Corpus, Track

GENRES = ("hiss", "high", "low")
SMALL = SpectrogramSettings(
    sample_rate=8000, seconds=2.0, n_fft=512, hop_length=100, n_mels=32, fmax=4000.0
)


def play(genre: str, number: int, sample_rate: int, *, seconds: float = 2.0) -> np.ndarray:
    """A tone that is low or high, or nothing but hiss; each track has its own."""
    rng = np.random.default_rng([GENRES.index(genre), number])
    time = np.arange(round(seconds * sample_rate)) / sample_rate
    hiss = rng.normal(0, 1, len(time))
    if genre == "hiss":
        return (0.1 * hiss).astype(np.float32)
    frequency = rng.uniform(200, 400) if genre == "low" else rng.uniform(2000, 3000)
    return (0.3 * np.sin(2 * np.pi * frequency * time) + 0.003 * hiss).astype(np.float32)


def small_corpus(tracks_per_genre: int = 6) -> Corpus:
    tracks = (
        Track(f"{genre}.{number:05d}", genre, partial(play, genre, number))
        for genre in GENRES
        for number in range(tracks_per_genre)
    )
    return Corpus("small", tuple(tracks))
