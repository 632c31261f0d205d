"""Fetching and unpacking, from a server on this machine that behaves as badly as real ones do."""

import errno
import gzip
import hashlib
import io
import itertools
import os
import signal
import socket
import struct
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from genre_lib import cli
from genre_lib.config import UserError, configure, data_dir
from genre_lib.corpus import find_corpus, gtzan
from genre_lib.corpus.gtzan import BadArchive, fetch, find_gtzan, unpack

BLOCK = 1000
ANYTHING = np.random.default_rng(0).bytes(10_500)


class Server(ThreadingHTTPServer):
    """Serves one file; what it does to each request in turn is planned, then it is good."""

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = content
        self.plan: list[Callable[[Handler], None]] = []
        self.ranges: list[int] = []  # where each request began
        self.sent = 0
        self.resumes = True
        self.headers: dict[str, str] = {}
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/some/genres.tar.gz"

    def handle_error(self, *_: object) -> None:
        """Clients that hang up are what is tested here."""


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        header = self.headers.get("Range", "bytes=0-")
        assert self.headers["Accept-Encoding"] == "identity"
        self.server.ranges.append(int(header.removeprefix("bytes=").removesuffix("-")))
        behave = self.server.plan.pop(0) if self.server.plan else whole
        behave(self)
        self.close_connection = True

    def begin(self) -> bytes:
        """Send the headers of a good answer and return the content that belongs to it."""
        content, start = self.server.content, self.server.ranges[-1]
        if not self.server.resumes:
            start = 0
        if start >= len(content) and start:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(content)}")
            self.send_header("Content-Length", "0")
            self.send_header("Connection", "close")
            self.end_headers()
            return b""
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.send_header("Connection", "close")
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        return content[start:]

    def send(self, content: bytes) -> None:
        self.server.sent += len(content)
        self.wfile.write(content)
        self.wfile.flush()


def whole(handler: Handler) -> None:
    handler.send(handler.begin())


def cut(count: int) -> Callable[[Handler], None]:
    """End the connection after so many bytes."""
    return lambda handler: handler.send(handler.begin()[:count])


def reset(count: int) -> Callable[[Handler], None]:
    """Tear the connection down after so many bytes."""

    def behave(handler: Handler) -> None:
        cut(count)(handler)
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.connection.close()

    return behave


def stall(count: int) -> Callable[[Handler], None]:
    """Fall silent after so many bytes, and stay connected."""

    def behave(handler: Handler) -> None:
        cut(count)(handler)
        handler.server.released.wait(20)

    return behave


def answer(status: int, **headers: str) -> Callable[[Handler], None]:
    def behave(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in ({"Content-Length": "0", "Connection": "close"} | headers).items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()

    return behave


def without_length(handler: Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    handler.send(handler.server.content)


@pytest.fixture
def serve(monkeypatch) -> Iterator[Callable[[bytes], Server]]:
    """Start servers, and have nobody wait long for them."""
    monkeypatch.setattr(gtzan, "TIMEOUT", 1.0)
    monkeypatch.setattr(gtzan, "BLOCK", BLOCK)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    servers: list[tuple[Server, threading.Thread]] = []

    def start(content: bytes) -> Server:
        server = Server(content)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        servers.append((server, thread))
        return server

    yield start
    for server, thread in servers:
        server.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def server(serve) -> Server:
    return serve(ANYTHING)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def fetched(server: Server, folder: Path, **known) -> bytes:
    folder.mkdir(exist_ok=True)
    return fetch(server.url, folder, **known).read_bytes()


def arrived(folder: Path) -> int:
    """Bytes of the beginning of an archive."""
    (part,) = folder.glob("*.part")
    return part.stat().st_size


# Fetching


def test_what_is_fetched_is_what_is_served_and_it_is_fetched_once(server, tmp_path):
    for size in (None, len(ANYTHING)):
        assert fetched(server, tmp_path, size=size) == ANYTHING
    (name,) = names(tmp_path)
    assert name.endswith("genres.tar.gz")
    assert server.ranges == [0]
    server.plan = [without_length]
    assert fetched(server, tmp_path / "of unknown size") == ANYTHING


POINTS = [
    5 * BLOCK + 1,
    *(pytest.param(p, marks=pytest.mark.slow) for p in (BLOCK, BLOCK + 1, len(ANYTHING) - 1)),
]


@pytest.mark.parametrize("point", POINTS)
def test_a_connection_that_breaks_off_is_taken_up_where_it_broke(server, tmp_path, point):
    server.plan = [cut(point)]
    assert fetched(server, tmp_path) == ANYTHING
    first, second = server.ranges
    assert first == 0
    assert point - BLOCK < second <= point


def test_many_interruptions_are_survived_as_long_as_something_arrives(server, tmp_path):
    redirect = answer(302, Location=server.url)
    server.plan = [redirect, cut(BLOCK)] * 9
    assert fetched(server, tmp_path, size=len(ANYTHING)) == ANYTHING
    assert server.ranges[::2] == [BLOCK * number for number in range(10)]
    assert server.sent == len(ANYTHING)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (cut(0), "ProtocolError"),
        (reset(0), "Error"),
        (stall(0), "ReadTimeoutError"),
        (answer(503), "503"),
        (answer(404), "404"),
    ],
)
def test_where_nothing_more_arrives_one_sentence_says_so_and_a_later_call_goes_on(
    server, tmp_path, fault, reason
):
    server.plan = [stall(3 * BLOCK), fault]
    with pytest.raises(UserError, match=rf"{server.url} cannot be fetched \(.*{reason}") as caught:
        fetched(server, tmp_path)
    assert "goes on from what arrived" in str(caught.value)
    assert "another mirror" in str(caught.value)
    assert arrived(tmp_path) == 3 * BLOCK
    assert fetched(server, tmp_path) == ANYTHING
    assert server.ranges == [0, 3 * BLOCK, 3 * BLOCK]


def test_a_server_that_cannot_resume_starts_again(server, tmp_path):
    server.resumes = False
    server.plan = [cut(2 * BLOCK), cut(4 * BLOCK)]
    assert fetched(server, tmp_path) == ANYTHING
    assert server.ranges == [0, 2 * BLOCK, 4 * BLOCK]


def test_a_server_that_is_not_there_cannot_be_reached(tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/x.tar.gz"
        with pytest.raises(UserError, match=r"cannot be fetched \(ConnectionError\)"):
            fetch(url, tmp_path)


@pytest.mark.parametrize("how", ["known", "stated", "stated by a redirect"])
def test_a_hash_that_is_known_or_stated_is_compared(server, tmp_path, how):
    right, wrong = (hashlib.sha256(content).hexdigest() for content in (ANYTHING, b""))
    for digits in (wrong, right):
        known = {"sha256": digits} if how == "known" else {}
        if how == "stated":
            server.headers = {"X-Linked-Etag": f'"{digits}"'}
        elif how == "stated by a redirect":
            server.plan = [answer(302, Location=f"{server.url}?s", X_Linked_Etag=f'"{digits}"')]
        if digits == right:
            assert fetched(server, tmp_path, **known) == ANYTHING
            continue
        with pytest.raises(BadArchive, match="SHA-256"):
            fetched(server, tmp_path, **known)
        assert names(tmp_path) == []


def test_a_file_of_another_size_is_not_kept(server, tmp_path):
    with pytest.raises(BadArchive, match="another size"):
        fetched(server, tmp_path, size=len(ANYTHING) + 1)
    assert names(tmp_path) == []


def test_a_part_to_which_nothing_is_missing_is_taken_and_one_that_is_too_long_is_not(
    server, tmp_path
):
    whole = fetch(server.url, tmp_path)
    whole.rename(f"{whole}.part")
    assert fetched(server, tmp_path, size=len(ANYTHING)) == ANYTHING
    assert server.sent == len(ANYTHING)
    assert names(tmp_path) == [whole.name]
    whole.rename(f"{whole}.part").write_bytes(bytes(len(ANYTHING) + 1))
    with pytest.raises(BadArchive):
        fetched(server, tmp_path, size=len(ANYTHING))
    assert fetched(server, tmp_path) == ANYTHING


def test_a_disk_that_runs_full_is_reported_and_the_part_is_kept(server, tmp_path, monkeypatch):
    class Full(io.FileIO):
        def write(self, block: object) -> int:
            if self.tell() >= 3 * BLOCK:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().write(block)

    monkeypatch.setattr(gtzan, "open", Full, raising=False)
    with pytest.raises(UserError, match=r"cannot be written \(No space left"):
        fetched(server, tmp_path)
    monkeypatch.delattr(gtzan, "open")
    assert fetched(server, tmp_path) == ANYTHING
    assert server.ranges == [0, 3 * BLOCK]


# Unpacking


def wav(seconds: float = 0.1, seed: int = 0, rate: int = 22050) -> bytes:
    noise = np.random.default_rng(seed).uniform(-0.5, 0.5, round(seconds * rate))
    file = io.BytesIO()
    soundfile.write(file, noise, rate, format="WAV")
    return file.getvalue()


def packed(files: dict[str, bytes], *members: tarfile.TarInfo, mode: str = "w:gz") -> bytes:
    """A tar archive of files and, after them, of other members."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode=mode) as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        for member in members:
            tar.addfile(member, io.BytesIO(bytes(member.size)))
    return archive.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


SONGS = {
    f"{genre}/{genre}.{number:05d}.wav": wav(seed=seed)
    for seed, (genre, number) in enumerate(itertools.product(("blues", "jazz"), range(2)))
}
RUBBISH = {
    ".DS_Store": b"x",
    "._genres": b"x",
    "genres/._blues": b"x",
    "genres/.DS_Store": b"x",
    "genres/blues/._blues.00000.wav": b"\x00\x05\x16\x07" + bytes(207),
    "genres/blues/notes.txt": b"x",
    "genres/.hidden/x.wav": wav(),
    "__MACOSX/genres/blues/._x.wav": b"x",
    "C:\\genres\\blues\\x.wav": b"x",
    "genres\\..\\..\\x.wav": b"x",
    "polka/x.wav": wav(),
}


def gtzan_archive(prefix: str = "genres/", **more) -> bytes:
    return packed({prefix + name: content for name, content in SONGS.items()}, **more)


def unpacked(archive: Path, target: Path) -> dict[str, bytes]:
    unpack(archive, target)
    return {
        str(path.relative_to(target)): path.read_bytes()
        for path in target.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def archive(tmp_path) -> Path:
    return tmp_path / "archive"


def test_the_audio_of_an_archive_is_unpacked_and_nothing_else(archive, tmp_path):
    songs = {f"genres/{name}": content for name, content in SONGS.items()}
    folder = member("genres", tarfile.DIRTYPE)
    for mode in ("w", "w:gz", "w:bz2", "w:xz"):
        archive.write_bytes(packed(RUBBISH | songs, folder, mode=mode))
        assert unpacked(archive, tmp_path / mode) == SONGS
    with zipfile.ZipFile(archive, "w") as zip_:
        for name, content in (RUBBISH | songs | {"../x.wav": b"x", "/y.wav": b"y"}).items():
            zip_.writestr(name, content)
    assert unpacked(archive, tmp_path / "zip") == SONGS
    assert len(names(tmp_path)) == 6


def test_the_genre_folders_are_found_wherever_the_archive_has_them(archive, tmp_path):
    for number, prefix in enumerate(("", "./", "genres/", "gtzan/Data/genres_original/")):
        archive.write_bytes(gtzan_archive(prefix))
        assert unpacked(archive, tmp_path / str(number)) == SONGS


HOSTILE = {
    "absolute path": member("/genres/blues/x.wav"),
    "parent": member("../x.wav"),
    "parent in between": member("genres/blues/../../../x.wav"),
    "link out": member("genres/blues/x.wav", tarfile.SYMTYPE, "/etc/passwd"),
    "link up": member("genres/blues/x.wav", tarfile.SYMTYPE, "../../../x.wav"),
    "link inside": member("genres/blues/x.wav", tarfile.SYMTYPE, "blues.00000.wav"),
    "hard link": member("genres/blues/x.wav", tarfile.LNKTYPE, "/etc/passwd"),
    "pipe": member("genres/blues/x.wav", tarfile.FIFOTYPE),
    "device": member("genres/blues/x.wav", tarfile.CHRTYPE),
    "disk": member("genres/blues/x.wav", tarfile.BLKTYPE),
    "hidden": member("/home/somebody/.profile"),
}


def test_a_hostile_member_is_refused_and_nothing_is_unpacked(tmp_path):
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    songs = {f"genres/{name}": content for name, content in SONGS.items()}
    for hostile in HOSTILE.values():
        (folder / "archive").write_bytes(packed(songs, hostile))
        with pytest.raises(BadArchive, match="not to be trusted") as caught:
            unpacked(folder / "archive", folder / "target")
        assert repr(hostile.name) in str(caught.value)
        assert "\n" not in str(caught.value)
        assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["archive"]
        assert names(folder) == ["archive"]


def damaged_archives() -> Iterator[bytes]:
    """Archives that are cut short, or have a wrong byte, and files that are no archive."""
    for mode in ("w:gz", "w:bz2", "w:xz"):
        content = gtzan_archive(mode=mode)
        for share in (0.0, 0.001, 0.1, 0.5, 0.9, 0.999):
            yield content[: int(share * len(content))]
    for seed in range(8):
        changed = bytearray(gtzan_archive())
        changed[np.random.default_rng(seed).integers(20, len(changed) - 4)] ^= 0x55
        yield bytes(changed)
    yield from (b"<html>Please log in</html>" * 99, gzip.compress(b"x" * 5000), ANYTHING)


def test_of_a_damaged_archive_or_one_without_genre_folders_nothing_is_unpacked(archive, tmp_path):
    without = packed({"music/polka/x.wav": wav(), "x.wav": wav()})
    for content in (*damaged_archives(), without):
        archive.write_bytes(content)
        message = "does not hold" if content == without else "nothing is unpacked"
        with pytest.raises(BadArchive, match=message):
            unpacked(archive, tmp_path / "target")
        assert names(tmp_path) == ["archive"]


def test_what_is_in_the_way_stays(archive, tmp_path):
    archive.write_bytes(gtzan_archive())
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "mine").touch()
    with pytest.raises(UserError, match="target exists already"):
        unpacked(archive, tmp_path / "target")
    assert names(tmp_path) == ["archive", "target"]
    assert names(tmp_path / "target") == ["mine"]


# GTZAN


@pytest.fixture
def mirror(serve, monkeypatch) -> Server:
    server = serve(gtzan_archive())
    monkeypatch.setenv("GENRE_GTZAN_URL", server.url)
    monkeypatch.delenv("GENRE_OFFLINE")
    return server


def test_gtzan_is_fetched_where_it_is_missing_with_a_notice_before(mirror, capsys):
    notices: list[str] = []
    mirror.plan = [lambda handler: (notices.append(capsys.readouterr().err), whole(handler))[1]]
    corpus = find_corpus(configure(corpus="gtzan"))
    for word in (mirror.url, "GB", "no licence", "Ctrl-C", "GENRE_OFFLINE", "GENRE_GTZAN_URL"):
        assert word in notices[0]
    assert [track.track_id for track in corpus.tracks] == [PurePosixPath(n).stem for n in SONGS]
    assert {t.path.read_bytes() for t in corpus.tracks} == set(SONGS.values())
    assert names(data_dir() / "gtzan") == ["genres"]
    assert find_corpus(configure(corpus="gtzan")).tracks[0].path == corpus.tracks[0].path
    assert mirror.ranges == [0]


def test_neither_info_nor_who_is_offline_fetches_anything(mirror, monkeypatch):
    output = CliRunner().invoke(cli.app, ["info"]).output
    assert "a command that needs it fetches it" in output
    monkeypatch.setenv("GENRE_OFFLINE", "yes")
    with pytest.raises(UserError, match="GENRE_OFFLINE forbids"):
        find_corpus(configure(corpus="gtzan"))
    assert mirror.ranges == []
    assert names(data_dir()) == []


def test_an_archive_that_was_fetched_by_hand_is_unpacked_and_kept(monkeypatch):
    assert os.environ["GENRE_OFFLINE"] == "1"
    for place in gtzan.ARCHIVES:
        data = data_dir() / place.replace("/", "-")
        (data / place).parent.mkdir(parents=True)
        (data / place).write_bytes(gtzan_archive("Data/genres_original/"))
        with pytest.raises(UserError, match="not under"):
            find_gtzan(data, download=False)
        assert len(find_gtzan(data).tracks) == len(SONGS)
        assert (data / place).exists()


def test_a_bad_archive_is_not_kept(mirror):
    for content in (packed({}, HOSTILE["link out"]), b"<html>404, but politely</html>"):
        mirror.content = content
        with pytest.raises(BadArchive, match="nothing is unpacked"):
            find_gtzan(data_dir())
        assert names(data_dir() / "gtzan") == []


def test_a_folder_that_is_in_the_way_is_named_before_anything_is_fetched(mirror):
    (data_dir() / "gtzan" / "genres" / "polka").mkdir(parents=True)
    with pytest.raises(UserError, match="in the way"):
        find_gtzan(data_dir())
    assert mirror.ranges == []


def test_without_another_address_it_is_the_mirror(monkeypatch):
    assert gtzan.source()[0] == gtzan.MIRROR
    url, digits = "https://example.org/g.tar.gz", "0123456789abcdef" * 4
    for address, known in (
        (url, None),
        (f"{url}#sha256={digits}", digits),
        (f"{url}#sha256={digits.upper()}", digits),
    ):
        monkeypatch.setenv("GENRE_GTZAN_URL", address)
        assert gtzan.source() == (url, None, known)
    for address in (
        *("x.tar", "http://", "ftp://x/y.tar", "http://[::1/x"),
        *(f"{url}#{it}" for it in ("sha256=12", f"md5={digits}", "top", f"sha1={digits[:40]}")),
    ):
        monkeypatch.setenv("GENRE_GTZAN_URL", address)
        with pytest.raises(UserError, match="no address"):
            gtzan.source()


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_ends_a_download_and_the_same_command_goes_on(mirror):
    mirror.plan = [stall(len(mirror.content) // 2)]
    command = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "import sys; from genre_lib import __main__, cli; from genre_lib.config import data_dir; "
        "from genre_lib.corpus import gtzan; "
        f"gtzan.BLOCK = {BLOCK}; sys.argv = ['genre-book', 'fetch']; "
        "cli.app.command('fetch')(lambda: gtzan.find_gtzan(data_dir())); __main__.main()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", command], stderr=subprocess.PIPE, text=True
    ) as process:
        parts: list[Path] = []
        while process.poll() is None and not (parts and parts[0].stat().st_size > 2 * BLOCK):
            parts = list((data_dir() / "gtzan").glob("*.tar.gz.part"))
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
    assert process.returncode == 130, errors
    assert errors.endswith("\ngenre-book: interrupted.\n")
    assert "Traceback" not in errors
    arrived = parts[0].stat().st_size
    assert len(find_gtzan(data_dir()).tracks) == len(SONGS)
    assert mirror.ranges == [0, arrived]
