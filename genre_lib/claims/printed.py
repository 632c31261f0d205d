"""Claims that the paper's printed numbers decide by themselves."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from genre_lib import paper
from genre_lib.claims.judging import (
    FAILS,
    HOLDS,
    IN_PART,
    UNKNOWN,
    Evidence,
    Finding,
    graded,
    judges,
)
from genre_lib.evaluation import wilson_interval


@judges
def novel_architecture(
    runs: Evidence,
    *,
    prior: Mapping[str, frozenset[str]] = paper.PRIOR_WORK,
    ingredients: frozenset[str] = paper.INGREDIENTS,
) -> Finding:
    """Does not hold if the paper names work with all of its parts; in part if with two of them."""
    most = max(prior, key=lambda name: len(prior[name] & ingredients), default="")
    shared = prior.get(most, frozenset()) & ingredients
    if len(shared) < 2:
        return Finding("The paper names no work that combines two of its parts.", HOLDS)
    told = f"The paper itself names work with {', '.join(sorted(shared))}: {most}."
    return Finding(told, FAILS if shared == ingredients else IN_PART)


@judges
def tenth_for_testing(
    runs: Evidence,
    *,
    tracks: int = paper.TRACKS,
    share: float = paper.SUBSET_SHARES["test"],
    images: int = paper.TEST_IMAGES,
) -> Finding:
    """Holds for one image a track; in part if a whole number of images a track explains it."""
    files = tracks * share
    told = f"{share:.0%} of {tracks} files are {files:.0f}; Table II counts {images} images, "
    told += f"{images / files:g} for each of them."
    if math.isclose(images, files):
        return Finding(told, HOLDS)
    return Finding(told, IN_PART if math.isclose(images % files, 0, abs_tol=1e-9) else FAILS)


@judges
def stratified_test(
    runs: Evidence,
    *,
    rows: Sequence[paper.GenreRow] = paper.TABLE_2,
    images: int = paper.TEST_IMAGES,
) -> Finding:
    """Holds if supports are equal and add up; in part if they only do one of the two."""
    supports = sorted({row.support for row in rows})
    total = sum(row.support for row in rows)
    told = f"Supports are {' to '.join(map(str, supports))}, {total} in all."
    return Finding(told, graded([len(supports) == 1, total == images]))


@judges
def augmented_for_training(
    runs: Evidence,
    *,
    per_track: int = paper.implied_images_per_track(),
    captions: Iterable[str] = (paper.FIGURES[1], paper.FIGURES[2]),
) -> Finding:
    """Holds for one test image a track, or for figures of shorter pieces.

    Otherwise does not hold: several images of one whole track differ only in what was altered.
    """
    whole = any(f"{paper.CLIP_SECONDS}-s" in caption for caption in captions)
    shown = f"of whole tracks of {paper.CLIP_SECONDS} seconds" if whole else "of shorter pieces"
    told = f"{per_track} test images for each track, figures {shown}"
    if per_track > 1 and whole:
        return Finding(f"{told}: {per_track - 1} of them are altered.", FAILS)
    return Finding(f"{told}: none need be altered.", HOLDS)


@judges
def text_and_table_1(
    runs: Evidence,
    *,
    rows: Sequence[paper.LayerRow] = paper.TABLE_1,
    dropout: float = paper.TEXT_CONV_DROPOUT,
    batch_norm: bool = paper.TEXT_BATCH_NORM,
    filters: Sequence[int] = paper.CONV_FILTERS,
    units: int = paper.LSTM_UNITS_PER_DIRECTION,
) -> Finding:
    """Holds if all four agree, in part if some do."""
    blocks = [row for row in rows if row.layer.startswith("Conv")]
    lstm = next(row for row in rows if row.layer.startswith("LSTM"))
    before = rows[: rows.index(lstm)]
    after_blocks = [row.layer for row in before if row.layer.startswith("Dropout")]
    agreeing = {
        "filters": [row.output[1] for row in blocks] == list(filters),
        "recurrent units": lstm.output[-1] == 2 * units,
        "batch normalization": all("BN" in row.layer for row in blocks) == batch_norm,
        "dropout of the convolutions": after_blocks == [f"Dropout[{dropout}]"] * len(blocks),
    }
    told = [
        f"{word}: {', '.join(name for name, same in agreeing.items() if same is side)}"
        for word, side in (("the same", True), ("not the same", False))
        if side in agreeing.values()
    ]
    return Finding(f"{'; '.join(told).capitalize()}.", graded(agreeing.values()))


@judges
def reduced_to_128(runs: Evidence, *, rows: Sequence[paper.LayerRow] = paper.TABLE_1) -> Finding:
    """Holds if the first linear layer has fewer outputs than there are features before it."""
    position = next(i for i, row in enumerate(rows) if row.layer.startswith("Linear"))
    before, after = rows[position - 1].output[-1], rows[position].output[-1]
    told = f"Table I has {before} features before the layer and {after} after it."
    return Finding(told, HOLDS if after < before else FAILS)


@judges
def validation_accuracy(
    runs: Evidence,
    *,
    printed: float = paper.VALIDATION_ACCURACY,
    images: int = paper.implied_images()["validation"],
    batch_size: int = paper.BATCH_SIZE,
) -> Finding:
    """Holds if it is possible for all images; in part if for whole batches or their mean."""
    exact = paper.fitting_counts(printed, images)
    if exact:
        return Finding(f"{exact[0]} of {images} images give {exact[0] / images:.2%}.", HOLDS)
    told = f"No number of {images} images gives {printed:.2%}"
    if paper.fits_mean_of_batches(printed, images, batch_size):
        return Finding(f"{told}, but a mean over batches of {batch_size} can.", IN_PART)
    whole = images // batch_size * batch_size
    counts = paper.fitting_counts(printed, whole) if whole else []
    if counts:
        told += f", nor a mean over batches; {counts[0]} of the {whole} in whole batches do."
        return Finding(told, IN_PART)
    return Finding(f"{told}, nor can batches of {batch_size} explain it.", FAILS)


@judges
def early_stopping_saves(
    runs: Evidence,
    *,
    stopped: int = paper.STOPPED_EPOCH,
    epochs: int = paper.MAX_EPOCHS,
) -> Finding:
    """Holds if a quarter of the epochs was saved, in part if fewer, and not if none was."""
    saved = 1 - stopped / epochs
    told = f"{epochs - stopped} of {epochs} epochs were saved, {saved:.0%}."
    return Finding(told, HOLDS if saved >= 0.25 else IN_PART if saved > 0 else FAILS)


@judges
def table_2_cells(
    runs: Evidence,
    *,
    rows: Sequence[paper.GenreRow] = paper.TABLE_2,
    aggregates: Sequence[paper.AggregateRow] = paper.TABLE_2_AGGREGATES,
) -> Finding:
    """Holds if all scores recompute and images add up; in part if nine of ten scores do."""
    cells = paper.recomputed_cells(rows, aggregates)
    agreeing = sum(cell.agrees for cell in cells)
    predicted = sum(paper.predicted_counts(rows).values())
    total = sum(row.support for row in rows)
    told = f"{agreeing} of {len(cells)} scores recompute; {predicted} of {total} images got a label"
    if agreeing == len(cells) and predicted == total:
        return Finding(f"{told}.", HOLDS)
    return Finding(f"{told}.", IN_PART if agreeing >= 0.9 * len(cells) else FAILS)


@judges
def classical_jazz_quote(
    runs: Evidence,
    *,
    quoted: tuple[float, float] = paper.QUOTED_PRECISION_AND_RECALL,
    rows: Sequence[paper.GenreRow] = paper.TABLE_2,
) -> Finding:
    """Holds if one genre or the mean has the pair; in part if each number is of one of the two."""
    both = [row for row in rows if row.genre in ("classical", "jazz")]
    pairs = {row.genre: (row.precision, row.recall) for row in both}
    means = tuple(float(np.mean(values)) for values in zip(*pairs.values(), strict=True))
    same = [paper.rounds_to(value, printed) for value, printed in zip(means, quoted, strict=True)]
    told = "; ".join(f"{name}: {p:.4f} and {r:.4f}" for name, (p, r) in pairs.items())
    if quoted in pairs.values() or all(same):
        return Finding(f"Table II has, for {told}.", HOLDS)
    owners = [
        [name for name, pair in pairs.items() if pair[i] == number]
        for i, number in enumerate(quoted)
    ]
    if all(owners):
        told += f": the precision is of {owners[0][0]}, the recall of {owners[1][0]}"
    return Finding(f"Table II has, for {told}.", IN_PART if all(owners) else FAILS)


@judges
def jazz_reggae_well(
    runs: Evidence,
    *,
    quoted: Mapping[str, int] = paper.QUOTED_CORRECT,
    rows: Sequence[paper.GenreRow] = paper.TABLE_2,
) -> Finding:
    """Holds if the counts are right and the highest; in part if they are only right."""
    counts = paper.correct_counts(rows)
    right = all(counts[genre] == count for genre, count in quoted.items())
    lowest = min(counts[genre] for genre in quoted)
    passed_over = [name for name in counts if name not in quoted and counts[name] >= lowest]
    told = f"Table II implies {', '.join(f'{counts[genre]} {genre}' for genre in quoted)}"
    if passed_over:
        told += f"; as many or more: {', '.join(f'{counts[g]} {g}' for g in passed_over)}"
    verdict = FAILS if not right else IN_PART if passed_over else HOLDS
    return Finding(f"{told}.", verdict)


@judges
def minor_misclassifications(
    runs: Evidence, *, rows: Sequence[paper.GenreRow] = paper.TABLE_2
) -> Finding:
    """Holds if neither genre is clearly worse than all together, in part if only one is.

    Clearly worse: the 95 % interval of its recall, by its images, lies below the accuracy.
    """
    correct, wrong = paper.correct_counts(rows), paper.mistakes(rows)
    total = sum(row.support for row in rows)
    overall = sum(correct.values()) / total
    support = {row.genre: row.support for row in rows}
    fair = [
        wilson_interval(correct[name], support[name])[1] >= overall for name in ("country", "rock")
    ]
    told = f"Of {total - sum(correct.values())} mistakes country has {wrong['country'][0]} and "
    told += (
        f"rock {wrong['rock'][0]}; a genre has {(1 - overall) * total / len(rows):.1f} on average."
    )
    return Finding(told, graded(fair))


@judges
def significant_improvements(
    runs: Evidence,
    *,
    baselines: Mapping[str, float] = paper.BASELINES,
    accuracy: float = paper.ACCURACY,
    images: int = paper.TEST_IMAGES,
) -> Finding:
    """Holds if all printed baselines are clearly below, in part if some are.

    If there is no baseline, nothing can be known: an improvement needs something to improve on.
    """
    if not baselines:
        return Finding("The paper prints no accuracy of another method.", UNKNOWN)

    def interval(share: float) -> tuple[float, float]:
        return wilson_interval(round(share * images), images)

    own = interval(accuracy)
    told = ", ".join(f"{name} {value:.2%}" for name, value in baselines.items())
    below = [interval(value)[1] < own[0] for value in baselines.values()]
    return Finding(f"{accuracy:.2%} (at least {own[0]:.1%}) against {told}.", graded(below))
