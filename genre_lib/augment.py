"""The paper's image augmentations (Section IV-A) and CutMix (Section IV-C)."""

import os
import random
from collections.abc import Iterable
from typing import Any

import numpy as np

from genre_lib.config import AugmentationSettings

IMAGE_SIZE = 128  # rows and columns of a network input, Table I


def transforms(settings: AugmentationSettings) -> dict[str, Any]:
    """The four augmentations of Section IV-A, by name, in the order in which they are applied.

    A horizontal flip of a spectrogram reverses time; the paper lists it nonetheless.
    """
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # it would ask the network
    import albumentations as A

    noise = (settings.noise_min, settings.noise_max)
    return {
        "random crop": A.RandomResizedCrop(
            size=(IMAGE_SIZE, IMAGE_SIZE),
            scale=(settings.crop_min, 1.0),
            ratio=(0.9, 1.1),  # width / height
            p=settings.crop_probability,
        ),
        "horizontal flip": A.HorizontalFlip(p=settings.flip_probability),
        "brightness and contrast": A.RandomBrightnessContrast(
            brightness_limit=settings.brightness,
            contrast_limit=settings.contrast,
            p=settings.brightness_contrast_probability,
        ),
        "Gaussian noise": A.GaussNoise(std_range=noise, p=settings.noise_probability),
    }


def pipeline(settings: AugmentationSettings, names: Iterable[str] | None = None) -> Any:
    """The augmentations of those names, by default all, in a row: for one thread at a time."""
    kinds = transforms(settings)  # which imports albumentations, quietly
    from albumentations import Compose

    return Compose([kinds[name] for name in (kinds if names is None else names)])


def augment(images: np.ndarray, compose: Any, *, seed: int) -> np.ndarray:
    """Augment each image on its own, uint8 (B, 128, 128); the same seed gives the same images."""
    # One source for all kinds: set_random_seed would give each the same draws as the others.
    compose.set_random_state(np.random.default_rng(seed), random.Random(seed))
    augmented = images.copy()
    for image in augmented:
        image[:] = compose(image=image)["image"]
    return augmented


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

    The share that each image should keep is drawn from Beta(alpha, alpha).

    Returns the mixed images, shape (B, 128, 128); for each the position of its partner, the one
    that the box comes from, shape (B,); and the share of itself that each keeps after clipping,
    which is the weight of its label.
    """
    mixed, partner = images.copy(), rng.permutation(len(images))
    rows, columns = cutmix_box(rng.beta(alpha, alpha), (rng.random(), rng.random()))
    mixed[:, rows, columns] = images[partner, rows, columns]
    pasted = (rows.stop - rows.start) * (columns.stop - columns.start) / IMAGE_SIZE**2
    return mixed, partner, 1.0 - pasted


def cutmix_box(kept: float, centre: tuple[float, float]) -> tuple[slice, slice]:
    """Rows and columns of the pasted box, clipped at the edges.

    No box should cover the share `kept` of the image; row and column of its centre are shares of
    the image, too.
    """
    half, middle = IMAGE_SIZE * np.sqrt(1.0 - kept) / 2, IMAGE_SIZE * np.array(centre)
    ends = np.clip([middle - half, middle + half], 0, IMAGE_SIZE).round().astype(int)
    (top, left), (bottom, right) = ends.tolist()
    return slice(top, bottom), slice(left, right)
