"""The genre of a recording of any length, from a trained network that says how good it is."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from genre_lib.config import (
    RunSettings,
    SpectrogramSettings,
    UserError,
    digest,
    new_folder,
    read_json,
    write_json,
    write_text,
)
from genre_lib.corpus import Source
from genre_lib.corpus.audio import seconds_of, stream_audio
from genre_lib.evaluation import accuracy_of, vote, wilson_interval
from genre_lib.runs import Run, read_run
from genre_lib.spectrogram import SILENT, mel_decibels, to_gray
from genre_lib.splits import pictures_of
from genre_lib.store import BAR_AFTER, Recipe

if TYPE_CHECKING:
    from genre_lib.model import HybridNet

PACKAGED = Path(__file__).parent / "weights"  # a complete run with its weights: see `package`
DEMONSTRATION = Path(__file__).parent / "demonstration"  # of the synthetic corpus
CARD = "model_card.md.jinja"  # beside the packaged weights
REST = 0.05  # of a window; a shorter rest at the end of a file is left out
SHORT = 1 / 3  # of a window; a shorter file says little
EVERY = (0.1, 3600)  # seconds, the range of a hop


# A trained network


@dataclass(frozen=True)
class Share:
    """A share of right answers, its 95 % interval, and how many were asked for."""

    share: float
    low: float
    high: float
    count: int

    def __str__(self) -> str:
        return f"{self.share:.0%} (95 % interval {self.low:.0%} to {self.high:.0%})"


def share_of(predictions: pd.DataFrame) -> Share:
    """How many predictions are right, with a bootstrap interval over tracks."""
    right = accuracy_of(predictions)
    return Share(right["accuracy"], right["low"], right["high"], len(predictions))


@dataclass(frozen=True)
class Trained:
    """A trained network with its run, and how its inputs are made."""

    run: Run
    recipe: Recipe

    @property
    def settings(self) -> RunSettings:
        """The settings of its run."""
        return self.run.settings

    @property
    def genres(self) -> tuple[str, ...]:
        """What it can answer."""
        return tuple(self.run.genres)

    @property
    def honest(self) -> bool:
        """Whether no track was in two subsets, so that the accuracy is that of new tracks."""
        return self.settings.protocol != "image"

    @cached_property
    def model(self) -> HybridNet:
        """The network, in evaluation mode."""
        from safetensors import SafetensorError

        from genre_lib.training import load_model

        try:
            return load_model(self.run.path, self.settings, n_classes=len(self.genres))
        except (OSError, SafetensorError, RuntimeError) as error:
            reason = (str(error) or type(error).__name__).splitlines()[0]
            raise UserError(
                f"{self.run.path / 'model.safetensors'} holds no weights of this network "
                f"({reason})."
            ) from None

    @cached_property
    def answers(self) -> pd.DataFrame:
        """What `predict_file` answers about the test tracks: no copy is made of a recording."""
        predictions = self.run.predictions
        if self.settings.view == "segments":
            return vote(predictions)
        return predictions[predictions.image == 0]

    @cached_property
    def accuracy(self) -> Share:
        """Of its answers about new tracks, or else of single test images."""
        return share_of(self.answers if self.honest else self.run.predictions)

    def recalls(self) -> dict[str, Share]:
        """Of its answers about each genre, with Wilson's interval."""
        right = self.answers.y_true == self.answers.y_pred
        return {
            str(genre): Share(hits.mean(), *wilson_interval(int(hits.sum()), len(hits)), len(hits))
            for genre, hits in right.groupby(self.answers.y_true)
        }

    def remarks(self) -> list[str]:
        """What to know before believing the network: how often it is right, what it cannot say."""
        corpus, right, genres = self.recipe.corpus, self.accuracy, self.genres
        asked = f"tracks of {corpus} that were not in its training"
        if not self.honest:
            asked = (
                f"test images of {corpus}, whose tracks have other images in its training, so how "
                "it does on new tracks is not known"
            )
        sentences = [
            f"Right for {right} of {right.count} {asked}; guessing would be right for "
            f"{1 / len(genres):.0%}.",
            f"It always answers with one of {len(genres)} genres ({', '.join(genres)}), whatever "
            "it hears.",
        ]
        if corpus == "synthetic":
            sentences.append("It has heard music composed by a program, and no recording.")
        return sentences

    def values(self) -> dict[str, Any]:
        """Which network answers, and how far to trust it, as plain values."""
        made, settings = self.run.environment, self.settings
        return {
            "run": digest(self.settings, self.recipe.digest),
            "corpus": self.recipe.corpus,
            **settings.model_dump(include={"view", "protocol", "seed", "profile"}),
            "epochs": len(self.run.history),
            "training_seconds": made["seconds"],
            "test_tracks_are_new": self.honest,
            "test_accuracy": asdict(self.accuracy),
            "chance": 1 / len(self.genres),
            "genres": self.genres,
            "window_seconds": self.recipe.seconds,
            "notes": self.remarks(),
        }


def read_trained(directory: Path | None = None) -> Trained:
    """Read the network of a complete run; by default that of the package.

    A `UserError` is raised if there is no such run, it is damaged, or has no network.
    """
    run = read_run(directory or PACKAGED)
    if not all((run.path / name).exists() for name in ("model.safetensors", "spectrogram.json")):
        raise UserError(
            f"{run.path} holds no network's weights and recipe; train it again with "
            "`genre-book train`."
        )
    return Trained(run, Recipe(**read_json(run.path / "spectrogram.json")))


def package(run: Path, target: Path) -> Trained:
    """Copy a finished run to a new folder that may be passed on, with a model card."""
    trained = read_trained(run)
    with new_folder(target) as folder:
        for file in run.iterdir():
            shutil.copyfile(file, folder / file.name)
        config = read_json(run / "config.json")  # its digest names the data; no path is published
        write_json(folder / "config.json", config | {"corpus": trained.recipe.corpus})
        write_text(folder / "MODEL_CARD.md", model_card(trained))
    return read_trained(target)


def model_card(trained: Trained) -> str:
    """The model card of a network: the template `CARD`, filled in from its run."""
    from jinja2 import Environment, StrictUndefined

    from genre_lib.model import count_parameters

    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    template = environment.from_string((PACKAGED / CARD).read_text(encoding="utf-8"))
    run = trained.run
    return template.render(
        trained=trained,
        best=run.history.nlargest(1, "validation_accuracy").iloc[0],
        images=share_of(run.predictions),
        votes=share_of(vote(run.predictions)),
        answers=share_of(trained.answers),
        parameters=count_parameters(trained.model),
    )


# From a recording to an answer


@dataclass(frozen=True)
class Window:
    """What a network says about one window of a recording; nothing is said about silence."""

    start: float  # seconds
    end: float
    genre: str | None = None
    probability: float | None = None
    probabilities: dict[str, float] | None = None


@dataclass(frozen=True)
class Answer:
    """What a network says about a recording: the mean over its windows that are not silent."""

    file: str
    seconds: float
    genre: str
    probability: float
    probabilities: dict[str, float]  # the most probable first
    windows: tuple[Window, ...]
    notes: tuple[str, ...]  # sentences to know before believing the answer


def windows(
    blocks: Iterable[np.ndarray], *, length: int, hop: int
) -> Iterator[tuple[int, np.ndarray]]:
    """Cut a stream of audio into windows: the first sample of each, and it, shape (length,).

    No more than a few are in memory. One starts every `hop` samples, and the last one ends where
    the audio ends, unless less than `REST` of a window would be left out otherwise. Audio that is
    shorter than a window is one window, as short.
    """
    buffer, position = np.empty(0, np.float32), 0  # samples, and where they begin
    upcoming = heard = 0  # where the next window begins, and where the last one ended
    for block in blocks:
        buffer = np.concatenate((buffer, block))
        while upcoming + length <= position + len(buffer):
            yield upcoming, buffer[upcoming - position :][:length]
            heard = upcoming + length
            upcoming += hop
        # The last window may need as much as a window back from here.
        passed = max(0, min(upcoming, position + len(buffer) - length) - position)
        buffer, position = buffer[passed:], position + passed
    end = position + len(buffer)
    if end and not heard:
        yield 0, buffer
    elif end - heard > REST * length:
        yield end - length, buffer[end - length - position :]


def spectrogram(audio: np.ndarray, recipe: SpectrogramSettings) -> np.ndarray:
    """Gray levels of one window as a store would have them, shape (n_mels, frames).

    Audio that is shorter than a window is repeated: the network has hardly met silence.
    """
    audio = np.resize(audio, round(recipe.seconds * recipe.sample_rate))
    return to_gray(mel_decibels(audio, recipe), top_db=recipe.top_db)


def probabilities_of(audio: np.ndarray, trained: Trained) -> np.ndarray | None:
    """Probability of each genre for one window, shape (genres,); None if it is silent."""
    from genre_lib.training import predict_logits

    if np.abs(audio).max(initial=0.0) < SILENT:
        return None
    pictures = pictures_of(spectrogram(audio, trained.recipe), trained.settings)
    return predict_logits(trained.model, pictures).double().softmax(1).mean(0).numpy()


def hop_of(trained: Trained, every: float | None) -> int:
    """Samples from one window to the next; `UserError` if `every`, in seconds, is out of range."""
    every = trained.recipe.seconds / 2 if every is None else every
    low, high = EVERY
    if not low <= every <= high:
        raise UserError(f"every = {every} is not possible (allowed: {low} <= every <= {high}).")
    return round(every * trained.recipe.sample_rate)


def predict_audio(
    blocks: Iterable[np.ndarray],
    trained: Trained,
    *,
    file: str,
    every: float | None = None,
    bar: tqdm | None = None,
) -> Answer:
    """Genres of audio at the network's sample rate, block by block, as a whole and over time.

    A window starts `every` seconds, by default half a window; `bar` moves by the seconds heard. A
    `UserError` is raised if `every` is out of range, or nothing but silence is heard.
    """
    window, rate = trained.recipe.seconds, trained.recipe.sample_rate
    samples = 0

    def counted() -> Iterator[np.ndarray]:
        nonlocal samples
        for block in blocks:
            samples += len(block)
            yield block
            if bar is not None:
                bar.update(len(block) / rate)

    hop = hop_of(trained, every)
    found, heard = [], []
    for first, audio in windows(counted(), length=round(window * rate), hop=hop):
        start, end = (round(sample / rate, 3) for sample in (first, first + len(audio)))
        probabilities = probabilities_of(audio, trained)
        if probabilities is None:
            found.append(Window(start, end))
            continue
        found.append(Window(start, end, *_ranked(trained.genres, probabilities)))
        heard.append(probabilities)
    if not heard:
        raise UserError(f"{file} holds nothing but silence; there is no genre to name.")
    seconds, notes = samples / rate, []
    if seconds < SHORT * window:
        notes.append(
            f"Only {seconds:.1f} s long, and repeated to fill a window of {window:g} s, so trust "
            "the answer less."
        )
    if silent := len(found) - len(heard):
        notes.append(f"Windows of silence, which the answer leaves out: {silent}.")
    ranked = _ranked(trained.genres, np.mean(heard, axis=0))
    return Answer(file, round(seconds, 3), *ranked, tuple(found), tuple(notes))


def _ranked(
    genres: tuple[str, ...], probabilities: np.ndarray
) -> tuple[str, float, dict[str, float]]:
    """The most probable genre, its probability, and all of them, sorted."""
    order = np.argsort(-probabilities, kind="stable")
    ranked = {genres[i]: round(float(probabilities[i]), 6) for i in order}
    return *next(iter(ranked.items())), ranked


def predict_file(
    path: Source, trained: Trained, *, every: float | None = None, bar: tqdm | None = None
) -> Answer:
    """Genres of an audio file in little memory (see `predict_audio`).

    A `UserError` is also raised if it cannot be used (see `genre_lib.corpus.audio.stream_audio`).
    """
    blocks = stream_audio(path, trained.recipe.sample_rate)
    return predict_audio(blocks, trained, file=str(path), every=every, bar=bar)


def predict_files(
    paths: Sequence[Path], trained: Trained, *, every: float | None = None
) -> Iterator[Answer | UserError]:
    """Answers about files, or why there is none, one by one; a progress bar on a terminal."""
    hop_of(trained, every)  # what is wrong for all files is reported once
    trained.model  # noqa: B018 (and so are damaged weights)
    with tqdm(
        total=round(sum(map(seconds_of, paths))) or None,
        desc="listening",
        bar_format="{desc}: {percentage:3.0f}%|{bar}| {n:.0f}/{total_fmt} s [{remaining} left]",
        delay=BAR_AFTER,
        leave=False,
        disable=None,
    ) as bar:
        for path in paths:
            answer: Answer | UserError
            try:
                answer = predict_file(path, trained, every=every, bar=bar)
            except UserError as error:
                answer = error
            if not bar.disable:
                bar.clear()
            yield answer


# What is printed


def header(trained: Trained) -> str:
    """Lines that say which network answers, and how far to trust it."""
    values, made = trained.values(), trained.run.environment
    network = (
        "Network: run {run}, trained on {corpus}: {view} x {protocol}, seed {seed}, best of "
        "{epochs} epochs, {training_seconds:.0f} s"
    ).format(**values)
    threads = f" on {made['threads']} threads ({made['device_name']})."
    return "\n".join([network + threads, *values["notes"]])


def report(answer: Answer) -> str:
    """An answer as lines of text: the genres, and the course over time if there are windows."""
    width = max(map(len, answer.probabilities))
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


def clock(seconds: float) -> str:
    """Seconds as minutes and seconds, such as ``3:07``, or with hours, such as ``1:03:07``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
