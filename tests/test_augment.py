import random
import subprocess
import sys

import numpy as np
import pytest

from genre_lib.augment import (
    IMAGE_SIZE,
    augment,
    cutmix,
    cutmix_box,
    cutmix_probability,
    pipeline,
    transforms,
)
from genre_lib.config import AugmentationSettings

OFF = {
    "brightness_contrast_probability": 0.0,
    "flip_probability": 0.0,
    "noise_probability": 0.0,
    "crop_probability": 0.0,
}


def only(**changes) -> AugmentationSettings:
    """Every augmentation off but those that are given."""
    return AugmentationSettings(**(OFF | changes))


def gray(level: int, count: int = 4) -> np.ndarray:
    return np.full((count, IMAGE_SIZE, IMAGE_SIZE), level, np.uint8)


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    """Smooth pictures with noise on them: no two rows, columns or images are alike."""
    rng = np.random.default_rng(3)
    ramp = np.linspace(30, 180, IMAGE_SIZE)
    noise = rng.uniform(-20, 20, (6, IMAGE_SIZE, IMAGE_SIZE))
    return (ramp[:, None] / 2 + ramp / 2 + noise).astype(np.uint8)


# The four image augmentations


def test_shape_and_type_stay(images):
    result = augment(images, pipeline(AugmentationSettings()), seed=1)
    assert result.shape == images.shape
    assert result.dtype == np.uint8
    assert not np.array_equal(result, images)


def test_what_is_given_is_not_changed(images):
    before = images.copy()
    augment(images, pipeline(AugmentationSettings()), seed=1)
    np.testing.assert_array_equal(images, before)


def test_the_same_seed_gives_the_same_images(images):
    for seed in [0, 1, 2**32 - 1, 2**31 * 64]:
        compose = pipeline(AugmentationSettings())
        first = augment(images, compose, seed=seed)
        augment(images, compose, seed=seed + 1)
        np.testing.assert_array_equal(augment(images, compose, seed=seed), first)
        fresh = augment(images, pipeline(AugmentationSettings()), seed=seed)
        np.testing.assert_array_equal(fresh, first)


def test_another_seed_gives_other_images(images):
    compose = pipeline(AugmentationSettings())
    results = [augment(images, compose, seed=seed).tobytes() for seed in range(5)]
    assert len(set(results)) == 5


def test_global_random_state_is_neither_used_nor_moved(images):
    results = []
    for seed in (0, 99):
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002 - this is the state in question
        before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
        results.append(augment(images, pipeline(AugmentationSettings()), seed=1))
        assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002
    np.testing.assert_array_equal(*results)


def test_each_image_of_a_batch_is_augmented_on_its_own():
    same = np.repeat(gray(100, 1), 8, axis=0)
    result = augment(same, pipeline(only(noise_probability=1.0)), seed=0)
    assert len({image.tobytes() for image in result}) == 8


def test_no_probability_changes_nothing(images):
    np.testing.assert_array_equal(augment(images, pipeline(only()), seed=4), images)


def test_no_strength_changes_nothing(images):
    settings = AugmentationSettings(
        brightness=0.0,
        contrast=0.0,
        brightness_contrast_probability=1.0,
        flip_probability=0.0,
        noise_min=0.0,
        noise_max=0.0,
        noise_probability=1.0,
        crop_probability=0.0,
    )
    np.testing.assert_array_equal(augment(images, pipeline(settings), seed=4), images)


def test_the_flip_reverses_time_not_pitch(images):
    result = augment(images, pipeline(only(flip_probability=1.0)), seed=0)
    np.testing.assert_array_equal(result, images[:, :, ::-1])


def test_half_of_the_images_are_flipped(images):
    many = np.repeat(images[:1], 400, axis=0)
    result = augment(many, pipeline(only(flip_probability=0.5)), seed=0)
    flipped = (result == images[0, :, ::-1]).all(axis=(1, 2))
    untouched = (result == images[0]).all(axis=(1, 2))
    assert (flipped ^ untouched).all()
    assert 0.4 < flipped.mean() < 0.6


def test_each_kind_is_chosen_without_the_others():
    """At any position of a batch: brightness, flip and noise occur in all combinations."""
    for position in [0, 1, 2]:
        halves = gray(60, position + 1)
        halves[:, :, IMAGE_SIZE // 2 :] = 160
        compose = pipeline(AugmentationSettings(crop_probability=0.0, contrast=0.0))
        results = np.array([augment(halves, compose, seed=seed)[position] for seed in range(400)])
        left, right = results[:, :, :50].astype(float), results[:, :, -50:].astype(float)
        flipped = left.mean((1, 2)) > right.mean((1, 2))
        noisy = left.std((1, 2)) > 0
        brighter = np.abs((left + right).mean((1, 2)) - 220) > 1
        counts = np.bincount(4 * flipped + 2 * noisy + brighter, minlength=8)
        np.testing.assert_allclose(counts / 400, 1 / 8, atol=0.06)


def test_noise_is_as_strong_as_the_settings_say():
    for low, high in [(0.012, 0.028), (0.05, 0.05), (0.1, 0.12)]:
        settings = only(noise_probability=1.0, noise_min=low, noise_max=high)
        result = augment(gray(128, 40), pipeline(settings), seed=2) / 255
        strength = result.std(axis=(1, 2))
        level = 1 / 255  # the noise itself is whole gray levels
        assert strength.min() > 0.98 * low - level / 2
        assert strength.max() < 1.02 * high + level / 2
        assert strength.max() - strength.min() > 0.5 * (high - low)
        np.testing.assert_allclose(result.mean(axis=(1, 2)), 128 / 255, atol=0.005)


def test_brightness_changes_the_mean_by_at_most_its_limit():
    for limit in [0.05, 0.15, 0.3]:
        settings = only(brightness_contrast_probability=1.0, brightness=limit, contrast=0.0)
        result = augment(gray(128, 60), pipeline(settings), seed=2)
        change = result.mean(axis=(1, 2)) - 128
        assert np.abs(change).max() <= 255 * limit + 1
        assert change.max() > 255 * limit / 2
        assert change.min() < -255 * limit / 2
        assert (result.std(axis=(1, 2)) == 0).all()


def test_contrast_stretches_by_at_most_its_limit(images):
    settings = only(brightness_contrast_probability=1.0, brightness=0.0, contrast=0.2)
    many = np.repeat(images[:1] // 2, 40, axis=0)
    result = augment(many, pipeline(settings), seed=2)
    stretch = result.std(axis=(1, 2)) / many[0].std()
    assert 0.79 < stretch.min() < 0.9
    assert 1.1 < stretch.max() < 1.21


def test_a_crop_keeps_at_least_its_share_of_the_area():
    rows, columns = np.mgrid[:IMAGE_SIZE, :IMAGE_SIZE].astype(np.uint8)
    settings = only(crop_probability=1.0, crop_min=0.8)
    kept = np.ones(60)
    for picture, axis in ((rows, 0), (columns, 1)):
        many = np.repeat(picture[None], len(kept), axis=0)
        result = augment(many, pipeline(settings), seed=3).astype(int)
        kept *= np.ptp(result, axis=(1, 2)) / (IMAGE_SIZE - 1)
        assert (np.diff(result, axis=axis + 1) >= 0).all()  # neither turned nor flipped
    assert 0.77 < kept.min() < 0.9
    assert kept.max() <= 1.0
    assert np.unique(kept).size > 10


def test_a_crop_of_one_gray_stays_that_gray():
    settings = only(crop_probability=1.0, crop_min=0.5)
    np.testing.assert_array_equal(augment(gray(77), pipeline(settings), seed=3), gray(77))


def test_the_papers_four_augmentations_are_there():
    names = set(transforms(AugmentationSettings()))
    assert names == {
        "random crop",
        "horizontal flip",
        "brightness and contrast",
        "Gaussian noise",
    }
    assert len(pipeline(AugmentationSettings()).transforms) == 4


def test_importing_the_module_does_not_import_torch():
    code = "import sys, genre_lib.augment; print('torch' in sys.modules)"
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"


# CutMix


def test_the_probability_of_cutmix_is_a_line():
    for first, last in [(0.5, 0.0), (1.0, 0.2), (0.0, 0.0), (0.1, 0.9)]:
        settings = AugmentationSettings(cutmix_probability=first, cutmix_final_probability=last)
        epochs = 11
        line = [cutmix_probability(epoch, epochs, settings) for epoch in range(epochs)]
        np.testing.assert_allclose(line, np.linspace(first, last, epochs), atol=1e-12)


def test_a_single_epoch_has_the_first_probability():
    assert cutmix_probability(0, 1, AugmentationSettings()) == 0.5


def test_a_box_that_no_edge_clips_has_the_area_that_is_not_kept():
    for kept in [0.0, 0.1, 0.5, 0.75, 0.99, 1.0]:
        rows, columns = cutmix_box(kept, (0.5, 0.5))
        side = IMAGE_SIZE * np.sqrt(1 - kept)
        for span in (rows, columns):
            assert span.stop - span.start == pytest.approx(side, abs=1)
        if kept == 1.0:
            assert rows.start == rows.stop
        if kept == 0.0:
            assert (rows, columns) == (slice(0, IMAGE_SIZE), slice(0, IMAGE_SIZE))


def test_a_box_is_clipped_at_the_edges():
    for centre in [(0.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.02, 0.5), (1.0, 0.3)]:
        for kept in [0.0, 0.3, 0.9, 1.0]:
            side = IMAGE_SIZE * np.sqrt(1 - kept)
            for span, middle in zip(cutmix_box(kept, centre), centre, strict=True):
                assert 0 <= span.start <= span.stop <= IMAGE_SIZE
                low = max(0, middle * IMAGE_SIZE - side / 2)
                high = min(IMAGE_SIZE, middle * IMAGE_SIZE + side / 2)
                assert (span.start, span.stop) == pytest.approx((low, high), abs=0.5)


def test_rows_and_columns_of_the_box_are_not_confused():
    rows, columns = cutmix_box(0.9, (0.25, 0.75))
    assert rows.stop < IMAGE_SIZE / 2 < columns.start


def test_mixed_images_are_made_of_own_and_partner_by_the_share_that_is_returned():
    for seed in range(12):
        levels = np.array([10, 50, 90, 130, 170], np.uint8)
        batch = np.concatenate([gray(level, 1) for level in levels])
        before = batch.copy()
        mixed, partner, kept = cutmix(batch, alpha=1.0, rng=np.random.default_rng(seed))
        np.testing.assert_array_equal(batch, before)
        assert mixed.dtype == np.uint8
        assert sorted(partner) == [0, 1, 2, 3, 4]
        boxes = set()
        for image, own, other in zip(mixed, levels, levels[partner], strict=True):
            assert np.isin(image, [own, other]).all()
            if own != other:
                assert (image == own).mean() == pytest.approx(kept, abs=1e-12)
                boxes.add((image == other).tobytes())
            else:
                assert (image == own).all()
        assert len(boxes) <= 1  # one box for the whole batch


def test_the_pasted_box_comes_from_the_same_place(images):
    mixed, partner, kept = cutmix(images, alpha=1.0, rng=np.random.default_rng(1))
    assert 0 < kept < 1
    own = mixed == images
    assert (own | (mixed == images[partner])).all()


def test_cutmix_is_decided_by_its_generator(images):
    first, second, other = (
        cutmix(images, alpha=1.0, rng=np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first[0], second[0])
    assert first[2] == second[2]
    assert first[2] != other[2]


def test_the_kept_share_spreads_with_alpha(images):
    spread = {}
    for alpha in (0.1, 1.0, 10.0):
        rng = np.random.default_rng(0)
        shares = [cutmix(images[:2], alpha=alpha, rng=rng)[2] for _ in range(200)]
        assert min(shares) >= 0
        assert max(shares) <= 1
        spread[alpha] = np.std(shares)
    assert spread[0.1] > spread[1.0] > spread[10.0]
