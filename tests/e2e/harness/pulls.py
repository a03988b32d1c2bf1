"""Images that arrive slowly, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import images
from .manifests import package
from .registry import Registry, a_registry
from .relay import Relay, a_relay

MEGABYTE = 1 << 20
# More than a registry says beside layers, less than the layers.
SOME_OF_A_LAYER = MEGABYTE
# For images that have a shell and nothing else.
PAUSE = ["sh", "-c", "trap 'exit 0' INT TERM; while true; do sleep 1; done"]


@dataclass(frozen=True)
class HeldBack:
    """An image of which a part arrives, and the relay that holds the rest back."""

    image: str
    relay: Relay


@contextmanager
def a_held_back_image(folder: Path, drops: bool = False) -> Iterator[HeldBack]:
    """An image of which a part arrives and then nothing, or so little that it takes for ever."""
    with a_registry(folder) as registry:
        pushed = registry.push("robots/slow:1", 4 * MEGABYTE)
        with behind_a_relay(registry, pushed, drops) as it:
            yield it


@contextmanager
def behind_a_relay(registry: Registry, pushed: str, drops: bool = False) -> Iterator[HeldBack]:
    """An image that was pushed, by the name that leads through a relay."""
    server = ("127.0.0.1", registry.port)
    with a_relay(server, let_through=SOME_OF_A_LAYER, drops=drops) as relay:
        image = pushed.replace(registry.host, relay.host)
        try:
            yield HeldBack(image, relay)
        finally:
            images.remove(image)


def of_image(name: str, *images: str) -> str:
    """A package with one executable for each image: e0, e1 and so on."""
    executables = [
        {"name": f"e{index}", "image": image, "command": PAUSE}
        for index, image in enumerate(images)
    ]
    return package(name, *executables)
