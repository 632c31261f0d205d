"""What pages load when a reader asks for it: the packaged network, and what is known of tracks.

A page that is opened from a disk may load scripts, and nothing else: so all of it is scripts.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from genre_lib.config import UserError, write_file
from genre_lib.corpus.gtzan import artists, fault_filtered
from genre_lib.corpus.sound import CANCELLED, PIECE, REST, SILENT
from genre_lib.evaluation import confusions, wilson_interval
from genre_lib.predict import SHORT, Trained, read_trained
from genre_lib.spectrogram import EDGE, HEARD, LIKE

# What ``network.js``, ``spectrogram.js`` and ``predict.js`` in ``book/_assets`` implement.
IMPLEMENTED = {
    "method": "network",
    "view": "copies",
    "sample_rate": 22050,
    "seconds": 30.0,
    "n_fft": 2048,
    "hop_length": 512,
    "n_mels": 128,
    "channels": 1,
    "hidden_size": 64,
    "heads": 4,
    "lstm": True,
    "attention": True,
    "residual": False,
    "pooling": "mean",
}
PART = 3 * 2**17  # bytes; a part is loaded at a time, so that progress can be shown


def write_network(folder: Path, trained: Trained | None = None) -> None:
    """Write the scripts that hold a network, by default the packaged one, to a folder.

    ``weights.js`` says what it is, and ``weights-0.js`` and so on hold the file of its weights. A
    `UserError` is raised if the page's scripts do not implement its settings.
    """
    trained = trained or read_trained()
    about = about_network(trained)
    weights = (trained.path / "model.safetensors").read_bytes()
    parts = [weights[start : start + PART] for start in range(0, len(weights), PART)]
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(about | {"parts": len(parts)}, indent=1)
    write_file(folder / "weights.js", f"ownSong.about = {text};\n")
    for number, part in enumerate(parts):
        content = base64.b64encode(part).decode()
        write_file(folder / f"weights-{number}.js", f'ownSong.parts[{number}] = "{content}";\n')


def about_network(trained: Trained) -> dict[str, Any]:
    """How a network's inputs are made, what it can answer, and how often it is right."""
    settings = trained.settings
    found = settings.model_dump() | settings.model.model_dump() | trained.recipe.model_dump()
    for name, value in IMPLEMENTED.items():
        if found[name] != value:
            raise UserError(
                f"The page's scripts cannot ask the network in {trained.path}: they implement "
                f"{name}={value}, and it was trained with {name}={found[name]}."
            )
    return {
        "recipe": trained.recipe.model_dump(exclude={"digest", "frame_period_s"}),
        "genres": trained.genres,
        "silent": SILENT,
        "piece": PIECE,
        "cancelled": CANCELLED,
        "bands": {"usual": trained.usual_band, "heard": HEARD, "edge": EDGE, "like": LIKE},
        "rest": REST,
        "short": SHORT,
        "remarks": trained.remarks(),
        "answers": right_answers(trained),
    }


def right_answers(trained: Trained) -> dict[str, dict[str, Any]]:
    """For each genre how often the network named it in the test, and how often rightly."""
    counts, found = confusions(trained.answers, trained.genres), {}
    for genre in trained.genres:
        named, right = int(counts[genre].sum()), int(counts[genre][genre])
        interval = wilson_interval(right, named) if named else None
        found[genre] = {"named": named, "right": right, "interval": interval}
    return found


def write_tracks(folder: Path) -> None:
    """Write what *Check my split* knows of GTZAN's tracks to a folder, as ``tracks.js``."""
    tracks = read_trained().split.drop_duplicates("track_id").set_index("track_id")[["recording"]]
    tracks["artist"] = tracks.index.map(artists())
    tracks["listed"] = tracks.index.map(fault_filtered())
    text = tracks.to_json(orient="index", indent=0)
    folder.mkdir(parents=True, exist_ok=True)
    write_file(folder / "tracks.js", f"window.genreTracks = new Map(Object.entries({text}));\n")
