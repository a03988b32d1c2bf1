"""A deployment is changed in place: what differs is replaced, all else runs on, and what fails comes back."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from action_msgs.msg import GoalStatus
from demo_client import Goal
from harness.again import a_new_client
from harness.manifests import executable, package, sleeper
from harness.outcomes import refused
from harness.output import wait_for_output
from harness.ports import a_taken_port
from harness.ship import BASE_IMAGE, Ship, goal_names
from shipmate.action import Deploy, Deprovision
from shipmate.msg import Deployment

# Serves the action /drive, whose goals end when there is a file /tmp/arrived.
DRIVER = """
import os, signal, sys, time
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda *_: sys.exit(0))
import rclpy
from rclpy.action import ActionServer
from shipmate.action import Deprovision as Drive
rclpy.init()
node = rclpy.create_node("driver")
def drive(goal):
    print("drives", flush=True)
    while not os.path.exists("/tmp/arrived"):
        time.sleep(0.05)
    goal.succeed()
    return Drive.Result()
server = ActionServer(node, Drive, "drive", drive)
print("serves", flush=True)
rclpy.spin(node)
"""


def robot(version: str, *executables: dict[str, Any], **more: Any) -> str:
    """A package `robot` of this version."""
    return json.dumps({**json.loads(package("robot", *executables, **more)), "version": version})


def update(ship: Ship, **fields: Any) -> Goal:
    """Send a goal that changes the deployment `robot`."""
    fields.setdefault("name", "robot")
    return ship.client.deploy(replace=True, **fields)


def updated(goal: Goal) -> Deployment:
    """The deployment after an update that has to succeed."""
    result: Deploy.Result = goal.result()
    assert result.outcome == Deploy.Result.OUTCOME_SUCCEEDED, result.message
    return result.deployment


def rolled_back(ship: Ship, goal: Goal) -> Deploy.Result:
    """The result of an update after which all is as before."""
    result: Deploy.Result = goal.result()
    assert result.outcome == Deploy.Result.OUTCOME_ROLLED_BACK, result
    assert result.message and "failed" in result.message
    shown = ship.wait_until("robot", lambda it: it.status_name == "Running", "it is as before")
    assert (shown.phase_name, shown.version) == ("Succeeded", "1.0.0")
    return result


def ids(deployment: Deployment) -> dict[str, str]:
    """The container of each executable."""
    return {e.name: e.container_id for c in deployment.components for e in c.executables}


def says(name: str, text: str, **more: Any) -> dict[str, Any]:
    """A container that says something and goes on."""
    script = f"echo {text}; trap 'exit 0' INT TERM; sleep infinity & wait"
    return executable(name, "bash", "-c", script, **more)


def drive(ship: Ship) -> Goal:
    """Send a goal to the action of [`DRIVER`]."""
    client = ship.ros.action(Deprovision, "/drive")
    return Goal(ship.ros, client, Deprovision.Goal(), "drive")


def test_only_what_differs_is_replaced(ship: Ship) -> None:
    """One stays, one changes, one goes, one comes; the deployment stays the same one."""
    before = ship.deploy(manifest=robot("1.0.0", sleeper("eye"), says("arm", "one"), sleeper("leg")))
    goal = update(ship, manifest=robot("2.0.0", says("wheel", "new"), says("arm", "two"), sleeper("eye")))
    after = updated(goal)

    assert (after.id, after.version) == (before.id, "2.0.0")
    assert goal_names(goal) == ["Succeeded", "Provisioning"] and after.phase_name == "Succeeded"
    old, new = ids(before), ids(after)
    assert set(new) == {"wheel", "arm", "eye"}
    assert new["eye"] == old["eye"] and new["arm"] != old["arm"]
    assert {it.id for it in ship.engine.containers()} == set(new.values())
    wait_for_output(new["arm"], "two")
    # It can be changed again, and taken down as ever.
    again = updated(update(ship, manifest=robot("1.0.0", sleeper("eye"), says("arm", "two"))))
    assert ids(again) == {"eye": new["eye"], "arm": new["arm"]}
    ship.deprovision("robot")


def test_parameters_are_changed_and_the_others_stay(ship: Ship) -> None:
    """A parameter that had its default follows the new default."""

    def of(version: str, default: str) -> str:
        parameter = {"type": "string", "default": default}
        names = {"speed": parameter, "colour": parameter, "site": {"type": "string", "required": True}}
        arm = says("arm", "says ${speed} ${colour} ${site}")
        return robot(version, arm, sleeper("eye"), parameters=names)

    ship.client.register(of("1.0.0", "slow"))
    ship.client.register(of("1.1.0", "steady"))
    before = ship.deploy("robot", version="1.0.0", parameters={"site": "hall", "colour": "red"})
    # Without a package it is the same one, in the version that is deployed.
    after = updated(update(ship, parameters={"speed": "fast"}))
    assert after.version == "1.0.0" and ids(after)["eye"] == ids(before)["eye"]
    wait_for_output(ids(after)["arm"], "says fast red hall")
    after = updated(update(ship, version="1.1.0", parameters={"speed": "fast"}))
    assert after.version == "1.1.0"
    wait_for_output(ids(after)["arm"], "says fast red hall")

    ship.deprovision("robot")
    ship.deploy("robot", version="1.0.0", parameters={"site": "hall"})
    after = updated(update(ship, version="1.1.0"))
    wait_for_output(ids(after)["arm"], "says steady steady hall")


def test_without_a_deployment_of_the_name_it_is_made(ship: Ship) -> None:
    """So that whoever wants it to be so need not know whether it is there."""
    made = updated(update(ship, manifest=robot("1.0.0", sleeper("eye"))))
    same = updated(update(ship, manifest=robot("1.0.0", sleeper("eye"))))
    assert (same.id, ids(same)) == (made.id, ids(made))


def test_what_fails_to_start_is_rolled_back(ship: Ship) -> None:
    """What ran on is not touched, what was changed is changed back, and everybody is told why."""
    before = ship.deploy(manifest=robot("1.0.0", sleeper("eye"), says("arm", "one"), says("leg", "old")))
    bad = executable("arm", "bash", "-c", "echo no arm; exit 3", restart="never")
    new = robot("2.0.0", sleeper("eye"), bad, sleeper("wheel"))
    # A probe keeps the update from having succeeded before the failure is seen.
    manifest = json.loads(new)
    manifest["components"][0]["executables"][1]["readiness"] = {"command": ["true"], "period": 1}
    goal = update(ship, manifest=json.dumps(manifest))
    result = rolled_back(ship, goal)

    assert "arm" in result.message and "3" in result.message
    after = ship.get("robot")
    old, new_ids = ids(before), ids(after)
    assert after.id == before.id and set(new_ids) == {"eye", "arm", "leg"}
    assert new_ids["eye"] == old["eye"] and new_ids["arm"] != old["arm"]
    wait_for_output(new_ids["arm"], "one")
    wait_for_output(new_ids["leg"], "old")
    assert {it.id for it in ship.engine.containers()} == set(new_ids.values())
    ship.events.wait_for(lambda it: "as before" in it.reason, 10.0, "an event tells of the end")
    assert updated(update(ship, manifest=robot("2.0.0", sleeper("eye")))).version == "2.0.0"


def test_a_missing_image_stops_nothing(ship: Ship) -> None:
    """Everything that is to come is got ready before anything is stopped."""
    before = ship.deploy(manifest=robot("1.0.0", sleeper("eye"), says("arm", "one")))
    missing = {**sleeper("arm"), "image": "shipmate/no-such-image:1"}
    goal = update(ship, manifest=robot("2.0.0", sleeper("eye"), missing))
    assert "no-such-image" in rolled_back(ship, goal).message
    assert ids(ship.get("robot")) == ids(before)
    assert goal_names(goal) == ["Succeeded"]


def test_a_taken_port_stops_nothing(ship: Ship) -> None:
    """Ports that come in addition are looked at first."""
    before = ship.deploy(manifest=robot("1.0.0", sleeper("eye")))
    with a_taken_port() as port:
        manifest = json.loads(robot("2.0.0", sleeper("eye")))
        web = {"name": "web", "port": 80, "external": True, "host_port": port}
        manifest["components"][0]["endpoints"] = [web]
        goal = update(ship, manifest=json.dumps(manifest))
        assert str(port) in rolled_back(ship, goal).message
    assert ids(ship.get("robot")) == ids(before)


def test_a_cancelled_update_is_rolled_back(ship: Ship) -> None:
    """Also when it had changed something already."""
    ship.deploy(manifest=robot("1.0.0", sleeper("eye"), says("arm", "one")))
    slow = says("arm", "two", readiness={"command": ["false"], "period": 1})
    goal = update(ship, manifest=robot("2.0.0", sleeper("eye"), slow))
    ship.wait_until("robot", lambda it: "not ready" in it.reason, "the new arm is not ready")
    goal.cancel()
    result = goal.result()
    assert result.outcome == Deploy.Result.OUTCOME_ROLLED_BACK, result
    assert goal.status() == GoalStatus.STATUS_CANCELED
    shown = ship.wait_until("robot", lambda it: it.status_name == "Running", "it is as before")
    assert shown.version == "1.0.0"
    wait_for_output(ids(shown)["arm"], "one")


def test_what_others_need_may_only_become_what_they_can_use(ship: Ship) -> None:
    """They stay bound to it, and are restarted with it if they ask for that."""
    ship.deploy(manifest=robot("1.0.0", sleeper("eye"), says("arm", "one")))
    for name, on_restart in (("pilot", "ignore"), ("camera", "restart")):
        needs = {"robot": {"version": "<2", "on_restart": on_restart}}
        ship.deploy(manifest=package(name, sleeper(), depends_on=needs))
    result = refused(ship, update(ship, manifest=robot("2.0.0", sleeper("eye"))))
    assert "pilot" in result.message and "<2" in result.message

    after = updated(update(ship, manifest=robot("1.5.0", sleeper("eye"), says("arm", "two"))))
    for name, restarts in (("pilot", 0), ("camera", 1)):
        it = ship.wait_until(
            name,
            lambda it, n=restarts: it.status_name == "Running"
            and it.components[0].executables[0].restart_count == n
            and it.dependencies[0].met,
            "it is restarted or not, and has what it needs",
        )
        assert it.dependencies[0].deployment_id == after.id


def test_updates_that_cannot_be_are_refused(ship: Ship) -> None:
    """Another package, one that is not there yet, two at once, a circle."""
    ship.deploy(manifest=robot("1.0.0", sleeper("eye")))
    ship.client.register(robot("1.0.0", sleeper("eye")))
    other = package("boat", sleeper())
    assert "boat" in refused(ship, update(ship, manifest=other)).message
    assert "9.9.9" in refused(ship, update(ship, package="robot", version="9.9.9")).message
    ship.deploy(manifest=package("pilot", sleeper(), depends_on={"robot": {}}))
    circle = robot("1.1.0", sleeper("eye"), depends_on={"pilot": {}})
    assert "robot -> pilot -> robot" in refused(ship, update(ship, manifest=circle)).message

    slow = says("eye", "two", readiness={"command": ["false"], "period": 1})
    first = update(ship, manifest=robot("1.1.0", slow))
    ship.wait_until("robot", lambda it: it.phase_name == "Provisioning", "the first is on its way")
    assert "updated already" in refused(ship, update(ship, manifest=robot("1.2.0", sleeper("eye")))).message
    first.cancel()
    assert first.result().outcome == Deploy.Result.OUTCOME_ROLLED_BACK


def test_a_dry_run_says_what_would_become_of_each_container(ship: Ship) -> None:
    """And changes nothing."""
    before = ship.deploy(manifest=robot("1.0.0", sleeper("eye"), says("arm", "one"), sleeper("leg")))
    goal = update(
        ship, manifest=robot("2.0.0", sleeper("eye"), says("arm", "two"), sleeper("wheel")), dry_run=True
    )
    result = goal.result()
    assert result.outcome == Deploy.Result.OUTCOME_PLANNED, result.message
    (planned,) = result.plan
    changes = {it.executable: it.change for it in planned.containers}
    assert changes == {"eye": "keep", "arm": "change", "wheel": "create", "leg": "remove"}
    assert ids(ship.get("robot")) == ids(before)


def test_deprovisioning_ends_an_update(ship: Ship) -> None:
    """Nothing is left, of either version."""
    ship.deploy(manifest=robot("1.0.0", sleeper("eye"), sleeper("arm")))
    slow = says("eye", "two", readiness={"command": ["false"], "period": 1})
    goal = update(ship, manifest=robot("2.0.0", slow))
    ship.wait_until("robot", lambda it: "not ready" in it.reason, "the new eye is not ready")
    ship.deprovision("robot")
    assert goal.result().outcome == Deploy.Result.OUTCOME_CANCELED
    assert ship.engine.leftovers() == []


@pytest.mark.parametrize("moment", ["prepared", "changing", "not ready"])
def test_a_kill_in_the_middle_of_an_update(ship: Ship, moment: str) -> None:
    """The next node ends what was begun, with nothing left over."""
    before = ship.deploy(manifest=robot("1.0.0", sleeper("eye"), says("arm", "one"), sleeper("leg")))
    gate = {"readiness": {"command": ["test", "-e", "/tmp/ready"], "period": 1}}
    goal = update(ship, manifest=robot("2.0.0", sleeper("eye"), says("arm", "two", **gate), sleeper("wheel")))
    if moment == "changing":
        ship.wait_until("robot", lambda it: it.version == "2.0.0", "the order has changed")
    if moment == "not ready":
        ship.wait_until("robot", lambda it: "not ready" in it.reason, "the new arm is not ready")
    if moment == "prepared":
        ship.events.wait_for(lambda it: "images" in it.reason, 10.0, "it has begun")
        # What is not on the disk yet may be forgotten.
        goal.feedback.wait_for(lambda it: True, 10.0, "it is on the disk")
    ship.process.send(signal.SIGKILL)
    ship.process.wait(10.0)
    with a_new_client(ship) as again:
        again.start()
        shown = again.wait_until("robot", lambda it: "not ready" in it.reason, "the new arm is there")
        again.engine.execute(ids(shown)["arm"], "touch", "/tmp/ready")
        after = again.wait_until(
            "robot",
            lambda it: (it.phase_name, it.status_name, it.version) == ("Succeeded", "Running", "2.0.0"),
            "it is updated",
        )
        assert after.id == before.id and set(ids(after)) == {"eye", "arm", "wheel"}
        assert ids(after)["eye"] == ids(before)["eye"]
        assert {it.id for it in again.engine.containers()} == set(ids(after).values())


def test_a_built_image_that_changed_is_replaced_and_comes_back(ship: Ship, tmp_path: Path) -> None:
    """The name of the image is the same; what it means is not."""
    package_folder = tmp_path / "robot"
    package_folder.mkdir()
    dockerfile = package_folder / "Dockerfile"
    script = "trap 'exit 0' INT TERM; cat /word; sleep infinity & wait"

    def write(word: str, version: str, **more: Any) -> None:
        dockerfile.write_text(f"FROM {BASE_IMAGE}\nRUN echo {word} > /word\n")
        arm = {"name": "arm", "build": {"context": "."}, "command": ["bash", "-c", script], **more}
        arm["image"] = f"shipmate-test/{ship.place.prefix}:latest"
        (package_folder / "shipmate.yaml").write_text(robot(version, arm, sleeper("eye")))
        ship.client.register(path=str(package_folder), replace=True)

    write("first", "1.0.0")
    before = ship.deploy("robot")
    wait_for_output(ids(before)["arm"], "first")
    write("second", "1.0.0")
    after = updated(update(ship, package="robot"))
    assert ids(after)["eye"] == ids(before)["eye"]
    wait_for_output(ids(after)["arm"], "second")

    write("third", "1.0.0", readiness={"command": ["false"], "period": 1})
    goal = update(ship, package="robot")
    ship.wait_until("robot", lambda it: "not ready" in it.reason, "the new arm is not ready")
    goal.cancel()
    goal.result()
    shown = ship.wait_until("robot", lambda it: it.status_name == "Running", "it is as before")
    wait_for_output(ids(shown)["arm"], "second")


def test_a_goal_that_executes_is_not_interrupted(ship: Ship) -> None:
    """The update waits for it, says so, and goes on when it has ended."""
    drives = executable("arm", "python3", "-c", DRIVER, update_guard=["/drive"])
    before = ship.deploy(manifest=robot("1.0.0", drives, sleeper("eye")))
    wait_for_output(ids(before)["arm"], "serves")
    assert drive(ship).accepted()
    wait_for_output(ids(before)["arm"], "drives")

    other = executable("arm", "python3", "-c", DRIVER + "\n# another one", update_guard=["/drive"])
    changing = update(ship, manifest=robot("2.0.0", other, sleeper("eye")))
    ship.events.wait_for(lambda it: "no goal is executing" in it.reason, 20.0, "it waits")
    assert ids(ship.get("robot")) == ids(before)
    ship.engine.execute(ids(before)["arm"], "touch", "/tmp/arrived")
    assert ids(updated(changing))["arm"] != ids(before)["arm"]


def test_a_goal_that_executes_too_long_keeps_the_update_from_happening(make_ship: Any) -> None:
    """Nothing is stopped then."""
    ship = make_ship(parameters={"update_guard_timeout": 8.0})
    drives = executable("arm", "python3", "-c", DRIVER, update_guard=["/drive"])
    before = ship.deploy(manifest=robot("1.0.0", drives))
    wait_for_output(ids(before)["arm"], "serves")
    assert drive(ship).accepted()
    wait_for_output(ids(before)["arm"], "drives")
    other = executable("arm", "python3", "-c", DRIVER + "\n# another one")
    result = rolled_back(ship, update(ship, manifest=robot("2.0.0", other)))
    assert "/drive" in result.message
    assert ids(ship.get("robot")) == ids(before)
