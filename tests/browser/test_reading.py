"""What a reader does beyond looking: keys, and waiting for a page to load."""

import pytest
from served import DESKTOP, PHONE, THEMES


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_the_first_key_offers_a_way_past_the_navigation(open_page, width):
    page = open_page("intro", width=width)
    page.keyboard.press("Tab")
    link = page.locator(":focus")
    assert link.inner_text().strip() == "Skip to main content"
    # It slides into the window.
    page.wait_for_function("document.activeElement.getBoundingClientRect().top >= 0")
    page.keyboard.press("Enter")
    assert page.url.endswith("#main-content")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def shown(page) -> list[str]:
    """Verdicts of the claims that the ledger shows."""
    rows = page.locator(".claims-ledger tbody tr:visible")
    return rows.evaluate_all("(rows) => rows.map((row) => row.dataset.verdict)")


def press_until(page, key: str, selector: str, *, at_most: int = 150) -> None:
    for _ in range(at_most):
        page.keyboard.press(key)
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"{at_most} times {key} do not reach {selector}")


def test_claims_are_filtered_with_the_keyboard_alone(same_page):
    page = same_page("claims")
    everything = shown(page)
    press_until(page, "Tab", ".claims-ledger input[type=checkbox]")
    verdict = page.evaluate("document.activeElement.value")
    page.keyboard.press("Space")
    assert shown(page) == [each for each in everything if each != verdict] != everything
    page.keyboard.press("Space")
    assert shown(page) == everything
    press_until(page, "Tab", ".claims-ledger select")
    page.keyboard.press("ArrowDown")
    of_section = shown(page)
    assert 0 < len(of_section) < len(everything)
    press_until(page, "Tab", ".claims-ledger input[type=search]")
    page.keyboard.type("no claim has these words")
    assert shown(page) == []
    assert page.locator(".claims-ledger [role=status]").inner_text().startswith("0 of ")
    press_until(page, "Tab", ".claims-ledger button")
    page.keyboard.press("Enter")
    page.wait_for_function("!document.querySelector('.claims-ledger tbody tr[hidden]')")
    assert shown(page) == everything


def test_what_has_the_focus_can_be_seen(same_page):
    """Every element that Tab reaches on the claims page has an outline of its own."""
    page = same_page("claims")
    page.locator(".claims-ledger input[type=checkbox]").first.focus()
    for _ in range(8):
        page.keyboard.press("Tab")
        style = page.evaluate(
            "() => { const style = getComputedStyle(document.activeElement);"
            " return [style.outlineStyle, style.outlineWidth, style.boxShadow]; }"
        )
        assert (style[0] != "none" and style[1] != "0px") or style[2] != "none"


@pytest.mark.parametrize("theme", THEMES)
def test_a_first_visitor_gets_the_theme_of_the_system(theme, browser, site):
    context = browser.new_context(base_url=site, color_scheme=theme)
    page, faults = context.new_page(), []
    page.on("console", lambda message: message.type == "error" and faults.append(message.text))
    page.goto("intro.html", wait_until="load")
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    assert faults == []
    context.close()
