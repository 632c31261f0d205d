"""What the paper printed agrees with itself, and what follows from it by arithmetic is right."""

import ast
import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from genre_lib import paper
from genre_lib.claims import arithmetic

TABLE_2 = {row.genre: row for row in paper.TABLE_2}


def printed(value: float):
    """Match a value that rounds to the printed one at four decimals."""
    return pytest.approx(value, rel=0, abs=0.5e-4 + 1e-12)


# As printed


def test_supports_shares_and_quotes_fit_together():
    assert sum(paper.SUBSET_SHARES.values()) == pytest.approx(1)
    assert len(TABLE_2) * paper.TRACKS_PER_GENRE == paper.TRACKS
    assert sum(row.support for row in paper.TABLE_2) == paper.TEST_IMAGES
    assert paper.PATIENCE < paper.STOPPED_EPOCH <= paper.MAX_EPOCHS
    counts = paper.correct_counts()
    assert {genre: counts[genre] for genre in paper.QUOTED_CORRECT} == paper.QUOTED_CORRECT
    assert all(TABLE_2[genre].f1 == f1 for genre, f1 in paper.QUOTED_F1.items())
    precision, recall = paper.QUOTED_PRECISION_AND_RECALL
    assert precision in {row.precision for row in paper.TABLE_2}
    assert recall in {row.recall for row in paper.TABLE_2}


def test_table_1_chains_from_row_to_row():
    assert {row.output[0] for row in paper.TABLE_1} == {paper.BATCH_SIZE}
    side = paper.N_MELS
    blocks = [row for row in paper.TABLE_1 if row.layer.startswith("Conv")]
    for block, filters in zip(blocks, paper.CONV_FILTERS, strict=True):
        side //= 2
        assert block.output[1:] == (filters, side, side)
    for before, after in pairwise(paper.TABLE_1):
        if after.layer.startswith(("Dropout", "MultiheadAttention", "LayerNorm")):
            assert after.output == before.output
        elif after.layer.startswith("LSTM"):
            assert after.output[1:] == (before.output[-1], 2 * paper.LSTM_UNITS_PER_DIRECTION)
        elif after.layer.startswith("Linear"):
            assert after.output[1:] == (int(after.layer.split("@")[1]),)
    assert paper.TABLE_1[-1].output[1] == len(TABLE_2)
    dropouts = [row.layer for row in paper.TABLE_1 if row.layer.startswith("Dropout")]
    rates = (paper.TABLE_CONV_DROPOUT, 0.4, 0.4)
    assert dropouts == [f"Dropout[{rate}]" for rate in rates]


def test_genres_are_those_of_the_package():
    from genre_lib.config import GENRES

    assert tuple(TABLE_2) == tuple(GENRES)


def test_paper_imports_nothing_of_this_package():
    tree = ast.parse(Path(paper.__file__).read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import)
             for alias in node.names}  # fmt: skip
    names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names
    assert not [name for name in names if name.split(".")[0] == "genre_lib"]


# What follows from Table II


def test_whole_counts_recompute_every_score_and_no_neighbouring_count_does():
    counts = arithmetic.implied_counts()
    for genre, row in TABLE_2.items():
        correct, called = counts.correct[genre], counts.called[genre]
        assert correct == paper.correct_counts()[genre]
        assert correct / row.support == printed(row.recall)
        assert correct / called == printed(row.precision)
        for step in (-1, 1):
            assert (correct + step) / row.support != printed(row.recall)
            assert correct / (called + step) != printed(row.precision)
    assert counts.called.sum() == paper.TEST_IMAGES
    assert counts.missed.sum() == counts.extra.sum() == paper.TEST_IMAGES - counts.correct.sum()
    cells = arithmetic.recomputed_scores()
    assert len(cells) == 3 * len(TABLE_2) + 7
    assert cells.agrees.all()
    assert set(cells["class"]) == {*TABLE_2, "accuracy", "macro avg", "weighted avg"}


def test_a_score_that_was_changed_is_found(monkeypatch):
    first, *rest = paper.TABLE_2
    for column in ("precision", "f1"):
        changed = replace(first, **{column: getattr(first, column) - 0.0002})
        monkeypatch.setattr(paper, "TABLE_2", (changed, *rest))
        cells = arithmetic.recomputed_scores()
        wrong = cells[~cells.agrees]
        assert (first.genre, column) in set(zip(wrong["class"], wrong.score, strict=True))


def test_only_one_number_of_correct_images_gives_the_accuracy():
    fitting = arithmetic.fitting_counts(paper.ACCURACY, paper.TEST_IMAGES)
    assert fitting == [sum(paper.correct_counts().values())]


def test_bounds_of_a_confusion_are_those_of_all_matrices_with_these_margins():
    from scipy.optimize import linprog

    genres, wrong = list(TABLE_2), arithmetic.implied_counts()
    count = len(genres)
    cells = np.eye(count**2).reshape(-1, count, count)
    equal = np.vstack([cells.sum(2).T, cells.sum(1).T, np.eye(count**2)[:: count + 1]])
    margins = [*wrong.missed, *wrong.extra, *[0] * count]
    for pair in (("rock", "country"), ("country", "rock"), ("classical", "jazz")):
        cost = cells[:, genres.index(pair[0]), genres.index(pair[1])]
        ends = [sign * linprog(sign * cost, A_eq=equal, b_eq=margins).fun for sign in (1, -1)]
        assert ends == pytest.approx(arithmetic.confusion_bounds(*pair), abs=1e-6)


def test_bounds_of_a_confusion_meet_where_the_margins_leave_no_choice(monkeypatch):
    rows = (
        paper.GenreRow("a", 1.0, 0.9, 0.9474, 10),
        paper.GenreRow("b", 0.9091, 1.0, 0.9524, 10),
        paper.GenreRow("c", 1.0, 1.0, 1.0, 10),
    )
    monkeypatch.setattr(paper, "TABLE_2", rows)
    assert arithmetic.confusion_bounds("a", "b") == (1, 1)
    assert arithmetic.confusion_bounds("b", "a") == (0, 0)


# Shares and counts


def test_fitting_counts_are_those_that_trying_all_finds():
    for total in (7, 150, 1200, 1792, 1800, 12000):
        for share in (0.0, 0.5, 0.8287, 0.8442, 1.0):
            tried = [n for n in range(total + 1) if abs(n / total - share) <= 0.5e-4 + 1e-12]
            assert arithmetic.fitting_counts(share, total) == tried


def test_means_of_batches_are_those_that_trying_all_finds():
    for total, batch in ((10, 4), (23, 8), (40, 16), (12, 4)):
        whole, rest = divmod(total, batch)
        for share in (0.5, 0.8333, 0.8287, 1.0):
            tried = []
            for last in range(rest + 1):
                for count in range(whole * batch + 1):
                    batches = count / batch + (last / rest if rest else 0)
                    if abs(batches / (whole + bool(rest)) - share) <= 0.5e-4 + 1e-12:
                        tried.append((count, last))
            assert arithmetic.fits_mean_of_batches(share, total, batch) == tried


def test_the_validation_accuracy_fits_whole_batches_only_which_is_no_proof():
    images, batch, share = 1800, paper.BATCH_SIZE, paper.VALIDATION_ACCURACY
    assert arithmetic.implied_images() == {"train": 9000, "validation": images, "test": 1200}
    assert not arithmetic.fitting_counts(share, images)
    assert not arithmetic.fits_mean_of_batches(share, images, batch)
    assert arithmetic.fitting_counts(share, images // batch * batch)
    by_chance = [bool(arithmetic.fitting_counts(share, total)) for total in range(1700, 1901)]
    assert 0.1 < np.mean(by_chance) < 0.3


def test_a_printed_value_is_met_within_half_a_digit():
    assert arithmetic.rounds_to(0.84416667, 0.8442)
    assert arithmetic.rounds_to(0.84415, 0.8442)
    assert not arithmetic.rounds_to(0.8441, 0.8442)
    assert arithmetic.rounds_to(math.pi, 3.1, digits=1)


# Losses, rates, shapes


def test_no_network_gets_below_the_floor_of_label_smoothing():
    import torch
    from torch.nn.functional import cross_entropy

    label = torch.tensor([0])
    logits = 3 * torch.randn(500, 10, generator=torch.Generator().manual_seed(0)).double()
    for alpha in (0.0, 0.1, 0.2, 0.5):
        floor = arithmetic.smoothing_floor(alpha)
        softened = torch.full((1, 10), alpha / 10, dtype=torch.double)
        softened[0, 0] += 1 - alpha
        reached = cross_entropy(softened.clamp(min=1e-12).log(), label, label_smoothing=alpha)
        assert float(reached) == pytest.approx(floor, abs=1e-6)
        losses = cross_entropy(logits, label.expand(500), label_smoothing=alpha, reduction="none")
        assert float(losses.min()) >= floor
        assert arithmetic.largest_smoothing(floor) == pytest.approx(alpha, abs=1e-3)


def test_a_softmax_before_the_loss_leaves_a_floor_that_the_paper_is_below():
    import torch
    from torch.nn.functional import cross_entropy

    best = torch.eye(10, dtype=torch.double)[:1]
    floor = arithmetic.softmax_twice_floor()
    assert float(cross_entropy(best, torch.tensor([0]))) == pytest.approx(floor)
    assert floor > max(paper.TRAIN_LOSS, paper.VALIDATION_LOSS)
