"""Seconds until the command line answers, beside those of an empty Python program.

Usage: python -m benchmarks.startup --help
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from tqdm import tqdm


def main(
    rounds: Annotated[int, typer.Option(min=1, help="Starts of each; the median counts.")] = 9,
) -> None:
    """Start each program in turn, in processes of their own.

    Example: python -m benchmarks.startup --rounds 20
    """
    commands = {
        "an empty program": [sys.executable, "-c", "pass"],
        "import genre_lib": [sys.executable, "-c", "import genre_lib"],
        "genre-book --help": [str(Path(sys.executable).parent / "genre-book"), "--help"],
    }
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in tqdm(range(rounds + 1), unit="round", desc="one to warm up, then timed"):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            seconds[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(values[1:]) for name, values in seconds.items()}
    empty = medians["an empty program"]
    typer.echo(f"versions            Python {platform.python_version()}, typer {typer.__version__}")
    typer.echo(f"cores               {os.cpu_count()}")
    for name, median in medians.items():
        typer.echo(f"{name:<20}{median:.3f} s, {median / empty:.1f} times an empty program")


if __name__ == "__main__":
    typer.run(main)
