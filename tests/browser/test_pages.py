"""Every page of the book in both themes and on two widths, as a browser shows it."""

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from filelock import FileLock
from playwright.sync_api import Browser, Page, Request, expect
from served import DESKTOP, PAGES, PHONE, ROOT, open_in, turn

TOO_WIDE = """() => {
  const width = document.scrollingElement.clientWidth;
  if (document.scrollingElement.scrollWidth <= width) return [];
  const outside = (element) => element.getBoundingClientRect().right + scrollX > width;
  return [...document.querySelectorAll("body *")].filter(
    (element) => outside(element) && ![...element.children].some(outside)
  ).slice(0, 9).map((element) => element.outerHTML.slice(0, 120));
}"""
IMAGES = """() => [...document.querySelectorAll("article :is(img, [role=img])")].map((image) => [
  image.outerHTML.replace(/base64,[^"]*/, "").slice(0, 200),
  image.getAttribute("alt") ?? image.getAttribute("aria-label") ?? "",
  image.closest("[aria-hidden=true], [role=presentation]") !== null,
])"""
HEADER_WORDS = """() => [...document.querySelectorAll(
  ".bd-header-article :is(a, button)"
)].map((each) => [each.title, each.ariaLabel, each.textContent, each.getAttribute("href")])"""
TABLES = """() => {
  for (const each of document.querySelectorAll("details")) each.open = true;
  return [...document.querySelectorAll(".book-table-box, .confusion-box")]
    .map((box) => box.getBoundingClientRect().right);
}"""
UNRESOLVED = r"\bnan\b|\bundefined\b|\{(?:glue|numref|doc|ref|cite|term)[a-z:]*\}|pasted-|Traceback"
MEGABYTE = 1_000_000


@dataclass
class Visit:
    """What was seen on one page, in both themes and on two widths."""

    faults: list[str] = field(default_factory=list)
    too_wide: dict[str, list[str]] = field(default_factory=dict)
    violations: dict[str, list[str]] = field(default_factory=dict)
    images: list[tuple[str, str, bool]] = field(default_factory=list)
    header: list[list[str | None]] = field(default_factory=list)
    text: str = ""
    loaded: int = 0  # bytes
    curves: int = 0  # plots
    plotting: int = 0  # requests for the script that draws them
    edges: list[float] = field(default_factory=list)  # right ones of tables on a phone
    saved: dict[str, bool] = field(default_factory=dict)  # whether a table has its file's bytes


def violations(page: Page, *, colors: bool = True, rest: bool = True) -> list[str]:
    """What axe finds serious or critical in the contrast of colours, and in all else."""
    # Preloading asks for style sheets of the theme at addresses that are wrong.
    options = {"preload": False, "resultTypes": ["violations"]}
    if not rest:
        options["runOnly"] = ["color-contrast"]
    if not colors:
        options["rules"] = {"color-contrast": {"enabled": False}}
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{fault['id']} ({fault['impact']}): {node['html'][:200]} {node['failureSummary'][:300]}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]


def look(browser: Browser, site: str, name: str, keep: Callable[[Page, str], Path]) -> Visit:
    """Open a page once, then turn it to every width and theme."""
    seen = Visit()
    requests: list[Request] = []

    def finished(request: Request) -> None:
        requests.append(request)

    page = open_in(
        browser, site, name, seen.faults, width=DESKTOP, theme="light", finished=finished
    )
    seen.loaded = sum(request.sizes()["responseBodySize"] for request in requests)
    seen.images = page.evaluate(IMAGES)
    seen.header = page.evaluate(HEADER_WORDS)
    seen.text = page.locator("article").inner_text()
    for width in (DESKTOP, PHONE):
        turn(page, width, "light")
        seen.too_wide[f"{width}"] = page.evaluate(TOO_WIDE)
        seen.violations[f"{width}"] = violations(page, colors=width == DESKTOP)
        if width == PHONE:  # the themes differ in nothing but colours
            turn(page, width, "dark")
            seen.violations["dark"] = violations(page, rest=False)
        keep(page, f"{name}-{width}-{page.evaluate('document.documentElement.dataset.theme')}")
    seen.edges = page.evaluate(TABLES)
    for link in page.locator("a[download]:not([href$='.js'])").all():
        with page.expect_download() as download:
            link.evaluate("link => link.click()")
        file = ROOT / "book" / "tables" / download.value.suggested_filename
        seen.saved[file.name] = Path(download.value.path()).read_bytes() == file.read_bytes()
    for plot in page.locator(".book-plot").all():
        plot.scroll_into_view_if_needed()
        expect(plot.locator(".main-svg").first).to_be_visible()
        seen.curves += 1
    seen.plotting = sum("plotly" in request.url for request in requests)
    page.context.close()
    return seen


@pytest.fixture(scope="module")
def visits(browser: Browser, site: str, shared: Path, screenshot) -> dict[str, Visit]:
    """All pages of the book, looked at once for all workers."""
    notes = shared / "visits.json"
    with FileLock(shared / "visits.lock"):
        if not notes.exists():
            seen = {name: asdict(look(browser, site, name, screenshot)) for name in PAGES}
            notes.write_text(json.dumps(seen))
    return {name: Visit(**each) for name, each in json.loads(notes.read_text()).items()}


def test_pages_open_without_errors_and_ask_for_nothing_outside_the_book(visits):
    assert [fault for visit in visits.values() for fault in visit.faults] == []


def test_no_page_needs_scrolling_to_the_side(visits):
    found = {(name, width): wide for name, visit in visits.items()
             for width, wide in visit.too_wide.items() if wide}  # fmt: skip
    assert found == {}


def test_axe_finds_nothing_serious(visits):
    found = {(name, how): faults for name, visit in visits.items()
             for how, faults in visit.violations.items() if faults}  # fmt: skip
    assert found == {}


def test_every_image_has_a_text_that_stands_for_it(visits):
    file_name = re.compile(r"\.(?:png|svg|jpe?g|gif|webp)$|_images|[0-9a-f]{16}")
    silent = [
        (name, markup)
        for name, visit in visits.items()
        for markup, text, hidden in visit.images
        if not hidden and (not text.strip() or file_name.search(text))
    ]
    assert silent == []


def test_every_computed_word_and_number_is_there(visits):
    found = {
        name: re.findall(UNRESOLVED, visit.text, re.IGNORECASE) for name, visit in visits.items()
    }
    assert {name: words for name, words in found.items() if words} == {}


def test_no_button_leads_to_an_address_that_the_book_does_not_have(visits):
    for name, visit in visits.items():
        words = " ".join(str(word) for each in visit.header for word in each[:3]).lower()
        assert "download" in words, name
        for dead in ("launch", "binder", "colab", "repository", "edit", "issue"):
            assert dead not in words, name
        assert not [each for each in visit.header if each[3] in ("#", "")], name


def test_a_page_with_all_that_it_loads_is_not_heavy(visits):
    for name, visit in visits.items():
        assert MEGABYTE / 2 < visit.loaded < 6 * MEGABYTE, name


def test_the_plotting_script_is_loaded_once_and_only_where_curves_are(visits):
    for name, visit in visits.items():
        assert visit.plotting == min(visit.curves, 1), name
    assert visits["sec5_evaluation"].curves


def test_every_table_fits_a_phone_and_can_be_saved_with_the_bytes_of_its_file(visits):
    for name, visit in visits.items():
        assert [edge for edge in visit.edges if edge > PHONE] == [], name
    saved = {file: same for visit in visits.values() for file, same in visit.saved.items()}
    files = {path.name for path in (ROOT / "book" / "tables").glob("*.csv")}
    assert saved == dict.fromkeys(files, True)


SPOIL = """() => {
  document.querySelector("article").insertAdjacentHTML("beforeend",
    "<p style='width: 500px; color: #999; background: #aaa'>gray</p><img src='data:,'>");
  console.error("logged");
  setTimeout(() => { throw Error("thrown"); });
  return fetch("http://elsewhere.test/").catch(() => {});
}"""


def test_faults_are_seen(open_page, faults):
    page = open_page("bibliography", width=PHONE)
    page.evaluate(SPOIL)
    page.wait_for_timeout(100)
    for message in ("logged", "thrown", "asked for http://elsewhere.test/"):
        assert [fault for fault in faults if message in fault]
    assert ["gray" in element for element in page.evaluate(TOO_WIDE)] == [True]
    rules = {fault.split()[0] for fault in violations(page)}
    assert rules == {"color-contrast", "image-alt"}
    assert [text for _, text, _ in page.evaluate(IMAGES)].count("") == 1
    faults.clear()
