"""Goals that are wrong: each is refused at once, says what is wrong, and changes nothing."""

import json
from pathlib import Path
from typing import Any

import pytest
from harness.manifests import package, sleeper
from harness.outcomes import refused
from harness.ports import a_free_port
from harness.ship import Ship
from shipmate.action import Deprovision
from shipmate.msg import ComponentTarget

# A package that everything can be asked of.
TURTLE = package(
    "turtle",
    sleeper(),
    parameters={
        "turtle": {"type": "string", "required": True},
        "speed": {"type": "number", "default": 0.5},
    },
)
SET = {"turtle": "turtle_0"}

WRONG_GOALS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "unknown package": ({"package": "turtel"}, ["turtel", 'did you mean "turtle"?']),
    "unknown version": ({"package": "turtle", "version": "^2"}, ["^2", "1.0.0"]),
    "no version": ({"package": "turtle", "version": "newest"}, ["newest"]),
    "neither package nor manifest": ({}, ["`package`", "`manifest`"]),
    "both package and manifest": (
        {"package": "turtle", "manifest": TURTLE},
        ["`package`", "`manifest`", "set one of them"],
    ),
    "name with a space": (
        {"package": "turtle", "parameters": SET, "name": "My Turtle"},
        ["My Turtle", '"my-turtle" would do'],
    ),
    "missing parameter": ({"package": "turtle"}, ["`turtle` (string) is required"]),
    "parameter of the wrong type": (
        {"package": "turtle", "parameters": {**SET, "speed": "fast"}},
        ["`speed`", "a number", "fast"],
    ),
    "unknown parameter": (
        {"package": "turtle", "parameters": {**SET, "sped": 1}},
        ["`sped`", "did you mean `speed`?"],
    ),
    "unknown target": (
        {
            "package": "turtle",
            "parameters": SET,
            "targets": [ComponentTarget(component="main", target="moon")],
        },
        ['"moon"', "local"],
    ),
    "unknown component": (
        {
            "package": "turtle",
            "parameters": SET,
            "targets": [ComponentTarget(component="mian", target="local")],
        },
        ['"mian"', "main"],
    ),
    "several packages": (
        {"manifest": f"{TURTLE}\n---\n{package('other', sleeper())}"},
        ["several packages", "register them"],
    ),
}


@pytest.mark.parametrize("what", WRONG_GOALS)
def test_a_wrong_goal_is_refused(ship: Ship, what: str) -> None:
    """The message names what is wrong and what would be right; there is no deployment."""
    goal, words = WRONG_GOALS[what]
    assert ship.client.register(TURTLE).success

    result = refused(ship, ship.client.deploy(**goal))

    for word in words:
        assert word in result.message
    nothing_happened(ship)


def test_everything_that_is_wrong_with_the_parameters_is_said_at_once(ship: Ship) -> None:
    """Three mistakes need one goal to be found."""
    ship.client.register(TURTLE)

    message = refused(ship, ship.client.deploy("turtle", {"speed": "fast", "sped": 1})).message

    assert "`turtle`" in message and "`speed`" in message and "`sped`" in message


def test_everything_that_is_wrong_with_a_manifest_is_said_at_once(ship: Ship) -> None:
    """Each problem has its line, its column and its key."""
    manifest = "\n".join(
        [
            "manifest: 1",
            "name: talker",
            "version: 1.0",
            "components:",
            "  - name: main",
            "    executables:",
            "      - name: talker",
            "        imge: ros:jazzy",
            "        restart: allways",
        ]
    )

    result = refused(ship, ship.client.deploy(manifest=manifest))

    problems = {it.path: (it.line, it.column, it.message) for it in result.problems}
    key = "components[0].executables[0]"
    assert problems["version"][:2] == (3, 10)
    assert problems[f"{key}.imge"][:2] == (8, 9)
    assert problems[f"{key}.restart"][:2] == (9, 18)
    assert "did you mean `image`?" in problems[f"{key}.imge"][2]
    assert "always, on-failure, never" in problems[f"{key}.restart"][2]
    nothing_happened(ship)


def test_the_problems_of_a_file_name_it(ship: Ship, tmp_path: Path) -> None:
    """Registering says of a file what deploying says of a text."""
    file = tmp_path / "shipmate.yaml"
    file.write_text("manifest: 1\nname: talker\nversion: 1.0.0\ncomponents: none\n")

    answer = ship.client.register(path=str(tmp_path))

    assert not answer.success
    (problem,) = answer.problems
    assert (problem.file, problem.line, problem.column) == (str(file), 4, 13)
    assert problem.path == "components"
    assert ship.client.packages() == []


def test_the_policy_refuses_by_name(ship: Ship) -> None:
    """Each thing that is beyond the policy is named, with the executable that wants it."""
    greedy = sleeper(
        "greedy",
        privileged=True,
        ipc="host",
        devices=["/dev/ttyUSB0"],
        capabilities=["SYS_ADMIN"],
        mounts=[{"source": "/etc", "target": "/data"}],
    )

    answer = refused(ship, ship.client.deploy(manifest=package("greedy", greedy)))

    for word in ("policy", "main/greedy", "privileged", "ipc", "/dev/ttyUSB0", "SYS_ADMIN", "/etc"):
        assert word in answer.message
    nothing_happened(ship)


def test_a_component_for_the_cloud_is_refused(ship: Ship) -> None:
    """There is no cluster yet, and shipmate says so instead of running it elsewhere."""
    manifest = json.loads(package("planner", sleeper()))
    manifest["components"][0]["runtime"] = "cloud"

    result = refused(ship, ship.client.deploy(manifest=json.dumps(manifest)))

    assert '"main"' in result.message and "cloud" in result.message
    nothing_happened(ship)


def test_a_name_that_is_taken_is_refused(ship: Ship) -> None:
    """The first deployment of that name is not touched, and the second is told whose it is."""
    first = ship.deploy(manifest=package("turtle", sleeper()))
    containers = ship.engine.containers()

    other = package("other", sleeper())
    result = refused(ship, ship.client.deploy(manifest=other, name="turtle"))

    assert '"turtle"' in result.message and first.id in result.message
    assert ship.engine.containers() == containers
    assert [it.id for it in ship.client.deployments(include_ended=True)] == [first.id]


def test_a_singleton_is_deployed_once(ship: Ship) -> None:
    """A second deployment is refused under any name, until the first is gone."""
    ship.client.register(package("base", sleeper(), singleton=True))
    ship.deploy("base")

    result = refused(ship, ship.client.deploy("base", name="second"))

    assert '"base"' in result.message and "singleton" in result.message
    ship.deprovision("base")
    ship.deploy("base", name="second")


def test_a_port_of_another_deployment_is_refused(ship: Ship) -> None:
    """The message names the port, and the endpoint and the deployment that have it."""
    port = a_free_port()
    ship.deploy(manifest=with_port("first", port))

    result = refused(ship, ship.client.deploy(manifest=with_port("second", port)))

    assert str(port) in result.message and '"web"' in result.message and '"first"' in result.message
    assert ship.engine.names() == [f"{ship.place.prefix}-first-main-sleeper"]


def with_port(name: str, port: int) -> str:
    """A package with a port on the machine."""
    endpoint = {"name": "web", "port": 8080, "external": True, "host_port": port}
    manifest = json.loads(package(name, sleeper()))
    manifest["components"][0]["endpoints"] = [endpoint]
    return json.dumps(manifest)


def test_stopping_what_does_not_exist_is_refused(ship: Ship) -> None:
    """The message says what there is."""
    ship.deploy(manifest=package("turtle", sleeper()))

    result = ship.client.deprovision("turtel").result()

    assert result.outcome == Deprovision.Result.OUTCOME_REFUSED
    assert "turtel" in result.message and "turtle" in result.message
    assert ship.get("turtle").status_name == "Running"


def nothing_happened(ship: Ship) -> None:
    """No deployment is known, no event was raised, no container was made."""
    assert ship.client.deployments(include_ended=True) == []
    assert ship.events.all() == []
    assert ship.engine.leftovers() == []
