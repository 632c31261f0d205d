"""Figures that answer: the tracks behind a confusion matrix, the values of learning curves.

They work in the static page without a kernel. A numbered figure of `genre_lib.book.figures` shows the
same in print.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from string import Template
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from genre_lib import paper
from genre_lib.runs import Run
from genre_lib.evaluation import confusion_tracks, confusions
from genre_lib.book.figures import COLORS, LINES, MARKERS, save, tabulate
from genre_lib.book.tables import Table, csv_link

if TYPE_CHECKING:
    from IPython.display import HTML
    from plotly.graph_objects import Figure

DASHES = {"-": "solid", "--": "dash", "-.": "dashdot", ":": "dot"}
SYMBOLS = {"o": "circle", "s": "square", "D": "diamond", "^": "triangle-up"}
CURVES = {
    "train": "running",
    "clean_train": "re-scored",
    "validation": "validation",
}
"""Columns of a history, before ``_accuracy`` or ``_loss``, and what their lines are called."""
FORMATS = {"accuracy": ".1%", "loss": ".3f"}
PRINTED = {"accuracy": ".2%", "loss": "g"}
"""The paper's values have as many digits as it prints."""
CONFIG = {"displayModeBar": False, "responsive": True}


# The confusion matrix

STYLE = """
.confusion { color: var(--pst-color-text-base, #222); font-size: 0.85rem; }
.confusion [hidden] { display: none !important; }
.confusion .confusion-box { overflow-x: auto; padding: 3px; }
.confusion table.dataframe { border-collapse: collapse; border: 0; margin: 0; color: inherit;
  font-size: inherit; }
.confusion table.dataframe caption { caption-side: top; text-align: left; color: inherit;
  padding: 0 0 0.4rem; }
.confusion .matrix { table-layout: fixed; width: 100%; max-width: 36rem; }
.confusion .matrix :is(tr, th, td) { background: none !important; border: 0 !important; }
.confusion .matrix :is(th, td) { padding: 1px; text-align: center; vertical-align: bottom; }
.confusion .matrix :is(thead td, tbody th) { width: 4.2rem; }
.confusion .matrix tbody th { text-align: right; vertical-align: middle; font-weight: normal;
  padding-right: 0.35rem; overflow-wrap: anywhere; }
.confusion .matrix thead th span { writing-mode: vertical-rl; transform: rotate(180deg);
  font-weight: normal; max-height: 9rem; overflow-wrap: anywhere; }
.confusion button { font: inherit; border: 0; border-radius: 2px; cursor: pointer; padding: 0;
  display: block; width: 100%; min-width: 1.5rem; height: 1.9rem; }
.confusion button:hover { outline: 2px solid var(--pst-color-text-base, #222); }
.confusion button[aria-pressed=true] { text-decoration: underline; font-weight: 700;
  outline: 3px solid var(--pst-color-text-base, #222); outline-offset: -1px; }
.confusion button:focus-visible { position: relative; z-index: 1; outline-offset: 1px;
  outline: 3px solid var(--pst-color-primary, #0a7d91); }
.confusion [role=status] { font-weight: 600; margin: 0.75rem 0 0.4rem; }
.confusion .behind { max-height: 20rem; overflow: auto; }
.confusion .behind :is(th, td) { padding: 0.2rem 0.5rem; text-align: right; white-space: normal; }
.confusion .behind :is(th, td):first-child { text-align: left; }
.confusion .behind thead th { position: sticky; top: 0;
  background: var(--pst-color-table-heading-bg, #eee); }
@media (max-width: 500px) {
  .confusion { font-size: 0.75rem; }
  .confusion .matrix :is(thead td, tbody th) { width: 3.6rem; }
  .confusion .behind :is(th, td) { padding: 0.2rem 0.3rem; }
}
@media print { .confusion { display: none; } }
"""

SCRIPT = """
(() => {
  const box = document.currentScript.closest(".confusion");
  const { genres, cells } = JSON.parse(box.querySelector("script[type='application/json']").text);
  const buttons = [...box.querySelectorAll(".matrix button")];
  const status = box.querySelector("[role=status]");
  const behind = box.querySelector(".behind");
  const said = (number, one, many) => `${number} ${number === 1 ? one : many}`;
  const choose = (index) => {
    const [truth, answer] = [Math.floor(index / genres.length), index % genres.length];
    const tracks = cells[index] || [];
    buttons.forEach((each, i) => each.setAttribute("aria-pressed", i === index));
    status.textContent = buttons[index].getAttribute("aria-label")
      + (tracks.length ? `, from ${said(tracks.length, "track", "tracks")}:` : ".");
    behind.hidden = !tracks.length;
    behind.scrollTop = 0;
    behind.querySelector(".answer").textContent = genres[answer];
    behind.querySelector("tbody").replaceChildren(...tracks.map((track) => {
      const row = document.createElement("tr");
      track.forEach((value) => row.insertCell().textContent = value);
      return row;
    }));
  };
  const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0],
    Home: [0, -genres.length], End: [0, genres.length] };
  const inside = (place) => Math.min(genres.length - 1, Math.max(0, place));
  buttons.forEach((button, index) => {
    button.tabIndex = index ? -1 : 0;
    button.addEventListener("click", () => choose(index));
    button.addEventListener("focus", () => {
      buttons.forEach((each) => each.tabIndex = each === button ? 0 : -1);
    });
    button.addEventListener("keydown", (event) => {
      const move = moves[event.key];
      if (!move || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      const row = inside(Math.floor(index / genres.length) + move[0]);
      buttons[row * genres.length + inside(index % genres.length + move[1])].focus();
    });
  });
  status.hidden = false;
})();
"""

CONFUSION = Template("""<div class="confusion">
<style>$style</style>
<div class="confusion-box">
<table class="dataframe matrix" role="grid" aria-label="Confusion matrix in test images">
<caption>Test images. Rows: true genre. Columns: predicted genre.</caption>
<thead><tr><td></td>$heads</tr></thead>
<tbody>
$rows
</tbody></table>
</div>
<p role="status" hidden>No cell is chosen.</p>
<div class="behind" role="region" aria-label="Tracks behind the cell" tabindex="0" hidden>
<table class="dataframe"><thead><tr><th scope="col">Track</th><th scope="col">Test images here</th>\
<th scope="col">Probability of <span class="answer"></span></th>$known</tr></thead>
<tbody></tbody></table>
</div>
$link
<script type="application/json">$data</script>
<script>$script</script>
</div>""")


def confusion_matrix(name: str, run: Run) -> HTML:
    """Figure 6 with cells to choose: below it, the tracks behind the chosen one.

    Saves the tracks of all cells as ``tables/<name>.csv``. The probability is the mean of the
    predicted genre over a track's images in the cell. Where images of test tracks were in
    training (protocol ``image``), it is told how many.
    """
    from IPython.display import HTML

    counts, table = confusions(run.predictions, run.genres), confusion_tracks(run)
    save(table, name)
    places = {genre: place for place, genre in enumerate(run.genres)}
    known = bool(table.known.any())
    cells: dict[int, list[list[Any]]] = {}
    for row in table.to_dict("records"):
        cell = places[row["y_true"]] * len(places) + places[row["y_pred"]]
        images = f"{row['images']} of {row['test_images']}"
        shown = [row["track_id"], images, f"{row['probability']:.0%}"]
        cells.setdefault(cell, []).append([*shown, row["known"]] if known else shown)
    data = json.dumps({"genres": run.genres, "cells": cells}).replace("<", "\\u003c")
    page = CONFUSION.substitute(
        style=STYLE,
        script=SCRIPT,
        heads="".join(f'<th scope="col"><span>{escape(genre)}</span></th>' for genre in run.genres),
        rows="\n".join(_row(truth, own, most=counts.to_numpy().max()) for truth, own in
                       counts.iterrows()),
        known='<th scope="col">In training</th>' if known else "",
        link=csv_link(name, table),
        data=data,
    )  # fmt: skip
    return HTML(page)


def _row(truth: Any, counts: pd.Series, *, most: int) -> str:
    """The buttons of a true genre, coloured as in Figure 6."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    cells = []
    for answer, count in counts.items():
        color = colormaps["cividis"](count / max(1, most))
        bright = np.array(color[:3]) ** 2.2 @ (0.2126, 0.7152, 0.0722)
        ink = "#000" if bright > 0.18 else "#fff"  # where both have the same contrast
        images = f"{count or 'no'} image{'' if count == 1 else 's'} of {truth}"
        words = f"{images} recognised" if answer == truth else f"{images} taken for {answer}"
        cells.append(
            f'<td><button type="button" aria-label="{escape(words)}" '
            f'style="background:{to_hex(color)};color:{ink}">{count}</button></td>'
        )
    return f'<tr><th scope="row">{escape(str(truth))}</th>{"".join(cells)}</tr>'


# Curves

PLOT = Template("""<div class="book-plot" style="--plot-height: ${height}px">
<div class="book-plot-figure" role="img" aria-label="$message"></div>
<script type="application/json">$data</script>
<details><summary>All values in a table</summary>
$values
</details>
</div>""")


@dataclass(frozen=True)
class Curves:
    """Curves that show their values under the pointer, with these values in a table below.

    In a page, ``book/_assets/book.js`` draws them; Jupyter does so with its extension of plotly.
    """

    figure: Figure
    message: str
    values: Table

    def __repr__(self) -> str:
        return self.message

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        drawn = json.loads(self.figure.to_json()) | {"config": CONFIG}
        page = PLOT.substitute(
            height=self.figure.layout.height,
            message=escape(self.message),
            data=json.dumps(drawn).replace("<", "\\u003c"),
            values=self.values.to_html(),
        )
        return {
            "text/html": page,
            "application/vnd.plotly.v1+json": drawn,
            "text/plain": self.message,
        }


class Panel(NamedTuple):
    """One diagram of curves: accuracy or loss, a title, and plotly's traces."""

    what: str
    title: str
    traces: list[dict[str, Any]]


def learning_curves(name: str, run: Run) -> Curves:
    """Figures 4 and 5 in one: accuracy above loss; saves the history as ``tables/<name>.csv``."""
    printed = {
        "accuracy": {"training": paper.TRAIN_ACCURACY, "validation": paper.VALIDATION_ACCURACY},
        "loss": {"training": paper.TRAIN_LOSS, "validation": paper.VALIDATION_LOSS},
    }
    kept = run.history.iloc[[int(run.history.validation_accuracy.argmax())]]
    panels = [
        Panel(what, "", [*_lines(run.history, what, printed[what]), _star(kept, what)])
        for what in FORMATS
    ]
    message = f"Accuracy and loss in training and validation over {len(run.history)} epochs."
    return _curves(name, panels, run.history, message)


def accuracy_curves(name: str, runs: Mapping[str, Run]) -> Curves:
    """Accuracy in training and validation, one run above the other.

    Saves the histories as ``tables/<name>.csv``.
    """
    printed = {"training": paper.TRAIN_ACCURACY, "validation": paper.VALIDATION_ACCURACY}
    panels = [
        Panel("accuracy", title, _lines(run.history, "accuracy", printed))
        for title, run in runs.items()
    ]
    columns = ["run", "epoch", *(f"{key}_accuracy" for key in CURVES)]
    histories = [run.history.assign(run=title)[columns] for title, run in runs.items()]
    table = pd.concat(histories or [pd.DataFrame(columns=columns)], ignore_index=True)
    message = f"Accuracy in training and validation over the epochs: {', '.join(runs)}."
    return _curves(name, panels, table, message)


def _curves(name: str, panels: Sequence[Panel], table: pd.DataFrame, message: str) -> Curves:
    """Draw panels, one above the other, and save the table of their values."""
    formats = {
        column: f"{{:{form}}}"
        for column in map(str, table) for what, form in FORMATS.items() if column.endswith(what)
    }  # fmt: skip
    if "learning_rate" in table:
        formats["learning_rate"] = "{:.2e}"
    return Curves(_figure(panels), message, tabulate(name, table, formats=formats))


def _lines(history: pd.DataFrame, what: str, printed: Mapping[str, float]) -> list[dict[str, Any]]:
    """Traces of a history's accuracies or losses, and of the paper's last values of them."""
    form, epochs = FORMATS[what], history.epoch.tolist()
    traces: list[dict[str, Any]] = []
    for index, (key, label) in enumerate(CURVES.items()):
        color, symbol = COLORS[index], SYMBOLS[MARKERS[index]]
        traces.append({
            "name": label,
            "legendgroup": label,
            "mode": "lines+markers",
            "x": epochs,
            "y": history[f"{key}_{what}"].tolist(),
            "line": {"color": color, "dash": DASHES[LINES[index]]},
            "marker": {"color": color, "symbol": symbol, "size": 7, "maxdisplayed": 15},
            "hovertemplate": f"%{{y:{form}}}",
        })  # fmt: skip
    for name, value in printed.items():
        side = "top" if value == max(printed.values()) else "bottom"
        traces.append({
            "mode": "lines+text",
            "x": epochs,
            "y": [value] * len(epochs),
            "line": {"dash": DASHES[LINES[3]], "width": 1.5},  # in the colour of the page's text
            "text": [f"paper, {name}: {value:{PRINTED[what]}}"],
            "textposition": f"{side} right",
            "hoverinfo": "skip",
            "showlegend": False,
        })  # fmt: skip
    return traces


def _star(kept: pd.DataFrame, what: str) -> dict[str, Any]:
    """Trace with the epoch whose model was kept."""
    return {
        "name": "kept model",
        "legendgroup": "kept",
        "mode": "markers",
        "x": kept.epoch.tolist(),
        "y": kept[f"validation_{what}"].tolist(),
        "marker": {"color": COLORS[3], "symbol": "star", "size": 13},
        "hoverinfo": "skip",
    }


def _figure(panels: Sequence[Panel]) -> Figure:
    """Panels one above the other, which share the axis of epochs."""
    from plotly.graph_objects import Figure

    figure, height = Figure(), 1 / max(1, len(panels))
    quiet = {"fixedrange": True, "showline": True, "ticks": "outside"}  # a swipe scrolls the page
    figure.update_layout(
        template="none",
        height=90 + 190 * len(panels),
        margin={"l": 64, "r": 8, "t": 8, "b": 44},
        font={"size": 13, "color": "#222"},
        dragmode=False,
        hovermode="x unified",
        hoverlabel={"font": {"size": 12}},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        xaxis={
            **quiet,
            "title": {"text": "Epoch", "standoff": 6},
            "spikethickness": 1,
            "unifiedhovertitle": {"text": "Epoch %{x}"},
            "showgrid": False,
            "anchor": f"y{len(panels) or 1}",
        },
    )
    for number, (what, title, traces) in enumerate(panels, start=1):
        top = 1 - (number - 1) * height
        share = {"tickformat": ".0%", "range": [0, 1]} if what == "accuracy" else {}
        figure.layout[f"yaxis{number}"] = {
            **quiet,
            **share,
            "title": what.capitalize(),
            "domain": [top - 0.88 * height, top],
            "rangemode": "tozero",
        }
        figure.add_annotation(
            text=escape(title), x=1, xref="paper", y=top - 0.86 * height, yref="paper",
            xanchor="right", yanchor="bottom", showarrow=False,
        )  # fmt: skip
        for trace in traces:
            first = {} if number == 1 else {"showlegend": False}
            figure.add_scatter(**(trace | first), yaxis=f"y{number}")
    return figure
