"""Every command that the prose names can be given as it stands there."""

import importlib
import os
import re
import shlex
from pathlib import Path

import jupytext
import papermill.cli
import pytest
import typer
import typer.main
import yaml

from genre_lib import cli
from genre_lib.book.editions import sources
from genre_lib.config import PARAMETERS, configure, parse_parameters

ROOT = Path(__file__).parents[2]
PROSE = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "book").glob("*.md")),
    *sorted((ROOT / "notebooks").glob("*.py")),
]
LIBRARY = "\n".join(
    path.read_text(encoding="utf-8") for path in sorted((ROOT / "genre_lib").rglob("*.py"))
)


def text_of(path: Path) -> str:
    """The prose of a page, or of a notebook source."""
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    cells = jupytext.read(path).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def lines_of_code(text: str) -> list[str]:
    """Lines of shell blocks, and code within the prose, without comments."""
    blocks = re.findall(r"^```bash\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    inline = re.findall(r"(?<!`)`([^`\n]+)`(?!`)", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    lines = [line for block in blocks for line in block.splitlines()] + inline
    return [line.strip() for line in (re.sub(r"\s#\s.*", "", line) for line in lines)]


def commands(text: str, program: str) -> list[str]:
    """Lines that start a program, perhaps behind variables."""
    start = rf"(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?{program} \S"
    return [line for line in lines_of_code(text) if re.match(start, line)]


def named(program: str) -> list[str]:
    """All lines of the prose that start a program, each once."""
    lines = dict.fromkeys(line for path in PROSE for line in commands(text_of(path), program))
    assert lines
    return list(lines)


def without_variables(line: str) -> list[str]:
    """Arguments of a line; the variables before its program must be known to the library."""
    words = shlex.split(line.split(" > ")[0])
    while "=" in words[0]:
        name = words.pop(0).split("=")[0]
        assert re.search(rf'"{name}"', LIBRARY), f"Nothing reads {name}."
    return words[1:]


def accept(line: str) -> None:
    """Let the command line parse a `genre-book` line, and the settings check its parameters."""
    group = typer.main.get_command(cli.app)
    arguments = without_variables(line)
    if arguments == ["--help"]:
        return
    name, command, rest = group.resolve_command(typer.Context(group), arguments)
    if rest == ["--help"]:
        return
    given = command.make_context(name, rest).params
    profile = given.get("profile", "quick")
    settings = parse_parameters(given.get("parameters") or [], corpus="synthetic", profile=profile)
    assert settings.profile == profile
    if name == "run" and given["notebook"] != "NOTEBOOK":
        assert given["notebook"] in sources()


@pytest.fixture(autouse=True)
def answers() -> None:
    """The command line hands --on-error on through a variable."""
    before = os.environ.get("GENRE_ON_ERROR")
    yield
    os.environ.pop("GENRE_ON_ERROR", None)
    if before is not None:
        os.environ["GENRE_ON_ERROR"] = before


def test_the_command_line_accepts_every_line():
    known = typer.main.get_command(cli.app).commands
    for line in named("genre-book"):
        if re.fullmatch(r"genre-book (\w+)", line):  # a command's name alone, within a sentence
            assert line.split()[1] in known, line
        else:
            try:
                accept(line)
            except (Exception, SystemExit) as error:
                pytest.fail(f"{line}: {error}")


def test_a_line_that_would_fail_is_caught():
    faults = {
        "genre-book bild": "No such command",
        "genre-book build --editions mine": "No such option",
        "genre-book store music": "Missing parameter",
        "genre-book train -p epoch=5": "Did you mean 'epochs'",
        "genre-book train --profile fast": "profile 'fast'",
        "genre-book run sec9_evaluation --profile smoke": "sec9_evaluation",
        "GENRE_DATTA=x genre-book info --help": "Nothing reads GENRE_DATTA",
    }
    for line, fault in faults.items():
        with pytest.raises(Exception, match=fault):
            accept(line)


def test_papermill_accepts_every_line():
    for line in named("papermill"):
        given = papermill.cli.papermill.make_context("papermill", without_variables(line)).params
        assert (ROOT / given["notebook_path"]).exists(), line
        parameters = dict(given["parameters"])
        for text in given["parameters_yaml"]:
            parameters |= yaml.safe_load(text)
        assert parameters.keys() <= {*PARAMETERS, "overrides"}, line
        overrides = parameters.pop("overrides", {})
        configure(**{**parameters, "seed": int(parameters.get("seed", 0))}, overrides=overrides)


def test_make_knows_every_target():
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {line.split()[1] for line in named("make")} <= set(targets)


def test_the_recipes_are_there_to_be_tested():
    rerun = text_of(ROOT / "book" / "rerun.md")
    assert len(commands(rerun, "genre-book")) >= 10
    assert commands(rerun, "papermill")
    assert commands(rerun, "make")


def test_files_and_folders_that_are_named_exist():
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    folders = "book|notebooks|genre_lib|benchmarks|tests|reference"
    for path in PROSE:
        for name in re.findall(rf"`((?:{folders})/[\w./*-]*)`", text_of(path)):
            made = any(name.startswith(folder) for folder in ignored)
            assert made or list(ROOT.glob(name.rstrip("/"))), (path.name, name)
        for name in re.findall(r"`((?:data|runs|editions)/)", text_of(path)):
            assert f"/{name}" in ignored, (path.name, name)


def test_what_code_in_the_prose_imports_exists():
    for path in PROSE:
        for module, names in re.findall(
            r"^from (genre_lib[\w.]*) import (.+)$", text_of(path), re.M
        ):
            for name in names.split(", "):
                assert hasattr(importlib.import_module(module), name), (path.name, name)
