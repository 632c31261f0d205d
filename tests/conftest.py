"""Fixtures that several test modules share: places, a tiny store, and settings of quick runs."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

# Tests never ask the network.
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
os.environ["GENRE_OFFLINE"] = "1"
os.environ["CUDA_VISIBLE_DEVICES"] = ""  # what is tested bit for bit runs on the processor
# One thread a test process and its children: workers do not fight for cores, and results do not
# depend on how many there are.
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")

from tiny import SMALL, small_corpus

from genre_lib.config import RunSettings, configure
from genre_lib.corpus import audio
from genre_lib.store import Store, read_store, write_store

# A shell's background job ignores SIGINT, and so would every process that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """The same for what set its threads before it read the environment."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test touches the user's data or runs."""
    for name in ("EDITION", "GTZAN_URL", "ON_ERROR", "REFERENCE", "RETRAIN"):
        monkeypatch.delenv(f"GENRE_{name}", raising=False)
    monkeypatch.setenv("GENRE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("GENRE_CACHE", str(tmp_path / "data"))
    monkeypatch.setenv("GENRE_RUNS", str(tmp_path / "runs"))


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
        patch.setenv("GENRE_CACHE", str(folder / "data"))
        patch.setenv("GENRE_RUNS", str(folder / "runs"))
        yield patch


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many samples of sound files are decoded, each time that some are."""
    counts: list[int] = []
    frames = audio._frames

    def counted(*opened: Any) -> Iterator[Any]:
        for frame in frames(*opened):
            counts.append(frame.samples)
            yield frame

    monkeypatch.setattr(audio, "_frames", counted)
    return counts
