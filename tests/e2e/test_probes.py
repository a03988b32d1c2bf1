"""Readiness, liveness and lifecycle nodes: what is asked of containers while they run, and what follows."""

from typing import Any

import pytest
from harness.manifests import executable, package, sleeper, talker
from harness.outcomes import failed
from harness.ship import Ship
from shipmate.msg import Deployment, Executable

# Serves until the file /tmp/sick is there; answers /ready with 503 until /tmp/ready is there.
SERVER = """
import http.server, os, signal, sys
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda *_: sys.exit(0))
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        ready = self.path != "/ready" or os.path.exists("/tmp/ready")
        self.send_response(500 if os.path.exists("/tmp/sick") else 200 if ready else 503)
        self.end_headers()
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("", 8080), Handler).serve_forever()
"""

# Serves a service once /tmp/ready is there.
SERVING = """
import os, signal, sys, time
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda *_: sys.exit(0))
import rclpy
from lifecycle_msgs.srv import GetState
rclpy.init()
node = rclpy.create_node("serving")
kept = []
def tick():
    if os.path.exists("/tmp/ready") and not kept:
        kept.append(node.create_service(GetState, "/arm/state", lambda _, answer: answer))
node.create_timer(0.1, tick)
try:
    rclpy.spin(node)
except rclpy.executors.ExternalShutdownException:
    pass
"""

# A lifecycle node that publishes only while it is active.
LIFECYCLE = """
import signal, sys
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda *_: sys.exit(0))
import rclpy
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn
class Camera(LifecycleNode):
    def on_configure(self, _):
        print("configured", flush=True)
        return TransitionCallbackReturn.SUCCESS
    def on_activate(self, state):
        print("activated", flush=True)
        return super().on_activate(state)
rclpy.init()
node = Camera("camera")
try:
    rclpy.spin(node)
except rclpy.executors.ExternalShutdownException:
    pass
"""


def server(**more: Any) -> dict[str, Any]:
    """A container with an HTTP server."""
    return executable("web", "python3", "-c", SERVER, **more)


def only(deployment: Deployment) -> Executable:
    """The one executable of a deployment."""
    (component,) = deployment.components
    (it,) = component.executables
    return it


def in_container(ship: Ship, *command: str) -> None:
    """Run a program in the one container of the test."""
    (container,) = ship.engine.containers()
    ship.engine.run("exec", container.id, *command)


def becomes_ready(ship: Ship, name: str, missing: str, *make_ready: str) -> Deployment:
    """Wait until something is missing, provide it, and wait until the deployment has succeeded."""
    shown = ship.wait_until(
        name, lambda it: missing in only(it).reason, f"its reason says {missing!r}"
    )
    assert (shown.phase_name, shown.status_name) == ("Provisioning", "Pending"), shown
    assert missing in shown.reason
    in_container(ship, *make_ready)
    return ship.wait_until(name, lambda it: it.phase_name == "Succeeded", "it has succeeded")


@pytest.mark.parametrize(
    ("probe", "missing"),
    [
        ({"command": ["test", "-e", "/tmp/ready"]}, "`test -e /tmp/ready` ended with 1"),
        ({"http": {"port": 8080, "path": "/ready"}}, "503"),
    ],
)
def test_not_ready_is_pending_with_what_is_missing(
    ship: Ship, probe: dict[str, Any], missing: str
) -> None:
    """A program's exit code, an HTTP answer: until they are right, the deployment has not succeeded."""
    goal = ship.client.deploy(manifest=package("arm", server(readiness={**probe, "period": 1})))
    ready = becomes_ready(ship, "arm", missing, "touch", "/tmp/ready")
    assert ready.status_name == "Running" and only(ready).restart_count == 0
    assert goal.result().deployment.phase_name == "Succeeded"

    in_container(ship, "rm", "/tmp/ready")
    shown = ship.wait_until("arm", lambda it: it.status_name == "Pending", "it is not ready any more")
    assert missing in shown.reason and shown.phase_name == "Succeeded"


def test_a_port_is_waited_for(ship: Ship) -> None:
    """On a network of containers and on the machine's own."""
    for name, port, more in (("bridge", 8080, {}), ("host", 48_080, {"network": "host"})):
        program = f"import http.server; http.server.test(port={port})"
        wait = f"until test -e /tmp/ready; do sleep 0.1; done; exec python3 -c '{program}'"
        web = executable("web", "bash", "-c", wait, readiness={"tcp": port, "period": 1}, **more)
        ship.client.deploy(manifest=package(name, web))
        becomes_ready(ship, name, f"port {port}", "touch", "/tmp/ready")
        ship.deprovision(name)


def test_a_service_is_waited_for(ship: Ship) -> None:
    """What is missing is named; once it is served, the deployment has succeeded."""
    readiness = {"ros": {"service": "/arm/state"}, "period": 1}
    arm = executable("arm", "python3", "-c", SERVING, readiness=readiness)
    ship.client.deploy(manifest=package("arm", arm))
    becomes_ready(ship, "arm", "/arm/state", "touch", "/tmp/ready")


@pytest.mark.parametrize(
    "ros",
    [{"node": "/talker"}, {"topic": "/chatter"}, {"topic": "/chatter", "min_rate": 5.0}],
    ids=["node", "topic", "rate"],
)
def test_what_the_container_puts_on_the_graph_makes_it_ready(ship: Ship, ros: dict[str, Any]) -> None:
    """A node, a topic, and messages on it."""
    deployment = ship.deploy(manifest=package("arm", talker(readiness={"ros": ros, "period": 1})))
    assert deployment.status_name == "Running"


def test_too_few_messages_are_not_enough(make_ship: Any) -> None:
    """Not ready within the limit: the deployment has failed, with what was measured, and is taken down."""
    ship = make_ship(parameters={"ready_timeout": 8.0})
    ros = {"topic": "/chatter", "min_rate": 100.0}
    goal = ship.client.deploy(manifest=package("arm", talker(readiness={"ros": ros, "period": 1})))
    result = failed(ship, goal, "Provisioning", "DEP_E313")
    assert "/chatter" in result.deployment.reason and "within 8 s" in result.deployment.reason


def test_one_that_ends_before_it_is_ready_fails_the_deployment(ship: Ship) -> None:
    """It is not left in Provisioning for ever."""
    once = executable(
        "once", "bash", "-c", "echo no camera; exit 3", restart="never", readiness={"tcp": 8080}
    )
    goal = ship.client.deploy(manifest=package("arm", once))
    result = failed(ship, goal, "Provisioning", "DEP_E152")
    assert only(result.deployment).last_output == "no camera"


def test_failed_liveness_restarts(ship: Ship) -> None:
    """After as many failures in a row as asked for; the restart says why, and is counted."""
    liveness = {"http": {"port": 8080}, "period": 1, "failures": 2, "start_period": 1}
    sick = server(liveness=liveness, readiness={"tcp": 8080, "period": 1})
    ship.deploy(manifest=package("arm", sick, sleeper("other")))
    (container,) = [it for it in ship.engine.containers() if it.name.endswith("-web")]
    ship.engine.run("exec", container.id, "touch", "/tmp/sick")

    shown = ship.wait_until(
        "arm", lambda it: "not alive" in it.reason, "it is stopped because it is not alive"
    )
    assert "500" in shown.reason and shown.status_name == "Pending"
    # The file outlives the restart of the container; what it stands for is over.
    ship.wait_until("arm", lambda it: it.components[0].executables[0].restart_count >= 1, "restarted")
    ship.engine.run("exec", container.id, "rm", "-f", "/tmp/sick")
    back = ship.wait_until("arm", lambda it: it.status_name == "Running", "it runs again")
    web, other = back.components[0].executables
    assert web.restart_count >= 1 and other.restart_count == 0
    assert web.container_id == container.id
    assert "not alive" in web.first_failure


def test_a_lifecycle_node_is_activated_after_each_start(ship: Ship) -> None:
    """shipmate configures and activates it, and does so again when its container was restarted."""
    camera = executable(
        "camera",
        "python3",
        "-c",
        LIFECYCLE,
        lifecycle=["/camera"],
        readiness={"ros": {"active": "/camera"}, "period": 1},
    )
    ship.deploy(manifest=package("eye", camera))
    (container,) = ship.engine.containers()

    ship.engine.run("kill", "--signal", "KILL", container.id)
    ship.wait_until(
        "eye",
        lambda it: only(it).restart_count == 1 and it.status_name == "Running",
        "it was restarted and is active again",
        60.0,
    )
    said = ship.engine.run("logs", container.id).splitlines()
    assert [it for it in said if it in ("configured", "activated")] == ["configured", "activated"] * 2


def test_a_killed_nodes_ghost_does_not_make_its_successor_ready(ship: Ship) -> None:
    """DDS forgets a killed node only after a while; what it left on the graph counts for nobody."""
    wait = "test -e /tmp/second && until test -e /tmp/go; do sleep 0.1; done; touch /tmp/second; "
    node = talker(readiness={"ros": {"node": "/talker"}, "period": 1})
    program = node["command"][-1]
    node["command"] = ["bash", "-c", wait + 'exec python3 -c "$0"', program]
    ship.deploy(manifest=package("arm", node))
    (container,) = ship.engine.containers()

    ship.engine.run("kill", "--signal", "KILL", container.id)
    shown = ship.wait_until(
        "arm",
        lambda it: only(it).restart_count == 1 and "/talker" in it.reason,
        "its successor is not ready",
    )
    assert shown.status_name == "Pending"
    in_container(ship, "touch", "/tmp/go")
    ship.wait_until("arm", lambda it: it.status_name == "Running", "its successor is ready", 60.0)
