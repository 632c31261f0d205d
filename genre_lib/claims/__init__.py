"""What became of the paper's claims: one function judges each, from printed numbers and runs.

A verdict is computed, never typed. What the paper says and what would confirm it stands above the
function that judges it; in what other cases it holds in part, in its docstring. Runs are given by
name, so that a test can change them, or the printed numbers, and see the verdict turn.

Intervals are about the test tracks (bootstrap); what another seed would change, they do not say.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from genre_lib.claims import formulas, genres, learning, printed, scores  # these register
from genre_lib.claims.judging import CLAIMS, SECTIONS, VERDICTS, judged
from genre_lib.runs import Run

__all__ = ["counts_by_verdict", "formulas", "genres", "learning", "ledger", "printed", "scores"]


def ledger(runs: Mapping[str, Run]) -> pd.DataFrame:
    """All claims with what became of them.

    Returns
    -------
    pd.DataFrame
        One row a claim, in the order of the paper's sections: key, section, says, confirmed_if,
        measured, verdict, runs (those that the verdict rests on), page.
    """
    ordered = sorted(CLAIMS.values(), key=lambda claim: SECTIONS.index(claim.section.split(",")[0]))
    rows = [(claim, *judged(claim.key, runs)) for claim in ordered]
    return pd.DataFrame(
        {
            "key": claim.key,
            "section": claim.section,
            "says": claim.says,
            "confirmed_if": claim.confirmed_if,
            "measured": finding.measured,
            "verdict": finding.verdict,
            "runs": ", ".join(seen),
            "page": claim.page,
        }
        for claim, finding, seen in rows
    )


def counts_by_verdict(table: pd.DataFrame) -> dict[str, int]:
    """How many claims have each verdict, in the order of `VERDICTS`."""
    return {verdict: int((table.verdict == verdict).sum()) for verdict in VERDICTS}
