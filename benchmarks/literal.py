"""The paper's network and training step as its text reads, in plain PyTorch.

The measuring stick for `genre_lib`: the benchmarks time it, and the tests ask the fast network for
its numbers. Nothing here is arranged for speed, and nothing is made slow.
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


def block(channels: int, filters: int) -> nn.Sequential:
    """Conv[3×3] - BN - ReLU - MP[2×2], the layers in the order of Table I."""
    return nn.Sequential(
        nn.Conv2d(channels, filters, kernel_size=3, padding=1),
        nn.BatchNorm2d(filters),
        nn.ReLU(),
        nn.MaxPool2d(kernel_size=2),
    )


class LiteralNet(nn.Module):
    """Table I, row by row; a state dict of the default `genre_lib.model.HybridNet` fits it."""

    def __init__(self, *, channels: int = 1, n_classes: int = 10) -> None:
        super().__init__()
        self.block1 = block(channels, 16)
        self.block2 = block(16, 32)
        self.conv_dropout = nn.Dropout(0.5)
        self.lstm = nn.LSTM(32 * 32, 64, batch_first=True, bidirectional=True)
        self.attention = nn.MultiheadAttention(128, num_heads=4, batch_first=True)
        self.norm = nn.LayerNorm(128)
        self.attention_dropout = nn.Dropout(0.4)
        self.hidden = nn.Linear(128, 128)
        self.hidden_dropout = nn.Dropout(0.4)
        self.output = nn.Linear(128, n_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Map images in [0, 1], shape (B, channels, 128, 128), to logits, (B, n_classes)."""
        x = self.block1(x)  # (B, 16, 64, 64)
        x = self.block2(x)  # (B, 32, 32, 32): channel, band, time
        x = self.conv_dropout(x)
        x = x.permute(0, 3, 1, 2).flatten(start_dim=2)  # (B, 32, 1024): time, channel x band
        x, _ = self.lstm(x)  # (B, 32, 128)
        x, _ = self.attention(x, x, x)
        x = self.attention_dropout(self.norm(x))
        x = x.mean(dim=1)  # (B, 128)
        x = self.hidden_dropout(self.hidden(x))
        return self.output(x)


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
