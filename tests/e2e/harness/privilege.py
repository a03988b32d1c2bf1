"""What takes root: as root, or by sudo without a password."""

from __future__ import annotations

import os
import subprocess

COMMAND_WITHIN_SECONDS = 20.0


def as_root(*command: str) -> list[str]:
    """The command, such that root runs it."""
    return [*command] if os.geteuid() == 0 else ["sudo", "--non-interactive", *command]


def can_be_root() -> bool:
    """Whether commands can be run as root."""
    return run_as_root("true")


def run_as_root(*command: str) -> bool:
    """Whether a command, run as root, ended well."""
    try:
        done = subprocess.run(as_root(*command), timeout=COMMAND_WITHIN_SECONDS, capture_output=True)
    except FileNotFoundError:
        return False
    return done.returncode == 0
