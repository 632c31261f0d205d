"""Views (how a track becomes images), protocols (what is dealt to the subsets), leakage."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from genre_lib.augment import IMAGE_SIZE, augment, pipeline
from genre_lib.config import RunSettings, UserError
from genre_lib.paper import SUBSET_SHARES
from genre_lib.spectrogram import Store

SUBSETS = ("train", "validation", "test")


@dataclass(frozen=True)
class Dataset:
    """The images of a run, and the subset that each was dealt to.

    Attributes
    ----------
    images
        uint8, shape (N, 128, 128); row 0 is the lowest band.
    labels
        Index into `genres`, shape (N,).
    table
        One row an image: track_id, genre, image (0 to images_per_track - 1), subset.
    """

    images: np.ndarray
    labels: np.ndarray
    genres: tuple[str, ...]
    table: pd.DataFrame

    def rows(self, subset: str) -> np.ndarray:
        """Positions of a subset's images."""
        return np.flatnonzero(self.table["subset"] == subset)


def make_dataset(store: Store, settings: RunSettings) -> Dataset:
    """Cut a store into images by the view and deal them by the protocol.

    Raises
    ------
    UserError
        If a genre has fewer tracks (or images) than there are subsets, or a track is too short
        for the view.
    """
    per_track = settings.images_per_track
    labels = np.repeat(store.labels, per_track)
    track = np.repeat(np.arange(len(store.track_ids)), per_track)
    units = track if settings.protocol == "track" else np.arange(len(labels))
    table = pd.DataFrame(
        {
            "track_id": np.array(store.track_ids)[track],
            "genre": np.array(store.genres)[labels],
            "image": np.tile(np.arange(per_track), len(store.track_ids)),
            "subset": deal(units, labels, store.genres, seed=settings.seed),
        }
    )
    images = copies(store, settings) if settings.view == "copies" else segments(store, settings)
    return Dataset(images, labels, store.genres, table)


def copies(store: Store, settings: RunSettings) -> np.ndarray:
    """View `copies`: the whole track resized, then augmented copies of it.

    Returns
    -------
    np.ndarray
        uint8, shape (tracks * images_per_track, 128, 128); each track's first image is the
        original.
    """
    whole = np.stack([resize(image) for image in store.images])
    compose = pipeline(settings.augmentation)
    images = np.repeat(whole[:, None], settings.images_per_track, axis=1)
    for number in range(1, settings.images_per_track):
        images[:, number] = augment(whole, compose, seed=settings.seed * 64 + number)
    return images.reshape(-1, IMAGE_SIZE, IMAGE_SIZE)


def segments(store: Store, settings: RunSettings) -> np.ndarray:
    """View `segments`: consecutive slices of the track, each resized.

    Returns
    -------
    np.ndarray
        uint8, shape (tracks * images_per_track, 128, 128).
    """
    if store.images.shape[2] < settings.images_per_track:
        raise UserError(
            f"The tracks of {store.path} have {store.images.shape[2]} columns, too few for "
            f"images_per_track = {settings.images_per_track} segments."
        )
    slices = (np.array_split(image, settings.images_per_track, axis=1) for image in store.images)
    return np.stack([resize(part) for parts in slices for part in parts])


def resize(image: np.ndarray) -> np.ndarray:
    """Resize gray levels to a network input, uint8, shape (128, 128), averaging what shrinks."""
    import cv2

    rows, columns = image.shape
    if columns < IMAGE_SIZE:  # each axis by its own rule: average to shrink, interpolate to grow
        image = cv2.resize(image, (IMAGE_SIZE, rows), interpolation=cv2.INTER_LINEAR)
    return cv2.resize(image, (IMAGE_SIZE, IMAGE_SIZE), interpolation=cv2.INTER_AREA)


def deal(
    units: np.ndarray, labels: np.ndarray, genres: tuple[str, ...], *, seed: int
) -> np.ndarray:
    """Deal units to the subsets, 75/15/10, stratified by genre (Section IV-A).

    Parameters
    ----------
    units
        What is dealt as a whole, shape (N,): a track's number for each of its images
        (protocol `track`), or a number of its own for each image (protocol `image`).
    labels
        Genre of each image, shape (N,).

    Returns
    -------
    np.ndarray
        Subset name of each image, shape (N,).

    Raises
    ------
    UserError
        If a genre has fewer units than there are subsets.
    """
    rng = np.random.default_rng([seed, 75_15_10])
    subsets = np.empty(len(units), dtype=object)
    for label, genre in enumerate(genres):
        own = rng.permutation(np.unique(units[labels == label]))
        if len(own) < len(SUBSETS):
            raise UserError(
                f"Genre {genre!r} has {len(own)} to deal to {len(SUBSETS)} subsets; "
                f"each genre needs at least {len(SUBSETS)} tracks."
            )
        n_test = max(1, round(SUBSET_SHARES["test"] * len(own)))
        n_validation = max(1, round(SUBSET_SHARES["validation"] * len(own)))
        parts = np.split(own, [n_test, n_test + n_validation])
        for subset, part in zip(("test", "validation", "train"), parts, strict=True):
            subsets[np.isin(units, part)] = subset
    return subsets.astype(str)


def shared_tracks(table: pd.DataFrame) -> pd.DataFrame:
    """Audit a split: how many tracks have images in both subsets of each pair.

    Returns
    -------
    pd.DataFrame
        Columns first, second, shared_tracks, share (of the second subset's tracks).
    """
    tracks = {subset: set(table.track_id[table.subset == subset]) for subset in SUBSETS}
    rows = []
    for first, second in combinations(SUBSETS, 2):
        shared = len(tracks[first] & tracks[second])
        rows.append((first, second, shared, shared / len(tracks[second])))
    return pd.DataFrame(rows, columns=["first", "second", "shared_tracks", "share"])
