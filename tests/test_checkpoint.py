import errno
import os

import pytest
import torch

from genre_lib import checkpoint, config
from genre_lib.config import UserError


def content(number: int) -> dict:
    return {"weights": {"a": torch.full((100,), float(number))}, "history": [{"epoch": number}]}


def save(folder, *numbers: int) -> None:
    for number in numbers:
        checkpoint.save(folder, content(number), position=number)


def loaded(folder) -> int:
    saved = checkpoint.load(folder, {})
    assert torch.equal(saved["weights"]["a"], content(saved["history"][0]["epoch"])["weights"]["a"])
    return saved["history"][0]["epoch"]


def test_the_newest_two_are_kept_and_the_newest_is_loaded(tmp_path):
    assert checkpoint.load(tmp_path, {}) is None
    save(tmp_path, 8, 9, 10, 11)  # by number, not by name's length
    names = [path.name[:21] for path in checkpoint.newest_first(tmp_path)]
    assert names == ["checkpoint-0000000011", "checkpoint-0000000010"]
    assert loaded(tmp_path) == 11


DAMAGES = {
    "empty": lambda data: b"",
    "cut short": lambda data: data[:-100],
    "text": lambda data: b"no checkpoint",
    "one bit": lambda data: data[:1500] + bytes([data[1500] ^ 1]) + data[1501:],
    "longer": lambda data: data + b"0",
}


def test_a_damaged_checkpoint_is_reported_and_the_one_before_is_used(tmp_path, capsys):
    save(tmp_path, 1)
    for damaged in DAMAGES.values():
        save(tmp_path, 2)
        newest, before = checkpoint.newest_first(tmp_path)
        newest.write_bytes(damaged(newest.read_bytes()))
        assert loaded(tmp_path) == 1
        assert f"{newest} is damaged" in capsys.readouterr().err
        assert checkpoint.newest_first(tmp_path) == [before]
    before.write_bytes(b"")
    assert checkpoint.load(tmp_path, {}) is None
    assert f"{before} is damaged" in capsys.readouterr().err


class Exploit:
    def __reduce__(self):
        return (os._exit, (66,))


def test_a_pickle_that_was_smuggled_in_is_refused(tmp_path):
    """Even under a name with the right hash; if it ran, it would end the tests."""
    path = checkpoint.save(tmp_path, {"model": Exploit()}, position=1)
    with pytest.raises(UserError, match=r"is no checkpoint of this training") as e:
        checkpoint.load(tmp_path, {})
    assert str(path) in str(e.value)
    assert path.exists()


def test_a_full_disk_leaves_the_checkpoint_before(tmp_path, monkeypatch):
    save(tmp_path, 1)

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(config.os, "fsync", full)
        with pytest.raises(
            UserError, match=r"checkpoint-0000000002.* cannot be written \(No space"
        ):
            save(tmp_path, 2)
    assert len(list(tmp_path.iterdir())) == 1
    assert loaded(tmp_path) == 1
