"""Views (how a track becomes images), protocols (what is split into the subsets), leakage."""

from __future__ import annotations

import functools
import hashlib
import re
import threading
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from genre_lib.augment import IMAGE_SIZE, augment, pipeline
from genre_lib.config import RunSettings, UserError, notice, refusing, split_files
from genre_lib.corpus.gtzan import UNREADABLE, fault_filtered
from genre_lib.paper import SUBSET_SHARES
from genre_lib.store import Store, allocate, in_threads, release, take

SUBSETS = ("train", "validation", "test")
UNUSED = "unused"  # the subset of images that a protocol leaves out
WORDS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev"), "validation"),
    **dict.fromkeys(("test", "testing", "eval"), "test"),
}
GTZAN_TRACK = re.compile(r"[a-z]+\.\d{5}(?!\d)")


@dataclass(frozen=True)
class Dataset:
    """The images of a run and their subsets.

    The table has one row an image: track_id, genre, recording (the first track with the same
    content), image (0 to images_per_track - 1), subset.
    """

    images: np.ndarray  # uint8, shape (N, 128, 128); row 0 is the lowest band
    labels: np.ndarray  # index into `genres`, shape (N,)
    genres: tuple[str, ...]
    table: pd.DataFrame

    def rows(self, subset: str) -> np.ndarray:
        """Positions of a subset's images."""
        return np.flatnonzero(self.table["subset"] == subset)


def make_dataset(store: Store, settings: RunSettings, *, progress: bool = True) -> Dataset:
    """Cut a store into images by the view and split them by the protocol."""
    labels = np.repeat(store.labels, settings.images_per_track)
    table = split_images(store, settings)
    return Dataset(cut_images(store, settings, progress=progress), labels, store.genres, table)


def split_images(store: Store, settings: RunSettings) -> pd.DataFrame:
    """The subset of each image: the table of a `Dataset`, without its images.

    A `UserError` is raised if a genre has fewer tracks (or images) than there are subsets.
    """
    track = np.repeat(np.arange(len(store.track_ids)), settings.images_per_track)
    labels, names = store.labels[track], np.array(store.track_ids, dtype=object)
    recording = recordings(store)
    units = together(store, recording)[track]
    if settings.split is not None:
        subset = _stated(store, settings)[track]
    elif settings.known_images is not None:
        subset = assign_known(units, labels, settings)
    elif settings.protocol == "fault-filtered":
        subset = _published(store)[track]
    else:
        units = units if settings.protocol == "track" else np.arange(len(labels))
        subset = assign_subsets(units, labels, store.genres, seed=settings.seed)
    if settings.training_tracks is not None:
        subset = thin_training(subset, track, labels, settings)
    return pd.DataFrame(
        {  # rows share their names as objects: text for each would take far more memory
            "track_id": names[track],
            "genre": np.array(store.genres, dtype=object)[labels],
            "recording": names[recording[track]],
            "image": np.arange(len(track)) % settings.images_per_track,
            "subset": subset,
        }
    )


def assign_subsets(
    units: np.ndarray, labels: np.ndarray, genres: tuple[str, ...], *, seed: int
) -> np.ndarray:
    """Split units into the subsets, 75/15/10, stratified by genre (Section IV-A).

    A unit stays together. `units`, shape (N,), has for each image the number of its recording
    (protocol `track`), or another number (protocol `image`); `labels`, shape (N,), its genre. A
    unit with images of two genres goes to training: no answer to it could be called right.

    Returns the subset name of each image, objects, shape (N,). A `UserError` is raised if a genre
    has fewer units than there are subsets.
    """
    genres_of_unit = pd.Series(labels).groupby(units).nunique()
    mixed = genres_of_unit[genres_of_unit > 1].index
    rng = np.random.default_rng([seed, 75_15_10])
    subsets = np.empty(len(units), dtype=object)
    for label, genre in enumerate(genres):
        rows = np.flatnonzero(labels == label)
        names, unit, sizes = np.unique(units[rows], return_inverse=True, return_counts=True)
        if len(names) < len(SUBSETS):
            raise UserError(
                f"Genre {genre!r} has {len(names)} to split into {len(SUBSETS)} subsets; "
                f"each genre needs at least {len(SUBSETS)} tracks."
            )
        weights = sizes / sizes.min()
        room = {
            name: max(1, round(SUBSET_SHARES[name] * weights.sum()))
            for name in ("test", "validation")
        }
        chosen = np.array(["train"] * len(names), dtype=object)
        alone = ~np.isin(names, mixed)
        for position in rng.permutation(len(names)):
            fits = [name for name in room if weights[position] <= room[name]]
            if fits and alone[position]:
                chosen[position] = fits[0]
                room[fits[0]] -= weights[position]
        for name in room:
            spare = np.flatnonzero(alone & (chosen == "train"))
            if name not in chosen and len(spare) > 1:  # where all units are larger than its room
                chosen[spare[weights[spare].argmin()]] = name
        subsets[rows] = chosen[unit]
    return subsets


def thin_training(
    subset: np.ndarray, track: np.ndarray, labels: np.ndarray, settings: RunSettings
) -> np.ndarray:
    """Leave only `training_tracks` random tracks in training, of each genre as many; shape (N,).

    To tell what fewer tracks cost from what other artists cost.
    """
    rng = np.random.default_rng([settings.seed, 443])
    trained = pd.Series(labels[subset == "train"], track[subset == "train"])
    genre = trained[~trained.index.duplicated()].sample(frac=1, random_state=rng)
    kept = genre.groupby(genre).cumcount().sort_values(kind="stable")  # genres in turn
    if settings.training_tracks > len(genre):  # type: ignore[operator]
        raise UserError(
            f"training_tracks = {settings.training_tracks} is not possible: training has "
            f"{len(genre)} tracks."
        )
    left_out = (subset == "train") & ~np.isin(track, kept.index[: settings.training_tracks])
    return np.where(left_out, UNUSED, subset)


def assign_known(units: np.ndarray, labels: np.ndarray, settings: RunSettings) -> np.ndarray:
    """Split so that training has `known_images` images of each test track; shape (N,).

    A third of the images of 30 % of the units are tested, and no others of them but the known ones
    are used. 10 % of the units are for validation. The known images take the places of as many
    random images of the rest, so training is of the same size, and the test set the same, for any
    number of them. `units` and `labels` are as for `assign_subsets`. A `UserError` is raised if a
    track has too few images.
    """
    tested_images = settings.images_per_track // 3
    known = settings.known_images or 0
    if settings.protocol != "image" or known > settings.images_per_track - tested_images:
        raise UserError(
            f"known_images = {known} is not possible: it needs protocol=image, and a track has "
            f"{settings.images_per_track} images, of which {tested_images} are tested."
        )
    rng = np.random.default_rng([settings.seed, 30_10])
    subsets = np.full(len(units), UNUSED, dtype=object)
    for label in np.unique(labels):
        of_genre = labels == label
        names = rng.permutation(np.setdiff1d(units[of_genre], units[~of_genre]))
        tested, validated = np.split(names[: round(0.4 * len(names))], [round(0.3 * len(names))])
        for unit in tested:
            rows = rng.permutation(np.flatnonzero(units == unit))
            subsets[rows[:tested_images]] = "test"
            subsets[rows[tested_images:][:known]] = "train"
        subsets[np.isin(units, validated)] = "validation"
        others = of_genre & ~np.isin(units, names[: round(0.4 * len(names))])
        rows = rng.permutation(np.flatnonzero(others))
        subsets[rows[: len(rows) - known * len(tested)]] = "train"
    return subsets


def _published(store: Store) -> np.ndarray:
    """Subset of each track by the published fault-filtered lists, objects, shape (tracks,).

    Of the tracks of the lists, a store may lack the one that often is unreadable.
    """
    lists = fault_filtered()
    missing = sorted(set(lists) - set(store.track_ids) - {UNREADABLE})
    if missing:
        raise UserError(
            f"The protocol fault-filtered splits {len(lists)} tracks of GTZAN, but {store.path} "
            f"lacks {len(missing)} of them, such as {missing[0]}; use protocol=track there."
        )
    return np.array([lists.get(track_id, UNUSED) for track_id in store.track_ids], dtype=object)


def _stated(store: Store, settings: RunSettings) -> np.ndarray:
    """Subset of each track by the settings' file, objects, shape (tracks,)."""
    if settings.protocol != "track" or settings.known_images is not None:
        raise UserError("split needs protocol=track, and no known_images.")
    table = read_split(Path(str(settings.split)), store).drop_duplicates(["track_id", "subset"])
    if (twice := table.track_id[table.track_id.duplicated()]).any():
        raise UserError(f"{settings.split} has {twice.iloc[0]} in two subsets; choose one of them.")
    if "validation" not in set(table.subset):
        raise UserError(f"{settings.split} has no track in the subset 'validation'.")
    if left := len(store.track_ids) - len(table):
        notice(f"{left} of {len(store.track_ids)} tracks are in no subset by {settings.split}.")
    return table.set_index("track_id").subset.reindex(store.track_ids).fillna(UNUSED).to_numpy()


def read_split(path: Path, store: Store) -> pd.DataFrame:
    """Which track is in which subset, by a file or a folder of files; one row a line.

    Columns: track_id, subset, genre, recording. In each line one cell names a track, as its file
    or a piece of that may be called, and another one a subset, unless the file's own name does: the
    layouts of the page *Check my split*. There may be a heading, and comments behind ``#``. A
    `UserError` is raised if a line says less.
    """
    rows, names = [], set(store.track_ids)
    for file in split_files(path):
        with refusing(f"{file} cannot be read as text", OSError, ValueError):
            lines = file.read_text(encoding="utf-8-sig").splitlines()
        words = {WORDS.get(word) for word in re.split("[^a-z]+", file.stem.lower())} - {None}
        of_file = words.pop() if len(words) == 1 else None
        for number, line in enumerate(lines, start=1):
            cells = [cell.strip().strip('"') for cell in re.split("[,;\t]", line)]
            track = next((it for cell in cells for it in _tracks_called(cell) if it in names), None)
            stated = next(filter(None, (WORDS.get(cell.lower()) for cell in cells)), None)
            if track and (subset := stated or of_file):
                rows.append((track, subset))
            elif (
                track
                or stated
                or GTZAN_TRACK.search(line)
                or (number > 1 and line.split("#")[0].strip())
            ):
                lacks = "subset (train, validation or test)" if track else "track of the store"
                raise UserError(f"{file}, line {number} ({line.strip()[:80]!r}) names no {lacks}.")
    if absent := {"train", "test"} - {subset for _, subset in rows}:
        raise UserError(f"{path} has no track in the subset {min(absent)!r}.")
    index = np.array(store.track_ids)
    known = {"genre": np.array(store.genres)[store.labels], "recording": index[recordings(store)]}
    table = pd.DataFrame(rows, columns=["track_id", "subset"])
    return table.join(pd.DataFrame(known, index), on="track_id")


def _tracks_called(cell: str) -> list[str]:
    """Tracks that a cell may name: as they are, or by a path of their file or of a piece of it."""
    path = PurePosixPath(cell.replace("\\", "/"))
    found = [cell, path.name, path.stem, path.stem.rpartition(".")[0]]
    return [*found, f"{path.parent.name}.{path.stem}", *GTZAN_TRACK.findall(cell)]


def cut_images(store: Store, settings: RunSettings, *, progress: bool = True) -> np.ndarray:
    """The images of all tracks, uint8, shape (tracks * images_per_track, 128, 128).

    View `copies`: the whole track resized, then augmented copies of it, which depend on the seed
    and on the track's position in the store, not on what else the store has. View `segments`:
    consecutive slices of the track, each resized; a `UserError` is raised if it is too short.
    """
    count, per_track = len(store.track_ids), settings.images_per_track
    if settings.view == "segments" and store.images.shape[2] < per_track:
        raise UserError(
            f"The tracks of {store.path} have {store.images.shape[2]} columns, too few for "
            f"images_per_track = {per_track} segments."
        )
    images = allocate((count, per_track, IMAGE_SIZE, IMAGE_SIZE))

    def work(position: int) -> None:
        images[position] = images_of(store, settings, position)

    for _ in in_threads(work, count, desc=f"images of {store.name}", progress=progress):
        release(images)
    return images.reshape(-1, IMAGE_SIZE, IMAGE_SIZE)


def images_of(store: Store, settings: RunSettings, position: int) -> np.ndarray:
    """The images of the track at a position, shape (images_per_track, 128, 128)."""
    images = pictures_of(take(store.images, position), settings)
    if settings.view == "copies":
        sequence = np.random.SeedSequence([settings.seed, position])
        seed = int(sequence.generate_state(1, np.uint64)[0])
        images = np.repeat(images, settings.images_per_track, axis=0)
        compose = _pipeline_of(settings.augmentation, threading.get_ident())
        images[1:] = augment(images[1:], compose, seed=seed)
    return images


# To make one takes as long as to augment some images with it.
_pipeline_of = functools.lru_cache(32)(lambda settings, _thread: pipeline(settings))


def pictures_of(gray: np.ndarray, settings: RunSettings) -> np.ndarray:
    """Network inputs of one spectrogram, uint8, shape (B, 128, 128), without augmentation.

    In the view `copies` it is one, in the view `segments` there are `images_per_track` slices.
    """
    count = settings.images_per_track if settings.view == "segments" else 1
    return np.stack([resize(part) for part in np.array_split(gray, count, axis=1)])


def resize(image: np.ndarray) -> np.ndarray:
    """Resize gray levels to a network input, uint8, shape (128, 128), averaging what shrinks."""
    import cv2

    rows, columns = image.shape
    if columns < IMAGE_SIZE:  # an axis at a time: average to shrink, interpolate to grow
        image = cv2.resize(image, (IMAGE_SIZE, rows), interpolation=cv2.INTER_LINEAR)
    return cv2.resize(image, (IMAGE_SIZE, IMAGE_SIZE), interpolation=cv2.INTER_AREA)


def recordings(store: Store) -> np.ndarray:
    """For each track the position of the first with the same gray levels, shape (tracks,)."""
    tracks = pd.Series(range(len(store.track_ids)))
    content = [hashlib.sha256(take(store.images, number).data).hexdigest() for number in tracks]
    return tracks.groupby(content).transform("first").to_numpy()


def together(store: Store, recording: np.ndarray) -> np.ndarray:
    """For each track the first that stays with it: the same recording, or of one group."""
    group = pd.Series([name or number for number, name in enumerate(store.groups)] or recording)
    unit, before = recording, np.array([])
    while not np.array_equal(unit, before):
        before = unit
        for key in (group, recording):
            unit = pd.Series(unit).groupby(key).transform("min").to_numpy()
    return unit


def identical_tracks(tracks: pd.DataFrame, others: pd.DataFrame) -> int:
    """How many tracks have the same recording as another track among the others."""
    both = tracks.merge(others, on="recording", suffixes=("", "_of_other"))
    return both.track_id[both.track_id != both.track_id_of_other].nunique()


def audit(table: pd.DataFrame) -> pd.DataFrame:
    """Audit a split: what the subsets of each pair have in common.

    The table has one row an image: track_id, recording, subset. The answer has the columns first,
    second; shared_tracks, how many tracks have images in both; share, their share of the second
    subset's tracks; identical_tracks, how many tracks of the second have the same content as
    another track of the first.
    """
    rows = []
    tracks = table[["subset", "track_id", "recording"]].drop_duplicates()
    for first, second in combinations(SUBSETS, 2):
        one, two = (tracks[tracks.subset == subset] for subset in (first, second))
        shared = len(set(one.track_id) & set(two.track_id))
        rows.append((first, second, shared, shared / max(1, len(two)), identical_tracks(two, one)))
    columns = ["first", "second", "shared_tracks", "share", "identical_tracks"]
    return pd.DataFrame(rows, columns=columns)
