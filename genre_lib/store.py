"""Reading and writing a spectrogram store; the arrays that its images are read into."""

from __future__ import annotations

import csv
import functools
import hashlib
import io
import math
import mmap
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from glob import escape
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from joblib import Parallel, delayed
from joblib.parallel import get_active_backend
from PIL import Image
from pydantic import BaseModel, PositiveFloat, PositiveInt, TypeAdapter, ValidationError
from tqdm import tqdm

from genre_lib.config import (
    RunSettings,
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
from genre_lib.spectrogram import SilentTrack, spectrogram_of, to_decibels

INDEX_COLUMNS = ("track_id", "genre", "frames", "seconds", "sha256")
CHUNK = 64  # tracks that a thread reads or makes images of at a time
BAR_AFTER = 2.0  # seconds; what is quicker shows no progress bar
MAPPED_ABOVE = 128 * 2**20  # bytes: so that two arrays and a training stay within 1.5 GB

Checked = TypeVar("Checked")
Unusable = list[tuple[Track, Exception]]


class Manifest(BaseModel, extra="allow"):
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


class IndexRow(BaseModel):
    """One row of ``index.csv``."""

    track_id: str
    genre: str
    frames: PositiveInt


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
        if track_id not in self.track_ids:
            raise UserError(f"There is no track {track_id!r} in the store {self.path}.")
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
    `genre_lib.config.on_error` says ``skip``; a dispensable track that cannot be decoded is left
    out either way. Only this process writes, so on a cluster
    (``joblib.parallel_config(backend="dask")``) workers need the audio files and nothing else;
    by default they are threads.

    Parameters
    ----------
    jobs
        Workers; -1, the default unless ``joblib.parallel_config`` says otherwise, is one a core.

    Raises
    ------
    UserError
        If `path` exists, the corpus is itself a store, a track cannot be used, or the disk is
        full.
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
        bar = tqdm(
            zip(corpus.tracks, results, strict=True),
            total=len(corpus.tracks),
            desc=f"spectrograms of {corpus.name}",
            unit="track",
            disable=not progress,
        )
        rows: list[dict] = []
        unusable: Unusable = []
        for track, result in bar:
            if isinstance(result, Exception):
                unusable.append((track, result))
                continue
            image, row = result
            (folder / track.genre).mkdir(exist_ok=True)
            (folder / track.genre / f"{track.track_id}.png").write_bytes(image)
            rows.append(row)
        _report_unusable(unusable, corpus, skip=skip)
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


def _report_unusable(unusable: Unusable, corpus: Corpus, *, skip: bool) -> None:
    """List the tracks that cannot be used, and stop unless they may be left out."""
    if not unusable:
        return
    of_all = f"{len(corpus.tracks)} tracks of {corpus.name}"
    needed = [
        track
        for track, error in unusable
        if isinstance(error, SilentTrack) or track.track_id not in corpus.dispensable
    ]
    none_is_left = len(unusable) == len(corpus.tracks)
    goes_on = not none_is_left and (skip or not needed)
    table = [("track", "file", "fault")]
    for track, error in unusable:
        table.append((track.track_id, str(track.path or ""), getattr(error, "fault", str(error))))
    first, second = (max(len(row[column]) for row in table) for column in (0, 1))
    lines = (f"  {name:<{first}}  {file:<{second}}  {fault}" for name, file, fault in table)
    left_out = " and are left out" if goes_on else ""
    notice("\n".join((f"{len(unusable)} of {of_all} cannot be used{left_out}:", *lines)))
    if none_is_left:
        raise UserError(f"No track of {corpus.name} can be used; the table above says why.")
    if not goes_on:
        raise UserError(
            f"{len(needed)} of {of_all} cannot be used (listed above); mend or remove their "
            "files, or leave them out with --on-error skip."
        )


def write_index(folder: Path, rows: Sequence[dict]) -> None:
    """Write ``index.csv`` of a store."""
    text = io.StringIO()
    writer = csv.DictWriter(text, INDEX_COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    write_text(folder / "index.csv", text.getvalue())


def read_store(path: Path, *, progress: bool = True) -> Store:
    """Read a spectrogram store; a track that is shorter than others ends in silence.

    Raises
    ------
    UserError
        If the store is missing or empty, its manifest disagrees with its files, or an image is
        damaged: the message names the file. If the images are many and the disk has no room for
        them (see `allocate`).
    """
    if not (path / "store.json").exists() or not (path / "index.csv").exists():
        raise UserError(
            f"{path} is no spectrogram store (store.json and index.csv); make one with "
            f"`genre-book store AUDIO_FOLDER {path}`."
        )
    manifest = _checked(Manifest, read_json(path / "store.json"), path / "store.json")
    rows = _read_index(path / "index.csv")
    track_ids = tuple(row.track_id for row in rows)
    genres = tuple(sorted({row.genre for row in rows}))
    labels = np.array([genres.index(row.genre) for row in rows])
    content = hashlib.sha256("\n".join((*genres, *track_ids)).encode())
    content.update(labels.tobytes())
    images = allocate((len(rows), manifest.n_mels, max(row.frames for row in rows)))

    def read(chunk: slice) -> None:
        for image, row in zip(images[chunk], rows[chunk], strict=True):
            file = path / row.genre / f"{row.track_id}.png"
            gray = read_image(file)
            if gray.shape != (manifest.n_mels, row.frames):
                raise UserError(
                    f"{file} is {gray.shape[0]} x {gray.shape[1]}; the store's manifest says "
                    f"{manifest.n_mels} x {row.frames}."
                )
            image[:, : row.frames] = gray

    name = manifest.name or path.name
    for chunk in in_threads(read, len(rows), desc=f"reading {name}", progress=progress):
        content.update(images[chunk].data)
        release(images)
    known = manifest.model_dump(exclude_none=True)
    digest = content.hexdigest()[:16]
    return Store(name, path, track_ids, genres, labels, images, known, digest)


def _read_index(path: Path) -> list[IndexRow]:
    """The rows of a store's ``index.csv``: at least one, and no track twice."""
    try:
        listed = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    except (OSError, ValueError, csv.Error) as error:
        raise UserError(f"{path} cannot be read ({error}).") from None
    rows = _checked(list[IndexRow], listed, path)
    if not rows:
        raise UserError(f"{path} lists no track; the store is empty.")
    name, count = Counter(row.track_id for row in rows).most_common(1)[0]
    if count > 1:
        raise UserError(f"{path} lists the track {name!r} twice.")
    return rows


def _checked(kind: type[Checked], value: object, file: Path) -> Checked:
    """What a file of a store states, as what it should be."""
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        found = "" if first["type"] == "missing" else f" = {first['input']!r}"
        raise UserError(f"{file}: {where}{found}: {first['msg'].lower()}.") from None


def read_image(file: Path) -> np.ndarray:
    """Read one PNG of a store as uint8, shape (n_mels, frames), lowest band first.

    Raises
    ------
    UserError
        If the file is missing, damaged, or not 8-bit gray.
    """
    try:
        with Image.open(file) as image:
            if image.mode != "L":
                raise UserError(f"{file} is a {image.mode} image; a store has 8-bit gray ones.")
            return np.asarray(image)[::-1]
    except FileNotFoundError:
        raise UserError(f"{file} is missing, but the store's index lists it.") from None
    except (OSError, SyntaxError, ValueError) as error:
        raise UserError(f"{file} is damaged ({error}); write the store anew.") from None


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

    Raises
    ------
    UserError
        If there is no such corpus, its store cannot be made or read, its spectrograms are others
        than the settings ask for, or it was made without some tracks and
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
    _check_skipped(store, corpus)
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


def _check_skipped(store: Store, corpus: Corpus) -> None:
    """Refuse a store that was made here without some tracks, unless they may be left out."""
    missing = [track for track in store.skipped if track not in corpus.dispensable]
    if not missing:
        return
    some = ", ".join(missing[:3]) + (", ..." if missing[3:] else "")
    count = f"{len(missing)} track{'s' * (len(missing) > 1)}"
    without = f"{store.path} was made without {count} that cannot be used ({some})"
    if corpus.store is None and on_error() == "stop":
        raise UserError(
            f"{without}; mend or remove their files, or leave them out with --on-error skip."
        )
    _notice_once(f"{without}.")


_notice_once = functools.cache(notice)


def _recipe_digest(corpus: Corpus, settings: RunSettings) -> str:
    """Hash of what a store would be made of: file names, sizes and times, or the composer."""
    content = hashlib.sha256(settings.spectrogram.model_dump_json().encode())
    for track in corpus.tracks:
        try:
            stat = track.path.stat() if track.path else None
        except OSError:  # that it is gone is reported when it is read
            stat = None
        known = (stat.st_size, stat.st_mtime_ns) if stat else None
        content.update(repr((track.track_id, known)).encode())
    if corpus.name == "synthetic":
        for source in sorted((Path(__file__).parent / "corpus" / "synthetic").glob("*.py")):
            content.update(source.read_bytes())
    return content.hexdigest()[:12]


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
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if size > shutil.disk_usage(folder).free:
            raise OSError("the disk is too full")
        with tempfile.TemporaryFile(dir=folder) as file:
            if hasattr(os, "posix_fallocate"):  # a full disk is noticed now, not in the middle
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
