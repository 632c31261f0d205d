"""Share of a training step that making its batch takes.

Usage: python -m benchmarks.input_pipeline --help
"""

from __future__ import annotations

import time
from typing import Annotated

import numpy as np
import pandas as pd
import torch
import typer
from tqdm import tqdm

from benchmarks import machine
from genre_lib.augment import IMAGE_SIZE
from genre_lib.config import GENRES, configure
from genre_lib.speed.allocator import keep_freed_memory
from genre_lib.splits import Dataset
from genre_lib.training import device_of, make_batch, new_state, train_step

IMAGES = 12000  # of 1,000 tracks, as in the paper
WARM_UP = 3  # steps


def random_dataset(images: int, *, seed: int = 0) -> Dataset:
    """A dataset of random images, all of them for training."""
    rng = np.random.default_rng(seed)
    return Dataset(
        images=rng.integers(0, 256, (images, IMAGE_SIZE, IMAGE_SIZE), np.uint8),
        labels=rng.integers(0, len(GENRES), images),
        genres=GENRES,
        table=pd.DataFrame({"subset": ["train"] * images}),
    )


def main(
    steps: Annotated[int, typer.Option(min=1, help="Timed steps; their mean counts.")] = 30,
    batch_size: Annotated[int, typer.Option(min=2, help="Images in a step.")] = 128,
) -> None:
    """Time making batches, and the rest of the training step, in the same run.

    A batch is taken from 12,000 random images, augmented, and mixed by CutMix every other time,
    as in the first epoch, which mixes most. The rest is forward, loss, backward, clipping and
    AdamW.

    Example: python -m benchmarks.input_pipeline --steps 50
    """
    settings = configure(profile="paper", overrides={"batch_size": batch_size})
    dataset = random_dataset(max(IMAGES, batch_size))
    keep_freed_memory()  # as a run does before it trains
    state = new_state(settings, dataset)
    state.model.train()
    rng = np.random.default_rng(0)
    making, training = [], []
    for step in tqdm(range(steps + WARM_UP), "three to warm up, then timed", unit="step"):
        rows = rng.choice(len(dataset.labels), batch_size, replace=False)
        start = time.perf_counter()
        images, partner, kept = make_batch(settings, dataset, rows, epoch=0, step=step)
        made = time.perf_counter()
        train_step(state, settings, images, dataset.labels[rows], partner, kept)
        making.append(made - start)
        training.append(time.perf_counter() - made)
    batch, rest = (1000 * float(np.mean(seconds[WARM_UP:])) for seconds in (making, training))
    typer.echo(f"device            {device_of()}, {torch.get_num_threads()} threads")
    machine.tell("numpy", "torch", "albumentations")
    typer.echo(f"batch             {batch_size} of {len(dataset.labels)} images")
    typer.echo(f"making a batch    {batch:.1f} ms (mean of {steps})")
    typer.echo(f"rest of the step  {rest:.1f} ms (mean of {steps})")
    typer.echo(f"share             {batch / (batch + rest):.2%} (goal: at most 5 %)")


if __name__ == "__main__":
    typer.run(main)
