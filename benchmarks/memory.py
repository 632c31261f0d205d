"""Resident memory and time of an epoch's batches, up to 100,000 tracks.

Usage: python -m benchmarks.memory --help
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import shutil
import statistics
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import pandas as pd
import torch
import typer
from PIL import Image
from tqdm import tqdm

from benchmarks import machine
from genre_lib.augment import IMAGE_SIZE, pipeline
from genre_lib.config import GENRES, SpectrogramSettings, configure, data_dir, write_json
from genre_lib.speed.allocator import keep_freed_memory
from genre_lib.splits import make_dataset
from genre_lib.store import read_store
from genre_lib.training import make_batch, new_state, train_step

LIMIT = 1.5e9  # bytes of resident memory
SHARES = (100, 10, 1)  # the most tracks, divided by these, are the sizes that are measured
FRAMES = 256  # columns of a track; the 1,292 of 30 s would only need more disk
DISTINCT = 300  # images; the tracks' files are links to them
SPARE = 1e9  # bytes of disk for folders of links, and for others that write meanwhile


class Figures(NamedTuple):
    """Seconds of each stage and the largest resident memory, in bytes, of one size."""

    tracks: int
    images: int
    reading: float
    making: float
    batches: float
    steps: float
    peak: float

    @property
    def preparing(self) -> float:
        """Seconds for 1,000 images: from the store to the epoch's batches."""
        return 1000 * (self.reading + self.making + self.batches) / self.images

    @property
    def epoch(self) -> float:
        """Seconds for 1,000 images of an epoch: its batches and its steps."""
        return 1000 * (self.batches + self.steps) / self.images


def simulate_store(path: Path, tracks: int) -> None:
    """Write a store of tracks of ten genres whose files are links to a few images."""
    settings = SpectrogramSettings()
    rng = np.random.default_rng(0)
    originals = path / "originals"
    originals.mkdir(parents=True)
    for number in range(DISTINCT):
        loudness = rng.normal(0, 3, (settings.n_mels, FRAMES)).cumsum(axis=1)
        gray = np.clip(128 + loudness + rng.normal(0, 8, loudness.shape), 0, 255)
        Image.fromarray(gray.astype(np.uint8)).save(originals / f"{number}.png")
    rows = []
    for genre in GENRES:
        (path / genre).mkdir()
    for number in tqdm(range(tracks), f"linking {tracks} tracks", unit="track"):
        genre = GENRES[number % len(GENRES)]
        track_id = f"{genre}.{number:06d}"
        original = originals / f"{number % DISTINCT}.png"
        link_or_copy(original, path / genre / f"{track_id}.png")
        seconds = FRAMES * settings.hop_length / settings.sample_rate
        rows.append({"track_id": track_id, "genre": genre, "frames": FRAMES, "seconds": seconds})
    pd.DataFrame(rows).to_csv(path / "index.csv", index=False)
    write_json(path / "store.json", {"name": path.name, "tracks": tracks, **settings.model_dump()})


def link_or_copy(original: Path, path: Path) -> None:
    """Give a file a second name, or copy it where the disk knows no links or no more of them."""
    try:
        os.link(original, path)
    except OSError:
        shutil.copyfile(original, path)


def measure(path: Path, images_per_track: int, steps: int) -> Figures:
    """Read a store, make its dataset and all batches of an epoch; some of them train."""
    overrides = {"images_per_track": images_per_track}
    settings = configure(corpus=str(path), profile="paper", protocol="track", overrides=overrides)
    os.environ["GENRE_CACHE"] = str(path.parent)
    pipeline(settings.augmentation)  # imports are not timed
    start = time.perf_counter()
    store = read_store(path)
    read = time.perf_counter()
    dataset = make_dataset(store, settings)
    made = time.perf_counter()
    keep_freed_memory()  # as a run does before it trains
    state = new_state(settings, dataset)
    state.model.train()
    rows = np.random.default_rng(0).permutation(dataset.rows("train"))
    batches = np.split(
        rows, range(settings.training.batch_size, len(rows), settings.training.batch_size)
    )
    trained = set(np.linspace(0, len(batches) - 1, steps, dtype=int).tolist())
    seconds, durations = 0.0, []
    for step, batch in enumerate(tqdm(batches, "batches of an epoch", unit="batch")):
        begun = time.perf_counter()
        images, partner, kept = make_batch(settings, dataset, batch, epoch=0, step=step)
        seconds += time.perf_counter() - begun
        if step in trained:
            begun = time.perf_counter()
            train_step(state, settings, images, dataset.labels[batch], partner, kept)
            durations.append(time.perf_counter() - begun)
    return Figures(
        tracks=len(store.track_ids),
        images=len(dataset.labels),
        reading=read - start,
        making=made - read,
        batches=seconds,
        steps=statistics.median(durations) * len(batches),
        peak=peak_memory(),
    )


def peak_memory() -> float:
    """The largest resident memory that this process ever had, in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def in_fresh_process(path: Path, images_per_track: int, steps: int) -> Figures:
    """`measure` in a fresh process, so that its peak is of this size alone."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        return pool.submit(measure, path, images_per_track, steps).result()


def sizes(tracks: int, images_per_track: int, steps: int) -> list[Figures]:
    """`measure` for a hundredth, a tenth and all of some tracks, if the disk has room for them."""
    need = tracks * (images_per_track * IMAGE_SIZE**2 + SpectrogramSettings().n_mels * FRAMES)
    data_dir().mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(data_dir()).free
    typer.echo(f"disk              {need / 1e9:.1f} GB needed, {free / 1e9:.1f} GB free")
    if free < need + SPARE:
        raise SystemExit(
            f"{data_dir()} has too little room; set GENRE_DATA to a folder on a larger disk, or "
            "give fewer --tracks."
        )
    measured = []
    for share in SHARES:
        with tempfile.TemporaryDirectory(dir=data_dir()) as folder:
            path = Path(folder) / "simulated"
            simulate_store(path, tracks // share)
            measured.append(in_fresh_process(path, images_per_track, steps))
    return measured


def main(
    tracks: Annotated[int, typer.Option(min=3000, help="The most tracks.")] = 100_000,
    images_per_track: Annotated[int, typer.Option(min=1, max=64, help="As in the paper.")] = 12,
    steps: Annotated[int, typer.Option(min=1, help="Batches that the network trains on.")] = 20,
) -> None:
    """Measure the memory and the time of one epoch's batches for three sizes of a corpus.

    The tracks are links to 300 random spectrograms of 128 x 256 gray levels. A fresh process
    for each size reads the store, makes the dataset (view copies, protocol track) and all
    batches of an epoch, and trains the network on some of them; the time of all steps is the
    median of these times their number. A hundredth, a tenth, and all of
    the tracks are measured. What the data folder (GENRE_DATA) must have room for is printed first;
    all of it is removed in the end.

    Example: python -m benchmarks.memory --tracks 10000
    """
    measured = sizes(tracks, images_per_track, steps)
    typer.echo(f"device            cpu, {torch.get_num_threads()} threads")
    machine.tell("numpy", "torch", "albumentations", "pillow")
    typer.echo(f"\n{'':>21}{'read':>8}{'make':>8}{'batches':>9}{'steps':>8}{'peak':>9}")
    typer.echo(f"{'tracks':>9}{'images':>12}{'s':>8}{'s':>8}{'s':>9}{'s':>8}{'MB':>9}")
    for one in measured:
        typer.echo(
            f"{one.tracks:>9,}{one.images:>12,}{one.reading:>8.1f}{one.making:>8.1f}"
            f"{one.batches:>9.1f}{one.steps:>8.0f}{one.peak / 1e6:>9.0f}"
        )
    first, last = measured[0], measured[-1]
    peak = max(one.peak for one in measured)
    typer.echo(f"\npeak memory       {peak / 1e6:.0f} MB (limit {LIMIT / 1e6:.0f} MB)")
    typer.echo(
        f"an epoch          {last.epoch / first.epoch:.2f} times as long an image as with "
        f"{first.tracks:,} tracks (linear: 1)"
    )
    typer.echo(
        f"all but steps     {last.preparing / first.preparing:.2f} times as long an image "
        "(reading, making images, batches)"
    )


if __name__ == "__main__":
    typer.run(main)
