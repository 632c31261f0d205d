"""The genre of a recording of any length, from a trained network that says how good it is."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from tqdm import tqdm

from genre_lib.config import (
    RunSettings,
    Settings,
    SpectrogramSettings,
    UserError,
    read_json,
    validated,
    write_json,
    write_text,
)
from genre_lib.corpus import Source, find_corpus
from genre_lib.corpus.audio import seconds_of, stream_audio
from genre_lib.evaluation import accuracy_of, vote, wilson_interval
from genre_lib.runs import Run, is_complete, read_run
from genre_lib.spectrogram import SILENT, fit_length, mel_decibels, to_gray
from genre_lib.splits import resize
from genre_lib.store import BAR_AFTER, Store, open_store

if TYPE_CHECKING:
    from genre_lib.model import HybridNet

PACKAGED = Path(__file__).parent / "weights"  # what a package of weights holds: see `package`
DEMONSTRATION = Path(__file__).parent / "demonstration"  # of the synthetic corpus
CARD = "model_card.md.jinja"  # beside the packaged weights
REST = 0.05  # of a window; a shorter rest at the end of a file is left out
SHORT = 1 / 3  # of a window; a shorter file is mostly padding
EVERY = (0.1, 3600)  # seconds, the range of a hop


# A trained network


class Share(Settings):
    """A share of right answers, its 95 % interval, and how many were asked for."""

    share: float
    low: float
    high: float
    count: int

    def __str__(self) -> str:
        return f"{self.share:.0%} (95 % interval {self.low:.0%} to {self.high:.0%})"


class About(Settings):
    """What is known about a network: ``about.json``."""

    run: str
    corpus: str
    genres: tuple[str, ...]
    epochs: int
    best_epoch: int
    validation_accuracy: float
    seconds: float  # of training
    threads: int
    device: str
    images: Share  # of all test images
    votes: Share  # of the test tracks, by the mean over their images
    answers: Share  # of the test tracks, as `predict_file` answers about them
    recalls: dict[str, Share]  # the same by genre


class Recipe(SpectrogramSettings):
    """How the store was made that a network was trained on: ``spectrogram.json``."""

    frame_period_s: float


@dataclass(frozen=True)
class Trained:
    """A trained network, how its inputs are made, and how good it is."""

    path: Path
    settings: RunSettings
    recipe: Recipe
    about: About

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
            return load_model(self.path, self.settings, n_classes=len(self.about.genres))
        except (OSError, SafetensorError, RuntimeError) as error:
            reason = (str(error) or type(error).__name__).splitlines()[0]
            raise UserError(
                f"{self.path / 'model.safetensors'} holds no weights of this network ({reason})."
            ) from None

    @property
    def accuracy(self) -> Share:
        """Of its answers about new tracks, or else of single test images."""
        return self.about.answers if self.honest else self.about.images

    def remarks(self) -> list[str]:
        """What to know before believing the network: how often it is right, what it cannot say."""
        about, right = self.about, self.accuracy
        guess = f"guessing would be right for {1 / len(about.genres):.0%}."
        if self.honest:
            accuracy = (
                f"Right for {right} of {right.count} tracks of {about.corpus} that were not in its "
                f"training; {guess}"
            )
        else:
            accuracy = (
                f"Right for {right} of {right.count} test images of {about.corpus}; {guess} Other "
                "images of the same tracks were in its training, so how it does on new tracks is "
                "not known."
            )
        genres = f"{len(about.genres)} genres ({', '.join(about.genres)})"
        sentences = [accuracy, f"It always answers with one of {genres}, whatever it hears."]
        if about.corpus == "synthetic":
            sentences.append("It has heard music composed by a program, and no recording.")
        return sentences


def read_trained(directory: Path | None = None) -> Trained:
    """Read a packaged network or a finished run; by default the weights of the package.

    Raises
    ------
    UserError
        If there is no such folder, or what it holds is incomplete or damaged, or no network. If
        it is a run and the spectrograms that it was trained on are not found.
    """
    directory = directory or PACKAGED
    if not directory.is_dir():
        hint = " in this copy; give a run's directory as --weights" if directory == PACKAGED else ""
        raise UserError(f"There are no weights at {directory}{hint}.")
    if (directory / "about.json").exists():
        parts = {}
        for name in ("config", "spectrogram", "about"):
            file = directory / f"{name}.json"
            parts[name] = read_json(file)
            if not isinstance(parts[name], dict):
                raise UserError(f"{file} is not a JSON object.")
        settings = {k: v for k, v in parts["config"].items() if k not in ("data", "made_with")}
        return Trained(
            path=directory,
            settings=validated(RunSettings, settings),
            recipe=validated(Recipe, parts["spectrogram"]),
            about=validated(About, parts["about"]),
        )
    if not is_complete(directory):
        raise UserError(
            f"{directory} holds neither packaged weights nor a complete run; give a folder that "
            "`genre-book train` has finished."
        )
    run = read_run(directory)
    find_corpus(run.settings, download=False)  # nobody who asks for a genre asks for a corpus
    return trained_of(run, open_store(run.settings))


def trained_of(run: Run, store: Store) -> Trained:
    """The network of a run, with the store that it was trained on.

    Raises
    ------
    UserError
        If the run has no network, or was trained on other spectrograms.
    """
    if run.settings.method != "network" or not (run.path / "model.safetensors").exists():
        raise UserError(
            f"{run.path} holds no network's weights; train it again with `genre-book train`."
        )
    data = read_json(run.path / "config.json")["data"]
    if data["digest"] != store.digest:
        raise UserError(
            f"{run.path} was trained on other spectrograms than {store.path} holds; give it the "
            "store that it was trained on."
        )
    stated = {name: store.manifest[name] for name in Recipe.model_fields if name in store.manifest}
    seconds = round(store.images.shape[2] * store.frame_period, 1)
    recipe = {"seconds": seconds, **stated, "frame_period_s": store.frame_period}
    return Trained(run.path, run.settings, validated(Recipe, recipe), about_run(run, data["name"]))


def about_run(run: Run, corpus: str) -> About:
    """What a run's results say about its network."""
    votes = answers = vote(run.predictions)
    if run.settings.view == "copies":  # no augmented copies are made of a user's recording
        answers = run.predictions[run.predictions.image == 0]
    accuracies = run.history.validation_accuracy.to_numpy()
    recalls = {}
    for genre, right in (answers.y_true == answers.y_pred).groupby(answers.y_true):
        low, high = wilson_interval(int(right.sum()), len(right))
        recalls[str(genre)] = Share(share=right.mean(), low=low, high=high, count=len(right))
    return About(
        run=run.path.name,
        corpus=corpus,
        genres=tuple(run.genres),
        epochs=len(run.history),
        best_epoch=int(accuracies.argmax()) + 1,
        validation_accuracy=float(accuracies.max()),
        seconds=float(run.environment["seconds"]),
        threads=int(run.environment["threads"]),
        device=str(run.environment["device_name"]),
        images=_share(run.predictions),
        votes=_share(votes),
        answers=_share(answers),
        recalls=recalls,
    )


def _share(answers: pd.DataFrame) -> Share:
    parts = accuracy_of(answers)
    return Share(share=parts["accuracy"], low=parts["low"], high=parts["high"], count=len(answers))


def package(run: Path, target: Path) -> Trained:
    """Make a folder of a finished run that `read_trained` reads on any machine, with a model card.

    Raises
    ------
    UserError
        As `read_trained` does for the run; if `target` exists or cannot be written.
    """
    if target.exists():
        raise UserError(f"{target} exists already; remove it or choose another place.")
    trained = read_trained(run)
    partial = target.with_name(f".{target.name}.part")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        for name in ("metrics.json", "environment.json", "model.safetensors"):
            shutil.copyfile(run / name, partial / name)
        config = read_json(run / "config.json")  # its digest names the data; no path is published
        write_json(partial / "config.json", config | {"corpus": trained.about.corpus})
        write_json(partial / "spectrogram.json", trained.recipe.model_dump())
        write_json(partial / "about.json", trained.about.model_dump(mode="json"))
        write_text(partial / "MODEL_CARD.md", model_card(trained))
        partial.rename(target)
    except OSError as error:
        raise UserError(f"{target} cannot be written ({error.strerror}).") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return read_trained(target)


def model_card(trained: Trained) -> str:
    """The model card of a network: the template `CARD`, filled in from its run."""
    from jinja2 import Environment, StrictUndefined

    from genre_lib.model import count_parameters

    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    template = environment.from_string((PACKAGED / CARD).read_text(encoding="utf-8"))
    images = read_json(trained.path / "metrics.json")["images"]
    parameters = count_parameters(trained.model)
    return template.render(trained=trained, images=images, parameters=parameters)


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
    """Gray levels of one window as a store would have them, shape (n_mels, frames)."""
    audio = fit_length(audio, round(recipe.seconds * recipe.sample_rate))
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
            f"Only {seconds:.1f} s long: the rest of a window of {window:g} s is padded with "
            "silence, so trust the answer less."
        )
    if len(heard) < len(parts):
        silent = len(parts) - len(heard)
        notes.append(f"Windows of silence, which the answer leaves out: {silent}.")
    mean = np.mean(heard, axis=0)
    return Answer(path, seconds, trained.about.genres, mean, tuple(parts), tuple(notes))


def predict_file(
    path: Path, trained: Trained, *, every: float | None = None, bar: tqdm | None = None
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


def model_values(trained: Trained) -> dict[str, Any]:
    """Which network answers, and how far to trust it, as plain values."""
    about, settings = trained.about, trained.settings
    return {
        "run": about.run,
        "corpus": about.corpus,
        **{name: getattr(settings, name) for name in ("view", "protocol", "seed", "profile")},
        "epochs": about.epochs,
        "training_seconds": about.seconds,
        "test_tracks_are_new": trained.honest,
        "test_accuracy": trained.accuracy.model_dump(),
        "chance": 1 / len(about.genres),
        "genres": list(about.genres),
        "window_seconds": trained.recipe.seconds,
        "notes": trained.remarks(),
    }


def file_values(path: Path, answer: Answer | UserError) -> dict[str, Any]:
    """An answer, or why there is none, as plain values; the windows of silence have no genre."""
    if isinstance(answer, UserError):
        return {"file": str(path), "error": str(answer)}
    return {
        "file": str(path),
        "seconds": round(answer.seconds, 3),
        **_best(answer.genres, answer.probabilities),
        "windows": [
            {"start": round(start, 3), "end": round(end, 3), **_best(answer.genres, probabilities)}
            for start, end, probabilities in answer.parts
        ],
        "notes": list(answer.notes),
    }


def ranking(genres: tuple[str, ...], probabilities: np.ndarray) -> dict[str, float]:
    """Probabilities of the genres, the most probable first."""
    order = np.argsort(-probabilities, kind="stable")
    return {genres[i]: float(probabilities[i]) for i in order}


def _best(genres: tuple[str, ...], probabilities: np.ndarray | None) -> dict[str, Any]:
    """The most probable genre, its probability, and all of them, sorted."""
    if probabilities is None:
        return {"genre": None, "probability": None, "probabilities": None}
    ranked = {name: round(p, 6) for name, p in ranking(genres, probabilities).items()}
    genre, probability = next(iter(ranked.items()))
    return {"genre": genre, "probability": probability, "probabilities": ranked}


def header(trained: Trained) -> str:
    """Lines that say which network answers, and how far to trust it."""
    about, settings = trained.about, trained.settings
    network = (
        f"Network: run {about.run}, trained on {about.corpus}: {settings.view} x "
        f"{settings.protocol}, seed {settings.seed}, best of {about.epochs} epochs, "
        f"{about.seconds:.0f} s on {about.threads} threads ({about.device})."
    )
    return "\n".join([network, *trained.remarks()])


def report(answer: Answer) -> str:
    """An answer as lines of text: the genres, and the course over time if there are windows."""
    ranked = ranking(answer.genres, answer.probabilities)
    best, width = next(iter(ranked)), max(map(len, answer.genres))
    name = os.fsencode(str(answer.path)).decode("utf-8", errors="replace")  # for any terminal
    lines = [f"{name} ({clock(answer.seconds)}): {best} {ranked[best]:.0%}"]
    for genre, share in ranked.items():
        lines.append(f"  {genre:<{width}}  {share:6.1%}  {'#' * round(40 * share)}".rstrip())
    if len(answer.parts) > 1:
        lines.append("  over time")
        for start, end, probabilities in answer.parts:
            heard = "silence"
            if probabilities is not None:
                best = answer.genres[int(probabilities.argmax())]
                heard = f"{best:<{width}}  {probabilities.max():6.1%}"
            lines.append(f"    {clock(start):>8} to {clock(end):>8}  {heard}")
    return "\n".join([*lines, *(f"  note: {note}" for note in answer.notes)])


def clock(seconds: float) -> str:
    """Seconds as minutes and seconds, such as ``3:07``, or with hours, such as ``1:03:07``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
