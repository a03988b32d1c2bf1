"""The node ends, is killed and is started again; the containers do not notice."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from demo_client import Goal
from harness.again import a_new_client
from harness.manifests import executable, package, sleeper
from harness.pulls import a_held_back_image, of_image
from harness.ship import CHANGE_WITHIN_SECONDS, Ship
from shipmate.msg import Deployment


def started_at(ship: Ship) -> dict[str, str]:
    """When each of the test's containers was started, by its id."""
    return {it.id: ship.engine.inspect(it.id)["State"]["StartedAt"] for it in ship.engine.containers()}


def states(ship: Ship) -> list[str]:
    """What the test's containers do."""
    return [it.state for it in ship.engine.containers()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_node_ends_and_its_containers_run_on(ship: Ship, number: signal.Signals) -> None:
    """It ends well at a signal; the next one takes over what runs without touching it."""
    before = ship.deploy(manifest=package("pair", sleeper("one"), sleeper("two")))
    containers = started_at(ship)

    assert ship.process.stop(number) == 0
    assert states(ship) == ["running", "running"]
    with a_new_client(ship) as again:
        again.start()
        after = again.wait_until("pair", lambda it: it.status_name == "Running", "it is taken over")

    assert started_at(ship) == containers
    assert (after.id, after.phase_name, after.created_at) == (before.id, "Succeeded", before.created_at)
    executables = after.components[0].executables
    assert {it.container_id for it in executables} == set(containers)
    assert [it.restart_count for it in executables] == [0, 0]


def test_the_node_ends_while_goals_wait(ship: Ship, tmp_path: Path) -> None:
    """A pull that is under way does not keep it from ending well."""
    with a_held_back_image(tmp_path / "slow") as slow:
        ship.client.deploy(manifest=of_image("arm", slow.image))
        slow.relay.wait_until_stuck()

        assert ship.process.stop(signal.SIGTERM) == 0


def test_packages_and_the_past_are_remembered(ship: Ship) -> None:
    """The catalogue and what is over are the same after a restart."""
    ship.client.register(package("arm", sleeper()))
    ship.deploy("arm", name="first")
    ended = ship.deprovision("first")
    packages = ship.client.packages()
    ship.process.stop()

    with a_new_client(ship) as again:
        again.start()
        assert again.client.packages() == packages
        assert again.get("first") == ended


def test_what_happens_while_the_node_is_away_is_seen(ship: Ship) -> None:
    """A container that ended and one that was removed meanwhile are started and made again."""
    ship.deploy(manifest=package("pair", sleeper("one"), sleeper("two")))
    ship.process.stop()
    first, second = ship.engine.containers()
    ship.engine.kill(first.id)
    ship.engine.run("rm", "--force", second.id)

    with a_new_client(ship) as again:
        again.start()
        again.wait_until("pair", is_running, "both run again")

    now_first, now_second = ship.engine.containers()
    assert (now_first.id, now_first.state, now_second.state) == (first.id, "running", "running")
    assert now_second.id != second.id


def is_running(deployment: Deployment) -> bool:
    """Whether everything of it runs."""
    return deployment.status == Deployment.STATUS_RUNNING


def test_a_kill_in_the_middle_of_a_pull(ship: Ship, tmp_path: Path) -> None:
    """The next node begins the pull anew, and the deployment succeeds."""
    with a_held_back_image(tmp_path / "slow") as slow:
        goal = ship.client.deploy(manifest=of_image("arm", slow.image))
        slow.relay.wait_until_stuck()
        deployment = feedback(goal, lambda it: it.phase_name == "Provisioning", "it is provisioned")
        ship.process.kill()

        with a_new_client(ship) as again:
            again.start()
            shown = again.get("arm")
            assert (shown.id, shown.phase_name) == (deployment.id, "Provisioning")
            slow.relay.let_all_through()
            again.wait_until("arm", is_running, "it runs")
            again.deprovision("arm")
            assert again.engine.leftovers() == []


def test_a_kill_while_containers_are_made(ship: Ship) -> None:
    """The next node makes the rest: each container once, all of them running."""
    names = [f"e{index}" for index in range(8)]
    goal = ship.client.deploy(manifest=package("many", *map(sleeper, names)))
    feedback(goal, has_a_container, "one container is there")
    ship.process.kill()

    with a_new_client(ship) as again:
        again.start()
        again.wait_until("many", is_running, "all of them run")
        assert again.get("many").phase_name == "Succeeded"

    assert ship.engine.names() == [f"{ship.place.prefix}-many-main-{name}" for name in names]
    assert states(ship) == ["running"] * len(names)


def has_a_container(deployment: Deployment) -> bool:
    """Whether one of its containers was made."""
    return any(it.container_id for component in deployment.components for it in component.executables)


def feedback(goal: Goal, predicate: Callable[[Deployment], Any], what: str) -> Deployment:
    """The first deployment in a goal's feedback of which `predicate` is true."""
    found = goal.feedback.wait_for(lambda it: predicate(it.deployment), CHANGE_WITHIN_SECONDS, what)
    return found.deployment


@pytest.fixture
def stubborn(ship: Ship) -> Iterator[Ship]:
    """A deployment whose container takes its time to stop."""
    holds = executable("arm", "bash", "-c", "trap '' INT; sleep infinity", stop_grace_period="2s")
    ship.deploy(manifest=package("arm", holds))
    yield ship


def test_a_kill_while_something_is_stopped(stubborn: Ship) -> None:
    """The next node goes on stopping it."""
    goal = stubborn.client.deprovision("arm")
    feedback(goal, lambda it: it.status_name == "Pending", "it is being stopped")
    stubborn.process.kill()

    with a_new_client(stubborn) as again:
        again.start()
        stopped = Deployment.PHASE_DEPLOYMENT_STOPPED
        again.wait_until("arm", lambda it: it.phase == stopped, "it is stopped")

    assert stubborn.engine.leftovers() == []


def test_a_kill_between_the_goal_and_its_answer(ship: Ship) -> None:
    """A goal that was accepted is on the disk: what was begun is known to the next node."""
    ship.client.register(package("arm", sleeper()))
    goals = [ship.client.deploy("arm", name=f"arm-{index}") for index in range(5)]
    told = [feedback(it, lambda it: it.id, "it is accepted").name for it in goals[:1]]
    ship.process.kill()

    with a_new_client(ship) as again:
        again.start()
        known = [it.name for it in again.client.deployments()]
        assert set(told) <= set(known)
        for name in known:
            again.wait_until(name, is_running, "it runs")

    assert ship.engine.names() == [f"{ship.place.prefix}-{name}-main-sleeper" for name in sorted(known)]


def test_a_deploy_goal_outlives_its_client(ship: Ship, tmp_path: Path) -> None:
    """Who sent the goal may go; the deployment goes on."""
    with a_held_back_image(tmp_path / "slow") as slow:
        with a_new_client(ship) as other:
            other.wait_until_ready()
            assert other.client.deploy(manifest=of_image("arm", slow.image)).accepted()
            slow.relay.wait_until_stuck()
        slow.relay.let_all_through()
        ship.wait_until("arm", is_running, "it runs")
        result = ship.client.deprovision("arm").result()
    assert result.deployment.phase == Deployment.PHASE_DEPLOYMENT_STOPPED
    assert ship.engine.leftovers() == []
