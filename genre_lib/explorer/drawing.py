"""A spectrogram with its axes as HTML: small, sharp on any screen, legible in both themes.

Only the picture itself is an image. Axes and titles are text, which a phone does not shrink. How
it looks and what it does stand in ``book/_assets/explorer.css`` and ``explorer.js``.
"""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import numpy as np
from matplotlib import colormaps
from PIL import Image

from genre_lib.book.figures import mel_ticks
from genre_lib.book.templates import fill
from genre_lib.spectrogram import mel_edges

ASSETS = Path(__file__).parents[2] / "book" / "_assets"
TICKS = (100, 500, 1000, 2000, 4000, 8000)  # Hz
# Even steps of lightness: also in print, and for colour-blind readers.
PALETTE = (colormaps["magma"](np.arange(256))[:, :3] * 255).round().astype(np.uint8).tobytes()
COLUMNS = 432  # of a picture in the page: more than it has points on a phone


def instrument(*parts: widgets.Widget) -> widgets.VBox:
    """Controls and pictures one below the other.

    The pages of an edition load style and script by themselves; elsewhere they come along. A
    widget runs no script, but what a style does when it is loaded.
    """
    if "GENRE_EDITION" not in os.environ and ASSETS.is_dir():
        style, script = (
            (ASSETS / f"explorer.{kind}").read_text(encoding="utf-8") for kind in ("css", "js")
        )
        assets = widgets.HTML(f'<style>{style}</style><style onload="{escape(script)}"></style>')
        assets.layout.display = "none"
        parts = (assets, *parts)
    return widgets.VBox(parts).add_class("instrument")


def picture(gray: np.ndarray, *, lossless: bool = False) -> str:
    """Address that holds a picture of gray levels, uint8, shape (rows, columns), lowest row first.

    Without loss it is a PNG, larger and made in a fifth of the time; else a WebP of few columns.
    """
    image, buffer = Image.fromarray(gray[::-1]), io.BytesIO()
    if not lossless:
        image = image.resize((min(COLUMNS, image.width), image.height), Image.Resampling.BOX)
    image.putpalette(PALETTE)
    kind = "png" if lossless else "webp"
    image.save(buffer, kind, compress_level=1, quality=65)
    return data_uri(buffer.getvalue(), f"image/{kind}")


def data_uri(content: bytes, kind: str) -> str:
    """A file as an address that holds it, such as ``data:image/webp;base64,...``."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def panel(
    gray: np.ndarray,
    manifest: Mapping[str, Any],
    *,
    title: str,
    start: float = 0.0,
    stop: float,
    over: str = "",
    rows: str = "",
    lossless: bool = False,
) -> str:
    """A spectrogram between its axes, to stand in an `instrument`.

    Parameters
    ----------
    gray
        uint8, shape (n_mels, columns), lowest band first, or a network input made of that.
    manifest
        Has n_mels, fmin and fmax (Hz), and top_db, as a store's manifest has.
    start, stop
        Seconds at the left and right edge.
    over, rows
        HTML over the picture, such as a cursor, and below the time axis, made with `row`.
    """
    heights, ticks = mel_ticks(manifest, TICKS)
    return fill(
        "panel.html",
        title=title,
        picture=picture(gray, lossless=lossless),
        seen=describe(gray, manifest),
        frequencies=zip(100 * heights / manifest["n_mels"], ticks, strict=True),
        seconds=np.linspace(start, stop, 5).round(1),
        top_db=manifest["top_db"],
        over=over,
        rows=rows,
    )


def describe(gray: np.ndarray, manifest: Mapping[str, Any]) -> str:
    """What there is to see in a spectrogram, in a sentence, for those who cannot see it."""
    bands = gray.mean(1, dtype=float)
    centres = mel_edges({**manifest, "n_mels": len(bands)})[1:-1]
    half = np.searchsorted(bands.cumsum(), bands.sum() / 2)
    return (
        f"Brightest near {centres[bands.argmax()]:.0f} Hz; half of the light lies below "
        f"{centres[half]:.0f} Hz; {float((gray == 0).mean()):.0%} of the picture is black."
    )


def row(label: str, values: np.ndarray, *, alt: str, value: str, line: float = 0) -> str:
    """A course over time, shape (moments,), to stand under a spectrogram and as wide as it.

    Values, and the height of a dashed `line`, go from 0 to 1; `value` stands at the right.
    """
    steps = "".join(f"V{100 - 100 * height:.0f}H{i}" for i, height in enumerate(values, start=1))
    count = len(values)
    return fill("row.html", label=label, count=count, steps=steps, alt=alt, value=value, line=line)


def encoded(audio: np.ndarray, rate: int, **kind: Any) -> bytes:
    """Mono audio, shape (samples,), as a file of the kind that soundfile is asked for."""
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, audio, rate, **kind)
    return file.getvalue()


def sound(audio: np.ndarray, rate: int, *, lossless: bool = False) -> str:
    """Address that holds mono audio: a WAV, or an MP3 of 24 kbit/s with nothing above 6 kHz."""
    kind = {"format": "MP3", "bitrate_mode": "CONSTANT", "compression_level": 0.9}
    if lossless:
        kind = {"format": "WAV", "subtype": "PCM_16"}
    return data_uri(encoded(audio, rate, **kind), f"audio/{'wav' if lossless else 'mpeg'}")
