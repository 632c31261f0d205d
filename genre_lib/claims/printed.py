"""Claims that the paper's printed numbers decide by themselves."""

from __future__ import annotations

from genre_lib import paper
from genre_lib.claims import arithmetic
from genre_lib.claims.judging import Evidence, Finding
from genre_lib.evaluation import wilson_interval


def novel_architecture(runs: Evidence) -> Finding:
    prior, ingredients = paper.PRIOR_WORK, paper.INGREDIENTS
    most = max(prior, key=lambda name: len(prior[name] & ingredients))
    shared = prior[most] & ingredients
    found = f"The paper itself names work with {', '.join(sorted(shared))}: {most}."
    return Finding(found, shared != ingredients)


def tenth_for_testing(runs: Evidence) -> Finding:
    files = paper.TRACKS * paper.SUBSET_SHARES["test"]
    found = f"Table II counts {paper.TEST_IMAGES} images, {paper.TEST_IMAGES / files:g} for each "
    return Finding(f"{found}of {files:.0f} files.", paper.TEST_IMAGES % files == 0)


def one_spectrogram(runs: Evidence) -> Finding:
    files = paper.TRACKS * paper.SUBSET_SHARES["test"]
    found = f"Table II counts {paper.TEST_IMAGES} images where {files:.0f} files are for testing."
    return Finding(found, files == paper.TEST_IMAGES)


def stratified_test(runs: Evidence) -> Finding:
    sizes = sorted({row.support for row in paper.TABLE_2})
    return Finding(f"Supports are {' to '.join(map(str, sizes))}.", len(sizes) == 1)


def augmented_for_training(runs: Evidence) -> Finding:
    """Otherwise print cannot tell: the images of a track may be copies, or slices all the same."""
    per_track = paper.implied_images_per_track()
    whole = any(f"{paper.CLIP_SECONDS}-s" in caption for caption in paper.FIGURES.values())
    if per_track == 1 or not whole:
        return Finding(f"Test images for each track: {per_track}; none need be altered.", True)
    found = f"If the {per_track} test images of a track show all of it, as the figures do, then "
    found += f"{per_track - 1} are altered; if they are slices of it, none need be."
    return Finding(found, None)


def _width(layer: str) -> int:
    return next(row.output[-1] for row in paper.TABLE_1 if row.layer.startswith(layer))


def in_both(runs: Evidence, *, what: str) -> Finding:
    """Whether the text and Table I print the same."""
    layers = [row.layer for row in paper.TABLE_1]
    before = layers[: next(i for i, layer in enumerate(layers) if layer.startswith("LSTM"))]
    blocks = [row for row in paper.TABLE_1 if row.layer.startswith("Conv")]
    words, drop = {True: "in each block", False: "none"}, f"Dropout[{paper.TEXT_CONV_DROPOUT}]"
    normalized = all("BN" in row.layer for row in blocks)
    in_text, in_table = {
        "filters": (paper.CONV_FILTERS, tuple(row.output[1] for row in blocks)),
        "recurrent_units": (2 * paper.LSTM_UNITS_PER_DIRECTION, _width("LSTM")),
        "batch_normalization": (words[paper.TEXT_BATCH_NORM], words[normalized]),
        "conv_dropout": (
            " and ".join([drop] * len(blocks)),
            " and ".join(layer for layer in before if layer.startswith("Dropout")),
        ),
    }[what]
    return Finding(f"In the text: {in_text}; in Table I: {in_table}.", in_text == in_table)


def reduced_to_128(runs: Evidence) -> Finding:
    before, after = _width("LayerNorm"), _width("Linear")
    found = f"Table I has {before} features before the layer and {after} after it."
    return Finding(found, after < before)


def computational_efficiency(runs: Evidence) -> Finding:
    """Cannot be told if the paper prints no time."""
    if not paper.HOURS:
        return Finding("The paper prints no time, no hardware and no other method's time.", None)
    found = ", ".join(f"{name} {hours:g}" for name, hours in paper.HOURS.items())
    return Finding(f"Hours: {found}.", paper.HOURS["the paper"] <= min(paper.HOURS.values()))


def validation_accuracy(runs: Evidence) -> Finding:
    printed, images = paper.VALIDATION_ACCURACY, arithmetic.implied_images()["validation"]
    exact = arithmetic.fitting_counts(printed, images)
    if exact:
        return Finding(f"{exact[0]} of {images} images give {exact[0] / images:.2%}.", True)
    whole = images // paper.BATCH_SIZE * paper.BATCH_SIZE
    found = f"No number of {images} images gives {printed:.2%}"
    if counts := arithmetic.fitting_counts(printed, whole):
        found += f"; {counts[0]} of the {whole} in whole batches do"
    return Finding(f"{found}.", False)


def early_stopping_saves(runs: Evidence) -> Finding:
    saved = paper.MAX_EPOCHS - paper.STOPPED_EPOCH
    found = f"{saved} of {paper.MAX_EPOCHS} epochs were saved, {saved / paper.MAX_EPOCHS:.0%}."
    return Finding(found, saved > 0)


def loss_level(runs: Evidence, *, loss: str) -> Finding:
    """Cannot be told if the smoothing factor is not printed: every loss depends on it."""
    alpha, printed = paper.SMOOTHING, getattr(paper, loss)
    if alpha is None:
        largest = arithmetic.largest_smoothing(printed)
        found = f"A loss of {printed} needs a smoothing factor of at most {largest:.2f}; the "
        return Finding(f"{found}paper prints none, and every loss depends on it.", None)
    floor = arithmetic.smoothing_floor(alpha)
    return Finding(f"The lowest possible loss is {floor:.2f}.", floor <= printed)


def table_2_cells(runs: Evidence) -> Finding:
    agrees = arithmetic.recomputed_scores().agrees
    return Finding(f"{agrees.sum()} of {len(agrees)} scores recompute.", bool(agrees.all()))


def table_2_labels(runs: Evidence) -> Finding:
    called, total = arithmetic.implied_counts().called.sum(), paper.TEST_IMAGES
    return Finding(f"{called} of {total} images got a label.", bool(called == total))


def classical_jazz_quote(runs: Evidence) -> Finding:
    quoted = paper.QUOTED_PRECISION_AND_RECALL
    rows = {row.genre: (row.precision, row.recall) for row in paper.TABLE_2}
    pairs = {genre: rows[genre] for genre in ("classical", "jazz")}
    means = [sum(values) / 2 for values in zip(*pairs.values(), strict=True)]
    found = "; ".join(f"{name}: {p:.4f} and {r:.4f}" for name, (p, r) in pairs.items())
    so = quoted in pairs.values() or all(map(arithmetic.rounds_to, means, quoted))
    return Finding(f"Table II has, for {found}.", so)


def quoted_counts(runs: Evidence) -> Finding:
    counts, quoted = paper.correct_counts(), paper.QUOTED_CORRECT
    found = f"Table II implies {', '.join(f'{counts[genre]} {genre}' for genre in quoted)}."
    return Finding(found, all(counts[genre] == count for genre, count in quoted.items()))


def performs_well(runs: Evidence, *, genre: str) -> Finding:
    """Whether the recall of a genre lies above that of all together."""
    recall = next(row.recall for row in paper.TABLE_2 if row.genre == genre)
    found = f"Recall {recall:.4f}; of all genres together, {paper.MACRO_RECALL:.4f}."
    return Finding(found, recall > paper.MACRO_RECALL)


def is_minor(runs: Evidence, *, genre: str) -> Finding:
    """Whether the 95 % interval of a genre's recall reaches the accuracy."""
    counts = arithmetic.implied_counts()
    overall = counts.correct.sum() / counts.support.sum()
    _, high = wilson_interval(int(counts.correct[genre]), int(counts.support[genre]))
    found = f"{counts.missed[genre]} of {counts.missed.sum()} mistakes; a genre has "
    return Finding(f"{found}{counts.missed.mean():.1f} on average.", bool(high >= overall))


def rock_country_lowest(runs: Evidence) -> Finding:
    lowest = {row.genre: row.f1 for row in sorted(paper.TABLE_2, key=lambda row: row.f1)[:2]}
    found = ", ".join(f"{genre} {f1:.4f}" for genre, f1 in lowest.items())
    return Finding(f"Lowest in Table II: {found}.", lowest == paper.QUOTED_F1)


def significant_improvements(runs: Evidence) -> Finding:
    """Cannot be told without a printed accuracy of another method."""
    images, others = paper.TEST_IMAGES, paper.BASELINES
    if not others:
        return Finding("The paper prints no accuracy of another method.", None)
    below, _ = wilson_interval(round(paper.ACCURACY * images), images)
    found = ", ".join(f"{name} {share:.2%}" for name, share in others.items())
    highs = [wilson_interval(round(share * images), images)[1] for share in others.values()]
    return Finding(f"Accuracies: {found}; the paper {paper.ACCURACY:.2%}.", max(highs) < below)
