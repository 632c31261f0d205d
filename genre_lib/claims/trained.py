"""Claims that trained networks decide: printed numbers, and conclusions about new tracks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from genre_lib import evaluation, paper
from genre_lib.book import comparisons
from genre_lib.book.references import SEEDS
from genre_lib.claims.judging import Evidence, Finding, MissingRunError
from genre_lib.runs import Run

SPLITS = ("image", "track")
IMAGE, TRACK, FILTERED = (
    tuple(f"{split}-{seed}" for seed in SEEDS) for split in (*SPLITS, "fault-filtered")
)


# Rules that several claims share

Difference = Mapping[str, float] | pd.Series
LITTLE = 0.05  # of accuracy


def all_or_none(parts: Iterable[bool]) -> bool | None:
    """Whether all parts are so, or none is; undecided if some are."""
    known = list(parts)
    return all(known) or (None if any(known) else False)


def is_gain(change: Difference, loss: float = 0.0) -> bool | None:
    """Whether a difference lies above zero, or below it; undecided if its interval has zero.

    With a `loss` that counts as little: whether a larger one is excluded, or any loss is clear.
    """
    return True if change["low"] > -loss else False if change["high"] < 0 else None


def points(change: Difference) -> str:
    """A difference of accuracies with its interval, in points of a hundred."""
    values = (100 * change[name] for name in ("difference", "low", "high"))
    return "{:+.1f} points ({:+.1f} to {:+.1f})".format(*values)


# Printed numbers, against the recipe with the paper's budget


def full_budget(runs: Evidence) -> tuple[dict[str, Run], list[str]]:
    """Runs of the recipe with the paper's budget, and the splits under which there is none.

    The paper's numbers can be of a split by image or by track.
    """
    full = {
        name: run
        for name, run in runs.items()
        if run.settings.profile == "paper"
        and run.settings.protocol in SPLITS
        and comparisons.follows_recipe(run)
    }
    there = {run.settings.protocol for run in full.values()}
    return runs.take(full), [split for split in SPLITS if split not in there]


def by_recipe(judge: Callable[..., Finding]) -> Callable[..., Finding]:
    """Judge a printed number by the recipe: one run that gives it is enough.

    That none does can only be said after trainings on a split by image and on a split by track.
    """

    def of_all(runs: Evidence, **given: Any) -> Finding:
        full, missing = full_budget(runs)
        if not full:
            raise MissingRunError("a run with the paper's budget")
        found = {name: judge(run, **given) for name, run in full.items()}
        texts = [f"{name}: {finding.measured}" for name, finding in found.items()]
        texts += [f"no run with the paper's budget is stored that is split by {s}" for s in missing]
        holds = {finding.holds for finding in found.values()} | {None for _ in missing}
        verdict = True if True in holds else None if None in holds else False
        return Finding(f"{'; '.join(texts)}.", verdict)

    return of_all


@by_recipe
def score(run: Run, *, name: str) -> Finding:
    """Whether a score differs from the printed one by no more than the errors of both explain.

    The printed one has an error, too: at least that of as many independent images, at most that of
    as many tracks. Between the two it stays undecided.
    """
    low, high = evaluation.interval(evaluation.drawn_scores(run.predictions)[name])
    value = evaluation.scores(run.predictions.y_true, run.predictions.y_pred)[name]
    ours = {"accuracy": value, "low": low, "high": high}
    printed, tracks = getattr(paper, name.upper()), paper.TRACKS * paper.SUBSET_SHARES["test"]
    by_image, by_track = (
        is_gain(comparisons.to_print(ours, printed=printed, answers=round(answers)))
        for answers in (paper.TEST_IMAGES, tracks)
    )
    form = ".2%" if name == "accuracy" else ".4f"
    found = "{:{form}} ({:{form}} to {:{form}})".format(*ours.values(), form=form)
    return Finding(found, by_image is None or (None if by_track is None else False))


@by_recipe
def level(run: Run, *, curve: str) -> Finding:
    """Whether the best value of a curve lies within two points of the printed one."""
    best = float(run.history[curve].max())
    return Finding(f"{best:.2%}", abs(best - getattr(paper, curve.upper())) <= 0.02)


@by_recipe
def course(run: Run, *, curve: str, sign: int) -> Finding:
    """Whether a curve goes one way from each tenth of the epochs to the next, on average."""
    tenths = [float(part.mean()) for part in np.array_split(run.history[curve], 10)]
    steps = sign * np.diff(tenths)
    found = f"{tenths[0]:.2f} to {tenths[-1]:.2f}, {sum(steps > 0)} of {len(steps)} steps that way"
    return Finding(found, bool((steps > 0).all()))


# The data


def tracks_of(runs: Evidence) -> pd.DataFrame:
    """The tracks of a run that is split by image."""
    return runs.take(IMAGE[:1])[IMAGE[0]].split.drop_duplicates("track_id")


def genre_sizes(runs: Evidence) -> Finding:
    sizes = tracks_of(runs).genre.value_counts()
    found = f"{len(sizes)} genres of {' or '.join(map(str, sorted(set(sizes))))} tracks."
    return Finding(found, set(sizes) == {paper.TRACKS_PER_GENRE})


def diverse_dataset(runs: Evidence) -> Finding:
    tracks = tracks_of(runs)
    again = int((tracks.recording != tracks.track_id).sum())
    return Finding(f"{again} of {len(tracks)} tracks are the recording of another.", again == 0)


# Generalization


def unseen_test_data(runs: Evidence) -> Finding:
    """Not supported if it is the other way round.

    Undecided unless both splits were tried with the paper's budget and with each dial of
    regularisation, which can move the curves as a leak does.
    """
    dials = ("40-epochs", "cutmix-stays")
    runs.take(f"{split}-0-{dial}" for split in SPLITS for dial in dials)
    for split in full_budget(runs)[1]:
        raise MissingRunError(f"a run with the paper's budget, split by {split},")
    table = comparisons.readings(runs)
    tracks = round(paper.TRACKS * paper.SUBSET_SHARES["test"])
    ours = [evaluation.accuracy_of(run.predictions) for run in runs.take(table.run).values()]
    by_chance = [is_gain(comparisons.to_print(each, answers=tracks)) is None for each in ours]
    near = table[(table.distance <= 0.03) & np.array(by_chance)]
    image, track = (bool((near.protocol == split).any()) for split in SPLITS)
    tried = table.protocol.value_counts()
    found = f"Of {tried['image']} trainings split by image and {tried['track']} by track, these "
    found += f"come as near: {', '.join(near.run) or 'none'}."
    return Finding(found, None if image == track else track)


def strong_generalization(runs: Evidence) -> Finding:
    """Not supported if it names clearly fewer."""
    met = comparisons.same_images(runs.take((*IMAGE, *TRACK)))
    lost = {"difference": -met["difference"], "low": -met["high"], "high": -met["low"]}
    found = f"Of {met['images']} images, {met['unknown']:.1%} instead of {met['known']:.1%}: "
    return Finding(f"{found}{points(lost)}.", is_gain(lost, LITTLE))


def robust_seeds(runs: Evidence) -> Finding:
    """Not supported if two seeds differ clearly."""
    tables = [run.predictions for run in runs.take(TRACK).values()]
    changes = [evaluation.accuracy_difference(one, other) for one, other in combinations(tables, 2)]
    found = "; ".join(points(change) for change in changes)
    clear = any(is_gain(change) is not None for change in changes)
    most = max(max(-change["low"], change["high"]) for change in changes)
    return Finding(f"Between seeds: {found}.", False if clear else True if most < LITTLE else None)


def robust_artists(runs: Evidence) -> Finding:
    """Not supported if it loses clearly."""
    apart, whole = (comparisons.pooled(runs.take(names).values()) for names in (FILTERED, TRACK))
    change = evaluation.accuracy_difference(apart, whole)
    return Finding(f"{points(change)}, with fewer tracks to learn from.", is_gain(change, LITTLE))


def minimal_overfitting(runs: Evidence) -> Finding:
    """Not supported if it is clearly above. Tracks are the number of observations.

    Split by image, validation tracks are known from training, which hides the difference.
    """
    losses, variances = [], []
    for run in runs.take(TRACK).values():
        last, tracks = run.history.iloc[-1], run.split.groupby("subset").track_id.nunique()
        shares = {"train": last.clean_train_accuracy, "validation": last.validation_accuracy}
        losses.append(shares["validation"] - shares["train"])
        variances.append(sum(p * (1 - p) / tracks[subset] for subset, p in shares.items()))
    loss, error = float(np.mean(losses)), math.sqrt(sum(variances)) / len(variances)
    change = {"difference": loss, "low": loss - 2 * error, "high": loss + 2 * error}
    return Finding(f"Validation minus clean training: {points(change)}.", is_gain(change, LITTLE))


# Parts of the recipe


def deep_beats_handcrafted(runs: Evidence) -> Finding:
    """Not supported if it is clearly less often right in one of the cases."""
    pairs = [pair for pair in comparisons.method_pairs(runs) if not pair[0].startswith("image")]
    needed = (TRACK[0], "segments-track-0", FILTERED[0])
    runs.take(name for run in needed for name in (run, f"{run}-handcrafted"))
    runs.take(name for _, *pair in pairs if set(pair) <= set(runs) for name in pair)
    changes = comparisons.paired_differences(runs, pairs, by=("image",)).set_index("label")
    found = "; ".join(f"{label} {points(change)}" for label, change in changes.iterrows())
    gains = {is_gain(change) for _, change in changes.iterrows()}
    holds = False if False in gains else None if None in gains else True
    return Finding(f"{found}.".capitalize(), holds)


def helps(runs: Evidence, *, part: str) -> Finding:
    """Whether a part of the recipe makes the network better on new tracks, or worse, by all seeds.

    Undecided unless it is clear after Holm's correction over all parts that were left out.
    """
    left_out = comparisons.LEFT_OUT[part]
    runs.take(name for run in TRACK for name in (run, f"{run}-{left_out}"))
    table = comparisons.ingredients(runs)
    row = table.T[part]
    found = f"{points(row)}, p = {row.p:.2f} after Holm's correction for {len(table)} parts."
    return Finding(found, bool(row.difference > 0) if row.p < 0.05 else None)


# Genres, by the three runs on new tracks, which make hundreds of mistakes each


def classical_near_perfect(runs: Evidence) -> Finding:
    """Not supported if all of it lies below."""
    counts = paper.QUOTED_CORRECT["classical"], paper.TABLE_2[1].support
    least, _ = evaluation.wilson_interval(*counts)
    answers = comparisons.pooled(runs.take(TRACK).values())
    recall = evaluation.accuracy_of(answers[answers.y_true == "classical"])
    found = "Recall {accuracy:.1%} ({low:.1%} to {high:.1%})".format(**recall)
    above = is_gain({end: recall[end] - least for end in ("low", "high")})
    return Finding(f"{found}; the printed one is at least {least:.1%}.", above)


def f1_by_seed(runs: Evidence) -> dict[str, pd.Series]:
    """F1-scores of the genres in each run split by track."""
    return {
        name: evaluation.genre_scores(run.predictions, run.genres).set_index("genre").f1
        for name, run in runs.take(TRACK).items()
    }


def extreme(runs: Evidence, *, genre: str, easy: bool) -> Finding:
    """Whether a genre has one of the two highest (lowest) F1-scores with all seeds or none."""
    scores = f1_by_seed(runs).items()
    ends = {name: (f1.nlargest(2) if easy else f1.nsmallest(2)).index for name, f1 in scores}
    found = "; ".join(f"{name}: {' and '.join(genres)}" for name, genres in ends.items())
    return Finding(f"{found}.", all_or_none(genre in genres for genres in ends.values()))


def rock_country_overlap(runs: Evidence) -> Finding:
    """Not supported if other genres are, with every seed."""
    worst = {}
    for name, run in runs.take(TRACK).items():
        counts = evaluation.confusions(run.predictions, sorted(run.genres))
        both = np.triu(counts + counts.T, k=1)
        first, second = divmod(int(both.argmax()), len(both))
        worst[name] = [counts.index[first], counts.index[second]]
    found = "; ".join(f"{name}: {' and '.join(pair)}" for name, pair in worst.items())
    holds = all_or_none(pair == ["country", "rock"] for pair in worst.values())
    return Finding(f"Most often {found}.", holds)


def genre_profile(runs: Evidence) -> Finding:
    """Not supported if no seed's ranks agree."""
    from scipy.stats import spearmanr

    printed = pd.Series({row.genre: row.f1 for row in paper.TABLE_2})
    results = {
        name: spearmanr(f1, printed[f1.index], alternative="greater")
        for name, f1 in f1_by_seed(runs).items()
    }
    found = "; ".join(f"{name} {result.statistic:.2f}" for name, result in results.items())
    clear = all_or_none(bool(result.pvalue < 0.05) for result in results.values())
    return Finding(f"Rank correlation: {found}.", clear)
