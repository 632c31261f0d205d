"""A spectrogram with its axes as HTML: small, sharp on any screen, legible in both themes.

Only the picture itself is an image. Axes and titles are text, which a phone does not shrink.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from html import escape
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import to_hex
from PIL import Image

TICKS = (100, 500, 1000, 2000, 4000, 8000)  # Hz
CMAP = "magma"  # even steps of lightness: also in print, and for colour-blind readers

STYLE = """<style>
.mel { --ink: var(--pst-color-text-base, var(--jp-content-font-color1, #222)); color: var(--ink);
  max-width: 40rem; font-size: 0.85rem; line-height: 1.2; display: grid;
  grid-template: auto minmax(0, 11rem) auto / 3.2em minmax(0, 1fr) 3em; gap: 0.3em; }
.mel-title { grid-column: 2 / 4; font-weight: 600; overflow-wrap: anywhere; }
.mel-y { position: relative; }
.mel-y span { position: absolute; right: 0; transform: translateY(50%); }
.mel-plot { position: relative; overflow: hidden; height: 11rem; }
.mel-plot > img { position: absolute; inset: 0; width: 100%; height: 100%; max-width: none;
  margin: 0; object-fit: fill; }
.mel-scale { position: relative; }
.mel-scale::before { content: ""; position: absolute; inset: 0 auto 0 0; width: 0.7em;
  background: var(--scale); }
.mel-scale span { position: absolute; left: 1em; white-space: nowrap; }
.mel-x { grid-column: 2; position: relative; height: 1.3em; }
.mel-x span { position: absolute; transform: translateX(-50%); white-space: nowrap; }
.mel-x span:first-child { transform: none; }
.mel-x span:last-child { transform: translateX(-100%); }
.mel-more { grid-column: 2; min-width: 0; }
</style>"""


def webp(gray: np.ndarray, *, cmap: str = CMAP, quality: int = 80) -> bytes:
    """A picture in colour, as WebP.

    Parameters
    ----------
    gray
        uint8, shape (rows, columns); the first row is the lowest and is drawn at the bottom.
    """
    colours = (colormaps[cmap](np.arange(256))[:, :3] * 255).round().astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(colours[gray[::-1]]).save(buffer, format="webp", quality=quality, method=4)
    return buffer.getvalue()


def data_uri(content: bytes, kind: str) -> str:
    """A file as an address that holds it, such as ``data:image/webp;base64,...``."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def panel(
    gray: np.ndarray,
    manifest: Mapping[str, Any],
    *,
    title: str,
    alt: str,
    start: float = 0.0,
    stop: float,
    cmap: str = CMAP,
    over: str = "",
    more: str = "",
) -> str:
    """A spectrogram as HTML; `STYLE` has to stand somewhere on the page.

    Parameters
    ----------
    gray
        uint8, shape (rows, columns), lowest band first: 0 is ``-top_db``, 255 is 0 dB.
    manifest
        Has n_mels, fmin and fmax (Hz), and top_db, as a store's manifest or
        `genre_lib.config.SpectrogramSettings` as a mapping.
    alt
        What there is to see, for those who cannot.
    start, stop
        Seconds at the left and right edge.
    over
        HTML that lies over the picture, such as a cursor.
    more
        HTML below the time axis, as wide as the picture.
    """
    image = f'<img src="{data_uri(webp(gray, cmap=cmap), "image/webp")}" alt="{escape(alt)}">'
    return (
        f'<div class="mel"><div class="mel-title">{escape(title)}</div>'
        f'<div class="mel-y" aria-hidden="true">{_frequencies(manifest)}</div>'
        f'<div class="mel-plot">{image}{over}</div>{_levels(manifest["top_db"], cmap)}'
        f'<div class="mel-x" aria-hidden="true">{_times(start, stop)}</div>'
        + (f'<div class="mel-more">{more}</div>' if more else "")
        + "</div>"
    )


def _frequencies(manifest: Mapping[str, Any]) -> str:
    """Labels of the frequency axis: every tick whose band is on the picture."""
    from librosa import mel_frequencies

    n_mels, fmin, fmax = (manifest[key] for key in ("n_mels", "fmin", "fmax"))
    centres = mel_frequencies(n_mels=n_mels + 2, fmin=fmin, fmax=fmax)[1:-1]
    shown = [hertz for hertz in TICKS if centres[0] <= hertz <= centres[-1]]
    heights = (np.interp(shown, centres, np.arange(n_mels)) + 0.5) / n_mels
    return (
        "".join(
            f'<span style="bottom:{height:.1%}">{hertz:d}</span>'
            for hertz, height in zip(shown, heights, strict=True)
        )
        + '<span style="bottom:-1em">Hz</span>'
    )


def _times(start: float, stop: float) -> str:
    """Labels of the time axis: five of them, evenly spaced."""
    seconds = np.linspace(start, stop, 5)
    digits = 0 if np.allclose(seconds, seconds.round()) else 1
    labels = [f"{second:.{digits}f}" for second in seconds]
    labels[-1] += " s"
    return "".join(
        f'<span style="left:{place}%">{label}</span>'
        for place, label in zip((0, 25, 50, 75, 100), labels, strict=True)
    )


def _levels(top_db: float, cmap: str) -> str:
    stops = ",".join(to_hex(colormaps[cmap](level)) for level in np.linspace(0, 1, 9))
    return (
        f'<div class="mel-scale" aria-hidden="true" '
        f'style="--scale:linear-gradient(to top,{stops})">'
        f'<span style="top:0">0 dB</span><span style="bottom:0">−{top_db:g}</span></div>'
    )
