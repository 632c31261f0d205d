"""Runs and their scores: predictions, metrics, intervals (Section V)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support

from genre_lib.config import (
    SECTIONS,
    configure,
)
from genre_lib.splits import SUBSETS, UNUSED

Run = Any  # of runs.py, which imports this module

KIND = ("view", "protocol", "method")
SCORED = ("image", "vote")  # what is right or wrong: each test image, or one vote a track


def scores(y_true: pd.Series, y_pred: pd.Series) -> dict[str, float]:
    """Accuracy, and macro and weighted precision, recall and F1 (Section V-A)."""
    result = {"accuracy": float(accuracy_score(y_true, y_pred))}
    for average in ("macro", "weighted"):
        parts = precision_recall_fscore_support(y_true, y_pred, average=average, zero_division=0)
        for name, value in zip(("precision", "recall", "f1"), parts[:3], strict=True):
            result[f"{average}_{name}"] = float(value)
    return result


def genre_scores(predictions: pd.DataFrame, genres: list[str]) -> pd.DataFrame:
    """The upper part of Table II: precision, recall, F1 and support of each genre."""
    parts = precision_recall_fscore_support(
        predictions.y_true, predictions.y_pred, labels=genres, zero_division=0
    )
    names = ("precision", "recall", "f1", "support")
    table = pd.DataFrame(dict(zip(names, parts, strict=True)))
    table.insert(0, "genre", genres)
    return table


def confusions(predictions: pd.DataFrame, genres: list[str]) -> pd.DataFrame:
    """Figure 6: rows are true genres, columns predicted ones, cells count images."""
    counts = confusion_matrix(predictions.y_true, predictions.y_pred, labels=genres)
    return pd.DataFrame(counts, index=genres, columns=genres)


def vote(predictions: pd.DataFrame) -> pd.DataFrame:
    """One row a track: its genre, and the one with the highest mean probability."""
    columns = [name for name in predictions.columns if name.startswith("p_")]
    means = predictions.groupby("track_id", sort=True)[columns].mean()
    y_true = predictions.groupby("track_id", sort=True).y_true.first()
    y_pred = [str(name).removeprefix("p_") for name in means.idxmax(axis=1)]
    return pd.DataFrame({"y_true": y_true, "y_pred": y_pred}).reset_index()


def accuracy_interval(predictions: pd.DataFrame) -> tuple[float, float]:
    """95 % interval of the accuracy by bootstrap over tracks.

    The images of one track are no independent observations, so whole tracks are drawn.
    """
    low, high = np.quantile(_drawn_accuracies(predictions, seed=0), [0.025, 0.975])
    return float(low), float(high)


def _drawn_accuracies(predictions: pd.DataFrame, *, seed: int) -> np.ndarray:
    """Accuracies of 10 000 draws of as many tracks as there are, with replacement."""
    hits = (
        (predictions.y_true == predictions.y_pred)
        .groupby(predictions.track_id)
        .agg(["sum", "count"])
    )
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(hits), size=(10_000, len(hits)))
    right, total = hits["sum"].to_numpy()[drawn].sum(1), hits["count"].to_numpy()[drawn].sum(1)
    return right / total


def accuracy_difference(first: pd.DataFrame, second: pd.DataFrame) -> dict[str, float]:
    """How much higher the accuracy of one set of predictions is than that of another.

    Returns
    -------
    dict of str to float
        difference, and its 95 % interval by bootstrap over the tracks of each, low and high.
    """
    drawn = _drawn_accuracies(first, seed=0) - _drawn_accuracies(second, seed=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    difference = accuracy_of(first)["accuracy"] - accuracy_of(second)["accuracy"]
    return {"difference": difference, "low": float(low), "high": float(high)}


def paired_difference(first: pd.DataFrame, second: pd.DataFrame) -> dict[str, float]:
    """How much higher the accuracy of one set of predictions is, on the same test images.

    Tracks are drawn once for both, so what makes a track easy or hard for both cancels.

    Returns
    -------
    dict of str to float
        difference, and its 95 % interval by bootstrap over tracks, low and high.
    """
    both = first.merge(second, on=["track_id", "image"], suffixes=("", "_second"))
    if not len(both) == len(first) == len(second):
        raise ValueError("the two sets of predictions are not of the same images")
    drawn = _drawn_accuracies(first, seed=0) - _drawn_accuracies(second, seed=0)
    low, high = np.quantile(drawn, [0.025, 0.975])
    difference = accuracy_of(first)["accuracy"] - accuracy_of(second)["accuracy"]
    return {"difference": difference, "low": float(low), "high": float(high)}


def accuracy_of(predictions: pd.DataFrame) -> dict[str, float]:
    """Accuracy of predictions and its 95 % interval: accuracy, low and high."""
    low, high = accuracy_interval(predictions)
    accuracy = float(accuracy_score(predictions.y_true, predictions.y_pred))
    return {"accuracy": accuracy, "low": low, "high": high}


def follows_recipe(run: Run) -> bool:
    """Tell whether a run keeps all ingredients, whatever its budget, split and method."""
    made = run.settings
    recipe = configure(profile=made.profile)
    return all(getattr(made, section) == getattr(recipe, section) for section in SECTIONS)


def scored(run: Run, by: str) -> pd.DataFrame:
    """The answers of a run that are counted: of each test image, or one vote a track (`SCORED`)."""
    return vote(run.predictions).assign(image=0) if by == "vote" else run.predictions


def accuracies(runs: Mapping[str, Run]) -> pd.DataFrame:
    """Accuracy of each run that follows the recipe, over images and over tracks.

    Returns
    -------
    pd.DataFrame
        Columns run, view, protocol, method, seed, scored, accuracy, low, high.
    """
    rows = [
        {"run": name, **_kind(run), "seed": run.settings.seed, "scored": by,
         **accuracy_of(scored(run, by))}
        for name, run in runs.items() if follows_recipe(run) for by in SCORED
    ]  # fmt: skip
    columns = ["run", *KIND, "seed", "scored", "accuracy", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def _kind(run: Run) -> dict[str, str]:
    """What tells a run from others of the same seed: view, protocol and method."""
    method = f"{run.settings.method}, full budget" if run.settings.profile == "paper" else None
    return {
        "view": run.settings.view,
        "protocol": run.settings.protocol,
        "method": method or run.settings.method,
    }


def _by_kind(runs: Mapping[str, Run]) -> dict[tuple[str, ...], dict[int, Run]]:
    """Runs that follow the recipe by view, protocol and method, and then by seed."""
    kinds: dict[tuple[str, ...], dict[int, Run]] = {}
    for run in runs.values():
        if follows_recipe(run):
            kinds.setdefault(tuple(_kind(run).values()), {})[run.settings.seed] = run
    return kinds


def pooled(runs: Iterable[Run], by: str) -> pd.DataFrame:
    """The answers of runs with several seeds, one below the other.

    Their accuracy is the mean over images of all seeds; a track that several seeds test counts as
    one track when tracks are drawn for an interval.
    """
    tables = [scored(run, by) for run in runs]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def over_seeds(runs: Mapping[str, Run]) -> pd.DataFrame:
    """Accuracy of all seeds together, with its interval, and of the worst and the best of them.

    Returns
    -------
    pd.DataFrame
        Columns view, protocol, method, scored, seeds, accuracy, low, high, worst, best.
    """
    rows = []
    for kind, seeds in _by_kind(runs).items():
        for by in SCORED:
            single = [accuracy_score(table.y_true, table.y_pred)
                      for table in (scored(run, by) for run in seeds.values())]  # fmt: skip
            rows.append(
                dict(zip(KIND, kind, strict=True))
                | {"scored": by, "seeds": len(seeds), **accuracy_of(pooled(seeds.values(), by))}
                | {"worst": min(single), "best": max(single)}
            )
    columns = [*KIND, "scored", "seeds", "accuracy", "low", "high", "worst", "best"]
    return pd.DataFrame(rows, columns=columns)


def protocol_changes(runs: Mapping[str, Run]) -> pd.DataFrame:
    """How accuracy changes when whole tracks are dealt instead of single images.

    Over the seeds that were run under both protocols.

    Returns
    -------
    pd.DataFrame
        Columns view, method, scored, seeds, image, track, difference (track minus image), low,
        high.
    """
    kinds, rows = _by_kind(runs), []
    for (view, protocol, method), tracks in kinds.items():
        images = kinds.get((view, "image", method), {})
        seeds = sorted(images.keys() & tracks.keys())
        if protocol != "track" or not seeds:
            continue
        for by in SCORED:
            first, second = (pooled([dealt[seed] for seed in seeds], by)
                             for dealt in (tracks, images))  # fmt: skip
            rows.append(
                {"view": view, "method": method, "scored": by, "seeds": len(seeds),
                 "image": accuracy_of(second)["accuracy"], "track": accuracy_of(first)["accuracy"],
                 **accuracy_difference(first, second)}
            )  # fmt: skip
    columns = ["view", "method", "scored", "seeds", "image", "track", "difference", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def recall_changes(image: pd.DataFrame, track: pd.DataFrame, genres: Sequence[str]) -> pd.DataFrame:
    """Recall of each genre in predictions under both protocols.

    Returns
    -------
    pd.DataFrame
        Columns genre; image, image_low, image_high, track, track_low, track_high; difference
        (track minus image), low, high.
    """
    rows: list[dict[str, Any]] = []
    for genre in genres:
        own = {
            "image": image[image.y_true == genre],
            "track": track[track.y_true == genre],
        }
        row: dict[str, Any] = {"genre": genre}
        for name, table in own.items():
            recall = accuracy_of(table)
            row |= {name: recall["accuracy"], f"{name}_low": recall["low"]}
            row |= {f"{name}_high": recall["high"]}
        rows.append(row | accuracy_difference(own["track"], own["image"]))
    sides = [f"{name}{end}" for name in ("image", "track") for end in ("", "_low", "_high")]
    return pd.DataFrame(rows, columns=["genre", *sides, "difference", "low", "high"])


def paired_differences(
    runs: Mapping[str, Run], pairs: Iterable[tuple[str, str, str]]
) -> pd.DataFrame:
    """Compare pairs of runs on the same test images; pairs that are not held are left out.

    Parameters
    ----------
    pairs
        A label, and the names of two runs with the same split. Pairs with the same label are
        taken together.

    Returns
    -------
    pd.DataFrame
        Columns label, scored, pairs (how many there are), difference (first run minus second),
        low, high.
    """
    labelled: dict[str, list[tuple[Run, Run]]] = {}
    for label, first, second in pairs:
        if {first, second} <= runs.keys():
            labelled.setdefault(label, []).append((runs[first], runs[second]))
    rows = [
        {"label": label, "scored": by, "pairs": len(own),
         **paired_difference(*(_numbered(side, by) for side in zip(*own, strict=True)))}
        for label, own in labelled.items() for by in SCORED
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["label", "scored", "pairs", "difference", "low", "high"])


def _numbered(runs: Iterable[Run], by: str) -> pd.DataFrame:
    """The answers of several runs, with image names that tell the runs apart."""
    tables = [scored(run, by) for run in runs]
    return pd.concat(
        [
            table.assign(image=[f"{number}/{image}" for image in table.image])
            for number, table in enumerate(tables)
        ],
        ignore_index=True,
    )


def known_images(run: Run) -> pd.Series:
    """For each prediction of a run, how many images of its track were in training."""
    trained = run.split[run.split.subset == "train"].groupby("track_id").size()
    return run.predictions.track_id.map(trained).fillna(0).astype(int)


def confusion_tracks(run: Run) -> pd.DataFrame:
    """The tracks behind each cell of Figure 6.

    Returns
    -------
    pd.DataFrame
        One row for each track in a cell: y_true, y_pred, track_id, images (its test images in this
        cell), test_images (all that it has), probability (mean of the predicted genre over the
        images in this cell), known (its images in training).
    """
    answers, cell = run.predictions, ["y_true", "y_pred", "track_id"]
    codes = answers.y_pred.map({genre: code for code, genre in enumerate(run.genres)})
    probabilities = answers[[f"p_{genre}" for genre in run.genres]].to_numpy()
    table = answers[cell].assign(
        images=answers.groupby(cell).track_id.transform("size"),
        test_images=answers.groupby("track_id").track_id.transform("size"),
        probability=probabilities[np.arange(len(answers)), codes],
        known=known_images(run),
    )
    counts = ["images", "test_images", "known"]
    means = table.groupby([*cell, *counts], as_index=False).agg(probability=("probability", "mean"))
    order = ["y_true", "y_pred", "images", "track_id"]
    means = means.sort_values(order, ascending=[True, True, False, True], ignore_index=True)
    return means[[*cell, "images", "test_images", "probability", "known"]]


def accuracy_by_known(runs: Iterable[Run], *, at_least: int = 30) -> pd.DataFrame:
    """Accuracy of test images by how many images of their track were in training.

    Parameters
    ----------
    at_least
        Counts with fewer test images are left out.

    Returns
    -------
    pd.DataFrame
        Columns known, images, accuracy, low, high.
    """
    tables = [run.predictions.assign(known=known_images(run)) for run in runs]
    rows = [
        {"known": known, "images": len(group), **accuracy_of(group)}
        for known, group in (pd.concat(tables).groupby("known") if tables else ())
        if len(group) >= at_least
    ]
    return pd.DataFrame(rows, columns=["known", "images", "accuracy", "low", "high"])


def same_images(runs: Mapping[str, Run]) -> dict[str, float]:
    """The same test images, asked of a network that knows their tracks and of one that does not.

    With the same seed, both protocols have the same images. Those that both test are compared.

    Returns
    -------
    dict of str to float
        images, tracks; accuracy with known and unknown tracks; difference (known minus unknown),
        and its interval, low and high. Empty if there is nothing to compare.
    """
    kinds, key = _by_kind(runs), ["track_id", "image"]
    images = kinds.get(("copies", "image", "network"), {})
    tracks = kinds.get(("copies", "track", "network"), {})
    known: list[pd.DataFrame] = []
    unknown: list[pd.DataFrame] = []
    for seed in sorted(images.keys() & tracks.keys()):
        first, second = (dealt[seed].predictions for dealt in (images, tracks))
        for table, own, other in ((known, first, second), (unknown, second, first)):
            both = own.merge(other[key], on=key)
            table.append(both.assign(image=[f"{seed}/{image}" for image in both.image]))
    if all(table.empty for table in known):
        return {}
    first, second = pd.concat(known), pd.concat(unknown)
    return {
        "images": len(first),
        "tracks": first.track_id.nunique(),
        "known": accuracy_of(first)["accuracy"],
        "unknown": accuracy_of(second)["accuracy"],
        **paired_difference(first, second),
    }


def identical_pairs(split: pd.DataFrame) -> pd.DataFrame:
    """Pairs of tracks with identical content, and how a split deals the images of each pair.

    Returns
    -------
    pd.DataFrame
        Columns first, second, first_genre, second_genre, dealt (such as "3 train, 1 test").
    """
    tracks = split.drop_duplicates("track_id").set_index("track_id")
    rows = []
    for _, group in tracks.groupby("recording", sort=False):
        for first, second in combinations(group.index, 2):
            own = split[split.track_id.isin([first, second])].subset.value_counts()
            subsets = [name for name in (*SUBSETS, UNUSED) if name in own]
            dealt = ", ".join(f"{own[name]} {name}" for name in subsets)
            rows.append((first, second, group.genre[first], group.genre[second], dealt))
    columns = ["first", "second", "first_genre", "second_genre", "dealt"]
    return pd.DataFrame(rows, columns=columns)


def run_costs(runs: Mapping[str, Run]) -> pd.DataFrame:
    """What each run was made of, and what it took: images, epochs, minutes, cores, accuracy."""
    rows = [
        {
            "run": name,
            **_kind(run),
            "seed": run.settings.seed,
            "training_images": run.metrics["images"]["train"],
            "test_images": run.metrics["images"]["test"],
            "test_tracks": run.metrics["test_tracks"],
            "epochs": len(run.history),
            "minutes": run.environment["seconds"] / 60,
            "cores": run.environment["cores"],
            "accuracy": run.accuracy,
            "track_accuracy": run.metrics["track_accuracy"],
        }
        for name, run in runs.items()
    ]
    return pd.DataFrame(rows)


def score_intervals(
    predictions: pd.DataFrame, genres: list[str]
) -> dict[str, tuple[float, float, float]]:
    """Accuracy and macro scores, each with its 95 % interval by bootstrap over tracks.

    Returns
    -------
    dict of str to tuple of float
        Value, low and high of accuracy, macro_precision, macro_recall and macro_f1.
    """
    codes = {genre: code for code, genre in enumerate(genres)}
    cell = predictions.y_true.map(codes) * len(genres) + predictions.y_pred.map(codes)
    counts = pd.crosstab(predictions.track_id, cell)
    counts = counts.reindex(columns=range(len(genres) ** 2), fill_value=0)
    tracks = len(counts)
    draws = np.random.default_rng(0).multinomial(tracks, np.full(tracks, 1 / tracks), size=2000)
    drawn = np.vstack([np.ones(tracks), draws]) @ counts.to_numpy()  # the first is no draw
    matrices = drawn.reshape(-1, len(genres), len(genres))
    right = np.diagonal(matrices, axis1=1, axis2=2)
    own, called = matrices.sum(2), matrices.sum(1)
    rates = {
        "accuracy": right.sum(1) / own.sum(1),
        "macro_precision": (right / np.maximum(called, 1)).mean(1),
        "macro_recall": (right / np.maximum(own, 1)).mean(1),
        "macro_f1": (2 * right / np.maximum(own + called, 1)).mean(1),
    }
    quantiles = {name: np.quantile(values[1:], [0.025, 0.975]) for name, values in rates.items()}
    return {
        name: (float(values[0]), float(quantiles[name][0]), float(quantiles[name][1]))
        for name, values in rates.items()
    }


def wilson_interval(correct: int, total: int) -> tuple[float, float]:
    """95 % interval of a share that is known by its counts alone (Wilson's score interval)."""
    from scipy.stats import binomtest

    interval = binomtest(correct, total).proportion_ci(0.95, method="wilson")
    return float(interval.low), float(interval.high)
