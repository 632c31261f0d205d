"""What a reader sees first, sees large, and does not see at all."""

import pytest
from served import DESKTOP, PHONE, turned


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_the_message_of_the_book_fits_in_one_screen(open_page, width):
    page = open_page("intro", width=width)
    picture = page.locator("article img").first
    assert "the paper" in picture.get_attribute("alt")
    box = picture.bounding_box()
    assert box["y"] + box["height"] <= page.viewport_size["height"]
    texts = page.locator("article p")
    before = [texts.nth(number).bounding_box()["y"] < box["y"] for number in range(2)]
    assert before == [True, True]  # question and answer
    assert page.locator("meta[name=description]").get_attribute("content")


def test_figures_are_as_wide_as_the_text_around_them(same_page):
    for width in (DESKTOP, PHONE):
        page = same_page("what_does_84_mean", width=width)
        column = page.locator("article section").first.bounding_box()["width"]
        boxes = page.locator("article figure img").evaluate_all(
            "(images) => images.map((image) => [image.offsetWidth, image.naturalWidth])"
        )
        assert boxes
        for shown, natural in boxes:
            assert natural > 0
            assert shown == pytest.approx(column, rel=0.05)


def test_a_click_on_a_figure_opens_it_alone(open_page):
    page = open_page("sec5_evaluation", width=PHONE)
    figure = page.locator("article figure a").first
    address = figure.get_attribute("href")
    assert not address.startswith(("/", "http"))
    page.route("**/favicon.ico", lambda route: route.fulfill(status=204))  # a picture names none
    figure.click()
    page.wait_for_url(f"**/{address}")
    assert page.evaluate("document.documentElement.tagName") == "svg"


def test_captions_and_figures_can_be_told_from_the_page(same_page):
    """Pictures are drawn for a white ground, so a dark page gives them one."""
    page = same_page("what_does_84_mean")
    for _, theme in turned(page):
        ground = page.locator("article figure img").first.evaluate(
            "(image) => getComputedStyle(image).backgroundColor"
        )
        assert (ground == "rgb(255, 255, 255)") == (theme == "dark")
