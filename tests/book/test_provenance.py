"""Where figures and numbers come from, as data."""

import csv
import json
from pathlib import Path
from types import SimpleNamespace

import citing
import provenance
import pytest
from docutils import nodes
from rocrate.rocrate import ROCrate

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = "https://github.com/someone/some-book"
PRODUCTS = ["figures/dose.png", "figures/dose.svg", "tables/claims.csv"]


@pytest.fixture
def pages(tmp_path):
    """A book of one page that made a figure and the ledger from two runs, and its built pages."""
    runs = sorted(
        folder.name for folder in (ROOT / "reference").glob("track-[01]-????????????????")
    )
    notes = {"products": PRODUCTS, "parameters": {"seed": 0}, "runs": runs}
    cell = {"cell_type": "code", "source": ['figures.show("dose", draw(run))']}
    page = {"cells": [cell], "metadata": {"genre_book": notes}}
    for name in ("tables", "built/_images"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "page.ipynb").write_text(json.dumps(page))
    (tmp_path / "built" / "page.html").write_text("A page")
    (tmp_path / "built" / "_images" / "dose.svg").write_text("<svg/>")
    (tmp_path / "tables" / "claims.csv").write_text("key,verdict\na,b\n")
    (tmp_path / "CITATION.cff").write_bytes((ROOT / "CITATION.cff").read_bytes())
    return tmp_path


def write(pages, *, address="", commit=""):
    """Write the records; returns the crate as the library reads it."""
    app = SimpleNamespace(
        srcdir=pages,
        outdir=pages / "built",
        builder=SimpleNamespace(name="html"),
        env=SimpleNamespace(titles={"page": nodes.title(text="A page")}),
        config=SimpleNamespace(genre_repository=address, genre_commit=commit),
    )
    provenance.write(app, None)
    return ROCrate(pages / "built")


@pytest.mark.parametrize(("address", "commit"), [("", ""), (ADDRESS, "0123abc")])
def test_the_crate_says_from_which_run_code_and_data_a_figure_came(pages, address, commit):
    crate = write(pages, address=address, commit=commit)
    made = ("_images/dose.svg", "tables/claims.csv", "page.html")
    for name in made:
        assert (pages / "built" / name).is_file()
        (action,) = (
            each for each in crate.get_by_type("CreateAction") if each["result"].id == name
        )
        code, notebook = action["instrument"]
        assert code.get("identifier") == (commit or None)
        assert notebook.id == "_sources/page.ipynb"
        assert ("draw(run)" in action["description"]) == (name == "_images/dose.svg")
        results = action["object"]
        assert len(results) == 2
    runs = [each for each in crate.get_by_type("CreateAction") if each.id.startswith("#run-")]
    assert {run["result"].id for run in runs} == {each.id for each in results}
    for run in runs:
        folder = ROOT / "reference" / run.id.removeprefix("#run-")
        config = json.loads((folder / "config.json").read_text())
        scores = json.loads((folder / "metrics.json").read_text())
        assert run["instrument"]["identifier"] == config["made_with"]["code"]
        assert run["object"]["identifier"] == config["data"]["digest"]
        assert run["result"]["variableMeasured"]["value"] == scores["accuracy"]
        place = f"{address}/tree/{commit}/reference/{folder.name}"
        assert run["result"].get("url") == (place if address else None)
    assert "ledger" in crate.get("tables/claims.csv")["name"]


def test_everything_that_the_crate_refers_to_is_described_in_it(pages):
    write(pages)
    graph = json.loads((pages / "built" / provenance.CRATE).read_text())["@graph"]
    described = {entity["@id"] for entity in graph}
    for entity in graph:
        for key, values in entity.items():
            for value in values if isinstance(values, list) else [values]:
                if isinstance(value, dict) and key not in ("conformsTo", "license"):
                    assert value["@id"] in described, (entity["@id"], key)


def test_runs_of_another_edition_are_named(pages):
    notebook = pages / "page.ipynb"
    page = json.loads(notebook.read_text())
    page["metadata"]["genre_book"]["runs"] = ["0123456789abcdef"]
    notebook.write_text(json.dumps(page))
    result = write(pages).get("#execution-page")["object"]
    assert result["name"] == "0123456789abcdef"


def test_croissant_is_written_for_a_repository_whose_address_is_known(pages):
    write(pages)
    assert not (pages / "built" / provenance.CROISSANT).exists()
    write(pages, address=ADDRESS)
    found = json.loads((pages / "built" / provenance.CROISSANT).read_text())
    assert found["url"] == ADDRESS
    for table, (_, pattern) in zip(found["recordSet"], provenance.TABLES.values(), strict=True):
        (*columns, _) = (field["name"] for field in table["field"])
        for file in ROOT.glob(pattern):
            with file.open(encoding="utf-8") as lines:
                assert next(csv.reader(lines)) == columns, file


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # between the validator's own parts
def test_croissants_validator_reads_every_table():
    mlcroissant = pytest.importorskip("mlcroissant")
    record = provenance.croissant(citing.citation(ROOT), ADDRESS, ROOT / "reference")
    found = mlcroissant.Dataset(record, mapping={"repository": ROOT})
    issues = found.metadata.ctx.issues
    assert (issues.errors, issues.warnings) == (set(), set())
    for name in provenance.TABLES:
        first = next(iter(found.records(name)))
        run = first[f"{name}/run"].decode()
        assert run == "demonstration" or (ROOT / "reference" / run).is_dir()
        assert first[f"{name}/track_id"].decode().startswith("blues.")
