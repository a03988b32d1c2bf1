"""What a ROS user sees of the node: names, topics, parameters, log."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from demo_client import ANSWER_WITHIN_SECONDS, LATCHED, RosThread, look_until
from harness.manifests import package, sleeper
from harness.ship import CHANGE_WITHIN_SECONDS, Ship
from rcl_interfaces.msg import Log, ParameterType
from rclpy.parameter import Parameter
from rclpy.parameter_client import AsyncParameterClient
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from shipmate.msg import Deployment, DeploymentArray

END_WITHIN_SECONDS = 20.0
# What every node has, and what every robot has one of.
COMMON = {"/rosout", "/parameter_events", "/diagnostics"}
ROSOUT = QoSProfile(depth=1000, durability=DurabilityPolicy.TRANSIENT_LOCAL)


def names_of(ship: Ship, node: str, namespace: str) -> set[str]:
    """Every topic and service that a node offers."""
    graph = ship.ros.node

    def is_known() -> bool:
        return (node, namespace) in ship.ros.run(graph.get_node_names_and_namespaces)

    assert look_until(is_known, ANSWER_WITHIN_SECONDS), f"there is no node {node} in {namespace}"

    def ask() -> set[str]:
        topics = graph.get_publisher_names_and_types_by_node(node, namespace)
        services = graph.get_service_names_and_types_by_node(node, namespace)
        return {name for name, _ in [*topics, *services]}

    return ship.ros.run(ask)


def test_every_name_is_private_to_the_node(ship: Ship) -> None:
    """Only what all nodes have lies outside of ~/."""
    names = names_of(ship, "shipmate", "/")

    assert {"/shipmate/deployments", "/shipmate/events", "/shipmate/list_packages"} <= names
    assert "/shipmate/deploy/_action/send_goal" in names
    assert {it for it in names if not it.startswith("/shipmate/")} <= COMMON


def test_a_namespace_and_another_name_move_everything(make_ship: Callable[..., Ship]) -> None:
    """Several robots can run one each; the containers are called and labelled as ever."""
    remaps = ["-r", "__ns:=/robot_1", "-r", "__node:=captain"]
    ship = make_ship(remaps=remaps, name="/robot_1/captain")

    deployment = ship.deploy(manifest=package("arm", sleeper()))

    names = names_of(ship, "captain", "/robot_1")
    assert "/robot_1/captain/deployments" in names
    assert {it for it in names if not it.startswith("/robot_1/captain/")} <= COMMON
    (container,) = ship.engine.containers()
    assert container.name == f"{ship.place.prefix}-arm-main-sleeper"
    labels = ship.engine.inspect(container.id)["Config"]["Labels"]
    kept = {key.removeprefix("io.shipmate."): value for key, value in labels.items()}
    assert (kept["deployment"], kept["deployment-name"]) == (deployment.id, "arm")
    assert (kept["package"], kept["version"]) == ("arm", "1.0.0")
    assert (kept["component"], kept["executable"], kept["generation"]) == ("main", "sleeper", "1")


def test_two_nodes_side_by_side(make_ship: Callable[..., Ship]) -> None:
    """Each has its own deployments, though both are on one graph and one engine."""
    first = make_ship()
    second = make_ship(remaps=["-r", "__ns:=/other"], name="/other/shipmate", place=first.place)
    first.deploy(manifest=package("arm", sleeper()))

    assert [it.name for it in first.client.deployments()] == ["arm"]
    assert second.client.deployments() == []
    second.deploy(manifest=package("leg", sleeper()))
    first.deprovision("arm")
    assert second.get("leg").status == Deployment.STATUS_RUNNING
    assert first.engine.names() == [f"{first.place.prefix}-leg-main-sleeper"]


def test_who_comes_late_gets_the_deployments_at_once(make_ship: Callable[..., Ship]) -> None:
    """The topic is latched: that is all that there is when nothing is repeated for an hour."""
    ship = make_ship(parameters={"snapshot_period": 3600.0})
    ship.deploy(manifest=package("arm", sleeper()))

    with RosThread("late", ship.place.domain) as late:
        messages = late.listen(DeploymentArray, "/shipmate/deployments", LATCHED)
        latest = messages.wait_for(lambda it: True, CHANGE_WITHIN_SECONDS, "it gets something")

    assert [it.name for it in latest.deployments] == ["arm"]


def test_everything_is_repeated(ship: Ship) -> None:
    """A lossy link that is not latched catches up, although nothing changes."""
    ship.deploy(manifest=package("arm", sleeper()))
    qos = QoSProfile(depth=10, reliability=ReliabilityPolicy.BEST_EFFORT)
    messages = ship.ros.listen(DeploymentArray, "/shipmate/deployments", qos)

    messages.wait_until(lambda all_: len(all_) >= 3, CHANGE_WITHIN_SECONDS, "three come")
    full = messages.all()

    assert {tuple(it.name for it in message.deployments) for message in full[-2:]} == {("arm",)}
    stamps = [it.header.stamp.sec * 10**9 + it.header.stamp.nanosec for it in full]
    assert stamps == sorted(set(stamps))


def test_events_tell_a_life(ship: Ship) -> None:
    """Phases follow each other without a gap, from nothing to the end."""
    ship.deploy(manifest=package("arm", sleeper()))
    ship.deprovision("arm")
    stopped = Deployment.PHASE_DEPLOYMENT_STOPPED
    ship.events.wait_for(
        lambda it: not it.executable and it.phase == stopped, CHANGE_WITHIN_SECONDS, "it is stopped"
    )

    mine = [it for it in ship.events.all() if not it.executable]
    assert mine[0].previous_phase == mine[0].previous_status == 0
    for before, after in pairwise(mine):
        assert (after.previous_phase, after.previous_status) == (before.phase, before.status)
    phases = [it.phase_name for it in mine if it.phase != it.previous_phase]
    assert phases == ["In progress", "Provisioning", "Succeeded", "Deployment stopped"]


@pytest.mark.parametrize(
    ("remaps", "logger"),
    [([], "shipmate"), (["-r", "__ns:=/robot_1"], "robot_1.shipmate")],
)
def test_the_log_is_on_rosout(make_ship: Callable[..., Ship], remaps: list[str], logger: str) -> None:
    """What the node says to its terminal, the graph hears too, from the node's own logger."""
    ship = make_ship(remaps=remaps, name=f"/{logger.replace('.', '/')}")

    log = ship.ros.listen(Log, "/rosout", ROSOUT)

    def is_ready(line: Log) -> bool:
        return line.name == logger and line.msg == "ready"

    assert log.wait_for(is_ready, CHANGE_WITHIN_SECONDS, "it says that it is ready").level == Log.INFO
    assert len(list(filter(is_ready, log.all()))) == 1
    assert f"[{logger}]: ready" in ship.process.output()


class Parameters:
    """The node's parameters, as `ros2 param` sees them."""

    def __init__(self, ship: Ship) -> None:
        self._ros = ship.ros
        self._client = ship.ros.run(lambda: AsyncParameterClient(ship.ros.node, "/shipmate"))
        assert look_until(self._client.services_are_ready, ANSWER_WITHIN_SECONDS)

    def ask(self, method: str, *arguments: Any) -> Any:
        """Call one of the client's methods."""
        call = getattr(self._client, method)
        return self._ros.ask(lambda: call(*arguments), ANSWER_WITHIN_SECONDS, method)


def test_parameters_can_be_read(make_ship: Callable[..., Ship]) -> None:
    """All are listed, described with type and range, and have the value that they were given."""
    ship = make_ship(parameters={"history": 7})
    parameters = Parameters(ship)

    names = list(parameters.ask("list_parameters", [], 0).result.names)
    descriptors = parameters.ask("describe_parameters", names).descriptors
    types = list(parameters.ask("get_parameter_types", names).types)
    values = parameters.ask("get_parameters", names).values

    assert {"state_folder", "docker_host", "policy_file", "history", "pull_stall_timeout"} <= set(names)
    assert [it.name for it in descriptors] == names
    assert all(it.description and it.read_only for it in descriptors)
    assert [it.type for it in descriptors] == types == [it.type for it in values]
    by_name = dict(zip(names, zip(descriptors, values)))
    history, stall = by_name["history"], by_name["pull_stall_timeout"]
    assert history[1].integer_value == 7
    assert (history[0].integer_range[0].from_value, history[0].integer_range[0].to_value) == (0, 10_000)
    assert stall[0].floating_point_range[0].from_value == 1.0
    assert by_name["container_prefix"][1].string_value == ship.place.prefix


def test_parameters_that_do_not_exist(ship: Ship) -> None:
    """They have no value and no type, as with every node."""
    parameters = Parameters(ship)

    (value,) = parameters.ask("get_parameters", ["no_such_thing"]).values
    (kind,) = parameters.ask("get_parameter_types", ["no_such_thing"]).types

    assert value.type == kind == ParameterType.PARAMETER_NOT_SET


@pytest.mark.parametrize("method", ["set_parameters", "set_parameters_atomically"])
def test_parameters_cannot_be_set(ship: Ship, method: str) -> None:
    """The answer says why, and nothing changes."""
    parameters = Parameters(ship)

    answer = parameters.ask(method, [Parameter("history", value=3)])

    result = answer.results[0] if method == "set_parameters" else answer.result
    assert not result.successful
    assert "history" in result.reason
    assert parameters.ask("get_parameters", ["history"]).values[0].integer_value == 50


WRONG_SETTINGS = {
    "out of range": ({"history": -1}, ["history", "-1", "0 to 10000"]),
    "number out of range": ({"pull_stall_timeout": 0.0}, ["pull_stall_timeout", "1 to 86400"]),
    "wrong type": ({"history": "many"}, ["history", "a whole number"]),
    "text that is a number": ({"docker_host": 3}, ["docker_host", "a text"]),
    "prefix that Docker refuses": ({"container_prefix": "Ship Mate"}, ["container_prefix", "Ship Mate"]),
    "policy that is not there": ({"policy_file": "/no/such/policy.yaml"}, ["/no/such/policy.yaml"]),
    "folder that cannot be made": ({"state_folder": "/proc/no/such"}, ["/proc/no/such"]),
    "address of another kind": ({"docker_host": "ftp://robot"}, ["ftp://robot", "unix://"]),
}


@pytest.mark.parametrize("what", WRONG_SETTINGS)
def test_wrong_settings_end_the_node(make_ship: Callable[..., Ship], what: str) -> None:
    """It does not run with something else instead: it says what is wrong and what is allowed."""
    parameters, words = WRONG_SETTINGS[what]
    ship = make_ship(parameters=parameters, start=False)

    ship.process.start()
    code = ship.process.wait(END_WITHIN_SECONDS)

    assert code not in (None, 0)
    for word in words:
        assert word in ship.process.output()
    assert "panicked" not in ship.process.output()


def test_ros_arguments_that_make_no_sense_end_the_node(make_ship: Callable[..., Ship]) -> None:
    """With a message, not with a panic."""
    ship = make_ship(remaps=["-r", "no remapping"], start=False)

    ship.process.start()

    assert ship.process.wait(END_WITHIN_SECONDS) not in (None, 0)
    assert "ROS arguments" in ship.process.output()
    assert "panicked" not in ship.process.output()
