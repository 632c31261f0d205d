"""The pages in Firefox: they open without an error, and answer as they do in Chromium."""

import os

import pandas as pd
import pytest
import test_check_split
import test_own_song
from firefox import FIREFOXES, Firefox, find_firefox
from served import DESKTOP, PAGES, PHONE
from test_own_song import LIMITS, compare, song, write

from genre_lib.book.pdf import SETTLED
from genre_lib.predict import predict_file, read_trained
from genre_lib.splits import audit

pytestmark = pytest.mark.slow
SHOWN = "() => [...document.querySelectorAll('.claims-ledger tbody tr:not([hidden])')].length"


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    program = find_firefox()
    if program is None:
        message = f"No Firefox is installed: none of {', '.join(FIREFOXES)} is on the PATH."
        (pytest.fail if os.environ.get("CI") else pytest.skip)(message)
    browser = Firefox(program, tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture
def firefox(started, site):
    """A Firefox whose pages report no error and ask for nothing outside the book."""
    started.events.clear()
    yield started
    assert started.faults(site) == []


def show(firefox, address, *, width=DESKTOP, collect="() => null"):
    firefox.open(address, width=width)
    firefox.call(SETTLED)
    firefox.call(collect)


def answered(firefox, number=1):
    """The last of so many answers of a page."""
    return firefox.call(
        """async (number) => {
          const start = performance.now();
          while (answers.length < number && performance.now() - start < 120000)
            await new Promise((go) => setTimeout(go, 50));
          return answers[number - 1];
        }""",
        number,
    )


@pytest.mark.parametrize("name", PAGES)
def test_each_page_opens_and_fits(firefox, site, name):
    for width in (DESKTOP, PHONE):
        show(firefox, f"{site}{name}.html", width=width)
        assert firefox.call("() => document.documentElement.scrollWidth") <= width


def test_a_song_is_answered_as_the_command_answers(firefox, site, tmp_path):
    trained = read_trained()
    show(firefox, f"{site}predict.html", collect=test_own_song.COLLECT)
    for number, kind in enumerate(LIMITS, start=1):
        file = write(tmp_path, song("classical", rate=44100, channels=2), kind, 44100)
        firefox.choose(".own-song input[type=file]", file)
        found = answered(firefox, number)
        difference = compare(found, predict_file(file, trained), trained, LIMITS[kind])
        print(f"{kind}: {difference:.6f}")


def test_a_song_is_answered_in_a_page_that_is_opened_from_a_disk(started, built, tmp_path):
    trained = read_trained()
    started.events.clear()
    show(started, f"{built.html.as_uri()}/predict.html", collect=test_own_song.COLLECT)
    file = write(tmp_path, song("blues", seconds=12), "flac")
    started.choose(".own-song input[type=file]", file)
    compare(answered(started), predict_file(file, trained), trained, LIMITS["flac"])
    assert started.faults(f"{built.html.as_uri()}/") == []


def test_a_split_is_audited_as_the_command_audits_it(firefox, site, tmp_path):
    table = test_check_split.stored("track-0")
    show(firefox, f"{site}check_my_split.html", collect=test_check_split.COLLECT)
    firefox.choose(".check-split input", *test_check_split.one_file(table, tmp_path))
    found = pd.DataFrame(answered(firefox)["pairs"])[["shared", "share", "double"]]
    columns = ["shared_tracks", "share", "identical_tracks"]
    assert found.to_numpy() == pytest.approx(audit(table)[columns].to_numpy())


def test_the_explorers_controls_answer_to_keys(firefox, site):
    show(firefox, f"{site}explorer.html")
    for control in ("select", "input[type=range]"):
        before = firefox.call(
            """(control) => {
              const box = [...document.querySelectorAll('.instrument')]
                .find((each) => each.querySelector(control));
              window.shown = () => [...box.querySelectorAll('.mel')].map((each) => each.innerHTML);
              box.querySelector(control).focus();
              return shown();
            }""",
            control,
        )
        firefox.press("\ue015")  # the arrow down
        assert firefox.call("() => shown()") != before


def test_the_ledger_is_filtered_by_keyboard(firefox, site):
    show(firefox, f"{site}claims.html")
    rows = firefox.call(SHOWN)
    firefox.call("() => document.querySelector('.claims-ledger input[type=search]').focus()")
    firefox.press(*"cutmix")
    assert 0 < firefox.call(SHOWN) < rows
