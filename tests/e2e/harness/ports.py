"""Ports of this machine."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager


# Above those that Linux hands out for connections, so that no other test's connection takes one meanwhile.
PORTS = range(61_000, 65_536)
TRIES = 100


def a_free_port() -> int:
    """A port on which nothing listened a moment ago."""
    for port in random.sample(PORTS, TRIES):
        with socket.socket() as listener:
            # As servers do: a port is free although old connections to it have not faded yet.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("0.0.0.0", port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"none of {TRIES} ports from {PORTS.start} to {PORTS.stop - 1} is free")


@contextmanager
def a_taken_port(protocol: str = "tcp") -> Iterator[int]:
    """A port on which this process listens."""
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    with socket.socket(type=kind) as listener:
        listener.bind(("0.0.0.0", 0))
        if protocol == "tcp":
            listener.listen()
        yield listener.getsockname()[1]
