"""ROS nodes that talk to each other and say whom they hear and see, on this machine or in containers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from demo_client import Messages, RosThread
from std_msgs.msg import String

from .manifests import executable

HEARD_WITHIN_SECONDS = 40.0
END_WITHIN_SECONDS = 10.0

# Says its name ten times a second; reports the names that it heard, and those of the nodes that it sees.
PEER = """
import json, signal, sys
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda *_: sys.exit(0))
import rclpy
from std_msgs.msg import String
name, heard = sys.argv[1], set()
rclpy.init()
node = rclpy.create_node(name)
talk = node.create_publisher(String, "talk", 10)
report = node.create_publisher(String, "report", 10)
node.create_subscription(String, "talk", lambda it: heard.add(it.data), 10)
def tick():
    talk.publish(String(data=name))
    seen = sorted(node.get_node_names())
    report.publish(String(data=json.dumps({"name": name, "heard": sorted(heard), "seen": seen})))
node.create_timer(0.1, tick)
try:
    rclpy.spin(node)
except rclpy.executors.ExternalShutdownException:
    pass
"""


def peer(name: str, **more: Any) -> dict[str, Any]:
    """A peer in a container."""
    return executable(name.replace("_", "-"), "python3", "-c", PEER, name, **more)


@contextmanager
def a_peer_on_the_machine(name: str, domain: int) -> Iterator[None]:
    """A peer as a user would start it, with nothing of shipmate's in its environment."""
    environment = {**os.environ, "ROS_DOMAIN_ID": str(domain)}
    for ours in ("FASTDDS_BUILTIN_TRANSPORTS", "ROS_AUTOMATIC_DISCOVERY_RANGE"):
        environment.pop(ours, None)
    process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", sys.executable, "-c", PEER, name], env=environment
    )
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(END_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


class Reports:
    """What peers say of each other."""

    def __init__(self, ros: RosThread, topic: str = "/report") -> None:
        self._reports: Messages = ros.listen(String, topic)

    def wait_until_all_know(self, names: list[str]) -> None:
        """Wait until each of these hears and sees each of these, itself included."""
        for name in names:
            self.wait_until_knows(name, names)

    def wait_until_knows(self, name: str, others: list[str]) -> None:
        """Wait until one hears and sees the others."""

        def knows(message: String) -> bool:
            said = json.loads(message.data)
            return said["name"] == name and set(others) <= set(said["heard"]) & set(said["seen"])

        self._reports.wait_for(knows, HEARD_WITHIN_SECONDS, f"{name} hears and sees {others}")

    def of(self, name: str) -> list[dict[str, Any]]:
        """All that one has reported."""
        said = [json.loads(it.data) for it in self._reports.all()]
        return [it for it in said if it["name"] == name]
