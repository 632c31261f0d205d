"""Writing a spectrogram store with two processes against one.

Usage: python -m benchmarks.store --help
"""

from __future__ import annotations

import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import Annotated

import joblib
import soundfile
import typer
from tqdm import tqdm

from genre_lib.config import GENRES
from genre_lib.corpus.synthetic import SAMPLE_RATE, SECONDS, synthesize

COMMAND = "from genre_lib.cli import main; main()"  # what the script genre-book does


def compose(genre: str, index: int, file: Path) -> None:
    """Write one song as an audio file."""
    soundfile.write(file, synthesize(genre, index, seed=0), SAMPLE_RATE)


def compose_songs(folder: Path, songs_per_genre: int, *, suffix: str) -> None:
    """Fill genre folders with songs as audio files."""
    for genre in GENRES:
        (folder / genre).mkdir(parents=True)
    songs = list(product(GENRES, range(songs_per_genre)))
    work = (
        joblib.delayed(compose)(genre, index, folder / genre / f"{genre}.{index:05d}.{suffix}")
        for genre, index in songs
    )
    results = joblib.Parallel(n_jobs=-1, return_as="generator")(work)
    for _ in tqdm(results, "composing songs", len(songs), unit="song"):
        pass


def seconds_to_write(songs: Path, store: Path, *, jobs: int) -> float:
    """Time one command ``genre-book store``, from its start to its end."""
    shutil.rmtree(store, ignore_errors=True)
    command = [sys.executable, "-c", COMMAND, "store", str(songs), str(store)]
    start = time.perf_counter()
    subprocess.run([*command, "--jobs", str(jobs)], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def same_files(first: Path, second: Path) -> bool:
    """Tell whether two folders hold the same files with the same bytes."""
    names = [
        sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
        for folder in (first, second)
    ]
    return names[0] == names[1] and all(
        (first / name).read_bytes() == (second / name).read_bytes() for name in names[0]
    )


def main(
    songs_per_genre: Annotated[
        int, typer.Option(min=1, help="Songs of each of the ten genres; many, as start-up counts.")
    ] = 200,
    jobs: Annotated[int, typer.Option(min=2, help="Processes that are compared with one.")] = 2,
    rounds: Annotated[int, typer.Option(min=1, help="Times each side runs; medians count.")] = 3,
    suffix: Annotated[str, typer.Option(help="Kind of the audio files: wav or flac.")] = "flac",
) -> None:
    """Time `genre-book store` on audio files of 30 s each, with one process and with several.

    The sides take turns. Each time is that of a whole command in a fresh process: Python's
    start, imports, and the start of the workers are in it. One process computes in itself, with
    as many BLAS threads as there are cores; of several, each has its share of the cores.

    Example: python -m benchmarks.store --songs-per-genre 50
    """
    times: dict[int, list[float]] = {1: [], jobs: []}
    with tempfile.TemporaryDirectory() as folder:
        songs = Path(folder) / "songs"
        stores = {count: Path(folder) / f"store-{count}" for count in times}
        compose_songs(songs, songs_per_genre, suffix=suffix)
        for _, count in product(range(rounds), times):
            times[count].append(seconds_to_write(songs, stores[count], jobs=count))
        identical = same_files(*stores.values())
    tracks = songs_per_genre * len(GENRES)
    typer.echo(f"cores             {os.cpu_count()}")
    names = ("numpy", "joblib", "librosa", "soundfile")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    typer.echo(f"versions          Python {platform.python_version()}, {versions}")
    typer.echo(f"audio             {tracks} files ({suffix}) of {SECONDS:.0f} s")
    medians = {count: statistics.median(own) for count, own in times.items()}
    for count, own in times.items():
        processes = "1 process" if count == 1 else f"{count} processes"
        typer.echo(
            f"{processes:<18}{medians[count]:.1f} s, {tracks / medians[count]:.1f} tracks per "
            f"second (median of {', '.join(f'{seconds:.1f}' for seconds in own)})"
        )
    typer.echo(f"ratio             {medians[1] / medians[jobs]:.2f} (goal with 2: at least 1.8)")
    typer.echo(f"stores            {'identical' if identical else 'DIFFERENT'} byte for byte")


if __name__ == "__main__":
    typer.run(main)
