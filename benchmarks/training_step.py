"""Seconds per training step and images per second of the network of Table I.

Usage: python -m benchmarks.training_step --help
"""

from __future__ import annotations

import platform
import statistics
import time
from typing import Annotated

import numpy as np
import torch
import typer
from torch import nn
from tqdm import tqdm

from genre_lib.augment import IMAGE_SIZE
from genre_lib.config import configure
from genre_lib.model import HybridNet
from genre_lib.training import (
    device_of,
    keep_freed_memory,
    make_optimizer,
    smoothed_loss,
    to_input,
)


def main(
    steps: Annotated[int, typer.Option(min=1, help="Timed steps; the median counts.")] = 20,
    batch_size: Annotated[int, typer.Option(min=2, help="Images in a step.")] = 128,
) -> None:
    """Time forward, loss, backward, clipping and AdamW on random images, dropout on.

    Example: python -m benchmarks.training_step --steps 50
    """
    settings = configure(profile="paper")
    device = device_of()
    keep_freed_memory()
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (batch_size, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    labels = torch.from_numpy(rng.integers(0, 10, batch_size)).to(device)
    model = HybridNet(settings.model).to(device).train()
    optimizer = make_optimizer(model, settings.training)
    seconds = []
    for _ in tqdm(range(steps + 3), unit="step", desc="three to warm up, then timed"):
        start = time.perf_counter()
        loss = smoothed_loss(model(to_input(images, device)), labels, smoothing=0.1)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), settings.training.clip_norm)
        optimizer.step()
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    median = statistics.median(seconds[3:])
    typer.echo(f"device            {device}, {torch.get_num_threads()} threads")
    typer.echo(f"versions          Python {platform.python_version()}, torch {torch.__version__}")
    typer.echo(f"batch             {batch_size} images")
    typer.echo(f"seconds per step  {median:.3f} (median of {steps})")
    typer.echo(f"images per second {batch_size / median:.0f}")


if __name__ == "__main__":
    typer.run(main)
