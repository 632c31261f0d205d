"""What the paper's printed numbers imply, by arithmetic alone."""

from __future__ import annotations

import math

import pandas as pd
from scipy.optimize import brentq

from genre_lib import paper


def rounds_to(value: float, printed: float, *, digits: int = 4) -> bool:
    """Tell whether a value, rounded to some decimals, is the printed one."""
    return abs(value - printed) <= 0.5 * 10**-digits + 1e-12


def implied_counts() -> pd.DataFrame:
    """Deduce the margins of the confusion matrix (Figure 6) from Table II, in images of each genre.

    Columns: support, correct (recall times support), called (given that label: correct divided by
    precision), missed (got another label), extra (of others, but got its label).
    """
    table = pd.DataFrame(paper.TABLE_2).set_index("genre")
    correct = (table.recall * table.support).round().astype(int)
    called = (correct / table.precision).round().astype(int)
    deduced = {"missed": table.support - correct, "extra": called - correct}
    return table[["support"]].assign(correct=correct, called=called, **deduced)


def recomputed_scores() -> pd.DataFrame:
    """Recompute every score of Table II from the whole counts that its rows imply.

    Columns: class (or accuracy, an F1-score), score, printed, recomputed, agrees (when rounded).
    """
    counts = implied_counts()
    exact = pd.DataFrame({"precision": counts.correct / counts.called,
                          "recall": counts.correct / counts.support,
                          "f1": 2 * counts.correct / (counts.called + counts.support)})  # fmt: skip
    weights = counts.support / counts.support.sum()
    exact.loc["weighted avg"] = exact.mul(weights, axis=0).sum()
    exact.loc["macro avg"] = exact.loc[counts.index].mean()
    exact.loc["accuracy", "f1"] = counts.correct.sum() / counts.support.sum()
    rows = pd.DataFrame((*paper.TABLE_2, *paper.TABLE_2_AGGREGATES))
    printed = rows.set_index("genre")[exact.columns]
    both = {"printed": printed.stack(), "recomputed": exact.stack()}
    table = pd.DataFrame(both).dropna().rename_axis(["class", "score"]).reset_index()
    return table.assign(agrees=list(map(rounds_to, table.recomputed, table.printed)))


def confusion_bounds(true: str, taken_for: str) -> tuple[int, int]:
    """The fewest and the most images of one genre that can have been taken for the other.

    The margins that Table II implies bound each cell of the confusion matrix (Figure 6).
    """
    counts = implied_counts()
    total = int(counts.missed.sum())
    missed, called = int(counts.missed[true]), int(counts.extra[taken_for])
    elsewhere = total - called - int(counts.extra[true])  # room in the columns of other genres
    others = total - missed - int(counts.missed[taken_for])  # mistakes in the rows of others
    return max(0, missed - elsewhere, called - others), min(missed, called)


def fitting_counts(share: float, total: int, *, digits: int = 4) -> list[int]:
    """Whole numbers of images that, as a share of a total, round to a printed share."""
    return [n for n in range(total + 1) if rounds_to(n / total, share, digits=digits)]


def fits_mean_of_batches(share: float, total: int, batch_size: int) -> list[tuple[int, int]]:
    """Correct images, in whole batches and in a smaller last one, whose plain mean is a share."""
    whole, rest = divmod(total, batch_size)
    if not rest:
        return [(count, 0) for count in fitting_counts(share, total)]
    return [
        (count, last)
        for last in range(rest + 1)
        for count in range(whole * batch_size + 1)
        if rounds_to((count / batch_size + last / rest) / (whole + 1), share)
    ]


def implied_images() -> dict[str, int]:
    """Deduce the number of images of each subset from the test images and the shares."""
    images, shares = paper.TEST_IMAGES, paper.SUBSET_SHARES
    return {subset: round(images * share / shares["test"]) for subset, share in shares.items()}


def equation_2(share: float) -> float:
    """Equation 2 as printed: the learning rate as a share of its peak, from t / T."""
    return (1 + math.cos(math.pi * share)) / 2


def smoothing_floor(alpha: float, *, classes: int = len(paper.TABLE_2)) -> float:
    """The lowest loss that label smoothing (Equation 3) allows to any network.

    It is reached by predicting exactly the softened labels, and is their entropy.
    """
    right, other = 1 - alpha + alpha / classes, alpha / classes
    return -right * math.log(right) - ((classes - 1) * other * math.log(other) if other else 0.0)


def largest_smoothing(loss: float) -> float:
    """The largest smoothing factor of Equation 3 with which a mean loss can be reached at all."""
    return float(brentq(lambda alpha: smoothing_floor(alpha) - loss, 0, 1, xtol=1e-15))


def softmax_twice_floor(*, classes: int = len(paper.TABLE_2)) -> float:
    """The lowest cross-entropy of a network whose softmax PyTorch's loss applies once more."""
    return math.log(1 + (classes - 1) / math.e)
