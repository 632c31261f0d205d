"""What the paper printed, as data.

Nothing here was measured by this project. Shares, scores and rates are fractions of one. The rows
of the tables stand in ``paper.toml``. What follows from these numbers by arithmetic is in
`genre_lib.claims.arithmetic`.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from math import nan
from pathlib import Path

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
LSTM_UNITS_PER_DIRECTION = 64
TEXT_CONV_DROPOUT = 0.4  # after each of the two convolutional blocks
TABLE_CONV_DROPOUT = 0.5  # once, after the second convolutional block
TEXT_BATCH_NORM = False  # not named among the layers of a block; Table I has it

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
TRAIN_LOSS = 1.2  # printed as approximate
VALIDATION_LOSS = 0.9
ACCURACY = 0.8442
MACRO_PRECISION = 0.8474
MACRO_RECALL = 0.8442
MACRO_F1 = 0.8446
TEST_IMAGES = 1200
QUOTED_CORRECT = {"classical": 118, "jazz": 113, "reggae": 104}  # of the confusion matrix
QUOTED_PRECISION_AND_RECALL = (0.9365, 0.9417)  # of classical and jazz, "respectively"
QUOTED_F1 = {"rock": 0.6695, "country": 0.7681}  # the genres that faced challenges

# What other sections say, or do not: an empty mapping or None is what the paper does not print
BASELINES: Mapping[str, float] = {}  # accuracies of other methods beside its own
HOURS: Mapping[str, float] = {}  # what trainings took, the paper's and others'
SMOOTHING: float | None = None  # the smoothing factor of Equation 3
INGREDIENTS = frozenset({"convolution", "recurrence", "attention"})  # what it combines itself
PRIOR_WORK = {  # what, by the paper itself, others have combined for music
    "reference 6, convolutional recurrent networks": INGREDIENTS - {"attention"},
    "Section II-B, hybrid architectures such as CNN-LSTM": INGREDIENTS,
}


@dataclass(frozen=True)
class LayerRow:
    """One row of Table I: a layer and the shape of its output, batch first."""

    layer: str
    output: tuple[int, ...]


@dataclass(frozen=True)
class GenreRow:
    """One row of Table II, of a genre or a summary; support is its number of test images."""

    genre: str
    precision: float
    recall: float
    f1: float
    support: int


_TABLES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
TABLE_1 = tuple(LayerRow(layer, tuple(output)) for layer, output in _TABLES["table_1"])
TABLE_2 = tuple(GenreRow(*row) for row in _TABLES["table_2"])
TABLE_2_AGGREGATES = (
    GenreRow("accuracy", nan, nan, ACCURACY, TEST_IMAGES),  # nan: nothing is printed there
    GenreRow("macro avg", MACRO_PRECISION, MACRO_RECALL, MACRO_F1, TEST_IMAGES),
    GenreRow("weighted avg", 0.8474, 0.8442, 0.8446, TEST_IMAGES),
)

FIGURES = {
    1: "An Original 30-s Mel-spectrogram sample",
    2: "An Augmented 30-s Mel-spectrogram sample",
}

PUBLISHED: dict[str, float] = _TABLES["published"]  # accuracies that others report
FIRST_PUBLISHED = 0.61  # of whole files on what became GTZAN (tzanetakis2002genre)


def correct_counts() -> dict[str, int]:
    """Correct test images of each genre: recall times support, the diagonal of Figure 6."""
    return {row.genre: round(row.recall * row.support) for row in TABLE_2}


def implied_images_per_track() -> int:
    """Images of one track: Table II's test images, for each test track of Section IV-A."""
    return round(TEST_IMAGES / (TRACKS * SUBSET_SHARES["test"]))
