"""Packaged networks: a folder that says what it is worth, made of a run and read again."""

import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from genre_lib import trained as module
from genre_lib.config import UserError
from genre_lib.evaluation import vote
from genre_lib.runs import get_run
from genre_lib.trained import (
    DEMONSTRATION,
    PACKAGED,
    Recipe,
    answered,
    honesty,
    model_card,
    package_weights,
    read_trained,
    recipe_of,
    trained_of,
)


@pytest.fixture(scope="module")
def run(run_settings, session_places):
    return get_run(run_settings(protocol="track"), progress=False)


@pytest.fixture(scope="module")
def folder(run, store, tmp_path_factory):
    target = tmp_path_factory.mktemp("weights") / "small"
    package_weights(run.path, store, target)
    return target


def same(first, second) -> bool:
    weights = first.model.state_dict(), second.model.state_dict()
    return all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_a_package_says_what_the_run_says(run, store, folder):
    made, packaged = trained_of(run, store), read_trained(folder)
    assert packaged.about == made.about
    assert packaged.recipe == made.recipe
    assert packaged.metrics == run.metrics
    assert same(packaged, made)
    assert packaged.settings.model_dump(exclude={"corpus"}) == run.settings.model_dump(
        exclude={"corpus"}
    )


def test_a_run_is_read_as_its_package_is(run, folder, monkeypatch):
    opened = read_trained(run.path)
    assert opened.about == read_trained(folder).about
    assert same(opened, read_trained(folder))


def test_a_package_holds_nothing_of_this_machine(folder, store_path):
    files = {path.name for path in folder.iterdir()}
    assert files == {
        "MODEL_CARD.md",
        "about.json",
        "config.json",
        "environment.json",
        "metrics.json",
        "model.safetensors",
        "spectrogram.json",
    }
    for path in folder.iterdir():
        assert str(store_path.parent).encode() not in path.read_bytes()


def test_the_shares_are_those_of_the_runs_predictions(run, store):
    about = trained_of(run, store).about
    table = run.predictions
    assert about.images.share == pytest.approx(run.accuracy)
    assert about.images.count == len(table)
    voted = vote(table)
    assert about.votes.share == pytest.approx((voted.y_true == voted.y_pred).mean())
    assert about.votes.share == pytest.approx(run.metrics["track_accuracy"])
    original = table[table.image == 0]
    assert about.answers.share == pytest.approx((original.y_true == original.y_pred).mean())
    assert about.answers.count == run.metrics["test_tracks"]
    for name in ("images", "votes", "answers"):
        share = getattr(about, name)
        assert 0 <= share.low <= share.share <= share.high <= 1
    for genre, recall in about.recalls.items():
        own = original[original.y_true == genre]
        assert recall.share == pytest.approx((own.y_pred == genre).mean())
        assert recall.count == len(own)


def test_all_slices_answer_for_a_track_in_the_view_segments(run_settings, session_places):
    run = get_run(run_settings(view="segments", protocol="track"), progress=False)
    assert answered(run).equals(vote(run.predictions))


def test_the_weights_are_of_the_best_epoch(run, store):
    about = trained_of(run, store).about
    best = run.history.set_index("epoch").validation_accuracy
    assert about.validation_accuracy == best[about.best_epoch] == best.max()
    assert about.epochs == len(run.history)


def test_the_recipe_is_the_stores_own(store):
    recipe = recipe_of(store)
    assert recipe.sample_rate == store.manifest["sample_rate"]
    assert recipe.frame_period_s == store.frame_period
    assert recipe.seconds == 2.0


def test_a_store_that_does_not_say_has_the_length_of_its_pictures(store):
    manifest = {k: v for k, v in store.manifest.items() if k not in ("seconds", "n_fft")}
    recipe = recipe_of(replace(store, manifest=manifest))
    assert recipe.seconds == pytest.approx(2.0, abs=0.1)
    assert recipe.n_fft == Recipe.model_fields["n_fft"].default


# Honesty


def test_a_split_of_tracks_is_honest_and_a_split_of_images_is_not(run, store):
    honest = trained_of(run, store)
    assert "not in its training" in honesty(honest)
    leaky = replace(honest, settings=honest.settings.model_copy(update={"protocol": "image"}))
    assert "is not known" in honesty(leaky)
    assert "it knows them from training" in model_card(leaky)


def test_the_card_states_data_protocol_seed_budget_and_scores(folder, run):
    card = (folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    about = read_trained(folder).about
    for words in ("| protocol | track", "| seed | 0", "| corpus | small", "epochs", "CPU"):
        assert words in card
    for share in (about.images, about.votes, about.answers):
        assert f"{share.share:.0%} (95 % interval {share.low:.0%} to {share.high:.0%})" in card
    assert all(f"| {genre} |" in card for genre in run.genres)
    assert "must not be used" in card
    assert not re.search(r"[{}]", card), "a placeholder was left"


@pytest.mark.parametrize(("protocol", "artists"), [("track", True), ("fault-filtered", False)])
def test_the_card_of_gtzan_names_its_faults_and_that_it_has_no_licence(folder, protocol, artists):
    made = read_trained(folder)
    made = replace(
        made,
        about=made.about.model_copy(update={"corpus": "gtzan"}),
        settings=made.settings.model_copy(update={"protocol": protocol}),
    )
    card = model_card(made)
    assert "has no\nlicence" in card
    assert "wrong labels" in card
    assert ("Artists were on both sides" in card) == artists


# Faults


def test_a_package_is_never_written_over(run, store, folder):
    with pytest.raises(UserError, match="exists already"):
        package_weights(run.path, store, folder)


def test_a_failed_package_leaves_nothing_behind(run, store, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.shutil, "copyfile", fail)
    with pytest.raises(UserError, match="No space left"):
        package_weights(run.path, store, tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_another_store_is_refused(run, store, tmp_path):
    with pytest.raises(UserError, match="other spectrograms"):
        package_weights(run.path, replace(store, digest="0" * 16), tmp_path / "new")


def test_a_run_without_a_network_is_refused(run, store):
    settings = run.settings.model_copy(update={"method": "handcrafted"})
    with pytest.raises(UserError, match="no network's weights"):
        trained_of(replace(run, settings=settings), store)


def test_what_is_no_package_and_no_run_is_told(tmp_path, monkeypatch):
    with pytest.raises(UserError, match="There are no weights"):
        read_trained(tmp_path / "nowhere")
    with pytest.raises(UserError, match="neither packaged weights nor a complete run"):
        read_trained(tmp_path)
    monkeypatch.setattr(module, "PACKAGED", tmp_path / "nowhere")
    with pytest.raises(UserError, match="--weights"):
        read_trained()


def damage(folder, name: str, change) -> None:
    values = json.loads((folder / name).read_text())
    (folder / name).write_text(json.dumps(change(values)))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("about.json", lambda values: values | {"genres": 3}),
        ("about.json", lambda values: values | {"unheard": 3}),
        ("about.json", lambda values: list(values)),
        ("config.json", lambda values: values | {"seed": "none"}),
        ("spectrogram.json", lambda values: values | {"fmax": 1e9}),
    ],
)
def test_a_damaged_description_is_told(folder, tmp_path, name, change):
    copy = shutil.copytree(folder, tmp_path / "copy")
    damage(copy, name, change)
    with pytest.raises(UserError):
        read_trained(copy)


@pytest.mark.parametrize("content", [None, b"", b"no weights at all", bytes(100)])
def test_damaged_weights_are_told(folder, tmp_path, content):
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / "model.safetensors").unlink()
    if content is not None:
        (copy / "model.safetensors").write_bytes(content)
    with pytest.raises(UserError, match=r"model\.safetensors"):
        read_trained(copy).model  # noqa: B018


def test_weights_of_another_network_are_told(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    damage(copy, "config.json", lambda values: values | {"model": {"hidden_size": 8}})
    with pytest.raises(UserError, match="no weights of this network"):
        read_trained(copy).model  # noqa: B018


# The weights that come with the package


@pytest.fixture(params=[PACKAGED, DEMONSTRATION], ids=["weights", "demonstration"])
def packaged(request):
    return read_trained(request.param)


def test_the_packaged_network_is_honest_and_better_than_guessing(packaged):
    assert packaged.honest
    assert packaged.about.answers.low > 1 / len(packaged.about.genres)
    assert not packaged.model.training


def test_the_packaged_card_is_what_the_packaged_files_say(packaged):
    card = (packaged.path / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert card == model_card(packaged)
    assert set(packaged.about.recalls) == set(packaged.about.genres)
    assert np.mean([share.share for share in packaged.about.recalls.values()]) > 0.2


def test_the_network_of_the_demonstration_learned_no_recording():
    network = read_trained(DEMONSTRATION)
    assert network.about.corpus == "synthetic"
    assert "no recording" in model_card(network)
    assert "GTZAN" not in model_card(network)
