"""Layers of Table I with the same numbers and less memory traffic on a CPU.

There a step is bound by memory, not by arithmetic: the first block alone writes 134 MB, and reads
it again for the statistics, the normalisation, ReLU and pooling. Here a few images at a time go
through a whole block while they are in the cache, in the table's mathematics:

- ReLU after the pooling instead of before: it never changes which of two values is larger.
- Where the batch statistics are known before the convolution, normalisation is part of its
  weights. They are known in evaluation mode, and in training for a gray image: mean and
  variance of a 3 x 3 convolution follow from those of the 3 x 3 patches of its input.
- Elsewhere statistics and pooling are taken of each part of the convolution as it is made, and
  the normalisation is done after the pooling, on a quarter of the values.

Tensors have PyTorch's shape (B, C, rows, columns) and lie in memory with the channels last.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.functional import conv2d

IMAGES_PER_THREAD = 4  # what goes through a block at a time, and stays in the cache


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
    statistics as they do. One corner differs, in training with several channels: where a weight
    of the norm is exactly zero, its gradient may be that of another of the four pooled values.
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
        turned = norm.training and x.shape[1] > 1
        if turned:
            # The largest of four normalised values is the normalised largest, or smallest where the
            # norm's weight is negative; turning the sign of those filters leaves the first case.
            sign = 1.0 - 2.0 * (norm.weight.detach() < 0).to(weight.dtype)
            pooled, mean, variance = _ConvPool.apply(x, weight * sign[:, None, None, None], None)
            mean = mean * sign + conv.bias
        elif norm.training:
            mean, variance = gray_statistics(x, weight, conv.bias)
        else:
            mean, variance = norm.running_mean, norm.running_var
        scale = norm.weight * torch.rsqrt(variance + norm.eps)
        shift = norm.bias + (conv.bias - mean) * scale  # in training, the bias cancels out
        if turned:
            pooled = torch.addcmul(shift, pooled, scale * sign)
        else:
            pooled, _, _ = _ConvPool.apply(x, weight * scale[:, None, None, None], shift)
        if norm.training:  # the running statistics move as those of BatchNorm2d
            count = x.shape[0] * x.shape[2] * x.shape[3]
            with torch.no_grad():
                norm.num_batches_tracked += 1
                norm.running_mean.lerp_(mean, norm.momentum)
                norm.running_var.lerp_(variance * (count / (count - 1)), norm.momentum)
        return dropout(pooled.relu_().permute(0, 3, 1, 2))


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
    """Pooled convolution, channels last; without a bias, mean and variance of the whole one, too.

    A few images go through at a time.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        images, rows, columns, filters = len(x), x.shape[2], x.shape[3], len(weight)
        pooled = x.new_empty(images, rows // 2, columns // 2, filters)
        right = x.new_empty(images, rows, columns // 2, filters, dtype=torch.int8)
        lower = x.new_empty(images, rows // 2, columns // 2, filters, dtype=torch.int8)
        outputs, mean, variance = [], None, None
        total, squares = x.new_zeros(2, filters, dtype=torch.float64)
        ctx.parts, ctx.count = _parts(images), images * rows * columns
        for part in ctx.parts:
            y = conv2d(_channels_last(x[part]), weight, bias, padding=1)
            _pool(y, pooled[part], right[part], lower[part])
            if bias is None:
                outputs.append(y.permute(0, 2, 3, 1))
                flat = outputs[-1].reshape(-1, filters)
                total += flat.sum(0)
                squares += (flat * flat).sum(0)
        if bias is None:
            exact = total / ctx.count
            variance = (squares / ctx.count - exact * exact).clamp_(min=0).to(x.dtype)  # rounding
            mean = exact.to(x.dtype)
        ctx.save_for_backward(x, weight, mean, right, lower, *outputs)
        return pooled, mean, variance

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, grad: Tensor, grad_mean: Tensor, grad_variance: Tensor
    ) -> tuple[Tensor | None, ...]:
        x, weight, mean, right, lower, *outputs = ctx.saved_tensors
        grad_x = torch.empty_like(x) if ctx.needs_input_grad[0] else None
        grad_weight, grad_bias = torch.zeros_like(weight), weight.new_zeros(len(weight))
        if outputs:  # each has a share in mean and variance: its gradient is slope * y + level
            slope = 2.0 * grad_variance / ctx.count
            level = grad_mean / ctx.count - slope * mean
        for index, part in enumerate(ctx.parts):
            grad_y = _unpool(grad[part], right[part], lower[part])
            if outputs:
                grad_y.addcmul_(outputs[index], slope).add_(level)
            else:
                grad_bias += grad[part].sum((0, 1, 2))
            turned, images = grad_y.permute(0, 3, 1, 2), _channels_last(x[part])
            if grad_x is not None:  # one after the other is faster than both in one call
                grad_x[part] = _conv_backward(turned, images, weight, (True, False, False))[0]
            grad_weight += _conv_backward(turned, images, weight, (False, True, False))[1]
        return grad_x, grad_weight, None if outputs else grad_bias


def _parts(images: int) -> list[slice]:
    size = IMAGES_PER_THREAD * torch.get_num_threads()
    return [slice(start, start + size) for start in range(0, images, size)]


def _channels_last(x: Tensor) -> Tensor:
    if x.shape[1] == 1:  # the same memory either way, but strides decide what is run
        x = x.contiguous()
        return x.as_strided(x.shape, (x.stride(0), 1, x.stride(2), 1))
    return x.contiguous(memory_format=torch.channels_last)


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


def _conv_backward(
    grad: Tensor, x: Tensor, weight: Tensor, wanted: tuple[bool, bool, bool], *, stride: int = 1
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of a convolution, padded by 1: of its input, its weights and its bias."""
    return torch.ops.aten.convolution_backward(
        grad, x, weight, [len(weight)], [stride] * 2, [1, 1], [1, 1], False, [0, 0], 1, wanted
    )
