"""What every command has in common: help, exit codes, one sentence for what went wrong."""

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from farthing.cli import Commands
from farthing.cli import cli as root
from farthing.store.days import Store
from farthing.store.manifest import VERSION, manifest_path
from tests.support.command import Farthing
from tests.support.demo_store import DemoStore
from tests.support.fact_rows import CLUSTER, DATE, DAY, keep, one_hour, seen

pytestmark = pytest.mark.slow

COMMANDS = [*Commands.MODULES]


def test_help_names_every_command(farthing: Farthing) -> None:
    for flag in ("--help", "-h"):
        done = farthing(flag)
        assert (done.code, done.err) == (0, "")
        assert all(f"\n  {command} " in done.out for command in COMMANDS)
    assert "Exit codes: 0 done, 1 failed, 2 bad usage, 3 data incomplete." in done.out


def test_no_command_is_bad_usage_and_shows_help(farthing: Farthing) -> None:
    done = farthing()
    assert (done.code, done.out) == (2, "")
    assert "Commands:" in done.err


def test_the_version_is_that_of_the_package(farthing: Farthing) -> None:
    done = farthing("--version")
    assert done.code == 0
    assert "0.1.0" in done.out


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself_and_each_of_its_flags(farthing: Farthing, command: str) -> None:
    done = farthing(command, "--help")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"Usage: farthing {command} ")
    found = root.get_command(click.Context(root), command)
    assert found is not None
    assert found.help
    for option in found.params:
        assert isinstance(option, click.Option)
        assert option.help, option.name
        assert option.opts[0] in done.out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param(["nosuch"], "No such command 'nosuch'.", id="command"),
        pytest.param(["allocation", "--windw", "7d"], "No such option '--windw'.", id="flag"),
        pytest.param(
            ["allocation", "--limit", "x"], "Invalid value for '--limit': 'x' is not a valid integer.", id="number"
        ),
        pytest.param(["allocation", "-o", "xml"], "'xml' is not one of 'table', 'json', 'csv'.", id="form"),
        pytest.param(["report"], "Missing option '--filename' / '-f'.", id="missing"),
        pytest.param(["report", "-f", "/nonexistent"], "Path '/nonexistent' does not exist.", id="file"),
        pytest.param(["demo", "--days", "99"], "99 is not in the range 1<=x<=14.", id="range"),
        pytest.param(["collect", "--to", "1780000000"], "--to needs --from", id="together"),
        pytest.param(
            ["collect", "--window", "7d", "--from", "1"], "give either --window or --from and --to", id="either"
        ),
    ],
)
def test_bad_usage_is_told_and_exits_with_2(farthing: Farthing, arguments: list[str], sentence: str) -> None:
    done = farthing(*arguments)
    assert (done.code, done.out) == (2, "")
    assert sentence in done.err.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["allocation", "--window", "7x"], "window '7x' cannot be read: allowed are"),
        (["allocation", "--step", "1y"], "1y"),
        (["allocation", "--accumulate", "year"], "year"),
        (["allocation", "--aggregate", "color"], "'color'"),
        (["allocation", "--aggregate", "pod,pod"], "aggregate"),
        (["allocation", "--limit", "-1"], "limit"),
        (["allocation", "--sort-by", "luck"], "'luck'"),
        (["allocation", "--idle-by-node"], "splitIdle"),
        (["allocation", "--timezone", "Mars"], "timezone 'Mars' is not known: allowed are UTC"),
        (["assets", "--sort-by", "efficiency"], "'efficiency'"),
        (["allocation", "--header", "nothing"], "--header wants NAME=VALUE"),
        (["collect"], "the Prometheus URL is none: give one such as http://"),
        (["collect", "--prometheus", "ftp://x"], "the Prometheus URL is none"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_meant_is_one_sentence_and_exits_with_2(
    farthing: Farthing, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    done = farthing(*arguments, "--store", str(tmp_path))
    (line,) = done.err.splitlines()
    assert (done.code, done.out) == (2, "")
    assert line.startswith("farthing: ")
    assert sentence in line


def test_no_data_exits_with_3_and_says_how_to_get_some(farthing: Farthing, tmp_path: Path) -> None:
    for command in ("allocation", "assets"):
        done = farthing(command, "--store", str(tmp_path / "absent"))
        (line,) = done.err.splitlines()
        assert (done.code, done.out) == (3, "")
        assert line.startswith("farthing: nothing is stored for ")
        assert "'farthing collect' fills it from Prometheus" in line
    assert not (tmp_path / "absent").exists()


def test_an_unreachable_prometheus_exits_with_1(farthing: Farthing, tmp_path: Path) -> None:
    # Nothing listens on port 1.
    done = farthing("collect", "--prometheus", "http://127.0.0.1:1", "--store", str(tmp_path))
    assert done.code == 1
    assert done.err.strip().splitlines()[-1].startswith("farthing: Prometheus at http://127.0.0.1:1 does not answer")


def test_a_broken_store_exits_with_1_and_names_the_file(farthing: Farthing, tmp_path: Path) -> None:
    store = Store(tmp_path)
    keep(store, one_hour(1.0), seen(0))
    (broken,) = tmp_path.glob("allocation/grain=day/*/*/*.parquet")
    broken.write_bytes(b"x")
    verified = farthing("store", "verify", "--store", str(tmp_path), "--cluster", CLUSTER)
    assert (verified.code, "sha256 differs" in verified.out) == (1, True)
    done = farthing("allocation", "--store", str(tmp_path), "--cluster", CLUSTER, "--window", str(DAY))
    (line,) = done.err.splitlines()
    assert (done.code, done.out) == (1, "")
    assert f"{broken} is not the file its manifest names" in line


def test_verify_checks_every_file_and_shows_what_each_day_holds(farthing: Farthing, demo: DemoStore) -> None:
    done = farthing("store", "verify", *demo.flags[:4])
    header, *days = [re.split(r" {3,}", line.strip()) for line in done.out.splitlines()]
    assert (done.code, done.err) == (0, "")
    assert header == ["DATE", "COMPLETE HOURS", "SEEN", "MISSING METRICS", "FILES"]
    assert [(hours, missing, state) for _, hours, _, missing, state in days[:2]] == [("24/24", "-", "good")] * 2


def test_verify_names_days_of_an_older_version(farthing: Farthing, tmp_path: Path) -> None:
    keep(Store(tmp_path), one_hour(1.0), seen(0))
    path = manifest_path(tmp_path, CLUSTER, DATE)
    path.write_bytes(path.read_bytes().replace(f'"version":{VERSION}'.encode(), b'"version":1', 1))
    done = farthing("store", "verify", "--store", str(tmp_path), "--cluster", CLUSTER)
    assert done.code == 3
    assert f"{DATE}   -                -      -                 of an older Farthing: not read, left alone" in done.out


def test_verify_of_nothing_exits_with_3(farthing: Farthing, tmp_path: Path) -> None:
    assert farthing("store", "verify", "--store", str(tmp_path / "absent")).code == 3


def test_a_store_of_another_timezone_is_refused_rather_than_answered_with_nothing(
    farthing: Farthing, demo: DemoStore
) -> None:
    done = farthing("allocation", "--store", str(demo.path), "--cluster", "demo", "--timezone", "UTC", "--window", "2d")
    assert (done.code, done.out) == (1, "")
    assert f"keeps days of timezone '{demo.timezone}', and 'UTC' is asked for: use --timezone" in done.err


def test_settings_come_from_the_environment_too(
    farthing: Farthing, demo: DemoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_flags = farthing("assets", "--window", str(demo.window), *demo.flags)
    monkeypatch.setenv("FARTHING_STORE", str(demo.path))
    monkeypatch.setenv("FARTHING_CLUSTER", "demo")
    monkeypatch.setenv("FARTHING_TIMEZONE", demo.timezone)
    assert farthing("assets", "--window", str(demo.window)) == by_flags
    assert by_flags.code == 0


def shell(*arguments: str, **environment: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "farthing", *arguments]
    everything = {**os.environ, **environment}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=everything)


def test_nothing_but_text_goes_into_a_pipe(demo: DemoStore) -> None:
    # As where people force colours everywhere.
    with shell(
        "allocation", "--window", "2d", *demo.flags, FORCE_COLOR="1", TERM="xterm-256color", NO_COLOR="1"
    ) as process:
        out, err = process.communicate()
    assert process.returncode == 0
    assert b"\x1b" not in out + err
    assert b"\r" not in out
    assert err == b""


def test_a_reader_of_a_pipe_may_go(demo: DemoStore) -> None:
    asked = ("allocation", "--window", "2d", "--aggregate", "", "--step", "1h", "--accumulate", "false", "-o", "json")
    with shell(*asked, *demo.flags) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"[\n"
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0
