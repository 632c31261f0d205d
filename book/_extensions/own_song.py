"""A Sphinx extension that puts the packaged network beside the page that asks it: *Your own song*."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.errors import ExtensionError

from genre_lib.book.in_page import write_network
from genre_lib.config import UserError

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write the network's scripts among the static files of the pages."""
    if exception or app.builder.name != "html":  # in print, nothing is asked
        return
    try:
        write_network(Path(app.outdir) / "_static" / "network")
    except UserError as error:
        raise ExtensionError(str(error)) from None


def setup(app: Sphinx) -> dict[str, Any]:
    """Sphinx calls this, because ``_config.yml`` names the module among the extensions."""
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
