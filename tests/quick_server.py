"""The server as shipped, with less patience: `python -m tests.quick_server PORT`."""

from __future__ import annotations

import sys

from granian import Granian

from app import create_app
from collab.commands_serve import server_options
from collab.kernel.patience import Patience
from collab.web.served import Served

QUICK = Patience(seconds=1.5, bodies=12, per_address=8, unread_seconds=2.0)
CONNECTIONS = 40  # at once; more wait to be let in


def create() -> Served:
    """What the server calls."""
    return Served(create_app(), QUICK)


if __name__ == "__main__":
    options = server_options("127.0.0.1", int(sys.argv[1]), 1)
    options["backpressure"] = CONNECTIONS
    Granian("tests.quick_server:create", **options).serve()
