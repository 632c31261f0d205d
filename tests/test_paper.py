import ast
import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
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


# What printed numbers imply: properties of the functions, not only the paper's values


def test_every_score_of_table_2_follows_from_whole_counts():
    cells = paper.recomputed_cells()
    assert len(cells) == 3 * len(paper.TABLE_2) + 7
    assert all(cell.agrees for cell in cells)


@pytest.mark.parametrize("column", ["precision", "f1"])
def test_a_score_that_was_changed_is_found(column):
    first, *rest = paper.TABLE_2
    changed = replace(first, **{column: getattr(first, column) - 0.0002})
    wrong = [cell for cell in paper.recomputed_cells([changed, *rest]) if not cell.agrees]
    assert (first.genre, column) in {(cell.name, cell.column) for cell in wrong}


def test_macro_scores_are_means_of_the_rounded_cells_as_well():
    assert paper.mean_of_printed("precision") == printed(paper.MACRO_PRECISION)
    assert paper.mean_of_printed("recall") == printed(paper.MACRO_RECALL)
    assert paper.mean_of_printed("f1") == printed(paper.MACRO_F1)
    precision, recall = paper.MACRO_PRECISION, paper.MACRO_RECALL
    assert 2 * precision * recall / (precision + recall) != printed(paper.MACRO_F1)


@pytest.mark.parametrize("total", [7, 150, 1200, 1792, 1800, 12000])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.8287, 0.8442, 1.0])
def test_fitting_counts_are_those_that_trying_all_finds(share, total):
    tried = [count for count in range(total + 1) if count / total == printed(share)]
    assert paper.fitting_counts(share, total) == tried


@pytest.mark.parametrize(("total", "batch"), [(10, 4), (23, 8), (40, 16), (12, 4)])
@pytest.mark.parametrize("share", [0.5, 0.8333, 0.8287, 1.0])
def test_means_of_batches_are_those_that_trying_all_finds(share, total, batch):
    whole, rest = divmod(total, batch)
    tried = [
        (count, last)
        for last in range(rest + 1)
        for count in range(whole * batch + 1)
        if (count / batch + (last / rest if rest else 0)) / (whole + bool(rest)) == printed(share)
    ]
    assert paper.fits_mean_of_batches(share, total, batch) == tried


def test_the_validation_accuracy_fits_whole_batches_only():
    images, batch = paper.implied_images()["validation"], paper.BATCH_SIZE
    assert not paper.fitting_counts(paper.VALIDATION_ACCURACY, images)
    assert not paper.fits_mean_of_batches(paper.VALIDATION_ACCURACY, images, batch)
    assert paper.fitting_counts(paper.VALIDATION_ACCURACY, images // batch * batch)


def test_a_fit_is_no_proof():
    share = paper.share_of_totals_that_fit(paper.VALIDATION_ACCURACY, range(1700, 1901))
    assert 0.1 < share < 0.3
    assert paper.share_of_totals_that_fit(0.5, range(2, 100, 2)) == 1


def test_mistakes_are_as_many_in_rows_as_in_columns():
    missed, extra = zip(*paper.mistakes().values(), strict=True)
    assert sum(missed) == sum(extra) == paper.TEST_IMAGES - sum(paper.correct_counts().values())


@pytest.mark.parametrize(
    ("true", "taken_for"), [("rock", "country"), ("country", "rock"), ("classical", "jazz")]
)
def test_bounds_of_a_confusion_are_those_of_all_matrices_with_these_margins(true, taken_for):
    from scipy.optimize import linprog

    genres, wrong = list(TABLE_2), paper.mistakes()
    count = len(genres)
    cells = np.eye(count**2).reshape(-1, count, count)
    equal = np.vstack([cells.sum(2).T, cells.sum(1).T, np.eye(count**2)[:: count + 1]])
    margins = [*(wrong[g][0] for g in genres), *(wrong[g][1] for g in genres), *[0] * count]
    cost = cells[:, genres.index(true), genres.index(taken_for)]
    ends = [sign * linprog(sign * cost, A_eq=equal, b_eq=margins).fun for sign in (1, -1)]
    assert ends == pytest.approx(paper.confusion_bounds(true, taken_for), abs=1e-6)


def test_bounds_of_a_confusion_meet_where_the_margins_leave_no_choice():
    rows = [
        paper.GenreRow("a", 1.0, 0.9, 0.9474, 10),
        paper.GenreRow("b", 0.9091, 1.0, 0.9524, 10),
        paper.GenreRow("c", 1.0, 1.0, 1.0, 10),
    ]
    assert paper.confusion_bounds("a", "b", rows) == (1, 1)
    assert paper.confusion_bounds("b", "a", rows) == (0, 0)


@pytest.mark.parametrize("alpha", [0.0, 0.1, 0.2, 0.5])
def test_no_network_gets_below_the_floor_of_label_smoothing(alpha):
    import torch
    from torch.nn.functional import cross_entropy

    floor, label = paper.smoothing_floor(alpha), torch.tensor([0])
    softened = torch.full((1, 10), alpha / 10, dtype=torch.double)
    softened[0, 0] += 1 - alpha
    reached = cross_entropy(softened.clamp(min=1e-12).log(), label, label_smoothing=alpha)
    assert float(reached) == pytest.approx(floor, abs=1e-6)
    logits = 3 * torch.randn(500, 10, generator=torch.Generator().manual_seed(0)).double()
    for row in logits:
        assert cross_entropy(row[None], label, label_smoothing=alpha) >= floor
    assert paper.largest_smoothing(floor) == pytest.approx(alpha, abs=1e-3)


def test_a_softmax_before_the_loss_leaves_a_floor_that_the_paper_is_below():
    import torch
    from torch.nn.functional import cross_entropy

    best = torch.eye(10, dtype=torch.double)[:1]
    floor = paper.softmax_twice_floor()
    assert float(cross_entropy(best, torch.tensor([0]))) == pytest.approx(floor)
    assert floor > max(paper.TRAIN_LOSS, paper.VALIDATION_LOSS)


def test_after_its_peak_the_schedule_is_that_of_pytorch():
    import torch

    steps, warm_up = 1000, 0.3
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=1.0, total_steps=steps, pct_start=warm_up
    )
    rates = []
    for _ in range(steps):
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        if len(rates) < steps:
            schedule.step()
    for step in range(int(warm_up * steps), steps, 50):
        assert paper.one_cycle(step / steps, warm_up=warm_up) == pytest.approx(
            rates[step], abs=0.005
        )
    assert paper.one_cycle(1.0, warm_up=warm_up) == paper.equation_2(1.0) == pytest.approx(0)
    assert paper.equation_2(0) == paper.one_cycle(warm_up, warm_up=warm_up) == 1


def test_training_stopped_a_patience_after_its_best_epoch():
    assert paper.best_epoch() + paper.PATIENCE == paper.STOPPED_EPOCH


def test_images_of_the_subsets_are_whole_and_make_all_tracks():
    images = paper.implied_images()
    assert images["test"] == paper.TEST_IMAGES
    assert sum(images.values()) == paper.TRACKS * paper.implied_images_per_track()


def test_table_1_leaves_open_which_axis_is_the_sequence():
    assert paper.input_side() == paper.N_MELS
    assert paper.sequence_steps() == 32
    assert paper.sequence_axes() == ["channels", "bands", "time"]
    narrow = [
        replace(row, output=(*row.output[:-1], 16)) if row.layer.startswith("Conv") else row
        for row in paper.TABLE_1
    ]
    assert paper.sequence_axes(narrow) == ["channels", "bands"]


@pytest.mark.parametrize("column", ["precision", "recall", "f1"])
def test_ranks_are_in_order(column):
    values = [getattr(TABLE_2[genre], column) for genre in paper.ranked(column)]
    assert values == sorted(values, reverse=True)
    lowest = paper.ranked(column, lowest_first=True)[0]
    assert getattr(TABLE_2[lowest], column) == min(values)


def test_a_printed_value_is_met_within_half_a_digit():
    assert paper.rounds_to(0.84416667, 0.8442)
    assert paper.rounds_to(0.84415, 0.8442)
    assert not paper.rounds_to(0.8441, 0.8442)
    assert paper.rounds_to(math.pi, 3.1, digits=1)


def test_quoted_numbers_are_in_the_table():
    assert all(TABLE_2[genre].f1 == f1 for genre, f1 in paper.QUOTED_F1.items())
    precision, recall = paper.QUOTED_PRECISION_AND_RECALL
    assert precision in {row.precision for row in paper.TABLE_2}
    assert recall in {row.recall for row in paper.TABLE_2}


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
