"""What the paper printed, as data.

Nothing here was measured by this project. Shares, scores and rates are fractions of one. What
follows from these numbers by arithmetic is in `genre_lib.claims.arithmetic`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import nan

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
    GenreRow("accuracy", nan, nan, ACCURACY, TEST_IMAGES),  # nan: nothing is printed there
    GenreRow("macro avg", MACRO_PRECISION, MACRO_RECALL, MACRO_F1, TEST_IMAGES),
    GenreRow("weighted avg", 0.8474, 0.8442, 0.8446, TEST_IMAGES),
)

FIGURES = {
    1: "An Original 30-s Mel-spectrogram sample",
    2: "An Augmented 30-s Mel-spectrogram sample",
}

# Accuracies that others report on the test tracks of the fault-filtered split of GTZAN, with the
# keys of ``book/references.bib``
PUBLISHED = {
    "timbre statistics and a support vector machine": 0.5344,  # pons2019random
    "CLMR, learned from other music, and a small classifier": 0.686,  # castellon2021calm
    "Jukebox, learned from other music, and a small classifier": 0.797,  # castellon2021calm
    "SampleCNN, learned from other music, and a small classifier": 0.821,  # lee2018samplecnn
}
FIRST_PUBLISHED = 0.61  # of whole files on what became GTZAN (tzanetakis2002genre)


def correct_counts() -> dict[str, int]:
    """Correct test images of each genre: recall times support, the diagonal of Figure 6."""
    return {row.genre: round(row.recall * row.support) for row in TABLE_2}


def implied_images_per_track() -> int:
    """Images of one track: Table II's test images, for each test track of Section IV-A."""
    return round(TEST_IMAGES / (TRACKS * SUBSET_SHARES["test"]))
