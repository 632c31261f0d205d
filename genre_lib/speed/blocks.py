"""The convolution blocks of Table I with the same numbers and less memory traffic.

On a CPU the step is bound by memory, not by arithmetic: the first block alone writes 134 MB, and
reads it again for the statistics, the normalisation, ReLU and pooling. Here a few images at a
time go through a whole block while they are in the cache, in the table's mathematics:

- ReLU after the pooling instead of before: it never changes which of two values is larger.
- Where the batch statistics are known before the convolution, normalisation is part of its
  weights. They are known in evaluation mode, and in training for a gray image: mean and
  variance of a 3 x 3 convolution follow from those of the 3 x 3 patches of its input.
- Elsewhere statistics and pooling are taken of each part of the convolution as it is made, and
  the normalisation is done after the pooling, on a quarter of the values.

Tensors have PyTorch's shape (B, C, rows, columns) and lie in memory with the channels last.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.functional import conv2d

IMAGES_PER_THREAD = 4  # what goes through a block at a time, and stays in the cache


def conv_block(x: Tensor, conv: nn.Conv2d, norm: nn.BatchNorm2d) -> Tensor:
    """Conv[3×3] - BN - ReLU - MP[2×2], rows 1 and 2 of Table I.

    Equals the four PyTorch layers in value and in every first gradient, and updates the running
    statistics as they do. One corner differs, in training with several channels: where a weight
    of the norm is exactly zero, its gradient may be that of another of the four pooled values.

    Parameters
    ----------
    x
        Shape (B, channels, rows, columns), rows and columns even; one channel stands for an
        image whose channels are all the same.
    conv
        3 × 3, padded by one, with a bias.
    norm
        With running statistics and a momentum, as PyTorch makes it.

    Returns
    -------
    Tensor
        Shape (B, filters, rows / 2, columns / 2).

    Raises
    ------
    ValueError
        If rows or columns are odd.
    """
    if x.shape[2] % 2 or x.shape[3] % 2:
        raise ValueError(f"rows and columns must be even, not {x.shape[2]} and {x.shape[3]}")
    weight = conv.weight.sum(1, keepdim=True) if x.shape[1] == 1 else conv.weight
    assert conv.bias is not None
    assert norm.running_mean is not None
    assert norm.running_var is not None
    if not norm.training:
        mean, variance = norm.running_mean, norm.running_var
    elif x.shape[1] == 1:
        mean, variance = gray_statistics(x, weight, conv.bias)
        _update(norm, mean, variance, count=x.numel())
    else:
        return _conv_norm_pool(x, weight, conv.bias, norm)
    scale = norm.weight * torch.rsqrt(variance + norm.eps)
    shift = norm.bias + (conv.bias - mean) * scale
    return _ConvPool.apply(x, weight * scale[:, None, None, None], shift)


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
    # A window of 4 × 4 holds the patches of four positions, and there is a quarter as many.
    identity = torch.eye(16, dtype=x.dtype).view(16, 1, 4, 4)
    products = x.new_zeros(4, 4, 4, 4, dtype=torch.float64)
    sums = x.new_zeros(4, 4, dtype=torch.float64)
    for part in _parts(len(x)):
        images = _channels_last(x[part])
        windows = conv2d(images, identity, stride=2, padding=1)
        # The gradient of a convolution's weights sums products with patches, as needed here.
        _, product, total = _conv_backward(windows, images, identity, (False, True, True), stride=2)
        products += product.view(4, 4, 4, 4)
        sums += total.view(4, 4)
    corners = [(slice(i, i + 3), slice(j, j + 3)) for i in (0, 1) for j in (0, 1)]
    centre = torch.stack([sums[at].reshape(9) for at in corners]).sum(0) / x.numel()
    moments = torch.stack([products[(*at, *at)].reshape(9, 9) for at in corners]).sum(0) / x.numel()
    covariance = (moments - torch.outer(centre, centre)).to(x.dtype)
    flat = weight.view(-1, 9)
    mean = flat @ centre.to(x.dtype) + bias
    variance = ((flat @ covariance) * flat).sum(1)
    return mean, variance.clamp(min=0)  # rounding may go below


def dropout(x: Tensor, p: float) -> Tensor:
    """Dropout whose mask takes 8 or 16 random bits a value, where PyTorch draws one by one.

    Parameters
    ----------
    x
        Any shape and layout.
    p
        Probability to drop a value, below 1. A multiple of 2^-8 takes 8 bits; any other is
        rounded to one of 2^-16. What is kept is scaled by just that.
    """
    return _Dropout.apply(x, p)


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


class _ConvPool(torch.autograd.Function):
    """ReLU of the pooled convolution, a few images at a time."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        pooled, right, lower = _room_for_pooling(x, len(weight))
        for part in _parts(len(x)):
            y = conv2d(_channels_last(x[part]), weight, bias, padding=1)
            _pool(y, pooled[part], right[part], lower[part])
        pooled.relu_()
        ctx.save_for_backward(x, weight, pooled, right, lower)
        return pooled.permute(0, 3, 1, 2)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, pooled, right, lower = ctx.saved_tensors
        grad = grad.permute(0, 2, 3, 1)
        grad_x = torch.empty_like(x) if ctx.needs_input_grad[0] else None
        grad_weight, grad_bias = torch.zeros_like(weight), weight.new_zeros(len(weight))
        for part in _parts(len(x)):
            active = torch.ops.aten.threshold_backward(grad[part], pooled[part], 0)
            grad_bias += active.sum((0, 1, 2))
            grad_y = _unpool(active, right[part], lower[part])
            grad_weight += _conv_gradients(x, weight, grad_y, grad_x, part)
        return grad_x, grad_weight, grad_bias


def _conv_norm_pool(x: Tensor, weight: Tensor, bias: Tensor, norm: nn.BatchNorm2d) -> Tensor:
    # The largest of four normalised values is the normalised largest, or smallest where the
    # norm's weight is negative; turning the sign of those filters leaves the first case alone.
    sign = 1.0 - 2.0 * (norm.weight.detach() < 0).to(weight.dtype)
    turned = weight * sign[:, None, None, None]
    pooled, mean, variance = _ConvStatisticsPool.apply(x, turned)
    _update(norm, mean * sign + bias, variance, count=x.shape[0] * x.shape[2] * x.shape[3])
    scale = norm.weight * sign * torch.rsqrt(variance + norm.eps)
    mean = mean + bias  # the bias is taken away again with the mean: its gradient is zero
    shift = norm.bias + (bias - mean) * scale
    return torch.addcmul(shift, pooled, scale).relu_().permute(0, 3, 1, 2)


class _ConvStatisticsPool(torch.autograd.Function):
    """Pooled convolution, and mean and variance of the whole one."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        filters = len(weight)
        pooled, right, lower = _room_for_pooling(x, filters)
        outputs = []
        total, squares = x.new_zeros(2, filters, dtype=torch.float64)
        ctx.parts = _parts(len(x))
        for part in ctx.parts:
            y = conv2d(_channels_last(x[part]), weight, padding=1)
            _pool(y, pooled[part], right[part], lower[part])
            outputs.append(y.permute(0, 2, 3, 1))
            flat = outputs[-1].reshape(-1, filters)
            total += flat.sum(0)
            squares += (flat * flat).sum(0)
        ctx.count = len(x) * x.shape[2] * x.shape[3]
        mean = total / ctx.count
        variance = (squares / ctx.count - mean * mean).clamp_(min=0)  # rounding may go below
        mean, variance = mean.to(x.dtype), variance.to(x.dtype)
        ctx.save_for_backward(x, weight, mean, right, lower, *outputs)
        return pooled, mean, variance

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, grad: Tensor, grad_mean: Tensor, grad_variance: Tensor
    ) -> tuple[Tensor | None, ...]:
        x, weight, mean, right, lower, *outputs = ctx.saved_tensors
        # Every output has a share in mean and variance: its gradient is slope * y + level.
        slope = 2.0 * grad_variance / ctx.count
        level = grad_mean / ctx.count - slope * mean
        grad_x = torch.empty_like(x) if ctx.needs_input_grad[0] else None
        grad_weight = torch.zeros_like(weight)
        for part, y in zip(ctx.parts, outputs, strict=True):
            grad_y = _unpool(grad[part], right[part], lower[part])
            grad_y.addcmul_(y, slope).add_(level)
            grad_weight += _conv_gradients(x, weight, grad_y, grad_x, part)
        return grad_x, grad_weight


def _update(norm: nn.BatchNorm2d, mean: Tensor, variance: Tensor, *, count: int) -> None:
    """Move the running statistics as BatchNorm2d does."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    assert norm.num_batches_tracked is not None
    assert norm.momentum is not None
    with torch.no_grad():
        norm.num_batches_tracked += 1
        norm.running_mean.lerp_(mean, norm.momentum)
        norm.running_var.lerp_(variance * (count / (count - 1)), norm.momentum)


def _parts(images: int) -> list[slice]:
    size = IMAGES_PER_THREAD * torch.get_num_threads()
    return [slice(start, start + size) for start in range(0, images, size)]


def _channels_last(x: Tensor) -> Tensor:
    if x.shape[1] == 1:  # the same memory either way, but strides decide what is run
        x = x.contiguous()
        return x.as_strided(x.shape, (x.stride(0), 1, x.stride(2), 1))
    return x.contiguous(memory_format=torch.channels_last)


def _room_for_pooling(x: Tensor, filters: int) -> tuple[Tensor, Tensor, Tensor]:
    images, rows, columns = x.shape[0], x.shape[2], x.shape[3]
    pooled = x.new_empty(images, rows // 2, columns // 2, filters)
    right = x.new_empty(images, rows, columns // 2, filters, dtype=torch.int8)
    lower = x.new_empty(images, rows // 2, columns // 2, filters, dtype=torch.int8)
    return pooled, right, lower


def _pool(y: Tensor, pooled: Tensor, right: Tensor, lower: Tensor) -> None:
    """Largest of 2 × 2 values, and where it is: in the right column, in the lower row.

    Of equals the first counts, as in PyTorch's pooling.
    """
    images, filters, rows, columns = y.shape
    pairs = y.permute(0, 2, 3, 1).view(images, rows, columns // 2, 2, filters)
    torch.gt(pairs[:, :, :, 1], pairs[:, :, :, 0], out=right)
    larger = torch.maximum(pairs[:, :, :, 0], pairs[:, :, :, 1])
    pairs = larger.view(images, rows // 2, 2, columns // 2, filters)
    torch.gt(pairs[:, :, 1], pairs[:, :, 0], out=lower)
    torch.maximum(pairs[:, :, 0], pairs[:, :, 1], out=pooled)


def _unpool(grad: Tensor, right: Tensor, lower: Tensor) -> Tensor:
    """Give each gradient to the value that was the largest, and zero to the others.

    Shapes (B, rows / 2, columns / 2, filters) to (B, rows, columns, filters).
    """
    images, rows, columns, filters = grad.shape
    by_row = grad.new_empty(images, rows, 2, columns, filters)
    torch.mul(grad, lower, out=by_row[:, :, 1])
    torch.sub(grad, by_row[:, :, 1], out=by_row[:, :, 0])
    flat = by_row.view(images, 2 * rows, columns, filters)
    spread = grad.new_empty(images, 2 * rows, columns, 2, filters)
    torch.mul(flat, right, out=spread[:, :, :, 1])
    torch.sub(flat, spread[:, :, :, 1], out=spread[:, :, :, 0])
    return spread.view(images, 2 * rows, 2 * columns, filters)


def _conv_gradients(
    x: Tensor, weight: Tensor, grad_y: Tensor, grad_x: Tensor | None, part: slice
) -> Tensor:
    """Gradient of a convolution's weights by some images; fills in that of the images."""
    grad, images = grad_y.permute(0, 3, 1, 2), _channels_last(x[part])
    if grad_x is not None:  # one after the other is faster than both in one call
        grad_x[part] = _conv_backward(grad, images, weight, (True, False, False))[0]
    return _conv_backward(grad, images, weight, (False, True, False))[1]


def _conv_backward(
    grad: Tensor, x: Tensor, weight: Tensor, wanted: tuple[bool, bool, bool], *, stride: int = 1
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of a convolution, padded by 1: of its input, its weights and its bias."""
    return torch.ops.aten.convolution_backward(
        grad, x, weight, [len(weight)], [stride] * 2, [1, 1], [1, 1], False, [0, 0], 1, wanted
    )
