"""The paper's image augmentations (Section IV-A) and CutMix (Section IV-C)."""

from __future__ import annotations

import functools
import math
import random
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from genre_lib.config import AugmentationSettings

if TYPE_CHECKING:
    import albumentations
    import torch
    from torch import Tensor

IMAGE_SIZE = 128  # rows and columns of a network input, Table I
CROP_RATIO = (0.9, 1.1)  # width / height of a random crop
CROP_ATTEMPTS = 10  # of which the first that fits counts, else the whole image


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


class Draws(NamedTuple):
    """How each image of a batch is augmented; every tensor has shape (B,).

    Attributes
    ----------
    top, left, height, width
        The crop that is resized to the whole image, in pixels.
    flipped
        Whether time is reversed.
    factor, offset
        Contrast and brightness: a gray level g becomes factor * g + offset.
    deviation
        Standard deviation of the noise, in gray levels.
    """

    top: Tensor
    left: Tensor
    height: Tensor
    width: Tensor
    flipped: Tensor
    factor: Tensor
    offset: Tensor
    deviation: Tensor


def augment_tensor(
    images: Tensor, settings: AugmentationSettings, generator: torch.Generator
) -> Tensor:
    """Augment a whole batch on the device it lies on, as `augment` does image by image.

    What is drawn has the same distributions, and the same seed gives the same images on the
    same kind of device.

    Parameters
    ----------
    images
        uint8, shape (B, 128, 128).
    generator
        On the device of the images.

    Returns
    -------
    Tensor
        uint8, shape (B, 128, 128).
    """
    import torch

    noise = torch.randn(images.shape, generator=generator, device=images.device)
    return apply_draws(images, draw(len(images), settings, generator), noise)


def draw(count: int, settings: AugmentationSettings, generator: torch.Generator) -> Draws:
    """Draw how each of a number of images is augmented."""
    import torch

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        share = torch.rand(count, *shape, generator=generator, device=generator.device)
        return low + (high - low) * share

    def chosen(probability: float) -> Tensor:
        return uniform(0, 1) < probability

    area = IMAGE_SIZE**2 * uniform(settings.crop_min, 1, CROP_ATTEMPTS)
    ratio = uniform(math.log(CROP_RATIO[0]), math.log(CROP_RATIO[1]), CROP_ATTEMPTS).exp()
    heights, widths = (area / ratio).sqrt().round(), (area * ratio).sqrt().round()
    fits = torch.maximum(heights, widths) <= IMAGE_SIZE
    first = fits.int().argmax(1, keepdim=True)
    cropped = fits.any(1) & chosen(settings.crop_probability)
    height, width = (
        torch.where(cropped, sides.gather(1, first)[:, 0], IMAGE_SIZE)
        for sides in (heights, widths)
    )
    adjusted = chosen(settings.brightness_contrast_probability)
    noisy = chosen(settings.noise_probability)
    return Draws(
        top=((IMAGE_SIZE - height + 1) * uniform(0, 1)).floor(),
        left=((IMAGE_SIZE - width + 1) * uniform(0, 1)).floor(),
        height=height,
        width=width,
        flipped=chosen(settings.flip_probability),
        factor=1 + adjusted * uniform(-settings.contrast, settings.contrast),
        offset=adjusted * 255 * uniform(-settings.brightness, settings.brightness),
        deviation=noisy * 255 * uniform(settings.noise_min, settings.noise_max),
    )


def apply_draws(images: Tensor, draws: Draws, noise: Tensor) -> Tensor:
    """Crop, flip, change contrast and brightness, add noise.

    Between two steps gray levels are whole numbers, as in albumentations: the crop rounds,
    contrast and brightness cut fractions off, and so does the noise, before it is added.

    Parameters
    ----------
    images
        uint8, shape (B, 128, 128).
    noise
        Standard normal, shape (B, 128, 128).
    """
    import torch

    draws = Draws(*(each[:, None, None] for each in draws))
    levels = _resized(images.float(), draws.top, draws.height)
    levels = _resized(levels.mT, draws.left, draws.width).mT.round()
    levels = torch.where(draws.flipped, levels.flip(2), levels)
    levels = (draws.factor * levels + draws.offset).clamp(0, 255).floor()
    return (levels + (draws.deviation * noise).trunc()).clamp(0, 255).byte()


def _resized(images: Tensor, start: Tensor, length: Tensor) -> Tensor:
    """Stretch some rows of each image over all rows; start and length have shape (B, 1, 1)."""
    import torch

    rows = torch.arange(IMAGE_SIZE, device=images.device)[:, None]
    # Pixels are areas: the middle of one is at a half.
    position = ((rows + 0.5) * (length / IMAGE_SIZE) - 0.5).clamp(min=0).minimum(length - 1)
    upper = position.floor()
    lower = (upper + 1).minimum(length - 1)
    above, below = (
        images.gather(1, (start + at).long().expand_as(images)) for at in (upper, lower)
    )
    return above + (position - upper) * (below - above)


def cutmix_probability(epoch: int, epochs: int, settings: AugmentationSettings) -> float:
    """Probability that a batch is mixed: falls linearly from the first epoch to the last.

    Section IV-C says that it falls over the epochs, not how.
    """
    progress = epoch / (epochs - 1) if epochs > 1 else 0.0
    first, last = settings.cutmix_probability, settings.cutmix_final_probability
    return first + (last - first) * progress


def cutmix_box(kept: float, centre: tuple[float, float]) -> tuple[slice, slice]:
    """Rows and columns of the pasted box, clipped at the edges.

    Parameters
    ----------
    kept
        Share of the image that should stay its own, in [0, 1]; the box has ``1 - kept`` of the
        area where no edge clips it.
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


def cutmix(
    images: np.ndarray, *, alpha: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, float]:
    """Paste one box from a shuffled copy of the batch into each image (Section IV-C).

    Parameters
    ----------
    images
        Shape (B, 128, 128).
    alpha
        The kept share is drawn from Beta(alpha, alpha).

    Returns
    -------
    mixed : np.ndarray
        Shape (B, 128, 128).
    partner : np.ndarray
        For each image the position of the one that lent the box, shape (B,).
    kept : float
        Share of each image's own area after clipping: the weight of its own label.
    """
    partner, box, kept = draw_cutmix(len(images), alpha=alpha, rng=rng)
    mixed = images.copy()
    paste(mixed, partner, box)
    return mixed, partner, kept


def draw_cutmix(
    count: int, *, alpha: float, rng: np.random.Generator
) -> tuple[np.ndarray, tuple[slice, slice], float]:
    """Draw the partner of each image, the rows and columns of the box, and the kept share."""
    partner = rng.permutation(count)
    rows, columns = cutmix_box(rng.beta(alpha, alpha), (rng.random(), rng.random()))
    area = (rows.stop - rows.start) * (columns.stop - columns.start)
    return partner, (rows, columns), 1.0 - area / IMAGE_SIZE**2


def paste(images: np.ndarray | Tensor, partner: np.ndarray, box: tuple[slice, slice]) -> None:
    """Paste a box from each image's partner into it, in place: arrays, and tensors on any device.

    Parameters
    ----------
    images
        Shape (B, 128, 128).
    partner
        Positions in the batch, shape (B,).
    box
        Rows and columns.
    """
    images[:, *box] = images[partner, *box]  # type: ignore[assignment] # the same on both sides
