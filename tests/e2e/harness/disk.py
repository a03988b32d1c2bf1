"""A disk that is soon full."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .privilege import can_be_root, run_as_root

BLOCK = 4096


@contextmanager
def a_small_disk(folder: Path, size: str) -> Iterator[None]:
    """A file system of that size in a folder; making it takes root."""
    if not can_be_root():
        pytest.skip("mounting a small disk takes root, or sudo without a password")
    options = f"size={size},mode=0700,uid={os.getuid()},gid={os.getgid()}"
    folder.mkdir()
    assert run_as_root("mount", "-t", "tmpfs", "-o", options, "shipmate-test", str(folder))
    try:
        yield
    finally:
        run_as_root("umount", "--lazy", str(folder))


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
