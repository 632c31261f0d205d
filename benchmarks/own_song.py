"""Seconds, memory and loaded bytes of the page *Your own song*.

Usage: python -m benchmarks.own_song --help
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import soundfile
import soxr
import typer
from playwright.sync_api import sync_playwright

from benchmarks import machine
from genre_lib.book.pdf import FLAGS, find_browser
from genre_lib.corpus.synthetic.songs import load_song

RATE = 44100  # Hz, of the songs
KINDS = ("mp3", "wav", "flac", "ogg")
LOADED = (
    "performance.getEntriesByType('resource').filter((entry) => entry.name.startsWith('http'))"
    ".reduce((sum, entry) => sum + entry.decodedBodySize, 0)"
)
JUDGED = """() => new Promise((resolve, reject) => {
  const place = document.querySelector('.own-song');
  place.addEventListener('judged', ({ detail }) => resolve(detail.ranked[0].genre));
  const alert = place.querySelector('[role=alert]');
  new MutationObserver(() => alert.hidden || reject(alert.textContent)).observe(alert, {
    attributes: true, childList: true,
  });
})"""


class Figures(NamedTuple):
    """Seconds, and those of processors; bytes of memory, then at most; bytes loaded, then more."""

    seconds: float
    spent: float
    before: int
    peak: int
    page: int
    loaded: int


def song(file: Path, seconds: int) -> Path:
    """Write a composed song in stereo, repeated as often as is necessary."""
    audio = soxr.resample(load_song("rock", 0, 0, 22050), 22050, RATE)
    audio = np.resize(audio, RATE * seconds)
    with soundfile.SoundFile(file, "w", RATE, 2) as output:
        for start in range(0, len(audio), RATE):  # all at once is more than it takes for OGG
            part = audio[start : start + RATE]
            output.write(np.stack([part, 0.8 * part], axis=1))
    return file


class Quiet(SimpleHTTPRequestHandler):
    """A server of files without a log."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a server of the files in `folder`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def resident(process: int) -> tuple[int, int]:
    """Bytes of memory that a process has, and the most that it has had."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    now, most = (1024 * int(fields[name].split()[0]) for name in ("VmRSS", "VmHWM"))
    return now, most


def spent(process: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def judge(browser: str, page_address: str, file: Path) -> Figures:
    """Choose a file in a fresh browser, and wait for the answer."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=browser, args=FLAGS)
        page = opened.new_page()
        page.set_default_timeout(120_000)
        page.goto(page_address, wait_until="load")
        page.wait_for_timeout(1000)
        asked = opened.new_browser_cdp_session().send("SystemInfo.getProcessInfo")
        pages = [each["id"] for each in asked["processInfo"] if each["type"] == "renderer"]
        before, weight = max(resident(each)[0] for each in pages), page.evaluate(LOADED)
        page.evaluate(f"() => {{ window.judged = ({JUDGED})(); }}")
        used, start = sum(map(spent, pages)), time.perf_counter()
        page.locator(".own-song input[type=file]").set_input_files(file)
        page.evaluate("window.judged")
        seconds, used = time.perf_counter() - start, sum(map(spent, pages)) - used
        peak = max(resident(each)[1] for each in pages)
        loaded = page.evaluate(LOADED) - weight
        opened.close()
    return Figures(seconds, used, before, peak, weight, loaded)


def main(
    book: Annotated[
        Path, typer.Option(exists=True, file_okay=False, help="Folder of the built pages.")
    ] = Path("book/_build/html"),
    minutes: Annotated[int, typer.Option(min=1, help="Length of the long song.")] = 10,
    kind: Annotated[list[str], typer.Option(help="Kinds of files.")] = list(KINDS),  # noqa: B006
) -> None:
    """Judge a song of 30 s and a long one in Chromium, each in a fresh browser.

    Memory is what is resident of the page's process, before a file is chosen and at most (for Linux
    alone); loaded are the page's own scripts and pictures, and then the network.

    Example: python -m benchmarks.own_song --book book/_build/html --kind mp3
    """
    browser = find_browser()
    if browser is None:
        raise typer.BadParameter("There is no Chromium; install one.")
    machine.tell("playwright")
    typer.echo(f"{'':<12}{'file':>8}{'time':>8}{'processor':>11}{'memory':>18}{'loaded':>18}")
    typer.echo(f"{'':<12}{'MB':>8}{'s':>8}{'s':>11}{'MB':>9}{'at most':>9}{'MB':>9}{'then':>9}")
    with tempfile.TemporaryDirectory() as name, served(book) as site:
        for seconds in (30, 60 * minutes):
            for each in kind:
                file = song(Path(name, f"{seconds} s.{each}"), seconds)
                found = judge(browser, f"{site}predict.html", file)
                typer.echo(
                    f"{file.name:<12}{file.stat().st_size / 1e6:8.1f}{found.seconds:8.2f}"
                    f"{found.spent:11.2f}{found.before / 1e6:9.0f}{found.peak / 1e6:9.0f}"
                    f"{found.page / 1e6:9.2f}{found.loaded / 1e6:9.2f}"
                )


if __name__ == "__main__":
    typer.run(main)
