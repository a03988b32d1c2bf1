"""What `shipmate import`, `graph` and `doctor` have in common, and what the program says of itself."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from harness.process import binary

ENDED_WITHIN_SECONDS = 30.0
# Each command, and one of its options that has a value.
COMMANDS = {"import": "--name", "graph": "--node", "doctor": "--docker-host"}
COMPOSE = "services: {a: {image: i}}\n"
GRAPH = '{"nodes": [], "edges": [], "remarks": [], "ros_details": true}'

each_command = pytest.mark.parametrize(("name", "option"), COMMANDS.items())


def run(*arguments: str, stdout: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    """Run the program."""
    return subprocess.run(
        [binary(), *arguments],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=ENDED_WITHIN_SECONDS,
        check=False,
    )


def run_unread(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program with its output into a pipe that nobody reads any more."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return run(*arguments, stdout=writer)
    finally:
        os.close(writer)


@each_command
def test_misuse_is_told_alike(name: str, option: str) -> None:
    """The reason and the right use are on standard error, and the exit code is 2."""
    for arguments, what in [
        (["--nonsense"], "there is no option --nonsense"),
        ([option], f"{option} needs a value"),
        ([f"{option}="], f"{option} needs a value"),
        ([option, "--help"], f"{option} needs a value"),
        ([option, "a", f"{option}=a"], f"{option} is given twice"),
    ]:
        done = run(name, *arguments)
        assert (done.returncode, done.stdout) == (2, ""), arguments
        assert done.stderr.startswith(f"shipmate {name}: {what}"), done.stderr
        assert f"\nUsage: shipmate {name}" in done.stderr


@each_command
def test_help_and_version_are_printed(name: str, option: str) -> None:
    """Whatever else is there."""
    for arguments in (["--help"], ["-h"], [option, "a", "--help"]):
        done = run(name, *arguments)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(f"Usage: shipmate {name}") and option in done.stdout
    version = run(name, "--version")
    assert (version.returncode, version.stdout) == (0, run("--version").stdout)
    assert version.stdout.startswith("shipmate ")


def test_files_that_are_not_what_they_should_be(tmp_path: Path) -> None:
    """One that is missing, a folder, bytes, and text of another kind."""
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    (tmp_path / "text").write_text("text")
    for command in (["import"], ["graph", "--from"], ["graph", "diff"]):
        for file, what in [
            ("none", "there is no such file"),
            ("", "this is a folder"),
            ("bytes", "this is no text"),
            ("text", "text:"),
        ]:
            path = tmp_path / file
            done = run(*command, str(path))
            assert (done.returncode, done.stdout) == (2, ""), (command, file)
            assert str(path) in done.stderr and what in done.stderr, done.stderr


def test_a_reader_that_has_enough_is_no_error(tmp_path: Path) -> None:
    """As when the output goes to `head`."""
    compose, graph = tmp_path / "compose.yaml", tmp_path / "graph.json"
    compose.write_text(COMPOSE)
    graph.write_text(GRAPH)
    for arguments in (
        ["--help"],
        ["import", "--help"],
        ["import", str(compose)],
        ["graph", "--from", str(graph), "--format", "svg"],
    ):
        done = run_unread(*arguments)
        assert done.returncode == 0, done.stderr
        assert "written" not in done.stderr and "panicked" not in done.stderr
    assert run_unread("doctor").returncode in (0, 1)


def test_a_mistyped_command_starts_no_node() -> None:
    """It is told, with the commands that there are."""
    done = run("docter")
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no command `docter`" in done.stderr
    assert all(f"  {name} " in done.stderr for name in COMMANDS)
    assert run("--help").stdout in done.stderr
