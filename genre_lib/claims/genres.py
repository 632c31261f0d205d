"""Claims about single genres (Section V-B, Figure 6)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from genre_lib import paper
from genre_lib.claims.judging import (
    FAILS,
    FILTERED,
    FULL,
    IMAGE,
    IN_PART,
    TRACK,
    UNKNOWN,
    Evidence,
    Finding,
    f1_ranking,
    graded,
    image_runs,
    judges,
)
from genre_lib.evaluation import confusions, genre_scores, wilson_interval


@judges
def classical_near_perfect(
    runs: Evidence, *, correct: int = paper.QUOTED_CORRECT["classical"], support: int = 120
) -> Finding:
    """Holds if recall is in the printed interval or above in all runs, in part if in some."""
    low, _ = wilson_interval(correct, support)
    recalls = {
        name: genre_scores(run.predictions, run.genres).set_index("genre").recall["classical"]
        for name, run in image_runs(runs).items()
    }
    told = "; ".join(f"{name} {recall:.1%}" for name, recall in recalls.items())
    told = f"Recall {told}; the printed one is at least {low:.1%}."
    return Finding(told, graded(recall >= low for recall in recalls.values()))


@judges
def classical_jazz_easiest(runs: Evidence) -> Finding:
    """Holds if they are the first two in all runs that deal images, in part if one of them is."""
    first = {name: f1_ranking(run)[:2] for name, run in image_runs(runs).items()}
    told = "; ".join(f"{name}: {' and '.join(genres)}" for name, genres in first.items())
    hits = [genre in genres for genres in first.values() for genre in ("classical", "jazz")]
    return Finding(f"Highest F1-scores in {told}.", graded(hits))


@judges
def rock_country_hardest(
    runs: Evidence, *, rows: Sequence[paper.GenreRow] = paper.TABLE_2
) -> Finding:
    """Holds if they are the last two in Table II and in all runs, in part if one somewhere is."""
    last = {"Table II": paper.ranked("f1", rows, lowest_first=True)[:2]}
    last |= {name: f1_ranking(run)[:-3:-1] for name, run in image_runs(runs).items()}
    told = "; ".join(f"{name}: {' and '.join(genres)}" for name, genres in last.items())
    hits = [genre in genres for genres in last.values() for genre in ("country", "rock")]
    return Finding(f"Lowest F1-scores in {told}.", graded(hits))


@judges
def rock_country_overlap(runs: Evidence) -> Finding:
    """Holds if country and rock are the pair with most confusions in all runs, in part if in some.

    Also in part if in some run each of the two is taken for the other more than for any third.
    """
    told, first, mutual = [], [], []
    for name, run in image_runs(runs).items():
        counts = confusions(run.predictions, run.genres)
        cells = counts + counts.T
        both = {(one, two): int(cells[one][two]) for one, two in combinations(run.genres, 2)}
        worst = max(both, key=both.__getitem__)
        first.append(worst == ("country", "rock"))
        wrong = counts.mask(np.eye(len(counts), dtype=bool), -1)
        mutual.append(
            wrong.loc["country"].idxmax() == "rock" and wrong.loc["rock"].idxmax() == "country"
        )
        told.append(
            f"{name}: {both['country', 'rock']} between country and rock, most "
            f"({both[worst]}) between {' and '.join(worst)}"
        )
    verdict = graded(first)
    if verdict == FAILS and any(mutual):
        verdict = IN_PART
    return Finding(f"{'; '.join(told)}.", verdict)


@judges
def genre_profile(runs: Evidence, *, rows: Sequence[paper.GenreRow] = paper.TABLE_2) -> Finding:
    """Holds if the ranks agree better than chance in all runs, in part if in some.

    Does not hold if in none of them the correlation is above zero; else nothing can be known.
    """
    from scipy.stats import spearmanr

    printed = {row.genre: row.f1 for row in rows}
    results = {}
    for name, run in runs.some([*IMAGE, *TRACK, FILTERED, FULL]).items():
        own = genre_scores(run.predictions, run.genres).set_index("genre").f1
        genres = [genre for genre in own.index if genre in printed]
        results[name] = spearmanr(
            own[genres], [printed[genre] for genre in genres], alternative="greater"
        )
    told = "; ".join(f"{name} {result.statistic:.2f}" for name, result in results.items())
    clear = [bool(result.pvalue < 0.05) for result in results.values()]
    if any(clear):
        return Finding(f"Rank correlation: {told}.", graded(clear))
    none = all(result.statistic <= 0 for result in results.values())
    return Finding(f"Rank correlation: {told}.", FAILS if none else UNKNOWN)
