"""The embedded synthetic demonstration corpus as a corpus of tracks."""

from __future__ import annotations

from functools import partial

import numpy as np

from genre_lib.config import GENRES
from genre_lib.corpus import synthetic
from genre_lib.corpus.folder import Corpus, Track


def synthetic_corpus(songs_per_genre: int) -> Corpus:
    """The first `songs_per_genre` songs of each of the ten genres.

    A demonstration corpus: composed by a program, no recordings, not comparable with GTZAN.
    """
    tracks = (
        Track(f"{genre}.{index:05d}", genre, partial(load_song, genre, index, 0))
        for genre in GENRES
        for index in range(songs_per_genre)
    )
    return Corpus("synthetic", tuple(tracks))


def load_song(genre: str, index: int, seed: int, sample_rate: int) -> np.ndarray:
    """Compose and play one song: mono float32, shape (samples,)."""
    song = synthetic.synthesize(genre, index, seed=seed)
    if sample_rate == synthetic.SAMPLE_RATE:
        return song
    import librosa

    return librosa.resample(song, orig_sr=synthetic.SAMPLE_RATE, target_sr=sample_rate)
