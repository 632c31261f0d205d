"""The network of Table I, and the alternatives that the paper leaves open."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from genre_lib.augment import IMAGE_SIZE
from genre_lib.config import ModelSettings
from genre_lib.speed import blocks as fused


def runs_fused(x: Tensor) -> bool:
    """Tell whether `fused` runs a layer on this input: on a CPU, where memory is what is slow."""
    return x.device.type == "cpu"


class ConvBlock(nn.Sequential):
    """Rows 1 and 2 of Table I: halves height and width."""

    def __init__(self, channels: int, filters: int, *, dropout: float) -> None:
        conv = nn.Conv2d(channels, filters, kernel_size=3, padding=1)
        norm = nn.BatchNorm2d(filters)
        super().__init__(conv, norm, nn.ReLU(), nn.MaxPool2d(2), Dropout(dropout))

    def forward(self, x: Tensor) -> Tensor:
        """Run the layers; on a CPU in the way that needs the least memory traffic."""
        conv, norm, dropout = self[0], self[1], self[4]
        assert isinstance(conv, nn.Conv2d)
        assert isinstance(norm, nn.BatchNorm2d)
        if runs_fused(x):
            return dropout(fused.conv_block(x, conv, norm))
        return super().forward(x.expand(-1, conv.in_channels, -1, -1))


class Dropout(nn.Dropout):
    """Dropout, with masks that are drawn faster on a CPU."""

    def forward(self, x: Tensor) -> Tensor:
        """Drop values in training mode."""
        if runs_fused(x) and self.training and self.p:
            return fused.dropout(x, self.p)
        return super().forward(x)


class HybridNet(nn.Module):
    """CNN, bidirectional LSTM, self-attention, two linear layers (Table I).

    The sequence axis of LSTM and attention is time: the columns of the image.
    """

    def __init__(self, settings: ModelSettings, *, n_classes: int = 10) -> None:
        super().__init__()
        self.settings = settings
        in_text = settings.conv_dropout == "text"
        width = 2 * settings.hidden_size  # forward and backward
        self.block1 = ConvBlock(settings.channels, 16, dropout=0.4 if in_text else 0.0)
        self.block2 = ConvBlock(16, 32, dropout=0.4 if in_text else 0.0)
        self.conv_dropout = Dropout(0.0 if in_text else 0.5)
        features = 32 * (IMAGE_SIZE // 4)
        if settings.lstm:
            self.lstm = nn.LSTM(
                features, settings.hidden_size, batch_first=True, bidirectional=True
            )
        else:
            self.projection = nn.Linear(features, width)
        if settings.attention:
            self.attention = nn.MultiheadAttention(width, settings.heads, batch_first=True)
        self.norm = nn.LayerNorm(width)
        self.attention_dropout = Dropout(0.4)
        self.hidden = nn.Linear(width, 128)
        self.hidden_dropout = Dropout(0.4)
        self.output = nn.Linear(128, n_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Map images in [0, 1], shape (B, 1, 128, 128), to logits, shape (B, n_classes)."""
        x = self.norm(self.attend(self.encode(images))[0])
        return self.classify(self.pool(self.attention_dropout(x)))

    def encode(self, images: Tensor) -> Tensor:
        """Map images in [0, 1], shape (B, 1, 128, 128), to a sequence, shape (B, 32, 128)."""
        x = self.block1(images)  # (B, 16, 64, 64)
        x = self.conv_dropout(self.block2(x))  # (B, 32, 32, 32): channel, band, time
        x = x.permute(0, 3, 1, 2).flatten(2)  # (B, 32, 1024): time, channel x band
        return self.lstm(x)[0] if self.settings.lstm else self.projection(x)  # (B, 32, 128)

    def attend(self, x: Tensor, *, weights: bool = False) -> tuple[Tensor, Tensor | None]:
        """Self-attention over a sequence, shape (B, 32, 128).

        Returns
        -------
        x : Tensor
            Shape (B, 32, 128).
        shares : Tensor or None
            If `weights`, how much each step (row) takes from each other, mean over the heads,
            shape (B, 32, 32); the rows add up to 1. None without attention.
        """
        if not self.settings.attention:
            return x, None
        attended, shares = self.attention(x, x, x, need_weights=weights)  # (B, 32, 128)
        return (x + attended if self.settings.residual else attended), shares

    def classify(self, x: Tensor) -> Tensor:
        """Map pooled steps, shape (..., 128), to logits, shape (..., n_classes)."""
        return self.output(self.hidden_dropout(self.hidden(x)))

    def pool(self, x: Tensor) -> Tensor:
        """Reduce the time axis, (B, 32, 128) to (B, 128); Table I does not say how."""
        if self.settings.pooling == "mean":
            return x.mean(dim=1)
        return x[:, -1] if self.settings.pooling == "last" else x.amax(dim=1)


class Row(NamedTuple):
    """One row of Table I as the live model has it."""

    layer: str
    output: tuple[int, ...]
    parameters: int


def table_1_rows(model: HybridNet, *, batch_size: int = 128) -> list[Row]:
    """Table I from the live model: hooks record each layer's output shape in a forward pass."""
    width = 2 * model.settings.hidden_size
    layers: list[tuple[str, nn.Module]] = [
        ("Conv[2D, 3×3] @ 16 - BN - ReLU - MP[2×2]", model.block1),
        ("Conv[2D, 3×3] @ 32 - BN - ReLU - MP[2×2]", model.block2),
        (f"Dropout[{model.conv_dropout.p}]", model.conv_dropout),
        (f"LSTM @ {width} (Bidirectional)", model.lstm)
        if model.settings.lstm
        else (f"Linear @ {width}", model.projection),
        *([("MultiheadAttention", model.attention)] if model.settings.attention else []),
        ("LayerNorm", model.norm),
        (f"Dropout[{model.attention_dropout.p}]", model.attention_dropout),
        (f"Linear @ {model.hidden.out_features}", model.hidden),
        (f"Dropout[{model.hidden_dropout.p}]", model.hidden_dropout),
        (f"Linear @ {model.output.out_features}", model.output),
    ]
    rows: list[Row] = []
    hooks = []
    for name, module in layers:

        def record(module: nn.Module, _: object, output: object, name: str = name) -> None:
            tensor = output[0] if isinstance(output, tuple) else output
            assert isinstance(tensor, Tensor)
            rows.append(Row(name, tuple(tensor.shape), count_parameters(module)))

        hooks.append(module.register_forward_hook(record))
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            model(torch.zeros(batch_size, 1, IMAGE_SIZE, IMAGE_SIZE))
    finally:
        for hook in hooks:
            hook.remove()
        model.train(training)
    return rows


def count_parameters(module: nn.Module) -> int:
    """Number of trained values of a module."""
    return sum(parameter.numel() for parameter in module.parameters())
