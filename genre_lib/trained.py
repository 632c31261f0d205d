"""Trained networks: reading one, and packaging one with all that says what it is worth."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

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
from genre_lib.corpus import find_corpus
from genre_lib.evaluation import accuracy_of, genre_scores, vote, wilson_interval
from genre_lib.runs import Run, is_complete, read_run
from genre_lib.store import Store, open_store

if TYPE_CHECKING:
    from genre_lib.model import HybridNet

PACKAGED = Path(__file__).parent / "weights"
DEMONSTRATION = Path(__file__).parent / "demonstration"  # of the synthetic corpus
RUN_FILES = ("metrics.json", "environment.json", "model.safetensors")


class Share(Settings):
    """A share of right answers, its 95 % interval, and how many were asked for."""

    share: float
    low: float
    high: float
    count: int


class About(Settings):
    """What is known about a network: ``about.json``.

    Attributes
    ----------
    run
        Name of the run's directory.
    seconds
        The training took this long on `threads` threads of `device`.
    images
        Of all test images, as the run counts them.
    votes
        Of the test tracks, each by the mean over all of its test images.
    answers
        Of the test tracks, each from what `genre_lib.predict` makes of the recording.
    recalls
        For each genre, of its test tracks, from the same answers.
    """

    run: str
    corpus: str
    genres: tuple[str, ...]
    epochs: int
    best_epoch: int
    validation_accuracy: float
    seconds: float
    threads: int
    device: str
    images: Share
    votes: Share
    answers: Share
    recalls: dict[str, Share]


class Recipe(SpectrogramSettings):
    """How the store was made that a network was trained on: ``spectrogram.json``."""

    frame_period_s: float


@dataclass(frozen=True)
class Trained:
    """A trained network, how its inputs are made, and what it is worth.

    Attributes
    ----------
    metrics
        The run's ``metrics.json``.
    """

    path: Path
    settings: RunSettings
    recipe: Recipe
    about: About
    metrics: dict[str, Any]

    @property
    def honest(self) -> bool:
        """Whether no track was on both sides of the split, so that the accuracy is of new ones."""
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


def read_trained(directory: Path | None = None) -> Trained:
    """Read a packaged network or a finished run.

    Parameters
    ----------
    directory
        A folder that `package_weights` wrote, or a run's directory; by default the weights that
        come with the package.

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
        parts = {
            name: read_json(directory / f"{name}.json")
            for name in ("config", "metrics", "spectrogram", "about")
        }
        for name, part in parts.items():
            if not isinstance(part, dict):
                raise UserError(f"{directory / name}.json is not a JSON object.")
        config = {k: v for k, v in parts["config"].items() if k not in ("data", "made_with")}
        return Trained(
            path=directory,
            settings=validated(RunSettings, config),
            recipe=validated(Recipe, parts["spectrogram"]),
            about=validated(About, parts["about"]),
            metrics=parts["metrics"],
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
    """The network of a run that was trained on a store.

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
    return Trained(run.path, run.settings, recipe_of(store), about(run, data["name"]), run.metrics)


def recipe_of(store: Store) -> Recipe:
    """How the spectrograms of a store were made; what it does not say, it has by default."""
    held = {name: store.manifest[name] for name in Recipe.model_fields if name in store.manifest}
    seconds = store.images.shape[2] * store.frame_period
    return validated(
        Recipe, {"seconds": round(seconds, 1), **held, "frame_period_s": store.frame_period}
    )


def about(run: Run, corpus: str) -> About:
    """What a run's results say about its network."""
    votes, answers = vote(run.predictions), answered(run)
    accuracies = run.history.validation_accuracy.to_numpy()
    best = int(accuracies.argmax())
    return About(
        run=run.path.name,
        corpus=corpus,
        genres=tuple(run.genres),
        epochs=len(run.history),
        best_epoch=best + 1,
        validation_accuracy=float(accuracies[best]),
        seconds=float(run.environment["seconds"]),
        threads=int(run.environment["threads"]),
        device=str(run.environment["device_name"]),
        images=_share(run.predictions),
        votes=_share(votes),
        answers=_share(answers),
        recalls=_recalls(answers, run.genres),
    )


def answered(run: Run) -> pd.DataFrame:
    """Answers to the run's test tracks as a user would get them.

    In the view `copies` a recording becomes one picture, the original: the augmented copies that
    vote with it in the run's own scores are not made of a user's recording.
    """
    if run.settings.view == "segments":
        return vote(run.predictions)
    return run.predictions[run.predictions.image == 0].reset_index(drop=True)


def _share(answers: pd.DataFrame) -> Share:
    parts = accuracy_of(answers)
    return Share(share=parts["accuracy"], low=parts["low"], high=parts["high"], count=len(answers))


def _recalls(answers: pd.DataFrame, genres: list[str]) -> dict[str, Share]:
    table = genre_scores(answers, genres)
    recalls = {}
    for genre, recall, support in zip(genres, table.recall, table.support, strict=True):
        if support:
            low, high = wilson_interval(round(recall * support), int(support))
            recalls[genre] = Share(share=recall, low=low, high=high, count=support)
    return recalls


def package_weights(run_directory: Path, store: Store, target: Path) -> Trained:
    """Make a folder of a finished run that holds all that `genre_lib.predict` needs.

    It holds ``model.safetensors``, ``config.json``, ``metrics.json`` and ``environment.json`` of
    the run, ``spectrogram.json`` (how the store was made), ``about.json`` and MODEL_CARD.md. It
    is complete or absent.

    Parameters
    ----------
    store
        The spectrograms that the run was trained on.

    Raises
    ------
    UserError
        If the run is not complete, has no network or was trained on other spectrograms, or
        `target` exists.
    """
    if target.exists():
        raise UserError(f"{target} exists already; remove it or choose another place.")
    trained = trained_of(read_run(run_directory), store)
    partial = target.with_name(f".{target.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        for name in RUN_FILES:
            shutil.copyfile(run_directory / name, partial / name)
        config = read_json(run_directory / "config.json")
        # Where the corpus lay is nobody's business; the digest names its content.
        write_json(partial / "config.json", config | {"corpus": trained.about.corpus})
        write_json(partial / "spectrogram.json", trained.recipe.model_dump())
        write_json(partial / "about.json", trained.about.model_dump(mode="json"))
        write_text(partial / "MODEL_CARD.md", model_card(trained))
        packaged = read_trained(partial)
        assert packaged.model  # what is published can be read
        partial.rename(target)
    except OSError as error:
        raise UserError(f"{target} cannot be written ({error.strerror}).") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return read_trained(target)


def percent(share: Share) -> str:
    """A share with its interval, such as ``61% (95 % interval 51% to 70%)``."""
    return f"{share.share:.0%} (95 % interval {share.low:.0%} to {share.high:.0%})"


def budget(trained: Trained) -> str:
    """One line: data, protocol, seed and budget of a network."""
    about, settings = trained.about, trained.settings
    return (
        f"run {about.run}, trained on {about.corpus}: {settings.view} x {settings.protocol}, "
        f"seed {settings.seed}, best of {about.epochs} epochs, {about.seconds:.0f} s on "
        f"{about.threads} threads ({about.device})"
    )


def honesty(trained: Trained) -> str:
    """One sentence: how often the network is right about recordings that it never met."""
    about = trained.about
    guessing = f"guessing would be right for {1 / len(about.genres):.0%}"
    if trained.honest:
        return (
            f"Right for {percent(about.answers)} of {about.answers.count} tracks of {about.corpus} "
            f"that were not in its training; {guessing}."
        )
    return (
        f"Right for {percent(about.images)} of {about.images.count} test images of {about.corpus}; "
        f"{guessing}. Other images of the same tracks were in its training, so how it does on "
        "new tracks is not known."
    )


def always(trained: Trained) -> str:
    """One sentence: what the network cannot say."""
    genres = trained.about.genres
    return (
        f"It always answers with one of {len(genres)} genres ({', '.join(genres)}), "
        "whatever it hears."
    )


CARD = """\
# Model card: music genres from a mel spectrogram

The network of Table I of *Classification of Music Via Hybrid CNN-LSTM Model*, trained by this
project: {layers}; {parameters:,} parameters. This card is
generated from the run's own files by `genre_lib.trained.package_weights`.

## What it was trained on and how

| | |
|---|---|
| run | {about.run} |
| corpus | {about.corpus} |
| view | {settings.view} |
| protocol | {settings.protocol}: {dealt} |
| images | {images} |
| seed | {settings.seed} |
| budget | profile {settings.profile}: {about.epochs} of at most {training.epochs} epochs, \
{about.seconds:.0f} s on {about.threads} threads ({about.device}) |
| weights | of epoch {about.best_epoch}, the best validation accuracy \
({about.validation_accuracy:.2%}) |
| input | {recipe.seconds:g} s of audio, mono, {recipe.sample_rate} Hz; {recipe.n_mels} mel bands \
from {recipe.fmin:g} to {recipe.fmax:g} Hz, {recipe.top_db:g} dB below the loudest point, 8 bit |
| output | a probability for each of {count} genres: {genres} |

## How often it is right

The test set was scored once, after training. Intervals of accuracies are 95 % intervals by
bootstrap over tracks.

| what is asked | right | of |
|---|---|---|
| each test image | {images_share} | {about.images.count} |
| each test track, voting over its test images | {votes_share} | {about.votes.count} |
| each test track, as `predict` answers{known} | {answers_share} | {about.answers.count} |
| by guessing | {chance:.0%} | |

{honesty}

Recall, as `genre-book predict` answers (Wilson's interval):

| genre | recall | test tracks |
|---|---|---|
{recalls}

## Limits

- {always} A genre that is not among them, speech and noise get one of these names, too.
- The probabilities come from a training with smoothed labels and mixed images and are not
  calibrated: they rank the genres, they are no odds.
- A window of {recipe.seconds:g} s is judged as a whole, against its own loudest point. What is
  shorter is padded with silence, which the network has hardly met.
{limits}

## What it is for, and what it is not for

It is published for research and teaching: to check this project's results, to compare, to see
what such a network does with a recording. It must not be used to decide about people or their
income, such as what an artist is paid, shown or recommended; to label a collection without a
listener who checks; or as evidence of who made a recording, or of what it was made from.

## Licence

{licence}
"""
DEALT = {
    "image": "single images, so images of one track were on both sides",
    "track": "whole tracks, so no track was on both sides",
    "fault-filtered": "the published lists, without GTZAN's faults, no artist on both sides",
}
GTZAN_LIMITS = """\
- GTZAN has wrong labels, repetitions and distortions (Sturm, 2013), and is music that was recorded
  before 2002: the network has learned its habits, not a genre as such.
"""
ARTISTS = """\
- Artists were on both sides of the split: music by artists that are not in GTZAN will be named
  rightly less often than the numbers above say.
"""
GTZAN_LICENCE = """\
The code that made the weights is under the MIT licence. GTZAN, which they were trained on, has no
licence: its recordings belong to others, and none of them is here. The weights are published for
research; who wants to use them for anything else has to find out whether that is allowed.
"""
SYNTHETIC_LIMITS = """\
- It has heard music composed by a program, and no recording: what it answers about recordings means
  nothing. It is there to be looked into, beside songs that may be heard by everybody.
"""
SYNTHETIC_LICENCE = """\
MIT, like the code that made the weights and the music.
"""
OWN_LICENCE = """\
The code that made the weights is under the MIT licence. What the weights may be used for also
depends on the recordings that they were trained on.
"""


def model_card(trained: Trained) -> str:
    """The model card of a network, all of it computed from its run."""
    from genre_lib.model import count_parameters

    about, settings = trained.about, trained.settings
    limits = licence = ""
    if about.corpus == "gtzan":
        limits = GTZAN_LIMITS + (ARTISTS if settings.protocol != "fault-filtered" else "")
        licence = GTZAN_LICENCE
    elif about.corpus == "synthetic":
        limits, licence = SYNTHETIC_LIMITS, SYNTHETIC_LICENCE
    counts = trained.metrics["images"]
    layers = ["two convolution blocks", "bidirectional LSTM" if settings.model.lstm else "no LSTM"]
    layers.append("self-attention" if settings.model.attention else "no attention")
    return CARD.format(
        about=about,
        settings=settings,
        training=settings.training,
        recipe=trained.recipe,
        layers=", ".join(layers),
        parameters=count_parameters(trained.model),
        known="" if trained.honest else " (it knows them from training)",
        dealt=DEALT[settings.protocol],
        images=", ".join(f"{count} {subset}" for subset, count in counts.items()),
        count=len(about.genres),
        genres=", ".join(about.genres),
        images_share=percent(about.images),
        votes_share=percent(about.votes),
        answers_share=percent(about.answers),
        chance=1 / len(about.genres),
        honesty=honesty(trained),
        recalls="\n".join(
            f"| {genre} | {percent(share)} | {share.count} |"
            for genre, share in about.recalls.items()
        ),
        always=always(trained),
        limits=limits.rstrip() or "- Nothing is known about other collections.",
        licence=(licence or OWN_LICENCE).rstrip(),
    )
