"""The paper's image augmentations (Section IV-A) and CutMix (Section IV-C)."""

from __future__ import annotations

import functools
import random
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from genre_lib.config import AugmentationSettings

if TYPE_CHECKING:
    import albumentations

IMAGE_SIZE = 128  # rows and columns of a network input, Table I
CROP_RATIO = (0.9, 1.1)  # width / height of a random crop


def transforms(settings: AugmentationSettings) -> dict[str, albumentations.BasicTransform]:
    """The four augmentations of Section IV-A, by name, in the order in which they are applied.

    A horizontal flip of a spectrogram reverses time; the paper lists it nonetheless.
    """
    A = _albumentations()
    size = (IMAGE_SIZE, IMAGE_SIZE)
    return {
        "random crop": A.RandomResizedCrop(
            size=size,
            scale=(settings.crop_min, 1.0),
            ratio=CROP_RATIO,
            p=settings.crop_probability,
        ),
        "horizontal flip": A.HorizontalFlip(p=settings.flip_probability),
        "brightness and contrast": A.RandomBrightnessContrast(
            brightness_limit=settings.brightness,
            contrast_limit=settings.contrast,
            p=settings.brightness_contrast_probability,
        ),
        "Gaussian noise": A.GaussNoise(
            std_range=(settings.noise_min, settings.noise_max), p=settings.noise_probability
        ),
    }


def composed(kinds: Iterable[albumentations.BasicTransform]) -> albumentations.Compose:
    """Some augmentations in a row."""
    return _albumentations().Compose(list(kinds))


@functools.cache
def pipeline(settings: AugmentationSettings) -> albumentations.Compose:
    """All augmentations in a row."""
    return composed(transforms(settings).values())


def _albumentations():  # type: ignore[no-untyped-def]
    import os

    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # it would ask the network
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import albumentations
    return albumentations


def augment(images: np.ndarray, compose: albumentations.Compose, *, seed: int) -> np.ndarray:
    """Augment each image on its own; the same seed gives the same images.

    Parameters
    ----------
    images
        uint8, shape (B, 128, 128).

    Returns
    -------
    np.ndarray
        uint8, shape (B, 128, 128).
    """
    # One source for all kinds: set_random_seed would give each the same draws as the others.
    compose.set_random_state(np.random.default_rng(seed), random.Random(seed))
    return np.stack([compose(image=image)["image"] for image in images])


def cutmix_probability(epoch: int, epochs: int, settings: AugmentationSettings) -> float:
    """Probability that a batch is mixed: falls linearly from the first epoch to the last.

    Section IV-C says that it falls over the epochs, not how.
    """
    progress = epoch / (epochs - 1) if epochs > 1 else 0.0
    first, last = settings.cutmix_probability, settings.cutmix_final_probability
    return first + (last - first) * progress


def cutmix(
    images: np.ndarray, *, alpha: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, float]:
    """Paste one box from a shuffled copy of the batch into each image (Section IV-C).

    Parameters
    ----------
    images
        Shape (B, 128, 128).
    alpha
        The share that each image should keep is drawn from Beta(alpha, alpha).

    Returns
    -------
    mixed : np.ndarray
        Shape (B, 128, 128).
    partner : np.ndarray
        For each image the position of the one that the box comes from, shape (B,).
    kept : float
        Share that each image keeps after clipping: the weight of its label.
    """
    mixed, partner = images.copy(), rng.permutation(len(images))
    box = cutmix_box(rng.beta(alpha, alpha), (rng.random(), rng.random()))
    return mixed, partner, paste(mixed, partner, box)


def cutmix_box(kept: float, centre: tuple[float, float]) -> tuple[slice, slice]:
    """Rows and columns of the pasted box, clipped at the edges.

    Parameters
    ----------
    kept
        Share of the image that no box should cover, in [0, 1].
    centre
        Row and column of the box's centre as shares of the image, each in [0, 1].
    """
    side = IMAGE_SIZE * np.sqrt(1.0 - kept)
    spans = []
    for middle in centre:
        low = round(np.clip(middle * IMAGE_SIZE - side / 2, 0, IMAGE_SIZE))
        high = round(np.clip(middle * IMAGE_SIZE + side / 2, 0, IMAGE_SIZE))
        spans.append(slice(int(low), int(high)))
    return spans[0], spans[1]


def paste(images: np.ndarray, partner: np.ndarray, box: tuple[slice, slice]) -> float:
    """Paste a box from each image's partner into it, in place; returns the share that is kept.

    Parameters
    ----------
    images
        Shape (B, 128, 128).
    partner
        Positions in the batch, shape (B,).
    box
        Rows and columns.
    """
    rows, columns = box
    images[:, rows, columns] = images[partner, rows, columns]
    return 1.0 - (rows.stop - rows.start) * (columns.stop - columns.start) / IMAGE_SIZE**2
