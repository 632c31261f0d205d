"""The project's files agree with each other, and the package with its own rules."""

import ast
import importlib
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path

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
    "corpus": 2,
    "spectrogram": 3,
    "store": 4,
    "augment": 5,
    "splits": 6,
    "speed": 6,
    "model": 7,
    "evaluation": 8,
    "training": 8,
    "handcrafted": 9,
    "runs": 10,
    "predict": 11,
    "book": 12,
    "claims": 13,
    "explorer": 14,
    "cli": 15,
    "__main__": 16,
}


# Dependencies and their versions


def test_every_constraint_is_one_exact_version_and_stands_once():
    for pin in CONSTRAINTS:
        (specifier,) = pin.specifier
        assert specifier.operator == "==", pin
        assert not specifier.version.endswith(".*"), pin
        assert Version(specifier.version).local is None, pin
        assert not pin.extras, pin
        assert pin.url is None, pin
    assert len(PINS) == len(CONSTRAINTS)


def test_every_dependency_is_stated_once_and_pinned_to_a_version_that_it_allows():
    for requirement in REQUIREMENTS:
        (specifier,) = PINS[canonicalize_name(requirement.name)].specifier
        assert requirement.specifier, f"{requirement} states no oldest version"
        assert requirement.specifier.contains(specifier.version, prereleases=True), requirement
    assert len({canonicalize_name(each.name) for each in REQUIREMENTS}) == len(REQUIREMENTS)


def test_what_is_installed_is_what_is_pinned():
    installed = {
        canonicalize_name(each.name): Version(each.version).public
        for each in importlib.metadata.distributions()
    }
    pinned = {name: next(iter(pin.specifier)).version for name, pin in PINS.items()}
    there = pinned.keys() & installed.keys()
    assert len(there) >= len(REQUIREMENTS)
    assert {name: installed[name] for name in there} == {name: pinned[name] for name in there}


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
    extras = PROJECT["optional-dependencies"]
    lines = PROJECT["dependencies"] + extras["pdf"] + extras["cluster"]
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


def test_the_conda_environment_has_an_allowed_python_and_the_pinned_project():
    python, pip, installs = ENVIRONMENT["dependencies"]
    assert SpecifierSet(PROJECT["requires-python"]).contains(python.removeprefix("python="))
    assert pip == "pip"
    assert installs == {"pip": ["--constraint constraints.txt", "--editable .[dev]"]}


def test_the_tests_run_on_a_python_that_the_project_allows():
    running = ".".join(map(str, sys.version_info[:3]))
    assert SpecifierSet(PROJECT["requires-python"]).contains(running, prereleases=True)


# Version and installation


def test_the_package_and_its_citation_have_one_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert re.fullmatch(r"\d+\.\d+\.\d+", genre_lib.__version__)
    assert str(citation["version"]) == genre_lib.__version__


def test_the_console_script_exists():
    module, name = PROJECT["scripts"]["genre-book"].split(":")
    assert callable(getattr(importlib.import_module(module), name))


# Imports


def test_light_modules_and_the_help_import_nothing_heavy():
    code = "import sys, genre_lib, genre_lib.config, genre_lib.cli, genre_lib.predict\n"
    code += "from typer.testing import CliRunner; CliRunner().invoke(genre_lib.cli.app, '--help')\n"
    heavy = {"torch", "librosa", "albumentations", "sklearn", "matplotlib", "scipy.signal", "numba"}
    result = subprocess.run(
        [sys.executable, "-c", f"{code}print([name for name in sys.modules if name in {heavy!r}])"],
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


def project_imports(path: Path) -> set[str]:
    """Modules directly under `genre_lib` that a file imports, inside functions as well.

    What stands under ``if TYPE_CHECKING`` names types and is never imported.
    """
    found = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    for node in ast.walk(tree):
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


def test_imports_point_one_way():
    for path in modules():
        part = part_of(path)
        for name in project_imports(path) - {part}:
            assert part, f"the package imports {name} before anyone asks for it"
            assert ORDER[name] < ORDER[part], f"{part} imports {name}"


def test_the_order_names_every_module():
    assert {part_of(path) for path in modules()} - {""} <= set(ORDER)


def test_imports_inside_functions_and_from_the_package_are_seen(tmp_path):
    file = tmp_path / "x.py"
    file.write_text(
        "from genre_lib import __version__, splits\n"
        "import genre_lib.model as model\n"
        "def f():\n    from genre_lib.corpus.audio import Track\n"
        "if TYPE_CHECKING:\n    from genre_lib.runs import Run\n"
    )
    assert project_imports(file) == {"splits", "model", "corpus"}


def test_the_pages_are_drawn_without_the_package(tmp_path):
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["sphinx"]
    assert not [name for name in config["config"]["extensions"] if name.startswith("genre_lib")]
    assert set(config["local_extensions"]) <= set(config["config"]["extensions"])
    code = """
import importlib, sys
from types import SimpleNamespace
sys.modules["genre_lib"] = None  # as if it were not installed
"""
    for name, folder in config["local_extensions"].items():
        code += f"""
sys.path.insert(0, {str(ROOT / "book" / folder)!r})
extension = importlib.import_module({name!r})
events = []
app = SimpleNamespace(
    connect=lambda event, handler, **_: events.append((event, handler)),
    builder=SimpleNamespace(name="html"), outdir={str(tmp_path)!r}, srcdir={str(tmp_path)!r},
    add_config_value=lambda *_: None, add_directive=lambda *_: None,
    config=SimpleNamespace(genre_pdf=""),
)
extension.setup(app)
for event, handler in events:
    if event == "build-finished":
        handler(app, None)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert list(tmp_path.iterdir()) == []
