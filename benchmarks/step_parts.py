"""Where the time of a training step goes: each part alone, beside its limit on this machine.

`python -m benchmarks.training_step --parts` prints it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode
from tqdm import tqdm

from benchmarks.input_pipeline import random_dataset
from genre_lib.augment import IMAGE_SIZE
from genre_lib.config import ModelSettings, RunSettings
from genre_lib.model import HybridNet
from genre_lib.training import make_batch, mixed_loss, new_state, to_input

COPIED = 2**26  # float32 values, far more than a cache holds


class Part(NamedTuple):
    """One part of a step: what to time, its operations, and the bytes that it has to move."""

    name: str
    run: Callable[[], object]
    operations: float = 0.0
    moved: float = 0.0


def size(tensors: Iterable[Any]) -> int:
    """Bytes of all tensors among some values; several names of one tensor count once."""
    found = {value.data_ptr(): value for value in tensors if isinstance(value, Tensor)}
    return sum(value.untyped_storage().nbytes() for value in found.values())


def operations_of_layers(batch_size: int) -> dict[str, tuple[float, float]]:
    """Operations of each layer, forward and backward, by PyTorch's own counter.

    Counted are convolutions and matrix products, of plain layers on the device "meta".
    """

    def counted(step: Callable[[], object]) -> dict[str, float]:
        with FlopCounterMode(display=False) as counter:
            step()
        counts = counter.get_flop_counts().items()
        return {name.rpartition(".")[2]: sum(each.values()) for name, each in counts}

    with torch.device("meta"):
        model = HybridNet(ModelSettings(), fast=False)
        images = torch.zeros(batch_size, 1, IMAGE_SIZE, IMAGE_SIZE)
        forward = counted(lambda: model(images))
        both = counted(lambda: model(images).sum().backward())
    return {name: (forward[name], both[name] - forward[name]) for name in both if name in forward}


def layers(model: HybridNet, images: Tensor) -> Iterable[tuple[str, nn.Module, tuple, dict]]:
    """Each layer of a network with what it gets in a forward pass."""
    met: list[tuple[str, nn.Module, tuple, dict]] = []

    def meet(name: str, layer: nn.Module) -> Any:
        return layer.register_forward_pre_hook(
            lambda _, args, kwargs: met.append((name, layer, args, kwargs)), with_kwargs=True
        )

    hooks = [meet(name, layer) for name, layer in model.named_children()]
    model(images)
    for hook in hooks:
        hook.remove()
    return met


def parts_of(settings: RunSettings) -> list[Part]:
    """The parts of a training step, in order; a backward part follows its forward part.

    The least that has to be moved: inputs, weights and outputs once each forward; backward these
    and the gradients of all of them.
    """
    training = settings.training
    dataset = random_dataset(8 * training.batch_size)
    state = new_state(settings, dataset)
    model = state.model.train()
    rows = np.arange(training.batch_size)

    def batch() -> tuple[np.ndarray, np.ndarray, float]:
        return make_batch(settings, dataset, rows, epoch=0, step=0)

    images, partner, kept = batch()
    inputs = to_input(images, torch.device("cpu"))
    operations = operations_of_layers(training.batch_size)
    parts = [Part("batch", batch, 0, 2 * images.nbytes + 4 * images.size)]

    def forward_and_backward(name: str, run: Callable[[], Any], given: list[Tensor]) -> list[Part]:
        latest: list[Tensor] = []

        def forward() -> None:
            output = run()
            latest[:] = [output[0] if isinstance(output, tuple) else output]

        def backward() -> object:
            return torch.autograd.grad(latest, wanted, grad)

        forward()
        grad = torch.ones_like(latest[0])
        wanted = [tensor for tensor in given if tensor.requires_grad]
        ahead, back = operations.get(name, (0.0, 0.0))
        moved = size([*given, *latest])
        return [
            Part(name, forward, ahead, moved),
            Part(f"{name}, backward", backward, back, moved + size([*wanted, *latest])),
        ]

    for name, layer, args, kwargs in layers(model, inputs):
        leaves = {
            id(value): value.detach().requires_grad_(name != "block1" and value.requires_grad)
            for value in args
        }
        taken = [leaves[id(value)] for value in args]
        if isinstance(layer, nn.Dropout) and not layer.p:
            continue
        run = partial(layer, *taken, **kwargs)
        parts += forward_and_backward(name, run, [*leaves.values(), *layer.parameters()])

    logits = model(inputs).detach().requires_grad_()
    target = torch.from_numpy(dataset.labels[rows])
    mixed_in = target[torch.from_numpy(partner)]
    smoothing = training.label_smoothing
    parts += forward_and_backward(
        "loss",
        lambda: mixed_loss(logits, target, mixed_in, kept=kept, smoothing=smoothing),
        [logits],
    )
    for weight in model.parameters():
        weight.grad = torch.full_like(weight, 1e-3)
    weights = size(model.parameters())
    clip = nn.utils.clip_grad_norm_
    return [
        *parts,
        Part("clip", lambda: clip(model.parameters(), training.clip_norm), 0, 3 * weights),
        Part(
            "optimizer", lambda: state.optimizer.step(), 0, 7 * weights
        ),  # AdamW: 4 read, 3 written
    ]


def copying_rate() -> float:
    """Bytes a second that this machine moves when it copies what no cache holds."""
    source, target = torch.rand(2, COPIED)
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        target.copy_(source)
        seconds.append(time.perf_counter() - start)
    return 2 * 4 * COPIED / min(seconds)


def table(parts: list[Part], *, rounds: int, peak: float, copying: float) -> pd.DataFrame:
    """Time each part in turn, round after round, beside its limit.

    Parameters
    ----------
    peak
        Operations a second of the fastest matrix product.
    copying
        Bytes a second, from `copying_rate`.
    """
    seconds: dict[str, list[float]] = {part.name: [] for part in parts}
    for timed, part in tqdm(
        list(chain.from_iterable(((turn, part) for part in parts) for turn in range(rounds + 1))),
        "timing each part in turn",
    ):
        start = time.perf_counter()
        part.run()
        if timed:
            seconds[part.name].append(time.perf_counter() - start)
    rows = []
    for part in parts:
        median = statistics.median(seconds[part.name])
        compute, memory = part.operations / peak, part.moved / copying
        rows.append(
            {
                "part": part.name,
                "ms": 1000 * median,
                "GFLOP/s": part.operations / median / 1e9,
                "MB": part.moved / 1e6,
                "GB/s": part.moved / median / 1e9,
                "limit, ms": 1000 * max(compute, memory),
                "limited by": "compute" if compute > memory else "memory",
            }
        )
    total = pd.DataFrame(rows)[["ms", "MB", "limit, ms"]].sum()
    return pd.DataFrame([*rows, {"part": "sum", **total}])
