"""Claims about how well the network does, on which data, and thanks to which parts."""

from __future__ import annotations

from functools import partial
from itertools import combinations

from genre_lib import paper
from genre_lib.book.comparisons import pooled
from genre_lib.claims import judging
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
    percent,
    points,
    without,
)
from genre_lib.evaluation import (
    accuracy_difference,
    accuracy_of,
    paired_difference,
    score_intervals,
)
from genre_lib.runs import Run

claim = partial(judging.claim, page="what_does_84_mean")


# Printed scores


def reached(runs: Evidence, *, name: str) -> Finding:
    """Whether the runs that are split by image reach a printed score.

    The run with the paper's budget decides if it is there: in part if its interval lies above,
    since then the network can do it, but the printed number is not what the recipe, as we read it,
    gives. Without that run, holds if all runs reach the score (their intervals include it or lie
    above) and in part if some do; if none does, nothing can be known, since a short training proves
    no failure.
    """
    printed = getattr(paper, name.upper())
    scored, form = {}, ".1%" if name == "accuracy" else ".4f"
    for key, run in image_runs(runs).items():
        if name == "accuracy":
            scored[key] = tuple(accuracy_of(run.predictions).values())
        else:
            scored[key] = score_intervals(run.predictions, run.genres)[name]
    found = "; ".join(
        f"{key} {value:{form}} ({low:{form}} to {high:{form}})"
        for key, (value, low, high) in scored.items()
    )
    if FULL in scored:
        _, low, high = scored[FULL]
        return Finding(
            f"{found}.", FAILS if high < printed else IN_PART if printed < low else HOLDS
        )
    verdict = graded(high >= printed for _, _, high in scored.values())
    if verdict == FAILS:
        return Finding(f"{found}; the run {FULL} is not stored.", UNKNOWN)
    return Finding(f"{found}.", verdict)


for key, section, says in (
    ("accuracy", "Abstract, V-B", f"The test accuracy is {paper.ACCURACY:.2%}."),
    ("macro_f1", "Abstract, V-B", f"The macro F1-score is {paper.MACRO_F1:.4f}."),
    ("macro_precision", "V-B", f"The macro precision is {paper.MACRO_PRECISION:.4f}."),
    ("macro_recall", "V-B", f"The macro recall is {paper.MACRO_RECALL:.4f}."),
):
    claim(
        key=key,
        section=section,
        says=says,
        confirmed_if="It lies in the 95 % interval of the run with the paper's budget that is "
        "split by image.",
    )(partial(reached, name=key))


# Data and generalization


@claim(
    section="V-A",
    says="The test data are unseen.",
    confirmed_if="The printed accuracy is reached by a run in which no test track, and no "
    "duplicate of one, is in the training set.",
)
def unseen_test_data(runs: Evidence) -> Finding:
    """In part if it is reached only by runs that keep test images, but not their tracks, apart.

    A run reaches it if its interval includes it or lies above. Nothing can be known if none does.
    """
    reaching, found = [], []
    for name, run in {**runs.some([*IMAGE, FULL]), **runs.some(TRACK)}.items():
        shared, duplicates = known_tracks(run)
        scored = accuracy_of(run.predictions)
        if scored["high"] >= paper.ACCURACY:
            images_apart = not run.split.duplicated(["track_id", "image"]).any()
            reaching.append((shared + duplicates == 0, images_apart))
        found.append(
            f"{name} {percent(scored)}, {shared} of {run.predictions.track_id.nunique()} test "
            f"tracks known, {duplicates} with a duplicate in training"
        )
    nearest = graded(max(reaching)) if reaching else UNKNOWN  # the run nearest to the claim
    return Finding(f"{'; '.join(found)}.", nearest)


def known_tracks(run: Run) -> tuple[int, int]:
    """How many test tracks are in the training set too, and how many have a copy there."""
    row = next(
        row for row in run.metrics["leakage"] if (row["first"], row["second"]) == ("train", "test")
    )
    return int(row["shared_tracks"]), int(row["identical_tracks"])


@claim(
    section="V-B, VI",
    says="The model generalizes strongly.",
    confirmed_if="On unknown tracks it is right as often as on known ones: over all seeds, the "
    "95 % interval includes no loss, and excludes one of more than five points.",
)
def strong_generalization(runs: Evidence) -> Finding:
    """In part if accuracy is clearly lower, but for certain by less than five points.

    Does not hold if it is clearly lower and more cannot be excluded; if neither is clear, nothing
    can be known.
    """
    pairs = [pair for pair in zip(IMAGE, TRACK, strict=True) if set(pair) <= set(runs)]
    images, tracks = zip(*(pairs or [(IMAGE[0], TRACK[0])]), strict=True)
    change = accuracy_difference(
        pooled([runs[name] for name in tracks], "image"),
        pooled([runs[name] for name in images], "image"),
    )
    found = f"{', '.join(tracks)} against {', '.join(images)}: {points(change)}."
    small, lower = change["low"] > -SMALL_LOSS, change["high"] < 0
    if small:
        return Finding(found, IN_PART if lower else HOLDS)
    return Finding(found, FAILS if lower else UNKNOWN)


@claim(
    section="Abstract, I",
    says="The architecture is robust.",
    confirmed_if="Seeds differ no more than their test tracks explain, and the accuracy is not "
    "lower when faulty tracks are left out and artists are kept apart.",
)
def robust(runs: Evidence) -> Finding:
    """In part if one of the two is so.

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
    found = f"{len(seeds)} seeds: {min(reach):.1%} to {max(reach):.1%}; {FILTERED} against "
    found += f"{IMAGE[0]}: {points(lists)}."
    return Finding(found, graded([agree, lists["high"] >= 0]))


@judging.claim(
    section="Abstract, I",
    says="The dataset of ten genres is diverse.",
    confirmed_if="Every genre has as many tracks as the others, and no recording is there twice.",
    page="sec3_problem",
)
def diverse_dataset(runs: Evidence) -> Finding:
    """In part if one of the two is so."""
    run = next(iter(image_runs(runs).values()))
    tracks = run.split.drop_duplicates("track_id")
    sizes = tracks.genre.value_counts()
    again = int((tracks.recording != tracks.track_id).sum())
    found = f"{len(tracks)} tracks in {len(sizes)} genres of {sizes.min()} to {sizes.max()}; "
    found += f"{again} tracks are the recording of another."
    return Finding(found, graded([sizes.min() == sizes.max(), again == 0]))


@judging.claim(
    section="III, IV-C",
    says="The method is computationally efficient.",
    confirmed_if="It takes no longer than handcrafted features with a support vector machine, on "
    "the same images and the same machine.",
    page="claims",
)
def computational_efficiency(runs: Evidence) -> Finding:
    """In part if it takes longer, but is clearly more often right on unknown tracks."""
    network, handcrafted = runs[TRACK[0]], runs[f"{TRACK[0]}-handcrafted"]
    seconds = [run.environment["seconds"] for run in (network, handcrafted)]
    change = paired_difference(network.predictions, handcrafted.predictions)
    found = f"{seconds[0]:.0f} seconds for the network, {seconds[1]:.0f} for handcrafted features; "
    found += f"the network gains {points(change)}."
    if seconds[0] <= seconds[1]:
        return Finding(found, HOLDS)
    return Finding(found, IN_PART if change["low"] > 0 else FAILS)


# Parts of the recipe, judged by `of_differences`


@claim(
    section="I, III",
    says="Learned features overcome the limits of handcrafted ones.",
    confirmed_if="On the same test images the network is right more often than timbre statistics "
    "with a support vector machine, under every split; the 95 % interval excludes no difference.",
)
def deep_beats_handcrafted(runs: Evidence) -> Finding:
    """In part if under some of the splits: by image, by track, and the published lists."""
    splits = {"split by image": IMAGE, "split by track": TRACK, "published lists": [FILTERED]}
    return compared(
        runs,
        {label: [(n, f"{n}-handcrafted") for n in names] for label, names in splits.items()},
    )


@claim(
    section="I, III",
    says="A hybrid with a recurrent layer uses the strengths of both kinds of network.",
    confirmed_if="On the same test images the hybrid is right more often than its convolutions "
    "alone, under both splits; the 95 % interval excludes no difference.",
)
def hybrid_beats_cnn(runs: Evidence) -> Finding:
    """In part if under one of the splits."""
    return compared(runs, without("cnn", IMAGE, TRACK))


HELPS = (
    "On unknown tracks the network is right more often with it than {}; the 95 % interval "
    "excludes no difference."
)

for part, key, section, says, rival in (
    ("no-augmentation", "augmentation_helps", "IV-A",
     "Augmenting the training images makes the model generalize better.", "without"),
    ("no-attention", "attention_helps", "IV-B, VI",
     "Self-attention improves the model by capturing long-range dependencies.", "without"),
    ("no-lstm", "lstm_helps", "IV-B",
     "The LSTM helps by capturing how the music goes on.",
     "with a linear layer at each moment"),
    ("no-smoothing", "smoothing_helps", "IV-C",
     "Label smoothing keeps the network from overconfidence, so that it does better.", "without"),
    ("no-cutmix", "cutmix_helps", "IV-C", "CutMix improves generalization.", "without"),
):  # fmt: skip
    claim(key=key, section=section, says=says, confirmed_if=HELPS.format(rival))(
        partial(compared, pairs=without(part, TRACK))
    )


# Claims that no run of ours tests


for key, says, confirmed_if, why in (
    ("schedule_accelerates",
     "The schedule speeds up convergence and mitigates overfitting.",
     HELPS.format("at a constant rate"),
     "No run tests it: no schedule of ours keeps the learning rate constant."),
    ("clipping_stabilizes", "Clipping stabilizes the training.", HELPS.format("without"),
     "No run tests it: every run of ours clips its gradients."),
    ("mixed_precision", "Mixed precision saves time and costs no accuracy.",
     "With it, training is faster, and the 95 % interval of the accuracy excludes a loss of "
     "more than five points.",
     "No run tests it: the stored runs come from processors, where training is in single "
     "precision."),
):  # fmt: skip
    finding = Finding(why, UNKNOWN)
    claim(key=key, section="IV-C", says=says, confirmed_if=confirmed_if)(
        lambda runs, finding=finding: finding
    )
