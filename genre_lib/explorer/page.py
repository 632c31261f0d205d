"""Instruments that answer in a page as it stands: nothing has to run behind it.

Every control is linked to what it changes in the browser itself: ``jslink``, or the script of the
pages. All pictures and sounds of an instrument are therefore in the page: keep them few and small.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import ipywidgets as widgets
import numpy as np

from genre_lib.augment import IMAGE_SIZE, augment, composed, transforms
from genre_lib.book import figures
from genre_lib.config import AugmentationSettings, RunSettings, SpectrogramSettings
from genre_lib.explorer.drawing import audio_player, data_uri, instrument, panel, picture
from genre_lib.explorer.examples import Example, courses
from genre_lib.spectrogram import mel_decibels, to_gray
from genre_lib.splits import images_of, resize, split_images
from genre_lib.store import Store

BANDS = (16, 32, 64, 128)
FLOORS = (20, 40, 60, 80, 100)  # dB below the loudest point


def menu(label: str, options: Sequence[str]) -> widgets.Dropdown:
    """A drop-down list; its ``index`` can be linked to a stack."""
    return widgets.Dropdown(options=list(options), index=0, description=label)


def slider(label: str, options: Sequence[Any], *, index: int = 0) -> widgets.SelectionSlider:
    """A slider over named positions; its ``index`` can be linked to a stack."""
    named = [(str(option), position) for position, option in enumerate(options)]
    return widgets.SelectionSlider(options=named, index=index, description=label)


def stack(
    control: widgets.Dropdown | widgets.SelectionSlider, pictures: Sequence[str | widgets.Widget]
) -> widgets.Stack:
    """Widgets, or pictures as HTML, of which a control shows one.

    Only the one that is shown is in the document: a sound stops when its clip is left.
    """
    layout = widgets.Layout()  # one for all: less in the page
    children = [
        widgets.HTML(each, layout=layout) if isinstance(each, str) else each for each in pictures
    ]
    shown = widgets.Stack(children, selected_index=control.index)
    widgets.jslink((control, "index"), (shown, "selected_index"))
    return shown


def player(examples: Sequence[Example]) -> widgets.VBox:
    """Choose a genre and a clip: see it, hear it, see what a network makes of its moments."""
    shelves: dict[str, list[str]] = {}
    for example in examples:
        shelves.setdefault(example.genre, []).append(clip(example))
    genres = menu("genre", list(shelves))
    most = max(map(len, shelves.values()))
    if most == 1:
        return instrument(genres, stack(genres, [only for (only,) in shelves.values()]))
    numbers = menu("clip", [str(number) for number in range(1, most + 1)])
    return instrument(
        genres, numbers, stack(genres, [stack(numbers, shelf) for shelf in shelves.values()])
    )


def clip(example: Example) -> str:
    """A spectrogram with a network's attention and genres below it, and a player if it sounds."""
    start, end, seconds = example.start, example.start + example.length, example.seconds
    over = ""
    if example.sound:
        over = (
            f'<div class="clip-seek" data-length="{example.length}"><div class="clip-heard" '
            f'style="left: {start / seconds:.2%}; right: {1 - end / seconds:.2%}"></div></div>'
        )
    drawn = panel(
        example.gray,
        example.manifest,
        title=f"{example.track_id}: the network says {example.answer}, "
        f"{'rightly' if example.right else 'wrongly'}",
        stop=seconds,
        over=over,
        rows=courses(example),
    )
    if not example.sound:
        return drawn
    source = data_uri(example.sound, "audio/mpeg")
    label = f"{example.track_id}, seconds {start:g} to {end:g}"
    sound = audio_player(source, label=label, start=start, seconds=seconds)
    return f'<div class="clip" style="--at: {start / seconds}">{sound}{drawn}</div>'


def augmentation_browser(
    store: Store, track_id: str, settings: AugmentationSettings, *, draws: int = 4
) -> widgets.VBox:
    """Choose an augmentation, then step through random draws of it."""
    original = resize(store.images[store.position(track_id)])
    certain = transforms(figures.always(settings))
    kinds = {name: [transform] for name, transform in certain.items()}
    kinds["all four"] = list(certain.values())
    shelves: dict[str, str | widgets.Widget] = {
        "none": _input(store, original, f"{track_id}, unchanged")
    }
    for name, kind in kinds.items():
        compose = composed(kind)
        numbers = slider("draw", range(1, draws + 1))
        pictures = [
            _input(
                store,
                augment(original[None], compose, seed=seed)[0],
                f"{track_id}, {name}, draw {seed + 1}",
            )
            for seed in range(draws)
        ]
        shelves[name] = widgets.VBox([numbers, stack(numbers, pictures)])
    change = menu("change", list(shelves))
    return instrument(change, stack(change, list(shelves.values())))


def view_browser(store: Store, settings: RunSettings, track_id: str) -> widgets.VBox:
    """Step through the images that each view makes of one track, each with its subset.

    The subset of an image is what the settings' protocol and seed say.
    """
    views, count = ("copies", "segments"), settings.images_per_track
    numbers = slider("image", range(1, count + 1))
    seconds = store.images.shape[2] * store.frame_period
    shelves = []
    for view in views:
        viewed = settings.model_copy(update={"view": view})
        table = split_images(store, viewed)
        subsets = table.subset[table.track_id == track_id]
        pictures = []
        for number, (image, subset) in enumerate(
            zip(images_of(store, viewed, track_id), subsets, strict=True)
        ):
            title = f"{track_id}, image {number + 1} of {count}: {subset}"
            start, stop = (0, 1) if view == "copies" else (number / count, (number + 1) / count)
            pictures.append(_input(store, image, title, start * seconds, stop * seconds))
        shelves.append(stack(numbers, pictures))
    view_menu = menu("view", views)
    return instrument(view_menu, numbers, stack(view_menu, shelves))


def _input(
    store: Store, image: np.ndarray, title: str, start: float = 0, stop: float | None = None
) -> str:
    """A network input, shape (128, 128), with the axes of what it was made of."""
    stop = store.images.shape[2] * store.frame_period if stop is None else stop
    return panel(image, store.manifest, title=title, start=start, stop=stop)


def resolution_browser(
    audio: np.ndarray, settings: SpectrogramSettings, *, title: str
) -> widgets.VBox:
    """Slide the number of mel bands and the dB floor of mono audio at the settings' rate."""
    bands = slider("mel bands", BANDS, index=len(BANDS) - 1)
    floors = slider("dB floor", [f"−{floor}" for floor in FLOORS], index=FLOORS.index(80))
    shelves = []
    for n_mels in BANDS:
        pictures = []
        for top_db in FLOORS:
            changed = settings.model_copy(update={"n_mels": n_mels, "top_db": float(top_db)})
            gray = to_gray(mel_decibels(audio, changed), top_db=top_db)
            named = f"{title}, {n_mels} bands, black at −{top_db} dB"
            stop = len(audio) / changed.sample_rate
            pictures.append(panel(gray, changed.model_dump(), title=named, stop=stop))
        shelves.append(stack(floors, pictures))
    return instrument(bands, floors, stack(bands, shelves))


def cutmix_mixer(store: Store, track_ids: Sequence[str]) -> widgets.VBox:
    """Paste a box of one track into another: choose both, slide the box, read the label."""
    genres = [store.genres[store.labels[store.position(track_id)]] for track_id in track_ids]
    images = [resize(store.images[store.position(track_id)]) for track_id in track_ids]
    first = "".join(
        f'<option value="{picture(image)}">{escape(genre)}</option>'
        for genre, image in zip(genres, images, strict=True)
    )
    second = "".join(
        f"<option{' selected' if i == 1 else ''}>{escape(genre)}</option>"
        for i, genre in enumerate(genres)
    )
    ranges = "".join(
        f'<label>{text} <input type="range" name="{name}" value="{value}"></label>'
        for name, text, value in (
            ("area", "area of the box", 38),
            ("time", "its place in time", 60),
            ("pitch", "its place in pitch", 45),
        )
    )
    mixed = panel(
        images[0],
        store.manifest,
        title="",
        stop=store.images.shape[2] * store.frame_period,
        over='<img class="dark-light" alt="" aria-hidden="true"><div class="cutmix-box"></div>',
    )
    return instrument(
        widgets.HTML(
            f'<form class="cutmix" data-size="{IMAGE_SIZE}"><div class="cutmix-controls">'
            f'<label>own picture <select name="own">{first}</select></label>'
            f'<label>box from <select name="lender">{second}</select></label>{ranges}</div>'
            f'<p>The label: <output name="label"></output></p>{mixed}</form>'
        )
    )
