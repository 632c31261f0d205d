import ast
from itertools import pairwise
from pathlib import Path

import pytest

from genre_lib import paper

HALF_DIGIT = 0.5e-4 + 1e-12
TABLE_2 = {row.genre: row for row in paper.TABLE_2}
AGGREGATES = {row.name: row for row in paper.TABLE_2_AGGREGATES}


def printed(value: float):
    """Match a value that rounds to the printed one at four decimals."""
    return pytest.approx(value, rel=0, abs=HALF_DIGIT)


def recomputed(genre: str) -> tuple[float, float, float]:
    """Return precision, recall and F1 of a genre from the implied whole counts."""
    correct = paper.correct_counts()[genre]
    predicted = paper.predicted_counts()[genre]
    support = TABLE_2[genre].support
    return correct / predicted, correct / support, 2 * correct / (predicted + support)


@pytest.mark.parametrize("genre", TABLE_2)
def test_implied_counts_recompute_the_row(genre):
    row = TABLE_2[genre]
    precision, recall, f1 = recomputed(genre)
    assert precision == printed(row.precision)
    assert recall == printed(row.recall)
    assert f1 == printed(row.f1)


@pytest.mark.parametrize("genre", TABLE_2)
@pytest.mark.parametrize("step", [-1, 1])
def test_no_neighbouring_count_fits(genre, step):
    row = TABLE_2[genre]
    correct = paper.correct_counts()[genre]
    predicted = paper.predicted_counts()[genre]
    assert (correct + step) / row.support != printed(row.recall)
    assert correct / (predicted + step) != printed(row.precision)


def test_implied_counts_recompute_the_aggregates():
    metrics = [recomputed(genre) for genre in TABLE_2]
    macro = [sum(column) / len(metrics) for column in zip(*metrics, strict=True)]
    weights = [row.support / paper.TEST_IMAGES for row in paper.TABLE_2]
    weighted = [
        sum(weight * value for weight, value in zip(weights, column, strict=True))
        for column in zip(*metrics, strict=True)
    ]
    for name, values in (("macro avg", macro), ("weighted avg", weighted)):
        row = AGGREGATES[name]
        assert values == [printed(row.precision), printed(row.recall), printed(row.f1)]


def test_implied_counts_recompute_the_accuracy():
    assert sum(paper.correct_counts().values()) / paper.TEST_IMAGES == printed(paper.ACCURACY)


def test_only_one_number_of_correct_images_gives_the_accuracy():
    fitting = [
        k for k in range(paper.TEST_IMAGES + 1) if k / paper.TEST_IMAGES == printed(paper.ACCURACY)
    ]
    assert fitting == [sum(paper.correct_counts().values())]


def test_counts_are_those_quoted_in_the_text():
    counts = paper.correct_counts()
    assert {genre: counts[genre] for genre in paper.QUOTED_CORRECT} == paper.QUOTED_CORRECT


def test_every_test_image_is_supported_and_predicted_once():
    assert sum(row.support for row in paper.TABLE_2) == paper.TEST_IMAGES
    assert sum(paper.predicted_counts().values()) == paper.TEST_IMAGES


def test_validation_accuracy_is_no_whole_number_of_images():
    images = round(
        paper.TRACKS * paper.implied_images_per_track() * paper.SUBSET_SHARES["validation"]
    )
    assert all(k / images != printed(paper.VALIDATION_ACCURACY) for k in range(images + 1))


def test_images_per_track_agree_for_each_genre():
    test_tracks = paper.TRACKS_PER_GENRE * paper.SUBSET_SHARES["test"]
    for row in paper.TABLE_2:
        assert row.support == pytest.approx(paper.implied_images_per_track() * test_tracks)


def test_dataset_adds_up():
    assert sum(paper.SUBSET_SHARES.values()) == pytest.approx(1)
    assert len(TABLE_2) * paper.TRACKS_PER_GENRE == paper.TRACKS


def test_table_1_starts_with_the_batch_size():
    assert {row.output[0] for row in paper.TABLE_1} == {paper.BATCH_SIZE}


def test_table_1_pooling_halves_height_and_width():
    blocks = [row for row in paper.TABLE_1 if row.layer.startswith("Conv")]
    side = paper.N_MELS
    for block, filters in zip(blocks, paper.CONV_FILTERS, strict=True):
        side //= paper.POOL_KERNEL
        assert block.output[1:] == (filters, side, side)


def test_table_1_rows_chain():
    for before, after in pairwise(paper.TABLE_1):
        if after.layer.startswith(("Dropout", "MultiheadAttention", "LayerNorm")):
            assert after.output == before.output
        elif after.layer.startswith("LSTM"):
            _, _, _, width = before.output
            assert after.output[1:] == (width, 2 * paper.LSTM_UNITS_PER_DIRECTION)
        elif after.layer.startswith("Linear"):
            assert after.output[1:] == (int(after.layer.split("@")[1]),)
    assert paper.TABLE_1[-1].output[1] == len(TABLE_2)


def test_table_1_names_the_dropout_constants():
    rates = [row.layer for row in paper.TABLE_1 if row.layer.startswith("Dropout")]
    expected = (
        paper.TABLE_CONV_DROPOUT,
        paper.TABLE_ATTENTION_DROPOUT,
        paper.TABLE_LINEAR_DROPOUT,
    )
    assert rates == [f"Dropout[{rate}]" for rate in expected]


def test_early_stopping_fits_the_budget():
    assert paper.PATIENCE < paper.STOPPED_EPOCH <= paper.MAX_EPOCHS


def test_genres_are_those_of_the_package():
    from genre_lib.config import GENRES

    assert tuple(TABLE_2) == tuple(GENRES)


def test_paper_imports_nothing_of_this_package():
    tree = ast.parse(Path(paper.__file__).read_text(encoding="utf-8"))
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names.add(node.module or "")
    assert names
    assert not [name for name in names if name.split(".")[0] == "genre_lib"]
