"""The process of `genre-book`: a signal ends it in one sentence, from its first moment on."""

import gc
import os
import signal
import sys
import warnings
from collections.abc import Callable

SIGNALS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated", signal.SIGHUP: "hung up"}
RESUMED = ("build", "references", "run", "train")  # commands that go on from what is complete


def main() -> None:
    """Run the command line in a process of its own, and end that, whatever its threads do."""
    on_signals(lambda number, _: leave(128 + number))  # while modules load, nothing is written
    gc.set_threshold(10_000)  # of all that they make, hardly anything is garbage
    if sys.argv[1:2] == ["predict"]:  # threads take longer to start than they save for a window
        os.environ.setdefault("OMP_NUM_THREADS", "1")
    # What joblib has to say of tasks that an error ended is no news.
    warnings.filterwarnings("ignore", r"\d+ tasks which were still being processed")
    from genre_lib import cli

    on_signals(cli.end)
    leave(cli.answer())


def on_signals(handler: Callable[[int, object], None]) -> None:
    """Handle the signals that are not ignored."""
    for number in SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, handler)


def leave(code: int) -> None:
    """End the process at once; threads of C++ that Python stops would abort it."""
    if said := {128 + number: word for number, word in SIGNALS.items()}.get(code):
        if sys.argv[1:] and sys.argv[1] in RESUMED:
            said += "; the same command goes on from what is complete"
        print(f"\ngenre-book: {said}.", file=sys.stderr, flush=True)
    os._exit(code)


if __name__ == "__main__":
    main()
