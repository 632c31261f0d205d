"""Claims that the paper's printed numbers decide by themselves."""

from __future__ import annotations

import math
from functools import partial

from genre_lib import paper
from genre_lib.claims import arithmetic, judging
from genre_lib.claims.judging import FAILS, HOLDS, IN_PART, UNKNOWN, Evidence, Finding, graded
from genre_lib.evaluation import wilson_interval

claim = partial(judging.claim, page="paper_numbers")


@claim(
    section="I",
    says="Convolutions, a recurrent layer and self-attention together make a novel architecture.",
    confirmed_if="No work that the paper itself cites or describes combines these parts for music.",
)
def novel_architecture(runs: Evidence) -> Finding:
    """In part if the paper names work with two of the parts, but none with all."""
    prior, ingredients = paper.PRIOR_WORK, paper.INGREDIENTS
    most = max(prior, key=lambda name: len(prior[name] & ingredients))
    shared = prior[most] & ingredients
    if len(shared) < 2:
        return Finding("The paper names no work that combines two of its parts.", HOLDS)
    found = f"The paper itself names work with {', '.join(sorted(shared))}: {most}."
    return Finding(found, FAILS if shared == ingredients else IN_PART)


@claim(
    section="IV-A",
    says=f"{paper.SUBSET_SHARES['test']:.0%} of {paper.TRACKS} files, one spectrogram each, are "
    "for testing.",
    confirmed_if=f"Table II counts {paper.TRACKS * paper.SUBSET_SHARES['test']:.0f} test images.",
)
def tenth_for_testing(runs: Evidence) -> Finding:
    """In part if a whole number of images a track explains the count."""
    share, images = paper.SUBSET_SHARES["test"], paper.TEST_IMAGES
    files = paper.TRACKS * share
    found = f"{share:.0%} of {paper.TRACKS} files are {files:.0f}; Table II counts {images} images,"
    found += f" {images / files:g} for each of them."
    if math.isclose(images, files):
        return Finding(found, HOLDS)
    return Finding(found, IN_PART if math.isclose(images % files, 0, abs_tol=1e-9) else FAILS)


@claim(
    section="IV-A",
    says="The subsets keep the shares of the genres.",
    confirmed_if="All genres of Table II have the same support, which adds up to all test images.",
)
def stratified_test(runs: Evidence) -> Finding:
    """In part if supports are only equal or only add up."""
    supports = [row.support for row in paper.TABLE_2]
    sizes, total = sorted(set(supports)), sum(supports)
    found = f"Supports are {' to '.join(map(str, sizes))}, {total} in all."
    return Finding(found, graded([len(sizes) == 1, total == paper.TEST_IMAGES]))


@claim(
    section="IV-A",
    says="Altered spectrograms are for training only.",
    confirmed_if="The test set has one image for each of its tracks, or the figures show shorter "
    "pieces than whole tracks: then no test image need be an altered copy.",
)
def augmented_for_training(runs: Evidence) -> Finding:
    """Else it does not hold: images of one whole track differ only in what was altered."""
    per_track = paper.implied_images_per_track()
    whole = any(f"{paper.CLIP_SECONDS}-s" in caption for caption in paper.FIGURES.values())
    shown = f"of whole tracks of {paper.CLIP_SECONDS} seconds" if whole else "of shorter pieces"
    found = f"{per_track} test images for each track, figures {shown}"
    if per_track > 1 and whole:
        return Finding(f"{found}: {per_track - 1} of them are altered.", FAILS)
    return Finding(f"{found}: none need be altered.", HOLDS)


@claim(
    section="IV-B, Table I",
    says="The text and Table I describe one network.",
    confirmed_if="Filters, recurrent units, batch normalization and dropout are the same in both.",
)
def text_and_table_1(runs: Evidence) -> Finding:
    """In part if some of the four agree."""
    blocks = [row for row in paper.TABLE_1 if row.layer.startswith("Conv")]
    lstm = next(row for row in paper.TABLE_1 if row.layer.startswith("LSTM"))
    before = [row.layer for row in paper.TABLE_1[: paper.TABLE_1.index(lstm)]]
    dropouts = [layer for layer in before if layer.startswith("Dropout")]
    agreeing = {
        "filters": tuple(row.output[1] for row in blocks) == paper.CONV_FILTERS,
        "recurrent units": lstm.output[-1] == 2 * paper.LSTM_UNITS_PER_DIRECTION,
        "batch normalization": all("BN" in row.layer for row in blocks) == paper.TEXT_BATCH_NORM,
        "dropout of the convolutions": dropouts
        == [f"Dropout[{paper.TEXT_CONV_DROPOUT}]"] * len(blocks),
    }
    found = [
        f"{word}: {', '.join(name for name, same in agreeing.items() if same is kind)}"
        for word, kind in (("the same", True), ("not the same", False))
        if kind in agreeing.values()
    ]
    return Finding(f"{'; '.join(found).capitalize()}.", graded(agreeing.values()))


@claim(
    section="IV-B, Table I",
    says="The linear layer after the attention reduces the features to 128.",
    confirmed_if="By Table I there are more than that before the layer, and as many after it.",
)
def reduced_to_128(runs: Evidence) -> Finding:
    """Else it does not hold."""
    widths = [row.output[-1] for row in paper.TABLE_1]
    layers = [row.layer.startswith("Linear") for row in paper.TABLE_1]
    before, after = widths[layers.index(True) - 1], widths[layers.index(True)]
    found = f"Table I has {before} features before the layer and {after} after it."
    return Finding(found, HOLDS if after < before else FAILS)


@claim(
    section="V-B, Fig. 5",
    says=f"Validation accuracy peaks at {paper.VALIDATION_ACCURACY:.2%}.",
    confirmed_if="Some whole number of validation images, as a share of all of them, rounds to it.",
)
def validation_accuracy(runs: Evidence) -> Finding:
    """In part if the images in whole batches can give it, or the mean over batches."""
    printed, batch_size = paper.VALIDATION_ACCURACY, paper.BATCH_SIZE
    images = arithmetic.implied_images()["validation"]
    exact = arithmetic.fitting_counts(printed, images)
    if exact:
        return Finding(f"{exact[0]} of {images} images give {exact[0] / images:.2%}.", HOLDS)
    found = f"No number of {images} images gives {printed:.2%}"
    if arithmetic.fits_mean_of_batches(printed, images, batch_size):
        return Finding(f"{found}, but a mean over batches of {batch_size} can.", IN_PART)
    whole = images // batch_size * batch_size
    counts = arithmetic.fitting_counts(printed, whole)
    if not counts:
        return Finding(f"{found}, nor can batches of {batch_size} explain it.", FAILS)
    found += f", nor a mean over batches; {counts[0]} of the {whole} in whole batches do."
    return Finding(found, IN_PART)


@claim(
    section="V-B",
    says="Early stopping makes the training efficient.",
    confirmed_if=f"It saved at least a quarter of the {paper.MAX_EPOCHS} epochs.",
)
def early_stopping_saves(runs: Evidence) -> Finding:
    """In part if fewer were saved."""
    saved = 1 - paper.STOPPED_EPOCH / paper.MAX_EPOCHS
    found = f"{paper.MAX_EPOCHS - paper.STOPPED_EPOCH} of {paper.MAX_EPOCHS} epochs were saved, "
    found += f"{saved:.0%}."
    return Finding(found, HOLDS if saved >= 0.25 else IN_PART if saved > 0 else FAILS)


@claim(
    section="V-B, Table II",
    says="The scores of Table II belong to one classifier and one test set.",
    confirmed_if="Every score, recomputed from the whole counts that the table implies, rounds to "
    "what is printed, and every image is counted once.",
)
def table_2_cells(runs: Evidence) -> Finding:
    """In part if nine of ten scores do."""
    agrees, counts = arithmetic.recomputed_scores().agrees, arithmetic.implied_counts()
    called, total = counts.called.sum(), counts.support.sum()
    found = f"{agrees.sum()} of {len(agrees)} scores recompute; {called} of {total} images got a "
    if agrees.all() and called == total:
        return Finding(f"{found}label.", HOLDS)
    return Finding(f"{found}label.", IN_PART if agrees.mean() >= 0.9 else FAILS)


@claim(
    section="V-B",
    says="Classical and jazz have a precision of {:.4f} and a recall of {:.4f}.".format(
        *paper.QUOTED_PRECISION_AND_RECALL
    ),
    confirmed_if="In Table II one of the two genres, or the mean of both, has this pair.",
)
def classical_jazz_quote(runs: Evidence) -> Finding:
    """In part if each number is of one of the two."""
    quoted = paper.QUOTED_PRECISION_AND_RECALL
    rows = {row.genre: (row.precision, row.recall) for row in paper.TABLE_2}
    pairs = {genre: rows[genre] for genre in ("classical", "jazz")}
    means = [sum(values) / 2 for values in zip(*pairs.values(), strict=True)]
    found = "; ".join(f"{name}: {p:.4f} and {r:.4f}" for name, (p, r) in pairs.items())
    if quoted in pairs.values() or all(map(arithmetic.rounds_to, means, quoted)):
        return Finding(f"Table II has, for {found}.", HOLDS)
    owners = [
        [name for name, pair in pairs.items() if pair[i] == number]
        for i, number in enumerate(quoted)
    ]
    if not all(owners):
        return Finding(f"Table II has, for {found}.", FAILS)
    found += f": the precision is of {owners[0][0]}, the recall of {owners[1][0]}"
    return Finding(f"Table II has, for {found}.", IN_PART)


@claim(
    section="V-B",
    says="After classical, jazz and reggae stand out with {jazz} and {reggae} correct "
    "images.".format(**paper.QUOTED_CORRECT),
    confirmed_if="Table II implies these counts, and no other genre but classical has as many.",
)
def jazz_reggae_well(runs: Evidence) -> Finding:
    """In part if the counts are right, but others are as high."""
    counts, quoted = paper.correct_counts(), paper.QUOTED_CORRECT
    right = all(counts[genre] == count for genre, count in quoted.items())
    lowest = min(counts[genre] for genre in quoted)
    passed_over = [name for name in counts if name not in quoted and counts[name] >= lowest]
    found = f"Table II implies {', '.join(f'{counts[genre]} {genre}' for genre in quoted)}"
    if passed_over:
        found += f"; as many or more: {', '.join(f'{counts[g]} {g}' for g in passed_over)}"
    return Finding(f"{found}.", FAILS if not right else IN_PART if passed_over else HOLDS)


@claim(
    section="V-B",
    says="Misclassifications in country and rock are minor.",
    confirmed_if="By Table II neither has clearly more mistakes than a genre has on average (95 % "
    "interval of its recall).",
)
def minor_misclassifications(runs: Evidence) -> Finding:
    """In part if only one has."""
    counts = arithmetic.implied_counts()
    missed, overall = counts.missed, counts.correct.sum() / counts.support.sum()
    fair = [
        wilson_interval(int(counts.correct[name]), int(counts.support[name]))[1] >= overall
        for name in ("country", "rock")
    ]
    found = f"Of {missed.sum()} mistakes country has {missed['country']} and rock "
    found += f"{missed['rock']}; a genre has {missed.mean():.1f} on average."
    return Finding(found, graded(fair))


@claim(
    section="Abstract, VI",
    says="The approach improves classification accuracy significantly.",
    confirmed_if="The paper prints the accuracy of another method on the same test images, and the "
    "95 % intervals of the two do not overlap.",
)
def significant_improvements(runs: Evidence) -> Finding:
    """In part if some of several baselines are clearly below; without one, nothing can be known."""
    if not paper.BASELINES:
        return Finding("The paper prints no accuracy of another method.", UNKNOWN)
    shares = {"the paper": paper.ACCURACY, **paper.BASELINES}
    images = paper.TEST_IMAGES
    ends = {name: wilson_interval(round(share * images), images) for name, share in shares.items()}
    below = [ends[name][1] < ends["the paper"][0] for name in paper.BASELINES]
    found = ", ".join(f"{name} {share:.2%}" for name, share in shares.items())
    return Finding(f"Accuracies: {found}.", graded(below))
