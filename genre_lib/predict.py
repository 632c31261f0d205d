"""The genre of a recording of any length, from a trained network that says how good it is."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

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
    validated,
    write_json,
    write_text,
)
from genre_lib.corpus import Source
from genre_lib.corpus.audio import seconds_of, stream_audio
from genre_lib.evaluation import accuracy_of, vote, wilson_interval
from genre_lib.runs import Run, is_complete, read_run
from genre_lib.spectrogram import SILENT, mel_decibels, to_gray
from genre_lib.splits import resize
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
        corpus, right = self.recipe.corpus, self.accuracy
        guess = f"guessing would be right for {1 / len(self.genres):.0%}."
        if self.honest:
            accuracy = (
                f"Right for {right} of {right.count} tracks of {corpus} that were not in its "
                f"training; {guess}"
            )
        else:
            accuracy = (
                f"Right for {right} of {right.count} test images of {corpus}; {guess} Other "
                "images of the same tracks were in its training, so how it does on new tracks is "
                "not known."
            )
        genres = f"{len(self.genres)} genres ({', '.join(self.genres)})"
        sentences = [accuracy, f"It always answers with one of {genres}, whatever it hears."]
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

    Raises
    ------
    UserError
        If there is no such folder, or what it holds is incomplete or damaged, or no network.
    """
    directory = directory or PACKAGED
    if not directory.is_dir():
        hint = " in this copy; give a run's directory as --weights" if directory == PACKAGED else ""
        raise UserError(f"There are no weights at {directory}{hint}.")
    if not is_complete(directory):
        raise UserError(
            f"{directory} holds no complete run; give a folder that `genre-book train` has "
            "finished."
        )
    run = read_run(directory)
    if run.settings.method != "network" or not (directory / "model.safetensors").exists():
        raise UserError(
            f"{directory} holds no network's weights; train it again with `genre-book train`."
        )
    return Trained(run, validated(Recipe, read_json(directory / "spectrogram.json")))


def package(run: Path, target: Path) -> Trained:
    """Copy a finished run to a folder that may be passed on, with a model card.

    Raises
    ------
    UserError
        As `read_trained` does for the run; if `target` exists or cannot be written.
    """
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


class Part(NamedTuple):
    """One window of a recording; start and end in seconds."""

    start: float
    end: float
    probabilities: np.ndarray | None  # shape (genres,); None where the window is silent


class Answer(NamedTuple):
    """What a network says about a recording."""

    path: Source
    seconds: float
    genres: tuple[str, ...]
    probabilities: np.ndarray  # shape (genres,): mean over the windows that are not silent
    parts: tuple[Part, ...]
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


def pictures_of(gray: np.ndarray, settings: RunSettings) -> np.ndarray:
    """Network inputs of one spectrogram, uint8, shape (B, 128, 128), without augmentation.

    In the view `segments` there are as many slices as a track has.
    """
    if settings.view == "copies":
        return resize(gray)[None]
    return np.stack([resize(p) for p in np.array_split(gray, settings.images_per_track, axis=1)])


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


def parts_of(
    blocks: Iterable[np.ndarray], trained: Trained, *, every: float | None = None
) -> Iterator[Part]:
    """What a network says about each window of audio at its sample rate, one after the other."""
    rate = trained.recipe.sample_rate
    length = round(trained.recipe.seconds * rate)
    for first, audio in windows(blocks, length=length, hop=hop_of(trained, every)):
        yield Part(first / rate, (first + len(audio)) / rate, probabilities_of(audio, trained))


def answer_of(path: Source, parts: Sequence[Part], seconds: float, trained: Trained) -> Answer:
    """What the windows of a recording say together; `UserError` if all of them are silent."""
    heard = [part.probabilities for part in parts if part.probabilities is not None]
    if not heard:
        raise UserError(f"{path} holds nothing but silence; there is no genre to name.")
    window, notes = trained.recipe.seconds, []
    if seconds < SHORT * window:
        notes.append(
            f"Only {seconds:.1f} s long, and repeated to fill a window of {window:g} s, so trust "
            "the answer less."
        )
    if len(heard) < len(parts):
        silent = len(parts) - len(heard)
        notes.append(f"Windows of silence, which the answer leaves out: {silent}.")
    mean = np.mean(heard, axis=0)
    return Answer(path, seconds, trained.genres, mean, tuple(parts), tuple(notes))


def predict_file(
    path: Source, trained: Trained, *, every: float | None = None, bar: tqdm | None = None
) -> Answer:
    """Genres of an audio file, as a whole and over time, in little memory.

    A window starts `every` seconds, by default half a window; `bar` moves by the seconds heard.

    Raises
    ------
    UserError
        If `every` is out of range, the file cannot be used (see
        `genre_lib.corpus.audio.stream_audio`), or there is nothing but silence in it.
    """
    rate = trained.recipe.sample_rate
    samples = 0

    def counted() -> Iterator[np.ndarray]:
        nonlocal samples
        for block in stream_audio(path, rate):
            samples += len(block)
            yield block
            if bar is not None:
                bar.update(len(block) / rate)

    parts = list(parts_of(counted(), trained, every=every))
    return answer_of(path, parts, samples / rate, trained)


def predict_files(
    paths: Sequence[Path], trained: Trained, *, every: float | None = None
) -> Iterator[tuple[Path, Answer | UserError]]:
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
            yield path, answer


# What is printed


def file_values(path: Source, answer: Answer | UserError) -> dict[str, Any]:
    """An answer, or why there is none, as plain values; the windows of silence have no genre."""
    if isinstance(answer, UserError):
        return {"file": str(path), "error": str(answer)}
    return {
        "file": str(path),
        "seconds": round(answer.seconds, 3),
        **_ranked(answer.genres, answer.probabilities),
        "windows": [
            {"start": round(part.start, 3), "end": round(part.end, 3)}
            | _ranked(answer.genres, part.probabilities)
            for part in answer.parts
        ],
        "notes": list(answer.notes),
    }


def _ranked(genres: tuple[str, ...], probabilities: np.ndarray | None) -> dict[str, Any]:
    """The most probable genre, its probability, and all of them, sorted."""
    if probabilities is None:
        return {"genre": None, "probability": None, "probabilities": None}
    order = np.argsort(-probabilities, kind="stable")
    ranked = {genres[i]: round(float(probabilities[i]), 6) for i in order}
    genre, probability = next(iter(ranked.items()))
    return {"genre": genre, "probability": probability, "probabilities": ranked}


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
    values, width = file_values(answer.path, answer), max(map(len, answer.genres))
    name = os.fsencode(values["file"]).decode("utf-8", errors="replace")  # for any terminal
    lines = [f"{name} ({clock(answer.seconds)}): {values['genre']} {values['probability']:.0%}"]
    for genre, share in values["probabilities"].items():
        lines.append(f"  {genre:<{width}}  {share:6.1%}  {'#' * round(40 * share)}".rstrip())
    if len(answer.parts) > 1:
        lines.append("  over time")
        for part in values["windows"]:
            heard = "silence"
            if part["genre"] is not None:
                heard = f"{part['genre']:<{width}}  {part['probability']:6.1%}"
            lines.append(f"    {clock(part['start']):>8} to {clock(part['end']):>8}  {heard}")
    return "\n".join([*lines, *(f"  note: {note}" for note in answer.notes)])


def clock(seconds: float) -> str:
    """Seconds as minutes and seconds, such as ``3:07``, or with hours, such as ``1:03:07``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
