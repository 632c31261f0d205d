import numpy as np
import pytest
import torch

from genre_lib.config import ModelSettings
from genre_lib.model import HybridNet
from genre_lib.moments import moments
from genre_lib.training import predict_logits

rng = np.random.default_rng(0)
IMAGES = rng.integers(0, 256, (3, 128, 128), np.uint8)


def network(**settings):
    torch.manual_seed(0)
    return HybridNet(ModelSettings(**settings), n_classes=4)


@pytest.mark.parametrize("settings", [{}, {"residual": True}, {"pooling": "max"}, {"lstm": False}])
def test_the_whole_is_what_the_network_answers(settings):
    model = network(**settings)
    answer = predict_logits(model, IMAGES).softmax(1).numpy()
    np.testing.assert_allclose(moments(model, IMAGES).whole, answer, atol=1e-5)


def test_shares_of_attention_and_probabilities_add_up_to_one():
    looked = moments(network(), IMAGES)
    assert looked.attention.shape == (3, 32)
    assert looked.probabilities.shape == (3, 32, 4)
    np.testing.assert_allclose(looked.attention.sum(1), 1, atol=1e-5)
    np.testing.assert_allclose(looked.probabilities.sum(2), 1, atol=1e-5)
    assert looked.attention.std() > 0


def test_attention_is_the_mean_over_those_who_look():
    model = network().eval()
    with torch.no_grad():
        sequence = model.encode(torch.from_numpy(IMAGES)[:, None].float() / 255)
        given = model.attention(sequence, sequence, sequence, average_attn_weights=False)[1]
    expected = given.mean((1, 2)).numpy()  # over heads and over the steps that look
    np.testing.assert_allclose(moments(model, IMAGES).attention, expected, atol=1e-6)


def test_without_attention_the_shares_are_even():
    assert np.all(moments(network(attention=False), IMAGES).attention == np.float32(1 / 32))


def test_a_network_in_training_is_left_in_training_and_answers_without_dropout():
    model = network().train()
    first, second = moments(model, IMAGES), moments(model, IMAGES)
    assert model.training
    np.testing.assert_array_equal(first.whole, second.whole)
