"""Fetch a large archive so that what arrived is never lost, and unpack it wholly or not at all."""

from __future__ import annotations

import errno
import lzma
import os
import re
import shutil
import sys
import tarfile
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urldefrag

from tqdm import tqdm

from genre_lib.config import UserError

if TYPE_CHECKING:
    import requests

WAITS = (1.0, 2.0, 4.0, 8.0, 16.0)  # seconds before another attempt; more when asked to wait
LONGEST_WAIT = 120.0
TIMEOUT = (15.0, 60.0)  # seconds to connect, and without a byte
BLOCK = 2**16  # bytes; what is lost of them when a connection breaks is fetched again
TRY_AGAIN = {408, 425, 429, 500, 502, 503, 504}  # HTTP: the server may answer later
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
HASH = re.compile(r"(?:sha256=[0-9a-f]{64}|md5=[0-9a-f]{32})", re.IGNORECASE)
ADDRESS = re.compile(r"https?://[\w.-]+(:\d+)?/", re.IGNORECASE)
DRIVE = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True)
class Archive:
    """A file to fetch and what is known of it.

    Attributes
    ----------
    size
        In bytes.
    known_hash
        As pooch writes it, such as ``sha256:24347e02...``.
    """

    url: str
    size: int | None = None
    known_hash: str | None = None


class BadArchive(UserError):
    """An archive that must not be used."""


class _Interrupted(Exception):
    """What may go well at another attempt."""

    def __init__(self, reason: str, *, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


def archive_at(address: str) -> Archive:
    """An archive by its address, which may end in ``#sha256=...`` or ``#md5=...``.

    Raises
    ------
    UserError
        If it is no address of that kind.
    """
    if not ADDRESS.match(address):
        raise UserError(f"{address} is no address of an archive; one begins with https://.")
    url, fragment = urldefrag(address)
    if fragment and not HASH.fullmatch(fragment):
        raise UserError(
            f"{address} is not understood: after # stands sha256= and 64 digits, or md5= and 32."
        )
    return Archive(url, known_hash=fragment.lower().replace("=", ":") or None)


def has_hash(path: Path, known: str) -> bool:
    """Tell whether a file has a hash such as ``md5:5b3d6ddd...``."""
    import pooch

    algorithm, _, digits = known.partition(":")
    return pooch.file_hash(str(path), alg=algorithm) == digits


def part_of(archive: Archive, folder: Path) -> Path:
    """Where the beginning of an archive lies until all of it has arrived."""
    from pooch.utils import unique_file_name

    return folder / f"{unique_file_name(archive.url)}.part"


def fetch(archive: Archive, folder: Path, *, room: int = 0, progress: bool = True) -> Path:
    """Fetch an archive, or go on where an earlier attempt ended.

    Parameters
    ----------
    room
        Bytes that must be free beside those of the archive.

    Returns
    -------
    Path
        The file; it has the size and the hash that are known.

    Raises
    ------
    UserError
        If the server does not have it, or cannot be reached after several attempts, if there is
        no room, or if size or hash are wrong: a wrong file is removed, a part is kept.
    """
    import pooch

    pooch.get_logger().setLevel("WARNING")  # what there is to tell is told here
    path = part_of(archive, folder).with_suffix("")
    work = partial(_download, archive=archive, part=part_of(archive, folder), room=room)
    try:
        pooch.retrieve(
            archive.url,
            archive.known_hash,
            fname=path.name,
            path=folder,
            downloader=partial(work, progress=progress),
        )
    except ValueError:
        raise _wrong(archive.url, f"its hash is not {archive.known_hash}") from None
    return path


def _download(
    url: str,
    output: str,
    _pooch: object,
    *,
    archive: Archive,
    part: Path,
    room: int,
    progress: bool,
) -> None:
    """Bring a file here by as many attempts as it takes; called by pooch, which checks its hash."""
    waits = iter(WAITS)
    with tqdm(
        desc=f"fetching {PurePosixPath(url).name}",
        total=archive.size,
        unit="B",
        unit_scale=True,
        disable=not progress,
    ) as bar:
        while True:
            before = _size(part)
            try:
                stated = _attempt(archive, part, room, bar)
                break
            except _Interrupted as error:
                if _size(part) > before:
                    waits = iter(WAITS)
                wait = next(waits, None)
                if wait is None:
                    if not _size(part):
                        part.unlink(missing_ok=True)
                    raise UserError(
                        f"{url} cannot be fetched ({error}); what arrived is kept, and the same "
                        "command goes on from there."
                    ) from None
                wait = min(max(wait, error.wait), LONGEST_WAIT)
                bar.write(f"genre-book: {error}; trying again in {wait:.0f} s.", file=sys.stderr)
                time.sleep(wait)
    if archive.known_hash is None and stated and not has_hash(part, stated):
        part.unlink()
        raise _wrong(url, f"its hash is not {stated}, as its server states")
    os.replace(part, output)


def _attempt(archive: Archive, part: Path, room: int, bar: tqdm) -> str | None:
    """Fetch what is missing of a file in one request.

    Returns
    -------
    str or None
        The hash that the server states.
    """
    import requests
    import urllib3

    have = _size(part)
    if archive.size is not None and have >= archive.size:
        if have == archive.size:
            return None
        part.unlink()
        have = 0
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        with requests.get(archive.url, headers=headers, stream=True, timeout=TIMEOUT) as response:
            if response.status_code == 416 and _total(response) == have:
                return _stated_hash(response)  # nothing was missing
            start = _start(response, part, have)
            total = _total(response)
            if archive.size not in (None, total or archive.size):
                part.unlink(missing_ok=True)
                raise _wrong(archive.url, f"it has {total} bytes, not {archive.size}")
            _see_room(part.parent, (total or archive.size or 0) - start + room)
            bar.total = total or archive.size
            bar.n = start
            bar.refresh()
            with open(part, "ab") as file:
                file.truncate(start)
                for block in response.raw.stream(BLOCK, decode_content=False):
                    file.write(block)
                    bar.update(len(block))
            stated = _stated_hash(response)
    except requests.exceptions.SSLError as error:
        raise UserError(f"{archive.url} cannot be trusted ({error}); try another mirror.") from None
    except (requests.ConnectionError, requests.Timeout, urllib3.exceptions.HTTPError) as error:
        raise _Interrupted(_reason(error)) from None
    except requests.RequestException as error:
        raise UserError(f"{archive.url} cannot be fetched ({error}); mend the address.") from None
    except OSError as error:
        if error.errno in NO_ROOM:
            raise _no_room(part.parent, "more than that") from None
        raise UserError(f"{part} cannot be written ({error.strerror}).") from None
    if total is not None and _size(part) < total:
        raise _Interrupted("the connection ended early")
    if total is not None and _size(part) > total:
        part.unlink()
        raise _wrong(archive.url, f"it has more than the {total} bytes that its server states")
    return stated


def _start(response: requests.Response, part: Path, have: int) -> int:
    """Where in the file the answer's content begins: 0 if the server always starts there."""
    status = response.status_code
    if status == 206:
        found = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
        if found and int(found[1]) <= have:
            return int(found[1])
    if status in (206, 416):  # another part, or none: the file is not what it was
        part.unlink(missing_ok=True)
        raise _Interrupted("the server has another file than before; starting afresh")
    if status == 200:
        return 0
    answer = f"its server answers {status} {response.reason}".rstrip()
    if status in TRY_AGAIN:
        after = response.headers.get("Retry-After", "")
        raise _Interrupted(answer, wait=float(after) if after.isdecimal() else 0.0)
    raise UserError(
        f"{response.url} cannot be fetched ({answer}); try another mirror, or bring your own copy."
    )


def _total(response: requests.Response) -> int | None:
    """Size of the whole file in bytes, as the server states it."""
    found = re.search(r"/(\d+)$", response.headers.get("Content-Range", ""))
    if found:
        return int(found[1])
    length = response.headers.get("Content-Length", "")
    return int(length) if response.status_code == 200 and length.isdecimal() else None


def _stated_hash(response: requests.Response) -> str | None:
    """SHA-256 of the file, where the server states it as the Hugging Face hub does."""
    for answer in (*response.history, response):
        etag = answer.headers.get("X-Linked-Etag", "").strip('"')
        if HASH.fullmatch(f"sha256={etag}"):
            return f"sha256:{etag.lower()}"
    return None


def _size(path: Path) -> int:
    """Bytes of a file, 0 if there is none."""
    return path.stat().st_size if path.exists() else 0


def _reason(error: Exception) -> str:
    """What broke a connection, in a few words."""
    text = str(error).lower()
    if "timed out" in text:
        return "the server does not answer in time"
    if "reset" in text or "broken" in text or "incompleteread" in text or "aborted" in text:
        return "the connection broke off"
    return "the server cannot be reached"


def _wrong(url: str, why: str) -> UserError:
    return BadArchive(
        f"{url} is not the file that is expected ({why}), so it is not used and nothing of it is "
        "kept; try again, or another mirror."
    )


def _see_room(folder: Path, needed: int) -> None:
    """See that a disk has room for so many bytes."""
    if shutil.disk_usage(folder).free < needed:
        raise _no_room(folder, f"{needed / 1e9:.2f} GB")


def _no_room(folder: Path, needed: str) -> UserError:
    free = shutil.disk_usage(folder).free / 1e9
    return UserError(
        f"There is no room in {folder}: {free:.2f} GB are free, and {needed} is needed; make "
        "room, or set GENRE_DATA to another place."
    )


def unpack(
    archive: Path,
    target: Path,
    *,
    wanted: Callable[[PurePosixPath], bool],
    find: Callable[[Path], Path | None],
    progress: bool = True,
) -> None:
    """Unpack a tar archive, compressed or not: all that is wanted of it, or nothing.

    All members are looked at before any is written. Hidden ones, such as the ``._*`` companions
    that macOS adds, are passed over. It is unpacked beside `target` and renamed.

    Parameters
    ----------
    wanted
        Tells from a member's name whether it is needed.
    find
        The folder that becomes `target`, among what was unpacked; None if it is not there.

    Raises
    ------
    BadArchive
        If it is damaged, is no tar archive, does not hold what is wanted, or holds a link, a
        device, or a name that leads out of it.
    UserError
        If there is no room, or `target` cannot be written.
    """
    partial_folder = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with tarfile.open(archive) as tar:
            members = _members(tar, archive, wanted)
            _see_room(archive.parent, sum(member.size for member in members))
            partial_folder.mkdir(parents=True)
            for member in tqdm(
                members, desc=f"unpacking {target.name}", unit="file", disable=not progress
            ):
                tar.extract(member, partial_folder, filter="data")
        found = find(partial_folder)
        if found is None:
            raise BadArchive(f"{archive} does not hold what is looked for: folders of audio files.")
        os.replace(found, target)
    except (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise BadArchive(f"{archive} is damaged, or no tar archive ({error}).") from None
    except OSError as error:
        if error.errno in NO_ROOM:
            raise _no_room(target.parent, "more than that") from None
        if error.errno is None:  # gzip's and bz2's word for damage
            raise BadArchive(f"{archive} is damaged ({error}).") from None
        raise UserError(f"{target} cannot be written ({error.strerror}).") from None
    finally:
        shutil.rmtree(partial_folder, ignore_errors=True)


def _members(
    tar: tarfile.TarFile, archive: Path, wanted: Callable[[PurePosixPath], bool]
) -> list[tarfile.TarInfo]:
    """The files to unpack, after all members have been looked at and all bytes read."""
    files = []
    for member in tar:
        if fault := _hostile(member):
            raise BadArchive(
                f"{archive} holds {member.name!r}, {fault}, as no archive of recordings does; it "
                "is not to be trusted, and nothing was unpacked."
            )
        name = PurePosixPath(member.name)
        if member.isfile() and wanted(name) and not any(p.startswith(".") for p in name.parts):
            files.append(member)
    # tarfile takes a broken header for the end; only at its end does gzip compare its checksum.
    assert tar.fileobj is not None
    while tar.fileobj.read(2**20):
        pass
    return files


def _hostile(member: tarfile.TarInfo) -> str:
    """What is wrong with a member of an archive; an empty string if nothing is."""
    if member.name.startswith(("/", "\\")) or DRIVE.match(member.name):
        return "an absolute path"
    if ".." in re.split(r"[/\\]", member.name):
        return "a path that leads out of it"
    if member.issym() or member.islnk():
        return "a link"
    if not (member.isfile() or member.isdir()):
        return "a device"
    return ""
