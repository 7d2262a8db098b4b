import os
import re
from pathlib import Path

import pytest

from tests.support import go_toolchain, tools
from tests.support.tools import TOOLS, Tool


def program(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of go.mod files in place of the real ones, and an empty cache."""
    folder = tmp_path / "modules"
    (folder / "etcd").mkdir(parents=True)
    (folder / "etcd" / "go.mod").write_text("module made.up\n\ngo 1.24.0\n\nrequire go.etcd.io/etcd/server/v3 v3.6.4\n")
    (folder / "etcd" / "go.sum").write_text("first\n")
    monkeypatch.setattr(tools, "MODULES", folder)
    monkeypatch.setenv("FARTHING_TOOLS_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    return folder


@pytest.mark.parametrize("tool", TOOLS.values(), ids=TOOLS)
def test_every_program_is_a_tool_of_its_go_mod(tool: Tool) -> None:
    go_mod = (tools.MODULES / tool.group / "go.mod").read_text()

    assert re.search(rf"^(tool|\t) ?{re.escape(tool.package)}$", go_mod, re.MULTILINE)


def test_kubernetes_programs_are_stamped_with_the_pinned_version() -> None:
    stamps = tools.version_stamps(TOOLS["kubectl"])

    assert stamps["k8s.io/component-base/version.gitVersion"] == "v1.34.2"
    assert stamps["k8s.io/component-base/version.gitMinor"] == "34"


def test_prometheus_is_stamped_with_its_release_not_its_module_version() -> None:
    # https://github.com/prometheus/prometheus/releases/tag/v3.5.0 is the module's v0.305.0.
    assert tools.version_stamps(TOOLS["prometheus"])["github.com/prometheus/common/version.Version"] == "3.5.0"


@pytest.mark.usefixtures("modules")
def test_a_program_of_kubebuilder_assets_comes_before_a_built_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = tools.built_path(TOOLS["etcd"])
    program(built.parent, "etcd")
    assert tools.find("etcd") == built

    theirs = program(tmp_path / "assets", "etcd")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(theirs.parent))
    assert tools.find("etcd") == theirs


@pytest.mark.usefixtures("modules")
def test_what_is_there_is_not_built_again() -> None:
    built = tools.built_path(TOOLS["etcd"])
    program(built.parent, "etcd")

    assert tools.ensure(["etcd"]) == {"etcd": built}
    assert not (tools.cache_folder() / "lock").exists()


def test_a_changed_go_sum_asks_for_another_build(modules: Path) -> None:
    before = tools.built_path(TOOLS["etcd"])
    (modules / "etcd" / "go.sum").write_text("second\n")

    assert tools.built_path(TOOLS["etcd"]) != before


@pytest.mark.usefixtures("modules")
def test_a_failed_build_tells_what_go_said_and_leaves_no_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = program(tmp_path / "bin", "go")
    go.write_text('#!/bin/sh\n[ "$1" = env ] && echo go1.99.0 && exit\necho "no such host" >&2\nexit 1\n')
    monkeypatch.setenv("PATH", f"{go.parent}{os.pathsep}{os.environ['PATH']}")

    with pytest.raises(tools.ToolError, match="no such host"):
        tools.ensure(["etcd"])

    assert tools.find("etcd") is None


@pytest.mark.parametrize(
    ("said", "new_enough"),
    [("go1.24.0", True), ("go1.26.8", True), ("go1.24", False), ("go1.9.7", False), ("nonsense", False)],
)
def test_an_older_go_is_not_used(said: str, new_enough: bool, tmp_path: Path) -> None:
    go = program(tmp_path, "go")
    go.write_text(f"#!/bin/sh\necho {said}\n")

    assert (go_toolchain.version_of(go) >= go_toolchain.least_version("module m\n\ngo 1.24.0\n")) is new_enough
