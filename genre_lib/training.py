"""The training loop of Section IV-C, with checkpoints that it can go on from."""

import io
import math
import os
import platform
import time
import zipfile
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from safetensors.torch import save as to_safetensors
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from tqdm import tqdm

from genre_lib import __version__, config
from genre_lib.augment import augment, cutmix, cutmix_probability, pipeline
from genre_lib.config import RunSettings, TrainingSettings, UserError, notice
from genre_lib.model import HybridNet
from genre_lib.splits import Dataset
from genre_lib.store import take

EVALUATION_BATCH = 64  # small batches stay in the cache of a CPU
CHECKPOINT, BEFORE = "checkpoint.pt", "checkpoint.before.pt"


def random_seed(*key: int) -> int:
    """One 63-bit seed from whole numbers, such as (seed, epoch, step).

    All draws of a training come from such keys, so a resumed run needs no saved random state.
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
    the schedule ``linear-warmup-cosine``; ``constant`` stays at the peak.
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
        if settings.schedule == "constant":
            return 1.0
        if step < warmup:
            return (step + 1) / warmup
        return (1 + math.cos(math.pi * (step - warmup) / max(1, total_steps - warmup))) / 2

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


def planned_rates(settings: TrainingSettings, *, total_steps: int) -> np.ndarray:
    """Learning rate of every step of a training that is not stopped early, shape (total_steps,)."""
    optimizer = make_optimizer(nn.Linear(1, 1), settings)
    schedule = make_schedule(optimizer, settings, total_steps=total_steps)
    rates = []
    for _ in range(total_steps):
        rates += schedule.get_last_lr()
        optimizer.step()
        schedule.step()
    return np.array(rates)


def smoothed_loss(logits: Tensor, labels: Tensor, *, smoothing: float) -> Tensor:
    """Label-smoothing cross-entropy, Equation 3, averaged over the batch."""
    return cross_entropy(logits, labels, label_smoothing=smoothing)


def mixed_loss(
    logits: Tensor, own: Tensor, partner: Tensor, *, kept: float, smoothing: float
) -> Tensor:
    """CutMix's loss: both labels, weighted by the area that each image holds (Section IV-C)."""
    first, second = (smoothed_loss(logits, y, smoothing=smoothing) for y in (own, partner))
    return kept * first + (1 - kept) * second


def to_input(images: np.ndarray | Tensor, device: torch.device) -> Tensor:
    """Gray levels, uint8 (B, 128, 128), to network input in [0, 1], float32 (B, 1, 128, 128)."""
    return torch.as_tensor(images, device=device)[:, None].float().div_(255.0)


@torch.no_grad()
def predict_logits(model: HybridNet, images: np.ndarray, rows: np.ndarray | None = None) -> Tensor:
    """Logits in evaluation mode, float32 on the CPU, shape (images, n_classes); no augmentation.

    Images are uint8, shape (N, 128, 128); those at the positions `rows` are shown to the network,
    by default all, and only a batch at a time is copied.
    """
    model.eval()
    device = next(model.parameters()).device
    rows = np.arange(len(images)) if rows is None else rows
    batches = np.split(rows, range(EVALUATION_BATCH, len(rows), EVALUATION_BATCH))
    inputs = (to_input(take(images, batch), device) for batch in batches)
    return torch.cat([model(batch).float().cpu() for batch in inputs])


def validate(model: HybridNet, settings: RunSettings, dataset: Dataset) -> dict[str, float]:
    """Loss and accuracy in evaluation mode: of clean training images, and of validation images.

    Of the training images as many are scored as there are for validation, drawn by the seed.
    """
    rows, validation = dataset.rows("train"), dataset.rows("validation")
    rng = np.random.default_rng([settings.seed, 1])
    clean = np.sort(rng.choice(rows, min(len(rows), len(validation)), replace=False))
    scores: dict[str, float] = {}
    for name, chosen in (("clean_train", clean), ("validation", validation)):
        labels = torch.from_numpy(dataset.labels[chosen])
        logits = predict_logits(model, dataset.images, chosen)
        loss = smoothed_loss(logits, labels, smoothing=settings.training.label_smoothing)
        scores[f"{name}_loss"] = float(loss)
        scores[f"{name}_accuracy"] = float((logits.argmax(1) == labels).double().mean())
    return scores


def device_of() -> torch.device:
    """CUDA where there is one, and ``CUDA_VISIBLE_DEVICES`` does not hide it; else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


class State(NamedTuple):
    """What a training changes from step to step; a checkpoint has the state of each part."""

    model: HybridNet
    optimizer: torch.optim.AdamW
    schedule: torch.optim.lr_scheduler.LRScheduler
    scaler: torch.amp.GradScaler


def new_state(settings: RunSettings, dataset: Dataset) -> State:
    """A training before its first step."""
    if settings.threads is not None:
        torch.set_num_threads(settings.threads)
    device = device_of()
    torch.manual_seed(random_seed(settings.training_seed))
    model = HybridNet(settings.model, n_classes=len(dataset.genres)).to(device)
    optimizer = make_optimizer(model, settings.training)
    steps = math.ceil(len(dataset.rows("train")) / settings.training.batch_size)
    total = steps * settings.training.epochs
    schedule = make_schedule(optimizer, settings.training, total_steps=total)
    scaler = torch.amp.GradScaler(device.type, enabled=device.type == "cuda")
    return State(model, optimizer, schedule, scaler)


def train(
    settings: RunSettings, dataset: Dataset, directory: Path, *, progress: bool = True
) -> HybridNet:
    """Train, or continue a training, and leave the best model's weights in the run's directory.

    Writes ``history.csv``, ``model.safetensors``, ``environment.json``, and a checkpoint after
    every epoch: whatever ends the process, at most the epoch under way is lost. The best model is
    the one with the highest validation accuracy (the first of equals); training ends early when
    the validation loss has not improved for ``settings.training.patience`` epochs (Sections IV-C
    and V-A).

    A `UserError` is raised if the loss is no number any more, or a checkpoint is of another
    training.
    """
    training, images = settings.training, dataset.rows("train")
    seed, state = settings.training_seed, new_state(settings, dataset)
    saved = load_checkpoint(directory, state)
    history, best, seconds = saved["history"], saved["best"], saved["seconds"]
    started = time.monotonic() - seconds

    title = f"training, {settings.view} x {settings.protocol}, seed {settings.seed}"
    total, done = training.epochs * len(images), len(history) * len(images)
    with tqdm(total=total, initial=done, desc=title, unit="image", disable=not progress) as bar:
        while not finished(history, training):
            epoch, loss_sum, hits = len(history), 0.0, 0.0
            order = np.random.default_rng([seed, epoch, 2]).permutation(images)
            cuts = range(training.batch_size, len(order), training.batch_size)
            state.model.train()
            for step, rows in enumerate(np.split(order, cuts)):
                batch, partner, kept = make_batch(settings, dataset, rows, epoch=epoch, step=step)
                labels, rate = dataset.labels[rows], state.schedule.get_last_lr()[0]
                torch.manual_seed(random_seed(seed, epoch, step))
                loss, right = train_step(state, settings, batch, labels, partner, kept)
                if not math.isfinite(loss):
                    raise UserError(
                        f"The loss is {loss} in epoch {epoch + 1}, step {step + 1}: the training "
                        f"diverged; choose a learning_rate below {training.learning_rate}."
                    )
                loss_sum += loss * len(rows)
                hits += right
                bar.update(len(rows))
            mixed = cutmix_probability(epoch, training.epochs, settings.augmentation)
            record = {
                "epoch": epoch + 1,
                "learning_rate": float(rate),
                "cutmix_probability": mixed,
                "train_loss": loss_sum / len(images),
                "train_accuracy": hits / len(images),
                **validate(state.model, settings, dataset),
            }
            before = [row["validation_accuracy"] for row in history]
            if record["validation_accuracy"] > max(before, default=-1):
                weights = state.model.state_dict()
                best = {name: value.cpu().clone().contiguous() for name, value in weights.items()}
            history.append(record)
            seconds = time.monotonic() - started
            save_checkpoint(directory, state, history=history, best=best, seconds=seconds)
            shown = ("epoch", "train_loss", "train_accuracy", "validation_accuracy")
            bar.set_postfix({name: f"{record[name]:.4g}" for name in shown})
    config.write_file(directory / "history.csv", pd.DataFrame(history).to_csv(index=False))
    config.write_json(directory / "environment.json", environment() | {"seconds": seconds})
    config.write_file(directory / "model.safetensors", to_safetensors(best))
    state.model.load_state_dict(best)
    return state.model


def train_step(
    state: State,
    settings: RunSettings,
    images: np.ndarray | Tensor,
    labels: np.ndarray,
    partner: np.ndarray,
    kept: float,
) -> tuple[float, float]:
    """Forward, loss, backward, clip, optimizer and schedule, for one batch.

    Returns the mean loss, and how many images were right, each label counted by its share of the
    image.
    """
    device = next(state.model.parameters()).device
    target = torch.from_numpy(labels).to(device)
    mixed_in = target[torch.from_numpy(partner).to(device)]
    smoothing = settings.training.label_smoothing
    half = settings.training.precision == "bfloat16"
    with torch.autocast(
        device.type, torch.bfloat16 if half else None, enabled=half or device.type == "cuda"
    ):
        logits = state.model(to_input(images, device))
        loss = mixed_loss(logits, target, mixed_in, kept=kept, smoothing=smoothing)
    state.optimizer.zero_grad(set_to_none=True)
    state.scaler.scale(loss).backward()
    state.scaler.unscale_(state.optimizer)
    nn.utils.clip_grad_norm_(state.model.parameters(), settings.training.clip_norm)  # Equation 4
    state.scaler.step(state.optimizer)
    state.scaler.update()
    state.schedule.step()
    guess = logits.argmax(1)
    right = kept * (guess == target).double() + (1 - kept) * (guess == mixed_in).double()
    return float(loss.detach()), float(right.sum())


def make_batch(
    settings: RunSettings, dataset: Dataset, rows: np.ndarray, *, epoch: int, step: int
) -> tuple[np.ndarray, np.ndarray, float]:
    """One training batch: augmented, and with some probability mixed (Sections IV-A and IV-C).

    Returns the images, uint8, shape (B, 128, 128); partner and kept are as those of `cutmix`.
    """
    seed = random_seed(settings.training_seed, epoch, step)
    rng = np.random.default_rng(seed)
    augmentation = settings.augmentation
    batch = take(dataset.images, rows)
    if augmentation.augment_training:
        batch = augment(batch, pipeline(augmentation), seed=seed % 2**32)
    partner, kept = np.arange(len(rows)), 1.0
    if rng.random() < cutmix_probability(epoch, settings.training.epochs, augmentation):
        batch, partner, kept = cutmix(batch, alpha=augmentation.cutmix_alpha, rng=rng)
    return batch, partner, kept


def finished(history: list[dict[str, float]], settings: TrainingSettings) -> bool:
    """Tell whether training is over: all epochs done, or no better loss within the patience."""
    best = int(np.argmin([row["validation_loss"] for row in history])) if history else 0
    return len(history) >= settings.epochs or len(history) - 1 - best >= settings.patience


def save_checkpoint(directory: Path, state: State, **values: Any) -> None:
    """Write the state of a training, and plain values and tensors, and keep the one before."""
    buffer = io.BytesIO()
    torch.save({name: part.state_dict() for name, part in state._asdict().items()} | values, buffer)
    path = directory / CHECKPOINT
    if path.exists():
        config.write_file(directory / BEFORE, path.read_bytes())
    config.write_file(path, buffer.getvalue())


def load_checkpoint(directory: Path, state: State) -> dict[str, Any]:
    """History, best weights and seconds of a training that was begun, and its state put back.

    A damaged checkpoint is reported, and the one before it is used. A `UserError` is raised if it
    is of another training, or holds what would have to be run as code.
    """
    for path in filter(Path.exists, (directory / CHECKPOINT, directory / BEFORE)):
        sound = False
        with suppress(Exception), zipfile.ZipFile(path) as archive:  # whatever damage makes of it
            sound = archive.testzip() is None  # checksums, which PyTorch does not compare
        if not sound:
            notice(f"{path} is damaged; training goes on from what is left.")
            continue
        fault = f"{path} is no checkpoint of this training"
        then = "; remove the run's directory to train from the start"
        with config.refusing(fault, Exception, then=then):
            saved = torch.load(path, map_location="cpu", weights_only=True)
            for name, part in state._asdict().items():
                part.load_state_dict(saved[name])
            return dict(saved)
    return {"history": [], "best": {}, "seconds": 0.0}


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
