"""The reference runs: trainings on real GTZAN whose results the checkout has.

The corpus itself has no licence and is not here. All of a run but its weights lies in
``reference/<name>-<digest>/``, so that anyone can make pages and verdicts again, and who has the
data can repeat each run.
"""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import joblib

from genre_lib.config import (
    RunSettings,
    UserError,
    choose,
    configure,
    digest,
    new_folder,
    read_json,
    reference_dir,
    runs_dir,
    write_file,
)
from genre_lib.evaluation import accuracy_of, vote, wilson_interval
from genre_lib.runs import FILES, TABLES, Run, get_run, is_complete, read_run
from genre_lib.store import open_store

SEEDS = (0, 1, 2)
DIGEST = "[0-9a-f]" * 16  # of a folder's name


@dataclass(frozen=True)
class Reference:
    """One reference run: its name, the question that it answers, and its parameters."""

    name: str
    question: str
    parameters: dict[str, Any]

    @property
    def settings(self) -> RunSettings:
        """The run's settings."""
        return configure(**{"corpus": "gtzan"} | self.parameters)

    @property
    def command(self) -> str:
        """The command that repeats it."""
        given = {"profile": "quick"} | self.parameters
        start = f"genre-book train --retrain --corpus gtzan --profile {given.pop('profile')}"
        return " ".join([start, *(f"-p {name}={value}".lower() for name, value in given.items())])


def _references() -> Iterator[Reference]:
    """The runs of ``references.toml``."""
    text = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    for entry in tomllib.loads(text)["runs"]:
        name, question = entry.pop("name"), entry.pop("question")
        choices = [value if isinstance(value, list) else [value] for value in entry.values()]
        for values in product(*choices):
            parameters = dict(zip(entry, values, strict=True))
            yield Reference(name.format(**parameters), question, parameters)


REFERENCES = tuple(_references())


def reference(name: str) -> Reference:
    """The reference run of a name; if there is none, a `UserError` names the nearest."""
    names = {run.name: run for run in REFERENCES}
    return names[choose("reference run", name, names)]


def stored(name: str) -> Run:
    """Read a reference run from the checkout; a `UserError` is raised if it does not have it."""
    entry = reference(name)
    for directory in reference_dir().glob(f"{name}-{DIGEST}"):
        return replace(read_run(directory), settings=entry.settings)
    raise UserError(
        f"{reference_dir()} has no reference run {name!r}; make it with `{entry.command}`, then "
        "`genre-book keep`."
    )


def stored_runs() -> dict[str, Run]:
    """All reference runs that the checkout has, by name, in the order of `REFERENCES`."""
    names = {directory.name[:-17] for directory in reference_dir().glob(f"*-{DIGEST}")}
    return {run.name: stored(run.name) for run in REFERENCES if run.name in names}


def keep(run: Run, name: str) -> Path:
    """Copy a run's results, not its weights, to the checkout as a reference run."""
    target = reference_dir() / f"{name}-{run.path.name[-16:]}"
    if run.path.resolve() == target.resolve():
        return target
    copied = target.with_name(f"{target.name}.new")
    with new_folder(copied) as folder:
        for file in (*(f"{part}.json" for part in FILES), *(f"{part}.csv" for part in TABLES)):
            shutil.copy2(run.path / file, folder / file)
    for old in reference_dir().glob(f"{name}-{DIGEST}"):  # only when all of the new one is there
        shutil.rmtree(old)
    copied.rename(target)
    return target


# The README's table

BEGIN, END = "<!-- results: made by `genre-book keep` -->", "<!-- end of results -->"
SHOWN = (
    "image-full-budget",
    "track-full-budget",
    "image-0",
    "track-0",
    "fault-filtered-0",
    "track-0-handcrafted",
)


def results_markdown(runs: Mapping[str, Run]) -> str:
    """The results table of the README, all of it computed from those of the runs in `SHOWN`."""
    lines = ["| run | test images | test tracks, by vote | epochs | minutes |", "|---" * 5 + "|"]
    percent = "{accuracy:.1%} ({low:.1%} to {high:.1%})".format
    for name, run in ((name, runs[name]) for name in SHOWN if name in runs):
        images, tracks = accuracy_of(run.predictions), accuracy_of(vote(run.predictions))
        if tracks["low"] == 1:  # all are right, and so in every draw
            tracks["low"] = wilson_interval(*[run.metrics["test_tracks"]] * 2)[0]
        lines.append(
            f"| {name} | {percent(**images)} | {percent(**tracks)} of {run.metrics['test_tracks']} "
            f"| {len(run.history) or '-'} | {run.environment['seconds'] / 60:.1f} |"
        )
    made = {
        f"{run.environment['cores']} CPU cores, {run.environment['platform']}, PyTorch "
        f"{run.environment['torch']}"
        for run in runs.values()
    }
    return "\n".join([*lines, "", f"Hardware: {'; '.join(sorted(made))}."])


def write_results(readme: Path) -> None:
    """Put the results table between its two marks in the README."""
    before, rest = readme.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    write_file(readme, f"{before}{BEGIN}\n\n{results_markdown(stored_runs())}\n\n{END}{after}")


def states() -> dict[str, str]:
    """What there is of each reference run: stored; complete or half done, in ``runs/``; missing."""
    data = {read_json(file)["data"]["digest"] for file in runs_dir().glob("*/config.json")}
    found = {}
    for entry in REFERENCES:
        places = [runs_dir() / digest(entry.settings, content) for content in data]
        made = [is_complete(directory) for directory in places if directory.exists()]
        found[entry.name] = "complete" if any(made) else "half done" if made else "missing"
        if any(reference_dir().glob(f"{entry.name}-{DIGEST}")):
            found[entry.name] = "stored"
    return found


def make_references(entries: Sequence[Reference] | None = None, *, progress: bool = True) -> None:
    """Make reference runs (all by default), resume or read them, and keep their results.

    joblib does one after the other, or what the `joblib.parallel_config` around the call says.
    """
    entries = REFERENCES if entries is None else entries

    def tasks() -> Iterator[Any]:
        for number, entry in enumerate(entries, start=1):
            print(f"[{number}/{len(entries)}] reference run {entry.name}: {entry.question}")
            yield joblib.delayed(get_run)(entry.settings, progress=progress)

    made = joblib.Parallel(batch_size=1, return_as="generator")(tasks())
    for entry, run in zip(entries, made, strict=True):
        keep(run, entry.name)


@contextmanager
def cluster(address: str | None) -> Iterator[None]:
    """Let joblib work on the Dask cluster of a scheduler; on this machine without an address.

    A `UserError` is raised if Dask is not installed, or nothing answers there.
    """
    if address is None:
        yield
        return
    try:
        from distributed import Client

        client = Client(address)
    except ImportError:
        raise UserError("A cluster needs Dask; `pip install distributed` installs it.") from None
    except (OSError, ValueError) as error:
        raise UserError(f"No Dask scheduler answers at {address} ({error}).") from None
    with client, joblib.parallel_config(backend="dask"):
        yield


def keep_complete() -> None:
    """Keep the results of all reference runs that are complete in ``runs/``; train nothing."""
    data = open_store(REFERENCES[0].settings).digest
    for entry in REFERENCES:
        directory = runs_dir() / digest(entry.settings, data)
        if is_complete(directory):
            print(f"{entry.name}: {keep(read_run(directory), entry.name)}")
