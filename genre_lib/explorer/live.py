"""Instruments for a notebook with a kernel: each is one call, and answers at every change.

>>> from genre_lib import explorer
>>> explorer.spectrogram()  # doctest: +SKIP
>>> explorer.augmentation()  # doctest: +SKIP
>>> explorer.prediction("song.mp3")  # doctest: +SKIP

Each plays songs of the embedded corpus, files on the kernel's machine (the one named is chosen
first), and uploads. Nothing is written to disk and no history is kept.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from html import escape
from pathlib import Path

import ipywidgets as widgets
import numpy as np

from genre_lib import predict
from genre_lib.augment import IMAGE_SIZE, augment, composed, cutmix_box, paste, transforms
from genre_lib.book import figures
from genre_lib.config import AugmentationSettings, SpectrogramSettings, UserError, validated
from genre_lib.explorer.controls import (
    ROW,
    WIDTH,
    Answering,
    Recording,
    choose_recording,
    choose_song,
    labelled,
    song,
)
from genre_lib.explorer.drawing import (
    CMAP,
    audio_player,
    data_uri,
    encoded,
    instrument,
    panel,
    row,
    times,
)
from genre_lib.explorer.examples import courses, example_of
from genre_lib.predict import Answer, Part, Trained, answer_of, clock, parts_of, read_trained
from genre_lib.spectrogram import SILENT, mel_decibels, mel_filterbank, to_gray
from genre_lib.splits import resize

COLUMNS = 1300  # of a picture; more would be computed, and no screen shows them
SAMPLES = COLUMNS * 4096  # in the windows of a picture; with more, an answer would take too long
N_FFT = (64, 128, 256, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192)  # quick to transform
RATES = (8000, 11025, 16000, 22050, 44100)
CMAPS = (CMAP, "viridis", "cividis", "inferno", "gray", "gray_r")
DEFAULT = SpectrogramSettings()


def spectrogram(path: str | Path | None = None) -> widgets.VBox:
    """A mel spectrogram whose every parameter can be changed while one looks and listens.

    A file may be of any length: no more than is shown is decoded. Where a short hop would give
    more than `COLUMNS` columns, or long windows more than `SAMPLES`, less of the sound is shown.

    The picture is `genre_lib.spectrogram.mel_decibels` of the excerpt, in 256 steps (Section IV-A).
    """
    chooser, chosen = choose_recording(path)
    knobs = {
        "n_fft": widgets.SelectionSlider(options=N_FFT, value=DEFAULT.n_fft),
        "hop_length": widgets.IntSlider(DEFAULT.hop_length, 16, 2048, 16),
        "n_mels": widgets.IntSlider(DEFAULT.n_mels, 16, 256),
        "fmin": _slider(DEFAULT.fmin, 0, 10000, step=10),
        "fmax": _slider(DEFAULT.fmax, 100, 22050, step=25),
        "top_db": _slider(DEFAULT.top_db, 5, 150, step=1),
        "sample_rate": widgets.Dropdown(options=RATES, value=DEFAULT.sample_rate),
    }
    cmap = widgets.Dropdown(options=CMAPS)
    start, length = _slider(0, 0, 1, step=0.1), _slider(DEFAULT.seconds, 0.5, DEFAULT.seconds, 0.5)

    def draw() -> Iterator[tuple[str, str]]:
        settings = validated(SpectrogramSettings, {name: k.value for name, k in knobs.items()})
        rate, n_fft, hop = settings.sample_rate, settings.n_fft, settings.hop_length
        recording = chosen()
        wanted = min(length.value, recording.seconds)
        shown = min(wanted, min(COLUMNS, SAMPLES // n_fft) * hop / rate)
        begin = _within(start, recording.seconds - shown)
        audio = _sound(recording, rate, begin, shown, n_fft=n_fft)
        end = begin + len(audio) / rate
        empty = _empty_bands(settings)
        gray = to_gray(mel_decibels(audio, settings), top_db=settings.top_db)
        notes = [
            f"{gray.shape[1]} columns, one every {1000 * hop / rate:.1f} ms. Each is made of "
            f"{1000 * n_fft / rate:.1f} ms of sound, which tells {rate / n_fft:.1f} Hz apart."
        ]
        if shown < wanted:
            notes.append("No more is computed at once; a longer hop shows more of the sound.")
        if hop > n_fft:
            notes.append("The hop is longer than a window: what lies between is not seen.")
        if empty:
            notes.append(
                f"{empty} of {settings.n_mels} bands are empty: so narrow that no frequency of "
                "the window falls into them."
            )
        drawn = panel(
            gray,
            settings.model_dump(),
            title=f"{recording.title}, {begin:.1f} to {end:.1f} s",
            start=begin,
            stop=end,
            cmap=cmap.value,
            lossless=True,
        )
        yield drawn + _note(" ".join(notes)), _player(audio, rate, seconds=end - begin)

    place = labelled({"start (s)": start, "length (s)": length})
    controls = labelled({**knobs, "colour map": cmap})
    boxes = (widgets.HBox(each, layout=ROW) for each in (place, controls))
    return _live(draw, [chooser, *boxes], outputs=2)


def augmentation(path: str | Path | None = None) -> widgets.VBox:
    """The paper's augmentations and CutMix, with strengths of your choice, beside the original.

    A ticked augmentation is applied with certainty; *draw again* takes the next random seed. As in
    training, both pictures are augmented before CutMix pastes a box of the other one (Sections
    IV-A and IV-C).
    """
    default, manifest = AugmentationSettings(), DEFAULT.model_dump()
    chooser, chosen = choose_recording(path)
    start = _slider(0, 0, 1, step=0.1)
    labels = ("random crop", "horizontal flip", "brightness and contrast", "Gaussian noise")
    ticks = [_tick(label, value=True) for label in labels]
    strengths = {
        "crop_min": _slider(default.crop_min, 0.05, 1),
        "brightness": _slider(default.brightness, 0, 1),
        "contrast": _slider(default.contrast, 0, 1),
        "noise_min": _slider(default.noise_min, 0, 0.3, step=0.002),
        "noise_max": _slider(default.noise_max, 0, 0.3, step=0.002),
    }
    seed = widgets.BoundedIntText(0, 0, 10**6)
    again = widgets.Button(description="draw again", icon="refresh")
    again.on_click(lambda _: setattr(seed, "value", (seed.value + 1) % (seed.max + 1)))
    mixed = _tick("CutMix", value=False)
    other = choose_song("other genre", "other song", first="rock")
    box = {
        "kept share": _slider(0.7, 0, 1),
        "box: time": _slider(0.5, 0, 1),
        "box: pitch": _slider(0.5, 0, 1),
    }

    def draw() -> Iterator[tuple[str]]:
        values = {name: control.value for name, control in strengths.items()}
        kinds = transforms(figures.always(validated(AugmentationSettings, values)))
        names = [tick.description for tick in ticks if tick.value]
        recording = chosen()
        begin = _within(start, recording.seconds - DEFAULT.seconds)
        images = [_network_input(recording, begin)]
        if mixed.value:
            partner = song(*(control.value for control in other))
            images.append(_network_input(partner, 0.0))
        pipeline = composed([kinds[name] for name in names])
        changed = augment(np.stack(images), pipeline, seed=seed.value)
        note, over = "", ""
        if mixed.value:
            kept, across, up = (control.value for control in box.values())
            rows, columns = cutmix_box(kept, (up, across))
            paste(changed, np.array([1, 0]), (rows, columns))
            share = (rows.stop - rows.start) * (columns.stop - columns.start) / IMAGE_SIZE**2
            over = _outline(rows, columns)
            names.append("CutMix")
            note = _note(
                f"The label: {1 - share:.1%} {recording.label}, {share:.1%} {partner.label}."
            )
        pictures = "".join(
            panel(
                image,
                manifest,
                title=title,
                start=begin,
                stop=begin + DEFAULT.seconds,
                over=outline,
                lossless=True,
            )
            for image, title, outline in (
                (images[0], f"{recording.title}, original", ""),
                (changed[0], " + ".join(names) or "nothing is changed", over),
            )
        )
        yield (f'<div class="mel-pair">{pictures}</div>{note}',)

    place, knobs = labelled({"start (s)": start}), labelled(strengths)
    rows = [
        chooser,
        *place,
        widgets.HBox(ticks, layout=ROW),
        widgets.HBox(knobs, layout=ROW),
        mixed,
        widgets.HBox([*other, *labelled(box)], layout=ROW),
        widgets.HBox([*labelled({"seed": seed}), again]),
    ]
    return _live(draw, rows, outputs=1)


def prediction(path: str | Path | None = None) -> widgets.VBox:
    """Genres of a recording: as a whole, over time, and moment by moment within a window.

    The packaged network is asked about a file, and about a demonstration song the one that learned
    from such songs. A long file is heard window by window, in little memory, and what is known so
    far is shown meanwhile; choose another one at any time. `genre_lib.predict.predict_file` gives
    the same answer as values.
    """
    composed_music, recordings = read_trained(predict.DEMONSTRATION), read_trained()
    chooser, chosen = choose_recording(path)
    window = widgets.IntSlider(1, 1, 2)
    # The recording that is heard, the windows that are to come, and those that are known.
    hearing: tuple[Recording, Iterator[Part], list[Part]] | None = None

    def draw() -> Iterator[tuple[str, str, str, str]]:
        nonlocal hearing
        try:
            recording = chosen()
            trained = composed_music if recording.composed else recordings
            recipe, genres = trained.recipe, trained.genres
            if hearing is None or hearing[0] is not recording:
                window.value = 1
                blocks = recording.stream(recipe.sample_rate)
                hearing = recording, parts_of(blocks, trained), []
            _, rest, parts = hearing
            for part in rest:
                parts.append(part)
                if recording.seconds - part.end > recipe.seconds / 2:
                    heard = f"Heard {clock(part.end)} of {clock(recording.seconds)} ..."
                    yield _note(heard, role="status"), _course(parts, genres), "", ""
            answer = answer_of(Path(recording.title), parts, recording.seconds, trained)
        except UserError:
            hearing = None
            raise
        window.disabled = len(parts) == 1
        window.max = max(len(parts), 2)  # a browser draws no slider without a range
        part = parts[min(window.value, len(parts)) - 1]
        audio = recording.read(recipe.sample_rate, part.start, part.end - part.start)
        summary = _ranking(recording.title, answer, [*answer.notes, *trained.remarks()])
        course = _course(parts, genres) if len(parts) > 1 else ""
        player = _player(audio, recipe.sample_rate, seconds=recipe.seconds)
        yield summary, course, _moments(recording, part, audio, trained), player

    return _live(draw, [chooser, *labelled({"window": window})], outputs=4)


def _moments(recording: Recording, part: Part, audio: np.ndarray, trained: Trained) -> str:
    """One window as a picture, with a network's attention and genres over time."""
    span = f"{clock(part.start)} to {clock(part.end)}"
    if part.probabilities is None:
        return _note(f"From {span}, there is silence.")
    gray = predict.spectrogram(audio, trained.recipe)
    example = example_of(recording.title, recording.label, gray, trained)
    return panel(
        gray,
        example.manifest,
        title=f"{recording.title}, {span}: {example.answer}",
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
    title = '<div class="mel-title">Genres over time</div>'
    return f'<div class="mel mel-course">{title}{rows}{times(0, parts[-1].end)}</div>'


def _ranking(title: str, answer: Answer, notes: Sequence[str]) -> str:
    """Probabilities of the genres for a recording as a whole, the most probable first; notes."""
    ranked = predict.file_values(answer.path, answer)["probabilities"]
    rows = "".join(
        f"<tr><td>{genre}</td><td>{share:.1%}</td>"
        f'<td><meter aria-hidden="true" value="{share:.4f}"></meter></td></tr>'
        for genre, share in ranked.items()
    )
    items = "".join(f"<li>{escape(note)}</li>" for note in notes)
    heading = f"<b>{escape(title)}: {next(iter(ranked))}</b>"
    return f'{heading}<table>{rows}</table><ul class="mel-note">{items}</ul>'


# What the instruments have in common


def _live(
    draw: Callable[[], Iterator[Sequence[str]]], rows: Sequence[widgets.Widget], *, outputs: int
) -> widgets.VBox:
    """Controls above what they show; it answers from now on."""
    shown = [widgets.HTML() for _ in range(outputs)]
    alert = Answering(draw, shown, list(_with_values(rows))).alert
    return instrument(*rows, alert, *shown).add_class("live").add_class("clip")


def _with_values(found: Sequence[widgets.Widget]) -> Iterator[widgets.Widget]:
    """All controls in some boxes."""
    for widget in found:
        if widget.has_trait("value"):
            yield widget
        yield from _with_values(getattr(widget, "children", ()))


def _slider(value: float, low: float, high: float, step: float = 0.01) -> widgets.FloatSlider:
    digits = next(d for d in range(4) if round(step, d) == step)
    return widgets.FloatSlider(value, min=low, max=high, step=step, readout_format=f".{digits}f")


def _tick(label: str, *, value: bool) -> widgets.Checkbox:
    return widgets.Checkbox(value, description=label, indent=False, layout=WIDTH)


def _within(start: widgets.FloatSlider, room: float) -> float:
    """Where an excerpt begins, after its slider has got the range that the recording leaves."""
    start.disabled = room < start.step
    start.max = max(room, start.step)  # a browser draws no slider without a range
    return 0.0 if start.disabled else min(start.value, room)


def _sound(
    recording: Recording, rate: int, begin: float, seconds: float, *, n_fft: int = 1
) -> np.ndarray:
    """Read an excerpt; `UserError` if it is silent or shorter than a window of `n_fft` samples."""
    audio = recording.read(rate, begin, seconds)
    end = begin + len(audio) / rate
    if len(audio) < n_fft:
        raise UserError(
            f"{recording.title} has only {end - begin:.3f} s of sound here, less than a window of "
            f"{n_fft / rate:.3f} s. Choose more sound or a smaller n_fft."
        )
    if np.abs(audio).max() < SILENT:
        raise UserError(
            f"{recording.title} is silent from {begin:.1f} to {end:.1f} s; choose another place."
        )
    return audio


def _network_input(recording: Recording, begin: float) -> np.ndarray:
    """What a network sees of an excerpt, uint8, shape (128, 128)."""
    audio = _sound(recording, DEFAULT.sample_rate, begin, DEFAULT.seconds)
    return resize(predict.spectrogram(audio, DEFAULT))


def _empty_bands(settings: SpectrogramSettings) -> int:
    """How many mel bands no frequency falls into; `UserError` if it is all of them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the instrument says it
        filters = mel_filterbank(settings)
    empty = int((np.diff(filters.indptr) == 0).sum())
    if empty == settings.n_mels:
        raise UserError(
            f"No frequency of a window of n_fft = {settings.n_fft} lies between fmin = "
            f"{settings.fmin:g} and fmax = {settings.fmax:g}; take a longer window or more of them."
        )
    return empty


def _note(text: str, *, role: str = "note") -> str:
    return f'<p class="mel-note" role="{role}">{escape(text)}</p>'


def _player(audio: np.ndarray, rate: int, *, seconds: float) -> str:
    """A player that moves the cursor over a picture of so many seconds."""
    source = data_uri(encoded(audio, rate, format="WAV", subtype="PCM_16"), "audio/wav")
    return audio_player(source, label="Hear what is shown", seconds=seconds)


def _outline(rows: slice, columns: slice) -> str:
    """The border of a box of pixels, the lowest row at the bottom."""
    top, right = IMAGE_SIZE - rows.stop, IMAGE_SIZE - columns.stop
    edges = (f"{edge / IMAGE_SIZE:.2%}" for edge in (top, right, rows.start, columns.start))
    return f'<div class="cutmix-box" style="inset:{" ".join(edges)}"></div>'
