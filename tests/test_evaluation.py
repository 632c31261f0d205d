import json
import shutil
import signal
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import invented
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tiny import SMALL, play

from genre_lib import training
from genre_lib.book.comparisons import (
    SCORED,
    accuracies,
    accuracy_by_known,
    confusion_tracks,
    follows_recipe,
    identical_pairs,
    known_images,
    over_seeds,
    paired_differences,
    protocol_changes,
    recall_changes,
    run_costs,
    same_images,
)
from genre_lib.config import UserError, digest, runs_dir
from genre_lib.evaluation import (
    accuracy_difference,
    accuracy_interval,
    accuracy_of,
    confusions,
    genre_scores,
    paired_difference,
    score_intervals,
    scores,
    vote,
    wilson_interval,
)
from genre_lib.runs import Run, get_run, handcrafted_predictions, predict, read_run, score_run
from genre_lib.spectrogram import mel_decibels, to_gray
from genre_lib.splits import SUBSETS, make_dataset
from genre_lib.store import write_index

GENRES = ["a", "b", "c"]
# Rows are true genres, columns predicted ones.
COUNTS = np.array([[4, 1, 0], [2, 3, 1], [0, 0, 2]])


def answers(counts: np.ndarray = COUNTS) -> pd.DataFrame:
    rows = [
        (GENRES[true], GENRES[guess])
        for true, line in enumerate(counts)
        for guess, count in enumerate(line)
        for _ in range(count)
    ]
    return pd.DataFrame(rows, columns=["y_true", "y_pred"])


# Scores


def test_scores_equal_the_hand_computation():
    table = answers()
    precision = np.array([4 / 6, 3 / 4, 2 / 3])
    recall = np.array([4 / 5, 3 / 6, 2 / 2])
    f1 = 2 * precision * recall / (precision + recall)
    support = np.array([5, 6, 2])
    expected = {"accuracy": 9 / 13}
    for name, values in (("precision", precision), ("recall", recall), ("f1", f1)):
        expected[f"macro_{name}"] = values.mean()
        expected[f"weighted_{name}"] = (values * support).sum() / 13
    assert scores(table.y_true, table.y_pred) == pytest.approx(expected)
    rows = genre_scores(table, GENRES)
    assert rows.genre.tolist() == GENRES
    assert rows.support.tolist() == [5, 6, 2]
    np.testing.assert_allclose(rows[["precision", "recall", "f1"]].T, [precision, recall, f1])


def test_weighted_recall_is_accuracy():
    table = answers()
    result = scores(table.y_true, table.y_pred)
    assert result["weighted_recall"] == pytest.approx(result["accuracy"])


def test_scores_do_not_depend_on_the_order_of_rows():
    table = answers()
    mixed = table.sample(frac=1, random_state=0)
    assert scores(mixed.y_true, mixed.y_pred) == pytest.approx(scores(table.y_true, table.y_pred))


def test_a_genre_that_is_never_predicted_scores_nothing():
    table = answers(np.array([[3, 0, 0], [2, 0, 0], [0, 0, 1]]))
    rows = genre_scores(table, GENRES).set_index("genre")
    assert rows.loc["b", ["precision", "recall", "f1"]].tolist() == [0, 0, 0]
    assert rows.loc["b", "support"] == 2


def test_confusions_count_every_image_once():
    table = confusions(answers(), GENRES)
    np.testing.assert_array_equal(table.to_numpy(), COUNTS)
    assert table.index.tolist() == table.columns.tolist() == GENRES
    assert table.to_numpy().sum() == 13


def test_confusions_are_in_the_order_that_is_asked_for():
    turned = confusions(answers(), GENRES[::-1])
    np.testing.assert_array_equal(turned.to_numpy(), COUNTS[::-1, ::-1])


def test_confusions_and_scores_of_genres_fit_together():
    table, rows = confusions(answers(), GENRES), genre_scores(answers(), GENRES)
    diagonal = np.diag(table)
    np.testing.assert_allclose(rows.recall, diagonal / table.sum(axis=1))
    np.testing.assert_allclose(rows.precision, diagonal / table.sum(axis=0))


def test_score_intervals_hold_the_scores_and_agree_with_the_accuracy_interval():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"track_id": np.repeat(np.arange(60).astype(str), 4)})
    table["y_true"] = np.repeat(GENRES, 80)
    table["y_pred"] = np.where(rng.random(240) < 0.7, table.y_true, rng.choice(GENRES, 240))
    intervals = score_intervals(table, GENRES)
    expected = scores(table.y_true, table.y_pred)
    for name, (value, low, high) in intervals.items():
        assert value == pytest.approx(expected[name])
        assert low < value < high
    # Genres are equally large, so their mean recall is the accuracy.
    assert intervals["macro_recall"][1:] == pytest.approx(accuracy_interval(table), abs=0.01)


# One vote a track


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
    voted = vote(table).set_index("track_id")
    assert voted.index.tolist() == ["t1", "t2"]
    assert voted.y_true.to_dict() == {"t1": "a", "t2": "b"}
    assert voted.y_pred.to_dict() == {"t1": "a", "t2": "b"}


# Intervals


def hits(per_track: np.ndarray) -> pd.DataFrame:
    """Predictions of which the given ones are right, shape (tracks, images)."""
    tracks, images = per_track.shape
    return pd.DataFrame(
        {
            "track_id": np.repeat([f"t{number}" for number in range(tracks)], images),
            "y_true": "a",
            "y_pred": np.where(per_track.ravel(), "a", "b"),
        }
    )


def width(interval: tuple[float, float]) -> float:
    return interval[1] - interval[0]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.84, 1.0])
def test_the_interval_holds_the_accuracy(share):
    table = hits(np.random.default_rng(0).random((40, 3)) < share)
    low, high = accuracy_interval(table)
    accuracy = np.mean(table.y_true == table.y_pred)
    assert 0 <= low <= accuracy <= high <= 1
    assert (low < accuracy < high) or accuracy in (0, 1)
    assert accuracy_of(table) == {"accuracy": accuracy, "low": low, "high": high}


def test_images_that_agree_widen_the_interval():
    rng = np.random.default_rng(0)
    agreeing = np.repeat(rng.random((100, 1)) < 0.8, 12, axis=1)
    independent = rng.permutation(agreeing.ravel()).reshape(100, 12)
    wide, narrow = accuracy_interval(hits(agreeing)), accuracy_interval(hits(independent))
    # Twelve images that agree are worth one.
    assert width(wide) / width(narrow) == pytest.approx(np.sqrt(12), rel=0.2)


def test_independent_images_have_wilsons_interval():
    correct = np.zeros(1200, bool)
    correct[:1013] = True
    table = hits(np.random.default_rng(0).permutation(correct).reshape(1200, 1))
    assert accuracy_interval(table) == pytest.approx(wilson_interval(1013, 1200), abs=0.004)


def test_more_tracks_narrow_the_interval():
    rng = np.random.default_rng(0)
    few, many = (accuracy_interval(hits(rng.random((n, 4)) < 0.7)) for n in (50, 800))
    assert width(few) / width(many) == pytest.approx(4, rel=0.3)


def test_intervals_are_made_again_the_same():
    table = hits(np.random.default_rng(0).random((30, 2)) < 0.7)
    assert accuracy_interval(table) == accuracy_interval(table)


@pytest.mark.parametrize(("correct", "total"), [(0, 10), (1, 10), (7, 10), (10, 10), (1013, 1200)])
def test_wilsons_interval_equals_its_formula(correct, total):
    z, p = 1.959963984540054, correct / total
    middle = (p + z**2 / (2 * total)) / (1 + z**2 / total)
    half = z / (1 + z**2 / total) * np.sqrt(p * (1 - p) / total + z**2 / (4 * total**2))
    assert wilson_interval(correct, total) == pytest.approx((middle - half, middle + half))


def test_a_difference_is_signed_and_holds_nothing_when_there_is_none():
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


# Whole runs


@pytest.fixture(scope="module", params=["image", "track"])
def run(request, run_settings, session_places):
    return get_run(run_settings(protocol=request.param), progress=False)


@pytest.fixture(scope="module")
def image_run(run_settings, session_places):
    return get_run(run_settings(), progress=False)


def test_a_run_has_everything_that_it_should(run, run_settings, store):
    assert run.settings == run_settings(protocol=run.settings.protocol)
    assert run.path.name == digest(run.settings, store.digest)
    assert run.genres == list(store.genres)
    assert run.history.epoch.tolist() == [1, 2]
    assert {path.name for path in run.path.iterdir()} == {
        "config.json",
        "environment.json",
        "history.csv",
        "split.csv",
        "predictions.csv",
        "metrics.json",
        "model.safetensors",
    }


def test_predictions_are_of_the_test_images_and_nothing_else(run):
    test = run.split[run.split.subset == "test"]
    columns = ["track_id", "image"]
    assert run.predictions[columns].to_numpy().tolist() == test[columns].to_numpy().tolist()
    assert run.predictions.y_true.tolist() == test.genre.tolist()


def test_predicted_probabilities_add_up_and_the_highest_is_the_prediction(run):
    probabilities = run.predictions[[f"p_{genre}" for genre in run.genres]]
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=3e-6)
    assert ((probabilities >= 0) & (probabilities <= 1)).all(axis=None)
    highest = probabilities.idxmax(axis=1).str.removeprefix("p_")
    assert highest.tolist() == run.predictions.y_pred.tolist()


def test_the_metrics_follow_from_the_predictions(run):
    right = run.predictions.y_true == run.predictions.y_pred
    assert run.accuracy == pytest.approx(right.mean())
    assert run.metrics["accuracy_low"] <= run.accuracy <= run.metrics["accuracy_high"]
    assert run.metrics["test_tracks"] == run.predictions.track_id.nunique()
    assert 0 <= run.metrics["clean_train_accuracy"] <= 1
    assert run.metrics["images"] == run.split.subset.value_counts().to_dict()
    voted = vote(run.predictions)
    assert run.metrics["track_accuracy"] == (voted.y_true == voted.y_pred).mean()


def test_the_metrics_tell_the_leakage(run):
    leakage = {(row["first"], row["second"]): row for row in run.metrics["leakage"]}
    assert set(leakage) == set(combinations(SUBSETS, 2))
    for (first, second), row in leakage.items():
        one, two = (set(run.split.track_id[run.split.subset == name]) for name in (first, second))
        assert row["shared_tracks"] == len(one & two)
        assert row["share"] == pytest.approx(len(one & two) / len(two))
    counts = [row["shared_tracks"] for row in leakage.values()]
    assert (sum(counts) > 0) == (run.settings.protocol == "image")


def test_the_stored_weights_give_the_stored_predictions(run, store):
    dataset = make_dataset(store, run.settings)
    model = training.load_model(run.path, run.settings, n_classes=3)
    table = predict(model, dataset)
    pd.testing.assert_frame_equal(table, run.predictions, check_dtype=False)
    assert score_run(table, predict(model, dataset, subset="train"), dataset) == run.metrics


def forbid_training(monkeypatch) -> None:
    monkeypatch.setattr(training, "train", lambda *_, **__: pytest.fail("trained again"))


@pytest.fixture
def copied(image_run, run_settings):
    """A complete run in this test's own folder."""
    path = runs_dir() / image_run.path.name
    shutil.copytree(image_run.path, path)
    return path


def test_a_complete_run_is_read_not_made(copied, image_run, run_settings, monkeypatch):
    forbid_training(monkeypatch)
    again = get_run(run_settings(), progress=False)
    assert again.path == copied
    assert again.metrics == image_run.metrics
    pd.testing.assert_frame_equal(again.predictions, image_run.predictions)


def test_another_configuration_is_another_run(copied, run_settings, monkeypatch):
    def asked(settings, dataset, directory, **_):
        raise InterruptedError(directory.name)

    monkeypatch.setattr(training, "train", asked)
    with pytest.raises(InterruptedError) as caught:
        get_run(run_settings(seed=1), progress=False)
    assert str(caught.value) != copied.name


def test_a_removed_run_is_made_again(copied, run_settings, monkeypatch):
    shutil.rmtree(copied)
    forbid_training(monkeypatch)
    with pytest.raises(pytest.fail.Exception, match="trained again"):
        get_run(run_settings(), progress=False)


def begin(settings, monkeypatch) -> Path:
    """Break a run off in its second epoch; its folder."""
    make_batch = training.make_batch

    def interrupted(*args, **at):
        if (at["epoch"], at["step"]) == (1, 1):
            signal.raise_signal(signal.SIGINT)
        return make_batch(*args, **at)

    with monkeypatch.context() as patch:
        patch.setattr(training, "make_batch", interrupted)
        with pytest.raises(KeyboardInterrupt):
            get_run(settings, progress=False)
    return next(path for path in runs_dir().iterdir() if path.is_dir())


def test_a_run_that_was_broken_off_is_gone_on_with(image_run, run_settings, monkeypatch):
    directory = begin(run_settings(), monkeypatch)
    with pytest.raises(UserError, match="no complete run"):
        read_run(directory)
    steps = []
    monkeypatch.setattr(
        training, "train_step", lambda *args, f=training.train_step: steps.append(1) or f(*args)
    )
    run = get_run(run_settings(), progress=False)
    per_epoch = -(-int((run.split.subset == "train").sum()) // 8)
    assert len(steps) == per_epoch - 1
    for name in ("history.csv", "model.safetensors", "predictions.csv", "metrics.json"):
        assert (run.path / name).read_bytes() == (image_run.path / name).read_bytes(), name
    assert sorted(path.name for path in runs_dir().iterdir()) == [run.path.name]
    assert not list(run.path.glob("checkpoint*"))


def change(directory: Path, section: str, name: str, value: object) -> None:
    config = json.loads((directory / "config.json").read_text())
    if section:
        config[section][name] = value
    else:
        config[name] = value
    (directory / "config.json").write_text(json.dumps(config))


OTHER_RUNS = {
    "settings": ("training", "epochs", 77, r"training\.epochs = 77, but 2 is asked for"),
    "seed": ("", "seed", 9, r"seed = 9, but 0 is asked for"),
    "corpus": ("data", "digest", "0123", r"a run with corpus = '0123'"),
}
OTHER_CODE = {
    "version": ("made_with", "genre_lib", "0.0.1", r"genre_lib = '0\.0\.1'"),
    "code": ("made_with", "code", "0123", r"training code = '0123'"),
}


@pytest.mark.parametrize("other", OTHER_RUNS | OTHER_CODE)
def test_a_run_of_another_kind_is_not_gone_on_with(run_settings, monkeypatch, other):
    directory = begin(run_settings(), monkeypatch)
    *place, message = (OTHER_RUNS | OTHER_CODE)[other]
    change(directory, *place)
    before = {path.name: path.read_bytes() for path in directory.iterdir()}
    with pytest.raises(UserError, match=message) as caught:
        get_run(run_settings(), progress=False)
    assert str(directory) in str(caught.value)
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == before


@pytest.mark.parametrize("other", OTHER_RUNS)
def test_a_complete_run_of_another_kind_is_not_read_as_this_one(run_settings, other):
    directory = get_run(run_settings(), progress=False).path
    *place, message = OTHER_RUNS[other]
    change(directory, *place)
    with pytest.raises(UserError, match=message):
        get_run(run_settings(), progress=False)


def test_a_complete_run_of_another_version_is_read_and_told(run_settings, capsys):
    directory = get_run(run_settings(), progress=False).path
    capsys.readouterr()
    get_run(run_settings(), progress=False)
    assert capsys.readouterr().err == ""
    change(directory, "made_with", "genre_lib", "0.0.1")
    get_run(run_settings(), progress=False)
    assert "was made by genre_lib 0.0.1; this is" in capsys.readouterr().err


def test_a_run_with_another_number_of_threads_is_the_same_run(run_settings, monkeypatch):
    directory = begin(run_settings(), monkeypatch)
    assert get_run(run_settings(threads=1), progress=False).path == directory


def test_a_run_that_cannot_be_made_leaves_no_folder(run_settings):
    with pytest.raises(UserError, match="batch_size = 999"):
        get_run(run_settings(batch_size=999), progress=False)
    assert [path for path in runs_dir().iterdir() if path.is_dir()] == []


def test_a_run_that_was_broken_off_while_scoring_is_not_trained_again(
    image_run, run_settings, monkeypatch
):
    with monkeypatch.context() as patch:
        patch.setattr("genre_lib.runs.score_run", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            get_run(run_settings(), progress=False)
    monkeypatch.setattr(training, "train_epoch", lambda *_: pytest.fail("trained again"))
    assert get_run(run_settings(), progress=False).metrics == image_run.metrics


@pytest.mark.parametrize(
    "name",
    ["config.json", "environment.json", "history.csv", "split.csv", "predictions.csv"],
)
@pytest.mark.parametrize("damage", ["missing", "empty", "other bytes"])
def test_a_damaged_run_is_told_with_the_file(copied, name, damage):
    read_run(copied)
    if damage == "missing":
        (copied / name).unlink()
    else:
        (copied / name).write_bytes(b"" if damage == "empty" else b"\xff\xfe\xfd")
    with pytest.raises(UserError, match=name.replace(".", r"\.")):
        read_run(copied)


@pytest.mark.parametrize("name", ["config", "environment", "metrics"])
@pytest.mark.parametrize("content", ["3", "[]", "null"])
def test_a_file_of_names_and_values_that_holds_none_is_told(copied, name, content):
    (copied / f"{name}.json").write_text(content)
    with pytest.raises(UserError, match=rf"{name}\.json"):
        read_run(copied)


def test_a_run_of_settings_that_are_not_known_is_told(copied):
    config = json.loads((copied / "config.json").read_text())
    (copied / "config.json").write_text(json.dumps(config | {"colour": 1}))
    with pytest.raises(UserError, match="colour"):
        read_run(copied)


def test_a_run_that_is_not_there_is_told_how_to_make_it(tmp_path):
    with pytest.raises(UserError, match="genre-book train"):
        read_run(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "genres", [("1980", "1990", "2000"), ("None", "NA", "nan"), ("a,b", 'c"d', "p_p")]
)
def test_genres_may_have_names_that_look_like_something_else(tmp_path, run_settings, genres):
    path = tmp_path / "store"
    rows = []
    for genre, sound in zip(genres, ("hiss", "high", "low"), strict=True):
        (path / genre).mkdir(parents=True)
        for number in range(3):
            gray = to_gray(mel_decibels(play(sound, number, 8000), SMALL), top_db=80.0)
            track_id = f"{genres.index(genre)}{number:03d}"
            Image.fromarray(gray[::-1]).save(path / genre / f"{track_id}.png")
            rows.append({"track_id": track_id, "genre": genre, "frames": gray.shape[1]})
    write_index(path, rows)
    (path / "store.json").write_text(json.dumps(SMALL.model_dump()))
    settings = run_settings(epochs=1, batch_size=12).model_copy(update={"corpus": str(path)})
    run = get_run(settings, progress=False)
    assert run.genres == sorted(genres)
    assert set(run.split.track_id) == {row["track_id"] for row in rows}
    table = confusions(run.predictions, run.genres)
    assert table.to_numpy().sum() == len(run.predictions)
    assert np.trace(table) / len(run.predictions) == pytest.approx(run.accuracy)
    assert genre_scores(run.predictions, run.genres).support.min() > 0


# The handcrafted baseline


@pytest.fixture
def handcrafted_run(run_settings):
    settings = run_settings().model_copy(update={"method": "handcrafted"})
    return get_run(settings, progress=False)


def test_the_handcrafted_method_is_tested_on_the_networks_images(handcrafted_run, image_run):
    columns = ["track_id", "image", "y_true"]
    table = handcrafted_run.predictions
    pd.testing.assert_frame_equal(table[columns], image_run.predictions[columns])
    pd.testing.assert_frame_equal(handcrafted_run.split, image_run.split)
    assert handcrafted_run.accuracy > 0.6  # tones and hiss: chance is a third


def test_a_handcrafted_run_is_as_complete_as_any(handcrafted_run, image_run):
    assert handcrafted_run.metrics.keys() == image_run.metrics.keys()
    assert handcrafted_run.environment.keys() == image_run.environment.keys()
    assert handcrafted_run.history.empty
    assert handcrafted_run.genres == image_run.genres
    assert handcrafted_run.path != image_run.path


def test_a_support_vector_machine_votes_by_majority(handcrafted_run):
    answers = handcrafted_run.predictions
    assert answers[[f"p_{genre}" for genre in handcrafted_run.genres]].isin([0, 1]).all(axis=None)
    for row in vote(answers).itertuples():
        counts = answers.y_pred[answers.track_id == row.track_id].value_counts()
        assert counts[row.y_pred] == counts.max()


def test_the_baseline_learns_from_training_images_alone(image_run, store):
    dataset = make_dataset(store, image_run.settings)
    expected = handcrafted_predictions(dataset, top_db=80.0)[0]
    labels = dataset.labels.copy()
    for subset in ("validation", "test"):
        labels[dataset.rows(subset)] = 0
    changed = handcrafted_predictions(replace(dataset, labels=labels), top_db=80.0)[0]
    pd.testing.assert_frame_equal(changed, expected)


# Paired differences


def test_a_paired_difference_of_equal_answers_is_nothing(image_run):
    change = paired_difference(image_run.predictions, image_run.predictions)
    assert change == {"difference": 0.0, "low": 0.0, "high": 0.0}


def test_pairing_narrows_the_interval():
    rng = np.random.default_rng(0)
    easy = rng.random(60) < 0.5  # tracks that both get right, and tracks that neither does
    first = pd.DataFrame(
        {
            "track_id": [f"t{number}" for number in range(60)],
            "image": 0,
            "y_true": "a",
            "y_pred": np.where(easy, "a", "b"),
        }
    )
    second = first.assign(y_pred=["a" if number == 0 else name for number, name in
                                  enumerate(first.y_pred)])  # fmt: skip
    paired, apart = paired_difference(second, first), accuracy_difference(second, first)
    assert paired["difference"] == apart["difference"]
    assert paired["high"] - paired["low"] < (apart["high"] - apart["low"]) / 3


def test_only_answers_to_the_same_images_are_paired(image_run):
    with pytest.raises(ValueError, match="same images"):
        paired_difference(image_run.predictions, image_run.predictions[1:])


# Several runs


@pytest.fixture(scope="module")
def several() -> dict[str, Run]:
    names = ("image-0", "image-1", "track-0", "track-2", "fault-filtered-0", "track-0-no-lstm")
    made = {name: invented.run(name, right=0.5 if "track" in name else 0.9) for name in names}
    return {**made, "image-0-handcrafted": invented.run("image-0-handcrafted")}


def test_a_run_without_an_ingredient_is_told_from_the_recipe(several):
    assert [name for name, run in several.items() if not follows_recipe(run)] == ["track-0-no-lstm"]


def test_accuracies_are_those_of_each_run_by_image_and_by_vote(several):
    table = accuracies(several).set_index(["run", "scored"])
    assert len(table) == 2 * (len(several) - 1)
    for name in ("image-1", "fault-filtered-0", "image-0-handcrafted"):
        assert table.accuracy[name, "image"] == several[name].accuracy
        assert table.accuracy[name, "vote"] == several[name].metrics["track_accuracy"]
    assert table.method["image-0-handcrafted", "vote"] == "handcrafted"


def test_accuracy_over_seeds_is_their_mean_between_the_worst_and_the_best(several):
    table = over_seeds(several).set_index(["protocol", "method", "scored"])
    row = table.loc["image", "network", "image"]
    both = [several["image-0"].accuracy, several["image-1"].accuracy]
    assert (row.seeds, row.worst, row.best) == (2, min(both), max(both))
    assert row.accuracy == pytest.approx(np.mean(both))
    assert row.low < row.accuracy < row.high


def test_the_change_of_protocol_is_over_the_seeds_of_both(several):
    table = protocol_changes(several).set_index(["method", "scored"])
    assert table.index.get_level_values("method").unique().tolist() == ["network"]
    row = table.loc["network", "image"]
    assert (row.seeds, row.image, row.track) == (
        1,
        several["image-0"].accuracy,
        several["track-0"].accuracy,
    )
    assert row.difference == pytest.approx(row.track - row.image)
    assert row.low < row.difference < row.high < 0


@pytest.mark.parametrize("held", [[], ["track-0"], ["image-1", "track-0"]])
def test_without_a_seed_of_both_protocols_there_is_no_change(held: list[str], several):
    some = {name: several[name] for name in held}
    assert protocol_changes(some).empty
    assert same_images(some) == {}
    assert len(over_seeds(some)) == 2 * len(held)


def test_recall_of_a_genre_is_the_accuracy_of_its_images(several):
    image, track = (several[name].predictions for name in ("image-0", "track-0"))
    table = recall_changes(image, track, several["image-0"].genres)
    expected = genre_scores(image, several["image-0"].genres)
    np.testing.assert_allclose(table.image, expected.recall)
    np.testing.assert_allclose(table.difference, table.track - table.image)
    assert (table.image_low <= table.image).all()
    assert (table.track <= table.track_high).all()


def test_pairs_are_compared_where_both_runs_are_held(several):
    pairs = [("one", "track-0", "track-0-no-lstm"), ("two", "track-0", "track-0-cnn")]
    table = paired_differences(several, pairs)
    assert table.label.tolist() == ["one", "one"]
    assert table.scored.tolist() == list(SCORED)
    expected = several["track-0"].accuracy - several["track-0-no-lstm"].accuracy
    assert table.difference[0] == pytest.approx(expected)
    assert table.low[0] <= expected <= table.high[0]


def test_pairs_with_one_label_are_taken_together(several):
    other = invented.run("image-1-handcrafted")
    pairs = [("all", f"image-{seed}", f"image-{seed}-handcrafted") for seed in (0, 1)]
    table = paired_differences({**several, "image-1-handcrafted": other}, pairs)
    apart = [several["image-0"].accuracy - several["image-0-handcrafted"].accuracy]
    apart.append(several["image-1"].accuracy - other.accuracy)
    assert table.pairs.tolist() == [2, 2]
    assert table.difference[0] == pytest.approx(np.mean(apart))


def test_known_images_are_those_of_the_track_in_training(several):
    assert (known_images(several["track-0"]) == 0).all()
    run = several["image-0"]
    known = known_images(run)
    track = run.predictions.track_id[5]
    own = run.split[run.split.track_id == track]
    assert known[5] == (own.subset == "train").sum() > 0


@pytest.mark.parametrize("name", ["image-0", "track-0"])
def test_the_tracks_behind_a_cell_add_up_to_it(several, name):
    run = several[name]
    table = confusion_tracks(run)
    counts = confusions(run.predictions, run.genres).stack()
    summed = table.groupby(["y_true", "y_pred"])["images"].sum()
    assert summed.to_dict() == counts[counts > 0].to_dict()
    assert not table.duplicated(["y_true", "y_pred", "track_id"]).any()
    tracks = table.groupby("track_id")
    assert (tracks["images"].sum() == tracks.test_images.max()).all()
    known = known_images(run).groupby(run.predictions.track_id).first()
    assert table.known.tolist() == known[table.track_id].tolist()


def test_accuracy_by_known_images_counts_every_test_image(several):
    both = [several["image-0"], several["track-0"]]
    table = accuracy_by_known(both, at_least=1)
    assert table.images.sum() == sum(len(run.predictions) for run in both)
    assert table.known[0] == 0
    assert table.accuracy[0] == pytest.approx(several["track-0"].accuracy)
    assert len(accuracy_by_known(both, at_least=20)) < len(table)
    assert accuracy_by_known([]).empty


def test_the_same_images_are_asked_of_both_networks(several):
    result = same_images(several)
    tables = [several[name].predictions for name in ("image-0", "track-0")]
    keys = [set(zip(table.track_id, table.image, strict=True)) for table in tables]
    assert result["images"] == len(keys[0] & keys[1]) > 0
    assert result["difference"] == pytest.approx(result["known"] - result["unknown"])
    assert result["low"] <= result["difference"] <= result["high"]


def test_identical_pairs_are_found_and_their_images_counted(several):
    table = identical_pairs(several["track-0"].split)
    assert list(zip(table["first"], table["second"], strict=True)) == [
        ("blues.00000", "blues.00001"),
        ("blues.00002", "classical.00000"),
    ]
    assert table.subsets[1] == "24 train"  # of two genres, so no test could be fair
    images = table.subsets.str.findall(r"\d+").map(lambda counts: sum(map(int, counts)))
    assert images.tolist() == [24, 24]


def test_costs_name_every_run(several):
    table = run_costs(several).set_index("run")
    assert table.index.tolist() == list(several)
    assert (table.minutes == 1.5).all()
    assert table.epochs["image-0"] == 3
