"""Fetch a large archive so that what arrived is never lost, and unpack it wholly or not at all."""

from __future__ import annotations

import lzma
import os
import re
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from tqdm import tqdm

from genre_lib.config import UserError

ATTEMPTS = 5  # without a byte between them
BACKOFF = 1.0  # seconds before another attempt, doubled each time; more when asked to wait
BUSY = (408, 425, 429, 500, 502, 503, 504)  # HTTP: the server may answer later
TIMEOUT = (15.0, 60.0)  # seconds to connect, and without a byte
BLOCK = 2**16  # bytes; what is lost of them when a connection breaks is fetched again
ADDRESS = re.compile(r"(https?://[\w.-]+(?::\d+)?/[^#]*)(?:#(sha256=\w{64}|md5=\w{32}))?", re.I)
SHA256 = re.compile(r"\b[0-9a-f]{64}\b")  # as the Hugging Face hub states it
DAMAGE = (tarfile.TarError, zipfile.BadZipFile, RuntimeError, EOFError, zlib.error, lzma.LZMAError)


@dataclass(frozen=True)
class Archive:
    """A file to fetch, its size in bytes and its hash as pooch writes it (``md5:...``)."""

    url: str
    size: int | None = None
    known_hash: str | None = None


class BadArchive(UserError):
    """An archive that must not be used."""


def archive_at(address: str) -> Archive:
    """An archive by its address, which may end in ``#sha256=...`` or ``#md5=...``."""
    if not (parts := ADDRESS.fullmatch(address)):
        raise UserError(
            f"{address} is no address of an archive: one begins with https://, and may end in "
            "#sha256= and 64 digits, or #md5= and 32."
        )
    return Archive(parts[1], known_hash=parts[2] and parts[2].lower().replace("=", ":"))


def has_hash(path: Path, known: str) -> bool:
    """Tell whether a file has a hash such as ``md5:5b3d6ddd...``."""
    import pooch

    algorithm, _, digits = known.partition(":")
    return pooch.file_hash(str(path), alg=algorithm) == digits


def part_of(archive: Archive, folder: Path) -> Path:
    """Where the beginning of an archive lies until all of it has arrived."""
    from pooch.utils import unique_file_name

    return folder / f"{unique_file_name(archive.url)}.part"


def fetch(archive: Archive, folder: Path, *, room: int = 0) -> Path:
    """Fetch an archive, or go on where an earlier attempt ended.

    Raises
    ------
    UserError
        If the server does not have it, or cannot be reached after several attempts; if there is
        no room for it and `room` bytes more; if size or hash are wrong: a wrong file is removed,
        a part is kept.
    """
    import requests
    import urllib3

    part, attempts = part_of(archive, folder), ATTEMPTS
    if (whole := part.with_suffix("")).exists():
        return whole
    retry = urllib3.Retry(
        ATTEMPTS, status_forcelist=BUSY, backoff_factor=BACKOFF, raise_on_status=False
    )
    with requests.Session() as session:
        for scheme in ("http://", "https://"):
            session.mount(scheme, requests.adapters.HTTPAdapter(max_retries=retry))
        while True:
            before = _size(part)
            try:
                stated = _go_on(session, archive, part, room)
                break
            except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
                attempts = ATTEMPTS if _size(part) > before else attempts - 1
                if isinstance(error, requests.RequestException) or not attempts:
                    raise UserError(
                        f"{archive.url} cannot be fetched ({type(error).__name__}: the server "
                        "cannot be reached or broke off); what arrived is kept, and the same "
                        "command goes on from there."
                    ) from None
            except OSError as error:
                raise UserError(f"{part} cannot be written ({error.strerror}).") from None
    sizes_agree = archive.size in (None, _size(part))
    if not sizes_agree or (stated and not has_hash(part, stated)):
        part.unlink()
        wrong = f"hash is not {stated}" if sizes_agree else f"size is not {archive.size} bytes"
        raise BadArchive(f"{archive.url} is not used: its {wrong}; try again, or another mirror.")
    return part.rename(whole)


def _go_on(session: Any, archive: Archive, part: Path, room: int) -> str | None:
    """Fetch what is missing of a file by HTTP Range; its hash, if that is known or stated."""
    have = _size(part)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with session.get(archive.url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        etags = " ".join(
            it.headers.get("X-Linked-Etag", "") for it in (*response.history, response)
        )
        stated = f"sha256:{found[0]}" if (found := SHA256.search(etags)) else None
        status, range_ = response.status_code, response.headers.get("Content-Range", "")
        if status == 416 and range_.endswith(f"/{have}"):
            return archive.known_hash or stated  # nothing was missing
        if status == 416 or (status == 206 and not range_.startswith(f"bytes {have}-")):
            part.unlink()  # the server has another file than before
            return _go_on(session, archive, part, room)
        if status not in (200, 206):
            raise UserError(
                f"{archive.url} cannot be fetched (its server answers {status}); try another "
                "mirror, or bring your own copy."
            )
        start = have if status == 206 else 0
        length = int(response.headers.get("Content-Length", 0))
        part.parent.mkdir(parents=True, exist_ok=True)
        if (free := shutil.disk_usage(part.parent).free) < length + room:
            raise UserError(
                f"There is no room in {part.parent}: {free / 1e9:.2f} GB are free, "
                f"{(length + room) / 1e9:.2f} GB needed; set GENRE_DATA to another place."
            )
        bar = tqdm(
            None, "fetching", start + length or None, unit="B", unit_scale=True, initial=start
        )
        with bar, open(part, "ab") as file:
            file.truncate(start)
            for block in response.raw.stream(BLOCK, decode_content=False):
                bar.update(file.write(block))
    return archive.known_hash or stated


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def unpack(
    archive: Path,
    target: Path,
    *,
    wanted: Callable[[PurePosixPath], bool],
    find: Callable[[Path], Path | None],
) -> None:
    """Unpack all that is wanted of a ZIP or tar archive beside `target`, and rename it then.

    `wanted` tells it by the name of a file; `find` gives the folder, among those that were
    unpacked, that becomes `target`.

    Raises
    ------
    BadArchive
        If it is damaged, is no archive, lacks what is looked for, or has a link, a device, or a
        name that leads out of it.
    UserError
        If `target` cannot be written.
    """

    def safe(member: tarfile.TarInfo, folder: str) -> tarfile.TarInfo | None:
        data = tarfile.data_filter(member, folder)
        if data.name != member.name or "\\" in member.name or not (data.isfile() or data.isdir()):
            raise tarfile.FilterError(f"{member.name!r} is a link, a device, or leads out of it")
        return data if wanted(PurePosixPath(member.name)) else None

    folder = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as zip_:
                zip_.extractall(folder, [n for n in zip_.namelist() if wanted(PurePosixPath(n))])
        else:
            with tarfile.open(archive) as tar:
                tar.extractall(folder, filter=safe)
                while tar.fileobj.read(2**20):  # gzip compares its checksum at its end
                    pass
        if (found := find(folder)) is None:
            raise BadArchive(f"{archive} does not hold what is looked for: folders of audio files.")
        os.replace(found, target)
    except tarfile.FilterError as error:
        raise BadArchive(
            f"{archive} is not to be trusted ({error}); nothing is unpacked."
        ) from None
    except DAMAGE as error:
        raise BadArchive(f"{archive} is damaged, or no archive ({error}).") from None
    except OSError as error:
        if error.errno is None:  # gzip's and bz2's word for damage
            raise BadArchive(f"{archive} is damaged ({error}).") from None
        raise UserError(f"{target} cannot be written ({error.strerror}).") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
