"""Reading and writing a spectrogram store; the arrays that its images are read into."""

import functools
import hashlib
import io
import math
import mmap
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image
from pydantic import PositiveFloat
from tqdm import tqdm

from genre_lib import config
from genre_lib.config import RunSettings, SpectrogramSettings, UserError, notice, on_error
from genre_lib.corpus import Corpus, Track, find_corpus
from genre_lib.corpus.sound import REST
from genre_lib.spectrogram import spectrogram_of, to_decibels

INDEX = {"track_id": str, "genre": str, "frames": "uint32"}  # what is read of ``index.csv``
STATED = ("sample_rate", "hop_length", "n_mels", "fmin", "fmax", "top_db")  # by any ``store.json``
BAR_AFTER = 2.0  # seconds; what is quicker shows no progress bar
MAPPED_ABOVE = 128 * 2**20  # bytes: so that two arrays and a training stay within 1.5 GB


class Manifest(SpectrogramSettings, extra="allow"):
    """What ``store.json`` states: at least what is in `STATED`."""

    name: str = ""
    frame_period_s: PositiveFloat | None = None


class Recipe(SpectrogramSettings):
    """How the spectrograms of a run were made, and of what: ``spectrogram.json``."""

    corpus: str
    digest: str
    frame_period_s: float


@dataclass(frozen=True)
class Store:
    """All mel spectrograms of a corpus.

    In images, row 0 is the lowest band, 0 is -top_db and 255 is 0 dB, the loudest point of a track.
    """

    name: str
    path: Path
    track_ids: tuple[str, ...]
    genres: tuple[str, ...]
    labels: np.ndarray  # index into `genres`, shape (tracks,)
    images: np.ndarray  # gray levels, uint8, shape (tracks, n_mels, frames)
    manifest: dict[str, Any] = field(repr=False)
    digest: str  # hash of names, genres, gray levels and groups
    groups: tuple[str, ...] = ()  # of each track, "" for none; empty if there are none

    @property
    def frame_period(self) -> float:
        """Seconds between two columns."""
        stated = self.manifest.get("frame_period_s")
        return float(stated or self.manifest["hop_length"] / self.manifest["sample_rate"])

    @property
    def seconds(self) -> float:
        """Duration of a track."""
        return self.images.shape[2] * self.frame_period

    @property
    def recipe(self) -> Recipe:
        """How it was made; what its manifest does not say is as in the settings' defaults."""
        known = {"seconds": round(self.seconds, 1)} | self.manifest
        known |= {"corpus": self.name, "digest": self.digest, "frame_period_s": self.frame_period}
        return Recipe(**{name: known[name] for name in Recipe.model_fields if name in known})

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
    corpus: Corpus, out: Path, recipe: SpectrogramSettings, *, jobs: int = -1, progress: bool = True
) -> tuple[str, ...]:
    """Write the spectrogram store of a corpus; the tracks that it leaves out.

    Only this process writes, so on a cluster (``joblib.parallel_config(backend="dask")``) workers
    need the audio files and nothing else; by default they are threads, `jobs` of them.
    A `UserError` is raised if `out` exists or has no room, the corpus is itself a store, or a
    track cannot be used, unless `genre_lib.config.on_error` says ``skip``.
    """
    from joblib import Parallel, delayed

    skip = on_error() == "skip"
    if corpus.store is not None:
        raise UserError(f"{corpus.store} is a spectrogram store already; give audio instead.")
    with config.new_folder(out) as folder:
        if corpus.passed_over:
            notice(corpus.passed_over)
        workers = Parallel(n_jobs=jobs, prefer="threads", return_as="generator")
        results = workers(delayed(_encoded)(track, recipe) for track in corpus.tracks)
        total, rows, faults = len(corpus.tracks), [], {}
        bar = tqdm(results, f"spectrograms of {corpus.name}", total, disable=not progress)
        for track, result in zip(corpus.tracks, bar, strict=True):
            if isinstance(result, Exception):
                faults[track.track_id] = result
                continue
            image, row = result
            (folder / track.genre).mkdir(exist_ok=True)
            (folder / track.genre / f"{track.track_id}.png").write_bytes(image)
            rows.append(row)
        if faults:
            of_all = f"{len(faults)} of {total} tracks of {corpus.name} cannot be used"
            notice("\n  ".join([f"{of_all}:", *(f"{name}: {faults[name]}" for name in faults)]))
            if not rows or not (skip or faults.keys() <= corpus.dispensable):
                raise UserError(
                    f"{of_all} (listed above); mend or remove their files, or, if others remain, "
                    "leave them out with --on-error skip."
                )
            left = {row["genre"] for row in rows}
            gone = ", ".join(sorted({track.genre for track in corpus.tracks} - left))
            if gone and len(left) == 1:
                raise UserError(f"No track of {gone} is left; a corpus needs two genres or more.")
            notice(f"They are left out{f', and so is all of {gone}' if gone else ''}.")
        seconds = np.array([row["seconds"] for row in rows])
        if short := int((seconds < (1 - REST) * recipe.seconds).sum()):
            notice(
                f"{short} of {len(rows)} tracks are shorter than {recipe.seconds:g} s, the "
                f"shortest {seconds.min():.1f} s; their images end in silence. To train on short "
                f"clips, give their length, such as -p seconds={max(0.1, seconds.min()):.1f}."
            )
        config.write_file(folder / "index.csv", pd.DataFrame(rows).to_csv(index=False))
        manifest = {"name": corpus.name, "tracks": len(rows), **recipe.model_dump()}
        manifest |= {"reference": "max", "librosa": version("librosa"), "skipped": [*faults]}
        config.write_json(folder / "store.json", manifest)
    return tuple(faults)


def _encoded(track: Track, recipe: SpectrogramSettings) -> tuple[bytes, dict] | Exception:
    """A PNG of a track, highest band at the top, and its row of the index; or what prevents it."""
    try:
        gray, row = spectrogram_of(track, recipe)
    except (UserError, OSError) as error:
        return error
    file = io.BytesIO()
    Image.fromarray(gray[::-1]).save(file, format="PNG")
    return file.getvalue(), row


def read_store(path: Path, *, progress: bool = True) -> Store:
    """Read a spectrogram store; a track that is shorter than others ends in silence.

    A `UserError` is raised if a file is missing or damaged, the manifest disagrees with the
    images, or the disk has no room (see `allocate`).
    """
    file = path / "store.json"
    manifest = Manifest.read(file)
    if missing := set(STATED) - manifest.model_fields_set:
        raise UserError(f"{file} does not state {min(missing)}.")
    file = path / "index.csv"
    table = read_csv(file, INDEX)
    index = table[list(INDEX)]
    groups = tuple(map(str, table.get("group", ())))
    if index.empty:
        raise UserError(f"{file} lists no track; the store is empty.")
    if (twice := index.track_id[index.track_id.duplicated()]).any():
        raise UserError(f"{file} lists the track {twice.iloc[0]!r} twice.")
    labels, genres = pd.factorize(index.genre, sort=True)
    content = hashlib.sha256("\n".join((*genres, *index.track_id)).encode())
    content.update(labels.tobytes() + "\n".join(groups).encode())
    rows = index.to_numpy()
    images = allocate((len(index), manifest.n_mels, int(index.frames.max())))

    def read(position: int) -> None:
        track, genre, frames = rows[position]
        file = path / genre / f"{track}.png"
        fault, then = f"{file} is missing or damaged", "; write the store anew"
        whole = config.refusing(fault, OSError, SyntaxError, ValueError, then=then)
        with whole, Image.open(file) as image:
            found, gray = (image.mode, image.height, image.width), np.asarray(image)
        if found != (expected := ("L", manifest.n_mels, frames)):
            raise UserError(f"{file} is {found}, but by store.json and index.csv it is {expected}.")
        images[position, :, :frames] = gray[::-1]  # the lowest band first

    name = manifest.name or path.name
    for position in in_threads(read, len(index), desc=f"reading {name}", progress=progress):
        content.update(take(images, position).data)
    known = manifest.model_dump(exclude_unset=True)
    digest = content.hexdigest()[:16]
    names = tuple(index.track_id)
    return Store(name, path, names, tuple(genres), labels, images, known, digest, groups)


# What was read of the last two stores, unless their folders have changed since.
_read_once = functools.lru_cache(2)(lambda path, _changed, **options: read_store(path, **options))


def read_csv(path: Path, columns: Mapping[str, Any]) -> pd.DataFrame:
    """Read a table that has columns of these types, and perhaps others; empty cells are text.

    A `UserError` is raised if the file cannot be read as one, or lacks a column.
    """
    with config.refusing(f"{path} cannot be read as CSV", OSError, ValueError, OverflowError):
        table = pd.read_csv(path, dtype=dict(columns), keep_default_na=False)
    if missing := columns.keys() - set(table):
        raise UserError(
            f"{path} has no column {min(missing)!r}; it has {', '.join(map(str, table))}."
        )
    return table


def in_threads(
    work: Callable[[int], None], tracks: int, *, desc: str, progress: bool
) -> Iterator[int]:
    """Call `work` with each position of a track, in threads; yields those done, in order."""
    from joblib import Parallel, delayed

    threads = Parallel(n_jobs=-1, require="sharedmem", return_as="generator")
    results = threads(delayed(work)(position) for position in range(tracks))
    bar = tqdm(results, desc, tracks, unit="track", delay=BAR_AFTER, disable=not progress)
    return (position for position, _ in enumerate(bar))


def open_store(settings: RunSettings, *, progress: bool = True) -> Store:
    """The spectrogram store of the settings' corpus, made first where it does not exist yet.

    Where another process is making it, this one waits. A `UserError` is raised if there is no such
    corpus, its store cannot be made or read, or its spectrograms are others than asked for.
    """
    corpus = find_corpus(settings)
    path = corpus.store or config.cache_dir() / "stores" / _name_of_store(corpus, settings)
    if not path.exists():
        lock = path.with_name(f"{path.name}.lock")
        with config.one_at_a_time(lock, work=f"making the store {path}"):
            if not path.exists():
                write_store(corpus, path, settings.spectrogram, progress=progress)
    store = _read_once(path, path.stat().st_mtime_ns, progress=progress)
    for name, wanted in settings.spectrogram:
        stored = store.manifest.get(name, wanted)
        if wanted not in (stored, SpectrogramSettings.model_fields[name].default):
            raise UserError(f"{name} = {wanted} is not possible: {path} was made with {stored}.")
    return store


def _name_of_store(corpus: Corpus, settings: RunSettings) -> str:
    """Name with a hash of settings, and of names, sizes and times of files, or the composer."""
    content = hashlib.sha256(settings.spectrogram.model_dump_json().encode() + on_error().encode())
    for track in corpus.tracks:
        stat = track.path.stat() if track.path and track.path.exists() else None
        known = stat and (stat.st_size, stat.st_mtime_ns)
        content.update(repr((track.track_id, known)).encode() + track.group.encode())
    if corpus.name == "synthetic":
        for source in sorted((Path(__file__).parent / "corpus" / "synthetic").glob("*.py")):
            content.update(source.read_bytes())
    return f"{corpus.name}-{content.hexdigest()[:12]}"


def allocate(shape: tuple[int, ...]) -> np.ndarray:
    """Zeros, uint8: in memory up to `MAPPED_ABOVE` bytes, in a mapped file above.

    The file has no name: its space is free when the process ends, however it does. A `UserError`
    is raised if there is no room.
    """
    size = math.prod(shape)
    if size <= MAPPED_ABOVE:
        return np.zeros(shape, np.uint8)
    folder = config.cache_dir() / "cache"
    with config.writing(folder, otherwise="set GENRE_CACHE to a folder on a larger disk"):
        folder.mkdir(parents=True, exist_ok=True)
        if size > shutil.disk_usage(folder).free:
            raise OSError(f"no room for {size / 1e9:.1f} GB of images")
        with tempfile.TemporaryFile(dir=folder) as file:
            file.truncate(size)
            if hasattr(os, "posix_fallocate"):  # a full disk is noticed now, not in the middle
                os.posix_fallocate(file.fileno(), 0, size)
            mapped = mmap.mmap(file.fileno(), size)
            if hasattr(mmap, "MADV_RANDOM"):  # a row brings its own pages into memory, no others
                mapped.madvise(mmap.MADV_RANDOM)
            return np.frombuffer(mapped, np.uint8).reshape(shape)


def take(array: np.ndarray, rows: np.ndarray | int) -> np.ndarray:
    """Copy rows of an array by their positions; its mapped pages are given back."""
    taken = np.take(array, rows, axis=0)
    release(array)
    return taken


def release(array: np.ndarray) -> None:
    """Give back the memory of mapped pages of an array or of its base; its content stays."""
    owner: object = array
    while isinstance(owner, np.ndarray):
        owner = owner.base
    mapped = getattr(owner, "obj", None)
    if isinstance(mapped, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)
