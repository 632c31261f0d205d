"""HTML of the pages, and model cards, filled in from the files of ``genre_lib/templates``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parents[1] / "templates"),
    autoescape=select_autoescape(),
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)
ENVIRONMENT.policies["json.dumps_kwargs"] = {"separators": (",", ":")}


def fill(template: str, **values: Any) -> str:
    """A template with these values; in HTML, texts among them do not become markup."""
    return ENVIRONMENT.get_template(template).render(values)
