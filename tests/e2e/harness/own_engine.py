"""An engine of a test's own, that may be killed, stopped and filled.

It lives in namespaces of its own. A second engine beside the machine's would fight with it over the
bridge; and when the first process in there ends, the kernel ends all the others and takes mounts and
network away, so that nothing is left behind whatever way the test itself ends.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from demo_client import look_until

from . import images
from .privilege import as_root, can_be_root, run_as_root

STARTS_WITHIN_SECONDS = 30.0
ENDS_WITHIN_SECONDS = 20.0
FILLS_WITHIN_SECONDS = 60.0
LOG = 4000
CONTROL_GROUPS = Path("/sys/fs/cgroup")
# The first part of the names of our control groups; after it comes the number of the test's process.
GROUP = "shipmate-test-"
# The only image that is on such an engine from the start.
SHELL_IMAGE = "shipmate-test/shell:1"
# What stands before a command that starts an engine, run by a shell that says the engine's number.
START = 'log=$1; shift; "$@" >>"$log" 2>&1 </dev/null & echo $!'

# Run as the first process of the namespaces. It says its number outside of them, and ends when its
# input does, which is when the test does, however that is. Children are reaped by the kernel.
FIRST = """
set -e
read -r number rest </proc/self/stat
mount -t proc shipmate-test /proc
mount -t tmpfs shipmate-test /run
mount -t tmpfs -o "size=$1" shipmate-test "$2"
ip link set lo up
echo "$number"
exec env --ignore-signal=CHLD cat
"""


class OwnEngine:
    """A Docker engine that nobody else uses."""

    def __init__(self, folder: Path, size: str, options: list[str]) -> None:
        self.folder, self._options = folder, options
        self.data, self.socket, self.log = folder / "data", folder / "docker.sock", folder / "log"
        self.group = f"{GROUP}{os.getpid()}-{folder.name}"
        self._number: str | None = None
        self.data.mkdir()
        self._first = subprocess.Popen(
            as_root(
                *("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child"),
                *("sh", "-c", FIRST, "sh", size, str(self.data)),
            ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # Ctrl-C is for pytest, which then ends the engine in its own order.
            start_new_session=True,
        )
        assert self._first.stdout is not None
        self._inside_of = self._first.stdout.readline().strip()
        if not self._inside_of:
            raise RuntimeError("namespaces for an engine could not be made")

    @property
    def host(self) -> str:
        """Its address."""
        return f"unix://{self.socket}"

    def enter(self, *command: str) -> list[str]:
        """The command, such that it runs where the engine does."""
        where = ["--target", self._inside_of, "--net", "--mount", "--pid"]
        return as_root("nsenter", *where, *command)

    def in_its_network(self, *command: str) -> list[str]:
        """The command, such that it runs where the engine finds it on loopback."""
        return as_root("nsenter", "--target", self._inside_of, "--net", *command)

    def inside(self, *command: str, seconds: float = ENDS_WITHIN_SECONDS) -> str:
        """What a command prints that runs where the engine does."""
        done = subprocess.run(self.enter(*command), capture_output=True, text=True, timeout=seconds)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
        return done.stdout.strip()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        # A killed one leaves it behind, and the next one believes it.
        self.inside("rm", "-f", "/run/docker.pid")
        command = [
            *("dockerd", "--host", self.host, "--data-root", str(self.data)),
            *("--exec-root", "/run/docker", "--pidfile", "/run/docker.pid"),
            *("--exec-opt", "native.cgroupdriver=cgroupfs", "--cgroup-parent", f"/{self.group}"),
            *self._options,
        ]
        self._number = self.inside("sh", "-c", START, "sh", str(self.log), *command)
        if not look_until(self._answers_or_ended, STARTS_WITHIN_SECONDS) or self.ended():
            raise RuntimeError(f"the engine does not answer:\n{self.output()}")

    def _answers_or_ended(self) -> bool:
        return self.ended() or self.answers()

    def answers(self) -> bool:
        """Whether it answers now."""
        command = ["docker", "--host", self.host, "version"]
        with suppress(subprocess.TimeoutExpired):
            return subprocess.run(command, capture_output=True, timeout=2.0).returncode == 0
        return False

    def send(self, signal: str) -> None:
        """Send it a signal."""
        assert self._number is not None, "the engine was not started"
        self.inside("kill", f"-{signal}", self._number)

    def kill(self) -> None:
        """End it without asking; it is gone then, and its containers live on until it starts again."""
        self.send("KILL")
        if not look_until(self.ended, ENDS_WITHIN_SECONDS):
            raise TimeoutError(f"the engine still lives:\n{self.output()}")

    def ended(self) -> bool:
        """Whether it has ended, or was never started."""
        if self._number is None:
            return True
        test = self.enter("test", "-e", f"/proc/{self._number}")
        return subprocess.run(test, timeout=ENDS_WITHIN_SECONDS).returncode != 0

    def output(self) -> str:
        """The last that it wrote."""
        return self.log.read_text(errors="replace")[-LOG:] if self.log.exists() else ""

    @contextmanager
    def without_its_socket(self) -> Iterator[None]:
        """Meanwhile its socket is not where it was; who is connected stays so."""
        aside = self.folder / "aside"
        run_as_root("mv", str(self.socket), str(aside))
        try:
            yield
        finally:
            run_as_root("mv", str(aside), str(self.socket))

    def fill(self) -> None:
        """Leave no space on its disk."""
        filler = str(self.data / "filler")
        subprocess.run(
            self.enter("dd", "if=/dev/zero", f"of={filler}", "bs=64K"),
            capture_output=True,
            timeout=FILLS_WITHIN_SECONDS,
        )
        free = self.inside("df", "--output=avail", str(self.data)).split()[-1]
        assert free == "0", f"{free} KB are still free"

    def free(self) -> None:
        """Give back what was filled."""
        self.inside("rm", str(self.data / "filler"))

    def close(self) -> None:
        """End it and everything in it, and remove what it left."""
        print(f"----- the engine's log\n{self.output()}")
        assert self._first.stdin is not None
        _thaw(self.group)
        self._first.stdin.close()
        try:
            # The first process is gone only when all the others are.
            self._first.wait(ENDS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            run_as_root("kill", "-KILL", self._inside_of)
            self._first.wait(ENDS_WITHIN_SECONDS)
        finally:
            assert self._first.stdout is not None
            self._first.stdout.close()
            if not look_until(lambda: _remove_groups(self.group), ENDS_WITHIN_SECONDS):
                raise RuntimeError(f"control groups of {self.group} cannot be removed")
            run_as_root("rm", "-rf", "--one-file-system", str(self.folder))


@contextmanager
def an_engine(*options: str, size: str = "300m") -> Iterator[OwnEngine]:
    """A started engine with a small image, on a disk of that size; nothing of it is left behind."""
    if not can_be_root() or shutil.which("dockerd", path=f"{os.environ['PATH']}:/usr/sbin") is None:
        pytest.skip("an engine of one's own takes dockerd, and root or sudo without a password")
    _tidy_up_after_killed_tests()
    # Not below pytest's folders: the path of a socket may have a hundred letters.
    engine = OwnEngine(Path(tempfile.mkdtemp(prefix="shipmate-engine-")), size, [*options])
    try:
        engine.start()
        images.load(SHELL_IMAGE, host=engine.host)
        yield engine
    finally:
        engine.close()


def _tidy_up_after_killed_tests() -> None:
    """Remove the control groups and folders of tests that do not live any more."""
    for group in {it.name for it in _groups(f"{GROUP}*")}:
        number, _, folder = group.removeprefix(GROUP).partition("-")
        if not Path(f"/proc/{number}").exists():
            _thaw(group)
            look_until(lambda: _remove_groups(group), ENDS_WITHIN_SECONDS)
            run_as_root("rm", "-rf", "--one-file-system", str(Path(tempfile.gettempdir()) / folder))


def _thaw(name: str) -> None:
    """Let the processes of paused containers go on: frozen, they could not even be killed."""
    for top in _groups(name):
        for state in top.rglob("freezer.state"):
            run_as_root("sh", "-c", 'echo THAWED >"$1"', "sh", str(state))


def _remove_groups(name: str) -> bool:
    """Whether the control groups of that name are gone."""
    tops = _groups(name)
    for top in tops:
        run_as_root("find", str(top), "-depth", "-type", "d", "-exec", "rmdir", "{}", ";")
    return not any(it.exists() for it in tops)


def _groups(pattern: str) -> set[Path]:
    """Control groups, in each hierarchy: in version 1 each controller has one, some by several names."""
    places = (pattern, f"*/{pattern}")
    return {it.resolve() for place in places for it in CONTROL_GROUPS.glob(place)}
