"""The ledger as a table that a browser filters, by ``book/_assets/ledger.js``.

Without JavaScript the whole table is there, and only the filters are missing.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from jinja2 import Environment, StrictUndefined

from genre_lib.claims.judging import PAGES, SCALES, SECTIONS, counts_by_verdict

HTML = Path(__file__).with_name("ledger.html").read_text(encoding="utf-8")


def to_html(table: pd.DataFrame) -> str:
    """The ledger as HTML with filters by kind and verdict, section and text.

    Each row has the id ``claim-<key>``, so that other pages can point at it, and a link to the
    page with the evidence. A verdict has a sign and its words, and no colour. Roles are spelled
    out because narrow screens get the rows as blocks, which would lose them.
    """
    sections = {name for text in table.section for name in text.split(", ")}
    page = Environment(autoescape=True, trim_blocks=True, undefined=StrictUndefined)
    return page.from_string(HTML).render(
        rows=table.to_dict("records"),
        counts=counts_by_verdict(table),
        scales=SCALES,
        sections=[*SECTIONS, *sorted(sections - set(SECTIONS))],
        titles=PAGES,
    )
