"""Answers to controls: once for many changes, with the newest values, and never a traceback."""

import asyncio
import time

import ipywidgets as widgets
import pytest

from genre_lib.config import UserError
from genre_lib.explorer.live import PAUSE, live


@pytest.fixture
def number():
    return widgets.IntText(0)


def texts(instrument):
    return [text.value for text in instrument.children[-3:]]


def test_without_a_loop_every_change_is_answered_at_once(number):
    instrument = live(lambda: (f"{number.value}", "sound"), widgets.HBox([number]))
    assert texts(instrument) == ["", "0", "sound"]
    for value in (3, 4):
        number.value = value
        assert texts(instrument) == ["", f"{value}", "sound"]


def test_changes_that_wait_are_one_answer_and_a_moving_hand_gets_pictures_meanwhile(number):
    drawn = []

    def draw():
        drawn.append(number.value)
        time.sleep(0.1)
        return f"{number.value}", ""

    async def drag() -> None:
        instrument = live(draw, number)
        for value in range(1, 50):
            number.value = value
        assert drawn == [0]
        await asyncio.sleep(4 * PAUSE)
        assert drawn == [0, 49]
        begin = asyncio.get_running_loop().time()
        while asyncio.get_running_loop().time() < begin + 1:
            number.value += 1
            await asyncio.sleep(0.005)
        await asyncio.sleep(4 * PAUSE + 0.2)
        assert texts(instrument)[1] == str(number.value)

    asyncio.run(drag())
    assert 4 < len(drawn) < 14


def test_an_error_is_one_sentence_and_empties_what_was_shown(number):
    sentences = {
        "&lt;Too&gt; much.": UserError("<Too> much."),
        "This cannot be shown (RuntimeError: a).": RuntimeError("a\nb"),
        "This cannot be shown (MemoryError).": MemoryError(),
    }
    errors = list(sentences.values())

    def draw():
        if number.value % 2:
            raise errors[number.value // 2]
        return "shown", "heard"

    instrument = live(draw, number)
    for place, sentence in enumerate(sentences):
        assert texts(instrument) == ["", "shown", "heard"]
        number.value = 2 * place + 1
        alert = f'<p class="mel-alert" role="alert">{sentence}</p>'
        assert texts(instrument) == [alert, "", ""]
        number.value = 2 * place + 2
