"""Seconds until a live instrument of the explorer answers a change.

Usage: python -m benchmarks.explorer --help
"""

from __future__ import annotations

import contextlib
import io
import json
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import ipywidgets
import numpy as np
import typer
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel
from tqdm import tqdm

from benchmarks import machine
from genre_lib import explorer
from genre_lib.corpus.synthetic.songs import load_song

ROOT = Path(__file__).parents[1]  # where a kernel finds this module
LIMIT = 0.3  # seconds, from a change to its picture
DEFAULT = {"n_fft": 2048, "n_mels": 128, "hop_length": 512}
DEAREST = {"n_fft": 4096, "n_mels": 256, "hop_length": 512}  # longer windows show less of the sound
# Two values that take turns, so that every round is a change.
TURNS = {"hop_length": (528, 512), "top_db": (79, 80), "fmin": (10, 0)}

Work = dict[str, Callable[[int], float]]


def controls_of(widget: ipywidgets.Widget) -> dict[str, ipywidgets.Widget]:
    """All controls of an instrument, by their label."""
    found: dict[str, ipywidgets.Widget] = {}
    for child in getattr(widget, "children", ()):
        found |= controls_of(child)
        if getattr(child, "description", ""):
            found[child.description] = child
    return found


def shown_by(instrument: ipywidgets.Widget) -> list[ipywidgets.HTML]:
    """What an instrument shows: an alert, and its pictures."""
    texts = [child for child in instrument.children if isinstance(child, ipywidgets.HTML)]
    return [text for text in texts if text.layout.display != "none"]  # which styles have


def seconds_of_change(instrument: ipywidgets.Widget, label: str, value: Any) -> float:
    """Set a control, and wait for another picture, as a plain program does."""
    control = controls_of(instrument)[label]
    before = [text.value for text in shown_by(instrument)]
    start = time.perf_counter()
    control.value = value
    seconds = time.perf_counter() - start
    alert, *pictures = [text.value for text in shown_by(instrument)]
    assert not alert, alert
    assert pictures != before[1:], f"{label} = {value} changes nothing"
    return seconds


def plain_redraw(audio: np.ndarray, *, n_fft: int, hop_length: int, n_mels: int) -> None:
    """The picture as a few lines with librosa and matplotlib give it."""
    import librosa
    from matplotlib.figure import Figure

    mel = librosa.feature.melspectrogram(
        y=audio, sr=22050, n_fft=n_fft, hop_length=hop_length, n_mels=n_mels
    )
    decibels = librosa.power_to_db(mel, ref=np.max)
    figure = Figure(figsize=(6.4, 2.4), dpi=100)
    axes = figure.subplots()
    image = librosa.display.specshow(
        decibels, sr=22050, n_fft=n_fft, hop_length=hop_length, x_axis="time", y_axis="mel", ax=axes
    )
    figure.colorbar(image, ax=axes, format="%+2.0f dB")
    figure.savefig(io.BytesIO(), format="png")


class Notebook:
    """A kernel that holds an instrument, talked to in the messages that a browser sends."""

    def __init__(self, client: BlockingKernelClient, call: str) -> None:
        self.client = client
        listing = (
            "import json; from benchmarks.explorer import controls_of, shown_by;"
            "print(json.dumps([{k: w.model_id for k, w in controls_of(instrument).items()},"
            "[w.model_id for w in shown_by(instrument)]]))"
        )
        self.run(f"from genre_lib import explorer; instrument = explorer.{call}")
        self.controls, self.shown = json.loads(self.run(listing))

    def run(self, code: str) -> str:
        """Run code in the kernel; returns what it printed."""
        printed = []

        def hear(message: dict) -> None:
            if message["msg_type"] == "stream":
                printed.append(message["content"]["text"])

        reply = self.client.execute_interactive(code, output_hook=hear, timeout=120)
        assert reply["content"]["status"] == "ok", reply["content"]
        return "".join(printed)

    def send(self, label: str, value: Any) -> None:
        """Move a control, as a browser does."""
        data = {"method": "update", "state": {"value": value}, "buffer_paths": []}
        content = {"comm_id": self.controls[label], "data": data}
        self.client.shell_channel.send(self.client.session.msg("comm_msg", content))

    def answers(self, *, quiet: float) -> Iterator[tuple[int, str]]:
        """Which of the texts is shown anew, and the text, until the kernel is quiet (seconds)."""
        import queue

        with contextlib.suppress(queue.Empty):
            while True:
                content = self.client.get_iopub_msg(timeout=quiet)["content"]
                data = content.get("data", {})
                if content.get("comm_id") in self.shown and data.get("method") == "update":
                    text = data["state"].get("value")
                    if text is not None:
                        yield self.shown.index(content["comm_id"]), text

    def seconds_of_change(self, label: str, value: Any) -> float:
        """From the message to the arrival of another picture."""
        start = time.perf_counter()
        self.send(label, value)
        place, text = next(self.answers(quiet=30))
        seconds = time.perf_counter() - start
        assert place > 0, text
        for _ in self.answers(quiet=0.2):
            pass
        return seconds


@contextlib.contextmanager
def notebook(call: str) -> Iterator[Notebook]:
    """A kernel in which an instrument was called, such as ``spectrogram()``."""
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(ROOT))
    try:
        yield Notebook(client, call)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def main(
    rounds: Annotated[int, typer.Option(min=1, help="Times each is timed; medians count.")] = 9,
    kernel: Annotated[bool, typer.Option(help="Also ask a Jupyter kernel, by messages.")] = True,
) -> None:
    """Time changes of controls, beside a redraw with librosa and matplotlib.

    The sides take turns in one process, and a first round, which is not timed, pays for imports
    and caches. A song is 30 s. With the kernel, what is timed starts with the message that a
    browser sends and ends with the arrival of the picture, so it includes the pause in which the
    instrument waits for further messages.

    Example: python -m benchmarks.explorer --rounds 20
    """
    audio = load_song("blues", 0, 0, 22050)
    default, dearest = explorer.spectrogram(), explorer.spectrogram()
    for name, value in DEAREST.items():
        controls_of(dearest)[name].value = value
    work: Work = {
        "plain redraw, default": lambda _: timed(lambda: plain_redraw(audio, **DEFAULT)),
        "plain redraw, dearest": lambda _: timed(lambda: plain_redraw(audio, **DEAREST)),
    }
    for side, instrument in {"default": default, "dearest": dearest}.items():
        change = partial(seconds_of_change, instrument)
        for label, two in TURNS.items():
            work[f"{side}: {label}"] = taking_turns(change, label, two)
    others = {"augmentation": explorer.augmentation(), "prediction": explorer.prediction()}
    controls_of(others["prediction"])["genre"].value = "jazz"  # no song that the others have heard
    augmented = partial(seconds_of_change, others["augmentation"])
    work |= {
        "another song": song_changer(default),
        "augmentation: seed": taking_turns(augmented, "seed", (1, 2)),
        "prediction: another song": song_changer(others["prediction"]),
    }
    seconds = measure(work, rounds)
    if kernel:
        with notebook("spectrogram()") as page:
            for side, settings in {"default": DEFAULT, "dearest": DEAREST}.items():
                for name, value in settings.items():
                    page.run(f"controls_of(instrument)[{name!r}].value = {value}")
                asked = {
                    f"kernel, {side}: {label}": taking_turns(page.seconds_of_change, label, two)
                    for label, two in TURNS.items()
                }
                seconds |= measure(asked, rounds)
    machine.tell("numpy", "librosa", "matplotlib", "ipywidgets", "ipykernel")
    for name, values in seconds.items():
        median, side = statistics.median(values), "dearest" if "dearest" in name else "default"
        against = statistics.median(seconds[f"plain redraw, {side}"]) / median
        verdict = "" if name.startswith("plain") else f", {against:.1f} times as fast as plain"
        slow = "" if median <= LIMIT or name.startswith("plain") else "  TOO SLOW"
        typer.echo(f"{name:<28}{median:.3f} s (at most {max(values):.3f} s){verdict}{slow}")
    typer.echo(f"limit                       {LIMIT:.1f} s")


def timed(work: Callable[[], None]) -> float:
    """Seconds that some work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def taking_turns(
    change: Callable[[str, Any], float], label: str, two: tuple[Any, Any]
) -> Callable[[int], float]:
    """Change a control to one of two values, by the number of the round."""
    return lambda turn: change(label, two[turn])


def song_changer(instrument: ipywidgets.Widget) -> Callable[[int], float]:
    """Each time another song, which has to be composed."""
    number = controls_of(instrument)["song"]
    return lambda _: seconds_of_change(instrument, "song", (number.value + 1) % (number.max + 1))


def measure(work: Work, rounds: int) -> dict[str, list[float]]:
    """Let all take turns; the first round is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in work}
    for turn in tqdm(range(rounds + 1), unit="round", desc="one to warm up, then timed"):
        for name, change in work.items():
            seconds[name].append(change(turn % 2))
    return {name: values[1:] for name, values in seconds.items()}


if __name__ == "__main__":
    typer.run(main)
