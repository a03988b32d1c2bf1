"""The dependency graph of random worlds is what these worlds are: nothing is missing, nothing too much.

SHIPMATE_GRAPH_WORLDS    how many worlds (3)
SHIPMATE_GRAPH_SEED      the seed of the first one; it is printed
SHIPMATE_GRAPH_AT_ONCE   how many at once (2)
"""

from __future__ import annotations

import copy
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from demo_client import LATCHED, Messages
from harness.graph_facts import Facts, Score, difference, of_message, of_world
from harness.graph_node import __file__ as NODE_PROGRAM
from harness.graph_world import Container, World, a_world, manifest
from harness.ship import CHANGE_WITHIN_SECONDS, Ship, a_ship
from shipmate.action import Deploy
from shipmate.msg import DependencyGraph
from std_msgs.msg import String

WORLDS = int(os.environ.get("SHIPMATE_GRAPH_WORLDS", "3"))
SEED = int(os.environ.get("SHIPMATE_GRAPH_SEED", "0")) or random.randrange(1, 1 << 30)
AT_ONCE = int(os.environ.get("SHIPMATE_GRAPH_AT_ONCE", "2"))
SETTLED_WITHIN_SECONDS = 90.0
END_WITHIN_SECONDS = 10.0


@dataclass
class Looker:
    """Compares the graph of one node with a world."""

    ship: Ship
    graphs: Messages
    outside: int | None
    score: Score
    problems: list[str]

    def seen(self, graph: DependencyGraph) -> Facts:
        """What a message says."""
        return of_message(graph, os.getpid(), self.outside)

    def settle(self, world: World, gone: set[str], what: str) -> DependencyGraph | None:
        """Wait until the latest graph is as the world is, and nobody of `gone` is in it."""
        wanted = of_world(world, "/test")

        def is_right(messages: Sequence[DependencyGraph]) -> bool:
            if not messages or gone & set(participants(messages[-1])):
                return False
            return self.seen(messages[-1]) == wanted

        try:
            self.graphs.wait_until(is_right, SETTLED_WITHIN_SECONDS, what)
        except TimeoutError:
            pass
        latest = (self.graphs.all() or [DependencyGraph()])[-1]
        seen = self.seen(latest)
        self.score.add(seen, wanted)
        old = gone & set(participants(latest))
        wrong = difference(seen, wanted) or (f"still there: {old}" if old else "")
        if wrong:
            self.problems.append(f"world {world.seed}, {what}:\n{wrong}")
        return latest


def participants(graph: DependencyGraph) -> dict[str, tuple[str, str, str]]:
    """The participants in containers: deployment, component and executable of each."""
    return {
        it.participant: (node.name, it.component, it.executable)
        for node in graph.nodes
        for it in node.ros_nodes
        if it.component
    }


@contextmanager
def outside(world: World, domain: int) -> Iterator[int | None]:
    """The world's process that is in no container; its number."""
    if not world.outside:
        yield None
        return
    told = Container("", "", "", [world.outside]).command()
    process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", sys.executable, NODE_PROGRAM, told],
        env={**os.environ, "ROS_DOMAIN_ID": str(domain)},
    )
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait(END_WITHIN_SECONDS)


def live(world: World, folder: Path, score: Score, problems: list[str]) -> None:
    """Deploy a world, kill some of it, take a part down; what was wrong of the graph meanwhile."""
    dice = random.Random(world.seed)
    with a_ship(folder) as ship, outside(world, ship.place.domain) as process:
        graphs = ship.ros.listen(DependencyGraph, "/shipmate/dependency_graph", LATCHED)
        looker = Looker(ship, graphs, process, score, problems)
        goals = {
            name: ship.client.deploy(manifest=manifest(name, containers))
            for name, containers in world.deployments.items()
        }
        for name, goal in goals.items():
            result = goal.result()
            assert result.outcome == Deploy.Result.OUTCOME_SUCCEEDED, f"{name}: {result.message}"
        graph = looker.settle(world, set(), "after its deployment")

        hit = dice.sample(world.containers(), dice.randint(1, 3))
        keys = {(name, it.component, it.executable) for name, it in hit}
        old = {it for it, key in participants(graph).items() if key in keys}
        for name, it in hit:
            container = f"{ship.place.prefix}-{name}-{it.component}-{it.executable}"
            if dice.random() < 0.7:
                ship.engine.kill(container)
            else:
                ship.engine.run("restart", "--time", "0", container)
        graph = looker.settle(world, old, f"after {sorted(keys)} were killed")

        if len(world.deployments) > 1:
            name = dice.choice(sorted(world.deployments))
            ship.deprovision(name)
            rest = copy.copy(world)
            rest.deployments = {key: it for key, it in world.deployments.items() if key != name}
            old = {it for it, key in participants(graph).items() if key[0] == name}
            looker.settle(rest, old, f"after {name} was taken down")


def test_another_publisher_of_the_same_node_is_seen(ship: Ship) -> None:
    """Nothing changes then but the number of ends: no node, no name, no type."""
    topic, node = "/said_twice", ship.ros.node
    graphs = ship.ros.listen(DependencyGraph, "/shipmate/dependency_graph", LATCHED)

    def wait_for_publishers(number: int) -> set[str]:
        def gids(messages: Sequence[DependencyGraph]) -> set[str] | None:
            edges = [it for it in (messages[-1].edges if messages else []) if it.name == topic]
            found = {end.gid for edge in edges for end in edge.source_endpoints}
            return found if len(found) == number else None

        what = f"{topic} has {number} publishers"
        return graphs.wait_until(gids, CHANGE_WITHIN_SECONDS, what) or set()

    ship.ros.run(lambda: node.create_subscription(String, topic, lambda _: None, 10))
    first = ship.ros.run(lambda: node.create_publisher(String, topic, 10))
    one = wait_for_publishers(1)
    ship.ros.run(lambda: node.create_publisher(String, topic, 10))
    both = wait_for_publishers(2)
    assert one < both
    ship.ros.run(lambda: node.destroy_publisher(first))
    assert wait_for_publishers(1) == both - one


# Their number decides how long they take; each wait has a deadline of its own.
@pytest.mark.timeout(120 + 240 * WORLDS)
def test_the_graph_of_random_worlds_is_what_they_are(tmp_path: Path) -> None:
    """Deployments, ROS nodes, edges, their ends and whether data flows: precision and recall are 1."""
    print(f"\nSHIPMATE_GRAPH_SEED={SEED}")
    score, began = Score(), time.monotonic()
    problems: list[str] = []

    def one(seed: int) -> None:
        folder = tmp_path / str(seed)
        folder.mkdir()
        try:
            live(a_world(seed), folder, score, problems)
        except Exception as error:  # what is known of the other worlds is told as well
            problems.append(f"world {seed}: {error}")

    with ThreadPoolExecutor(max(1, min(AT_ONCE, WORLDS))) as pool:
        list(pool.map(one, range(SEED, SEED + WORLDS)))
    print(f"graph_worlds {WORLDS}\n{score.figures()}")
    print(f"graph_worlds_took {time.monotonic() - began:.1f} s")
    assert not problems, "\n\n".join(problems)
