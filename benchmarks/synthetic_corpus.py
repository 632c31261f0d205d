"""Measure the synthetic corpus against its design targets: speed, difficulty, leakage."""

from collections import Counter
from dataclasses import dataclass
from importlib.metadata import version
from time import perf_counter
from typing import Annotated

import joblib
import numpy as np
import typer
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, cross_val_predict
from tqdm import tqdm

from genre_lib.config import GENRES, configure
from genre_lib.corpus.synthetic import SECONDS, synthesize
from genre_lib.handcrafted import baseline, mfcc_statistics
from genre_lib.spectrogram import mel_decibels

SPECTROGRAM = configure().spectrogram
PIECES = 10  # per song: three seconds each
FOLDS = 5
SHUFFLES = 10  # one shuffle of 400 labels is right in 10 % of cases, give or take 1.5


@dataclass(frozen=True)
class Features:
    """Handcrafted features of a corpus and of its pieces.

    Attributes
    ----------
    songs : shape (songs, features); ``pieces``: shape (songs * 10, features), song by song.
    genres : genre of each song.
    """

    songs: np.ndarray
    pieces: np.ndarray
    genres: np.ndarray


@dataclass(frozen=True)
class Figures:
    """Accuracies (0 to 1) of the fixed baseline."""

    songs: float  # whole songs held out
    shuffled: float  # the same with shuffled labels, mean of ten shuffles
    pieces_mixed: float  # pieces split at random: other pieces of the song are in the training set
    pieces_by_song: float  # pieces, with their songs held out
    recalls: dict[str, float]
    confusions: list[tuple[str, str, int]]  # (true, predicted, songs), the largest first


def _song_features(genre: str, index: int, seed: int) -> tuple[np.ndarray, list[np.ndarray]]:
    audio = synthesize(genre, index, seed=seed)
    song, *pieces = (
        mfcc_statistics(mel_decibels(part, SPECTROGRAM))
        for part in (audio, *np.split(audio, PIECES))
    )
    return song, pieces


def extract(*, songs_per_genre: int, jobs: int, seed: int = 0, quiet: bool = False) -> Features:
    """Render songs and compute their handcrafted features."""
    tasks = [(genre, index) for genre in GENRES for index in range(songs_per_genre)]
    work = (joblib.delayed(_song_features)(*task, seed) for task in tasks)
    results = joblib.Parallel(n_jobs=jobs, return_as="generator")(work)
    rows = list(tqdm(results, "rendering songs", len(tasks), disable=quiet))
    return Features(
        songs=np.array([song for song, _ in rows]),
        pieces=np.array([piece for _, pieces in rows for piece in pieces]),
        genres=np.array([genre for genre, _ in tasks]),
    )


def measure(features: Features, *, seed: int = 0, quiet: bool = False) -> Figures:
    """Cross-validate the fixed baseline in four ways."""
    songs, pieces, genres = features.songs, features.pieces, features.genres
    rng = np.random.default_rng(seed)
    bar = tqdm(total=SHUFFLES + 3, desc="cross-validating", disable=quiet)

    def predict(x: np.ndarray, y: np.ndarray, groups: np.ndarray | None = None) -> np.ndarray:
        folds = StratifiedKFold if groups is None else StratifiedGroupKFold
        cv = folds(FOLDS, shuffle=True, random_state=seed)
        predicted = cross_val_predict(baseline(), x, y, groups=groups, cv=cv)
        bar.update()
        return predicted

    predicted = predict(songs, genres)
    shuffles = [rng.permutation(genres) for _ in range(SHUFFLES)]
    chance = [np.mean(predict(songs, shuffled) == shuffled) for shuffled in shuffles]
    piece_genres = np.repeat(genres, PIECES)
    mixed = predict(pieces, piece_genres)
    by_song = predict(pieces, piece_genres, np.repeat(np.arange(len(genres)), PIECES))
    bar.close()
    wrong = Counter((t, p) for t, p in zip(genres, predicted, strict=True) if t != p)
    return Figures(
        songs=float(np.mean(predicted == genres)),
        shuffled=float(np.mean(chance)),
        pieces_mixed=float(np.mean(mixed == piece_genres)),
        pieces_by_song=float(np.mean(by_song == piece_genres)),
        recalls={g: float(np.mean(predicted[genres == g] == g)) for g in GENRES},
        confusions=[(str(t), str(p), n) for (t, p), n in wrong.most_common(12)],
    )


def speed(*, songs_per_genre: int = 2, seed: int = 0, quiet: bool = False) -> float:
    """Seconds of audio rendered per second, on one core, averaged over all genres."""
    synthesize(GENRES[0], 0, seed=seed)  # imports and first calls are not counted
    tasks = [(genre, index) for genre in GENRES for index in range(songs_per_genre)]
    start = perf_counter()  # synthesis calls nothing that starts threads
    for genre, index in tqdm(tasks, "timing on one core", disable=quiet):
        synthesize(genre, index, seed=seed)
    return len(tasks) * SECONDS / (perf_counter() - start)


def main(
    songs_per_genre: Annotated[
        int, typer.Option(min=FOLDS, help="Songs rendered for each of the ten genres.")
    ] = 40,
    jobs: Annotated[int, typer.Option(help="Processes that render; speed is timed on one.")] = 2,
    seed: Annotated[int, typer.Option(help="Corpus and split seed; 0 is the one used.")] = 0,
) -> None:
    """Measure the synthetic corpus against its design targets.

    Four figures say whether the corpus is fit for its purpose. They come from a fixed baseline
    (statistics of MFCCs and a support vector machine) and are a property of the recipes, not a
    result on music.

    - Whole songs held out: difficult enough to leave room for a better model.
    - Shuffled labels: nothing but chance may be left, or the evaluation itself leaks.
    - Pieces of songs split at random: almost perfect, because other pieces of the same recording
      are in the training set. This is the leak that the book demonstrates.
    - Pieces with their songs held out: the honest figure for the same pieces.
    """
    rate = speed(seed=seed)
    features = extract(songs_per_genre=songs_per_genre, jobs=jobs, seed=seed)
    figures = measure(features, seed=seed)
    rows = [
        ("speed on one core, times real time", f"{rate:.0f}", "> 60"),
        ("whole songs held out, accuracy", f"{figures.songs:.1%}", "70 to 85 %"),
        ("the same, labels shuffled", f"{figures.shuffled:.1%}", "about 10 %"),
        ("pieces split at random", f"{figures.pieces_mixed:.1%}", ">= 95 %"),
        ("pieces, songs held out", f"{figures.pieces_by_song:.1%}", "(contrast)"),
    ]
    print(f"\n{songs_per_genre} songs per genre, seed {seed}, {FOLDS} folds")
    for name, value, target in rows:
        print(f"{name:<36}{value:>8}   target {target}")
    print("\nrecall by genre:")
    print("  ".join(f"{genre} {recall:.0%}" for genre, recall in figures.recalls.items()))
    print("\nlargest confusions (true -> predicted, songs):")
    print(", ".join(f"{true} -> {guess} {count}" for true, guess, count in figures.confusions))
    print("\n" + ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "librosa")))


if __name__ == "__main__":
    typer.run(main)
