"""HTML of the pages, filled in from the files of ``genre_lib/templates``."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parents[1] / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":")}
    return environment


def fill(template: str, **values: Any) -> str:
    """The template of a name with these values; texts among them do not become markup."""
    return _environment().get_template(f"{template}.html").render(values)
