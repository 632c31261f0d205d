"""Arrays of images: in memory, or in a mapped file where they are large."""

from __future__ import annotations

import math
import mmap
import os
import shutil
import tempfile

import numpy as np

from genre_lib.config import UserError, cache_dir

MAPPED_ABOVE = 128 * 2**20  # bytes: so that two arrays and a training stay within 1.5 GB


def allocate(shape: tuple[int, ...]) -> np.ndarray:
    """Zeros, uint8: in memory up to `MAPPED_ABOVE` bytes, in a mapped file above.

    The file lies in ``cache`` below `genre_lib.config.cache_dir` and has no name there: the system
    takes its space back when the array is gone, however the process ends.

    Raises
    ------
    UserError
        If the disk has too little room.
    """
    size = math.prod(shape)
    if size <= MAPPED_ABOVE:
        return np.zeros(shape, np.uint8)
    folder = cache_dir() / "cache"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        if size > shutil.disk_usage(folder).free:
            raise OSError("the disk is too full")
        with tempfile.TemporaryFile(dir=folder) as file:
            if hasattr(os, "posix_fallocate"):  # a full disk is told now, not in the middle
                os.posix_fallocate(file.fileno(), 0, size)
            else:
                file.truncate(size)
            return np.ndarray(shape, np.uint8, buffer=mmap.mmap(file.fileno(), size))
    except OSError as error:
        raise UserError(
            f"{folder} has no room for {size / 1e9:.1f} GB of images ({error}); free that much "
            "there, or set GENRE_CACHE to a folder on a larger disk."
        ) from None


def take(array: np.ndarray, rows: np.ndarray | slice) -> np.ndarray:
    """Copy some rows of an array; its mapped pages are given back (see `release`).

    Parameters
    ----------
    array
        Shape (N, ...), whether it is mapped or not.
    rows
        Positions, shape (B,), or a slice.

    Returns
    -------
    np.ndarray
        Shape (B, ...), in memory.
    """
    rows_taken = array[rows].copy() if isinstance(rows, slice) else array[rows]
    release(array)
    return rows_taken


def release(array: np.ndarray) -> None:
    """Give back the memory that holds the mapped pages of an array, or of what it is a view of.

    Without it the pages that were ever read or written count as memory of the process. The
    content stays: the next access finds it in the file. An array in memory is left as it is.
    """
    mapped = _mapping(array)
    if mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)


def _mapping(array: object) -> mmap.mmap | None:
    """The mapped file that an array's memory lies in."""
    while isinstance(array, np.ndarray):
        array = array.base
    return array if isinstance(array, mmap.mmap) else None
