from dataclasses import replace
from itertools import combinations
from types import SimpleNamespace

import joblib
import numpy as np
import pandas as pd
import pytest

from genre_lib import paper
from genre_lib import store as store_module
from genre_lib.augment import IMAGE_SIZE
from genre_lib.book.audits import checklist, near_duplicates
from genre_lib.book.comparisons import identical_pairs
from genre_lib.config import GENRES, UserError, configure, digest
from genre_lib.corpus.gtzan import artists, fault_filtered
from genre_lib.splits import (
    SUBSETS,
    UNUSED,
    assign_subsets,
    audit,
    cut_images,
    make_dataset,
    read_split,
    recordings,
    resize,
    split_images,
)
from genre_lib.store import Store

PROTOCOLS = ("image", "track")
VIEWS = ("copies", "segments")


def blank_store(tracks_per_genre: int, *, genres: int = 10, frames: int = 24) -> Store:
    """A store in which every track is one gray, another in each."""
    names = tuple(f"genre{number:02d}" for number in range(genres))
    labels = np.repeat(np.arange(genres), tracks_per_genre)
    images = np.empty((len(labels), 16, frames), np.uint8)
    images[:] = (np.arange(len(labels)) % 200 + 20)[:, None, None]
    images[200:, 0, 0] = np.arange(200, len(labels)) // 200  # from there on, grays repeat
    ids = tuple(f"{names[label]}.{number:05d}" for number, label in enumerate(labels))
    manifest = {"top_db": 80.0, "hop_length": 512, "sample_rate": 22050}
    return Store("blank", None, ids, names, labels, images, manifest, "0")


def settings_for(*, view="segments", protocol="image", seed=0, images_per_track=12, **overrides):
    overrides["images_per_track"] = images_per_track
    return configure(view=view, protocol=protocol, seed=seed, overrides=overrides)


def random_store(tracks: int, *, frames: int = 24) -> Store:
    """A store of one genre in which every track is other noise."""
    store = blank_store(tracks, genres=1, frames=frames)
    images = np.random.default_rng(0).integers(0, 256, store.images.shape, dtype=np.uint8)
    return replace(store, images=images)


def split_of(protocol: str, seed: int, *, tracks: int = 100, per_track: int = 12) -> pd.DataFrame:
    labels = np.repeat(np.arange(10), tracks * per_track)
    track = np.repeat(np.arange(10 * tracks), per_track)
    units = track if protocol == "track" else np.arange(len(labels))
    genres = tuple(f"genre{number}" for number in range(10))
    subset = assign_subsets(units, labels, genres, seed=seed)
    return pd.DataFrame({"track_id": track, "genre": labels, "subset": subset})


def crossing(table: pd.DataFrame) -> int:
    """How many tracks have images in more than one subset."""
    return int((table.groupby("track_id").subset.nunique() > 1).sum())


# Splitting


def test_the_papers_shares_are_met_exactly_in_every_genre():
    for protocol in PROTOCOLS:
        for seed in (0, 1, 17):
            counts = split_of(protocol, seed).groupby(["genre", "subset"]).size().unstack()
            for subset, share in paper.SUBSET_SHARES.items():
                assert (counts[subset] == round(share * 1200)).all()


def test_the_same_seed_splits_the_same_and_another_splits_otherwise():
    for protocol in PROTOCOLS:
        first = split_of(protocol, 3).subset
        pd.testing.assert_series_equal(split_of(protocol, 3).subset, first)
        assert (split_of(protocol, 4).subset != first).mean() > 0.2


def test_all_tracks_stay_together_under_one_protocol_and_nearly_none_under_the_other():
    for seed in range(5):
        assert crossing(split_of("track", seed)) == 0
        # A track's 12 images all fall into one subset about once in 0.75^-12 = 32 tracks.
        assert crossing(split_of("image", seed)) > 0.9 * 1000


def test_every_image_has_a_subset_and_no_subset_lacks_a_genre():
    for protocol in PROTOCOLS:
        for tracks in (3, 4, 7, 10, 13, 40):
            table = split_of(protocol, 0, tracks=tracks, per_track=4)
            assert set(table.subset) == set(SUBSETS)
            counts = table.groupby(["genre", "subset"]).size().unstack(fill_value=0)
            assert (counts > 0).all(axis=None)
            assert (counts == counts.iloc[0]).all(axis=None)
            assert counts.sum(axis=None) == len(table)
            assert (counts.train >= counts.validation).all()
            assert (counts.validation >= counts.test).all()


def test_the_order_of_genres_does_not_matter_to_each():
    for protocol in PROTOCOLS:
        rng = np.random.default_rng(0)
        track_labels = rng.permutation(np.repeat(np.arange(4), 10))
        labels = np.repeat(track_labels, 3)
        units = np.repeat(np.arange(40), 3) if protocol == "track" else np.arange(120)
        mixed = assign_subsets(units, labels, tuple("abcd"), seed=0)
        sort = np.argsort(labels, kind="stable")
        np.testing.assert_array_equal(
            assign_subsets(units[sort], labels[sort], tuple("abcd"), seed=0), mixed[sort]
        )


def test_each_genre_is_split_whatever_the_others_are():
    labels = np.repeat([0, 1], 20)
    few = assign_subsets(np.arange(40), labels, ("a", "b"), seed=0)
    many = assign_subsets(np.arange(60), np.repeat([0, 1, 2], 20), ("a", "b", "c"), seed=0)
    np.testing.assert_array_equal(many[:40], few)


def test_the_draw_is_even():
    draws = [
        split_of("track", seed, tracks=10, per_track=1).subset == "test" for seed in range(300)
    ]
    share = np.mean(draws, axis=0)  # of the draws in which a track was tested, expected 0.1
    assert share.min() > 0.03
    assert share.max() < 0.19


def test_too_few_tracks_are_refused():
    for protocol, per_track in (("track", 12), ("image", 1)):
        for tracks in (1, 2):
            settings = settings_for(protocol=protocol, images_per_track=per_track)
            with pytest.raises(UserError, match=rf"genre00.*{tracks}.*at least 3"):
                make_dataset(blank_store(tracks, genres=2), settings)


# Datasets


def test_every_image_is_in_the_dataset_once(store):
    for view in VIEWS:
        for protocol in PROTOCOLS:
            data = make_dataset(
                store, settings_for(view=view, protocol=protocol, images_per_track=4)
            )
            count = 4 * len(store.track_ids)
            assert data.images.shape == (count, IMAGE_SIZE, IMAGE_SIZE)
            assert data.images.dtype == np.uint8
            assert data.genres == store.genres
            table = data.table
            assert not table.duplicated(["track_id", "image"]).any()
            assert set(table.track_id) == set(store.track_ids)
            assert set(table.image) == {0, 1, 2, 3}
            rows = np.concatenate([data.rows(subset) for subset in SUBSETS])
            assert sorted(rows) == list(range(count))
            for subset in SUBSETS:
                assert (table.subset[data.rows(subset)] == subset).all()


def test_images_labels_and_table_are_of_the_same_track():
    for view in VIEWS:
        store = blank_store(4, genres=3)
        off = dict.fromkeys(
            ("brightness_contrast_probability", "noise_probability"), 0.0
        )  # these alone would change a gray
        data = make_dataset(store, settings_for(view=view, images_per_track=3, **off))
        for image, label, row in zip(
            data.images, data.labels, data.table.itertuples(), strict=True
        ):
            position = store.position(row.track_id)
            assert (image == store.images[position, 0, 0]).all()
            assert label == store.labels[position]
            assert row.genre == store.genres[label]


def test_the_protocol_changes_the_table_not_the_images(store):
    for view in VIEWS:
        image, track = (
            make_dataset(store, settings_for(view=view, protocol=protocol, images_per_track=4))
            for protocol in PROTOCOLS
        )
        np.testing.assert_array_equal(image.images, track.images)
        assert crossing(image.table) > 0
        assert crossing(track.table) == 0
        assert (image.table.subset != track.table.subset).any()


def test_a_dataset_is_made_again_from_its_seed(store):
    for view in VIEWS:
        first, again, other = (
            make_dataset(store, settings_for(view=view, images_per_track=4, seed=seed))
            for seed in (5, 5, 6)
        )
        np.testing.assert_array_equal(first.images, again.images)
        pd.testing.assert_frame_equal(first.table, again.table)
        assert (first.table.subset != other.table.subset).any()
        assert np.array_equal(first.images, other.images) == (view == "segments")


@pytest.mark.parametrize("view", VIEWS)
def test_threads_do_not_change_a_dataset(store, view):
    settings = settings_for(view=view, images_per_track=4)
    expected = make_dataset(store, settings)
    for jobs in (1, 2, 4):
        with joblib.parallel_config(n_jobs=jobs):
            data = make_dataset(store, settings)
        np.testing.assert_array_equal(data.images, expected.images)
        pd.testing.assert_frame_equal(data.table, expected.table)


def test_a_mapped_dataset_has_the_same_images(store, monkeypatch):
    settings = settings_for(images_per_track=4)
    expected = make_dataset(store, settings)
    monkeypatch.setattr(store_module, "MAPPED_ABOVE", 0)
    data = make_dataset(store, settings)
    np.testing.assert_array_equal(data.images, expected.images)
    rows = data.rows("test")
    np.testing.assert_array_equal(store_module.take(data.images, rows), expected.images[rows])


def test_a_dataset_for_which_the_disk_has_no_room_is_refused(store, monkeypatch):
    monkeypatch.setattr(store_module, "MAPPED_ABOVE", 0)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=0))
    with pytest.raises(UserError, match="GENRE_CACHE"):
        make_dataset(store, settings_for(images_per_track=4))


def test_rows_of_a_table_share_their_names():
    table = make_dataset(blank_store(3, genres=2), settings_for()).table
    for name, count in {"track_id": 6, "genre": 2, "subset": 3}.items():
        assert len({id(value) for value in table[name]}) == count


def test_no_progress_bar_is_shown_where_it_is_quick(store, capsys, monkeypatch):
    settings = settings_for(images_per_track=2)
    make_dataset(store, settings)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("genre_lib.store.BAR_AFTER", 0.0)
    make_dataset(store, settings, progress=False)
    assert capsys.readouterr().err == ""
    make_dataset(store, settings)
    assert f"{len(store.track_ids)}/{len(store.track_ids)}" in capsys.readouterr().err


# The view `segments`


def test_segments_put_together_cover_the_track_in_order():
    store = blank_store(3, genres=1, frames=12 * IMAGE_SIZE)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (3, IMAGE_SIZE, 12 * IMAGE_SIZE), dtype=np.uint8)
    parts = cut_images(replace(store, images=images), settings_for()).reshape(3, 12, 128, 128)
    for track, cut in zip(images, parts, strict=True):
        np.testing.assert_array_equal(np.concatenate(cut, axis=1), track)


def test_segments_follow_time():
    for frames in [12, 24, 100, 1292]:
        ramp = np.linspace(0, 255, frames)
        images = np.repeat(ramp[None, None], 16, axis=1).astype(np.uint8)
        store = replace(blank_store(1, genres=1), images=images)
        parts = cut_images(store, settings_for())
        assert parts.shape == (12, 128, 128)
        means = parts.mean(axis=(1, 2))
        assert (np.diff(means) > 0).all()
        # Segments differ by a column where the columns cannot be shared out evenly.
        tolerance = 1.5 if frames % 12 == 0 else 4.0
        assert means.mean() == pytest.approx(images.mean(), abs=tolerance)
        assert (np.diff(np.concatenate(parts, axis=1)[0].astype(int)) >= 0).all()


def test_segments_need_a_column_each():
    with pytest.raises(UserError, match="images_per_track = 12"):
        cut_images(blank_store(3, frames=11), settings_for())


# The view `copies`


def test_the_first_copy_is_the_whole_track_and_the_others_are_not(store):
    images = cut_images(store, settings_for(view="copies", images_per_track=5))
    images = images.reshape(len(store.track_ids), 5, 128, 128)
    for copied, track in zip(images, store.images, strict=True):
        np.testing.assert_array_equal(copied[0], resize(track))
    changed = (images[:, 1:] != images[:, :1]).any(axis=(2, 3))
    # A copy stays as it was only when all four augmentations, at one half each, pass it by.
    assert changed.mean() > 0.8
    for first, second in combinations(range(1, 5), 2):
        assert not np.array_equal(images[:, first], images[:, second])


def test_without_augmentation_all_copies_are_the_original(store):
    off = dict.fromkeys(
        (
            "brightness_contrast_probability",
            "flip_probability",
            "noise_probability",
            "crop_probability",
        ),
        0.0,
    )
    images = cut_images(store, settings_for(view="copies", images_per_track=3, **off))
    images = images.reshape(-1, 3, 128, 128)
    np.testing.assert_array_equal(images[:, 1], images[:, 0])
    np.testing.assert_array_equal(images[:, 2], images[:, 0])


def test_copies_depend_on_the_seed_and_the_position_alone():
    store = random_store(7)
    settings = settings_for(view="copies", images_per_track=5, seed=3)
    images = cut_images(store, settings).reshape(7, 5, 128, 128)
    others = np.random.default_rng(1).integers(0, 256, store.images.shape, dtype=np.uint8)
    others[4] = store.images[4]
    among_others = cut_images(replace(store, images=others), settings).reshape(images.shape)
    np.testing.assert_array_equal(among_others[4], images[4])
    fewer = settings_for(view="copies", images_per_track=3, seed=3)
    np.testing.assert_array_equal(cut_images(store, fewer).reshape(7, 3, 128, 128), images[:, :3])


def test_the_same_track_at_two_positions_has_different_copies():
    store = random_store(2)
    store.images[1] = store.images[0]
    first, second = cut_images(store, settings_for(view="copies")).reshape(2, 12, 128, 128)
    np.testing.assert_array_equal(first[0], second[0])
    assert not np.array_equal(first, second)


def test_a_copy_is_flipped_whether_or_not_it_is_changed_otherwise():
    ramp = np.broadcast_to(np.linspace(50, 200, 128).astype(np.uint8), (400, 128, 128))
    store = replace(blank_store(400, genres=1), images=ramp)
    settings = settings_for(
        view="copies", images_per_track=2, noise_probability=0.0, crop_probability=0.0
    )
    copied = cut_images(store, settings).reshape(400, 2, 128, 128)[:, 1].astype(int)
    flipped = copied[:, 0, 0] > copied[:, 0, -1]
    changed = np.sort(copied[:, 0]) != np.sort(ramp[:, 0])
    together = np.mean(flipped & changed.any(1))
    assert together == pytest.approx(0.25, abs=0.08)  # not 0.5: the draws are independent
    assert flipped.mean() == pytest.approx(0.5, abs=0.1)


def test_copies_of_the_largest_seed_and_number_can_be_made():
    store = blank_store(1, genres=1)
    settings = settings_for(view="copies", images_per_track=64, seed=2**31 - 1)
    images = cut_images(store, settings)
    assert images.shape == (64, 128, 128)


# Resizing


def test_resizing_changes_neither_one_gray_nor_the_mean():
    for shape in ((128, 1292), (256, 1292), (128, 256), (64, 161), (128, 60), (200, 5)):
        assert (resize(np.full(shape, 77, np.uint8)) == 77).all()
        image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
        # Growing interpolates, which weighs the columns at the edges differently.
        tolerance = 1.0 if min(shape) >= IMAGE_SIZE else 3.0 if min(shape) > 5 else 20.0
        assert resize(image).mean() == pytest.approx(image.mean(), abs=tolerance)


def test_shrinking_averages():
    image = np.random.default_rng(0).integers(0, 256, (256, 512), dtype=np.uint8)
    expected = image.reshape(128, 2, 128, 4).mean(axis=(1, 3))
    np.testing.assert_allclose(resize(image), expected, atol=0.51)


def test_an_image_of_the_right_size_is_not_changed(store):
    image = np.random.default_rng(0).integers(0, 256, (128, 128), dtype=np.uint8)
    np.testing.assert_array_equal(resize(image), image)


def test_rows_stay_rows_and_columns_stay_columns():
    image = np.zeros((64, 640), np.uint8)
    image[48:, :] = 200
    resized = resize(image).astype(int)
    assert (resized.std(axis=1) == 0).all()
    assert resized[0, 0] == 0
    assert resized[-1, 0] == 200


# Identical recordings


def with_duplicates(*pairs: tuple[int, int], tracks: int = 20) -> Store:
    """A store of two genres in which some tracks have the content of others."""
    store = blank_store(tracks, genres=2)
    for one, two in pairs:
        store.images[two] = store.images[one]
    return store


def test_recordings_are_found_from_content():
    store = with_duplicates((0, 3), (5, 6), (5, 9))
    expected = np.arange(40)
    expected[[3, 6, 9]] = 0, 5, 5
    np.testing.assert_array_equal(recordings(store), expected)


def test_one_gray_level_makes_another_recording():
    store = with_duplicates((0, 3))
    store.images[3, -1, -1] ^= 1
    assert identical_pairs(split_images(store, settings_for())).empty


def test_every_pair_of_a_recording_is_listed():
    store = with_duplicates((0, 3), (5, 6), (5, 9), (1, 25))
    pairs = identical_pairs(split_images(store, settings_for()))
    names = {(row.first, row.second) for row in pairs.itertuples()}
    assert {(int(one[-5:]), int(two[-5:])) for one, two in names} == {
        (0, 3), (5, 6), (5, 9), (6, 9), (1, 25)
    }  # fmt: skip
    two_labels = pairs[pairs.first_genre != pairs.second_genre]
    assert two_labels.first.tolist() == ["genre00.00001"]


def test_no_recording_is_in_two_subsets_under_the_track_protocol():
    store = with_duplicates((0, 3), (5, 6), (5, 9), (22, 30), (1, 25))
    for seed in range(20):
        table = split_images(store, settings_for(protocol="track", seed=seed))
        assert table.groupby("recording").subset.nunique().max() == 1
        assert (audit(table).identical_tracks == 0).all()
        counts = table.groupby(["genre", "subset"]).track_id.nunique().unstack()
        assert (counts.test == 2).all()
        assert (counts.validation == 3).all()
        # A recording under two genres is for training alone.
        assert set(table.subset[table.recording == "genre00.00001"]) == {"train"}


def test_without_duplicates_recordings_change_nothing():
    rows = np.repeat(np.arange(40), 12)
    labels = np.repeat([0, 1], 240)
    table = make_dataset(blank_store(20, genres=2), settings_for(protocol="track")).table
    expected = assign_subsets(rows, labels, ("a", "b"), seed=0)
    assert table.subset.tolist() == expected.tolist()
    assert (table.recording == table.track_id).all()


# The published lists


def gtzan_like() -> Store:
    """A store with the names of GTZAN's tracks."""
    store = blank_store(100)
    ids = tuple(f"{genre}.{number:05d}" for genre in GENRES for number in range(100))
    return replace(store, track_ids=ids, genres=GENRES, path="gtzan")


def test_the_lists_have_the_published_sizes():
    sizes = pd.Series(fault_filtered()).value_counts()
    assert sizes.to_dict() == {"train": 443, "validation": 197, "test": 290}


def test_the_test_list_has_26_to_32_tracks_of_each_genre():
    lists = pd.Series(fault_filtered())
    counts = lists[lists == "test"].index.str.split(".").str[0].value_counts()
    assert set(counts.index) == set(GENRES)
    assert (counts.min(), counts.max()) == (26, 32)


PAIRS = ("disco 98 99", "hiphop 39 45", "hiphop 76 78", "reggae 81 82", "pop 54 60", "pop 67 71")
METAL = ((34, 94), *((40 + number, 61 + number) for number in range(6)))


def test_the_lists_have_one_of_each_known_pair_of_identical_recordings():
    for pair in (*PAIRS, *(f"metal {one} {two}" for one, two in METAL)):
        genre, *numbers = pair.split()
        listed = [f"{genre}.{int(number):05d}" in fault_filtered() for number in numbers]
        assert sorted(listed) == [False, True], pair


def test_an_independent_index_finds_no_artist_in_two_fault_filtered_subsets():
    subsets = pd.Series(fault_filtered()).groupby(artists()).nunique()
    assert len(subsets) > 200
    assert set(subsets) == {1}


def test_the_fault_filtered_protocol_follows_the_lists_whatever_the_seed():
    tables = [
        make_dataset(gtzan_like(), settings_for(protocol="fault-filtered", seed=seed)).table
        for seed in (0, 1)
    ]
    pd.testing.assert_frame_equal(*tables)
    subset = tables[0].drop_duplicates("track_id").set_index("track_id").subset
    assert (subset[list(fault_filtered())] == pd.Series(fault_filtered())).all()
    assert (subset == UNUSED).sum() == 1000 - 930
    assert crossing(tables[0]) == 0


def test_the_lists_need_gtzans_tracks():
    with pytest.raises(UserError, match=r"lacks 929 of them.*protocol=track"):
        make_dataset(blank_store(3), settings_for(protocol="fault-filtered"))


def test_the_lists_do_without_the_track_that_often_is_unreadable():
    store = gtzan_like()
    rows = [i for i, name in enumerate(store.track_ids) if name != "jazz.00054"]
    left = replace(
        store,
        track_ids=tuple(store.track_ids[i] for i in rows),
        labels=store.labels[rows],
        images=store.images[rows],
    )
    table = make_dataset(left, settings_for(protocol="fault-filtered")).table
    assert table.drop_duplicates("track_id").subset.value_counts()["train"] == 442


# The audit


def named(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(recording=table.track_id)


def test_shared_tracks_equal_a_count_by_hand():
    for protocol in PROTOCOLS:
        for seed in [0, 1]:
            table = named(split_of(protocol, seed, tracks=5, per_track=3))
            audited = audit(table).set_index(["first", "second"])
            assert list(audited.index) == list(combinations(SUBSETS, 2))
            for first, second in audited.index:
                shared = total = 0
                for track in table.track_id.unique():
                    subsets = [row.subset for row in table.itertuples() if row.track_id == track]
                    total += second in subsets
                    shared += first in subsets and second in subsets
                assert audited.shared_tracks[first, second] == shared
                assert audited.share[first, second] == pytest.approx(shared / total)
            assert (audited.identical_tracks == 0).all()


def test_the_audit_finds_a_single_leak():
    table = named(split_of("track", 0, tracks=10, per_track=2))
    assert (audit(table).shared_tracks == 0).all()
    leaking = table.index[table.subset == "test"][0]
    table.loc[leaking, "subset"] = "train"
    counts = audit(table).set_index(["first", "second"]).shared_tracks
    assert counts.to_dict() == {
        ("train", "validation"): 0,
        ("train", "test"): 1,
        ("validation", "test"): 0,
    }


def test_the_audit_finds_a_single_pair_of_identical_recordings():
    table = named(split_of("track", 0, tracks=10, per_track=2))
    tested, trained = (table.track_id[table.subset == name].iloc[0] for name in ("test", "train"))
    table.loc[table.track_id == tested, "recording"] = trained
    counts = audit(table).set_index(["first", "second"])
    assert counts.identical_tracks.to_dict() == {
        ("train", "validation"): 0,
        ("train", "test"): 1,
        ("validation", "test"): 0,
    }
    assert (counts.shared_tracks == 0).all()


# Splits of others


def test_groups_stay_together_where_tracks_are_split():
    store = blank_store(12, genres=2)
    groups = tuple(f"{number // 3}" if number % 4 else "" for number in range(24))
    for settings in (settings_for(protocol="track", seed=seed) for seed in range(5)):
        table = split_images(replace(store, groups=groups), settings)
        group = table.track_id.map(dict(zip(store.track_ids, groups, strict=True)))
        assert table[group != ""].groupby(group).subset.nunique().max() == 1
        assert (table.groupby("genre").subset.nunique() == 3).all()
        plain = split_images(store, settings)
        assert split_images(replace(store, groups=("",) * 24), settings).equals(plain)


def write_split(path, store, rows=None):
    subsets = np.resize(["train", "train", "validation", "test"], len(store.track_ids))
    table = pd.DataFrame({"track_id": store.track_ids, "subset": subsets})
    (table if rows is None else rows(table)).to_csv(path, index=False)
    return path


def test_a_split_of_ones_own_is_audited(tmp_path):
    store = with_duplicates((0, 3), (4, 8))  # trained and tested; both trained
    table = read_split(write_split(tmp_path / "mine.csv", store), store)
    counts = audit(table).set_index(["first", "second"])
    assert counts.identical_tracks.to_dict() == {
        ("train", "validation"): 0,
        ("train", "test"): 1,
        ("validation", "test"): 0,
    }


def test_what_is_wrong_with_a_split_is_reported(tmp_path):
    store = with_duplicates()
    for rows, message in (
        (lambda table: table.drop(columns="subset"), "line 2 .*names no subset"),
        (lambda table: table[table.subset != "test"], "no track in the subset 'test'"),
        (
            lambda table: table.replace("genre00.00003", "none"),
            "line 5 .'none,test'. names no track",
        ),
    ):
        path = write_split(tmp_path / "mine.csv", store, rows)
        with pytest.raises(UserError, match=message):
            read_split(path, store)


def test_a_first_line_that_names_a_subset_is_no_heading(tmp_path):
    store = with_duplicates()
    path = write_split(tmp_path / "mine.csv", store)
    path.write_text("nobody,train\n" + path.read_text().partition("\n")[2])
    with pytest.raises(UserError, match=r"line 1 .'nobody,train'. names no track"):
        read_split(path, store)


def test_a_split_that_is_missing_or_no_table_is_reported(tmp_path):
    with pytest.raises(UserError, match="is no file that says"):
        read_split(tmp_path / "none.csv", with_duplicates())
    (tmp_path / "empty.csv").touch()
    with pytest.raises(UserError, match="no track in the subset"):
        read_split(tmp_path / "empty.csv", with_duplicates())
    with pytest.raises(UserError, match="is no file that says"):
        configure(split=str(tmp_path / "none.csv"))


def test_a_split_may_have_any_layout(tmp_path):
    store = with_duplicates()
    plain = read_split(write_split(tmp_path / "plain.csv", store), store)
    short = plain.subset.replace({"validation": "Val", "train": "Training"})
    pieces = pd.DataFrame({"filename": plain.track_id + ".3.wav", "tempo": 1.5, "set": short})
    pieces.to_csv(tmp_path / "pieces.csv", sep=";", index=False)
    files = tmp_path / "a file a subset"
    files.mkdir()
    for subset, rows in plain.groupby("subset"):
        paths = rows.genre + "/" + rows.track_id + ".au"
        (files / f"{subset}_mine.txt").write_text("\n".join(["# one line a track", *paths]))
    (files / ".DS_Store").write_bytes(b"\0\xff")
    for path in (tmp_path / "pieces.csv", files):
        read = read_split(path, store)
        pd.testing.assert_frame_equal(
            *(it.sort_values("track_id", ignore_index=True) for it in (read, plain))
        )


def test_a_run_is_split_as_a_file_says_and_named_by_what_it_says(tmp_path, capsys):
    store = with_duplicates()
    path = write_split(tmp_path / "mine.csv", store, lambda table: table[4:])
    settings = configure(split=str(path), protocol="track")
    found = split_images(store, settings).drop_duplicates("track_id").set_index("track_id").subset
    assert f"4 of {len(store.track_ids)} tracks are in no subset" in capsys.readouterr().err
    stated = pd.read_csv(path, index_col="track_id").subset
    assert found.to_dict() == dict.fromkeys(store.track_ids[:4], UNUSED) | stated.to_dict()
    copy = tmp_path / "copy.csv"
    copy.write_text(path.read_text())
    assert digest(configure(split=str(copy), protocol="track"), "") == digest(settings, "")
    copy.write_text(path.read_text().replace("validation", "train", 1))
    assert digest(configure(split=str(copy), protocol="track"), "") != digest(settings, "")
    for faulty, message in (
        ({}, "needs protocol=track"),
        ({"protocol": "track"}, "in two subsets"),
    ):
        copy.write_text(path.read_text() + f"{store.track_ids[5]},validation\n" * bool(faulty))
        with pytest.raises(UserError, match=message):
            split_images(store, configure(split=str(copy), **faulty))


def test_copies_of_a_recording_are_found_among_others():
    rng = np.random.default_rng(0)
    songs = rng.integers(0, 256, (6, 16, 40)).repeat(20, axis=2).astype(np.uint8)
    copy = (songs[0] * 0.9 + 10).astype(np.uint8)
    store = blank_store(2)
    images = np.stack([*songs, np.roll(copy, 1, axis=1), *songs[:1]])
    labels = np.zeros(8, int)
    manifest = store.manifest | {"frame_period_s": 30 / 800}
    names = tuple("abcdefgh")
    store = replace(store, images=images, track_ids=names, labels=labels, manifest=manifest)
    found = near_duplicates(store)
    assert {*zip(found["first"], found["second"], strict=True)} == {
        ("a", "g"), ("a", "h"), ("g", "h")
    }  # fmt: skip


# What a split can tell of the ten questions


def test_planted_leaks_duplicates_and_faults_are_found():
    store, lists = gtzan_like(), fault_filtered()
    table = named(pd.DataFrame({"track_id": lists.keys(), "subset": lists.values()}))
    unit, double, artist, faults, cited = checklist(table, store)
    assert unit == "1. 0 of 930 tracks are in more than one subset."
    assert double.startswith("2. 0 of 290 test tracks have the same spectrogram")
    assert artist.startswith("3. 0 of the 253 test tracks whose artist is known")
    assert faults.startswith("4. 0 of 290 test tracks are left out")
    assert cited.startswith("To cite: split of blank (443 train, 197 validation, 290 test tracks)")
    assert all(sentence[4:-1] in cited for sentence in (unit, double, artist, faults))
    tested, other = table.track_id[table.subset == "test"].iloc[:2]
    trained = table.track_id[table.subset == "train"].iloc[0]
    left_out = min(set(store.track_ids) - set(lists))
    who = table[table.subset == "test"].track_id.map(artists()).value_counts()
    of_artist = next(track for track in table.track_id if artists().get(track) == who.index[0])
    theirs = who.iloc[0]
    for rows, number, start in (
        (pd.DataFrame({"track_id": [tested], "subset": "train"}), 1, "1. 1 of 930"),
        (pd.DataFrame({"track_id": [of_artist], "subset": "train"}), 3, f"3. {theirs} of the 253"),
        (pd.DataFrame({"track_id": [left_out], "subset": "test"}), 4, "4. 1 of 291"),
        (pd.DataFrame({"track_id": [left_out], "subset": "unused"}), 4, "4. 0 of 290"),
    ):
        assert checklist(pd.concat([table, named(rows)]), store)[number - 1].startswith(start)
    for first, second, count in ((tested, trained, 1), (tested, other, 0)):
        same = table.assign(recording=table.recording.replace(first, second))
        assert checklist(same, store)[1].startswith(f"2. {count} of 290")


def test_the_lists_tell_nothing_of_other_tracks():
    store = blank_store(4)
    artist, faults = checklist(make_dataset(store, settings_for()).table, store)[2:4]
    assert artist == "3. Artists cannot be told, because these are not the tracks of GTZAN."
    assert faults == "4. Faults cannot be told, because these are not the tracks of GTZAN."


@pytest.mark.parametrize("seed", [0, 1])
def test_known_images_change_what_is_trained_on_and_neither_its_size_nor_what_is_tested(seed):
    store = blank_store(20)
    splits = {
        known: split_images(store, settings_for(seed=seed, known_images=known))
        for known in (0, 1, 4, 8)
    }
    tested = {known: table[table.subset == "test"] for known, table in splits.items()}
    for known, table in splits.items():
        pd.testing.assert_frame_equal(tested[known], tested[0])
        assert (table.subset == "train").sum() == (splits[0].subset == "train").sum()
        trained = table[table.subset == "train"].groupby("recording").size()
        assert set(trained.reindex(tested[0].recording, fill_value=0)) == {known}
        assert not set(table.recording[table.subset == "validation"]) & set(trained.index)


def test_known_images_need_a_split_by_image_and_leave_some_images_to_test():
    others = ({"known_images": 1, "protocol": name} for name in ("track", "fault-filtered"))
    for given in ({"known_images": 9}, *others):
        with pytest.raises(UserError, match=r"known_images = . is not possible: it needs protocol"):
            split_images(blank_store(20), settings_for(**given))


def test_fewer_training_tracks_are_of_all_genres_and_change_no_other_subset():
    store = blank_store(20)
    whole = split_images(store, settings_for(protocol="track"))
    fewer = split_images(store, settings_for(protocol="track", training_tracks=43))
    changed = fewer.subset != whole.subset
    assert set(whole.subset[changed]) == {"train"}
    assert set(fewer.subset[changed]) == {UNUSED}
    with pytest.raises(UserError, match="training has 150 tracks"):
        split_images(store, settings_for(protocol="track", training_tracks=151))
    sizes = fewer[fewer.subset == "train"].groupby("genre").track_id.nunique()
    assert sizes.sum() == 43
    assert set(sizes) == {4, 5}
