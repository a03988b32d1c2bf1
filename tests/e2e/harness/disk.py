"""A disk that is soon full."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MOUNT_WITHIN_SECONDS = 20.0
BLOCK = 4096


@contextmanager
def a_small_disk(folder: Path, size: str) -> Iterator[None]:
    """A file system of that size in a folder; making it takes root."""
    if not _as_root("true"):
        pytest.skip("mounting a small disk takes root, or sudo without a password")
    options = f"size={size},mode=0700,uid={os.getuid()},gid={os.getgid()}"
    folder.mkdir()
    assert _as_root("mount", "-t", "tmpfs", "-o", options, "shipmate-test", str(folder))
    try:
        yield
    finally:
        _as_root("umount", "--lazy", str(folder))


def fill(disk: Path) -> Path:
    """Write a file until the disk takes no more."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(BLOCK)):
                pass
        except OSError:
            return filler
    raise AssertionError(f"{disk} cannot be filled")


def _as_root(*command: str) -> bool:
    prefix = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
    try:
        done = subprocess.run([*prefix, *command], timeout=MOUNT_WITHIN_SECONDS, capture_output=True)
    except FileNotFoundError:
        return False
    return done.returncode == 0
