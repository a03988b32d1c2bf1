"""A ROS node for the tests: what it does is said on its command line, one word each.

    peer.py NAMESPACE NAME topic:/scan@20 qos:/scan service:/home action:/move lifecycle failing bare
    peer.py NAMESPACE NAME many:50
    peer.py NAMESPACE NAME working:/move goal:/move
    peer.py NAMESPACE NAME churn:SEED

A `working` action server takes goals and reaches them when the process gets SIGUSR1; `goal` sends it one. To `churn` is to
create and destroy publishers, subscriptions, services, clients and nodes, some of them of the same name; the node
`churned_SEED` comes last of all.

It writes `ready` when all of that is there, and ends when its input does.
"""

from __future__ import annotations

import random
import signal
import sys
import threading
import time

import rclpy
from rclpy.action import ActionClient, ActionServer
from rclpy.duration import Duration
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, LivelinessPolicy, QoSProfile, ReliabilityPolicy
from shipmate.action import Deploy
from std_msgs.msg import String
from std_srvs.srv import Trigger


# That of a `qos` publisher: nothing in it is a default.
QUALITY = QoSProfile(
    depth=7,
    reliability=ReliabilityPolicy.BEST_EFFORT,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
    deadline=Duration(seconds=1.5),
    lifespan=Duration(seconds=2.5),
    liveliness=LivelinessPolicy.MANUAL_BY_TOPIC,
    liveliness_lease_duration=Duration(seconds=3.0),
)
WORK_IS_DONE = threading.Event()


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


def work(goal: object) -> Deploy.Result:
    """Reach a goal when it is told to."""
    WORK_IS_DONE.wait(60)
    goal.succeed()
    return Deploy.Result()


def talker(name: str) -> tuple[object, ...]:
    """One more node, which publishes a topic of its own and listens to another one."""
    node = Node(name)
    return node, node.create_publisher(String, f"{name}/said", 10), node.create_subscription(String, "heard", print, 10)


def churn(seed: str) -> object:
    """Change one thing after the other; what is left."""
    choose = random.Random(seed)
    nodes, kept = {}, []

    def begin() -> None:
        node = Node(f"churning_{choose.randrange(3)}", start_parameter_services=choose.random() < 0.3)
        nodes[node] = True

    def create() -> None:
        node, kind, name = choose.choice(list(nodes)), choose.randrange(4), f"/churned_{choose.randrange(4)}"
        match kind:
            case 0:
                thing = node.create_publisher(String, name, 10)
            case 1:
                thing = node.create_subscription(String, name, print, 10)
            case 2:
                thing = node.create_service(Trigger, name, lambda _request, response: response)
            case _:
                thing = node.create_client(Trigger, name)
        kept.append((node, kind, thing))

    def destroy() -> None:
        if not kept:
            return
        node, kind, thing = kept.pop(choose.randrange(len(kept)))
        end = (node.destroy_publisher, node.destroy_subscription, node.destroy_service, node.destroy_client)
        end[kind](thing)

    def end() -> None:
        node = choose.choice(list(nodes))
        del nodes[node]
        kept[:] = [it for it in kept if it[0] is not node]
        node.destroy_node()

    begin()
    for _ in range(120):
        act = choose.choices([begin, create, destroy, end], [1, 6, 3, 1])[0]
        if act is not end or len(nodes) > 1:
            act()
        # Some changes come one by one, others at once.
        if choose.random() < 0.3:
            time.sleep(choose.random() * 0.1)
    return nodes, kept, Node(f"churned_{seed}", start_parameter_services=False)


def equip(node: Node, word: str) -> object:
    """What a word stands for; it lives as long as what is returned."""
    kind, _, what = word.partition(":")
    match kind:
        case "topic":
            topic, _, rate = what.partition("@")
            publisher = node.create_publisher(String, topic, 10)
            timer = node.create_timer(1 / float(rate), lambda: publisher.publish(String(data="x")))
            return publisher, timer
        case "qos":
            return node.create_publisher(String, what, QUALITY)
        case "service":
            return node.create_service(Trigger, what, lambda _request, response: response)
        case "client":
            return node.create_client(Trigger, what)
        case "action":
            return ActionServer(node, Deploy, what, lambda _goal: Deploy.Result())
        case "many":
            return [talker(f"{node.get_name()}_{i}") for i in range(1, int(what))]
        case "working":
            return ActionServer(node, Deploy, what, work)
        case "churn":
            return churn(what)
        case "goal":
            return ActionClient(node, Deploy, what)
        case _:
            return None


def main() -> None:
    """One node, until the input ends."""
    namespace, name, *words = sys.argv[1:]
    signal.signal(signal.SIGUSR1, lambda _number, _frame: WORK_IS_DONE.set())
    rclpy.init(args=[])
    node = make(namespace, name, words)
    things = [equip(node, word) for word in words]
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    spinning = threading.Thread(target=executor.spin, daemon=True)
    spinning.start()
    for client in things:
        if isinstance(client, ActionClient):
            client.wait_for_server()
            client.send_goal_async(Deploy.Goal())
    print("ready", flush=True)
    sys.stdin.read()
    WORK_IS_DONE.set()
    executor.shutdown()
    spinning.join()
    del things
    node.destroy_node()
    rclpy.shutdown()


if __name__ == "__main__":
    main()
