"""The workflows are valid, run what exists, and may write only where they publish."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import check_jsonschema
import pytest
import yaml
from click.testing import CliRunner, Result
from packaging.specifiers import SpecifierSet
from test_packaging import PROJECT

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def read(path: Path) -> dict:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    workflow["on"] = workflow.pop(True)  # the word that YAML takes for a truth value
    return workflow


def steps(path: Path) -> list[dict]:
    return [step for job in read(path)["jobs"].values() for step in job["steps"]]


def schema_faults(*paths: Path) -> Result:
    """Check workflows against the schema that comes with check-jsonschema: no network."""
    words = ["--builtin-schema", "vendor.github-workflows", *map(str, paths)]
    return CliRunner().invoke(check_jsonschema.main, words)


def test_workflows_follow_their_schema(tmp_path):
    result = schema_faults(*WORKFLOWS)
    assert result.exit_code == 0, result.output
    wrong = tmp_path / "x.yml"
    wrong.write_text("on: push\njobs: {a: {steps: [{run: make}]}}\n")
    assert schema_faults(wrong).exit_code == 1


def test_there_are_workflows_for_tests_for_publishing_and_for_links():
    triggers = {path.stem: set(read(path)["on"]) for path in WORKFLOWS}
    assert triggers == {
        "ci": {"push", "pull_request"},
        "nightly": {"schedule", "workflow_dispatch"},
        "publish": {"push", "workflow_dispatch"},
        "links": {"schedule", "workflow_dispatch"},
    }


def test_actions_are_official_and_pinned_to_a_version():
    for path in WORKFLOWS:
        used = [step["uses"] for step in steps(path) if "uses" in step]
        assert used, path
        for action in used:
            assert re.fullmatch(r"actions/[a-z-]+@v\d+", action), (path, action)


def test_only_the_job_that_publishes_may_write_and_every_job_ends_some_day():
    for path in WORKFLOWS:
        workflow = read(path)
        assert workflow["permissions"] == {"contents": "read"}, path
        may = {name: job.get("permissions") for name, job in workflow["jobs"].items()}
        expected = {"pages": "write", "id-token": "write"} if path.stem == "publish" else None
        assert may.pop("deploy", None) == expected, path
        assert set(may.values()) == {None}, path
        assert all(job["timeout-minutes"] <= 60 for job in workflow["jobs"].values()), path


def test_pythons_and_files_that_are_named_exist():
    for path in WORKFLOWS:
        given = [step.get("with", {}) for step in steps(path)]
        versions = [each["python-version"] for each in given if "python-version" in each]
        assert versions, path
        assert all(SpecifierSet(PROJECT["requires-python"]).contains(each) for each in versions)
        for name in " ".join(each.get("cache-dependency-path", "") for each in given).split():
            assert (ROOT / name).is_file(), (path, name)


def test_commands_exist():
    for path in WORKFLOWS:
        commands = [line for step in steps(path) for line in step.get("run", "").splitlines()]
        for command in commands:
            program, *words = shlex.split(command)
            if program == "make":
                assert words, path
                assert set(words) <= TARGETS, path
            elif program.startswith(".venv/bin/"):  # what `make setup` installs
                assert Path(sys.executable).with_name(Path(program).name).exists(), command
                assert "make setup" in commands, path
            else:
                assert os.access(ROOT / program, os.X_OK), command
            for word in words:
                if "/" in word or word == "book":
                    assert (ROOT / word).exists(), command


def test_what_is_uploaded_is_what_the_commands_make():
    uploads = {
        step["uses"].split("@")[0]: step["with"]["path"]
        for path in WORKFLOWS
        for step in steps(path)
        if step.get("uses", "").startswith("actions/upload")
    }
    assert uploads == {
        "actions/upload-artifact": "tests/browser/screenshots",
        "actions/upload-pages-artifact": "book/_build/html",
    }


# The script that continuous integration runs


@pytest.fixture
def machine(tmp_path: Path):
    """A PATH on which programs write what they are called with; returns what was called."""
    programs = tmp_path / "bin"
    programs.mkdir()
    log = tmp_path / "log"
    for name in ("bash", "dirname"):
        (programs / name).symlink_to(str(shutil.which(name)))

    def run(*extra: str, user: int = 0, **environment: str) -> list[str]:
        log.unlink(missing_ok=True)
        for name in ("make", "apt-get", "sudo", *extra):
            write(programs / name, f'echo "{name} $* CI=$CI" >> {log}')
        write(programs / "id", f"echo {user}")
        subprocess.run(
            [ROOT / ".ci" / "run"], env={"PATH": str(programs), **environment}, check=True
        )
        for name in extra:
            (programs / name).unlink()
        return log.read_text(encoding="utf-8").splitlines()

    def write(program: Path, line: str) -> None:
        program.write_text(f"#!{programs / 'bash'}\n{line}\n")
        program.chmod(0o755)

    return run


def test_a_browser_that_is_there_is_used(machine):
    for browser in ("chromium", "chromium-browser", "google-chrome"):
        assert machine(browser) == ["make test CI=true"]
    assert machine("chromium", CI="yes") == ["make test CI=yes"]


def test_a_browser_is_installed_where_there_is_none(machine):
    update, install, test = machine()
    assert update.startswith("apt-get update")
    assert install.startswith("apt-get install -y --no-install-recommends chromium")
    assert test == "make test CI=true"
    assert [line.split()[0] for line in machine(user=1000)] == ["sudo", "sudo", "make"]
