"""Claims, the runs that their verdicts rest on, and the rules that several of them share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np

from genre_lib.book.comparisons import pooled
from genre_lib.book.references import SEEDS
from genre_lib.evaluation import genre_scores, paired_difference
from genre_lib.runs import Run

Verdict = Literal["holds", "holds in part", "does not hold", "cannot be known"]
HOLDS: Verdict = "holds"
IN_PART: Verdict = "holds in part"
FAILS: Verdict = "does not hold"
UNKNOWN: Verdict = "cannot be known"
VERDICTS = (HOLDS, IN_PART, FAILS, UNKNOWN)
SECTIONS = ("Abstract", "I", "III", "IV-A", "IV-B", "IV-C", "V-A", "V-B", "VI")

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


class MissingRunError(Exception):
    """A run that a verdict needs is not stored; its name is the argument."""


class Evidence(dict[str, Run]):
    """Runs by name, which notes who was asked for; to ask for a missing one ends the judging."""

    def __init__(self, runs: Mapping[str, Run]) -> None:
        super().__init__(runs)
        self.seen: set[str] = set()

    def __getitem__(self, name: str) -> Run:
        if name not in self:
            raise MissingRunError(name)
        self.seen.add(name)
        return super().__getitem__(name)

    def some(self, names: Iterable[str]) -> dict[str, Run]:
        """Those of the runs that are there; at least one must be."""
        names = list(names)
        return {name: self[name] for name in names if name in self} or {names[0]: self[names[0]]}


@dataclass(frozen=True)
class Claim:
    """One statement of the paper that can be checked.

    `section` says where it stands (several places with a comma and a space between them), `says`
    what it says in our words, `confirmed_if` what would confirm it, and `page` which page of the
    book shows the evidence. What confirms it in part, or speaks against it, is in the docstring of
    the function that judges it.
    """

    key: str
    section: str
    says: str
    confirmed_if: str
    page: str
    judge: Callable[..., Finding]


CLAIMS: dict[str, Claim] = {}
J = TypeVar("J", bound=Callable[..., Finding])


def claim(
    *, section: str, says: str, confirmed_if: str, page: str, key: str = ""
) -> Callable[[J], J]:
    """Register a function that judges a claim (see `Claim`), by its name or by a key."""

    def register(judge: J) -> J:
        name = key or judge.__name__
        CLAIMS[name] = Claim(name, section, says, confirmed_if, page, judge)
        return judge

    return register


def judged(key: str, runs: Mapping[str, Run]) -> tuple[Finding, list[str]]:
    """Judge one claim, and name the runs that were looked at.

    Where a run is missing that the claim needs, nothing can be known.
    """
    evidence = Evidence(runs)
    try:
        finding = CLAIMS[key].judge(evidence)
    except MissingRunError as missing:
        finding = Finding(f"Nothing: the run {missing} is not stored.", UNKNOWN)
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


def compared(runs: Evidence, pairs: Mapping[str, Sequence[tuple[str, str]]]) -> Finding:
    """Whether the first run of each pair is right more often, on the same test images.

    Parameters
    ----------
    pairs
        By label, names of two runs with the same split, for each seed; seeds are taken together.
        Pairs of which a run is missing are left out, but one must be there.
    """
    there = {
        label: [pair for pair in several if set(pair) <= set(runs)]
        for label, several in pairs.items()
    }
    if not any(there.values()):
        first, second = next(iter(pairs.values()))[0]
        for name in (second, first):  # the second says more, if both are missing
            runs[name]
    changes = {
        label: paired_difference(
            *(pooled([runs[name] for name in side], "image") for side in zip(*several, strict=True))
        )
        for label, several in there.items()
        if several
    }
    found = "; ".join(f"{label}: {points(change)}" for label, change in changes.items())
    return Finding(f"{found}.", of_differences(changes.values()))


def without(part: str, *splits: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """Runs of a split beside those without a part of the recipe, as `compared` takes them."""
    return {
        f"{names[0].removesuffix('-0')} against {part}": [(run, f"{run}-{part}") for run in names]
        for names in splits
    }


def image_runs(runs: Evidence) -> dict[str, Run]:
    """The stored runs that are split by image, as the paper's arithmetic implies."""
    return runs.some([*IMAGE, FULL])


def faithful(runs: Evidence) -> tuple[str, Run]:
    """The run with the paper's budget if it is stored, else the one that is nearest to it."""
    name = FULL if FULL in runs else IMAGE[0]
    return name, runs[name]


def steps_down(values: Sequence[float]) -> float:
    """Share of the steps of a curve that go down."""
    return float(np.mean(np.diff(values) < 0)) if len(values) > 1 else 0.0


def f1_ranking(run: Run) -> list[str]:
    """The genres of a run by F1-score, the highest first."""
    table = genre_scores(run.predictions, run.genres)
    return table.sort_values("f1", ascending=False, kind="stable").genre.tolist()
