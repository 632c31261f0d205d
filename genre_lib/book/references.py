"""The reference runs: trainings on real GTZAN whose results the checkout holds.

The corpus itself has no licence and is not here. Its results are: each run's settings, history,
split, predictions, metrics and environment lie in ``reference/<name>-<digest>/``, so pages and
verdicts can be made again by anyone, and each run can be repeated by who has the data.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from genre_lib.config import (
    PARAMETERS,
    RunSettings,
    UserError,
    choose,
    configure,
    digest,
    reference_dir,
    runs_dir,
    write_text,
)
from genre_lib.evaluation import accuracy_of, vote
from genre_lib.runs import FILES, TABLES, Run, get_run, is_complete, read_run
from genre_lib.store import open_store

SEEDS = (0, 1, 2)
CNN = {"lstm": False, "attention": False}


@dataclass(frozen=True)
class Reference:
    """One reference run: its name, its parameters, and the question that it answers."""

    name: str
    question: str
    parameters: dict[str, Any]

    @property
    def settings(self) -> RunSettings:
        """The run's settings."""
        own = {name: self.parameters[name] for name in PARAMETERS if name in self.parameters}
        overrides = {name: self.parameters[name] for name in self.parameters if name not in own}
        return configure(**({"corpus": "gtzan", "profile": "quick"} | own), overrides=overrides)

    @property
    def command(self) -> str:
        """The command that repeats it."""
        profile = self.parameters.get("profile", "quick")
        rest = [(name, value) for name, value in self.parameters.items() if name != "profile"]
        words = [f"-p {name}={str(value).lower()}" for name, value in rest]
        start = ["genre-book train --retrain --corpus gtzan --profile", profile]
        return " ".join([*start, *words])


def _references() -> tuple[Reference, ...]:
    """All reference runs, those that matter most first."""
    runs = [
        Reference(
            "image-full-budget",
            "the paper's own budget",
            {"profile": "paper", "protocol": "image", "seed": 0},
        )
    ]
    protocols = {
        "image": "images of one track on both sides, as the paper's arithmetic implies",
        "track": "no track on both sides",
    }
    for protocol, question in protocols.items():
        runs += [
            Reference(f"{protocol}-{seed}", question, {"protocol": protocol, "seed": seed})
            for seed in SEEDS
        ]
    runs.append(
        Reference(
            "fault-filtered-0",
            "no artist on both sides, faults of GTZAN removed",
            {"protocol": "fault-filtered", "seed": 0},
        )
    )
    runs += [
        Reference(
            f"segments-{protocol}-0",
            f"slices instead of copies, {question}",
            {"view": "segments", "protocol": protocol, "seed": 0},
        )
        for protocol, question in protocols.items()
    ]
    runs += [
        Reference(
            f"{protocol}-0-cnn",
            "without LSTM and attention",
            {"protocol": protocol, "seed": 0, **CNN},
        )
        for protocol in protocols
    ]
    without: dict[str, dict[str, Any]] = {
        "attention": {"attention": False},
        "lstm": {"lstm": False},
        "cutmix": {"cutmix_probability": 0},
        "augmentation": {"augment_training": False},
        "smoothing": {"label_smoothing": 0},
    }
    runs += [
        Reference(
            f"track-0-no-{name}",
            f"without {name}",
            {"protocol": "track", "seed": 0, **change},
        )
        for name, change in without.items()
    ]
    for view in ("copies", "segments"):
        for protocol in (*protocols, "fault-filtered"):
            if (view, protocol) != ("segments", "fault-filtered"):
                name = protocol if view == "copies" else f"segments-{protocol}"
                seeds = SEEDS if view == "copies" and protocol in protocols else (0,)
                runs += [
                    Reference(
                        f"{name}-{seed}-handcrafted",
                        "timbre statistics and a support vector machine",
                        {"method": "handcrafted", "view": view, "protocol": protocol, "seed": seed},
                    )
                    for seed in seeds
                ]
    return tuple(runs)


REFERENCES = _references()


def reference(name: str) -> Reference:
    """The reference run of a name.

    Raises
    ------
    UserError
        If there is none: the message names the nearest.
    """
    names = {run.name: run for run in REFERENCES}
    return names[choose("reference run", name, names)]


def stored(name: str) -> Run:
    """Read a reference run from the checkout.

    Raises
    ------
    UserError
        If the checkout does not hold it.
    """
    settings = reference(name).settings
    for directory in reference_dir().glob(f"{name}-" + "[0-9a-f]" * 16):
        return Run(**{**vars(read_run(directory)), "settings": settings})
    raise UserError(
        f"{reference_dir()} does not hold the reference run {name!r}; make it with "
        f"`{reference(name).command}`, then `genre-book keep`."
    )


def stored_runs() -> dict[str, Run]:
    """All reference runs that the checkout holds, by name, in the order of `REFERENCES`."""
    held = {directory.name[:-17] for directory in reference_dir().glob("*-" + "[0-9a-f]" * 16)}
    return {run.name: stored(run.name) for run in REFERENCES if run.name in held}


def keep(run: Run, name: str) -> Path:
    """Copy a run's results, not its weights, to the checkout as a reference run."""
    target = reference_dir() / f"{name}-{run.path.name[-16:]}"
    if run.path.resolve() == target.resolve():
        return target
    partial = target.with_name(f".{target.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for file in (*(f"{name}.json" for name in FILES), *(f"{name}.csv" for name in TABLES)):
        shutil.copy2(run.path / file, partial / file)
    for old in reference_dir().glob(f"{name}-" + "[0-9a-f]" * 16):
        shutil.rmtree(old)
    partial.replace(target)
    return target


def results(runs: Mapping[str, Run]) -> pd.DataFrame:
    """What reference runs reached, and at what cost.

    Returns
    -------
    pd.DataFrame
        One row a run: name, question, seed; accuracy of the test images, low and high; the same
        of the test tracks by vote, track_accuracy, track_low and track_high; test_tracks; epochs
        run, epochs_at_most, and minutes.
    """
    rows = []
    for name, run in runs.items():
        entry, images, tracks = (
            reference(name),
            *map(accuracy_of, (run.predictions, vote(run.predictions))),
        )
        rows.append(
            {
                "name": name,
                "question": entry.question,
                "seed": run.settings.seed,
                **images,
                **{f"track_{key.removeprefix('track_')}": value for key, value in tracks.items()},
                "test_tracks": run.metrics["test_tracks"],
                "epochs": len(run.history),
                "epochs_at_most": run.settings.training.epochs,
                "minutes": run.environment["seconds"] / 60,
            }
        )
    return pd.DataFrame(rows)


def results_markdown(runs: Mapping[str, Run]) -> str:
    """The results table of the README, all of it computed from the reference runs."""
    lines = [
        "| run | test images | test tracks, by vote | epochs | min | command |",
        "|---|---|---|---|---|---|",
    ]
    for _, row in results(runs).iterrows():
        lines.append(
            f"| {row['name']} | {row.accuracy:.1%} ({row.low:.1%} to {row.high:.1%}) "
            f"| {row.track_accuracy:.1%} ({row.track_low:.1%} to {row.track_high:.1%}) "
            f"of {row.test_tracks} | {row.epochs or '-'} | {row.minutes:.1f} "
            f"| `{reference(row['name']).command}` |"
        )
    made = {
        f"{run.environment['cores']} CPU cores, {run.environment['platform']}, PyTorch "
        f"{run.environment['torch']}"
        for run in runs.values()
    }
    return "\n".join([*lines, "", f"Hardware: {'; '.join(sorted(made))}."])


BEGIN, END = "<!-- results: made by `genre-book keep` -->", "<!-- end of results -->"


def write_results(readme: Path) -> None:
    """Put the results table between its two marks in the README."""
    text = readme.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    table = results_markdown(stored_runs())
    write_text(readme, f"{before}{BEGIN}\n\n{table}\n\n{END}{after}")


def make_references(*, say: Callable[[str], None] = print, progress: bool = True) -> None:
    """Make all reference runs, or read those that are complete, and keep their results."""
    for number, entry in enumerate(REFERENCES, start=1):
        say(f"[{number}/{len(REFERENCES)}] reference run {entry.name}: {entry.question}")
        keep(get_run(entry.settings, progress=progress), entry.name)


def keep_complete(*, say: Callable[[str], None] = print) -> None:
    """Keep the results of all reference runs that ``runs/`` holds complete; train nothing."""
    data = open_store(REFERENCES[0].settings).digest
    for entry in REFERENCES:
        directory = runs_dir() / digest(entry.settings, data)
        if is_complete(directory):
            say(f"{entry.name}: {keep(read_run(directory), entry.name)}")
