"""Right answers about tracks that the packaged network was not trained on, and how they change
when the tracks are short, narrow-band, compressed, late, soft or clipped.

Usage: python -m benchmarks.hearing --help
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Annotated, Any

import av
import numpy as np
import pandas as pd
import soundfile
import soxr
import typer
from tqdm import tqdm

from genre_lib.book.weights import model_card
from genre_lib.config import UserError, data_dir, write_file, write_json
from genre_lib.corpus import Track, Upload
from genre_lib.corpus.folder import folder_corpus
from genre_lib.corpus.gtzan import AUDIO
from genre_lib.evaluation import wilson_interval
from genre_lib.predict import PACKAGED, Trained, predict_file, probabilities_of, read_trained
from genre_lib.spectrogram import highest_band
from genre_lib.store import Store, open_store

RATE = 22050  # Hz, of GTZAN
CD_RATE = 44100  # Hz, of most MP3 files
UNSEEN = ("validation", "test")
NEARLY_ALL = 1  # percent of the training tracks may lack the highest band that counts as usual
SECONDS = (3, 5, 8, 10, 11, 12, 13, 15, 20)  # of clips from the spectrograms of validation tracks
PLACES = (0.05, 0.25, 0.5, 0.75, 0.95)  # where they are cut


def wav(audio: np.ndarray, rate: int = RATE, subtype: str = "PCM_16") -> bytes:
    """Mono samples as a WAV file; in one of integers, what is louder than full scale is clipped."""
    file = io.BytesIO()
    soundfile.write(file, audio, rate, format="WAV", subtype=subtype)
    return file.getvalue()


def compressed(kilobits: int) -> Callable[[np.ndarray], bytes]:
    """Make an MP3 file at 44.1 kHz with a constant bitrate, as LAME makes it."""

    def change(audio: np.ndarray) -> bytes:
        file, up = io.BytesIO(), soxr.resample(audio, RATE, CD_RATE).astype(np.float32)
        with av.open(file, "w", format="mp3") as container:
            stream = container.add_stream("libmp3lame", rate=CD_RATE, layout="mono")
            stream.bit_rate = 1000 * kilobits
            frame = av.AudioFrame.from_ndarray(up[None], format="fltp", layout="mono")
            frame.sample_rate = CD_RATE
            for piece in (*av.AudioResampler(stream.format, frame_size=1152).resample(frame), None):
                container.mux(stream.encode(piece))
        return file.getvalue()

    return change


def clip(seconds: int) -> Callable[[np.ndarray], bytes]:
    """Cut that many seconds from the middle of a track."""

    def change(audio: np.ndarray) -> bytes:
        first = (len(audio) - seconds * RATE) // 2
        return wav(audio[first:][: seconds * RATE])

    return change


def resampled(rate: int) -> Callable[[np.ndarray], bytes]:
    """Bring a track to another sample rate."""
    return lambda audio: wav(soxr.resample(audio, RATE, rate), rate)


def late(seconds: int) -> Callable[[np.ndarray], bytes]:
    """Put digital silence before a track."""
    return lambda audio: wav(np.concatenate((np.zeros(seconds * RATE), audio)))


CHANGES: dict[str, Callable[[np.ndarray], bytes]] = {
    "30 s, as they are": wav,
    **{f"clips of {seconds} s": clip(seconds) for seconds in (3, 5, 8, 11, 15)},
    **{f"at {rate / 1000:g} kHz": resampled(rate) for rate in (16000, 11025, 8000)},
    **{f"MP3, {rate} kbit/s": compressed(rate) for rate in (64, 32)},
    **{f"after {seconds} s of silence": late(seconds) for seconds in (10, 60)},
    "half the gain": lambda audio: wav(audio / 2),
    "ten times the gain": lambda audio: wav(10 * audio, subtype="FLOAT"),
    "ten times the gain, clipped": lambda audio: wav(10 * audio),
}


def unseen_tracks(trained: Trained) -> dict[str, list[Track]]:
    """The audio of GTZAN that the network was not trained on, by subset."""
    places = (data_dir() / place for place in AUDIO)
    place = next((place for place in places if place.is_dir()), None)
    if place is None:
        raise UserError(f"There is no audio of GTZAN under {data_dir()}; set GENRE_DATA.")
    subsets = trained.split.drop_duplicates("track_id").set_index("track_id").subset
    tracks = folder_corpus(place).tracks
    return {
        subset: [track for track in tracks if subsets.get(track.track_id) == subset]
        for subset in UNSEEN
    }


def count(trained: Trained, subsets: dict[str, list[Track]]) -> pd.DataFrame:
    """One row a change: right answers and tracks of each subset, and of all with an interval."""
    rows = {name: dict.fromkeys(subsets, 0) for name in CHANGES}
    for subset, tracks in subsets.items():
        for track in tqdm(tracks, subset):
            audio = track.load(RATE)
            for name, change in CHANGES.items():
                answer = predict_file(Upload(track.track_id, change(audio)), trained)
                rows[name][subset] += answer.genre == track.genre
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("change")
    table["right"], table["tracks"] = table.sum(axis=1), sum(map(len, subsets.values()))
    intervals = [wilson_interval(*pair) for pair in table[["right", "tracks"]].to_numpy()]
    table[["low", "high"]] = np.round(intervals, 4)
    return table.reset_index()


def images_of(store: Store, trained: Trained, subset: str) -> tuple[np.ndarray, np.ndarray]:
    """Spectrograms and labels of the tracks of a subset."""
    names = set(trained.split.track_id[trained.split.subset == subset])
    rows = [row for row, name in enumerate(store.track_ids) if name in names]
    return store.images[rows], store.labels[rows]


def lengths(store: Store, trained: Trained) -> pd.DataFrame:
    """Points that repeated clips of some seconds lose against whole validation tracks.

    The 95 % interval is by bootstrap over tracks.
    """
    images, labels = images_of(store, trained, "validation")
    frames, rng = images.shape[2], np.random.default_rng(0)

    def right(changed: np.ndarray) -> np.ndarray:
        answers = [probabilities_of(image, trained).argmax() for image in changed]
        return 100.0 * (np.array(answers) == labels)

    rows, whole = {}, right(images)
    draws = rng.integers(0, len(labels), (2000, len(labels)))
    for seconds in tqdm(SECONDS, "lengths"):
        wide = round(frames * seconds / trained.recipe.seconds)
        losses = []
        for place in PLACES:
            part = images[:, :, round(place * (frames - wide)) :][:, :, :wide].astype(int)
            louder = 255 - part.max(axis=(1, 2), keepdims=True)  # 0 dB is its own loudest point
            clips = np.where(part, np.minimum(part + louder, 255), 0).astype(np.uint8)
            losses.append(whole - right(np.tile(clips, -(-frames // wide))[:, :, :frames]))
        loss = np.mean(losses, axis=0)
        low, high = np.percentile(loss[draws].mean(axis=1), (2.5, 97.5))
        rows[seconds] = {"points lost": loss.mean(), "low": low, "high": high}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("seconds").round(1)


def usual_band(store: Store, trained: Trained) -> int:
    """The highest band that nearly all training tracks reach."""
    images, _ = images_of(store, trained, "train")
    return int(np.percentile([highest_band(image) for image in images], NEARLY_ALL))


def main(
    write: Annotated[bool, typer.Option("--write", help="Keep the table in genre_lib.")] = False,
    test: Annotated[bool, typer.Option(help="Score the test tracks, too.")] = True,
) -> None:
    """Count right answers about changed tracks of GTZAN, which GENRE_DATA has to hold."""
    trained = read_trained()
    try:
        subsets = unseen_tracks(trained)
        store = open_store(trained.settings)
    except UserError as error:
        typer.echo(error)
        return
    if not (test or write):
        del subsets["test"]
    sizes = ", ".join(f"{len(tracks)} {subset}" for subset, tracks in subsets.items())
    band = usual_band(store, trained)
    typer.echo(f"{lengths(store, trained)}\n\nNearly all training tracks reach band {band}.\n")
    table = count(trained, subsets)
    typer.echo(f"{table.to_string(index=False)}\n{sizes} tracks; 95 % intervals (Wilson)")
    if write:
        found: dict[str, Any] = {"highest_band": band, "rows": table.to_dict("records")}
        found |= {subset: len(tracks) for subset, tracks in subsets.items()}
        write_json(PACKAGED / "hearing.json", found)
        write_file(PACKAGED / "MODEL_CARD.md", model_card(read_trained()))


if __name__ == "__main__":
    typer.run(main)
