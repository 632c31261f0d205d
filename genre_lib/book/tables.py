"""Tables of the pages: sorted by a click on a column's head, saved as CSV, without a server.

The sorting is done by ``book/_assets/tables.js``; without it the table is there as it was made.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from numbers import Integral, Real
from typing import Any

import pandas as pd


def csv_bytes(table: pd.DataFrame) -> bytes:
    """A table as a CSV file, every number with all its digits."""
    return table.to_csv(index=False, lineterminator="\n").encode()


def csv_link(name: str, table: pd.DataFrame) -> str:
    """HTML of a link that saves ``<name>.csv``; the file is in the link, so no server is asked."""
    content = b64encode(csv_bytes(table)).decode()
    return (
        f'<p class="book-download"><a download="{escape(name)}.csv" '
        f'href="data:text/csv;charset=utf-8;base64,{content}">Download {escape(name)}.csv</a></p>'
    )


@dataclass(frozen=True)
class Table:
    """A table as the page shows it.

    Attributes
    ----------
    name
        Of its CSV file.
    formats
        Format of a column's cells, such as ``{"accuracy": "{:.1%}"}``; other numbers have four
        decimals.
    """

    name: str
    data: pd.DataFrame
    formats: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return self.data.to_string(index=False)

    def to_html(self) -> str:
        """The table in a box that scrolls on narrow screens, with a link to its CSV file."""
        heads, columns = zip(*(self._column(name) for name in self.data), strict=True)
        rows = "\n".join(f"<tr>{''.join(cells)}</tr>" for cells in zip(*columns, strict=True))
        return f"""<div class="book-table">
<div class="book-table-box" role="region" aria-label="Table: {_words(self.name)}" tabindex="0">
<table class="dataframe"><thead><tr>{"".join(heads)}</tr></thead>
<tbody>
{rows}
</tbody></table>
</div>
{csv_link(self.name, self.data)}
</div>"""

    _repr_html_ = to_html

    def _column(self, name: Any) -> tuple[str, list[str]]:
        """Head and cells of a column; cells with numbers hold the value to sort by."""
        values, types = self.data[name], pd.api.types
        number = types.is_numeric_dtype(values) and not types.is_bool_dtype(values)
        side = ' class="number"' if number else ""
        cells = []
        for value in values:
            missing = types.is_scalar(value) and pd.isna(value)
            text = "" if missing else escape(_shown(value, self.formats.get(name)))
            by = f' data-value="{value}"' if number and not missing else ""
            cells.append(f"<td{side}{by}>{text}</td>")
        return f'<th scope="col"{side}>{_words(str(name))}</th>', cells


def _words(name: str) -> str:
    return escape(name.replace("_", " "))


def _shown(value: Any, form: str | None) -> str:
    if form:
        return form.format(value)
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, Integral):
        return f"{value:,}"
    return f"{value:,.4f}" if isinstance(value, Real) else str(value)
