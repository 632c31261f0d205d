"""A tiny project with two notebooks, and a store of noise, that several test modules share."""

import json

import numpy as np
import pytest
from PIL import Image

from genre_lib.book import editions as book

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
def noise(tmp_path_factory):
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
    for name in ("CACHE", "REFERENCE", "EDITION"):  # executing a notebook sets them
        monkeypatch.setenv(f"GENRE_{name}", "")
    return root


@pytest.fixture
def add_cell(project):
    """A function that adds a cell of code or text to a notebook."""

    def add(name: str, text: str, *, kind: str = "") -> None:
        source = project / "notebooks" / f"{name}.py"
        source.write_text(f"{source.read_text()}\n# %%{kind}\n{text}\n")

    return add
