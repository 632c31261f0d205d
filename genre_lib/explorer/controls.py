"""What live instruments have in common: controls, a sound to choose, answers to what is changed."""

from __future__ import annotations

import asyncio
import functools
import os
from collections.abc import Callable, Iterator, Mapping
from html import escape
from pathlib import Path

import ipywidgets as widgets

from genre_lib.config import GENRES, UserError
from genre_lib.corpus import Source, Upload
from genre_lib.corpus.synthetic import SAMPLE_RATE
from genre_lib.corpus.synthetic.songs import load_song
from genre_lib.explorer.drawing import encoded, instrument

PAUSE = 0.03  # seconds, in which the other messages of a slider that is dragged arrive
SONGS = 100  # a genre
SOURCES = ("demonstration song", "file", "upload")
ROW = widgets.Layout(flex_flow="row wrap")  # side by side where there is room


def labelled(controls: Mapping[str, widgets.Widget]) -> widgets.HBox:
    """The controls side by side, each with its label."""
    for label, control in controls.items():
        control.description, control.style = label, {"description_width": "7em"}
        control.layout = widgets.Layout(width="24em", max_width="100%")
    return widgets.HBox(list(controls.values()), layout=ROW)


def live(draw: Callable[[], tuple[str, str]], *rows: widgets.Widget) -> widgets.VBox:
    """Controls above the picture and the sound, as HTML, that they ask for from now on.

    In a kernel, the messages of a slider that is dragged arrive one after the other, and one that
    is answered at once keeps the others waiting: the picture would lag behind the hand. So a
    change is answered a moment later, for the values of then. Where no event loop runs, as in a
    plain program, every change is answered at once. An error is shown as a sentence.
    """
    shown = [widgets.HTML() for _ in range(3)]
    waiting = False

    def answer() -> None:
        nonlocal waiting
        waiting = False
        alert, texts = "", ("", "")
        try:
            texts = draw()
        except UserError as error:
            alert = str(error)
        except Exception as error:  # in a callback, nobody would see it
            words = f"{type(error).__name__}: {error}".partition("\n")[0].removesuffix(": ")
            alert = f"This cannot be shown ({words})."
        alert = alert and f'<p class="mel-alert" role="alert">{escape(alert)}</p>'
        for output, text in zip(shown, (alert, *texts), strict=True):
            output.value = text

    def change(_: object) -> None:
        nonlocal waiting
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            answer()
            return
        if not waiting:
            waiting = True
            loop.call_later(PAUSE, answer)

    for control in _controls_in(rows):
        control.observe(change, "value")
    answer()
    return instrument(*rows, *shown).add_class("live").add_class("clip")


def _controls_in(boxes: tuple[widgets.Widget, ...]) -> Iterator[widgets.Widget]:
    """All widgets in some boxes that a user can change."""
    for widget in boxes:
        if widget.has_trait("value") and widget.has_trait("disabled"):
            yield widget
        yield from _controls_in(getattr(widget, "children", ()))


class Song(Upload):
    """One song of the embedded corpus, as a file in memory."""


@functools.lru_cache(maxsize=4)
def song(genre: str, number: int) -> Song:
    """Compose one song of the embedded corpus."""
    audio = load_song(genre, number, 0, SAMPLE_RATE)
    content = encoded(audio, SAMPLE_RATE, format="WAV", subtype="FLOAT")
    return Song(f"{genre}.{number:05d}", content)


def choose_sound(path: str | Path | None = None) -> tuple[widgets.VBox, Callable[[], Source]]:
    """Controls for a demonstration song, the path of a file, or a file to upload.

    The file at `path`, or else a song, is chosen first. With the controls comes a function that
    returns what is chosen now, or raises `UserError` where nothing is. An upload is written
    nowhere, and forgotten as soon as something else is chosen.
    """
    kind = widgets.ToggleButtons(options=SOURCES, index=0 if path is None else 1)
    kind.description, kind.style.button_width = "sound", "auto"
    genre, number = widgets.Dropdown(options=GENRES), widgets.IntSlider(0, 0, SONGS - 1)
    text = widgets.Text(
        value=str(path or ""),
        placeholder="on the machine where the kernel runs, such as ~/music/song.mp3",
        continuous_update=False,
    )
    upload = widgets.FileUpload(description="audio file", layout=widgets.Layout(width="auto"))
    hint = widgets.HTML("For files of more than about 10 MB, give the path instead.")
    songs = labelled({"genre": genre, "song": number})
    parts = (songs, labelled({"path": text}), widgets.HBox([upload, hint], layout=ROW))
    stack = widgets.Stack(parts, selected_index=kind.index)
    widgets.jslink((kind, "index"), (stack, "selected_index"))

    def chosen() -> Source:
        if kind.value == "upload":
            if not upload.value:
                raise UserError("Choose an audio file to upload.")
            return Upload(upload.value[0]["name"], bytes(upload.value[0]["content"]))
        upload.value = ()
        if kind.value == "demonstration song":
            return song(genre.value, number.value)
        if not text.value.strip():
            raise UserError("Give the path of an audio file.")
        return Path(os.path.expanduser(text.value.strip()))

    return widgets.VBox([kind, stack]), chosen
