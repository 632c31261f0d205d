"""Where tracks come from: the embedded synthetic corpus, GTZAN, any folder, any store."""

from pathlib import Path

from genre_lib.config import RunSettings, UserError, choose, data_dir
from genre_lib.corpus.audio import Source, Upload, read_audio
from genre_lib.corpus.folder import Corpus, Track, folder_corpus, is_store
from genre_lib.corpus.gtzan import find_gtzan

__all__ = ["Corpus", "Source", "Track", "Upload", "find_corpus", "read_audio"]


def find_corpus(settings: RunSettings) -> Corpus:
    """Find the corpus that the settings name; GTZAN is fetched if need be.

    It is ``synthetic``, ``gtzan``, a folder of genre folders with audio files, or a spectrogram
    store. A `UserError` is raised if there is no such corpus, no second genre in it,
    or subsets in place of genres.
    """
    name = settings.corpus
    if name == "synthetic":
        from genre_lib.corpus.synthetic.songs import synthetic_corpus  # takes a second

        return synthetic_corpus(settings.songs_per_genre)
    if name == "gtzan":
        return find_gtzan(data_dir())
    path = Path(name).expanduser()
    if is_store(path):
        return Corpus(path.resolve().name, store=path)
    if not path.exists() and "/" not in name:
        choose("corpus or folder", name, ("synthetic", "gtzan"))
    if path.is_file():
        raise UserError(f"{path} is a file; a corpus is a folder, so unpack it and give that.")
    corpus = folder_corpus(path)
    genres = {track.genre for track in corpus.tracks}
    if {"train", "test"} <= {genre.lower() for genre in genres}:
        raise UserError(f"{path} has a folder for each subset; give one with a folder a genre.")
    if len(genres) == 1:
        only = path / min(genres)
        below = sorted(it.name for it in only.iterdir() if it.is_dir())
        hint = f" (are they those of {only}: {', '.join(below[:3])}?)" if len(below) > 1 else ""
        raise UserError(
            f"{path} holds one genre only, {only.name}; give a folder of several{hint}."
        )
    return corpus
