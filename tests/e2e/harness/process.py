"""The node under test, as a process."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
STOP_WITHIN_SECONDS = 10.0


def binary() -> str:
    """The program under test: $SHIPMATE_BIN, or what was built in release mode."""
    target = Path(os.environ.get("CARGO_TARGET_DIR") or REPOSITORY / "target")
    program = os.environ.get("SHIPMATE_BIN") or str(target / "release" / "shipmate")
    if not os.access(program, os.X_OK):
        raise FileNotFoundError(
            f"{program}: build the node first (cargo build --release), or set SHIPMATE_BIN"
        )
    return program


class NodeProcess:
    """One shipmate process; it may be stopped, killed and started again."""

    def __init__(
        self, arguments: list[str], environment: Mapping[str, str], log: Path, program: str = ""
    ) -> None:
        self._command = [program or binary(), *arguments]
        self._environment = {**os.environ, **environment}
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, **environment: str) -> None:
        """Start it, with more variables than usual; when the test's own process is killed, the
        kernel kills it too."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [_setpriv(), "--pdeathsig", "KILL", *self._command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**self._environment, **environment},
                # Ctrl-C is for pytest, which then stops the node in its own order.
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process' number."""
        assert self._process is not None, "the node was not started"
        return self._process.pid

    def ended(self) -> bool:
        """Whether it has ended by itself, or was never started."""
        return self._process is None or self._process.poll() is not None

    def wait(self, seconds: float) -> int | None:
        """The exit code, or None when it still runs after `seconds`."""
        assert self._process is not None, "the node was not started"
        try:
            return self._process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return None

    def pace(self, seconds: float) -> None:
        """Wait a moment for something that the node will do, if it still can."""
        code = self.wait(seconds)
        if code is not None:
            raise RuntimeError(f"the node ended with exit code {code}:\n{self.output()}")

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process is not None, "the node was not started"
        self._process.send_signal(number)

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Ask it to end; it has to, and in time."""
        self.send(number)
        code = self.wait(STOP_WITHIN_SECONDS)
        if code is None:
            self.kill()
            raise TimeoutError(f"the node ignored {number.name} for {STOP_WITHIN_SECONDS:g} s")
        return code

    def kill(self) -> None:
        """End it without asking."""
        self.send(signal.SIGKILL)
        self.wait(STOP_WITHIN_SECONDS)

    def tidy_up(self) -> None:
        """Make sure that it is gone; ask first."""
        if self.ended():
            return
        self.send(signal.SIGINT)
        if self.wait(STOP_WITHIN_SECONDS) is None:
            self.kill()

    def output(self) -> str:
        """Everything it wrote so far, over all its starts."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""


def _setpriv() -> str:
    found = shutil.which("setpriv")
    if found is None:
        raise FileNotFoundError("the tests need setpriv (Debian package util-linux)")
    return found
