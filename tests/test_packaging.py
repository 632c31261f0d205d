"""The project's files agree with each other, and the package with its own rules."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

import genre_lib

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "genre_lib"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
REQUIREMENTS = [
    Requirement(line)
    for line in (*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"])
]
CONSTRAINTS = [
    Requirement(line)
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line.strip() and not line.startswith("#")
]
PINS = {canonicalize_name(pin.name): pin for pin in CONSTRAINTS}

# Imports point from a higher number to a lower one; `paper` may be read by all.
ORDER = {
    "paper": 0,
    "config": 1,
    "arrays": 2,
    "checkpoint": 2,
    "corpus": 2,
    "spectrogram": 3,
    "store": 4,
    "augment": 5,
    "splits": 6,
    "speed": 6,
    "model": 7,
    "handcrafted": 7,
    "training": 8,
    "evaluation": 8,
    "runs": 9,
    "reference": 10,
    "claims": 11,
    "moments": 11,
    "predict": 11,
    "book": 12,
    "explorer": 13,
    "cli": 14,
}


# Dependencies and their versions


@pytest.mark.parametrize("pin", CONSTRAINTS, ids=lambda pin: pin.name)
def test_a_constraint_is_one_exact_version(pin):
    (specifier,) = pin.specifier
    assert specifier.operator == "=="
    assert not specifier.version.endswith(".*")
    assert Version(specifier.version).local is None
    assert not pin.extras
    assert pin.url is None


def test_no_package_is_pinned_twice():
    counts = Counter(canonicalize_name(pin.name) for pin in CONSTRAINTS)
    assert [name for name, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda requirement: requirement.name)
def test_every_dependency_is_pinned_to_a_version_that_it_allows(requirement):
    (specifier,) = PINS[canonicalize_name(requirement.name)].specifier
    assert requirement.specifier, "a dependency states its oldest version"
    assert requirement.specifier.contains(specifier.version, prereleases=True)


def test_no_dependency_is_stated_twice():
    names = [canonicalize_name(requirement.name) for requirement in REQUIREMENTS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("pin", CONSTRAINTS, ids=lambda pin: pin.name)
def test_what_is_installed_is_what_is_pinned(pin):
    try:
        installed = Version(importlib.metadata.version(pin.name))
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("not installed here")
    (specifier,) = pin.specifier
    assert installed.public == Version(specifier.version).public


def imported_packages() -> set[str]:
    """Top-level names that the package imports from elsewhere."""
    names = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names.add(str(node.module).split(".")[0])
    return names - set(sys.stdlib_module_names) - {"genre_lib"}


def test_everything_that_is_imported_is_a_dependency_or_comes_with_one():
    distributions = importlib.metadata.packages_distributions()
    lines = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["pdf"]
    stated = {canonicalize_name(Requirement(line).name) for line in lines}
    for name in stated.copy():
        for line in importlib.metadata.requires(name) or ():
            requirement = Requirement(line)
            if not requirement.marker or requirement.marker.evaluate({"extra": ""}):
                stated.add(canonicalize_name(requirement.name))
    for package in imported_packages():
        homes = {canonicalize_name(name) for name in distributions[package]}
        assert homes & stated, package


# The conda environment


def test_the_conda_environment_has_a_python_that_the_project_allows():
    (python,) = (
        item
        for item in ENVIRONMENT["dependencies"]
        if isinstance(item, str) and item.startswith("python=")
    )
    version = python.removeprefix("python=").lstrip("=")
    assert SpecifierSet(PROJECT["requires-python"]).contains(version)


def test_the_conda_environment_installs_the_project_with_the_constraints():
    assert "pip" in ENVIRONMENT["dependencies"]
    (pip,) = (item["pip"] for item in ENVIRONMENT["dependencies"] if isinstance(item, dict))
    assert pip == ["--constraint constraints.txt", "--editable .[dev]"]
    assert "dev" in PROJECT["optional-dependencies"]


def test_the_conda_environment_states_no_version_of_its_own():
    others = [item for item in ENVIRONMENT["dependencies"] if isinstance(item, str)]
    assert [item for item in others if not item.startswith("python=")] == ["pip"]


def test_the_tests_run_on_a_python_that_the_project_allows():
    running = ".".join(map(str, sys.version_info[:3]))
    assert SpecifierSet(PROJECT["requires-python"]).contains(running, prereleases=True)


# Version and installation


def test_the_citation_has_the_packages_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert str(citation["version"]) == genre_lib.__version__


def test_the_version_is_one():
    assert re.fullmatch(r"\d+\.\d+\.\d+", genre_lib.__version__)
    assert str(Version(genre_lib.__version__)) == genre_lib.__version__


def test_the_console_script_exists():
    module, name = PROJECT["scripts"]["genre-book"].split(":")
    tree = ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8"))
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assigned = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    assert name in defined | assigned


# Imports


@pytest.mark.parametrize("module", ["genre_lib", "genre_lib.config", "genre_lib.paper"])
def test_importing_a_light_module_does_not_import_torch(module):
    code = f"import sys, {module}; print([name for name in sys.modules if name in HEAVY])"
    heavy = {"torch", "librosa", "albumentations", "sklearn", "matplotlib"}
    result = subprocess.run(
        [sys.executable, "-c", f"HEAVY = {heavy!r}; {code}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.strip() == "[]"


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path.parent.name != "__pycache__")


def part_of(path: Path) -> str:
    """The module directly under `genre_lib` that a file belongs to; '' for the package itself."""
    top = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return "" if top == "__init__" else top


def own_imports(path: Path) -> set[str]:
    """Modules directly under `genre_lib` that a file imports, inside functions as well."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            dotted = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = str(node.module)
            names = [alias.name for alias in node.names]
            dotted = [f"{module}.{n}" for n in names] if module == "genre_lib" else [module]
        else:
            continue
        found |= {name.split(".")[1] for name in dotted if name.startswith("genre_lib.")}
    return {name for name in found if not name.startswith("__")}


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path):
    part = part_of(path)
    if not part:
        assert own_imports(path) <= {"speed"}  # it acts before anything else is loaded
        return
    for name in own_imports(path) - {part}:
        assert ORDER[name] < ORDER[part], f"{part} imports {name}"


def test_the_order_names_every_module():
    assert {part_of(path) for path in modules()} - {""} <= set(ORDER)


def test_imports_inside_functions_and_from_the_package_are_seen(tmp_path):
    file = tmp_path / "x.py"
    file.write_text(
        "from genre_lib import __version__, splits\n"
        "import genre_lib.model as model\n"
        "def f():\n    from genre_lib.corpus.audio import Track\n"
    )
    assert own_imports(file) == {"splits", "model", "corpus"}


def test_the_pages_are_drawn_without_the_package():
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["sphinx"]
    assert not [name for name in config["config"]["extensions"] if name.startswith("genre_lib")]
    for name, folder in config["local_extensions"].items():
        source = (ROOT / "book" / folder / f"{name}.py").read_text(encoding="utf-8")
        assert name in config["config"]["extensions"]
        assert "genre_lib" not in source
