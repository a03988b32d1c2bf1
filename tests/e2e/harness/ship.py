"""A node under test with everything around it, and the ways to ask it things."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from demo_client import Goal, Messages, RosThread, Shipmate, look_until
from shipmate.action import Deploy, Deprovision
from shipmate.msg import Deployment

from .engine import Engine
from .place import Place, a_place
from .process import REPOSITORY, NodeProcess

READY_WITHIN_SECONDS = 20.0
CHANGE_WITHIN_SECONDS = 30.0
ANSWER_WITHIN_SECONDS = 15.0
BASE_IMAGE = "shipmate/ros:local"
EXAMPLES = REPOSITORY / "examples"


@dataclass
class Ship:
    """One node, its ROS graph, its containers and a client of it."""

    place: Place
    folder: Path
    engine: Engine
    process: NodeProcess
    ros: RosThread
    client: Shipmate
    deployments: Messages = field(init=False)
    events: Messages = field(init=False)

    def __post_init__(self) -> None:
        self.deployments = self.client.listen_to_deployments()
        self.events = self.client.listen_to_events()

    def start(self, **environment: str) -> None:
        """Start the node, with more variables than usual, and wait until it can be asked things."""
        self.process.start(**environment)
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Wait until the node offers everything on the graph."""
        if not self.client.wait_until_ready(READY_WITHIN_SECONDS, self.process.pace):
            raise TimeoutError(f"the node is not ready after {READY_WITHIN_SECONDS:g} s")

    def ask(self, kind: type, name: str, **fields: Any) -> Any:
        """Call a service of the node that may be called again."""
        client = self.ros.run(lambda: self.ros.node.create_client(kind, f"/shipmate/{name}"))
        assert look_until(client.service_is_ready, ANSWER_WITHIN_SECONDS)
        begin = lambda: client.call_async(kind.Request(**fields))  # noqa: E731
        for _ in range(3):
            try:
                return self.ros.ask(begin, 5.0, name)
            except TimeoutError:
                continue
        return self.ros.ask(begin, ANSWER_WITHIN_SECONDS, name)

    def deploy(self, package: str = "", **fields: Any) -> Deployment:
        """Deploy something that has to succeed."""
        result: Deploy.Result = self.client.deploy(package, **fields).result()
        problems = [f"{it.line}:{it.column}: {it.path}: {it.message}" for it in result.problems]
        said = f"{result.message} {problems} {result.deployment}"
        assert result.outcome == Deploy.Result.OUTCOME_SUCCEEDED, said
        return result.deployment

    def deprovision(self, deployment: str) -> Deployment:
        """Take down something that has to be gone afterwards."""
        result: Deprovision.Result = self.client.deprovision(deployment).result()
        said = f"{result.message} {result.deployment}"
        assert result.outcome == Deprovision.Result.OUTCOME_STOPPED, said
        return result.deployment

    def get(self, deployment: str) -> Deployment:
        """A deployment that has to be known."""
        answer = self.client.get(deployment)
        assert answer.success, answer.message
        return answer.deployment

    def wait_until(
        self,
        name: str,
        predicate: Callable[[Deployment], Any],
        what: str,
        seconds: float = CHANGE_WITHIN_SECONDS,
    ) -> Deployment:
        """The deployment of that name, once the topic ~/deployments shows it as wanted.

        Only the latest message counts: what was true a while ago does not end the wait.
        """

        def latest(messages: Any) -> Deployment | None:
            now = messages[-1].deployments if messages else []
            return next((it for it in now if it.name == name and predicate(it)), None)

        return self.deployments.wait_until(latest, seconds, f"{name}: {what}")


@contextmanager
def a_ship(
    folder: Path,
    parameters: Mapping[str, object] | None = None,
    remaps: list[str] | None = None,
    name: str = "/shipmate",
    place: Place | None = None,
    start: bool = True,
    program: str = "",
    docker_host: str | None = None,
) -> Iterator[Ship]:
    """A started node in a place of its own; nothing of it is left behind.

    `parameters` are ROS parameters beside those that keep it apart from other tests, `remaps` are
    further arguments after --ros-args, and `name` is where its client looks for it then. `program` is
    the node's own if it is not said. With `docker_host` it has an engine of its own, which takes its
    containers with it when it goes.
    """
    with ExitStack() as stack:
        place = place or stack.enter_context(a_place())
        engine = Engine(place.prefix, docker_host)
        parameters = {**(parameters or {}), **({"docker_host": docker_host} if docker_host else {})}
        process = NodeProcess(
            _arguments(folder, place, parameters, remaps or []),
            {"ROS_DOMAIN_ID": str(place.domain)},
            folder / "node.log",
            program,
        )
        # In the reverse of this order, each even when the one before it fails: the node is made to
        # end, then its containers are removed, or it would start them again.
        if docker_host is None:
            stack.callback(engine.remove_everything)
        stack.callback(lambda: print(f"----- the node's log\n{process.output()}"))
        stack.callback(process.tidy_up)
        ros = stack.enter_context(RosThread("test", place.domain))
        ship = Ship(place, folder, engine, process, ros, Shipmate(ros, name))
        if start:
            ship.start()
        yield ship


def _arguments(
    folder: Path, place: Place, parameters: Mapping[str, object], remaps: list[str]
) -> list[str]:
    settings: dict[str, object] = {
        "state_folder": folder / "state",
        "container_prefix": place.prefix,
        **parameters,
    }
    values = [part for key, value in settings.items() for part in ("-p", f"{key}:={value}")]
    return ["--ros-args", *values, *remaps]


def goal_names(goal: Goal) -> list[str]:
    """The phases that a deploy or deprovision goal went through, without repetitions."""
    names = [it.deployment.phase_name for it in goal.feedback.all()]
    return [it for index, it in enumerate(names) if index == 0 or names[index - 1] != it]
