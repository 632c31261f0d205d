"""Instruments for a notebook with a kernel: each is one call, and answers at every change.

>>> from genre_lib import explorer
>>> explorer.spectrogram()  # doctest: +SKIP
>>> explorer.augmentation()  # doctest: +SKIP
>>> explorer.prediction("song.mp3")  # doctest: +SKIP

Each plays songs of the embedded corpus, files on the kernel's machine, and uploads. Nothing is
written to disk and no history is kept: an instrument holds what it shows, and no more. What does
not change from one answer to the next, such as the audio, is kept until something else is shown.
"""

from __future__ import annotations

import functools
import io
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import numpy as np

from genre_lib import predict
from genre_lib.augment import IMAGE_SIZE, augment, composed, cutmix_box, paste, transforms
from genre_lib.config import AugmentationSettings, SpectrogramSettings, UserError, validated
from genre_lib.explorer.answering import Answering
from genre_lib.explorer.chooser import LABELS, WIDTH, Recording, choose_recording, choose_song, song
from genre_lib.explorer.page import audio_player, courses, describe, example_of, narrow
from genre_lib.explorer.panel import CMAP, data_uri, instrument, panel, row, times
from genre_lib.predict import (
    DEMONSTRATION,
    PACKAGED,
    Answer,
    Part,
    Trained,
    answer_of,
    clock,
    parts_of,
    read_trained,
)
from genre_lib.spectrogram import (
    SILENT,
    fit_length,
    mel_decibels,
    mel_filterbank,
    power_spectrum,
    power_to_mel_decibels,
    to_gray,
)
from genre_lib.splits import resize

COLUMNS = 1300  # of a picture; more would be computed, and no screen shows them
SAMPLES = COLUMNS * 4096  # in the windows of a picture; with more, an answer would take too long
N_FFT = (64, 128, 256, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192)  # quick to transform
RATES = (8000, 11025, 16000, 22050, 44100)
CMAPS = (CMAP, "viridis", "cividis", "inferno", "gray", "gray_r")
DEFAULT = SpectrogramSettings()
NETWORKS = {True: DEMONSTRATION, False: PACKAGED}  # by whether what is heard is composed
LIVE_STYLE = """<style>
.clip { --at: 0; }
.mel-alert { border-left: 0.3em solid #c0392b; padding: 0.2em 0.8em; font-weight: 600; }
.mel-alert, .mel-note { max-width: 40rem; white-space: normal; overflow-wrap: anywhere;
  line-height: 1.4; margin: 0.3em 0; }
.live .mel-plot > img { image-rendering: auto; }
.mel-pair { display: flex; flex-wrap: wrap; gap: 0 1em; }
.mel-pair > .mel { flex: 1 1 15rem; max-width: 24rem; }
.mel-course { grid-template-rows: none; }
.live :is(.mel-pair .mel-plot, .mel-course .mel-row)::after { display: none; }
.live table { border-collapse: collapse; }
.live td { padding: 0 0.8em 0 0; text-align: left; }
.live meter { width: 12em; }
</style>"""


def spectrogram(path: str | Path | None = None) -> widgets.VBox:
    """A mel spectrogram whose every parameter can be changed while one looks and listens.

    ``explorer.spectrogram()`` shows a demonstration song, ``explorer.spectrogram("song.mp3")`` a
    file of your own, of any length: no more than is shown is decoded. Where a short hop would give
    more than `COLUMNS` columns, or long windows more than `SAMPLES`, less of the sound is shown.

    The picture is `genre_lib.spectrogram.mel_decibels` of the excerpt, in 256 steps (Section IV-A).
    """
    chooser = choose_recording(path)
    knobs = {
        "n_fft": widgets.SelectionSlider(options=N_FFT, value=DEFAULT.n_fft),
        "hop_length": widgets.IntSlider(DEFAULT.hop_length, 16, 2048, 16),
        "n_mels": widgets.IntSlider(DEFAULT.n_mels, 16, 256),
        "fmin": widgets.FloatSlider(DEFAULT.fmin, min=0, max=10000, step=10, readout_format=".0f"),
        "fmax": widgets.FloatSlider(
            DEFAULT.fmax, min=100, max=22050, step=25, readout_format=".0f"
        ),
        "top_db": widgets.FloatSlider(DEFAULT.top_db, min=5, max=150, step=1, readout_format=".0f"),
        "sample_rate": widgets.Dropdown(options=RATES, value=DEFAULT.sample_rate),
    }
    cmap = widgets.Dropdown(options=CMAPS)
    start, length = _start(), _slider(DEFAULT.seconds, 0.5, DEFAULT.seconds, step=0.5)
    sound = _heard()

    @functools.lru_cache(maxsize=1)
    def power(
        recording: Recording, rate: int, begin: float, seconds: float, n_fft: int, hop: int
    ) -> np.ndarray:
        audio = sound(recording, rate, begin, seconds)
        return power_spectrum(audio, n_fft=n_fft, hop_length=hop)

    def draw() -> Iterator[tuple[str, str]]:
        settings = _settings(knobs)
        rate, n_fft, hop = settings.sample_rate, settings.n_fft, settings.hop_length
        recording = chooser.recording()
        longest = min(COLUMNS, SAMPLES // n_fft) * hop / rate
        shown = min(length.value, longest, recording.seconds)
        begin = _within(start, recording.seconds - shown)
        audio = sound(recording, rate, begin, shown)
        end = begin + len(audio) / rate
        _see_sound(audio, recording, begin, end, least=n_fft / rate, knob="n_fft")
        empty = _empty_bands(settings)
        decibels = power_to_mel_decibels(power(recording, rate, begin, shown, n_fft, hop), settings)
        notes = [
            f"{decibels.shape[1]} columns, one every {1000 * hop / rate:.1f} ms. Each is made of "
            f"{1000 * n_fft / rate:.1f} ms of sound, which tells {rate / n_fft:.1f} Hz apart."
        ]
        if shown < min(length.value, recording.seconds):
            notes.append("No more is computed at once; a longer hop shows more of the sound.")
        if hop > n_fft:
            notes.append("The hop is longer than a window: what lies between is not seen.")
        if empty:
            notes.append(
                f"{empty} of {settings.n_mels} bands are empty: so narrow that no frequency of "
                "the window falls into them."
            )
        gray, manifest = to_gray(decibels, top_db=settings.top_db), settings.model_dump()
        picture = panel(
            gray,
            manifest,
            title=f"{recording.title}, {begin:.1f} to {end:.1f} s",
            alt=f"Mel spectrogram, {settings.n_mels} bands. {describe(gray, manifest)}",
            start=begin,
            stop=end,
            cmap=cmap.value,
            lossless=True,
        )
        yield picture + _note(" ".join(notes)), _player(audio, rate, seconds=end - begin)

    controls = [*_labelled(knobs), *_labelled({"colour map": cmap})]
    place = _labelled({"start (s)": start, "length (s)": length})
    return _live(draw, [chooser.box, _rows(place), _rows(controls)],
                       [*chooser.controls, *place, *controls], outputs=2)  # fmt: skip


def augmentation(path: str | Path | None = None) -> widgets.VBox:
    """The paper's augmentations and CutMix, with strengths of your choice, beside the original.

    ``explorer.augmentation()`` shows a demonstration song, ``explorer.augmentation("song.mp3")`` a
    file of your own. A ticked augmentation is applied with certainty; *draw again* rolls the dice
    anew. As in training, both pictures are augmented before CutMix pastes a box of the other one
    (Sections IV-A and IV-C).
    """
    default = AugmentationSettings()
    chooser = choose_recording(path)
    start = _start()
    own_picture, other_picture = _network_input(), _network_input()
    ticks = {
        name: widgets.Checkbox(True, description=label, indent=False, layout=WIDTH)
        for name, label in {
            "crop_probability": "random crop",
            "flip_probability": "horizontal flip",
            "brightness_contrast_probability": "brightness and contrast",
            "noise_probability": "Gaussian noise",
        }.items()
    }
    strengths = {
        "crop_min": _slider(default.crop_min, 0.05, 1.0),
        "brightness": _slider(default.brightness, 0.0, 1.0),
        "contrast": _slider(default.contrast, 0.0, 1.0),
        "noise_min": _slider(default.noise_min, 0.0, 0.3, step=0.002),
        "noise_max": _slider(default.noise_max, 0.0, 0.3, step=0.002),
    }
    seed = widgets.BoundedIntText(0, 0, 10**6)
    again = widgets.Button(description="draw again", icon="refresh")
    again.on_click(lambda _: setattr(seed, "value", (seed.value + 1) % (seed.max + 1)))
    mixed = widgets.Checkbox(False, description="CutMix", indent=False, layout=WIDTH)
    other = choose_song("other genre", "other song", first="rock")
    box = {
        "kept share": _slider(0.7, 0.0, 1.0),
        "box: time": _slider(0.5, 0.0, 1.0),
        "box: pitch": _slider(0.5, 0.0, 1.0),
    }

    def draw() -> Iterator[tuple[str]]:
        chances = {name: float(tick.value) for name, tick in ticks.items()}
        values = {name: control.value for name, control in strengths.items()}
        settings = validated(AugmentationSettings, chances | values)
        recording = chooser.recording()
        begin = _within(start, recording.seconds - DEFAULT.seconds)
        original = own_picture(recording, begin)
        images = [original]
        if mixed.value:
            partner = song(*(control.value for control in other))
            images.append(other_picture(partner, 0.0))
        kinds = [
            kind
            for kind, tick in zip(transforms(settings).values(), ticks.values(), strict=True)
            if tick.value
        ]
        changed = augment(np.stack(images), composed(kinds), seed=seed.value)
        names = [tick.description for tick in ticks.values() if tick.value]
        note, over = "", ""
        if mixed.value:
            kept, across, up = (control.value for control in box.values())
            place = cutmix_box(kept, (up, across))
            paste(changed, np.array([1, 0]), place)
            rows, columns = place
            own = 1 - (rows.stop - rows.start) * (columns.stop - columns.start) / IMAGE_SIZE**2
            over = _outline(rows, columns)
            names.append("CutMix")
            note = _note(
                f"The network is told: {own:.1%} {recording.label}, {1 - own:.1%} {partner.label}."
            )
        title = " + ".join(names) or "nothing is changed"
        shared: dict[str, Any] = {
            "start": begin, "stop": begin + DEFAULT.seconds, "lossless": True
        }  # fmt: skip
        manifest = DEFAULT.model_dump()
        pair = panel(
            original,
            manifest,
            title=f"{recording.title}, original",
            alt=f"Original. {describe(original, manifest)}",
            **shared,
        ) + panel(
            changed[0],
            manifest,
            title=title,
            alt=f"Augmented: {title}. {describe(changed[0], manifest)}",
            over=over,
            **shared,
        )
        yield (f'<div class="mel-pair">{pair}</div>{note}',)

    place = _labelled({"start (s)": start})
    dice = [*_labelled({"seed": seed}), again]
    knobs = _labelled(strengths)
    cut = [*other, *_labelled(box)]
    rows = [
        chooser.box,
        *place,
        _rows([*ticks.values()]),
        _rows(knobs),
        mixed,
        _rows(cut),
        widgets.HBox(dice),
    ]
    controls = [*chooser.controls, *place, *ticks.values(), *knobs, mixed, *cut, seed]
    return _live(draw, rows, controls, outputs=1)


def prediction(path: str | Path | None = None) -> widgets.VBox:
    """Genres of a recording: as a whole, over time, and moment by moment within a window.

    ``explorer.prediction("song.mp3")`` asks the packaged network (`genre_lib.predict`) about a file
    of your own; about a demonstration song, the one that learned from such songs. A long file is
    heard window by window, in little memory, and what is known so far is shown meanwhile; choose
    another one at any time.

    See Also
    --------
    genre_lib.predict.predict_file : the same answer as values
    genre_lib.moments.moments : attention and genres within a picture
    """
    networks = {name: read_trained(folder) for name, folder in NETWORKS.items()}
    chooser = choose_recording(path)
    window = widgets.IntSlider(1, 1, 2)
    sound = _heard()
    hearing: tuple[Recording, Iterator[Part], list[Part]] | None = None

    def hear(recording: Recording, trained: Trained) -> Iterator[list[Part]]:
        """Parts that are known so far, after each one, until all are."""
        nonlocal hearing
        if hearing is None or hearing[0] is not recording:
            window.value = 1
            blocks = recording.stream(trained.recipe.sample_rate)
            hearing = recording, parts_of(blocks, trained), []
        _, rest, parts = hearing
        try:
            for part in rest:
                parts.append(part)
                yield parts
        except UserError:
            hearing = None
            raise
        yield parts

    def draw() -> Iterator[tuple[str, str, str, str]]:
        nonlocal hearing
        try:
            recording = chooser.recording()
        except UserError:
            hearing = None
            raise
        trained = networks[recording.composed]
        recipe, genres = trained.recipe, trained.about.genres
        known = hearing is not None and hearing[0] is recording
        parts: list[Part] = []
        for parts in hear(recording, trained):
            if recording.seconds - parts[-1].end > recipe.seconds / 2:
                heard = f"Heard {clock(parts[-1].end)} of {clock(recording.seconds)} ..."
                yield _note(heard, role="status"), _course(parts, genres), "", ""
        answer = answer_of(Path(recording.title), parts, recording.seconds, trained)
        window.disabled = len(parts) == 1
        window.max = max(len(parts), 2)  # a browser draws no slider without a range
        part = parts[min(window.value, len(parts)) - 1]
        audio = sound(recording, recipe.sample_rate, part.start, part.end - part.start)
        summary = _ranking(recording.title, answer) + _notes([*answer.notes, *trained.remarks()])
        course = _course(parts, genres) if len(parts) > 1 else ""
        player = _player(audio, recipe.sample_rate, seconds=recipe.seconds)
        if not known:
            yield summary, course, "", player
        yield summary, course, _moments(recording, part, audio, trained), player

    place = _labelled({"window": window})
    return _live(draw, [chooser.box, *place], [*chooser.controls, *place], outputs=4)


def _moments(recording: Recording, part: Part, audio: np.ndarray, trained: Trained) -> str:
    """One window as a picture, with a network's attention and genres over time."""
    span = f"{clock(part.start)} to {clock(part.end)}"
    if part.probabilities is None:
        return _note(f"From {span}, there is silence.")
    gray = predict.spectrogram(audio, trained)
    example = example_of(recording.title, recording.label, gray, trained)
    return panel(
        narrow(gray),
        example.manifest,
        title=f"{recording.title}, {span}: {example.answer}",
        alt=f"Mel spectrogram. {describe(gray, example.manifest)}",
        start=part.start,
        stop=part.start + example.seconds,
        rows=courses(example),
        lossless=True,
    )


def _course(parts: Sequence[Part], genres: Sequence[str]) -> str:
    """Probabilities of all genres, window by window; none in silence."""
    silence = np.zeros(len(genres))
    course = np.stack([silence if p.probabilities is None else p.probabilities for p in parts])
    rows = "".join(
        row(
            genre,
            values,
            value=f"≤ {values.max():.0%}",
            alt=f"Probability of {genre} in {len(values)} windows: {values.min():.0%} to "
            f"{values.max():.0%}.",
        )
        for genre, values in zip(genres, course.T, strict=True)
    )
    return (
        '<div class="mel mel-course"><div class="mel-title">Genres over time</div>'
        f'{rows}<div class="mel-x" aria-hidden="true">{times(0, parts[-1].end)}</div></div>'
    )


def _ranking(title: str, answer: Answer) -> str:
    """Probabilities of the genres for a recording as a whole, the most probable first."""
    ranked = sorted(zip(answer.probabilities, answer.genres, strict=True), reverse=True)
    rows = "".join(
        f"<tr><td>{genre}</td><td>{share:.1%}</td>"
        f'<td><meter aria-hidden="true" value="{share:.4f}"></meter></td></tr>'
        for share, genre in ranked
    )
    return f"<b>{escape(title)}: {ranked[0][1]}</b><table>{rows}</table>"


# What the instruments have in common


def _live(
    draw: Callable[[], Iterator[Sequence[str]]],
    rows: Sequence[widgets.Widget],
    controls: Sequence[widgets.Widget],
    *,
    outputs: int,
) -> widgets.VBox:
    """Controls above what they show; it answers from now on."""
    shown = [widgets.HTML() for _ in range(outputs)]
    answering = Answering(draw, shown)
    answering.watch(controls)
    style = widgets.HTML(LIVE_STYLE, layout=widgets.Layout(display="none"))
    return instrument(style, *rows, answering.alert, *shown).add_class("live").add_class("clip")


def _heard() -> Any:
    """A function that reads audio, and holds what it read last."""

    @functools.lru_cache(maxsize=1)
    def sound(recording: Recording, rate: int, start: float, seconds: float) -> np.ndarray:
        return recording.read(rate, start, seconds)

    return sound


def _network_input() -> Any:
    """A function that makes the network's input of a recording, and holds the last one."""

    @functools.lru_cache(maxsize=1)
    def picture(recording: Recording, begin: float) -> np.ndarray:
        rate = DEFAULT.sample_rate
        audio = recording.read(rate, begin, DEFAULT.seconds)
        _see_sound(audio, recording, begin, begin + len(audio) / rate)
        audio = fit_length(audio, round(DEFAULT.seconds * rate))
        return resize(to_gray(mel_decibels(audio, DEFAULT), top_db=DEFAULT.top_db))

    return picture


def _settings(knobs: Mapping[str, widgets.Widget]) -> SpectrogramSettings:
    return validated(SpectrogramSettings, {name: knob.value for name, knob in knobs.items()})


def _see_sound(
    audio: np.ndarray,
    recording: Recording,
    begin: float,
    end: float,
    *,
    least: float = 0.0,
    knob: str = "",
) -> None:
    """See that there is enough to hear.

    Raises
    ------
    UserError
        If the audio is shorter than `least` seconds, which a knob asks for, or silent.
    """
    seconds = end - begin
    if not len(audio) or seconds < least:
        words = f"; {knob} asks for {least:.3f} s" if least else ""
        raise UserError(
            f"{recording.title} has only {seconds:.3f} s of sound here{words}. "
            "Choose more sound" + (f" or a smaller {knob}." if least else ".")
        )
    if np.abs(audio).max() < SILENT:
        raise UserError(
            f"{recording.title} is silent from {begin:.1f} to {end:.1f} s; choose another place."
        )


def _empty_bands(settings: SpectrogramSettings) -> int:
    """How many mel bands are so narrow that they hold no frequency.

    Raises
    ------
    UserError
        If all are.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is told in the instrument
        filters = mel_filterbank(settings)
    empty = int((np.diff(filters.indptr) == 0).sum())
    if empty == settings.n_mels:
        raise UserError(
            f"No frequency of a window of n_fft = {settings.n_fft} lies between fmin = "
            f"{settings.fmin:g} and fmax = {settings.fmax:g}; take a longer window or more of them."
        )
    return empty


def _start() -> widgets.FloatSlider:
    return widgets.FloatSlider(0, min=0, max=1, step=0.1, readout_format=".1f")


def _slider(value: float, low: float, high: float, *, step: float = 0.01) -> widgets.FloatSlider:
    digits = 3 if step < 0.01 else 2
    return widgets.FloatSlider(value, min=low, max=high, step=step, readout_format=f".{digits}f")


def _within(start: widgets.FloatSlider, room: float) -> float:
    """Where an excerpt begins, after its slider has got the range that the recording leaves."""
    start.disabled = room < start.step
    start.max = max(room, start.step)  # a browser draws no slider without a range
    return 0.0 if start.disabled else min(start.value, room)


def _labelled(controls: Mapping[str, widgets.Widget]) -> list[widgets.Widget]:
    for label, control in controls.items():
        control.description, control.style, control.layout = label, LABELS, WIDTH
    return list(controls.values())


def _rows(controls: Sequence[widgets.Widget]) -> widgets.HBox:
    """Side by side where there is room, else one below the other."""
    return widgets.HBox(list(controls), layout=widgets.Layout(flex_flow="row wrap"))


def _note(text: str, *, role: str = "note") -> str:
    return f'<p class="mel-note" role="{role}">{escape(text)}</p>'


def _notes(sentences: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return f'<ul class="mel-note">{items}</ul>'


def _player(audio: np.ndarray, rate: int, *, seconds: float) -> str:
    """A player that moves the cursor over a picture of so many seconds."""
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, audio, rate, format="WAV", subtype="PCM_16")
    source = data_uri(buffer.getvalue(), "audio/wav")
    return audio_player(source, label="Hear what is shown", seconds=seconds)


def _outline(rows: slice, columns: slice) -> str:
    """The border of a box of pixels, the lowest row at the bottom."""
    edges = {
        "left": columns.start,
        "width": columns.stop - columns.start,
        "bottom": rows.start,
        "height": rows.stop - rows.start,
    }
    style = ";".join(f"{edge}:{pixels / IMAGE_SIZE:.2%}" for edge, pixels in edges.items())
    return f'<div class="cutmix-box" style="{style}"></div>'
