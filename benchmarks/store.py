"""Writing a spectrogram store with two workers against one.

Usage: python -m benchmarks.store --help
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Annotated

import joblib
import soundfile
import typer
from tqdm import tqdm

from benchmarks import machine
from genre_lib.config import GENRES, SpectrogramSettings
from genre_lib.corpus import Corpus
from genre_lib.corpus.folder import folder_corpus
from genre_lib.corpus.synthetic import SAMPLE_RATE, SECONDS, synthesize
from genre_lib.store import write_store


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


def seconds_to_write(corpus: Corpus, store: Path, *, jobs: int) -> float:
    """Time one store, from audio files to the finished folder."""
    shutil.rmtree(store, ignore_errors=True)
    start = time.perf_counter()
    write_store(corpus, store, SpectrogramSettings(), jobs=jobs, progress=False)
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
        int, typer.Option(min=1, help="Songs of each of the ten genres.")
    ] = 40,
    jobs: Annotated[int, typer.Option(min=2, help="Workers that are compared with one.")] = 2,
    rounds: Annotated[int, typer.Option(min=1, help="Times each side runs; medians count.")] = 3,
    suffix: Annotated[str, typer.Option(help="Kind of the audio files: wav or flac.")] = "flac",
) -> None:
    """Time `write_store` on audio files of 30 s each, with one worker and with several.

    The sides take turns in one process. A first small store, which is not timed, pays for the
    imports.

    Example: python -m benchmarks.store --songs-per-genre 100
    """
    times: dict[int, list[float]] = {1: [], jobs: []}
    with tempfile.TemporaryDirectory() as folder:
        songs = Path(folder) / "songs"
        stores = {count: Path(folder) / f"store-{count}" for count in times}
        compose_songs(songs, songs_per_genre, suffix=suffix)
        corpus = folder_corpus(songs)
        seconds_to_write(replace(corpus, tracks=corpus.tracks[:4]), stores[1], jobs=jobs)
        turns = list(product(range(rounds), times))
        for _, count in tqdm(turns, "writing stores", unit="store"):
            times[count].append(seconds_to_write(corpus, stores[count], jobs=count))
        identical = same_files(*stores.values())
    tracks = songs_per_genre * len(GENRES)
    machine.tell("numpy", "joblib", "librosa", "soundfile")
    typer.echo(f"audio             {tracks} files ({suffix}) of {SECONDS:.0f} s")
    medians = {count: statistics.median(durations) for count, durations in times.items()}
    for count, durations in times.items():
        workers = "1 worker" if count == 1 else f"{count} workers"
        typer.echo(
            f"{workers:<18}{medians[count]:.1f} s, {tracks / medians[count]:.1f} tracks per "
            f"second (median of {', '.join(f'{seconds:.1f}' for seconds in durations)})"
        )
    typer.echo(f"ratio             {medians[1] / medians[jobs]:.2f} (goal with 2: at least 1.8)")
    typer.echo(f"stores            {'identical' if identical else 'DIFFERENT'} byte for byte")


if __name__ == "__main__":
    typer.run(main)
