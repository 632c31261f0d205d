"""Notebook sources: the same parameters or none, a kernel, and no typed number in the prose."""

import ast
import re
from pathlib import Path

import jupytext
import pytest

from genre_lib.book.editions import takes_parameters

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "notebooks").glob("*.py"))
SECTIONS = [path for path in SOURCES if path.stem.startswith("sec")]
STORED = [path for path in SOURCES if not takes_parameters(path)]  # they show stored results
PAGES = [path for path in SOURCES if path in (*SECTIONS, *STORED)]
PARAMETERS = {
    "corpus": "synthetic",
    "profile": "quick",
    "view": "copies",
    "protocol": "image",
    "seed": 0,
    "overrides": {},
}
# What may hold digits in the prose: it is computed, it is code, or it is a name.
COMPUTED = (
    r"^```\w+$.*?^```$",  # code
    r"^```\{.*$",  # the head of a directive
    r"^:[a-z]+:.*$",  # options of a directive: names of figures
    r"\{[a-z:]+\}`[^`]*`",  # roles: glued numbers, citations, references
    r"\$\$.*?\$\$",
    r"\$[^$]*\$",
    r"`[^`]*`",
    r"\]\([^)]*\)",
)
NAMES = (
    r"(Figures?|Equations?|Sections?|Tables?|step) \d+( and \d+)?",
    r"\d+ x \d+",
    r"F1",
    r"What does 84 % mean\?",  # a title
    r"95 % interval",
    r"^ *\d+\. ",  # numbered lists
)


def read(path: Path):
    return jupytext.read(path)


def prose(path: Path) -> str:
    cells = read(path).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def typed_numbers(text: str) -> list[str]:
    """The lines that hold digits which are neither computed nor part of a name."""
    for pattern in (*COMPUTED, *NAMES):
        text = re.sub(pattern, " ", text, flags=re.DOTALL | re.MULTILINE)
    return [line for line in text.splitlines() if re.search(r"\d", line)]


@pytest.fixture(params=SOURCES, ids=lambda path: path.stem)
def source(request) -> Path:
    return request.param


@pytest.fixture(params=SECTIONS, ids=lambda path: path.stem)
def section(request) -> Path:
    return request.param


@pytest.fixture(params=PAGES, ids=lambda path: path.stem)
def page(request) -> Path:
    """A page of text: a section of the paper, or one that shows stored results."""
    return request.param


def test_every_section_of_the_paper_has_a_page():
    names = {path.stem.split("_")[0] for path in SECTIONS}
    assert names == {"sec1", "sec2", "sec3", "sec4a", "sec4b", "sec4c", "sec5", "sec6"}


def test_kernel_is_one_that_papermill_accepts(source: Path):
    kernel = read(source).metadata["kernelspec"]
    assert kernel == {"display_name": "Python 3", "language": "python", "name": "python3"}


def test_a_page_without_parameters_names_none_and_trains_nothing():
    assert STORED
    for path in STORED:
        code = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "code")
        tags = [tag for cell in read(path).cells for tag in cell.metadata.get("tags", [])]
        assert "parameters" not in tags
        assert not re.search(r"settings = configure|get_run|open_store", code)


def test_parameters_are_the_same_literals_everywhere(section: Path):
    cells = [cell for cell in read(section).cells if cell.cell_type == "code"]
    assert "parameters" in cells[0].metadata["tags"]
    assert sum("parameters" in cell.metadata.get("tags", []) for cell in cells) == 1
    body = ast.parse(cells[0].source).body
    assert all(isinstance(line, ast.Assign) for line in body)
    values = {line.targets[0].id: ast.literal_eval(line.value) for line in body}
    assert values == PARAMETERS
    assert list(values) == list(PARAMETERS)


def test_settings_are_read_right_after_the_parameters(section: Path):
    cells = [cell for cell in read(section).cells if cell.cell_type == "code"]
    given = ", ".join(f"{name}={name}" for name in PARAMETERS)
    assert f"settings = configure(\n    {given}\n)" in cells[1].source


def test_pages_open_with_a_question_its_answer_and_a_picture_and_end_with_what_was_found(
    page: Path,
):
    first = next(cell.source for cell in read(page).cells if cell.cell_type == "markdown")
    opens = all(part in first for part in ("?", "{glue:text}", "```{glue:figure}"))
    assert opens or "**What you will learn.**" in first
    assert "## What was found" in prose(page)


def test_sections_say_what_they_were_computed_from(section: Path):
    assert "```{admonition}" in prose(section)
    code = "\n".join(cell.source for cell in read(section).cells if cell.cell_type == "code")
    assert "glue_settings(settings)" in code or "_note=figures." in code


def test_exercises_have_folded_solutions(section: Path):
    cells = read(section).cells
    starts = [i for i, cell in enumerate(cells) if "## Exercises" in cell.source]
    for start in starts:
        asked = "\n".join(cell.source for cell in cells[start:] if cell.cell_type == "markdown")
        asked = asked.split("## Exercises")[1]
        solved = [cell for cell in cells[start:] if "hide-cell" in cell.metadata.get("tags", [])]
        assert 2 <= len(solved) == len(re.findall(r"^\*\*[^*]+\*\* ", asked, re.MULTILINE))


def test_every_statement_stands_at_the_end_of_its_sentence(source: Path):
    for cell in read(source).cells:
        for call in re.findall(r"^statements\((.*?)^\)", cell.source, re.DOTALL | re.MULTILINE):
            named = re.findall(r"^    (\w+)=", call, re.MULTILINE)
            for name in set(named) - {"strict"}:
                assert re.search(rf"\S\s?{{glue:text}}`{name}`[ .,:;)]", prose(source)), name


def test_no_number_is_typed_into_the_prose(page: Path):
    assert typed_numbers(prose(page)) == []


def test_no_number_is_typed_into_the_landing_page():
    assert typed_numbers((ROOT / "book" / "intro.md").read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text", ["It reaches 84.42 % here.", "all 10 genres", "- 3 of them", "`a` 5 `b`"]
)
def test_typed_numbers_are_caught(text: str):
    assert typed_numbers(text)


@pytest.mark.parametrize(
    "text",
    [
        "It reaches {glue:text}`accuracy:.1%` in Figure 3, of 128 x 128 points.",
        "$x_1$ and `seed=1`, [a link](page2.html), {cite:p}`yun2019cutmix`",
        "1. first\n2. second",
        "```python\nx = 3\n```",
    ],
)
def test_names_and_computed_numbers_pass(text: str):
    assert typed_numbers(text) == []


def test_every_figure_is_shown_glued_and_described(page: Path):
    cells = read(page).cells
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    text = prose(page)
    shown = set(re.findall(r"figures\.show\(\s*\"(\w+)\"", code))
    glued = re.findall(r"```\{glue:figure\} (\w+)\n:name: (fig-[\w-]+)\n", text)
    assert shown == {name for name, _ in glued}
    assert len(glued) == text.count("{glue:figure}")
    assert ":alt:" not in text  # it comes with the figure


def test_figure_names_are_unique_and_references_resolve():
    texts = [prose(path) for path in PAGES]
    names = [name for text in texts for name in re.findall(r"^:name: (\S+)$", text, re.MULTILINE)]
    assert len(names) == len(set(names))
    referred = {name for text in texts for name in re.findall(r"\{numref\}`([^`]+)`", text)}
    assert referred == set(names)  # and no figure stands without a word
