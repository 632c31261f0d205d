"""A Sphinx extension that mends in the book's pages what no setting can."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bs4 import BeautifulSoup
from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx

FORMULAS = (nodes.math, nodes.math_block)


def mend(
    app: Sphinx, page: str, template: str, context: dict[str, Any], tree: nodes.document | None
) -> None:
    """Load the script for formulas (2 MB) where there are some; let lists be lists.

    Sphinx counts the formulas of all pages as the first page's own. Docutils calls a bibliography
    a list, but its entries no items, which readers of the screen then cannot count. A folded cell
    among the exercises is a solution.
    """
    if tree is None:  # a page without a source, such as the search
        return
    if not any(isinstance(node, FORMULAS) for node in tree.findall()):
        unused = app.config.mathjax_path
        context["script_files"] = [
            script for script in context["script_files"] if unused not in str(script.filename)
        ]
    body = context["body"].replace('<div role="list" class="citation-list">', "<div>")
    rest, head, exercises = body.partition('<section id="exercises">')
    for do in ("Show", "Hide"):
        exercises = exercises.replace(f"{do} code cell content", "Solution")
    context["body"] = rest + head + exercises


def unite(
    app: Sphinx, page: str, template: str, context: dict[str, Any], tree: nodes.document | None
) -> None:
    """Make one document of the whole book, with a cover and links of its own, to be printed."""
    if app.builder.name != "singlehtml" or tree is None:
        return
    for name in app.env.found_docs:  # the builder loads what the first page needs alone
        for file, options in app.env.nb_metadata.get(name, {}).get("js_files", {}).values():
            app.add_js_file(file, **options)
    soup = BeautifulSoup(context["body"], "html.parser")
    for link in soup.select("a.headerlink"):
        link.decompose()
    for link in soup.select("a[href]"):
        target = urlsplit(str(link["href"]))
        name = target.path.removesuffix(".html")
        if target.scheme in ("http", "https", "mailto"):
            continue
        if target.fragment:
            link["href"] = f"#{target.fragment}"
        elif name in app.env.found_docs:
            link["href"] = f"#document-{name}"
        else:  # a file
            link.unwrap()
    context["body"] = f'<div class="book-print">{cover(app)}{soup}</div>'


def cover(app: Sphinx) -> str:
    """Title, author and the list of all pages."""
    title, author = escape(app.config.html_title), escape(app.config.author)
    root = app.config.root_doc
    pages = [name for name in (root, *app.env.toctree_includes[root]) if name in app.env.titles]
    lines = "".join(
        f'<li><a href="#document-{name}">{escape(app.env.titles[name].astext())}</a></li>'
        for name in pages
    )
    return f"""<header class="book-cover" id="document-{root}">
<p class="book-cover-title">{title}</p><p>{author}</p>
<p>Printed from the pages of the book; there, sounds play, tables sort and controls answer.</p>
<nav aria-label="Contents"><p>Contents</p><ul>{lines}</ul></nav></header>"""


def setup(app: Sphinx) -> dict[str, Any]:
    """Sphinx calls this, because ``_config.yml`` names the module among the extensions."""
    app.connect("html-page-context", mend, priority=900)  # when all scripts are named
    app.connect("html-page-context", unite, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
