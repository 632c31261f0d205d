"""Genres of a recording of any length, over time, from a trained network."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from genre_lib.config import RunSettings, UserError
from genre_lib.corpus import Source
from genre_lib.corpus.stream import seconds_of, stream_audio
from genre_lib.spectrogram import fit_length, mel_decibels, to_gray
from genre_lib.splits import resize
from genre_lib.store import BAR_AFTER
from genre_lib.trained import Trained, always, budget, honesty

SILENT = 1e-4  # a window with no sample beyond it, -80 dB of full scale, is silence
REST = 0.05  # of a window; a shorter rest at the end of a file is left out
SHORT = 1 / 3  # of a window; a shorter file is mostly padding
EVERY = (0.1, 3600)  # seconds, the range of a hop


@dataclass(frozen=True)
class Part:
    """One window of a recording.

    Attributes
    ----------
    start, end
        Seconds.
    probabilities
        One a genre, shape (genres,); None where the window is silent.
    """

    start: float
    end: float
    probabilities: np.ndarray | None


@dataclass(frozen=True)
class Answer:
    """What a network says about a recording.

    Attributes
    ----------
    probabilities
        Mean over the windows that are not silent, shape (genres,).
    notes
        Sentences that a reader should know before believing the answer.
    """

    path: Source
    seconds: float
    genres: tuple[str, ...]
    probabilities: np.ndarray
    parts: tuple[Part, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fault:
    """Why there is no answer about a file, in one sentence."""

    path: Path
    error: str


def windows(
    blocks: Iterable[np.ndarray], *, length: int, hop: int
) -> Iterator[tuple[int, np.ndarray]]:
    """Cut a stream of audio into windows; a few windows and blocks are held.

    The first window starts at 0, and the next one `hop` later. The last one ends where the audio
    ends, unless less than `REST` of a window would be left out otherwise. Audio that is shorter
    than a window is one window.

    Parameters
    ----------
    blocks
        Mono samples, each of shape (samples,).
    length, hop
        In samples.

    Yields
    ------
    first : int
        Position of the window's first sample.
    audio : np.ndarray
        Shape (length,), or shorter if the audio is.
    """
    held, position = np.empty(0, np.float32), 0  # the samples at hand, and where they begin
    upcoming = heard = 0  # where the next window begins, and where the last one ended
    for block in blocks:
        held = np.concatenate((held, block))
        while upcoming + length <= position + len(held):
            yield upcoming, held[upcoming - position :][:length]
            heard = upcoming + length
            upcoming += hop
        # The last window may need as much as a window back from here.
        passed = max(0, min(upcoming, position + len(held) - length) - position)
        held, position = held[passed:], position + passed
    end = position + len(held)
    if end and not heard:
        yield 0, held
    elif end - heard > REST * length:
        yield end - length, held[end - length - position :]


def pictures(audio: np.ndarray, trained: Trained) -> np.ndarray:
    """Network inputs of one window, made as those of a track were, without augmentation.

    Parameters
    ----------
    audio
        Mono samples at the network's sample rate; padded with silence to the window's length.

    Returns
    -------
    np.ndarray
        uint8, shape (1, 128, 128), or as many slices as a track has in the view `segments`.
    """
    return pictures_of(spectrogram(audio, trained), trained.settings)


def spectrogram(audio: np.ndarray, trained: Trained) -> np.ndarray:
    """Gray levels of one window as the network's store would hold them, shape (n_mels, frames)."""
    recipe = trained.recipe
    audio = fit_length(audio, round(recipe.seconds * recipe.sample_rate))
    return to_gray(mel_decibels(audio, recipe), top_db=recipe.top_db)


def pictures_of(gray: np.ndarray, settings: RunSettings) -> np.ndarray:
    """Cut one spectrogram, shape (n_mels, frames), as `pictures` does."""
    if settings.view == "copies":
        return resize(gray)[None]
    return np.stack([resize(p) for p in np.array_split(gray, settings.images_per_track, axis=1)])


def probabilities_of(audio: np.ndarray, trained: Trained) -> np.ndarray | None:
    """Probability of each genre for one window, shape (genres,); None if it is silent."""
    from genre_lib.training import predict_logits

    if np.abs(audio).max(initial=0.0) < SILENT:
        return None
    logits = predict_logits(trained.model, pictures(audio, trained))
    return logits.double().softmax(1).mean(0).numpy()


def hop_of(trained: Trained, every: float | None) -> int:
    """Samples from the start of one window to the next; by default half a window.

    Raises
    ------
    UserError
        If `every`, in seconds, is out of range.
    """
    recipe = trained.recipe
    every = recipe.seconds / 2 if every is None else every
    low, high = EVERY
    if not low <= every <= high:
        raise UserError(f"every = {every} is not possible (allowed: {low} <= every <= {high}).")
    return round(every * recipe.sample_rate)


def parts_of(
    blocks: Iterable[np.ndarray], trained: Trained, *, every: float | None = None
) -> Iterator[Part]:
    """What a network says about each window of a recording, one after the other.

    Parameters
    ----------
    blocks
        Mono samples at the network's sample rate, each of shape (samples,).
    every
        Seconds from the start of one window to the next; by default half a window.
    """
    rate = trained.recipe.sample_rate
    length = round(trained.recipe.seconds * rate)
    for first, audio in windows(blocks, length=length, hop=hop_of(trained, every)):
        probabilities = probabilities_of(audio, trained)
        yield Part(first / rate, (first + len(audio)) / rate, probabilities)


def answer_of(path: Source, parts: Iterable[Part], seconds: float, trained: Trained) -> Answer:
    """What the windows of a recording say together.

    Raises
    ------
    UserError
        If all of them are silent.
    """
    parts = tuple(parts)
    heard = [part.probabilities for part in parts if part.probabilities is not None]
    if not heard:
        raise UserError(f"{path} holds nothing but silence; there is no genre to name.")
    return Answer(
        path=path,
        seconds=seconds,
        genres=trained.about.genres,
        probabilities=np.mean(heard, axis=0),
        parts=parts,
        notes=_notes(seconds, trained.recipe.seconds, silent=len(parts) - len(heard)),
    )


def predict_file(
    path: Path, trained: Trained, *, every: float | None = None, bar: tqdm | None = None
) -> Answer:
    """Genres of an audio file, as a whole and over time, in little memory.

    Parameters
    ----------
    every
        Seconds from the start of one window to the next; by default half a window.
    bar
        Moved on by the seconds that are heard.

    Raises
    ------
    UserError
        If `every` is out of range, the file has a fault (see
        `genre_lib.corpus.stream.stream_audio`), or there is nothing but silence in it.
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


def _notes(seconds: float, window: float, *, silent: int) -> tuple[str, ...]:
    notes = []
    if seconds < SHORT * window:
        notes.append(
            f"Only {seconds:.1f} s long: the rest of a window of {window:g} s is padded with "
            "silence, so trust the answer less."
        )
    if silent:
        notes.append(f"Windows of silence, which the answer leaves out: {silent}.")
    return tuple(notes)


def predict_files(
    paths: Sequence[Path], trained: Trained, *, every: float | None = None, progress: bool = True
) -> Iterator[Answer | Fault]:
    """Answers about files, one by one; a file with a fault does not keep the others waiting.

    A progress bar is drawn on a terminal, on standard error, where it takes longer than
    `genre_lib.store.BAR_AFTER`.
    """
    hop_of(trained, every)  # what is wrong for all files is told once
    trained.model  # noqa: B018 (a fault of the weights is no fault of a file)
    total = sum(map(seconds_of, paths)) or None
    with tqdm(
        total=round(total) if total else None,
        desc="listening",
        unit="s",
        bar_format="{desc}: {percentage:3.0f}%|{bar}| {n:.0f}/{total_fmt} s [{elapsed}<{remaining}]"
        if total
        else None,
        delay=BAR_AFTER,
        leave=False,
        disable=None if progress else True,
    ) as bar:
        for path in paths:
            try:
                answer: Answer | Fault = predict_file(path, trained, every=every, bar=bar)
            except UserError as error:
                answer = Fault(path, str(error))
            if not bar.disable:
                bar.clear()
            yield answer


def model_values(trained: Trained) -> dict[str, Any]:
    """Which network answers, and how far to trust it, as plain values."""
    about, settings = trained.about, trained.settings
    return {
        "run": about.run,
        "corpus": about.corpus,
        "view": settings.view,
        "protocol": settings.protocol,
        "seed": settings.seed,
        "profile": settings.profile,
        "epochs": about.epochs,
        "training_seconds": about.seconds,
        "test_tracks_are_new": trained.honest,
        "test_accuracy": (about.answers if trained.honest else about.images).model_dump(),
        "chance": 1 / len(about.genres),
        "genres": list(about.genres),
        "window_seconds": trained.recipe.seconds,
        "notes": remarks(trained),
    }


def file_values(answer: Answer | Fault) -> dict[str, Any]:
    """An answer or a fault as plain values; the windows of silence have no genre."""
    if isinstance(answer, Fault):
        return {"file": str(answer.path), "error": answer.error}
    return {
        "file": str(answer.path),
        "seconds": round(answer.seconds, 3),
        **_best(answer.genres, answer.probabilities),
        "windows": [
            {
                "start": round(part.start, 3),
                "end": round(part.end, 3),
                **_best(answer.genres, part.probabilities),
            }
            for part in answer.parts
        ],
        "notes": list(answer.notes),
    }


def _best(genres: tuple[str, ...], probabilities: np.ndarray | None) -> dict[str, Any]:
    """The most probable genre, its probability, and all of them, sorted."""
    if probabilities is None:
        return {"genre": None, "probability": None, "probabilities": None}
    ranked = {genres[i]: round(float(probabilities[i]), 6) for i in _ranking(probabilities)}
    genre, probability = next(iter(ranked.items()))
    return {"genre": genre, "probability": probability, "probabilities": ranked}


def _ranking(probabilities: np.ndarray) -> np.ndarray:
    return np.argsort(-probabilities, kind="stable")


def header(trained: Trained) -> str:
    """Lines that say which network answers, and how far to trust it."""
    return "\n".join([f"Network: {budget(trained)}.", *remarks(trained)])


def remarks(trained: Trained) -> list[str]:
    """What to know before believing a network."""
    sentences = [honesty(trained), always(trained)]
    if trained.about.corpus == "synthetic":
        sentences.append("It has heard music composed by a program, and no recording.")
    return sentences


def report(answer: Answer) -> str:
    """An answer as lines of text: the genres, and the course over time if there are windows."""
    best = answer.genres[int(answer.probabilities.argmax())]
    width = max(map(len, answer.genres))
    lines = [
        f"{printable(answer.path)} ({clock(answer.seconds)}): {best} "
        f"{answer.probabilities.max():.0%}",
        *(
            f"  {answer.genres[i]:<{width}}  {answer.probabilities[i]:6.1%}  "
            f"{'#' * round(40 * answer.probabilities[i])}".rstrip()
            for i in _ranking(answer.probabilities)
        ),
    ]
    if len(answer.parts) > 1:
        lines.append("  over time")
        lines += [f"    {_line(part, answer.genres, width)}" for part in answer.parts]
    lines += [f"  note: {note}" for note in answer.notes]
    return "\n".join(lines)


def _line(part: Part, genres: tuple[str, ...], width: int) -> str:
    times = f"{clock(part.start):>8} to {clock(part.end):>8}  "
    if part.probabilities is None:
        return f"{times}silence"
    best = int(part.probabilities.argmax())
    return f"{times}{genres[best]:<{width}}  {part.probabilities[best]:6.1%}"


def clock(seconds: float) -> str:
    """Seconds as minutes and seconds, such as ``3:07``, or with hours, such as ``1:03:07``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def printable(path: Source) -> str:
    """A file's name with what no terminal can show replaced."""
    return os.fsencode(str(path)).decode("utf-8", errors="replace")
