"""A Sphinx extension that mends in the book's pages what no setting can."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx

FORMULAS = (nodes.math, nodes.math_block)


def mend(
    app: Sphinx, page: str, template: str, context: dict[str, Any], tree: nodes.document | None
) -> None:
    """Load the script for formulas (2 MB) where there are some; let lists be lists.

    Sphinx counts the formulas of all pages as the first page's own. Docutils calls a bibliography
    a list, but its entries no items, which readers of the screen then cannot count.
    """
    if tree is None:  # a page without a source, such as the search
        return
    if not any(isinstance(node, FORMULAS) for node in tree.findall()):
        unused = app.config.mathjax_path
        context["script_files"] = [
            script for script in context["script_files"] if unused not in str(script.filename)
        ]
    context["body"] = context["body"].replace('<div role="list" class="citation-list">', "<div>")


def setup(app: Sphinx) -> dict[str, Any]:
    """Sphinx calls this, because ``_config.yml`` names the module among the extensions."""
    app.connect("html-page-context", mend, priority=900)  # when all scripts are named
    return {"parallel_read_safe": True, "parallel_write_safe": True}
