"""The demo's own shipmate, running in the background from one `make demo` to the next."""

from __future__ import annotations

import fcntl
import os
import select
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STOP_WITHIN_SECONDS = 10.0
LAST_LINES = 15
CONTAINER_PREFIX = "demo"


def cache_folder() -> Path:
    """Where the demo keeps what it needs between two runs."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(os.environ.get("SHIPMATE_CACHE") or cache / "shipmate")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class BackgroundNode:
    """A shipmate process that outlives the script that started it."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "demo-state"
        self.log = folder / "demo-node.log"
        self.picture = folder / "demo-graph.svg"
        self._pid_file = folder / "demo-node.pid"
        self._lock_file = folder / "demo.lock"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other demos of this user out: two of them would start two nodes."""
        with self._lock_file.open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise SystemExit(
                    "Another demo is being started or stopped: try again after it."
                ) from None
            yield

    def start(self) -> None:
        """Start the node in a session of its own, which Ctrl-C in this terminal does not reach."""
        program = shutil.which("shipmate")
        if program is None:
            raise SystemExit(
                "There is no program 'shipmate' yet: run `make setup`, or `make demo`."
            )
        self.state.mkdir(parents=True, exist_ok=True)
        # A prefix of its own: names of containers must not meet those of the user's own shipmate.
        settings = (f"state_folder:={self.state}", f"container_prefix:={CONTAINER_PREFIX}")
        command = [program, "--ros-args", *(part for it in settings for part in ("-p", it))]
        with self.log.open("wb") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._pid_file.write_text(f"{process.pid} {_started_at(process.pid)}\n")

    def pid(self) -> int | None:
        """The process, while it lives; numbers are used again, so its start time has to match."""
        try:
            pid, started_at = self._pid_file.read_text().split()
            return int(pid) if _started_at(int(pid)) == started_at else None
        except (OSError, ValueError):
            return None

    def was_started(self) -> bool:
        """Whether it was started and never stopped from here, even if it is gone (after a reboot)."""
        return self._pid_file.exists()

    def stop(self) -> bool:
        """Ask the node to end, and make it when it does not; False when it was not running."""
        pid = self.pid()
        if pid is None:
            return False
        process = os.pidfd_open(pid)
        try:
            signal.pidfd_send_signal(process, signal.SIGINT)
            if not _ends(process, STOP_WITHIN_SECONDS):
                signal.pidfd_send_signal(process, signal.SIGKILL)
                _ends(process, STOP_WITHIN_SECONDS)
        finally:
            os.close(process)
        self._pid_file.unlink(missing_ok=True)
        return True

    def last_output(self) -> str:
        """The end of the node's log, for a failure's message."""
        try:
            lines = self.log.read_text(errors="replace").splitlines()
        except OSError:
            lines = []
        return "\n".join(lines[-LAST_LINES:])


def _started_at(pid: int) -> str | None:
    """When a process was started, in the kernel's own count; None when it is gone."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    state, started_at = after_name[0], after_name[19]
    return None if state == "Z" else started_at


def _ends(process: int, seconds: float) -> bool:
    """Wait for a process to end."""
    ready, _, _ = select.select([process], [], [], seconds)
    return bool(ready)
