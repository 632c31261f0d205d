"""What the paper printed, as data, and what its printed numbers imply.

Nothing here was measured by this project. Shares, scores and rates are fractions of one.
"""

from dataclasses import dataclass

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


def correct_counts() -> dict[str, int]:
    """Deduce the diagonal of the confusion matrix (Figure 6) from Table II.

    Returns
    -------
    dict of str to int
        Per genre, the whole number of correct test images: recall times support.
    """
    return {row.genre: round(row.recall * row.support) for row in TABLE_2}


def predicted_counts() -> dict[str, int]:
    """Deduce the column sums of the confusion matrix (Figure 6) from Table II.

    Returns
    -------
    dict of str to int
        Per genre, the whole number of test images that were given that label:
        correct images divided by precision.
    """
    correct = correct_counts()
    return {row.genre: round(correct[row.genre] / row.precision) for row in TABLE_2}


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
