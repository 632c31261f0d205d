import errno
import os

import pytest
import torch

from genre_lib import config
from genre_lib.config import UserError
from genre_lib.splits import Dataset, make_dataset
from genre_lib.training import (
    BEFORE,
    CHECKPOINT,
    State,
    load_checkpoint,
    new_state,
    save_checkpoint,
)


@pytest.fixture(scope="module")
def dataset(store, run_settings) -> Dataset:
    return make_dataset(store, run_settings())


@pytest.fixture
def state(run_settings, dataset) -> State:
    return new_state(run_settings(), dataset)


def saved(folder, state):
    values = {"history": [{"epoch": 1}], "best": {"a": torch.arange(3.0)}, "seconds": 2.5}
    save_checkpoint(folder, state, **values)
    return values


def test_values_are_read_as_they_were_written(state, tmp_path):
    assert load_checkpoint(tmp_path, state) == {"history": [], "best": {}, "seconds": 0.0}
    values = saved(tmp_path, state)
    loaded = load_checkpoint(tmp_path, state)
    assert torch.equal(loaded["best"]["a"], values["best"]["a"])
    assert {name: loaded[name] for name in ("history", "seconds")} == {
        name: values[name] for name in ("history", "seconds")
    }
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT]


DAMAGES = {
    "empty": lambda data: b"",
    "cut short": lambda data: data[:-100],
    "text": lambda data: b"no checkpoint",
    "one bit": lambda data: data[:-50000] + bytes([data[-50000] ^ 1]) + data[-49999:],
}


def test_a_damaged_checkpoint_is_reported_and_the_one_before_is_used(state, tmp_path, capsys):
    path, before = tmp_path / CHECKPOINT, tmp_path / BEFORE
    for name, damaged in DAMAGES.items():
        path.unlink(missing_ok=True)
        for seconds in (1.0, 2.0):
            save_checkpoint(tmp_path, state, history=[], best={}, seconds=seconds)
        assert load_checkpoint(tmp_path, state)["seconds"] == 2.0
        path.write_bytes(damaged(path.read_bytes()))
        assert load_checkpoint(tmp_path, state)["seconds"] == 1.0, name
        assert f"{path} is damaged" in capsys.readouterr().err
    before.write_bytes(b"")
    assert load_checkpoint(tmp_path, state)["history"] == []
    assert f"{before} is damaged" in capsys.readouterr().err


class Exploit:
    def __reduce__(self):
        return (os._exit, (66,))


def test_a_pickle_that_was_smuggled_in_is_refused(state, tmp_path):
    """If it ran, it would end the tests."""
    save_checkpoint(tmp_path, state, history=Exploit())
    with pytest.raises(UserError, match=r"is no checkpoint of this training"):
        load_checkpoint(tmp_path, state)
    assert (tmp_path / CHECKPOINT).exists()


def test_a_full_disk_leaves_the_checkpoint_before(state, tmp_path, monkeypatch):
    values = saved(tmp_path, state)

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(config.os, "fsync", full)
        with pytest.raises(UserError, match=r"checkpoint.* cannot be written \(No space"):
            save_checkpoint(tmp_path, state, history=[], best={}, seconds=9.0)
    assert len(list(tmp_path.iterdir())) == 1
    assert load_checkpoint(tmp_path, state)["seconds"] == values["seconds"]
