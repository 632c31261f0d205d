"""Loops over images in the cache, which numba compiles at their first use and keeps on disk.

All take a range of images, so that threads share them, and arrays with the channels last. Places
in a window of 2 x 2 are numbered by rows; of equals the first counts, as in PyTorch's pooling.
"""

import functools
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import numpy as np
import torch
from numba import njit
from torch import Tensor

workers = functools.cache(ThreadPoolExecutor)


def compiled(function: Any, *, maths: Any = None) -> Any:
    """Machine code of a loop, which lets other threads run; it is kept on disk where that can be.

    Rounding may be that of fused multiplication and addition.
    """
    maths = maths or {"contract"}
    with suppress(RuntimeError):
        return njit(nogil=True, cache=True, fastmath=maths)(function)
    return njit(nogil=True, fastmath=maths)(function)


def in_threads(kernel: Any, images: int, *arguments: Tensor) -> None:
    """Run a kernel for all images, in as many threads as PyTorch has."""
    arrays = [each.detach().numpy() for each in arguments]
    threads = min(torch.get_num_threads(), images)
    ends = np.linspace(0, images, threads + 1).astype(int).tolist()
    list(workers(threads).map(lambda *ends: kernel(*ends, *arrays), ends, ends[1:]))


@functools.partial(compiled, maths=True)  # sums in any order
def patch_products(first, last, x, sums, products):  # type: ignore[no-untyped-def]
    """Sums, and sums of products, of the nine values around each pixel, zero outside.

    Of x, shape (B, rows, columns), to shapes (B, 9) and (B, 9, 9); the upper triangle is set.
    """
    rows, columns = x.shape[1:]
    padded = np.zeros((rows + 2, columns + 2), x.dtype)
    for image in range(first, last):
        padded[1:-1, 1:-1] = x[image]
        for i in range(9):
            for row in range(rows):
                one = padded[row + i // 3, i % 3 : i % 3 + columns]
                part = x.dtype.type(0)
                for column in range(columns):
                    part += one[column]
                sums[image, i] += part
            for j in range(i, 9):
                for row in range(rows):
                    one = padded[row + i // 3, i % 3 : i % 3 + columns]
                    other = padded[row + j // 3, j % 3 : j % 3 + columns]
                    part = x.dtype.type(0)
                    for column in range(columns):
                        part += one[column] * other[column]
                    products[image, i, j] += part


@compiled
def gray_block(first, last, x, weight, shift, pooled, place):  # type: ignore[no-untyped-def]
    """Convolution of gray images, pooling and ReLU, without ever writing the convolution.

    Of x, shape (B, rows, columns), with weight, shape (9, filters), to pooled, shape
    (B, rows / 2, columns / 2, filters), and the place of each value: 4 where ReLU cut it off.
    """
    rows, columns = x.shape[1:]
    padded = np.zeros((rows + 2, columns + 2), x.dtype)
    near = np.empty(16, x.dtype)
    for image in range(first, last):
        padded[1:-1, 1:-1] = x[image]
        for row in range(0, rows, 2):
            for column in range(0, columns, 2):
                for i in range(16):
                    near[i] = padded[row + i // 4, column + i % 4]
                for f in range(len(shift)):
                    best, where = x.dtype.type(0), 4
                    for p in range(4):
                        y = shift[f]
                        for i in range(9):
                            y += weight[i, f] * near[4 * (p // 2 + i // 3) + p % 2 + i % 3]
                        where = p if y > best else where
                        best = max(y, best)
                    pooled[image, row // 2, column // 2, f] = best
                    place[image, row // 2, column // 2, f] = where


@compiled
def gray_block_gradient(first, last, x, grad, place, total):  # type: ignore[no-untyped-def]
    """Of `gray_block`'s weight and, in row 9, of its shift, for each image: (B, 10, filters)."""
    rows, columns = x.shape[1:]
    filters, zero = grad.shape[3], x.dtype.type(0)
    padded = np.zeros((rows + 2, columns + 2), x.dtype)
    part = np.zeros((10, filters), x.dtype)
    for image in range(first, last):
        padded[1:-1, 1:-1] = x[image]
        for row in range(0, rows, 2):
            part[:] = 0
            for column in range(0, columns, 2):
                for p in range(4):
                    r, c = row + p // 2, column + p % 2
                    x0, x1, x2 = padded[r, c], padded[r, c + 1], padded[r, c + 2]
                    x3, x4, x5 = padded[r + 1, c], padded[r + 1, c + 1], padded[r + 1, c + 2]
                    x6, x7, x8 = padded[r + 2, c], padded[r + 2, c + 1], padded[r + 2, c + 2]
                    for f in range(filters):
                        g = grad[image, row // 2, column // 2, f]
                        g = g if place[image, row // 2, column // 2, f] == p else zero
                        part[0, f] += g * x0
                        part[1, f] += g * x1
                        part[2, f] += g * x2
                        part[3, f] += g * x3
                        part[4, f] += g * x4
                        part[5, f] += g * x5
                        part[6, f] += g * x6
                        part[7, f] += g * x7
                        part[8, f] += g * x8
                        part[9, f] += g
            total[image] += part


@compiled
def pool(first, last, y, pooled, place, sums):  # type: ignore[no-untyped-def]
    """Largest of 2 x 2 values and its place; sum, and sum of squares, of all: (B, 2, filters).

    Of y, shape (B, rows, columns, filters), which is read once.
    """
    rows, columns, filters = y.shape[1:]
    part = np.empty((2, filters), y.dtype)
    for image in range(first, last):
        for row in range(0, rows, 2):
            part[:] = 0
            for column in range(0, columns, 2):
                for f in range(filters):
                    a, b = y[image, row, column, f], y[image, row, column + 1, f]
                    c, d = y[image, row + 1, column, f], y[image, row + 1, column + 1, f]
                    best = max(max(a, b), max(c, d))
                    where = 0 if a == best else 1 if b == best else 2 if c == best else 3
                    pooled[image, row // 2, column // 2, f] = best
                    place[image, row // 2, column // 2, f] = where
                    part[0, f] += (a + b) + (c + d)
                    part[1, f] += (a * a + b * b) + (c * c + d * d)
            sums[image] += part


@compiled
def pool_gradient(first, last, y, grad, place, slope, level):  # type: ignore[no-untyped-def]
    """Of `pool`'s y, in its place: grad where it was the largest, slope * y + level everywhere."""
    rows, columns, filters = y.shape[1:]
    for image in range(first, last):
        for row in range(rows):
            for column in range(columns):
                p = np.uint8(2 * (row % 2) + column % 2)
                for f in range(filters):
                    g = slope[f] * y[image, row, column, f] + level[f]
                    if place[image, row // 2, column // 2, f] == p:
                        g += grad[image, row // 2, column // 2, f]
                    y[image, row, column, f] = g
