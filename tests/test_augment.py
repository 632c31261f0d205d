import random
import subprocess
import sys

import numpy as np
import pytest
import torch
from scipy.stats import ks_2samp, kstest

from genre_lib.augment import (
    IMAGE_SIZE,
    Draws,
    apply_draws,
    augment,
    augment_tensor,
    cutmix,
    cutmix_box,
    cutmix_probability,
    draw,
    draw_cutmix,
    paste,
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


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1, 2**31 * 64])
def test_the_same_seed_gives_the_same_images(images, seed):
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


@pytest.mark.parametrize("position", [0, 1, 2])
def test_each_kind_is_chosen_without_the_others(position):
    """At any position of a batch: brightness, flip and noise occur in all combinations."""
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


@pytest.mark.parametrize(("low", "high"), [(0.012, 0.028), (0.05, 0.05), (0.1, 0.12)])
def test_noise_is_as_strong_as_the_settings_say(low, high):
    settings = only(noise_probability=1.0, noise_min=low, noise_max=high)
    result = augment(gray(128, 40), pipeline(settings), seed=2) / 255
    strength = result.std(axis=(1, 2))
    level = 1 / 255  # the noise itself is whole gray levels
    assert strength.min() > 0.98 * low - level / 2
    assert strength.max() < 1.02 * high + level / 2
    assert strength.max() - strength.min() > 0.5 * (high - low)
    np.testing.assert_allclose(result.mean(axis=(1, 2)), 128 / 255, atol=0.005)


@pytest.mark.parametrize("limit", [0.05, 0.15, 0.3])
def test_brightness_changes_the_mean_by_at_most_its_limit(limit):
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


# The same for a batch on a device


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def draws(count: int, **changes) -> Draws:
    """Nothing is done to any image but what is given."""
    nothing = {"top": 0, "left": 0, "height": IMAGE_SIZE, "width": IMAGE_SIZE, "flipped": False}
    nothing |= {"factor": 1.0, "offset": 0.0, "deviation": 0.0}
    return Draws(
        **{
            name: torch.as_tensor(value).expand(count)
            for name, value in (nothing | changes).items()
        }
    )


def applied(images: np.ndarray, noise: torch.Tensor | None = None, **changes) -> np.ndarray:
    noise = torch.zeros(images.shape) if noise is None else noise
    result = apply_draws(torch.from_numpy(images), draws(len(images), **changes), noise)
    assert result.dtype == torch.uint8
    return result.numpy().astype(int)


@pytest.fixture(scope="module")
def detailed() -> np.ndarray:
    """Images of nothing but noise, where an error of a pixel's part shows at once."""
    return np.random.default_rng(5).integers(0, 256, (40, IMAGE_SIZE, IMAGE_SIZE), np.uint8)


def test_the_same_crop_gives_the_same_image(detailed):
    crop = transforms(AugmentationSettings())["random crop"]
    rng = np.random.default_rng(0)
    height, width = rng.integers(60, IMAGE_SIZE + 1, (2, len(detailed)))
    height[:2], width[1:3] = IMAGE_SIZE, IMAGE_SIZE
    top = (rng.random(len(detailed)) * (IMAGE_SIZE - height + 1)).astype(int)
    left = (rng.random(len(detailed)) * (IMAGE_SIZE - width + 1)).astype(int)
    result = applied(detailed, top=top, left=left, height=height, width=width)
    for mine, image, y, x, h, w in zip(result, detailed, top, left, height, width, strict=True):
        expected = crop.apply(image, crop_coords=(x, y, x + w, y + h)).astype(int)
        assert np.abs(mine - expected).max() <= 1  # OpenCV computes with fewer bits
        assert (mine == expected).mean() > 0.8


def test_the_same_flip_gives_the_same_image(detailed):
    flipped = np.arange(len(detailed)) % 3 == 0
    result = applied(detailed, flipped=flipped)
    np.testing.assert_array_equal(result[flipped], detailed[flipped][:, :, ::-1])
    np.testing.assert_array_equal(result[~flipped], detailed[~flipped])


def test_the_same_brightness_and_contrast_give_the_same_image(detailed):
    adjust = transforms(AugmentationSettings())["brightness and contrast"]
    rng = np.random.default_rng(0)
    factor, offset = rng.uniform(0.5, 1.5, len(detailed)), rng.uniform(-90, 90, len(detailed))
    result = applied(detailed, factor=factor, offset=offset)
    for mine, image, alpha, beta in zip(result, detailed, factor, offset, strict=True):
        expected = adjust.apply(image, alpha=alpha, beta=beta).astype(int)
        assert np.abs(mine - expected).max() <= 1
        assert (mine == expected).mean() > 0.98


def test_the_same_noise_gives_the_same_image(detailed):
    add = transforms(AugmentationSettings())["Gaussian noise"]
    deviation = torch.linspace(0, 60, len(detailed))
    noise = torch.randn(detailed.shape, generator=generator())
    result = applied(detailed, noise, deviation=deviation)
    for mine, image, strength, each in zip(result, detailed, deviation, noise, strict=True):
        expected = add.apply(image, noise_map=(strength * each).numpy()).astype(int)
        assert np.abs(mine - expected).max() <= 1
        assert (mine == expected).mean() > 0.98


def test_the_steps_come_in_the_order_of_the_pipeline(images):
    kinds = transforms(AugmentationSettings())
    noise = torch.randn(images.shape, generator=generator())
    box = {"top": 3, "left": 9, "height": 120, "width": 110}
    result = applied(images, noise, **box, flipped=True, factor=1.1, offset=-20.5, deviation=4.0)
    for mine, image, each in zip(result, images, noise, strict=True):
        expected = kinds["random crop"].apply(image, crop_coords=(9, 3, 119, 123))
        expected = kinds["horizontal flip"].apply(expected)
        expected = kinds["brightness and contrast"].apply(expected, alpha=1.1, beta=-20.5)
        expected = kinds["Gaussian noise"].apply(expected, noise_map=4 * each.numpy()).astype(int)
        assert np.abs(mine - expected).max() <= 2
        assert (mine == expected).mean() > 0.8


@pytest.mark.parametrize("crop_min", [0.3, 0.8, 0.97, 1.0])
def test_crops_have_the_sizes_and_places_of_albumentations(crop_min):
    settings = only(crop_probability=1.0, crop_min=crop_min)
    crop = transforms(settings)["random crop"]
    crop.set_random_seed(0)
    shape = {"shape": (IMAGE_SIZE, IMAGE_SIZE)}
    boxes = np.array(
        [crop.get_params_dependent_on_data(shape, {})["crop_coords"] for _ in range(4000)]
    )
    mine = draw(4000, settings, generator())
    height, width = boxes[:, 3] - boxes[:, 1], boxes[:, 2] - boxes[:, 0]
    for actual, expected in (
        (mine.height, height),
        (mine.width, width),
        (mine.height * mine.width, height * width),
        (mine.width - mine.height, width - height),
        (mine.top, boxes[:, 1]),
        (mine.left, boxes[:, 0]),
    ):
        assert ks_2samp(actual.numpy(), expected).pvalue > 0.001
    for start, length in ((mine.top, mine.height), (mine.left, mine.width)):
        assert (start == start.floor()).all()
        assert (length == length.floor()).all()
        assert start.min() >= 0
        assert (start + length).max() <= IMAGE_SIZE


def test_strengths_are_drawn_evenly_within_their_limits():
    settings = only(
        brightness_contrast_probability=1.0,
        noise_probability=1.0,
        brightness=0.2,
        contrast=0.3,
        noise_min=0.01,
        noise_max=0.05,
    )
    mine = draw(4000, settings, generator())
    for values, low, high in (
        (mine.offset / 255, -0.2, 0.2),
        (mine.factor, 0.7, 1.3),
        (mine.deviation / 255, 0.01, 0.05),
    ):
        assert kstest(values.numpy(), "uniform", (low, high - low)).pvalue > 0.001
    assert np.abs(np.corrcoef(torch.stack([mine.offset, mine.factor, mine.deviation]))[0, 1]) < 0.1


@pytest.mark.parametrize("probability", [0.0, 0.3, 1.0])
def test_each_kind_is_chosen_with_its_probability(probability):
    settings = AugmentationSettings(
        crop_probability=probability,
        flip_probability=probability,
        brightness_contrast_probability=probability,
        noise_probability=probability,
    )
    mine = draw(4000, settings, generator())
    cropped = (mine.height < IMAGE_SIZE) | (mine.width < IMAGE_SIZE)
    for chosen in (cropped, mine.flipped, mine.factor != 1, mine.offset != 0, mine.deviation != 0):
        assert chosen.double().mean() == pytest.approx(probability, abs=0.03)
    assert ((mine.factor != 1) == (mine.offset != 0)).all()  # both or neither
    together = (cropped & mine.flipped & (mine.factor != 1) & (mine.deviation != 0)).double()
    assert together.mean() == pytest.approx(probability**4, abs=0.02)  # each on its own


def test_a_batch_is_as_different_as_with_albumentations(images):
    settings = AugmentationSettings()
    many = np.repeat(images[:1], 600, axis=0)
    batches = (
        augment_tensor(torch.from_numpy(many), settings, generator()).numpy(),
        augment(many, pipeline(settings), seed=0),
    )
    for figure in (np.mean, np.std, np.max):
        ours, theirs = (figure(batch.astype(float), axis=(1, 2)) for batch in batches)
        assert ks_2samp(ours, theirs).pvalue > 0.001


def test_noise_of_the_device_is_as_strong_as_the_settings_say():
    settings = only(noise_probability=1.0, noise_min=0.1, noise_max=0.1)
    result = augment_tensor(torch.from_numpy(gray(128, 8)), settings, generator()).double()
    np.testing.assert_allclose(result.std(dim=(1, 2)) / 255, 0.1, rtol=0.03)
    assert np.abs(np.corrcoef(result.flatten(1))[~np.eye(8, dtype=bool)]).max() < 0.05


def test_the_seed_decides_what_the_device_does(images):
    batch = torch.from_numpy(images)
    before = torch.get_rng_state()
    first, same, other = (
        augment_tensor(batch, AugmentationSettings(), generator(seed)) for seed in (1, 1, 2)
    )
    assert torch.equal(first, same)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)
    assert first.shape == batch.shape
    assert first.dtype == torch.uint8
    np.testing.assert_array_equal(batch, images)


def test_no_probability_and_no_strength_change_nothing_on_the_device(detailed):
    still = {"brightness": 0.0, "contrast": 0.0, "noise_min": 0.0, "noise_max": 0.0}
    always = {"brightness_contrast_probability": 1.0, "noise_probability": 1.0}
    for settings in (only(), only(**still, **always)):
        result = augment_tensor(torch.from_numpy(detailed), settings, generator())
        np.testing.assert_array_equal(result, detailed)


# CutMix


@pytest.mark.parametrize(("first", "last"), [(0.5, 0.0), (1.0, 0.2), (0.0, 0.0), (0.1, 0.9)])
def test_the_probability_of_cutmix_is_a_line(first, last):
    settings = AugmentationSettings(cutmix_probability=first, cutmix_final_probability=last)
    epochs = 11
    line = [cutmix_probability(epoch, epochs, settings) for epoch in range(epochs)]
    np.testing.assert_allclose(line, np.linspace(first, last, epochs), atol=1e-12)


def test_a_single_epoch_has_the_first_probability():
    assert cutmix_probability(0, 1, AugmentationSettings()) == 0.5


@pytest.mark.parametrize("kept", [0.0, 0.1, 0.5, 0.75, 0.99, 1.0])
def test_a_box_that_no_edge_clips_has_the_area_that_is_not_kept(kept):
    rows, columns = cutmix_box(kept, (0.5, 0.5))
    side = IMAGE_SIZE * np.sqrt(1 - kept)
    for span in (rows, columns):
        assert span.stop - span.start == pytest.approx(side, abs=1)
    if kept == 1.0:
        assert rows.start == rows.stop
    if kept == 0.0:
        assert (rows, columns) == (slice(0, IMAGE_SIZE), slice(0, IMAGE_SIZE))


@pytest.mark.parametrize("centre", [(0.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.02, 0.5), (1.0, 0.3)])
@pytest.mark.parametrize("kept", [0.0, 0.3, 0.9, 1.0])
def test_a_box_is_clipped_at_the_edges(centre, kept):
    side = IMAGE_SIZE * np.sqrt(1 - kept)
    for span, middle in zip(cutmix_box(kept, centre), centre, strict=True):
        assert 0 <= span.start <= span.stop <= IMAGE_SIZE
        low = max(0, middle * IMAGE_SIZE - side / 2)
        high = min(IMAGE_SIZE, middle * IMAGE_SIZE + side / 2)
        assert (span.start, span.stop) == pytest.approx((low, high), abs=0.5)


def test_rows_and_columns_of_the_box_are_not_confused():
    rows, columns = cutmix_box(0.9, (0.25, 0.75))
    assert rows.stop < IMAGE_SIZE / 2 < columns.start


@pytest.mark.parametrize("seed", range(12))
def test_mixed_images_are_made_of_own_and_partner_by_the_share_that_is_told(seed):
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


def test_a_box_is_pasted_into_tensors_as_into_arrays(images):
    partner, box, kept = draw_cutmix(len(images), alpha=1.0, rng=np.random.default_rng(1))
    array, tensor = images.copy(), torch.from_numpy(images.copy())
    paste(array, partner, box)
    paste(tensor, partner, box)
    np.testing.assert_array_equal(array, tensor)
    mixed = cutmix(images, alpha=1.0, rng=np.random.default_rng(1))
    for actual, expected in zip(mixed, (array, partner, kept), strict=True):
        np.testing.assert_array_equal(actual, expected)
