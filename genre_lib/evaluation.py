"""Metrics of predictions and their intervals (Section V).

A table of predictions has one row a test image: track_id, image, y_true, y_pred, and a column
``p_<genre>`` of probabilities for each genre.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

DRAWS = 10_000


def scores(y_true: pd.Series, y_pred: pd.Series) -> dict[str, float]:
    """Accuracy, and macro and weighted precision, recall and F1 (Section V-A)."""
    from sklearn.metrics import precision_recall_fscore_support

    result = {"accuracy": float((y_true == y_pred).mean())}
    for average in ("macro", "weighted"):
        parts = precision_recall_fscore_support(y_true, y_pred, average=average, zero_division=0)
        names = [f"{average}_{name}" for name in ("precision", "recall", "f1")]
        result |= dict(zip(names, map(float, parts[:3]), strict=True))
    return result


def genre_scores(predictions: pd.DataFrame, genres: list[str]) -> pd.DataFrame:
    """The upper part of Table II: precision, recall, F1 and support of each genre."""
    from sklearn.metrics import precision_recall_fscore_support

    parts = precision_recall_fscore_support(
        predictions.y_true, predictions.y_pred, labels=genres, zero_division=0
    )
    names = ("precision", "recall", "f1", "support")
    return pd.DataFrame({"genre": genres, **dict(zip(names, parts, strict=True))})


def confusions(predictions: pd.DataFrame, genres: list[str]) -> pd.DataFrame:
    """Figure 6: rows are true genres, columns predicted ones, cells count images."""
    from sklearn.metrics import confusion_matrix

    counts = confusion_matrix(predictions.y_true, predictions.y_pred, labels=genres)
    return pd.DataFrame(counts, index=genres, columns=genres)


def vote(predictions: pd.DataFrame) -> pd.DataFrame:
    """One row a track: its genre, and the one with the highest mean probability."""
    means = predictions.filter(regex="^p_").groupby(predictions.track_id).mean()
    y_true = predictions.groupby("track_id").y_true.first()
    y_pred = means.idxmax(axis=1).astype(str).str.removeprefix("p_")
    return pd.DataFrame({"y_true": y_true, "y_pred": y_pred}).reset_index()


def interval(values: np.ndarray) -> tuple[float, float]:
    """The middle 95 % of drawn values."""
    low, high = np.nanquantile(values, [0.025, 0.975])
    return float(low), float(high)


def draws(tracks: int) -> np.ndarray:
    """How often each track is drawn by bootstrap, float64, shape (`DRAWS`, tracks).

    The images of one track are no independent observations, so whole tracks are drawn, with
    replacement, as many as there are.
    """
    drawn = np.random.default_rng(0).integers(tracks, size=(DRAWS, tracks))
    return np.stack([np.bincount(each, minlength=tracks) for each in drawn]).astype(float)


def drawn_scores(predictions: pd.DataFrame) -> dict[str, np.ndarray]:
    """Accuracy, macro precision, recall and F1 by bootstrap, each of shape (`DRAWS`,)."""
    named = predictions[["y_true", "y_pred"]].to_numpy()
    genres = np.unique(named)
    true, called = (named[:, [column]] == genres for column in (0, 1))
    counts = pd.DataFrame(np.hstack([true & called, true, called]))
    counts = counts.groupby(predictions.track_id.to_numpy()).sum()
    right, support, predicted = np.split(draws(len(counts)) @ counts.to_numpy(float), 3, axis=1)
    rates = {
        "accuracy": right.sum(1, keepdims=True) / support.sum(1, keepdims=True),
        "macro_precision": right / np.maximum(predicted, 1),
        "macro_recall": right / np.maximum(support, 1),
        "macro_f1": 2 * right / np.maximum(support + predicted, 1),
    }
    return {name: rate.mean(1) for name, rate in rates.items()}


def drawn_accuracies(*tables: pd.DataFrame) -> np.ndarray:
    """Accuracies of sets of predictions by bootstrap, shape (sets, `DRAWS`).

    A track that is in several sets is drawn for all of them at once, so what makes it easy or hard
    cancels in their differences.
    """
    counts = [(it.y_true == it.y_pred).groupby(it.track_id).agg(["sum", "size"]) for it in tables]
    joined = pd.concat(counts, axis=1).fillna(0).sort_index().to_numpy(float)
    sums = (draws(len(joined)) @ joined).T
    with np.errstate(invalid="ignore"):  # where none of a set's tracks is drawn
        return sums[::2] / sums[1::2]


def accuracy(predictions: pd.DataFrame) -> float:
    """Share of predictions that are right."""
    return float((predictions.y_true == predictions.y_pred).mean())


def accuracy_of(predictions: pd.DataFrame) -> dict[str, float]:
    """Accuracy and, as low and high, its 95 % interval by bootstrap over tracks."""
    low, high = interval(*drawn_accuracies(predictions))
    return {"accuracy": accuracy(predictions), "low": low, "high": high}


def accuracy_difference(first: pd.DataFrame, second: pd.DataFrame) -> dict[str, float]:
    """Accuracy of one set of predictions minus that of another: difference, low and high.

    The 95 % interval is by bootstrap over the tracks of both (`drawn_accuracies`).
    """
    low, high = interval(np.subtract(*drawn_accuracies(first, second)))
    return {"difference": accuracy(first) - accuracy(second), "low": low, "high": high}


def reversed_difference(change: Mapping[str, float] | pd.Series) -> dict[str, float]:
    """The same difference, seen from the other side: difference, low and high."""
    return {"difference": -change["difference"], "low": -change["high"], "high": -change["low"]}


def wilson_interval(correct: int, total: int) -> tuple[float, float]:
    """95 % interval of a share that is known by its counts alone (Wilson's score interval)."""
    from scipy.stats import binomtest

    ends = binomtest(correct, total).proportion_ci(0.95, method="wilson")
    return float(ends.low), float(ends.high)
