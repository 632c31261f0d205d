"""One claim has one verdict, wherever the book speaks of it."""

import ast
import json
import re
from pathlib import Path

import jupytext
import pytest
from test_notebooks import prose

from genre_lib.book.references import stored_runs
from genre_lib.claims import CLAIMS, SCALES, judged

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))
TEXTS = [*sorted((ROOT / "book").glob("*.md")), ROOT / "README.md"]

# Sentences of pages that say what a claim's verdict says: the page, the name under which the
# sentence is checked, and the claims that its condition must read.
SHARED = {
    ("ingredients", "attention_is_open"): {"attention_helps"},
    ("ingredients", "none_is_settled"): {
        "hybrid_beats_cnn", "augmentation_helps", "attention_helps", "lstm_helps",
        "smoothing_helps", "cutmix_helps", "schedule_helps",
    },
    ("claims", "not_general"): {"strong_generalization", "minimal_overfitting", "robust_artists"},
    ("claims", "genres_change"): {"genre_profile"},
    ("claims", "overlap_is_open"): {"rock_country_overlap"},
}  # fmt: skip


def words(path: Path) -> str:
    return prose(path) if path.suffix == ".py" else path.read_text(encoding="utf-8")


def published() -> list[tuple[str, str, str]]:
    """Page, claim and verdict wherever an executed page of the book shows one."""
    found = []
    for page in sorted((ROOT / "book").glob("*.ipynb")):
        for cell in json.loads(page.read_text(encoding="utf-8"))["cells"]:
            for output in cell.get("outputs", []):
                data = output.get("data", {})
                name = output.get("metadata", {}).get("scrapbook", {}).get("name", "")
                if name.startswith("verdict_"):
                    text = "".join(data["application/papermill.record/text/plain"]).strip("'")
                    found.append((page.stem, name.removeprefix("verdict_"), text))
                html = "".join(data.get("text/html", ""))
                rows = re.findall(r'<tr id="claim-(\w+)"[^>]*data-verdict="([^"]+)"', html)
                found += [(page.stem, key, text.split(": ")[-1]) for key, text in rows]
    return found


def test_published_pages_agree_about_every_verdict_with_each_other_and_with_print():
    """What print alone decides is judged here, too; what runs decide, by the slow test below."""
    shown = published()
    verdicts = {key: verdict for page, key, verdict in shown if page == "claims"}
    assert set(verdicts) == set(CLAIMS)
    verdicts |= {key: judged(key, {}).verdict for key in CLAIMS if CLAIMS[key].module != "trained"}
    assert [item for item in shown if verdicts.get(item[1]) != item[2]] == []


@pytest.mark.slow
def test_every_verdict_that_a_published_page_shows_is_that_of_the_one_function():
    runs = stored_runs()
    verdicts = {key: judged(key, runs).verdict for key in CLAIMS}
    assert [item for item in published() if verdicts.get(item[1]) != item[2]] == []


def test_no_page_types_a_verdict():
    """Their words stand on the ledger's page, which explains them; elsewhere they are glued."""
    typed = {word for scale in SCALES.values() for word in scale} - {"consistent", "inconsistent"}
    typed -= {"reproduced"}  # an ordinary word, too
    for path in (*NOTEBOOKS, *TEXTS):
        text = re.sub(r"\{glue:\w+\}`[^`]*`", "", words(path))
        if path.stem != "claims":
            assert not [word for word in typed if re.search(rf"\b{word}\b", text)], path.name
        glued = re.findall(r"`(?:\w+\.ipynb::)?verdict_(\w+)`", words(path))
        assert set(glued) <= set(CLAIMS), path.name


def test_a_sentence_about_a_claim_is_checked_by_its_verdict():
    for page, name in SHARED:
        cells = jupytext.read(ROOT / "notebooks" / f"{page}.py").cells
        code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
        lists = {
            node.targets[0].id: ast.unparse(node.value)
            for node in ast.walk(ast.parse(code))
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }
        (condition,) = [
            ast.unparse(keyword.value)
            for node in ast.walk(ast.parse(code))
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "statements"
            for keyword in node.keywords
            if keyword.arg == name
        ]
        assert "verdict" in condition
        named = condition + "".join(text for key, text in lists.items() if key in condition)
        assert all(f"'{key}'" in named for key in SHARED[page, name]), name
