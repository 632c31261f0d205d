"""A Sphinx extension that writes, as data, where figures and numbers come from.

``ro-crate-metadata.json`` beside the pages says which page made which figure and table, from which
runs, and which code made these runs from which data. ``croissant.json`` describes the tables of
splits and predictions; it names the repository that has them, so its address must be known.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from citing import bibtex, citation, software
from sphinx.util.logging import getLogger

if TYPE_CHECKING:
    from rocrate.rocrate import ROCrate
    from sphinx.application import Sphinx

CRATE, CROISSANT = "ro-crate-metadata.json", "croissant.json"
LEDGER = "tables/claims.csv"
SHOWN = ("corpus", "method", "view", "protocol", "seed", "profile")  # of a run's settings


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write both beside the pages, as far as what they need is there."""
    cited = citation(Path(app.srcdir)) if app.builder.name == "html" and not exception else {}
    try:
        from genre_lib.config import reference_dir
        from rocrate.rocrate import ROCrate
    except ImportError:
        getLogger(__name__).info("Without genre_lib and rocrate, no records of runs are written.")
        return
    if not cited:
        return
    built, config, runs = Path(app.outdir), app.config, reference_dir()
    if (Path(app.srcdir) / "tables").exists():
        shutil.copytree(Path(app.srcdir) / "tables", built / "tables", dirs_exist_ok=True)
    crate = ROCrate(version="1.1")
    describe_book(crate, cited, config.genre_repository, config.genre_commit)
    for notebook in sorted(Path(app.srcdir).glob("*.ipynb")):
        title = app.env.titles[notebook.stem].astext()
        describe_page(crate, notebook, title, built, runs)
    crate.metadata.write(built)
    if config.genre_repository:
        table = croissant(cited, config.genre_repository, runs)
        (built / CROISSANT).write_text(json.dumps(table, indent=1), encoding="utf-8")


def add(crate: ROCrate, identity: str, kind: str, /, **properties: Any) -> Any:
    """An entity of the crate that is no file of it."""
    from rocrate.model import ContextEntity

    known = crate.get(identity)
    return known or crate.add(ContextEntity(crate, identity, {"@type": kind, **properties}))


def describe_book(crate: ROCrate, cited: Mapping[str, Any], address: str, commit: str) -> None:
    """Say what the crate is, and which code drew it."""
    code = software(cited, address)
    place = {"url": address} if address else {}
    maker = one_or_all(
        add(crate, f"#author-{number}", each.pop("@type"), **each, **place)
        for number, each in enumerate(code.pop("author"))
    )
    terms = add(crate, code.pop("license"), "CreativeWork", name=f"{cited['license']} License")
    crate.name, crate.description, crate.keywords = (
        cited["title"],
        cited["message"],
        cited["keywords"],
    )
    crate.license, crate.publisher = terms, maker
    crate.root_dataset["author"] = maker
    crate.root_dataset["datePublished"] = code["datePublished"]
    kind, version = code.pop("@type"), {"identifier": commit} if commit else {}
    add(crate, "#code", kind, **code, author=maker, license=terms, **version)


def one_or_all(values: Iterable[Any]) -> Any:
    """A single value by itself, as crates have it, or a list of all."""
    values = list(values)
    return values[0] if len(values) == 1 else values


def describe_page(crate: ROCrate, notebook: Path, title: str, built: Path, runs: Path) -> None:
    """Say what made a page and each of its figures and tables: which runs, notebook and code.

    Runs are those that the page has read: a cell takes them from cells before it.
    """
    content = json.loads(notebook.read_text(encoding="utf-8"))
    notes = content["metadata"].get("genre_book", {})
    page = notebook.with_suffix(".html").name
    properties = {"name": title, "encodingFormat": "text/html"}
    made = {page: crate.add_file(built / page, page, properties=properties)}
    for product in notes.get("products", ()):
        path = product.replace("figures/", "_images/")
        if not (built / path).exists():  # such as the pictures for print
            continue
        kind = "image/svg+xml" if path.endswith(".svg") else "text/csv"
        name = f"{Path(path).stem}, from the page {title}"
        if product == LEDGER:
            name = "The ledger of claims: each with its place, its verdict and the evidence"
        properties = {"name": name, "encodingFormat": kind, "isPartOf": {"@id": page}}
        made[path] = crate.add_file(built / path, path, properties=properties)
    if "parameters" not in notes:
        return
    source = f"_sources/{notebook.name}"
    properties = {"@type": ["File", "SoftwareSourceCode"], "name": f"Notebook of the page {title}"}
    properties["encodingFormat"] = "application/x-ipynb+json"
    instruments = [crate.get("#code"), crate.add_file(notebook, source, properties=properties)]
    used = one_or_all([describe_run(crate, runs / name) for name in notes.get("runs", ())])
    for path, result in made.items():
        cell = cell_of(content, Path(path).stem)
        add(
            crate,
            f"#execution-{notebook.stem}" if path == page else f"#making-{path}",
            "CreateAction",
            name=f"Execution of the page {title}" if path == page else f"Making of {path}",
            description=f"Parameters: {json.dumps(notes['parameters'])}{cell}",
            instrument=instruments,
            object=used,
            result=result,
        )


def cell_of(notebook: Mapping[str, Any], name: str) -> str:
    """The code of the cell that makes a figure or table; empty if none names it."""
    cells = ("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code")
    found = next((code for code in cells if f'"{name}"' in code), "")
    return f"\nCell:\n{found}" if found else ""


def describe_run(crate: ROCrate, folder: Path) -> Any:
    """Say what made the results of a run: which code, with which settings, from which data."""
    if not folder.exists():  # of an edition that is not the reference
        return add(crate, f"#results-{folder.name}", "CreativeWork", name=folder.name)
    about = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    scores = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    data, made = about["data"], about["made_with"]
    measured = add(
        crate,
        f"#accuracy-{folder.name}",
        "PropertyValue",
        name="accuracy of the test images, with its 95 % interval",
        value=scores["accuracy"],
        minValue=scores["accuracy_low"],
        maxValue=scores["accuracy_high"],
    )
    address = crate.get("#code").get("codeRepository")
    commit = crate.get("#code").get("identifier", "HEAD")
    results = add(
        crate,
        f"#results-{folder.name}",
        "CreativeWork",
        name=f"Results of the run {folder.name}",
        variableMeasured=measured,
        **({"url": f"{address}/tree/{commit}/reference/{folder.name}"} if address else {}),
    )
    code = add(
        crate,
        f"#training-{made['code']}",
        "SoftwareSourceCode",
        name=f"Training code of genre_lib {made['genre_lib']}",
        version=made["genre_lib"],
        identifier=made["code"],
    )
    source = add(
        crate,
        f"#data-{data['digest']}",
        "CreativeWork",
        name=data["name"],
        identifier=data["digest"],
    )
    add(
        crate,
        f"#run-{folder.name}",
        "CreateAction",
        name=f"Run {folder.name}",
        description=", ".join(f"{name}={about[name]}" for name in SHOWN),
        instrument=code,
        object=source,
        result=results,
    )
    return results


# Croissant


WORDS = (  # of Croissant 1.0
    "citeAs column equivalentProperty extract field fileProperty fileObject fileSet format "
    "includes isLiveDataset jsonPath key md5 parentField path recordSet references regex repeated "
    "replace samplingRate separator source subField transform"
).split()
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    **{word: f"cr:{word}" for word in WORDS},
}
TABLES = {  # what they hold, and where the repository has them
    "splits": ("The subset of each image in each reference run.", "reference/*/split.csv"),
    "predictions": (
        "The answer to each test image in each reference run, and the probability of each genre.",
        "reference/*/predictions.csv",
    ),
    "composed_corpus": (
        "The images of the tracks that `genre-book store synthetic FOLDER` composes, and the "
        "subset of each in the run that the package has.",
        "genre_lib/demonstration/split.csv",
    ),
}


def croissant(cited: Mapping[str, Any], address: str, runs: Path) -> dict[str, Any]:
    """The tables of a repository in the vocabulary Croissant 1.0."""
    repository = {
        "@type": "cr:FileObject",
        "@id": "repository",
        "name": "repository",
        "contentUrl": address,
        "encodingFormat": "git+https",
        "sha256": "main",
    }
    files: list[dict[str, Any]] = [repository]
    sets = []
    for name, (description, pattern) in TABLES.items():
        files.append(
            {
                "@type": "cr:FileSet",
                "@id": f"{name}-files",
                "name": f"{name}-files",
                "containedIn": {"@id": "repository"},
                "encodingFormat": "text/csv",
                "includes": pattern,
            }
        )
        with next(runs.parent.glob(pattern)).open(encoding="utf-8") as file:
            columns = next(csv.reader(file))
        fields = [field(name, column, {"extract": {"column": column}}) for column in columns]
        run = {"extract": {"fileProperty": "fullpath"}, "transform": {"regex": ".*/([^/]+)/[^/]+$"}}
        fields.append(field(name, "run", run))
        sets.append(
            {
                "@type": "cr:RecordSet",
                "@id": name,
                "name": name,
                "description": description,
                "field": fields,
            }
        )
    about = software(cited, address)
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": "genre-book",
        "description": f"Splits and predictions of: {cited['title']}",
        "url": address,
        "citeAs": bibtex(cited, address),
        "creator": about["author"],
        **{key: about[key] for key in ("version", "license", "datePublished", "keywords")},
        "distribution": files,
        "recordSet": sets,
    }


def field(table: str, column: str, source: Mapping[str, Any]) -> dict[str, Any]:
    """One column of a table."""
    kind = "Float" if column.startswith("p_") else "Integer" if column == "image" else "Text"
    return {
        "@type": "cr:Field",
        "@id": f"{table}/{column}",
        "name": column,
        "dataType": f"sc:{kind}",
        "source": {"fileSet": {"@id": f"{table}-files"}, **source},
    }


def setup(app: Sphinx) -> dict[str, Any]:
    """Sphinx calls this, because ``_config.yml`` names the module among the extensions."""
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
