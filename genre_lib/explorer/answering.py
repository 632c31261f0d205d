"""Answers of a kernel to controls: the newest change counts, and a fault is a sentence."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from html import escape

import ipywidgets as widgets

from genre_lib.config import UserError

PAUSE = 0.03  # seconds, in which the other messages of a slider that is dragged arrive


class Answering:
    """Shows anew what some controls ask for.

    In a kernel, the messages of a slider that is dragged arrive one after the other, and one that
    is answered at once keeps the others waiting: the picture would lag behind the hand. So a
    message only sets its value. The first one asks for an answer a moment later, which is made for
    the values of then, and the messages that arrived meanwhile have all been heard. While the
    hand moves, pictures follow as fast as they are made, and the last one is of the last value.
    Where no event loop runs, as in a plain program, every change is answered at once.

    Parameters
    ----------
    draw
        Yields what is to be shown, one HTML text for each of the outputs. The last one stays.
        Between two of them, messages are heard, and a change abandons the rest.
    outputs
        What shows the texts. All of them are emptied where `draw` ends in an error.

    Attributes
    ----------
    alert
        Shows an error as one sentence, until an answer is found again.
    """

    def __init__(
        self, draw: Callable[[], Iterator[Sequence[str]]], outputs: Sequence[widgets.HTML]
    ) -> None:
        self.alert = widgets.HTML()
        self._draw, self._outputs = draw, outputs
        self._rest: Iterator[Sequence[str]] = iter(())
        self._changed = self._scheduled = self._drawing = False

    def watch(self, controls: Sequence[widgets.Widget]) -> None:
        """Answer now, and after each change of the controls' values."""
        for control in controls:
            control.observe(self.ask, "value")
        self._changed = True
        if self._step():
            self._go_on()

    def ask(self, *_: object) -> None:
        """Note that something has changed, and see that it is answered."""
        if self._drawing:  # it keeps sliders in their ranges, and has seen their values
            return
        self._changed = True
        self._go_on()

    def _go_on(self) -> None:
        if self._scheduled:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            while self._step():
                pass
        else:
            self._scheduled = True
            loop.call_later(PAUSE, self._wake)

    def _wake(self) -> None:
        self._scheduled = False
        if self._step():
            self._go_on()

    def _step(self) -> bool:
        """Show what comes next; tell whether there may be more."""
        if self._changed:
            self._changed, self._rest = False, self._draw()
        self._drawing = True
        try:
            self._show(next(self._rest))
        except StopIteration:
            return False
        except UserError as error:
            self._refuse(str(error))
            return False
        except Exception as error:  # in a callback, nobody would see it
            words = f"{type(error).__name__}: {error}".partition("\n")[0].removesuffix(": ")
            self._refuse(f"This cannot be shown ({words}).")
            return False
        finally:
            self._drawing = False
        return True

    def _show(self, texts: Sequence[str]) -> None:
        self.alert.value = ""
        for output, text in zip(self._outputs, texts, strict=True):
            output.value = text

    def _refuse(self, sentence: str) -> None:
        for output in self._outputs:
            output.value = ""
        self.alert.value = f'<p class="mel-alert" role="alert">{escape(sentence)}</p>'
