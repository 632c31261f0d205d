"""GTZAN: where it is looked for, where it is fetched from, and how good a copy of it is.

It has no licence, so nothing of it is shipped.
"""

from __future__ import annotations

import csv
import functools
import os
import shutil
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path, PurePosixPath

from joblib import Parallel, delayed
from tqdm import tqdm

from genre_lib.config import GENRES, UserError, notice, offline, one_at_a_time, read_json
from genre_lib.corpus.download import (
    Archive,
    BadArchive,
    archive_at,
    fetch,
    has_hash,
    part_of,
    unpack,
)
from genre_lib.corpus.folder import AUDIO_SUFFIXES, Corpus, Track, folder_corpus, is_store

UNREADABLE = "jazz.00054"  # cannot be decoded in the copy that most people have

# Spectrograms first, then the layouts that the copies in circulation unpack to.
STORE = Path("gtzan/mel")
LAYOUTS = ("genres", "genres_original", "Data/genres_original", "data/genres", "audio")
AUDIO = tuple(Path(base) / layout for base in ("gtzan", ".") for layout in LAYOUTS)
UNPACKED_TO = (*AUDIO, Path("gtzan"), Path("."))  # where the genres are in an archive
HOME = Path("gtzan/genres")  # where a fetched copy is unpacked to

# Of the mirror only the size is known. The original's address is dead, but copies of it exist.
MIRROR = Archive(
    "https://huggingface.co/datasets/marsyas/gtzan/resolve/main/data/genres.tar.gz",
    size=1226192050,
)
ORIGINAL_HASH = "sha256:24347e0223d2ba798e0a558c4c172d9d4a19c00bb7963fe055d183dadb4ef2c6"
ORIGINAL = Archive("http://opihi.cs.uvic.ca/sound/genres.tar.gz", 1225571541, ORIGINAL_HASH)
ARCHIVES = ("gtzan/genres.tar.gz", "genres.tar.gz", "archive.zip")  # brought by hand
UNPACKED = 1_330_000_000  # bytes

TRACKS = 1000
SAMPLE_RATE = 22050
SECONDS = 30.0
COLUMN = 512 / SAMPLE_RATE  # seconds; a track that lacks one column of its image is short

# From mirdata's index, which is read where somebody has put it.
INDEX = "gtzan_genre_index_1.0.json"
MD5 = {
    "blues.00000": "b462fa6a82a35d00940fe251f11447e5",
    "jazz.00054": "8f0ab76fff2d2c6bc80eb9c9362318ca",
}


def find_gtzan(data: Path, *, download: bool = True) -> Corpus:
    """Find GTZAN under the data folder: a spectrogram store, else audio; else obtain it.

    Parameters
    ----------
    download
        Whether an archive may be unpacked and, unless ``GENRE_OFFLINE`` is set, fetched.

    Raises
    ------
    UserError
        If it is in none of the known places and cannot be obtained.
    """
    corpus = _present(data)
    if corpus is None and download and (_archive(data) or not offline()):
        obtain(data)
        corpus = _present(data)
    if corpus is not None:
        return corpus
    places = ", ".join(str(place) for place in (STORE, *AUDIO[: len(LAYOUTS)]))
    raise UserError(
        f"GTZAN is not under {data} (looked for {places}); put your copy there, or set "
        "GENRE_DATA to the folder that holds it, or give the folder itself as --corpus"
        + (
            "; GENRE_OFFLINE forbids to fetch it."
            if offline()
            else f"; a command that needs it fetches it ({_gigabytes(source())})."
        )
    )


def _present(data: Path) -> Corpus | None:
    """GTZAN as it lies under the data folder."""
    known = frozenset({UNREADABLE})
    if is_store(data / STORE):
        return Corpus("gtzan", store=data / STORE, dispensable=known)
    place = _find_genres(data, AUDIO)
    if place is None:
        return None
    tracks = folder_corpus(place).tracks
    return Corpus("gtzan", tracks, dispensable=known, describe=lambda: report(tracks, data))


def _find_genres(folder: Path, places: Sequence[Path] = UNPACKED_TO) -> Path | None:
    """The first place with audio in folders that bear the names of GTZAN's genres."""
    for place in places:
        if any(
            is_audio(PurePosixPath(file.name))
            for genre in GENRES
            for file in (folder / place / genre).glob("*")
        ):
            return folder / place
    return None


def is_audio(name: PurePosixPath) -> bool:
    """Tell from its name whether a file is audio, and not hidden as what macOS adds is."""
    hidden = any(part.startswith(".") for part in name.parts)
    return name.suffix.lower() in AUDIO_SUFFIXES and not hidden


def _archive(data: Path) -> Path | None:
    """The archive that somebody has put into the data folder."""
    return next((data / place for place in ARCHIVES if (data / place).is_file()), None)


def source() -> Archive:
    """Where GTZAN is fetched from: ``GENRE_GTZAN_URL``, else the mirror."""
    address = os.environ.get("GENRE_GTZAN_URL")
    return archive_at(address) if address else MIRROR


def _gigabytes(archive: Archive) -> str:
    about = "" if archive.size else "about "
    return f"{about}{(archive.size or ORIGINAL.size or 0) / 1e9:.2f} GB"


def obtain(data: Path) -> None:
    """Unpack GTZAN from an archive in the data folder, which is fetched if there is none.

    One process does so, others wait. A fetched archive is removed when it is unpacked.

    Raises
    ------
    UserError
        If it cannot be fetched or unpacked (see `genre_lib.corpus.download`).
    """
    target = data / HOME
    with one_at_a_time(target.parent / "fetching.lock", work="fetching GTZAN"):
        if _present(data) is not None:
            return
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise UserError(f"{target} is in the way and holds no audio of GTZAN; move it away.")
        for left in target.parent.glob(f".{target.name}.*.part"):
            shutil.rmtree(left)  # by a process that was killed
        brought = _archive(data)
        archive = brought or _fetched(data)
        try:
            if archive.stat().st_size == ORIGINAL.size and not has_hash(archive, ORIGINAL_HASH):
                raise BadArchive(
                    f"{archive} is as large as GTZAN's own archive, but its hash is not "
                    f"{ORIGINAL_HASH}; it is damaged, so fetch it again."
                )
            unpack(archive, target, wanted=is_audio, find=_find_genres)
        except BadArchive as error:
            if brought:
                raise
            archive.unlink()
            raise BadArchive(f"{str(error).rstrip('.')}; the file was removed.") from None
        if not brought:
            archive.unlink()


def _fetched(data: Path) -> Path:
    """Say what is going to be fetched, and fetch it."""
    archive, folder = source(), (data / HOME).parent
    part = part_of(archive, folder)
    here = f", of which {part.stat().st_size / 1e9:.2f} GB are here" if part.exists() else ""
    notice(
        f"GTZAN is not under {data}, so it is fetched: {_gigabytes(archive)}{here}, from "
        f"{archive.url} to {folder}. GTZAN has no licence; whether you may use it is for you to "
        "decide. Ctrl-C ends this, and the same command goes on from there. GENRE_OFFLINE=1 "
        "forbids to fetch it, GENRE_GTZAN_URL names another mirror."
    )
    return fetch(archive, folder, room=UNPACKED)


def report(tracks: Sequence[Track], data: Path) -> str:
    """Say how good a copy of GTZAN is: how many tracks, which are short, unreadable, different.

    A track is short if at least one column of its spectrogram is missing, 0.02 s. MD5 sums are
    compared with mirdata's index where it lies in the data folder, else with the two that are
    known here. Nothing is refused: nobody has published whether the mirror's files have them.
    """
    index, comparison = _index(data)
    threads = Parallel(n_jobs=-1, require="sharedmem", return_as="generator")
    looks = tqdm(
        threads(delayed(_look)(track, index.get(track.track_id)) for track in tracks),
        desc="looking at gtzan",
        total=len(tracks),
        unit="track",
        delay=2.0,
    )
    short, unreadable, other = [], [], []
    for track, (seconds, same) in zip(tracks, looks, strict=True):
        if seconds is None:
            unreadable.append(track.track_id)
        elif seconds <= SECONDS - COLUMN:
            short.append(f"{track.track_id} {seconds:.2f} s")
        if same is False:
            other.append(track.track_id)
    listed = sum(track.track_id in index for track in tracks)
    return (
        f"GTZAN: {len(tracks)} of {TRACKS} tracks\n"
        f"  shorter than {SECONDS:.0f} s by {COLUMN:.2f} s or more, and so ending in silence: "
        f"{_some(short)}\n"
        f"  cannot be decoded: {_some(unreadable)}\n"
        f"  MD5 as in {comparison}: {listed - len(other)} of {listed}; others: {_some(other)}"
    )


def _look(track: Track, md5: str | None) -> tuple[float | None, bool | None]:
    """Seconds of a track, None if it cannot be decoded, and whether its MD5 is the known one."""
    try:
        seconds = len(track.load(SAMPLE_RATE)) / SAMPLE_RATE
    except UserError:
        seconds = None
    try:
        return seconds, has_hash(track.path, f"md5:{md5}") if md5 and track.path else None
    except OSError:
        return seconds, False


def _index(data: Path) -> tuple[Mapping[str, str], str]:
    """MD5 by track, and what they come from."""
    known = "mirdata's index as far as it is known here"
    place = next((p for p in (data / HOME.parent / INDEX, data / INDEX) if p.is_file()), None)
    if place is None:
        return MD5, known
    try:
        tracks = read_json(place)["tracks"]
        return {name: files["audio"][1] for name, files in tracks.items()}, place.name
    except (UserError, KeyError, TypeError, IndexError, AttributeError):
        return MD5, f"{known} ({place} cannot be read)"


def _some(names: Sequence[str]) -> str:
    """Names in a line, not all if they are many."""
    shown = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
    return f"{len(names)} ({shown})" if names else "none"


@functools.cache
def fault_filtered() -> dict[str, str]:
    """The fault-filtered split of GTZAN: subset by track, for 930 of the 1000 tracks.

    It keeps one of each set of identical recordings, drops mislabelled and distorted tracks, and
    keeps the tracks of an artist in one subset (Kereliuk, Sturm and Larsen, 2015).
    """
    text = files("genre_lib.corpus").joinpath("fault_filtered.csv").read_text(encoding="utf-8")
    return {row["track_id"]: row["subset"] for row in csv.DictReader(text.splitlines())}
