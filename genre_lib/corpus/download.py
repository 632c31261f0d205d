"""Fetch a large archive so that what arrived is never lost, and unpack it wholly or not at all."""

import re
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

from tqdm import tqdm

from genre_lib.config import GENRES, UserError, new_folder, writing
from genre_lib.corpus.folder import is_audio

TIMEOUT = 60.0  # seconds to connect, and without a byte
BLOCK = 2**16  # bytes; what is lost of them when a connection breaks is fetched again
SHA256 = re.compile(r"\b[0-9a-f]{64}\b")  # as the Hugging Face hub states it


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
    known = sha256 or stated
    size_fits = size in (None, part.stat().st_size)
    if not size_fits or (known and pooch.file_hash(str(part)) != known):
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
            with writing(part), bar, open(part, "ab") as file:
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
    with new_folder(target) as folder:
        try:
            if zipfile.is_zipfile(archive):
                with zipfile.ZipFile(archive) as zip_:
                    for member in zip_.infolist():
                        if place := _place(member.filename):
                            member.filename = place
                            zip_.extract(member, folder)
            else:
                with tarfile.open(archive) as tar:
                    tar.extractall(folder, filter=_safe)
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


def _safe(member: tarfile.TarInfo, folder: str) -> tarfile.TarInfo | None:
    """A member of a tar archive where it is unpacked to, unless it is dangerous."""
    data = tarfile.data_filter(member, folder)
    if data.name != member.name or not (data.isfile() or data.isdir()):
        raise tarfile.FilterError(f"{member.name!r} is a link, a device, or leads out of it")
    place = _place(member.name)
    return data.replace(name=place, deep=False) if place else None
