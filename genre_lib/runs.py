"""A run on disk: made, resumed, read."""

import hashlib
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from genre_lib import __version__, config
from genre_lib.config import RunSettings, Settings, UserError, digest
from genre_lib.evaluation import accuracy, accuracy_of, scores, vote
from genre_lib.splits import SUBSETS, Dataset, audit, make_dataset
from genre_lib.store import Store, open_store, read_csv

FILES = ("config", "environment", "metrics")
TABLES: dict[str, dict[str, type]] = {  # columns and what they hold: a genre may be called 1980
    "history": {"epoch": int},
    "split": {"track_id": str, "genre": str, "recording": str, "image": int, "subset": str},
    "predictions": {"track_id": str, "image": int, "y_true": str, "y_pred": str},
}


class Environment(Settings, extra="allow", strict=True):
    """What ``environment.json`` states at least."""

    device: str
    device_name: str
    threads: int
    seconds: float


@dataclass(frozen=True)
class Run:
    """One training with everything it produced, read from its directory.

    The history has one row an epoch; the split one an image (track_id, genre, recording, image,
    subset); the predictions one a test image (track_id, image, y_true, y_pred, and a probability
    per genre). Metrics are of the test images; the environment has versions, hardware and seconds.
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
    """The run of a configuration: read if it is complete, continued if it was begun, or made.

    It is one of the checkout's reference runs, unless ``GENRE_RETRAIN=1``, or else in runs/. The
    test set is scored once, after training, by the model with the best validation accuracy.

    A `UserError` is raised if the run was begun by other training code, or a batch is larger than
    the training set.
    """
    store = open_store(settings, progress=progress)
    name = digest(settings, store.digest)
    again = os.environ.get("GENRE_RETRAIN") == "1"
    stored = () if again else config.reference_dir().glob(f"*-{name}")
    directory = next(iter(stored), config.runs_dir() / name)
    if not is_complete(directory):
        with config.one_at_a_time(directory.with_suffix(".lock"), work=f"training {directory}"):
            if not is_complete(directory):
                _make_run(settings, store, directory, progress=progress)
    # Labels such as the corpus's name are the caller's; all else equals by the digest.
    return replace(read_run(directory), settings=settings)


def is_complete(directory: Path) -> bool:
    """Whether a directory has a whole run: its metrics are written last of all."""
    return (directory / "metrics.json").exists()


def _make_run(settings: RunSettings, store: Store, directory: Path, *, progress: bool) -> None:
    from genre_lib.handcrafted import predicted_labels
    from genre_lib.speed.allocator import keep_freed_memory
    from genre_lib.training import BEFORE, CHECKPOINT, environment, predict_logits, train

    plan = {
        "data": {"name": store.name, "digest": store.digest},
        "made_with": {"genre_lib": __version__, "code": code_digest()},
        **settings.model_dump(),
    }
    begun = directory / "config.json"
    if begun.exists() and config.read_json(begun).get("made_with") != plan["made_with"]:
        raise UserError(
            f"{directory} was begun by other training code, so it cannot be continued; remove "
            "the folder or move it away, and the run is made from the start."
        )
    dataset = make_dataset(store, settings, progress=progress)
    size, images = settings.training.batch_size, len(dataset.rows("train"))
    if size > images:
        raise UserError(
            f"batch_size = {size} is larger than the training set ({images} images); choose a "
            "smaller one or a larger corpus."
        )
    directory.mkdir(exist_ok=True)
    config.write_json(begun, plan)
    config.write_json(directory / "spectrogram.json", store.recipe.model_dump())
    config.write_file(directory / "split.csv", dataset.table.to_csv(index=False))
    scored = [dataset.rows(subset) for subset in ("test", "train")]
    if settings.method == "network":
        keep_freed_memory()
        model = train(settings, dataset, directory, progress=progress)
        logits = [predict_logits(model, dataset.images, rows) for rows in scored]
        answers = [each.double().softmax(1).numpy() for each in logits]
    else:
        started = time.monotonic()
        labels = predicted_labels(dataset, store, settings)
        certain = np.eye(len(dataset.genres))[labels]  # so a track's images vote by majority
        answers = [certain[rows] for rows in scored]
        config.write_file(directory / "history.csv", "epoch\n")  # nothing is learned in epochs
        facts = environment() | {"seconds": time.monotonic() - started}
        config.write_json(directory / "environment.json", facts)
    test, clean = (prediction_table(dataset, *each) for each in zip(scored, answers, strict=True))
    config.write_file(directory / "predictions.csv", test.to_csv(index=False))
    config.write_json(directory / "metrics.json", score_run(test, clean, dataset))
    for name in (CHECKPOINT, BEFORE):
        (directory / name).unlink(missing_ok=True)


def code_digest() -> str:
    """Hash of the code that decides what a training computes."""
    names = ("augment", "model", "speed/kernels", "speed/layers", "splits", "training")
    code = [(Path(__file__).parent / f"{name}.py").read_bytes() for name in names]
    return hashlib.sha256(b"".join(code)).hexdigest()[:16]


def read_run(directory: Path) -> Run:
    """Read a complete run.

    A `UserError` is raised if there is no run, or a file of it is missing or damaged.
    """
    if not is_complete(directory):
        raise UserError(
            f"{directory} has no complete run (metrics.json and the files beside it); what "
            "`genre-book train` makes has one, in the folder that it prints."
        )
    Environment.read(directory / "environment.json")
    parts: dict[str, Any] = {name: config.read_json(directory / f"{name}.json") for name in FILES}
    parts |= {name: read_csv(directory / f"{name}.csv", types) for name, types in TABLES.items()}
    plan = parts.pop("config")
    made = {name: value for name, value in plan.items() if name not in ("data", "made_with")}
    run = Run(path=directory, settings=RunSettings(**made), **parts)
    answers = run.predictions
    numbers = set(answers.select_dtypes("number"))
    if answers.empty or not {f"p_{name}" for name in {*answers.y_true, *answers.y_pred}} <= numbers:
        raise UserError(f"{directory / 'predictions.csv'} lacks answers, or probabilities of them.")
    if notes := os.environ.get("GENRE_RUNS_READ"):  # a page is executed, which will name its runs
        with Path(notes).open("a", encoding="utf-8") as file:
            file.write(f"{directory.name}\n")
    return run


def prediction_table(dataset: Dataset, rows: np.ndarray, probabilities: np.ndarray) -> pd.DataFrame:
    """The predictions of a `Run`, of some images: by probabilities, shape (rows, genres)."""
    table = dataset.table.loc[rows, ["track_id", "image", "genre"]]
    table = table.rename(columns={"genre": "y_true"}).reset_index(drop=True)
    table["y_pred"] = np.array(dataset.genres)[probabilities.argmax(1)]
    columns = [f"p_{genre}" for genre in dataset.genres]
    return table.join(pd.DataFrame(probabilities.round(6), columns=columns))


def score_run(predictions: pd.DataFrame, clean: pd.DataFrame, dataset: Dataset) -> dict[str, Any]:
    """The content of ``metrics.json``.

    The predictions are of the test images; `clean` ones, of training images without augmentation.
    """
    whole = accuracy_of(predictions)
    return {
        **scores(predictions.y_true, predictions.y_pred),
        "accuracy_low": whole["low"],
        "accuracy_high": whole["high"],
        "track_accuracy": accuracy(vote(predictions)),
        "clean_train_accuracy": accuracy(clean),
        "images": {subset: len(dataset.rows(subset)) for subset in SUBSETS},
        "test_tracks": int(predictions.track_id.nunique()),
        "leakage": audit(dataset.table).to_dict("records"),
    }
