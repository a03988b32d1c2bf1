"""Random worlds of ROS nodes in containers: the same seed makes the same world."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import Any

from .graph_node import __file__ as NODE_PROGRAM
from .manifests import executable

MOST_CONTAINERS, FEWEST_CONTAINERS = 12, 3
MOST_DEPLOYMENTS = 5
MOST_NODES = 6
# So few that things meet: nodes of one name, publishers and subscriptions of one topic.
NODE_NAMES = ["camera", "driver", "planner", "filter", "logger"]
NAMESPACES = ["/", "/front", "/rear", "/front/arm"]
TOPICS = ["scan", "/scan", "/map", "image", "~/state", "/tf_like", "odom"]
SERVICES = ["reset", "/reset", "~/enable", "/map/save"]
ACTIONS = ["move", "/dock", "~/calibrate"]
TOPIC_TYPES = ["std_msgs/msg/String", "std_msgs/msg/Int32", "sensor_msgs/msg/Imu"]
SERVICE_TYPES = ["std_srvs/srv/Trigger", "std_srvs/srv/Empty", "std_srvs/srv/SetBool"]
# Of those that the base image has.
ACTION_TYPES = ["shipmate/action/Deprovision", "shipmate/action/FollowLogs"]
# What nobody looks for: it has to be left out.
HIDDEN = [
    ("publisher", "/_secret", "std_msgs/msg/String"),
    ("subscription", "/front/_secret/x", "std_msgs/msg/String"),
    ("client", "/front/camera/get_parameters", "rcl_interfaces/srv/GetParameters"),
]


@dataclass(frozen=True)
class Item:
    """A publisher, subscription, server or client: as it is called in the program, and really."""

    what: str
    written: str
    name: str
    type: str
    reliable: bool
    latched: bool
    depth: int
    hidden: bool

    def told(self) -> list[Any]:
        """What the program is told."""
        return [self.what, self.written, self.type, self.reliable, self.latched, self.depth]


@dataclass
class RosNode:
    """A node: as it is called in the program, and really."""

    written: str
    written_namespace: str
    name: str
    arguments: list[str]
    bare: bool
    items: list[Item]

    def told(self) -> dict[str, Any]:
        """What the program is told."""
        return {
            "name": self.written,
            "namespace": self.written_namespace,
            "arguments": self.arguments,
            "bare": self.bare,
            "items": [it.told() for it in self.items],
        }


@dataclass
class Container:
    """An executable, and the processes of nodes in it."""

    component: str
    executable: str
    network: str
    processes: list[list[RosNode]]

    def command(self) -> str:
        """What its program is told."""
        return json.dumps([[node.told() for node in process] for process in self.processes])

    def nodes(self) -> list[RosNode]:
        """All of its nodes."""
        return [node for process in self.processes for node in process]


@dataclass
class World:
    """Deployments by name, and the nodes of one process that belongs to none, if there is one."""

    seed: int
    deployments: dict[str, list[Container]] = field(default_factory=dict)
    outside: list[RosNode] = field(default_factory=list)

    def containers(self) -> list[tuple[str, Container]]:
        """All of them, with their deployments."""
        return [(name, it) for name, all_ in self.deployments.items() for it in all_]


def a_world(seed: int) -> World:
    """The world of a seed."""
    dice = random.Random(seed)
    world = World(seed)
    number = dice.randint(FEWEST_CONTAINERS, MOST_CONTAINERS)
    names = [f"w{index}" for index in range(dice.randint(1, MOST_DEPLOYMENTS))]
    for index in range(number):
        # Each deployment has one at least, as far as they go.
        name = names[index] if index < len(names) else dice.choice(names)
        containers = world.deployments.setdefault(name, [])
        component = dice.choice(["left", "right"])
        containers.append(_container(dice, component, f"x{sum(it.component == component for it in containers)}"))
    if dice.random() < 0.5:
        world.outside = _process(dice, dice.randint(1, 2))
    return world


def manifest(name: str, containers: list[Container]) -> str:
    """The package of a deployment."""
    # `$` has a meaning in a manifest.
    with open(NODE_PROGRAM, encoding="utf-8") as file:
        program = file.read().replace("$", "$$")
    components: dict[str, list[dict[str, Any]]] = {}
    for it in containers:
        made = executable(
            it.executable,
            *("python3", "-c", program, it.command()),
            network=it.network,
            stop_signal="SIGKILL",
        )
        components.setdefault(it.component, []).append(made)
    listed = [{"name": key, "executables": all_} for key, all_ in components.items()]
    return json.dumps({"manifest": 1, "name": name, "version": "1.0.0", "components": listed})


def _container(dice: random.Random, component: str, name: str) -> Container:
    left = dice.randint(1, MOST_NODES)
    processes = []
    for _ in range(dice.choice([1, 1, 1, 2, 3])):
        if left:
            count = dice.randint(1, left)
            processes.append(_process(dice, count))
            left -= count
    return Container(component, name, dice.choice(["bridge", "bridge", "host"]), processes)


def _process(dice: random.Random, count: int) -> list[RosNode]:
    nodes: dict[str, RosNode] = {}
    # Fast DDS refuses a second type of one topic in one process.
    types: dict[tuple[str, str], str] = {}
    for _ in range(count):
        # Two of one name in one process are one to DDS: the graph has nothing that tells them apart.
        node = _node(dice, types)
        nodes[node.name] = node
    return list(nodes.values())


def _node(dice: random.Random, known: dict[tuple[str, str], str]) -> RosNode:
    written, written_namespace = dice.choice(NODE_NAMES), dice.choice(NAMESPACES)
    name, namespace, rules = written, written_namespace, []
    if dice.random() < 0.2:
        name = dice.choice([*NODE_NAMES, "renamed"])
        rules.append(f"__node:={name}")
    if dice.random() < 0.15:
        namespace = dice.choice(NAMESPACES)
        rules.append(f"__ns:={namespace}")
    full = f"{namespace.rstrip('/')}/{name}"
    moved: dict[str, str] = {}
    if dice.random() < 0.3:
        moved[dice.choice(["scan", "image", "odom"])] = dice.choice(["/scan", "/map", "/elsewhere"])
    rules += [f"{before}:={after}" for before, after in moved.items()]
    items = [_item(dice, full, namespace, moved, known) for _ in range(dice.randint(0, 6))]
    arguments = ["--ros-args", *(part for rule in rules for part in ("-r", rule))] if rules else []
    return RosNode(
        written, written_namespace, full, arguments, dice.random() < 0.3, _without_doubles(items)
    )


def _without_doubles(items: list[Item]) -> list[Item]:
    """A node may publish a topic twice; two servers of one name in one node are none."""
    kept: list[Item] = []
    for it in items:
        plain = it.what in ("publisher", "subscription")
        if plain or all((it.what, it.name) != (other.what, other.name) for other in kept):
            kept.append(it)
    return kept


def _item(
    dice: random.Random,
    node: str,
    namespace: str,
    moved: dict[str, str],
    known: dict[tuple[str, str], str],
) -> Item:
    if dice.random() < 0.05:
        what, name, type_name = dice.choice(HIDDEN)
        return Item(what, name, name, type_name, True, False, 10, True)
    what = dice.choice(
        ["publisher"] * 4 + ["subscription"] * 4 + ["server", "client", "action_server", "action_client"]
    )
    if what in ("publisher", "subscription"):
        names, types = TOPICS, TOPIC_TYPES
    elif what in ("server", "client"):
        names, types = SERVICES, SERVICE_TYPES
    else:
        names, types = ACTIONS, ACTION_TYPES
    written = dice.choice(names)
    name = _expanded(written, node, namespace)
    # A rule is meant for what its own name expands to, however that was written.
    rules = {_expanded(before, node, namespace): after for before, after in moved.items()}
    name = rules.get(name, name)
    # Mostly both ends mean the same type.
    type_name = types[len(name.rsplit("/", 1)[-1]) % len(types)]
    if types is TOPIC_TYPES and dice.random() < 0.1:
        type_name = dice.choice(types)
    type_name = known.setdefault((types[0], name), type_name)
    reliable, latched = dice.random() < 0.7, dice.random() < 0.3
    return Item(what, written, name, type_name, reliable, latched, dice.randint(1, 20), False)


def _expanded(written: str, node: str, namespace: str) -> str:
    if written.startswith("/"):
        return written
    if written.startswith("~"):
        return node + written[1:]
    return f"{namespace.rstrip('/')}/{written}"
