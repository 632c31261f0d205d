from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from genre_lib import evaluation, runs
from genre_lib.book import references as reference
from genre_lib.book.references import (
    REFERENCES,
    Reference,
    keep,
    make_references,
    stored,
    stored_runs,
)
from genre_lib.cli import app
from genre_lib.config import UserError, digest, parse_parameters, reference_dir
from genre_lib.runs import get_run
from genre_lib.store import open_store

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def empty(tmp_path, monkeypatch):
    """A checkout that holds no reference run yet."""
    monkeypatch.setenv("GENRE_REFERENCE", str(tmp_path / "reference"))


@pytest.fixture
def two(monkeypatch, store_path):
    """Two reference runs that take a second."""
    small = {"corpus": str(store_path), "profile": "smoke", "images_per_track": 2, "batch_size": 8}
    entries = tuple(
        Reference(f"{protocol}-0", "is it quick?", {**small, "protocol": protocol, "seed": 0})
        for protocol in ("image", "track")
    )
    monkeypatch.setattr(reference, "REFERENCES", entries)
    return entries


def test_names_and_settings_of_reference_runs_are_unique():
    assert len({entry.name for entry in REFERENCES}) == len(REFERENCES)
    assert len({digest(entry.settings, "") for entry in REFERENCES}) == len(REFERENCES)


@pytest.mark.parametrize("entry", REFERENCES, ids=lambda entry: entry.name)
def test_the_command_of_a_reference_run_asks_for_its_settings(entry):
    words = entry.command.split()
    assert words[:3] == ["genre-book", "train", "--retrain"]
    options = dict(zip(words[3::2], words[4::2], strict=True))
    pairs = [word for flag, word in zip(words[3::2], words[4::2], strict=True) if flag == "-p"]
    settings = parse_parameters(pairs, corpus=options["--corpus"], profile=options["--profile"])
    assert settings == entry.settings


def test_the_runs_that_the_issue_of_the_book_is_about_are_there():
    by = {(e.settings.method, e.settings.view, e.settings.protocol) for e in REFERENCES}
    for method in ("network", "handcrafted"):
        for view in ("copies", "segments"):
            assert {(method, view, "image"), (method, view, "track")} <= by
        assert (method, "copies", "fault-filtered") in by
    full = reference.reference("image-full-budget").settings.training
    assert (full.epochs, full.patience) == (400, 20)


def test_a_kept_run_is_read_instead_of_trained(two, monkeypatch):
    run = get_run(two[0].settings, progress=False)
    keep(run, "image-0")
    held = stored("image-0")
    pd.testing.assert_frame_equal(held.predictions, run.predictions)
    assert held.metrics == run.metrics
    assert held.path.parent == reference_dir()
    assert not list(held.path.glob("*.safetensors"))
    monkeypatch.setattr(runs, "_make_run", lambda *_, **__: pytest.fail("trained again"))
    monkeypatch.setenv("GENRE_RUNS", str(held.path.parent / "nothing here"))
    assert get_run(two[0].settings, progress=False).path == held.path


def test_retraining_does_not_look_at_kept_runs(two, monkeypatch):
    keep(get_run(two[0].settings, progress=False), "image-0")
    monkeypatch.setenv("GENRE_RETRAIN", "1")
    assert get_run(two[0].settings, progress=False).path.parent != reference_dir()


def test_all_reference_runs_are_made_and_kept(two):
    said = []
    make_references(say=said.append, progress=False)
    assert list(stored_runs()) == ["image-0", "track-0"]
    assert len(said) == 2
    assert "track-0" in said[1]


def test_keeping_anew_replaces_what_was_kept_under_the_name(two):
    first, second = (get_run(entry.settings, progress=False) for entry in two)
    keep(first, "image-0")
    keep(second, "image-0")
    assert [path.name for path in reference_dir().iterdir()] == [f"image-0-{second.path.name}"]
    assert keep(stored("image-0"), "image-0").exists()  # what is kept is kept


def test_complete_runs_are_kept_and_none_is_trained(two, monkeypatch):
    get_run(two[1].settings, progress=False)
    monkeypatch.setattr(runs, "_make_run", lambda *_, **__: pytest.fail("trained"))
    said = []
    reference.keep_complete(say=said.append)
    assert list(stored_runs()) == ["track-0"]
    assert len(said) == 1


def test_a_name_with_the_beginning_of_another_is_not_taken_for_it(two, monkeypatch):
    longer = replace(two[1], name="image-0-cnn")
    monkeypatch.setattr(reference, "REFERENCES", (*two, longer))
    keep(get_run(longer.settings, progress=False), "image-0-cnn")
    assert list(stored_runs()) == ["image-0-cnn"]
    with pytest.raises(UserError, match="does not hold"):
        stored("image-0")


def test_a_run_that_is_not_held_says_how_to_make_it():
    with pytest.raises(UserError, match="genre-book train --retrain --corpus gtzan"):
        stored("track-1")


def test_an_unknown_name_is_told():
    with pytest.raises(UserError, match="Did you mean 'track-0'"):
        stored("track0")


def test_the_digest_of_a_kept_run_is_that_of_its_settings(two, store):
    target = keep(get_run(two[0].settings, progress=False), "image-0")
    assert target.name == f"image-0-{digest(two[0].settings, open_store(two[0].settings).digest)}"


def test_the_command_line_lists_what_it_keeps(two, monkeypatch):
    from typer.testing import CliRunner

    get_run(two[0].settings, progress=False)
    written = []
    monkeypatch.setattr(reference, "write_results", written.append)
    result = CliRunner().invoke(app, ["keep"])
    assert result.exit_code == 0
    assert "image-0" in result.output
    assert written == [ROOT / "README.md"]


# The README


def test_the_readme_shows_the_results_that_the_checkout_holds(monkeypatch):
    monkeypatch.delenv("GENRE_REFERENCE")
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = text.split(reference.BEGIN)[1].split(reference.END)[0].strip()
    assert shown == reference.results_markdown(stored_runs())


def test_results_are_those_of_the_predictions(two):
    run = get_run(two[1].settings, progress=False)
    row = reference.results({"track-0": run}).iloc[0]
    voted = evaluation.vote(run.predictions)
    assert row.accuracy == (run.predictions.y_true == run.predictions.y_pred).mean()
    assert row.track_accuracy == (voted.y_true == voted.y_pred).mean()
    assert row.low <= row.accuracy <= row.high
    assert (row.epochs, row.epochs_at_most) == (2, 2)


def test_the_table_is_put_between_its_marks_and_nothing_else_changes(two, tmp_path):
    make_references(say=lambda _: None, progress=False)
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{reference.BEGIN}\nold\n{reference.END}\nafter\n")
    reference.write_results(readme)
    text = readme.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text
    assert text.count("genre-book train --retrain") == 2
    reference.write_results(readme)
    assert readme.read_text() == text
