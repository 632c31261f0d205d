import subprocess
import sys

import pytest
from typer.testing import CliRunner

from genre_lib import cli

COMMANDS = ("build", "run", "store", "train", "predict", "info")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_each_command_shows_an_example(command):
    result = CliRunner().invoke(cli.app, [command, "--help"])
    assert result.exit_code == 0
    assert f"genre-book {command}" in result.output


def test_help_lists_all_commands():
    output = CliRunner().invoke(cli.app, ["--help"]).output
    assert all(command in output for command in COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--corpus", "syntetic"], "Did you mean 'synthetic'"),
        (["train", "--profile", "qick"], "Did you mean 'quick'"),
        (["train", "-p", "hedas=2"], "Did you mean 'heads'"),
        (["train", "-p", "heads=5"], "must divide"),
        (["run", "sec5_evalation"], "Did you mean 'sec5_evaluation'"),
        (["store", "./nowhere", "there"], "There is no folder"),
        (["predict", "a.wav", "--weights", "./nowhere"], "There are no weights at nowhere"),
    ],
)
def test_a_mistake_ends_in_one_sentence_and_exit_code_1(arguments, message, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["genre-book", *arguments])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 1
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert error.count("\n") == 1


def test_an_interruption_says_how_to_go_on(monkeypatch, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("genre_lib.evaluation.get_run", interrupted)
    monkeypatch.setattr(sys, "argv", ["genre-book", "train"])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == cli.INTERRUPTED
    assert "the same command" in capsys.readouterr().err


def test_help_does_not_import_torch():
    code = (
        "import sys; from typer.testing import CliRunner; from genre_lib.cli import app; "
        "CliRunner().invoke(app, ['--help']); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
