"""The network that the page *Your own song* loads, and what the page's scripts make of it.

The scripts run in Node, without a page: see `tests/browser/test_own_song.py` for the page itself.
"""

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from genre_lib.book.in_page import IMPLEMENTED, PART, about_network, write_network
from genre_lib.config import UserError, project_root
from genre_lib.corpus.synthetic.songs import load_song
from genre_lib.explorer.examples import moments
from genre_lib.predict import PACKAGED, pictures_of, predict_file, read_trained, spectrogram

SCRIPT = Path(__file__).parents[1] / "own_song.cjs"
RATE = 22050


@pytest.fixture(scope="module")
def trained():
    return read_trained()


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    folder = tmp_path_factory.mktemp("network")
    write_network(folder)
    return folder


@pytest.fixture(scope="module")
def ask(network, tmp_path_factory):
    """A function that gives the scripts' answers about sounds, each with its sample rate."""
    node = shutil.which("node")
    if node is None:
        message = "Node.js is not installed."
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    folder = tmp_path_factory.mktemp("sounds")

    def answers(*sounds: tuple[np.ndarray, int]) -> list[dict]:
        requests = []
        for number, (audio, rate) in enumerate(sounds):
            channels = audio.reshape(len(audio), -1).T
            channels.astype("<f4").tofile(folder / f"{number}.f32")
            request = {"file": str(folder / f"{number}.f32"), "rate": rate}
            requests.append(request | {"channels": len(channels)})
        (folder / "requests.json").write_text(json.dumps(requests))
        assets = project_root() / "book" / "_assets"
        command = [node, str(SCRIPT), str(assets), str(network), str(folder / "requests.json")]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr
        return json.loads(run.stdout)

    return answers


def music(genre: str, seconds: float) -> np.ndarray:
    return load_song(genre, 0, 0, RATE)[: round(seconds * RATE)]


def test_the_scripts_answer_as_the_command_does(ask, trained, tmp_path):
    song = np.concatenate([music("classical", 30), music("metal", 17)])
    silence = np.zeros(50 * RATE, np.float32)
    pauses = [silence, music("jazz", 20), silence, music("rock", 7), silence]
    short = music("reggae", 4)
    sounds = [
        (song, RATE),  # a last window that ends with the song
        (np.concatenate([silence, short]), RATE),  # repeated
        (np.concatenate(pauses), RATE),  # windows of silence
        (np.stack([short, -short, silence[: len(short)] + 0.1], axis=1), RATE),  # they cancel
        (soxr.resample(song, RATE, 44100, quality="HQ")[: 31 * 44100], 44100),  # a rest left out
        (soxr.resample(music("disco", 12), RATE, 48000, quality="HQ"), 48000),
        (soxr.resample(music("pop", 12), RATE, 16000, quality="HQ"), 16000),
    ]
    for number, ((audio, rate), found) in enumerate(zip(sounds, ask(*sounds), strict=True)):
        file = tmp_path / f"{number}.wav"
        soundfile.write(file, audio, rate, subtype="FLOAT")
        expected = predict_file(file, trained)
        assert found["seconds"] == pytest.approx(expected.seconds, abs=0.001)
        assert found["count"] == len(found["windows"]) == len(expected.windows)
        limit = 1e-4 if rate == RATE else 1e-3
        for window, answer in zip(found["windows"], expected.windows, strict=True):
            assert [window["start"], window["end"]] == pytest.approx(
                [answer.start, answer.end], abs=0.001
            )
            if answer.probabilities is None:
                assert window["probabilities"] is None
                continue
            wanted = [answer.probabilities[genre] for genre in trained.genres]
            assert window["probabilities"] == pytest.approx(wanted, abs=limit)
            assert window["sound"] == pytest.approx(answer.sound, abs=0.004)
        assert found["notes"] == list(expected.notes)
        assert [each["genre"] for each in found["ranked"]] == list(expected.probabilities)
        for each in found["ranked"]:
            wanted = expected.probabilities[each["genre"]]
            assert each["probability"] == pytest.approx(wanted, abs=limit)


def test_the_moments_of_a_window_are_those_of_the_explorer(ask, trained):
    audio = music("blues", 30)
    (found,) = ask((audio, RATE))
    pictures = pictures_of(spectrogram(audio, trained.recipe), trained.settings)
    expected = moments(trained.model, pictures).probabilities
    np.testing.assert_allclose(found["windows"][0]["moments"], expected, atol=1e-5)


def test_what_is_loaded_is_small_and_says_how_often_an_answer_is_right(network, trained):
    files = sorted(network.iterdir())
    parts = -(-(PACKAGED / "model.safetensors").stat().st_size // PART)
    assert len(files) == 1 + parts
    assert sum(file.stat().st_size for file in files) < 3_700_000
    about = about_network(trained)
    assert about["remarks"] == trained.remarks()
    named = about["answers"].values()
    assert sum(each["named"] for each in named) == len(trained.answers)
    right = sum(each["right"] for each in named) / len(trained.answers)
    assert right == pytest.approx(trained.test_accuracy["share"])
    for each in named:
        low, high = each["interval"]
        assert low <= each["right"] / each["named"] <= high


def test_a_network_that_the_scripts_do_not_implement_is_refused(trained, tmp_path):
    for name, value in IMPLEMENTED.items():
        other = not value if isinstance(value, bool) else value * 2
        change = {name: other}
        settings, recipe = trained.settings, trained.recipe
        if name in type(settings.model).model_fields:
            model = settings.model.model_copy(update=change)
            settings = settings.model_copy(update={"model": model})
        elif name in type(recipe).model_fields:
            recipe = recipe.model_copy(update=change)
        else:
            settings = settings.model_copy(update=change)
        changed = replace(trained, settings=settings, recipe=recipe)
        with pytest.raises(UserError, match=rf"{name}={value}, .*{name}={other}\.$"):
            write_network(tmp_path / "network", changed)
        assert not (tmp_path / "network").exists()
