"""How deployments live: joined, restarted, killed, removed by hand, and many at once."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from action_msgs.msg import GoalStatus
from harness.again import a_new_client
from harness.manifests import executable, package, sleeper
from harness.outcomes import refused
from harness.ship import CHANGE_WITHIN_SECONDS, Ship
from shipmate.action import Deploy, Deprovision
from shipmate.msg import Deployment, DeploymentEvent, Executable

QUICK = {"restart_first_wait": 0.05}


def only(deployment: Deployment) -> Executable:
    """The one executable of a deployment."""
    (component,) = deployment.components
    (it,) = component.executables
    return it


def runs_again(restarts: int) -> Callable[[Deployment], bool]:
    """Whether a deployment runs after so many restarts."""
    return lambda it: it.status_name == "Running" and only(it).restart_count == restarts


def wait_for_event(ship: Ship, status: str, what: str) -> DeploymentEvent:
    """The first event of an executable with that status after it ran."""
    return ship.events.wait_for(
        lambda it: it.executable and it.previous_status_name == "Running" and it.status_name == status,
        CHANGE_WITHIN_SECONDS,
        what,
    )


def test_the_same_request_is_carried_out_once(ship: Ship) -> None:
    """Goals with one request id, at once or later, make one deployment."""
    ship.client.register(package("arm", sleeper()))

    goals = [ship.client.deploy("arm", request_id="mine") for _ in range(5)]
    results = [it.result() for it in goals]
    again = ship.client.deploy("arm", request_id="mine").result()

    assert {it.outcome for it in [*results, again]} == {Deploy.Result.OUTCOME_SUCCEEDED}
    assert len({it.deployment.id for it in [*results, again]}) == 1
    assert len(ship.engine.containers()) == 1
    assert len(ship.client.deployments(include_ended=True)) == 1


def test_a_request_is_remembered_over_a_restart(ship: Ship) -> None:
    """Who lost the answer because the node went down, asks again and gets it."""
    ship.client.register(package("arm", sleeper()))
    first = ship.deploy("arm", request_id="mine")
    ship.process.kill()

    with a_new_client(ship) as again:
        again.start()
        assert again.deploy("arm", request_id="mine").id == first.id
    assert len(ship.engine.containers()) == 1


def test_a_container_that_is_killed_is_started_again(make_ship: Callable[..., Ship]) -> None:
    """The event says how it ended and what follows; then it runs, restarted once."""
    ship = make_ship(parameters=QUICK)
    ship.deploy(manifest=package("arm", sleeper()))
    ship.wait_until("arm", runs_again(0), "it runs")
    name = f"{ship.place.prefix}-arm-main-sleeper"
    container = ship.engine.inspect(name)["Id"]

    ship.engine.kill(name)

    event = wait_for_event(ship, "Pending", "it is said to be restarted")
    assert (event.deployment_name, event.component, event.executable) == ("arm", "main", "sleeper")
    assert "SIGKILL" in event.reason and "by hand" in event.reason
    shown = ship.wait_until("arm", runs_again(1), "it runs again")
    assert only(shown).exit_code == 137
    assert only(shown).container_id == container
    assert shown.reason == "" and list(shown.error_codes) == []
    assert shown.phase_name == "Succeeded"


def test_the_last_words_of_a_failure_are_kept(make_ship: Callable[..., Ship]) -> None:
    """What a program wrote before it failed is in the deployment and in the event."""
    ship = make_ship(parameters=QUICK)
    ship.deploy(manifest=package("arm", executable("arm", "bash", "-c", "echo no hand; sleep 0.5; exit 3")))

    event = wait_for_event(ship, "Pending", "it failed")
    shown = ship.wait_until("arm", lambda it: only(it).restart_count > 0, "it was restarted")

    assert "exited with code 3" in event.reason
    assert event.last_output == only(shown).last_output == "no hand"


@pytest.mark.parametrize(
    ("policy", "code", "again"),
    [("never", 0, False), ("never", 3, False), ("on-failure", 0, False), ("on-failure", 3, True)],
)
def test_restart_policies(make_ship: Callable[..., Ship], policy: str, code: int, again: bool) -> None:
    """Who is not to be started again is in error, with the way it ended as the reason."""
    ship = make_ship(parameters=QUICK)
    ends = executable("arm", "bash", "-c", f"sleep 0.5; exit {code}", restart=policy)
    ship.deploy(manifest=package("arm", ends))

    if again:
        ship.wait_until("arm", lambda it: only(it).restart_count > 1, "it is started again and again")
        return
    shown = ship.wait_until("arm", lambda it: it.status_name == "Error", "it is in error")
    assert list(shown.error_codes) == ["DEP_E152"]
    assert f"code {code}" in shown.reason
    assert (only(shown).exit_code, only(shown).restart_count) == (code, 0)


def test_restarting_has_an_end(make_ship: Callable[..., Ship]) -> None:
    """Who fails too often in a row is in error."""
    ship = make_ship(parameters={**QUICK, "restart_most_failures": 3})
    ship.deploy(manifest=package("arm", executable("arm", "bash", "-c", "exit 3")))

    shown = ship.wait_until("arm", lambda it: it.status_name == "Error", "it is given up")

    assert list(shown.error_codes) == ["DEP_E152"]
    assert "exited with code 3" in shown.reason and "in a row" in shown.reason
    assert only(shown).restart_count == 3


def test_a_container_that_is_removed_by_hand_is_made_again(make_ship: Callable[..., Ship]) -> None:
    """It gets another container, under the same name."""
    ship = make_ship(parameters=QUICK)
    ship.deploy(manifest=package("arm", sleeper()))
    ship.wait_until("arm", runs_again(0), "it runs")
    (before,) = ship.engine.containers()

    ship.engine.run("rm", "--force", before.id)

    shown = ship.wait_until(
        "arm",
        lambda it: it.status_name == "Running" and only(it).container_id not in ("", before.id),
        "it runs in another container",
    )
    (after,) = ship.engine.containers()
    assert (after.id, after.name) == (only(shown).container_id, before.name)
    assert wait_for_event(ship, "Pending", "it is missed").reason


def test_a_container_that_is_paused_by_hand_goes_on(ship: Ship) -> None:
    """That it was paused is shown, and then it is resumed, without a restart."""
    ship.deploy(manifest=package("arm", sleeper()))
    name = f"{ship.place.prefix}-arm-main-sleeper"

    ship.engine.run("pause", name)
    # It is resumed so soon that only the event is sure to be seen.
    event = wait_for_event(ship, "Pending", "it is paused")
    assert "paused by hand" in event.reason

    ship.wait_until("arm", runs_again(0), "it runs on")


def test_a_container_that_takes_too_much_memory(make_ship: Callable[..., Ship]) -> None:
    """The reason is the memory, not a signal out of nowhere."""
    ship = make_ship(parameters=QUICK)
    eater = executable("arm", "python3", "-c", "bytearray(1 << 30)", memory="64M", restart="never")
    ship.deploy(manifest=package("arm", eater))

    shown = ship.wait_until("arm", lambda it: it.status_name == "Error", "it is killed")

    assert "memory" in shown.reason
    assert only(shown).exit_code == 137
    assert list(shown.error_codes) == ["DEP_E152"]


def test_components_and_executables_have_their_own_status(ship: Ship) -> None:
    """What fails is named; what runs beside it runs on. The worst one counts."""
    front = {"name": "front", "executables": [sleeper("driver"), sleeper("filter")]}
    dies = executable("leg", "bash", "-c", "sleep 0.5; exit 3", restart="never")
    rear = {"name": "rear", "executables": [dies]}
    manifest = {"manifest": 1, "name": "dog", "version": "1.0.0", "components": [front, rear]}
    ship.deploy(manifest=json.dumps(manifest))

    shown = ship.wait_until("dog", lambda it: it.status_name == "Error", "a part of it is in error")

    assert [(it.name, it.status_name) for it in shown.components] == [("front", "Running"), ("rear", "Error")]
    assert shown.reason.startswith("rear: leg: ")
    there = {it.name.removeprefix(f"{ship.place.prefix}-dog-"): it.state for it in ship.engine.containers()}
    assert there == {"front-driver": "running", "front-filter": "running", "rear-leg": "exited"}
    ship.deprovision("dog")
    assert ship.engine.leftovers() == []


def test_parameters_reach_the_container(ship: Ship) -> None:
    """In the command, in the environment and in the ROS arguments, with what a shell would spoil."""
    text = 'a "b" $HOME; \\ ${speed} ä'
    parameters = {
        "text": {"type": "string", "required": True},
        "speed": {"type": "number", "default": 0.5},
        "count": {"type": "integer", "default": 3},
        "loud": {"type": "boolean", "default": False},
    }
    says = executable(
        "arm",
        *("python3", "-c", "import sys, time; print(sys.argv[1:]); time.sleep(1e6)", "${text}"),
        environment={"SPEED": "${speed}", "COUNT": "${count}", "LOUD": "${loud}", "HOMES": "$${HOME}"},
    )
    manifest = json.loads(package("arm", says, parameters=parameters))
    manifest["components"][0]["ros"] = {"args": ["-p", "speed:=${speed}"]}
    ship.client.register(json.dumps(manifest))

    ship.deploy("arm", parameters={"text": text, "speed": 3, "loud": True})

    settings = ship.engine.inspect(f"{ship.place.prefix}-arm-main-arm")["Config"]
    assert settings["Cmd"][3:] == [text, "--ros-args", "-p", "speed:=3.0"]
    assert {"SPEED=3.0", "COUNT=3", "LOUD=true", "HOMES=${HOME}"} <= set(settings["Env"])


def test_of_fifty_goals_for_a_singleton_one_wins(ship: Ship) -> None:
    """However they arrive, one is carried out and the others are refused."""
    ship.client.register(package("base", sleeper(), singleton=True))

    goals = [ship.client.deploy("base", name=f"base-{index}") for index in range(50)]
    results = [it.result() for it in goals]

    won = [it for it in results if it.outcome == Deploy.Result.OUTCOME_SUCCEEDED]
    lost = [it for it in results if it.outcome == Deploy.Result.OUTCOME_REFUSED]
    assert (len(won), len(lost)) == (1, 49)
    assert all("singleton" in it.message for it in lost)
    assert ship.engine.names() == [f"{ship.place.prefix}-{won[0].deployment.name}-main-sleeper"]


def test_a_goal_that_is_cancelled_while_containers_are_made(ship: Ship) -> None:
    """Those that are there already go again, and no more come."""
    names = [f"e{index}" for index in range(8)]
    goal = ship.client.deploy(manifest=package("many", *map(sleeper, names)))
    goal.feedback.wait_for(has_a_container, CHANGE_WITHIN_SECONDS, "one container is there")

    assert goal.cancel()

    assert goal.result().outcome == Deploy.Result.OUTCOME_CANCELED
    assert goal.status() == GoalStatus.STATUS_CANCELED
    assert ship.engine.leftovers() == []


def has_a_container(feedback: Deploy.Feedback) -> bool:
    """Whether one of the deployment's containers was made."""
    components = feedback.deployment.components
    return any(it.container_id for component in components for it in component.executables)


def test_stopping_twice_is_no_error(ship: Ship) -> None:
    """Both who ask are told when it is over; meanwhile the name is not free."""
    slow = executable("arm", "bash", "-c", "trap '' INT; sleep infinity", stop_grace_period="2s")
    ship.deploy(manifest=package("arm", slow))
    first, second = ship.client.deprovision("arm"), ship.client.deprovision("arm")
    first.feedback.wait_for(lambda it: True, CHANGE_WITHIN_SECONDS, "it is being stopped")

    result = refused(ship, ship.client.deploy(manifest=package("arm", sleeper())))

    assert "being taken down" in result.message
    stopped = Deprovision.Result.OUTCOME_STOPPED
    assert (first.result().outcome, second.result().outcome) == (stopped, stopped)
    assert ship.client.deprovision("arm").result().outcome == stopped
    ship.deploy(manifest=package("arm", sleeper()))


def test_many_deployments_at_once(ship: Ship) -> None:
    """Ten goals from as many threads all succeed, and come down together."""
    ship.client.register(package("arm", sleeper()))
    names = [f"arm-{index}" for index in range(10)]

    with ThreadPoolExecutor(len(names)) as threads:
        deployed = list(threads.map(lambda name: ship.deploy("arm", name=name), names))
    assert len({it.id for it in deployed}) == len(ship.engine.containers()) == 10
    with ThreadPoolExecutor(len(names)) as threads:
        list(threads.map(ship.deprovision, names))
    assert ship.engine.leftovers() == []
