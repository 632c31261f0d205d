"""Runs and their scores: predictions, metrics, intervals (Section V)."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support
from tqdm import tqdm

from genre_lib import __version__
from genre_lib.arrays import take
from genre_lib.config import (
    LABELS,
    SECTIONS,
    RunSettings,
    UserError,
    configure,
    digest,
    notice,
    one_at_a_time,
    read_json,
    reference_dir,
    runs_dir,
    validated,
    write_json,
    write_text,
)
from genre_lib.spectrogram import Store, open_store
from genre_lib.splits import SUBSETS, UNUSED, Dataset, audit, make_dataset

if TYPE_CHECKING:
    from genre_lib.model import HybridNet

FILES = ("config", "environment", "metrics")
TABLES = ("history", "split", "predictions")
WORDS = {  # what the user knows some entries of config.json as
    "data.digest": "corpus",
    "made_with.genre_lib": "genre_lib",
    "made_with.code": "training code",
}
NAMES = ("track_id", "genre", "subset", "y_true", "y_pred")
KIND = ("view", "protocol", "method")
SCORED = ("image", "vote")  # what is right or wrong: each test image, or one vote a track


@dataclass(frozen=True)
class Run:
    """One training with everything it produced, read from its directory.

    Attributes
    ----------
    history
        One row an epoch.
    split
        One row an image: track_id, genre, image, subset.
    predictions
        One row a test image: track_id, image, y_true, y_pred, and a probability per genre.
    metrics
        Scores of the test images.
    environment
        Versions, hardware and seconds.
    """

    path: Path
    settings: RunSettings
    history: pd.DataFrame
    split: pd.DataFrame
    predictions: pd.DataFrame
    metrics: dict[str, Any]
    environment: dict[str, Any]

    @property
    def genres(self) -> list[str]:
        """Genre names in the order of the network's outputs."""
        return [name[2:] for name in self.predictions.columns if name.startswith("p_")]

    @property
    def accuracy(self) -> float:
        """Share of test images with the right genre."""
        return float(self.metrics["accuracy"])


def get_run(settings: RunSettings, *, progress: bool = True) -> Run:
    """The run of a configuration: read if it is complete, gone on with, or made.

    The test set is scored once, after training, by the model with the best validation accuracy.
    """
    store = open_store(settings, progress=progress)
    directory = run_directory(digest(settings, store.digest))
    config = {
        "data": {"name": store.name, "digest": store.digest},
        "made_with": {"genre_lib": __version__, "code": code_digest()},
        **settings.model_dump(),
    }
    if not is_complete(directory):
        with one_at_a_time(directory.with_suffix(".lock"), work=f"training {directory}"):
            if not is_complete(directory):
                _make_run(settings, store, directory, config, progress=progress)
    check_same(directory, config)
    # Labels such as the corpus's name are the caller's; the digest holds all else equal.
    return replace(read_run(directory), settings=settings)


def run_directory(name: str) -> Path:
    """Where a run is read or made: in the checkout's reference runs if it is there, else in runs/.

    With ``GENRE_RETRAIN=1`` reference runs are not looked at.
    """
    if os.environ.get("GENRE_RETRAIN") != "1":
        for stored in reference_dir().glob(f"*-{name}"):
            return stored
    return runs_dir() / name


def is_complete(directory: Path) -> bool:
    """Tell whether a directory holds a whole run: its metrics are written last of all."""
    return (directory / "metrics.json").exists()


def _make_run(
    settings: RunSettings,
    store: Store,
    directory: Path,
    config: dict[str, Any],
    *,
    progress: bool,
) -> None:
    from genre_lib import checkpoint
    from genre_lib.training import check_batch_size, environment, train

    if (directory / "config.json").exists():
        check_same(directory, config)
    dataset = make_dataset(store, settings, progress=progress)
    check_batch_size(settings, dataset)
    directory.mkdir(exist_ok=True)
    write_json(directory / "config.json", config)
    write_text(directory / "split.csv", dataset.table.to_csv(index=False))
    started = time.monotonic()
    if settings.method == "handcrafted":
        table, clean = handcrafted_predictions(
            dataset, top_db=store.manifest["top_db"], progress=progress
        )
        write_text(directory / "history.csv", "epoch\n")  # nothing is learned in epochs
        seconds = time.monotonic() - started
        write_json(directory / "environment.json", environment() | {"seconds": seconds})
    else:
        model = train(settings, dataset, directory, progress=progress)
        table, clean = predict(model, dataset), predict(model, dataset, subset="train")
    write_text(directory / "predictions.csv", table.to_csv(index=False))
    write_json(directory / "metrics.json", score_run(table, clean, dataset))
    checkpoint.remove(directory)


def code_digest() -> str:
    """Hash of the code that decides what a training computes."""
    content = hashlib.sha256()
    for name in ("augment", "fused", "model", "splits", "training"):
        content.update((Path(__file__).parent / f"{name}.py").read_bytes())
    return content.hexdigest()[:16]


def check_same(directory: Path, config: dict[str, Any]) -> None:
    """See that the run in a directory is the one that is asked for.

    Raises
    ------
    UserError
        If it was made with other settings or another corpus or, where it is not complete yet,
        with another version of this library.
    """
    made, asked = _flat(read_json(directory / "config.json")), _flat(config)
    ignored = LABELS | {"data.name"} | ({"made_with"} if is_complete(directory) else set())
    for name, value in asked.items():
        if {name, name.split(".")[0]} & ignored:
            continue
        if made.get(name) != value:
            raise UserError(
                f"{directory} holds a run with {WORDS.get(name, name)} = {made.get(name)!r}, but "
                f"{value!r} is asked for, so it is not gone on with; move the folder away or "
                "remove it, and the run is made from the start."
            )
    library = "made_with.genre_lib"
    if made.get(library, asked[library]) != asked[library]:
        notice(f"{directory} was made by genre_lib {made[library]}; this is {asked[library]}.")


def _flat(values: object, name: str = "") -> dict[str, Any]:
    """Nested names and values as one level, such as ``training.epochs``."""
    if not isinstance(values, dict):
        return {name.lstrip("."): values}
    return {
        key: value
        for part, inner in values.items()
        for key, value in _flat(inner, f"{name}.{part}").items()
    }


def read_run(directory: Path) -> Run:
    """Read a complete run.

    Raises
    ------
    UserError
        If there is no run, or a file of it is missing or damaged.
    """
    if not is_complete(directory):
        raise UserError(
            f"{directory} holds no complete run; make it with `genre-book train` and the same "
            "parameters."
        )
    parts: dict[str, Any] = {name: read_json(directory / f"{name}.json") for name in FILES}
    for name, part in parts.items():
        if not isinstance(part, dict):
            raise UserError(f"{directory / name}.json is not a JSON object of names and values.")
    config = parts.pop("config")
    for name in ("data", "made_with"):
        config.pop(name, None)
    settings = validated(RunSettings, config)
    for name in TABLES:
        try:
            # Names stay text: a genre may be called 1980, and another one None.
            text = None if name == "history" else dict.fromkeys(NAMES, str)
            parts[name] = pd.read_csv(
                directory / f"{name}.csv", dtype=text, keep_default_na=name == "history"
            )
        except (OSError, ValueError) as error:
            raise UserError(f"{directory / name}.csv cannot be read ({error}).") from None
    return Run(path=directory, settings=settings, **parts)


def predict(model: HybridNet, dataset: Dataset, *, subset: str = "test") -> pd.DataFrame:
    """Predictions for a subset: track_id, image, y_true, y_pred, ``p_<genre>`` columns."""
    from genre_lib.training import predict_logits

    rows = dataset.rows(subset)
    probabilities = predict_logits(model, dataset.images, rows).double().softmax(1).numpy()
    return prediction_table(dataset, rows, probabilities)


def prediction_table(dataset: Dataset, rows: np.ndarray, probabilities: np.ndarray) -> pd.DataFrame:
    """Predictions of some images: track_id, image, y_true, y_pred, ``p_<genre>`` columns.

    Parameters
    ----------
    rows
        Positions of the images in the dataset, shape (B,).
    probabilities
        Shape (B, genres).
    """
    table = dataset.table.loc[rows, ["track_id", "image", "genre"]]
    table = table.rename(columns={"genre": "y_true"}).reset_index(drop=True)
    table["y_pred"] = np.array(dataset.genres)[probabilities.argmax(1)]
    columns = [f"p_{genre}" for genre in dataset.genres]
    return table.join(pd.DataFrame(probabilities.round(6), columns=columns))


def score_run(predictions: pd.DataFrame, clean: pd.DataFrame, dataset: Dataset) -> dict[str, Any]:
    """Everything that ``metrics.json`` holds.

    Parameters
    ----------
    predictions, clean
        For the test images, and for the training images as they were dealt.
    """
    low, high = accuracy_interval(predictions)
    voted = vote(predictions)
    return {
        **scores(predictions.y_true, predictions.y_pred),
        "accuracy_low": low,
        "accuracy_high": high,
        "track_accuracy": float(accuracy_score(voted.y_true, voted.y_pred)),
        "clean_train_accuracy": float(accuracy_score(clean.y_true, clean.y_pred)),
        "images": {subset: len(dataset.rows(subset)) for subset in SUBSETS},
        "test_tracks": int(predictions.track_id.nunique()),
        "leakage": audit(dataset.table).to_dict("records"),
    }


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


def handcrafted_predictions(
    dataset: Dataset, *, top_db: float, progress: bool = True
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Handcrafted features and a support vector machine, on the network's images (Section II-C).

    Returns
    -------
    tuple of pd.DataFrame
        For test and training images, as `predict` gives them. The machine has answers but no
        probabilities: its answer has 1, so that a track's images vote by majority.
    """
    from genre_lib.handcrafted import baseline, mfcc_statistics
    from genre_lib.spectrogram import BAR_AFTER, to_decibels

    rows = np.concatenate([dataset.rows("train"), dataset.rows("test")])
    bar = tqdm(
        rows, desc="handcrafted features", unit="image", delay=BAR_AFTER, disable=not progress
    )
    features = np.stack(
        [
            mfcc_statistics(to_decibels(take(dataset.images, np.array([row]))[0], top_db=top_db))
            for row in bar
        ]
    )
    train = len(dataset.rows("train"))
    model = baseline().fit(features[:train], dataset.labels[rows[:train]])
    certain = np.eye(len(dataset.genres))
    return (
        prediction_table(dataset, rows[train:], certain[model.predict(features[train:])]),
        prediction_table(dataset, rows[:train], certain[model.predict(features[:train])]),
    )
