"""A run on disk: made, resumed, read."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.metrics import accuracy_score
from tqdm import tqdm

from genre_lib import __version__
from genre_lib.config import (
    LABELS,
    RunSettings,
    UserError,
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
from genre_lib.evaluation import accuracy_interval, scores, vote
from genre_lib.splits import SUBSETS, Dataset, audit, make_dataset
from genre_lib.store import Store, open_store, take

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
    for name in ("augment", "model", "speed/blocks", "splits", "training"):
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
    from genre_lib.spectrogram import to_decibels
    from genre_lib.store import BAR_AFTER

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
