"""Tables of the pages: sorted by a click on a column's head, saved as CSV, without a server.

The sorting is done by ``book/_assets/book.js``; without it the table is there as it was made.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from numbers import Integral, Real
from string import Template
from typing import Any

import pandas as pd

TABLE = Template("""<div class="book-table">
<div class="book-table-box" role="region" aria-label="Table: $title" tabindex="0">
<table class="dataframe"><thead><tr>$heads</tr></thead>
<tbody>
$rows
</tbody></table>
</div>
$link
</div>""")


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

    def __post_init__(self) -> None:
        for column in self.formats:
            if column not in self.data:
                raise KeyError(f"table {self.name} has no column {column} to format")

    def __repr__(self) -> str:
        return self.data.to_string(index=False)

    def to_html(self) -> str:
        """The table in a box that scrolls on narrow screens, with a link to its CSV file."""
        columns = [self._column(index) for index in range(self.data.shape[1])]
        heads = "".join(head for head, _ in columns)
        rows = "\n".join(
            f"<tr>{''.join(cells)}</tr>" for cells in zip(*(c for _, c in columns), strict=True)
        )
        title = escape(self.name.replace("_", " "))
        link = csv_link(self.name, self.data)
        return TABLE.substitute(title=title, heads=heads, rows=rows, link=link)

    _repr_html_ = to_html

    def _column(self, index: int) -> tuple[str, list[str]]:
        """Head and cells of a column; cells with numbers hold the value to sort by."""
        name, values = str(self.data.columns[index]), self.data.iloc[:, index]
        kind = pd.api.types
        number = kind.is_numeric_dtype(values) and not kind.is_bool_dtype(values)
        side = ' class="number"' if number else ""
        form = self.formats.get(name)
        cells = []
        for value in values:
            missing = kind.is_scalar(value) and pd.isna(value)
            by = f' data-value="{value!s}"' if number and not missing else ""
            cells.append(f"<td{side}{by}>{'' if missing else escape(_shown(value, form))}</td>")
        return f'<th scope="col"{side}>{escape(name.replace("_", " "))}</th>', cells


def _shown(value: Any, form: str | None) -> str:
    if form:
        return form.format(value)
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, Integral):
        return f"{value:,}"
    return f"{value:,.4f}" if isinstance(value, Real) else str(value)
