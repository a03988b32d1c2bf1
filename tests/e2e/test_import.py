"""`shipmate import`: a Docker Compose file becomes a package that can be deployed."""

import json
import subprocess
from pathlib import Path

from harness.manifests import TALKER
from harness.process import binary
from harness.ship import BASE_IMAGE, Ship
from std_msgs.msg import String

IMPORTED_WITHIN_SECONDS = 30.0

# As such files are written for robots: anchors, variables, a health check, an order.
COMPOSE = f"""
name: chatter
x-ros: &ros
  image: {BASE_IMAGE}
  network_mode: host
  restart: unless-stopped
services:
  talker:
    <<: *ros
    command: ["python3", "-c", {json.dumps(TALKER)}]
    environment:
      - GREETING=${{GREETING:-ahoy}}
      - ROBOT
    healthcheck:
      test: ["CMD", "test", "-e", "/proc/1"]
      interval: 1s
  watcher:
    <<: *ros
    command: bash -c "trap 'exit 0' INT TERM; sleep infinity & wait"
    depends_on: [talker]
    volumes: ["notes:/notes"]
volumes:
  notes: {{}}
"""


def run_import(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the subcommand."""
    return subprocess.run(
        [binary(), "import", *arguments],
        capture_output=True,
        text=True,
        timeout=IMPORTED_WITHIN_SECONDS,
    )


def test_an_imported_compose_file_runs(ship: Ship, tmp_path: Path) -> None:
    """What it says of order and surroundings is listed; the rest runs as it did."""
    compose = tmp_path / "compose.yaml"
    compose.write_text(COMPOSE)
    target = tmp_path / "shipmate.yaml"
    done = run_import(str(compose), "--output", str(target))
    assert done.returncode == 0, done.stderr
    assert "depends_on" in done.stderr and "ROBOT" in done.stderr

    assert ship.client.register(path=str(target)).success
    heard = ship.ros.listen(String, "/chatter")
    goal = ship.client.deploy("chatter", parameters={"ROBOT": "r2"})
    deployment = goal.result().deployment
    assert deployment.phase_name == "Succeeded", goal.result().message
    heard.wait_for(lambda it: it.data == "hello", 30.0, "the talker is heard")
    (talker,) = [it for it in ship.engine.containers() if it.name.endswith("-talker")]
    environment = ship.engine.inspect(talker.id)["Config"]["Env"]
    assert "GREETING=ahoy" in environment and "ROBOT=r2" in environment
    ship.deprovision("chatter")
    ship.engine.run("volume", "rm", "--force", "notes")


def test_what_cannot_be_imported_is_said_with_its_place(tmp_path: Path) -> None:
    """Nothing is written then; and nothing is ever written over."""
    bad = tmp_path / "compose.yaml"
    bad.write_text("services: [a, b]\n")
    target = tmp_path / "out.yaml"
    done = run_import(str(bad), "--output", str(target))
    assert done.returncode == 2 and "services" in done.stderr and not target.exists()

    bad.write_text("services: {a: {image: b}}\n")
    target.write_text("mine")
    done = run_import(str(bad), "--output", str(target))
    assert done.returncode == 2 and target.read_text() == "mine"
    assert run_import("--nonsense").returncode == 2
