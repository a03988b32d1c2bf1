"""Volumes of a component's own, and files of the package's folder."""

import json
from pathlib import Path
from typing import Any

from demo_client import look_until
from harness.manifests import executable, package
from harness.output import wait_for_output
from harness.ship import Ship
from shipmate.action import Deploy

GONE_WITHIN_SECONDS = 20.0
WRITES = "trap 'exit 0' INT TERM; echo written > /data/file; echo up; sleep infinity & wait"
READS = "until cat /data/file; do sleep 0.1; done; trap 'exit 0' INT TERM; sleep infinity & wait"


def recorder(keep: bool, writes: str = WRITES) -> str:
    """Two executables that share a volume."""
    mount: dict[str, Any] = {"source": "data", "target": "/data"}
    writer = executable("writer", "bash", "-c", writes, mounts=[mount])
    reader = executable("reader", "bash", "-c", READS, mounts=[{**mount, "read_only": True}])
    manifest = json.loads(package("recorder", writer, reader))
    manifest["components"][0]["volumes"] = {"data": {"keep": keep}}
    return json.dumps(manifest)


def volume_of(ship: Ship) -> str:
    """What the volume of `recorder` is called."""
    return f"{ship.place.prefix}-recorder-main-data"


def wait_until_gone(ship: Ship) -> None:
    """Wait until no volume is left."""
    assert look_until(lambda: not ship.engine.volumes(), GONE_WITHIN_SECONDS)


def test_a_volume_is_shared_and_goes_with_its_deployment(ship: Ship) -> None:
    """It stays over a restart of an executable and of the node, and not longer than the deployment."""
    ship.deploy(manifest=recorder(keep=False))
    wait_for_output(f"{ship.place.prefix}-recorder-main-reader", "written")
    assert ship.engine.volumes() == [volume_of(ship)]

    ship.engine.run("rm", "--force", *ship.engine.names())
    ship.wait_until(
        "recorder",
        lambda it: it.status_name == "Running" and it.components[0].executables[0].restart_count == 1,
        "it was made again",
    )
    ship.process.stop()
    ship.start()
    assert ship.engine.volumes() == [volume_of(ship)]

    ship.deprovision("recorder")
    wait_until_gone(ship)


def test_a_kept_volume_is_there_for_the_next_of_the_name(ship: Ship) -> None:
    """Its content, too."""
    ship.deploy(manifest=recorder(keep=True))
    wait_for_output(f"{ship.place.prefix}-recorder-main-reader", "written")
    ship.deprovision("recorder")
    assert ship.engine.volumes() == [volume_of(ship)]

    ship.deploy(manifest=recorder(keep=True, writes="sleep infinity"))

    wait_for_output(f"{ship.place.prefix}-recorder-main-reader", "written")


def test_what_is_left_when_the_node_was_away_goes_later(ship: Ship) -> None:
    """What belongs to no deployment goes; what is somebody else's stays."""
    ship.deploy(manifest=recorder(keep=False))
    labels = json.loads(ship.engine.run("volume", "inspect", volume_of(ship)))[0]["Labels"]
    ship.process.stop()
    left, theirs = f"{ship.place.prefix}-old-main-data", f"{ship.place.prefix}-theirs"
    ours = {**labels, "io.shipmate.deployment": "dep-old", "io.shipmate.deployment-name": "old"}
    for name in (left, theirs):
        ship.engine.run("volume", "create", *(f"--label={k}={v}" for k, v in ours.items()), name)

    ship.start()

    assert look_until(lambda: left not in ship.engine.volumes(), GONE_WITHIN_SECONDS)
    assert ship.engine.volumes() == [volume_of(ship), theirs]


def test_a_file_of_the_package_is_mounted(ship: Ship, tmp_path: Path) -> None:
    """To be read; and one that is missing is not made."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "params.yaml").write_text("speed: 3\n")
    mounts = [{"source": "./config/params.yaml", "target": "/params.yaml", "read_only": True}]
    says = "cat /params.yaml; echo x > /params.yaml || echo read-only; sleep infinity"
    (tmp_path / "shipmate.yaml").write_text(package("arm", executable("arm", "bash", "-c", says, mounts=mounts)))
    ship.client.register(path=str(tmp_path / "shipmate.yaml"))
    ship.deploy("arm")
    wait_for_output(f"{ship.place.prefix}-arm-main-arm", "speed: 3")
    wait_for_output(f"{ship.place.prefix}-arm-main-arm", "read-only")
    ship.deprovision("arm")

    (tmp_path / "config" / "params.yaml").unlink()
    result = ship.client.deploy("arm").result()

    assert result.outcome == Deploy.Result.OUTCOME_FAILED
    assert "params.yaml is not on this machine" in result.message
    assert not (tmp_path / "config" / "params.yaml").exists()
