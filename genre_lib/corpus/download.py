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
HASH = re.compile(r"(?:sha256=[0-9a-f]{64}|md5=[0-9a-f]{32})", re.IGNORECASE)
ADDRESS = re.compile(r"https?://[\w.-]+(:\d+)?/", re.IGNORECASE)


@dataclass(frozen=True)
class Archive:
    """A file to fetch, its size in bytes and its hash as pooch writes it (``md5:...``)."""

    url: str
    size: int | None = None
    known_hash: str | None = None


class BadArchive(UserError):
    """An archive that must not be used."""


class _Interrupted(Exception):
    """What may go well at another attempt."""


def archive_at(address: str) -> Archive:
    """An archive by its address, which may end in ``#sha256=...`` or ``#md5=...``."""
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

    Raises
    ------
    UserError
        If the server does not have it, or cannot be reached after several attempts, if there is
        no room, or if size or hash are wrong: a wrong file is removed, a part is kept.
    """
    import pooch

    pooch.get_logger().setLevel("WARNING")
    part = part_of(archive, folder)
    work = partial(_download, archive=archive, part=part, room=room, progress=progress)
    return Path(pooch.retrieve(archive.url, archive.known_hash, part.stem, folder, downloader=work))


def _download(
    url: str, output: str, _: object, *, archive: Archive, part: Path, room: int, progress: bool
) -> None:
    """Bring a file here by as many requests as it takes, and check its hash; pooch calls it."""
    import requests
    import urllib3

    waits = iter(WAITS)
    name = f"fetching {PurePosixPath(url).name}"
    with tqdm(desc=name, unit="B", unit_scale=True, disable=not progress) as bar:
        while True:
            before, asked = _size(part), 0.0
            try:
                stated = _request(archive, part, room, bar)
                break
            except _Interrupted as error:
                reason, *after = error.args
                asked = float(after[0]) if after and after[0].isdecimal() else 0.0
            except urllib3.exceptions.HTTPError:
                reason = "the connection broke off"
            except requests.exceptions.SSLError as error:
                raise UserError(f"{url} cannot be trusted ({error}); try another mirror.") from None
            except (requests.ConnectionError, requests.Timeout):
                reason = "the server cannot be reached"
            except requests.RequestException as error:
                raise UserError(f"{url} cannot be fetched ({error}); mend the address.") from None
            except OSError as error:
                raise _unwritable(part, error) from None
            if _size(part) > before:
                waits = iter(WAITS)
            wait = next(waits, None)
            if wait is None:
                if not _size(part):
                    part.unlink(missing_ok=True)
                raise UserError(
                    f"{url} cannot be fetched ({reason}); what arrived is kept, and the same "
                    "command goes on from there."
                )
            wait = min(max(wait, asked), LONGEST_WAIT)
            bar.write(f"genre-book: {reason}; trying again in {wait:.0f} s.", file=sys.stderr)
            time.sleep(wait)
    known = archive.known_hash or stated
    if known and not has_hash(part, known):
        part.unlink()
        source = "" if archive.known_hash else ", as its server states"
        raise _wrong(url, f"its hash is not {known}{source}")
    os.replace(part, output)


def _request(archive: Archive, part: Path, room: int, bar: tqdm) -> str | None:
    """Fetch what is missing of a file by HTTP Range; the hash that the server states, if any."""
    import requests

    have = _size(part)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with requests.get(archive.url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        status, fields = response.status_code, response.headers
        stated = _stated_hash(response)
        range_ = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+)", fields.get("Content-Range", ""))
        if status == 416 and range_ and int(range_[2]) == have:
            return stated  # nothing was missing
        if status == 416 or (status == 206 and not (range_ and range_[1] == str(have))):
            part.unlink()
            raise _Interrupted("the server has another file than before; starting afresh")
        if status in TRY_AGAIN:
            raise _Interrupted(f"its server answers {status}", fields.get("Retry-After", ""))
        if status not in (200, 206):
            raise UserError(
                f"{archive.url} cannot be fetched (its server answers {status}); try another "
                "mirror, or bring your own copy."
            )
        start = have if status == 206 else 0
        length = fields.get("Content-Length", "")
        total = start + int(length) if length.isdecimal() else None
        if archive.size not in (None, total or archive.size):
            part.unlink(missing_ok=True)
            raise _wrong(archive.url, f"it has {total} bytes, not {archive.size}")
        _see_room(part.parent, (total or archive.size or 0) - start + room)
        bar.total, bar.n = total or archive.size, start
        with open(part, "ab") as file:
            file.truncate(start)
            for block in response.raw.stream(BLOCK, decode_content=False):
                bar.update(file.write(block))
    return stated


def _stated_hash(response: requests.Response) -> str | None:
    """SHA-256 of the file, where the server states it as the Hugging Face hub does."""
    for answer in (*response.history, response):
        etag = answer.headers.get("X-Linked-Etag", "").strip('"')
        if HASH.fullmatch(f"sha256={etag}"):
            return f"sha256:{etag.lower()}"
    return None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _wrong(url: str, why: str) -> UserError:
    return BadArchive(
        f"{url} is not the file that is expected ({why}), so it is not used and nothing of it is "
        "kept; try again, or another mirror."
    )


def _see_room(folder: Path, needed: int) -> None:
    """See that a disk has room for so many bytes."""
    if (free := shutil.disk_usage(folder).free) < needed:
        raise UserError(
            f"There is no room in {folder}: {free / 1e9:.2f} GB are free, and {needed / 1e9:.2f} "
            "GB is needed; make room, or set GENRE_DATA to another place."
        )


def _unwritable(path: Path, error: OSError) -> UserError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return UserError(
            f"There is no room in {path.parent}; make room, or set GENRE_DATA to another place."
        )
    return UserError(f"{path} cannot be written ({error.strerror}).")


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
        If it is damaged, is no tar archive, lacks what is wanted, or has a link, a device, or a
        name that leads out of it.
    UserError
        If there is no room, or `target` cannot be written.
    """
    folder = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with tarfile.open(archive) as tar:
            files = []
            for member in tar:
                _check_member(member, archive, folder)
                name = PurePosixPath(member.name)
                hidden = any(part.startswith(".") for part in name.parts)
                if member.isfile() and wanted(name) and not hidden:
                    files.append(member)
            # tarfile takes a broken header for the end; gzip compares its checksum at its end.
            assert tar.fileobj is not None
            while tar.fileobj.read(2**20):
                pass
            _see_room(archive.parent, sum(member.size for member in files))
            folder.mkdir(parents=True)
            for member in tqdm(files, f"unpacking {target.name}", disable=not progress):
                tar.extract(member, folder, filter="data")
        found = find(folder)
        if found is None:
            raise BadArchive(f"{archive} does not hold what is looked for: folders of audio files.")
        os.replace(found, target)
    except (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise BadArchive(f"{archive} is damaged, or no tar archive ({error}).") from None
    except OSError as error:
        if error.errno is None:  # gzip's and bz2's word for damage
            raise BadArchive(f"{archive} is damaged ({error}).") from None
        raise _unwritable(target, error) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _check_member(member: tarfile.TarInfo, archive: Path, folder: Path) -> None:
    """Refuse what no archive of recordings has: links, devices, names that lead out of it."""
    try:
        safe = tarfile.data_filter(member, str(folder)).name == member.name
    except tarfile.FilterError:
        safe = False
    if not (safe and "\\" not in member.name and (member.isfile() or member.isdir())):
        raise BadArchive(
            f"{archive} has a member {member.name!r}, a link, a device or a name that leads out "
            "of it; it is not to be trusted, and nothing was unpacked."
        )
