import json
import shutil
import signal
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from tiny import SMALL, play

from genre_lib import runs, training
from genre_lib.config import UserError, digest, runs_dir
from genre_lib.evaluation import confusions, genre_scores, vote
from genre_lib.handcrafted import features, mfcc_statistics, predicted_labels
from genre_lib.predict import read_trained
from genre_lib.runs import get_run, prediction_table, read_run, score_run
from genre_lib.spectrogram import mel_decibels, to_gray
from genre_lib.splits import SUBSETS, make_dataset
from genre_lib.training import new_state, predict_logits

PARTS = [
    "config.json",
    "environment.json",
    "history.csv",
    "metrics.json",
    "model.safetensors",
    "predictions.csv",
    "spectrogram.json",
    "split.csv",
]


@pytest.fixture(scope="module", params=["image", "track"])
def run(request, run_settings, session_places):
    return get_run(run_settings(protocol=request.param), progress=False)


@pytest.fixture(scope="module")
def image_run(run_settings, session_places):
    return get_run(run_settings(), progress=False)


@pytest.fixture
def copied(image_run):
    """A complete run in this test's folder."""
    path = runs_dir() / image_run.path.name
    shutil.copytree(image_run.path, path)
    return path


def forbid_training(monkeypatch) -> None:
    monkeypatch.setattr(training, "train", lambda *_, **__: pytest.fail("trained again"))


def begin(settings, monkeypatch) -> Path:
    """Interrupt a run in its second epoch; its folder."""
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


# What a run is


def test_a_run_has_everything_that_it_should(run, run_settings, store):
    assert run.settings == run_settings(protocol=run.settings.protocol)
    assert run.path.name == digest(run.settings, store.digest)
    assert run.genres == list(store.genres)
    assert run.history.epoch.tolist() == [1, 2]
    assert sorted(path.name for path in run.path.iterdir()) == PARTS


def test_predictions_are_of_the_test_images_with_probabilities_that_add_up(run):
    test = run.split[run.split.subset == "test"]
    columns = ["track_id", "image"]
    assert run.predictions[columns].to_numpy().tolist() == test[columns].to_numpy().tolist()
    assert run.predictions.y_true.tolist() == test.genre.tolist()
    probabilities = run.predictions[[f"p_{genre}" for genre in run.genres]]
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=3e-6)
    assert ((probabilities >= 0) & (probabilities <= 1)).all(axis=None)
    highest = probabilities.idxmax(axis=1).str.removeprefix("p_")
    assert highest.tolist() == run.predictions.y_pred.tolist()


def test_the_metrics_follow_from_predictions_and_split(run):
    right = run.predictions.y_true == run.predictions.y_pred
    assert run.accuracy == pytest.approx(right.mean())
    assert run.metrics["accuracy_low"] <= run.accuracy <= run.metrics["accuracy_high"]
    assert run.metrics["test_tracks"] == run.predictions.track_id.nunique()
    assert run.metrics["images"] == run.split.subset.value_counts().to_dict()
    voted = vote(run.predictions)
    assert run.metrics["track_accuracy"] == (voted.y_true == voted.y_pred).mean()
    leakage = {(row["first"], row["second"]): row for row in run.metrics["leakage"]}
    assert set(leakage) == set(combinations(SUBSETS, 2))
    for (first, second), row in leakage.items():
        one, two = (set(run.split.track_id[run.split.subset == name]) for name in (first, second))
        assert row["shared_tracks"] == len(one & two)
        assert row["share"] == pytest.approx(len(one & two) / len(two))
    shared = sum(row["shared_tracks"] for row in leakage.values())
    assert (shared > 0) == (run.settings.protocol == "image")


def test_the_stored_weights_give_the_stored_predictions(run, store):
    dataset = make_dataset(store, run.settings)
    model = read_trained(run.path).model
    tables = []
    for rows in (dataset.rows("test"), dataset.rows("train")):
        logits = predict_logits(model, dataset.images, rows)
        tables.append(prediction_table(dataset, rows, logits.double().softmax(1).numpy()))
    pd.testing.assert_frame_equal(tables[0], run.predictions, check_dtype=False)
    assert score_run(*tables, dataset) == run.metrics


# Read, made or continued


def test_a_complete_run_is_read_and_a_removed_one_is_made_again(
    copied, image_run, run_settings, monkeypatch
):
    forbid_training(monkeypatch)
    again = get_run(run_settings(), progress=False)
    assert again.path == copied
    assert again.metrics == image_run.metrics
    pd.testing.assert_frame_equal(again.predictions, image_run.predictions)
    shutil.rmtree(copied)
    with pytest.raises(pytest.fail.Exception, match="trained again"):
        get_run(run_settings(), progress=False)


def test_another_configuration_is_another_run(copied, run_settings, monkeypatch):
    forbid_training(monkeypatch)
    with pytest.raises(pytest.fail.Exception, match="trained again"):
        get_run(run_settings(seed=1), progress=False)


def test_an_interrupted_run_is_continued_to_the_same_bytes(image_run, run_settings, monkeypatch):
    directory = begin(run_settings(), monkeypatch)
    with pytest.raises(UserError, match="has no complete run"):
        read_run(directory)
    make_batch, epochs = training.make_batch, []
    monkeypatch.setattr(
        training, "make_batch", lambda *a, **at: epochs.append(at["epoch"]) or make_batch(*a, **at)
    )
    # The number of threads is no part of what a run is.
    again = get_run(run_settings(threads=1), progress=False)
    assert again.path == directory
    assert set(epochs) == {1}  # counted from 0: the first is not repeated
    for name in ("history.csv", "model.safetensors", "predictions.csv", "metrics.json"):
        assert (directory / name).read_bytes() == (image_run.path / name).read_bytes(), name
    assert [path.name for path in runs_dir().iterdir()] == [directory.name]
    assert not list(directory.glob("checkpoint*"))


def test_a_run_that_other_code_began_is_not_continued(run_settings, monkeypatch):
    directory = begin(run_settings(), monkeypatch)
    monkeypatch.setattr(runs, "code_digest", lambda: "0123")
    before = {path.name: path.read_bytes() for path in directory.iterdir()}
    with pytest.raises(UserError, match="begun by other training code") as caught:
        get_run(run_settings(), progress=False)
    assert str(directory) in str(caught.value)
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == before


def test_a_complete_run_of_other_code_is_read(copied, run_settings, monkeypatch):
    forbid_training(monkeypatch)
    monkeypatch.setattr(runs, "code_digest", lambda: "0123")
    assert get_run(run_settings(), progress=False).path == copied


def test_a_run_that_cannot_be_made_leaves_no_folder(run_settings):
    with pytest.raises(UserError, match="batch_size = 999"):
        get_run(run_settings(batch_size=999), progress=False)
    assert [path for path in runs_dir().iterdir() if path.is_dir()] == []


def test_a_run_that_was_interrupted_while_scoring_is_not_trained_again(
    image_run, run_settings, monkeypatch
):
    with monkeypatch.context() as patch:
        patch.setattr(runs, "score_run", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            get_run(run_settings(), progress=False)
    monkeypatch.setattr(training, "make_batch", lambda *_, **__: pytest.fail("trained again"))
    assert get_run(run_settings(), progress=False).metrics == image_run.metrics


# A damaged run


def test_a_damaged_run_is_reported_with_the_file(copied):
    for name in sorted({*PARTS} - {"model.safetensors", "metrics.json", "spectrogram.json"}):
        whole = (copied / name).read_bytes()
        for content in (b"", b"\xff\xfe\xfd", b"[]" if name.endswith("json") else b"", None):
            if content is None:
                (copied / name).unlink()
            else:
                (copied / name).write_bytes(content)
            with pytest.raises(UserError, match=name.replace(".", r"\.")):
                read_run(copied)
        (copied / name).write_bytes(whole)
    config = json.loads((copied / "config.json").read_text())
    (copied / "config.json").write_text(json.dumps(config | {"colour": 1}))
    with pytest.raises(UserError, match="colour"):
        read_run(copied)
    with pytest.raises(UserError, match="genre-book train"):
        read_run(copied / "nowhere")


def test_genres_may_have_names_that_look_like_something_else(tmp_path, run_settings):
    genres = ("1980", "None", 'c"d,p_p')
    path = tmp_path / "store"
    rows = []
    for genre, sound in zip(genres, ("hiss", "high", "low"), strict=True):
        (path / genre).mkdir(parents=True)
        for number in range(3):
            gray = to_gray(mel_decibels(play(sound, number, 8000), SMALL), top_db=80.0)
            track_id = f"{genres.index(genre)}{number:03d}"
            Image.fromarray(gray[::-1]).save(path / genre / f"{track_id}.png")
            rows.append({"track_id": track_id, "genre": genre, "frames": gray.shape[1]})
    pd.DataFrame(rows).to_csv(path / "index.csv", index=False)
    (path / "store.json").write_text(json.dumps(SMALL.model_dump()))
    settings = run_settings(epochs=1, batch_size=12).model_copy(update={"corpus": str(path)})
    run = get_run(settings, progress=False)
    assert run.genres == sorted(genres)
    assert set(run.split.track_id) == {row["track_id"] for row in rows}
    table = confusions(run.predictions, run.genres)
    assert np.trace(table) / len(run.predictions) == pytest.approx(run.accuracy)
    assert genre_scores(run.predictions, run.genres).support.min() > 0


# The handcrafted baseline


@pytest.fixture(scope="module")
def handcrafted_run(run_settings, session_places):
    settings = run_settings().model_copy(update={"method": "handcrafted"})
    return get_run(settings, progress=False)


def test_a_handcrafted_run_is_complete_and_tested_on_the_networks_images(
    handcrafted_run, image_run
):
    columns = ["track_id", "image", "y_true"]
    table = handcrafted_run.predictions
    pd.testing.assert_frame_equal(table[columns], image_run.predictions[columns])
    pd.testing.assert_frame_equal(handcrafted_run.split, image_run.split)
    assert handcrafted_run.accuracy > 0.6  # tones and hiss: chance is a third
    assert handcrafted_run.metrics.keys() == image_run.metrics.keys()
    assert handcrafted_run.environment.keys() == image_run.environment.keys()
    assert handcrafted_run.history.empty
    assert handcrafted_run.genres == image_run.genres


def test_a_support_vector_machine_votes_by_majority(handcrafted_run):
    answers = handcrafted_run.predictions
    assert answers[[f"p_{genre}" for genre in handcrafted_run.genres]].isin([0, 1]).all(axis=None)
    for row in vote(answers).itertuples():
        counts = answers.y_pred[answers.track_id == row.track_id].value_counts()
        assert counts[row.y_pred] == counts.max()


def test_baselines_learn_from_training_images_alone_and_are_tuned_on_validation(image_run, store):
    settings = image_run.settings
    dataset = make_dataset(store, settings)
    for method in ("handcrafted", "mfcc", "nearest", "untrained"):
        chosen = settings.model_copy(update={"method": method})
        expected = predicted_labels(dataset, store, chosen)
        test = dataset.rows("test")
        assert (expected[test] == dataset.labels[test]).mean() > 0.5, method  # chance is a third
        for subset in ("validation", "test") if method in ("handcrafted", "nearest") else ("test",):
            labels = dataset.labels.copy()
            labels[dataset.rows(subset)] = 0
            found = predicted_labels(replace(dataset, labels=labels), store, chosen)
            np.testing.assert_array_equal(found, expected)


def test_the_nearest_training_image_gives_its_label(image_run, store):
    settings = image_run.settings.model_copy(update={"method": "nearest"})
    dataset = make_dataset(store, settings)
    known = features(dataset, store, settings)
    train = dataset.rows("train")
    scaled = (known - known[train].mean(0)) / known[train].std(0)
    distances = np.linalg.norm(scaled[:, None] - scaled[train], axis=2)
    expected = dataset.labels[train][distances.argmin(1)]
    np.testing.assert_array_equal(predicted_labels(dataset, store, settings), expected)


def test_clean_features_are_those_of_what_an_image_was_cut_from(run_settings, store):
    for view in ("copies", "segments"):
        settings = run_settings(view=view).model_copy(update={"method": "mfcc"})
        found = features(make_dataset(store, settings), store, settings)
        track = store.decibels(1)
        halves = np.array_split(track, 2, axis=1) if view == "segments" else [track, track]
        for row, part in zip((2, 3), halves, strict=True):
            np.testing.assert_array_equal(found[row], mfcc_statistics(part))


def test_untrained_features_are_what_enters_the_linear_layers(image_run, store):
    settings = image_run.settings.model_copy(update={"method": "untrained"})
    dataset = make_dataset(store, settings)
    found = torch.from_numpy(features(dataset, store, settings))
    network = new_state(image_run.settings, dataset).model.eval()
    with torch.no_grad():
        logits = network.output(network.hidden(found))
    torch.testing.assert_close(logits, predict_logits(network, dataset.images))
