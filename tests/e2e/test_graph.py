"""Who talks to whom, by deployment: the topic ~/dependency_graph, its services, and `shipmate graph`."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from demo_client import LATCHED, Messages, RosThread, look_until
from harness.manifests import executable, package, sleeper
from harness.place import a_place
from harness.process import binary
from harness.ship import Ship
from rclpy.qos import QoSProfile, ReliabilityPolicy
from shipmate.msg import DependencyGraph, GraphEdge, GraphNode
from shipmate.srv import GetBlastRadius, GetDependencyGraph
from std_msgs.msg import String
from std_srvs.srv import Empty

SEEN_WITHIN_SECONDS = 40.0
ANSWER_WITHIN_SECONDS = 15.0
COMMAND_WITHIN_SECONDS = 40.0
NO_OPS = 20

# A node that has what it is told to, and ends at once when it is told to.
NODE = """
import json, signal, sys
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda *_: sys.exit(0))
import rclpy
from rclpy.action import ActionClient, ActionServer
from rclpy.qos import QoSProfile, ReliabilityPolicy
from std_msgs.msg import String
from std_srvs.srv import Empty
from shipmate.action import Deprovision as Move
name, has = sys.argv[1], json.loads(sys.argv[2])
rclpy.init()
node = rclpy.create_node(name)
def qos(topic):
    reliable = not topic.endswith("lossy")
    policy = ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT
    return QoSProfile(depth=7, reliability=policy)
kept = [node.create_publisher(String, it.split()[0], qos(it)) for it in has.get("publishes", [])]
kept += [node.create_subscription(String, it.split()[0], print, qos(it)) for it in has.get("subscribes", [])]
kept += [node.create_service(Empty, it, lambda _, answer: answer) for it in has.get("serves", [])]
kept += [node.create_client(Empty, it) for it in has.get("calls", [])]
kept += [ActionServer(node, Move, it, print) for it in has.get("acts", [])]
kept += [ActionClient(node, Move, it) for it in has.get("commands", [])]
try:
    rclpy.spin(node)
except rclpy.executors.ExternalShutdownException:
    pass
"""


def node(executable_name: str, name: str, network: str = "bridge", **has: list[str]) -> dict[str, Any]:
    """A container with one ROS node that publishes, subscribes, serves ... what `has` says. A topic's
    name may be followed by ` lossy`: then it is best effort."""
    words = ("python3", "-c", NODE, name, json.dumps(has))
    return executable(executable_name, *words, network=network)


def in_domain(manifest: str, domain: int) -> str:
    """The package with its component in another ROS domain."""
    changed = json.loads(manifest)
    changed["components"][0]["ros"] = {"domain_id": domain}
    return json.dumps(changed)


@dataclass
class Graph:
    """One message, to be asked things."""

    message: DependencyGraph

    def node(self, name: str) -> GraphNode | None:
        """The node of the dependency graph with this name."""
        return next((it for it in self.message.nodes if it.name == name), None)

    def phase(self, name: str) -> str:
        """The phase of a deployment; empty when it is not shown."""
        found = self.node(name)
        return found.phase_name if found else ""

    def ros_nodes(self, name: str) -> set[str]:
        """The names of the ROS nodes in a deployment."""
        found = self.node(name)
        return {it.name for it in found.ros_nodes} if found else set()

    def external(self) -> set[str]:
        """The names of all ROS nodes outside of deployments."""
        external = (it for it in self.message.nodes if it.kind == GraphNode.KIND_EXTERNAL)
        return {ros.name for it in external for ros in it.ros_nodes}

    def edges(self, kind: int, name: str) -> list[GraphEdge]:
        """All edges of a kind for one topic, service, action or alias."""
        return [it for it in self.message.edges if it.kind == kind and it.name == name]

    def has(self, kind: int, name: str, *ends: tuple[str, str]) -> bool:
        """Whether these, by the names of source and target, are the edges of that name, and no others."""
        found = [(it.source_name, it.target_name) for it in self.edges(kind, name)]
        return sorted(found) == sorted(ends)


class Watch:
    """What the topic says."""

    def __init__(self, ship: Ship) -> None:
        self.messages: Messages = ship.ros.listen(DependencyGraph, "/shipmate/dependency_graph", LATCHED)

    def wait_until(self, predicate: Callable[[Graph], Any], what: str) -> Graph:
        """The graph, once the latest message is as wanted."""

        def latest(messages: Any) -> Graph | None:
            graph = Graph(messages[-1]) if messages else None
            return graph if graph and predicate(graph) else None

        return self.messages.wait_until(latest, SEEN_WITHIN_SECONDS, what)


def get_graph(ship: Ship, **fields: Any) -> Any:
    """The answer to ~/get_dependency_graph."""
    return ship.ask(GetDependencyGraph, "get_dependency_graph", **fields)


@contextmanager
def an_external_node(name: str, domain: int) -> Iterator[RosThread]:
    """A node of this machine that is in no container."""
    with RosThread(name, domain) as it:
        yield it


def deploy_pair(ship: Ship) -> None:
    """Two deployments on the bridge and one on the host's network that talk to each other."""
    ship.deploy(manifest=package("eyes", node("camera", "camera", publishes=["/image"], calls=["/reset"])))
    ship.deploy(
        manifest=package(
            "brain",
            node("view", "viewer", subscribes=["/image"], serves=["/reset"], commands=["/move"]),
        )
    )
    ship.deploy(
        manifest=package("arm", node("drive", "driver", "host", subscribes=["/image"], acts=["/move"]))
    )


def all_talk(graph: Graph) -> bool:
    """Whether everything of `deploy_pair` is seen, and can flow."""
    topic = graph.has(GraphEdge.KIND_TOPIC, "/image", ("eyes", "brain"), ("eyes", "arm"))
    service = graph.has(GraphEdge.KIND_SERVICE, "/reset", ("brain", "eyes"))
    action = graph.has(GraphEdge.KIND_ACTION, "/move", ("arm", "brain"))
    flows = all(it.flow == GraphEdge.FLOW_YES for it in graph.message.edges)
    return topic and service and action and flows and all_named(graph)


def all_named(graph: Graph) -> bool:
    """Whether the middleware knows the node of each end by now: DDS tells the end first."""
    ends = (end for it in graph.message.edges for end in [*it.source_endpoints, *it.target_endpoints])
    return all(it.ros_node for it in ends)


def test_who_talks_to_whom(ship: Ship) -> None:
    """Topics, services and actions relate deployments, each with its own ends, QoS and evidence."""
    watch = Watch(ship)
    deploy_pair(ship)

    graph = watch.wait_until(all_talk, "everybody talks to everybody")

    assert graph.message.ros_details
    for edge in graph.edges(GraphEdge.KIND_TOPIC, "/image"):
        (source,), (target,) = edge.source_endpoints, edge.target_endpoints
        assert source.ros_node == "/camera"
        assert target.ros_node == {"brain": "/viewer", "arm": "/driver"}[edge.target_name]
        assert (source.reliability, source.durability) == ("reliable", "volatile")
        assert source.type == edge.type == "std_msgs/msg/String"
        assert source.type_hash == target.type_hash and source.type_hash.startswith("RIHS01_")
        assert edge.flow_name == "yes" and not edge.problems
        assert edge.domain_id == ship.place.domain
    for name, executable_name in {"eyes": "camera", "brain": "view", "arm": "drive"}.items():
        found = graph.node(name)
        assert found is not None and found.id == ship.get(name).id
        assert (found.package, found.version, found.phase_name) == (name, "1.0.0", "Succeeded")
        (ros_node,) = found.ros_nodes
        container = ship.get(name).components[0].executables[0]
        assert ros_node.container_id == container.container_id
        assert (ros_node.component, ros_node.executable) == ("main", executable_name)
        assert ros_node.state == "alive" and "announces host" in ros_node.evidence
    shown = {ros.name for it in graph.message.nodes for ros in it.ros_nodes}
    assert not any("shipmate" in name for name in shown)


def test_equal_names_are_kept_apart(ship: Ship) -> None:
    """Two deployments of one package have nodes of one name, and each has its own."""
    watch = Watch(ship)
    manifest = package("eye", node("camera", "camera", publishes=["/image"], subscribes=["/light"]))
    ship.deploy(manifest=manifest, name="left")
    ship.deploy(manifest=manifest.replace('"eye"', '"eye2"'), name="right")

    graph = watch.wait_until(
        lambda it: it.ros_nodes("left") == it.ros_nodes("right") == {"/camera"},
        "each has its own /camera",
    )

    (left,), (right,) = graph.node("left").ros_nodes, graph.node("right").ros_nodes
    assert left.participant != right.participant
    assert left.container_id != right.container_id


def test_who_is_killed_is_gone_at_once(ship: Ship) -> None:
    """The message after a container's end has nothing of it, though DDS does not know it yet."""
    watch = Watch(ship)
    ship.deploy(manifest=package("eyes", node("camera", "camera", publishes=["/image"])))
    manifest = package("brain", node("view", "viewer", subscribes=["/image"]))
    viewer = json.loads(manifest)
    viewer["components"][0]["executables"][0]["restart"] = "never"
    ship.deploy(manifest=json.dumps(viewer))
    talk = ("eyes", "brain")
    watch.wait_until(
        lambda it: it.has(GraphEdge.KIND_TOPIC, "/image", talk) and all_named(it), "they talk"
    )
    assert look_until(lambda: "viewer" in ship.ros.run(ship.ros.node.get_node_names), SEEN_WITHIN_SECONDS)
    before = len(watch.messages.all())

    ship.engine.run("kill", f"{ship.place.prefix}-brain-main-view")

    watch.wait_until(lambda it: not it.ros_nodes("brain"), "nothing of it is there")
    after = [Graph(it) for it in watch.messages.all()[before:]]
    gone = [it for it in after if not it.ros_nodes("brain")]
    assert all(it.has(GraphEdge.KIND_TOPIC, "/image") for it in gone)
    assert all("/viewer" not in it.external() for it in after), "it is nobody else's"
    # DDS still has it: whoever asks the middleware sees the node.
    assert "viewer" in ship.ros.run(ship.ros.node.get_node_names)


def test_what_does_not_fit_is_said(ship: Ship) -> None:
    """A publisher that loses messages and a subscriber that wants all of them: why, and what to do."""
    watch = Watch(ship)
    ship.deploy(manifest=package("eyes", node("camera", "camera", publishes=["/image lossy"])))
    ship.deploy(manifest=package("brain", node("view", "viewer", subscribes=["/image"])))

    meet = ("eyes", "brain")
    graph = watch.wait_until(
        lambda it: it.has(GraphEdge.KIND_TOPIC, "/image", meet) and all_named(it), "they meet"
    )

    (edge,) = graph.edges(GraphEdge.KIND_TOPIC, "/image")
    assert (edge.flow, edge.flow_name) == (GraphEdge.FLOW_NO, "no")
    assert len(edge.problems) == len(edge.remedies) == 1
    assert "/camera publishes best_effort" in edge.problems[0]
    assert "best_effort" in edge.remedies[0] and "reliable" in edge.remedies[0]


def test_who_is_outside_is_external(ship: Ship) -> None:
    """A node of the machine is no deployment's, and may be left out."""
    watch = Watch(ship)
    ship.deploy(manifest=package("eyes", node("camera", "camera", publishes=["/image"])))
    with an_external_node("rviz", ship.place.domain) as rviz:
        rviz.listen(String, "/image", QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE))
        graph = watch.wait_until(
            lambda it: it.edges(GraphEdge.KIND_TOPIC, "/image") and all_named(it), "it listens"
        )

        (edge,) = graph.edges(GraphEdge.KIND_TOPIC, "/image")
        assert edge.source_name == "eyes" and edge.target.startswith("external:")
        assert [it.ros_node for it in edge.target_endpoints] == ["/rviz"]
        assert "/rviz" in graph.external()
        without = Graph(get_graph(ship, ros_details=True, without_external=True).graph)
        assert not without.external() and not without.edges(GraphEdge.KIND_TOPIC, "/image")
        assert without.ros_nodes("eyes") == {"/camera"}
    watch.wait_until(lambda it: "/rviz" not in it.external(), "it has left")


def test_another_robots_shipmate_is_shown(ship: Ship) -> None:
    """A node of shipmate's name in another process is another one, and shipmate's own stays hidden."""
    watch = Watch(ship)
    ship.deploy(manifest=package("eyes", node("camera", "camera", publishes=["/image"])))
    with an_external_node("shipmate", ship.place.domain) as other:
        other.listen(String, "/image", QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE))
        shown = watch.wait_until(lambda it: "/shipmate" in it.external(), "the other one is there")
        them = [it for it in shown.message.nodes if any(ros.name == "/shipmate" for ros in it.ros_nodes)]
        assert [it.process for it in them] == [str(os.getpid())]
    watch.wait_until(lambda it: "/shipmate" not in it.external(), "it has left")


def test_what_is_needed_stays(ship: Ship) -> None:
    """A deployment that was stopped is shown as long as another one depends on it."""
    watch = Watch(ship)
    ship.deploy(manifest=package("map", sleeper()))
    needy = package("planner", sleeper(), depends_on={"map": {"version": "^1"}})
    ship.deploy(manifest=needy)
    graph = watch.wait_until(
        lambda it: it.has(GraphEdge.KIND_DEPENDENCY, "map", ("planner", "map")), "one needs the other"
    )
    (edge,) = graph.edges(GraphEdge.KIND_DEPENDENCY, "map")
    assert edge.type.startswith("^1")
    lost = ship.ask(GetBlastRadius, "get_blast_radius", deployment="map")
    assert lost.success and [(it.name, it.kind_name, it.direct) for it in lost.losses] == [
        ("planner", "dependency", True)
    ]

    ship.client.deprovision("map", force=True).result()

    stopped = watch.wait_until(
        lambda it: it.phase("map") == "Deployment stopped", "it is stopped, and shown"
    )
    assert stopped.has(GraphEdge.KIND_DEPENDENCY, "map", ("planner", "map"))
    ship.deprovision("planner")
    watch.wait_until(
        lambda it: not it.node("map") and not it.node("planner"), "neither is shown any more"
    )


def test_nothing_is_said_twice(ship: Ship) -> None:
    """As long as nothing changes, nothing is published, whatever is asked meanwhile."""
    watch = Watch(ship)
    deploy_pair(ship)
    watch.wait_until(all_talk, "everybody talks to everybody")
    no_op = ship.ros.run(lambda: ship.ros.node.create_client(Empty, "/reset"))
    assert look_until(no_op.service_is_ready, ANSWER_WITHIN_SECONDS)
    watch.wait_until(
        lambda it: it.edges(GraphEdge.KIND_SERVICE, "/reset")[1:] and all_named(it),
        "the test's own client is seen",
    )
    get_graph(ship, ros_details=True)
    before = len(watch.messages.all())

    for _ in range(NO_OPS):
        ship.ros.ask(lambda: no_op.call_async(Empty.Request()), ANSWER_WITHIN_SECONDS, "/reset")
        ship.client.deployments()

    messages = watch.messages.all()
    for one, other in zip(messages, messages[1:]):
        assert (one.nodes, one.edges, one.remarks) != (other.nodes, other.edges, other.remarks)
    assert len(messages) == before


def test_the_service_draws(ship: Ship) -> None:
    """In every format, as much as is asked for; a wrong one is refused with the right ones."""
    watch = Watch(ship)
    deploy_pair(ship)
    watch.wait_until(all_talk, "everybody talks to everybody")

    plain = get_graph(ship)
    assert plain.success and plain.text == ""
    assert not plain.graph.ros_details and not plain.graph.edges
    assert {it.name for it in plain.graph.nodes} == {"eyes", "brain", "arm"}
    begins = {"json": "{", "dot": "digraph", "mermaid": "", "svg": "<svg"}
    for form, begin in begins.items():
        answer = get_graph(ship, ros_details=True, format=form)
        assert answer.success and answer.text.startswith(begin) and "/image" in answer.text, form
    hidden = Graph(get_graph(ship, ros_details=True, hidden=True).graph)
    assert "/shipmate" in hidden.external()
    wrong = get_graph(ship, format="png")
    assert not wrong.success
    assert all(it in wrong.message for it in ("png", *begins))


def test_the_blast_radius(ship: Ship) -> None:
    """What others would lose, by id or by name; who is not there is named."""
    watch = Watch(ship)
    deploy_pair(ship)
    watch.wait_until(all_talk, "everybody talks to everybody")

    for which in ("eyes", ship.get("eyes").id):
        answer = ship.ask(GetBlastRadius, "get_blast_radius", deployment=which)
        assert answer.success, answer.message
        lost = sorted((it.name, it.kind_name, it.item) for it in answer.losses)
        assert lost == [("arm", "topic", "/image"), ("brain", "topic", "/image")]
        assert all(it.text in answer.message for it in answer.losses)
    nobody = ship.ask(GetBlastRadius, "get_blast_radius", deployment="nobody")
    assert not nobody.success
    assert all(it in nobody.message for it in ("nobody", "eyes", "brain", "arm"))


def test_other_domains_are_seen(ship: Ship) -> None:
    """A deployment in a domain of its own is looked at there, and talks to none of here."""
    watch = Watch(ship)
    with a_place() as other:
        here = package("here", node("camera", "camera", publishes=["/image"]))
        there = package("there", node("view", "viewer", subscribes=["/image"]))
        ship.deploy(manifest=here)
        ship.deploy(manifest=in_domain(there, other.domain))

        graph = watch.wait_until(
            lambda it: it.ros_nodes("here") and it.ros_nodes("there"), "both are seen"
        )

        assert {it.domain_id for it in graph.node("there").ros_nodes} == {other.domain}
        assert {it.domain_id for it in graph.node("here").ros_nodes} == {ship.place.domain}
        assert graph.has(GraphEdge.KIND_TOPIC, "/image")
        ship.deprovision("there")


def command(ship: Ship, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `shipmate graph`."""
    return subprocess.run(
        [binary(), "graph", *arguments],
        env={**os.environ, "ROS_DOMAIN_ID": str(ship.place.domain)},
        capture_output=True,
        text=True,
        timeout=COMMAND_WITHIN_SECONDS,
        check=False,
    )


def test_the_command_asks_the_node(ship: Ship) -> None:
    """`shipmate graph` draws what the running node knows; nobody's answer is said in words."""
    watch = Watch(ship)
    deploy_pair(ship)
    watch.wait_until(all_talk, "everybody talks to everybody")

    said = command(ship)
    assert said.returncode == 0, said.stderr
    assert "eyes" in said.stdout and "/image" in said.stdout
    plain = command(ship, "--dependencies", "--format", "json")
    assert not json.loads(plain.stdout)["edges"]
    nobody = command(ship, "--node", "nobody", "--timeout", "1")
    assert nobody.returncode == 2
    assert "/nobody" in nobody.stderr and f"ROS_DOMAIN_ID {ship.place.domain}" in nobody.stderr


def test_the_command_compares_a_file_with_the_node(ship: Ship, tmp_path: Path) -> None:
    """`shipmate graph diff FILE` says what is other now, asked in the same way as the file was written."""
    watch = Watch(ship)
    deploy_pair(ship)
    watch.wait_until(all_talk, "everybody talks to everybody")
    before = tmp_path / "before.json"
    asked = ["--without-external"]
    written = command(ship, *asked, "--format", "json", "--output", str(before))
    assert written.returncode == 0, written.stderr

    same = command(ship, "diff", str(before), *asked)
    assert (same.returncode, same.stdout, same.stderr) == (0, "", "")

    ship.deprovision("brain")
    watch.wait_until(lambda it: it.node("brain") is None, "brain is gone")
    other = command(ship, "diff", str(before), *asked)
    assert other.returncode == 0, other.stderr
    lines = other.stdout.splitlines()
    assert any(it.startswith("- brain") for it in lines), lines
    assert any(it.startswith("- topic /image: eyes -> brain") for it in lines), lines
    assert not [it for it in lines if it.startswith("+")], lines

    nobody = command(ship, "diff", str(before), "--node", "nobody", "--timeout", "1")
    assert nobody.returncode == 2 and "/nobody" in nobody.stderr, nobody.stdout


@pytest.mark.parametrize("on", [False])
def test_it_can_be_switched_off(make_ship: Callable[..., Ship], on: bool) -> None:
    """Then there is no topic, and dependencies can be asked for all the same."""
    ship = make_ship(parameters={"graph": on})
    ship.deploy(manifest=package("eyes", sleeper()))

    topics = [name for name, _ in ship.ros.run(ship.ros.node.get_topic_names_and_types)]
    assert "/shipmate/dependency_graph" not in topics and "/shipmate/deployments" in topics
    plain = get_graph(ship)
    assert plain.success and [it.name for it in plain.graph.nodes] == ["eyes"]
    details = get_graph(ship, ros_details=True)
    assert not details.success and '"graph" is false' in details.message
