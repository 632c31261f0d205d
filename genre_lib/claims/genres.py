"""Claims about single genres (Section V-B, Figure 6)."""

from __future__ import annotations

from functools import partial
from itertools import combinations

import numpy as np

from genre_lib import paper
from genre_lib.claims import judging
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
)
from genre_lib.evaluation import confusions, genre_scores, wilson_interval

claim = partial(judging.claim, page="what_does_84_mean")


@claim(
    section="V-B",
    says=f"Classical music is classified nearly perfectly, {paper.QUOTED_CORRECT['classical']} of "
    f"{paper.TABLE_2[1].support} images.",
    confirmed_if="In every run split by image the recall of classical is in the 95 % interval of "
    "the printed one, or above.",
)
def classical_near_perfect(runs: Evidence) -> Finding:
    """In part if so in some of the runs."""
    low, _ = wilson_interval(paper.QUOTED_CORRECT["classical"], paper.TABLE_2[1].support)
    recalls = {
        name: genre_scores(run.predictions, run.genres).set_index("genre").recall["classical"]
        for name, run in image_runs(runs).items()
    }
    found = "; ".join(f"{name} {recall:.1%}" for name, recall in recalls.items())
    found = f"Recall {found}; the printed one is at least {low:.1%}."
    return Finding(found, graded(recall >= low for recall in recalls.values()))


@claim(
    section="V-B",
    says="Classical and jazz are the easiest genres.",
    confirmed_if="In every run split by image they have the two highest F1-scores.",
)
def classical_jazz_easiest(runs: Evidence) -> Finding:
    """In part if one of them has one of the two in one of the runs."""
    first = {name: f1_ranking(run)[:2] for name, run in image_runs(runs).items()}
    found = "; ".join(f"{name}: {' and '.join(genres)}" for name, genres in first.items())
    hits = [genre in genres for genres in first.values() for genre in ("classical", "jazz")]
    return Finding(f"Highest F1-scores in {found}.", graded(hits))


@claim(
    section="V-B, VI",
    says="Rock and country are the hardest genres, with F1-scores of {:.4f} and {:.4f}.".format(
        *paper.QUOTED_F1.values()
    ),
    confirmed_if="They have the two lowest F1-scores in Table II, and in every run split by image.",
)
def rock_country_hardest(runs: Evidence) -> Finding:
    """In part if one of them has one of the two somewhere."""
    last = {"Table II": [row.genre for row in sorted(paper.TABLE_2, key=lambda row: row.f1)[:2]]}
    last |= {name: f1_ranking(run)[:-3:-1] for name, run in image_runs(runs).items()}
    found = "; ".join(f"{name}: {' and '.join(genres)}" for name, genres in last.items())
    hits = [genre in genres for genres in last.values() for genre in ("country", "rock")]
    return Finding(f"Lowest F1-scores in {found}.", graded(hits))


@claim(
    section="V-B, VI",
    says="Country and rock overlap acoustically and are taken for each other.",
    confirmed_if="In every run split by image no two genres are taken for each other more often.",
)
def rock_country_overlap(runs: Evidence) -> Finding:
    """In part if so in some of the runs.

    Also in part if in some run each of the two is taken for the other more than for any third.
    """
    found, first, mutual = [], [], []
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
        found.append(
            f"{name}: {both['country', 'rock']} between country and rock, most "
            f"({both[worst]}) between {' and '.join(worst)}"
        )
    verdict = graded(first)
    return Finding(f"{'; '.join(found)}.", IN_PART if verdict == FAILS and any(mutual) else verdict)


@claim(
    section="V-B",
    says="Which genres are hard is a property of the music.",
    confirmed_if="In every run the ranks of the genres by F1-score agree with those of Table II "
    "better than chance would (rank correlation, one-sided at 5 %).",
)
def genre_profile(runs: Evidence) -> Finding:
    """In part if so in some of the runs; does not hold if no run's correlation is above zero."""
    from scipy.stats import spearmanr

    printed = {row.genre: row.f1 for row in paper.TABLE_2}
    results = {}
    for name, run in runs.some([*IMAGE, *TRACK, FILTERED, FULL]).items():
        scores = genre_scores(run.predictions, run.genres).set_index("genre").f1
        genres = [genre for genre in scores.index if genre in printed]
        results[name] = spearmanr(
            scores[genres], [printed[genre] for genre in genres], alternative="greater"
        )
    found = "; ".join(f"{name} {result.statistic:.2f}" for name, result in results.items())
    clear = [bool(result.pvalue < 0.05) for result in results.values()]
    if any(clear):
        return Finding(f"Rank correlation: {found}.", graded(clear))
    none = all(result.statistic <= 0 for result in results.values())
    return Finding(f"Rank correlation: {found}.", FAILS if none else UNKNOWN)
