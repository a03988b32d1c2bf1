"""Ports of this machine."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager


def a_free_port() -> int:
    """A port on which nothing listened a moment ago."""
    with socket.socket() as listener:
        listener.bind(("0.0.0.0", 0))
        return listener.getsockname()[1]


@contextmanager
def a_taken_port(protocol: str = "tcp") -> Iterator[int]:
    """A port on which this process listens."""
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    with socket.socket(type=kind) as listener:
        listener.bind(("0.0.0.0", 0))
        if protocol == "tcp":
            listener.listen()
        yield listener.getsockname()[1]
