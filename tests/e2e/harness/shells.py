"""Executables of the small image that has a shell and nothing else."""

from __future__ import annotations

from typing import Any

from .own_engine import SHELL_IMAGE

SLEEP = "trap 'exit 0' INT TERM; sleep 1000000 & wait"


def shell(name: str, script: str = SLEEP, **more: Any) -> dict[str, Any]:
    """A container that runs a script; without one it does nothing until it is told to end."""
    return {"name": name, "image": SHELL_IMAGE, "pull": "never", "command": ["sh", "-c", script], **more}
