"""Tracks to look at and to listen to, and what a trained network makes of their moments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from genre_lib.corpus import Track
from genre_lib.corpus.synthetic.songs import synthetic_corpus
from genre_lib.explorer.drawing import row, sound
from genre_lib.model import HybridNet
from genre_lib.predict import Trained, shown
from genre_lib.splits import pictures_of, split_images
from genre_lib.store import Store

EXCERPT = 15.0  # seconds of a clip that are heard
TOP = 3  # genres whose courses are drawn, with that of the right one


class Moments(NamedTuple):
    """What a network makes of T moments of a track."""

    attention: np.ndarray  # shape (T,): their shares of its attention; even without attention
    probabilities: np.ndarray  # shape (T, genres): if that moment alone were pooled
    whole: np.ndarray  # shape (genres,): as the network answers


@torch.no_grad()
def moments(model: HybridNet, images: np.ndarray) -> Moments:
    """Look into a network's view of a track's images, uint8, shape (B, 128, 128) (Section IV-B).

    A moment is one step of the sequence that the LSTM reads, a 32nd of an image. It is not deaf
    to the rest of the image: LSTM and attention have mixed the other moments in.
    """
    read: dict[nn.Module, Tensor] = {}
    hooks = [
        layer.register_forward_pre_hook(lambda layer, inputs: read.update({layer: inputs[0]}))
        for layer in model.children()
    ]
    whole = model.eval()(torch.from_numpy(images)[:, None].float() / 255)
    for hook in hooks:
        hook.remove()
    x = read[model.attention_dropout]  # (B, 32, 128)
    shares = torch.full((*x.shape[:2], x.shape[1]), 1 / x.shape[1])
    if model.settings.attention:
        sequence = read[model.attention]
        shares = model.attention(sequence, sequence, sequence)[1]  # (B, 32, 32), mean over heads
    each = model.output(model.hidden(x)).softmax(-1)  # (B, 32, genres)
    return Moments(
        shares.mean(1).flatten().numpy() / len(x),
        each.flatten(0, 1).numpy(),
        whole.softmax(-1).mean(0).numpy(),
    )


class Example(NamedTuple):
    """A track, and what a network makes of it."""

    track_id: str
    genre: str
    gray: np.ndarray  # uint8, shape (n_mels, frames)
    manifest: Mapping[str, Any]
    seconds: float
    genres: tuple[str, ...]
    seen: Moments
    sound: str = ""  # address of a file of `length` seconds from `start` on
    start: float = 0.0
    length: float = 0.0

    @property
    def answer(self) -> str:
        """The genre that the network names."""
        return self.genres[int(self.seen.whole.argmax())]

    @property
    def peak(self) -> float:
        """The largest share of attention, as a multiple of an even share."""
        return float(self.seen.attention.max() * len(self.seen.attention))


def example_of(track_id: str, genre: str, gray: np.ndarray, trained: Trained) -> Example:
    """What a network makes of one spectrogram, shape (n_mels, frames)."""
    seen = moments(trained.model, pictures_of(gray, trained.settings))
    recipe, genres = trained.recipe, tuple(trained.genres)
    return Example(track_id, genre, gray, recipe.model_dump(), recipe.seconds, genres, seen)


def new_songs(trained: Trained, *, per_genre: int = 2) -> list[Track]:
    """Songs of the embedded corpus that a network did not train on: its first test songs."""
    songs = synthetic_corpus(trained.settings.songs_per_genre).tracks
    tested = trained.predictions.drop_duplicates("track_id").groupby("y_true").head(per_genre)
    return [song for song in songs if song.track_id in set(tested.track_id)]


def hear(tracks: Sequence[Track], trained: Trained, *, whole: bool = False) -> list[Example]:
    """Tracks with the sound of their middle or, without loss, their `whole`; see `Example`."""
    recipe, rate = trained.recipe, trained.recipe.sample_rate
    length = recipe.seconds if whole else min(EXCERPT, recipe.seconds)
    start = (recipe.seconds - length) / 2
    examples = []
    for track in tracks:
        audio = track.load(rate)
        example = example_of(track.track_id, track.genre, shown(audio, trained)[0], trained)
        part = audio[round(start * rate) : round((start + length) * rate)]
        heard, seconds = sound(part, rate, lossless=whole), len(part) / rate
        examples.append(example._replace(sound=heard, start=start, length=seconds))
    return examples


def look(store: Store, trained: Trained) -> list[Example]:
    """One track of each genre, and what a network makes of it.

    They are the first test tracks, if the store is split as that of the network was: so it has not
    met them, be it trained on this corpus or on another. None are shown to a network that knows
    spectrograms of other bands or another range of level.
    """
    recipe = trained.recipe.model_dump()
    if any(store.manifest[name] != recipe[name] for name in ("n_mels", "fmin", "fmax", "top_db")):
        return []
    table = split_images(store, trained.settings)
    firsts = table[table.subset == "test"].drop_duplicates("genre")
    examples = [
        example_of(track_id, genre, store.images[store.position(track_id)], trained)
        for track_id, genre in zip(firsts.track_id, firsts.genre, strict=True)
    ]
    return [example._replace(seconds=store.seconds) for example in examples]


def courses(example: Example) -> str:
    """Attention and the most probable genres over time, as rows under a spectrogram."""
    attention, probabilities, whole = example.seen
    even = 1 / len(attention)
    middle = (int(attention.argmax()) + 0.5) * even * example.seconds
    top = max(2 * even, attention.max())
    most = f"at most {example.peak:.1f} times an even share, near second {middle:.0f}."
    alt, value = f"Attention over time: {most}", f"× {example.peak:.1f}"
    rows = row("attention", attention / top, alt=alt, value=value, line=even / top)
    first = np.argsort(-whole)[:TOP].tolist()
    right = [label for label, genre in enumerate(example.genres) if genre == example.genre]
    for label in first if set(right) <= set(first) else first[:-1] + right:
        genre, course, value = example.genres[label], probabilities[:, label], f"{whole[label]:.0%}"
        span = f"{course.min():.0%} to {course.max():.0%}, for the whole clip {value}."
        rows += row(genre, course, alt=f"Probability of {genre} over time: {span}", value=value)
    return rows
