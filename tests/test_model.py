import pandas as pd
import pytest
import torch
from torch import nn

from genre_lib import paper
from genre_lib.book import figures
from genre_lib.config import ModelSettings
from genre_lib.model import HybridNet, count_parameters

ALTERNATIVES = (
    {},
    {"channels": 3},
    {"hidden_size": 32, "heads": 8},
    {"conv_dropout": "text"},
    {"residual": True},
    {"lstm": False},
    {"attention": False},
    {"lstm": False, "attention": False},
    {"pooling": "last"},
    {"pooling": "max"},
)


def network(*, n_classes: int = 10, seed: int = 0, **settings) -> HybridNet:
    torch.manual_seed(seed)
    return HybridNet(ModelSettings(**settings), n_classes=n_classes).eval()


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    return torch.rand(5, 1, 128, 128, generator=torch.Generator().manual_seed(1))


def seen_by(model: HybridNet, module: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """What a module is given when the network looks at images."""
    inputs = []
    hook = module.register_forward_hook(lambda _, given, __: inputs.append(given[0]))
    with torch.no_grad():
        model(images)
    hook.remove()
    return inputs[0]


# Table I


def test_table_1_has_the_printed_names_and_shapes_and_the_parameters_that_follow_from_them():
    model = network()
    table = figures.table_1(model)
    printed = [(row.layer, str(row.output)) for row in paper.TABLE_1]
    assert list(zip(table.layer, table.output, strict=True)) == printed
    lstm = 2 * 4 * 64 * (1024 + 64 + 2)  # directions, gates; two biases in PyTorch
    assert table.parameters.tolist() == [
        16 * (1 * 9 + 1) + 2 * 16,
        32 * (16 * 9 + 1) + 2 * 32,
        0,
        lstm,
        4 * (128 * 128 + 128),
        2 * 128,
        0,
        128 * 128 + 128,
        0,
        128 * 10 + 10,
    ]
    assert table.parameters.sum() == count_parameters(model) == 647_082


def test_asking_for_table_1_leaves_the_network_as_it_was():
    for training in (True, False):
        model = network().train(training)
        before = {name: value.clone() for name, value in model.state_dict().items()}
        pd.testing.assert_frame_equal(figures.table_1(model), figures.table_1(model))
        assert model.training is training
        assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


# Each alternative does what its name says


def test_pooling_over_time():
    x = torch.randn(3, 32, 128)
    assert torch.equal(network(pooling="mean").pool(x), x.sum(1) / 32)
    assert torch.equal(network(pooling="last").pool(x), x[:, 31])
    assert torch.equal(network(pooling="max").pool(x), x.max(1).values)


def test_the_residual_adds_what_attention_was_given(images):
    for residual in (False, True):
        model = network(residual=residual)
        before = seen_by(model, model.attention, images)
        attended = model.attention(before, before, before)[0]
        expected = before + attended if residual else attended
        torch.testing.assert_close(seen_by(model, model.norm, images), expected)


def dropouts(model: HybridNet) -> dict[str, float]:
    return {
        name: module.p
        for name, module in model.named_modules()
        if isinstance(module, nn.Dropout) and module.p
    }


def test_dropout_of_the_table_and_of_the_text():
    both = {"attention_dropout": 0.4, "hidden_dropout": 0.4}
    assert dropouts(network()) == {"conv_dropout": paper.TABLE_CONV_DROPOUT, **both}
    text = dropouts(network(conv_dropout="text"))
    assert sorted(text.values()) == [paper.TEXT_CONV_DROPOUT] * 2 + [0.4] * 2
    assert {name.split(".")[0] for name in text} == {"block1", "block2", *both}


# Evaluation mode


def test_evaluation_is_deterministic_and_does_not_depend_on_the_batch(images):
    for settings in ALTERNATIVES:
        model = network(n_classes=3, **settings)
        with torch.no_grad():
            together = model(images)
            assert together.shape == (5, 3)
            assert torch.equal(model(images), together)
            alone = torch.cat([model(image[None]) for image in images])
            torch.testing.assert_close(alone, together, rtol=1e-4, atol=1e-5)


def test_training_mode_drops_out_and_looks_at_the_batch(images):
    model = network().train()
    with torch.no_grad():
        assert not torch.equal(model(images), model(images))


def test_images_have_different_logits(images):
    with torch.no_grad():
        logits = network()(images)
    assert torch.pdist(logits).min() > 0


def test_the_seed_decides_the_weights(images):
    with torch.no_grad():
        assert torch.equal(network(seed=1)(images), network(seed=1)(images))
        assert not torch.equal(network(seed=1)(images), network(seed=2)(images))


# Order within a block, and the axes


def test_the_sequence_is_time(images):
    """A change in the last columns reaches the LSTM at the last of its steps only."""
    model = network()
    changed = images.clone()
    changed[..., -8:] = torch.rand(5, 1, 128, 8)
    before, after = (seen_by(model, model.lstm, x) for x in (images, changed))
    assert before.shape == (5, 32, 1024)
    differs = (before != after).any(dim=2)
    # Eight columns are two steps; two 3 x 3 convolutions reach one step further.
    assert not differs[:, :29].any()
    assert differs[:, 30:].all()


def test_pitch_is_not_the_sequence(images):
    model = network()
    changed = images.clone()
    changed[..., -8:, :] = torch.rand(5, 1, 8, 128)
    before, after = (seen_by(model, model.lstm, x) for x in (images, changed))
    assert (before != after).any(dim=2).all()


def test_a_step_is_one_column_of_all_channels_and_bands(images):
    model = network()
    features = seen_by(model, model.conv_dropout, images)  # (5, 32, 32, 32): channel, band, time
    sequence = seen_by(model, model.lstm, images)
    for time in (0, 7, 31):
        torch.testing.assert_close(sequence[:, time], features[..., time].reshape(5, -1))


def test_attention_sees_both_directions(images):
    model = network()
    changed = images.clone()
    changed[..., :4] = 1 - changed[..., :4]
    before, after = (seen_by(model, model.attention, x) for x in (images, changed))
    hidden = model.settings.hidden_size
    differs = before != after
    assert differs[:, 8:, :hidden].any()  # the forward half remembers the beginning,
    assert not differs[:, 8:, hidden:].any()  # the backward half has not come to it yet
    assert differs[:, 0, hidden:].any()


def test_the_gradient_reaches_every_parameter(images):
    taken_out = ("block1.0.bias", "block2.0.bias")  # by the normalisation
    for settings in ALTERNATIVES:
        model = network(**settings).train()
        model(images).square().sum().backward()
        for name, parameter in model.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name
            assert name in taken_out or parameter.grad.abs().max() > 1e-9, name
