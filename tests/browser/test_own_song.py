"""The page *Your own song*: a recording is judged in the browser as the command judges it."""

import time
from functools import cache
from itertools import count

import av
import numpy as np
import pytest
import soundfile
import soxr
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error as PlaywrightError
from served import DESKTOP, PATIENCE, open_in, turned

from genre_lib.config import GENRES
from genre_lib.corpus.synthetic.songs import load_song
from genre_lib.predict import predict_file, read_trained

RATE = 22050
LIMITS = {"wav": 0.001, "flac": 0.001, "mp3": 0.05, "ogg": 0.05}  # decoders disagree about two
LOADED = 3_700_000  # bytes of the network and its scripts
COUNTER = count()
COLLECT = """() => {
  window.answers = [];
  const place = document.querySelector('.own-song');
  place.addEventListener('judged', ({ detail: { seconds, windows, ranked, notes } }) => {
    const kept = windows.map(({ start, end, probabilities = null }) =>
      ({ start, end, probabilities }));
    window.answers.push({ seconds, windows: kept, ranked, notes });
  });
}"""
DROP = """(files) => {
  const data = new DataTransfer();
  for (const [name, bytes] of files) data.items.add(new File([new Uint8Array(bytes)], name));
  const event = new DragEvent('drop', { dataTransfer: data, bubbles: true });
  document.querySelector('article h1').dispatchEvent(event);
}"""


@pytest.fixture(scope="module")
def trained():
    return read_trained()


@pytest.fixture
def page(same_page):
    page = same_page("predict")
    page.evaluate("window.answers ? answers.length = 0 : (" + COLLECT + ")()")
    return page


@cache
def composed(genre, number):
    return load_song(genre, number, 0, RATE)


def song(genre, number=0, *, seconds=30.0, rate=RATE, channels=1):
    """A composed song as a player would have it, shape (samples, channels)."""
    audio = composed(genre, number)[: round(seconds * RATE)]
    audio = soxr.resample(audio, RATE, rate, quality="VHQ")
    return np.stack([audio * (1 - 0.2 * channel) for channel in range(channels)], axis=1)


def write(folder, audio, kind, rate=RATE, **more):
    path = folder / f"song-{next(COUNTER)}.{kind}"
    soundfile.write(path, audio, rate, **more)
    return path


def choose(page, path):
    page.locator(".own-song input[type=file]").set_input_files([])  # as a click does
    page.locator(".own-song input[type=file]").set_input_files(path)


def answer(page, path):
    """What the page answers about a file."""
    before = page.evaluate("answers.length")
    choose(page, path)
    page.wait_for_function("n => answers.length > n", arg=before)
    return page.evaluate("answers.at(-1)")


def refusal(page):
    """The sentence with which the page refuses a file."""
    alert = page.locator(".own-song [role=alert]")
    alert.wait_for(state="visible")
    assert page.locator(".own-song progress").is_hidden()
    assert page.locator(".own-song .clip").count() == 0
    return alert.inner_text()


def compare(found, expected, trained, limit):
    """Assert that the page and the command agree; the largest difference of a probability."""
    assert found["seconds"] == pytest.approx(expected.seconds, abs=0.1)
    assert found["notes"] == list(expected.notes)
    assert found["ranked"][0]["genre"] == expected.genre
    assert len(found["windows"]) == len(expected.windows)
    differences = [0.0]
    for window, wanted in zip(found["windows"], expected.windows, strict=True):
        assert window["start"] == pytest.approx(wanted.start, abs=0.1)
        if wanted.probabilities is None:
            assert window["probabilities"] is None
            continue
        shares = [wanted.probabilities[genre] for genre in trained.genres]
        differences.append(float(np.abs(np.array(window["probabilities"]) - shares).max()))
    assert max(differences) <= limit
    return max(differences)


# The answer


def test_the_page_answers_as_the_command_does(page, trained, tmp_path):
    pause = np.concatenate([np.zeros((31 * RATE, 1)), song("jazz", seconds=16)])
    files = [
        write(tmp_path, song("classical", rate=44100, channels=2), "flac", 44100),
        write(tmp_path, song("reggae", seconds=4), "wav"),  # short, and repeated
        write(tmp_path, pause, "wav"),  # a window of silence
        write(tmp_path, song("metal", seconds=12, rate=44100), "mp3", 44100),
        write(tmp_path, song("pop", seconds=12, rate=48000, channels=2), "ogg", 48000),
    ]
    for file in files:
        found, expected = answer(page, file), predict_file(file, trained)
        compare(found, expected, trained, LIMITS[file.suffix[1:]])
        shown = page.locator(".own-song").inner_text()
        status = page.locator(".own-song-answer").inner_text()
        assert status.startswith(f"{file.name} (0:")
        assert f": {expected.genre}, {expected.probability:.0%}." in status
        for text in (*expected.notes, *trained.remarks()):
            assert text in shown
        assert f"on new tracks it said {expected.genre} " in shown
        rows = page.locator(".own-song .mel-label").all_inner_texts()
        assert rows == list(expected.probabilities)


@pytest.mark.slow
def test_twenty_songs_are_answered_as_the_command_does(page, trained, tmp_path):
    kinds, rates = ("wav", "flac", "mp3", "ogg"), (22050, 44100, 48000)
    for number, genre in enumerate(2 * GENRES):
        kind, rate = kinds[number % 4], rates[number % 3]
        audio = song(genre, number, rate=rate, channels=1 + number % 2)
        file = write(tmp_path, audio, kind, rate)
        found, expected = answer(page, file), predict_file(file, trained)
        difference = compare(found, expected, trained, LIMITS[kind])
        print(f"{genre} {kind} {rate} Hz: {difference:.6f}")


@pytest.mark.slow
def test_a_song_takes_seconds_and_ten_minutes_take_no_minute(page, tmp_path):
    """The limits are for a machine that may be busy; the times are printed."""
    short = write(tmp_path, song("rock", rate=44100, channels=2), "mp3", 44100)
    long = write(tmp_path, np.tile(song("rock", rate=44100, channels=2), (20, 1)), "mp3", 44100)
    for file, limit in ((short, 6), (long, 60)):
        begin = time.monotonic()
        answer(page, file)
        passed = time.monotonic() - begin
        print(f"{file.stat().st_size / 1e6:.1f} MB: {passed:.1f} s")
        assert passed < limit


def test_nothing_is_loaded_before_a_file_is_chosen_and_nothing_from_elsewhere(
    open_page, site, tmp_path
):
    page = open_page("predict")
    page.evaluate(COLLECT)
    network = f"{site}_static/network/"
    sizes = "performance.getEntriesByType('resource').map((e) => [e.name, e.decodedBodySize])"
    before = dict(page.evaluate(sizes))
    assert not any(name.startswith(network) for name in before)
    page.evaluate("performance.clearResourceTimings()")
    file = write(tmp_path, song("disco", seconds=2), "wav")
    answer(page, file)
    after = {name: size for name, size in page.evaluate(sizes) if name.startswith("http")}
    assert any(name.startswith(network) for name in after)
    assert all(name.startswith(f"{site}_static/") for name in after)
    assert 2_500_000 < sum(after.values()) < LOADED
    page.evaluate("performance.clearResourceTimings()")
    answer(page, file)  # the second file finds everything there
    assert not any(name.startswith("http") for name, _ in page.evaluate(sizes))


def test_it_works_in_a_page_that_is_opened_from_a_disk(browser, built, trained, tmp_path):
    faults = []
    folder = f"{built.html.as_uri()}/"
    page = open_in(browser, folder, f"{folder}predict.html", faults, width=DESKTOP, theme="light")
    page.evaluate(COLLECT)
    file = write(tmp_path, song("blues"), "flac")
    compare(answer(page, file), predict_file(file, trained), trained, LIMITS["flac"])
    page.context.close()
    assert faults == []


def test_without_scripts_the_page_says_so(browser, site):
    page = browser.new_page(base_url=site, java_script_enabled=False)
    page.goto("predict.html")
    assert "Scripts are blocked" in page.locator(".own-song").inner_text()
    assert page.locator(".own-song input").is_hidden()
    page.close()


def encoded(path, codec, rate):
    """A second of hiss in a container that soundfile does not write."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        hiss = np.random.default_rng(0).normal(0, 0.1, (1, rate)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(hiss, format="fltp", layout="mono")
        frame.sample_rate = rate
        for piece in (*av.AudioResampler(stream.format, frame_size=1024).resample(frame), None):
            container.mux(stream.encode(piece))
    return path


def test_the_kind_and_the_sample_rate_of_a_file_are_read_from_its_content(page, tmp_path):
    answer(page, write(tmp_path, song("pop", seconds=1), "wav"))  # the scripts are there then
    for name, made, rate in (
        ("WAV", write(tmp_path, song("pop", seconds=1, rate=48000), "wav", 48000), 48000),
        ("FLAC", write(tmp_path, song("pop", seconds=1, rate=44100), "flac", 44100), 44100),
        ("Ogg", write(tmp_path, song("pop", seconds=1, rate=32000), "ogg", 32000), 32000),
        ("Ogg", encoded(tmp_path / "opus.ogg", "libopus", 24000), 48000),
        ("MP3", write(tmp_path, song("pop", seconds=1, rate=44100), "mp3", 44100), 44100),
        ("MP3", write(tmp_path, song("pop", seconds=1, rate=16000), "mp3", 16000), 16000),
        ("MP4", encoded(tmp_path / "sound.m4a", "aac", 44100), 44100),
    ):
        found = page.evaluate(
            "bytes => kindOf(new DataView(new Uint8Array(bytes).buffer))", list(made.read_bytes())
        )
        assert found == {"kind": name, "rate": rate}


PIECES = """async () => {
  const [file] = document.querySelector('.own-song input[type=file]').files;
  const bytes = await file.arrayBuffer();
  const { kind, rate } = kindOf(new DataView(bytes));
  const context = new OfflineAudioContext(1, 1, rate);
  const cuts = cutsOf(new DataView(bytes), kind);
  const pieced = await inPieces(file, cuts, context, ownSong.about);
  const decoded = await context.decodeAudioData(bytes);
  const whole = mono(channelsOf(decoded), ownSong.about).samples;
  const differences = whole.map((sample, i) => Math.abs(sample - pieced.samples[i]));
  const largest = differences.reduce((a, b) => Math.max(a, b), 0);
  return [cuts.cuts.length, pieced.samples.length, whole.length, largest];
}"""


def test_a_long_file_that_is_decoded_in_pieces_is_the_same(page, tmp_path):
    audio = np.tile(song("rock", rate=44100, channels=2), (3, 1))  # 90 s, and pieces have 30
    for file in (
        write(tmp_path, audio, "mp3", 44100),
        write(tmp_path, audio[: 40 * RATE, :1], "mp3", 16000),
        write(tmp_path, audio, "wav", 44100, subtype="PCM_24"),
        write(tmp_path, audio, "flac", 44100),
        write(tmp_path, audio[: 80 * RATE, :1], "ogg", 32000),
    ):
        answer(page, file)
        cuts, length, whole, largest = page.evaluate(PIECES)
        assert cuts > 60
        assert length == whole
        assert largest == 0


def test_pieces_that_do_not_fit_together_are_refused(page, tmp_path):
    answer(page, write(tmp_path, np.tile(song("pop"), (3, 1)), "wav"))
    late = "for (const cut of cuts.cuts.slice(100)) cut.byte += 8;"
    with pytest.raises(PlaywrightError, match="null"):
        page.evaluate(PIECES.replace("const pieced", f"{late} const pieced"))


# Files that cannot be judged


def silent_video(path):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx", rate=10)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for _ in range(10):
            frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_each_file_that_cannot_be_judged_has_its_sentence_and_the_next_one_is_judged(
    page, tmp_path
):
    empty, text, zeros = (tmp_path / name for name in ("empty.wav", "text.mp3", "zeros.flac"))
    empty.write_bytes(b"")
    text.write_text("No sound. " * 1000)
    zeros.write_bytes(bytes(10_000))
    tone = song("pop", seconds=3)
    damaged = write(tmp_path, tone, "flac")
    damaged.write_bytes(damaged.read_bytes()[:60])
    broken = np.where(np.arange(len(tone)) == 9, np.nan, tone[:, 0])
    expected = {
        empty: "is an empty file",
        text: "is no audio file that this browser knows",
        zeros: "is no audio file that this browser knows",
        silent_video(tmp_path / "video.webm"): "is a video without a sound",
        write(tmp_path, tone, "aiff"): "it looks like AIFF, and is damaged, protected or of a kind",
        damaged: "it looks like FLAC, and is damaged",
        write(tmp_path, 0 * tone, "wav"): "holds nothing but silence",
        write(tmp_path, broken, "wav", subtype="FLOAT"): "holds samples that are no sound",
        write(tmp_path, np.zeros(8000 * 960), "wav", 8000, subtype="PCM_U8"): (
            "is 16 minutes long; in a page, no more than 15 minutes fit"
        ),
    }
    for file, sentence in expected.items():
        choose(page, file)
        page.get_by_text(sentence).wait_for()
        shown = refusal(page)
        assert file.name in shown
        assert shown.endswith(".")
    answer(page, write(tmp_path, tone, "wav"))
    assert page.locator(".own-song [role=alert]").is_hidden()


def test_a_very_large_file_is_refused_before_it_is_read(page):
    page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.items.add(new File([new Blob(Array(31).fill(new Uint8Array(1e7)))], 'large.xyz'));
          document.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true }));
        }"""
    )
    assert "large.xyz is very large; in a page, no more than 15 minutes fit" in refusal(page)
    assert "genre-book predict" in refusal(page)


def test_a_file_may_be_dropped_also_while_another_is_judged(page, trained, tmp_path):
    long = write(tmp_path, np.tile(song("rock"), (4, 1)), "flac")
    file = write(tmp_path, song("country", seconds=12), "flac")
    page.evaluate(f"() => {{ window.drop = {DROP}; }}")
    page.evaluate("files => { window.files = files; }", [[file.name, list(file.read_bytes())]])
    page.evaluate(
        """() => {
          const observer = new MutationObserver(() => {
            if (!document.querySelector('.own-song .clip')) return;
            observer.disconnect();
            window.drop(window.files);
          });
          observer.observe(document.querySelector('.own-song'), { childList: true, subtree: true });
        }"""
    )
    choose(page, long)
    page.wait_for_function("answers.length")
    found, expected = page.evaluate("answers"), predict_file(file, trained)
    assert len(found) == 1
    note = f"{long.name} was not finished: {file.name} took its place."
    assert found[0]["notes"] == [note, *expected.notes]
    assert page.get_by_text(note).is_visible()
    assert found[0]["ranked"][0]["genre"] == expected.genre
    assert page.locator(".own-song .clip").count() == 1
    page.evaluate("drop([])")
    assert page.get_by_text("What was dropped is no file.").is_visible()


# Shaking


def shake(page, **values):
    """How far the answer moves, and what the page says, with some sliders moved."""
    page.evaluate(
        """(values) => {
          window.answered = null; // not `shaken`: so the function is called
          const form = document.querySelector('.own-song-shake');
          form.addEventListener('shaken', ({ detail }) => { window.answered = detail; });
          for (const input of form.querySelectorAll('input'))
            input.value = values[input.name] ?? input.getAttribute('value');
          form.querySelector('input').dispatchEvent(new Event('change', { bubbles: true }));
        }""",
        values,
    )
    page.wait_for_function("window.answered")
    return page.evaluate("answered")


def test_gain_moves_nothing_and_noise_moves_the_answer(page, trained, tmp_path):
    audio = song("classical", seconds=30)
    first = answer(page, write(tmp_path, audio, "wav"))["ranked"][0]
    assert shake(page)["moved"] == 0
    assert shake(page, gain=-20)["moved"] < 0.001
    still = shake(page, shift=1000)
    left = predict_file(write(tmp_path, audio[RATE:], "wav"), trained)
    if left.genre == first["genre"]:
        expected = f"Still {left.genre}: {first['probability']:.0%} became {left.probability:.0%}."
    else:
        expected = f"Now {left.genre}, {left.probability:.0%}, and no longer {first['genre']}"
    assert still["text"].startswith(expected)
    noisy = shake(page, noise=10)
    assert noisy["moved"] > max(0.1, still["moved"])
    assert (
        f"{noisy['moved']:.0%} moved to other genres."
        in page.locator(".own-song-shake [role=status]").inner_text()
    )
    assert shake(page, lowpass=500)["moved"] > 0.1


def test_the_sliders_are_named_and_answer_to_keys(page, tmp_path):
    answer(page, write(tmp_path, song("jazz", seconds=3), "wav"))
    for name, shown in (
        ("Gain", "1 dB"),
        ("Low-pass", "unchanged"),
        ("White noise", "-59 dB"),
        ("Start later", "10 ms"),
    ):
        slider = page.locator(".own-song").get_by_label(name)
        slider.press("ArrowRight")
        assert shown in slider.locator("..").inner_text()
    page.get_by_text("moved to other genres").wait_for()


# For everyone


def test_the_sound_plays_in_the_page_and_a_click_into_its_picture_leads_there(page, tmp_path):
    answer(page, write(tmp_path, song("hiphop"), "wav"))
    audio, plot = page.locator(".own-song audio"), page.locator(".own-song .mel-plot")
    page.wait_for_function("a => a.duration > 0", arg=audio.element_handle())
    place = plot.bounding_box()
    plot.click(position={"x": 0.7 * place["width"], "y": place["height"] / 2})
    assert audio.evaluate("a => a.currentTime") == pytest.approx(21, abs=0.3)
    page.wait_for_function(
        "c => parseFloat(getComputedStyle(c).getPropertyValue('--at')) > 0.69",
        arg=page.locator(".own-song .clip").element_handle(),
    )
    colours = """c => {
      const { data } = c.getContext('2d').getImageData(0, 0, c.width, c.height);
      return new Set(new Uint32Array(data.buffer)).size;
    }"""
    assert page.locator(".own-song canvas").evaluate(colours) > 100


def test_it_fits_can_be_used_by_keyboard_and_is_open_to_a_screen_reader(page, screenshot, tmp_path):
    chooser = page.get_by_label("Choose a recording")
    with page.expect_file_chooser() as opened:
        chooser.press("Enter")
    opened.value.set_files(write(tmp_path, song("metal", seconds=12), "flac"))
    page.wait_for_function("answers.length", timeout=PATIENCE)
    for width, theme in turned(page):
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        screenshot(page, f"own-song-{width}-{theme}")
        for picture in page.locator(".own-song [role=img]").all():
            assert len(picture.get_attribute("aria-label")) > 40
        found = Axe().run(page, context=".own-song", options={"preload": False}).response
        faults = [(each["id"], each["nodes"][0]["html"][:200]) for each in found["violations"]]
        assert faults == [], theme
