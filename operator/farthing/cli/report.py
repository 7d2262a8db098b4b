"""``farthing report``."""

from pathlib import Path
from typing import Any

import click

from farthing import wiring
from farthing.cli.asking import clock, fetcher
from farthing.cli.failure import FAILED, INCOMPLETE
from farthing.cli.kubectl_view import print_table
from farthing.cli.options import common
from farthing.errors import InvalidInputError
from farthing.exports.documents import rows_text
from farthing.exports.formats import FORMATS
from farthing.resources.conditions import DATA_COMPLETE, READY, condition_of
from farthing.resources.parsing import Report, parse_report
from farthing.resources.status import status_object
from farthing.settings import Settings


@click.command("report")
@click.option("--filename", "-f", "files", multiple=True, required=True, type=click.Path(exists=True, path_type=Path),
              help="A file of reports, or a folder of such files; may be repeated.")  # fmt: skip
@click.option("--output", "-o", type=click.Choice(["table", "json", "csv", "yaml"]), default="table",
              help="table as kubectl get shows it; json and csv the rows of one report; yaml the objects with their status.")  # fmt: skip
@common
def command(settings: Settings, files: tuple[Path, ...], output: str) -> None:
    """Compute the reports of a file without a cluster, from the store."""
    reports = [report for file in files for report in load(file)]
    if output in FORMATS:
        if len(reports) != 1:
            raise InvalidInputError(
                f"-o {output} prints the rows of one report, and {len(reports)} were given: name the file of one, or use "
                "-o yaml"
            )
        reports = [
            one.model_copy(update={"spec": one.spec.model_copy(update={"formats": (output,)})}) for one in reports
        ]
    with fetcher(settings) as prometheus:
        service = wiring.report_service(settings, prometheus)
        now = prometheus.now() if prometheus is not None else clock()
        outcomes = [(report, service.run(report, now)) for report in reports]
    done = [report.model_copy(update={"status": outcome.status}) for report, outcome in outcomes]
    if output == "table":
        print_table(done, wide=True)
    for report, outcome in zip(done, (outcome for _, outcome in outcomes), strict=True):
        if output == "yaml":
            import yaml

            click.echo("---\n" + yaml.safe_dump(_object(report), sort_keys=False), nl=False)
        elif output != "table":
            click.echo(rows_text(outcome.documents, output) if outcome.documents else "", nl=False)
    raise click.exceptions.Exit(_exit_code(done))


def load(path: Path) -> list[Report]:
    """The reports of a file, or of the YAML files of a folder. Raises InvalidInputError."""
    import yaml

    paths = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
    try:
        bodies = [body for one in paths for body in yaml.safe_load_all(one.read_text()) if body is not None]
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{path} is not YAML: {error}") from error
    if not all(isinstance(body, dict) for body in bodies):
        raise InvalidInputError(f"{path} holds something that is no Kubernetes object: each document is a mapping")
    return [parse_report(body) for body in bodies]


def _object(report: Report) -> dict[str, Any]:
    body = report.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"status"})
    return {"apiVersion": "farthing.dev/v1alpha1", "kind": report.KIND, **body, "status": status_object(report.status)}


def _exit_code(reports: list[Report]) -> int:
    ready = [condition_of(report.status.conditions, READY) for report in reports]
    complete = [condition_of(report.status.conditions, DATA_COMPLETE) for report in reports]
    for report, one in zip(reports, ready, strict=True):
        if one is None or one.status != "True":
            click.echo(f"farthing: {report.metadata.name}: {one.message if one else 'not computed'}", err=True)
            return FAILED
    return 0 if all(one is not None and one.status == "True" for one in complete) else INCOMPLETE
