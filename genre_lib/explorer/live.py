"""Instruments for a notebook with a kernel: each is one call, and answers at every change.

Each plays songs of the embedded corpus, files on the kernel's machine (the one named is chosen
first), and uploads. Nothing is written to disk and no history is kept.
"""

from __future__ import annotations

import asyncio
import functools
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from html import escape
from pathlib import Path

import ipywidgets as widgets
import numpy as np
from tqdm.notebook import tqdm

from genre_lib import predict
from genre_lib.augment import augment, pipeline, transforms
from genre_lib.book.figures import always
from genre_lib.book.templates import fill
from genre_lib.config import GENRES, AugmentationSettings, SpectrogramSettings, UserError
from genre_lib.corpus import Source, Track, Upload, read_audio
from genre_lib.corpus.audio import seconds_of
from genre_lib.corpus.sound import SILENT, level
from genre_lib.corpus.synthetic import SAMPLE_RATE
from genre_lib.corpus.synthetic.songs import load_song
from genre_lib.explorer.drawing import encoded, instrument, panel, sound
from genre_lib.explorer.examples import hear
from genre_lib.explorer.page import clip
from genre_lib.spectrogram import mel_decibels, mel_filterbank, to_gray
from genre_lib.splits import resize

COLUMNS = 1300  # of a picture; more would be computed, and no screen shows them
SAMPLES = COLUMNS * 4096  # in the windows of a picture; with more, an answer would take too long
N_FFT = (64, 128, 256, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192)  # quick to transform
RATES = (8000, 11025, 16000, 22050, 44100)
DEFAULT = SpectrogramSettings()
PAUSE = 0.03  # seconds, in which the other messages of a slider that is dragged arrive
SONGS = 100  # a genre
SOURCES = ("demonstration song", "file", "upload")
ROW = widgets.Layout(flex_flow="row wrap")  # side by side where there is room
# Where an excerpt begins, in percent of where it can.
PLACE = functools.partial(widgets.FloatSlider, min=0, max=100, step=0.1, readout_format=".1f")


def spectrogram(path: str | Path | None = None) -> widgets.VBox:
    """A mel spectrogram whose every parameter can be changed while one looks and listens.

    A file may be of any length: no more than is shown is decoded. Where a short hop would give
    more than `COLUMNS` columns, or long windows more than `SAMPLES`, less of the sound is shown.

    The picture is `genre_lib.spectrogram.mel_decibels` of the excerpt, in 256 steps (Section IV-A).
    """
    chooser, chosen = choose_sound(path)
    knobs = {
        "n_fft": widgets.SelectionSlider(options=N_FFT, value=DEFAULT.n_fft),
        "hop_length": widgets.IntSlider(DEFAULT.hop_length, 16, 2048, 16),
        "n_mels": widgets.IntSlider(DEFAULT.n_mels, 16, 256),
        "fmin": widgets.IntSlider(DEFAULT.fmin, 0, 10000, 10),
        "fmax": widgets.IntSlider(DEFAULT.fmax, 100, 22050, 25),
        "top_db": widgets.IntSlider(DEFAULT.top_db, 5, 150),
        "sample_rate": widgets.Dropdown(options=RATES, value=DEFAULT.sample_rate),
    }
    place, length = PLACE(), widgets.FloatSlider(DEFAULT.seconds, min=0.5, max=30, step=0.5)

    def draw() -> tuple[str, str]:
        settings = SpectrogramSettings(**{name: knob.value for name, knob in knobs.items()})
        rate, n_fft, hop = settings.sample_rate, settings.n_fft, settings.hop_length
        shown = min(length.value, min(COLUMNS, SAMPLES // n_fft) * hop / rate)
        source = chosen()
        audio, begin, end = _excerpt(source, rate, place.value / 100, shown, least=n_fft)
        empty = _empty_bands(settings)
        gray = to_gray(mel_decibels(audio, settings), top_db=settings.top_db)
        notes = [
            f"{gray.shape[1]} columns, one every {1000 * hop / rate:.1f} ms. Each is made of "
            f"{1000 * n_fft / rate:.1f} ms of sound, which tells {rate / n_fft:.1f} Hz apart."
        ]
        if shown < length.value:
            notes.append("No more is computed at once; a longer hop shows more of the sound.")
        if empty:
            notes.append(f"{empty} of {settings.n_mels} bands are empty: too narrow for a window.")
        title, made = f"{source.name}, {begin:.1f} to {end:.1f} s", settings.model_dump()
        drawn = panel(gray, made, title=title, start=begin, stop=end, lossless=True)
        heard = {"source": sound(audio, rate, lossless=True), "start": 0.0, "seconds": end - begin}
        player = fill("player.html", label="Hear what is shown", **heard)
        return drawn + _note(" ".join(notes)), player

    where = labelled({"start (%)": place, "length (s)": length})
    return live(draw, chooser, where, labelled(knobs))


def augmentation(path: str | Path | None = None) -> widgets.VBox:
    """The paper's augmentations, with strengths of your choice, beside the original.

    A ticked augmentation is applied with certainty; `seed` draws again (Section IV-A).
    """
    default = AugmentationSettings()
    chooser, chosen = choose_sound(path)
    place, seed = PLACE(), widgets.BoundedIntText(0, 0, 10**6)
    ticks = [widgets.Checkbox(True, description=name, indent=False) for name in transforms(default)]
    most = {"crop_min": 1, "brightness": 1, "contrast": 1, "noise_min": 0.3, "noise_max": 0.3}
    slider = functools.partial(widgets.FloatSlider, min=0, step=0.002, readout_format=".3f")
    strengths = {name: slider(getattr(default, name), max=high) for name, high in most.items()}

    def draw() -> tuple[str, str]:
        values = {name: control.value for name, control in strengths.items()}
        certain = always(AugmentationSettings(**values))
        names = [tick.description for tick in ticks if tick.value]
        source = chosen()
        audio, begin, _ = _excerpt(source, DEFAULT.sample_rate, place.value / 100, DEFAULT.seconds)
        original = resize(predict.spectrogram(audio, DEFAULT))
        (changed,) = augment(original[None], pipeline(certain, names), seed=seed.value)
        show = functools.partial(panel, start=begin, stop=begin + DEFAULT.seconds, lossless=True)
        before = show(original, DEFAULT.model_dump(), title=f"{source.name}, original")
        title = " + ".join(names) or "nothing is changed"
        after = show(changed, DEFAULT.model_dump(), title=title)
        return f'<div class="mel-pair">{before}{after}</div>', ""

    rows = widgets.HBox(ticks), labelled({**strengths, "seed": seed})
    return live(draw, chooser, labelled({"start (%)": place}), *rows)


def prediction(path: str | Path | None = None) -> widgets.VBox:
    """Genres of a recording: as a whole, over time, and moment by moment within a window.

    The packaged network is asked about a file, and about a demonstration song the one that learned
    from such songs. A long file is heard window by window, in little memory, before its answer is
    shown. `genre_lib.predict.predict_file` gives the same answer as values.
    """
    of_songs, of_files = predict.read_trained(predict.DEMONSTRATION), predict.read_trained()
    chooser, chosen = choose_sound(path)
    place, bar = PLACE(), tqdm(unit="s", display=False)

    @functools.lru_cache(maxsize=1)
    def ask(source: Source, _: float) -> tuple[predict.Trained, predict.Answer]:
        trained = of_songs if isinstance(source, Song) else of_files
        bar.reset(total=round(seconds_of(source)) or None)
        return trained, predict.predict_file(source, trained, bar=bar)

    def draw() -> tuple[str, str]:
        source = chosen()
        path = source if isinstance(source, Path) else ""
        trained, answer = ask(source, os.path.getmtime(path) if os.path.isfile(path) else 0.0)
        window = answer.windows[round(place.value / 100 * (len(answer.windows) - 1))]
        span = " to ".join(map(tqdm.format_interval, (window.start, window.end)))
        moments = _note(f"From {span}, there is silence.")
        if window.genre is not None:
            part = {"start": window.start, "seconds": window.end - window.start}
            load = functools.partial(read_audio, source, **part)
            (example,) = hear([Track(f"{source.name}, {span}", "", load)], trained, whole=True)
            moments = clip(example)
        words = f"{predict.report(answer)}\n\n{predict.header(trained)}"
        return f'<pre class="mel-report">{escape(words)}</pre>', moments

    return live(draw, chooser, labelled({"window (%)": place}), bar.container)


def _excerpt(
    source: Source, rate: int, place: float, seconds: float, *, least: int = 1
) -> tuple[np.ndarray, float, float]:
    """A part of a recording, shape (samples,), and where it begins and ends (s).

    It begins at the first second for a `place` of 0, and ends with the recording for 1. Raises
    `UserError` if it is silent or has fewer than `least` samples.
    """
    whole = seconds_of(source) or len(read_audio(source, rate)) / rate
    begin = place * max(0.0, whole - seconds)
    audio = read_audio(source, rate, start=begin, seconds=seconds)
    end = begin + len(audio) / rate
    if len(audio) < least:
        raise UserError(
            f"{source.name} has only {end - begin:.3f} s of sound here, less than a window of "
            f"{least / rate:.3f} s. Choose more sound or a smaller n_fft."
        )
    if level(audio) < SILENT:
        raise UserError(
            f"{source.name} is silent from {begin:.1f} to {end:.1f} s; choose another place."
        )
    return audio, begin, end


def _empty_bands(settings: SpectrogramSettings) -> int:
    """How many mel bands no frequency falls into; `UserError` if it is all of them."""
    with warnings.catch_warnings(action="ignore"):  # the instrument says it
        filters = mel_filterbank(settings)
    empty = int((~filters.any(axis=1)).sum())
    if empty == settings.n_mels:
        raise UserError(
            f"No frequency of a window of n_fft = {settings.n_fft} lies between fmin = "
            f"{settings.fmin:g} and fmax = {settings.fmax:g}; take a longer window or more of them."
        )
    return empty


def _note(text: str) -> str:
    return f'<p class="mel-note" role="note">{escape(text)}</p>'


# Controls, a sound to choose, and answers to what is changed


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
