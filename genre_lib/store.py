"""Reading and writing a spectrogram store; the arrays that its images are read into."""

from __future__ import annotations

import functools
import hashlib
import io
import math
import mmap
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from glob import escape
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from joblib.parallel import get_active_backend
from PIL import Image
from pydantic import PositiveFloat, PositiveInt
from tqdm import tqdm

from genre_lib.config import (
    RunSettings,
    Settings,
    SpectrogramSettings,
    UserError,
    cache_dir,
    new_folder,
    notice,
    on_error,
    one_at_a_time,
    read_json,
    validated,
    write_json,
    write_text,
)
from genre_lib.corpus import Corpus, Track, find_corpus
from genre_lib.spectrogram import spectrogram_of, to_decibels

INDEX = {"track_id": str, "genre": str, "frames": "uint32"}  # what is read of ``index.csv``
CHUNK = 64  # tracks that a thread reads or makes images of at a time
BAR_AFTER = 2.0  # seconds; what is quicker shows no progress bar
MAPPED_ABOVE = 128 * 2**20  # bytes: so that two arrays and a training stay within 1.5 GB


class Manifest(Settings, extra="allow"):
    """What ``store.json`` states."""

    name: str = ""
    sample_rate: PositiveInt
    hop_length: PositiveInt
    n_mels: PositiveInt
    top_db: PositiveFloat
    fmin: float
    fmax: float
    frame_period_s: PositiveFloat | None = None
    skipped: list[str] | None = None


class Recipe(SpectrogramSettings):
    """How the spectrograms of a run were made, and of what: ``spectrogram.json``."""

    corpus: str
    digest: str
    frame_period_s: float


@dataclass(frozen=True)
class Store:
    """All mel spectrograms of a corpus.

    Attributes
    ----------
    labels
        Index into `genres`, shape (tracks,).
    images
        Gray levels, uint8, shape (tracks, n_mels, frames); row 0 is the lowest band,
        0 is -top_db and 255 is 0 dB, the loudest point of the track.
    digest
        Hash of names, genres and gray levels.
    """

    name: str
    path: Path
    track_ids: tuple[str, ...]
    genres: tuple[str, ...]
    labels: np.ndarray
    images: np.ndarray
    manifest: dict[str, Any] = field(repr=False)
    digest: str

    @property
    def skipped(self) -> tuple[str, ...]:
        """Tracks of the corpus that were left out, because they could not be used."""
        return tuple(self.manifest.get("skipped", ()))

    @property
    def frame_period(self) -> float:
        """Seconds between two columns."""
        stated = self.manifest.get("frame_period_s")
        return float(stated or self.manifest["hop_length"] / self.manifest["sample_rate"])

    @property
    def recipe(self) -> Recipe:
        """How it was made; what its manifest does not say is as in the settings' defaults."""
        known = {name: self.manifest[name] for name in Recipe.model_fields if name in self.manifest}
        known = {"seconds": round(self.images.shape[2] * self.frame_period, 1)} | known
        known |= {"corpus": self.name, "digest": self.digest, "frame_period_s": self.frame_period}
        return validated(Recipe, known)

    @property
    def firsts(self) -> tuple[str, ...]:
        """The first track of each genre."""
        _, positions = np.unique(self.labels, return_index=True)
        return tuple(self.track_ids[position] for position in positions)

    def position(self, track_id: str) -> int:
        """Position of a track in `images`."""
        return self.track_ids.index(track_id)

    def decibels(self, position: int) -> np.ndarray:
        """Mel spectrogram in dB of one track, float32, shape (n_mels, frames)."""
        return to_decibels(self.images[position], top_db=self.manifest["top_db"])


def write_store(
    corpus: Corpus,
    path: Path,
    settings: SpectrogramSettings,
    *,
    jobs: int | None = None,
    progress: bool = True,
) -> tuple[str, ...]:
    """Write the spectrogram store of a corpus, complete or not at all; the tracks it leaves out.

    Tracks that cannot be used are listed in one table on standard error, and left out if
    `genre_lib.config.on_error` says ``skip`` or the corpus can do without them. Only this process
    writes, so on a cluster (``joblib.parallel_config(backend="dask")``) workers need the audio
    files and nothing else; by default they are threads, `jobs` of them, or one a core.

    A `UserError` is raised if `path` exists, the corpus is itself a store, a track cannot be used,
    or the disk is full.
    """
    skip = on_error() == "skip"
    if jobs == 0:
        raise UserError("jobs = 0 is not possible: give a number of workers, or -1 for all cores.")
    if corpus.store is not None:
        raise UserError(f"{corpus.store} is a spectrogram store already; give audio instead.")
    with new_folder(path) as folder:
        if corpus.describe is not None:
            notice(corpus.describe())
        workers = Parallel(
            n_jobs=jobs or configured_jobs(), prefer="threads", return_as="generator"
        )
        results = workers(delayed(_encoded)(track, settings) for track in corpus.tracks)
        title, total = f"spectrograms of {corpus.name}", len(corpus.tracks)
        rows: list[dict] = []
        unusable: list[tuple[Track, Exception]] = []
        for track, result in zip(
            corpus.tracks, tqdm(results, title, total, disable=not progress), strict=True
        ):
            if isinstance(result, Exception):
                unusable.append((track, result))
                continue
            image, row = result
            (folder / track.genre).mkdir(exist_ok=True)
            (folder / track.genre / f"{track.track_id}.png").write_bytes(image)
            rows.append(row)
        if unusable:
            _report(unusable, corpus, skip=skip)
        skipped = tuple(track.track_id for track, _ in unusable)
        write_index(folder, rows)
        manifest = {"name": corpus.name, "tracks": len(rows), **settings.model_dump()}
        manifest |= {"reference": "max", "librosa": version("librosa")}
        write_json(folder / "store.json", manifest | ({"skipped": skipped} if skipped else {}))
    return skipped


def configured_jobs() -> int:
    """How many workers ``joblib.parallel_config`` asks for; -1, all cores, if it does not say."""
    return get_active_backend()[1] or -1


def _encoded(track: Track, settings: SpectrogramSettings) -> tuple[bytes, dict] | Exception:
    """Spectrogram of a track as the bytes of a PNG, and its row of the index; or what prevents it.

    An image viewer shows row 0 at the top: there the highest band belongs.
    """
    try:
        gray, row = spectrogram_of(track, settings)
    except (UserError, OSError) as error:
        return error
    file = io.BytesIO()
    Image.fromarray(gray[::-1]).save(file, format="PNG")
    return file.getvalue(), row


def _report(unusable: Sequence[tuple[Track, Exception]], corpus: Corpus, *, skip: bool) -> None:
    """List the tracks that cannot be used, and stop unless they may be left out."""
    of_all = f"of {len(corpus.tracks)} tracks of {corpus.name} cannot be used"
    table = pd.DataFrame(
        [
            (track.track_id, track.path or "", getattr(error, "fault", str(error)))
            for track, error in unusable
        ],
        columns=["track", "file", "fault"],
    )
    notice(f"{len(unusable)} {of_all}:\n{table.to_string(index=False)}")
    if len(unusable) == len(corpus.tracks):
        raise UserError(f"No track of {corpus.name} can be used; the table above says why.")
    needed = set(table.track) - corpus.dispensable
    if needed and not skip:
        raise UserError(
            f"{len(needed)} {of_all} (listed above); mend or remove their files, or leave them out "
            "with --on-error skip."
        )
    notice("They are left out.")


def write_index(folder: Path, rows: Sequence[dict]) -> None:
    """Write ``index.csv`` of a store."""
    write_text(folder / "index.csv", pd.DataFrame(rows).to_csv(index=False))


def read_store(path: Path, *, progress: bool = True) -> Store:
    """Read a spectrogram store; a track that is shorter than others ends in silence.

    A `UserError` is raised if the store is missing or empty, its manifest disagrees with its
    files, an image is damaged, or the disk has no room (see `allocate`); it names the file.
    """
    if not (path / "store.json").exists() or not (path / "index.csv").exists():
        raise UserError(
            f"{path} is no spectrogram store (store.json and index.csv); make one with "
            f"`genre-book store AUDIO_FOLDER {path}`."
        )
    stated = read_json(path / "store.json")
    try:
        manifest = validated(Manifest, stated)
    except UserError as error:
        raise UserError(f"{path / 'store.json'}: {error}") from None
    file = path / "index.csv"
    index = read_csv(file, usecols=list(INDEX), dtype=INDEX, keep_default_na=False)
    index = index[list(INDEX)]
    if index.empty:
        raise UserError(f"{file} lists no track; the store is empty.")
    if (twice := index.track_id[index.track_id.duplicated()]).any():
        raise UserError(f"{file} lists the track {twice.iloc[0]!r} twice.")
    labels, genres = pd.factorize(index.genre, sort=True)
    content = hashlib.sha256("\n".join((*genres, *index.track_id)).encode())
    content.update(labels.tobytes())
    rows = [(str(name), str(genre), int(frames)) for name, genre, frames in index.to_numpy()]
    images = allocate((len(index), manifest.n_mels, int(index.frames.max())))

    def read(chunk: slice) -> None:
        for image, (track_id, genre, frames) in zip(images[chunk], rows[chunk], strict=True):
            file = path / genre / f"{track_id}.png"
            image[:, :frames] = read_image(file, (manifest.n_mels, frames))

    name = manifest.name or path.name
    for chunk in in_threads(read, len(index), desc=f"reading {name}", progress=progress):
        content.update(images[chunk].data)
        release(images)
    known = manifest.model_dump(exclude_none=True)
    digest = content.hexdigest()[:16]
    return Store(name, path, tuple(index.track_id), tuple(genres), labels, images, known, digest)


def read_csv(path: Path, **options: Any) -> pd.DataFrame:
    """Read a table as pandas does; a UserError names a file that cannot be read."""
    try:
        return pd.read_csv(path, **options)
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read as CSV ({error}).") from None


def read_image(file: Path, shape: tuple[int, int]) -> np.ndarray:
    """Read one PNG of a store as uint8, shape (n_mels, frames), lowest band first.

    A `UserError` is raised if the file is missing or damaged, not 8-bit gray, or of another shape.
    """
    try:
        with Image.open(file) as image:
            gray, mode = np.asarray(image)[::-1], image.mode
    except (OSError, SyntaxError, ValueError) as error:
        raise UserError(f"{file} is missing or damaged ({error}); write the store anew.") from None
    if mode != "L" or gray.shape != shape:
        raise UserError(
            f"{file} is {' x '.join(map(str, gray.shape))} ({mode}); by the store's manifest it is "
            f"{shape[0]} x {shape[1]}, 8-bit gray (L)."
        )
    return gray


def in_threads(
    work: Callable[[slice], None], tracks: int, *, desc: str, progress: bool
) -> Iterator[slice]:
    """Call `work` with the positions of a chunk of tracks, for all chunks, in threads.

    Yields the chunks that are done, in order.
    """
    chunks = [slice(start, min(start + CHUNK, tracks)) for start in range(0, tracks, CHUNK)]
    threads = Parallel(n_jobs=configured_jobs(), require="sharedmem", return_as="generator")
    results = threads(delayed(work)(chunk) for chunk in chunks)
    with tqdm(total=tracks, desc=desc, unit="track", delay=BAR_AFTER, disable=not progress) as bar:
        for chunk, _ in zip(chunks, results, strict=True):
            yield chunk
            bar.update(chunk.stop - chunk.start)


def open_store(settings: RunSettings, *, progress: bool = True) -> Store:
    """The spectrogram store of the settings' corpus, made first where it does not exist yet.

    Where another process is making it, this one waits and reads it then.

    A `UserError` is raised if there is no such corpus, its store cannot be made or read, its
    spectrograms are others than the settings ask for, or it was made without some tracks and
    `genre_lib.config.on_error` says ``stop``.
    """
    corpus = find_corpus(settings)
    path = corpus.store
    if path is None:
        path = cache_dir() / "stores" / f"{corpus.name}-{_recipe_digest(corpus, settings)}"
        if not path.exists():
            lock = path.with_name(f"{path.name}.lock")
            with one_at_a_time(lock, work=f"making the store {path}"):
                if not path.exists():
                    for left in path.parent.glob(f".{escape(path.name)}.*.part"):
                        shutil.rmtree(left)  # by a process that was killed
                    write_store(corpus, path, settings.spectrogram, progress=progress)
    index = path / "index.csv"
    store = _read_once(path, index.stat().st_mtime_ns if index.exists() else 0, progress)
    missing = set(store.skipped) - corpus.dispensable
    if missing and corpus.store is None and on_error() == "stop":
        raise UserError(
            f"{path} was made without tracks that cannot be used, such as {min(missing)}; mend or "
            "remove their files, or leave them out with --on-error skip."
        )
    for name, wanted in settings.spectrogram:
        stored = store.manifest.get(name, wanted)
        if wanted not in (stored, SpectrogramSettings.model_fields[name].default):
            raise UserError(
                f"{name} = {wanted} is not possible: the store {path} was made with {stored}; "
                "make another from the audio with `genre-book store`."
            )
    return store


@functools.lru_cache(maxsize=2)
def _read_once(path: Path, _changed: int, progress: bool) -> Store:
    """Read a store, unless it is among the last two and its index has not changed since."""
    return read_store(path, progress=progress)


def _recipe_digest(corpus: Corpus, settings: RunSettings) -> str:
    """Hash of what a store would be made of: file names, sizes and times, or the composer."""
    content = hashlib.sha256(settings.spectrogram.model_dump_json().encode())
    for track in corpus.tracks:
        stat = track.path.stat() if track.path and track.path.exists() else None
        known = (stat.st_size, stat.st_mtime_ns) if stat else None
        content.update(repr((track.track_id, known)).encode())
    if corpus.name == "synthetic":
        for source in sorted((Path(__file__).parent / "corpus" / "synthetic").glob("*.py")):
            content.update(source.read_bytes())
    return content.hexdigest()[:12]


def allocate(shape: tuple[int, ...]) -> np.ndarray:
    """Zeros, uint8: in memory up to `MAPPED_ABOVE` bytes, in a mapped file above.

    The file lies in ``cache`` below `genre_lib.config.cache_dir` and has no name there: the system
    takes its space back when the array is gone, however the process ends. A `UserError` is raised
    if the disk has too little room.
    """
    size = math.prod(shape)
    if size <= MAPPED_ABOVE:
        return np.zeros(shape, np.uint8)
    folder = cache_dir() / "cache"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if size > shutil.disk_usage(folder).free:
            raise OSError("the disk is too full")
        with tempfile.TemporaryFile(dir=folder) as file:
            if hasattr(os, "posix_fallocate"):  # a full disk is noticed now, not in the middle
                os.posix_fallocate(file.fileno(), 0, size)
            return np.asarray(np.memmap(file, np.uint8, "w+", shape=shape))
    except OSError as error:
        raise UserError(
            f"{folder} has no room for {size / 1e9:.1f} GB of images ({error}); free that much "
            "there, or set GENRE_CACHE to a folder on a larger disk."
        ) from None


def take(array: np.ndarray, rows: np.ndarray | slice) -> np.ndarray:
    """Copy rows of an array (positions, a mask or a slice); its mapped pages are given back."""
    taken = array[rows].copy() if isinstance(rows, slice) else array[rows]
    release(array)
    return taken


def release(array: np.ndarray) -> None:
    """Give back the memory of the mapped pages of an array, or of what it is a view of.

    Without it, pages that were ever read or written count as memory of the process. The content
    stays: the next access finds it in the file. An array in memory is left as it is.
    """
    owner: object = array
    while isinstance(owner, np.ndarray):
        owner = owner.base
    if isinstance(owner, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        owner.madvise(mmap.MADV_DONTNEED)
