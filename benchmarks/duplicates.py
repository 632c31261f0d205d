"""Copies of a recording: how many the audit finds, and what it takes for copies that are none.

Usage: python -m benchmarks.duplicates --help
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import soundfile
import typer
from tqdm import tqdm

from genre_lib.book.audits import near_duplicates
from genre_lib.config import SpectrogramSettings, UserError, configure
from genre_lib.corpus import Upload, find_corpus, read_audio
from genre_lib.corpus.gtzan import fault_filtered
from genre_lib.corpus.synthetic import SAMPLE_RATE
from genre_lib.spectrogram import spectrogram_of
from genre_lib.store import Store, open_store

SETTINGS = SpectrogramSettings()


def through_mp3(audio: np.ndarray, level: float) -> np.ndarray:
    """Audio as an MP3 gives it back; level 0 is the best, 1 the worst."""
    file = io.BytesIO()
    soundfile.write(file, audio, SAMPLE_RATE, format="MP3", compression_level=level)
    return read_audio(Upload("copy.mp3", file.getvalue()), SAMPLE_RATE)


def later(audio: np.ndarray, ms: int) -> np.ndarray:
    """Audio without its first milliseconds."""
    return audio[ms * SAMPLE_RATE // 1000 :]


COPIES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "MP3, the best": partial(through_mp3, level=0),
    "MP3, the worst": partial(through_mp3, level=0.99),
    "a tenth of the gain": lambda audio: np.rint(audio * 3276.8) / 32768,
    "four times, clipped": lambda audio: (4 * audio).clip(-1, 1),
    **{f"{ms} ms later": partial(later, ms=ms) for ms in (10, 50, 100, 250, 500)},
}


def main(
    corpus: Annotated[str, typer.Option(help="Whose songs are copied.")] = "synthetic",
    songs: Annotated[int, typer.Option(min=3, help="Of each genre.")] = 6,
) -> None:
    """Copy songs in several ways, and audit them; then audit GTZAN, if it is there.

    Example: python -m benchmarks.duplicates --songs 3
    """
    tracks = pd.Series(find_corpus(configure(corpus=corpus, songs_per_genre=songs)).tracks)
    tracks = tracks.groupby(tracks.map(attrgetter("genre"))).head(songs)
    names, images = [], []
    for track in tqdm(tracks):
        audio = track.load(SAMPLE_RATE)
        for kind, change in {"": lambda it: it, **COPIES}.items():
            copy = change(audio).astype(np.float32)
            made = replace(track, path=None, load=lambda _, it=copy: it)
            images.append(spectrogram_of(made, SETTINGS)[0])
            names.append(f"{track.track_id}|{kind}")
    zeros, manifest = np.zeros(len(names), int), SETTINGS.model_dump()
    store = Store("made", Path(), tuple(names), ("any",), zeros, np.stack(images), manifest, "")
    found = near_duplicates(store)
    one, other = (found[it].str.partition("|") for it in ("first", "second"))
    for kind in COPIES:
        right = (one[0] == other[0]) & (one[2] == "") & (other[2] == kind)
        typer.echo(f"{kind:<22}{right.sum() / len(tracks):.0%} found")
    wrong = pd.DataFrame({"one": one[0], "other": other[0]})[one[0] != other[0]].drop_duplicates()
    pairs = len(tracks) * (len(tracks) - 1) // 2
    typer.echo(f"{'different songs':<22}{len(wrong)} of {pairs} pairs taken for copies")
    try:
        gtzan = near_duplicates(open_store(configure(corpus="gtzan")))
    except UserError as error:
        return typer.echo(str(error))
    kept = gtzan["first"].isin(fault_filtered()) & gtzan["second"].isin(fault_filtered())
    typer.echo(
        f"{len(gtzan)} pairs in GTZAN; of all but {kept.sum()} the fault-filtered lists, which "
        "leave out repetitions, have one track at most"
    )


if __name__ == "__main__":
    typer.run(main)
