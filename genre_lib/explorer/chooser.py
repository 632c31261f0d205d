"""Which recording an instrument is about: a demonstration song, or a file of the user's own."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import ipywidgets as widgets
import numpy as np

from genre_lib.config import GENRES, UserError
from genre_lib.corpus import Source, Upload
from genre_lib.corpus.songs import load_song
from genre_lib.corpus.stream import read_excerpt, seconds_of, stream_audio
from genre_lib.corpus.synthetic import SAMPLE_RATE, SECONDS

SONGS = 100  # a genre
SOURCES = ("demonstration song", "file", "upload")
ALL = 1e6  # seconds, more than any file holds that is decoded as a whole
LABELS = {"description_width": "7em"}
WIDTH = widgets.Layout(width="24em", max_width="100%")


@dataclass(frozen=True, eq=False)
class Recording:
    """Something to listen to.

    Attributes
    ----------
    label
        Its genre if that is known, else its title.
    read
        ``read(sample_rate, start, seconds)`` returns mono float32 audio, shape (samples,).
    stream
        ``stream(sample_rate)`` yields all of it in blocks.
    """

    title: str
    label: str
    seconds: float
    read: Callable[[int, float, float], np.ndarray]
    stream: Callable[[int], Iterator[np.ndarray]]
    composed: bool = False


class Chooser(NamedTuple):
    """Controls that choose a recording.

    Attributes
    ----------
    box
        All of them, to be shown.
    controls
        Those whose values count.
    recording
        Returns the recording that is chosen now: the same object until another is chosen. Raises
        `UserError` where none is, or it cannot be read.
    """

    box: widgets.VBox
    controls: tuple[widgets.Widget, ...]
    recording: Callable[[], Recording]


@functools.lru_cache(maxsize=4)
def song(genre: str, number: int) -> Recording:
    """One song of the embedded corpus."""
    load = functools.partial(load_song, genre, number, 0)
    return _loaded(f"{genre}.{number:05d}", genre, load, seconds=SECONDS, composed=True)


def recording_of(source: Source) -> Recording:
    """A file of the user's own; of a format that libsndfile knows, nothing is decoded yet.

    Raises
    ------
    UserError
        If it cannot be read.
    """
    title = source.name
    seconds = seconds_of(source)
    if not seconds:  # a fault, or a format that can only be decoded as a whole
        load = functools.partial(read_excerpt, source, start=0, seconds=ALL)
        audio = load(SAMPLE_RATE)
        return _loaded(title, title, load, seconds=len(audio) / SAMPLE_RATE)

    def read(sample_rate: int, start: float, seconds: float) -> np.ndarray:
        return read_excerpt(source, sample_rate, start=start, seconds=seconds)

    return Recording(title, title, seconds, read, functools.partial(stream_audio, source))


def _loaded(
    title: str,
    label: str,
    load: Callable[[int], np.ndarray],
    *,
    seconds: float,
    composed: bool = False,
) -> Recording:
    """A recording that is loaded as a whole, and held at the sample rate that was asked for."""
    load = functools.lru_cache(maxsize=1)(load)

    def read(sample_rate: int, start: float, seconds: float) -> np.ndarray:
        return load(sample_rate)[round(start * sample_rate) :][: round(seconds * sample_rate)]

    def stream(sample_rate: int) -> Iterator[np.ndarray]:
        yield load(sample_rate)

    return Recording(title, label, seconds, read, stream, composed)


def choose_song(
    genre: str = "genre", number: str = "song", *, first: str = GENRES[0]
) -> tuple[widgets.Widget, ...]:
    """Controls, with these labels, for the genre and the number of a song; see `song`."""
    return (
        widgets.Dropdown(
            options=GENRES, value=first, description=genre, style=LABELS, layout=WIDTH
        ),
        widgets.IntSlider(0, 0, SONGS - 1, description=number, style=LABELS, layout=WIDTH),
    )


def choose_recording(path: str | Path | None = None) -> Chooser:
    """Controls for a demonstration song, the path of a file, or a file to upload.

    What is uploaded stays in memory while it is shown, and is written nowhere.

    Parameters
    ----------
    path
        The file that is chosen first; without it, a demonstration song.
    """
    first = SOURCES[0] if path is None else SOURCES[1]
    kind = widgets.ToggleButtons(options=SOURCES, value=first, description="sound", style=LABELS)
    kind.style.button_width = "auto"
    genre, number = choose_song()
    text = widgets.Text(
        value="" if path is None else str(path),
        description="path",
        placeholder="on the machine where the kernel runs, such as ~/music/song.mp3",
        continuous_update=False,
        style=LABELS,
        layout=widgets.Layout(width="40em", max_width="100%"),
    )
    upload = widgets.FileUpload(description="audio file", layout=widgets.Layout(width="auto"))
    hint = widgets.HTML("For files of more than about 10 MB, give the path instead.")
    parts = (
        widgets.VBox([genre, number]),
        text,
        widgets.HBox([upload, hint], layout=widgets.Layout(flex_flow="row wrap")),
    )
    stack = widgets.Stack(parts, selected_index=SOURCES.index(first))
    widgets.jslink((kind, "index"), (stack, "selected_index"))
    uploaded: Recording | None = None

    @functools.lru_cache(maxsize=1)
    def from_file(path: Path, stamp: tuple[int, int] | None) -> Recording:
        return recording_of(path)

    def recording() -> Recording:
        nonlocal uploaded
        if kind.value != SOURCES[2]:
            uploaded, upload.value = None, ()
        if kind.value == SOURCES[0]:
            return song(genre.value, number.value)
        if kind.value == SOURCES[1]:
            if not text.value.strip():
                raise UserError("Give the path of an audio file.")
            file = Path(os.path.expanduser(text.value.strip()))
            return from_file(file, _stamp(file))
        if upload.value:
            (file,) = upload.value
            uploaded, upload.value = None, ()
            uploaded = recording_of(Upload(file["name"], bytes(file["content"])))
        if uploaded is None:
            raise UserError("Choose an audio file to upload.")
        return uploaded

    box = widgets.VBox([kind, stack])
    return Chooser(box, (kind, genre, number, text, upload), recording)


def _stamp(path: Path) -> tuple[int, int] | None:
    """Size and time of a file, which tell whether it is still the same."""
    try:
        stat = path.stat()
    except (OSError, ValueError):
        return None
    return stat.st_size, stat.st_mtime_ns
