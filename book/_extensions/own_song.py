"""A Sphinx extension that writes what *Your own song* and *Check my split* load when asked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.errors import ExtensionError
from sphinx.util.logging import getLogger

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write the scripts that hold it among the static files of the pages.

    The pages are drawn without our package, too: then those two have nothing to load, and say so.
    """
    if exception or app.builder.name != "html":  # in print, nothing is asked
        return
    try:
        from genre_lib.book.in_page import write_network, write_tracks
        from genre_lib.config import UserError
    except ImportError:
        getLogger(__name__).info("Without genre_lib, no network and no tables are put in the pages.")
        return
    folder = Path(app.outdir) / "_static" / "network"
    try:
        write_network(folder)
        write_tracks(folder)
    except UserError as error:
        raise ExtensionError(str(error)) from None


def setup(app: Sphinx) -> dict[str, Any]:
    """Sphinx calls this, because ``_config.yml`` names the module among the extensions."""
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
