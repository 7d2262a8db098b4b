"""What is shipped: the lock, the wheel, the image."""

import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
LARGEST_INSTALL = 400e6
"""Of all that the image adds to its Python. [B]"""

IMPORT_EVERYTHING = """
import pkgutil, sys
from importlib.metadata import packages_distributions

allowed = set(sys.argv[1:])
own = {name: {one.lower().replace("_", "-") for one in owners} for name, owners in packages_distributions().items()}

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if "." not in name and name in own and not own[name] & allowed:
            raise ModuleNotFoundError(f"{name} is not in the runtime section of requirements.lock", name=name)

sys.meta_path.insert(0, Refuse())
import farthing
for module in pkgutil.walk_packages(farthing.__path__, "farthing."):
    if module.name != "farthing.__main__":
        __import__(module.name)
from farthing.store.engine import facts_sql
facts_sql("any")
"""


def section(name: str) -> dict[NormalizedName, Requirement]:
    """What one section of the lock pins."""
    found = re.search(rf"^# {name}\n(.*?)(?=^# |\Z)", LOCK, re.MULTILINE | re.DOTALL)
    assert found, f"requirements.lock has no section {name}"
    pins = [Requirement(line.rstrip(" \\")) for line in found[1].splitlines() if not line.startswith(" ")]
    return {canonicalize_name(pin.name): pin for pin in pins}


def instructions(name: str) -> list[str]:
    """What the last stage of the Dockerfile says after ``name``, line by line."""
    last = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", "").rpartition("\nFROM ")[2]
    return [line.partition(" ")[2] for line in last.splitlines() if line.partition(" ")[0] == name]


def needed(names: Iterator[Requirement]) -> set[NormalizedName]:
    """``names`` and all that the installed packages of these names need on this machine."""
    found: set[NormalizedName] = set()
    waiting = [*names]
    while waiting:
        one = waiting.pop()
        name = canonicalize_name(one.name)
        if name in found:
            continue
        found.add(name)
        waiting += [
            each
            for each in map(Requirement, distribution(name).requires or ())
            if each.marker is None or each.marker.evaluate({"extra": ""})
        ]
    return found


def bytes_of(package: Distribution) -> int:
    """What a package takes, with the bytecode of its sources, which is about as large as they are. [B]"""
    sizes = [(file.suffix, file.size or 0) for file in package.files or ()]
    return sum(2 * size if suffix == ".py" else size for suffix, size in sizes)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names of the files in the wheel."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        return archive.namelist()


@pytest.mark.parametrize("dependency", PROJECT["project"]["dependencies"])
def test_the_runtime_section_pins_each_dependency_to_a_version_it_allows(dependency: str) -> None:
    asked = Requirement(dependency)
    (pinned,) = section("runtime")[canonicalize_name(asked.name)].specifier
    assert pinned.operator == "=="
    assert asked.specifier.contains(pinned.version)


def test_the_runtime_section_is_whole() -> None:
    asked = map(Requirement, PROJECT["project"]["dependencies"])
    assert needed(asked) <= set(section("runtime"))


def test_the_build_section_with_the_runtime_section_installs_this_folder() -> None:
    asked = map(Requirement, PROJECT["dependency-groups"]["build"])
    assert needed(asked) <= {*section("runtime"), *section("build")}


@pytest.mark.slow
def test_farthing_imports_nothing_beyond_the_runtime_section() -> None:
    subprocess.run([sys.executable, "-c", IMPORT_EVERYTHING, "farthing", *section("runtime")], cwd="/", check=True)


@pytest.mark.parametrize("heavy", ["numpy", "pandas", "pyarrow"])
def test_the_runtime_is_kept_light(heavy: str) -> None:
    assert canonicalize_name(heavy) not in section("runtime")


def test_the_runtime_takes_less_than_400_megabytes() -> None:
    here = [name for name, pin in section("runtime").items() if pin.marker is None or pin.marker.evaluate()]
    assert sum(bytes_of(distribution(name)) for name in here) < LARGEST_INSTALL


def test_every_package_of_the_lock_has_hashes() -> None:
    blocks = re.split(r"\n(?=\S)", LOCK.strip())
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block and not block.startswith("#")] == []


def test_the_lock_names_no_index_so_that_each_machine_uses_its_own() -> None:
    assert "://" not in LOCK
    assert set(re.findall(r"(?<=\s)--[a-z-]+", LOCK)) == {"--hash"}


def test_the_wheel_holds_farthing_and_nothing_beside_it(wheel: list[str]) -> None:
    version = PROJECT["project"]["version"]
    assert {name.partition("/")[0] for name in wheel} == {"farthing", f"farthing-{version}.dist-info"}


def test_the_wheel_brings_the_samples_that_the_demo_applies(wheel: list[str]) -> None:
    samples = {path.name for path in (ROOT / "manifests" / "samples").rglob("*.yaml")}
    assert {name.rpartition("/")[2] for name in wheel if name.startswith("farthing/demo/samples/")} == samples


def test_the_manifests_install_the_version_of_this_tree() -> None:
    kustomization = yaml.safe_load((ROOT / "manifests" / "kustomization.yaml").read_text("utf-8"))
    assert [image["newTag"] for image in kustomization["images"]] == [PROJECT["project"]["version"]]


def test_the_image_runs_farthing_as_the_numbered_user_of_the_deployment() -> None:
    assert instructions("ENTRYPOINT") == ['["farthing"]']
    assert instructions("USER") == ["65532:65532"]


def test_the_image_can_run_with_a_root_it_cannot_write_to() -> None:
    (environment,) = instructions("ENV")
    settings = dict(one.split("=", 1) for one in environment.split())
    assert settings["PYTHONDONTWRITEBYTECODE"] == "1"
    assert (settings["HOME"], settings["FARTHING_STORE"]) == ("/tmp", "/var/lib/farthing")  # noqa: S108


def test_the_image_holds_nothing_that_installs_more() -> None:
    (removal,) = instructions("RUN")
    assert {"setuptools", "wheel", "pip"} <= set(removal.split())


def test_the_image_is_given_what_its_dockerfile_copies_and_no_more() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    allowed = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text("utf-8"), re.MULTILINE)
    sources = {path for line in copied for path in line.split()}
    assert sources == (set(allowed) - {"manifests"})
