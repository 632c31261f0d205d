"""What the paper printed, as data, what its printed numbers imply, and what it claims.

Nothing here was measured by this project. Shares, scores and rates are fractions of one. The
functions take the printed values as arguments, so that a test can see what others would imply.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

TITLE = "Classification of Music Via Hybrid CNN-LSTM Model"
AUTHOR = "Yilun Sheng"
AFFILIATION = (
    "Nanjing University of Posts and Telecommunications, School of Computer Science, Nanjing, China"
)

# Section IV-A: data
TRACKS = 1000
TRACKS_PER_GENRE = 100
CLIP_SECONDS = 30
N_MELS = 128
LABEL_CEILING = 0.945  # Sturm: what a perfect classifier would score on GTZAN labels
SUBSET_SHARES = {"train": 0.75, "validation": 0.15, "test": 0.10}

# Section IV-B: network, where the text and Table I differ
CONV_FILTERS = (16, 32)
CONV_KERNEL = 3
POOL_KERNEL = 2
LSTM_UNITS_PER_DIRECTION = 64
TEXT_CONV_DROPOUT = 0.4
"""Section IV-B: after each of the two convolutional blocks."""
TABLE_CONV_DROPOUT = 0.5
"""Table I: once, after the second convolutional block."""
TEXT_BATCH_NORM = False
"""Section IV-B names the layers of a block one by one; Table I has BN among them."""
TEXT_ATTENTION_DROPOUT = 0.4
TABLE_ATTENTION_DROPOUT = 0.4
TABLE_LINEAR_DROPOUT = 0.4

# Sections IV-C and V-A: training
BATCH_SIZE = 128
LEARNING_RATE = 0.001
CLIP_NORM = 1.0
MAX_EPOCHS = 400
PATIENCE = 20

# Section V-B: results
STOPPED_EPOCH = 355
TRAIN_ACCURACY = 0.7294
VALIDATION_ACCURACY = 0.8287
TRAIN_LOSS = 1.2
"""Printed as approximate."""
VALIDATION_LOSS = 0.9
ACCURACY = 0.8442
MACRO_PRECISION = 0.8474
MACRO_RECALL = 0.8442
MACRO_F1 = 0.8446
WEIGHTED_PRECISION = 0.8474
WEIGHTED_RECALL = 0.8442
WEIGHTED_F1 = 0.8446
TEST_IMAGES = 1200
QUOTED_CORRECT = {"classical": 118, "jazz": 113, "reggae": 104}
"""Correct test images that Section V-B quotes from the confusion matrix."""
QUOTED_PRECISION_AND_RECALL = (0.9365, 0.9417)
"""Section V-B: precision and recall of classical and jazz, "respectively"."""
QUOTED_F1 = {"rock": 0.6695, "country": 0.7681}
"""Section V-B: the genres that faced challenges."""
BASELINES: Mapping[str, float] = {}
"""Accuracies of other methods that the paper prints beside its own: none."""
PRIOR_WORK: Mapping[str, frozenset[str]] = {
    "reference 6, convolutional recurrent networks": frozenset({"convolution", "recurrence"}),
    "Section II-B, hybrid architectures such as CNN-LSTM": frozenset(
        {"convolution", "recurrence", "attention"}
    ),
}
"""What the paper itself says that others have combined for music."""
INGREDIENTS = frozenset({"convolution", "recurrence", "attention"})
"""Section I: what its own architecture combines."""


@dataclass(frozen=True)
class LayerRow:
    """One row of Table I: a layer and the shape of its output, batch first."""

    layer: str
    output: tuple[int, ...]


@dataclass(frozen=True)
class GenreRow:
    """One genre of Table II; support is its number of test images."""

    genre: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class AggregateRow:
    """One summary line of Table II; None where the paper printed no number."""

    name: str
    precision: float | None
    recall: float | None
    f1: float
    support: int


TABLE_1 = (
    LayerRow("Conv[2D, 3×3] @ 16 - BN - ReLU - MP[2×2]", (128, 16, 64, 64)),
    LayerRow("Conv[2D, 3×3] @ 32 - BN - ReLU - MP[2×2]", (128, 32, 32, 32)),
    LayerRow("Dropout[0.5]", (128, 32, 32, 32)),
    LayerRow("LSTM @ 128 (Bidirectional)", (128, 32, 128)),
    LayerRow("MultiheadAttention", (128, 32, 128)),
    LayerRow("LayerNorm", (128, 32, 128)),
    LayerRow("Dropout[0.4]", (128, 32, 128)),
    LayerRow("Linear @ 128", (128, 128)),
    LayerRow("Dropout[0.4]", (128, 128)),
    LayerRow("Linear @ 10", (128, 10)),
)

TABLE_2 = (
    GenreRow("blues", 0.9060, 0.8833, 0.8945, 120),
    GenreRow("classical", 0.9365, 0.9833, 0.9593, 120),
    GenreRow("country", 0.7063, 0.8417, 0.7681, 120),
    GenreRow("disco", 0.7540, 0.7917, 0.7724, 120),
    GenreRow("hiphop", 0.8403, 0.8333, 0.8368, 120),
    GenreRow("jazz", 0.9339, 0.9417, 0.9378, 120),
    GenreRow("metal", 0.9533, 0.8500, 0.8987, 120),
    GenreRow("pop", 0.8571, 0.8000, 0.8276, 120),
    GenreRow("reggae", 0.8966, 0.8667, 0.8814, 120),
    GenreRow("rock", 0.6903, 0.6500, 0.6695, 120),
)

TABLE_2_AGGREGATES = (
    AggregateRow("accuracy", None, None, ACCURACY, TEST_IMAGES),
    AggregateRow("macro avg", MACRO_PRECISION, MACRO_RECALL, MACRO_F1, TEST_IMAGES),
    AggregateRow("weighted avg", WEIGHTED_PRECISION, WEIGHTED_RECALL, WEIGHTED_F1, TEST_IMAGES),
)

TABLES = {1: "Model Architecture", 2: "Evaluation Metrics"}

FIGURES = {
    1: "An Original 30-s Mel-spectrogram sample",
    2: "An Augmented 30-s Mel-spectrogram sample",
    3: "Learning Rate Curve",
    4: "Train Acc & Loss Curve",
    5: "Validation Acc & Loss Curve",
    6: "Confusion Matrix",
}


@dataclass(frozen=True)
class Published:
    """An accuracy that others report, and where: `source` is a key of ``book/references.bib``."""

    method: str
    accuracy: float
    source: str


PUBLISHED = (
    Published("timbre statistics and a support vector machine", 0.5344, "pons2019random"),
    Published("CLMR, learned from other music, and a small classifier", 0.686, "castellon2021calm"),
    Published("Jukebox, learned from other music, and a small classifier", 0.797,
              "castellon2021calm"),
    Published("SampleCNN, learned from other music, and a small classifier", 0.821,
              "lee2018samplecnn"),
)  # fmt: skip
"""On the test tracks of the fault-filtered split of GTZAN."""


class Cell(NamedTuple):
    """One number of Table II: as printed, and as the implied counts give it."""

    name: str
    column: str
    printed: float
    recomputed: float

    @property
    def agrees(self) -> bool:
        """Whether the recomputed number rounds to the printed one."""
        return rounds_to(self.recomputed, self.printed)


def rounds_to(value: float, printed: float, *, digits: int = 4) -> bool:
    """Tell whether a value, rounded to some decimals, is the printed one."""
    return abs(value - printed) <= 0.5 * 10**-digits + 1e-12


def correct_counts(rows: Sequence[GenreRow] = TABLE_2) -> dict[str, int]:
    """Deduce the diagonal of the confusion matrix (Figure 6) from Table II.

    Returns
    -------
    dict of str to int
        Per genre, the whole number of correct test images: recall times support.
    """
    return {row.genre: round(row.recall * row.support) for row in rows}


def predicted_counts(rows: Sequence[GenreRow] = TABLE_2) -> dict[str, int]:
    """Deduce the column sums of the confusion matrix (Figure 6) from Table II.

    Returns
    -------
    dict of str to int
        Per genre, the whole number of test images that were given that label:
        correct images divided by precision.
    """
    correct = correct_counts(rows)
    return {row.genre: round(correct[row.genre] / row.precision) for row in rows}


def recomputed_cells(
    rows: Sequence[GenreRow] = TABLE_2, aggregates: Sequence[AggregateRow] = TABLE_2_AGGREGATES
) -> list[Cell]:
    """Recompute every score of Table II from the whole counts that its rows imply.

    Returns
    -------
    list of Cell
        In the order of the table; the accuracy stands in its column of F1-scores.
    """
    correct, predicted = correct_counts(rows), predicted_counts(rows)
    support = {row.genre: row.support for row in rows}
    exact = {
        genre: {
            "precision": correct[genre] / predicted[genre],
            "recall": correct[genre] / support[genre],
            "f1": 2 * correct[genre] / (predicted[genre] + support[genre]),
        }
        for genre in correct
    }
    cells = [
        Cell(row.genre, column, getattr(row, column), value)
        for row in rows
        for column, value in exact[row.genre].items()
    ]
    total = sum(support.values())
    weights = {
        "macro avg": dict.fromkeys(support, 1 / len(support)),
        "weighted avg": {genre: support[genre] / total for genre in support},
    }
    for aggregate in aggregates:
        if aggregate.name not in weights:
            value = sum(correct.values()) / total
            cells.append(Cell(aggregate.name, "f1", aggregate.f1, value))
            continue
        for column in ("precision", "recall", "f1"):
            mean = sum(weights[aggregate.name][genre] * exact[genre][column] for genre in exact)
            cells.append(Cell(aggregate.name, column, getattr(aggregate, column), mean))
    return cells


def mean_of_printed(column: str, rows: Sequence[GenreRow] = TABLE_2) -> float:
    """Mean of a column of Table II as it is printed, rounded cell by rounded cell."""
    return sum(getattr(row, column) for row in rows) / len(rows)


def mistakes(rows: Sequence[GenreRow] = TABLE_2) -> dict[str, tuple[int, int]]:
    """Deduce the mistakes of each genre from Table II.

    Returns
    -------
    dict of str to tuple of int
        Per genre, how many of its images got another label (the rest of a row of Figure 6),
        and how many images of others got its label (the rest of a column).
    """
    correct, predicted = correct_counts(rows), predicted_counts(rows)
    return {
        row.genre: (row.support - correct[row.genre], predicted[row.genre] - correct[row.genre])
        for row in rows
    }


def confusion_bounds(
    true: str, taken_for: str, rows: Sequence[GenreRow] = TABLE_2
) -> tuple[int, int]:
    """Bound one cell of the confusion matrix (Figure 6) by the margins that Table II implies.

    Returns
    -------
    tuple of int
        The fewest and the most images of one genre that can have been taken for the other.
    """
    wrong = mistakes(rows)
    total = sum(missed for missed, _ in wrong.values())
    missed, called = wrong[true][0], wrong[taken_for][1]
    elsewhere = total - called - wrong[true][1]  # room in the columns of all other genres
    others = total - missed - wrong[taken_for][0]  # mistakes in the rows of all other genres
    return max(0, missed - elsewhere, called - others), min(missed, called)


def ranked(
    column: str, rows: Sequence[GenreRow] = TABLE_2, *, lowest_first: bool = False
) -> list[str]:
    """Genres of Table II in the order of a score, the highest first unless told otherwise."""
    ordered = sorted(rows, key=lambda row: float(getattr(row, column)), reverse=not lowest_first)
    return [row.genre for row in ordered]


def fitting_counts(share: float, total: int, *, digits: int = 4) -> list[int]:
    """Whole numbers of images that, as a share of a total, round to a printed share."""
    near = math.floor(share * total)
    reach = math.ceil(total * 10**-digits) + 1
    candidates = range(max(0, near - reach), min(total, near + reach) + 1)
    return [count for count in candidates if rounds_to(count / total, share, digits=digits)]


def fits_mean_of_batches(
    share: float, total: int, batch_size: int, *, digits: int = 4
) -> list[tuple[int, int]]:
    """Ways in which a printed share can be the plain mean over batches, the last one smaller.

    A loop that averages the accuracies of batches gives each image of a small last batch more
    weight than the others.

    Returns
    -------
    list of tuple of int
        Correct images in the whole batches, and in the last one; only the last of equal ways is
        missing where the total fills its batches.
    """
    whole, rest = divmod(total, batch_size)
    if not rest:
        return [(count, 0) for count in fitting_counts(share, total, digits=digits)]
    ways = []
    for last in range(rest + 1):
        centre = math.floor((share * (whole + 1) - last / rest) * batch_size)
        reach = math.ceil((whole + 1) * batch_size * 10**-digits) + 1
        for count in range(max(0, centre - reach), min(whole * batch_size, centre + reach) + 1):
            mean = (count / batch_size + last / rest) / (whole + 1)
            if rounds_to(mean, share, digits=digits):
                ways.append((count, last))
    return ways


def share_of_totals_that_fit(share: float, totals: Collection[int], *, digits: int = 4) -> float:
    """How often a printed share is possible at all among some totals: what a fit is worth."""
    fitting = sum(bool(fitting_counts(share, total, digits=digits)) for total in totals)
    return fitting / len(totals)


def implied_images_per_track() -> int:
    """Deduce how many images were made of one track.

    Table II has more test images of a genre than the dataset has test tracks of it
    (Section IV-A: the test share of the tracks of a genre).

    Returns
    -------
    int
        Test images divided by test tracks.
    """
    return round(TEST_IMAGES / (TRACKS * SUBSET_SHARES["test"]))


def implied_images() -> dict[str, int]:
    """Deduce the number of images of each subset from the test images and the shares."""
    return {
        subset: round(TEST_IMAGES * share / SUBSET_SHARES["test"])
        for subset, share in SUBSET_SHARES.items()
    }


def best_epoch(stopped: int = STOPPED_EPOCH, patience: int = PATIENCE) -> int:
    """The epoch with the lowest validation loss, if training stopped by the stated rule."""
    return stopped - patience


def equation_2(share: float) -> float:
    """Equation 2 as printed: the learning rate as a share of its peak.

    Parameters
    ----------
    share
        t / T, the share of all steps that are done.
    """
    return (1 + math.cos(math.pi * share)) / 2


def one_cycle(share: float, *, warm_up: float) -> float:
    """Learning rate after the peak if Equation 2 begins there, as a share of its peak.

    Parameters
    ----------
    share
        Share of all steps that are done, at least `warm_up`.
    warm_up
        Share of all steps before the peak; the paper does not print it.
    """
    return equation_2((share - warm_up) / (1 - warm_up))


def smoothing_floor(alpha: float, *, classes: int = len(TABLE_2)) -> float:
    """The lowest loss that label smoothing (Equation 3) allows to any network.

    It is reached by predicting exactly the softened labels, and is their entropy.
    """
    own, other = 1 - alpha + alpha / classes, alpha / classes
    return -own * math.log(own) - ((classes - 1) * other * math.log(other) if other else 0.0)


def largest_smoothing(loss: float, *, classes: int = len(TABLE_2)) -> float:
    """The largest smoothing factor of Equation 3 with which a mean loss can be reached at all."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if smoothing_floor(middle, classes=classes) <= loss:
            low = middle
        else:
            high = middle
    return low


def softmax_twice_floor(*, classes: int = len(TABLE_2)) -> float:
    """The lowest cross-entropy of a network that ends with a softmax the loss applies once more.

    PyTorch's cross-entropy expects scores before the softmax. A network that hands it
    probabilities, at best 1 for the right class, cannot get below this loss.
    """
    return math.log(1 + (classes - 1) / math.e)


def input_side(rows: Sequence[LayerRow] = TABLE_1) -> int:
    """Deduce the side of the square input image from Table I: the first pooling halved it."""
    return rows[0].output[-1] * POOL_KERNEL


def sequence_steps(rows: Sequence[LayerRow] = TABLE_1) -> int:
    """Number of elements of the sequence that the LSTM of Table I reads."""
    return next(row.output[1] for row in rows if row.layer.startswith("LSTM"))


def sequence_axes(rows: Sequence[LayerRow] = TABLE_1) -> list[str]:
    """Axes of the last convolutional output of Table I that can be the LSTM's sequence.

    Returns
    -------
    list of str
        Those of channels, bands and time that have as many elements as the sequence.
    """
    last = [row for row in rows if row.layer.startswith("Conv")][-1]
    steps = sequence_steps(rows)
    sizes = zip(("channels", "bands", "time"), last.output[1:], strict=True)
    return [name for name, size in sizes if size == steps]


@dataclass(frozen=True)
class Claim:
    """One statement of the paper that can be checked.

    Attributes
    ----------
    key
        Name of the function of `genre_lib.claims` that judges it.
    section
        Where the paper says it.
    statement
        What it says, in our words.
    confirmed_by
        What would confirm it.
    page
        The page of the book that shows the evidence.
    """

    key: str
    section: str
    statement: str
    confirmed_by: str
    page: str


CLAIMS = (
    Claim(
        "novel_architecture",
        "I",
        "Convolutions, a recurrent layer and self-attention together make a novel architecture.",
        "No work that the paper itself cites or describes combines these parts for music.",
        "paper_numbers",
    ),
    Claim(
        "deep_beats_handcrafted",
        "I, III",
        "Learned features overcome the limits of handcrafted ones.",
        "On the same test images the network is right more often than timbre statistics with a "
        "support vector machine, whatever is dealt; the 95 % interval excludes no difference.",
        "what_does_84_mean",
    ),
    Claim(
        "hybrid_beats_cnn",
        "I, III",
        "A hybrid with a recurrent layer uses the strengths of both kinds of network.",
        "On the same test images the hybrid is right more often than its convolutions alone, "
        "whatever is dealt; the 95 % interval excludes no difference.",
        "what_does_84_mean",
    ),
    Claim(
        "diverse_dataset",
        "Abstract, I",
        "The dataset of ten genres is diverse.",
        "Every genre has as many tracks as the others, and no recording is there twice.",
        "sec3_problem",
    ),
    Claim(
        "tenth_for_testing",
        "IV-A",
        f"{SUBSET_SHARES['test']:.0%} of {TRACKS} files, one spectrogram each, are for testing.",
        f"Table II counts {TRACKS * SUBSET_SHARES['test']:.0f} test images.",
        "paper_numbers",
    ),
    Claim(
        "stratified_test",
        "IV-A",
        "The subsets keep the shares of the genres.",
        "All genres of Table II have the same support, and it adds up to the whole test set.",
        "paper_numbers",
    ),
    Claim(
        "augmented_for_training",
        "IV-A",
        "Altered spectrograms are for training only.",
        "The test set has one image for each of its tracks, or the figures show shorter pieces "
        "than whole tracks: then no test image need be an altered copy.",
        "paper_numbers",
    ),
    Claim(
        "augmentation_helps",
        "IV-A",
        "Augmenting the training images makes the model generalize better.",
        "On unknown tracks the network is right more often with it than without; the 95 % "
        "interval excludes no difference.",
        "what_does_84_mean",
    ),
    Claim(
        "table_1_shapes",
        "IV-B, Table I",
        "The layers of Table I give the output shapes that it prints.",
        "A live network of these layers has the printed shape at every row.",
        "sec4b_architecture",
    ),
    Claim(
        "text_and_table_1",
        "IV-B, Table I",
        "The text and Table I describe one network.",
        "Filters, recurrent units, batch normalization and dropout are the same in both.",
        "paper_numbers",
    ),
    Claim(
        "reduced_to_128",
        "IV-B, Table I",
        "The linear layer after the attention reduces the features to 128.",
        "By Table I there are more than that before the layer, and as many after it.",
        "paper_numbers",
    ),
    Claim(
        "attention_helps",
        "IV-B, VI",
        "Self-attention improves the model by capturing long-range dependencies.",
        "On unknown tracks the network is right more often with it than without; the 95 % "
        "interval excludes no difference.",
        "what_does_84_mean",
    ),
    Claim(
        "lstm_helps",
        "IV-B",
        "The LSTM helps by capturing how the music goes on.",
        "On unknown tracks the network is right more often with it than with a linear layer at "
        "each moment; the 95 % interval excludes no difference.",
        "what_does_84_mean",
    ),
    Claim(
        "equation_1",
        "IV-C, Eq. 1",
        "AdamW takes the step of Equation 1, with epsilon inside the root.",
        "The formula and PyTorch's optimizer take the same steps.",
        "sec4c_training",
    ),
    Claim(
        "linear_warm_up",
        "IV-C",
        "OneCycleLR raises the learning rate linearly.",
        "The planned rates lie on a straight line up to the peak, within a hundredth of it.",
        "sec4c_training",
    ),
    Claim(
        "equation_2",
        "IV-C, Eq. 2",
        "The learning rate is Equation 2, where t counts steps and T is their total number.",
        "After the peak the planned rates are those of Equation 2, within a hundredth of the peak.",
        "sec4c_training",
    ),
    Claim(
        "schedule_accelerates",
        "IV-C",
        "The schedule speeds up convergence and mitigates overfitting.",
        "On unknown tracks the network is right more often with it than at a constant rate; the "
        "95 % interval excludes no difference.",
        "what_does_84_mean",
    ),
    Claim(
        "equation_3",
        "IV-C, Eq. 3",
        "Label smoothing mixes the cross-entropy with that of a uniform distribution.",
        "Equation 3 and PyTorch's label smoothing give the same loss.",
        "sec4c_training",
    ),
    Claim(
        "smoothing_helps",
        "IV-C",
        "Label smoothing keeps the network from overconfidence, so that it does better.",
        "On unknown tracks the network is right more often with it than without; the 95 % "
        "interval excludes no difference.",
        "what_does_84_mean",
    ),
    Claim(
        "cutmix_helps",
        "IV-C",
        "CutMix improves generalization.",
        "On unknown tracks the network is right more often with it than without; the 95 % "
        "interval excludes no difference.",
        "what_does_84_mean",
    ),
    Claim(
        "equation_4",
        "IV-C, Eq. 4",
        f"Clipping keeps the length of the gradient at {CLIP_NORM} or below.",
        "A larger gradient has this length after PyTorch's clipping, and its old direction.",
        "sec4c_training",
    ),
    Claim(
        "clipping_stabilizes",
        "IV-C",
        "Clipping stabilizes the training.",
        "On unknown tracks the network is right more often with it than without; the 95 % "
        "interval excludes no difference.",
        "what_does_84_mean",
    ),
    Claim(
        "mixed_precision",
        "IV-C",
        "Mixed precision saves time and costs no accuracy.",
        "With it, training is faster, and the 95 % interval of the accuracy excludes a loss of "
        "more than five points.",
        "what_does_84_mean",
    ),
    Claim(
        "computational_efficiency",
        "III, IV-C",
        "The method is computationally efficient.",
        "It takes no longer than handcrafted features with a support vector machine, on the same "
        "images and the same machine.",
        "claims",
    ),
    Claim(
        "learning_rate_curve",
        "V-B, Fig. 3",
        f"The learning rate rises to {LEARNING_RATE} and then declines.",
        "The rates of a run rise until one epoch and fall after it, and the largest comes within "
        "a tenth of the printed peak.",
        "sec5_evaluation",
    ),
    Claim(
        "training_curve",
        "V-B, Fig. 4",
        f"Training accuracy rises steadily to {TRAIN_ACCURACY:.2%} and stays below the best "
        f"validation accuracy, {VALIDATION_ACCURACY:.2%}.",
        "In a run the accuracy that the training loop sees rises in three of four epochs, and "
        "ends below the best validation accuracy.",
        "sec5_evaluation",
    ),
    Claim(
        "validation_accuracy",
        "V-B, Fig. 5",
        f"Validation accuracy peaks at {VALIDATION_ACCURACY:.2%}.",
        "Some whole number of validation images, as a share of all of them, rounds to it.",
        "paper_numbers",
    ),
    Claim(
        "minimal_overfitting",
        "V-B",
        "Training accuracy below validation accuracy shows that there is hardly any overfitting.",
        "Measured by the same rules, training accuracy is not clearly above validation accuracy, "
        "neither when images are dealt nor when tracks are.",
        "sec5_evaluation",
    ),
    Claim(
        "early_stopping_converged",
        "V-B",
        f"Training stopped by itself in epoch {STOPPED_EPOCH}, so the model had converged.",
        "With the paper's budget our training stops early, too, and its validation accuracy had "
        "not risen by a point over the last epochs before.",
        "sec5_evaluation",
    ),
    Claim(
        "early_stopping_saves",
        "V-B",
        "Early stopping makes the training efficient.",
        f"It saved at least a quarter of the {MAX_EPOCHS} epochs.",
        "paper_numbers",
    ),
    Claim(
        "losses_fall",
        "V-B, Figs. 4, 5",
        "Training loss and validation loss decrease consistently.",
        "In a run both end below where they began, and fall in three of four epochs.",
        "sec5_evaluation",
    ),
    Claim(
        "loss_levels",
        "V-B, Figs. 4, 5",
        f"Training loss reaches about {TRAIN_LOSS}, validation loss {VALIDATION_LOSS}.",
        "Both losses of a run end within a tenth of these values.",
        "sec5_evaluation",
    ),
    Claim(
        "accuracy",
        "Abstract, V-B",
        f"The test accuracy is {ACCURACY:.2%}.",
        "It lies in the 95 % interval of the run with the paper's budget that deals images.",
        "what_does_84_mean",
    ),
    Claim(
        "macro_f1",
        "Abstract, V-B",
        f"The macro F1-score is {MACRO_F1:.4f}.",
        "It lies in the 95 % interval of the run with the paper's budget that deals images.",
        "what_does_84_mean",
    ),
    Claim(
        "macro_precision",
        "V-B",
        f"The macro precision is {MACRO_PRECISION:.4f}.",
        "It lies in the 95 % interval of the run with the paper's budget that deals images.",
        "what_does_84_mean",
    ),
    Claim(
        "macro_recall",
        "V-B",
        f"The macro recall is {MACRO_RECALL:.4f}.",
        "It lies in the 95 % interval of the run with the paper's budget that deals images.",
        "what_does_84_mean",
    ),
    Claim(
        "table_2_cells",
        "V-B, Table II",
        "The scores of Table II belong to one classifier and one test set.",
        "Every score, recomputed from the whole counts that the table implies, rounds to what is "
        "printed, and every image is counted once.",
        "paper_numbers",
    ),
    Claim(
        "unseen_test_data",
        "V-A",
        "The test data are unseen.",
        "The printed accuracy is reached by a run in which no test track, and no twin of one, is "
        "in the training set.",
        "what_does_84_mean",
    ),
    Claim(
        "strong_generalization",
        "V-B, VI",
        "The model generalizes strongly.",
        "On unknown tracks it is right as often as on known ones: over all seeds, the 95 % "
        "interval includes no loss, and excludes one of more than five points.",
        "what_does_84_mean",
    ),
    Claim(
        "robust",
        "Abstract, I",
        "The architecture is robust.",
        "Seeds differ no more than their test tracks explain, and the accuracy is not lower when "
        "faulty tracks are left out and no artist is on both sides.",
        "what_does_84_mean",
    ),
    Claim(
        "classical_jazz_quote",
        "V-B",
        "Classical and jazz have a precision of {:.4f} and a recall of {:.4f}.".format(
            *QUOTED_PRECISION_AND_RECALL
        ),
        "In Table II one of the two genres, or the mean of both, has this pair.",
        "paper_numbers",
    ),
    Claim(
        "classical_near_perfect",
        "V-B",
        f"Classical music is classified nearly perfectly, {QUOTED_CORRECT['classical']} of "
        f"{TABLE_2[1].support} images.",
        "In every run that deals images the recall of classical is in the 95 % interval of the "
        "printed one, or above.",
        "what_does_84_mean",
    ),
    Claim(
        "classical_jazz_easiest",
        "V-B",
        "Classical and jazz are the easiest genres.",
        "In every run that deals images they have the two highest F1-scores.",
        "what_does_84_mean",
    ),
    Claim(
        "jazz_reggae_well",
        "V-B",
        f"After classical, jazz and reggae stand out with {QUOTED_CORRECT['jazz']} and "
        f"{QUOTED_CORRECT['reggae']} correct images.",
        "Table II implies these counts, and no other genre but classical has as many.",
        "paper_numbers",
    ),
    Claim(
        "rock_country_hardest",
        "V-B, VI",
        "Rock and country are the hardest genres, with F1-scores of {:.4f} and {:.4f}.".format(
            *QUOTED_F1.values()
        ),
        "They have the two lowest F1-scores in Table II, and in every run that deals images.",
        "what_does_84_mean",
    ),
    Claim(
        "minor_misclassifications",
        "V-B",
        "Misclassifications in country and rock are minor.",
        "By Table II neither has clearly more mistakes than a genre has on average (95 % "
        "interval of its recall).",
        "paper_numbers",
    ),
    Claim(
        "rock_country_overlap",
        "V-B, VI",
        "Country and rock overlap acoustically and are taken for each other.",
        "In every run that deals images no two genres are taken for each other more often.",
        "what_does_84_mean",
    ),
    Claim(
        "genre_profile",
        "V-B",
        "Which genres are hard is a property of the music.",
        "In every run the ranks of the genres by F1-score agree with those of Table II better "
        "than chance would (rank correlation, one-sided at 5 %).",
        "what_does_84_mean",
    ),
    Claim(
        "significant_improvements",
        "Abstract, VI",
        "The approach improves classification accuracy significantly.",
        "The paper prints the accuracy of another method on the same test images, and the 95 % "
        "intervals of the two do not overlap.",
        "paper_numbers",
    ),
)
"""All statements that are checked, in the order of the paper's sections."""
