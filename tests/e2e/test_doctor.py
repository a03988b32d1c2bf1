"""`shipmate doctor` and `~/doctor`: what keeps containers and the ROS graph from working."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from demo_client import look_until
from harness.process import binary
from harness.ship import BASE_IMAGE, Ship
from shipmate.msg import Finding
from shipmate.srv import Doctor

EXAMINED_WITHIN_SECONDS = 30.0


def run_doctor(
    *arguments: str, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the subcommand."""
    return subprocess.run(
        [binary(), "doctor", *arguments],
        capture_output=True,
        text=True,
        timeout=EXAMINED_WITHIN_SECONDS,
        env={**os.environ, **(environment or {})},
    )


def run_json(environment: dict[str, str]) -> tuple[int, dict[str, Any]]:
    """The exit code, and what is said to programs."""
    done = run_doctor("--json", environment=environment)
    assert done.stderr == "", done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (0 if said["success"] else 1), done.stdout
    return done.returncode, said


def ask(ship: Ship) -> Doctor.Response:
    """Call the service."""
    client = ship.ros.run(lambda: ship.ros.node.create_client(Doctor, "/shipmate/doctor"))
    try:
        assert look_until(client.service_is_ready, 10.0), "nobody serves ~/doctor"
        return ship.ros.ask(
            lambda: client.call_async(Doctor.Request()), EXAMINED_WITHIN_SECONDS, "~/doctor"
        )
    finally:
        ship.ros.run(lambda: ship.ros.node.destroy_client(client))


def start_stray(ship: Ship, *arguments: str) -> str:
    """Start a container that is not shipmate's; its name. It goes with the test's own."""
    name = f"{ship.place.prefix}-stray"
    ship.engine.run(
        "run", "--detach", "--name", name, *arguments, BASE_IMAGE, "sleep", "infinity"
    )
    return name


def test_the_service_says_who_is_not_heard(ship: Ship) -> None:
    """A container on the host's network with a /dev/shm of its own, and nothing once it is gone."""
    domain = f"ROS_DOMAIN_ID={ship.place.domain}"
    name = start_stray(
        ship, "--network", "host", "--env", domain, "--env", "FASTDDS_BUILTIN_TRANSPORTS="
    )
    try:
        answer = ask(ship)
        assert answer.message and answer.findings
        assert answer.success == all(it.level < Finding.LEVEL_ERROR for it in answer.findings)
        (engine,) = [it for it in answer.findings if it.subject == "Docker engine"]
        assert (engine.level, engine.level_name) == (Finding.LEVEL_OK, "OK"), engine
        (stray,) = [it for it in answer.findings if it.subject == f"container {name}"]
        assert (stray.level, stray.level_name) == (Finding.LEVEL_WARNING, "Warning"), stray
        assert "/dev/shm" in stray.text and "UDPv4" in stray.remedy, stray
    finally:
        ship.engine.run("rm", "--force", name)
    assert all(name not in it.subject for it in ask(ship).findings)


def test_the_subcommand_says_the_same_without_a_node(ship: Ship) -> None:
    """Its own variables count: it is in another domain than the container."""
    domain = str(ship.place.domain)
    name = start_stray(ship, "--env", f"ROS_DOMAIN_ID={domain}")
    try:
        _, here = run_json({"ROS_DOMAIN_ID": domain})
        assert all(name not in it["subject"] for it in here["findings"]), here
        _, elsewhere = run_json({"ROS_DOMAIN_ID": "101"})
        (stray,) = [it for it in elsewhere["findings"] if it["subject"] == f"container {name}"]
        assert stray["level_name"] == "Warning" and f"domain {domain}" in stray["text"], stray
    finally:
        ship.engine.run("rm", "--force", name)


def test_a_shell_that_hears_nobody_is_an_error() -> None:
    """And the exit code says so, also to people."""
    environment = {"ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}
    code, said = run_json(environment)
    (found,) = [it for it in said["findings"] if it["subject"] == "discovery range"]
    assert code == 1 and found["level"] == Finding.LEVEL_ERROR, found
    done = run_doctor(environment=environment)
    assert done.returncode == 1 and "-> unset ROS_AUTOMATIC_DISCOVERY_RANGE" in done.stdout


def test_an_engine_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """The rest is looked at all the same."""
    done = run_doctor("--docker-host", f"unix://{tmp_path}/none.sock")
    assert done.returncode == 1, done.stdout
    assert "Error    Docker engine" in done.stdout and "socket buffers" in done.stdout


def test_wrong_use_is_told() -> None:
    """With the exit code of wrong use."""
    done = run_doctor("--nonsense")
    assert done.returncode == 2 and "Usage: shipmate doctor" in done.stderr
