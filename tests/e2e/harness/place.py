"""A place of its own for each test: a ROS domain and a name prefix that no other test uses now.

The file of a domain is locked while a test is there. It holds the test's prefix, and is emptied when
the test has tidied up; a prefix in a file that nobody has locked was left behind by a killed test.
Locks are the kernel's: they hold between workers and between runs, and end with whoever has them.
"""

from __future__ import annotations

import fcntl
import os
import random
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .engine import Engine

# Domain 0 is where users are; above 101, ROS' ports meet those that Linux hands out.
DOMAINS = range(1, 101)


@dataclass(frozen=True)
class Place:
    """Where one test is."""

    domain: int
    prefix: str


@contextmanager
def a_place() -> Iterator[Place]:
    """Take a free domain, and leave it tidy."""
    domain, file = _lock_a_domain()
    try:
        _remove_what_is_left(file)
        prefix = f"t{secrets.token_hex(4)}"
        _write(file, prefix)
        yield Place(domain, prefix)
        _remove_what_is_left(file)
    finally:
        file.close()


def tidy_up_after_killed_tests() -> None:
    """Remove what was left behind by tests that could not tidy up themselves."""
    for domain in DOMAINS:
        path = _path(domain)
        # Most files are empty or missing: no need to lock them.
        file = _lock(path) if path.exists() and path.stat().st_size > 0 else None
        if file is not None:
            with file:
                _remove_what_is_left(file)


def _lock_a_domain() -> tuple[int, IO[str]]:
    users = os.environ.get("ROS_DOMAIN_ID")
    # In random order, as other machines on the network may be testing too.
    for domain in random.sample(DOMAINS, len(DOMAINS)):
        file = None if str(domain) == users else _lock(_path(domain))
        if file is not None:
            return domain, file
    raise RuntimeError("every ROS domain from 1 to 100 is used by a test on this machine")


@contextmanager
def only_one(what: str) -> Iterator[None]:
    """Meanwhile no other test of this machine does the same."""
    with (_folder() / what).open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _path(domain: int) -> Path:
    return _folder() / f"domain-{domain}"


def _folder() -> Path:
    folder = Path(tempfile.gettempdir()) / f"shipmate-tests-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    return folder


def _lock(path: Path) -> IO[str] | None:
    """The file, locked until it is closed; None when a test has it."""
    file = path.open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return file
    except BlockingIOError:
        file.close()
        return None


def _remove_what_is_left(file: IO[str]) -> None:
    file.seek(0)
    prefix = file.read().strip()
    if prefix:
        Engine(prefix).remove_everything()
    _write(file, "")


def _write(file: IO[str], text: str) -> None:
    file.truncate(0)
    file.write(text)
    file.flush()
