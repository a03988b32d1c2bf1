"""Small manifests for the tests."""

from __future__ import annotations

import json
from typing import Any

from .ship import BASE_IMAGE

# A node that says something ten times a second, and ends at once when it is told to.
TALKER = """
import signal, sys
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda *_: sys.exit(0))
import rclpy
from std_msgs.msg import String
rclpy.init()
node = rclpy.create_node("talker")
publisher = node.create_publisher(String, "chatter", 10)
node.create_timer(0.1, lambda: publisher.publish(String(data="hello")))
try:
    rclpy.spin(node)
except rclpy.executors.ExternalShutdownException:
    pass
"""

# A node that listens to it, and ends as soon.
LISTENER = """
import signal, sys
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda *_: sys.exit(0))
import rclpy
from std_msgs.msg import String
rclpy.init()
node = rclpy.create_node("listener")
node.create_subscription(String, "chatter", lambda _: None, 10)
try:
    rclpy.spin(node)
except rclpy.executors.ExternalShutdownException:
    pass
"""


def executable(name: str, *command: str, **more: Any) -> dict[str, Any]:
    """One container of the base image."""
    return {"name": name, "image": BASE_IMAGE, "pull": "never", "command": list(command), **more}


def talker(name: str = "talker", **more: Any) -> dict[str, Any]:
    """A container that publishes on /chatter."""
    return executable(name, "python3", "-c", TALKER, **more)


def listener(name: str = "listener", **more: Any) -> dict[str, Any]:
    """A container that subscribes to /chatter."""
    return executable(name, "python3", "-c", LISTENER, **more)


def sleeper(name: str = "sleeper", **more: Any) -> dict[str, Any]:
    """A container that does nothing, has no ROS to start, and ends at once when it is told to."""
    return executable(name, "bash", "-c", "trap 'exit 0' INT TERM; sleep infinity & wait", **more)


def package(name: str, *executables: dict[str, Any], **more: Any) -> str:
    """A manifest of one component `main` with these executables."""
    component = {"name": "main", "executables": list(executables)}
    # JSON is YAML.
    return json.dumps(
        {"manifest": 1, "name": name, "version": "1.0.0", "components": [component], **more}
    )
