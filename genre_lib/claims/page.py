"""The ledger as a table that a browser filters, by ``book/_assets/ledger.js``.

Without JavaScript the whole table is there, and only the filters are missing.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from string import Template

import pandas as pd

from genre_lib.claims.judging import PAGES, SCALES, SECTIONS, counts_by_verdict

SIGNS = {
    verdict: sign for scale in SCALES.values() for verdict, sign in zip(scale, "✓✗?", strict=True)
}
HTML = Path(__file__).with_name("ledger.html").read_text(encoding="utf-8")
PAGE, ROW = HTML.split("<!-- each row -->\n")


def to_html(table: pd.DataFrame) -> str:
    """The ledger as HTML with filters by kind and verdict, section and text.

    Each row has the id ``claim-<key>``, so that other pages can point at it, and a link to the
    page with the evidence. A verdict has a sign and its words, and no colour. Roles are spelled
    out because narrow screens get the rows as blocks, which would lose them.
    """
    counts = counts_by_verdict(table)
    boxes = "".join(
        f"<fieldset><legend>{kind.capitalize()}</legend>"
        + "".join(
            f'<label><input type="checkbox" name="verdict" value="{kind}: {verdict}" checked>'
            f"{SIGNS[verdict]} {verdict} ({counts[f'{kind}: {verdict}']})</label>"
            for verdict in scale
        )
        + "</fieldset>"
        for kind, scale in SCALES.items()
    )
    sections = {name for text in table.section for name in text.split(", ")}
    ordered = [*SECTIONS, *sorted(sections - set(SECTIONS))]
    options = "".join(f"<option>{escape(name)}</option>" for name in ordered)
    rows = "\n".join(
        Template(ROW).substitute(
            {str(name): escape(str(value)) for name, value in row.items() if name != "runs"},
            sign=SIGNS[row["verdict"]],
            title=escape(PAGES[row["page"]]),
            runs=escape(f"; runs {row['runs']}") if row["runs"] else "",
        )
        for row in table.to_dict("records")
    )
    return Template(PAGE).substitute(boxes=boxes, options=options, rows=rows)
