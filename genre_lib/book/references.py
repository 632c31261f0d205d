"""The reference runs: trainings on real GTZAN whose results the checkout has.

The corpus itself has no licence and is not here. All of a run but its weights lies in
``reference/<name>-<digest>/``, so that anyone can make pages and verdicts again, and who has the
data can repeat each run.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
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
from genre_lib.evaluation import accuracy_of, vote
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


def _runs(
    name: str, question: str, protocol: str, *, seeds: tuple[int, ...] = (0,), **changes: object
) -> list[Reference]:
    return [
        Reference(name.format(seed), question, {"protocol": protocol, "seed": seed} | changes)
        for seed in seeds
    ]


IMAGE = "images of one track in several subsets, as the paper's arithmetic implies"
TRACK = "no track in two subsets"
CNN: dict[str, Any] = {"lstm": False, "attention": False}
BASELINES = {
    "handcrafted": "timbre statistics and a support vector machine",
    "mfcc": "timbre statistics of unaltered spectrograms, tuned",
    "nearest": "how far does recognising the recording get?",
    "untrained": "what does the network know before it has learned?",
}
SLICES: dict[str, Any] = {"view": "segments"}
LONGER: dict[str, Any] = {"epochs": 40}
DIALS: dict[str, dict[str, Any]] = {  # trained for longer, with easier or harder images
    "40-epochs": LONGER,
    "cutmix-stays": LONGER | {"cutmix_final_probability": 0.5},
}

# All of them, those that matter most first.
REFERENCES = (
    *(
        _runs(f"{protocol}-full-budget", "the paper's own budget", protocol, profile="paper")[0]
        for protocol in ("image", "track", "fault-filtered")
    ),
    *_runs("image-{}", IMAGE, "image", seeds=SEEDS),
    *_runs("track-{}", TRACK, "track", seeds=SEEDS),
    *_runs(
        "fault-filtered-{}",
        "no artist in two subsets, faults removed",
        "fault-filtered",
        seeds=SEEDS,
    ),
    *_runs(
        "segments-image-{}", f"slices instead of copies, {IMAGE}", "image", seeds=SEEDS, **SLICES
    ),
    *_runs(
        "segments-track-{}", f"slices instead of copies, {TRACK}", "track", seeds=SEEDS, **SLICES
    ),
    *_runs("image-{}-cnn", "without LSTM and attention", "image", **CNN),
    *_runs("track-{}-cnn", "without LSTM and attention", "track", seeds=SEEDS, **CNN),
    *_runs("track-{}-no-attention", "without attention", "track", seeds=SEEDS, attention=False),
    *_runs("track-{}-no-lstm", "without LSTM", "track", seeds=SEEDS, lstm=False),
    *_runs("track-{}-no-cutmix", "without CutMix", "track", seeds=SEEDS, cutmix_probability=0),
    *_runs(
        "track-{}-no-augmentation",
        "without augmentation",
        "track",
        seeds=SEEDS,
        augment_training=False,
    ),
    *_runs(
        "track-{}-no-smoothing", "without label smoothing", "track", seeds=SEEDS, label_smoothing=0
    ),
    *_runs(
        "track-{}-constant-rate", "without a schedule", "track", seeds=SEEDS, schedule="constant"
    ),
    *_runs("track-{}-no-clipping", "without clipping", "track", seeds=SEEDS, clip_norm=1000),
    *(
        _runs(f"track-0-again-{seed}", "the same split, trained again", "track", init_seed=seed)[0]
        for seed in range(1, 5)
    ),
    *_runs(
        "track-{}-443-tracks",
        "fewer tracks, or other artists?",
        "track",
        seeds=SEEDS,
        training_tracks=443,
    ),
    *(
        run
        for name, changes in {"": {}, "-40-epochs": LONGER}.items()
        for known in (0, 1, 2, 4, 8)
        for run in _runs(
            f"image-{{}}-known-{known}{name}",
            "how many images of a track give it away?",
            "image",
            known_images=known,
            **changes,
        )
    ),
    *(
        run
        for protocol in ("track", "image")
        for dial, changes in DIALS.items()
        for run in _runs(
            f"{protocol}-{{}}-{dial}",
            "leak or regularisation?",
            protocol,
            seeds=(0, 1) if dial == "cutmix-stays" else (0,),
            **changes,
        )
    ),
    *_runs(
        "track-{}-strong-augmentation",
        "leak or regularisation?",
        "track",
        **LONGER,
        crop_min=0.3,
        crop_probability=1,
        brightness=0.4,
        contrast=0.4,
        noise_max=0.1,
    ),
    *_runs(
        "fault-filtered-{}-cutmix-stays",
        "no artist in two subsets, trained longer",
        "fault-filtered",
        **DIALS["cutmix-stays"],
    ),
    *(
        run
        for method, question in BASELINES.items()
        for view, prefix in (("copies", ""), ("segments", "segments-"))
        for protocol in ("image", "track", "fault-filtered")
        if (view, protocol) != ("segments", "fault-filtered")
        for run in _runs(
            f"{prefix}{protocol}-{{}}-{method}",
            question,
            protocol,
            seeds=SEEDS[:1] if (method, protocol) == ("mfcc", "fault-filtered") else SEEDS,
            **(SLICES if view == "segments" else {}),
            method=method,
        )
    ),
)


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
        If the checkout does not have it.
    """
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
    table = results_markdown(stored_runs())
    write_file(readme, f"{before}{BEGIN}\n\n{table}\n\n{END}{after}")


def states() -> dict[str, str]:
    """What there is of each reference run: stored; complete or half done, in ``runs/``; missing."""
    configs = [read_json(file) for file in runs_dir().glob("*/config.json")]
    data = {(config["corpus"], config["data"]["digest"]) for config in configs}
    found = {}
    for entry in REFERENCES:
        made = [
            is_complete(directory)
            for corpus, content in data
            if corpus == entry.settings.corpus
            and (directory := runs_dir() / digest(entry.settings, content)).exists()
        ]
        found[entry.name] = "complete" if any(made) else "half done" if made else "missing"
        if any(reference_dir().glob(f"{entry.name}-{DIGEST}")):
            found[entry.name] = "stored"
    return found


def make_references(
    entries: Sequence[Reference] | None = None,
    *,
    say: Callable[[str], None] = print,
    progress: bool = True,
) -> None:
    """Make reference runs (all by default), resume or read them, and keep their results.

    joblib does one after the other, or what the `joblib.parallel_config` around the call says.
    """
    entries = REFERENCES if entries is None else entries

    def tasks() -> Iterator[Any]:
        for number, entry in enumerate(entries, start=1):
            say(f"[{number}/{len(entries)}] reference run {entry.name}: {entry.question}")
            yield joblib.delayed(get_run)(entry.settings, progress=progress)

    made = joblib.Parallel(batch_size=1, return_as="generator")(tasks())
    for entry, run in zip(entries, made, strict=True):
        keep(run, entry.name)


@contextmanager
def cluster(address: str | None) -> Iterator[None]:
    """Let joblib work on the Dask cluster of a scheduler; on this machine without an address.

    Raises
    ------
    UserError
        If Dask is not installed, or nothing answers there.
    """
    if address is None:
        yield
        return
    try:
        from distributed import Client

        client = Client(address)
    except ImportError:
        raise UserError(
            "A cluster needs Dask; install it with `pip install distributed`."
        ) from None
    except (OSError, ValueError) as error:
        raise UserError(f"No Dask scheduler answers at {address} ({error}).") from None
    with client, joblib.parallel_config(backend="dask"):
        yield


def keep_complete(*, say: Callable[[str], None] = print) -> None:
    """Keep the results of all reference runs that are complete in ``runs/``; train nothing."""
    data = open_store(REFERENCES[0].settings).digest
    for entry in REFERENCES:
        directory = runs_dir() / digest(entry.settings, data)
        if is_complete(directory):
            say(f"{entry.name}: {keep(read_run(directory), entry.name)}")
