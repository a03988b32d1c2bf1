"""ROS nodes as they are told to be: processes of nodes, in JSON on the command line.

    graph_node.py '[[{"name": "a", "namespace": "/b", "arguments": [], "bare": false,
                      "items": [["publisher", "topic", "std_msgs/msg/String", true, false, 10]]}]]'

An item is: what, name, type, whether it is reliable, whether it keeps the last for who comes later,
how many it keeps. It also runs by itself, without the rest of the harness: in containers.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from typing import Any


def of_type(name: str) -> Any:
    """The class of an interface."""
    package, kind, short = name.split("/")
    return getattr(importlib.import_module(f"{package}.{kind}"), short)


def equip(node: Any, item: list[Any]) -> Any:
    """What an item stands for; it lives as long as what is returned."""
    from rclpy.action import ActionClient, ActionServer
    from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

    what, name, type_name, reliable, latched, depth = item
    kind = of_type(type_name)
    qos = QoSProfile(
        depth=depth,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
    )
    match what:
        case "publisher":
            return node.create_publisher(kind, name, qos)
        case "subscription":
            return node.create_subscription(kind, name, lambda _: None, qos)
        case "server":
            return node.create_service(kind, name, lambda _, answer: answer)
        case "client":
            return node.create_client(kind, name)
        case "action_server":
            return ActionServer(node, kind, name, lambda _: kind.Result())
        case "action_client":
            return ActionClient(node, kind, name)
    raise ValueError(f"{what}: no such item")


def run(nodes: list[dict[str, Any]]) -> None:
    """One process of nodes, until a signal ends it."""
    import rclpy
    from rclpy.node import Node
    from rclpy.signals import SignalHandlerOptions

    rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    kept = []
    for told in nodes:
        node = Node(
            told["name"],
            namespace=told["namespace"],
            cli_args=told["arguments"],
            use_global_arguments=False,
            start_parameter_services=not told["bare"],
            enable_rosout=not told["bare"],
        )
        kept.append((node, [equip(node, item) for item in told["items"]]))
    # Discovery needs nobody who spins.
    signal.pause()


def main() -> None:
    """All processes; the first is this one."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(0))
    first, *others = json.loads(sys.argv[1])
    for other in others:
        if os.fork() == 0:
            run(other)
    run(first)


if __name__ == "__main__":
    main()
