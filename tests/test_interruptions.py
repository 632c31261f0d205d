"""Runs that are killed, waited for, or run out of disk: with real processes."""

import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import forkserver
from pathlib import Path

import numpy as np
import processes
import pytest
import torch

from genre_lib.config import RunSettings
from genre_lib.training import CHECKPOINT

RESULTS = ("history.csv", "model.safetensors", "predictions.csv", "split.csv", "metrics.json")


@pytest.fixture(scope="module")
def settings(run_settings) -> RunSettings:
    """Two epochs of four steps."""
    return run_settings()


@pytest.fixture(scope="module")
def start():
    """Start a function of `processes` in a process of its own; returns its exit code."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["processes"])
    with pytest.MonkeyPatch.context() as patch:  # Python 3.11 does not tell the server sys.path
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
        forkserver.ensure_running()

    def run(function, *args) -> int:
        process = context.Process(target=function, args=args)
        process.start()
        process.join()
        return process.exitcode

    return run


def results(runs: Path) -> dict[str, bytes]:
    (directory,) = (path for path in runs.iterdir() if path.is_dir())
    return {name: (directory / name).read_bytes() for name in RESULTS}


def epochs_done(directory: Path) -> int:
    return len(torch.load(directory / CHECKPOINT, weights_only=True)["history"])


@dataclass
class Whole:
    """What a run leaves that nothing disturbs, and how many events it has."""

    results: dict[str, bytes]
    events: int


@pytest.fixture(scope="module")
def whole(settings, start, tmp_path_factory) -> Whole:
    runs = tmp_path_factory.mktemp("whole") / "runs"
    assert start(processes.run, settings, runs, None) == 0
    return Whole(results(runs), int((runs.parent / "runs.events").read_text()))


@pytest.mark.parametrize("kills", [4, pytest.param(20, marks=pytest.mark.slow)])
def test_runs_that_are_killed_end_as_if_nothing_had_happened(
    settings, start, whole, tmp_path, kills
):
    def kill_and_continue(at: int) -> tuple[int, int, bool]:
        runs = tmp_path / str(at)
        killed = start(processes.run, settings, runs, at)
        ended = start(processes.run, settings, runs, None)
        rest = [p.name for p in runs.rglob("*") if p.suffix in (".part", ".pt", ".lock")]
        return killed, ended, rest == [] and results(runs) == whole.results

    points = [int(at) for at in np.linspace(1, whole.events - 1, kills)]
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(kill_and_continue, points))
    assert outcomes == [(-signal.SIGKILL, 0, True)] * kills


def two_at_once(start, settings, folder: Path, kill_at: tuple[int | None, ...]) -> list[str]:
    log = folder / "log"
    with ThreadPoolExecutor(2) as pool:
        list(
            pool.map(
                lambda at: start(processes.run_and_log, settings, folder / "runs", log, at),
                kill_at,
            )
        )
    return log.read_text().splitlines()


def test_of_two_processes_one_trains_and_the_other_reads(settings, start, whole, tmp_path):
    log = two_at_once(start, settings, tmp_path, (None, None))
    trainers = {line.split()[-1] for line in log if line.startswith("epoch")}
    waiters = {line.split()[1].rstrip(":") for line in log if "waiting for it" in line}
    readers = {line.split()[-1] for line in log if line.startswith("read by")}
    assert len(trainers) == len(waiters) == 1
    assert readers == trainers | waiters
    assert len(readers) == 2
    assert [line.split()[1] for line in log if line.startswith("epoch")] == ["1", "2"]
    assert results(tmp_path / "runs") == whole.results


def test_where_the_one_that_trains_dies_the_other_continues(settings, start, whole, tmp_path):
    # Both would die in the same event, but the second has less to do than that.
    late = 3 * whole.events // 4
    log = two_at_once(start, settings, tmp_path, (late, late))
    trainers = [line.split()[-1] for line in log if line.startswith("epoch")]
    assert len(set(trainers)) == 2
    assert len([line for line in log if line.startswith("read by")]) == 1
    assert results(tmp_path / "runs") == whole.results


def test_sigterm_ends_a_run_at_once_and_it_continues_later(settings, start, whole, tmp_path):
    assert start(processes.run_until_sigterm, settings, tmp_path / "runs", 5) == -signal.SIGTERM
    (directory,) = (path for path in (tmp_path / "runs").iterdir() if path.is_dir())
    assert epochs_done(directory) == 1
    assert start(processes.run, settings, tmp_path / "runs", None) == 0
    assert results(tmp_path / "runs") == whole.results


@pytest.mark.parametrize("imports", [1, 100, 300])
def test_a_signal_while_modules_load_ends_in_a_sentence(imports):
    for number, words, said in (
        (signal.SIGINT, "train --help", "interrupted; the same command goes on from what is"),
        (signal.SIGTERM, "predict train", "terminated."),
    ):
        command = f"""
import os, signal, sys
from itertools import count
from genre_lib.__main__ import main
seen = count(1)
def send(event, _):
    if event == "import" and next(seen) == {imports}:
        os.kill(os.getpid(), {int(number)})
signal.signal(signal.SIGINT, signal.default_int_handler)  # CI may not
sys.addaudithook(send)
main()
"""
        ended = subprocess.run(
            [sys.executable, "-c", command, *words.split()], capture_output=True, text=True
        )
        assert ended.returncode == 128 + number, ended.stderr
        assert ended.stderr.startswith(f"\ngenre-book: {said}")
        assert (ended.stderr.count("\n"), ended.stdout) == (2, "")


def test_a_store_that_a_signal_ends_leaves_nothing(tmp_path):
    command = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "  # CI may not
        "signal.signal(signal.SIGHUP, signal.SIG_DFL); "
        "from genre_lib.__main__ import main; main()"
    )
    for number, said in (
        (signal.SIGINT, "interrupted"),
        (signal.SIGTERM, "terminated"),
        (signal.SIGHUP, "hung up"),
    ):
        words = ["store", "synthetic", str(tmp_path / "store"), "-p", "songs_per_genre=9"]
        with subprocess.Popen(
            [sys.executable, "-c", command, *words], stderr=subprocess.PIPE, text=True
        ) as process:
            next(line for line in process.stderr if "spectrograms of" in line)
            process.send_signal(number)
            errors = process.stderr.read()
        assert process.returncode == 128 + number, errors
        assert errors.endswith(f"\ngenre-book: {said}.\n")
        assert "Traceback" not in errors
        assert list(tmp_path.iterdir()) == []


needs_small_disk = pytest.mark.skipif(
    shutil.which("unshare") is None
    or subprocess.run(
        ["unshare", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"],
        capture_output=True,
    ).returncode
    != 0,
    reason="a small disk cannot be mounted here",
)


@needs_small_disk
def test_a_full_disk_keeps_the_checkpoint_before_and_names_what_is_missing(
    settings, whole, tmp_path
):
    """A disk with room for one checkpoint while training, which needs two; then a larger one."""
    runs, copy = tmp_path / "runs", tmp_path / "copy"
    runs.mkdir()
    train = (
        f"'{sys.executable}' -c 'import sys, processes; from pathlib import Path; "
        "from genre_lib.__main__ import main; processes.prepare(Path(sys.argv.pop(1))); main()' "
        f"'{runs}' train --profile smoke --corpus '{settings.corpus}' "
        f"-p images_per_track={settings.images_per_track} "
        f"-p batch_size={settings.training.batch_size}"
    )
    script = f"""
        mount -t tmpfs -o size=12m none '{runs}'
        {train}; echo "first exit $?"
        cp -r '{runs}' '{copy}'
        mount -o remount,size=100m '{runs}'
        {train} > /dev/null; echo "second exit $?"
        cp -r '{runs}' '{tmp_path / "end"}'
    """
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", script],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent,
    )
    assert "first exit 1" in done.stdout
    assert "Traceback" not in done.stderr
    assert re.search(
        r"genre-book: \S*checkpoint\S*\.pt cannot be written \(No space",
        done.stderr,
    )
    (directory,) = (path for path in copy.iterdir() if path.is_dir())
    assert epochs_done(directory) == 1
    assert not list(copy.rglob("*.part"))
    assert "second exit 0" in done.stdout
    assert results(tmp_path / "end") == whole.results
