"""Layers of PyTorch that run faster on a CPU, where memory is what is slow."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

from genre_lib.speed import blocks


class FastBlock(nn.Sequential):
    """Conv[3×3] - BN - ReLU - MP[2×2] - Dropout, on a CPU a few images at a time."""

    def forward(self, x: Tensor) -> Tensor:
        """Run the layers, or what equals them."""
        if x.device.type != "cpu":
            return super().forward(x)
        if x.stride(1) == 0:  # a gray image in several equal channels
            x = x[:, :1]
        conv, norm, _, _, dropout = self
        x = blocks.conv_block(x, cast(nn.Conv2d, conv), cast(nn.BatchNorm2d, norm))
        return cast(Tensor, dropout(x))


class FastDropout(nn.Dropout):
    """Dropout whose masks are drawn faster on a CPU."""

    def forward(self, x: Tensor) -> Tensor:
        """Drop values in training mode."""
        if x.device.type == "cpu" and self.training and self.p:
            return blocks.dropout(x, self.p)
        return super().forward(x)


def accelerate(module: nn.Module) -> None:
    """Put the fast layers in the place of blocks and dropout; the names of weights stay."""
    for name, child in module.named_children():
        accelerate(child)
        if isinstance(child, nn.Dropout):
            setattr(module, name, FastDropout(child.p))
        elif isinstance(child, nn.Sequential):
            setattr(module, name, FastBlock(*child))
