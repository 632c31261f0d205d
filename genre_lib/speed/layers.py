"""Layers of Table I with the same numbers and less memory traffic on a CPU.

There a training step is bound by memory, not by arithmetic: the first block alone writes 134 MB,
and reads it again for the statistics, the normalisation, ReLU and pooling. The loops of `kernels`
read and write each value once, in the table's mathematics:

- ReLU after the pooling instead of before: it never changes which of two values is larger.
- Where the batch statistics are known before the convolution, normalisation is part of its
  weights. They are for a gray image: mean and variance of a 3 x 3 convolution follow from those of
  the 3 x 3 patches of its input. Its convolution is then never written at all.
- Elsewhere statistics and pooling are taken in one pass over the convolution, and the
  normalisation is done after the pooling, on a quarter of the values.

Tensors have PyTorch's shape (B, C, rows, columns) and lie in memory with the channels last.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.autograd.graph import increment_version
from torch.nn.functional import conv2d, max_pool2d


def accelerate(module: nn.Module) -> None:
    """Put the fast layers in the place of blocks and dropout; the names of weights stay."""
    for name, child in module.named_children():
        accelerate(child)
        if isinstance(child, nn.Dropout):
            setattr(module, name, FastDropout(child.p))
        elif isinstance(child, nn.Sequential):
            setattr(module, name, FastBlock(*child))


class FastBlock(nn.Sequential):
    """Conv[3×3] - BN - ReLU - MP[2×2] - Dropout, rows 1 and 2 of Table I.

    Equals the PyTorch layers in value and in every first gradient, and updates the running
    statistics as they do. One corner differs, in training with several channels or images that
    want a gradient: where a weight of the norm is exactly zero, its gradient may be that of another
    of the four pooled values.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Halve even rows and columns; one channel stands for several that are all the same."""
        if x.device.type != "cpu":
            return super().forward(x)
        conv, norm, _, _, dropout = cast(Any, self)
        if x.shape[2] % 2 or x.shape[3] % 2:
            raise ValueError(f"rows and columns must be even, not {x.shape[2]} and {x.shape[3]}")
        if x.stride(1) == 0:
            x = x[:, :1]
        weight = conv.weight.sum(1, keepdim=True) if x.shape[1] == 1 else conv.weight
        x = x.contiguous(memory_format=torch.channels_last)
        if not norm.training:
            scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
            shift = norm.bias + (conv.bias - norm.running_mean) * scale
            y = conv2d(x, weight * scale[:, None, None, None], shift, padding=1)
            return dropout(max_pool2d(y, 2).relu())
        if x.shape[1] == 1 and not x.requires_grad:
            mean, variance = gray_statistics(x, weight, conv.bias)
            scale = norm.weight * torch.rsqrt(variance + norm.eps)
            shift = norm.bias + (conv.bias - mean) * scale  # so the convolution's bias cancels out
            pooled = _GrayBlock.apply(x[:, 0], (weight.view(-1, 9) * scale[:, None]).T, shift)
        else:
            # The largest of four normalised values is the normalised largest, or smallest where the
            # norm's weight is negative; turning the sign of those filters leaves the first case.
            sign = 1.0 - 2.0 * (norm.weight.detach() < 0).to(weight.dtype)
            y = conv2d(x, weight * sign[:, None, None, None], padding=1)
            pooled, mean, variance = _Pool.apply(y.permute(0, 2, 3, 1).to(weight.dtype))
            mean = mean * sign + conv.bias
            scale = norm.weight * torch.rsqrt(variance + norm.eps)
            shift = norm.bias + (conv.bias - mean) * scale
            pooled = torch.addcmul(shift, pooled, scale * sign).relu_()
        count = x.shape[0] * x.shape[2] * x.shape[3]
        with torch.no_grad():  # the running statistics move as those of BatchNorm2d
            norm.num_batches_tracked += 1
            norm.running_mean.lerp_(mean, norm.momentum)
            norm.running_var.lerp_(variance * (count / (count - 1)), norm.momentum)
        return dropout(pooled.permute(0, 3, 1, 2))


class FastDropout(nn.Dropout):
    """Dropout whose mask takes 8 or 16 random bits a value, where PyTorch draws one by one.

    A probability that is a multiple of 2^-8 takes 8 bits; any other is rounded to one of 2^-16.
    What is kept is scaled by just that.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Drop values in training mode."""
        if x.device.type == "cpu" and self.training and self.p:
            return _Dropout.apply(x, self.p)
        return super().forward(x)


def gray_statistics(x: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance of a convolution's outputs from those of its input's patches.

    With the patch p of each position as a vector, the output is w·p + b: its mean is w·E[p] + b
    and its variance w·Cov[p]·w.

    Parameters
    ----------
    x
        Gray images, shape (B, 1, rows, columns).
    weight
        Shape (filters, 1, 3, 3).

    Returns
    -------
    tuple of Tensor
        Mean and (biased) variance, each of shape (filters,).
    """
    from genre_lib.speed import kernels

    images = len(x)
    sums = torch.zeros(images, 9, dtype=torch.float64)
    products = torch.zeros(images, 9, 9, dtype=torch.float64)
    kernels.in_threads(kernels.patch_products, images, x[:, 0], sums, products)
    centre = sums.sum(0) / x.numel()
    upper = products.sum(0).triu() / x.numel()
    covariance = (upper + upper.triu(1).T - torch.outer(centre, centre)).to(x.dtype)
    flat = weight.view(-1, 9)
    mean = (flat * centre.to(x.dtype)).sum(1) + bias  # no matrix product: autocast would round it
    variance = ((flat[:, :, None] * covariance).sum(1) * flat).sum(1)
    return mean, variance.clamp(min=0)  # rounding may go below


class _Dropout(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, p: float) -> Tensor:
        bits = torch.int8 if (2**8 * p).is_integer() else torch.int16
        steps = 2 ** (8 * bits.itemsize)
        dropped = round(steps * p)
        words = torch.empty(-(-x.numel() * bits.itemsize // 8), dtype=torch.int64)
        words.random_(-(2**63), None)
        keep = torch.empty_like(x, dtype=bits)
        drawn = words.view(bits).as_strided(keep.shape, keep.stride())
        torch.ge(drawn, dropped - steps // 2, out=keep)
        ctx.save_for_backward(keep)
        ctx.scale = steps / (steps - dropped)
        return (x * keep).mul_(ctx.scale)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (keep,) = ctx.saved_tensors
        return (grad * keep).mul_(ctx.scale), None


class _GrayBlock(torch.autograd.Function):
    """Convolution, ReLU and pooling of gray images, channels last: see `kernels.gray_block`."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, shift: Tensor) -> Tensor:
        from genre_lib.speed import kernels

        images, rows, columns = x.shape
        pooled = x.new_empty(images, rows // 2, columns // 2, len(shift))
        place = torch.empty_like(pooled, dtype=torch.uint8)
        kernels.in_threads(kernels.gray_block, images, x, weight.contiguous(), shift, pooled, place)
        ctx.save_for_backward(x, place)
        return pooled

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[None, Tensor, Tensor]:
        from genre_lib.speed import kernels

        x, place = ctx.saved_tensors
        total = torch.zeros(len(x), 10, grad.shape[3], dtype=torch.float64)
        kernels.in_threads(kernels.gray_block_gradient, len(x), x, grad.contiguous(), place, total)
        both = total.sum(0).to(x.dtype)
        return None, both[:9], both[9]


class _Pool(torch.autograd.Function):
    """Largest of 2 x 2 values, and mean and (biased) variance of all; channels last."""

    @staticmethod
    def forward(ctx: Any, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        from genre_lib.speed import kernels

        y = y.contiguous()
        images, rows, columns, filters = y.shape
        pooled = y.new_empty(images, rows // 2, columns // 2, filters)
        place = torch.empty_like(pooled, dtype=torch.uint8)
        sums = torch.zeros(images, 2, filters, dtype=torch.float64)
        kernels.in_threads(kernels.pool, images, y, pooled, place, sums)
        mean, square = sums.sum(0) / (images * rows * columns)
        variance = (square - mean * mean).clamp_(min=0).to(y.dtype)  # rounding may go below
        mean = mean.to(y.dtype)
        ctx.save_for_backward(y, place, mean)
        return pooled, mean, variance

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor, grad_mean: Tensor, grad_variance: Tensor) -> Tensor:
        from genre_lib.speed import kernels

        y, place, mean = ctx.saved_tensors
        count = y.numel() / len(mean)
        slope = 2.0 * grad_variance / count  # of mean and variance: slope * y + level
        level = grad_mean / count - slope * mean
        arguments = y, grad.contiguous(), place, slope, level
        kernels.in_threads(kernels.pool_gradient, len(y), *arguments)  # in the place of y,
        increment_version(y)  # so a second backward pass is refused
        return y
