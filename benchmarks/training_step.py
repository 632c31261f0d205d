"""One training step of the network of Table I against the literal one, on the same machine.

Usage: python -m benchmarks.training_step --help
"""

from __future__ import annotations

import ctypes
import math
import os
import platform
import shutil
import statistics
import time
from collections.abc import Callable, Mapping
from itertools import product
from typing import Annotated, NamedTuple, cast

import numpy as np
import pandas as pd
import torch
import typer
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from tqdm import tqdm

from benchmarks import literal
from benchmarks.machine import processor
from benchmarks.step_parts import copying_rate, parts_of, table
from genre_lib.augment import IMAGE_SIZE, cutmix
from genre_lib.config import GENRES, ModelSettings, RunSettings, configure
from genre_lib.model import HybridNet
from genre_lib.speed.allocator import M_MMAP_MAX, M_TRIM_THRESHOLD, keep_freed_memory
from genre_lib.splits import Dataset
from genre_lib.training import device_of, new_state, to_input, train_step

EPOCH = 9000  # images: 75 % of 12 for each of 1,000 tracks
GEMM_SIZES = (1024, 2048, 4096)
M_MMAP_THRESHOLD = -3  # name of a parameter of glibc's mallopt
LARGEST_THRESHOLD = 32 * 2**20  # bytes, to which glibc raises it by itself


class Contender(NamedTuple):
    """A training step, and the behaviour of the C library that it is timed with."""

    step: Callable[[], object]
    allocator: Callable[[], None]


def return_freed_memory() -> None:
    """Undo `keep_freed_memory`: have the C library return large blocks, as it does by default.

    As a program frees blocks glibc raises its thresholds up to the ones that are set here; a
    literal step takes as long with them as in a fresh process.
    """
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(M_MMAP_MAX, 65536)
        libc.mallopt(M_MMAP_THRESHOLD, LARGEST_THRESHOLD)
        libc.mallopt(M_TRIM_THRESHOLD, 2 * LARGEST_THRESHOLD)
        libc.malloc_trim(0)


def contenders(
    settings: RunSettings, device: torch.device, *, compiled: bool = False
) -> dict[str, Contender]:
    """The literal step, as the C library is and with freed memory kept, and ours.

    All see the same random images, with dropout on, and mix every batch. `compiled` adds what
    torch.compile makes of the plain layers in its first step; it does not take ours.
    """
    training, alpha = settings.training, settings.augmentation.cutmix_alpha
    rng = np.random.default_rng(settings.seed)
    shape = (training.batch_size, IMAGE_SIZE, IMAGE_SIZE)
    images = rng.integers(0, 256, shape, np.uint8)
    labels = rng.integers(0, len(GENRES), training.batch_size)
    inputs, targets = to_input(images, device), torch.from_numpy(labels).to(device)
    table = pd.DataFrame({"subset": ["train"] * training.batch_size})
    state = new_state(settings, Dataset(images, labels, GENRES, table))
    state.model.train()
    scaler = torch.amp.GradScaler(device.type, enabled=device.type == "cuda")

    def literal_step(*, compiled: bool = False) -> Callable[[], object]:
        plain = HybridNet(ModelSettings(), n_classes=len(GENRES), fast=False).to(device).train()
        network = torch.compile(plain) if compiled else plain
        optimizer = torch.optim.AdamW(
            plain.parameters(), lr=training.learning_rate, weight_decay=training.weight_decay
        )
        return lambda: literal.step(
            cast(nn.Module, network),
            optimizer,
            scaler,
            inputs,
            targets,
            rng=rng,
            alpha=alpha,
            smoothing=training.label_smoothing,
            max_norm=training.clip_norm,
        )

    def our_step() -> None:
        mixed, partner, kept = cutmix(images, alpha=alpha, rng=rng)
        train_step(state, settings, mixed, labels, partner, kept)

    plain = literal_step()
    sides = {
        "literal": Contender(plain, return_freed_memory),
        "literal, memory kept": Contender(plain, keep_freed_memory),
        "ours": Contender(our_step, keep_freed_memory),
    }
    if compiled:
        sides["literal, compiled"] = Contender(literal_step(compiled=True), keep_freed_memory)
    return sides


def stopwatch(function: Callable[[], object], device: torch.device) -> float:
    """Seconds that a call takes, with all that it leaves to be done on a GPU."""
    start = time.perf_counter()
    function()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def measure(
    sides: Mapping[str, Contender],
    device: torch.device,
    *,
    rounds: int,
    steps: int,
    sizes: tuple[int, ...] = GEMM_SIZES,
    quiet: bool = False,
) -> tuple[dict[str, float], float]:
    """Time all sides in turn, round after round, and the largest matrix product in each round.

    What was kept once serves every later step, also after `return_freed_memory`. So the sides
    that keep nothing are timed before the others, in the same process.

    Returns
    -------
    seconds : dict of str to float
        Median of each side's steps; the first step of a turn is not timed.
    peak : float
        Operations a second of the fastest matrix product.
    """
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    peak = 0.0
    total = rounds * (len(sides) * (steps + 1) + len(sizes))
    with tqdm(total=total, desc="timing in turn", disable=quiet) as bar:

        def turn(name: str) -> None:
            sides[name].allocator()
            for timed in range(steps + 1):
                duration = stopwatch(sides[name].step, device)
                if timed:
                    seconds[name].append(duration)
                bar.update()

        returning = [name for name in sides if sides[name].allocator is return_freed_memory]
        for _, name in product(range(rounds), returning):
            turn(name)
        for _ in range(rounds):
            for name in [name for name in sides if name not in returning]:
                turn(name)
            for size in sizes:
                peak = max(peak, gemm_rate(size, device))
                bar.update()
    return {name: statistics.median(each) for name, each in seconds.items()}, peak


def gemm_rate(size: int, device: torch.device) -> float:
    """Operations a second of the product of two square matrices, the better of two."""
    a, b = torch.rand(2, size, size, device=device)
    out = torch.empty_like(a)
    return 2 * size**3 / min(stopwatch(lambda: torch.mm(a, b, out=out), device) for _ in range(2))


def count_operations(batch_size: int) -> int:
    """Additions and multiplications of a step, forward and backward, by PyTorch's own counter.

    Counted are convolutions and matrix products. The device "meta" computes no values; there
    the LSTM is made of the matrix products that the counter knows.
    """
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        network = HybridNet(ModelSettings(), fast=False)
        network(torch.zeros(batch_size, 1, literal.SIZE, literal.SIZE)).sum().backward()
    return counter.get_total_flops()


def main(
    rounds: Annotated[int, typer.Option(min=1, help="Turns of each side.")] = 6,
    steps: Annotated[int, typer.Option(min=1, help="Timed steps in a turn.")] = 3,
    batch_size: Annotated[int, typer.Option(min=2, help="Images in a step.")] = 128,
    threads: Annotated[int, typer.Option(min=1, help="Threads of PyTorch.")] = min(
        2, os.cpu_count() or 1
    ),
    parts: Annotated[bool, typer.Option("--parts", help="Time each part of our step.")] = False,
    compiled: Annotated[
        bool, typer.Option("--compiled", help="Time torch.compile, too (needs a C++ compiler).")
    ] = False,
) -> None:
    """Time a training step against a literal one: forward, loss, backward, clipping, AdamW.

    The literal side is the network and step as a reader of the paper would write them. Both
    sides have dropout and CutMix on, and take turns. By default the C library of Linux returns
    large blocks of memory to the system at every step; training keeps them, which speeds up the
    literal side as well. So it is timed both ways: the first ratio is against what a reader
    would run (timed first, before anything is kept), the second is what the network itself gains.

    Example: python -m benchmarks.training_step --rounds 20
    """
    settings = configure(
        profile="paper",
        overrides={
            "batch_size": batch_size,
            "epochs": rounds * (steps + 1),  # of one step each
            "threads": threads,
        },
    )
    torch.set_num_threads(threads)
    device = device_of()
    if parts and device.type != "cpu":
        raise SystemExit("--parts times a CPU; hide the card with CUDA_VISIBLE_DEVICES=.")
    if compiled and not shutil.which(os.environ.get("CXX", "g++")):
        raise SystemExit("--compiled needs a C++ compiler; install g++, or set CXX to another.")
    if parts:
        peak = max(gemm_rate(size, device) for size in GEMM_SIZES)
        copying = copying_rate()
        found = table(parts_of(settings), rounds=rounds * steps, peak=peak, copying=copying)
        print(f"\n{processor()}, {threads} threads, torch {torch.__version__}")
        print(f"limits: {peak / 1e9:.0f} GFLOP/s, {copying / 1e9:.1f} GB/s copied")
        print(found.to_string(index=False, float_format="{:.1f}".format, na_rep=""))
        return
    sides = contenders(settings, device, compiled=compiled)
    seconds, peak = measure(sides, device, rounds=rounds, steps=steps)
    operations = count_operations(batch_size)
    ours, rate = seconds["ours"], operations / seconds["ours"]
    epoch_steps = math.ceil(EPOCH / batch_size)
    rows = [
        ("literal step", f"{1000 * seconds['literal']:.0f} ms", ""),
        ("literal step, memory kept", f"{1000 * seconds['literal, memory kept']:.0f} ms", ""),
        ("our step", f"{1000 * ours:.0f} ms", ""),
        *((name, f"{1000 * seconds[name]:.0f} ms", "") for name in list(sides)[3:]),
        ("literal / ours", f"{seconds['literal'] / ours:.2f}", "goal >= 3.0"),
        ("the same, memory kept", f"{seconds['literal, memory kept'] / ours:.2f}", ""),
        ("operations of a step", f"{operations / 1e9:.1f} GFLOP", ""),
        ("our rate", f"{rate / 1e9:.0f} GFLOP/s", ""),
        ("fastest matrix product", f"{peak / 1e9:.0f} GFLOP/s", ""),
        ("our share of it", f"{rate / peak:.0%}", "goal >= 80 %"),
        ("images per second", f"{batch_size / ours:.0f}", ""),
        (f"{epoch_steps} steps ({EPOCH:,} images)", f"{epoch_steps * ours:.1f} s", "steps alone"),
    ]
    cpu = torch.backends.cpu.get_cpu_capability()
    versions = f"Python {platform.python_version()}, torch {torch.__version__}"
    print(f"\n{processor()}, {device}, {threads} threads, {cpu}, {versions}")
    print(f"{batch_size} images in a step, medians of {rounds} x {steps} steps")
    for name, value, note in rows:
        print(f"{name:<30}{value:>14}   {note}".rstrip())


if __name__ == "__main__":
    typer.run(main)
