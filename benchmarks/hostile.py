"""Hostile input: whatever is wrong with a file or a value, the answer is one sentence.

Usage: python -m benchmarks.hostile --help
"""

from __future__ import annotations

import contextlib
import io
import json
import math
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
ODD = [None, True, -1, 0, 1.5, 2, 1e308, math.nan, 10**30, "1e-400", "", "nan", "blues", "a\n",
       "$x_$", "音楽", "x" * 5000, [], [1], {}, {"a": 1}]  # fmt: skip
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


def spoil_value(value: Any, rng: random.Random) -> Any:
    """Replace, remove or rename one value somewhere in nested dictionaries and lists."""
    if not value or not isinstance(value, dict | list) or rng.random() < 0.1:
        return rng.choice(ODD)
    changed = value.copy()
    key = rng.choice(list(value)) if isinstance(value, dict) else rng.randrange(len(value))
    old = changed.pop(key)
    if isinstance(changed, list):
        changed.insert(key, spoil_value(old, rng))
    elif rng.random() < 0.8:
        changed[key] = spoil_value(old, rng)
    elif rng.random() < 0.5:
        changed[f"{key}s"] = old
    return changed


def spoil_table(text: str, rng: random.Random) -> str:
    """Spoil a cell, a column or its name; sometimes the first rows or none are left."""
    table = pd.read_csv(io.StringIO(text), dtype=str)[: rng.choice((None, None, 1, 0))]
    columns = spoil_value(table.to_dict("list"), rng)
    if not isinstance(columns, dict):
        return str(columns)
    cells = {
        n: it if isinstance(it, list) and len(it) == len(table) else str(it)
        for n, it in columns.items()
    }
    return pd.DataFrame(cells, index=table.index).to_csv(index=False)


def spoil(file: Path, rng: random.Random) -> None:
    """Spoil what a file says by its format, or else its bytes."""
    data = file.read_bytes()
    match file.suffix if rng.random() < 0.6 or file.name == NOTEBOOK else "bytes":
        case ".json":
            data = json.dumps(spoil_value(json.loads(data), rng)).encode()
        case ".yml":
            data = yaml.safe_dump(spoil_value(yaml.safe_load(data), rng)).encode()
        case ".csv":
            data = spoil_table(data.decode(), rng).encode()
        case _:
            data = spoil_bytes(data, rng)
    file.write_bytes(data)


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


def attempt(base: Path, number: int, seed: int) -> tuple[str, float, list[str], str]:
    """Try one input in a copy of a folder: the outcome, seconds, files left behind, what is said.

    A store that is complete may stay for the next command, whatever becomes of this one.
    """
    rng, pattern = random.Random(f"{seed} {number}"), list(KINDS)[number % len(KINDS)]
    with tempfile.TemporaryDirectory() as name:
        here = Path(name).resolve() / "here"  # elsewhere each time: stores are remembered by path
        shutil.copytree(base, here)
        work_in(here)
        known = {"here": str(here), "run": str(next(Path("runs").iterdir()))}
        known["parameter"] = f"{rng.choice(list(SECTION_OF))}={rng.choice(ODD)}"
        if files := sorted(Path().glob(pattern)):
            known["file"] = str(rng.choice(files))
            spoil(Path(known["file"]), rng)
        words = [word.format_map(known) for word in rng.choice(KINDS[pattern]).split()]
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
    for file in (
        *SONGS,
        *(f"music/{genre}/{i}.flac" for genre in ("blues", "rock") for i in range(4)),
    ):
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
    with tempfile.TemporaryDirectory() as name:
        base, worker = Path(name).resolve(), ProcessPoolExecutor(1, spawn)
        worker.submit(lay_out, base).result()
        for number in tqdm(range(count), "trying", disable=None):
            try:
                outcome, seconds, left, said = worker.submit(attempt, base, number, seed).result()
            except BrokenProcessPool:
                outcome, seconds, left, said = OUTCOMES[4], 0.0, [], ""
                worker = ProcessPoolExecutor(1, spawn)
            found = {name: int(name == outcome) for name in OUTCOMES}
            found |= {f"over {SLOW} s": int(seconds > SLOW), "files left behind": len(left)}
            rows.append(pd.Series({"tried": 1} | found, name=list(KINDS)[number % len(KINDS)]))
            if any(list(found.values())[2:]):
                faults.append(f"\ninput {number}: {outcome}, {seconds:.1f} s {left}\n{said}")
        worker.shutdown()
    table = pd.DataFrame(rows).groupby(level=0, sort=False).sum()
    table.loc["all"] = table.sum()
    typer.echo("\n".join([table.to_string(), *faults]))
    raise typer.Exit(bool(faults))


if __name__ == "__main__":
    typer.run(main)
