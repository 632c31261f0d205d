"""The page *Split it again*: figures that can be read, and stored tests that can be chosen."""

import json

from axe_playwright_python.sync_playwright import Axe
from served import turned


def test_a_line_of_a_figure_is_read_by_keyboard_and_by_pointer(same_page):
    page = same_page("split_it_again")
    form = page.locator(".readable")
    lines = json.loads(form.locator("script").text_content())
    (first, points), (second, others), *_ = lines.items()
    form.get_by_label("Training").select_option(index=1)
    form.get_by_label("Share of known tracks").press("End")
    assert form.locator("output").inner_text() == f"{second}, {others[-1][2]}"
    place = page.locator(".readable-picture > div").bounding_box()
    x, y, text = points[10]
    inside = {"x": x * place["width"], "y": (1 - y) * place["height"]}
    page.locator(".readable-picture img").hover(position=inside)
    assert form.locator("output").inner_text() == f"{first}, {text}"
    place = page.locator(".readable-picture > div").bounding_box()
    mark = page.locator(".readable-picture i").bounding_box()
    assert abs(mark["x"] + mark["width"] / 2 - place["x"] - inside["x"]) < 2


def test_stored_tests_are_chosen_and_all_of_them_stand_there_without_scripts(same_page, browser):
    page = same_page("split_it_again")
    box = page.locator(".split-again")
    rows = box.locator("tbody tr")
    shown = [row for row in rows.all() if row.is_visible()]
    assert {row.locator("td").nth(0).text_content() for row in shown} == {
        box.get_by_label("Method").input_value()
    }
    for row in shown:
        assert row.locator("td.number").first.inner_text() in box.locator("output").inner_text()
    box.get_by_label("Images").select_option("slices of a track")
    box.get_by_label("Method").select_option("network, the paper's budget")
    (only,) = [row for row in rows.all() if row.is_visible()]  # not run split by image
    assert only.locator("td").nth(0).text_content() == "network, the paper's budget"
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(page.url)
    assert plain.locator(".split-again tbody tr:visible").count() == rows.count()
    assert plain.locator(".readable").is_hidden()
    assert plain.locator("#exercises details:visible").get_by_text("Solution").count() >= 2
    context.close()


def test_it_fits_and_is_open_to_a_screen_reader(same_page, screenshot):
    page = same_page("split_it_again")
    for width, theme in turned(page):
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        screenshot(page, f"split-again-{width}-{theme}")
        for part in (".readable", ".split-again"):
            found = Axe().run(page, context=part, options={"preload": False}).response
            faults = [(each["id"], each["nodes"][0]["html"][:200]) for each in found["violations"]]
            assert faults == [], (part, theme)
