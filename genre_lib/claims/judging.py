"""Verdicts, the runs that they rest on, and the rules that several claims share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from genre_lib.book.comparisons import paired_differences
from genre_lib.book.references import REFERENCES, SEEDS
from genre_lib.evaluation import genre_scores, score_intervals
from genre_lib.runs import Run

Verdict = Literal["holds", "holds in part", "does not hold", "cannot be known"]
HOLDS: Verdict = "holds"
IN_PART: Verdict = "holds in part"
FAILS: Verdict = "does not hold"
UNKNOWN: Verdict = "cannot be known"
VERDICTS = (HOLDS, IN_PART, FAILS, UNKNOWN)

FULL = "image-full-budget"
IMAGE = tuple(f"image-{seed}" for seed in SEEDS)
TRACK = tuple(f"track-{seed}" for seed in SEEDS)
FILTERED = "fault-filtered-0"
SMALL_LOSS = 0.05
"""A loss of accuracy that would not speak against a claim."""


@dataclass(frozen=True)
class Finding:
    """What was measured about a claim, in one sentence, and the verdict that follows."""

    measured: str
    verdict: Verdict


class NotHeldError(Exception):
    """A run that a verdict needs is not there; its name is the argument."""


class Evidence(dict[str, Run]):
    """Runs by name, which notes who was asked for; to ask for a missing one ends the judging."""

    def __init__(self, runs: Mapping[str, Run]) -> None:
        super().__init__(runs)
        self.seen: set[str] = set()

    def __getitem__(self, name: str) -> Run:
        if name not in self:
            raise NotHeldError(name)
        self.seen.add(name)
        return super().__getitem__(name)

    def some(self, names: Iterable[str]) -> dict[str, Run]:
        """Those of the runs that are there; at least one must be."""
        names = list(names)
        return {name: self[name] for name in names if name in self} or {names[0]: self[names[0]]}


Judge = Callable[[Evidence], Finding]
JUDGES: dict[str, Judge] = {}


def judges(function: Judge) -> Judge:
    """Register the function that judges the claim of its name."""
    JUDGES[function.__name__] = function
    return function


def judge(key: str, runs: Mapping[str, Run]) -> Finding:
    """Judge one claim; where a run is missing that it needs, nothing can be known.

    Parameters
    ----------
    key
        Of a claim in `genre_lib.paper.CLAIMS`.
    runs
        The reference runs that are held, by name.
    """
    return judged(key, runs)[0]


def judged(key: str, runs: Mapping[str, Run]) -> tuple[Finding, list[str]]:
    """Judge one claim, and name the runs that were looked at."""
    evidence = Evidence(runs)
    try:
        finding = JUDGES[key](evidence)
    except NotHeldError as missing:
        (name,) = missing.args
        planned = name in {entry.name for entry in REFERENCES}
        why = f"the run {name} is not held" if planned else f"no run tests it ({name} would)"
        finding = Finding(f"Nothing: {why}.", UNKNOWN)
    return finding, [name for name in runs if name in evidence.seen]


# Rules that several claims share


def graded(parts: Iterable[bool]) -> Verdict:
    """Holds if all parts do, in part if some do, and else not."""
    known = list(parts)
    return HOLDS if all(known) else IN_PART if any(known) else FAILS


def of_differences(changes: Iterable[Mapping[str, float]]) -> Verdict:
    """Tell whether something is better than something else, from differences with intervals.

    Holds if every interval lies above zero, in part if some do, does not hold if none does and
    some lie below zero. If all include zero, it cannot be known.
    """
    changes = list(changes)
    better = [change["low"] > 0 for change in changes]
    if any(better):
        return graded(better)
    return FAILS if any(change["high"] < 0 for change in changes) else UNKNOWN


def points(change: Mapping[str, float]) -> str:
    """A difference of accuracies with its interval, in points of a hundred."""
    values = (100 * change[name] for name in ("difference", "low", "high"))
    return "{:+.1f} points ({:+.1f} to {:+.1f})".format(*values)


def percent(scored: Mapping[str, float]) -> str:
    """An accuracy with its interval, in percent."""
    return "{accuracy:.1%} ({low:.1%} to {high:.1%})".format(**scored)


def compared(runs: Evidence, pairs: Sequence[tuple[str, str, str]]) -> Finding:
    """Whether the first run of each pair is right more often, on the same test images.

    Parameters
    ----------
    pairs
        A label, and the names of two runs. Pairs with one label, which are seeds, are taken
        together. Those of which a run is missing are left out, but one must be there.
    """
    there = [pair for pair in pairs if {*pair[1:]} <= set(runs)]
    if not there:
        _, first, second = pairs[0]
        for name in (second, first):  # the one that is left out says more, if both are missing
            runs[name]
    held = {name: runs[name] for _, *names in there for name in names}
    table = paired_differences(held, there)
    table = table[table.scored == "image"]
    changes = {
        label: {"difference": difference, "low": low, "high": high}
        for label, difference, low, high in zip(
            table.label, table.difference, table.low, table.high, strict=True
        )
    }
    told = "; ".join(f"{label}: {points(change)}" for label, change in changes.items())
    return Finding(f"{told}.", of_differences(changes.values()))


def without(name: str, part: str) -> list[tuple[str, str, str]]:
    """The pair of a run and the one without a part of the recipe, as `compared` takes it."""
    return [(f"{name} against {name}-{part}", name, f"{name}-{part}")]


def image_runs(runs: Evidence) -> dict[str, Run]:
    """The held runs in which images are dealt, as the paper's arithmetic implies."""
    return runs.some([*IMAGE, FULL])


def reached(
    scored: Mapping[str, tuple[float, float, float]], printed: float, *, form: str
) -> Finding:
    """Whether runs reach a printed score, by value, low and high end of each.

    The run with the paper's budget decides if it is there: holds if its interval includes the
    score; in part if it lies above, since then the network can do it, but the printed number is
    not what the recipe, as we read it, gives. Without that run, holds if all runs reach the score
    (their intervals include it or lie above) and in part if some do; if none does, nothing can be
    known, since a short training proves no failure.
    """
    told = "; ".join(
        f"{name} {value:{form}} ({low:{form}} to {high:{form}})"
        for name, (value, low, high) in scored.items()
    )
    if FULL in scored:
        _, low, high = scored[FULL]
        verdict = FAILS if high < printed else IN_PART if printed < low else HOLDS
        return Finding(f"{told}.", verdict)
    verdict = graded(high >= printed for _, _, high in scored.values())
    if verdict == FAILS:
        return Finding(f"{told}; the run {FULL} is not held.", UNKNOWN)
    return Finding(f"{told}.", verdict)


def macro(runs: Evidence, name: str, printed: float) -> Finding:
    """Whether the runs that deal images reach a printed score (`reached`)."""
    scored = {
        key: score_intervals(run.predictions, run.genres)[name]
        for key, run in image_runs(runs).items()
    }
    return reached(scored, printed, form=".4f")


def faithful(runs: Evidence) -> tuple[str, Run]:
    """The run with the paper's own budget if it is held, else the one that is nearest to it."""
    name = FULL if FULL in runs else IMAGE[0]
    return name, runs[name]


def steps_down(values: Sequence[float]) -> float:
    """Share of the steps of a curve that go down."""
    return float(np.mean(np.diff(values) < 0)) if len(values) > 1 else 0.0


def f1_ranking(run: Run) -> list[str]:
    """The genres of a run by F1-score, the highest first."""
    table = genre_scores(run.predictions, run.genres)
    return table.sort_values("f1", ascending=False, kind="stable").genre.tolist()


def tracks_of(run: Run, subset: str) -> int:
    """How many tracks a subset of a run has images of."""
    return int(run.split.track_id[run.split.subset == subset].nunique())
