"""What a container writes, as it comes."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterable

from demo_client import Messages

SAID_WITHIN_SECONDS = 20.0


def wait_for_output(container: str, text: str) -> None:
    """Wait until a container has written a line with this text."""
    lines = Messages()
    follow = subprocess.Popen(
        ["docker", "logs", "--follow", container],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    reader = threading.Thread(target=_read, args=[follow.stdout, lines], daemon=True)
    reader.start()
    try:
        lines.wait_for(lambda it: text in it, SAID_WITHIN_SECONDS, f"{container} says {text!r}")
    finally:
        follow.kill()
        follow.wait()
        reader.join(SAID_WITHIN_SECONDS)


def _read(stream: Iterable[str], lines: Messages) -> None:
    for line in stream:
        lines.add(line)
