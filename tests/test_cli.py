import json
import subprocess
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import soundfile
import typer.main
from typer.testing import CliRunner

from genre_lib import cli
from genre_lib.config import UserError, on_error


def test_help_lists_all_commands_and_each_shows_an_example():
    commands = typer.main.get_command(cli.app).commands
    overview = CliRunner().invoke(cli.app, ["--help"]).output
    for command in commands:
        assert command in overview
        result = CliRunner().invoke(cli.app, [command, "--help"])
        assert result.exit_code == 0
        assert f"genre-book {command}" in result.output


def test_a_mistake_ends_in_one_sentence_and_exit_code_1(monkeypatch, capsys):
    mistakes = {
        "train --corpus syntetic": "Did you mean 'synthetic'",
        "train --profile qick": "Did you mean 'quick'",
        "train -p hedas=2": "Did you mean 'heads'",
        "train -p heads=5": "does not divide",
        "train -p epochs=0": "epochs = '0' is not possible",
        "run sec5_evalation": "Did you mean 'sec5_evaluation'",
        "run claims -p seed=1": "takes no parameters",
        "store ./nowhere there": "nowhere cannot be read",
        "train --on-error skpi": "Did you mean 'skip'",
        "predict a.wav --weights ./nowhere": "nowhere has no complete run",
        "predict a.wav --weights pyproject.toml": "has no complete run",
    }
    for line, message in mistakes.items():
        monkeypatch.setattr(sys, "argv", ["genre-book", *line.split()])
        assert cli.answer() == 1
        error = capsys.readouterr().err
        assert message in error
        assert "Traceback" not in error
        assert error.count("\n") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is full")
def test_an_output_without_room_is_named():
    command = [sys.executable, "-c", "from genre_lib.__main__ import main; main()", "info"]
    with open("/dev/full", "w") as full:
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert ended.returncode == 1
    assert "standard output cannot be written (No space left" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_without_an_output_a_command_ends_as_with_one():
    command = f"exec '{sys.executable}' -m genre_lib info >&-"
    ended = subprocess.run(command, shell=True, stderr=subprocess.PIPE, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.fixture
def music(tmp_path, monkeypatch) -> Path:
    """A corpus of which one file is empty; whatever a command answers is forgotten again."""
    monkeypatch.setenv("GENRE_ON_ERROR", "")
    for name in ("blues/1", "blues/2", "jazz/1"):
        file = tmp_path / "music" / f"{name}.wav"
        file.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(file, np.random.default_rng(0).uniform(-0.5, 0.5, 8000), 8000)
    (tmp_path / "music" / "jazz" / "2.wav").touch()
    return tmp_path / "music"


SHORT = ("-p", "seconds=1", "-p", "sample_rate=8000", "-p", "fmax=4000")


def test_a_store_of_a_corpus_with_faults_is_not_made(music, tmp_path, monkeypatch, capsys):
    path = tmp_path / "store"
    arguments = ["genre-book", "store", str(music), str(path), *SHORT]
    monkeypatch.setattr(sys, "argv", arguments)
    assert cli.answer() == 1
    error = capsys.readouterr().err
    assert "jazz.2" in error
    assert "is an empty file" in error
    assert "--on-error skip" in error.splitlines()[-1]
    assert [path.name for path in tmp_path.iterdir()] == ["music"]


def test_a_store_can_be_made_without_the_tracks_that_cannot_be_used(music, tmp_path):
    path = tmp_path / "store"
    arguments = ["store", str(music), str(path), *SHORT, "--on-error", "skip"]
    result = CliRunner().invoke(cli.app, arguments)
    assert f"Wrote 3 spectrograms to {path}, leaving 1 out" in result.stdout
    assert "is an empty file" in result.stderr
    assert json.loads((path / "store.json").read_text())["skipped"] == ["jazz.2"]


def test_the_answer_reaches_whatever_makes_a_store(monkeypatch):
    monkeypatch.setenv("GENRE_ON_ERROR", "")
    answers = []

    def asked(*_, **__):
        answers.append(on_error())
        raise UserError("enough")

    for place in ("book.editions.build_edition", "book.editions.run_notebook", "runs.get_run"):
        monkeypatch.setattr(f"genre_lib.{place}", asked)
    for command in ("build", "run sec5_evaluation", "train"):
        monkeypatch.setenv("GENRE_ON_ERROR", "")
        CliRunner().invoke(cli.app, [*command.split(), "--on-error", "skip"])
    assert answers == ["skip"] * 3


def test_pieces_of_a_song_are_in_one_subset_by_track_and_audited_by_image(tmp_path):
    noise = np.random.default_rng(0)
    for genre, song, piece in product(("blues", "jazz"), range(4), range(2)):
        file = tmp_path / "music" / genre / f"song{song}.{piece}.wav"
        file.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(file, noise.uniform(-0.5, 0.5, 8000), 8000)
    for protocol, words in (("track", "0 of 8 groups"), ("image", "8 of 8 groups")):
        line = ["audit", "--corpus", str(tmp_path / "music"), *SHORT, "-p", f"protocol={protocol}"]
        result = CliRunner().invoke(cli.app, line)
        assert words in result.stdout, result.output


def test_a_split_is_audited_without_training(store_path, tmp_path, run_settings):
    result = CliRunner().invoke(
        cli.app, ["audit", "--corpus", str(store_path), "-p", "protocol=track"]
    )
    assert result.exit_code == 0, result.output
    assert "0 pairs of identical tracks" in result.output
    assert result.output.count("0.0%") == 3
    assert "To cite: split of" in result.output
    split = tmp_path / "split.csv"
    split.write_text("track_id,subset\nnobody.00000,train\n")
    result = CliRunner().invoke(
        cli.app, ["audit", "--corpus", str(store_path), "--split", str(split)]
    )
    assert result.exit_code == 1
    assert "nobody.00000,train') names no track of" in str(result.exception)
