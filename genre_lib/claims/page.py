"""The ledger as a table that a browser filters: plain HTML, no kernel, nothing to download.

Without JavaScript the whole table is there, and only the filters are missing.
"""

from __future__ import annotations

from html import escape
from string import Template

import pandas as pd

from genre_lib.claims.judging import FAILS, HOLDS, IN_PART, UNKNOWN, VERDICTS

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

STYLE = """
.claims-ledger { color: var(--pst-color-text-base, #222); font-size: 0.9rem; }
.claims-ledger [hidden] { display: none !important; }
.claims-ledger form { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: center;
  margin: 0 0 0.75rem; }
.claims-ledger fieldset { border: 0; padding: 0; margin: 0; display: flex; flex-wrap: wrap;
  gap: 0.25rem 0.9rem; flex-basis: 100%; }
.claims-ledger legend { font-size: inherit; font-weight: 600; margin: 0; float: none; }
.claims-ledger label { display: inline-flex; gap: 0.35rem; align-items: center; }
.claims-ledger input[type=search], .claims-ledger select { font: inherit; max-width: 100%;
  color: inherit; background: var(--pst-color-background, #fff);
  border: 1px solid var(--pst-color-text-muted, #666); border-radius: 0.25rem;
  padding: 0.25rem 0.4rem; }
.claims-ledger button { font: inherit; color: inherit; cursor: pointer; padding: 0.25rem 0.7rem;
  background: var(--pst-color-surface, #eee); border-radius: 0.25rem;
  border: 1px solid var(--pst-color-text-muted, #666); }
.claims-ledger :is(input, select, button, a):focus-visible { outline-offset: 2px;
  outline: 3px solid var(--pst-color-primary, #0a7d91); }
.claims-ledger table.dataframe { width: 100%; border-collapse: collapse; font-size: inherit;
  color: inherit; table-layout: fixed; border: 0; }
.claims-ledger table.dataframe :is(th, td) { text-align: left; vertical-align: top;
  padding: 0.6rem 0.5rem; white-space: normal; overflow-wrap: break-word; max-width: none; }
.claims-ledger table.dataframe tbody tr { background: none; color: inherit;
  border-top: 1px solid var(--pst-color-border, #ccc); scroll-margin-top: 4rem; }
.claims-ledger table.dataframe tbody tr:hover { background: var(--pst-color-surface, #f3f4f5); }
.claims-ledger table.dataframe tbody tr:target { background: var(--pst-color-target, #fbe54e44);
  color: var(--pst-color-text-base, #222); }
.claims-ledger th.verdict { width: 6.5rem; }
.claims-ledger td.verdict { font-weight: 600; }
.claims-ledger td.verdict span { display: inline-block; width: 1.3em; }
.claims-ledger .section, .claims-ledger .rule, .claims-ledger .runs { display: block;
  color: var(--pst-color-text-muted, #555); font-size: 0.92em; margin-top: 0.25rem; }
.claims-ledger caption { text-align: left; caption-side: top; padding: 0 0 0.4rem; }
@media (max-width: 700px) {
  .claims-ledger thead { position: absolute; width: 1px; height: 1px; overflow: hidden;
    clip-path: inset(50%); }
  .claims-ledger table.dataframe, .claims-ledger tbody, .claims-ledger tr,
  .claims-ledger caption { display: block; }
  .claims-ledger table.dataframe td { display: block; border: 0; padding: 0.2rem 0.3rem; }
  .claims-ledger table.dataframe tbody tr { padding: 0.5rem 0; }
  .claims-ledger td[data-label]::before { content: attr(data-label) ": "; font-weight: 600; }
}
"""

SCRIPT = """
(() => {
  const ledger = document.currentScript.closest(".claims-ledger");
  const form = ledger.querySelector("form");
  const rows = [...ledger.querySelectorAll("tbody tr")];
  const shown = ledger.querySelector("[role=status]");
  const plain = (text) => text.toLowerCase().replace(/\\s+/g, " ");
  const texts = new Map(rows.map((row) => [row, plain(row.textContent)]));
  const filter = () => {
    const verdicts = new Set([...form.querySelectorAll("input:checked")].map((box) => box.value));
    const section = form.elements.section.value;
    const words = plain(form.elements.text.value).split(" ").filter(Boolean);
    for (const row of rows) {
      row.hidden = !verdicts.has(row.dataset.verdict)
        || (section && !row.dataset.sections.split(",").includes(section))
        || !words.every((word) => texts.get(row).includes(word));
    }
    const count = rows.filter((row) => !row.hidden).length;
    shown.textContent = `${count} of ${rows.length} claims are shown.`;
  };
  const reveal = () => {
    const row = rows.find((each) => "#" + each.id === location.hash);
    if (!row) return;
    if (row.hidden) { form.reset(); filter(); }
    row.scrollIntoView();
  };
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  window.addEventListener("hashchange", reveal);
  form.hidden = false;
  filter();
  reveal();
})();
"""

PAGE = Template("""<div class="claims-ledger">
<style>$style</style>
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
<script>$script</script>
</div>""")

ROW = Template("""<tr id="claim-$key" role="row" data-verdict="$verdict" data-sections="$sections">\
<td role="cell" class="verdict"><span aria-hidden="true">$sign</span>$verdict</td>\
<td role="cell" data-label="The paper says">$statement\
<span class="section">In: $section</span></td>\
<td role="cell" data-label="What we found">$measured\
<span class="rule">Confirmed if: $confirmed_by</span>\
<span class="runs">Evidence: <a href="$page.html">$title</a>$runs</span></td></tr>""")


def to_html(table: pd.DataFrame) -> str:
    """The ledger as HTML with filters by verdict, section and text.

    Each row has the id ``claim-<key>``, so that other pages can point at it, and a link to the
    page with the evidence. A verdict has a sign and its words, and no colour. Roles are spelled
    out because narrow screens get the rows as blocks, which would lose them.

    Parameters
    ----------
    table
        As `genre_lib.claims.ledger` gives it.
    """
    counts = table.verdict.value_counts()
    boxes = "".join(
        f'<label><input type="checkbox" name="verdict" value="{verdict}" checked>'
        f"{SIGNS[verdict]} {verdict} ({counts.get(verdict, 0)})</label>"
        for verdict in VERDICTS
    )
    sections = dict.fromkeys(name for text in table.section for name in text.split(", "))
    options = "".join(f"<option>{escape(name)}</option>" for name in sections)
    rows = "\n".join(
        ROW.substitute(
            {str(name): escape(str(value)) for name, value in row.items() if name != "runs"},
            sections=escape(row["section"].replace(", ", ",")),
            sign=SIGNS[row["verdict"]],
            title=escape(TITLES[row["page"]]),
            runs=escape(f"; runs {row['runs']}") if row["runs"] else "",
        )
        for row in table.to_dict("records")
    )
    return PAGE.substitute(style=STYLE, script=SCRIPT, boxes=boxes, options=options, rows=rows)
