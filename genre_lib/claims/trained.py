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
from genre_lib.config import GENRES
from genre_lib.corpus.gtzan import artists
from genre_lib.runs import Run

SPLITS = ("image", "track")
IMAGE, TRACK, FILTERED = (
    tuple(f"{split}-{seed}" for seed in SEEDS) for split in (*SPLITS, "fault-filtered")
)
AGAIN = (TRACK[0], *(f"{TRACK[0]}-again-{number}" for number in range(1, 5)))  # on one split


# Rules that several claims share

Difference = Mapping[str, float] | pd.Series
LITTLE = 0.05  # of accuracy
WORST_FIRST = (False, None, True)


def joined(found: Mapping[str, Finding]) -> Finding:
    """Several findings: whether all speak for a claim, or some against it and none for it."""
    texts = [f"{label}: {finding.measured}" for label, finding in found.items()]
    known = {finding.holds for finding in found.values()}
    holds = True if known == {True} else False if False in known and True not in known else None
    return Finding(f"{'; '.join(texts)}.", holds)


def is_gain(change: Difference, loss: float = 0.0) -> bool | None:
    """Whether a loss larger than one that counts as little is excluded, or clear (False)."""
    return True if change["low"] > -loss else False if change["high"] < -loss else None


def nearly_always(share: float) -> bool | None:
    """Whether a share of draws is nearly all of them, or nearly none."""
    return True if share >= 0.975 else False if share < 0.025 else None


def points(change: Difference) -> str:
    """A difference of accuracies with its interval, in points of a hundred."""
    values = (100 * change[name] for name in ("difference", "low", "high"))
    return "{:+.1f} points ({:+.1f} to {:+.1f})".format(*values)


# Printed numbers, against the recipe with the paper's budget


def full_budget(runs: Evidence) -> tuple[dict[str, Run], list[str]]:
    """Runs of the recipe with the paper's budget, and the splits under which there is none."""
    names = {f"{view}{split}-full-budget": split for view in ("", "segments-") for split in SPLITS}
    full = runs.take(name for name in names if name in runs)
    return full, [split for split in SPLITS if split not in {names[name] for name in full}]


def by_recipe(judge: Callable[..., Finding]) -> Callable[..., Finding]:
    """Judge a number by the recipe: one run is enough; that none has it, both splits must say."""

    def of_all(runs: Evidence, **given: Any) -> Finding:
        full, missing = full_budget(runs)
        if not full:
            raise MissingRunError("a run with the paper's budget")
        found = {name: judge(run, **given) for name, run in full.items()}
        found |= {f"split by {it}": Finding("no such run is stored", None) for it in missing}
        holds = max((finding.holds for finding in found.values()), key=WORST_FIRST.index)
        return joined(found)._replace(holds=holds)

    return of_all


@by_recipe
def score(run: Run, *, name: str) -> Finding:
    """Undecided between the printed score's least error (independent images) and most (tracks)."""
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
    """Whether a curve is within two points of print in the epoch whose network is kept."""
    value = comparisons.printed_figures(run)[curve]
    return Finding(f"{value:.2%}", abs(value - getattr(paper, curve.upper())) <= 0.02)


@by_recipe
def course(run: Run, *, curve: str, sign: int) -> Finding:
    """Whether a curve goes one way from each tenth of the epochs to the next, on average."""
    tenths = [float(part.mean()) for part in np.array_split(run.history[curve], 10)]
    steps = sign * np.diff(tenths)
    found = f"{tenths[0]:.2f} to {tenths[-1]:.2f}, {sum(steps > 0)} of {len(steps)} steps that way"
    return Finding(found, bool((steps > 0).all()))


# The data


def genre_sizes(runs: Evidence) -> Finding:
    sizes = runs.take(IMAGE[:1])[IMAGE[0]].split.groupby("genre").track_id.nunique()
    found = f"{len(sizes)} genres of {' or '.join(map(str, sorted(set(sizes))))} tracks."
    return Finding(found, set(sizes) == {paper.TRACKS_PER_GENRE})


def diverse_dataset(runs: Evidence) -> Finding:
    """Not supported if one has more in every genre (no measure is printed)."""
    index = pd.Series(artists())
    counts = pd.crosstab(index, index.index.str.split(".").str[0])
    most, limit = counts.max() / paper.TRACKS_PER_GENRE, paper.SUBSET_SHARES["test"]
    many, few = most[most > limit].sort_values(), most[most <= limit].sort_values()
    shares = [", ".join(f"{it} {share:.0%}" for it, share in part.items()) for part in (many, few)]
    text = f"One artist has more in {len(many)} of {len(most)} genres ({shares[0] or 'none'}), "
    text += f"not in {len(few)} ({shares[1] or 'none'})."
    return Finding(text, None if len(many) and len(few) else not len(many))


# Generalization


def unseen_test_data(runs: Evidence) -> Finding:
    """Not supported if it is the other way round.

    Undecided unless both splits were tried with the paper's budget and with each dial of
    regularisation, which can move the curves as a leak does.
    """
    dials = ("40-epochs", "100-epochs", "cutmix-stays")
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
    """Not supported if at some budget a larger loss is clear, and at none it is excluded."""
    found = {}
    for ends in (SEEDS, ("0-40-epochs",), ("0-100-epochs",), ("full-budget",)):
        image, track = (runs.take(f"{it}-{end}" for end in ends).values() for it in SPLITS)
        pairs = list(zip(image, track, strict=True))
        met = comparisons.same_images(runs, pairs)
        lost = evaluation.reversed_difference(met)
        text = f"{met['unknown']:.1%} instead of {met['known']:.1%}, {points(lost)}"
        epochs = pairs[0][1].settings.training.epochs
        found[f"{epochs} epochs, {met['images']} images"] = Finding(text, is_gain(lost, LITTLE))
    return joined(found)


def robust_seeds(runs: Evidence) -> Finding:
    """Not supported if a larger one is clear for some two."""
    ordered = sorted((it.predictions for it in runs.take(AGAIN).values()), key=evaluation.accuracy)
    changes = [evaluation.accuracy_difference(*two) for two in combinations(ordered, 2)]
    holds = min((is_gain(change, LITTLE) for change in changes), key=WORST_FIRST.index)
    widest = points(changes[len(ordered) - 2])
    return Finding(f"The worst of {len(ordered)} minus the best: {widest}.", holds)


def robust_artists(runs: Evidence) -> Finding:
    """Not supported if a larger loss is clear."""
    apart, whole = (comparisons.pooled(runs.take(names).values()) for names in (FILTERED, TRACK))
    change = evaluation.accuracy_difference(apart, whole)
    return Finding(f"{points(change)}, with fewer tracks to learn from.", is_gain(change, LITTLE))


def minimal_overfitting(runs: Evidence, *, short: Iterable[str] = (*TRACK, *FILTERED)) -> Finding:
    """Not supported if it is clearly above, on average. Tracks are the number of observations.

    Split by image, validation tracks are known from training, which hides the difference.
    """
    losses, variances = {}, []
    for name, run in runs.take(("track-full-budget", "fault-filtered-full-budget", *short)).items():
        kept = run.history.nlargest(1, "validation_accuracy").iloc[0]
        tracks = run.split.groupby("subset").track_id.nunique()
        shares = {"train": kept.clean_train_accuracy, "validation": kept.validation_accuracy}
        losses[name] = shares["validation"] - shares["train"]
        variances.append(sum(p * (1 - p) / tracks[subset] for subset, p in shares.items()))
    loss, error = float(np.mean([*losses.values()])), 2 * math.sqrt(sum(variances)) / len(losses)
    change = {"difference": loss, "low": loss - error, "high": loss + error}
    found = ", ".join(f"{name} {100 * value:+.1f}" for name, value in losses.items())
    return Finding(f"{points(change)} on average ({found}).", is_gain(change, LITTLE))


# Parts of the recipe


def deep_beats_handcrafted(runs: Evidence) -> Finding:
    """Not supported if it is clearly less often right in one of the cases."""
    pairs = [pair for pair in comparisons.method_pairs(runs) if not pair[0].startswith("image")]
    needed = (TRACK[0], "segments-track-0", FILTERED[0])
    runs.take(name for run in needed for name in (run, f"{run}-handcrafted"))
    runs.take(name for _, *pair in pairs if set(pair) <= set(runs) for name in pair)
    changes = comparisons.paired_differences(runs, pairs, by=("image",)).set_index("label")
    found = "; ".join(f"{label} {points(change)}" for label, change in changes.iterrows())
    gains = (is_gain(change) for _, change in changes.iterrows())
    return Finding(f"{found}.".capitalize(), min(gains, key=WORST_FIRST.index))


def helps(runs: Evidence, *, part: str) -> Finding:
    """Whether a part of the recipe makes the network better on new tracks, or worse, by all seeds.

    Undecided unless it is clear after Holm's correction over all parts that were left out.
    """
    runs.take(name for run in TRACK for name in (run, f"{run}-{comparisons.LEFT_OUT[part]}"))
    table = comparisons.ingredients(runs)
    row = table.T[part]
    found = f"{points(row)}, p = {row.p:.2f} after Holm's correction for {len(table)} parts."
    return Finding(found, bool(row.difference > 0) if row.p < 0.05 else None)


def mixed_precision(runs: Evidence) -> Finding:
    """Not supported if a larger loss is clear. Bfloat16 has fewer digits than the paper's float16.

    A GPU's float16 with a GradScaler was not run.
    """
    runs.take(name for run in TRACK for name in (run, f"{run}-bfloat16"))
    single = comparisons.ingredients(runs, single="bfloat16").T["single"]
    change = evaluation.reversed_difference(single)
    return Finding(f"{points(change)} in bfloat16.", is_gain(change, LITTLE))


def smoothing_confidence(runs: Evidence) -> Finding:
    """Not supported if without it there is none, or no more than five points."""
    found = []
    for part in ("", "-no-smoothing"):
        answers = comparisons.pooled(runs.take(f"{run}{part}" for run in TRACK).values())
        more = answers.filter(regex="^p_").max(axis=1) - (answers.y_true == answers.y_pred)
        sums = more.groupby(answers.track_id).agg(["sum", "size"]).to_numpy()
        low, high = evaluation.interval(np.divide(*(evaluation.draws(len(sums)) @ sums).T))
        found.append({"difference": float(more.mean()), "low": low, "high": high})
    smoothed, without = found
    text = f"Confidence minus accuracy: {points(without)} without, {points(smoothed)} with it."
    prevented = without["low"] > max(0, smoothed["high"])
    return Finding(text, prevented or (False if without["high"] < LITTLE else None))


def clipping_stabilizes(runs: Evidence) -> Finding:
    """Not supported if it never does without clipping: there is nothing to prevent."""
    found = {}
    for name in TRACK:
        both = runs.take((name, f"{name}-no-clipping")).values()
        curves = [run.history.train_loss.fillna(np.inf) for run in both]
        clipped, without = (float(curve[1:].max() / curve[0]) for curve in curves)
        text = f"at most {without:.0%} of the first epoch's loss, {clipped:.0%} with it"
        found[name] = Finding(text, clipped <= 1 < without)
    return joined(found)


def schedule_converges(runs: Evidence) -> Finding:
    """Not supported if it does so with no seed."""
    found = {}
    for name in TRACK:
        both = runs.take((name, f"{name}-constant-rate")).values()
        curves = [run.history.validation_accuracy for run in both]
        first, second = (int((it >= min(map(max, curves))).idxmax()) + 1 for it in curves)
        found[name] = Finding(f"epoch {first} instead of {second}", first < second)
    return joined(found)


def cutmix_fades(runs: Evidence) -> Finding:
    """Undecided unless the difference is larger than chance in training makes it (95 %)."""
    both = runs.take((f"{TRACK[0]}-40-epochs", f"{TRACK[0]}-cutmix-stays")).values()
    change = evaluation.accuracy_difference(*(run.predictions for run in both))
    chance = comparisons.noise_floor(runs.take(AGAIN), seeds=1)["points"]
    found = f"{points(change)}; by chance in training, up to {100 * chance:.1f}."
    return Finding(found, is_gain(change) if abs(change["difference"]) > chance else None)


# Genres, by the short trainings, which make hundreds of mistakes each


def on_new(judge: Callable[..., Finding]) -> Callable[..., Finding]:
    """Judge by the answers of all seeds: on new tracks, and on tracks of new artists."""

    def of_both(runs: Evidence, **given: Any) -> Finding:
        kinds = {"new tracks": runs.take(TRACK), "new artists": runs.take(FILTERED)}
        pools = {kind: comparisons.pooled(seeds.values()) for kind, seeds in kinds.items()}
        return joined({kind: judge(answers, **given) for kind, answers in pools.items()})

    return of_both


@on_new
def classical_near_perfect(answers: pd.DataFrame) -> Finding:
    """Whether all of its interval lies above the printed one's lower end, or below it."""
    least, _ = evaluation.wilson_interval(
        paper.QUOTED_CORRECT["classical"], paper.TABLE_2[1].support
    )
    recall = evaluation.accuracy_of(answers[answers.y_true == "classical"])
    found = "recall {accuracy:.1%} ({low:.1%} to {high:.1%})".format(**recall)
    above = is_gain({end: recall[end] - least for end in ("low", "high")})
    return Finding(f"{found}; the printed one is at least {least:.1%}", above)


@on_new
def in_draws(answers: pd.DataFrame, *, wanted: str, easy: bool | None = None) -> Finding:
    """Whether a genre has one of the two highest (lowest) F1-scores, or two are confused most."""
    pairs, size = [f"{one} and {other}" for one in GENRES for other in GENRES], len(GENRES)
    cells = pd.crosstab(answers.track_id, answers.y_true + " and " + answers.y_pred)
    counts = cells.reindex(columns=pairs, fill_value=0).to_numpy(float)
    drawn = (evaluation.draws(len(counts)) @ counts).reshape(-1, size, size)
    both = np.triu(drawn + drawn.transpose(0, 2, 1), k=1).reshape(-1, size**2)
    f1 = drawn.diagonal(axis1=1, axis2=2) / np.maximum(drawn.sum(1) + drawn.sum(2), 1)
    scores, number, names = (both, 1, pairs) if easy is None else (f1, 2, list(GENRES))
    ends = (scores if easy is False else -scores).argsort(axis=1)[:, :number]
    share = float((ends == names.index(wanted)).any(axis=1).mean())
    most = np.bincount(ends.ravel()).argsort()[::-1][:number]
    first = " and ".join(names[it] for it in most)
    return Finding(f"{first}; {wanted} in {share:.1%} of draws", nearly_always(share))


@on_new
def genre_profile(answers: pd.DataFrame) -> Finding:
    """Whether the ranks clearly agree with those of Table II, or are clearly opposed."""
    from scipy.stats import spearmanr

    f1 = evaluation.genre_scores(answers, list(GENRES)).f1
    result = spearmanr(f1, [row.f1 for row in paper.TABLE_2], alternative="greater")
    found = f"rank correlation {result.statistic:.2f}, one-sided p = {result.pvalue:.3f}"
    return Finding(found, nearly_always(1 - result.pvalue))
