"""The command line: ``farthing COMMAND``. Each command parses, asks ``wiring`` for what it needs, and prints."""

import os
import sys
from typing import Any, ClassVar, NoReturn

import click

from farthing.cli import options
from farthing.cli.failure import exit_code, sentence
from farthing.errors import FarthingError


class Commands(click.Group):
    """Commands that are only imported when they are called: most need more than ``--help`` does."""

    MODULES: ClassVar[dict[str, str]] = {
        "demo": "made-up cluster, no Kubernetes: applies sample reports, prints what kubectl would",
        "operate": "the operator",
        "collect": "fill or repair the store from Prometheus",
        "serve": "the HTTP APIs of Kubecost and OpenCost over a store",
        "report": "compute the reports of a file without a cluster",
        "allocation": "what workloads cost: an ad-hoc question",
        "assets": "what assets cost: an ad-hoc question",
        "prices": "price books: check a file, explain a node's rate",
        "bills": "bills of cloud providers: import, list, remove",
        "store": "look after the store",
    }

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order people meet them."""
        del ctx
        return list(self.MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        del ctx
        if cmd_name not in self.MODULES:
            return None
        module = __import__(f"farthing.cli.{cmd_name}", fromlist=["command"])
        command: click.Command = module.command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. Who no longer reads what it prints has not failed, as click would have it."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            _read_enough()

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(self.MODULES.items()))


@click.group(cls=Commands, context_settings=options.CONTEXT, epilog=options.EXIT_CODES)
@click.version_option(package_name="farthing")
def cli() -> None:
    """What Kubernetes workloads and assets cost, and whose it is.

    Try `farthing demo`: it needs nothing. With a Prometheus that scrapes kube-state-metrics and cAdvisor:
    `farthing collect --prometheus URL`, then `farthing allocation --window 7d`.
    """


def main() -> None:
    """Run the command line; errors are one sentence on stderr."""
    try:
        # What a command exits with is returned.
        sys.exit(cli(prog_name="farthing", standalone_mode=False))
    except click.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except FarthingError as error:
        click.echo(f"farthing: {sentence(error)}", err=True)
        sys.exit(exit_code(error))
    except BrokenPipeError:
        # What is still to be flushed at the end.
        _read_enough()


def _read_enough() -> NoReturn:
    """End well: the reader of a pipe has gone, and Python must find nobody missing when it flushes at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(0)
