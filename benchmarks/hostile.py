"""Hostile input: whatever is wrong with a file or a value, the answer is one sentence.

Usage: python -m benchmarks.hostile --help
"""

from __future__ import annotations

import contextlib
import io
import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import soundfile
import torch
import typer
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from tqdm import tqdm

from genre_lib import cli
from genre_lib.book.editions import single_settings
from genre_lib.config import SECTION_OF, UserError, configure

OUTCOMES = ("refused in one sentence", "accepted", "refused without", "tracebacks", "crashes")
NOTEBOOK = "notebook.yml"
SLOW = 10  # seconds
LIMIT = 60  # seconds; what takes longer is killed, and counts as a crash
SONGS = tuple(f"songs/song.{suffix}" for suffix in ("wav", "flac", "mp3", "ogg", "au", "aiff"))
SMALL = "-p seconds=1 -p sample_rate=8000 -p fmax=4000 -p n_mels=16"
TRAIN = "train --corpus {here}/store --profile smoke -p images_per_track=2 -p batch_size=4"
PREDICT = "predict songs/song.wav --weights {run}"
AUDIT = "audit --corpus {here}/store"
# What is spoiled, and the commands that are driven with it.
KINDS: dict[str, tuple[str, ...]] = {
    "songs/*": ("predict {file} --weights {run}",),
    "music/*/*": tuple(f"store music made --on-error {it} {SMALL}" for it in ("stop", "skip")),
    "store/*/*.png": (AUDIT,),
    "store/*.*": (AUDIT, f"{TRAIN} -p method=nearest"),
    "split.csv": (f"{AUDIT} --split {{file}}", f"{TRAIN} --split {{file}} -p method=nearest"),
    "runs/*/*.csv": (TRAIN, PREDICT),
    "runs/*/*.json": (TRAIN, PREDICT),
    "runs/*/*.safetensors": (PREDICT,),
    "data/archive.zip": (f"audit --corpus gtzan {SMALL}",),
    "_toc.yml": ("run nothing",),
    NOTEBOOK: ("configure",),
    "a parameter": (f"{TRAIN} -p {{parameter}}",),
}
ODD = st.sampled_from(["1e-400", "nan", "blues", "a\n", "$x_$", "音楽", "x" * 5000, 10**30])
SINGLE = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | ODD
ANYTHING = SINGLE | st.lists(SINGLE, max_size=2) | st.dictionaries(ODD, SINGLE, max_size=2)
CHECKS = list(HealthCheck)  # of Hypothesis, for which a file is a large input
SIZES = (b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x7f\xff\xff\xff", b"\0\0\0\0", b"\0\0\0\1")


def spoil_bytes(data: bytes, rng: random.Random) -> bytes:
    """Spoil up to three places, half of them near the beginning."""
    for _ in range(rng.randint(1, 3)):
        end = len(data) if rng.random() < 0.5 else min(128, len(data))
        one, two = sorted((rng.randint(0, end), rng.randint(0, end)))
        before, part, after = data[:one], data[one:two], data[two:]
        ways = {
            "cut": before,
            "drop": before + after,
            "repeat": before + part + part + after,
            "swap": before + after + part,
            "noise": before + rng.randbytes(len(part)) + after,
            "flip": before + bytes(byte ^ 1 << rng.randrange(8) for byte in part) + after,
            "size": before + rng.choice(SIZES) + data[one + 4 :],
        }
        data = rng.choice(list(ways.values()))
    return data


@st.composite
def spoiled_values(draw: st.DrawFn, value: Any) -> Any:
    """Nested dictionaries and lists of which one value is replaced, removed or renamed."""
    if not value or not isinstance(value, dict | list) or draw(st.integers(0, 9)) == 9:
        return draw(ANYTHING)
    items = list(value.items() if isinstance(value, dict) else enumerate(value))
    key, old = items.pop(at := draw(st.integers(0, len(items) - 1)))
    if way := draw(st.integers(0, 9)):
        items.insert(at, (f"{key}s", old) if way == 9 else (key, draw(spoiled_values(old))))
    return dict(items) if isinstance(value, dict) else [it for _, it in items]


@st.composite
def cases(draw: st.DrawFn, base: Path) -> dict[str, Any]:
    """One input: a command, and a value or a file that is spoiled by its format or in its bytes."""
    pattern = draw(st.sampled_from(list(KINDS)))
    chosen = {"pattern": pattern, "command": draw(st.sampled_from(KINDS[pattern]))}
    if not (files := sorted(base.glob(pattern))):
        value = str(draw(ANYTHING)).replace("\0", "")
        return chosen | {"parameter": f"{draw(st.sampled_from(list(SECTION_OF)))}={value}"}
    file = draw(st.sampled_from(files))
    data = file.read_bytes()
    match file.suffix if file.name == NOTEBOOK or draw(st.integers(0, 9)) < 6 else "bytes":
        case ".json":
            data = json.dumps(draw(spoiled_values(json.loads(data)))).encode()
        case ".yml":
            data = yaml.safe_dump(draw(spoiled_values(yaml.safe_load(data)))).encode()
        case ".csv":  # sometimes one row or none is left below the names
            rows = [line.split(",") for line in data.decode().splitlines()]
            rows = rows[: draw(st.sampled_from((None, None, 2, 1)))]
            row = draw(spoiled_values(rows.pop(at := draw(st.sampled_from((0, -1))))))
            rows.insert(at, row if isinstance(row, list) else [row])
            data = "\n".join(",".join(map(str, row)) for row in rows).encode()
        case _:
            data = spoil_bytes(data, draw(st.randoms(use_true_random=True)))
    return chosen | {"file": str(file.relative_to(base)), "content": data}


def call(words: list[str]) -> tuple[str, str]:
    """Give a command as a shell would: one of `OUTCOMES`, and what is said on standard error."""
    code, errors, sys.argv = 0, io.StringIO(), ["genre-book", *words]
    with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(io.StringIO()):
        try:
            if words == ["configure"]:  # what a notebook does with papermill's parameters
                configure(overrides=yaml.safe_load(Path(NOTEBOOK).read_text("utf-8")))
            else:
                code = cli.answer()
        except UserError as error:
            return OUTCOMES[0], str(error)
        except BaseException:
            return OUTCOMES[3], traceback.format_exc(limit=-2)
    said = errors.getvalue().strip()
    told = code == 2 or "\ngenre-book: " in f"\n{said}"
    return OUTCOMES[1] if not code else OUTCOMES[0] if told else OUTCOMES[2], said


def work_in(folder: Path) -> None:
    """Let this process read and write there, and nowhere else."""
    os.chdir(folder)
    for name in ("DATA", "CACHE", "RUNS", "REFERENCE"):
        os.environ[f"GENRE_{name}"] = str(folder / name.lower())
    os.environ |= {"GENRE_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": "", "GENRE_ON_ERROR": ""}


def attempt(base: Path, chosen: dict[str, Any]) -> tuple[str, float, list[str], str]:
    """Try one input in a copy of a folder: the outcome, seconds, files left behind, what is said.

    A store that is complete may stay for the next command, whatever becomes of this one.
    """
    with tempfile.TemporaryDirectory() as name:
        here = Path(name).resolve() / "here"  # elsewhere each time: stores are remembered by path
        shutil.copytree(base, here)
        work_in(here)
        known = chosen | {"here": here, "run": next(Path("runs").iterdir())}
        if "file" in known:
            Path(known["file"]).write_bytes(known["content"])
        words = [word.format_map(known) for word in known["command"].split()]
        before, started = set(here.rglob("*")), time.monotonic()
        signal.alarm(LIMIT)
        outcome, said = call(words)
        signal.alarm(0)
        seconds = time.monotonic() - started
        new = [str(it) for it in set(here.rglob("*")) - before if it.is_file()]
        os.chdir(base)
    expected = "" if outcome == "accepted" else "/stores/"
    left = [it for it in new if it.endswith((".part", ".lock")) or expected not in it]
    return outcome, seconds, left, f"{' '.join(words)[:200]}\n{said}"


def lay_out(base: Path) -> None:
    """Fill a folder with small good files of every kind."""
    torch.set_num_threads(1)
    work_in(base)
    rng = np.random.default_rng(0)
    music = [f"music/{genre}/{i}.flac" for genre in ("blues", "rock") for i in range(4)]
    for file in (*SONGS, *music):
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(file, rng.uniform(-0.5, 0.5, 12_000), 8000)
    shutil.make_archive("data/archive", "zip", "music")
    Path("notebooks").mkdir()
    Path("_toc.yml").write_text("parts: [{chapters: [{file: one}, {file: two}]}]")
    Path(NOTEBOOK).write_text(yaml.safe_dump(single_settings(configure())))
    for command in (f"store music store {SMALL}", TRAIN.format(here=base)):
        outcome, said = call(command.split())
        assert outcome == "accepted", said
    tracks = pd.read_csv("store/index.csv")[["track_id"]]
    tracks.assign(subset=["train", "validation", "test", "train"] * 2).to_csv("split.csv")


def main(
    count: Annotated[int, typer.Option(min=1, help="How many inputs are tried.")] = 1000,
    seed: Annotated[int, typer.Option(help="Of what is wrong with them.")] = 0,
) -> None:
    """Try mutated files and odd values with each command, and count what comes of them.

    They are tried one after the other in a process beside this one, which may crash.

    Example: python -m benchmarks.hostile --count 100 --seed 1
    """
    rows, faults, spawn = [], [], multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as name, tqdm(total=count, disable=None) as bar:
        base, worker = Path(name).resolve(), ProcessPoolExecutor(1, spawn)
        worker.submit(lay_out, base).result()

        @seeded(seed)
        @settings(max_examples=count, database=None, deadline=None, suppress_health_check=CHECKS)
        @given(cases(base))
        def try_one(chosen: dict[str, Any]) -> None:
            nonlocal worker
            try:
                outcome, seconds, left, said = worker.submit(attempt, base, chosen).result()
            except BrokenProcessPool:
                outcome, seconds, left, said = OUTCOMES[4], 0.0, [], chosen["command"]
                worker = ProcessPoolExecutor(1, spawn)
            found = {name: int(name == outcome) for name in OUTCOMES}
            found |= {f"over {SLOW} s": int(seconds > SLOW), "files left behind": len(left)}
            rows.append(pd.Series({"tried": 1} | found, name=chosen["pattern"]))
            if any(list(found.values())[2:]):
                faults.append(f"\ninput {len(rows)}: {outcome}, {seconds:.1f} s {left}\n{said}")
            bar.update()

        try_one()
        worker.shutdown()
    table = pd.DataFrame(rows).groupby(level=0, sort=False).sum()
    table.loc["all"] = table.sum()
    typer.echo("\n".join([table.to_string(), *faults]))
    raise typer.Exit(bool(faults))


if __name__ == "__main__":
    typer.run(main)
