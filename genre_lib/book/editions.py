"""Editions of the book: jupytext, then papermill, then jupyter-book."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genre_lib.config import (
    PARAMETERS,
    SECTIONS,
    RunSettings,
    UserError,
    cache_dir,
    choose,
    configure,
    data_dir,
    make_room,
    new_folder,
    project_root,
    reference_dir,
    runs_dir,
    write_file,
)

REFERENCE = "reference"
PRODUCTS = ("figures", "tables")  # folders that notebooks write beside themselves
ASSETS = ("_assets", "_extensions")  # what the static pages load, and what Sphinx does
COPIED = ("_config.yml", "_toc.yml", "CITATION.cff")  # from the top level


def sources() -> dict[str, Path]:
    """The notebook sources by name, in the order of the table of contents.

    A `UserError` is raised outside of a checkout of the project.
    """
    import yaml

    root = project_root()
    if not (root / "_toc.yml").exists():
        raise UserError(f"{root} holds no _toc.yml and notebooks; run this in a clone of the book.")
    try:
        parts = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))["parts"]
        pages = [str(chapter["file"]) for part in parts for chapter in part["chapters"]]
    except (ValueError, LookupError, TypeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{root / '_toc.yml'} lists no parts with chapters ({reason}).") from None
    paths = {page: root / "notebooks" / f"{page}.py" for page in pages}
    return {page: path for page, path in paths.items() if path.exists()}


def single_settings(settings: RunSettings) -> dict[str, Any]:
    """The value of every single setting by name, without sections."""
    values = settings.model_dump()
    for section in SECTIONS:
        values |= values.pop(section)
    return values


def notebook_parameters(settings: RunSettings) -> dict[str, Any]:
    """What papermill injects to give a notebook these settings.

    Those of `PARAMETERS`, and as ``overrides`` every setting that differs from its profile.
    """
    parameters: dict[str, Any] = {name: getattr(settings, name) for name in PARAMETERS}
    plain = single_settings(configure(**parameters))
    if Path(settings.corpus).is_dir():  # notebooks run elsewhere
        parameters["corpus"] = str(Path(settings.corpus).resolve())
    values = single_settings(settings)
    changed = {name: value for name, value in values.items() if value != plain[name]}
    return parameters | {"overrides": changed}


def takes_parameters(source: Path) -> bool:
    """Tell whether a notebook has a cell of parameters; one without shows stored results only."""
    return re.search(r'^# %%.*tags=.*"parameters"', source.read_text(), re.MULTILINE) is not None


def stamp(source: Path, parameters: Mapping[str, Any], data_digest: str) -> str:
    """Hash of all that an executed notebook depends on: if it is the same, nothing is stale."""
    parts = [source.read_bytes(), json.dumps(parameters, sort_keys=True).encode()]
    package = Path(__file__).parents[1]
    kinds = ("*.py", "*.toml", "*.html", "*.mplstyle")
    files = [path for kind in kinds for path in sorted(package.rglob(kind))]
    for path in (*files, *sorted(reference_dir().glob("*/metrics.json"))):
        parts += [path.parent.name.encode(), path.name.encode(), path.read_bytes()]
    parts.append(data_digest.encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def execute(
    source: Path, folder: Path, parameters: Mapping[str, Any], *, edition: str = "", mark: str = ""
) -> None:
    """Execute one notebook source; its executed copy, figures and tables go to `folder`.

    Nothing changes there until the last cell has succeeded. In the edition `REFERENCE` all
    statements of the page must hold. If a cell fails, a `UserError` names notebook, cell and error.
    """
    import jupytext
    import nbformat
    import papermill

    # The kernel runs in a folder of its own, but reads and writes data where this process does.
    places = {"DATA": data_dir, "CACHE": cache_dir, "RUNS": runs_dir, "REFERENCE": reference_dir}
    os.environ |= {f"GENRE_{name}": str(place().resolve()) for name, place in places.items()}
    os.environ["GENRE_EDITION"] = edition
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        runs = scratch / "runs.txt"
        runs.touch()
        os.environ["GENRE_RUNS_READ"] = str(runs)
        try:
            executed = papermill.execute_notebook(
                jupytext.read(source),
                output_path=None,
                parameters=dict(parameters),
                cwd=scratch,
                kernel_name="python3",
                progress_bar=False,
                extra_arguments=["--IPKernelApp.log_level=50"],
                stderr_file=sys.stderr,  # the progress bars of long cells
            )
        except papermill.PapermillExecutionError as error:
            # Counted from 0 with the injected parameters: from 1 in the source.
            raise UserError(
                f"Notebook {source.name}, cell {error.cell_index} failed with "
                f"{error.ename}: {error.evalue}\nThe cell reads:\n{error.source}"
            ) from None
        finally:
            del os.environ["GENRE_RUNS_READ"]
        products = sorted(path for kind in PRODUCTS for path in scratch.glob(f"{kind}/*"))
        for path in products:
            (folder / path.parent.name).mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, folder / path.parent.name)
        clean(executed)
        executed.metadata["genre_book"] = {
            "stamp": mark,
            "parameters": dict(parameters),
            "products": [str(path.relative_to(scratch)) for path in products],
            "runs": sorted(set(runs.read_text(encoding="utf-8").split())),
        }
        write_file(folder / f"{source.stem}.ipynb", nbformat.writes(executed))


def clean(notebook: Any) -> None:
    """Drop what is no result (times, paths, progress bars); fold the injected parameters.

    Two executions with the same results then give the same file, but for widget names.
    """
    notebook.metadata.pop("papermill", None)
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.metadata.tags.append("hide-input")
        if cell.cell_type == "code":
            cell.outputs = [out for out in cell.outputs if out.get("name") != "stderr"]


def notes_of(executed: Path) -> dict[str, Any]:
    """What `execute` noted in an executed notebook; empty if there is none that is readable."""
    try:
        return dict(json.loads(executed.read_text(encoding="utf-8"))["metadata"]["genre_book"])
    except (OSError, ValueError, KeyError):
        return {}


def render(folder: Path, *, builder: str = "html") -> Path:
    """Run jupyter-book on a folder of pages with warnings as errors; returns the folder of HTML.

    If it fails, a `UserError` has its warnings or its last lines.
    """
    program = str(Path(sys.executable).with_name("jupyter-book"))
    command = [program, "build", "-W", "-n", "--keep-going", "--builder", builder, str(folder)]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if run.returncode:
        lines = run.stdout.splitlines()
        shown = [line for line in lines if re.search("WARNING|ERROR", line)] or lines[-20:]
        raise UserError("\n".join([f"jupyter-book cannot render {folder}:", *shown]))
    return folder / "_build" / builder


def edition_folder(name: str) -> Path:
    """Where an edition is or will be: ``book/`` itself, or a folder of ``editions/``.

    A `UserError` is raised if the name cannot be one.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
        raise UserError(f"Edition name {name!r} is not possible: letters, digits, - and _ only.")
    return project_root() / "book" if name == REFERENCE else project_root() / "editions" / name


def build_edition(name: str, settings: RunSettings, *, retrain: bool = False) -> Path:
    """Make an edition of the book in its `edition_folder`; returns its first page.

    Notebooks that are not stale are taken from the edition as it was. The edition is replaced
    when everything has succeeded; until then it stays as it was, and what is done already is
    kept for the next try. A `UserError` is raised if the name, the corpus or a parameter is wrong,
    or a cell or page fails.

    To `retrain` is to make all reference runs anew and store their results. Runs in ``runs/`` are
    read or resumed, so an interrupted retraining can be repeated.
    """
    from genre_lib.book.references import make_references, write_results
    from genre_lib.store import open_store

    target = edition_folder(name)
    root = project_root()
    notebooks = sources()
    for place in (root / "editions", cache_dir(), runs_dir()):
        make_room(place)
    data_digest = open_store(settings).digest
    if retrain:
        os.environ["GENRE_RETRAIN"] = "1"
        make_references()
        del os.environ["GENRE_RETRAIN"]
        write_results(root / "README.md")
    work = root / "editions" / f".{name}.work"
    if not work.exists():
        with new_folder(work) as begun:
            if target.exists():
                skipped = shutil.ignore_patterns("_build")
                shutil.copytree(target, begun, ignore=skipped, dirs_exist_ok=True)
    for number, (page, source) in enumerate(notebooks.items(), start=1):
        parameters = notebook_parameters(settings) if takes_parameters(source) else {}
        mark = stamp(source, parameters, data_digest if parameters else "")
        stale = notes_of(work / f"{page}.ipynb").get("stamp") != mark
        print(f"[{number}/{len(notebooks)}] {page}: {'executing' if stale else 'up to date'}")
        if stale:
            execute(source, work, parameters, edition=name, mark=mark)
    lay_out(work, root)
    print("rendering the pages")
    render(work)
    publish(work, target, whole=name != REFERENCE)
    return target / "_build" / "html" / "index.html"


def lay_out(work: Path, root: Path) -> None:
    """Bring an edition's folder to exactly its pages: prose, notebooks and what they made."""
    notebooks = [f"{page}.ipynb" for page in sources()]
    products = [path for page in notebooks for path in notes_of(work / page)["products"]]
    for pattern in ("*.ipynb", *(f"{kind}/*" for kind in PRODUCTS)):
        for path in work.glob(pattern):
            if str(path.relative_to(work)) not in (*notebooks, *products):
                path.unlink()
    for folder in (*ASSETS, "_build"):
        shutil.rmtree(work / folder, ignore_errors=True)
    made = shutil.ignore_patterns("*.ipynb", *PRODUCTS, "_build", "__pycache__")
    shutil.copytree(root / "book", work, ignore=made, dirs_exist_ok=True)
    for name in COPIED:
        if (root / name).exists():
            shutil.copy2(root / name, work / name)


def publish(work: Path, target: Path, *, whole: bool) -> None:
    """Put a finished edition in its place: the whole folder, or only what was made.

    ``book/`` also holds the prose that every edition is made from, and that stays.
    """
    if whole:
        shutil.rmtree(target, ignore_errors=True)
        os.replace(work, target)
        return
    for kind in (*PRODUCTS, "_build"):
        shutil.rmtree(target / kind, ignore_errors=True)
        if (work / kind).exists():
            os.replace(work / kind, target / kind)
    for path in target.glob("*.ipynb"):
        path.unlink()
    for path in work.glob("*.ipynb"):
        os.replace(path, target / path.name)
    shutil.rmtree(work)


def run_notebook(name: str, settings: RunSettings, folder: Path) -> Path:
    """Execute one notebook into `folder`; returns the executed copy.

    A `UserError` is raised if there is no such notebook, or a cell fails.
    """
    notebooks = sources()
    page = choose("notebook", name.removesuffix(".py").removesuffix(".ipynb"), notebooks)
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file; name a folder for the executed notebook.")
    takes = takes_parameters(notebooks[page])
    if not takes and settings != configure():
        raise UserError(f"{page} shows stored runs and takes no parameters; give none.")
    for place in (folder, cache_dir(), runs_dir()):
        make_room(place)
    execute(notebooks[page], folder, notebook_parameters(settings) if takes else {})
    return folder / f"{page}.ipynb"
