"""The embedded demonstration corpus: short synthetic songs in the style of ten genres.

Every clip is composed and synthesized here, from the data in `recipes` and `sounds`: there are no
recordings and no samples. The corpus shows how the experiments work when GTZAN is not at hand.
**It is not GTZAN, and results on it are not comparable with results on recordings.** How hard it
is to classify was chosen: the recipes of neighbouring genres overlap, genres differ in their
mixing habits, and each song has its own production (equaliser, room, noise, tuning), so that a
simple baseline is right on about three whole songs in four, while short pieces of a known song
are recognised almost without error. ``python -m benchmarks.synthetic_corpus`` measures this.

Notes
-----
A song is determined by (genre, index, seed). `compose` writes it, `render` plays it.
"""

import numpy as np

from genre_lib.corpus.synthetic.composition import SECONDS, Song, compose
from genre_lib.corpus.synthetic.synthesis import SAMPLE_RATE, render

__all__ = ["SAMPLE_RATE", "SECONDS", "Song", "compose", "render", "synthesize"]


def synthesize(genre: str, index: int, *, seed: int = 0) -> np.ndarray:
    """Compose and render one song: float32, shape (661500,), 30 seconds at 22050 Hz.

    Parameters
    ----------
    genre : one of `genre_lib.config.GENRES`.
    index : number of the song within its genre, from 0.
    seed : number of the corpus.
    """
    return render(compose(genre, index, seed=seed))
