"""Numbers for the prose of a page, and a check of what the prose claims beyond them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from genre_lib.config import RunSettings

CORPORA = {"gtzan": "GTZAN", "synthetic": "the composed demonstration corpus"}
MARK = " [this does not hold in this edition]"


class StatementError(Exception):
    """A sentence of the reference edition claims what its results do not show."""


def glue_numbers(**values: Any) -> None:
    """Glue numbers, and words where editions differ, for ``{glue:text}`` in the prose.

    A mapping is a value with its 95 % interval, glued as NAME, NAME_low and NAME_high: an
    `accuracy`, or a `difference`, which is glued in points.
    """
    import myst_nb

    for name, row in list(values.items()):
        if isinstance(row, Mapping | pd.Series):
            value, unit = ("accuracy", 1) if "accuracy" in row else ("difference", 100)
            values[name] = unit * row[value]
            values |= {f"{name}_{end}": unit * row[end] for end in ("low", "high")}
    for name, value in values.items():
        myst_nb.glue(name, value.item() if isinstance(value, np.generic) else value, display=False)


def glue_settings(settings: RunSettings) -> None:
    """Glue what a page was computed from: corpus, profile, view, protocol and seed."""
    names = ("profile", "view", "protocol", "seed")
    corpus = CORPORA.get(settings.corpus, Path(settings.corpus).name)
    glue_numbers(corpus=corpus, **{name: getattr(settings, name) for name in names})


def statements(*, strict: bool | None = None, **holds: Any) -> None:
    """Check what the text of a page states: stop the reference build, mark the sentence elsewhere.

    The prose places ``{glue:text}`name``` at the end of the sentence that a condition belongs to.
    It shows nothing where the condition holds, else a visible mark. If `strict`, by default in the
    reference edition, which ``GENRE_EDITION=reference`` names, a `StatementError` names the
    sentences that do not hold.

    `holds` has a condition for each sentence, under the sentence's name. Only a true boolean holds:
    a missing value or a comparison with NaN does not.
    """
    if strict is None:
        strict = os.environ.get("GENRE_EDITION") == "reference"
    false = [name for name, value in holds.items()
             if not (isinstance(value, bool | np.bool_) and value)]  # fmt: skip
    if false and strict:
        raise StatementError(
            f"The results do not show what the text of this page states: {', '.join(false)}. "
            "Rewrite the sentences that end with these names."
        )
    glue_numbers(**{name: MARK if name in false else "" for name in holds})
