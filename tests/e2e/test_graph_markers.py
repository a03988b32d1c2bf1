"""The dependency graph for RViz: the topic ~/dependency_graph_markers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from demo_client import LATCHED, Messages
from harness.manifests import package, sleeper
from harness.ship import Ship
from visualization_msgs.msg import Marker, MarkerArray

SEEN_WITHIN_SECONDS = 40.0
TOPIC = "/shipmate/dependency_graph_markers"
RED = (0xD0, 0x31, 0x2D)


def listen(ship: Ship) -> Messages:
    """What is shown, the latest at once, as RViz listens."""
    return ship.ros.listen(MarkerArray, TOPIC, LATCHED)


def latest(messages: Messages, predicate: Callable[[list[Marker]], Any], what: str) -> list[Marker]:
    """The markers of the latest message, once it is as wanted."""

    def looked(all_: Any) -> list[Marker] | None:
        markers = list(all_[-1].markers) if all_ else []
        return markers if markers and predicate(markers) else None

    return messages.wait_until(looked, SEEN_WITHIN_SECONDS, what)


def of(markers: list[Marker], namespace: str) -> list[Marker]:
    """The markers of one namespace."""
    return [it for it in markers if it.ns == namespace]


def texts(markers: list[Marker]) -> list[str]:
    """What is written."""
    return sorted(it.text for it in of(markers, "texts"))


def box(markers: list[Marker], name: str) -> Marker:
    """The box that a deployment's name is written in."""
    (text,) = (it for it in of(markers, "texts") if it.text.startswith(f"{name}\n"))
    place = text.pose.position
    (found,) = (
        it
        for it in of(markers, "boxes")
        if (it.pose.position.x, it.pose.position.y) == (place.x, place.y)
    )
    return found


def colour(marker: Marker) -> tuple[int, ...]:
    """Red, green and blue up to 255."""
    return tuple(round(it * 255) for it in (marker.color.r, marker.color.g, marker.color.b))


def deploy_two(ship: Ship) -> None:
    """A deployment, and one that depends on it."""
    ship.deploy(manifest=package("map", sleeper()))
    ship.deploy(manifest=package("planner", sleeper(), depends_on={"map": {"version": "^1"}}))


def both_run(markers: list[Marker]) -> bool:
    """Whether both boxes are there with name, phase and status."""
    written = texts(markers)
    runs = [it for it in written if "Succeeded · Running" in it]
    return [it.split("\n")[0] for it in runs] == ["map", "planner"]


def test_boxes_texts_and_arrows(ship: Ship) -> None:
    """Each deployment is a box with its text, each relationship an arrow between boxes, flat on the map."""
    messages = listen(ship)
    deploy_two(ship)
    markers = latest(messages, both_run, "both are shown")

    first, *rest = markers
    assert first.action == Marker.DELETEALL
    assert all(it.action == Marker.ADD for it in rest)
    assert {it.header.frame_id for it in markers} == {"map"}
    names = [(it.ns, it.id) for it in rest]
    assert len(set(names)) == len(names)
    assert all(it.color.a == 1.0 for it in rest)

    map_box, planner_box = box(markers, "map"), box(markers, "planner")
    assert map_box.type == Marker.CUBE and min(map_box.scale.x, map_box.scale.y) > 0.1
    (head,) = of(markers, "arrows")
    (line,) = of(markers, "lines")
    assert head.type == Marker.ARROW and line.type == Marker.LINE_LIST
    assert colour(head) == colour(line) == RED
    # From the planner, which is above, to the map that it depends on.
    assert planner_box.pose.position.y > map_box.pose.position.y
    assert abs(head.points[-1].y - (map_box.pose.position.y + map_box.scale.y / 2)) < 0.01
    assert abs(line.points[0].y - (planner_box.pose.position.y - planner_box.scale.y / 2)) < 0.01
    assert len(line.points) % 2 == 0
    (label,) = (it for it in of(markers, "texts") if "^1" in it.text)
    assert label.type == Marker.TEXT_VIEW_FACING and label.scale.z > 0.05
    assert all(it.pose.position.z > map_box.pose.position.z for it in of(markers, "texts"))


def test_what_is_gone_is_shown_no_more(ship: Ship) -> None:
    """Every message begins with forgetting the last one, and the last one is there for who comes late."""
    messages = listen(ship)
    deploy_two(ship)
    latest(messages, both_run, "both are shown")
    ship.deprovision("planner")

    def alone(markers: list[Marker]) -> bool:
        names = [it.split("\n")[0] for it in texts(markers)]
        return "map" in names and "planner" not in names and not of(markers, "arrows")

    latest(messages, alone, "only one is shown")
    late = latest(listen(ship), alone, "who comes late is told the same")
    assert late[0].action == Marker.DELETEALL
    assert len(of(late, "boxes")) == len(of(late, "borders")) == len(texts(late))


def test_another_frame_or_none(make_ship: Callable[..., Ship]) -> None:
    """The frame is a parameter; without one there is no such topic."""
    with_frame = make_ship(parameters={"graph_markers_frame": "base_link"})
    with_frame.deploy(manifest=package("map", sleeper()))
    markers = latest(listen(with_frame), lambda it: of(it, "boxes"), "it is shown")
    assert {it.header.frame_id for it in markers} == {"base_link"}

    without = make_ship(parameters={"graph_markers_frame": "''"})
    topics = dict(without.ros.run(without.ros.node.get_topic_names_and_types))
    assert TOPIC not in topics and "/shipmate/dependency_graph" in topics
