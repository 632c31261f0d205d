"""Every page of the book, as a browser shows it."""

import pytest
from served import DESKTOP, PAGES, PHONE, THEMES


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_without_errors_and_asks_for_nothing_outside_the_book(
    name, width, theme, open_page, screenshot
):
    page = open_page(name, width=width, theme=theme)
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    screenshot(page, f"{name}-{width}-{theme}")
