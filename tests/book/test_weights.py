"""Networks to pass on: folders that are complete, and model cards that say what is known."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from genre_lib.book.references import stored_runs
from genre_lib.book.weights import model_card, package
from genre_lib.config import UserError
from genre_lib.evaluation import wilson_interval
from genre_lib.predict import DEMONSTRATION, PACKAGED, RIGHT, read_trained, share_of
from genre_lib.runs import get_run


@pytest.fixture(scope="module")
def run(run_settings, session_places):
    return get_run(run_settings(protocol="track", epochs=4), progress=False)


@pytest.fixture(scope="module")
def folder(run, tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("weights") / "small"
    package(run.path, target)
    return target


@pytest.fixture(scope="module")
def trained(folder):
    return read_trained(folder)


def changed(trained, *, corpus="small", **settings):
    """The same network with another history."""
    return replace(
        trained,
        settings=trained.settings.model_copy(update=settings),
        recipe=trained.recipe.model_copy(update={"corpus": corpus}),
    )


def test_a_package_is_the_run_with_its_card(run, folder, trained, store, store_path):
    made = read_trained(run.path)
    assert trained.recipe == made.recipe == store.recipe
    assert trained.values() == made.values()
    assert trained.values()["run"] == run.path.name
    weights = made.model.state_dict(), trained.model.state_dict()
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    assert {path.name for path in folder.iterdir()} - {
        path.name for path in run.path.iterdir()
    } == {"MODEL_CARD.md"}
    for path in folder.iterdir():
        assert str(store_path.parent).encode() not in path.read_bytes()


def test_the_packaged_networks_have_their_cards():
    for place in (PACKAGED, DEMONSTRATION):
        card = model_card(read_trained(place))
        assert (place / "MODEL_CARD.md").read_text(encoding="utf-8") == card
    assert "GTZAN" not in card


def test_the_figures_of_a_card_are_those_of_the_predictions(folder, trained):
    card = (folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    for found in (share_of(trained.predictions), trained.test_accuracy):
        assert f"{RIGHT.format(**found)} | {found['count']} |" in card
    original = trained.predictions[trained.predictions.image == 0]
    for genre, answers in original.groupby("y_true"):
        right, count = int((answers.y_pred == genre).sum()), len(answers)
        low, high = wilson_interval(right, count)
        recall = RIGHT.format(share=right / count, low=low, high=high)
        assert f"| {genre} | {recall} | {count} |" in card


def test_the_card_states_data_protocol_seed_and_budget(folder, trained):
    card = (folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    for words in ("| protocol | track", "| seed | 0", "| corpus | small", "epochs", "CPU"):
        assert words in card
    assert "must not be used" in card
    assert not re.search(r"[{}]", card), "a field was left"
    assert "knows them from training" in model_card(changed(trained, protocol="image"))
    gtzan = model_card(changed(trained, corpus="gtzan"))
    assert "has no\nlicence" in gtzan
    assert "does not keep artists apart" in gtzan
    filtered = model_card(changed(trained, corpus="gtzan", protocol="fault-filtered"))
    assert "wrong labels" in filtered
    assert "does not keep artists apart" not in filtered


def test_a_package_is_complete_or_absent_and_never_written_over(run, folder, tmp_path, monkeypatch):
    with pytest.raises(UserError, match="exists already"):
        package(run.path, folder)

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", fail)
    with pytest.raises(UserError, match="No space left"):
        package(run.path, tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_the_card_says_how_often_changed_tracks_are_named_rightly(trained):
    packaged = read_trained()
    rows = packaged.hearing["rows"]
    card = model_card(packaged)
    assert len(rows) == 16
    for row in rows:
        assert row["right"] == row["validation"] + row["test"]
        share = RIGHT.format(share=row["right"] / row["tracks"], low=row["low"], high=row["high"])
        assert f"| {row['change']} | {share} | {row['tracks']} |" in card
    assert trained.hearing == {}
    assert "benchmarks.hearing" not in model_card(trained)


def test_the_card_tells_of_runs_with_the_same_test_and_of_new_artists(trained):
    packaged, runs = read_trained(), stored_runs()
    card = model_card(packaged)
    rivals = [run for name, run in runs.items() if re.match("track-0(-|$)", name)]
    count = len([*rivals, runs["track-full-budget"]])
    assert f"Of {count} stored runs" in card
    assert "none has a higher test accuracy. So part" in card
    worst = replace(packaged, metrics=packaged.metrics | {"accuracy": 0.0})
    assert f"{count} have a higher test accuracy." in model_card(worst).replace("\n", " ")
    apart = runs["fault-filtered-0-cutmix-stays"]
    sure = [f"{100 * run.predictions.filter(regex='^p_').max(axis=1).mean():.1f}%"
            for run in (packaged, apart)]  # fmt: skip
    assert all(share in card for share in (*sure, f"{100 * apart.accuracy:.1f}%"))
    assert "are new to it" not in model_card(changed(packaged, corpus="gtzan", seed=1))
    assert "stored runs" not in model_card(trained)
