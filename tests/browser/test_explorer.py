"""The explorer's instruments in a real browser: nothing runs behind the page."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from instruments import noise
from served import turned

from genre_lib import explorer
from genre_lib.augment import IMAGE_SIZE, cutmix_box

PLAYER = "hear-a-song-see-it-and-see-what-the-network-makes-of-it"
PLACES = (
    PLAYER,
    "real-music",
    "one-track-as-the-network-gets-it",
    "augmentations",
    "cutmix",
    "mel-bands-and-the-db-floor",
)
LIMIT = 6_000_000  # bytes of the page with all that it loads
SHOWN = """box => [...box.querySelectorAll('.mel')].map(
  (each) => each.innerText + [...each.querySelectorAll('img')].map(
    (img) => img.src + img.alt + getComputedStyle(img).clipPath)).join()"""
LOUDEST = """async (uri) => {
  const data = await (await fetch(uri)).arrayBuffer();
  const sound = await new OfflineAudioContext(1, 1, 22050).decodeAudioData(data);
  return sound.getChannelData(0).reduce((most, x) => Math.max(most, Math.abs(x)), 0);
}"""
CURSOR = "plot => parseFloat(getComputedStyle(plot, '::after').left) / plot.clientWidth"


def instrument(page, place):
    return page.locator(f"#{place} .instrument")


def menu(box, name):
    return box.get_by_role("combobox", name=name, exact=True)


def changes(box, control, *keys):
    """Whether one of the keys, pressed on a control, changes what is shown."""
    before = box.evaluate(SHOWN)
    control.focus()
    for key in keys:  # a control at its end answers to the other one
        control.press(key)
        box.page.wait_for_timeout(50)
        if box.evaluate(SHOWN) != before:
            return True
    return False


# The page


@pytest.fixture
def page(same_page):
    return same_page("explorer")


def test_every_instrument_is_drawn_once_and_the_page_is_light(page, site):
    for place in PLACES:
        assert instrument(page, place).count() == 1, place
        assert instrument(page, place).locator(".mel:visible").count() == 1, place
    for picture in page.locator(".instrument .mel-plot > img:visible").all():
        if picture.get_attribute("alt") or not picture.evaluate("e => e.style.clipPath"):
            assert len(picture.get_attribute("alt")) > 40
    sizes = page.evaluate(
        "[...performance.getEntriesByType('navigation'),"
        " ...performance.getEntriesByType('resource')].map((e) => [e.name, e.decodedBodySize])"
    )
    loaded = {name: size for name, size in sizes if name.startswith(site)}
    assert loaded[f"{site}explorer.html"] > 500_000
    assert sum(loaded.values()) < LIMIT


def test_everything_fits_can_be_read_and_is_open_to_a_screen_reader(page, screenshot):
    menu(instrument(page, "augmentations"), "change").select_option(index=2)
    for width, theme in turned(page):
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        screenshot(page, f"explorer-{width}-{theme}")
        for part in (".mel-title", ".mel-y span", ".widget-label", "select", ".mel-label"):
            found = page.locator(f".instrument {part}:visible").evaluate_all(CONTRASTS)
            assert min(found, default=9) >= 4.5, (theme, part)
        # Preloaded, style sheets would be fetched by wrong addresses.
        found = Axe().run(page, context=".instrument", options={"preload": False}).response
        faults = [(each["id"], each["nodes"][0]["html"][:200]) for each in found["violations"]]
        assert faults == [], theme


CONTRASTS = """elements => elements.filter((e) => e.innerText.trim()).map((element) => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const solid = (e) => {
    const colour = channels(getComputedStyle(e).backgroundColor);
    return colour.length == 3 || colour[3] == 1 ? colour : solid(e.parentElement);
  };
  const light = (colour) => colour.slice(0, 3).map((c) => c / 255)
    .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const [low, high] = [channels(getComputedStyle(element).color), solid(element)]
    .map(light).sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
})"""


# Controls


def test_each_control_is_named_and_changes_what_is_shown_by_keyboard(page):
    menu(instrument(page, "augmentations"), "change").select_option(index=1)
    worked = []
    for place in PLACES:
        box = instrument(page, place)
        menus = box.get_by_role("combobox").all()
        for control in [*menus, *box.get_by_role("slider").all()]:
            if control.evaluate("e => e.matches('audio, audio *')"):
                continue
            name = control.evaluate(
                "e => e.labels ? e.labels[0].innerText : e.getAttribute('aria-labelledby')"
                ".split(' ').map((id) => document.getElementById(id).innerText).join(' ')"
            )
            assert name.strip(), place
            keys = ("ArrowDown", "ArrowUp") if control in menus else ("ArrowRight", "ArrowLeft")
            assert changes(box, control, *keys), (place, name)
            worked.append(name.split()[0])
    assert worked == [
        *("genre", "clip", "genre", "view", "image", "change", "draw"),
        *("own", "box", "area", "its", "its", "mel", "dB"),
    ]


def test_a_slider_can_be_dragged_and_says_where_it_is(page):
    box = instrument(page, "mel-bands-and-the-db-floor")
    handle = box.get_by_role("slider", name=re.compile("mel bands"))
    handle.press("End")
    box.get_by_text("128 bands, black at").wait_for()
    handle.scroll_into_view_if_needed()
    place = handle.bounding_box()
    page.mouse.move(place["x"] + 5, place["y"] + 5)
    page.mouse.down()
    page.mouse.move(place["x"] - 400, place["y"] + 5)
    page.mouse.up()
    box.get_by_text(re.compile(r"\b16 bands, black at −\d+ dB")).wait_for()
    assert box.get_by_role("slider", name="mel bands 16").count() == 1


def test_the_images_of_both_views_are_stepped_through(page):
    box = instrument(page, "one-track-as-the-network-gets-it")
    seen = {}
    for view in ("copies", "segments"):
        menu(box, "view").select_option(view)
        handle = box.get_by_role("slider")
        handle.focus()
        handle.press("Home")
        images = []
        for number in range(1, 13):
            box.get_by_text(f"image {number} of 12").wait_for()
            images.append(box.locator(".mel-plot > img").get_attribute("src"))
            handle.press("ArrowRight")
        seen[view] = set(images)
        assert len(seen[view]) == 12
    assert not seen["copies"] & seen["segments"]


# The player


def test_the_sound_plays_and_the_cursor_moves_with_it(page):
    box = instrument(page, PLAYER)
    audio, plot = box.locator("audio"), box.locator(".mel-plot")
    assert 0.1 < page.evaluate(LOUDEST, audio.get_attribute("src")) < 1.2
    audio.evaluate("a => { a.currentTime = 0; }")
    page.wait_for_timeout(300)  # the cursor glides
    before = plot.evaluate(CURSOR)
    audio.focus()
    page.keyboard.press("Space")
    page.wait_for_function("a => a.currentTime > 0.8", arg=audio.element_handle())
    page.keyboard.press("Space")
    page.wait_for_function("a => a.paused", arg=audio.element_handle())
    page.wait_for_timeout(300)
    length, time = audio.evaluate("a => a.duration"), audio.evaluate("a => a.currentTime")
    whole = 30
    assert plot.evaluate(CURSOR) == pytest.approx(((whole - 15) / 2 + time) / whole, abs=0.01)
    assert plot.evaluate(CURSOR) > before + 0.02
    for row in box.locator(".mel-row").all():
        assert row.evaluate(CURSOR) == pytest.approx(plot.evaluate(CURSOR), abs=0.01)
    assert length == pytest.approx(15, abs=0.2)


def test_a_click_into_the_spectrogram_leads_there(page):
    box = instrument(page, PLAYER)
    audio, plot = box.locator("audio"), box.locator(".mel-plot")
    place = plot.bounding_box()
    for share, wanted in ((0.5, 7.5), (0.7, 13.5), (0.1, 0), (0.3, 1.5)):
        plot.click(position={"x": share * place["width"], "y": place["height"] / 2})
        assert audio.evaluate("a => a.currentTime") == pytest.approx(wanted, abs=0.1)


def test_the_sound_stops_when_another_clip_is_chosen(page):
    box = instrument(page, PLAYER)
    for label in ("clip", "genre"):
        menu(box, label).select_option(index=0)
        audio = box.locator("audio").element_handle()
        audio.evaluate("a => a.play()")
        page.wait_for_function("a => a.currentTime > 0.2", arg=audio)
        menu(box, label).select_option(index=1)
        page.wait_for_function("a => a.paused && !a.isConnected", arg=audio)
        assert box.locator("audio").count() == 1
        assert box.locator("audio").evaluate("a => a.paused && a.currentTime == 0")


def test_every_clip_of_every_genre_can_be_reached(page):
    box = instrument(page, PLAYER)
    sounds, titles = set(), set()
    genres = menu(box, "genre").locator("option").all_inner_texts()
    for genre in genres:
        menu(box, "genre").select_option(genre)
        for number in ("1", "2"):
            menu(box, "clip").select_option(number)
            box.get_by_text(re.compile(rf"^{genre}\.\d+: the network says")).wait_for()
            titles.add(box.locator(".mel-title").inner_text())
            sounds.add(box.locator("audio").get_attribute("src"))
    assert len(titles) == len(sounds) == 2 * len(genres) == 20


def test_the_cursor_glides_unless_the_reader_wants_less_motion(page):
    plot = instrument(page, PLAYER).locator(".mel-plot")
    for motion, glides in (("reduce", False), ("no-preference", True)):
        page.emulate_media(reduced_motion=motion)
        duration = "e => parseFloat(getComputedStyle(e, '::after').transitionDuration)"
        assert (plot.evaluate(duration) > 0) == glides


# CutMix


MOVED = """(form, values) => {
  for (const [name, value] of Object.entries(values)) {
    const input = form.querySelector(`[name=${name}]`);
    input.value = value;
    input.dispatchEvent(new Event('input', { bubbles: true }));
  }
  return [form.querySelectorAll('img')[1].style.clipPath, form.querySelector('output').innerText];
}"""


def test_the_box_and_the_label_are_those_of_the_training(page):
    form = instrument(page, "cutmix").locator("form")
    form.get_by_label("own picture").select_option("metal")
    form.get_by_label("box from").select_option("jazz")
    for area in (0, 1, 12, 25, 50, 83, 100):
        for time, pitch in ((50, 50), (0, 100), (97, 31), (63, 0), (25, 75)):
            values = {"area": area, "time": time, "pitch": pitch}
            drawn, label = form.evaluate(MOVED, values)
            rows, columns = cutmix_box(1 - area / 100, (pitch / 100, time / 100))
            edges = (IMAGE_SIZE - rows.stop, IMAGE_SIZE - columns.stop, rows.start, columns.start)
            assert insets(drawn) == pytest.approx([100 * e / IMAGE_SIZE for e in edges], abs=1e-3)
            lent = (rows.stop - rows.start) * (columns.stop - columns.start) / IMAGE_SIZE**2
            own, other = map(int, re.findall(r"\d+", label))
            assert own + other == 100
            assert abs(other - 100 * lent) <= 0.5


def insets(clip_path):
    """Top, right, bottom and left of a CSS inset, which leaves out what is the same."""
    found = [float(number) for number in re.findall(r"([\d.]+)%", clip_path)]
    top, right, bottom, left = (found * 4)[:4] if len(found) in (1, 2, 4) else (*found, found[1])
    return [top, right, bottom, left]


def test_style_and_script_come_along_with_an_instrument_in_a_notebook(browser):
    store = noise(("high", "low"), 1)
    html = "".join(part.value for part in explorer.cutmix_mixer(store, store.firsts).children)
    page = browser.new_page()
    page.set_content("<main></main>")
    page.evaluate("html => document.querySelector('main').innerHTML = html", html)
    page.wait_for_function("document.querySelector('output').innerText.includes('% low')")
    grid = "getComputedStyle(document.querySelector('.mel')).display"
    assert page.evaluate(grid) == "grid"
    page.close()


def test_cutmix_shows_the_tracks_that_are_chosen(page):
    form = instrument(page, "cutmix").locator("form")
    form.get_by_label("own picture").select_option("blues")
    form.get_by_label("box from").select_option("classical")
    own, lent = form.locator("img").all()
    first = own.get_attribute("src")
    assert lent.get_attribute("src") != first
    form.get_by_label("box from").select_option("blues")
    assert lent.get_attribute("src") == first
    assert form.locator("output").inner_text() == "100 % blues"
    form.get_by_label("own picture").select_option("rock")
    assert own.get_attribute("src") != first
    assert re.fullmatch(r"\d+ % rock, \d+ % blues", form.locator("output").inner_text())
