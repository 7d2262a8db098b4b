"""``make fuzz``: 20,000 made-up requests to the APIs over the demo's store, none of which may be a 5xx or unlike the document."""

import sys
import tempfile
from pathlib import Path

from farthing import wiring
from farthing.api.app import create_app
from farthing.api.asking import Asking
from farthing.api.seen import everything
from tests.support.api_server import ApiServer
from tests.support.demo_store import demo_store
from tests.support.fuzzing import fuzzed

REQUESTS = 20_000


def main() -> int:
    """Print what schemathesis found; returns 1 if that is anything, or fewer requests."""
    sent, seed = 0, 1
    with tempfile.TemporaryDirectory() as folder:
        demo = demo_store(Path(folder))
        service = wiring.ask_service(demo.settings, demo.source, demo.source.now)
        with ApiServer(create_app(Asking(service, everything), "0.0.0")) as api:
            while sent < REQUESTS:
                found = fuzzed(api.url, 200, Path(folder), seed)
                sent, seed = sent + found.requests, seed + 1
                print(f"{sent} of {REQUESTS} requests, {'with failures' if found.failed else 'all well'}", flush=True)
                if found.failed or not found.requests:
                    print(found.report)
                    return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
