import json
import shutil
from pathlib import Path

import jupytext
import nbformat
import numpy as np
import pytest
from PIL import Image

from genre_lib.book import editions as book
from genre_lib.config import UserError, configure

HEADER = """\
# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # {title}

# %% tags=["parameters"]
corpus = "synthetic"
profile = "quick"
view = "copies"
protocol = "image"
seed = 0
overrides = {{}}

# %%
from genre_lib.config import configure

settings = configure(
    corpus=corpus, profile=profile, view=view, protocol=protocol, seed=seed, overrides=overrides
)
"""
DRAWS = """
# %%
import sys
from pathlib import Path

Path("tables").mkdir(exist_ok=True)
Path("tables/{title}.csv").write_text(f"seed\\n{{settings.seed}}\\n")
print("a progress bar", file=sys.stderr)
print(settings.seed)
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A spectrogram store of two genres with three tracks each, all noise."""
    path = tmp_path_factory.mktemp("corpus") / "store"
    rows = ["track_id,genre,frames,seconds,sha256"]
    rng = np.random.default_rng(0)
    for genre in ("high", "low"):
        (path / genre).mkdir(parents=True)
        for number in range(3):
            gray = rng.integers(0, 256, (16, 32), np.uint8)
            Image.fromarray(gray).save(path / genre / f"{genre}.{number}.png")
            rows.append(f"{genre}.{number},{genre},32,30.0,")
    (path / "index.csv").write_text("\n".join(rows) + "\n")
    manifest = {"sample_rate": 22050, "hop_length": 512, "n_mels": 16}
    manifest |= {"top_db": 80.0, "fmin": 0.0, "fmax": 11025.0}
    (path / "store.json").write_text(json.dumps(manifest))
    return path


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with one prose page and two notebooks, as the working directory."""
    root = tmp_path / "project"
    (root / "notebooks").mkdir(parents=True)
    for folder in book.ASSETS:
        (root / "book" / folder).mkdir(parents=True)
    (root / "book" / "intro.md").write_text("# Welcome\n\nA page.\n")
    (root / "_config.yml").write_text('title: A test\nexecute:\n  execute_notebooks: "off"\n')
    chapters = "\n".join(f"      - file: {name}" for name in ("first", "second"))
    (root / "_toc.yml").write_text(
        f"format: jb-book\nroot: intro\nparts:\n  - caption: All\n    chapters:\n{chapters}\n"
    )
    for name in ("first", "second"):
        source = HEADER.format(title=name) + DRAWS.format(title=name)
        (root / "notebooks" / f"{name}.py").write_text(source)
    monkeypatch.chdir(root)
    monkeypatch.setenv("GENRE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("GENRE_RUNS", str(tmp_path / "runs"))
    return root


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def add_cell(project: Path, name: str, code: str) -> None:
    source = project / "notebooks" / f"{name}.py"
    source.write_text(source.read_text() + f"\n# %%\n{code}\n")


def test_sources_follow_the_table_of_contents(project):
    assert list(book.sources()) == ["first", "second"]


def test_outside_of_a_clone_the_message_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="clone"):
        book.sources()


def test_notebook_parameters_give_the_same_settings_back():
    settings = configure(
        profile="smoke", view="segments", seed=3, overrides={"epochs": 7, "crop_min": 0.5}
    )
    parameters = book.notebook_parameters(settings)
    assert parameters["overrides"] == {"epochs": 7, "crop_min": 0.5}
    assert configure(**parameters) == settings


def test_library_hash_depends_on_every_source(tmp_path, monkeypatch):
    package = tmp_path / "genre_lib"
    shutil.copytree(Path(book.__file__).parent, package)
    monkeypatch.setattr(book, "__file__", str(package / "book.py"))
    before = book.library_hash()
    assert before == book.library_hash()
    source = package / "corpus" / "folder.py"
    source.write_text(source.read_text() + "\n")
    assert book.library_hash() != before


def test_an_edition_is_built_once_and_only_what_is_stale_again(project, store):
    said: list[str] = []
    settings = configure(corpus=str(store))
    page = book.build_edition("mine", settings, say=said.append)
    edition = project / "editions" / "mine"
    assert page == edition / "_build" / "html" / "index.html"
    assert page.exists()
    assert sum("executing" in line for line in said) == 2
    assert (edition / "tables" / "first.csv").read_text() == "seed\n0\n"
    executed = nbformat.read(edition / "first.ipynb", as_version=4)
    outputs = [output for cell in executed.cells for output in cell.get("outputs", [])]
    assert [output["name"] for output in outputs] == ["stdout"]  # no progress bars
    assert not list((project / "editions").glob(".*"))

    first = contents(edition)
    said.clear()
    book.build_edition("mine", settings, say=said.append)
    assert sum("up to date" in line for line in said) == 2
    notebooks = {name for name in first if name.endswith((".ipynb", ".csv"))}
    second = contents(edition)
    assert {name: first[name] for name in notebooks} == {name: second[name] for name in notebooks}

    add_cell(project, "second", 'Path("tables/other.csv").write_text("x\\n")')
    said.clear()
    book.build_edition("mine", settings, say=said.append)
    assert [line for line in said if "executing" in line] == ["[2/2] second: executing"]
    assert (edition / "tables" / "other.csv").exists()

    said.clear()
    book.build_edition("mine", configure(corpus=str(store), seed=5), say=said.append)
    assert sum("executing" in line for line in said) == 2
    assert (edition / "tables" / "second.csv").read_text() == "seed\n5\n"


def test_a_failing_cell_is_named_and_leaves_the_edition_as_it_was(project, store):
    settings = configure(corpus=str(store))
    book.build_edition("mine", settings, say=lambda line: None)
    before = contents(project / "editions" / "mine")
    add_cell(project, "second", 'raise RuntimeError("the string broke")')
    with pytest.raises(UserError) as failure:
        book.build_edition("mine", settings, say=lambda line: None)
    cells = len(jupytext.read(project / "notebooks" / "second.py").cells)
    for part in ("second.py", f"cell {cells}", "RuntimeError", "the string broke"):
        assert part in str(failure.value)
    assert contents(project / "editions" / "mine") == before


def test_a_page_with_a_warning_leaves_the_edition_as_it_was(project, store):
    settings = configure(corpus=str(store))
    book.build_edition("mine", settings, say=lambda line: None)
    before = contents(project / "editions" / "mine")
    (project / "book" / "intro.md").write_text("# Welcome\n\n{doc}`nowhere`\n")
    with pytest.raises(UserError, match="nowhere"):
        book.build_edition("mine", settings, say=lambda line: None)
    assert contents(project / "editions" / "mine") == before


def test_the_reference_edition_goes_to_book_and_keeps_the_prose(project, store):
    (project / "book" / "old.ipynb").write_text("{}")
    page = book.build_edition("reference", configure(corpus=str(store)), say=lambda line: None)
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


def test_an_edition_may_be_called_book(project, store):
    page = book.build_edition("book", configure(corpus=str(store)), say=lambda line: None)
    assert page == project / "editions" / "book" / "_build" / "html" / "index.html"
    assert page.exists()


@pytest.mark.parametrize("name", ["", "../outside", "a b", ".hidden"])
def test_edition_names_stay_in_their_folder(project, store, name):
    with pytest.raises(UserError, match="Edition name"):
        book.build_edition(name, configure(corpus=str(store)))


def test_one_notebook_can_be_run_alone(project, store, tmp_path):
    settings = configure(corpus=str(store), seed=2)
    output = book.run_notebook("first", settings, tmp_path / "out")
    assert output == tmp_path / "out" / "first.ipynb"
    assert (tmp_path / "out" / "tables" / "first.csv").read_text() == "seed\n2\n"
    with pytest.raises(UserError, match="Did you mean 'second'"):
        book.run_notebook("secnd", settings, tmp_path / "out")
    with pytest.raises(UserError, match="is a file"):
        book.run_notebook("first", settings, output)


def test_an_undeclared_parameter_is_refused(project, store, tmp_path):
    source = project / "notebooks" / "first.py"
    parameters = {"corpus": str(store), "sead": 1}
    with pytest.raises(UserError, match="Did you mean 'seed'"):
        book.execute(source, tmp_path, parameters, mark="")
    assert not list(tmp_path.glob("*.ipynb"))
