"""The training loop of Section IV-C, with checkpoints that it can go on from."""

from __future__ import annotations

import math
import os
import platform
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from safetensors.torch import load_file
from safetensors.torch import save as to_safetensors
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from tqdm import tqdm

from genre_lib import __version__, checkpoint
from genre_lib.augment import (
    augment,
    augment_tensor,
    cutmix_probability,
    draw_cutmix,
    paste,
    pipeline,
)
from genre_lib.config import (
    RunSettings,
    TrainingSettings,
    UserError,
    choose,
    notice,
    write_bytes,
    write_json,
    write_text,
)
from genre_lib.model import HybridNet
from genre_lib.splits import Dataset
from genre_lib.store import take

EVALUATION_BATCH = 64  # small batches stay in the cache of a CPU
SAVE_EVERY = 300.0  # seconds between two checkpoints, where an epoch takes longer


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


def planned_rates(settings: TrainingSettings, *, total_steps: int) -> np.ndarray:
    """Learning rate of every step of a training that is not stopped early, shape (total_steps,)."""
    optimizer = make_optimizer(nn.Linear(1, 1), settings)
    schedule = make_schedule(optimizer, settings, total_steps=total_steps)
    rates = [schedule.get_last_lr()[0]]
    for _ in range(total_steps - 1):
        optimizer.step()
        schedule.step()
        rates.append(schedule.get_last_lr()[0])
    return np.array(rates)


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


def to_input(images: np.ndarray | Tensor, device: torch.device) -> Tensor:
    """Gray levels, uint8 (B, 128, 128), to network input in [0, 1], float32 (B, 1, 128, 128)."""
    return torch.as_tensor(images, device=device)[:, None].float().div_(255.0)


@torch.no_grad()
def predict_logits(model: HybridNet, images: np.ndarray, rows: np.ndarray | None = None) -> Tensor:
    """Logits of images, or of some of them, in evaluation mode; nothing is augmented.

    Parameters
    ----------
    images
        uint8, shape (N, 128, 128); only a batch at a time is copied.
    rows
        Positions in `images`; all of them by default.

    Returns
    -------
    Tensor
        float32 on the CPU, shape (N, n_classes) or (len(rows), n_classes).
    """
    model.eval()
    device = next(model.parameters()).device
    rows = np.arange(len(images)) if rows is None else rows
    batches = (
        model(to_input(take(images, rows[start : start + EVALUATION_BATCH]), device)).float().cpu()
        for start in range(0, len(rows), EVALUATION_BATCH)
    )
    return torch.cat(list(batches))


def score(model: HybridNet, dataset: Dataset, rows: np.ndarray, smoothing: float) -> list[float]:
    """Loss and accuracy in evaluation mode on some images of a dataset."""
    labels = torch.from_numpy(dataset.labels[rows])
    logits = predict_logits(model, dataset.images, rows)
    accuracy = (logits.argmax(1) == labels).double().mean()
    return [float(smoothed_loss(logits, labels, smoothing=smoothing)), float(accuracy)]


def clean_rows(dataset: Dataset, *, seed: int) -> np.ndarray:
    """Training images for the clean re-score: at random, as many as there are for validation."""
    rows = dataset.rows("train")
    count = min(len(rows), len(dataset.rows("validation")))
    return np.sort(np.random.default_rng([seed, 1]).choice(rows, count, replace=False))


@dataclass
class State:
    """What a training holds between two steps, and what a checkpoint keeps of it.

    Random states are no part of it: every draw follows from seed, epoch and step.

    Attributes
    ----------
    best
        Weights of the epoch with the highest validation accuracy so far.
    history
        The finished epochs; the patience is counted in it.
    step
        Steps done in the epoch under way.
    losses, hits
        Sums over the images of these steps.
    rate
        Learning rate of the last step.
    seconds
        Time spent, over all interruptions.
    images
        The dataset's images, where they lie on a graphics card; not part of a checkpoint.
    """

    model: HybridNet
    optimizer: torch.optim.AdamW
    schedule: torch.optim.lr_scheduler.LRScheduler
    scaler: torch.amp.GradScaler
    best: dict[str, Tensor] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)
    step: int = 0
    losses: float = 0.0
    hits: float = 0.0
    rate: float = 0.0
    seconds: float = 0.0
    images: Tensor | None = None


def device_of(name: str | None = None) -> torch.device:
    """CUDA where there is one, else the CPU; `GENRE_DEVICE` decides otherwise."""
    name = name or os.environ.get("GENRE_DEVICE")
    best = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(choose("device (GENRE_DEVICE)", name or best, {"cpu", best}))


def new_state(settings: RunSettings, dataset: Dataset) -> State:
    """A training before its first epoch."""
    if settings.threads is not None:
        torch.set_num_threads(settings.threads)
    device = device_of()
    torch.manual_seed(random_seed(settings.seed))
    model = HybridNet(settings.model, n_classes=len(dataset.genres)).to(device)
    optimizer = make_optimizer(model, settings.training)
    total = steps_per_epoch(settings, dataset) * settings.training.epochs
    schedule = make_schedule(optimizer, settings.training, total_steps=total)
    scaler = torch.amp.GradScaler(device.type, enabled=device.type == "cuda")
    images = images_on_device(dataset, device)
    return State(model, optimizer, schedule, scaler, images=images)


def steps_per_epoch(settings: RunSettings, dataset: Dataset) -> int:
    """Batches that the training images fill; the last one may be smaller."""
    return math.ceil(len(dataset.rows("train")) / settings.training.batch_size)


def check_batch_size(settings: RunSettings, dataset: Dataset) -> None:
    """See that there are as many training images as a batch holds.

    Raises
    ------
    UserError
        If there are not.
    """
    images = len(dataset.rows("train"))
    if settings.training.batch_size > images:
        raise UserError(
            f"batch_size = {settings.training.batch_size} is larger than the training set "
            f"({images} images); choose a smaller one or a larger corpus."
        )


def train(
    settings: RunSettings, dataset: Dataset, directory: Path, *, progress: bool = True
) -> HybridNet:
    """Train, or go on training, and leave the best model's weights in the run's directory.

    Writes ``history.csv``, ``model.safetensors``, ``environment.json``, and checkpoints: after
    every epoch, every five minutes within one, and when SIGINT or SIGTERM ask for an end. They
    stay until the whole run is complete. The best model is the one with the highest validation
    accuracy (the first of equals); training ends early when the validation loss has not improved
    for ``settings.training.patience`` epochs (Sections IV-C and V-A).

    Raises
    ------
    UserError
        If there are fewer training images than a batch holds, the loss is no number any more,
        a checkpoint is not one, or cannot be written.
    """
    check_batch_size(settings, dataset)
    state = new_state(settings, dataset)
    saved = checkpoint.load(directory)
    if saved is not None:
        restore(state, saved)
    steps = steps_per_epoch(settings, dataset)
    saving = Saving(directory, state, steps)
    with (
        saving.on_signals(),
        tqdm(
            total=settings.training.epochs * steps,
            initial=saving.position,
            desc=f"training, {settings.view} x {settings.protocol}, seed {settings.seed}",
            unit="step",
            mininterval=1.0,
            disable=not progress,
        ) as bar,
    ):
        while not finished(state.history, settings.training):
            record = train_epoch(state, settings, dataset, saving, bar)
            record |= validate(state.model, settings, dataset)
            with saving.undisturbed():
                end_epoch(state, record)
                saving.save()
            bar.set_postfix(
                epoch=len(state.history),
                loss=f"{record['train_loss']:.2f}",
                acc=f"{record['train_accuracy']:.1%}",
                val=f"{record['validation_accuracy']:.1%}",
            )
    write_text(directory / "history.csv", pd.DataFrame(state.history).to_csv(index=False))
    write_json(directory / "environment.json", environment() | {"seconds": state.seconds})
    write_bytes(directory / "model.safetensors", to_safetensors(state.best))
    state.model.load_state_dict(state.best)
    return state.model


def train_epoch(
    state: State, settings: RunSettings, dataset: Dataset, saving: Saving, bar: tqdm
) -> dict[str, float]:
    """One pass over the training images, or the rest of it; returns the epoch's running figures.

    The running figures are those that a training loop prints as it goes: measured in training
    mode, with dropout, on augmented and mixed images.
    """
    training, epoch = settings.training, len(state.history)
    order = np.random.default_rng([settings.seed, epoch, 2]).permutation(dataset.rows("train"))
    state.model.train()
    for step in range(state.step, saving.steps):
        rows = order[step * training.batch_size : (step + 1) * training.batch_size]
        images, partner, kept = make_batch(
            settings, dataset, rows, epoch=epoch, step=step, images=state.images
        )
        torch.manual_seed(random_seed(settings.seed, epoch, step))
        with saving.undisturbed():
            loss, hits = train_step(state, settings, images, dataset.labels[rows], partner, kept)
            state.losses += loss * len(rows)
            state.hits += hits
            state.step += 1
            if not math.isfinite(loss):
                raise UserError(
                    f"The loss is {loss} in epoch {epoch + 1}, step {step + 1}: the training "
                    f"diverged; choose a learning_rate below {training.learning_rate}."
                )
            saving.save_if_due()
        bar.update()
    return {
        "epoch": epoch + 1,
        "learning_rate": state.rate,
        "cutmix_probability": cutmix_probability(epoch, training.epochs, settings.augmentation),
        "train_loss": state.losses / len(order),
        "train_accuracy": state.hits / len(order),
    }


def train_step(
    state: State,
    settings: RunSettings,
    images: np.ndarray | Tensor,
    labels: np.ndarray,
    partner: np.ndarray,
    kept: float,
) -> tuple[float, float]:
    """Forward, loss, backward, clip, optimizer and schedule, for one batch.

    Returns
    -------
    tuple of float
        Mean loss, and the (weighted) number of images that were right.
    """
    training = settings.training
    device = next(state.model.parameters()).device
    own = torch.from_numpy(labels).to(device)
    other = own[torch.from_numpy(partner).to(device)]
    with torch.autocast(device.type, enabled=device.type == "cuda"):
        logits = state.model(to_input(images, device))
        loss = mixed_loss(logits, own, other, kept=kept, smoothing=training.label_smoothing)
    state.optimizer.zero_grad(set_to_none=True)
    state.scaler.scale(loss).backward()
    state.scaler.unscale_(state.optimizer)
    nn.utils.clip_grad_norm_(state.model.parameters(), training.clip_norm)  # Equation 4
    state.rate = float(state.schedule.get_last_lr()[0])
    state.scaler.step(state.optimizer)
    state.scaler.update()
    state.schedule.step()
    guess = logits.argmax(1)
    hit = kept * (guess == own).double() + (1 - kept) * (guess == other).double()
    return float(loss.detach()), float(hit.sum())


def end_epoch(state: State, record: dict[str, float]) -> None:
    """Take an epoch's figures into the state, and its weights where they are the best so far."""
    best_so_far = max((row["validation_accuracy"] for row in state.history), default=-1)
    if record["validation_accuracy"] > best_so_far:
        state.best = {
            name: value.detach().cpu().clone().contiguous()
            for name, value in state.model.state_dict().items()
        }
    state.history.append(record)
    state.step, state.losses, state.hits = 0, 0.0, 0.0


def make_batch(
    settings: RunSettings,
    dataset: Dataset,
    rows: np.ndarray,
    *,
    epoch: int,
    step: int,
    images: Tensor | None = None,
) -> tuple[np.ndarray | Tensor, np.ndarray, float]:
    """One training batch: augmented, and with some probability mixed (Sections IV-A and IV-C).

    Parameters
    ----------
    images
        All images of the dataset on a device, where the batch is to be made there; its draws
        have the same distributions as on a CPU, but are others.

    Returns
    -------
    batch : np.ndarray or Tensor
        uint8, shape (B, 128, 128).
    partner : np.ndarray
        Position in the batch of the image whose label has a share in each, shape (B,).
    kept : float
        Weight of each image's own label.
    """
    seed = random_seed(settings.seed, epoch, step)
    rng = np.random.default_rng(seed)
    augmentation = settings.augmentation
    batch: np.ndarray | Tensor
    if images is None:
        batch = take(dataset.images, rows)
        if augmentation.augment_training:
            batch = augment(batch, pipeline(augmentation), seed=seed % 2**32)
    else:
        batch = images[torch.from_numpy(rows).to(images.device)]
        if augmentation.augment_training:
            generator = torch.Generator(images.device).manual_seed(seed)
            batch = augment_tensor(batch, augmentation, generator)
    partner, kept = np.arange(len(rows)), 1.0
    if rng.random() < cutmix_probability(epoch, settings.training.epochs, augmentation):
        partner, box, kept = draw_cutmix(len(rows), alpha=augmentation.cutmix_alpha, rng=rng)
        paste(batch, partner, box)
    return batch, partner, kept


def images_on_device(dataset: Dataset, device: torch.device) -> Tensor | None:
    """All images on a graphics card, if they take at most half of its free memory."""
    if device.type != "cuda" or dataset.images.nbytes > torch.cuda.mem_get_info(device)[0] / 2:
        return None
    return torch.from_numpy(dataset.images).to(device)


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


class Stopped(Exception):
    """A signal that asks for the end of a training; its number is the argument."""


class Saving:
    """When and how a training's state is written.

    Attributes
    ----------
    steps
        Steps of an epoch.
    """

    def __init__(self, directory: Path, state: State, steps: int) -> None:
        self.directory, self.state, self.steps = directory, state, steps
        self.started = self.saved = time.monotonic()
        self.busy, self.asked = False, 0

    @property
    def position(self) -> int:
        """Steps done since the training began."""
        return len(self.state.history) * self.steps + self.state.step

    def save(self) -> None:
        """Write a checkpoint."""
        self.saved = time.monotonic()
        self.state.seconds += self.saved - self.started
        self.started = self.saved
        checkpoint.save(self.directory, content(self.state), position=self.position)

    def save_if_due(self) -> None:
        """Write a checkpoint if the last one is too long ago."""
        if time.monotonic() - self.saved > SAVE_EVERY:
            self.save()

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Keep signals waiting while the state is between two steps."""
        self.busy = True
        try:
            yield
        finally:
            self.busy = False
        if self.asked:
            raise Stopped(self.asked)

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Save when a signal asks for the end, then let the signal do what it would have done."""
        if threading.current_thread() is not threading.main_thread():
            yield  # only the main thread hears signals
            return
        before = {
            number: signal.signal(number, self._note) for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        except Stopped as stop:
            self.busy = True  # a second signal does not disturb the saving
            self.save()
            notice(
                f"stopped in epoch {len(self.state.history) + 1} after {self.state.step} of "
                f"{self.steps} steps; what was reached is saved in {self.directory}."
            )
            number = stop.args[0]
        else:
            number = 0
        finally:
            for name, handler in before.items():
                signal.signal(name, handler)
        if number:
            signal.raise_signal(number)
            raise KeyboardInterrupt  # where the signal was ignored

    def _note(self, number: int, frame: object) -> None:
        self.asked = number
        if not self.busy:
            raise Stopped(number)


def content(state: State) -> dict[str, Any]:
    """What a checkpoint holds, in the types that loading with weights_only allows."""
    return {
        "model": state.model.state_dict(),
        "optimizer": state.optimizer.state_dict(),
        "schedule": schedule_state(state.schedule),
        "scaler": state.scaler.state_dict(),
        **{name: getattr(state, name) for name in PLAIN},
    }


PLAIN = ("best", "history", "step", "losses", "hits", "rate", "seconds")  # of a State, as they are


def restore(state: State, saved: dict[str, Any]) -> None:
    """Put a checkpoint's content into a fresh state.

    Raises
    ------
    UserError
        If it does not fit.
    """
    try:
        for part in ("model", "optimizer", "schedule", "scaler"):
            getattr(state, part).load_state_dict(saved[part])
        for name in PLAIN:
            setattr(state, name, saved[name])
    except (KeyError, RuntimeError, ValueError, TypeError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise UserError(
            f"The checkpoint is of another training ({reason}); remove the run's directory to "
            "train from the start."
        ) from None


def schedule_state(schedule: torch.optim.lr_scheduler.LRScheduler) -> dict[str, Any]:
    """The plain values of a schedule's state."""
    plain = (int, float, bool, str, list)
    return {key: value for key, value in schedule.state_dict().items() if isinstance(value, plain)}


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
