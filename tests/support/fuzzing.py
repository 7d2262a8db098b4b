"""Requests made up from an OpenAPI document by schemathesis, and what it holds the answers to."""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance"
"""No 5xx, and no answer that the document does not tell of. What is refused is another matter: some dates do not exist."""


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """What came of it."""

    requests: int
    failed: bool
    report: str


def fuzzed(url: str, each: int, folder: Path, seed: int = 1) -> Fuzzed:
    """Send about ``each`` requests to every operation of the server at ``url``; the report's working files go to ``folder``."""
    program = Path(sys.executable).with_name("schemathesis")
    command = [
        program, "run", f"{url}/openapi.json", f"--url={url}", "--checks", CHECKS, "--phases=examples,coverage,fuzzing",
        f"--max-examples={each}", f"--seed={seed}", "--generation-database=none", "--no-color", "--request-timeout=60",
        "--continue-on-failure",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    report = done.stdout + done.stderr
    counted = re.search(r"([0-9,]+) generated", report)
    return Fuzzed(int(counted[1].replace(",", "")) if counted else 0, done.returncode != 0, report)
