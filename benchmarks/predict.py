"""Seconds until `genre-book predict` names a genre, and what an hour of audio takes.

Usage: python -m benchmarks.predict --help
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
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


def processor(whose: int) -> float:
    """Seconds of processor time so far, of the program and of the system for it."""
    used = resource.getrusage(whose)
    return used.ru_utime + used.ru_stime


def main(
    rounds: Annotated[int, typer.Option(min=1, help="Whole processes; the median counts.")] = 5,
    minutes: Annotated[int, typer.Option(min=1, help="Length of the long recording.")] = 60,
) -> None:
    """Time the whole command, imports included, then the same song in a process that goes on.

    Example: python -m benchmarks.predict --rounds 9 --minutes 10
    """
    machine.tell("torch", "av", "pandas")
    with tempfile.TemporaryDirectory() as name:
        short, long = song(Path(name, "30 s.flac"), 30), song(Path(name, "long.flac"), 60 * minutes)
        command = [str(Path(sys.executable).parent / "genre-book"), "predict", str(short)]
        cold, used = [], []
        for _ in range(rounds + 1):  # one to warm up
            start, before = time.perf_counter(), processor(resource.RUSAGE_CHILDREN)
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            cold.append(time.perf_counter() - start)
            used.append(processor(resource.RUSAGE_CHILDREN) - before)
        trained, seconds = read_trained(), []
        for file in (short, short, long):
            start, before = time.perf_counter(), processor(resource.RUSAGE_SELF)
            predict_file(file, trained)
            spent = processor(resource.RUSAGE_SELF) - before
            seconds.append((time.perf_counter() - start, spent))
    rows = {
        "cold, a song of 30 s": (statistics.median(cold[1:]), statistics.median(used[1:])),
        "warm, the same again": seconds[1],
        "an hour of audio": tuple(it * 60 / minutes for it in seconds[2]),
    }
    for what, (elapsed, spent) in rows.items():
        typer.echo(f"{what:<22}{elapsed:8.2f} s, {spent:.2f} s of processor time")


if __name__ == "__main__":
    typer.run(main)
