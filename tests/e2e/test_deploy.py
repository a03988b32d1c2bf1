"""From a deploy goal to data on the ROS graph, and back to nothing."""

from harness.manifests import package, sleeper, talker
from harness.ship import Ship, goal_names
from shipmate.action import Deploy
from shipmate.msg import Deployment
from std_msgs.msg import String


def test_a_container_runs_and_is_heard(ship: Ship) -> None:
    """A deployment that is shown as running does what its package says."""
    goal = ship.client.deploy(manifest=package("talker", talker()))
    result: Deploy.Result = goal.result()

    assert result.outcome == Deploy.Result.OUTCOME_SUCCEEDED, result.message
    # Feedback is of the latest state, and may miss one that was over soon; events miss nothing.
    assert goal_names(goal)[0] in ("In progress", "Provisioning")
    phases = [it.phase_name for it in ship.events.all() if not it.executable]
    assert phases[0] == "In progress", phases
    assert result.deployment.phase_name == "Succeeded"
    ship.wait_until("talker", lambda it: it.status == Deployment.STATUS_RUNNING, "it runs")
    heard = ship.ros.listen(String, "/chatter")
    heard.wait_for(
        lambda it: it.data == "hello", 20.0, "the talker is heard from outside of its container"
    )


def test_what_is_shown_is_what_the_engine_has(ship: Ship) -> None:
    """Names and ids in the snapshot are those of `docker ps`."""
    ship.deploy(manifest=package("pair", sleeper("one"), sleeper("two")))

    shown = ship.get("pair").components[0].executables
    prefix = ship.place.prefix
    assert [it.container_name for it in shown] == [
        f"{prefix}-pair-main-one",
        f"{prefix}-pair-main-two",
    ]
    there = {it.name: it for it in ship.engine.containers()}
    assert {it.container_name: it.container_id for it in shown} == {
        it.name: it.id for it in there.values()
    }
    assert {it.state for it in there.values()} == {"running"}


def test_deprovision_leaves_nothing(ship: Ship) -> None:
    """What was started is gone, and the deployment is over but not forgotten."""
    deployment = ship.deploy(manifest=package("pair", sleeper("one"), sleeper("two")))

    ended = ship.deprovision("pair")

    assert ended.id == deployment.id
    assert ended.phase == Deployment.PHASE_DEPLOYMENT_STOPPED
    assert ship.engine.leftovers() == []
    assert ship.client.deployments() == []
    assert [it.id for it in ship.client.deployments(include_ended=True)] == [deployment.id]


def test_list_and_get_agree_with_the_topic(ship: Ship) -> None:
    """Whoever asks, and however, is told the same."""
    ship.deploy(manifest=package("first", sleeper()))
    ship.deploy(manifest=package("second", sleeper()), name="other")

    listed = ship.client.deployments()
    assert [it.name for it in listed] == ["first", "other"]
    assert [it.package for it in listed] == ["first", "second"]
    for deployment in listed:
        by_id, by_name = ship.get(deployment.id), ship.get(deployment.name)
        assert by_id.id == by_name.id == deployment.id
        shown = ship.wait_until(
            deployment.name, lambda it: it.phase == Deployment.PHASE_SUCCEEDED, "succeeded"
        )
        assert shown.id == deployment.id


def test_an_unknown_deployment_is_said_to_be_unknown(ship: Ship) -> None:
    """A question about nothing gets an answer with a reason."""
    answer = ship.client.get("nobody")

    assert not answer.success
    assert "nobody" in answer.message
