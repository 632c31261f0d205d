import os
import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from genre_lib import runs, training
from genre_lib.book import references
from genre_lib.book.comparisons import over_seeds
from genre_lib.book.references import (
    REFERENCES,
    SHOWN,
    Reference,
    keep,
    keep_complete,
    make_references,
    reference,
    results_markdown,
    stored,
    stored_runs,
    write_results,
)
from genre_lib.cli import app
from genre_lib.config import UserError, digest, parse_parameters, reference_dir
from genre_lib.evaluation import vote
from genre_lib.runs import get_run
from genre_lib.store import open_store

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def empty(tmp_path, monkeypatch):
    """A checkout that has no reference run yet."""
    monkeypatch.setenv("GENRE_REFERENCE", str(tmp_path / "reference"))


@pytest.fixture
def two(monkeypatch, store_path):
    """Two reference runs that take a second."""
    small = {"corpus": str(store_path), "profile": "smoke", "images_per_track": 2, "batch_size": 8}
    entries = tuple(
        Reference(f"{protocol}-0", "is it quick?", {**small, "protocol": protocol, "seed": 0})
        for protocol in ("image", "track")
    )
    monkeypatch.setattr(references, "REFERENCES", entries)
    return entries


def test_names_and_settings_are_unique_and_commands_ask_for_them():
    assert len({entry.name for entry in REFERENCES}) == len(REFERENCES)
    assert len({digest(entry.settings, "") for entry in REFERENCES}) == len(REFERENCES)
    for entry in REFERENCES:
        words = entry.command.split()
        assert words[:3] == ["genre-book", "train", "--retrain"]
        given = list(zip(words[3::2], words[4::2], strict=True))
        pairs = [word for flag, word in given if flag == "-p"]
        options = {flag.lstrip("-"): word for flag, word in given if flag != "-p"}
        assert parse_parameters(pairs, **options) == entry.settings


def test_the_runs_that_the_question_of_the_book_needs_are_there():
    by = {(e.settings.method, e.settings.view, e.settings.protocol) for e in REFERENCES}
    for method in ("network", "handcrafted"):
        for view in ("copies", "segments"):
            assert {(method, view, "image"), (method, view, "track")} <= by
        assert (method, "copies", "fault-filtered") in by
    full = reference("image-full-budget").settings.training
    assert (full.epochs, full.patience) == (400, 20)


def test_a_stored_run_is_read_instead_of_trained_unless_that_is_asked_for(two, monkeypatch):
    run = get_run(two[0].settings, progress=False)
    target = keep(run, "image-0")
    assert target.name == f"image-0-{digest(two[0].settings, open_store(two[0].settings).digest)}"
    found = stored("image-0")
    pd.testing.assert_frame_equal(found.predictions, run.predictions)
    assert found.metrics == run.metrics
    assert found.path == target
    assert not list(target.glob("*.safetensors"))
    monkeypatch.setattr(runs, "_make_run", lambda *_, **__: pytest.fail("trained again"))
    monkeypatch.setenv("GENRE_RUNS", str(target.parent / "nothing here"))
    assert get_run(two[0].settings, progress=False).path == target
    monkeypatch.setenv("GENRE_RETRAIN", "1")
    with pytest.raises(pytest.fail.Exception, match="trained again"):
        get_run(two[0].settings, progress=False)


def test_all_are_made_and_stored_and_stored_anew_under_the_same_name(two, capsys):
    make_references(progress=False)
    lines = capsys.readouterr().out.splitlines()
    assert list(stored_runs()) == ["image-0", "track-0"]
    assert len(lines) == 2
    assert "track-0" in lines[1]
    second = keep(stored("track-0"), "image-0")
    assert [path.name for path in reference_dir().glob("image-0-*")] == [second.name]
    assert keep(stored("image-0"), "image-0").exists()  # it may be stored over itself


def test_a_stored_run_stays_until_all_of_the_new_one_is_there(two, monkeypatch):
    make_references(progress=False)
    before = {file: file.read_bytes() for file in reference_dir().rglob("*") if file.is_file()}

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(references.shutil, "copy2", full)
    with pytest.raises(UserError, match="No space left"):
        keep(stored("track-0"), "image-0")
    assert before == {f: f.read_bytes() for f in reference_dir().rglob("*") if f.is_file()}


def test_complete_runs_are_stored_by_the_command_line_and_none_is_trained(two, monkeypatch, capsys):
    get_run(two[1].settings, progress=False)
    monkeypatch.setattr(runs, "_make_run", lambda *_, **__: pytest.fail("trained"))
    written = []
    keep_complete()
    assert list(stored_runs()) == ["track-0"]
    assert len(capsys.readouterr().out.splitlines()) == 1
    monkeypatch.setattr(references, "write_results", written.append)
    result = CliRunner().invoke(app, ["keep"])
    assert result.exit_code == 0
    assert "track-0" in result.output
    assert written == [ROOT / "README.md"]


def test_the_command_lists_what_there_is_and_makes_what_is_missing(two, monkeypatch):
    def listed(*words: str) -> list[str]:
        result = CliRunner().invoke(app, ["references", *words], catch_exceptions=False)
        return re.findall(r"(?:image|track)-0 +(\w.+\w) +is it quick", result.output)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(references, "write_results", lambda _: None)
    assert listed() == ["missing", "missing"]
    with monkeypatch.context() as patch:
        patch.setattr(training, "validate", interrupted)
        with pytest.raises(KeyboardInterrupt):
            get_run(two[0].settings, progress=False)
    get_run(two[1].settings, progress=False)
    assert listed() == ["half done", "complete"]
    assert listed("track-0", "--make") == ["stored"]
    assert listed() == ["half done", "stored"]
    assert listed("--make") == ["stored", "stored"]
    with pytest.raises(UserError, match="Did you mean 'track-0'"):
        listed("track0")
    with pytest.raises(UserError, match="No Dask scheduler answers at nowhere"):
        listed("--scheduler", "nowhere")


@pytest.mark.slow
def test_a_cluster_that_loses_a_worker_makes_the_same_runs(two, monkeypatch, tmp_path):
    """One of two worker processes is killed in the middle of a training, which is resumed."""
    from distributed import LocalCluster

    entries = tuple(
        replace(run, name=f"{run.name[:-1]}{seed}", parameters=run.parameters | changes)
        for seed in (0, 1)
        for run in two
        for changes in [{"seed": seed, "epochs": 12}]
    )
    monkeypatch.setattr(references, "REFERENCES", entries)
    monkeypatch.setattr(references, "write_results", lambda _: None)
    made = tmp_path / "runs"
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as workers,
        ThreadPoolExecutor() as executor,
    ):
        words = ["references", "--scheduler", workers.scheduler_address]
        making = executor.submit(CliRunner().invoke, app, words, catch_exceptions=False)
        while len({path.parent for path in made.glob("*/checkpoint.pt")}) < 2:
            assert not making.done(), making.result().output
            time.sleep(0.01)
        pid = next(iter(workers.workers.values())).pid
        os.kill(pid, signal.SIGKILL)
        assert not list(made.glob("*/metrics.json"))  # no run was complete yet
        output = making.result().output
    assert output.count("stored") == len(entries)

    monkeypatch.setenv("GENRE_RETRAIN", "1")
    monkeypatch.setenv("GENRE_RUNS", str(tmp_path / "alone"))
    for run in entries:
        alone = get_run(run.settings, progress=False).path
        files = ("history.csv", "split.csv", "predictions.csv", "metrics.json", "model.safetensors")
        for name in files:
            assert (alone / name).read_bytes() == (made / alone.name / name).read_bytes()


def test_a_missing_run_is_refused_with_the_command_that_makes_it(two, monkeypatch):
    longer = replace(two[1], name="image-0-cnn")  # it begins like another name
    monkeypatch.setattr(references, "REFERENCES", (*two, longer))
    keep(get_run(longer.settings, progress=False), "image-0-cnn")
    assert list(stored_runs()) == ["image-0-cnn"]
    with pytest.raises(UserError, match="genre-book train --retrain --corpus gtzan"):
        stored("image-0")
    with pytest.raises(UserError, match="Did you mean 'track-0'"):
        stored("track0")


# The README


def test_the_readme_shows_the_stored_results(monkeypatch):
    monkeypatch.delenv("GENRE_REFERENCE")
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = text.split(references.BEGIN)[1].split(references.END)[0].strip()
    made = stored_runs()
    assert shown == results_markdown(made)
    assert sum(line.startswith(f"| {name} |") for name in SHOWN for line in shown.splitlines()) == 6

    table = over_seeds({name: run for name, run in made.items() if "segments" not in name})
    table = table[table.scored == "image"].set_index(["protocol", "method"])
    rival = table.loc["track", "handcrafted"]
    assert made["track-0-handcrafted"].accuracy == rival.worst
    assert f"their worst of three ({100 * rival.accuracy:.1f} %)" in text
    leak = made["image-0"].metrics["leakage"]
    known = next(row for row in leak if (row["first"], row["second"]) == ("train", "test"))
    assert known["share"] == 1
    assert f"all {made['image-0'].metrics['test_tracks']} test\ntracks are known" in text
    for name in SHOWN:
        row = next(line for line in shown.splitlines() if line.startswith(f"| {name} |"))
        low, high = re.findall(r"([\d.]+)%", row)[4:]
        assert float(low) < float(high), name  # an interval is no point
    table = table.accuracy
    answer = text.split("**The answer.**")[1].split("\n\n")[0]
    assert re.findall(r"([\d.]+) %", answer) == [
        "84",
        f"{100 * table['track', 'network']:.0f}",
        f"{100 * made['track-full-budget'].accuracy:.0f}",
        f"{100 * table['fault-filtered', 'network']:.0f}",
        f"{100 * made['fault-filtered-full-budget'].accuracy:.0f}",
        f"{100 * table['image', 'network']:.0f}",
        f"{100 * table['image', 'network, full budget']:.1f}",
    ]


def test_the_table_is_put_between_its_marks_and_nothing_else_changes(two, tmp_path):
    make_references(progress=False)
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{references.BEGIN}\nold\n{references.END}\nafter\n")
    write_results(readme)
    text = readme.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text
    run = stored("track-0")
    voted = vote(run.predictions)
    row = next(line for line in text.splitlines() if line.startswith("| track-0 |"))
    assert f"| {(run.predictions.y_true == run.predictions.y_pred).mean():.1%} (" in row
    assert f"| {(voted.y_true == voted.y_pred).mean():.1%} (" in row
    write_results(readme)
    assert readme.read_text() == text
