"""Claims about how the network learns (Section V-B, Figures 3 to 5)."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from genre_lib import paper
from genre_lib.claims import judging
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
    steps_down,
)
from genre_lib.runs import Run

claim = partial(judging.claim, page="sec5_evaluation")


@claim(
    section="V-B, Fig. 3",
    says=f"The learning rate rises to {paper.LEARNING_RATE} and then declines.",
    confirmed_if="The rates of a run rise until one epoch and fall after it, and the largest "
    "comes within a tenth of the printed peak.",
)
def learning_rate_curve(runs: Evidence) -> Finding:
    """In part if only the shape or only the peak is so."""
    name, run = faithful(runs)
    rates = run.history.learning_rate.to_numpy()
    top = int(np.argmax(rates))
    one_peak = (
        0 < top < len(rates) - 1
        and bool((np.diff(rates[: top + 1]) > 0).all())
        and bool((np.diff(rates[top:]) < 0).all())
    )
    found = f"{name}: {rates[0]:.1e} in the first epoch, {rates[top]:.1e} in epoch "
    found += f"{run.history.epoch.iloc[top]}, {rates[-1]:.1e} in the last."
    return Finding(found, graded([one_peak, abs(rates[top] / paper.LEARNING_RATE - 1) < 0.1]))


@claim(
    section="V-B, Fig. 4",
    says=f"Training accuracy rises steadily to {paper.TRAIN_ACCURACY:.2%} and stays below the best "
    f"validation accuracy, {paper.VALIDATION_ACCURACY:.2%}.",
    confirmed_if="In a run the accuracy that the training loop sees rises in three of four "
    "epochs, and ends below the best validation accuracy.",
)
def training_curve(runs: Evidence) -> Finding:
    """In part if one of the two is so."""
    name, run = faithful(runs)
    seen, best = run.history.train_accuracy, run.history.validation_accuracy.max()
    rising = steps_down(list(-seen))
    found = f"{name}: rises in {rising:.0%} of the epochs to {seen.iloc[-1]:.2%}; best validation "
    found += f"accuracy {best:.2%}."
    return Finding(found, graded([rising >= 0.75, seen.iloc[-1] < best]))


@claim(
    section="V-B, Fig. 4, Fig. 5",
    says="Training loss and validation loss decrease consistently.",
    confirmed_if="In a run both end below where they began, and fall in three of four epochs.",
)
def losses_fall(runs: Evidence) -> Finding:
    """In part if both end lower only."""
    name, run = faithful(runs)
    curves = {what: run.history[f"{what}_loss"].tolist() for what in ("train", "validation")}
    falling = {what: steps_down(values) for what, values in curves.items()}
    found = "; ".join(
        f"{what} {values[0]:.2f} to {values[-1]:.2f}, falling in {falling[what]:.0%} of the epochs"
        for what, values in curves.items()
    )
    if not all(values[-1] < values[0] for values in curves.values()):
        return Finding(f"{name}: {found}.", FAILS)
    steady = all(share >= 0.75 for share in falling.values())
    return Finding(f"{name}: {found}.", HOLDS if steady else IN_PART)


@claim(
    section="V-B, Fig. 4, Fig. 5",
    says=f"Training loss reaches about {paper.TRAIN_LOSS}, validation loss "
    f"{paper.VALIDATION_LOSS}.",
    confirmed_if="Both losses of a run end within a tenth of these values.",
)
def loss_levels(runs: Evidence) -> Finding:
    """In part if one does.

    Both depend on the smoothing factor, which the paper does not print. If neither fits, nothing
    can be known unless the run had the paper's budget.
    """
    name, run = faithful(runs)
    last = run.history.iloc[-1]
    found = f"{name}: training {last.train_loss:.2f}, validation {last.validation_loss:.2f}."
    printed = {"train_loss": paper.TRAIN_LOSS, "validation_loss": paper.VALIDATION_LOSS}
    verdict = graded(abs(last[curve] - loss) <= 0.1 for curve, loss in printed.items())
    return Finding(found, UNKNOWN if verdict == FAILS and name != FULL else verdict)


@claim(
    section="V-B",
    says=f"Training stopped by itself in epoch {paper.STOPPED_EPOCH}, so the model had converged.",
    confirmed_if="With the paper's budget our training stops early, too, and its validation "
    "accuracy had not risen by a point over the last epochs before.",
)
def early_stopping_converged(runs: Evidence) -> Finding:
    """In part if training stops early only.

    Accuracy had not risen if its best value in the epochs of the patience is less than a point
    above the best before.
    """
    run = runs[FULL]
    epochs, patience = run.settings.training.epochs, run.settings.training.patience
    accuracy = run.history.validation_accuracy
    before, after = accuracy.iloc[:-patience], accuracy.iloc[-patience:]
    rise = after.max() - before.max()
    found = f"{FULL}: {len(accuracy)} of {epochs} epochs; the best validation accuracy of the last "
    found += f"{patience} is {100 * rise:+.1f} points from the best before."
    if len(accuracy) >= epochs:
        return Finding(found, FAILS)
    return Finding(found, HOLDS if rise < 0.01 else IN_PART)


@claim(
    section="V-B",
    says="Training accuracy below validation accuracy shows that there is hardly any overfitting.",
    confirmed_if="Measured by the same rules, training accuracy is not clearly above "
    "validation accuracy, neither when the split is by image nor when it is by track.",
)
def minimal_overfitting(runs: Evidence) -> Finding:
    """In part if so in some of the runs; one of each split is needed.

    Clearly above is more than two standard errors, with tracks for the number of observations.
    """
    families = [runs.some([*IMAGE, FULL]), runs.some(TRACK)]
    found, good = [], []
    for name, run in (item for family in families for item in family.items()):
        last = run.history.iloc[-1]
        clean, validation = last.clean_train_accuracy, last.validation_accuracy
        error = math.sqrt(
            clean * (1 - clean) / _tracks(run, "train")
            + validation * (1 - validation) / _tracks(run, "validation")
        )
        good.append(clean - validation <= 2 * error)
        found.append(f"{name} {clean:.1%} and {validation:.1%}")
    return Finding(f"Training (clean) and validation: {'; '.join(found)}.", graded(good))


def _tracks(run: Run, subset: str) -> int:
    """How many tracks a subset of a run has images of."""
    return int(run.split.track_id[run.split.subset == subset].nunique())
