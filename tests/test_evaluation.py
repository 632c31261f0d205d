from itertools import product

import numpy as np
import pandas as pd
import pytest

from genre_lib.evaluation import (
    accuracy_difference,
    accuracy_of,
    confusions,
    drawn_accuracies,
    drawn_scores,
    genre_scores,
    interval,
    scores,
    vote,
    wilson_interval,
)

GENRES = ["a", "b", "c"]
# Rows are true genres, columns predicted ones.
COUNTS = np.array([[4, 1, 0], [2, 3, 1], [0, 0, 2]])


def predictions(counts: np.ndarray) -> pd.DataFrame:
    rows = [
        (GENRES[true], GENRES[predicted])
        for (true, predicted), count in np.ndenumerate(counts)
        for _ in range(count)
    ]
    return pd.DataFrame(rows, columns=["y_true", "y_pred"])


def hits(per_track: np.ndarray) -> pd.DataFrame:
    """Predictions of which the given ones are right, shape (tracks, images)."""
    tracks, images = per_track.shape
    return pd.DataFrame(
        {
            "track_id": np.repeat([f"t{number}" for number in range(tracks)], images),
            "image": np.tile(np.arange(images), tracks),
            "y_true": "a",
            "y_pred": np.where(per_track.ravel(), "a", "b"),
        }
    )


def ends(interval: dict[str, float]) -> tuple[float, float]:
    return interval["low"], interval["high"]


def width(interval: dict[str, float]) -> float:
    return interval["high"] - interval["low"]


def test_scores_equal_the_hand_computation_whatever_the_order_of_rows():
    table = predictions(COUNTS)
    precision = np.array([4 / 6, 3 / 4, 2 / 3])
    recall = np.array([4 / 5, 3 / 6, 2 / 2])
    f1 = 2 * precision * recall / (precision + recall)
    support = np.array([5, 6, 2])
    expected = {"accuracy": 9 / 13}
    for name, values in (("precision", precision), ("recall", recall), ("f1", f1)):
        expected[f"macro_{name}"] = values.mean()
        expected[f"weighted_{name}"] = (values * support).sum() / 13
    for rows in (table, table.sample(frac=1, random_state=0)):
        assert scores(rows.y_true, rows.y_pred) == pytest.approx(expected)
    rows = genre_scores(table, GENRES)
    assert rows.genre.tolist() == GENRES
    assert rows.support.tolist() == [5, 6, 2]
    np.testing.assert_allclose(rows[["precision", "recall", "f1"]].T, [precision, recall, f1])


def test_a_genre_that_is_never_predicted_scores_nothing():
    table = predictions(np.array([[3, 0, 0], [2, 0, 0], [0, 0, 1]]))
    rows = genre_scores(table, GENRES).set_index("genre")
    assert rows.loc["b", ["precision", "recall", "f1", "support"]].tolist() == [0, 0, 0, 2]


def test_confusions_count_every_image_once_in_the_order_of_the_genres():
    table = confusions(predictions(COUNTS), GENRES)
    np.testing.assert_array_equal(table, COUNTS)
    assert table.index.tolist() == table.columns.tolist() == GENRES
    reversed_table = confusions(predictions(COUNTS), GENRES[::-1])
    np.testing.assert_array_equal(reversed_table, COUNTS[::-1, ::-1])


def test_a_track_gets_the_genre_of_the_highest_mean_probability():
    table = pd.DataFrame(
        {
            "track_id": ["t2", "t1", "t1", "t1", "t2"],
            "y_true": ["b", "a", "a", "a", "b"],
            "y_pred": ["a", "b", "b", "a", "b"],
            # Two of three images of t1 say b, but the third is much surer of a.
            "p_a": [0.6, 0.45, 0.45, 1.0, 0.1],
            "p_b": [0.4, 0.55, 0.55, 0.0, 0.9],
        }
    )
    assert vote(table).to_numpy().tolist() == [["t1", "a", "a"], ["t2", "b", "b"]]


# Intervals


def test_the_interval_contains_the_accuracy_and_is_the_same_every_time():
    for share in (0.0, 0.1, 0.5, 0.84, 1.0):
        table = hits(np.random.default_rng(0).random((40, 3)) < share)
        result = accuracy_of(table)
        accuracy = np.mean(table.y_true == table.y_pred)
        assert result["accuracy"] == accuracy
        assert 0 <= result["low"] <= accuracy <= result["high"] <= 1
        assert (result["low"] < accuracy < result["high"]) == (accuracy not in (0, 1))
        assert accuracy_of(table) == result


def test_an_interval_equals_brute_force():
    right = np.array([7, 5, 4, 3, 1, 0])[:, None] > np.arange(7)
    every_draw = np.array(list(product(range(6), repeat=6)))
    expected = np.quantile(right[every_draw].mean((1, 2)), [0.025, 0.975])
    assert ends(accuracy_of(hits(right))) == pytest.approx(expected, abs=1 / right.size)


def test_images_that_agree_widen_the_interval_and_more_tracks_narrow_it():
    rng = np.random.default_rng(0)
    agreeing = np.repeat(rng.random((100, 1)) < 0.8, 12, axis=1)
    independent = rng.permutation(agreeing.ravel()).reshape(100, 12)
    wide, narrow = (width(accuracy_of(hits(table))) for table in (agreeing, independent))
    assert wide / narrow == pytest.approx(np.sqrt(12), rel=0.2)  # twelve that agree are worth one
    few, many = (width(accuracy_of(hits(rng.random((n, 4)) < 0.7))) for n in (50, 800))
    assert few / many == pytest.approx(4, rel=0.3)


def test_independent_images_have_wilsons_interval_which_equals_its_formula():
    correct = np.zeros(1200, bool)
    correct[:1013] = True
    table = hits(np.random.default_rng(0).permutation(correct).reshape(1200, 1))
    assert ends(accuracy_of(table)) == pytest.approx(wilson_interval(1013, 1200), abs=0.004)
    for right, total in ((0, 10), (1, 10), (7, 10), (10, 10), (1013, 1200)):
        z, p = 1.959963984540054, right / total
        middle = (p + z**2 / (2 * total)) / (1 + z**2 / total)
        half = z / (1 + z**2 / total) * np.sqrt(p * (1 - p) / total + z**2 / (4 * total**2))
        assert wilson_interval(right, total) == pytest.approx((middle - half, middle + half))


def test_intervals_of_macro_scores_contain_them_and_agree_with_the_accuracy_interval():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"track_id": np.repeat(np.arange(60).astype(str), 4)})
    table["y_true"] = np.repeat(GENRES, 80)
    table["y_pred"] = np.where(rng.random(240) < 0.7, table.y_true, rng.choice(GENRES, 240))
    intervals = {name: interval(drawn) for name, drawn in drawn_scores(table).items()}
    expected = scores(table.y_true, table.y_pred)
    for name, (low, high) in intervals.items():
        assert low < expected[name] < high
    # Genres are equally large, so the mean recall is the accuracy.
    assert intervals["macro_recall"] == pytest.approx(ends(accuracy_of(table)), abs=0.01)


# Differences


def test_a_difference_is_signed_and_includes_zero_where_there_is_none():
    rng = np.random.default_rng(0)
    good, bad, bad_too = (hits(rng.random((200, 2)) < share) for share in (0.9, 0.5, 0.5))
    better, worse = accuracy_difference(good, bad), accuracy_difference(bad, good)
    expected = accuracy_of(good)["accuracy"] - accuracy_of(bad)["accuracy"]
    assert better["difference"] == pytest.approx(expected)
    assert worse["difference"] == pytest.approx(-expected)
    assert 0 < better["low"] < better["difference"] < better["high"]
    assert worse["low"] < worse["difference"] < worse["high"] < 0
    same = accuracy_difference(bad, bad_too)
    assert same["low"] < 0 < same["high"]


def test_tracks_of_both_sets_cancel_and_equal_predictions_differ_by_nothing():
    rng = np.random.default_rng(0)
    easy = rng.random((60, 1)) < 0.5  # tracks that both get right, and tracks that neither does
    better = easy.copy()
    better[0] = True
    first, second = hits(better), hits(easy)
    others = second.assign(track_id="u" + second.track_id)
    joint, apart = accuracy_difference(first, second), accuracy_difference(first, others)
    assert joint["difference"] == apart["difference"]
    assert width(joint) < width(apart) / 3
    half = pd.concat([second[:30], others[30:]])
    assert width(joint) < width(accuracy_difference(first, half)) < width(apart)
    assert accuracy_difference(first, first) == {"difference": 0.0, "low": 0.0, "high": 0.0}


def test_the_interval_of_a_difference_is_that_of_brute_force_and_shifts_nothing_between_sets():
    rng = np.random.default_rng(1)
    first, second = hits(rng.random((9, 3)) < 0.8), hits(rng.random((9, 2)) < 0.4)
    second = second.assign(track_id=second.track_id.str.replace("t", "t1"))  # t10 to t18
    second.loc[:7, "track_id"] = first.track_id.unique()[:4].repeat(2)
    tracks = sorted({*first.track_id, *second.track_id})
    found = []
    for drawn in np.random.default_rng(0).integers(len(tracks), size=(10_000, len(tracks)))[:500]:
        one, two = (
            pd.concat([table[table.track_id == tracks[number]] for number in drawn])
            for table in (first, second)
        )
        found.append((one.y_true == one.y_pred).mean() - (two.y_true == two.y_pred).mean())
    np.testing.assert_allclose(np.subtract(*drawn_accuracies(first, second))[:500], found)
