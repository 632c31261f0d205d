"""The training loop of Section IV-C, with checkpoints that it can go on from."""

from __future__ import annotations

import ctypes
import math
import os
import platform
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from tqdm import tqdm

from genre_lib import __version__
from genre_lib.augment import augment, cutmix, cutmix_probability, pipeline
from genre_lib.config import (
    RunSettings,
    TrainingSettings,
    UserError,
    choose,
    write_json,
    write_text,
)
from genre_lib.model import HybridNet
from genre_lib.splits import Dataset

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # names of mallopt's parameters in glibc
EVALUATION_BATCH = 64  # small batches stay in the cache of a CPU


def random_seed(*key: int) -> int:
    """One 63-bit seed from whole numbers, such as (seed, epoch, step).

    Every draw of a training run comes from such a key, so a resumed run needs no saved random
    state: it draws what the uninterrupted one would have drawn.
    """
    return int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0] >> 1)


def make_optimizer(model: nn.Module, settings: TrainingSettings) -> torch.optim.AdamW:
    """AdamW, Equation 1."""
    return torch.optim.AdamW(
        model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )


def make_schedule(
    optimizer: torch.optim.Optimizer, settings: TrainingSettings, *, total_steps: int
) -> torch.optim.lr_scheduler.LRScheduler:
    """Learning rate per step: a warm-up, then a cosine down (Section IV-C, Equation 2).

    PyTorch's OneCycleLR warms up along a cosine; the paper calls the warm-up linear, which is
    the schedule ``linear-warmup-cosine``.
    """
    if settings.schedule == "onecycle":
        share = settings.warmup_share
        if share * total_steps == 1:  # PyTorch divides by the steps of this warm-up: none
            share *= 1 - 1e-9
        return torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=settings.learning_rate, total_steps=total_steps, pct_start=share
        )
    warmup = max(1, round(settings.warmup_share * total_steps))

    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        return (1 + math.cos(math.pi * (step - warmup) / max(1, total_steps - warmup))) / 2

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


def smoothed_loss(logits: Tensor, labels: Tensor, *, smoothing: float) -> Tensor:
    """Label-smoothing cross-entropy, Equation 3, averaged over the batch."""
    return cross_entropy(logits, labels, label_smoothing=smoothing)


def mixed_loss(
    logits: Tensor, own: Tensor, partner: Tensor, *, kept: float, smoothing: float
) -> Tensor:
    """CutMix's loss: both labels, weighted by the area that each image holds (Section IV-C)."""
    return kept * smoothed_loss(logits, own, smoothing=smoothing) + (1 - kept) * smoothed_loss(
        logits, partner, smoothing=smoothing
    )


def to_input(images: np.ndarray, device: torch.device) -> Tensor:
    """Gray levels, uint8 (B, 128, 128), to network input in [0, 1], float32 (B, 1, 128, 128)."""
    return torch.from_numpy(images).to(device)[:, None].float().div_(255.0)


@torch.no_grad()
def predict_logits(model: HybridNet, images: np.ndarray) -> Tensor:
    """Logits in evaluation mode, float32 on the CPU, shape (N, n_classes).

    Nothing is augmented here: images are scored as they are.
    """
    model.eval()
    device = next(model.parameters()).device
    batches = (
        model(to_input(images[start : start + EVALUATION_BATCH], device)).float().cpu()
        for start in range(0, len(images), EVALUATION_BATCH)
    )
    return torch.cat(list(batches))


def score(model: HybridNet, dataset: Dataset, rows: np.ndarray, smoothing: float) -> list[float]:
    """Loss and accuracy in evaluation mode on some images of a dataset."""
    labels = torch.from_numpy(dataset.labels[rows])
    logits = predict_logits(model, dataset.images[rows])
    accuracy = (logits.argmax(1) == labels).double().mean()
    return [float(smoothed_loss(logits, labels, smoothing=smoothing)), float(accuracy)]


def clean_rows(dataset: Dataset, *, seed: int) -> np.ndarray:
    """Training images for the clean re-score: at random, as many as there are for validation."""
    rows = dataset.rows("train")
    count = min(len(rows), len(dataset.rows("validation")))
    return np.sort(np.random.default_rng([seed, 1]).choice(rows, count, replace=False))


def keep_freed_memory() -> None:
    """Have the C library keep freed memory for the next step.

    By default glibc returns large blocks to the system at once, and every step of a training
    pays for getting them back: more than for its arithmetic. Elsewhere nothing happens.
    """
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(M_MMAP_MAX, 0)
        libc.mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


@dataclass
class State:
    """What a training holds between two epochs; a checkpoint is exactly this."""

    model: HybridNet
    optimizer: torch.optim.AdamW
    schedule: torch.optim.lr_scheduler.LRScheduler
    scaler: torch.amp.GradScaler
    best: dict[str, Tensor]
    history: list[dict[str, float]]
    seconds: float = 0.0


def device_of(name: str | None = None) -> torch.device:
    """CUDA where there is one, else the CPU; `GENRE_DEVICE` decides otherwise."""
    name = name or os.environ.get("GENRE_DEVICE")
    best = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(choose("device (GENRE_DEVICE)", name or best, {"cpu", best}))


def new_state(settings: RunSettings, dataset: Dataset) -> State:
    """A training before its first epoch."""
    keep_freed_memory()
    device = device_of()
    torch.manual_seed(random_seed(settings.seed))
    model = HybridNet(settings.model, n_classes=len(dataset.genres)).to(device)
    optimizer = make_optimizer(model, settings.training)
    steps = math.ceil(len(dataset.rows("train")) / settings.training.batch_size)
    total = steps * settings.training.epochs
    schedule = make_schedule(optimizer, settings.training, total_steps=total)
    scaler = torch.amp.GradScaler(device.type, enabled=device.type == "cuda")
    return State(model, optimizer, schedule, scaler, best={}, history=[])


def train(
    settings: RunSettings, dataset: Dataset, directory: Path, *, progress: bool = True
) -> HybridNet:
    """Train, or go on training, and leave the best model's weights in the run's directory.

    Writes ``history.csv``, ``model.safetensors``, ``environment.json`` and, after every epoch,
    ``checkpoint.pt``, which stays until the whole run is complete. The best model is the one
    with the highest validation accuracy (the first of equals); training ends early when the
    validation loss has not improved for ``settings.training.patience`` epochs (Sections IV-C and
    V-A).

    Raises
    ------
    UserError
        If there are fewer training images than a batch holds, or the checkpoint is damaged.
    """
    rows = dataset.rows("train")
    if settings.training.batch_size > len(rows):
        raise UserError(
            f"batch_size = {settings.training.batch_size} is larger than the training set "
            f"({len(rows)} images); choose a smaller one or a larger corpus."
        )
    state = new_state(settings, dataset)
    checkpoint = directory / "checkpoint.pt"
    if checkpoint.exists():
        load_checkpoint(checkpoint, state)
    steps = math.ceil(len(rows) / settings.training.batch_size)
    with tqdm(
        total=settings.training.epochs * steps,
        initial=len(state.history) * steps,
        desc=f"training, {settings.view} x {settings.protocol}, seed {settings.seed}",
        unit="step",
        mininterval=1.0,
        disable=not progress,
    ) as bar:
        while not finished(state.history, settings.training):
            start = time.perf_counter()
            epoch = len(state.history)
            record = train_epoch(state, settings, dataset, epoch, bar)
            record |= validate(state.model, settings, dataset)
            best_so_far = max((row["validation_accuracy"] for row in state.history), default=-1)
            if record["validation_accuracy"] > best_so_far:
                state.best = {
                    name: value.detach().cpu().clone().contiguous()
                    for name, value in state.model.state_dict().items()
                }
            state.history.append(record)
            state.seconds += time.perf_counter() - start
            save_checkpoint(checkpoint, state)
            bar.set_postfix(
                epoch=epoch + 1,
                loss=f"{record['train_loss']:.2f}",
                acc=f"{record['train_accuracy']:.1%}",
                val=f"{record['validation_accuracy']:.1%}",
            )
    write_text(directory / "history.csv", pd.DataFrame(state.history).to_csv(index=False))
    write_json(directory / "environment.json", environment() | {"seconds": state.seconds})
    save_file(state.best, directory / "model.safetensors")
    state.model.load_state_dict(state.best)
    return state.model


def train_epoch(
    state: State, settings: RunSettings, dataset: Dataset, epoch: int, bar: tqdm
) -> dict[str, float]:
    """One pass over the training images; returns the epoch's running figures.

    The running figures are those that a training loop prints as it goes: measured in training
    mode, with dropout, on augmented and mixed images.
    """
    training = settings.training
    device = next(state.model.parameters()).device
    order = np.random.default_rng([settings.seed, epoch, 2]).permutation(dataset.rows("train"))
    losses = hits = 0.0
    state.model.train()
    for step, start in enumerate(range(0, len(order), training.batch_size)):
        batch = order[start : start + training.batch_size]
        images, partner, kept = make_batch(settings, dataset, batch, epoch=epoch, step=step)
        torch.manual_seed(random_seed(settings.seed, epoch, step))
        own = torch.from_numpy(dataset.labels[batch]).to(device)
        other = own[torch.from_numpy(partner).to(device)]
        with torch.autocast(device.type, enabled=device.type == "cuda"):
            logits = state.model(to_input(images, device))
            loss = mixed_loss(logits, own, other, kept=kept, smoothing=training.label_smoothing)
        state.optimizer.zero_grad(set_to_none=True)
        state.scaler.scale(loss).backward()
        state.scaler.unscale_(state.optimizer)
        nn.utils.clip_grad_norm_(state.model.parameters(), training.clip_norm)  # Equation 4
        rate = float(state.schedule.get_last_lr()[0])
        state.scaler.step(state.optimizer)
        state.scaler.update()
        state.schedule.step()
        guess = logits.argmax(1)
        hit = kept * (guess == own).double() + (1 - kept) * (guess == other).double()
        losses += float(loss.detach()) * len(batch)
        hits += float(hit.sum())
        bar.update()
    return {
        "epoch": epoch + 1,
        "learning_rate": rate,
        "cutmix_probability": cutmix_probability(epoch, training.epochs, settings.augmentation),
        "train_loss": losses / len(order),
        "train_accuracy": hits / len(order),
    }


def make_batch(
    settings: RunSettings, dataset: Dataset, rows: np.ndarray, *, epoch: int, step: int
) -> tuple[np.ndarray, np.ndarray, float]:
    """One training batch: augmented, and with some probability mixed (Sections IV-A and IV-C).

    Returns
    -------
    images : np.ndarray
        uint8, shape (B, 128, 128).
    partner : np.ndarray
        Position in the batch of the image whose label has a share in each, shape (B,).
    kept : float
        Weight of each image's own label.
    """
    seed = random_seed(settings.seed, epoch, step)
    rng = np.random.default_rng(seed)
    augmentation = settings.augmentation
    images = dataset.images[rows]
    if augmentation.augment_training:
        images = augment(images, pipeline(augmentation), seed=seed % 2**32)
    if rng.random() < cutmix_probability(epoch, settings.training.epochs, augmentation):
        return cutmix(images, alpha=augmentation.cutmix_alpha, rng=rng)
    return images, np.arange(len(rows)), 1.0


def validate(model: HybridNet, settings: RunSettings, dataset: Dataset) -> dict[str, float]:
    """Scores in evaluation mode after an epoch: clean training images, validation images."""
    smoothing = settings.training.label_smoothing
    clean = score(model, dataset, clean_rows(dataset, seed=settings.seed), smoothing)
    held_out = score(model, dataset, dataset.rows("validation"), smoothing)
    names = (
        "clean_train_loss",
        "clean_train_accuracy",
        "validation_loss",
        "validation_accuracy",
    )
    return dict(zip(names, clean + held_out, strict=True))


def finished(history: list[dict[str, float]], settings: TrainingSettings) -> bool:
    """Tell whether training is over: all epochs done, or no better loss within the patience."""
    losses = [row["validation_loss"] for row in history]
    if not losses:
        return False
    since_best = len(losses) - 1 - int(np.argmin(losses))
    return len(losses) >= settings.epochs or since_best >= settings.patience


def save_checkpoint(path: Path, state: State) -> None:
    """Write a checkpoint: complete, or the one before stays."""
    partial = path.with_name(path.name + ".part")
    torch.save(
        {
            "model": state.model.state_dict(),
            "optimizer": state.optimizer.state_dict(),
            "schedule": schedule_state(state.schedule),
            "scaler": state.scaler.state_dict(),
            "best": state.best,
            "history": state.history,
            "seconds": state.seconds,
        },
        partial,
    )
    with open(partial, "rb") as file:
        os.fsync(file.fileno())
    os.replace(partial, path)


def schedule_state(schedule: torch.optim.lr_scheduler.LRScheduler) -> dict[str, Any]:
    """The plain values of a schedule's state, which loading with weights_only allows."""
    plain = (int, float, bool, str, list)
    return {key: value for key, value in schedule.state_dict().items() if isinstance(value, plain)}


def load_checkpoint(path: Path, state: State) -> None:
    """Put a checkpoint's content into a fresh state.

    Raises
    ------
    UserError
        If the file is damaged or does not fit the state.
    """
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
        state.model.load_state_dict(saved["model"])
        state.optimizer.load_state_dict(saved["optimizer"])
        state.schedule.load_state_dict(saved["schedule"])
        state.scaler.load_state_dict(saved["scaler"])
        state.best, state.history = saved["best"], saved["history"]
        state.seconds = saved["seconds"]
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(
            f"The checkpoint {path} is damaged ({reason}); remove it to train from the start."
        ) from None


def load_model(directory: Path, settings: RunSettings, *, n_classes: int) -> HybridNet:
    """The best model of a finished run, in evaluation mode."""
    model = HybridNet(settings.model, n_classes=n_classes)
    model.load_state_dict(load_file(directory / "model.safetensors"))
    return model.eval()


def environment() -> dict[str, Any]:
    """What a result was made with: versions, processor, threads, device."""
    libraries = ("torch", "numpy", "librosa", "albumentations", "scikit-learn")
    return {
        "genre_lib": __version__,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        **{name: version(name) for name in libraries},
        "device": str(device_of()),
        "device_name": torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU",
        "threads": torch.get_num_threads(),
        "cores": os.cpu_count(),
    }
