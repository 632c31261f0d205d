"""Every page of the book in both themes and on two widths, as a browser shows it."""

import re
from dataclasses import dataclass
from itertools import product

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from served import DESKTOP, PAGES, PHONE, THEMES, open_in

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
WIDTHS = (DESKTOP, PHONE)
UNRESOLVED = r"\bnan\b|\bundefined\b|\{(?:glue|numref|doc|ref|cite|term)[a-z:]*\}|pasted-|Traceback"


@dataclass(frozen=True)
class Visit:
    """What was seen on one page in one theme."""

    theme: str
    faults: list[str]
    too_wide: list[str]
    violations: list[str]
    images: list[tuple[str, str, bool]]
    text: str


def in_words(visit: tuple[str, str, int]) -> str:
    """What a visit is called in the list of tests."""
    return "-".join(map(str, visit))


def violations(page: Page, theme: str) -> list[str]:
    """What axe finds serious or critical; the themes differ in nothing but colours."""
    # Preloading asks for style sheets of the theme at addresses that are wrong.
    options = {"preload": False, "resultTypes": ["violations"]}
    if theme != THEMES[0]:
        options["runOnly"] = ["color-contrast"]
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{fault['id']} ({fault['impact']}): {node['html'][:200]} {node['failureSummary'][:300]}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]


@pytest.fixture(scope="module", params=product(PAGES, THEMES, WIDTHS), ids=in_words)
def visit(request: pytest.FixtureRequest, browser: Browser, site: str, screenshot) -> Visit:
    """One page in one theme and width."""
    name, theme, width = request.param
    faults: list[str] = []
    page = open_in(browser, site, name, faults, width=width, theme=theme)
    screenshot(page, f"{name}-{width}-{theme}")
    seen = Visit(
        theme=page.evaluate("document.documentElement.dataset.theme"),
        faults=faults,
        too_wide=page.evaluate(TOO_WIDE),
        violations=violations(page, theme),
        images=page.evaluate(IMAGES),
        text=page.locator("article").inner_text(),
    )
    page.context.close()
    return seen


def test_it_opens_without_errors_and_asks_for_nothing_outside_the_book(visit: Visit):
    assert visit.faults == []


def test_it_is_shown_in_the_readers_theme(visit: Visit, request: pytest.FixtureRequest):
    assert visit.theme == request.node.callspec.params["visit"][1]


def test_it_needs_no_scrolling_to_the_side(visit: Visit):
    assert visit.too_wide == []


def test_axe_finds_nothing_serious(visit: Visit):
    assert visit.violations == []


def test_every_image_has_a_text_that_stands_for_it(visit: Visit):
    file_name = re.compile(r"\.(?:png|svg|jpe?g|gif|webp)$|_images|[0-9a-f]{16}")
    silent = [
        markup
        for markup, text, hidden in visit.images
        if not hidden and (not text.strip() or file_name.search(text))
    ]
    assert silent == []


def test_every_computed_word_and_number_is_there(visit: Visit):
    assert re.findall(UNRESOLVED, visit.text, re.IGNORECASE) == []


SPOIL = """() => {
  document.querySelector("article").insertAdjacentHTML("beforeend",
    "<p style='width: 500px; color: #999; background: #aaa'>gray</p><img src='data:,'>");
  console.error("said");
  setTimeout(() => { throw Error("thrown"); });
  return fetch("http://elsewhere.test/").catch(() => {});
}"""


def test_faults_are_seen(open_page, faults):
    page = open_page("bibliography", width=PHONE)
    page.evaluate(SPOIL)
    page.wait_for_timeout(100)
    for told in ("said", "thrown", "asked for http://elsewhere.test/"):
        assert [fault for fault in faults if told in fault]
    assert ["gray" in element for element in page.evaluate(TOO_WIDE)] == [True]
    rules = {fault.split()[0] for fault in violations(page, "light")}
    assert rules == {"color-contrast", "image-alt"}
    assert [text for _, text, _ in page.evaluate(IMAGES)].count("") == 1
    faults.clear()
