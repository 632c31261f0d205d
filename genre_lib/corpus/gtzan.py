"""GTZAN, wherever the user keeps it. It has no licence, so nothing of it is shipped."""

from __future__ import annotations

from pathlib import Path

from genre_lib.config import UserError
from genre_lib.corpus.audio import Corpus
from genre_lib.corpus.folder import folder_corpus, is_store

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
