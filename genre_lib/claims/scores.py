"""Claims about how well the network does, on which data, and thanks to which parts."""

from __future__ import annotations

from itertools import combinations

from genre_lib import paper
from genre_lib.book.comparisons import pooled
from genre_lib.claims.judging import (
    FAILS,
    FILTERED,
    FULL,
    HOLDS,
    IMAGE,
    IN_PART,
    SMALL_LOSS,
    TRACK,
    UNKNOWN,
    Evidence,
    Finding,
    compared,
    graded,
    image_runs,
    judges,
    macro,
    percent,
    points,
    reached,
    without,
)
from genre_lib.evaluation import accuracy_difference, accuracy_of, paired_difference
from genre_lib.runs import Run


@judges
def accuracy(runs: Evidence, *, printed: float = paper.ACCURACY) -> Finding:
    """Judged by `reached`."""
    intervals = {name: accuracy_of(run.predictions) for name, run in image_runs(runs).items()}
    scored = {name: (own["accuracy"], own["low"], own["high"]) for name, own in intervals.items()}
    return reached(scored, printed, form=".1%")


@judges
def macro_f1(runs: Evidence, *, printed: float = paper.MACRO_F1) -> Finding:
    """Judged by `reached`."""
    return macro(runs, "macro_f1", printed)


@judges
def macro_precision(runs: Evidence, *, printed: float = paper.MACRO_PRECISION) -> Finding:
    """Judged by `reached`."""
    return macro(runs, "macro_precision", printed)


@judges
def macro_recall(runs: Evidence, *, printed: float = paper.MACRO_RECALL) -> Finding:
    """Judged by `reached`."""
    return macro(runs, "macro_recall", printed)


def known_tracks(run: Run) -> tuple[int, int]:
    """How many test tracks are in the training set too, and how many have a copy there."""
    row = next(
        row for row in run.metrics["leakage"] if (row["first"], row["second"]) == ("train", "test")
    )
    return int(row["shared_tracks"]), int(row["identical_tracks"])


def dealt_once(run: Run) -> bool:
    """Tell whether no image of a run is in two subsets."""
    return not run.split.duplicated(["track_id", "image"]).any()


@judges
def unseen_test_data(runs: Evidence, *, printed: float = paper.ACCURACY) -> Finding:
    """Holds if a run with nothing but unknown test tracks reaches the printed accuracy.

    A run reaches it if its interval includes it or lies above. If only runs reach it that know test
    tracks from training, in part: each test image was kept out of training, but not its track. Does
    not hold if not even that is so. Nothing can be known if no run reaches it.
    """
    reaching, told = [], []
    for name, run in {**runs.some([*IMAGE, FULL]), **runs.some(TRACK)}.items():
        shared, twins = known_tracks(run)
        scored = accuracy_of(run.predictions)
        if scored["high"] >= printed:
            reaching.append((dealt_once(run), shared + twins == 0))
        told.append(
            f"{name} {percent(scored)}, {shared} of {run.predictions.track_id.nunique()} test "
            f"tracks known, {twins} with a twin in training"
        )
    measured = f"{'; '.join(told)}."
    if not reaching:
        return Finding(measured, UNKNOWN)
    nearest = max(reaching, key=lambda parts: (parts[1], parts[0]))  # to the claim
    return Finding(measured, graded(nearest))


@judges
def strong_generalization(runs: Evidence) -> Finding:
    """Holds if the accuracy on unknown tracks is lower by less than five points, for certain.

    All seeds that were run under both protocols are taken together. Certain is what the interval
    of the difference excludes. In part if it is clearly lower, but by less than five points. Does
    not hold if it is clearly lower and more cannot be excluded; if neither is clear, nothing can be
    known.
    """
    pairs = [pair for pair in zip(IMAGE, TRACK, strict=True) if set(pair) <= set(runs)]
    images, tracks = zip(*(pairs or [(IMAGE[0], TRACK[0])]), strict=True)
    change = accuracy_difference(
        pooled([runs[name] for name in tracks], "image"),
        pooled([runs[name] for name in images], "image"),
    )
    told = f"{', '.join(tracks)} against {', '.join(images)}: {points(change)}."
    small, lower = change["low"] > -SMALL_LOSS, change["high"] < 0
    if small:
        return Finding(told, IN_PART if lower else HOLDS)
    return Finding(told, FAILS if lower else UNKNOWN)


@judges
def robust(runs: Evidence) -> Finding:
    """Holds if seeds agree and clean, artist-separated lists cost nothing; in part if one is so.

    Seeds agree if no interval of the difference of two of them excludes zero. The lists cost
    nothing if the interval of the difference does not lie below zero.
    """
    seeds = runs.some(IMAGE)
    if len(seeds) < 2:
        for name in IMAGE[:2]:
            runs[name]
    agree = True
    for first, second in combinations(seeds.values(), 2):
        change = accuracy_difference(first.predictions, second.predictions)
        agree &= change["low"] <= 0 <= change["high"]
    lists = accuracy_difference(runs[FILTERED].predictions, runs[IMAGE[0]].predictions)
    reach = [run.accuracy for run in seeds.values()]
    told = f"{len(seeds)} seeds: {min(reach):.1%} to {max(reach):.1%}; {FILTERED} against "
    told += f"{IMAGE[0]}: {points(lists)}."
    return Finding(told, graded([agree, lists["high"] >= 0]))


@judges
def diverse_dataset(runs: Evidence) -> Finding:
    """Holds if genres are equally large and no recording is there twice; in part if one is so."""
    run = next(iter(image_runs(runs).values()))
    tracks = run.split.drop_duplicates("track_id")
    sizes = tracks.genre.value_counts()
    again = int((tracks.recording != tracks.track_id).sum())
    told = f"{len(tracks)} tracks in {len(sizes)} genres of {sizes.min()} to {sizes.max()}; "
    told += f"{again} tracks are the recording of another."
    return Finding(told, graded([sizes.min() == sizes.max(), again == 0]))


@judges
def computational_efficiency(runs: Evidence) -> Finding:
    """Holds if the network takes no longer than handcrafted features.

    In part if it takes longer, but is clearly more often right on unknown tracks; else it does not
    hold.
    """
    network, handcrafted = runs[TRACK[0]], runs[f"{TRACK[0]}-handcrafted"]
    seconds = [run.environment["seconds"] for run in (network, handcrafted)]
    change = paired_difference(network.predictions, handcrafted.predictions)
    told = f"{seconds[0]:.0f} seconds for the network, {seconds[1]:.0f} for handcrafted features; "
    told += f"the network gains {points(change)}."
    if seconds[0] <= seconds[1]:
        return Finding(told, HOLDS)
    return Finding(told, IN_PART if change["low"] > 0 else FAILS)


# What the runs say: the parts of the recipe


@judges
def deep_beats_handcrafted(runs: Evidence) -> Finding:
    """Judged by `of_differences`: images dealt, tracks dealt, and the published lists."""
    dealt = {"images dealt": IMAGE, "tracks dealt": TRACK, "published lists": [FILTERED]}
    pairs = [(label, n, f"{n}-handcrafted") for label, names in dealt.items() for n in names]
    return compared(runs, pairs)


@judges
def hybrid_beats_cnn(runs: Evidence) -> Finding:
    """Judged by `of_differences`, where images are dealt and where tracks are."""
    return compared(runs, without(IMAGE[0], "cnn") + without(TRACK[0], "cnn"))


@judges
def attention_helps(runs: Evidence) -> Finding:
    """Judged by `of_differences`."""
    return compared(runs, without(TRACK[0], "no-attention"))


@judges
def lstm_helps(runs: Evidence) -> Finding:
    """Judged by `of_differences`."""
    return compared(runs, without(TRACK[0], "no-lstm"))


@judges
def cutmix_helps(runs: Evidence) -> Finding:
    """Judged by `of_differences`."""
    return compared(runs, without(TRACK[0], "no-cutmix"))


@judges
def augmentation_helps(runs: Evidence) -> Finding:
    """Judged by `of_differences`."""
    return compared(runs, without(TRACK[0], "no-augmentation"))


@judges
def smoothing_helps(runs: Evidence) -> Finding:
    """Judged by `of_differences`."""
    return compared(runs, without(TRACK[0], "no-smoothing"))


@judges
def schedule_accelerates(runs: Evidence) -> Finding:
    """Judged by `of_differences`, if there is ever a run with a constant learning rate."""
    return compared(runs, without(TRACK[0], "no-schedule"))


@judges
def clipping_stabilizes(runs: Evidence) -> Finding:
    """Judged by `of_differences`, if there is ever a run without clipping."""
    return compared(runs, without(TRACK[0], "no-clipping"))


@judges
def mixed_precision(runs: Evidence) -> Finding:
    """Holds if it is faster and a loss of more than five points is excluded; in part if one is so.

    Needs a run with it, on a graphics card.
    """
    mixed, single = runs[f"{TRACK[0]}-mixed-precision"], runs[TRACK[0]]
    seconds = [run.environment["seconds"] for run in (single, mixed)]
    change = paired_difference(mixed.predictions, single.predictions)
    told = f"{seconds[1]:.0f} seconds with it, {seconds[0]:.0f} without; {points(change)}."
    return Finding(told, graded([seconds[1] < seconds[0], change["low"] > -SMALL_LOSS]))
