import itertools
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from genre_lib import training
from genre_lib.config import ModelSettings, TrainingSettings, UserError, read_json
from genre_lib.model import HybridNet
from genre_lib.splits import Dataset, make_dataset
from genre_lib.training import (
    CHECKPOINT,
    finished,
    load_checkpoint,
    make_batch,
    make_optimizer,
    make_schedule,
    mixed_loss,
    new_state,
    predict_logits,
    random_seed,
    save_checkpoint,
    smoothed_loss,
    to_input,
    train,
    train_step,
    validate,
)


@pytest.fixture(scope="module")
def settings(run_settings):
    return run_settings()


@pytest.fixture(scope="module")
def dataset(store, settings) -> Dataset:
    return make_dataset(store, settings)


@pytest.fixture(scope="module")
def trained(settings, dataset, tmp_path_factory):
    """The folder and the model of one training that nothing interrupted."""
    folder = tmp_path_factory.mktemp("trained")
    return folder, train(settings, dataset, folder, progress=False)


def history_of(settings, dataset, folder) -> pd.DataFrame:
    train(settings, dataset, folder, progress=False)
    return pd.read_csv(folder / "history.csv")


def same_weights(first: dict, second: dict) -> bool:
    return first.keys() == second.keys() and all(
        torch.equal(first[name], second[name]) for name in first
    )


# Seeds


def test_every_key_has_a_seed_of_its_own():
    keys = [(seed, epoch, step) for seed in range(5) for epoch in range(20) for step in range(20)]
    seeds = {random_seed(*key) for key in keys}
    assert len(seeds) == len(keys)
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert random_seed(1, 2, 3) == random_seed(1, 2, 3)


# The optimiser, Equation 1


def test_an_optimizer_step_equals_the_hand_computation():
    for weight_decay in [0.0, 0.01, 0.3]:
        settings = TrainingSettings(learning_rate=0.01, weight_decay=weight_decay)
        rate, beta1, beta2, epsilon = 0.01, 0.9, 0.999, 1e-8
        layer = nn.Linear(3, 2).double()
        theta = torch.nn.utils.parameters_to_vector(layer.parameters()).detach().clone()
        optimizer = make_optimizer(layer, settings)
        first = second = torch.zeros_like(theta)
        for step in range(1, 4):
            gradient = torch.randn(len(theta), dtype=torch.double)
            position = 0
            for parameter in layer.parameters():
                part = gradient[position : position + parameter.numel()]
                parameter.grad = part.view_as(parameter).clone()
                position += parameter.numel()
            optimizer.step()
            first = beta1 * first + (1 - beta1) * gradient
            second = beta2 * second + (1 - beta2) * gradient**2
            m, v = first / (1 - beta1**step), second / (1 - beta2**step)
            theta = theta - rate * (m / (v.sqrt() + epsilon) + weight_decay * theta)
            result = torch.nn.utils.parameters_to_vector(layer.parameters())
            torch.testing.assert_close(result, theta, rtol=0, atol=1e-12)


# The schedule, Equation 2


def rates(total: int, **changes) -> list[float]:
    """Learning rate of each step."""
    settings = TrainingSettings(**changes)
    optimizer = make_optimizer(nn.Linear(1, 1), settings)
    schedule = make_schedule(optimizer, settings, total_steps=total)
    values = []
    for _ in range(total):
        values.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return values


def test_a_constant_schedule_stays_at_its_peak():
    assert set(rates(9, schedule="constant", learning_rate=0.01)) == {0.01}


def test_one_cycle_rises_from_a_25th_to_the_peak_and_falls_to_nothing():
    values = rates(100, learning_rate=0.002, warmup_share=0.3)
    assert values[0] == pytest.approx(0.002 / 25)
    assert max(values) == values[29] == pytest.approx(0.002)
    assert values[-1] == pytest.approx(0.002 / 25 / 1e4)
    assert (np.diff(values[:30]) > 0).all()
    assert (np.diff(values[29:]) < 0).all()


def test_one_cycle_follows_a_cosine_both_ways():
    values = rates(100, learning_rate=1.0, warmup_share=0.3)
    low, last = 1 / 25, 1 / 25 / 1e4
    rise = [low + (1 - low) * (1 - math.cos(math.pi * step / 29)) / 2 for step in range(30)]
    fall = [last + (1 - last) * (1 + math.cos(math.pi * step / 70)) / 2 for step in range(71)]
    np.testing.assert_allclose(values, rise + fall[1:], atol=1e-12)


def test_linear_warmup_and_cosine_follow_the_formula():
    values = rates(100, learning_rate=0.002, warmup_share=0.2, schedule="linear-warmup-cosine")
    rise = [0.002 * step / 20 for step in range(1, 21)]
    fall = [0.002 * (1 + math.cos(math.pi * t / 80)) / 2 for t in range(80)]
    np.testing.assert_allclose(values, rise + fall, rtol=1e-12)


def test_any_number_of_steps_has_rates_between_nothing_and_the_peak():
    cases = itertools.product(
        ("onecycle", "linear-warmup-cosine"), (1, 2, 5, 20), (0.05, 0.25, 1 / 3, 0.9)
    )
    for schedule, total, share in cases:
        values = rates(total, schedule=schedule, warmup_share=share, learning_rate=0.01)
        assert len(values) == total
        assert min(values) > 0
        assert max(values) <= 0.01 * (1 + 1e-9)


# The losses, Equation 3 and CutMix


@pytest.fixture(scope="module")
def logits() -> torch.Tensor:
    return 3 * torch.randn(6, 4, generator=torch.Generator().manual_seed(0)).double()


OWN = torch.tensor([0, 1, 2, 3, 0, 1])
PARTNER = torch.tensor([1, 1, 0, 2, 3, 0])


def formula(logits: torch.Tensor, labels: torch.Tensor, smoothing: float) -> float:
    log_p = logits - logits.exp().sum(1, keepdim=True).log()
    total = 0.0
    for row, label in zip(log_p.tolist(), labels.tolist(), strict=True):
        uniform = -sum(row) / len(row)
        total += (1 - smoothing) * -row[label] + smoothing * uniform
    return total / len(labels)


def test_the_smoothed_loss_equals_equation_3(logits):
    for smoothing in [0.0, 0.1, 0.5]:
        result = float(smoothed_loss(logits, OWN, smoothing=smoothing))
        assert result == pytest.approx(formula(logits, OWN, smoothing), rel=1e-12)


def test_the_mixed_loss_weighs_both_labels_and_smooths_once(logits):
    for kept in [0.0, 0.3, 1.0]:
        for smoothing in [0.0, 0.1]:
            own, partner = formula(logits, OWN, smoothing), formula(logits, PARTNER, smoothing)
            result = float(mixed_loss(logits, OWN, PARTNER, kept=kept, smoothing=smoothing))
            assert result == pytest.approx(kept * own + (1 - kept) * partner, rel=1e-12)


def test_smoothing_rewards_doubt():
    sure, doubting = torch.tensor([[20.0, 0.0]]), torch.tensor([[3.0, 0.0]])
    label = torch.tensor([0])
    assert smoothed_loss(sure, label, smoothing=0.1) > smoothed_loss(doubting, label, smoothing=0.1)
    assert smoothed_loss(sure, label, smoothing=0.0) < smoothed_loss(doubting, label, smoothing=0.0)


# One epoch


def test_gray_levels_become_shares_of_white():
    images = np.array([0, 51, 255], np.uint8).reshape(3, 1, 1).repeat(128, 1).repeat(128, 2)
    before = images.copy()
    tensor = to_input(images, torch.device("cpu"))
    assert tensor.shape == (3, 1, 128, 128)
    assert tensor.dtype == torch.float32
    np.testing.assert_allclose(tensor[:, 0, 5, 5], [0, 0.2, 1], rtol=1e-6)
    np.testing.assert_array_equal(images, before)


def test_gradients_are_clipped_before_every_step(run_settings, dataset):
    settings = run_settings(clip_norm=0.05, learning_rate=0.1)
    state, rows, norms = new_state(settings, dataset), dataset.rows("train")[:8], []

    def watch(*_):
        gradients = [parameter.grad.flatten() for parameter in state.model.parameters()]
        norms.append(float(torch.cat(gradients).norm()))

    state.optimizer.register_step_pre_hook(watch)
    for step in range(3):
        batch = make_batch(settings, dataset, rows, epoch=0, step=step)
        train_step(state, settings, batch[0], dataset.labels[rows], *batch[1:])
    assert norms == pytest.approx([0.05] * 3, rel=1e-3)


def watch_batches(monkeypatch) -> list[np.ndarray]:
    """What the network is fed, as gray levels."""
    fed: list[np.ndarray] = []

    def watched(images, device):
        fed.append(images.copy())
        return to_input(images, device)

    monkeypatch.setattr(training, "to_input", watched)
    return fed


PLAIN = {"augment_training": False, "cutmix_probability": 0.0}
SCORES = {"validation_loss": 1.0, "validation_accuracy": 0.5}


def shown_in_epochs(settings, dataset, folder, monkeypatch) -> list[list[bytes]]:
    """The images that each of two epochs feeds to the network."""
    monkeypatch.setattr(training, "validate", lambda *_: SCORES)
    fed = watch_batches(monkeypatch)
    train(settings, dataset, folder, progress=False)
    assert {len(batch) for batch in fed} == {8, len(dataset.rows("train")) % 8 or 8}
    half = len(fed) // 2
    return [
        [image.tobytes() for image in np.concatenate(part)] for part in (fed[:half], fed[half:])
    ]


def test_an_epoch_shows_every_training_image_once_and_no_other(
    run_settings, dataset, tmp_path, monkeypatch
):
    orders = shown_in_epochs(run_settings(**PLAIN), dataset, tmp_path, monkeypatch)
    expected = sorted(image.tobytes() for image in dataset.images[dataset.rows("train")])
    assert sorted(orders[0]) == sorted(orders[1]) == expected
    assert orders[0] != orders[1]


def test_training_images_are_augmented_anew_every_epoch(
    run_settings, dataset, tmp_path, monkeypatch
):
    plain = {image.tobytes() for image in dataset.images}
    settings = run_settings(cutmix_probability=0.0)
    epochs = shown_in_epochs(settings, dataset, tmp_path, monkeypatch)
    first, second = (set(images) - plain for images in epochs)
    assert min(len(first), len(second)) > len(dataset.rows("train")) / 2
    assert not first & second


def test_cutmix_happens_with_its_probability(run_settings, dataset):
    rows = dataset.rows("train")[:8]
    for probability in (0.0, 1.0):
        settings = run_settings(
            cutmix_probability=probability, cutmix_final_probability=probability
        )
        kept = [make_batch(settings, dataset, rows, epoch=1, step=step)[2] for step in range(5)]
        assert all(0 <= share <= 1 for share in kept)
        assert any(share < 1 for share in kept) == bool(probability)


def test_the_running_figures_are_averages_over_images_not_batches(
    run_settings, dataset, tmp_path, monkeypatch
):
    settings = run_settings(**PLAIN, label_smoothing=0.0, epochs=1)
    losses, hits, sizes = [], [], []

    def watched(logits, own, partner, *, kept, smoothing):
        loss = mixed_loss(logits, own, partner, kept=kept, smoothing=smoothing)
        losses.append(float(loss.detach()))
        hits.append(int((logits.argmax(1) == own).sum()))
        sizes.append(len(own))
        return loss

    monkeypatch.setattr(training, "mixed_loss", watched)
    monkeypatch.setattr(training, "validate", lambda *_: SCORES)
    record = history_of(settings, dataset, tmp_path).iloc[0]
    assert len(set(sizes)) > 1  # the last batch is smaller
    assert record["train_loss"] == pytest.approx(np.average(losses, weights=sizes))
    assert record["train_accuracy"] == pytest.approx(sum(hits) / sum(sizes))


def test_one_small_batch_can_be_overfitted():
    torch.manual_seed(0)
    model = HybridNet(ModelSettings(), n_classes=4).train()
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    optimizer = make_optimizer(model, TrainingSettings(learning_rate=0.003))
    images, labels = torch.rand(8, 1, 128, 128), torch.arange(8) % 4
    for _ in range(150):
        logits = model(images)
        loss = smoothed_loss(logits, labels, smoothing=0.0)
        if loss < 0.1:  # chance is log(4) = 1.4
            break
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.1
    assert (logits.argmax(1) == labels).all()


# Scoring


def test_scoring_augments_nothing(settings, dataset, trained, monkeypatch):
    _, model = trained
    rows = dataset.rows("validation")
    before = dataset.images.copy()
    for name in ("augment", "cutmix", "pipeline"):
        monkeypatch.setattr(training, name, lambda *_, **__: pytest.fail("augmented"))
    fed = watch_batches(monkeypatch)
    assert validate(model, settings, dataset) == validate(model, settings, dataset)
    np.testing.assert_array_equal(fed[1], dataset.images[rows])
    np.testing.assert_array_equal(dataset.images, before)


def test_predictions_do_not_depend_on_the_mode_the_model_was_left_in(dataset, trained):
    _, model = trained
    images = dataset.images[:7]
    first = predict_logits(model.train(), images)
    statistics = model.block1[1].running_mean.clone()
    assert torch.equal(predict_logits(model.eval(), images), first)
    assert torch.equal(model.block1[1].running_mean, statistics)
    assert first.shape == (7, 3)
    assert not first.requires_grad


def test_predictions_do_not_depend_on_how_images_are_batched(dataset, trained, monkeypatch):
    _, model = trained
    whole = predict_logits(model, dataset.images)
    monkeypatch.setattr(training, "EVALUATION_BATCH", 5)
    torch.testing.assert_close(predict_logits(model, dataset.images), whole, rtol=1e-4, atol=1e-5)


def test_the_scores_are_loss_and_share_of_right_images(settings, dataset, trained, monkeypatch):
    _, model = trained
    fed = watch_batches(monkeypatch)
    scores = validate(model, settings, dataset)
    clean, images = fed
    rows = dataset.rows("validation")
    np.testing.assert_array_equal(images, dataset.images[rows])
    logits, labels = predict_logits(model, images).double(), dataset.labels[rows]
    loss = formula(logits, torch.from_numpy(labels), 0.1)
    assert scores["validation_loss"] == pytest.approx(loss, rel=1e-5)
    assert scores["validation_accuracy"] == np.mean(logits.argmax(1).numpy() == labels)
    trained_on = {image.tobytes() for image in dataset.images[dataset.rows("train")]}
    assert len(clean) == len(rows)
    assert {image.tobytes() for image in clean} <= trained_on


# When training ends, and which model is kept


def test_training_ends_by_epochs_or_by_patience():
    for losses, epochs, patience, over in [
        ([], 1, 1, False),
        ([1.0], 1, 20, True),
        ([1.0], 2, 20, False),
        ([1.0, 0.9, 0.8], 3, 1, True),
        ([1.0, 0.9, 0.8], 9, 1, False),
        ([1.0, 0.9, 0.95], 9, 1, True),
        ([1.0, 0.9, 0.95], 9, 2, False),
        ([1.0, 0.9, 0.95, 0.91], 9, 2, True),
        ([1.0, 0.9, 0.95, 0.89], 9, 2, False),
        ([1.0, 1.0, 1.0], 9, 2, True),  # an equal loss is no better one
        ([0.5, 0.9, 0.8, 0.7], 9, 3, True),  # better than before is not better than the best
    ]:
        history = [{"validation_loss": loss, "validation_accuracy": 0.5} for loss in losses]
        assert finished(history, TrainingSettings(epochs=epochs, patience=patience)) is over


def scripted(monkeypatch, losses: list[float], accuracies: list[float]) -> list[dict]:
    """Epochs of no work whose validation figures are given; returns the weights after each."""
    weights: list[dict] = []

    def figures(model, settings, dataset):
        position = len(weights)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.fill_(position / 10)
        weights.append({name: v.clone() for name, v in model.state_dict().items()})
        return {
            "validation_loss": losses[position],
            "validation_accuracy": accuracies[position],
        }

    monkeypatch.setattr(training, "train_step", lambda *_: (1.0, 1.0))
    monkeypatch.setattr(training, "validate", figures)
    return weights


@pytest.mark.parametrize(
    ("accuracies", "best"),
    [
        ([0.1, 0.2, 0.3, 0.4], 3),
        ([0.4, 0.3, 0.2, 0.1], 0),
        ([0.1, 0.5, 0.5, 0.2], 1),  # the first of equals
        ([0.0, 0.0, 0.0, 0.0], 0),
    ],
)
def test_the_model_of_the_highest_validation_accuracy_is_kept(
    run_settings, dataset, tmp_path, monkeypatch, accuracies, best
):
    weights = scripted(monkeypatch, [1.0, 0.9, 0.8, 0.7], accuracies)
    model = train(run_settings(epochs=4), dataset, tmp_path, progress=False)
    assert same_weights(model.state_dict(), weights[best])
    assert same_weights(load_file(tmp_path / "model.safetensors"), weights[best])


def test_the_model_is_chosen_by_accuracy_while_patience_counts_the_loss(
    run_settings, dataset, tmp_path, monkeypatch
):
    weights = scripted(monkeypatch, [0.5, 0.6, 0.7, 0.1], [0.1, 0.2, 0.9, 0.99])
    model = train(run_settings(epochs=4, patience=2), dataset, tmp_path, progress=False)
    assert len(weights) == 3
    assert same_weights(model.state_dict(), weights[2])
    assert len(pd.read_csv(tmp_path / "history.csv")) == 3


# A whole training


def test_what_a_training_leaves(settings, dataset, trained):
    folder, model = trained
    history = pd.read_csv(folder / "history.csv")
    assert history.epoch.tolist() == [1, 2]
    for name in ("train", "clean_train", "validation"):
        assert history[f"{name}_accuracy"].between(0, 1).all()
        assert (history[f"{name}_loss"] > 0).all()
    assert history.cutmix_probability.tolist() == [0.5, 0.0]
    assert history.learning_rate.between(0, 0.001).all()
    loaded = HybridNet(settings.model, n_classes=3)
    loaded.load_state_dict(load_file(folder / "model.safetensors"))
    images = dataset.images[:5]
    assert torch.equal(predict_logits(loaded, images), predict_logits(model, images))
    facts = read_json(folder / "environment.json")
    assert facts["torch"] == torch.__version__
    assert facts["threads"] == 1
    assert facts["device"] == "cpu"
    assert facts["seconds"] > 0
    assert not list(folder.glob("*.part"))


def test_the_kept_model_scores_what_the_history_says(settings, dataset, trained):
    folder, model = trained
    history = pd.read_csv(folder / "history.csv")
    accuracy = validate(model, settings, dataset)["validation_accuracy"]
    assert accuracy == pytest.approx(history.validation_accuracy.max())


def outcome(folder, model, dataset) -> tuple[str, bytes, bytes]:
    """History, weights and predictions of a training."""
    return (
        (folder / "history.csv").read_text(),
        (folder / "model.safetensors").read_bytes(),
        predict_logits(model, dataset.images, dataset.rows("test")).numpy().tobytes(),
    )


def test_the_same_seed_gives_the_same_bits(settings, dataset, trained, tmp_path):
    torch.manual_seed(123)  # nothing depends on what was drawn before
    model = train(settings, dataset, tmp_path, progress=False)
    assert outcome(tmp_path, model, dataset) == outcome(*trained, dataset)


def test_another_seed_gives_another_training(run_settings, dataset, trained, tmp_path):
    outcomes = []
    for seeds in ({"seed": 1}, {"init_seed": 1}, {"seed": 1, "init_seed": 0}):
        settings, folder = run_settings(epochs=1, **seeds), tmp_path / str(len(outcomes))
        folder.mkdir()
        outcomes.append(outcome(folder, train(settings, dataset, folder, progress=False), dataset))
        assert outcomes[-1] != outcome(*trained, dataset)


def interrupt(monkeypatch, *, epoch: int, step: int) -> None:
    """Have Ctrl-C arrive while a batch is made."""

    def interrupted(*args, **at):
        if (at["epoch"], at["step"]) == (epoch, step):
            raise KeyboardInterrupt
        return make_batch(*args, **at)

    monkeypatch.setattr(training, "make_batch", interrupted)


def test_a_training_that_was_broken_off_continues_bit_for_bit(
    settings, dataset, trained, tmp_path, monkeypatch
):
    for epoch, step in ((0, 1), (1, 0), (1, 1)):
        folder = tmp_path / f"{epoch}-{step}"
        folder.mkdir()
        with monkeypatch.context() as patch:
            interrupt(patch, epoch=epoch, step=step)
            with pytest.raises(KeyboardInterrupt):
                train(settings, dataset, folder, progress=False)
        assert (folder / CHECKPOINT).exists() == (epoch > 0)  # one after each epoch
        torch.manual_seed(99)
        np.random.seed(99)  # noqa: NPY002 - as another process would have it
        done = []
        with monkeypatch.context() as patch:
            patch.setattr(
                training, "train_step", lambda *args, f=train_step, d=done: d.append(1) or f(*args)
            )
            model = train(settings, dataset, folder, progress=False)
        steps = math.ceil(len(dataset.rows("train")) / settings.training.batch_size)
        assert len(done) == (2 - epoch) * steps
        assert outcome(folder, model, dataset) == outcome(*trained, dataset)


def test_the_other_schedule_can_be_broken_off_too(run_settings, dataset, tmp_path, monkeypatch):
    settings = run_settings(schedule="linear-warmup-cosine", batch_size=20)
    for name in ("whole", "halves"):
        (tmp_path / name).mkdir()
    whole = train(settings, dataset, tmp_path / "whole", progress=False)
    with monkeypatch.context() as patch:
        interrupt(patch, epoch=1, step=0)
        with pytest.raises(KeyboardInterrupt):
            train(settings, dataset, tmp_path / "halves", progress=False)
    halves = train(settings, dataset, tmp_path / "halves", progress=False)
    assert outcome(tmp_path / "halves", halves, dataset) == outcome(
        tmp_path / "whole", whole, dataset
    )


def test_a_training_that_diverges_is_refused(run_settings, dataset, tmp_path, monkeypatch):
    monkeypatch.setattr(
        training, "mixed_loss", lambda logits, *_, **__: logits.sum() * float("nan")
    )
    with pytest.raises(UserError, match=r"loss is nan in epoch 1, step 1.*learning_rate below"):
        train(run_settings(), dataset, tmp_path, progress=False)
    assert list(tmp_path.iterdir()) == []


def test_the_number_of_threads_is_a_setting(run_settings, dataset):
    before = torch.get_num_threads()
    try:
        new_state(run_settings(threads=2), dataset)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_a_training_that_is_over_is_not_repeated(settings, dataset, trained, tmp_path, monkeypatch):
    train(settings, dataset, tmp_path, progress=False)
    monkeypatch.setattr(training, "train_step", lambda *_: pytest.fail("trained again"))
    model = train(settings, dataset, tmp_path, progress=False)
    assert outcome(tmp_path, model, dataset) == outcome(*trained, dataset)


def test_labels_at_random_give_chance_where_true_ones_are_learned(run_settings, dataset, tmp_path):
    settings = run_settings(epochs=16, learning_rate=0.003, batch_size=6, **PLAIN)
    # Half of the tracks to train, half to test: 18 images, of which chance would get 6 right.
    number = dataset.table.track_id.str[-1].astype(int)
    table = dataset.table.assign(subset=np.where(number % 2 == 0, "train", "validation"))
    accuracy = {}
    for name in ("true", "random"):
        labels = dataset.labels
        if name == "random":
            labels = np.random.default_rng(0).permutation(labels)
        data = replace(dataset, labels=labels, table=table)
        (tmp_path / name).mkdir()
        train(settings, data, tmp_path / name, progress=False)
        # Of the last epoch, for the best one was chosen by these very images.
        accuracy[name] = pd.read_csv(tmp_path / name / "history.csv").validation_accuracy.iloc[-1]
    assert accuracy["true"] > 0.8
    assert accuracy["random"] < 0.7


def test_a_last_batch_of_one_image_is_no_problem(run_settings, dataset, tmp_path):
    size = len(dataset.rows("train")) - 1
    settings = run_settings(batch_size=size, epochs=1)
    assert math.isfinite(history_of(settings, dataset, tmp_path).train_loss[0])


# Checkpoints


def test_a_checkpoint_brings_the_whole_state_back(settings, dataset, tmp_path):
    saved, rows = new_state(settings, dataset), dataset.rows("train")[:8]
    batch = make_batch(settings, dataset, rows, epoch=0, step=0)
    train_step(saved, settings, batch[0], dataset.labels[rows], *batch[1:])
    save_checkpoint(tmp_path, saved)
    state = new_state(settings, dataset)
    load_checkpoint(tmp_path, state)
    assert same_weights(state.model.state_dict(), saved.model.state_dict())
    assert state.schedule.get_last_lr() == saved.schedule.get_last_lr()
    assert state.schedule.last_epoch == saved.schedule.last_epoch > 0
    ours, theirs = state.optimizer.state_dict(), saved.optimizer.state_dict()
    assert ours["param_groups"] == theirs["param_groups"]
    for key, moments in theirs["state"].items():
        assert same_weights(ours["state"][key], moments)


def test_a_checkpoint_of_another_network_is_refused(run_settings, settings, dataset, tmp_path):
    save_checkpoint(tmp_path, new_state(run_settings(hidden_size=32), dataset))
    state = new_state(settings, dataset)
    for _ in ("another network", "something else"):
        with pytest.raises(UserError, match="no checkpoint of this training"):
            load_checkpoint(tmp_path, state)
        torch.save({"history": []}, tmp_path / CHECKPOINT)


def test_bfloat16_changes_a_step_by_its_rounding_alone(run_settings, dataset, tmp_path):
    """Eight bits of a mantissa; where a processor has no unit for it, the same figures are slow."""
    losses = []
    for precision in (None, "bfloat16"):
        settings = run_settings(precision=precision, epochs=1)
        folder = tmp_path / str(precision)
        folder.mkdir()
        losses.append(history_of(settings, dataset, folder).train_loss[0])
    assert losses[0] != losses[1]
    assert losses[1] == pytest.approx(losses[0], rel=0.02)
