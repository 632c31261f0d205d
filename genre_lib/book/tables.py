"""Tables of the pages: sorted by a click on a column's head, saved as CSV, without a server.

The sorting is done by ``book/_assets/tables.js``; without it the table is there as it was made.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any

import pandas as pd

from genre_lib.book.templates import fill


def csv_bytes(table: pd.DataFrame) -> bytes:
    """A table as a CSV file, every number with all its digits."""
    return table.to_csv(index=False, lineterminator="\n").encode()


def csv_link(name: str, table: pd.DataFrame) -> str:
    """HTML of a link that saves ``<name>.csv``; the file is in the link, so no server is asked."""
    content = b64encode(csv_bytes(table)).decode()
    return fill("link.html", name=name, content=content)


@dataclass(frozen=True)
class Table:
    """A table as the page shows it, and saves it as ``<name>.csv``.

    `formats` has that of a column's cells, such as ``{"accuracy": "{:.1%}"}``; other numbers have
    four decimals.
    """

    name: str
    data: pd.DataFrame
    formats: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return self.data.to_string(index=False)

    def to_html(self) -> str:
        """The table in a box that scrolls on narrow screens, with a link to its CSV file."""
        columns = {name: self._column(name) for name in self.data}
        heads = [
            {"name": str(name), "number": any(value is not None for _, value in cells)}
            for name, cells in columns.items()
        ]
        rows, link = zip(*columns.values(), strict=True), csv_link(self.name, self.data)
        return fill("table.html", name=self.name, columns=heads, rows=rows, link=link)

    _repr_html_ = to_html

    def _column(self, name: Any) -> list[tuple[str, Any]]:
        """Cells of a column: their texts, and the values to sort by if these are numbers."""
        values, types = self.data[name], pd.api.types
        number = types.is_numeric_dtype(values) and not types.is_bool_dtype(values)
        missing = [types.is_scalar(value) and pd.isna(value) for value in values]
        return [
            ("" if none else _shown(value, self.formats.get(name)),
             value if number and not none else None)
            for value, none in zip(values, missing, strict=True)
        ]  # fmt: skip


def _shown(value: Any, form: str | None) -> str:
    if form:
        return form.format(value)
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, Integral):
        return f"{value:,}"
    return f"{value:,.4f}" if isinstance(value, Real) else str(value)
