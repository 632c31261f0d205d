"""Stores and examples that nothing was recorded for."""

import numpy as np

from genre_lib.explorer.examples import Example, Moments
from genre_lib.store import Store

MANIFEST = {"sample_rate": 22050, "hop_length": 512, "n_mels": 128}
MANIFEST |= {"top_db": 80.0, "fmin": 0.0, "fmax": 11025.0}


def noise(genres: tuple[str, ...], per_genre: int, **manifest) -> Store:
    """A store of noise with as many tracks of each genre."""
    rng = np.random.default_rng(0)
    count = len(genres) * per_genre
    return Store(
        name="noise",
        path=None,
        track_ids=tuple(f"{genre}.{number:05d}" for genre in genres for number in range(per_genre)),
        genres=genres,
        labels=np.repeat(np.arange(len(genres)), per_genre),
        images=rng.integers(0, 256, (count, MANIFEST["n_mels"], 160), np.uint8),
        manifest=MANIFEST | manifest,
        digest="",
    )


def invented(*, genre: str = "blues", sound: str = "") -> Example:
    """A track of blues that is taken for disco, with a peak of attention."""
    attention = np.full(32, 0.5 / 31)
    attention[10] = 0.5
    probabilities = np.tile([0.05, 0.6, 0.3, 0.05], (32, 1))
    seen = Moments(attention, probabilities, probabilities[0])
    genres = ("blues", "disco", "jazz", "pop")
    gray = np.zeros((128, 900), np.uint8)
    return Example("x.<1>", genre, gray, MANIFEST, 30.0, genres, seen, sound, 7.5, 15.0)
