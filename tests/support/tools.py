"""The programs that tests run against: built once from pinned Go modules, kept outside the tree.

    python -m tests.support.tools [NAME...]

builds what is missing, all by default, and prints where each program is. `KUBEBUILDER_ASSETS`, a folder, comes first for the
programs it holds; `FARTHING_TOOLS_DIR` says where the cache is.
"""

import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.go_toolchain import GO_PACKAGE, go_program, least_version, local_only

MODULES = Path(__file__).parents[1] / "controlplane"
COMMON_FLAGS = ("-trimpath", "-buildvcs=false", "-mod=readonly", "-modcacherw", "-gcflags=all=-dwarf=false")
ERROR_LINES_SHOWN = 40


class ToolError(Exception):
    """A program could not be built; the message ends with what Go said."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A Go program: the folder of the go.mod that pins it, its package there, and the build time on two cores [min]."""

    name: str
    group: str
    package: str
    minutes: float


# The costly one of a group comes first: the others reuse most of what was compiled for it.
TOOLS = {
    tool.name: tool
    for tool in (
        Tool("etcd", "etcd", "go.etcd.io/etcd/server/v3", 1),
        Tool("kube-apiserver", "kubernetes", "k8s.io/kubernetes/cmd/kube-apiserver", 4),
        Tool("kube-controller-manager", "kubernetes", "k8s.io/kubernetes/cmd/kube-controller-manager", 1.5),
        Tool("kubectl", "kubernetes", "k8s.io/kubernetes/cmd/kubectl", 0.5),
        Tool("kwok", "kwok", "sigs.k8s.io/kwok/cmd/kwok", 2),
        Tool("prometheus", "prometheus", "github.com/prometheus/prometheus/cmd/prometheus", 3.5),
        Tool("promtool", "prometheus", "github.com/prometheus/prometheus/cmd/promtool", 0.5),
        Tool("versitygw", "versitygw", "github.com/versity/versitygw/cmd/versitygw", 1.5),
    )
}


def cache_folder() -> Path:
    """Where built programs are kept."""
    if given := os.environ.get("FARTHING_TOOLS_DIR"):
        return Path(given).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "farthing" / "tools"


def find(name: str) -> Path | None:
    """The program ``name``: the user's own, else the built one; None while there is neither."""
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    candidates = [Path(assets).absolute() / name] if assets else []
    candidates.append(built_path(TOOLS[name]))
    return next((path for path in candidates if os.access(path, os.X_OK)), None)


def ensure(names: Iterable[str] = tuple(TOOLS)) -> dict[str, Path]:
    """Every program of ``names``, building what is missing; ToolError when that fails."""
    names = tuple(names)
    if any(find(name) is None for name in names):
        cache = cache_folder()
        with locked(cache / "lock"):
            for name in names:
                if find(name) is None:
                    build(TOOLS[name], cache / "build")
            shutil.rmtree(cache / "build", ignore_errors=True)
    return {name: path for name in names if (path := find(name))}


def built_path(tool: Tool) -> Path:
    """Where the cache holds ``tool``: the folder's name changes with everything that decides what is built."""
    folder = MODULES / tool.group
    parts = [
        (folder / "go.mod").read_bytes(),
        (folder / "go.sum").read_bytes(),
        f"{platform.system()} {platform.machine()} {GO_PACKAGE}".encode(),
        " ".join(flags(tool)).encode(),
    ]
    key = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()
    return cache_folder() / f"{tool.group}-{key[:16]}" / tool.name


def flags(tool: Tool) -> list[str]:
    """Go's build flags: no symbols, and the version that the project's own release build would stamp in."""
    stamps = " ".join(f"-X {name}={value}" for name, value in version_stamps(tool).items())
    return [*COMMON_FLAGS, f"-ldflags=-s -w {stamps}".rstrip()]


def version_stamps(tool: Tool) -> dict[str, str]:
    """The Go variables that tell ``tool`` its version, from the go.mod; none for programs that know it by themselves."""
    if tool.group == "kubernetes":
        major, minor, patch = pinned_version(tool, "k8s.io/kubernetes")
        values = {"gitVersion": f"v{major}.{minor}.{patch}", "gitMajor": str(major), "gitMinor": str(minor)}
        packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
        return {f"{package}.{name}": value for package in packages for name, value in values.items()}
    if tool.group == "prometheus":
        # As a library Prometheus 3.5.0 is published as v0.305.0.
        _, combined, patch = pinned_version(tool, "github.com/prometheus/prometheus")
        stamp = f"{combined // 100}.{combined % 100}.{patch}"
        return {"github.com/prometheus/common/version.Version": stamp}
    return {}


def pinned_version(tool: Tool, module: str) -> tuple[int, int, int]:
    """The version of ``module`` in the go.mod of ``tool``; ToolError when it is not there."""
    go_mod = MODULES / tool.group / "go.mod"
    found = re.search(rf"^\s*{re.escape(module)} v(\d+)\.(\d+)\.(\d+)\b", go_mod.read_text("utf-8"), re.MULTILINE)
    if found is None:
        raise ToolError(f"{go_mod} does not pin {module}, which {tool.name} is built from")
    major, minor, patch = (int(number) for number in found.groups())
    return major, minor, patch


def build(tool: Tool, scratch: Path) -> None:
    """Build ``tool`` into the cache, all at once or not at all; Go and what it downloads and compiles are in ``scratch``."""
    say(f"building {tool.name} (about {tool.minutes:g} min on two cores, once)")
    target, source = built_path(tool), MODULES / tool.group
    scratch.mkdir(parents=True, exist_ok=True)
    go = go_program(scratch, least_version((source / "go.mod").read_text("utf-8")))
    partial = scratch / tool.name
    done = subprocess.run(
        [go, "build", *flags(tool), "-o", partial, tool.package],
        cwd=source,
        env=build_environment(scratch),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        last = "\n".join(done.stdout.splitlines()[-ERROR_LINES_SHOWN:])
        raise ToolError(f"{go} could not build {tool.package}, pinned in {source / 'go.mod'}:\n{last}")
    target.parent.mkdir(parents=True, exist_ok=True)
    partial.replace(target)


def build_environment(scratch: Path) -> dict[str, str]:
    """The environment of a build: the caches are in ``scratch`` unless the user named others, which then are left alone."""
    temporary = scratch / "tmp"
    temporary.mkdir(exist_ok=True)
    return {
        "GOCACHE": str(scratch / "compiled"),
        "GOMODCACHE": str(scratch / "modules"),
        **local_only(),
        "CGO_ENABLED": "0",
        "GOFLAGS": "",
        "GOTMPDIR": str(temporary),
        "GOWORK": "off",
    }


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file ``path``: two runs must not build the same thing at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another build of the test programs")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def say(line: str) -> None:
    """Tell the person who waits."""
    print(line, file=sys.stderr, flush=True)


def main(names: Sequence[str]) -> int:
    """Build and list ``names``, all when empty."""
    unknown = sorted(set(names) - set(TOOLS))
    if unknown:
        say(f"no such program: {', '.join(unknown)}; there are {', '.join(TOOLS)}")
        return 2
    try:
        found = ensure(names or tuple(TOOLS))
    except ToolError as error:
        say(str(error))
        return 1
    for path in found.values():
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
