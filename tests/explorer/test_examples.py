"""What a network makes of tracks, moment by moment, and which tracks are shown."""

import base64
import io

import numpy as np
import pytest
import soundfile
import torch
from instruments import invented, noise

from genre_lib import explorer
from genre_lib.config import GENRES, ModelSettings
from genre_lib.corpus import Track
from genre_lib.explorer.examples import moments
from genre_lib.model import HybridNet
from genre_lib.predict import DEMONSTRATION, read_trained
from genre_lib.splits import split_images
from genre_lib.training import predict_logits

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 128, 128), np.uint8)


@pytest.fixture(scope="module")
def trained():
    return read_trained(DEMONSTRATION)


def network(**settings):
    torch.manual_seed(0)
    return HybridNet(ModelSettings(**settings), n_classes=4)


def test_the_whole_is_what_the_network_answers_without_dropout():
    for settings in ({}, {"residual": True}, {"pooling": "max"}, {"lstm": False}):
        model = network(**settings)
        whole = moments(model.train(), IMAGES).whole
        answer = predict_logits(model, IMAGES).softmax(1).mean(0).numpy()
        np.testing.assert_allclose(whole, answer, atol=1e-5)


def test_attention_is_the_mean_over_heads_and_over_those_who_look():
    model = network().eval()
    read = []
    hook = model.lstm.register_forward_hook(lambda *at: read.append(at[2][0]))
    looked = moments(model, IMAGES)
    hook.remove()
    with torch.no_grad():
        (sequence,) = read
        given = model.attention(sequence, sequence, sequence, average_attn_weights=False)[1]
    expected = given.mean((1, 2)).flatten().numpy() / len(IMAGES)
    np.testing.assert_allclose(looked.attention, expected, atol=1e-6)
    assert looked.attention.shape == (96,)
    assert looked.attention.std() > 0
    assert looked.attention.sum() == pytest.approx(1, abs=1e-5)
    assert looked.probabilities.shape == (96, 4)
    np.testing.assert_allclose(looked.probabilities.sum(1), 1, atol=1e-5)
    even = moments(network(attention=False), IMAGES).attention
    np.testing.assert_allclose(even, 1 / 96, rtol=1e-6)


def test_songs_are_those_that_the_network_did_not_train_on(trained):
    songs = explorer.new_songs(trained, per_genre=2)
    assert [song.genre for song in songs] == [genre for genre in GENRES for _ in range(2)]
    whole = noise(GENRES, trained.settings.songs_per_genre)
    table = split_images(whole, trained.settings.model_copy(update={"images_per_track": 1}))
    subsets = dict(zip(table.track_id, table.subset, strict=True))
    assert {subsets[song.track_id] for song in songs} == {"test"}


def test_what_is_heard_is_the_middle_of_the_clip(trained):
    def ramp(rate):
        time = np.arange(30 * rate) / rate
        return (np.sin(2 * np.pi * 440 * time) * np.where(time < 15, 0.1, 0.8)).astype(np.float32)

    (example,) = explorer.hear([Track("blues.1", "blues", ramp)], trained)
    assert example.gray.shape[0] == trained.recipe.n_mels
    assert example.seen.attention.sum() == pytest.approx(1, abs=1e-5)
    assert example.answer in trained.genres
    assert example.start + example.length / 2 == example.seconds / 2
    kind, content = example.sound.split(";base64,")
    assert kind == "data:audio/mpeg"
    sound, rate = soundfile.read(io.BytesIO(base64.b64decode(content)))
    assert rate == trained.recipe.sample_rate
    assert len(sound) / rate == pytest.approx(example.length, abs=0.1)
    first, second = np.array_split(sound, 2)
    assert np.sqrt((second**2).mean() / (first**2).mean()) == pytest.approx(8, rel=0.1)
    assert len(content) * 6 / example.length < 25_000  # bits a second


def test_real_tracks_are_one_a_genre_and_new_to_the_network(trained):
    store = noise(("high", "low"), 20)
    shown = explorer.look(store, trained)
    assert [example.genre for example in shown] == ["high", "low"]
    table = split_images(store, trained.settings)
    test = table[table.subset == "test"]
    for example in shown:
        assert example.track_id == test.track_id[test.genre == example.genre].iloc[0]
        assert not example.sound
        assert example.seconds == pytest.approx(store.seconds)
    assert explorer.look(noise(("high", "low"), 4, top_db=60.0), trained) == []


def test_an_example_knows_its_answer():
    example = invented()
    assert example.answer == "disco"
    assert example.peak == pytest.approx(16)
