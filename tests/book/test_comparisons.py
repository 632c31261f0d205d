import math
import statistics
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import invented
import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from genre_lib import corpus, paper
from genre_lib.book import comparisons
from genre_lib.book.comparisons import SCORED
from genre_lib.config import configure
from genre_lib.corpus.gtzan import artists, fault_filtered
from genre_lib.evaluation import accuracy_of, confusions
from genre_lib.runs import Run


@pytest.fixture(scope="module")
def runs() -> dict[str, Run]:
    names = ("image-0", "image-1", "track-0", "track-2", "fault-filtered-0", "track-0-no-lstm")
    made = {name: invented.run(name, right=0.5 if "track" in name else 0.9) for name in names}
    return {**made, "image-0-handcrafted": invented.run("image-0-handcrafted")}


def test_repeated_images_are_those_with_their_recording_in_training_by_another_name():
    images = pd.DataFrame(
        [
            ("pop.00047", "train"),
            ("pop.00080", "test"),  # repeats it
            ("pop.00080", "test"),
            ("jazz.00033", "test"),  # whose repetition is for validation
            ("jazz.00051", "validation"),
            ("rock.00000", "test"),
        ],
        columns=["track_id", "subset"],
    )
    run = SimpleNamespace(split=images, predictions=images[images.subset == "test"])
    assert comparisons.repeated(run).tolist() == [True, True, False, False]


def test_of_each_repetition_the_fault_filtered_lists_have_one_track_at_most():
    table = pd.read_csv(Path(corpus.__file__).with_name("repetitions.csv"))
    assert len(table) > 40
    assert (table["first"] < table.second).all()
    assert not (table["first"].isin(fault_filtered()) & table.second.isin(fault_filtered())).any()


def test_accuracies_are_those_of_each_run_that_follows_the_recipe(runs):
    table = comparisons.accuracies(runs).set_index(["run", "scored"])
    assert set(runs) - set(table.index.get_level_values("run")) == {"track-0-no-lstm"}
    assert len(table) == 2 * (len(runs) - 1)
    for name in ("image-1", "fault-filtered-0", "image-0-handcrafted"):
        assert table.accuracy[name, "image"] == runs[name].accuracy
        assert table.accuracy[name, "vote"] == runs[name].metrics["track_accuracy"]
    assert table.method["image-0-handcrafted", "vote"] == "handcrafted"


def test_accuracy_over_seeds_is_their_mean_between_the_worst_and_the_best(runs):
    table = comparisons.over_seeds(runs).set_index(["protocol", "method", "scored"])
    row = table.loc["image", "network", "image"]
    both = [runs["image-0"].accuracy, runs["image-1"].accuracy]
    assert (row.seeds, row.worst, row.best) == (2, min(both), max(both))
    assert row.accuracy == pytest.approx(np.mean(both))
    assert row.low < row.accuracy < row.high


def test_the_change_of_protocol_is_over_the_seeds_of_both(runs):
    table = comparisons.protocol_changes(runs).set_index(["method", "scored"])
    assert table.index.get_level_values("method").unique().tolist() == ["network"]
    row = table.loc["network", "image"]
    assert row.seeds == 1
    assert (row.image, row.track) == (runs["image-0"].accuracy, runs["track-0"].accuracy)
    assert row.difference == pytest.approx(row.track - row.image)
    assert row.low < row.difference < row.high < 0
    for names in ([], ["track-0"], ["image-1", "track-0"]):  # no seed of both
        some = {name: runs[name] for name in names}
        assert comparisons.protocol_changes(some).empty
        assert len(comparisons.over_seeds(some)) == 2 * len(names)


def test_pairs_are_compared_where_both_runs_are_available_and_pooled_by_label(runs):
    pairs = [("one", "track-0", "track-0-no-lstm"), ("two", "track-0", "track-0-cnn")]
    table = comparisons.paired_differences(runs, pairs)
    assert table.label.tolist() == ["one", "one"]
    assert table.scored.tolist() == list(SCORED)
    expected = runs["track-0"].accuracy - runs["track-0-no-lstm"].accuracy
    assert table.difference[0] == pytest.approx(expected)
    assert table.low[0] <= expected <= table.high[0]

    more = {**runs, "image-1-handcrafted": invented.run("image-1-handcrafted")}
    pairs = [("all", f"image-{seed}", f"image-{seed}-handcrafted") for seed in (0, 1)]
    table = comparisons.paired_differences(more, pairs)
    single = [more[first].accuracy - more[second].accuracy for _, first, second in pairs]
    assert table.pairs.tolist() == [2, 2]
    assert table.difference[0] == pytest.approx(np.mean(single))


def test_known_images_are_those_of_the_track_in_training(runs):
    assert (comparisons.known_images(runs["track-0"]) == 0).all()
    run = runs["image-0"]
    track = run.split[run.split.track_id == run.predictions.track_id[5]]
    assert comparisons.known_images(run)[5] == (track.subset == "train").sum() > 0


def test_doses_are_the_runs_with_known_images_in_order():
    names = [f"image-0-known-{known}" for known in (4, 0, 8)]
    made = {name: invented.run(name, right=0.5) for name in (*names, "image-0")}
    table = comparisons.doses(made)
    assert table.known.tolist() == [0, 4, 8]
    assert table.accuracy[1] == made["image-0-known-4"].accuracy


def test_the_noise_floor_is_the_spread_of_trainings_on_one_split(runs):
    again = {f"track-0-again-{n}": invented.run(f"track-0-again-{n}", right=0.6) for n in (1, 2)}
    floor = comparisons.noise_floor({**runs, **again})
    found = [runs["track-0"].accuracy, *(run.accuracy for run in again.values())]
    assert (floor["trainings"], floor["worst"], floor["best"]) == (3, min(found), max(found))
    assert floor["deviation"] == pytest.approx(statistics.stdev(found))
    # Student's quantile for two degrees of freedom, from its closed form.
    quantile = 0.95 / math.sqrt((1 - 0.95**2) / 2)
    assert floor["points"] == pytest.approx(quantile * statistics.stdev(found) * math.sqrt(2 / 3))


def test_the_tracks_behind_a_cell_add_up_to_it(runs):
    for run in (runs["image-0"], runs["track-0"]):
        table = comparisons.confusion_tracks(run)
        counts = confusions(run.predictions, run.genres).stack()
        summed = table.groupby(["y_true", "y_pred"])["images"].sum()
        assert summed.to_dict() == counts[counts > 0].to_dict()
        assert not table.duplicated(["y_true", "y_pred", "track_id"]).any()
        tracks = table.groupby("track_id")
        assert (tracks["images"].sum() == tracks.test_images.max()).all()
        known = comparisons.known_images(run).groupby(run.predictions.track_id).first()
        assert table.known.tolist() == known[table.track_id].tolist()
        assert (table.probability == 0.55).all()


def test_the_same_images_are_given_to_both_networks(runs):
    result = comparisons.same_images(runs)
    tables = [runs[name].predictions for name in ("image-0", "track-0")]
    keys = [set(zip(table.track_id, table.image, strict=True)) for table in tables]
    assert result["images"] == len(keys[0] & keys[1]) > 0
    assert result["difference"] == pytest.approx(result["known"] - result["unknown"])
    assert result["low"] <= result["difference"] <= result["high"]


def test_the_difference_to_the_printed_accuracy_has_the_interval_of_a_simulation(runs):
    draw = np.random.default_rng(0)
    table = runs["image-0"].predictions
    hits = (table.y_true == table.y_pred).groupby(table.track_id).agg(["sum", "count"]).to_numpy()
    drawn = draw.multinomial(len(hits), np.full(len(hits), 1 / len(hits)), 20_000) @ hits
    for answers in (100, 1200):
        right = round(paper.ACCURACY * answers)
        printed = draw.beta(right + 0.5, answers - right + 0.5, 20_000)
        low, high = np.quantile(printed - drawn[:, 0] / drawn[:, 1], [0.025, 0.975])
        result = comparisons.to_print(accuracy_of(table), answers=answers)
        assert result["difference"] == pytest.approx(paper.ACCURACY - 0.9, abs=0.02)
        assert (result["low"], result["high"]) == pytest.approx((low, high), abs=0.012)


def left_out(**adds: tuple[float, float, float]) -> dict[str, Any]:
    """Runs of three seeds with and without parts, which add that much to their accuracy."""
    runs = {f"track-{seed}": SimpleNamespace(accuracy=0.7) for seed in range(3)}
    return runs | {
        f"track-{seed}-no-{part}": SimpleNamespace(accuracy=0.7 - add)
        for part, by_seed in adds.items() for seed, add in enumerate(by_seed)
    }  # fmt: skip


def test_ingredients_are_judged_by_their_seeds_and_corrected_for_how_many_they_are(monkeypatch):
    """Holm: the smallest of three p-values three times, the next twice, and never a smaller one."""
    monkeypatch.setattr(comparisons, "LEFT_OUT", {"a": "no-a", "b": "no-b", "c": "no-c"})
    table = comparisons.ingredients(
        left_out(a=(0.02, 0.03, 0.01), b=(0.02, 0.04, 0.03), c=(0, 0.01, -0.01))
    )
    assert table.index.tolist() == ["a", "b", "c"]
    assert table.difference.tolist() == pytest.approx([0.02, 0.03, 0])
    single = [2 * t.sf(mean / (0.01 / 3**0.5), 6) for mean in (0.03, 0.02)]
    expected = [3 * single[0], max(3 * single[0], 2 * single[1]), 1]
    assert table.p[["b", "a", "c"]].tolist() == pytest.approx(expected, rel=1e-6)
    assert (table.high - table.low).tolist() == pytest.approx(
        [2 * 2.4469 * 0.01 / 3**0.5] * 3, rel=1e-4
    )


def test_an_ingredient_with_the_same_mean_is_less_clear_where_seeds_differ_more(monkeypatch):
    monkeypatch.setattr(comparisons, "LEFT_OUT", {"a": "no-a"})
    alike, apart = (
        comparisons.ingredients(left_out(a=adds)).T["a"]
        for adds in ((0.02, 0.021, 0.019), (0.06, 0.02, -0.02))
    )
    assert alike.p < 0.01 < 0.05 < apart.p
    assert alike.low > 0 > apart.low


def test_identical_pairs_are_found_and_their_images_counted(runs):
    table = comparisons.identical_pairs(runs["track-0"].split)
    assert list(zip(table["first"], table["second"], strict=True)) == [
        ("blues.00000", "blues.00001"),
        ("blues.00002", "classical.00000"),
    ]
    assert table.subsets[1] == "24 train"  # of two genres, so no test could be fair
    images = table.subsets.str.findall(r"\d+").map(lambda counts: sum(map(int, counts)))
    assert images.tolist() == [24, 24]


def test_costs_name_every_run(runs):
    table = comparisons.run_costs(runs).set_index("run")
    assert table.index.tolist() == list(runs)
    assert (table.minutes == 1.5).all()
    assert table.epochs["image-0"] == 3
    assert (table.low <= table.accuracy).all()
    assert (table.accuracy <= table.high).all()


def training(train: list[float], validation: list[float]) -> SimpleNamespace:
    history = pd.DataFrame({"train_accuracy": train, "validation_accuracy": validation})
    history = history.assign(epoch=range(1, len(train) + 1), train_loss=1.2, validation_loss=0.9)
    return SimpleNamespace(settings=configure(), history=history, accuracy=0.8)


def test_a_reading_is_taken_where_training_accuracy_is_nearest_to_the_printed_one():
    at = paper.TRAIN_ACCURACY
    runs = {
        "rising": training([0.3, at - 0.02, at + 0.1], [0.4, at + 0.03, at + 0.2]),
        "short": training([0.2, 0.5], [0.5, 0.6]),
    }
    table = comparisons.readings(runs).set_index("run")
    assert table.epoch.to_dict() == {"rising": 2, "short": 2}
    assert table.gap["rising"] == pytest.approx(5.0)
    assert table.distance["rising"] == pytest.approx(paper.VALIDATION_ACCURACY - at - 0.03)
    assert table.distance["short"] == pytest.approx(at - 0.5)
    assert table.recipe.all()


def test_test_images_are_sorted_by_whether_their_artist_is_met_in_training(runs):
    run = runs["track-0"]
    table = comparisons.by_artist([run]).set_index("artist")
    index, trained = artists(), set(run.split[run.split.subset == "train"].track_id)
    tested = {"met": 0, "new": 0, "unknown": 0}
    for track in run.predictions.track_id:
        others = {name for name in trained if name in index and index[name] == index.get(track)}
        tested["unknown" if track not in index else "met" if others else "new"] += 1
    assert table.images.to_dict() == {kind: count for kind, count in tested.items() if count}
    assert table.images @ table.accuracy == pytest.approx(len(run.predictions) * run.accuracy)


def test_known_artists_are_compared_with_new_ones_within_each_genre(monkeypatch):
    """In both genres met artists are named 20 points more often; taken together, 10 less often."""
    groups = [("hard", "met", 30, 3), ("hard", "new", 10, 1),
              ("easy", "met", 10, 9), ("easy", "new", 30, 7)]  # fmt: skip
    answers = pd.DataFrame(
        {"track_id": f"{genre}.{kind}.{n}", "y_true": genre, "y_pred": genre if i < right else "-"}
        for genre, kind, count, right in groups
        for n in range(count)
        for i in range(10)
    )
    tested = answers.track_id.unique()
    others = {f"{track}.other": track for track in tested if "met" in track}
    monkeypatch.setattr(comparisons, "artists", lambda: others | {track: track for track in tested})
    split = pd.DataFrame({"track_id": list(others), "subset": "train"})
    run = SimpleNamespace(predictions=answers, split=split)
    assert comparisons.met_minus_new([run]) == pytest.approx(
        {"difference": 0.2, "low": 0.2, "high": 0.2}
    )
    table = comparisons.by_artist([run]).set_index("artist").accuracy
    assert table["met"] - table["new"] == pytest.approx(-0.1)
    # Where artists of a group differ, there is an interval.
    run.predictions = answers.assign(y_pred=answers.y_pred.where(answers.index % 70 > 20, "-"))
    result = comparisons.met_minus_new([run])
    assert result["low"] < result["difference"] < result["high"]
