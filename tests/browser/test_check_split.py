"""The page *Check my split*: a split is audited in the browser as the command audits it."""

from functools import cache
from types import SimpleNamespace

import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe
from served import turned

from genre_lib.book.audits import checklist
from genre_lib.config import reference_dir
from genre_lib.corpus.gtzan import artists, fault_filtered
from genre_lib.predict import PACKAGED
from genre_lib.runs import read_run
from genre_lib.splits import audit

COLLECT = """() => {
  window.answers = [];
  document.querySelector('.check-split')
    .addEventListener('checked', (event) => window.answers.push(event.detail));
}"""


@pytest.fixture
def page(same_page):
    page = same_page("check_my_split")
    page.evaluate("window.answers ? answers.length = 0 : (" + COLLECT + ")()")
    return page


@cache
def stored(name):
    (folder,) = reference_dir().glob(f"{name}-????????????????")
    return pd.read_csv(folder / "split.csv")


def choose(page, *files):
    page.locator(".check-split input").set_input_files([])
    page.locator(".check-split input").set_input_files(files)


def one_file(table, folder):
    """Three columns: track, genre, subset."""
    path = folder / "split.csv"
    table[["track_id", "genre", "subset"]].to_csv(path, index=False)
    return [path]


def file_a_subset(table, folder):
    """No header, paths, and the subset in the name of the file."""
    words = {"train": "train", "validation": "valid", "test": "test"}
    paths = []
    for subset, rows in table.groupby("subset"):
        paths.append(folder / f"{words[subset]}_filtered.txt")
        lines = rows.track_id.map(lambda track: f"{track.split('.')[0]}/{track}.wav")
        paths[-1].write_text("\n".join(lines))
    return paths


def pieces(table, folder):
    """Pieces with the names of Kaggle's table, semicolons, and short words."""
    path = folder / "pieces.csv"
    words = table.subset.replace({"validation": "Val", "train": "Training"})
    names = table.track_id + "." + table.image.astype(str) + ".wav"
    pd.DataFrame({"filename": names, "tempo": 1.5, "set": words}).to_csv(path, sep=";")
    return [path]


def test_the_page_counts_as_the_command_does(page, tmp_path):
    tracks = read_run(PACKAGED).split.track_id.unique()
    store = SimpleNamespace(track_ids=tracks, name="gtzan")
    ways = {"fault-filtered-0": file_a_subset, "track-0": one_file, "segments-image-0": pieces}
    for number, (name, write) in enumerate(ways.items(), start=1):
        table = stored(name)
        table = table[table.subset.isin(["train", "validation", "test"])]
        choose(page, *write(table, tmp_path))
        page.wait_for_function("n => answers.length == n", arg=number)
        found = page.evaluate("answers.at(-1)")
        keys = ("shared", "share", "double")
        columns = ["shared_tracks", "share", "identical_tracks"]
        expected = audit(table)[columns].to_numpy()
        assert [[pair[key] for key in keys] for pair in found["pairs"]] == pytest.approx(expected)
        shown = page.locator(".check-split").inner_text()
        for sentence in checklist(table, store)[:4]:
            assert sentence[3:] in shown, name
        assert found["rows"] == len(table), name
        leaks = name == "segments-image-0"
        assert ("This split leaks tracks" in shown) == leaks
        assert ("Nothing leaks." in shown) == (name == "fault-filtered-0")
        assert f"{len(set(table.track_id[table.subset == 'test']))} test tracks)" in found["cited"]


def test_a_planted_artist_and_duplicate_are_found(page, tmp_path):
    lists, names = fault_filtered(), artists()
    train = [track for track, subset in lists.items() if subset == "train"]
    known = {names.get(track) for track in train} - {None}
    recordings = read_run(PACKAGED).split.drop_duplicates("track_id")
    recordings = recordings.set_index("track_id").recording
    left_out = recordings[~recordings.index.isin(lists)]
    double = left_out.index[left_out.isin(recordings[train])][0]
    met = next(track for track in left_out.index if names.get(track) in known)
    path = tmp_path / "split.tsv"
    counts = []
    for added in ([], [double], [met]):
        lines = [f"{track}\t{subset}" for track, subset in lists.items()]
        path.write_text("\n".join([*lines, *(f"{track}\ttest" for track in added)]))
        choose(page, path)
        page.wait_for_function("n => answers.length > n", arg=len(counts))
        counts.append(page.evaluate("answers.at(-1).counts"))
    assert [each["double"] for each in counts][:2] == [0, 1]
    assert (counts[0]["met"], counts[2]["met"]) == (0, 1)
    assert [each["unlisted"] for each in counts] == [0, 1, 1]


def test_each_file_that_is_no_split_has_its_sentence(page, tmp_path):
    for name, text, sentence in (
        ("empty.csv", "", "empty.csv is an empty file."),
        ("other.csv", "a,b\n1,2\n", "other.csv names no track of GTZAN"),
        ("strange.csv", "blues.00100,train\n", "blues.00100, which is no track of GTZAN"),
        ("features_3_sec.csv", "blues.00000.0.wav,1,blues\n", "in which subset blues.00000 is"),
        ("only.csv", "blues.00000,train\n", "No track is in the subset test"),
        ("song.wav", "RIFF\0\0\0\0WAVE", "song.wav names no track of GTZAN"),
    ):
        (tmp_path / name).write_text(text)
        choose(page, tmp_path / name)
        page.get_by_text(sentence).wait_for()
        assert page.locator(".check-split-result").is_hidden()
    choose(page, *one_file(stored("track-0"), tmp_path))
    page.wait_for_function("answers.length")
    assert page.locator(".check-split [role=alert]").is_hidden()


def test_it_fits_and_is_open_to_a_screen_reader(page, screenshot, tmp_path):
    chooser = page.get_by_label("Choose the files of a split")
    chooser.set_input_files([])
    chooser.set_input_files(one_file(stored("track-0"), tmp_path))
    page.wait_for_function("answers.length")
    for width, theme in turned(page):
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        screenshot(page, f"check-split-{width}-{theme}")
        found = Axe().run(page, context=".check-split", options={"preload": False}).response
        faults = [(each["id"], each["nodes"][0]["html"][:200]) for each in found["violations"]]
        assert faults == [], theme
