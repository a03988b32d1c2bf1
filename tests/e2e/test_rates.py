"""Messages and bytes a second on the edges of the dependency graph, and what measuring them costs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from demo_client import LATCHED, Messages, look_until
from harness.manifests import executable, package, sleeper
from harness.ship import Ship
from rclpy.qos import QoSProfile, ReliabilityPolicy
from shipmate.msg import DependencyGraph, GraphEdge
from shipmate.srv import GetDependencyGraph, MeasureRates
from std_msgs.msg import String

SEEN_WITHIN_SECONDS = 40.0
ANSWER_WITHIN_SECONDS = 15.0
NOT_MEASURED = -1.0
# Bytes a second that a process sends to be found, and to find others.
DISCOVERY = 2000

# A node that publishes a text of a size on some topics, so many times a second, reliably or not, and
# may listen to itself, which needs no network.
PUBLISHER = """
import json, signal, sys
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda *_: sys.exit(0))
import rclpy
from rclpy.qos import QoSProfile, ReliabilityPolicy
from std_msgs.msg import String
rclpy.init()
node = rclpy.create_node("publisher")
def publish(topic, rate, size, policy):
    qos = QoSProfile(depth=5, reliability=ReliabilityPolicy[policy])
    publisher = node.create_publisher(String, topic, qos)
    # In CDR, a text has four bytes of header and four of length before it, and a NUL behind it.
    node.create_timer(1.0 / rate, lambda: publisher.publish(String(data="x" * (size - 9))))
    if "listens" in sys.argv:
        node.create_subscription(String, topic, lambda _: None, qos)
for topic, what in json.loads(sys.argv[1]).items():
    publish(topic, *what)
try:
    rclpy.spin(node)
except rclpy.executors.ExternalShutdownException:
    pass
"""


def publisher(*more: str, **topics: list[Any]) -> dict[str, Any]:
    """A container that publishes on each of these topics: rate, bytes of a message, reliability."""
    return executable("publisher", "python3", "-c", PUBLISHER, json.dumps(topics), *more)


def sent(ship: Ship) -> int:
    """How many bytes have left the container of the deployment `source`."""
    container = f"{ship.place.prefix}-source-main-publisher"
    return int(ship.engine.run("exec", container, "cat", "/sys/class/net/eth0/statistics/tx_bytes"))


def subscribe(ship: Ship, topic: str) -> Messages:
    """Be at the other end of a topic; what comes does not matter."""
    qos = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
    return ship.ros.listen(String, topic, qos)


def measure(ship: Ship, deployment: str, on: bool) -> Any:
    """Call ~/measure_rates, which may be repeated."""
    return ship.ask(MeasureRates, "measure_rates", deployment=deployment, measure=on)


def listens(ship: Ship, topic: str) -> bool:
    """Whether a subscription of shipmate's is on a topic now."""
    found = ship.ros.run(lambda: ship.ros.node.get_subscriptions_info_by_topic(topic))
    return any(it.node_name.startswith("_shipmate_") for it in found)


def has_turns(ship: Ship, topic: str, number: int, while_never: Iterable[str]) -> None:
    """Wait until a topic was listened to so often, and these were not meanwhile."""
    turns, others, before = 0, list(while_never), False

    def are_over() -> bool:
        nonlocal turns, before
        assert not any(listens(ship, other) for other in others)
        now = listens(ship, topic)
        turns, before = turns + (before and not now), now
        return turns == number

    assert look_until(are_over, number * SEEN_WITHIN_SECONDS), f"{topic} had {turns} turns"


class Watch:
    """The edges of topics as ~/dependency_graph tells them."""

    def __init__(self, ship: Ship) -> None:
        self.messages: Messages = ship.ros.listen(DependencyGraph, "/shipmate/dependency_graph", LATCHED)

    def edge_in_which(self, topic: str, holds: Callable[[GraphEdge], Any], what: str) -> GraphEdge:
        """The only edge of a topic, once it is as wanted."""

        def latest(messages: Any) -> GraphEdge | None:
            edges = edges_of(messages[-1], topic) if messages else []
            return edges[0] if len(edges) == 1 and holds(edges[0]) else None

        return self.messages.wait_until(latest, SEEN_WITHIN_SECONDS, what)


def edges_of(graph: DependencyGraph, topic: str) -> list[GraphEdge]:
    """All edges of a topic."""
    return [it for it in graph.edges if it.kind == GraphEdge.KIND_TOPIC and it.name == topic]


def is_measured(edge: GraphEdge) -> bool:
    """Whether something is known of what flows, and it is not that nothing does."""
    return edge.messages_per_second > 0.0


def is_not_measured(edge: GraphEdge) -> bool:
    """Whether nothing is known of what flows."""
    return edge.messages_per_second == edge.bytes_per_second == NOT_MEASURED


def numbers_were_told(messages: list[DependencyGraph]) -> list[float]:
    """When messages came in which nothing was other than before but numbers, in seconds."""

    def without_numbers(graph: DependencyGraph) -> str:
        edges = [
            (it.name, it.source_endpoints, it.target_endpoints, it.flow, is_measured(it))
            for it in graph.edges
        ]
        return repr((graph.nodes, edges, graph.remarks))

    pairs = zip(messages, messages[1:], strict=False)
    only = [after for before, after in pairs if without_numbers(before) == without_numbers(after)]
    return [it.header.stamp.sec + it.header.stamp.nanosec / 1e9 for it in only]


def test_rates_are_switched_on_and_off(ship: Ship) -> None:
    """Off at first; then both topics have their own rates; off again, nothing of it is left."""
    watch = Watch(ship)
    topics = {"/fast": [20, 200, "RELIABLE"], "/slow": [2, 1000, "BEST_EFFORT"]}
    ship.deploy(manifest=package("source", publisher(**topics)))
    ship.deploy(manifest=package("other", publisher(**{"/unasked": [20, 200, "RELIABLE"]})))
    names = [*topics, "/unasked"]
    for name in names:
        subscribe(ship, name)
        watch.edge_in_which(name, is_not_measured, "it is not measured")
    assert not any(listens(ship, name) for name in names)

    answer = measure(ship, "source", True)

    assert answer.success and answer.message == "source is measured: 2 topics at the moment"
    for name, (rate, size, _) in topics.items():
        edge = watch.edge_in_which(name, is_measured, "it is measured")
        # The machine may be busy.
        assert edge.messages_per_second == pytest.approx(rate, rel=0.4)
        assert edge.bytes_per_second == pytest.approx(edge.messages_per_second * size, rel=0.15)
    asked = ship.ask(GetDependencyGraph, "get_dependency_graph", ros_details=True, format="json")
    assert is_measured(edges_of(asked.graph, "/fast")[0])
    assert is_not_measured(edges_of(asked.graph, "/unasked")[0])
    told = {it["name"]: it["messages_per_second"] for it in json.loads(asked.text)["edges"]}
    assert told["/fast"] > 0.0 and told["/unasked"] is None
    assert look_until(lambda: listens(ship, "/fast"), SEEN_WITHIN_SECONDS), "it is measured again"

    told_at = numbers_were_told(watch.messages.all())
    assert all(after - before > 4.5 for before, after in zip(told_at, told_at[1:], strict=False))
    answer = measure(ship, "source", False)

    assert answer.success and answer.message == "source is not measured"
    for name in topics:
        watch.edge_in_which(name, is_not_measured, "it is not measured any more")
        assert look_until(lambda: not listens(ship, name), SEEN_WITHIN_SECONDS)  # noqa: B023
    # Between its two turns another topic rests as long as these would have.
    assert measure(ship, "other", True).success
    has_turns(ship, "/unasked", 2, while_never=topics)


def test_the_budget_is_kept(make_ship: Callable[..., Ship]) -> None:
    """The next turn begins only when the budget has paid for what left the container in the last."""
    rate, size, budget = 10, 50_000, 10_000
    ship = make_ship(parameters={"graph_rates_budget": float(budget)})
    watch = Watch(ship)
    large = publisher("listens", **{"/large": [rate, size, "RELIABLE"]})
    ship.deploy(manifest=package("source", large))
    watch.edge_in_which("/large", is_not_measured, "it is seen")
    before, begin = sent(ship), time.monotonic()
    assert measure(ship, "source", True).success

    edge = watch.edge_in_which("/large", is_measured, "it is measured")

    # Three messages tell it, as far as the machine keeps the time between them.
    assert 2.0 < edge.messages_per_second < 50.0
    assert edge.bytes_per_second == pytest.approx(edge.messages_per_second * size, rel=0.15)
    assert look_until(lambda: not listens(ship, "/large"), ANSWER_WITHIN_SECONDS)
    left, heard = sent(ship) - before, time.monotonic() - begin
    assert look_until(lambda: listens(ship, "/large"), 60.0), "it has its turn again"
    passed = time.monotonic() - begin
    # One message of the three may have been under way at the end, as a fourth.
    paid = left * 3 / 4 - DISCOVERY * heard
    print(f"sent_in_a_turn: {left / 1000:.0f} kB")
    print(f"paid_by_the_budget: {budget * passed / 1000:.0f} kB")
    assert 3 * size < left
    assert paid < budget * passed


def test_some_are_always_measured(make_ship: Callable[..., Ship]) -> None:
    """The parameter names who is measured without being asked for, and who cannot be switched off."""
    ship = make_ship(parameters={"graph_rates": ["source"]})
    watch = Watch(ship)
    ship.deploy(manifest=package("source", publisher("listens", **{"/fast": [20, 200, "RELIABLE"]})))

    watch.edge_in_which("/fast", is_measured, "it is measured")

    answer = measure(ship, "source", False)
    assert not answer.success and '"graph_rates" names it' in answer.message


def test_who_ends_is_measured_no_more(ship: Ship) -> None:
    """Nothing listens to a deployment that has ended, nor to the next one of that name."""
    watch = Watch(ship)
    manifest = package("source", publisher(**{"/fast": [20, 200, "RELIABLE"]}))
    ship.deploy(manifest=manifest)
    subscribe(ship, "/fast")
    assert measure(ship, "source", True).success
    watch.edge_in_which("/fast", is_measured, "it is measured")

    ship.deprovision("source")

    assert look_until(lambda: not listens(ship, "/fast"), SEEN_WITHIN_SECONDS)
    ship.deploy(manifest=manifest)
    watch.edge_in_which("/fast", is_not_measured, "the next one is not measured")
    # What is new has its turn at once, and in order.
    ship.deploy(manifest=package("other", publisher(**{"/asked": [20, 200, "RELIABLE"]})))
    subscribe(ship, "/asked")
    assert measure(ship, "other", True).success
    has_turns(ship, "/asked", 1, while_never=["/fast"])


def test_what_cannot_be_measured_is_said(ship: Ship) -> None:
    """Who is not there or is over is not measured, and why."""
    answer = measure(ship, "nobody", True)
    assert not answer.success
    assert answer.message == 'there is no deployment "nobody"; nothing is deployed'
    ship.deploy(manifest=package("quiet", sleeper()))
    answer = measure(ship, "nobody", True)
    assert not answer.success and answer.message.endswith("there are: quiet")
    answer = measure(ship, "quiet", True)
    assert answer.success and answer.message == "quiet is measured: 0 topics at the moment"
    ship.deprovision("quiet")
    answer = measure(ship, "quiet", True)
    assert not answer.success and answer.message == "quiet is over: there is nothing to measure"


@pytest.mark.parametrize(
    ("parameters", "why"),
    [({"graph": False}, '"graph" is false'), ({"graph_rates_budget": 0.0}, '"graph_rates_budget" is 0')],
)
def test_measuring_can_be_forbidden(
    make_ship: Callable[..., Ship], parameters: dict[str, Any], why: str
) -> None:
    """Without the graph, and without a budget, nothing is measured, and why."""
    # A list of no names, as it has to be written in a parameter file.
    ship = make_ship(parameters={"graph_rates": [""], **parameters})
    ship.deploy(manifest=package("quiet", sleeper()))
    answer = measure(ship, "quiet", True)
    assert not answer.success and why in answer.message
