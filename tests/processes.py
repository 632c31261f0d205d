"""Runs in processes of their own, which die, wait or find the disk full when a test says so."""

import os
import signal
from pathlib import Path

import torch
import torch._dynamo  # an optimizer imports it, which takes longer than a whole run here

from genre_lib import augment, config, training
from genre_lib.config import RunSettings
from genre_lib.runs import get_run

augment.pipeline(RunSettings().augmentation)  # imports albumentations before processes fork


class Events:
    """Counts what a run does, and kills its process at a given number."""

    def __init__(self, kill_at: int | None) -> None:
        self.kill_at, self.count = kill_at, 0

    def happen(self) -> None:
        self.count += 1
        if self.count == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, function):
        def watched(*args, **kwargs):
            self.happen()
            result = function(*args, **kwargs)
            self.happen()
            return result

        return watched

    def open(self, path, mode):
        """Files whose writing can be cut short in the middle."""
        file = open(path, mode)  # noqa: SIM115 - the caller closes it
        write = file.write

        def in_halves(data):
            write(data[: len(data) // 2])
            file.flush()
            self.happen()
            write(data[len(data) // 2 :])

        file.write = in_halves
        return file


class Files:
    """`os` for a module, with renaming that is watched."""

    def __init__(self, events: Events) -> None:
        self.replace = events.around(os.replace)

    def __getattr__(self, name: str):
        return getattr(os, name)


def prepare(runs: Path) -> None:
    os.environ.update(GENRE_RUNS=str(runs), GENRE_DATA=str(runs))
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a parent may have had it ignored
    torch.set_num_threads(1)


def watch(kill_at: int | None) -> Events:
    """Have this process count batches, steps and the stages of every write."""
    events = Events(kill_at)
    training.make_batch = events.around(training.make_batch)
    training.mixed_loss = events.around(training.mixed_loss)
    training.validate = events.around(training.validate)
    training.load_checkpoint = events.around(training.load_checkpoint)
    training.save_checkpoint = events.around(training.save_checkpoint)
    config.open = events.open
    config.os = Files(events)
    return events


def run(settings: RunSettings, runs: Path, kill_at: int | None) -> None:
    """Make a run, or continue it; the number of events is left in a file."""
    prepare(runs)
    events = watch(kill_at)
    get_run(settings, progress=False)
    (runs.parent / f"{runs.name}.events").write_text(str(events.count))


def run_and_log(settings: RunSettings, runs: Path, log: Path, kill_at: int | None) -> None:
    """Make a run and note every epoch that this process trained, and what it reported."""
    prepare(runs)
    watch(kill_at)
    save, notice = training.save_checkpoint, config.notice

    def note(text: str) -> None:
        with open(log, "a") as file:
            file.write(text + "\n")

    def saved(*args, history, **values):
        note(f"epoch {len(history)} by {os.getpid()}")
        return save(*args, history=history, **values)

    def noticed(text):
        note(f"notice {os.getpid()}: {text}")
        notice(text)

    training.save_checkpoint, config.notice = saved, noticed
    get_run(settings, progress=False)
    note(f"read by {os.getpid()}")


def run_until_sigterm(settings: RunSettings, runs: Path, step: int) -> None:
    """Make a run that is asked to end while it makes the batch after some steps."""
    prepare(runs)
    make_batch, made = training.make_batch, []

    def asked(*args, **kwargs):
        if len(made) == step:
            os.kill(os.getpid(), signal.SIGTERM)
        made.append(1)
        return make_batch(*args, **kwargs)

    training.make_batch = asked
    get_run(settings, progress=False)
