"""Talking to a node that was started again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from demo_client import RosThread, Shipmate

from .ship import Ship


@contextmanager
def a_new_client(ship: Ship) -> Iterator[Ship]:
    """The same node and containers, and a client that has never met the node before.

    A client that has, sees a node that was killed for another 20 seconds, and sends to it.
    """
    with RosThread("again", ship.place.domain) as ros:
        yield Ship(ship.place, ship.folder, ship.engine, ship.process, ros, Shipmate(ros))
