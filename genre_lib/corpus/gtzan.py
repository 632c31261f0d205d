"""GTZAN: where it is looked for, and where it is fetched from.

It has no licence, so nothing of it is shipped.
"""

import functools
import os
import re
import tarfile
import zipfile
from itertools import chain
from pathlib import Path, PurePosixPath

import pandas as pd
from tqdm import tqdm

from genre_lib import config
from genre_lib.config import GENRES, UserError, notice
from genre_lib.corpus.folder import Corpus, folder_corpus, is_audio, is_store

UNREADABLE = "jazz.00054"  # cannot be decoded in the copy that most people have

# Spectrograms first, then the layouts that the copies in circulation unpack to.
STORE = "gtzan/mel"
LAYOUTS = ("genres", "genres_original", "Data/genres_original", "data/genres", "audio")
AUDIO = (*(f"gtzan/{layout}" for layout in LAYOUTS), *LAYOUTS)
ARCHIVES = ("gtzan/*.tar.gz", "gtzan/*.zip", "genres*.tar.gz", "archive*.zip")  # brought by hand
HOME = "gtzan/genres"  # where an archive is unpacked to

# The original is not served any more; of its mirror, the size is known.
MIRROR = "https://huggingface.co/datasets/marsyas/gtzan/resolve/main/data/genres.tar.gz"
MIRROR_SIZE = 1226192050
ADDRESS = re.compile(r"(https?://[\w.-]+(?::\d+)?/[^#]*)(?:#sha256=(\w{64}))?", re.I)

TIMEOUT = 60.0  # seconds to connect, and without a byte
BLOCK = 2**16  # bytes; what is lost of them when a connection breaks is fetched again
SHA256 = re.compile(r"\b[0-9a-f]{64}\b")  # as the Hugging Face hub states it


def find_gtzan(data: Path, *, download: bool = True) -> Corpus:
    """Find GTZAN under the data folder: a spectrogram store, else audio; else obtain it.

    `download` says whether an archive may be unpacked and, unless ``GENRE_OFFLINE`` is set,
    fetched. A `UserError` is raised if GTZAN is in none of the known places and cannot be obtained.
    """
    data = data.parent if data.is_file() else data  # as an archive's name says
    offline = os.environ.get("GENRE_OFFLINE", "") not in ("", "0")
    if not _present(data) and download and (_archive(data) or not offline):
        obtain(data)
    if corpus := _present(data):
        return corpus
    how = "GENRE_OFFLINE forbids to fetch it" if offline else "a command that needs it fetches it"
    raise UserError(
        f"GTZAN is not under {data} (looked for {', '.join((STORE, *AUDIO[: len(LAYOUTS)]))}); put "
        "your copy there, or set GENRE_DATA to the folder that holds it, or give the folder itself "
        f"as --corpus; {how}."
    )


def _present(data: Path) -> Corpus | None:
    """GTZAN as it lies under the data folder: audio counts in folders named after its genres."""
    if is_store(data / STORE):
        return Corpus("gtzan", store=data / STORE)
    places = {data / place: "*" for place in AUDIO}
    for place in (data, *data.glob("*"), *data.glob("*/*")):  # may hold other music, too
        places.setdefault(place, "{}.[0-9]*")
    for place, names in places.items():
        if any(map(is_audio, chain(*((place / it).glob(names.format(it)) for it in GENRES)))):
            tracks = folder_corpus(place).tracks
            return Corpus("gtzan", tracks, None, frozenset({UNREADABLE}))
    return None


def _archive(data: Path) -> Path | None:
    """The archive that somebody has put into the data folder."""
    return next((file for place in ARCHIVES for file in sorted(data.glob(place))), None)


def source() -> tuple[str, int | None, str | None]:
    """Where GTZAN is fetched from: ``GENRE_GTZAN_URL``, else the mirror; its size and hash."""
    address = os.environ.get("GENRE_GTZAN_URL") or MIRROR
    if not (parts := ADDRESS.fullmatch(address)):
        form = "https://HOST/FILE, perhaps with #sha256= and 64 digits behind it"
        raise UserError(f"GENRE_GTZAN_URL = {address} is no address; write {form}.")
    return parts[1], MIRROR_SIZE if address == MIRROR else None, parts[2] and parts[2].lower()


def obtain(data: Path) -> None:
    """Unpack GTZAN from an archive in the data folder, which is fetched if there is none.

    One process does so, others wait. A fetched archive is removed when it is unpacked. A
    `UserError` is raised if it cannot be fetched or unpacked.
    """
    target = data / HOME
    with config.one_at_a_time(target.parent / "fetching.lock", work="fetching GTZAN"):
        if _present(data):
            return
        if target.exists():
            raise UserError(f"{target} is in the way and holds no audio of GTZAN; move it away.")
        if brought := _archive(data):
            return unpack(brought, target)
        url, size, sha256 = source()
        notice(
            f"GTZAN is fetched: about 1.2 GB from {url} to {target.parent}, where 2.6 GB of room "
            "are needed. It has no licence; whether you may use it is for you to decide. Ctrl-C "
            "ends this, and the same command goes on from there. GENRE_OFFLINE=1 forbids it, "
            "GENRE_GTZAN_URL names another mirror."
        )
        fetched = fetch(url, target.parent, size=size, sha256=sha256)
        try:
            unpack(fetched, target)
        except BadArchive:
            fetched.unlink()
            raise
        fetched.unlink()


class BadArchive(UserError):
    """An archive that must not be used."""


def fetch(url: str, folder: Path, *, size: int | None = None, sha256: str | None = None) -> Path:
    """Fetch an archive, of which size (bytes) and hash may be known, or go on where that ended.

    A `UserError` is raised if nothing more arrives, or it cannot be written: what arrived is kept.
    A `BadArchive` is raised, and it is removed, if its size or hash is wrong.
    """
    import pooch
    import requests
    from urllib3.exceptions import HTTPError

    whole = folder / pooch.utils.unique_file_name(url)
    if whole.exists():
        return whole
    part = whole.with_name(f"{whole.name}.part")
    part.touch()
    while True:
        before = part.stat().st_size
        try:
            stated = _go_on(url, part)
            break
        except (requests.RequestException, HTTPError) as error:
            if part.stat().st_size > before:  # the connection broke off on the way
                continue
            status = getattr(getattr(error, "response", None), "status_code", None)
            raise UserError(
                f"{url} cannot be fetched ({status or type(error).__name__}); the same command "
                "goes on from what arrived, GENRE_GTZAN_URL names another mirror."
            ) from None
    bad_size = size not in (None, part.stat().st_size)
    if bad_size or (sha256 or stated) not in (None, pooch.file_hash(str(part))):
        part.unlink()
        raise BadArchive(
            f"What came from {url} is removed: it has another size or SHA-256 than is known; try "
            "again, or another mirror."
        )
    return part.rename(whole)


def _go_on(url: str, part: Path) -> str | None:
    """Fetch what is missing of a file by HTTP Range; its SHA-256, if the server states it."""
    import requests

    have = part.stat().st_size
    headers = {"Accept-Encoding": "identity", "Range": f"bytes={have}-"}
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        etags = (it.headers.get("X-Linked-Etag", "") for it in (*response.history, response))
        stated = SHA256.search(" ".join(etags))
        if response.status_code != 416:  # where nothing is missing
            response.raise_for_status()
            start = have if response.status_code == 206 else 0
            total = start + int(response.headers.get("Content-Length", 0))
            bar = tqdm(None, "fetching", total or None, unit="B", unit_scale=True, initial=start)
            with config.writing(part), bar, open(part, "ab") as file:
                file.truncate(start)
                for block in response.raw.stream(BLOCK, decode_content=False):
                    bar.update(file.write(block))
    return stated[0] if stated else None


def unpack(archive: Path, target: Path) -> None:
    """Unpack the audio of genre folders in a ZIP or tar archive as ``target/GENRE/FILE``.

    A `BadArchive` is raised if it is damaged, is no archive, holds no such audio, or is a tar
    archive with a link, a device, or a name that leads out of it; another `UserError` if `target`
    exists or cannot be written.
    """
    with config.new_folder(target) as folder:
        try:
            if zipfile.is_zipfile(archive):
                with zipfile.ZipFile(archive) as zip_:
                    for entry in zip_.infolist():
                        if place := _place(entry.filename):
                            entry.filename = place
                            zip_.extract(entry, folder)
            else:
                with tarfile.open(archive) as tar:
                    for member in tar:
                        safe = tarfile.data_filter(member, str(folder))
                        if safe.name != member.name or not (safe.isfile() or safe.isdir()):
                            fault = f"{member.name!r} is a link, a device, or leads out of it"
                            raise tarfile.FilterError(fault)
                        if place := _place(member.name):
                            member = safe.replace(name=place, deep=False)
                            tar.extract(member, folder, filter="data")
                    while tar.fileobj.read(2**20):  # gzip compares its checksum at its end
                        pass
        except Exception as error:  # whatever the formats' modules make of damage
            if getattr(error, "errno", None):
                raise  # the disk's fault, not the archive's
            raise BadArchive(
                f"{archive} is damaged, no archive, or not to be trusted ({error}); nothing is "
                "unpacked."
            ) from None
        if not any(folder.iterdir()):
            raise BadArchive(f"{archive} does not hold folders of audio named {', '.join(GENRES)}.")


def _place(name: str) -> str | None:
    """Where a member of an archive is unpacked to, if it is audio in a genre's folder."""
    path = PurePosixPath(name)
    return "/".join(path.parts[-2:]) if is_audio(path) and path.parent.name in GENRES else None


@functools.cache
def fault_filtered() -> dict[str, str]:
    """The fault-filtered split of GTZAN: subset by track, for 930 of the 1000 tracks.

    It keeps one of each set of identical recordings, drops mislabelled and distorted tracks, and
    keeps the tracks of an artist in one subset (Kereliuk, Sturm and Larsen, 2015).
    """
    return dict(pd.read_csv(Path(__file__).with_name("fault_filtered.csv")).to_numpy().tolist())


@functools.cache
def artists() -> dict[str, str]:
    """The artist (of classical music: the composer) of 919 of GTZAN's tracks (Sturm, 2012)."""
    return dict(pd.read_csv(Path(__file__).with_name("artists.csv")).to_numpy().tolist())
