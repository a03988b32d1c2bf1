"""What lies in a state folder, as a user would look at it; without touching what is there."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

DATABASE = "shipmate.sqlite"


def database(state: Path) -> Path:
    """The file with everything in it."""
    return state / DATABASE


@contextmanager
def a_copy(state: Path) -> Iterator[sqlite3.Connection]:
    """A copy of the database; of a killed node's the changes lie in a second file."""
    with tempfile.TemporaryDirectory() as folder:
        for file in state.glob(f"{DATABASE}*"):
            if file.name in (DATABASE, f"{DATABASE}-wal"):
                shutil.copy(file, folder)
        with closing(sqlite3.connect(Path(folder) / DATABASE)) as connection:
            yield connection


def deployments_on_disk(state: Path) -> list[dict[str, Any]]:
    """Every deployment that is written down."""
    with a_copy(state) as connection:
        return [json.loads(record) for (record,) in connection.execute("SELECT record FROM deployments")]
