"""What a network makes of tracks, moment by moment, and which tracks are shown."""

import io

import numpy as np
import pytest
import soundfile
import torch
from instruments import invented, noise

from genre_lib import explorer
from genre_lib.config import GENRES, ModelSettings
from genre_lib.corpus import Track
from genre_lib.explorer import examples
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
        answer = predict_logits(model, IMAGES).softmax(1).numpy()
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
    np.testing.assert_allclose(looked.attention, given.mean((1, 2)).numpy(), atol=1e-6)
    assert looked.attention.shape == (3, 32)
    assert looked.attention.std() > 0
    np.testing.assert_allclose(looked.attention.sum(1), 1, atol=1e-5)
    assert looked.probabilities.shape == (3, 32, 4)
    np.testing.assert_allclose(looked.probabilities.sum(2), 1, atol=1e-5)
    even = moments(network(attention=False), IMAGES).attention
    assert np.all(even == np.float32(1 / 32))


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
    sound, rate = soundfile.read(io.BytesIO(example.sound))
    assert len(sound) / rate == pytest.approx(example.length, abs=0.1)
    first, second = np.array_split(sound, 2)
    assert np.sqrt((second**2).mean() / (first**2).mean()) == pytest.approx(8, rel=0.1)
    assert len(example.sound) * 8 / example.length < 25_000  # bits a second


def test_mp3_keeps_pitch_and_level():
    rate = 22050
    tone = (0.5 * np.sin(2 * np.pi * 1000 * np.arange(2 * rate) / rate)).astype(np.float32)
    sound, found = soundfile.read(io.BytesIO(examples.mp3(tone, rate)))
    assert found == rate
    middle = sound[rate // 2 : -rate // 2]
    spectrum = np.abs(np.fft.rfft(middle))
    assert np.fft.rfftfreq(len(middle), 1 / rate)[spectrum.argmax()] == pytest.approx(1000, abs=3)
    assert np.abs(middle).max() == pytest.approx(0.5, rel=0.1)


def test_real_tracks_are_one_a_genre_and_new_to_the_network(trained):
    store = noise(("high", "low"), 20)
    shown = explorer.look(store, trained)
    assert [example.genre for example in shown] == ["high", "low"]
    table = split_images(store, trained.settings)
    test = table[table.subset == "test"]
    for example in shown:
        assert example.track_id == test.track_id[test.genre == example.genre].iloc[0]
        assert example.sound is None
        assert example.seconds == pytest.approx(160 * store.frame_period)
    assert explorer.look(noise(("high", "low"), 4, top_db=60.0), trained) == []


def test_an_example_knows_its_answer():
    example = invented()
    assert (example.answer, example.right, example.steadiness) == ("disco", False, 1)
    assert example.peak == pytest.approx(16)
    assert example._replace(genre="disco").right
