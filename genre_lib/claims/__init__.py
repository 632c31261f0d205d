"""What became of the paper's claims: one function judges each, from printed numbers and runs.

A verdict is computed, never typed. The rule of each stands in the docstring of its function; what
would confirm the claim, in `genre_lib.paper.CLAIMS`. The numbers that the paper printed are
arguments, and runs are given by name, so that a test can change both and see the verdict turn.

Intervals are about the test tracks (bootstrap); what another seed would change, they do not say.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from genre_lib import paper
from genre_lib.claims import formulas, genres, learning, printed, scores  # these register
from genre_lib.claims.judging import VERDICTS, judged
from genre_lib.runs import Run

__all__ = ["counts_by_verdict", "formulas", "genres", "learning", "ledger", "printed", "scores"]


def ledger(runs: Mapping[str, Run]) -> pd.DataFrame:
    """All claims with what became of them.

    Returns
    -------
    pd.DataFrame
        One row a claim, in the paper's order: key, section, statement, confirmed_by, measured,
        verdict, runs (those that the verdict rests on), page.
    """
    rows = [(claim, *judged(claim.key, runs)) for claim in paper.CLAIMS]
    return pd.DataFrame(
        {
            "key": claim.key,
            "section": claim.section,
            "statement": claim.statement,
            "confirmed_by": claim.confirmed_by,
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
