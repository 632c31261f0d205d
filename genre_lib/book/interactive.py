"""Figures that answer: the tracks behind a confusion matrix, the values of curves and lines.

They work in the static page without a kernel: ``confusion.js``, ``curves.js`` and ``readable.js``
of ``book/_assets`` read the data that stand in the page. A numbered figure of
`genre_lib.book.figures` shows the same in print.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from IPython.display import HTML
from matplotlib import colormaps
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from seaborn.utils import relative_luminance

from genre_lib.book.comparisons import confusion_tracks
from genre_lib.book.figures import COLORS, CURVES, LINES, MARKERS, PRINTED, save, tabulate
from genre_lib.book.tables import csv_link
from genre_lib.book.templates import fill
from genre_lib.evaluation import confusions
from genre_lib.runs import Run

DASHES = {"-": "solid", "--": "dash", "-.": "dashdot", ":": "dot"}
SYMBOLS = {"o": "circle", "s": "square", "D": "diamond", "^": "triangle-up"}
FORMATS = {"accuracy": ".1%", "loss": ".3f"}
DIGITS = {"accuracy": ".2%", "loss": "g"}
"""The paper's values have as many digits as it prints."""


# The confusion matrix


def confusion_matrix(name: str, run: Run) -> HTML:
    """Figure 6 with cells to choose: below it, the tracks behind the chosen one.

    Saves the tracks of all cells as ``tables/<name>.csv``. The probability is the mean of the
    predicted genre over a track's images in the cell. Where images of test tracks were in
    training (split by image), their number is shown.
    """
    counts, tracks = confusions(run.predictions, run.genres), confusion_tracks(run)
    save(tracks, name)
    percent = tracks.assign(probability=(100 * tracks.probability).round().astype(int))
    most = max(1, counts.to_numpy().max())
    rows = [(genre, [(count, _colours(count / most)) for count in row])
            for genre, row in counts.iterrows()]  # fmt: skip
    records, link = percent.to_dict("records"), csv_link(name, tracks)
    return HTML(fill("confusion.html", genres=run.genres, rows=rows, tracks=records, link=link))


def _colours(share: float) -> tuple[str, str]:
    """Colour of a cell, as in Figure 6, and of letters that can be read on it."""
    color = colormaps["cividis"](share)
    ink = "#000" if relative_luminance(color) > 0.18 else "#fff"  # where both have equal contrast
    return to_hex(color), ink


# Curves


def learning_curves(name: str, run: Run) -> HTML:
    """Figures 4 and 5 in one: accuracy above loss; saves the history as ``tables/<name>.csv``.

    ``curves.js`` draws them, with values under the pointer; a table below has all values.
    """
    history, formats = run.history, {"learning_rate": "{:.2e}"}
    formats |= {f"{key}_{what}": f"{{:{form}}}" for key in CURVES for what, form in FORMATS.items()}
    data = [
        trace | {"type": "scatter", "yaxis": axis}
        for axis, what in (("y", "accuracy"), ("y2", "loss"))
        for trace in _traces(history, what)
    ]
    table = tabulate(name, history, formats=formats).to_html()
    return HTML(fill("curves.html", epochs=len(history), figure={"data": data}, table=table))


def _traces(history: pd.DataFrame, what: str) -> list[dict[str, Any]]:
    """Plotly's traces of accuracies or losses, of the paper's last values, and of a star."""
    epochs, printed = history.epoch.tolist(), PRINTED[what]
    named = {"showlegend": what == "accuracy"}  # the losses have the same names
    traces: list[dict[str, Any]] = []
    for index, (key, label) in enumerate(CURVES.items()):
        values, color = history[f"{key}_{what}"].tolist(), COLORS[index]
        traces.append(named | {
            "name": label,
            "legendgroup": label,
            "mode": "lines+markers",
            "x": epochs,
            "y": [value if np.isfinite(value) else None for value in values],
            "line": {"color": color, "dash": DASHES[LINES[index]]},
            "marker": {"color": color, "symbol": SYMBOLS[MARKERS[index]], "size": 7,
                       "maxdisplayed": 15},
            "hovertemplate": f"%{{y:{FORMATS[what]}}}",
        })  # fmt: skip
    for name, value in printed.items():
        side = "top" if value == max(printed.values()) else "bottom"
        traces.append({
            "mode": "lines+text",
            "x": epochs,
            "y": [value] * len(epochs),
            "line": {"dash": DASHES[LINES[3]], "width": 1.5},  # in the colour of the page's text
            "text": [f"paper, {name}: {value:{DIGITS[what]}}"],
            "textposition": f"{side} right",
            "hoverinfo": "skip",
            "showlegend": False,
        })  # fmt: skip
    kept = history.iloc[int(history.validation_accuracy.argmax())]
    traces.append(named | {
        "name": "kept model",
        "legendgroup": "kept",
        "mode": "markers",
        "x": [int(kept.epoch)],
        "y": [float(kept[f"validation_{what}"])],
        "marker": {"color": COLORS[3], "symbol": "star", "size": 13},
        "hoverinfo": "skip",
    })  # fmt: skip
    return traces


# Figures that can be read


def readable(
    name: str, figure: Figure, texts: Mapping[str, Sequence[str]], *, line: str, step: str
) -> HTML:
    """Controls that read the lines of a numbered figure: choose one and slide along it, or point.

    ``readable.js`` puts them below the figure `name`. `texts` has the gid of each line, and what
    is to be read at each of its points; `line` and `step` are the labels of the two controls.
    """
    figure.canvas.draw()  # so that places are those of the saved picture
    place = figure.transFigure.inverted().transform
    lines: dict[str, list[list[Any]]] = {}
    for axes in figure.axes:
        for drawn in axes.lines:
            gid = drawn.get_gid() or ""
            points = axes.transData.transform(drawn.get_xydata())
            seen = [[*place(point).round(4), text]
                    for point, text in zip(points, texts.get(gid, ()), strict=False)
                    if axes.bbox.contains(*point)]  # fmt: skip
            lines |= {gid: seen} if seen else {}
    return HTML(fill("readable.html", name=name, line=line, step=step, lines=lines))
