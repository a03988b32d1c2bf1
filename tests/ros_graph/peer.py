"""A ROS node for the tests: what it does is said on its command line, one word each.

    peer.py NAMESPACE NAME topic:/scan@20 service:/home action:/move lifecycle failing bare

It writes `ready` when all of that is there, and ends when its input does.
"""

from __future__ import annotations

import sys
import threading

import rclpy
from rclpy.action import ActionServer
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn
from rclpy.node import Node
from shipmate.action import Deploy
from std_msgs.msg import String
from std_srvs.srv import Trigger


class Failing(LifecycleNode):
    """Cannot be configured."""

    def on_configure(self, _state: object) -> TransitionCallbackReturn:
        """Refuse."""
        return TransitionCallbackReturn.FAILURE


def make(namespace: str, name: str, words: list[str]) -> Node:
    """The node without its topics and services."""
    if "failing" in words:
        return Failing(name, namespace=namespace)
    if "lifecycle" in words:
        return LifecycleNode(name, namespace=namespace)
    bare = "bare" in words
    return Node(name, namespace=namespace, start_parameter_services=not bare, enable_rosout=not bare)


def equip(node: Node, word: str) -> object:
    """What a word stands for; it lives as long as what is returned."""
    kind, _, what = word.partition(":")
    match kind:
        case "topic":
            topic, _, rate = what.partition("@")
            publisher = node.create_publisher(String, topic, 10)
            timer = node.create_timer(1 / float(rate), lambda: publisher.publish(String(data="x")))
            return publisher, timer
        case "service":
            return node.create_service(Trigger, what, lambda _request, response: response)
        case "client":
            return node.create_client(Trigger, what)
        case "action":
            return ActionServer(node, Deploy, what, lambda _goal: Deploy.Result())
        case _:
            return None


def main() -> None:
    """One node, until the input ends."""
    namespace, name, *words = sys.argv[1:]
    rclpy.init(args=[])
    node = make(namespace, name, words)
    things = [equip(node, word) for word in words]
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    spinning = threading.Thread(target=executor.spin, daemon=True)
    spinning.start()
    print("ready", flush=True)
    sys.stdin.read()
    executor.shutdown()
    spinning.join()
    del things
    node.destroy_node()
    rclpy.shutdown()


if __name__ == "__main__":
    main()
