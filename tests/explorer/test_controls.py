"""Answers to controls: once for many changes, with the newest values, and never a traceback."""

import asyncio
import time

import ipywidgets as widgets
import pytest

from genre_lib.config import UserError
from genre_lib.explorer.controls import PAUSE, Answering


@pytest.fixture
def number():
    return widgets.IntText(0)


@pytest.fixture
def output():
    return widgets.HTML()


def test_without_a_loop_every_change_is_answered_at_once_and_to_the_end(number, output):
    Answering(lambda: ([f"{number.value}.{part}"] for part in range(2000)), [output], [number])
    assert output.value == "0.1999"
    for value in (3, 4):
        number.value = value
        assert output.value == f"{value}.1999"


def test_many_changes_in_a_loop_are_one_answer(number, output):
    drawn = []

    def draw():
        drawn.append(number.value)
        yield [f"{number.value}"]

    async def drag() -> None:
        Answering(draw, [output], [number])
        for value in range(1, 50):
            number.value = value
        assert drawn == [0]
        await asyncio.sleep(4 * PAUSE)

    asyncio.run(drag())
    assert drawn == [0, 49]
    assert output.value == "49"


def test_messages_that_wait_while_an_answer_is_made_are_one_answer(number, output):
    """A hand that moves all the time gets pictures meanwhile, and none of an old value."""
    drawn = []

    def draw():
        drawn.append(number.value)
        time.sleep(0.1)
        yield [f"{number.value}"]

    async def drag() -> None:
        Answering(draw, [output], [number])
        begin = asyncio.get_running_loop().time()
        value = 0
        while asyncio.get_running_loop().time() < begin + 1:
            value += 1
            number.value = value
            await asyncio.sleep(0.005)
        await asyncio.sleep(4 * PAUSE + 0.2)
        assert output.value == str(value)

    asyncio.run(drag())
    assert 3 < len(drawn) < 12


def test_a_change_abandons_the_rest_of_an_answer(number, output):
    shown = []
    output.observe(lambda change: shown.append(change.new), "value")

    def draw():
        for part in range(5):
            yield [f"{number.value}.{part}"]

    async def change() -> None:
        Answering(draw, [output], [number])
        number.value = 1
        await asyncio.sleep(20 * PAUSE)

    asyncio.run(change())
    assert shown == ["0.0", "1.0", "1.1", "1.2", "1.3", "1.4"]


def test_an_error_is_one_sentence_and_empties_what_was_shown(number, output):
    sentences = {
        "&lt;Too&gt; much.": UserError("<Too> much."),
        "This cannot be shown (RuntimeError: a).": RuntimeError("a\nb"),
        "This cannot be shown (MemoryError).": MemoryError(),
    }
    errors = list(sentences.values())

    def draw():
        if number.value % 2:
            raise errors[number.value // 2]
        yield ["shown"]

    alert = Answering(draw, [output], [number]).alert
    for place, sentence in enumerate(sentences):
        assert (output.value, alert.value) == ("shown", "")
        number.value = 2 * place + 1
        assert output.value == ""
        assert alert.value == f'<p class="mel-alert" role="alert">{sentence}</p>'
        number.value = 2 * place + 2


def test_what_drawing_does_to_the_controls_is_no_change(number, output):
    drawn = []

    def draw():
        drawn.append(number.value)
        number.value = min(number.value, 10)
        yield [f"{number.value}"]

    Answering(draw, [output], [number])
    number.value = 99
    assert drawn == [0, 99]
    assert output.value == "10"
