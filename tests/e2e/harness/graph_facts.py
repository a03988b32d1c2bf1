"""What a dependency graph says, and what it has to say of a world, as facts that can be counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from shipmate.msg import DependencyGraph, GraphEdge, GraphNode

from .graph_world import Item, World

Facts = Counter[tuple[Any, ...]]

# What the test's own process and the world's process outside of any container are called in facts.
TEST, OUTSIDE = "(test)", "(outside)"
KINDS = {"publisher": "topic", "server": "service", "action_server": "action"}
OTHER_END = {"publisher": "subscription", "server": "client", "action_server": "action_client"}


@dataclass(frozen=True)
class End:
    """One end, and where it is."""

    node: str
    ros_node: str
    item: Item


def of_world(world: World, test_node: str) -> Facts:
    """What the graph has to say."""
    facts: Facts = Counter({("node", name): 1 for name in world.deployments})
    facts[("node", TEST)] += 1
    facts[("ros node", TEST, "", "", test_node)] += 1
    ends: list[End] = []
    for name, container in world.containers():
        for node in container.nodes():
            facts[("ros node", name, container.component, container.executable, node.name)] += 1
            ends += [End(name, node.name, it) for it in node.items if not it.hidden]
    if world.outside:
        facts[("node", OUTSIDE)] += 1
    for node in world.outside:
        facts[("ros node", OUTSIDE, "", "", node.name)] += 1
        ends += [End(OUTSIDE, node.name, it) for it in node.items if not it.hidden]
    for what in KINDS:
        offering = [it for it in ends if it.item.what == what]
        using = [it for it in ends if it.item.what == OTHER_END[what]]
        for source, from_ in _by_node(offering):
            for target, to in _by_node(using):
                for name in {it.item.name for it in from_} & {it.item.name for it in to}:
                    here = [it for it in from_ if it.item.name == name]
                    there = [it for it in to if it.item.name == name]
                    facts += _of_pair(KINDS[what], source, target, name, here, there)
    return facts


def _by_node(ends: list[End]) -> list[tuple[str, list[End]]]:
    ordered = sorted(ends, key=lambda it: it.node)
    return [(key, list(group)) for key, group in groupby(ordered, key=lambda it: it.node)]


def _of_pair(
    kind: str, source: str, target: str, name: str, offering: list[End], using: list[End]
) -> Facts:
    """An edge for each type at the source; who has a type that is not there is at each of them."""
    facts: Facts = Counter()
    types = {it.item.type for it in offering}
    for type_name in types:
        from_ = [it for it in offering if it.item.type == type_name]
        to = [it for it in using if it.item.type == type_name or it.item.type not in types]
        if not to:
            continue
        edge = (kind, source, target, name, type_name)
        facts[("edge", *edge)] += 1
        for side, all_ in (("source", from_), ("target", to)):
            for it in all_:
                qos = _qos(it.item.reliable, it.item.latched) if kind == "topic" else ""
                facts[("end", *edge, side, it.ros_node, it.item.type, qos)] += 1
        if OUTSIDE not in (source, target):
            flows = {_flows(kind, one.item, other.item) for one in from_ for other in to}
            word = "partly" if len(flows) > 1 else "yes" if True in flows else "no"
            facts[("flow", *edge, word)] += 1
    return facts


def _flows(kind: str, offer: Item, ask: Item) -> bool:
    if offer.type != ask.type:
        return False
    return kind != "topic" or (offer.reliable >= ask.reliable and offer.latched >= ask.latched)


def _qos(reliable: bool, latched: bool) -> str:
    return f"{'reliable' if reliable else 'best_effort'} {'transient_local' if latched else 'volatile'}"


def of_message(graph: DependencyGraph, test_process: int, outside_process: int | None) -> Facts:
    """What the graph says."""
    known = {str(test_process): TEST, str(outside_process): OUTSIDE}
    called = {it.id: _called(it, known) for it in graph.nodes}
    facts: Facts = Counter(("node", name) for name in called.values())
    for node in graph.nodes:
        for it in node.ros_nodes:
            facts[("ros node", called[node.id], it.component, it.executable, it.name)] += 1
    for edge in graph.edges:
        source, target = (called.get(it, f"no node has the id {it}") for it in (edge.source, edge.target))
        key = (edge.kind_name, source, target, edge.name, edge.type)
        facts[("edge", *key)] += 1
        facts += _of_ends(edge, key)
        if OUTSIDE not in (source, target):
            facts[("flow", *key, edge.flow_name)] += 1
    return facts


def _called(node: GraphNode, known: dict[str, str]) -> str:
    if node.kind == GraphNode.KIND_DEPLOYMENT:
        return node.name
    return known.get(node.process, f"external {node.name}")


def _of_ends(edge: GraphEdge, key: tuple[Any, ...]) -> Facts:
    facts: Facts = Counter()
    for side, ends in (("source", edge.source_endpoints), ("target", edge.target_endpoints)):
        # One that is listed twice is one.
        for it in {it.gid: it for it in ends}.values():
            qos = f"{it.reliability} {it.durability}" if edge.kind == GraphEdge.KIND_TOPIC else ""
            facts[("end", *key, side, it.ros_node, it.type, qos)] += 1
    return facts


@dataclass
class Score:
    """How many facts there were, had to be, and were right."""

    seen: int = 0
    wanted: int = 0
    right: int = 0

    def add(self, seen: Facts, wanted: Facts) -> None:
        """Count one comparison."""
        self.seen += seen.total()
        self.wanted += wanted.total()
        self.right += (seen & wanted).total()

    def figures(self) -> str:
        """Both figures, a line each."""
        precision = self.right / self.seen if self.seen else 0.0
        recall = self.right / self.wanted if self.wanted else 0.0
        return f"graph_precision {precision:.4f}\ngraph_recall {recall:.4f}"


def difference(seen: Facts, wanted: Facts) -> str:
    """What is missing, and what should not be there; empty when they are equal."""
    lines = [f"missing: {fact} x{count}" for fact, count in sorted((wanted - seen).items())]
    lines += [f"too much: {fact} x{count}" for fact, count in sorted((seen - wanted).items())]
    return "\n".join(lines)
