"""What the live dependency graph costs, beside asking every node through rclpy, as ROS' tools do.

Called by scripts/bench-graph.sh, which sets up the environment. For each size there are so many nodes
with five publishers and five subscriptions each; then something changes now and then. Ours is the time
on a processor of the whole shipmate process for one change, without what it takes while nothing
changes; rclpy's is that of one round of questions as rqt_graph asks them at each refresh: of each node
what it publishes, subscribes, serves and calls, and of each topic the quality of service at its ends.
Ours knows both, too. Both see the same graph at the same time.

    SHIPMATE_GRAPH_SIZES    how many nodes ("50 200 1000")
    SHIPMATE_GRAPH_ROUNDS   how many changes of each (10)
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "e2e"))

from demo_client import LATCHED, RosThread, look_until  # noqa: E402
from harness.place import tidy_up_after_killed_tests  # noqa: E402
from harness.ship import a_ship  # noqa: E402
from shipmate.msg import DependencyGraph  # noqa: E402
from std_msgs.msg import String  # noqa: E402

SIZES = [int(it) for it in os.environ.get("SHIPMATE_GRAPH_SIZES", "50 200 1000").split()]
ROUNDS = int(os.environ.get("SHIPMATE_GRAPH_ROUNDS", "10"))
EACH = 5
# Each process has to learn of every end of all others: with more of them, many nodes never come about.
MOST_PROCESSES = 5
IDLE_SECONDS = 10.0
IDLE_AT = 200
CHURN_AT = 50
CHURN_CHANGES = 300
MEGABYTE = 1 << 20
# The graph of many nodes takes its time to come about, on few processors.
THERE_WITHIN_SECONDS = 300.0
CHANGE_WITHIN_SECONDS = 120.0
# After a change nothing more happens that belongs to it.
CALM_SECONDS = 1.0
PROBE = "/the_probe_of_changes"

# Nodes FIRST to FIRST+COUNT of TOTAL: each subscribes to what the next one publishes.
NODES = """
import os, signal, sys
import rclpy
from std_msgs.msg import String
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda *_: os._exit(0))
first, count, total, each = map(int, sys.argv[1:])
rclpy.init(args=[], signal_handler_options=rclpy.signals.SignalHandlerOptions.NO)
kept = []
for i in range(first, first + count):
    node = rclpy.create_node(f"n{i}")
    of = lambda i: [f"/t{i % total}_{k}" for k in range(each)]
    kept += [node, [node.create_publisher(String, it, 10) for it in of(i)]]
    kept.append([node.create_subscription(String, it, lambda _: None, 10) for it in of(i + 1)])
signal.pause()
"""


@contextmanager
def nodes(count: int, domain: int) -> Iterator[None]:
    """So many nodes, in several processes."""
    with ExitStack() as stack:
        each = -(-count // MOST_PROCESSES)
        for first in range(0, count, each):
            here = min(each, count - first)
            numbers = [str(it) for it in (first, here, count, EACH)]
            process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", sys.executable, "-c", NODES, *numbers],
                env={**os.environ, "ROS_DOMAIN_ID": str(domain)},
                stderr=subprocess.DEVNULL,
            )
            stack.callback(process.wait, 10.0)
            stack.callback(process.kill)
        yield


class Graphs:
    """The graph's messages as they come: when, and whether the probe is in the latest. To read all of
    a large one would take Python longer than what is measured."""

    def __init__(self, ros: RosThread) -> None:
        self.count, self.size, self._probe, self._since = 0, 0, False, 0.0
        ros.run(
            lambda: ros.node.create_subscription(
                DependencyGraph, "/shipmate/dependency_graph", self._add, LATCHED, raw=True
            )
        )
        self.topics_of_nodes = 0

    def _add(self, message: bytes) -> None:
        now, probe = time.monotonic(), PROBE.encode() + b"\0" in message
        self.count, self.size = self.count + 1, len(message)
        self.topics_of_nodes = message.count(b"std_msgs/msg/String\0")
        if probe != self._probe:
            self._probe, self._since = probe, now

    def when(self, probe: bool) -> float:
        """Wait until the probe is in the latest message, or not; since when it is so."""
        if not look_until(lambda: self._probe == probe, CHANGE_WITHIN_SECONDS):
            raise TimeoutError(f"not within {CHANGE_WITHIN_SECONDS:g} s: a change is in the graph")
        return self._since


def by_thread(process: int) -> dict[tuple[str, str], float]:
    """The seconds that each thread of a process spent on a processor, by number and name."""
    spent = {}
    for thread in Path(f"/proc/{process}/task").iterdir():
        try:
            name = (thread / "comm").read_text().strip()
            spent[thread.name, name] = int((thread / "schedstat").read_text().split()[0]) / 1e9
        except OSError:  # it has just ended
            continue
    return spent


def since(before: dict[tuple[str, str], float], process: int) -> Counter[str]:
    """What threads have spent since then, by name; of those that have ended nothing is known."""
    spent: Counter[str] = Counter()
    for key, seconds in by_thread(process).items():
        spent[key[1]] += seconds - before.get(key, 0.0)
    return spent


def memory(process: int) -> float:
    """What a process takes, in megabytes."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MEGABYTE


class Asked(NamedTuple):
    """One round of questions through rclpy: seconds on a processor."""

    nodes: float
    """What each node publishes, subscribes, serves and calls, as `ros2 node info` has it."""
    rqt_graph: float
    """The same, and the quality of service of each end of each topic, which rqt_graph asks for at each refresh, to
    mark what does not match."""
    clock: float
    """All of it by the clock."""


def ask_every_node(ros: RosThread, size: int) -> Asked:
    """One round through rclpy."""
    cpu, began = time.thread_time(), time.monotonic()
    edges, published, subscribed = 0, set(), set()
    for name, namespace in ros.node.get_node_names_and_namespaces():
        try:
            for topics, ask in (
                (published, ros.node.get_publisher_names_and_types_by_node),
                (subscribed, ros.node.get_subscriber_names_and_types_by_node),
                (set(), ros.node.get_service_names_and_types_by_node),
                (set(), ros.node.get_client_names_and_types_by_node),
            ):
                found = ask(name, namespace)
                topics.update(topic for topic, _ in found)
                edges += len(found)
        except RuntimeError:  # it has gone
            continue
    nodes = time.thread_time() - cpu
    for topic in published:
        ros.node.get_publishers_info_by_topic(topic)
    for topic in subscribed:
        ros.node.get_subscriptions_info_by_topic(topic)
    if edges < 2 * EACH * size:
        raise RuntimeError(f"rclpy sees only {edges} ends of {size} nodes")
    return Asked(nodes, time.thread_time() - cpu, time.monotonic() - began)


def rest(process: int, what: Callable[[], int]) -> None:
    """Wait until nothing more comes and the process does nothing for a while."""
    deadline = time.monotonic() + CHANGE_WITHIN_SECONDS
    while time.monotonic() < deadline:
        before, count = by_thread(process), what()
        time.sleep(CALM_SECONDS * 2)
        if count == what() and since(before, process).total() < 0.05 * CALM_SECONDS * 2:
            return


def measure(size: int) -> None:
    """All figures of one size."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ship = stack.enter_context(a_ship(folder))
        other = stack.enter_context(RosThread("changing", ship.place.domain))
        graphs = Graphs(ship.ros)
        other.run(lambda: other.node.create_subscription(String, PROBE, lambda _: None, 10))
        stack.enter_context(nodes(size, ship.place.domain))
        process = ship.process.pid
        # Three types at each edge: its own, and those of its two ends.
        wanted = 3 * EACH * size
        began = time.monotonic()
        if not look_until(lambda: graphs.topics_of_nodes >= wanted, THERE_WITHIN_SECONDS):
            raise TimeoutError(f"{graphs.topics_of_nodes // 3} of {EACH * size} edges are there")
        print(f"# {size} nodes: complete after {time.monotonic() - began:.1f} s, {graphs.size} bytes", flush=True)
        rest(process, lambda: graphs.count)

        before, began = by_thread(process), time.monotonic()
        time.sleep(IDLE_SECONDS)
        idle = since(before, process).total() / (time.monotonic() - began)
        if size == IDLE_AT:
            print(f"graph_idle_cpu {100 * idle:.2f} %", flush=True)

        ours, theirs, updates = [], [], []
        where: Counter[str] = Counter()
        for _ in range(ROUNDS):
            before, began = by_thread(process), time.monotonic()
            publisher = other.run(lambda: other.node.create_publisher(String, PROBE, 10))
            if not look_until(lambda: ship.ros.node.count_publishers(PROBE) > 0, 10.0, lambda _: time.sleep(0.001)):
                raise TimeoutError("rclpy does not see the probe")
            seen = time.monotonic()
            updates.append((graphs.when(True) - seen) * 1000)
            time.sleep(CALM_SECONDS)
            spent = since(before, process)
            ours.append(spent.total() - idle * (time.monotonic() - began))
            where.update(spent)
            theirs.append(ask_every_node(ship.ros, size))
            other.run(lambda: other.node.destroy_publisher(publisher))
            graphs.when(False)
            rest(process, lambda: graphs.count)
        median = statistics.median
        rqt_graph = median(it.rqt_graph for it in theirs)
        print(
            f"# {size} nodes: ours {median(ours) * 1000:.1f} ms on a processor, rclpy as rqt_graph {rqt_graph * 1000:.1f} ms"
            f" ({median(it.clock for it in theirs) * 1000:.1f} ms by the clock), of that"
            f" {median(it.nodes for it in theirs) * 1000:.1f} ms without quality of service;"
            f" a change is shown after {median(updates):.1f} ms"
        )
        most = (f"{name} {1000 * it / ROUNDS:.1f} ms" for name, it in where.most_common(6))
        print(f"# {size} nodes: of that, by thread: {', '.join(most)}")
        print(f"graph_cpu_vs_rclpy_{size} {rqt_graph / max(median(ours), 1e-4):.2f}", flush=True)
        if size == CHURN_AT:
            print(f"graph_update_median {max(0.0, median(updates)):.1f} ms", flush=True)
            churn(other, process, graphs)


def churn(ros: RosThread, process: int, graphs: Graphs) -> None:
    """Publishers and nodes come and go; what that leaves."""

    def change() -> None:
        node = ros.run(lambda: __import__("rclpy").create_node("coming", context=ros.context))
        ros.run(lambda: node.create_publisher(String, PROBE, 10))
        # Not a wait for anything: it paces.
        time.sleep(0.03)
        ros.run(node.destroy_node)

    for _ in range(CHURN_CHANGES // 2):
        change()
    rest(process, lambda: graphs.count)
    before = memory(process)
    for _ in range(CHURN_CHANGES):
        change()
    rest(process, lambda: graphs.count)
    print(f"graph_churn_rss_growth {max(0.0, memory(process) - before):.1f} MB", flush=True)


def main() -> None:
    """Every size, one after the other."""
    # As fixtures do: what was begun is ended, also when this is told to end.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    tidy_up_after_killed_tests()
    for size in SIZES:
        measure(size)


if __name__ == "__main__":
    main()
