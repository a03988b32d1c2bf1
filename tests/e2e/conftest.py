"""The fixtures of the end-to-end tests."""

from __future__ import annotations

import faulthandler
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

# The client that the demo uses is the one that is tested.
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
# As scripts/env.sh does, for who starts pytest without it: shared memory does not reach containers.
os.environ.setdefault("FASTDDS_BUILTIN_TRANSPORTS", "UDPv4")

from harness.place import tidy_up_after_killed_tests  # noqa: E402
from harness.ship import Ship, a_ship  # noqa: E402


# The last resort: every wait in the tests has a shorter deadline of its own.
TEST_WITHIN_SECONDS = 300
# What does not end by that either, hangs where Python cannot reach it: then the whole process is ended.
END_WITHIN_SECONDS = 120
# Before pytest captures what is written there.
STDERR = pytest.StashKey[int]()
# A line of a test's output that is shown although the test passed: a name, a number, maybe a unit.
FIGURE = re.compile(r"^[a-z][a-z0-9_]*[ =:]+-?[0-9][0-9.]*( ?[A-Za-z%]+)?$", re.MULTILINE)


def pytest_configure(config: pytest.Config) -> None:
    """Begin tidily, and end so: when terminated, fixtures tidy up as they do after Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    config.stash[STDERR] = os.dup(2)
    tidy_up_after_killed_tests()


def pytest_unconfigure() -> None:
    """Remove what workers left that were interrupted together with this process."""
    tidy_up_after_killed_tests()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what was measured."""
    reports = [it for kind in ("passed", "failed") for it in terminalreporter.stats.get(kind, [])]
    figures = [found[0] for it in reports for found in FIGURE.finditer(it.capstdout)]
    # A report has the output of the test's earlier steps as well.
    for figure in dict.fromkeys(figures):
        terminalreporter.write_line(figure)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """End the process, and say where it was, when a test is stuck in something that never gives Python's lock back."""
    marker = item.get_closest_marker("timeout")
    within = (marker.args[0] if marker else TEST_WITHIN_SECONDS) + END_WITHIN_SECONDS
    faulthandler.dump_traceback_later(within, exit=True, file=item.config.stash[STDERR])
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test an end."""
    for item in items:
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TEST_WITHIN_SECONDS))


@pytest.fixture
def ship(tmp_path: Path) -> Iterator[Ship]:
    """A started node with its defaults."""
    with a_ship(tmp_path) as it:
        yield it


@pytest.fixture
def make_ship(tmp_path: Path) -> Iterator[Callable[..., Ship]]:
    """Nodes with settings of the test's own; each has a folder of its own unless it is told one."""
    with ExitStack() as stack:
        count = 0

        def make(folder: Path | None = None, **settings: Any) -> Ship:
            nonlocal count
            count += 1
            own = folder or tmp_path / f"node-{count}"
            own.mkdir(exist_ok=True)
            return stack.enter_context(a_ship(own, **settings))

        yield make
