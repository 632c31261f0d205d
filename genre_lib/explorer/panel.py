"""A spectrogram with its axes as HTML: small, sharp on any screen, legible in both themes.

Only the picture itself is an image. Axes and titles are text, which a phone does not shrink.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from html import escape
from typing import Any

import ipywidgets as widgets
import numpy as np
from matplotlib import colormaps
from matplotlib.colors import to_hex
from PIL import Image

TICKS = (100, 500, 1000, 2000, 4000, 8000)  # Hz
CMAP = "magma"  # even steps of lightness: also in print, and for colour-blind readers

STYLE = """<style>
.instrument, .instrument .widget-vbox { overflow: visible; }
.instrument .widget-box, .instrument .widget-html { width: 100%; }
.instrument .widget-html-content { flex: 1; min-width: 0; }
.mel { --ink: var(--pst-color-text-base, var(--jp-content-font-color1, #222)); color: var(--ink);
  max-width: 40rem; font-size: 0.85rem; line-height: 1.2; display: grid; margin: 0.5rem 0;
  grid-template: auto 11rem auto / 3.2em minmax(0, 1fr) 3.5em; gap: 0.3em; }
.mel-title { grid-column: 1 / 4; font-weight: 600; overflow-wrap: anywhere; }
.mel-y, .mel-plot, .mel-scale { position: relative; }
.mel-y span { position: absolute; right: 0; transform: translateY(50%); }
.mel-plot { overflow: hidden; }
.mel-plot > img { position: absolute; inset: 0; width: 100%; height: 100%; max-width: none;
  margin: 0; object-fit: fill; image-rendering: pixelated; }
.mel-scale::before { content: ""; position: absolute; inset: 0 auto 0 0; width: 0.7em;
  background: var(--scale); }
.mel-scale span { position: absolute; left: 1em; white-space: nowrap; }
.mel-x { grid-column: 2; position: relative; height: 1.3em; }
.mel-x span { position: absolute; transform: translateX(-50%); white-space: nowrap; }
.mel-x span:first-child { transform: none; }
.mel-x span:last-child { transform: translateX(-100%); }
.mel:has(.mel-row) { grid-template-columns: 5em minmax(0, 1fr) 3.5em; }
.mel-label { grid-column: 1; align-self: center; text-align: right; }
.mel-row { grid-column: 2; position: relative; overflow: hidden; height: 2rem;
  border-bottom: 1px solid var(--ink); }
.mel-row svg { position: absolute; inset: 0; width: 100%; height: 100%; }
.mel-row path { fill: var(--pst-color-primary, #0a7d91); fill-opacity: 0.7; }
.mel-row line { stroke: var(--ink); stroke-dasharray: 4 3; vector-effect: non-scaling-stroke; }
.mel-value { grid-column: 3; align-self: center; }
.clip audio { width: 100%; max-width: 40rem; height: 2.5rem; display: block; }
.clip :is(.mel-plot, .mel-row)::after { content: ""; position: absolute; width: 2px; top: 0;
  bottom: 0; left: calc(var(--at) * 100% - 1px); background: #fff; outline: 1px solid #000;
  pointer-events: none; transition: left 0.25s linear; }
@media (prefers-reduced-motion: reduce) { .clip :is(.mel-plot, .mel-row)::after {
  transition: none; } }
.clip-seek { position: absolute; inset: 0; cursor: pointer; }
.clip-heard { position: absolute; top: 0; bottom: 0; border: 1px dashed #fff; border-width: 0 1px;
  box-shadow: 0 0 0 100vw #0007; }
.cutmix-controls { display: grid; gap: 0.4rem 1rem; max-width: 40rem;
  grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); }
.cutmix-controls label { display: flex; gap: 0.5em; align-items: center; }
.cutmix-controls :is(select, input) { flex: 1; min-width: 0; }
.cutmix p { margin: 0.5rem 0; } .cutmix output { font-weight: 600; }
.cutmix-box { position: absolute; border: 2px dashed #fff; outline: 1px solid #000; }
</style>"""
# Names for the handles of sliders, which have none. A widget runs no script, but a style's onload.
NAMES = """const box = this.closest('.widget-box'), name = () => {
  for (const handle of box.querySelectorAll('.noUi-handle:not([aria-labelledby])')) {
    const texts = handle.closest('.widget-slider')
      .querySelectorAll('.widget-label, .widget-readout');
    for (const text of texts) text.id ||= 'n' + Math.random().toString(36).slice(2);
    handle.setAttribute('aria-labelledby', [...texts].map((text) => text.id).join(' '));
  }
};
new MutationObserver(name).observe(box, {childList: true, subtree: true});
name();"""


def instrument(*parts: widgets.Widget) -> widgets.VBox:
    """Controls and pictures one below the other, with the style of the pictures.

    The handles of sliders get the names that a screen reader says.
    """
    style = widgets.HTML(f'{STYLE}<style onload="{escape(NAMES)}"></style>')
    style.layout.display = "none"
    return widgets.VBox([style, *parts]).add_class("instrument")


def webp(gray: np.ndarray, *, cmap: str = CMAP, quality: int = 65) -> bytes:
    """A picture in colour, as WebP.

    Parameters
    ----------
    gray
        uint8, shape (rows, columns); the first row is the lowest and is drawn at the bottom.
    """
    buffer = io.BytesIO()
    image = Image.fromarray(_colours(cmap)[gray[::-1]])
    image.save(buffer, format="webp", quality=quality, method=4)
    return buffer.getvalue()


def png(gray: np.ndarray, *, cmap: str = CMAP) -> bytes:
    """A picture in colour as `webp` takes it, without loss and five times as fast, as PNG."""
    image = Image.fromarray(np.ascontiguousarray(gray[::-1]))
    image.putpalette(_colours(cmap).tobytes())
    buffer = io.BytesIO()
    image.save(buffer, format="png", compress_level=1)
    return buffer.getvalue()


def _colours(cmap: str) -> np.ndarray:
    return (colormaps[cmap](np.arange(256))[:, :3] * 255).round().astype(np.uint8)


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
    rows: str = "",
    lossless: bool = False,
) -> str:
    """A spectrogram as HTML; `STYLE` has to stand somewhere on the page, as in an `instrument`.

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
    rows
        HTML below the time axis, made with `row`.
    lossless
        Whether the picture is a PNG, which is larger and made in less time.
    """
    content = png(gray, cmap=cmap) if lossless else webp(gray, cmap=cmap)
    source = data_uri(content, "image/png" if lossless else "image/webp")
    image = f'<img class="dark-light" src="{source}" alt="{escape(alt)}">'  # not for the theme
    return (
        f'<div class="mel"><div class="mel-title">{escape(title)}</div>'
        f'<div class="mel-y" aria-hidden="true">{_frequencies(manifest)}</div>'
        f'<div class="mel-plot">{image}{over}</div>{_levels(manifest["top_db"], cmap)}'
        f'<div class="mel-x" aria-hidden="true">{times(start, stop)}</div>{rows}</div>'
    )


def row(label: str, values: np.ndarray, *, alt: str, value: str = "", line: float = 0) -> str:
    """A course over time as HTML, to stand under a spectrogram and as wide as it.

    Parameters
    ----------
    values
        One a moment, from 0 to 1, shape (moments,); each moment is as long as the others.
    value
        What stands at the right.
    line
        Height of a dashed line, from 0 to 1.
    """
    heights = 100 - 100 * np.asarray(values)
    steps = "".join(f"V{height:.0f}H{i}" for i, height in enumerate(heights, start=1))
    dashes = f'<line x1="0" x2="{len(values)}" y1="{100 - 100 * line}" y2="{100 - 100 * line}"/>'
    return (
        f'<div class="mel-label" aria-hidden="true">{escape(label)}</div><div class="mel-row">'
        f'<svg viewBox="0 0 {len(values)} 100" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(alt)}"><path d="M0 100{steps}V100Z"/>{dashes if line else ""}</svg>'
        f'</div><div class="mel-value" aria-hidden="true">{escape(value)}</div>'
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


def times(start: float, stop: float) -> str:
    """Labels of the time axis: five of them, evenly spaced."""
    labels = [f"{round(second, 1):g}" for second in np.linspace(start, stop, 5)]
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
