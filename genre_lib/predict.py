"""The genre of a recording of any length, from a trained network that says how good it is."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from genre_lib.config import SpectrogramSettings, UserError, digest, read_json, refusing
from genre_lib.corpus import Source
from genre_lib.corpus.audio import stream_audio
from genre_lib.corpus.sound import PIECE, REST, Sound, share_of_sound, windows
from genre_lib.evaluation import accuracy_of, vote
from genre_lib.runs import Run, read_run
from genre_lib.spectrogram import fill_bands, highest_band, mel_decibels, mel_edges, to_gray
from genre_lib.splits import pictures_of
from genre_lib.store import Recipe

if TYPE_CHECKING:
    from genre_lib.model import HybridNet

PACKAGED = Path(__file__).parent / "weights"  # made by `genre_lib.book.weights`
DEMONSTRATION = Path(__file__).parent / "demonstration"  # of the synthetic corpus
SHORT = 0.4  # of a window; less sound costs 5 points of right answers (`benchmarks.hearing`)
HOPS = (0.1, 3600)  # seconds, the shortest and the longest
RIGHT = "{share:.0%} (95 % interval {low:.0%} to {high:.0%})"


# A trained network


def share_of(predictions: pd.DataFrame) -> dict[str, float]:
    """Share of right predictions, low and high of its 95 % interval, and count of predictions."""
    right = accuracy_of(predictions)
    return {"share": right.pop("accuracy"), **right, "count": len(predictions)}


@dataclass(frozen=True)
class Trained(Run):
    """A complete run that trained a network, and how the network's inputs are made."""

    recipe: Recipe
    model: HybridNet  # in evaluation mode
    hearing: dict[str, Any]  # what `benchmarks.hearing` measured, if it was asked

    @property
    def honest(self) -> bool:
        """Whether no track was in two subsets, so that the accuracy is that of new tracks."""
        return self.settings.protocol != "image"

    @property
    def answers(self) -> pd.DataFrame:
        """What `predict_file` answers about the test tracks: no copy is made of a recording."""
        if self.settings.view == "segments":
            return vote(self.predictions)
        return self.predictions[self.predictions.image == 0]

    @cached_property
    def test_accuracy(self) -> dict[str, float]:
        """`share_of` its answers about new tracks, or else of single test images."""
        return share_of(self.answers if self.honest else self.predictions)

    @property
    def usual_band(self) -> int:
        """The highest mel band that nearly all of its training tracks reach; 0 if not measured."""
        return self.hearing.get("highest_band", 0)

    def remarks(self) -> list[str]:
        """What to know before believing the network: how often it is right, what it cannot say."""
        corpus, right, genres = self.recipe.corpus, self.test_accuracy, self.genres
        asked = f"tracks of {corpus} that were not in its training"
        if self.settings.protocol == "track" and corpus != "synthetic":
            asked += ", though others by their artists may have been"
        if not self.honest:
            asked = (
                f"test images of {corpus}, whose tracks have other images in its training, so how "
                "it does on new tracks is not known"
            )
        sentences = [
            f"It is right for {RIGHT.format(**right)} of {right['count']} {asked}; guessing would "
            f"be right for {1 / len(genres):.0%}.",
            f"It always answers with one of {len(genres)} genres ({', '.join(genres)}), whatever "
            "it hears.",
        ]
        if corpus == "synthetic":
            sentences.append("It has heard music composed by a program, and no recording.")
        return sentences

    def values(self) -> dict[str, Any]:
        """Which network answers, and how far to trust it, as plain values."""
        return {
            "run": digest(self.settings, self.recipe.digest),
            "corpus": self.recipe.corpus,
            **self.settings.model_dump(include={"view", "protocol", "seed", "profile"}),
            "epochs": len(self.history),
            "training_seconds": self.environment["seconds"],
            "test_tracks_are_new": self.honest,
            "test_accuracy": self.test_accuracy,
            "chance": 1 / len(self.genres),
            "genres": self.genres,
            "window_seconds": self.recipe.seconds,
            "notes": self.remarks(),
        }


def read_trained(directory: Path = PACKAGED) -> Trained:
    """Read the network of a complete run, by its folder or its ``model.safetensors``.

    A `UserError` is raised if there is no such run, it is damaged, or has no network.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from genre_lib.model import HybridNet

    directory = directory.parent if directory.is_file() else directory
    run = read_run(directory)
    recipe = Recipe.read(directory / "spectrogram.json")
    weights = directory / "model.safetensors"
    model = HybridNet(run.settings.model, n_classes=len(run.genres))
    fault = f"{weights} holds no weights of this network"
    with refusing(fault, OSError, SafetensorError, RuntimeError):
        model.load_state_dict(load_file(weights))
    file = directory / "hearing.json"
    hearing = read_json(file) if file.exists() else {}
    return Trained(**vars(run), recipe=recipe, model=model.eval(), hearing=hearing)


# From a recording to an answer


@dataclass(frozen=True)
class Window:
    """What a network says about one window of a recording; nothing is said about silence."""

    start: float  # seconds
    end: float
    genre: str | None = None
    probability: float | None = None
    probabilities: dict[str, float] | None = None
    sound: float = 0.0  # share that is no silence: the weight of what is said


@dataclass(frozen=True)
class Answer:
    """What a network says about a recording: the mean over its windows, by their sound."""

    file: str
    seconds: float
    genre: str
    probability: float
    probabilities: dict[str, float]  # the most probable first
    windows: tuple[Window, ...]
    notes: tuple[str, ...]  # sentences to know before believing the answer


def spectrogram(audio: np.ndarray, recipe: SpectrogramSettings) -> np.ndarray:
    """Gray levels of one window as a store would have them, shape (n_mels, frames).

    Audio that is shorter than a window is repeated: the network has hardly met silence.
    """
    audio = np.resize(audio, round(recipe.seconds * recipe.sample_rate))
    return to_gray(mel_decibels(audio, recipe), top_db=recipe.top_db)


def shown(audio: np.ndarray, trained: Trained) -> tuple[np.ndarray, int]:
    """The `spectrogram` that a network is shown, and the highest band that was not filled in."""
    gray = spectrogram(audio, trained.recipe)
    top = highest_band(gray)
    return (fill_bands(gray, top) if top < trained.usual_band else gray), top


def probabilities_of(gray: np.ndarray, trained: Trained) -> np.ndarray:
    """Probability of each genre for the spectrogram of one window, shape (genres,)."""
    from genre_lib.training import predict_logits

    pictures = pictures_of(gray, trained.settings)
    probabilities = predict_logits(trained.model, pictures).double().softmax(1).mean(0).numpy()
    if not np.isfinite(probabilities).all():
        raise UserError(f"The weights in {trained.path} are damaged; they give no numbers.")
    return probabilities


def predict_file(
    source: Source, trained: Trained, *, every: float | None = None, bar: tqdm | None = None
) -> Answer:
    """Genres of a recording, as a whole and over time; no more than a few windows are in memory.

    From the first sound on, a window starts `every` seconds, by default half a window; `bar` moves
    by the seconds heard. A `UserError` is raised if `every` is out of range, the recording cannot
    be decoded (see `genre_lib.corpus.audio.stream_audio`), or nothing but silence is heard.
    """
    recipe, alone = trained.recipe, 0.0
    rate, length = recipe.sample_rate, round(recipe.seconds * recipe.sample_rate)
    hop, piece = hop_of(trained, every), round(PIECE * rate)

    def tell(seconds: float, cancelled: bool) -> None:
        nonlocal alone
        alone += seconds * cancelled
        if bar is not None:
            bar.update(seconds)

    sound = Sound(stream_audio(source, rate, tell=tell), piece)
    found, heard, shares, tops = [], [], [], []
    for first, audio in windows(sound, length=length, hop=hop):
        start = (first + sound.before) / rate
        start, end = round(start, 3), round(start + len(audio) / rate, 3)
        if not (share := share_of_sound(audio, piece)):
            found.append(Window(start, end))
            continue
        gray, top = shown(audio, trained)
        tops.append(top)
        shares.append(share)
        heard.append(probabilities_of(gray, trained))
        ranked = _ranked(trained.genres, heard[-1])
        found.append(Window(start, end, *ranked, sound=round(share, 3)))
    if not heard:
        raise UserError(f"{source} holds nothing but silence; there is no genre to name.")
    ranked = _ranked(trained.genres, np.average(heard, axis=0, weights=shares))
    notes, seconds = notes_of(trained, sound, found, tops, alone), sound.samples / rate
    return Answer(str(source), round(seconds, 3), *ranked, tuple(found), tuple(notes))


def notes_of(
    trained: Trained, sound: Sound, found: list[Window], tops: list[int], alone: float
) -> list[str]:
    """What was done to a recording, and what makes an answer about it weak.

    `tops` are the highest bands of the windows with sound, and `alone` the seconds in which one
    channel was heard.
    """
    window, rate = trained.recipe.seconds, trained.recipe.sample_rate
    before, after = sound.before / rate, sound.after / rate
    seconds, most = sound.samples / rate - before - after, REST * window
    ends = f"{before:.1f} s at the beginning, {after:.1f} s at the end"
    weak = f"; with less than {SHORT * window:g} s an answer is weak"
    silent = sum(not it.sound for it in found)
    partly = sum(0 < it.sound < 1 - REST for it in found)
    missing = [top for top in tops if top < trained.usual_band]
    highest = mel_edges(trained.recipe.model_dump())[1 + max(missing, default=0)] / 1000
    notes = {
        f"Only {seconds:.1f} s of sound, repeated to fill a window of {window:g} s"
        f"{weak if seconds < SHORT * window else ''}.": seconds < window - most,
        f"Silence that is skipped: {ends}.": max(before, after) > most,
        f"Windows of silence, which the answer leaves out: {silent}.": silent,
        f"Windows that are partly silent, and count by their sound: {partly}.": partly,
        f"For {alone:.1f} s the channels cancel each other when mixed, so one is heard "
        "alone.": alone,
        f"Nothing is heard above {highest:.1f} kHz in {len(missing)} of {len(tops)} windows. The "
        "bands that are missing are filled in; still the network is right less often, as its "
        "model card says.": missing,
    }
    return [note for note, holds in notes.items() if holds]


def hop_of(trained: Trained, every: float | None) -> int:
    """Samples from one window to the next; `UserError` if `every`, in seconds, is out of range."""
    every = trained.recipe.seconds / 2 if every is None else every
    low, high = HOPS
    if not low <= every <= high:
        raise UserError(f"every = {every} is not possible (allowed: {low} <= every <= {high}).")
    return round(every * trained.recipe.sample_rate)


def _ranked(genres: list[str], probabilities: np.ndarray) -> tuple[str, float, dict[str, float]]:
    """The most probable genre, its probability, and all of them, sorted."""
    order = np.argsort(-probabilities, kind="stable")
    ranked = {genres[i]: round(float(probabilities[i]), 6) for i in order}
    return *next(iter(ranked.items())), ranked


# What is printed


def header(trained: Trained) -> str:
    """Lines that say which network answers, and how far to trust it."""
    network = (
        "Network: run {run}, trained on {corpus}: {view} x {protocol}, seed {seed}, best of "
        "{epochs} epochs, {training_seconds:.0f} s on {threads} threads ({device_name})."
    ).format(**trained.values(), **trained.environment)
    return "\n".join([network, *trained.remarks()])


def report(answer: Answer) -> str:
    """An answer as lines of text: the genres, and the course over time if there are windows."""
    clock, width = tqdm.format_interval, max(map(len, answer.probabilities))
    name = os.fsencode(answer.file).decode("utf-8", errors="replace")  # for any terminal
    lines = [f"{name} ({clock(answer.seconds)}): {answer.genre} {answer.probability:.0%}"]
    for genre, share in answer.probabilities.items():
        lines.append(f"  {genre:<{width}}  {share:6.1%}  {'#' * round(40 * share)}".rstrip())
    if len(answer.windows) > 1:
        lines.append("  over time")
        for window in answer.windows:
            heard = "silence"
            if window.genre is not None:
                heard = f"{window.genre:<{width}}  {window.probability:6.1%}"
            lines.append(f"    {clock(window.start):>8} to {clock(window.end):>8}  {heard}")
    return "\n".join([*lines, *(f"  note: {note}" for note in answer.notes)])
