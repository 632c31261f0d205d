import json
import shutil
from pathlib import Path

import jupytext
import nbformat
import pytest

from genre_lib.book import editions as book
from genre_lib.config import UserError, configure
from genre_lib.predict import PACKAGED


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_sources_follow_the_table_of_contents(project):
    assert list(book.sources()) == ["first", "second"]


def test_outside_of_a_clone_the_message_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="clone"):
        book.sources()


def test_an_edition_has_its_contents_and_settings_from_the_top_level(project, tmp_path):
    (project / "CITATION.cff").write_text("title: A test")
    for name in book.COPIED:
        (project / "book" / name).write_text("older")
    for page in ("first", "second"):
        notes = {"metadata": {"genre_book": {"products": []}}}
        (project / "book" / f"{page}.ipynb").write_text(json.dumps(notes))
    work = shutil.copytree(project / "book", tmp_path / "work")
    book.lay_out(work, project)
    for name in book.COPIED:
        assert (work / name).read_text() == (project / name).read_text()


def test_notebook_parameters_give_the_same_settings_back():
    settings = configure(
        profile="smoke", view="segments", seed=3, overrides={"epochs": 7, "crop_min": 0.5}
    )
    parameters = book.notebook_parameters(settings)
    assert parameters["overrides"] == {"epochs": 7, "crop_min": 0.5}
    assert configure(**parameters) == settings


def test_a_page_is_stale_when_anything_changes_that_it_depends_on(tmp_path, monkeypatch):
    package = tmp_path / "genre_lib"
    (package / "book").mkdir(parents=True)
    monkeypatch.setattr(book, "__file__", str(package / "book" / "editions.py"))
    monkeypatch.setenv("GENRE_REFERENCE", str(tmp_path / "reference"))
    files = {
        "source": tmp_path / "page.py",
        "library": package / "model.py",
        "result": tmp_path / "reference" / "image-0" / "metrics.json",
    }
    files["result"].parent.mkdir(parents=True)
    for path in files.values():
        path.write_text("1")

    def stamp(parameters=None, digest="a"):
        return book.stamp(files["source"], parameters or {}, digest)

    assert stamp() == stamp()
    seen = {stamp(), stamp({"seed": 1}), stamp(digest="b")}
    for path in files.values():
        path.write_text("2")
        seen.add(stamp())
    assert len(seen) == 6


@pytest.fixture
def rendered(monkeypatch):
    """Take pages for HTML from now on: rendering them takes seconds."""

    def render(folder: Path, *, builder: str = "html") -> Path:
        pages = folder / "_build" / builder
        pages.mkdir(parents=True)
        (pages / "index.html").write_text((folder / "intro.md").read_text())
        return pages

    return lambda: monkeypatch.setattr(book, "render", render)


def test_an_edition_is_built_once_and_only_what_is_stale_again(
    project, noise, add_cell, capsys, rendered, monkeypatch
):
    def build(**changes) -> list[str]:
        """What is executed."""
        capsys.readouterr()
        book.build_edition("mine", configure(corpus=str(noise), **changes))
        lines = capsys.readouterr().out.splitlines()
        return [line.split()[1] for line in lines if "executing" in line]

    assert build() == ["first:", "second:"]
    edition = project / "editions" / "mine"
    assert (edition / "_build" / "html" / "index.html").exists()
    assert (edition / "tables" / "first.csv").read_text() == "seed\n0\n"
    executed = nbformat.read(edition / "first.ipynb", as_version=4)
    outputs = [output for cell in executed.cells for output in cell.get("outputs", [])]
    assert [output["name"] for output in outputs] == ["stdout"]  # no progress bars
    assert not list((project / "editions").glob(".*"))
    first = contents(edition)

    render = book.render
    rendered()
    reads = f"from genre_lib.runs import read_run\nread_run(Path({str(PACKAGED)!r}))\n"
    add_cell("second", f'{reads}Path("tables/other.csv").write_text("x\\n")')
    assert build() == ["second:"]
    runs = [book.notes_of(edition / f"{name}.ipynb")["runs"] for name in ("first", "second")]
    assert runs == [[], [PACKAGED.name]]
    assert (edition / "tables" / "other.csv").exists()
    second = contents(edition)
    kept = [name for name in first if name.startswith(("first.ipynb", "tables"))]
    assert len(kept) == 3
    assert {name: first[name] for name in kept} == {name: second[name] for name in kept}

    # A failing cell is named, and leaves the edition as it was; so does a warning.
    add_cell("second", 'raise RuntimeError("the string broke")')
    with pytest.raises(UserError) as failure:
        build(seed=5)
    cells = len(jupytext.read(project / "notebooks" / "second.py").cells)
    for part in ("second.py", f"cell {cells}", "RuntimeError", "the string broke"):
        assert part in str(failure.value)
    assert contents(edition) == second
    source = project / "notebooks" / "second.py"
    source.write_text(source.read_text().replace("raise RuntimeError", "print"))
    intro = project / "book" / "intro.md"
    intro.write_text("# Welcome\n\n{doc}`nowhere`\n")
    with monkeypatch.context() as patch:
        patch.setattr(book, "render", render)
        with pytest.raises(UserError, match="nowhere"):
            build(seed=5)
    assert contents(edition) == second

    # What was executed for the edition that failed is not executed again.
    intro.write_text("# Welcome\n")
    assert build(seed=5) == []
    assert (edition / "tables" / "second.csv").read_text() == "seed\n5\n"


def test_the_reference_edition_goes_to_book_and_keeps_the_prose(
    project, noise, rendered, monkeypatch
):
    def execute(source: Path, folder: Path, parameters: dict, **notes: str) -> None:
        (folder / "tables").mkdir(exist_ok=True)
        (folder / "tables" / f"{source.stem}.csv").touch()
        made = {"genre_book": {"products": [f"tables/{source.stem}.csv"]}}
        page = nbformat.v4.new_notebook(metadata=made)
        nbformat.write(page, folder / f"{source.stem}.ipynb")

    monkeypatch.setattr(book, "execute", execute)
    rendered()
    (project / "book" / "old.ipynb").write_text("{}")
    page = book.build_edition("reference", configure(corpus=str(noise)))
    names = {path.name for path in (project / "book").iterdir()}
    assert names == {
        "_build",
        "_assets",
        "_extensions",
        "first.ipynb",
        "intro.md",
        "second.ipynb",
        "tables",
    }
    assert page == project / "book" / "_build" / "html" / "index.html"
    assert page.exists()


def test_an_edition_may_be_called_book(project):
    assert book.edition_folder("book") == project / "editions" / "book"


def test_edition_names_stay_in_their_folder(project):
    for name in ("", "../outside", "a b", ".hidden"):
        with pytest.raises(UserError, match="Edition name"):
            book.edition_folder(name)


def test_one_notebook_can_be_run_alone(project, noise, tmp_path):
    settings = configure(corpus=str(noise), seed=2)
    output = book.run_notebook("first", settings, tmp_path / "out")
    assert output == tmp_path / "out" / "first.ipynb"
    assert (tmp_path / "out" / "tables" / "first.csv").read_text() == "seed\n2\n"
    with pytest.raises(UserError, match="Did you mean 'second'"):
        book.run_notebook("secnd", settings, tmp_path / "out")
    with pytest.raises(UserError, match="is a file"):
        book.run_notebook("first", settings, output)


def test_an_undeclared_parameter_is_refused(project, noise, tmp_path):
    source = project / "notebooks" / "first.py"
    parameters = {"corpus": str(noise), "sead": 1}
    with pytest.raises(UserError, match="Did you mean 'seed'"):
        book.execute(source, tmp_path, parameters)
    assert not list(tmp_path.glob("*.ipynb"))
