import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from genre_lib.config import (
    PARAMETERS,
    PROFILES,
    SECTIONS,
    AugmentationSettings,
    RunSettings,
    SpectrogramSettings,
    UserError,
    cache_dir,
    choose,
    configure,
    data_dir,
    digest,
    offline,
    on_error,
    one_at_a_time,
    parse_parameters,
    project_root,
    read_json,
    runs_dir,
    setting_fields,
    shareable,
    validated,
    write_json,
    write_text,
)

# Names that say where the data came from; the data's own digest stands for them.
LABELS = {"corpus", "profile", "songs_per_genre", "threads", *SpectrogramSettings.model_fields}
# A valid value other than the default, for every setting that a digest depends on.
OTHER = {
    "method": "handcrafted",
    "view": "segments",
    "protocol": "track",
    "seed": 1,
    "images_per_track": 3,
    "augment_training": False,
    "channels": 3,
    "hidden_size": 32,
    "heads": 8,
    "conv_dropout": "text",
    "lstm": False,
    "attention": False,
    "residual": True,
    "pooling": "max",
    "epochs": 7,
    "patience": 7,
    "batch_size": 7,
    "schedule": "linear-warmup-cosine",
    "noise_min": 0.02,
    "noise_max": 0.5,
}


def value_of(settings: RunSettings, name: str):
    section = setting_fields()[name][0]
    return getattr(getattr(settings, section) if section else settings, name)


def with_setting(name: str, value) -> RunSettings:
    if name in PARAMETERS:
        return configure(**{name: value})
    return configure(overrides={name: value})


# Profiles and names


@pytest.mark.parametrize("profile", PROFILES)
def test_each_profile_is_valid_and_sets_what_it_says(profile):
    settings = configure(profile=profile)
    assert settings.profile == profile
    for name, value in PROFILES[profile].items():
        assert value_of(settings, name) == value


def test_the_paper_profile_has_the_papers_settings():
    settings = configure(profile="paper")
    assert settings.training.epochs == 400
    assert settings.training.patience == 20
    assert settings.training.batch_size == 128
    assert settings.training.learning_rate == 0.001
    assert settings.training.clip_norm == 1.0
    assert settings.songs_per_genre == 100
    assert settings.images_per_track == 12
    assert settings.spectrogram.n_mels == 128


def test_profiles_grow():
    budgets = np.array(
        [
            (settings.songs_per_genre, settings.images_per_track, settings.training.epochs)
            for settings in (configure(profile=name) for name in ("smoke", "quick", "paper"))
        ]
    )
    steps = np.diff(budgets, axis=0)
    assert (steps >= 0).all()
    assert (steps.sum(1) > 0).all()


def test_every_setting_has_one_name_over_all_sections():
    names = [name for name in RunSettings.model_fields if name not in SECTIONS]
    for cls in SECTIONS.values():
        names += cls.model_fields
    assert len(names) == len(set(names))
    assert set(names) == set(setting_fields())
    assert "overrides" not in names


def test_overrides_win_over_the_profile():
    settings = configure(profile="smoke", overrides={"epochs": 5, "heads": 8, "noise_max": 0.5})
    assert settings.training.epochs == 5
    assert settings.model.heads == 8
    assert settings.augmentation.noise_max == 0.5
    assert settings.songs_per_genre == PROFILES["smoke"]["songs_per_genre"]


def test_profiles_are_not_changed_by_overrides():
    before = json.dumps(PROFILES)
    configure(profile="smoke", overrides={"epochs": 5})
    assert json.dumps(PROFILES) == before


def test_the_five_parameters_arrive():
    given = {"corpus": "x", "profile": "paper", "view": "segments", "protocol": "track", "seed": 9}
    settings = configure(**given)
    assert {name: getattr(settings, name) for name in PARAMETERS} == given


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_among_the_overrides_is_never_ignored(name):
    value = {"profile": "paper", "corpus": "x"}.get(name) or OTHER[name]
    with pytest.raises(UserError, match=name):
        configure(overrides={name: value})


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: configure(profile="smok"), ["profile 'smok'", "'smoke'", "quick", "paper"]),
        (lambda: configure(overrides={"epoch": 3}), ["setting 'epoch'", "'epochs'"]),
        (lambda: configure(overrides={"learningrate": 3}), ["'learning_rate'"]),
        (lambda: choose("thing", "zzz", ["a", "b"]), ["There is no thing 'zzz'.", "a, b"]),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest_known_one(call, words):
    with pytest.raises(UserError) as caught:
        call()
    for word in words:
        assert word in str(caught.value)


def test_no_nearest_name_is_invented():
    with pytest.raises(UserError) as caught:
        choose("thing", "zzz", ["a", "b"])
    assert "Did you mean" not in str(caught.value)


# Values


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("epochs", 0, "1 <= epochs <= 10000"),
        ("epochs", "many", "1 <= epochs <= 10000"),
        ("epochs", 2.5, "1 <= epochs <= 10000"),
        ("batch_size", 1, "2 <= batch_size <= 65536"),
        ("learning_rate", 0, "0 < learning_rate <= 1"),
        ("learning_rate", float("nan"), "0 < learning_rate <= 1"),
        ("learning_rate", float("inf"), "0 < learning_rate <= 1"),
        ("label_smoothing", 1, "0 <= label_smoothing < 1"),
        ("warmup_share", 1, "0 < warmup_share < 1"),
        ("songs_per_genre", 2, "3 <= songs_per_genre <= 1000"),
        ("images_per_track", 65, "1 <= images_per_track <= 64"),
        ("n_mels", 8, "16 <= n_mels <= 512"),
        ("flip_probability", 1.5, "0 <= flip_probability <= 1"),
        ("crop_min", 0, "0 < crop_min <= 1"),
        ("seed", -1, "0 <= seed < 2147483648"),
        ("heads", None, "1 <= heads <= 128"),
        ("view", "slices", "'copies' or 'segments'"),
        ("protocol", "song", "'image', 'track' or 'fault-filtered'"),
        ("pooling", "median", "'mean', 'last' or 'max'"),
        ("schedule", "step", "'onecycle' or 'linear-warmup-cosine'"),
        ("channels", 2, "1 or 3"),
        ("corpus", 5, "corpus = 5"),
    ],
)
def test_a_wrong_value_is_told_with_its_name_and_what_is_allowed(name, value, allowed):
    with pytest.raises(UserError) as caught:
        with_setting(name, value)
    message = str(caught.value)
    assert f"{name} = {value!r} is not possible" in message
    assert allowed in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"fmin": 5000.0, "fmax": 4000.0}, ["fmax = 4000.0", "5000.0"]),
        ({"fmin": 4000.0, "fmax": 4000.0}, ["fmax = 4000.0"]),
        ({"sample_rate": 16000}, ["fmax = 11025.0", "8000.0"]),
        ({"noise_min": 0.5}, ["noise_min = 0.5", "0.028"]),
        ({"heads": 3}, ["heads = 3", "128"]),
        ({"hidden_size": 5, "heads": 4}, ["heads = 4", "10"]),
    ],
)
def test_values_that_do_not_fit_together_are_told(overrides, words):
    with pytest.raises(UserError) as caught:
        configure(overrides=overrides)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    "overrides",
    [
        {"sample_rate": 16000, "fmax": 8000.0},
        {"noise_min": 0.028},
        {"heads": 128},
        {"hidden_size": 6, "heads": 3},
    ],
)
def test_limits_themselves_are_allowed(overrides):
    settings = configure(overrides=overrides)
    for name, value in overrides.items():
        assert value_of(settings, name) == value


def test_settings_cannot_be_changed_afterwards():
    settings = configure()
    with pytest.raises(Exception, match="frozen"):
        settings.seed = 1
    with pytest.raises(Exception, match="frozen"):
        settings.model.heads = 2


def test_settings_survive_json():
    settings = configure(view="segments", overrides={"epochs": 5, "noise_max": 0.3})
    assert validated(RunSettings, json.loads(settings.model_dump_json())) == settings


def test_a_setting_that_nobody_declared_is_refused():
    with pytest.raises(UserError, match="colour"):
        validated(AugmentationSettings, {"colour": 1})


# Notebook parameters


def test_no_overrides_may_be_none():
    assert configure(overrides=None) == configure()


@pytest.mark.parametrize("value", ["epochs=5", 5, ["epochs"], [("epochs", 5)]])
def test_overrides_that_are_no_mapping_are_refused(value):
    with pytest.raises(UserError, match="overrides"):
        configure(overrides=value)


def test_what_papermill_injects_under_another_name_is_refused():
    shell = InteractiveShell.instance()
    try:
        shell.run_cell('then = "sede = 1"\nsede = 1', store_history=True)  # the page's own cell
        configure()
        shell.run_cell('# Parameters\nseed = 1\nsede = {"a": 1}\n', store_history=True)
        with pytest.raises(UserError, match=r"'sede'.*'seed'"):
            configure()
    finally:
        InteractiveShell.clear_instance()


# Pairs of a command line


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (["sed=1"], "Did you mean 'seed'"),
        (["seed"], "NAME=VALUE"),
        (["epochs=0"], "1 <= epochs"),
        (["epochs=many"], "epochs = 'many'"),
        (["protocol=tracks"], "'image', 'track' or 'fault-filtered'"),
        (["profile=quik"], "Did you mean 'quick'"),
    ],
)
def test_wrong_parameters_are_named(pairs, message):
    with pytest.raises(UserError, match=message):
        parse_parameters(pairs)


def test_a_pair_wins_over_the_options():
    settings = parse_parameters(["profile=smoke", "epochs=3"], profile="quick")
    assert (settings.profile, settings.training.epochs) == ("smoke", 3)


def test_what_is_made_lies_with_the_data(tmp_path):
    assert cache_dir() == data_dir()
    data_dir().mkdir()
    assert cache_dir() == data_dir()


def test_data_that_are_not_to_be_written_are_not(tmp_path, monkeypatch):
    monkeypatch.setenv("GENRE_DATA", str(tmp_path / "shared"))
    monkeypatch.chdir(tmp_path)
    data_dir().mkdir()
    assert cache_dir() == tmp_path / "shared"
    data_dir().chmod(0o555)
    assert cache_dir() == tmp_path / "data"  # whoever runs this test, also as root
    monkeypatch.setenv("GENRE_CACHE", str(tmp_path / "elsewhere"))
    assert cache_dir() == tmp_path / "elsewhere"


def test_gtzan_is_replaced_where_much_of_a_corpus_is_shown():
    shown = shareable(configure(corpus="gtzan", seed=3, protocol="track"))
    assert shown == configure(corpus="synthetic", seed=3, protocol="track")


@pytest.mark.parametrize("corpus", ["synthetic", "elsewhere"])
def test_any_other_corpus_is_shown_as_it_is(corpus):
    settings = configure(corpus=corpus, profile="smoke")
    assert shareable(settings) is settings


def test_what_is_shared_is_dealt_by_tracks_where_only_gtzan_has_a_list():
    shown = shareable(configure(corpus="gtzan", protocol="fault-filtered"))
    assert (shown.corpus, shown.protocol) == ("synthetic", "track")


# Digest


def test_equal_settings_have_the_same_digest():
    first = configure(profile="smoke", overrides={"epochs": 5, "heads": 8})
    second = configure(profile="smoke", overrides={"heads": 8, "epochs": 5})
    assert digest(first, "data") == digest(second, "data")
    assert digest(first, "data") == digest(first, "data")


@pytest.mark.parametrize("name", sorted(setting_fields().keys() - LABELS))
def test_each_setting_changes_the_digest(name):
    default = value_of(configure(), name)
    value = OTHER.get(name, default / 2 if isinstance(default, float) and default else 0.25)
    assert value != default
    changed = with_setting(name, value)
    assert value_of(changed, name) == value
    assert digest(changed, "data") != digest(configure(), "data")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("corpus", "elsewhere"),
        ("songs_per_genre", 99),
        ("n_mels", 64),
        ("fmin", 30.0),
        ("threads", 3),
    ],
)
def test_where_the_data_came_from_does_not_change_the_digest(name, value):
    assert digest(with_setting(name, value), "data") == digest(configure(), "data")


def test_the_profiles_name_does_not_change_the_digest():
    same = {"songs_per_genre": 5, "images_per_track": 5, "epochs": 5, "batch_size": 5}
    digests = {digest(configure(profile=name, overrides=same), "data") for name in PROFILES}
    assert len(digests) == 1


def test_the_data_changes_the_digest():
    assert digest(configure(), "data") != digest(configure(), "other data")


def test_a_digest_can_name_a_directory():
    name = digest(configure(), "data")
    assert name.isalnum()
    assert 8 <= len(name) <= 64


# Places and files


def test_places_come_from_the_environment(tmp_path):
    assert data_dir() == tmp_path / "data"
    assert runs_dir() == tmp_path / "runs"


def test_places_without_the_environment(tmp_path, monkeypatch):
    monkeypatch.delenv("GENRE_DATA")
    monkeypatch.setenv("GENRE_RUNS", "")
    monkeypatch.chdir(tmp_path)
    assert data_dir() == tmp_path / "data"
    assert runs_dir() == tmp_path / "runs"


@pytest.mark.parametrize("folder", [".", "notebooks", "genre_lib/corpus"])
def test_a_folder_inside_the_checkout_finds_its_top(monkeypatch, folder):
    checkout = Path(__file__).resolve().parents[1]
    monkeypatch.chdir(checkout / folder)
    assert project_root() == checkout


def test_text_and_json_are_read_back(tmp_path):
    write_text(tmp_path / "a.txt", "Größe\n")
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "Größe\n"
    value = {"ä": [1, 2.5, None, "x"]}
    write_json(tmp_path / "b.json", value)
    assert read_json(tmp_path / "b.json") == value
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "b.json"]


def test_a_write_that_fails_leaves_what_was_there(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "before")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "x" * 100_000 + "\udc80")  # a lone surrogate cannot be encoded
    assert path.read_text() == "before"
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.ENOSPC, r"no room to write .*a\.txt: it needs 0\.0 MB"),
        (errno.EDQUOT, r"no room to write .*a\.txt"),
        (errno.EACCES, r"a\.txt cannot be written \(Permission denied\)"),
    ],
)
def test_a_write_that_fails_half_way_leaves_nothing(tmp_path, monkeypatch, number, message):
    path = tmp_path / "a.txt"

    def full(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("genre_lib.config.os.replace", full)
    with pytest.raises(UserError, match=message):
        write_text(path, "text")
    assert list(tmp_path.iterdir()) == []


def test_work_is_done_by_one_process_at_a_time(tmp_path, capsys):
    lock, log = tmp_path / "lock", tmp_path / "log"
    code = (
        "from genre_lib.config import one_at_a_time; from pathlib import Path; import time\n"
        f"with one_at_a_time(Path({str(lock)!r}), work='counting'):\n"
        f"    print('in', flush=True); time.sleep(1); Path({str(log)!r}).write_text('other')"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        with one_at_a_time(lock, work="counting"):
            assert log.read_text() == "other"
    assert "another process is counting; waiting for it." in capsys.readouterr().err


def test_a_place_that_cannot_be_locked_is_told(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with (
        pytest.raises(UserError, match=r"file cannot be written .*GENRE_RUNS"),
        one_at_a_time(tmp_path / "file" / "lock", work="counting"),
    ):
        pass


def test_a_process_that_dies_lets_the_next_one_work(tmp_path, capsys):
    code = (
        "from genre_lib.config import one_at_a_time; from pathlib import Path; import os\n"
        f"with one_at_a_time(Path({str(tmp_path / 'lock')!r}), work='counting'): os.abort()"
    )
    subprocess.run([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    with one_at_a_time(tmp_path / "lock", work="counting"):
        assert capsys.readouterr().err == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [None, b"", b"{", b"\xff\xfe"])
def test_json_that_cannot_be_read_is_named(tmp_path, content):
    path = tmp_path / "a.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=r"a\.json"):
        read_json(path)


def test_every_choice_of_a_setting_is_possible():
    for name, (_, cls) in setting_fields().items():
        choices = get_args(cls.model_fields[name].annotation)
        for choice in (choice for choice in choices if not isinstance(choice, type)):
            assert value_of(with_setting(name, choice), name) == choice


@pytest.mark.parametrize(("value", "answer"), [(None, "stop"), ("", "stop"), ("skip", "skip")])
def test_the_answer_to_faults_is_stop_unless_told(monkeypatch, value, answer):
    if value is not None:
        monkeypatch.setenv("GENRE_ON_ERROR", value)
    assert on_error() == answer


def test_another_answer_to_faults_is_refused(monkeypatch):
    monkeypatch.setenv("GENRE_ON_ERROR", "ignore")
    with pytest.raises(UserError, match=r"'ignore'.*Known: stop, skip"):
        on_error()


@pytest.mark.parametrize(("value", "answer"), [("", False), ("0", False), ("1", True)])
def test_downloads_are_forbidden_by_a_variable(monkeypatch, value, answer):
    monkeypatch.setenv("GENRE_OFFLINE", value)
    assert offline() == answer
