"""Runs that nobody trained, but with real splits, to test pages of stored runs with."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd

from genre_lib.book.references import reference
from genre_lib.config import GENRES, RunSettings, write_json
from genre_lib.evaluation import accuracy_of, scores, vote
from genre_lib.runs import FILES, TABLES, Run
from genre_lib.splits import SUBSETS, UNUSED, assign_known, assign_subsets, audit

TRACKS = 10  # a genre


def split(settings: RunSettings) -> pd.DataFrame:
    """Split the images of some tracks; two have the same content, and so have two of two genres."""
    per_track = settings.images_per_track
    names = np.array([f"{genre}.{number:05d}" for genre in GENRES for number in range(TRACKS)])
    recording = np.arange(len(names))
    recording[1], recording[TRACKS] = 0, 2
    track = np.repeat(np.arange(len(names)), per_track)
    labels = track // TRACKS
    if settings.protocol == "fault-filtered":
        subset = np.array([*SUBSETS, UNUSED], dtype=object)[track % 4]
    elif settings.known_images is not None:
        subset = assign_known(recording[track], labels, settings)
    else:
        units = recording[track] if settings.protocol == "track" else np.arange(len(track))
        subset = assign_subsets(units, labels, GENRES, seed=settings.seed)
    return pd.DataFrame(
        {
            "track_id": names[track],
            "genre": np.array(GENRES)[labels],
            "recording": names[recording[track]],
            "image": np.tile(np.arange(per_track), len(names)),
            "subset": subset,
        }
    )


def run(name: str, *, right: float = 0.7) -> Run:
    """The reference run of a name, with answers that are right by chance."""
    settings = reference(name).settings
    table = split(settings)
    rng = np.random.default_rng(int(hashlib.sha256(name.encode()).hexdigest()[:8], 16))
    test = table[table.subset == "test"].reset_index(drop=True)
    y_pred = np.where(rng.random(len(test)) < right, test.genre, rng.choice(GENRES, len(test)))
    predictions = test[["track_id", "image"]].assign(y_true=test.genre, y_pred=y_pred)
    for genre in GENRES:
        predictions[f"p_{genre}"] = np.where(y_pred == genre, 0.55, 0.05)
    names = ("train", "clean_train", "validation")
    columns = [f"{name}_{what}" for name in names for what in ("loss", "accuracy")]
    history = pd.DataFrame({"epoch": range(1, 4)})
    if settings.method == "network":
        history = history.assign(learning_rate=0.001)
        history = history.assign(**{column: rng.random(3) for column in columns})
    else:
        history = history[:0]
    whole, voted = accuracy_of(predictions), vote(predictions)
    return Run(
        path=Path(name),
        settings=settings,
        history=history,
        split=table,
        predictions=predictions,
        metrics={
            **scores(predictions.y_true, predictions.y_pred),
            "accuracy_low": whole["low"],
            "accuracy_high": whole["high"],
            "track_accuracy": scores(voted.y_true, voted.y_pred)["accuracy"],
            "clean_train_accuracy": 0.9,
            "images": {name: int((table.subset == name).sum()) for name in SUBSETS},
            "test_tracks": test.track_id.nunique(),
            "leakage": audit(table).to_dict("records"),
        },
        environment={
            "seconds": 90.0,
            "cores": 2,
            "threads": 2,
            "device": "cpu",
            "device_name": "CPU",
            "platform": "Linux x86_64",
            "torch": "2.0",
        },
    )


def store(made: Run, folder: Path) -> None:
    """Write a run to where the checkout's reference runs are read from."""
    directory = folder / f"{made.path.name}-{0:016x}"
    directory.mkdir(parents=True)
    parts = {
        "config": made.settings.model_dump(),
        "environment": made.environment,
        "metrics": made.metrics,
    }
    for name in FILES:
        write_json(directory / f"{name}.json", parts[name])
    for name in TABLES:
        getattr(made, name).to_csv(directory / f"{name}.csv", index=False)
