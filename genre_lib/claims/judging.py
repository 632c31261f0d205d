"""Claims of the paper, their kinds with a scale each, and the runs that verdicts rest on."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Literal, NamedTuple

import pandas as pd

from genre_lib import paper
from genre_lib.book.templates import fill
from genre_lib.runs import Run

Kind = Literal["arithmetic", "number", "conclusion"]
SCALES: dict[Kind, tuple[str, str, str]] = {
    "arithmetic": ("consistent", "inconsistent", "not decidable from the paper"),
    "number": ("reproduced", "not reproduced", "undecided"),
    "conclusion": ("supported on new tracks", "not supported", "undecided"),
}
"""Verdicts of each kind of claim: the evidence is for it, against it, or does not decide."""
SECTIONS = ("Abstract", "I", "III", "IV-A", "IV-B", "IV-C", "V-A", "V-B", "VI")


class Finding(NamedTuple):
    """What was measured about a claim, in one sentence, and whether it holds (None: undecided)."""

    measured: str
    holds: bool | None


class Judged(NamedTuple):
    """What was measured, the verdict in words, and the names of the runs that it rests on."""

    measured: str
    verdict: str
    runs: str


class MissingRunError(Exception):
    """A run that a verdict needs is not stored; what it is, is the argument."""


class Evidence(dict[str, Run]):
    """Runs by name, which notes who was asked for; to ask for a missing one ends the judging."""

    def __init__(self, runs: Mapping[str, Run]) -> None:
        super().__init__(runs)
        self.seen: set[str] = set()

    def take(self, names: Iterable[str]) -> dict[str, Run]:
        """These runs, all of which must be there."""
        names = list(names)
        if missing := [name for name in names if name not in self]:
            raise MissingRunError(f"the run {missing[0]}")
        self.seen.update(names)
        return {name: self[name] for name in names}


class Claim(NamedTuple):
    """One statement of the paper; its judge, in `module`, says what speaks against it."""

    key: str
    module: str
    kind: Kind
    section: str
    page: str
    says: str
    confirmed_if: str


TEXTS = tomllib.loads(Path(__file__).with_name("claims.toml").read_text(encoding="utf-8"))
PAGES: dict[str, str] = TEXTS.pop("pages")
CLAIMS = {
    key: Claim(key, module, *(fields[name].format(**vars(paper)) for name in Claim._fields[2:]))
    for module, claims in TEXTS.items()
    for key, fields in claims.items()
}
"""What ``claims.toml`` says, where braces hold numbers of `paper`."""


def judged(key: str, runs: Mapping[str, Run]) -> Judged:
    """Judge one claim, for every page that speaks of it; undecided if a run is missing."""
    claim, evidence = CLAIMS[key], Evidence(runs)
    given = {"by": key} | TEXTS[claim.module][key].get("judge", {})
    judge = getattr(import_module(f"genre_lib.claims.{claim.module}"), given.pop("by"))
    try:
        finding: Finding = judge(evidence, **given)
    except MissingRunError as missing:
        finding = Finding(f"Not measured: {missing} is not stored.", None)
    verdict = dict(zip((True, False, None), SCALES[claim.kind], strict=True))[finding.holds]
    seen = ", ".join(name for name in runs if name in evidence.seen)
    return Judged(finding.measured, verdict, seen)


def ledger(runs: Mapping[str, Run]) -> pd.DataFrame:
    """All claims (`Claim`) in the order of the paper's sections, each as `Judged`."""
    ordered = sorted(CLAIMS.values(), key=lambda claim: SECTIONS.index(claim.section.split(",")[0]))
    return pd.DataFrame(claim._asdict() | judged(claim.key, runs)._asdict() for claim in ordered)


def counts_by_verdict(table: pd.DataFrame) -> dict[str, int]:
    """How many claims have each verdict of each kind, such as ``number: undecided``."""
    every = [f"{kind}: {verdict}" for kind, scale in SCALES.items() for verdict in scale]
    counts = (table.kind + ": " + table.verdict).value_counts()
    return {name: int(counts.get(name, 0)) for name in every}


def to_html(table: pd.DataFrame) -> str:
    """The ledger as HTML; a row has the id ``claim-<key>``, and ``ledger.js`` filters them."""
    sections = {name for text in table.section for name in text.split(", ")}
    return fill(
        "ledger.html",
        rows=table.to_dict("records"),
        counts=counts_by_verdict(table),
        scales=SCALES,
        sections=[*SECTIONS, *sorted(sections - set(SECTIONS))],
        titles=PAGES,
    )
