"""Time of a training step for an image, as batches, threads and tracks grow.

Usage: python -m benchmarks.growth --help
"""

from __future__ import annotations

import os
import statistics
from itertools import product
from pathlib import Path
from typing import Annotated

import pandas as pd
import torch
import typer
from tqdm import tqdm

from benchmarks import machine, memory
from benchmarks.training_step import contenders, stopwatch
from genre_lib.config import configure
from genre_lib.speed.allocator import keep_freed_memory

BATCHES = (32, 64, 128, 256, 512)
FIGURE = Path(__file__).with_suffix(".svg")


def step_times(threads: list[int], *, rounds: int) -> pd.DataFrame:
    """Milliseconds that a step takes for an image; columns threads, batch, ms (the median).

    All sizes of a batch take turns, with each number of threads.
    """
    keep_freed_memory()
    rows = []
    device = torch.device("cpu")
    with tqdm(total=len(threads) * len(BATCHES) * (rounds + 1), desc="timing steps") as bar:
        for count in threads:
            overrides = {"threads": count, "epochs": rounds + 1}
            settings = {
                batch: configure(profile="paper", overrides=overrides | {"batch_size": batch})
                for batch in BATCHES
            }
            steps = {batch: contenders(each, device)["ours"].step
                     for batch, each in settings.items()}  # fmt: skip
            seconds: dict[int, list[float]] = {batch: [] for batch in BATCHES}
            for turn, batch in product(range(rounds + 1), BATCHES):
                duration = stopwatch(steps[batch], device)
                if turn:  # the first one warms up
                    seconds[batch].append(duration)
                bar.update()
            rows += [
                {"threads": count, "batch": batch, "ms": 1000 * statistics.median(each) / batch}
                for batch, each in seconds.items()
            ]
    return pd.DataFrame(rows)


def draw(steps: pd.DataFrame, sizes: list[memory.Figures], path: Path) -> None:
    """Two panels: a step by batch and threads, an epoch by tracks; both for an image."""
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5), sharey=True, layout="constrained")
    for (count, group), marker in zip(steps.groupby("threads"), "os^Dv", strict=False):
        left.plot(group.batch, group.ms, marker=marker, label=f"threads: {count}")
    left.set(
        xscale="log", xlabel="images in a batch", ylabel="milliseconds an image", ylim=(0, None)
    )
    left.set_xticks(BATCHES, [str(batch) for batch in BATCHES])
    left.minorticks_off()
    left.legend(frameon=False)
    right.plot([one.tracks for one in sizes], [one.epoch for one in sizes], "ks-")
    right.set(xscale="log", xlabel="tracks in the corpus (batches of 128)")
    figure.savefig(path, metadata={"Date": None})


def main(
    rounds: Annotated[int, typer.Option(min=1, help="Timed steps of each kind.")] = 6,
    tracks: Annotated[int, typer.Option(min=3000, help="The most tracks.")] = 100_000,
    figure: Annotated[Path, typer.Option(help="Where the picture goes.")] = FIGURE,
) -> None:
    """Time steps of 32 to 512 images with 1, 2, 4, ... threads, and epochs of up to 100,000 tracks.

    The epochs are those of benchmarks.memory, which says what disk they need.

    Example: python -m benchmarks.growth --tracks 10000
    """
    cores = os.cpu_count() or 1
    steps = step_times([2**power for power in range(cores.bit_length())], rounds=rounds)
    sizes = memory.sizes(tracks, images_per_track=12, steps=20)
    typer.echo(f"processor         {machine.processor()}")
    machine.tell("torch", "albumentations")
    typer.echo("\nmilliseconds an image, by threads (rows) and images in a batch")
    typer.echo(
        steps.pivot_table(index="threads", columns="batch", values="ms").round(2).to_string()
    )
    typer.echo("\nmilliseconds an image of an epoch, batches and steps, by tracks")
    for one in sizes:
        typer.echo(f"{one.tracks:>9,}{one.epoch:>9.2f}")
    draw(steps, sizes, figure)
    typer.echo(f"\npicture           {figure}")


if __name__ == "__main__":
    typer.run(main)
