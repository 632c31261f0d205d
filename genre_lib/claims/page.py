"""The ledger as a table that a browser filters, by ``book/_assets/ledger.js``.

Without JavaScript the whole table is there, and only the filters are missing.
"""

from __future__ import annotations

from html import escape
from string import Template

import pandas as pd

from genre_lib.claims.judging import FAILS, HOLDS, IN_PART, SECTIONS, UNKNOWN, VERDICTS

SIGNS = {HOLDS: "✓", IN_PART: "◐", FAILS: "✗", UNKNOWN: "?"}
TITLES = {
    "claims": "Claims ledger",
    "paper_numbers": "What the paper's numbers say by themselves",
    "sec3_problem": "III. Problem statement",
    "sec4b_architecture": "IV-B. The hybrid CNN-LSTM architecture",
    "sec4c_training": "IV-C. Training and optimization",
    "sec5_evaluation": "V. Evaluation",
    "what_does_84_mean": "What does 84 % mean?",
}
"""What the pages with evidence are called, by the names of their files."""

PAGE = Template("""<div class="claims-ledger">
<form hidden aria-label="Filter the claims">
<fieldset><legend>Verdict</legend>$boxes</fieldset>
<label>Section <select name="section"><option value="">all</option>$options</select></label>
<label>Text <input type="search" name="text" autocomplete="off"></label>
<button type="reset">Show all</button>
</form>
<p role="status"></p>
<table class="dataframe" role="table" aria-label="Claims of the paper">
<thead role="rowgroup"><tr role="row"><th class="verdict" role="columnheader">Verdict</th>\
<th role="columnheader">The paper says</th><th role="columnheader">What we found</th></tr></thead>
<tbody role="rowgroup">
$rows
</tbody>
</table>
</div>""")

ROW = Template("""<tr id="claim-$key" role="row" data-verdict="$verdict" data-sections="$section">\
<td role="cell" class="verdict"><span aria-hidden="true">$sign</span>$verdict</td>\
<td role="cell" data-label="The paper says">$says\
<span class="section">In: $section</span></td>\
<td role="cell" data-label="What we found">$measured\
<span class="rule">Confirmed if: $confirmed_if</span>\
<span class="runs">Evidence: <a href="$page.html">$title</a>$runs</span></td></tr>""")


def to_html(table: pd.DataFrame) -> str:
    """The ledger as HTML with filters by verdict, section and text.

    Each row has the id ``claim-<key>``, so that other pages can point at it, and a link to the
    page with the evidence. A verdict has a sign and its words, and no colour. Roles are spelled
    out because narrow screens get the rows as blocks, which would lose them.
    """
    counts = table.verdict.value_counts()
    boxes = "".join(
        f'<label><input type="checkbox" name="verdict" value="{verdict}" checked>'
        f"{SIGNS[verdict]} {verdict} ({counts.get(verdict, 0)})</label>"
        for verdict in VERDICTS
    )
    sections = {name for text in table.section for name in text.split(", ")}
    ordered = [*SECTIONS, *sorted(sections - set(SECTIONS))]
    options = "".join(f"<option>{escape(name)}</option>" for name in ordered)
    rows = "\n".join(
        ROW.substitute(
            {str(name): escape(str(value)) for name, value in row.items() if name != "runs"},
            sign=SIGNS[row["verdict"]],
            title=escape(TITLES[row["page"]]),
            runs=escape(f"; runs {row['runs']}") if row["runs"] else "",
        )
        for row in table.to_dict("records")
    )
    return PAGE.substitute(boxes=boxes, options=options, rows=rows)
