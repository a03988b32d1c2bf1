"""The three packages of the demo, two of which need the first."""

import subprocess

import pytest
from demo_client import Goal, look_until
from harness.place import only_one
from harness.process import REPOSITORY
from harness.ship import EXAMPLES, Ship
from shipmate.action import Deprovision
from shipmate.msg import Deployment
from turtle_interfaces.action import Goto
from turtle_interfaces.msg import Pose, Sensors

PACKAGES = ("simulator", "command_center", "turtle")
DATA_WITHIN_SECONDS = 30.0
# A first goal or its answer may be lost while nodes find each other; it is sent again.
ARRIVES_WITHIN_SECONDS = 90.0


@pytest.fixture(scope="module", autouse=True)
def images() -> None:
    """Build the demo's images, which takes a moment only when they have changed."""
    with only_one("demo-images"):
        subprocess.run([REPOSITORY / "scripts" / "demo.sh", "images"], check=True, timeout=120)


def deploy_the_demo(ship: Ship) -> None:
    """Register the three packages from their folders, and deploy them: first what the others need."""
    for package in PACKAGES:
        answer = ship.client.register(path=str(EXAMPLES / package))
        assert answer.success, f"{answer.message} {answer.problems}"
    needed, *others = PACKAGES
    ship.deploy(needed)
    for goal in [ship.client.deploy(package) for package in others]:
        result = goal.result()
        assert result.deployment.phase == Deployment.PHASE_SUCCEEDED, result.message


def test_the_demo_says_its_poses_and_drives(ship: Ship) -> None:
    """Every arrow of the demo's figure carries data, seen from outside of the containers."""
    poses = ship.ros.listen(Pose, "/sim/pose")
    sensors = ship.ros.listen(Sensors, "/sim/sensors")
    deploy_the_demo(ship)

    # The command center has called the simulator: without that, there is no such turtle.
    poses.wait_for(lambda it: it.turtle == "turtle_0", DATA_WITHIN_SECONDS, "turtle_0 is simulated")
    sensors.wait_for(lambda it: it.turtle == "turtle_0", DATA_WITHIN_SECONDS, "turtle_0 senses")
    # It sends goals to the turtle too, and has it put to where the goal was.
    at_goal = "the command center sent the turtle to its first waypoint"
    poses.wait_for(
        lambda it: (it.x - 2.0) ** 2 + (it.y - 2.0) ** 2 < 0.1, ARRIVES_WITHIN_SECONDS, at_goal
    )
    assert drive(ship, 5.0, 5.0).success


def drive(ship: Ship, x: float, y: float) -> Goto.Result:
    """Send the turtle somewhere, among the command center's own goals."""
    client = ship.ros.action(Goto, "/turtle_0/goto_action", DATA_WITHIN_SECONDS)
    goal = Goal(ship.ros, client, Goto.Goal(x=x, y=y), "goto")
    return goal.result(DATA_WITHIN_SECONDS)


def test_the_demo_is_drawn(ship: Ship) -> None:
    """Every arrow of the demo's figure is in the picture, with its name and in its colour."""
    deploy_the_demo(ship)
    names = ("/sim/pose", "/sim/sensors", "/turtle_0/goto_action", "/sim/teleport_turtle")
    answers = []

    def is_drawn() -> bool:
        answers.append(ship.client.graph(ros_details=True, without_external=True, format="svg"))
        return all(f">{name}<" in answers[-1].text for name in names)

    assert look_until(is_drawn, DATA_WITHIN_SECONDS), answers[-1]
    picture = answers[-1].text
    red, green, pink, yellow = "#d0312d", "#2e8b3d", "#d6529c", "#c99700"
    assert all(f'stroke="{it}"' in picture for it in (red, green, pink, yellow))
    assert all(f">{it} " in picture or f">{it}<" in picture for it in PACKAGES)
    assert picture.count("Succeeded · Running</text>") == len(PACKAGES)


def test_the_demo_comes_down(ship: Ship) -> None:
    """What is needed goes last, and only when it is asked for with those that need it."""
    deploy_the_demo(ship)
    bound = {it.name: [d.deployment_name for d in it.dependencies] for it in ship.client.deployments()}
    assert bound == {"simulator": [], "command_center": ["simulator"], "turtle": ["simulator"]}
    refused = ship.client.deprovision("simulator").result()
    assert refused.outcome == Deprovision.Result.OUTCOME_REFUSED
    assert "command_center" in refused.message and "turtle" in refused.message

    result = ship.client.deprovision("simulator", with_dependents=True).result()
    assert result.deployment.phase == Deployment.PHASE_DEPLOYMENT_STOPPED
    assert ship.client.deployments() == []
    assert ship.engine.leftovers() == []
