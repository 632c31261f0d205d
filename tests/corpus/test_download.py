"""Fetching and unpacking, from a server on this machine that behaves as badly as real ones do."""

import errno
import gzip
import hashlib
import io
import itertools
import json
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
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from genre_lib import cli
from genre_lib.config import UserError, configure, data_dir
from genre_lib.corpus import download, find_corpus, gtzan
from genre_lib.corpus.download import Archive, BadArchive, archive_at, fetch, part_of, unpack
from genre_lib.corpus.gtzan import find_gtzan, report

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
    monkeypatch.setattr(download, "BACKOFF", 0.0)
    monkeypatch.setattr(download, "ATTEMPTS", 2)
    monkeypatch.setattr(download, "TIMEOUT", (5.0, 1.0))
    monkeypatch.setattr(download, "BLOCK", BLOCK)
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
    return fetch(Archive(server.url, **known), folder).read_bytes()


# Fetching


def test_what_is_fetched_is_what_is_served_and_it_is_fetched_once(server, tmp_path):
    for size in (None, len(ANYTHING)):
        assert fetched(server, tmp_path, size=size) == ANYTHING
    (name,) = names(tmp_path)
    assert name.endswith("genres.tar.gz")
    assert server.ranges == [0]


POINTS = [
    0,
    5 * BLOCK + 1,
    *(pytest.param(p, marks=pytest.mark.slow) for p in (1, BLOCK - 1, BLOCK, len(ANYTHING) - 1)),
]


@pytest.mark.parametrize("point", POINTS)
def test_a_connection_that_breaks_off_is_taken_up_where_it_broke(server, tmp_path, point):
    for break_off in (cut, reset):
        server.plan, server.ranges = [break_off(point)], []
        assert fetched(server, tmp_path / break_off.__name__) == ANYTHING
        first, second = server.ranges
        # A reset may also destroy what was on its way.
        assert first == 0
        assert second <= point
        if break_off is cut:
            assert second > point - BLOCK


def test_many_interruptions_are_survived_as_long_as_something_arrives(server, tmp_path):
    server.plan = [cut(BLOCK)] * 9  # more than there are attempts without progress
    assert fetched(server, tmp_path, size=len(ANYTHING)) == ANYTHING
    assert server.ranges == [BLOCK * number for number in range(10)]
    assert server.sent == len(ANYTHING)


@pytest.mark.parametrize("point", POINTS)
def test_a_later_call_goes_on_where_an_earlier_one_gave_up(server, tmp_path, point):
    server.plan = [cut(point), *[answer(503)] * 3]
    with pytest.raises(UserError, match="503"):
        fetched(server, tmp_path)
    part = part_of(Archive(server.url), tmp_path)
    arrived = part.stat().st_size
    assert names(tmp_path) == [part.name]
    assert fetched(server, tmp_path) == ANYTHING
    assert server.ranges[-1] == arrived > point - BLOCK


def test_a_server_that_cannot_resume_starts_again(server, tmp_path):
    server.resumes = False
    server.plan = [cut(4 * BLOCK), cut(2 * BLOCK)]
    assert fetched(server, tmp_path) == ANYTHING
    assert server.ranges == [0, 4 * BLOCK, 2 * BLOCK]


def test_a_connection_that_stalls_is_left(server, tmp_path):
    server.plan = [stall(3 * BLOCK), stall(0)]
    assert fetched(server, tmp_path) == ANYTHING
    assert server.ranges == [0, 3 * BLOCK, 3 * BLOCK]


def test_a_server_that_stays_busy_is_named(server, tmp_path):
    server.plan = [answer(503)] * 3
    with pytest.raises(UserError, match="503"):
        fetched(server, tmp_path)
    assert names(tmp_path) == []


def test_a_file_that_is_not_there_is_reported_at_once(server, tmp_path):
    for status in (401, 404):
        server.plan, server.ranges = [answer(status)], []
        with pytest.raises(UserError, match=rf"{server.url}.*{status}.*another mirror"):
            fetched(server, tmp_path)
        assert server.ranges == [0]
    assert names(tmp_path) == []


def test_a_server_that_is_not_there_cannot_be_reached(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "ATTEMPTS", 0)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/x.tar.gz"
        with pytest.raises(UserError, match="cannot be reached"):
            fetch(Archive(url), tmp_path)


def test_an_address_that_is_none_is_refused():
    for url in ("", "x.tar", "http://", "ftp://x/y.tar", "http://[::1/x"):
        with pytest.raises(UserError, match="no address"):
            archive_at(url)


def test_a_known_hash_is_compared(server, tmp_path):
    for kind in ("sha256", "md5"):
        right = hashlib.new(kind, ANYTHING).hexdigest()
        wrong = hashlib.new(kind, ANYTHING[1:]).hexdigest()
        folder = tmp_path / kind
        with pytest.raises(UserError, match=f"hash is not {kind}:{wrong}"):
            fetched(server, folder, known_hash=f"{kind}:{wrong}")
        assert names(folder) == []
        assert fetched(server, folder, known_hash=f"{kind}:{right}") == ANYTHING


def test_a_hash_that_the_server_states_is_compared(server, tmp_path):
    for redirected in (True, False):
        right, wrong = (f'"{hashlib.sha256(content).hexdigest()}"' for content in (ANYTHING, b""))
        for stated in (wrong, right):
            folder = tmp_path / str(redirected)
            if redirected:
                server.plan = [answer(302, Location=f"{server.url}?s", X_Linked_Etag=stated)]
            else:
                server.headers = {"X-Linked-Etag": stated}
            if stated == right:
                assert fetched(server, folder) == ANYTHING
                continue
            with pytest.raises(UserError, match="hash is not sha256"):
                fetched(server, folder)
            assert names(folder) == []


def test_a_redirected_download_is_resumed(server, tmp_path):
    server.plan = [answer(302, Location=server.url), cut(2 * BLOCK)]
    server.plan += [answer(302, Location=server.url)]
    assert fetched(server, tmp_path) == ANYTHING
    assert server.ranges == [0, 0, 2 * BLOCK, 2 * BLOCK]


def test_a_file_of_another_size_is_not_kept(server, tmp_path):
    with pytest.raises(UserError, match=f"size is not {len(ANYTHING) + 1}"):
        fetched(server, tmp_path, size=len(ANYTHING) + 1)
    assert names(tmp_path) == []


def test_a_part_of_a_file_that_has_become_shorter_is_given_up(server, tmp_path):
    part_of(Archive(server.url), tmp_path).write_bytes(bytes(len(ANYTHING) + 1))
    assert fetched(server, tmp_path) == ANYTHING


def test_a_part_to_which_nothing_is_missing_is_taken(server, tmp_path):
    part_of(Archive(server.url), tmp_path).write_bytes(ANYTHING)
    assert fetched(server, tmp_path, size=len(ANYTHING)) == ANYTHING
    assert server.sent == 0
    assert len(names(tmp_path)) == 1


def test_a_server_that_does_not_state_the_size(server, tmp_path):
    server.plan = [without_length]
    assert fetched(server, tmp_path) == ANYTHING


def test_a_disk_without_room_is_noticed_before_anything_is_fetched(server, tmp_path, monkeypatch):
    def usage(_: Path) -> SimpleNamespace:
        return SimpleNamespace(free=len(ANYTHING) + 99)

    monkeypatch.setattr(download.shutil, "disk_usage", usage)
    with pytest.raises(UserError, match="no room in"):
        fetch(Archive(server.url), tmp_path, room=100)
    assert names(tmp_path) == []
    assert fetch(Archive(server.url), tmp_path, room=99).exists()


def test_a_disk_that_runs_full_is_reported_and_the_part_is_kept(server, tmp_path, monkeypatch):
    class Full(io.FileIO):
        def write(self, block: object) -> int:
            if self.tell() >= 3 * BLOCK:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().write(block)

    monkeypatch.setattr(download, "open", Full, raising=False)
    with pytest.raises(UserError, match=r"cannot be written \(No space left"):
        fetched(server, tmp_path)
    monkeypatch.delattr(download, "open")
    assert fetched(server, tmp_path) == ANYTHING
    assert server.ranges == [0, 3 * BLOCK]


def test_an_address_may_bring_its_hash():
    digest = "0123456789abcdef" * 4
    assert archive_at("http://x/y.tar") == Archive("http://x/y.tar")
    for name in (f"sha256={digest}", f"sha256={digest.upper()}"):
        assert archive_at(f"http://x/y.tar#{name}").known_hash == f"sha256:{digest}"
    assert archive_at(f"http://x/y.tar#md5={digest[:32]}").known_hash == f"md5:{digest[:32]}"
    for name in ("sha256=12", f"md5={digest}", "top", f"sha1={digest[:40]}"):
        with pytest.raises(UserError, match="no address"):
            archive_at(f"http://x/y.tar#{name}")


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
}


def gtzan_archive(prefix: str = "genres/", **more) -> bytes:
    return packed({prefix + name: content for name, content in SONGS.items()}, **more)


def unpacked(archive: Path, target: Path) -> dict[str, bytes]:
    unpack(archive, target, wanted=gtzan.is_audio, find=gtzan._find_genres)
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


PREFIXES = (
    *("", "./", "genres/", "./genres/", "genres_original/", "Data/genres_original/"),
    *("data/genres/", "audio/", "gtzan/", "gtzan/genres/", "gtzan/Data/genres_original/"),
)


def test_the_genre_folders_are_found_wherever_the_archive_has_them(archive, tmp_path):
    for number, prefix in enumerate(PREFIXES):
        archive.write_bytes(gtzan_archive(prefix))
        assert unpacked(archive, tmp_path / str(number)) == SONGS


HOSTILE = {
    "absolute path": member("/genres/blues/x.wav"),
    "absolute path of Windows": member("C:\\genres\\blues\\x.wav"),
    "share": member("\\\\host\\x.wav"),
    "parent": member("../x.wav"),
    "parent in between": member("genres/blues/../../../x.wav"),
    "parent behind backslashes": member("genres\\..\\..\\x.wav"),
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


def test_of_a_damaged_archive_nothing_is_unpacked(archive, tmp_path):
    for content in damaged_archives():
        archive.write_bytes(content)
        with pytest.raises(BadArchive, match="archive"):
            unpacked(archive, tmp_path / "target")
        assert names(tmp_path) == ["archive"]


def test_an_archive_without_genre_folders_is_refused(archive, tmp_path):
    archive.write_bytes(packed({"music/polka/x.wav": wav(), "x.wav": wav()}))
    with pytest.raises(BadArchive, match="does not hold"):
        unpacked(archive, tmp_path / "target")
    assert names(tmp_path) == ["archive"]


def test_what_is_in_the_way_stays(archive, tmp_path):
    archive.write_bytes(gtzan_archive())
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "mine").touch()
    with pytest.raises(UserError, match="target cannot be written"):
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


def test_who_is_offline_fetches_nothing(mirror, monkeypatch):
    monkeypatch.setenv("GENRE_OFFLINE", "yes")
    with pytest.raises(UserError, match="GENRE_OFFLINE forbids"):
        find_corpus(configure(corpus="gtzan"))
    assert mirror.ranges == []
    assert names(data_dir()) == []


def test_info_fetches_nothing(mirror):
    output = CliRunner().invoke(cli.app, ["info"]).output
    assert "gtzan" in output
    assert "a command that needs it fetches it" in output
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


@pytest.mark.parametrize("by_hand", [True, False])
def test_an_archive_as_large_as_the_original_has_its_hash(mirror, monkeypatch, by_hand):
    monkeypatch.setattr(gtzan, "ORIGINAL", Archive("http://gone", len(mirror.content)))
    monkeypatch.setattr(gtzan, "ORIGINAL_HASH", "sha256:" + "0" * 64)
    place = data_dir() / "gtzan" / "genres.tar.gz"
    if by_hand:
        place.parent.mkdir(parents=True)
        place.write_bytes(mirror.content)
    with pytest.raises(UserError, match="hash is not sha256:000"):
        find_gtzan(data_dir())
    assert names(place.parent) == (["genres.tar.gz"] if by_hand else [])


@pytest.mark.parametrize("kind", ["hostile", "no archive"])
def test_a_bad_archive_is_not_kept(mirror, kind):
    songs = {f"genres/{name}": content for name, content in SONGS.items()}
    hostile = packed(songs, HOSTILE["link out"])
    mirror.content = hostile if kind == "hostile" else b"<html>404, but politely</html>"
    with pytest.raises(BadArchive, match="the file was removed"):
        find_gtzan(data_dir())
    assert names(data_dir() / "gtzan") == []


def test_what_a_killed_process_left_is_removed(mirror):
    left = data_dir() / "gtzan" / ".genres.4711.part"
    left.mkdir(parents=True)
    assert len(find_gtzan(data_dir()).tracks) == len(SONGS)
    assert names(data_dir() / "gtzan") == ["genres"]


def test_a_folder_that_is_in_the_way_is_named_before_anything_is_fetched(mirror):
    (data_dir() / "gtzan" / "genres" / "polka").mkdir(parents=True)
    with pytest.raises(UserError, match="in the way"):
        find_gtzan(data_dir())
    assert mirror.ranges == []


def test_an_empty_folder_is_not_in_the_way(mirror):
    (data_dir() / "gtzan" / "genres").mkdir(parents=True)
    assert len(find_gtzan(data_dir()).tracks) == len(SONGS)


def test_without_another_address_it_is_the_mirror(monkeypatch):
    assert gtzan.source() == gtzan.MIRROR
    assert gtzan.MIRROR.size != gtzan.ORIGINAL.size
    monkeypatch.setenv("GENRE_GTZAN_URL", "https://example.org/g.tar.gz#md5=" + "0" * 32)
    assert gtzan.source().known_hash == "md5:" + "0" * 32


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_ends_a_download_and_the_same_command_goes_on(mirror):
    mirror.plan = [stall(len(mirror.content) // 2)]
    command = (
        "import sys; from genre_lib import cli; from genre_lib.config import data_dir; "
        "from genre_lib.corpus import download, gtzan; "
        f"download.BLOCK = {BLOCK}; sys.argv = ['genre-book', 'fetch']; "
        "cli.app.command('fetch')(lambda: gtzan.find_gtzan(data_dir())); cli.main()"
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
    assert process.returncode == cli.INTERRUPTED, errors
    assert "the same command goes on from here" in errors
    assert "Traceback" not in errors
    arrived = parts[0].stat().st_size
    assert len(find_gtzan(data_dir()).tracks) == len(SONGS)
    assert mirror.ranges == [0, arrived]


# How good a copy is


def test_the_report_says_what_a_copy_lacks(tmp_path):
    folder = tmp_path / "gtzan" / "genres"
    for number, seconds in enumerate((30.0, 29.99, 29.9, 31.0)):
        file = folder / "blues" / f"blues.{number:05d}.wav"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(wav(seconds))
    (folder / "blues" / "blues.00009.wav").write_text("text")
    text = report(find_gtzan(tmp_path).tracks, tmp_path)
    assert "5 of 1000 tracks" in text
    assert "1 (blues.00002 29.90 s)" in text
    assert "cannot be decoded: 1 (blues.00009)" in text
    assert "as far as it is known here: 0 of 1; others: 1 (blues.00000)" in text


@pytest.mark.parametrize("place", ["gtzan", "."])
def test_md5_sums_are_compared_with_the_index_that_is_there(tmp_path, place):
    folder = tmp_path / "gtzan" / "genres" / "blues"
    folder.mkdir(parents=True)
    listed = {}
    for number in range(3):
        content = wav(seed=number)
        (folder / f"blues.{number:05d}.wav").write_bytes(content)
        md5 = hashlib.md5(content if number else b"").hexdigest()
        listed[f"blues.{number:05d}"] = {"audio": ["some/path.wav", md5], "tempo": [None, None]}
    tracks = find_gtzan(tmp_path).tracks
    index = tmp_path / place / gtzan.INDEX
    index.write_text(json.dumps({"version": "1.0", "tracks": listed}))
    assert "2 of 3; others: 1 (blues.00000)" in report(tracks, tmp_path)
    for damaged in ("", "[]", "{}", '{"tracks": {"a": {}}}', '{"tracks": []}'):
        index.write_text(damaged)
        assert "cannot be read" in report(tracks, tmp_path)
