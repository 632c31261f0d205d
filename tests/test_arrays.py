import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from genre_lib import store as store_module
from genre_lib.config import UserError, data_dir
from genre_lib.model import HybridNet
from genre_lib.splits import make_dataset
from genre_lib.store import allocate, read_store, release, take
from genre_lib.training import make_batch, predict_logits


@pytest.fixture
def mapped(monkeypatch) -> None:
    """Every array is mapped, however small."""
    monkeypatch.setattr(store_module, "MAPPED_ABOVE", 0)


def resident() -> int:
    """Bytes of memory that this process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


linux = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")


# Where arrays lie


def test_up_to_the_stated_size_an_array_lies_in_memory(monkeypatch):
    monkeypatch.setattr(store_module, "MAPPED_ABOVE", 24)
    array = allocate((2, 3, 4))
    assert array.base is None
    assert not data_dir().exists()
    release(array)
    assert (array == 0).all()


def test_above_the_stated_size_an_array_is_mapped(monkeypatch):
    monkeypatch.setattr(store_module, "MAPPED_ABOVE", 23)
    array = allocate((2, 3, 4))
    assert array.base is not None
    assert (data_dir() / "cache").is_dir()


def test_an_array_is_zeros_that_can_be_written(monkeypatch):
    for limit in (0, 2**40):
        monkeypatch.setattr(store_module, "MAPPED_ABOVE", limit)
        array = allocate((5, 7, 3))
        assert (array.shape, array.dtype) == ((5, 7, 3), np.uint8)
        assert array.flags.c_contiguous
        assert (array == 0).all()
        array[2:4] = 9
        release(array)
        assert array.sum() == 2 * 21 * 9


def test_a_mapped_file_has_no_name(mapped):
    array = allocate((1000, 100))
    array[:] = 1
    assert list((data_dir() / "cache").iterdir()) == []


def test_a_process_that_is_killed_leaves_nothing_behind(tmp_path):
    code = (
        "import os, signal; from genre_lib import store; store.MAPPED_ABOVE = 0;"
        "array = store.allocate((1000, 1000)); array[:] = 1; print('written', flush=True);"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    result = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert result.stdout == "written\n"
    assert result.returncode != 0
    assert list((data_dir() / "cache").iterdir()) == []


def test_too_little_room_is_reported_with_the_way_out(mapped, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10**9 - 1))
    with pytest.raises(UserError, match=r"cache.* 1\.0 GB.*GENRE_CACHE") as caught:
        allocate((10**3, 10**3, 10**3))
    assert str(data_dir()) in str(caught.value)
    assert list((data_dir() / "cache").iterdir()) == []
    allocate((10**3, 10**3))


# Taking rows


def test_what_is_taken_is_a_copy(monkeypatch):
    for limit in (0, 2**40):
        for rows in (np.array([3, 0, 3]), np.array([], int), 4):
            monkeypatch.setattr(store_module, "MAPPED_ABOVE", limit)
            array = allocate((6, 5))
            array[:] = np.arange(30).reshape(6, 5)
            taken = take(array, rows)
            np.testing.assert_array_equal(taken, np.arange(30).reshape(6, 5)[rows])
            taken[:] = 200
            assert array.max() == 29


@linux
@pytest.mark.parametrize("view", [False, True], ids=["itself", "a view of it"])
def test_memory_does_not_grow_with_what_was_read(mapped, view):
    array = allocate((64, 2**20))
    for row in array:
        row[:] = 7
        release(array)
    part = array.reshape(256, -1)[16:] if view else array
    before = resident()
    for row in range(len(part)):
        assert (take(part, np.array([row])) == 7).all()
    assert resident() < before + 16 * 2**20
    assert sum(int(row.sum()) for row in part) == 7 * part.size
    assert resident() > before + 40 * 2**20
    release(part)
    assert resident() < before + 16 * 2**20


@linux
def test_a_row_brings_few_pages_but_its_own_into_memory(mapped):
    array = allocate((4096, 2**14))
    for row in array:
        row[:] = 7
        release(array)
    before = resident()
    assert (np.take(array, range(0, 4096, 128), axis=0) == 7).all()
    assert resident() < before + 8 * 2**20


def test_where_pages_cannot_be_given_back_all_else_works(mapped, monkeypatch):
    monkeypatch.delattr("mmap.MADV_DONTNEED", raising=False)
    array = allocate((4, 4))
    array[1] = 3
    release(array)
    assert take(array, np.array([1])).tolist() == [[3, 3, 3, 3]]


# From a store to predictions


@pytest.mark.parametrize("view", ["copies", "segments"])
def test_batches_and_predictions_are_the_same_from_mapped_images(
    store_path, run_settings, monkeypatch, view
):
    settings = run_settings(view=view, protocol="track")
    model = HybridNet(settings.model, n_classes=3)
    batches, answers = [], []
    for limit in (2**40, 0):
        monkeypatch.setattr(store_module, "MAPPED_ABOVE", limit)
        dataset = make_dataset(read_store(store_path), settings)
        assert (dataset.images.base.base is None) == (limit > 0)
        rows = dataset.rows("train")[:8]
        batches.append(make_batch(settings, dataset, rows, epoch=0, step=0)[0])
        answers.append(predict_logits(model, dataset.images, dataset.rows("test")).numpy())
    np.testing.assert_array_equal(*batches)
    np.testing.assert_array_equal(*answers)
