"""Fixtures that several test modules share: a tiny corpus, its store, and trained runs."""

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # tests never ask the network

from genre_lib.config import RunSettings, SpectrogramSettings, configure
from genre_lib.corpus import Corpus, Track
from genre_lib.spectrogram import Store, read_store, write_store

GENRES = ("hiss", "high", "low")
SMALL = SpectrogramSettings(
    sample_rate=8000, seconds=2.0, n_fft=512, hop_length=100, n_mels=32, fmax=4000.0
)


def play(genre: str, number: int, sample_rate: int, *, seconds: float = 2.0) -> np.ndarray:
    """A tone that is low or high, or nothing but hiss; each track has its own."""
    rng = np.random.default_rng([GENRES.index(genre), number])
    time = np.arange(round(seconds * sample_rate)) / sample_rate
    hiss = rng.normal(0, 1, len(time))
    if genre == "hiss":
        return (0.1 * hiss).astype(np.float32)
    frequency = rng.uniform(200, 400) if genre == "low" else rng.uniform(2000, 3000)
    return (0.3 * np.sin(2 * np.pi * frequency * time) + 0.003 * hiss).astype(np.float32)


def small_corpus(tracks_per_genre: int = 6) -> Corpus:
    tracks = (
        Track(f"{genre}.{number:05d}", genre, partial(play, genre, number))
        for genre in GENRES
        for number in range(tracks_per_genre)
    )
    return Corpus("small", tuple(tracks))


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Results do not depend on how many cores the machine has to spare."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test touches the user's data or runs."""
    monkeypatch.setenv("GENRE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("GENRE_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("GENRE_DEVICE", "cpu")


@pytest.fixture(scope="session")
def store_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stores") / "small"
    write_store(small_corpus(), path, SMALL, jobs=1, progress=False)
    return path


@pytest.fixture(scope="session")
def store(store_path: Path) -> Store:
    return read_store(store_path)


@pytest.fixture(scope="session")
def run_settings(store_path: Path) -> Callable[..., RunSettings]:
    """Settings of a run that takes about a second; any setting can be given by name."""

    def make(*, view: str = "copies", protocol: str = "image", seed: int = 0, **changes):
        overrides = {"images_per_track": 2, "epochs": 2, "batch_size": 8} | changes
        return configure(
            corpus=str(store_path),
            profile="smoke",
            view=view,
            protocol=protocol,
            seed=seed,
            overrides=overrides,
        )

    return make


@pytest.fixture(scope="session")
def session_places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pytest.MonkeyPatch]:
    """Places for the runs that several tests read."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("shared")
        patch.setenv("GENRE_DATA", str(folder / "data"))
        patch.setenv("GENRE_RUNS", str(folder / "runs"))
        patch.setenv("GENRE_DEVICE", "cpu")
        yield patch
