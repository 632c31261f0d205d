import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import typer
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader

from benchmarks import explorer, growth, hearing, hostile, literal, step_parts, training_step
from genre_lib.augment import cutmix, pipeline
from genre_lib.config import GENRES, AugmentationSettings, ModelSettings, configure
from genre_lib.corpus import Upload, read_audio
from genre_lib.model import HybridNet
from genre_lib.splits import Dataset
from genre_lib.training import new_state, to_input, train_step

CPU = torch.device("cpu")
OFF = torch.amp.GradScaler("cpu", enabled=False)


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (6, 128, 128), np.uint8)


@pytest.fixture
def paths(images, tmp_path) -> list[Path]:
    files = [tmp_path / f"{number}.png" for number in range(len(images))]
    for path, image in zip(files, images, strict=True):
        Image.fromarray(image).save(path)
    return files


# The literal data


def test_the_literal_dataset_is_what_the_files_hold(paths, images):
    dataset = literal.LiteralDataset(paths, [3, 1, 4, 1, 5, 9])
    assert len(dataset) == 6
    batches = list(DataLoader(dataset, batch_size=4))
    x = torch.cat([batch for batch, _ in batches])
    torch.testing.assert_close(x, to_input(images, CPU))
    assert torch.cat([labels for _, labels in batches]).tolist() == [3, 1, 4, 1, 5, 9]


def test_the_literal_dataset_augments_each_time_it_is_asked(paths, images):
    compose = pipeline(AugmentationSettings(noise_probability=1.0))
    dataset = literal.LiteralDataset(paths, range(6), compose)
    first, second = dataset[0][0], dataset[0][0]
    assert first.shape == second.shape == (1, 128, 128)
    assert not torch.equal(first, second)
    assert 0 <= first.min() < first.max() <= 1


def test_a_track_of_any_length_becomes_an_image(tmp_path):
    path = tmp_path / "track.png"
    Image.fromarray(np.full((128, 1292), 51, np.uint8)).save(path)
    image, label = literal.LiteralDataset([path], [7])[0]
    torch.testing.assert_close(image, torch.full((1, 128, 128), 0.2))
    assert label == 7


# The literal step


def test_the_literal_cutmix_keeps_the_share_that_it_returns():
    x = torch.arange(5.0)[:, None, None, None].expand(5, 1, 128, 128)
    labels = torch.arange(5) + 10
    for seed in range(8):
        rng = np.random.default_rng(seed)
        mixed, others, kept = literal.cutmix(x, labels, alpha=1.0, rng=rng)
        assert sorted(others.tolist()) == labels.tolist()
        for image, first, second in zip(mixed, labels - 10, others - 10, strict=True):
            assert set(image.unique().tolist()) <= {first.item(), second.item()}
            if first != second:
                assert (image == first).double().mean().item() == pytest.approx(kept)
    assert x[:, 0, 0, 0].tolist() == [0, 1, 2, 3, 4]


def test_the_literal_step_is_ours(images, monkeypatch):
    """The benchmark times the same work: loss, gradient, clipping and optimizer."""
    settings = configure(profile="paper", overrides={"batch_size": len(images), "epochs": 9})
    training = settings.training
    labels = np.array([3, 1, 4, 1, 5, 9])
    table = pd.DataFrame({"subset": ["train"] * len(images)})
    state = new_state(settings, Dataset(images, labels, GENRES, table))
    network = HybridNet(ModelSettings(), fast=False)
    network.load_state_dict(state.model.state_dict())
    for module in (*state.model.modules(), *network.modules()):
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=state.schedule.get_last_lr()[0], weight_decay=training.weight_decay
    )
    mixed, partner, kept = cutmix(images, alpha=9.0, rng=np.random.default_rng(1))
    assert 0.1 < kept < 0.9
    mix = (to_input(mixed, CPU), torch.from_numpy(labels[partner]), kept)
    monkeypatch.setattr(literal, "cutmix", lambda *_, **__: mix)
    inputs, targets, rng = to_input(images, CPU), torch.from_numpy(labels), None
    expected = literal.step(network, optimizer, OFF, inputs, targets, rng=rng)
    actual, _ = train_step(state, settings, mixed, labels, partner, kept)
    assert actual == pytest.approx(expected, rel=1e-5)
    theirs = dict(network.named_parameters())
    for name, parameter in state.model.named_parameters():
        scale = theirs[name].grad.abs().max() + 1e-3
        assert (parameter.grad - theirs[name].grad).abs().max() < 1e-3 * scale, name
        assert (parameter - theirs[name]).abs().max() < 1e-4, name


@pytest.mark.slow
def test_literal_steps_learn_a_batch(images):
    torch.manual_seed(0)
    images = images // 4 + 60 * (np.arange(6, dtype=np.uint8) % 3)[:, None, None]
    network = HybridNet(ModelSettings(), n_classes=3, fast=False)
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.003)
    x, y, rng = to_input(images, CPU), torch.tensor([0, 1, 2, 0, 1, 2]), np.random.default_rng(0)
    losses = [
        literal.step(network, optimizer, OFF, x, y, rng=rng, alpha=0.01, smoothing=0.0)
        for _ in range(30)
    ]
    assert np.median(losses[-9:]) < 0.3 * losses[0]


# The benchmark


def test_operations_follow_from_the_shapes():
    first = 128 * 128 * 16 * 9  # positions, filters, weights of one
    second = 64 * 64 * 32 * 16 * 9
    lstm = 32 * 2 * 4 * 64 * (1024 + 64)  # steps, directions, gates, units, inputs of one
    attention = 32 * 4 * 128 * 128 + 2 * 32 * 32 * 128  # projections; scores and sums
    linear = 128 * 128 + 128 * 10
    # Forward, gradient of the weights, gradient of the input, which the images do not need.
    multiplications = 2 * first + 3 * (second + lstm + attention + linear)
    for batch_size in (2, 128):
        operations = training_step.count_operations(batch_size)
        assert operations == pytest.approx(2 * batch_size * multiplications, rel=1e-3)
    assert operations / 1e9 == pytest.approx(31, abs=0.5)


def test_the_sides_take_turns_and_the_first_step_of_a_turn_does_not_count(monkeypatch):
    calls = []
    ticks = {"slow": iter([9.0, 3.0, 4.0, 9.0, 5.0, 6.0]), "fast": iter([9.0, 1.0, 1.0] * 2)}
    monkeypatch.setattr(training_step, "stopwatch", lambda step, _: step())
    monkeypatch.setattr(training_step, "gemm_rate", lambda size, _: float(size))

    def side(name: str) -> training_step.Contender:
        return training_step.Contender(lambda: next(ticks[name]), lambda: calls.append(name))

    seconds, peak = training_step.measure(
        {"slow": side("slow"), "fast": side("fast")},
        CPU,
        rounds=2,
        steps=2,
        sizes=(7, 5),
        quiet=True,
    )
    assert calls == ["slow", "fast", "slow", "fast"]
    assert seconds == {"slow": 4.5, "fast": 1.0}
    assert peak == 7


def test_what_returns_memory_is_timed_before_any_is_kept(monkeypatch):
    calls = []
    monkeypatch.setattr(training_step, "return_freed_memory", lambda: None)
    sides = {
        "keeps": training_step.Contender(lambda: calls.append("keeps"), lambda: None),
        "returns": training_step.Contender(
            lambda: calls.append("returns"), training_step.return_freed_memory
        ),
    }
    training_step.measure(sides, CPU, rounds=2, steps=1, sizes=(), quiet=True)
    assert calls == ["returns"] * 4 + ["keeps"] * 4


def test_the_benchmark_prints_its_figures(monkeypatch, capsys):
    monkeypatch.setattr(training_step, "gemm_rate", lambda *_: 1e12)
    training_step.main(rounds=1, steps=1, batch_size=4, threads=1)
    printed = capsys.readouterr().out
    assert torch.__version__ in printed
    for name in ("literal step", "our step", "literal / ours", "our share of it", "2250 steps"):
        assert name in printed


def test_the_parts_of_a_step_have_its_operations_and_stand_beside_their_limits():
    settings = configure(profile="smoke", overrides={"batch_size": 2, "threads": 1})
    parts = step_parts.parts_of(settings)
    assert sum(part.operations for part in parts) == training_step.count_operations(2)
    names = [part.name for part in parts]
    assert names[:3] == ["batch", "block1", "block1, backward"]
    assert names[-4:] == ["loss", "loss, backward", "clip", "optimizer"]
    table = step_parts.table(parts, rounds=1, peak=1e12, copying=1e10)
    timed, total = table.iloc[:-1], table.iloc[-1]
    assert total["ms"] == pytest.approx(timed["ms"].sum())
    assert (timed["ms"] > 0).all()
    operations = 2 * 2 * 64 * 64 * 9 * 16 * 32  # of two images in the second block
    block = timed.set_index("part").loc["block2"]
    assert block["limit, ms"] == pytest.approx(max(operations / 1e9, block["MB"] / 10))


@pytest.mark.slow
def test_the_explorers_benchmark_prints_its_figures(capsys):
    explorer.main(rounds=1, kernel=False)
    printed = capsys.readouterr().out
    for name in ("plain redraw, default", "default: hop_length", "dearest: top_db", "prediction"):
        assert name in printed
    assert "times as fast as plain" in printed
    assert f"limit{explorer.LIMIT:>26.1f} s" in printed


@pytest.mark.slow
def test_growth_prints_and_draws_its_figures(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(growth, "BATCHES", (2, 4))
    monkeypatch.setenv("GENRE_DATA", str(tmp_path))
    growth.main(rounds=1, tracks=3000, figure=tmp_path / "growth.svg")
    assert "by threads (rows)" in capsys.readouterr().out
    assert "images in a batch" in (tmp_path / "growth.svg").read_text(encoding="utf-8")


# Hostile input


@pytest.mark.parametrize(
    "count", [100 if "CI" in os.environ else 24, pytest.param(240, marks=pytest.mark.slow)]
)
def test_whatever_is_wrong_with_an_input_the_answer_is_one_sentence(capsys, count):
    with pytest.raises(typer.Exit) as end:
        hostile.main(count=count, seed=0)
    printed = capsys.readouterr().out
    assert end.value.exit_code == 0, printed
    tried, refused, accepted, *faults = map(int, printed.splitlines()[-1].split()[1:])
    assert tried == refused + accepted == count
    assert refused > accepted > 0
    assert not any(faults)


def test_changed_tracks_are_what_they_are_called_and_without_data_there_is_a_sentence(
    monkeypatch, tmp_path, capsys
):
    rng = np.random.default_rng(0)
    audio = rng.normal(0, 0.1, 30 * hearing.RATE).astype(np.float32)
    for name, seconds in (
        ("30 s, as they are", 30),
        ("clips of 3 s", 3),
        ("at 8 kHz", 30),
        ("MP3, 32 kbit/s", 30),
        ("after 60 s of silence", 90),
        ("ten times the gain, clipped", 30),
    ):
        decoded = read_audio(Upload(name, hearing.CHANGES[name](audio)), hearing.RATE)
        assert len(decoded) / hearing.RATE == pytest.approx(seconds, abs=0.1)
    assert np.abs(decoded).max() == pytest.approx(1, abs=1e-3)
    monkeypatch.setenv("GENRE_DATA", str(tmp_path))
    hearing.main()
    assert capsys.readouterr().out.startswith(f"There is no audio of GTZAN under {tmp_path}; set")
