"""Controls of a live instrument: which recording it is about, and answers to what is changed."""

from __future__ import annotations

import asyncio
import functools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import ipywidgets as widgets
import numpy as np

from genre_lib.config import GENRES, UserError
from genre_lib.corpus import Source, Upload
from genre_lib.corpus.audio import read_excerpt, seconds_of, stream_audio
from genre_lib.corpus.songs import load_song
from genre_lib.corpus.synthetic import SAMPLE_RATE, SECONDS

PAUSE = 0.03  # seconds, in which the other messages of a slider that is dragged arrive
SONGS = 100  # a genre
SOURCES = ("demonstration song", "file", "upload")
ALL = 1e6  # seconds, more than any file holds that is decoded as a whole
LABELS = {"description_width": "7em"}
WIDTH = widgets.Layout(width="24em", max_width="100%")
ROW = widgets.Layout(flex_flow="row wrap")  # side by side where there is room


def labelled(controls: Mapping[str, widgets.Widget]) -> list[widgets.Widget]:
    """The controls, each with its label."""
    for label, control in controls.items():
        control.description, control.style, control.layout = label, LABELS, WIDTH
    return list(controls.values())


class Answering:
    """Shows anew what some controls ask for, from now on; `alert` shows an error as a sentence.

    In a kernel, the messages of a slider that is dragged arrive one after the other, and one that
    is answered at once keeps the others waiting: the picture would lag behind the hand. So a
    change is answered a moment later, for the values of then. Where no event loop runs, as in a
    plain program, every change is answered at once.

    Parameters
    ----------
    draw
        Yields an HTML text for each of the outputs, once or more: the last ones stay. In between,
        messages are heard, and a change abandons the rest. An error empties all outputs.
    """

    def __init__(
        self,
        draw: Callable[[], Iterator[Sequence[str]]],
        outputs: Sequence[widgets.HTML],
        controls: Sequence[widgets.Widget],
    ) -> None:
        self.alert = widgets.HTML()
        self._draw, self._outputs = draw, outputs
        self._rest = draw()
        self._scheduled = self._drawing = False
        for control in controls:
            control.observe(self._change, "value")
        self._wake()

    def _change(self, _: object) -> None:
        if not self._drawing:  # which keeps sliders in their ranges, and has seen their values
            self._rest = self._draw()
            self._go_on()

    def _go_on(self) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            while self._step():
                pass
            return
        if not self._scheduled:
            self._scheduled = True
            loop.call_later(PAUSE, self._wake)

    def _wake(self) -> None:
        self._scheduled = False
        if self._step():
            self._go_on()

    def _step(self) -> bool:
        """Show what comes next; return whether there may be more."""
        self._drawing = True
        texts, alert = [""] * len(self._outputs), ""
        try:
            texts = list(next(self._rest))
        except StopIteration:
            return False
        except UserError as error:
            alert = str(error)
        except Exception as error:  # in a callback, nobody would see it
            words = f"{type(error).__name__}: {error}".partition("\n")[0].removesuffix(": ")
            alert = f"This cannot be shown ({words})."
        finally:
            self._drawing = False
        alert = alert and f'<p class="mel-alert" role="alert">{escape(alert)}</p>'
        self.alert.value = alert
        for output, text in zip(self._outputs, texts, strict=True):
            output.value = text
        return not alert


# Recordings


@dataclass(frozen=True, eq=False)
class Recording:
    """Something to listen to: mono float32 audio, an excerpt or all of it in blocks."""

    title: str
    label: str  # its genre if that is known, else its title
    seconds: float
    read: Callable[[int, float, float], np.ndarray]  # of sample rate, start and seconds
    stream: Callable[[int], Iterator[np.ndarray]]  # of sample rate
    composed: bool = False


@functools.lru_cache(maxsize=4)
def song(genre: str, number: int) -> Recording:
    """One song of the embedded corpus."""
    load = functools.lru_cache(maxsize=1)(functools.partial(load_song, genre, number, 0))

    def read(rate: int, start: float, seconds: float) -> np.ndarray:
        return load(rate)[round(start * rate) :][: round(seconds * rate)]

    title = f"{genre}.{number:05d}"
    return Recording(title, genre, SECONDS, read, lambda rate: iter([load(rate)]), composed=True)


def recording_of(source: Source) -> Recording:
    """A file, of which no more is decoded than is read if it says how long it is."""

    @functools.lru_cache(maxsize=1)
    def read(rate: int, start: float, seconds: float) -> np.ndarray:
        return read_excerpt(source, rate, start=start, seconds=seconds)

    seconds = seconds_of(source) or len(read(SAMPLE_RATE, 0, ALL)) / SAMPLE_RATE
    stream = functools.partial(stream_audio, source)
    return Recording(source.name, source.name, seconds, read, stream)


def choose_song(
    genre: str = "genre", number: str = "song", *, first: str = GENRES[0]
) -> list[widgets.Widget]:
    """Controls, with these labels, for the genre and the number of a song; see `song`."""
    genres = widgets.Dropdown(options=GENRES, value=first)
    return labelled({genre: genres, number: widgets.IntSlider(0, 0, SONGS - 1)})


def choose_recording(
    path: str | Path | None = None,
) -> tuple[widgets.VBox, Callable[[], Recording]]:
    """Controls for a demonstration song, the path of a file, or a file to upload.

    The file at `path`, or else a song, is chosen first. With the controls comes a function that
    returns the recording chosen now, the same object until another is chosen, or raises
    `UserError` where none is or it cannot be read. What is uploaded stays in memory while it is
    shown, and is written nowhere.
    """
    first = SOURCES[0] if path is None else SOURCES[1]
    style = LABELS | {"button_width": "auto"}
    kind = widgets.ToggleButtons(options=SOURCES, value=first, description="sound", style=style)
    text = widgets.Text(
        value=str(path or ""),
        description="path",
        placeholder="on the machine where the kernel runs, such as ~/music/song.mp3",
        continuous_update=False,
        style=LABELS,
        layout=widgets.Layout(width="40em", max_width="100%"),
    )
    upload = widgets.FileUpload(description="audio file", layout=widgets.Layout(width="auto"))
    hint = widgets.HTML("For files of more than about 10 MB, give the path instead.")
    songs = choose_song()
    parts = (widgets.VBox(songs), text, widgets.HBox([upload, hint], layout=ROW))
    stack = widgets.Stack(parts, selected_index=SOURCES.index(first))
    widgets.jslink((kind, "index"), (stack, "selected_index"))
    uploaded: Recording | None = None

    @functools.lru_cache(maxsize=1)
    def from_file(path: str, changed: float) -> Recording:
        return recording_of(Path(path))

    def recording() -> Recording:
        nonlocal uploaded
        if kind.value == SOURCES[2]:
            if upload.value:
                (file,) = upload.value
                uploaded, upload.value = None, ()
                uploaded = recording_of(Upload(file["name"], bytes(file["content"])))
            if uploaded is None:
                raise UserError("Choose an audio file to upload.")
            return uploaded
        uploaded, upload.value = None, ()
        if kind.value == SOURCES[0]:
            return song(*(control.value for control in songs))
        if not text.value.strip():
            raise UserError("Give the path of an audio file.")
        path = os.path.expanduser(text.value.strip())
        return from_file(path, os.path.getmtime(path) if os.path.isfile(path) else 0.0)

    return widgets.VBox([kind, stack]), recording
