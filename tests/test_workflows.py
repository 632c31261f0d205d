"""The workflows are valid, run what exists, and may write only where they publish."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from packaging.specifiers import SpecifierSet
from test_packaging import PROJECT

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def read(path: Path) -> dict:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    workflow["on"] = workflow.pop(True)  # the word that YAML takes for a truth value
    return workflow


def steps(path: Path) -> list[dict]:
    return [step for job in read(path)["jobs"].values() for step in job["steps"]]


@pytest.fixture(params=WORKFLOWS, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    return request.param


def schema_faults(*paths: Path) -> subprocess.CompletedProcess:
    """Check workflows against the schema that comes with check-jsonschema: no network."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]
    return subprocess.run(
        [*command, "vendor.github-workflows", *map(str, paths)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_workflows_follow_their_schema():
    result = schema_faults(*WORKFLOWS)
    assert result.returncode == 0, result.stdout


def test_a_workflow_that_is_no_workflow_is_refused(tmp_path):
    path = tmp_path / "x.yml"
    path.write_text("on: push\njobs: {a: {steps: [{run: make}]}}\n")
    assert schema_faults(path).returncode == 1


def test_there_are_workflows_for_tests_for_publishing_and_for_links():
    triggers = {path.stem: set(read(path)["on"]) for path in WORKFLOWS}
    assert triggers == {
        "ci": {"push", "pull_request"},
        "publish": {"push", "workflow_dispatch"},
        "links": {"schedule", "workflow_dispatch"},
    }


def test_actions_are_official_and_pinned_to_a_version(path):
    used = [step["uses"] for step in steps(path) if "uses" in step]
    assert used
    assert [action for action in used if not re.fullmatch(r"actions/[a-z-]+@v\d+", action)] == []


def test_only_the_job_that_publishes_may_write(path):
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    wanted = {name: job["permissions"] for name, job in workflow["jobs"].items()
              if "permissions" in job}  # fmt: skip
    deploys = {"deploy": {"pages": "write", "id-token": "write"}}
    assert wanted == (deploys if path.stem == "publish" else {})


def test_jobs_end_some_day(path):
    assert all(job["timeout-minutes"] <= 60 for job in read(path)["jobs"].values())


def test_pythons_are_ones_that_the_project_allows(path):
    versions = [step["with"]["python-version"] for step in steps(path)
                if "setup-python" in step.get("uses", "")]  # fmt: skip
    assert versions
    assert all(SpecifierSet(PROJECT["requires-python"]).contains(each) for each in versions)


def test_files_that_are_named_exist(path):
    for step in steps(path):
        for name in step.get("with", {}).get("cache-dependency-path", "").split():
            assert (ROOT / name).is_file()


def test_commands_exist(path):
    commands = [line for step in steps(path) for line in step.get("run", "").splitlines()]
    for command in commands:
        program, *words = shlex.split(command)
        if program == "make":
            assert words
            assert set(words) <= TARGETS
        elif program.startswith(".venv/bin/"):  # what `make setup` installs
            assert Path(sys.executable).with_name(Path(program).name).exists()
            assert "make setup" in commands
        else:
            assert os.access(ROOT / program, os.X_OK)
        for word in words:
            if "/" in word or word == "book":
                assert (ROOT / word).exists()


def test_what_is_uploaded_is_what_the_commands_make():
    uploads = {step["uses"].split("@")[0]: step["with"]["path"]
               for path in WORKFLOWS for step in steps(path)
               if step.get("uses", "").startswith("actions/upload")}  # fmt: skip
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
        for name in ("make", "apt-get", "sudo", *extra):
            write(programs / name, f'echo "{name} $* CI=$CI" >> {log}')
        write(programs / "id", f"echo {user}")
        subprocess.run(
            [ROOT / ".ci" / "run"], env={"PATH": str(programs), **environment}, check=True
        )
        return log.read_text(encoding="utf-8").splitlines()

    def write(program: Path, line: str) -> None:
        program.write_text(f"#!{programs / 'bash'}\n{line}\n")
        program.chmod(0o755)

    return run


@pytest.mark.parametrize("browser", ["chromium", "chromium-browser", "google-chrome"])
def test_a_browser_that_is_there_is_used(machine, browser):
    assert machine(browser) == ["make test CI=true"]


def test_a_browser_is_installed_where_there_is_none(machine):
    update, install, test = machine()
    assert update.startswith("apt-get update")
    assert install.startswith("apt-get install -y --no-install-recommends chromium")
    assert test == "make test CI=true"


def test_only_a_plain_user_installs_it_with_sudo(machine):
    assert [line.split()[0] for line in machine(user=1000)] == ["sudo", "sudo", "make"]


def test_what_the_environment_says_about_ci_is_kept(machine):
    assert machine("chromium", CI="yes") == ["make test CI=yes"]
