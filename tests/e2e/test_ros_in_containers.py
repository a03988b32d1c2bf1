"""ROS works in containers with nothing but the defaults, whatever the network and the user."""

import json
from typing import Any

import pytest
from demo_client import RosThread
from harness.manifests import executable, package
from harness.output import wait_for_output
from harness.peers import Reports, a_peer_on_the_machine, peer
from harness.place import a_place
from harness.ship import Ship

PLACES: dict[str, dict[str, Any]] = {
    "bridge_root": {},
    "bridge_user": {"user": "1000"},
    "host_root": {"network": "host"},
    "host_user": {"network": "host", "user": "1000:1000"},
}


def test_everybody_hears_and_sees_everybody(ship: Ship) -> None:
    """Containers of two deployments on both networks, of both users, and the machine's own node."""
    reports = Reports(ship.ros)
    peers = [peer(name, **settings) for name, settings in PLACES.items()]
    goals = [
        ship.client.deploy(manifest=package("front", *peers[:2])),
        ship.client.deploy(manifest=package("rear", *peers[2:])),
    ]
    with a_peer_on_the_machine("machine", ship.place.domain):
        for goal in goals:
            assert goal.result().deployment.phase_name == "Succeeded", goal.result().message

        reports.wait_until_all_know([*PLACES, "machine"])

    for name in ("front", "rear"):
        assert [it.restart_count for it in ship.get(name).components[0].executables] == [0, 0]


def test_the_machines_nodes_may_come_first(ship: Ship) -> None:
    """A container that starts beside nodes that run already finds them, and they find it."""
    reports = Reports(ship.ros)
    with a_peer_on_the_machine("machine", ship.place.domain):
        reports.wait_until_knows("machine", ["machine"])
        ship.deploy(manifest=package("late", peer("late_bridge"), peer("late_host", network="host")))

        reports.wait_until_all_know(["machine", "late_bridge", "late_host"])


def in_domain(manifest: str, domain: int) -> str:
    """The package with its component in another ROS domain."""
    changed = json.loads(manifest)
    changed["components"][0]["ros"] = {"domain_id": domain}
    return json.dumps(changed)


def test_the_domain_is_handed_down(ship: Ship) -> None:
    """Containers are in the node's own domain, unless their component says otherwise."""
    reports = Reports(ship.ros)
    with a_place() as other, RosThread("other", other.domain) as elsewhere:
        reports_elsewhere = Reports(elsewhere)
        ship.deploy(manifest=package("here", peer("here")))
        ship.deploy(manifest=in_domain(package("there", peer("there")), other.domain))

        reports.wait_until_knows("here", ["here"])
        reports_elsewhere.wait_until_knows("there", ["there"])
        ship.deprovision("there")

    assert reports.of("there") == reports_elsewhere.of("here") == []
    assert all("there" not in it["heard"] for it in reports.of("here"))


# As `ros2 launch`: deaf to SIGTERM, graceful at SIGINT, with children of its own.
LAUNCH = """
import signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
def end(*_):
    print("shutting down", flush=True)
    time.sleep(0.2)
    open("/data/marker", "w").write("ended in order")
    sys.exit(0)
signal.signal(signal.SIGINT, end)
print("up", flush=True)
while True:
    signal.pause()
"""

WAYS: dict[str, list[str]] = {
    "by itself": ["python3", "-c", LAUNCH],
    "behind a shell": ["bash", "-c", 'python3 -c "$0"; true', LAUNCH],
    "behind two shells": ["bash", "-c", 'bash -c "python3 -c \\"\\$0\\"; true" "$0"; true', LAUNCH],
}


@pytest.mark.parametrize("way", WAYS)
def test_a_launch_is_asked_to_end_in_its_own_way(ship: Ship, way: str) -> None:
    """What obeys only SIGINT gets it, and is given the time to end."""
    volume = f"{ship.place.prefix}-data"
    mounts = [{"source": volume, "target": "/data"}]
    launch = executable("launch", *WAYS[way], mounts=mounts, stop_grace_period="1h")
    ship.deploy(manifest=package("launch", launch))
    wait_for_output(f"{ship.place.prefix}-launch-main-launch", "up")

    ship.deprovision("launch")

    assert ship.engine.names() == []
    assert read_volume(ship, volume) == "ended in order"


def read_volume(ship: Ship, volume: str) -> str:
    """What the marker in a volume says."""
    mount = f"{volume}:/data:ro"
    return ship.engine.run("run", "--rm", "--volume", mount, "shipmate/ros:local", "cat", "/data/marker")


def test_the_log_arrives_when_it_is_written(ship: Ship) -> None:
    """Python does not hold back what a node says, to its terminal or to its logger."""
    says = """
import rclpy, time
rclpy.init()
print("printed")
rclpy.create_node("node").get_logger().info("logged")
time.sleep(1e6)
"""
    ship.deploy(manifest=package("arm", executable("arm", "python3", "-c", says, stop_grace_period="1s")))
    name = f"{ship.place.prefix}-arm-main-arm"

    wait_for_output(name, "printed")
    wait_for_output(name, "logged")

    log = ship.engine.inspect(name)["HostConfig"]["LogConfig"]
    assert log == {"Type": "json-file", "Config": {"max-file": "3", "max-size": "10m"}}
