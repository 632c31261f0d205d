"""The console script `genre-book`."""

from __future__ import annotations

import errno
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from genre_lib.book import editions
from genre_lib.config import PROFILES, UserError, choose, notice, parse_parameters, project_root

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Rebuild, rerun and explore the companion to *Classification of Music Via Hybrid "
    "CNN-LSTM Model*.\n\nStart with `genre-book info`, then `genre-book build`.",
)


def answer_faults(answer: str | None) -> str | None:
    """Pass the answer on to whatever makes a store, the kernels of notebooks included."""
    if answer is not None:
        os.environ["GENRE_ON_ERROR"] = choose("--on-error", answer, ("stop", "skip"))
    return answer


CORPUS = "`synthetic`, `gtzan` (your copy, else fetched), a folder of genre folders, or a store."
AUDIO = "Audio files; - is standard input."
SETTING = "Any setting, repeatable: view, seed, heads, ... A wrong name lists them all."
FAULTS = "List unusable tracks and stop, or skip them; by default GENRE_ON_ERROR, else stop."
Corpus = Annotated[str, Option(metavar="NAME|DIR", help=CORPUS)]
Budget = Annotated[str, Option(metavar="|".join(PROFILES), help="Seconds, minutes, or a night.")]
Parameters = Annotated[list[str] | None, Option("-p", metavar="NAME=VALUE", help=SETTING)]
OnError = Annotated[str | None, Option(metavar="stop|skip", callback=answer_faults, help=FAULTS)]
Edition = Annotated[str, Option(help="`reference` is book/ itself; others are editions/NAME/.")]
SPLIT = "A file that names tracks and their subsets, in any layout, or a folder of one for each."
Split = Annotated[Path | None, Option(help=SPLIT)]
Retrain = Annotated[bool, Option("--retrain", help="Train what `reference/` has, too.")]


@app.command()
def build(
    edition: Edition = "embedded",
    corpus: Annotated[str | None, Option(help="By default gtzan for `reference`.")] = None,
    profile: Budget = "quick",
    parameters: Parameters = None,
    on_error: OnError = None,
    retrain: Retrain = False,
) -> None:
    """Make an edition of the book: run what is stale, render the pages.

    Example: `genre-book build --edition mine --corpus ~/music --profile quick -p seed=1`
    """
    corpus = corpus or ("gtzan" if edition == editions.REFERENCE else "synthetic")
    settings = parse_parameters(parameters, corpus=corpus, profile=profile)
    page = editions.build_edition(edition, settings, retrain=retrain)
    typer.echo(f"\nThe book is ready. Open {page}")


@app.command()
def pdf(edition: Edition = "reference") -> None:
    """Print all pages of an edition as `_build/book.pdf` there; this needs a Chromium.

    Example: `genre-book pdf --edition mine`
    """
    from genre_lib.book import pdf as printing

    file = printing.print_book(editions.edition_folder(edition))
    typer.echo(f"\nThe book is printed. Open {file}")


@app.command()
def run(
    notebook: Annotated[str, Argument(help="Its name, such as sec5_evaluation.")],
    corpus: Corpus = "synthetic",
    profile: Budget = "quick",
    parameters: Parameters = None,
    on_error: OnError = None,
) -> None:
    """Run one notebook with other parameters, into `editions/scratch`.

    Example: `genre-book run sec5_evaluation --profile smoke -p seed=1 -p heads=8`
    """
    settings = parse_parameters(parameters, corpus=corpus, profile=profile)
    page = editions.run_notebook(notebook, settings, project_root() / "editions" / "scratch")
    typer.echo(f"Executed: {page}")


@app.command()
def store(
    corpus: Annotated[str, Argument(help="synthetic, gtzan, or a folder of genre folders.")],
    path: Annotated[Path, Argument(help="The store to write; it must not exist yet.")],
    parameters: Parameters = None,
    on_error: OnError = None,
) -> None:
    """Write the mel spectrograms of a corpus as a spectrogram store.

    Example: `genre-book store ~/music data/music-store -p n_mels=128`
    """
    from genre_lib.corpus import find_corpus
    from genre_lib.store import write_store

    settings = parse_parameters(parameters, corpus=corpus)
    found = find_corpus(settings)
    skipped = write_store(found, path, settings.spectrogram)
    made, left = len(found.tracks) - len(skipped), len(skipped)
    typer.echo(f"Wrote {made} spectrograms to {path}, leaving {left} out")


@app.command()
def train(
    corpus: Corpus = "synthetic",
    profile: Budget = "quick",
    parameters: Parameters = None,
    on_error: OnError = None,
    retrain: Retrain = False,
    split: Split = None,
) -> None:
    """Train the network, go on with a training, or read a complete one; print its test scores.

    Example: `genre-book train --corpus data/music-store --profile quick -p protocol=track`
    """
    if retrain:
        os.environ["GENRE_RETRAIN"] = "1"
    own = {} if split is None else {"split": str(split), "protocol": "track"}
    settings = parse_parameters(parameters, corpus=corpus, profile=profile, **own)
    from genre_lib.evaluation import accuracy, accuracy_of, genre_scores, scores, vote
    from genre_lib.runs import get_run

    run = get_run(settings)
    made, answers, voted = run.environment, run.predictions, vote(run.predictions)
    whole = accuracy_of(answers) | scores(answers.y_true, answers.y_pred)
    typer.echo(f"""\
run           {run.path}
training      {len(run.history)} of at most {settings.training.epochs} epochs, \
{made["seconds"]:.0f} s on {made["threads"]} threads ({made["device"]})
accuracy      {whole["accuracy"]:.2%} of {len(answers)} test images \
(95 % interval {whole["low"]:.1%} to {whole["high"]:.1%})
by track      {accuracy(voted):.2%} of {len(voted)} tracks (their images vote)
macro F1      {whole["macro_f1"]:.4f}

{genre_scores(answers, run.genres).to_string(index=False)}""")


@app.command()
def audit(
    corpus: Corpus = "synthetic",
    parameters: Parameters = None,
    split: Split = None,
) -> None:
    """Count what the subsets of a split have in common; nothing is trained.

    Shared tracks have images in both subsets of a pair; identical tracks are the same recording
    under two names, and others may sound like one recording. Below stands what the page *A GTZAN
    result in ten questions* asks of a split: your own, one row a track or an image, or that of the
    parameters protocol, view and seed.

    Example: `genre-book audit --corpus gtzan -p protocol=image --split my_split.csv`
    """
    from genre_lib.book import audits
    from genre_lib.splits import read_split, split_images
    from genre_lib.store import open_store

    settings = parse_parameters(parameters, corpus=corpus)
    store = open_store(settings)
    table = read_split(split, store) if split else split_images(store, settings)
    typer.echo(audits.report(table, store))


@app.command()
def references(
    names: Annotated[list[str] | None, Argument(help="By default all.")] = None,
    make: Annotated[bool, Option("--make", help="Make and resume those that are missing.")] = False,
    scheduler: Annotated[str | None, Option(help="Make them on this Dask cluster.")] = None,
) -> None:
    """List the reference runs and what there is of each, or make those that are missing.

    Example: `genre-book references --scheduler tcp://10.0.0.1:8786`
    """
    from genre_lib.book import references as runs

    chosen = [runs.reference(name) for name in names or ()] or runs.REFERENCES
    states = runs.states()
    if make or scheduler:
        missing = [run for run in chosen if states[run.name] != "stored"]
        with runs.cluster(scheduler):
            runs.make_references(missing)
        runs.write_results(project_root() / "README.md")
        states = runs.states()
    for run in chosen:
        typer.echo(f"{run.name:<34}{states[run.name]:<11}{run.question}")


@app.command()
def keep() -> None:
    """Keep the results of complete reference runs in `reference/` and the README; train nothing.

    Example: `GENRE_DATA=~/data genre-book keep`
    """
    from genre_lib.book.references import keep_complete, write_results

    keep_complete()
    write_results(project_root() / "README.md")


@app.command()
def predict(
    files: Annotated[list[Path], Argument(metavar="FILE...", readable=False, help=AUDIO)],
    weights: Annotated[Path | None, Option(help="A run's; by default the package's own.")] = None,
    every: Annotated[float | None, Option(help="Seconds; by default half a window.")] = None,
    as_json: Annotated[bool, Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Name the genre of audio files, as a whole and over time.

    A file that cannot be judged is reported on standard error, the others are judged all the same,
    and the exit code is 1.

    Example: `genre-book predict "my song.mp3" ~/music/*.flac --json`
    """
    from tqdm import tqdm

    from genre_lib import predict as predicting
    from genre_lib.corpus.audio import Upload, seconds_of

    trained = predicting.read_trained(weights or predicting.PACKAGED)
    predicting.hop_of(trained, every)  # what is wrong for all files is reported once
    if not as_json:
        typer.echo(predicting.header(trained))
    piped = sys.stdin.buffer.read() if sys.stdin and Path("-") in files else b""
    sources = [Upload("standard input", piped) if str(it) == "-" else it for it in files]
    values, length = [], round(sum(map(seconds_of, sources))) or None
    with tqdm(total=length, unit="s", unit_scale=True, leave=False, disable=None) as bar:
        for file in sources:
            try:
                answer = predicting.predict_file(file, trained, every=every, bar=bar)
                values.append(asdict(answer))
                bar.clear()
                if not as_json:
                    typer.echo(f"\n{predicting.report(answer)}")
            except UserError as error:
                values.append({"file": str(file), "error": str(error)})
                bar.clear()
                notice(str(error))
    if as_json:
        typer.echo(json.dumps({"model": trained.values(), "files": values}, indent=2))
    if any("error" in value for value in values):
        raise typer.Exit(1)


@app.command()
def info() -> None:
    """Show versions, threads, device, and whether GTZAN and what runs are found.

    Example: `genre-book info`
    """
    from genre_lib.config import data_dir, runs_dir
    from genre_lib.corpus.gtzan import find_gtzan
    from genre_lib.training import environment

    complete = len(list(runs_dir().glob("*/metrics.json")))
    facts = environment() | {"data": data_dir(), "runs": f"{runs_dir()} ({complete} complete)"}
    try:
        gtzan = find_gtzan(data_dir(), download=False)
        facts["gtzan"] = f"found: {gtzan.store or f'{len(gtzan.tracks)} tracks'}"
    except UserError as error:
        facts["gtzan"] = f"not found: {error}"
    for name, value in facts.items():
        typer.echo(f"{name:<16}{value}")


def answer() -> int:
    """Run the command line; its exit code. A mistake or an unusable file is one message and 1."""
    try:
        try:
            app()
        finally:
            print(end="", flush=True)  # what cannot be written is an error; without stdout, none
    except (UserError, OSError) as error:
        message = str(error)
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EROFS):
            place = error.filename2 or error.filename or "standard output"
            fault = f"{place} cannot be written ({error.strerror})"
            message = f"{fault}; make room there, or choose another place."
        typer.secho(f"genre-book: {message}", fg=typer.colors.RED, err=True)
        return 1
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def end(number: int, _frame: object) -> None:
    """Leave every `with` on the way out, so that nothing is half-written."""
    raise SystemExit(128 + number)
