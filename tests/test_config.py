import errno
import json
import subprocess
import sys
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from genre_lib.book.editions import single_settings
from genre_lib.config import (
    LABELS,
    PARAMETERS,
    PROFILES,
    SECTION_OF,
    SECTIONS,
    AugmentationSettings,
    RunSettings,
    UserError,
    cache_dir,
    choose,
    configure,
    data_dir,
    digest,
    new_folder,
    on_error,
    one_at_a_time,
    parse_parameters,
    project_root,
    read_json,
    runs_dir,
    write_file,
    write_json,
)
from genre_lib.corpus.gtzan import find_gtzan

# A valid value other than the default, for every setting of which half the default is none.
OTHER = {
    "method": "handcrafted",
    "view": "segments",
    "protocol": "track",
    "seed": 1,
    "init_seed": 0,
    "precision": "bfloat16",
    "training_tracks": 5,
    "known_images": 1,
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


# Profiles and names


def test_profiles_are_budgets_that_grow_up_to_the_papers():
    budgets = []
    for profile, changes in PROFILES.items():
        settings = configure(profile=profile)
        assert settings.profile == profile
        assert single_settings(settings).items() >= changes.items()
        epochs, tracks = settings.training.epochs, settings.songs_per_genre
        budgets.append((epochs, tracks, settings.images_per_track))
    assert budgets == sorted(budgets)
    training = configure(profile="paper").training
    assert (training.epochs, training.patience, training.batch_size) == (400, 20, 128)
    assert (training.learning_rate, training.clip_norm) == (0.001, 1.0)


def test_every_setting_has_one_name_over_all_sections():
    names = [name for name in RunSettings.model_fields if name not in SECTIONS]
    for section in SECTIONS:
        names += type(getattr(RunSettings(), section)).model_fields
    assert sorted(names) == sorted(SECTION_OF) == sorted(single_settings(configure()))
    assert len(names) == len(set(names))
    assert "overrides" not in names


def test_overrides_win_over_the_profile_which_stays_as_it_is():
    before = json.dumps(PROFILES)
    overrides = {"epochs": 5, "heads": 8, "noise_max": 0.5}
    values = single_settings(configure(profile="smoke", overrides=overrides))
    assert values.items() >= overrides.items()
    assert values["songs_per_genre"] == PROFILES["smoke"]["songs_per_genre"]
    assert json.dumps(PROFILES) == before
    assert configure(overrides=None) == configure(overrides={}) == configure()


def test_what_is_no_switch_is_neither_true_nor_false():
    assert configure(overrides={"attention": False}).model.attention is False
    for given in ({"seed": True}, {"overrides": {"epochs": True}}):
        with pytest.raises(UserError, match=r"= True is not possible"):
            configure(**given)


def test_the_five_parameters_arrive():
    given = {"corpus": "x", "profile": "paper", "view": "segments", "protocol": "track", "seed": 9}
    settings = configure(**given)
    assert {name: getattr(settings, name) for name in PARAMETERS} == given
    assert configure(seed=1, overrides=given) == settings


def test_an_unknown_name_is_refused_with_the_nearest_known_one():
    calls = [
        (lambda: configure(profile="smok"), ["profile 'smok'", "'smoke'", "quick", "paper"]),
        (lambda: configure(overrides={"epoch": 3}), ["setting 'epoch'", "'epochs'"]),
        (lambda: configure(learningrate=3), ["'learning_rate'"]),
    ]
    for call, words in calls:
        with pytest.raises(UserError) as caught:
            call()
        for word in words:
            assert word in str(caught.value)
    with pytest.raises(UserError, match=r"^There is no thing 'zzz'\. Known: a, b\.$"):
        choose("thing", "zzz", ["a", "b"])


# Values


def test_a_wrong_value_is_refused_in_one_sentence_with_what_is_possible():
    wrong = [
        ("epochs", 0, "greater than or equal to 1"),
        ("epochs", "many", "valid integer"),
        ("epochs", 2.5, "valid integer"),
        ("heads", None, "valid integer"),
        ("learning_rate", float("nan"), "finite"),
        ("learning_rate", float("inf"), "finite"),
        ("label_smoothing", 1, "less than 1"),
        ("songs_per_genre", 2, "greater than or equal to 3"),
        ("n_mels", 8, "greater than or equal to 16"),
        ("crop_min", 0, "greater than 0"),
        ("seed", 2**31, "less than 2147483648"),
        ("protocol", "song", "'image', 'track' or 'fault-filtered'"),
        ("channels", 2, "1 or 3"),
        ("corpus", 5, "valid string"),
    ]
    for name, value, words in wrong:
        with pytest.raises(UserError) as caught:
            configure(**{name: value})
        message = str(caught.value)
        assert message.startswith(f"{name} = {value!r} is not possible: ")
        assert words in message
        assert "\n" not in message
    with pytest.raises(UserError, match="colour"):
        AugmentationSettings(colour=1)
    with pytest.raises(UserError, match=r"ModelSettings = 3 is not possible"):
        RunSettings(model=3)
    for overrides in ("epochs=5", 5, ["epochs"], [("epochs", 5)]):
        with pytest.raises(UserError, match="overrides"):
            configure(overrides=overrides)


def test_values_that_do_not_fit_together_are_refused_and_limits_are_not():
    wrong = [
        ({"fmin": 5000.0, "fmax": 4000.0}, ["fmax = 4000.0", "5000.0"]),
        ({"fmin": 4000.0, "fmax": 4000.0}, ["fmax = 4000.0"]),
        ({"sample_rate": 16000}, ["fmax = 11025.0", "8000.0"]),
        ({"noise_min": 0.5}, ["noise_min = 0.5", "0.028"]),
        ({"heads": 3}, ["heads = 3", "128"]),
        ({"hidden_size": 5, "heads": 4}, ["heads = 4", "10"]),
    ]
    for overrides, words in wrong:
        with pytest.raises(UserError) as caught:
            configure(overrides=overrides)
        for word in words:
            assert word in str(caught.value)
    right = [
        {"sample_rate": 16000, "fmax": 8000.0},
        {"noise_min": 0.028},
        {"heads": 128},
        {"hidden_size": 6, "heads": 3},
    ]
    for overrides in right:
        assert single_settings(configure(overrides=overrides)).items() >= overrides.items()


def test_settings_cannot_be_changed_and_are_the_same_after_json():
    settings = configure(view="segments", overrides={"epochs": 5, "noise_max": 0.3})
    for part, name in ((settings, "seed"), (settings.model, "heads")):
        with pytest.raises(Exception, match="frozen"):
            setattr(part, name, 2)
    assert RunSettings(**json.loads(settings.model_dump_json())) == settings


# Notebooks and command lines


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


def test_pairs_of_a_command_line_win_over_options_and_wrong_ones_are_named():
    settings = parse_parameters(["profile=smoke", "epochs=3"], profile="quick")
    assert (settings.profile, settings.training.epochs) == ("smoke", 3)
    wrong = [
        ("sed=1", "Did you mean 'seed'"),
        ("seed", "NAME=VALUE"),
        ("epochs=0", "epochs = '0'"),
        ("epochs=many", "epochs = 'many'"),
        ("protocol=tracks", "'image', 'track' or 'fault-filtered'"),
        ("profile=quik", "Did you mean 'quick'"),
    ]
    for pair, message in wrong:
        with pytest.raises(UserError, match=message):
            parse_parameters([pair])


# Digest


def test_a_digest_depends_on_every_setting_that_is_no_label_and_on_the_data():
    plain, name = single_settings(configure()), digest(configure(), "data")
    labels = {setting for setting, section in SECTION_OF.items() if {setting, section} & LABELS}
    seen = {name, digest(configure(), "other data")}
    for setting, default in plain.items():
        if setting not in (*labels, "split_digest"):
            half = default / 2 if isinstance(default, float) and default else 0.25
            seen.add(digest(configure(**{setting: OTHER.get(setting, half)}), "data"))
    by_content = configure().model_copy(update={"split_digest": "0"})
    assert len(seen | {digest(by_content, "data")}) == 2 + len(plain) - len(labels)
    with pytest.raises(UserError, match="split_digest is found by itself"):
        configure(split_digest="0")
    for setting, value in (
        ("corpus", "elsewhere"), ("songs_per_genre", 99), ("n_mels", 64), ("threads", 3)
    ):  # fmt: skip
        assert digest(configure(**{setting: value}), "data") == name
    same = {"songs_per_genre": 5, "images_per_track": 5, "epochs": 5, "batch_size": 5}
    assert len({digest(configure(profile=p, overrides=same), "data") for p in PROFILES}) == 1


def test_a_digest_is_the_same_on_every_machine_and_for_every_order_of_overrides():
    first = configure(profile="smoke", overrides={"epochs": 5, "heads": 8})
    second = configure(profile="smoke", overrides={"heads": 8, "epochs": 5})
    assert digest(first, "data") == digest(second, "data") == "b3159ed1e41f65cd"


# Places and files


def test_places_come_from_the_environment_and_else_from_the_checkout(tmp_path, monkeypatch):
    assert (data_dir(), runs_dir()) == (tmp_path / "data", tmp_path / "runs")
    monkeypatch.setenv("GENRE_CACHE", str(tmp_path / "elsewhere"))
    assert cache_dir() == tmp_path / "elsewhere"
    monkeypatch.delenv("GENRE_DATA")
    monkeypatch.setenv("GENRE_RUNS", "")
    monkeypatch.setenv("GENRE_CACHE", "")
    checkout = Path(__file__).resolve().parents[1]
    for place, top in (
        (tmp_path, tmp_path), (checkout, checkout), (checkout / "genre_lib/corpus", checkout)
    ):  # fmt: skip
        monkeypatch.chdir(place)
        assert project_root() == top
        assert (data_dir(), runs_dir(), cache_dir()) == (top / "data", top / "runs", top / "data")


def test_text_and_json_are_read_back(tmp_path):
    write_file(tmp_path / "a.txt", "Größe\n")
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "Größe\n"
    value = {"ä": [1, 2.5, None, "x"]}
    write_json(tmp_path / "b.json", value)
    assert read_json(tmp_path / "b.json") == value
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "b.json"]
    for content in (b"", b"{", b"\xff\xfe", None):
        path = tmp_path / "b.json"
        path.unlink() if content is None else path.write_bytes(content)
        with pytest.raises(UserError, match=r"b\.json"):
            read_json(path)


def test_a_write_that_fails_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    write_file(path, "before")

    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("genre_lib.config.os.replace", fail)
    with pytest.raises(UserError, match=r"a\.txt cannot be written \(No space left"):
        write_file(path, "text")
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_work_is_done_by_one_process_at_a_time_and_one_that_dies_releases_it(tmp_path, capsys):
    lock, log = tmp_path / "lock", tmp_path / "log"
    start = (
        "from genre_lib.config import one_at_a_time; from pathlib import Path; import os, time\n"
        f"with one_at_a_time(Path({str(lock)!r}), work='counting'):\n    "
    )
    wait = f"print('in', flush=True); time.sleep(1); Path({str(log)!r}).write_text('other')"
    command = [sys.executable, "-c", start + wait]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        with one_at_a_time(lock, work="counting"):
            assert log.read_text() == "other"
    assert "another process is counting; waiting for it." in capsys.readouterr().err
    subprocess.run([sys.executable, "-c", start + "os.abort()"], stderr=subprocess.DEVNULL)
    with one_at_a_time(lock, work="counting"):
        assert capsys.readouterr().err == ""
    assert list(tmp_path.iterdir()) == [log]


def test_answers_to_faults_and_downloads_come_from_the_environment(monkeypatch):
    assert on_error() == "stop"
    for value, answer in (("", "stop"), ("skip", "skip")):
        monkeypatch.setenv("GENRE_ON_ERROR", value)
        assert on_error() == answer
    monkeypatch.setenv("GENRE_ON_ERROR", "ignore")
    with pytest.raises(UserError, match=r"'ignore'.*Known: stop, skip"):
        on_error()
    for value, answer in (("", "a command"), ("0", "a command"), ("1", "GENRE_OFFLINE forbids")):
        monkeypatch.setenv("GENRE_OFFLINE", value)
        with pytest.raises(UserError, match=answer):
            find_gtzan(data_dir(), download=False)


def test_a_new_folder_is_there_when_it_is_full_and_replaces_nothing(tmp_path):
    with new_folder(tmp_path / "made") as folder:
        (folder / "new").touch()
        assert not (tmp_path / "made").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["made"]
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["new"]
    with pytest.raises(UserError, match="exists already"), new_folder(tmp_path / "made"):
        pass
