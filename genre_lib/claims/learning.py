"""Claims about how the network learns (Section V-B, Figures 3 to 5)."""

from __future__ import annotations

import math

import numpy as np

from genre_lib import paper
from genre_lib.claims.judging import (
    FAILS,
    FULL,
    HOLDS,
    IMAGE,
    IN_PART,
    TRACK,
    UNKNOWN,
    Evidence,
    Finding,
    faithful,
    graded,
    judges,
    steps_down,
    tracks_of,
)


@judges
def learning_rate_curve(runs: Evidence, *, peak: float = paper.LEARNING_RATE) -> Finding:
    """Holds if the rate rises to one peak, within a tenth of the printed, and falls after it.

    In part if it only does one of the two.
    """
    name, run = faithful(runs)
    rates = run.history.learning_rate.to_numpy()
    top = int(np.argmax(rates))
    one_peak = (
        0 < top < len(rates) - 1
        and bool((np.diff(rates[: top + 1]) > 0).all())
        and bool((np.diff(rates[top:]) < 0).all())
    )
    told = f"{name}: {rates[0]:.1e} in the first epoch, {rates[top]:.1e} in epoch "
    told += f"{run.history.epoch.iloc[top]}, {rates[-1]:.1e} in the last."
    return Finding(told, graded([one_peak, abs(rates[top] / peak - 1) < 0.1]))


@judges
def training_curve(runs: Evidence) -> Finding:
    """Holds if training accuracy rises and ends below the best validation accuracy.

    It rises if it does so in three of four epochs. In part if one of the two is so.
    """
    name, run = faithful(runs)
    seen, best = run.history.train_accuracy, run.history.validation_accuracy.max()
    rising = steps_down(list(-seen))
    told = f"{name}: rises in {rising:.0%} of the epochs to {seen.iloc[-1]:.2%}; best validation "
    told += f"accuracy {best:.2%}."
    return Finding(told, graded([rising >= 0.75, seen.iloc[-1] < best]))


@judges
def losses_fall(runs: Evidence) -> Finding:
    """Holds if both end lower and fall in three of four epochs; in part if both end lower."""
    name, run = faithful(runs)
    curves = {what: run.history[f"{what}_loss"].tolist() for what in ("train", "validation")}
    falling = {what: steps_down(values) for what, values in curves.items()}
    told = "; ".join(
        f"{what} {values[0]:.2f} to {values[-1]:.2f}, falling in {falling[what]:.0%} of the epochs"
        for what, values in curves.items()
    )
    if not all(values[-1] < values[0] for values in curves.values()):
        return Finding(f"{name}: {told}.", FAILS)
    steady = all(share >= 0.75 for share in falling.values())
    return Finding(f"{name}: {told}.", HOLDS if steady else IN_PART)


@judges
def loss_levels(
    runs: Evidence,
    *,
    train: float = paper.TRAIN_LOSS,
    validation: float = paper.VALIDATION_LOSS,
) -> Finding:
    """Holds if both losses end within a tenth of the printed ones, in part if one does.

    Both depend on the smoothing factor, which the paper does not print. If neither fits, nothing
    can be known unless the run had the paper's budget.
    """
    name, run = faithful(runs)
    last = run.history.iloc[-1]
    told = f"{name}: training {last.train_loss:.2f}, validation {last.validation_loss:.2f}."
    verdict = graded(
        [abs(last.train_loss - train) <= 0.1, abs(last.validation_loss - validation) <= 0.1]
    )
    return Finding(told, UNKNOWN if verdict == FAILS and name != FULL else verdict)


@judges
def early_stopping_converged(runs: Evidence) -> Finding:
    """Holds if training at the paper's budget stops early and accuracy had stopped rising.

    It had if its best value in the epochs of the patience is less than a point above the best
    before. In part if training stops early only; does not hold if it goes on to the end.
    """
    run = runs[FULL]
    epochs, patience = run.settings.training.epochs, run.settings.training.patience
    accuracy = run.history.validation_accuracy
    before, after = accuracy.iloc[:-patience], accuracy.iloc[-patience:]
    rise = after.max() - before.max()
    told = f"{FULL}: {len(accuracy)} of {epochs} epochs; the best validation accuracy of the last "
    told += f"{patience} is {100 * rise:+.1f} points from the best before."
    if len(accuracy) >= epochs:
        return Finding(told, FAILS)
    return Finding(told, HOLDS if rise < 0.01 else IN_PART)


@judges
def minimal_overfitting(runs: Evidence) -> Finding:
    """Holds if cleanly re-scored training accuracy is not clearly above validation accuracy.

    Clearly above is more than two standard errors, with tracks for the number of observations.
    Holds if so in all runs, where images are dealt and where tracks are; in part if in some. Needs
    a run of each kind: where images are dealt, validation knows the tracks.
    """
    families = [runs.some([*IMAGE, FULL]), runs.some(TRACK)]
    told, good = [], []
    for name, run in (item for family in families for item in family.items()):
        last = run.history.iloc[-1]
        clean, held_out = last.clean_train_accuracy, last.validation_accuracy
        error = math.sqrt(
            clean * (1 - clean) / tracks_of(run, "train")
            + held_out * (1 - held_out) / tracks_of(run, "validation")
        )
        good.append(clean - held_out <= 2 * error)
        told.append(f"{name} {clean:.1%} and {held_out:.1%}")
    return Finding(f"Training (clean) and validation: {'; '.join(told)}.", graded(good))
