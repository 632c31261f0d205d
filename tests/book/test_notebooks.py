"""Notebook sources: the same parameters or none, a kernel, and no typed number in the prose."""

import ast
import functools
import re
from pathlib import Path

import jupytext

from genre_lib.book.editions import takes_parameters

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "notebooks").glob("*.py"))
SECTIONS = [path for path in SOURCES if path.stem.startswith("sec")]
STORED = [path for path in SOURCES if not takes_parameters(path)]  # they show stored results
PAGES = [path for path in SOURCES if path in (*SECTIONS, *STORED)]
MARKDOWN = sorted((ROOT / "book").glob("*.md"))
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
    r"^```[^\n]*$",  # the head and the end of a directive
    r"^:[a-z]+:[^\n]*$",  # options of a directive: names of figures
    r"^> [^\n]*$",  # what was written down before a run
    r"<a [^>]*>",
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
    r"95 %\s+interval",
    r"95 times of 100",
    r"^ *\d+\. ",  # numbered lists
)


@functools.cache
def read(path: Path):
    return jupytext.read(path)


def cells_of(path: Path, kind: str = "code") -> list:
    return [cell for cell in read(path).cells if cell.cell_type == kind]


def code(path: Path) -> str:
    return "\n".join(cell.source for cell in cells_of(path))


def prose(path: Path) -> str:
    return "\n\n".join(cell.source for cell in cells_of(path, "markdown"))


def tags(cell) -> list[str]:
    return cell.metadata.get("tags", [])


def typed_numbers(text: str) -> list[str]:
    """The lines that hold digits which are neither computed nor part of a name."""
    for pattern in (*COMPUTED, *NAMES):
        text = re.sub(pattern, " ", text, flags=re.DOTALL | re.MULTILINE)
    return [line for line in text.splitlines() if re.search(r"\d", line)]


def test_every_section_of_the_paper_has_a_page_and_every_page_a_kernel_for_papermill():
    names = {path.stem.split("_")[0] for path in SECTIONS}
    assert names == {"sec1", "sec2", "sec3", "sec4a", "sec4b", "sec4c", "sec5", "sec6"}
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    for path in SOURCES:
        assert read(path).metadata["kernelspec"] == kernel, path.stem


def test_a_page_without_parameters_names_none_and_trains_nothing():
    assert STORED
    for path in STORED:
        assert not re.search(r"settings = configure|get_run|open_store", code(path)), path.stem


def test_sections_have_the_same_parameters_and_read_them_at_once():
    given = ", ".join(f"{name}={name}" for name in PARAMETERS)
    for path in SECTIONS:
        first, second, *others = cells_of(path)
        assert "parameters" in tags(first), path.stem
        assert not any("parameters" in tags(cell) for cell in (second, *others)), path.stem
        body = ast.parse(first.source).body
        assert all(isinstance(line, ast.Assign) for line in body), path.stem
        values = [(line.targets[0].id, ast.literal_eval(line.value)) for line in body]
        assert values == list(PARAMETERS.items()), path.stem
        assert f"settings = configure(\n    {given}\n)" in second.source, path.stem


def test_the_explorer_shows_the_embedded_corpus_in_place_of_gtzan():
    (path,) = (path for path in SOURCES if path.stem == "explorer")
    settings_of = cells_of(path)[1].source.split("store = open_store")[0]
    for corpus, protocol, shown in (
        ("gtzan", "image", ("synthetic", "image")),
        ("gtzan", "fault-filtered", ("synthetic", "track")),
        ("synthetic", "image", ("synthetic", "image")),
        ("elsewhere", "track", ("elsewhere", "track")),
    ):
        page = PARAMETERS | {"corpus": corpus, "protocol": protocol, "seed": 3}
        exec(settings_of, page)
        settings = page["settings"]
        assert (settings.corpus, settings.protocol, settings.seed) == (*shown, 3)
        assert settings == page["asked"] or corpus == "gtzan"


def test_pages_open_with_a_question_its_answer_and_a_picture_and_end_with_what_was_found():
    for path in PAGES:
        first = cells_of(path, "markdown")[0].source
        opens = all(part in first for part in ("?", "{glue:text}", "```{glue:figure}"))
        assert opens or "**What you will learn.**" in first, path.stem
        assert "## What was found" in prose(path), path.stem


def test_sections_say_what_they_were_computed_from():
    for path in SECTIONS:
        assert "```{admonition}" in prose(path), path.stem
        assert "glue_settings(settings)" in code(path), path.stem


def test_every_page_has_labelled_exercises_with_folded_solutions():
    names = []
    for path in SOURCES:
        start = next(i for i, cell in enumerate(read(path).cells) if "## Exercises" in cell.source)
        asked = prose(path).split("## Exercises")[1]
        solved = [cell for cell in read(path).cells[start:] if "hide-cell" in tags(cell)]
        labels = re.findall(r"^\(exercise-([a-z-]+)\)=\n\*\*[^*]+\*\* ", asked, re.MULTILINE)
        assert 2 <= len(solved) == len(labels) <= 5, path.stem
        names += labels
    for path in MARKDOWN:
        text = path.read_text(encoding="utf-8")
        labels = re.findall(r"^\(exercise-([a-z-]+)\)=\n\*\*[^*]+\*\* ", text, re.MULTILINE)
        assert len(labels) == text.count("```{dropdown} Solution"), path.stem
        names += labels
    assert len(names) == len(set(names))


def test_every_statement_stands_at_the_end_of_its_sentence():
    found = 0
    for path in SOURCES:
        for call in re.findall(r"^statements\((.*?)^\)", code(path), re.DOTALL | re.MULTILINE):
            for name in set(re.findall(r"^    (\w+)=", call, re.MULTILINE)) - {"strict"}:
                found += 1
                place = rf"\S\s?{{glue:text}}`({path.stem}\.ipynb::)?{name}(:s)?`[\s.,:;)]"
                text = "\n\n".join([prose(path), *(page.read_text() for page in MARKDOWN)])
                assert re.search(place, text), (path.stem, name)
    assert found


def test_no_number_is_typed_into_the_prose():
    for path in PAGES:
        assert typed_numbers(prose(path)) == [], path.stem
    assert typed_numbers((ROOT / "book" / "intro.md").read_text(encoding="utf-8")) == []
    for text in ("It reaches 84.42 % here.", "all 10 genres", "- 3 of them", "`a` 5 `b`"):
        assert typed_numbers(text)
    for text in (
        "It reaches {glue:text}`accuracy:.1%` in Figure 3, of 128 x 128 points.",
        "$x_1$ and `seed=1`, [a link](page2.html), {cite:p}`yun2019cutmix`",
        "1. first\n2. second",
        "```python\nx = 3\n```",
    ):
        assert typed_numbers(text) == []


def test_every_figure_is_shown_glued_described_and_referred_to():
    names = []
    for path in PAGES:
        text = prose(path)
        shown = set(re.findall(r"figures\.show\(\s*\"(\w+)\"", code(path)))
        glued = re.findall(r"```\{glue:figure\} (\w+)\n:name: (fig-[\w-]+)\n", text)
        assert shown == {name for name, _ in glued}, path.stem
        assert len(glued) == text.count("{glue:figure}"), path.stem
        assert ":alt:" not in text, path.stem  # it comes with the figure
        names += [name for _, name in glued]
    assert len(names) == len(set(names))
    referred = {name for path in PAGES for name in re.findall(r"\{numref\}`([^`]+)`", prose(path))}
    assert referred == set(names)  # and no figure stands without a word
