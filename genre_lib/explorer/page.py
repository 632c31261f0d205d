"""Instruments that answer in a page as it stands: nothing has to run behind it.

Every control is linked to what it changes in the browser itself (``jslink``, or a line of
JavaScript in the HTML). All pictures and sounds of an instrument are therefore in the page: keep
them few and small.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from html import escape
from string import Template
from typing import Any, NamedTuple

import ipywidgets as widgets
import numpy as np

from genre_lib.augment import IMAGE_SIZE, augment, composed, transforms
from genre_lib.book import figures
from genre_lib.config import GENRES, AugmentationSettings, RunSettings, SpectrogramSettings
from genre_lib.corpus import Track
from genre_lib.corpus.songs import synthetic_corpus
from genre_lib.explorer.panel import data_uri, instrument, panel, row, webp
from genre_lib.moments import Moments, moments
from genre_lib.predict import Trained, pictures_of, spectrogram
from genre_lib.spectrogram import fit_length, mel_decibels, to_gray
from genre_lib.splits import assign_subsets, images_of, resize, split_images
from genre_lib.store import Store

COLUMNS = 432  # of a picture in the page: more than it has points on a phone
EXCERPT = 15.0  # seconds of a clip that are heard
COMPRESSION = 0.9  # of MP3: 24 kbit/s, nothing above 6 kHz
GLIDE = 0.25  # seconds between two reports of a player, in which the cursor glides on
TOP = 3  # genres whose courses are drawn, with that of the right one
BANDS = (16, 32, 64, 128)
FLOORS = (20, 40, 60, 80, 100)  # dB below the loudest point


# What a network makes of a clip


class Example(NamedTuple):
    """A track, and what a network makes of it.

    Attributes
    ----------
    gray
        uint8, shape (n_mels, frames).
    seconds
        How long the track is.
    seen
        Of the whole track as one picture: attention, shape (moments,), probabilities, shape
        (moments, genres), and whole, shape (genres,).
    sound
        An MP3 file of what is heard, from `start` seconds on; None if nothing is.
    """

    track_id: str
    genre: str
    gray: np.ndarray
    manifest: Mapping[str, Any]
    seconds: float
    genres: tuple[str, ...]
    seen: Moments
    sound: bytes | None = None
    start: float = 0.0
    length: float = 0.0

    @property
    def answer(self) -> str:
        """The genre that the network names."""
        return self.genres[int(self.seen.whole.argmax())]

    @property
    def right(self) -> bool:
        """Whether that is the genre that the track is filed under."""
        return self.answer == self.genre

    @property
    def steadiness(self) -> float:
        """Share of the moments that speak for the genre that the network names."""
        return float((self.seen.probabilities.argmax(1) == self.seen.whole.argmax()).mean())

    @property
    def peak(self) -> float:
        """The largest share of attention, as a multiple of an even share."""
        return float(self.seen.attention.max() * len(self.seen.attention))


def new_songs(trained: Trained, *, per_genre: int = 2) -> list[Track]:
    """Songs of the embedded corpus that a network did not train on: its first test songs.

    Nothing is composed: the songs are split by their numbers, as `genre_lib.splits` splits the
    store of the corpus by tracks.
    """
    songs = synthetic_corpus(trained.settings.songs_per_genre).tracks
    labels = np.array([GENRES.index(song.genre) for song in songs])
    subsets = assign_subsets(np.arange(len(songs)), labels, GENRES, seed=trained.settings.seed)
    rows = [
        position
        for label in range(len(GENRES))
        for position in np.flatnonzero((subsets == "test") & (labels == label))[:per_genre]
    ]
    return [songs[position] for position in rows]


def hear(tracks: Sequence[Track], trained: Trained) -> list[Example]:
    """Tracks with their sound, and what a network makes of them."""
    return [_heard(track, trained) for track in tracks]


def _heard(track: Track, trained: Trained) -> Example:
    recipe = trained.recipe
    rate = recipe.sample_rate
    audio = fit_length(track.load(rate), round(recipe.seconds * rate))
    length = min(EXCERPT, recipe.seconds)
    start = (recipe.seconds - length) / 2
    example = example_of(track.track_id, track.genre, spectrogram(audio, trained), trained)
    part = audio[round(start * rate) : round((start + length) * rate)]
    return example._replace(sound=mp3(part, rate), start=start, length=length)


def look(store: Store, trained: Trained) -> list[Example]:
    """One track of each genre, and what a network makes of it.

    They are the first test tracks, if the store is split as that of the network was: so it has not
    met them, be it trained on this corpus or on another.

    Returns
    -------
    list of Example
        Empty if the network knows spectrograms of other bands or another range of level.
    """
    recipe = trained.recipe.model_dump()
    if any(store.manifest[name] != recipe[name] for name in ("n_mels", "fmin", "fmax", "top_db")):
        return []
    table = split_images(store, trained.settings)
    firsts = table[table.subset == "test"].drop_duplicates("genre")
    return [
        example_of(track_id, genre, store.images[store.position(track_id)], trained)._replace(
            seconds=store.images.shape[2] * store.frame_period
        )
        for track_id, genre in zip(firsts.track_id, firsts.genre, strict=True)
    ]


def example_of(track_id: str, genre: str, gray: np.ndarray, trained: Trained) -> Example:
    """What a network makes of one spectrogram, shape (n_mels, frames)."""
    seen = moments(trained.model, pictures_of(gray, trained.settings))
    return Example(
        track_id=track_id,
        genre=genre,
        gray=gray,
        manifest=trained.recipe.model_dump(),
        seconds=trained.recipe.seconds,
        genres=trained.about.genres,
        seen=Moments(  # the pictures of a track one after the other
            seen.attention.reshape(-1) / len(seen.attention),
            seen.probabilities.reshape(-1, seen.probabilities.shape[2]),
            seen.whole.mean(0),
        ),
    )


def mp3(audio: np.ndarray, rate: int) -> bytes:
    """Mono audio, shape (samples,), as a small MP3 file of constant bit rate."""
    import soundfile

    file = io.BytesIO()
    soundfile.write(
        file, audio, rate, format="MP3", bitrate_mode="CONSTANT", compression_level=COMPRESSION
    )
    return file.getvalue()


# Controls


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


# Instruments


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
    judged = "rightly" if example.right else "wrongly"
    drawn = panel(
        narrow(example.gray),
        example.manifest,
        title=f"{example.track_id}: the network says {example.answer}, {judged}",
        alt=f"Mel spectrogram of {example.track_id}. {describe(example.gray, example.manifest)}",
        stop=example.seconds,
        over=_seek(example) if example.sound else "",
        rows=courses(example),
    )
    if example.sound is None:
        return drawn
    end = example.start + example.length
    sound = audio_player(
        data_uri(example.sound, "audio/mpeg"),
        label=f"{example.track_id}, seconds {example.start:g} to {end:g}",
        start=example.start,
        seconds=example.seconds,
    )
    style = f"--at: {example.start / example.seconds}"
    return f'<div class="clip" style="{style}">{sound}{drawn}</div>'


def audio_player(source: str, *, label: str, start: float = 0.0, seconds: float) -> str:
    """HTML of a player that moves the cursor of the ``clip`` around it.

    Parameters
    ----------
    source
        Address of the sound.
    start
        Where in the picture the sound begins, in seconds.
    seconds
        Length of the picture.
    """
    moved = (
        f"this.closest('.clip').style.setProperty('--at', ({start} + this.currentTime"
        f" + (this.paused ? 0 : {GLIDE})) / {seconds})"
    )
    return (
        f'<audio controls preload="metadata" src="{source}" aria-label="{escape(label)}" '
        f'ontimeupdate="{moved}"></audio>'
    )


def _seek(example: Example) -> str:
    """What lies over the spectrogram: the part that is heard, and where a click leads to."""
    left = example.start / example.seconds
    right = 1 - (example.start + example.length) / example.seconds
    clicked = (
        "const box = this.getBoundingClientRect(), at = (event.clientX - box.left) / box.width; "
        f"this.closest('.clip').querySelector('audio').currentTime = "
        f"Math.min(Math.max(at * {example.seconds} - {example.start}, 0), {example.length})"
    )
    return (
        f'<div class="clip-seek" onclick="{clicked}">'
        f'<div class="clip-heard" style="left: {left:.2%}; right: {right:.2%}"></div></div>'
    )


def courses(example: Example) -> str:
    """Attention and the most probable genres over time, as rows under a spectrogram."""
    attention, probabilities, whole = example.seen
    even = 1 / len(attention)
    middle = (int(attention.argmax()) + 0.5) * even * example.seconds
    top = max(2 * even, attention.max())
    rows = row(
        "attention",
        attention / top,
        value=f"× {example.peak:.1f}",
        line=even / top,
        alt=f"Attention over time: at most {example.peak:.1f} times an even share, near second "
        f"{middle:.0f}.",
    )
    first = np.argsort(-whole)[:TOP].tolist()
    if example.genre in example.genres and example.genres.index(example.genre) not in first:
        first[-1] = example.genres.index(example.genre)
    for label in first:
        genre, course = example.genres[label], probabilities[:, label]
        rows += row(
            genre,
            course,
            value=f"{whole[label]:.0%}",
            alt=f"Probability of {genre} over time: {course.min():.0%} to {course.max():.0%}, "
            f"for the whole clip {whole[label]:.0%}.",
        )
    return rows


def narrow(gray: np.ndarray) -> np.ndarray:
    """Average columns until a spectrogram has at most `COLUMNS`."""
    import cv2

    rows, columns = gray.shape
    if columns <= COLUMNS:
        return gray
    return cv2.resize(gray, (COLUMNS, rows), interpolation=cv2.INTER_AREA)


def describe(gray: np.ndarray, manifest: Mapping[str, Any]) -> str:
    """What there is to see in a spectrogram, in a sentence, for those who cannot see it."""
    from librosa import mel_frequencies

    bands = gray.mean(1, dtype=float)
    fmin, fmax = manifest["fmin"], manifest["fmax"]
    centres = mel_frequencies(n_mels=len(bands) + 2, fmin=fmin, fmax=fmax)[1:-1]
    half = np.searchsorted(bands.cumsum(), bands.sum() / 2)
    black = float((gray == 0).mean())
    return (
        f"Brightest near {centres[bands.argmax()]:.0f} Hz; half of the light lies below "
        f"{centres[half]:.0f} Hz; "
        f"{black:.0%} of the picture is black."
    )


def augmentation_browser(
    store: Store, track_id: str, settings: AugmentationSettings, *, draws: int = 4
) -> widgets.VBox:
    """Choose an augmentation, then step through random draws of it."""
    original = resize(store.images[store.position(track_id)])
    certain = figures.always(settings)
    kinds = {name: [transform] for name, transform in transforms(certain).items()}
    kinds["all four"] = list(transforms(certain).values())

    def shown(image: np.ndarray, title: str) -> str:
        return _input(store, image, f"{track_id}, {title}")

    shelves: dict[str, str | widgets.Widget] = {"none": shown(original, "unchanged")}
    for name, kind in kinds.items():
        compose = composed(kind)
        images = [augment(original[None], compose, seed=seed)[0] for seed in range(draws)]
        numbers = slider("draw", range(1, draws + 1))
        pictures = [shown(image, f"{name}, draw {i}") for i, image in enumerate(images, start=1)]
        shelves[name] = widgets.VBox([numbers, stack(numbers, pictures)])
    change = menu("change", list(shelves))
    return instrument(change, stack(change, list(shelves.values())))


def view_browser(store: Store, settings: RunSettings, track_id: str) -> widgets.VBox:
    """Step through the images that each view makes of one track, each with its subset.

    The subset of an image is what the settings' protocol and seed say.
    """
    views = ("copies", "segments")
    count = settings.images_per_track
    numbers = slider("image", range(1, count + 1))
    seconds = store.images.shape[2] * store.frame_period
    shelves = []
    for view in views:
        own = settings.model_copy(update={"view": view})
        table = split_images(store, own)
        subsets = table.subset[table.track_id == track_id]
        images = images_of(store, own, track_id)
        edges = np.linspace(0, seconds, count + 1) if view == "segments" else np.array([0, seconds])
        pictures = [
            _input(
                store,
                image,
                f"{track_id}, image {number} of {count}: {subset}",
                start=edges[number - 1] if view == "segments" else 0.0,
                stop=edges[number] if view == "segments" else seconds,
            )
            for number, (image, subset) in enumerate(zip(images, subsets, strict=True), start=1)
        ]
        shelves.append(stack(numbers, pictures))
    view_menu = menu("view", views)
    return instrument(view_menu, numbers, stack(view_menu, shelves))


def _input(
    store: Store, image: np.ndarray, title: str, *, start: float = 0.0, stop: float | None = None
) -> str:
    """A network input, shape (128, 128), with the axes of what it was made of."""
    stop = store.images.shape[2] * store.frame_period if stop is None else stop
    alt = f"{title}. {describe(image, store.manifest)}"
    return panel(image, store.manifest, title=title, alt=alt, start=start, stop=stop)


def resolution_browser(
    audio: np.ndarray, settings: SpectrogramSettings, *, title: str
) -> widgets.VBox:
    """Slide the number of mel bands and the dB floor of one clip, computed from its audio.

    Parameters
    ----------
    audio
        Mono samples at the settings' rate, shape (samples,).
    """
    bands = slider("mel bands", BANDS, index=len(BANDS) - 1)
    floors = slider("dB floor", [f"−{floor}" for floor in FLOORS], index=FLOORS.index(80))
    shelves = []
    for n_mels in BANDS:
        pictures = []
        for top_db in FLOORS:
            own = settings.model_copy(update={"n_mels": n_mels, "top_db": float(top_db)})
            gray = narrow(to_gray(mel_decibels(audio, own), top_db=own.top_db))
            named = f"{title}, {n_mels} bands, black at −{top_db} dB"
            alt = f"{named}. {describe(gray, own.model_dump())}"
            stop = len(audio) / own.sample_rate
            pictures.append(panel(gray, own.model_dump(), title=named, alt=alt, stop=stop))
        shelves.append(stack(floors, pictures))
    return instrument(bands, floors, stack(bands, shelves))


# As `genre_lib.augment.cutmix_box` computes it. Halves, which Python rounds to even numbers, do
# not occur where area and centre are whole percents.
MIX = Template("""const f = this.elements, n = $size,
  images = this.querySelectorAll('.mel-plot img'),
  side = n * Math.sqrt(1 - (1 - f.area.value / 100)),
  edge = (middle, half) => Math.round(Math.min(Math.max(middle / 100 * n + half, 0), n)),
  [low, high, left, right] = [f.pitch, f.time].flatMap(
    (slider) => [edge(slider.value, -side / 2), edge(slider.value, side / 2)]),
  lent = (high - low) * (right - left) / n ** 2,
  inset = [n - high, n - right, low, left].map((x) => 100 * x / n + '%').join(' '),
  [own, other] = [f.own, f.lender].map((menu) => menu.selectedOptions[0].text),
  share = Math.round(100 * lent),
  text = own == other ? '100 % ' + own : 100 - share + ' % ' + own + ', ' + share + ' % ' + other;
images[0].src = f.own.value;
images[1].src = f.own.options[f.lender.selectedIndex].value;
images[0].alt = 'A spectrogram of ' + own + ' with a box of ' + other + ' over ' + share
  + ' % of it, from column ' + left + ' to ' + right + ' and from row ' + low + ' to ' + high
  + ' of ' + n + '.';
images[1].style.clipPath = 'inset(' + inset + ')';
this.querySelector('.cutmix-box').style.inset = inset;
f.label.value = text;""")


def cutmix_mixer(store: Store, track_ids: Sequence[str]) -> widgets.VBox:
    """Paste a box of one track into another: choose both, slide the box, read the label."""
    genres = [store.genres[store.labels[store.position(track_id)]] for track_id in track_ids]
    images = [resize(store.images[store.position(track_id)]) for track_id in track_ids]
    seconds = store.images.shape[2] * store.frame_period
    own = "".join(
        f'<option value="{data_uri(webp(image), "image/webp")}">{escape(genre)}</option>'
        for genre, image in zip(genres, images, strict=True)
    )
    lender = "".join(
        f"<option{' selected' * (i == 1)}>{escape(genre)}</option>"
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
        alt="",
        stop=seconds,
        over='<img class="dark-light" alt="" aria-hidden="true"><div class="cutmix-box"></div>',
    )
    form = (
        f'<form class="cutmix" oninput="{escape(MIX.substitute(size=IMAGE_SIZE))}" '
        'onsubmit="return false">'
        f'<div class="cutmix-controls"><label>own picture <select name="own">{own}</select></label>'
        f'<label>box from <select name="lender">{lender}</select></label>{ranges}</div>'
        f'<p>The label: <output name="label"></output></p>{mixed}'
        "<style onload=\"this.closest('form').dispatchEvent(new Event('input'))\">"
        "</style></form>"
    )
    return instrument(widgets.HTML(form))
