"""How a Python program talks to shipmate: the demo and the end-to-end tests use this client.

Everything of ROS happens on one thread that spins; the methods here may be called from any other
thread, wait for what they need, and never longer than they are told.
"""

from __future__ import annotations

import concurrent.futures
import gc
import json
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import rclpy
from rclpy.action import ActionClient
from rclpy.action.client import ClientGoalHandle
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.signals import SignalHandlerOptions
from rclpy.task import Future
from shipmate.action import Deploy, Deprovision, FollowLogs
from shipmate.msg import Deployment, DeploymentArray, DeploymentEvent, Package, Parameter
from shipmate.srv import (
    GetDependencyGraph,
    GetDeployment,
    GetLogs,
    ListDeployments,
    ListErrorCodes,
    ListPackages,
    RegisterPackage,
    RemovePackage,
)

T = TypeVar("T")

# A client keeps ten answers by default; who sends fifty goals at once would lose some before reading them.
MANY_ANSWERS = QoSProfile(depth=1000)
ANSWER_WITHIN_SECONDS = 15.0
DEPLOY_WITHIN_SECONDS = 120.0
LOOK_EVERY_SECONDS = 0.05
# A question that changes nothing is asked again: DDS drops an answer while the node that was just
# started has not found the one that asks.
ASK_AGAIN_SECONDS = 5.0
ASK_TIMES = 6
MOST_MESSAGES = 100_000
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


class GoalRefused(Exception):
    """The action server did not take a goal."""


class Messages:
    """What came in so far, for threads that wait for something particular in it."""

    def __init__(self) -> None:
        self._messages: deque[Any] = deque(maxlen=MOST_MESSAGES)
        self._changed = threading.Condition()
        self._listener: Callable[[Any], object] | None = None

    def add(self, message: Any) -> None:
        """Append a message and wake who waits."""
        with self._changed:
            self._messages.append(message)
            if self._listener is not None:
                self._listener(message)
            self._changed.notify_all()

    def on_each(self, listener: Callable[[Any], object]) -> None:
        """Call `listener` with every message, those that came already first."""
        with self._changed:
            self._listener = listener
            for message in self._messages:
                listener(message)

    def all(self) -> list[Any]:
        """Every message so far, oldest first."""
        with self._changed:
            return list(self._messages)

    def wait_until(self, predicate: Callable[[Sequence[Any]], T], seconds: float, what: str) -> T:
        """What `predicate` says of all messages, once that is true; TimeoutError after `seconds`."""
        with self._changed:
            answer = self._changed.wait_for(lambda: predicate(self._messages), seconds)
            if not answer:
                latest = self._messages[-1] if self._messages else "nothing at all"
                raise TimeoutError(
                    f"not within {seconds:g} s: {what}. The latest message is: {latest}"
                )
            return answer

    def wait_for(self, predicate: Callable[[Any], Any], seconds: float, what: str) -> Any:
        """The first message, past or to come, of which `predicate` is true."""
        return self.wait_until(lambda all_: next(filter(predicate, all_), None), seconds, what)


class RosThread:
    """A ROS context with one node of its own, spun by a thread."""

    def __init__(self, name: str, domain_id: int | None = None) -> None:
        self.context = Context()
        rclpy.init(
            context=self.context,
            domain_id=domain_id,
            # Ctrl-C belongs to the program, which has more to tidy up than ROS.
            signal_handler_options=SignalHandlerOptions.NO,
        )
        self.node = Node(
            name, context=self.context, start_parameter_services=False, enable_rosout=False
        )
        self._executor = SingleThreadedExecutor(context=self.context)
        self._executor.add_node(self.node)
        self._thread = threading.Thread(target=self._spin, name=f"{name} spins", daemon=True)
        self._thread.start()

    def __enter__(self) -> RosThread:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _spin(self) -> None:
        try:
            self._executor.spin()
        except ExternalShutdownException:
            pass

    def close(self) -> None:
        """Leave the graph."""
        self._executor.shutdown(timeout_sec=5.0)
        self._thread.join(timeout=5.0)
        self.node.destroy_node()
        self.context.try_shutdown()
        # What still refers to the node in a circle would keep its DDS participant on the graph until Python
        # happens to look for circles.
        gc.collect()

    def run(self, function: Callable[[], T], seconds: float = ANSWER_WITHIN_SECONDS) -> T:
        """Do something on the thread that spins, where nothing of ROS can change meanwhile."""
        outcome: concurrent.futures.Future[T] = concurrent.futures.Future()
        self._executor.create_task(_settle, outcome, function)
        return _within(outcome, seconds, "the ROS thread is busy")

    def ask(self, begin: Callable[[], Future], seconds: float, what: str) -> Any:
        """Begin something that ROS answers later, and wait for the answer."""
        return _within(self.begin(begin), seconds, f"no answer: {what}")

    def begin(self, begin: Callable[[], Future]) -> concurrent.futures.Future[Any]:
        """Begin something that ROS answers later."""
        answer: concurrent.futures.Future[Any] = concurrent.futures.Future()
        self.run(lambda: begin().add_done_callback(lambda done: _settle(answer, done.result)))
        return answer

    def listen(self, message: type, topic: str, qos: QoSProfile | int = 100) -> Messages:
        """Everything that is published on a topic from now on (and what is latched there)."""
        messages = Messages()
        self.run(lambda: self.node.create_subscription(message, topic, messages.add, qos))
        return messages

    def action(self, kind: type, name: str, seconds: float = ANSWER_WITHIN_SECONDS) -> ActionClient:
        """A client of an action that somebody serves."""
        client = self.run(lambda: ActionClient(self.node, kind, name))
        if not look_until(client.server_is_ready, seconds):
            raise TimeoutError(f"not within {seconds:g} s: somebody serves {name}")
        return client


def look_until(
    predicate: Callable[[], bool], seconds: float, pace: Callable[[float], None] = time.sleep
) -> bool:
    """Whether `predicate` becomes true within `seconds`.

    For servers that appear: rclpy has nothing that wakes one then, so this looks now and then;
    `pace` waits in between, and may raise when waiting longer is of no use.
    """
    deadline = time.monotonic() + seconds
    while not predicate():
        if time.monotonic() > deadline:
            return False
        pace(LOOK_EVERY_SECONDS)
    return True


def _settle(outcome: concurrent.futures.Future[T], function: Callable[[], T]) -> None:
    """Put what a function returns or raises into a future."""
    try:
        outcome.set_result(function())
    except Exception as error:  # it is raised again where the outcome is waited for
        outcome.set_exception(error)


def _within(outcome: concurrent.futures.Future[T], seconds: float, what: str) -> T:
    try:
        return outcome.result(timeout=seconds)
    except concurrent.futures.TimeoutError:
        raise TimeoutError(f"not within {seconds:g} s: {what}") from None


class Goal:
    """A goal that was sent to an action: its feedback, and what becomes of it."""

    def __init__(
        self, ros: RosThread, client: ActionClient, goal: Any, what: str, again: bool = False
    ) -> None:
        """Send it; `again` when no answer comes, which is for goals that may come twice."""
        self._ros, self._what, self._again = ros, what, again
        self.feedback = Messages()
        self._send = lambda: ros.begin(
            lambda: client.send_goal_async(goal, lambda it: self.feedback.add(it.feedback))
        )
        self._handle: concurrent.futures.Future[ClientGoalHandle] = self._send()
        self._result: concurrent.futures.Future[Any] | None = None

    def handle(self, seconds: float = ANSWER_WITHIN_SECONDS) -> ClientGoalHandle:
        """The goal as the server answered it."""
        for _ in range(ASK_TIMES - 1 if self._again else 0):
            try:
                return _within(self._handle, ASK_AGAIN_SECONDS, self._what)
            except TimeoutError:
                self._handle = self._send()
        return _within(self._handle, seconds, f"no answer to the goal {self._what}")

    def accepted(self, seconds: float = ANSWER_WITHIN_SECONDS) -> bool:
        """Whether the server took the goal."""
        return self.handle(seconds).accepted

    def result(self, seconds: float = DEPLOY_WITHIN_SECONDS) -> Any:
        """The result message; TimeoutError when there is none within `seconds`."""
        return self._wrapped(seconds).result

    def status(self, seconds: float = DEPLOY_WITHIN_SECONDS) -> int:
        """How the goal ended, as in action_msgs/msg/GoalStatus."""
        return self._wrapped(seconds).status

    def _wrapped(self, seconds: float) -> Any:
        handle = self.handle()
        if not handle.accepted:
            raise GoalRefused(
                f"the goal {self._what!r} was refused; the log of who serves it says why"
            )
        if self._result is None:
            self._result = self._ros.begin(handle.get_result_async)
        return _within(self._result, seconds, f"no result of the goal {self._what}")

    def cancel(self, seconds: float = ANSWER_WITHIN_SECONDS) -> bool:
        """Ask for the goal to be cancelled; whether the server will."""
        begin = self.handle().cancel_goal_async
        answer = self._ros.ask(begin, seconds, f"cancel the goal {self._what}")
        return len(answer.goals_canceling) > 0


class Shipmate:
    """The node /shipmate: one method for each of its services and actions."""

    def __init__(self, ros: RosThread, name: str = "/shipmate") -> None:
        self._ros, self._name = ros, name
        self._clients: dict[type, Any] = {}
        ros.run(self._create_clients)

    def _create_clients(self) -> None:
        node = self._ros.node
        for kind, name in {
            RegisterPackage: "register_package",
            RemovePackage: "remove_package",
            ListPackages: "list_packages",
            ListDeployments: "list_deployments",
            GetDeployment: "get_deployment",
            GetDependencyGraph: "get_dependency_graph",
            GetLogs: "get_logs",
            ListErrorCodes: "list_error_codes",
        }.items():
            self._clients[kind] = node.create_client(kind, f"{self._name}/{name}")
        for action, name in {
            Deploy: "deploy",
            Deprovision: "deprovision",
            FollowLogs: "follow_logs",
        }.items():
            self._clients[action] = ActionClient(
                node,
                action,
                f"{self._name}/{name}",
                goal_service_qos_profile=MANY_ANSWERS,
                result_service_qos_profile=MANY_ANSWERS,
                feedback_sub_qos_profile=MANY_ANSWERS,
            )

    def _ready(self) -> bool:
        actions = (
            it.server_is_ready() for it in self._clients.values() if isinstance(it, ActionClient)
        )
        services = (
            it.service_is_ready()
            for it in self._clients.values()
            if not isinstance(it, ActionClient)
        )
        return all(services) and all(actions)

    def wait_until_ready(self, seconds: float, pace: Callable[[float], None] = time.sleep) -> bool:
        """Whether the node offers everything within `seconds`, and answers; `pace` as in look_until."""
        if not look_until(self._ready, seconds, pace):
            return False
        self.deployments()
        return True

    def call(self, request: Any, kind: type, seconds: float = ANSWER_WITHIN_SECONDS) -> Any:
        """Call one of the services."""
        client = self._clients[kind]
        return self._ros.ask(lambda: client.call_async(request), seconds, client.srv_name)

    def _read(self, request: Any, kind: type) -> Any:
        """Call a service that changes nothing, and again when its answer is lost."""
        for _ in range(ASK_TIMES - 1):
            try:
                return self.call(request, kind, ASK_AGAIN_SECONDS)
            except TimeoutError:
                continue
        return self.call(request, kind, ASK_AGAIN_SECONDS)

    def register(
        self, manifest: str = "", path: str = "", replace: bool = False
    ) -> RegisterPackage.Response:
        """Put packages into the catalogue."""
        request = RegisterPackage.Request(manifest=manifest, path=path, replace=replace)
        return self.call(request, RegisterPackage)

    def remove(self, name: str, version: str = "") -> RemovePackage.Response:
        """Take packages out of the catalogue."""
        return self.call(RemovePackage.Request(name=name, version=version), RemovePackage)

    def packages(self, name: str = "") -> list[Package]:
        """The catalogue."""
        return list(self._read(ListPackages.Request(name=name), ListPackages).packages)

    def deployments(self, include_ended: bool = False) -> list[Deployment]:
        """The deployments that live, or all that are known."""
        request = ListDeployments.Request(include_ended=include_ended)
        return list(self._read(request, ListDeployments).deployments)

    def get(self, deployment: str) -> GetDeployment.Response:
        """One deployment, by id or name."""
        return self._read(GetDeployment.Request(deployment=deployment), GetDeployment)

    def graph(self, **fields: Any) -> GetDependencyGraph.Response:
        """Who depends on whom, and who talks to whom; `fields` are those of the request."""
        return self._read(GetDependencyGraph.Request(**fields), GetDependencyGraph)

    def deploy(
        self, package: str = "", parameters: dict[str, object] | None = None, **fields: Any
    ) -> Goal:
        """Send a deploy goal; `fields` are the other fields of shipmate/action/Deploy."""
        # JSON is YAML, and keeps a text of digits apart from a number.
        values = [
            Parameter(name=key, value=json.dumps(it)) for key, it in (parameters or {}).items()
        ]
        # The same request joins what it made before, so that it may be sent twice.
        fields.setdefault("request_id", f"client-{uuid.uuid4()}")
        goal = Deploy.Goal(package=package, parameters=values, **fields)
        what = f"deploy {package}".strip()
        return Goal(self._ros, self._clients[Deploy], goal, what, again=True)

    def deprovision(self, deployment: str, **fields: Any) -> Goal:
        """Send a deprovision goal; `fields` are the other fields of shipmate/action/Deprovision.

        With `with_dependents` those that depend on it go first, with `force` they stay without it;
        `dry_run` only says what would be stopped and what others would lose.
        """
        goal = Deprovision.Goal(deployment=deployment, **fields)
        what = f"deprovision {deployment}"
        return Goal(self._ros, self._clients[Deprovision], goal, what, again=True)

    def get_logs(self, deployment: str, **fields: Any) -> GetLogs.Response:
        """What a deployment wrote; `fields` are the other fields of shipmate/srv/GetLogs."""
        return self.call(GetLogs.Request(deployment=deployment, **fields), GetLogs)

    def follow_logs(self, deployment: str, **fields: Any) -> Goal:
        """Send a goal to follow what a deployment writes; `fields` as in the action."""
        goal = FollowLogs.Goal(deployment=deployment, **fields)
        return Goal(self._ros, self._clients[FollowLogs], goal, f"follow {deployment}")

    def error_codes(self, *codes: str) -> ListErrorCodes.Response:
        """What these error codes mean, or all of them."""
        return self._read(ListErrorCodes.Request(codes=list(codes)), ListErrorCodes)

    def listen_to_deployments(self) -> Messages:
        """The topic ~/deployments: DeploymentArray, the latest one at once."""
        return self._ros.listen(DeploymentArray, f"{self._name}/deployments", LATCHED)

    def listen_to_events(self) -> Messages:
        """The topic ~/events: DeploymentEvent, those from now on."""
        return self._ros.listen(DeploymentEvent, f"{self._name}/events", 1000)
