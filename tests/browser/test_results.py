"""Results that answer: cells open tracks, curves show values, tables sort and can be saved."""

import re
from collections.abc import Callable

from playwright.sync_api import Browser, Page, expect
from served import DESKTOP, PHONE, turn, turned

SCORES = "sec5_evaluation"
Open = Callable[..., Page]


def check_width(page: Page, width: int) -> None:
    """Nothing makes the page wider than its window."""
    assert page.evaluate("[document.documentElement.scrollWidth, innerWidth]") == [width, width]


# The confusion matrix


def test_choosing_a_cell_opens_the_tracks_behind_its_count(same_page: Open):
    for width in (DESKTOP, PHONE):
        page = same_page(SCORES, width=width)
        matrix = page.locator(".confusion")
        behind = matrix.locator(".behind")
        genres = matrix.locator(".matrix thead th").all_inner_texts()
        for place in (0, 3, 45, 99):
            cell = matrix.locator(".matrix button").nth(place)
            cell.click()
            count, truth, answer = int(cell.inner_text()), genres[place // 10], genres[place % 10]
            expect(behind).to_be_visible(visible=bool(count))
            images = behind.locator("tbody tr td:nth-child(2)").all_inner_texts()
            assert sum(int(text.split(" of ")[0]) for text in images) == count
            how = "recognised" if truth == answer else f"taken for {answer}"
            status = matrix.get_by_role("status")
            expect(status).to_contain_text(
                re.compile(rf"^{count or 'no'} images? of {truth} {how}")
            )
            assert matrix.locator("[aria-pressed=true]").count() == 1
        check_width(page, width)


def test_the_matrix_is_one_stop_of_the_tab_key_and_arrows_go_on(open_page: Open):
    page = open_page(SCORES)
    expect(page.locator(".confusion .behind")).to_be_hidden()
    buttons = page.locator(".confusion .matrix button")
    assert page.locator(".confusion .matrix button[tabindex='0']").count() == 1
    buttons.first.focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "ArrowLeft", "ArrowLeft", "End"):
        page.keyboard.press(key)
    size = page.locator(".confusion .matrix tbody tr").count()
    expect(buttons.nth(3 * size - 1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(buttons.nth(3 * size - 1)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Tab")
    assert not page.evaluate("document.activeElement.closest('.matrix')")


# Curves


def test_curves_show_the_values_under_the_pointer(same_page: Open, screenshot: Callable):
    page = same_page(SCORES)
    for width, theme in turned(page):
        plot = page.locator(".book-plot-figure")
        plot.scroll_into_view_if_needed()
        expect(plot.locator(".scatterlayer .trace").first).to_be_visible()
        box = plot.bounding_box()
        assert box is not None
        assert 0 <= box["x"] < box["x"] + box["width"] <= width
        page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.3 * box["height"])
        hover = plot.locator(".hoverlayer .legend")
        expect(hover).to_contain_text("validation")
        shown = (hover.text_content() or "").replace("\N{NO-BREAK SPACE}", " ")
        (epoch,) = re.findall(r"^Epoch (\d+)training, running", shown)
        page.locator(".book-plot details").evaluate("each => { each.open = true; }")
        column = page.locator(".book-plot th", has_text="validation accuracy").evaluate(
            "head => head.cellIndex"
        )
        row = page.locator(".book-plot tbody tr").nth(int(epoch) - 1).locator("td")
        assert row.first.inner_text() == epoch
        assert f"validation : {row.nth(column).inner_text()}" in shown
        check_width(page, width)
        screenshot(page, f"curves-{width}-{theme}")


def test_curves_follow_the_theme(same_page: Open):
    page = same_page(SCORES)
    plot = page.locator(".book-plot-figure")
    plot.scroll_into_view_if_needed()
    title = plot.locator(".xtitle")
    expect(title).to_be_visible()
    paint = "node => getComputedStyle(node).fill"
    light = title.evaluate(paint)
    assert light == page.locator("article p").first.evaluate("node => getComputedStyle(node).color")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_function(f"before => ({paint})(document.querySelector('.xtitle')) !== before",
                           arg=light)  # fmt: skip
    dark = page.locator("article p").first.evaluate("node => getComputedStyle(node).color")
    assert title.evaluate(paint) == dark
    turn(page, DESKTOP, "light")


# Tables


def test_tables_are_sorted_from_their_heads_with_the_keyboard(same_page: Open):
    page = same_page(SCORES)
    table = page.locator(".book-table:has([download='table_2.csv']) table")
    whole = table.locator("tbody").inner_text()
    for column, kind in ((0, str), (2, float)):
        head = table.locator("th").nth(column)

        def shown(column: int = column, kind: type = kind) -> list:
            texts = table.locator(f"tbody td:nth-child({column + 1})").all_inner_texts()
            return [kind(text) for text in texts if text]

        before = sorted(shown())
        head.get_by_role("button").focus()
        for order, expected in (("ascending", before), ("descending", before[::-1])):
            page.keyboard.press("Enter")
            expect(head).to_have_attribute("aria-sort", order)
            assert shown() == expected
            if kind is float:  # the row of the accuracy has no recall
                assert table.locator("tbody tr").last.inner_text().startswith("accuracy")
            assert table.locator("th:not([aria-sort=none])").count() == 1
        page.keyboard.press("Enter")
        expect(head).to_have_attribute("aria-sort", "none")
        assert table.locator("tbody").inner_text() == whole


# Without scripts, and in print


def test_matrix_and_tables_are_there_without_scripts(browser: Browser, site: str):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}{SCORES}.html")
    expect(page.locator(".confusion .matrix tbody td").nth(99)).to_be_visible()
    assert page.locator(".confusion button").count() == 0
    expect(page.locator(".book-table").last).to_be_visible()
    expect(page.locator(".book-plot-figure")).to_be_hidden()
    expect(page.locator(".book-plot summary")).to_be_visible()
    context.close()


def test_print_has_the_numbered_figures_and_not_what_answers(same_page: Open):
    page = same_page(SCORES)
    page.emulate_media(media="print")
    for name in (".book-plot", ".confusion", ".book-download"):
        expect(page.locator(name).first).to_be_hidden()
    expect(page.locator("#fig-confusion img")).to_be_visible()
    expect(page.locator(".book-table table").last).to_be_visible()
    page.emulate_media(media="screen")
