"""Seconds until the command line answers and names a genre, and what an hour of audio takes.

Usage: python -m benchmarks.predict --help
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import soundfile
import typer

from benchmarks import machine
from genre_lib.predict import predict_file, read_trained

RATE = 44100  # Hz, of the songs


def song(file: Path, seconds: int) -> Path:
    """Write stereo noise, which takes as long as any music."""
    noise = np.random.default_rng(0).normal(0, 0.1, (RATE * seconds, 2))
    soundfile.write(file, noise.clip(-1, 1), RATE)
    return file


def timed(work: Callable[[], object], whose: int = resource.RUSAGE_SELF) -> tuple[float, float]:
    """Seconds that something takes, and of these on the processor, system included."""
    before, start = resource.getrusage(whose), time.perf_counter()
    work()
    seconds, after = time.perf_counter() - start, resource.getrusage(whose)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(
    rounds: Annotated[int, typer.Option(min=1, help="Whole processes; the median counts.")] = 5,
    minutes: Annotated[int, typer.Option(min=1, help="Length of the long recording.")] = 60,
) -> None:
    """Time whole commands, imports included, then predictions in a process that goes on.

    Example: python -m benchmarks.predict --rounds 9 --minutes 10
    """
    machine.tell("torch", "av", "pandas", "typer")
    python = sys.executable
    program = [python, "-m", "genre_lib"]
    with tempfile.TemporaryDirectory() as name:
        short, long = song(Path(name, "30 s.flac"), 30), song(Path(name, "long.flac"), 60 * minutes)
        commands = {
            "an empty program": [python, "-c", "pass"],
            "import genre_lib": [python, "-c", "import genre_lib"],
            "genre-book --help": [*program, "--help"],
            "predict, a song of 30 s": [*program, "predict", str(short)],
        }
        rows = {}
        for what, command in commands.items():
            start = partial(subprocess.run, command, check=True, stdout=subprocess.DEVNULL)
            seen = [timed(start, resource.RUSAGE_CHILDREN) for _ in range(rounds + 1)]
            rows[what] = np.median(seen[1:], axis=0)  # the first one warms up
        trained = read_trained()
        predict_file(short, trained)
        rows["the same, warm"] = np.array(timed(partial(predict_file, short, trained)))
        hour = timed(partial(predict_file, long, trained))
        rows["an hour of audio"] = np.array(hour) * 60 / minutes
    for what, (seconds, spent) in rows.items():
        typer.echo(f"{what:<24}{seconds:8.2f} s, {spent:.2f} s of processor time")


if __name__ == "__main__":
    typer.run(main)
