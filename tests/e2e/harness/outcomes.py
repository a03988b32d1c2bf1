"""What every goal that does not succeed has to leave behind: a reason, and nothing else."""

from __future__ import annotations

from action_msgs.msg import GoalStatus
from demo_client import Goal
from shipmate.action import Deploy
from shipmate.msg import Deployment, DeploymentEvent

from .ship import CHANGE_WITHIN_SECONDS, Ship


def refused(ship: Ship, goal: Goal) -> Deploy.Result:
    """The result of a deploy goal that was wrong, and so changed nothing at all."""
    result: Deploy.Result = goal.result()
    assert result.outcome == Deploy.Result.OUTCOME_REFUSED, result
    assert goal.status() == GoalStatus.STATUS_ABORTED
    assert result.message
    assert result.deployment == Deployment(), "there is no deployment"
    assert goal.feedback.all() == []
    return result


def failed(ship: Ship, goal: Goal, phase: str, code: str) -> Deploy.Result:
    """The result of a deploy goal that failed in `phase` with `code`; everybody is told so."""
    result: Deploy.Result = goal.result()
    assert result.outcome == Deploy.Result.OUTCOME_FAILED, result
    assert goal.status() == GoalStatus.STATUS_ABORTED
    assert code in result.message
    _is_in_error(result.deployment, phase, code)
    _is_in_error(ship.get(result.deployment.id), phase, code)
    event = error_event(ship, result.deployment.name, code)
    assert event.phase_name == phase
    assert ship.engine.leftovers() == []
    return result


def error_event(ship: Ship, name: str, code: str) -> DeploymentEvent:
    """The event that says that a deployment is in error, and what to do about it."""
    event: DeploymentEvent = ship.events.wait_for(
        lambda it: it.deployment_name == name and not it.executable and it.error_code == code,
        CHANGE_WITHIN_SECONDS,
        f"an event says {code} of {name}",
    )
    assert event.status == Deployment.STATUS_ERROR
    assert event.reason and event.recommended_action
    return event


def _is_in_error(deployment: Deployment, phase: str, code: str) -> None:
    assert (deployment.phase_name, deployment.status_name) == (phase, "Error"), deployment
    assert list(deployment.error_codes) == [code]
    assert deployment.reason
