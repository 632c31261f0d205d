"""GTZAN, wherever the user keeps it. It has no licence, so nothing of it is shipped."""

from __future__ import annotations

import csv
import functools
from importlib.resources import files
from pathlib import Path

from genre_lib.config import UserError
from genre_lib.corpus.audio import Corpus
from genre_lib.corpus.folder import folder_corpus, is_store

UNREADABLE = "jazz.00054"  # cannot be decoded in the copy that most people have

# Spectrograms first, then the layouts that the copies in circulation unpack to.
STORE = Path("gtzan/mel")
AUDIO = tuple(
    Path(base) / layout
    for base in ("gtzan", ".")
    for layout in ("genres", "genres_original", "Data/genres_original", "audio")
)


def find_gtzan(data: Path) -> Corpus:
    """Find GTZAN under the data folder: a spectrogram store, else audio.

    Raises
    ------
    UserError
        If it is in none of the known places.
    """
    if is_store(data / STORE):
        return Corpus("gtzan", store=data / STORE)
    for place in AUDIO:
        if (data / place).is_dir():
            return Corpus("gtzan", folder_corpus(data / place).tracks)
    places = ", ".join(str(place) for place in (STORE, *AUDIO[:4]))
    raise UserError(
        f"GTZAN is not under {data} (looked for {places}); put your copy there, or set "
        f"GENRE_DATA to the folder that holds it, or give the folder itself as --corpus."
    )


@functools.cache
def fault_filtered() -> dict[str, str]:
    """The fault-filtered split of GTZAN: subset by track, for 930 of the 1000 tracks.

    It keeps one of each set of identical recordings, drops mislabelled and distorted tracks, and
    keeps the tracks of an artist in one subset (Kereliuk, Sturm and Larsen, 2015).
    """
    text = files("genre_lib.corpus").joinpath("fault_filtered.csv").read_text(encoding="utf-8")
    return {row["track_id"]: row["subset"] for row in csv.DictReader(text.splitlines())}
