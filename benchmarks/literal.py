"""The paper's data and training step as its text reads, in plain PyTorch.

The measuring stick for `genre_lib`, with the network of `genre_lib.model` as plain layers. Nothing
here is arranged for speed, and nothing is made slow.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

if TYPE_CHECKING:
    import albumentations

SIZE = 128  # rows and columns of an image


class LiteralDataset(torch.utils.data.Dataset[tuple[Tensor, int]]):
    """PNG files, each decoded and augmented when a DataLoader asks for it (Section IV-A)."""

    def __init__(
        self,
        paths: Sequence[Path],
        labels: Sequence[int],
        transform: albumentations.Compose | None = None,
    ) -> None:
        self.paths = paths
        self.labels = labels
        self.transform = transform

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        """Image in [0, 1], float32 (1, 128, 128), and label."""
        with Image.open(self.paths[index]) as file:
            image = np.array(file.convert("L").resize((SIZE, SIZE)))
        if self.transform is not None:
            image = self.transform(image=image)["image"]
        return torch.from_numpy(image).unsqueeze(0).float() / 255, self.labels[index]


def cutmix(
    images: Tensor, labels: Tensor, *, alpha: float, rng: np.random.Generator
) -> tuple[Tensor, Tensor, float]:
    """Replace a region of every image by that of another one (Section IV-C).

    Parameters
    ----------
    images
        Shape (B, channels, 128, 128).
    labels
        Shape (B,).

    Returns
    -------
    mixed : Tensor
        Shape (B, channels, 128, 128).
    others : Tensor
        Labels of the images that the regions come from, shape (B,).
    kept : float
        Share of each image that is its own.
    """
    height, width = images.shape[2:]
    side = np.sqrt(1 - rng.beta(alpha, alpha))
    y, x = rng.integers(height), rng.integers(width)
    top, bottom = max(0, int(y - side * height / 2)), min(height, int(y + side * height / 2))
    left, right = max(0, int(x - side * width / 2)), min(width, int(x + side * width / 2))
    partner = torch.from_numpy(rng.permutation(len(images))).to(images.device)
    mixed = images.clone()
    mixed[:, :, top:bottom, left:right] = images[partner, :, top:bottom, left:right]
    kept = 1 - (bottom - top) * (right - left) / (height * width)
    return mixed, labels[partner], kept


def step(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
    images: Tensor,
    labels: Tensor,
    *,
    rng: np.random.Generator,
    alpha: float = 1.0,
    smoothing: float = 0.1,
    max_norm: float = 1.0,
) -> float:
    """One training step on a batch that CutMix mixes; returns its loss (Section IV-C).

    Mixed precision is for a GPU; `scaler` says whether it is on.
    """
    images, others, kept = cutmix(images, labels, alpha=alpha, rng=rng)
    criterion = nn.CrossEntropyLoss(label_smoothing=smoothing)
    optimizer.zero_grad()
    with torch.autocast(images.device.type, enabled=scaler.is_enabled()):
        logits = model(images)
        loss = kept * criterion(logits, labels) + (1 - kept) * criterion(logits, others)
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    scaler.step(optimizer)
    scaler.update()
    return loss.item()
