"""How the demo looks on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from demo_client import GoalRefused
from shipmate.msg import Deployment, Progress

HEADINGS = ("NAME", "PACKAGE", "VERSION", "PHASE", "STATUS", "RESTARTS", "CONTAINERS")

WITH_ROS2 = """\
  ros2 topic echo /shipmate/events
  ros2 topic echo /shipmate/deployments --once
  ros2 service call /shipmate/get_deployment shipmate/srv/GetDeployment "{deployment: turtle}"
  ros2 topic hz /sim/pose
  ros2 topic echo /shipmate/dependency_graph --once
  ros2 action send_goal --feedback /turtle_0/goto_action turtle_interfaces/action/Goto "{x: 8.0, y: 3.0}"
  ros2 action send_goal --feedback /shipmate/deprovision shipmate/action/Deprovision "{deployment: turtle}"
  ros2 action send_goal --feedback /shipmate/deploy shipmate/action/Deploy "{package: turtle}"
"""

WITHOUT_ROS2 = """\
  scripts/demo.sh events         what happens to deployments, live
  scripts/demo.sh status         the table above
  scripts/demo.sh rate /sim/pose
  scripts/demo.sh goto 8 3
  . scripts/env.sh; shipmate graph    who talks to whom
"""

DOCKER = (
    ("docker logs --follow", "command_center", ""),
    ("docker kill", "turtle", "    then look at the events: it is started again"),
)

ELSEWHERE = """
On a machine with the ros2 command (and these interfaces, see `. scripts/env.sh`):
"""


def table(deployments: Sequence[Deployment]) -> str:
    """The deployments, one line each; one more for what is wrong with one."""
    rows = [HEADINGS, *(_row(it) for it in deployments)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    for line, deployment in zip(range(len(deployments), 0, -1), reversed(deployments), strict=True):
        lines[line + 1 : line + 1] = _complaints(deployment)
    return "\n".join(lines)


def _row(deployment: Deployment) -> tuple[str, ...]:
    executables = [it for component in deployment.components for it in component.executables]
    containers = _containers(deployment)
    return (
        deployment.name,
        deployment.package,
        deployment.version,
        deployment.phase_name,
        deployment.status_name,
        str(sum(it.restart_count for it in executables)),
        " ".join(containers) or "-",
    )


def _containers(deployment: Deployment) -> list[str]:
    """The names of the containers that are there."""
    executables = [it for component in deployment.components for it in component.executables]
    return [it.container_name for it in executables if it.container_id]


def _complaints(deployment: Deployment) -> list[str]:
    if deployment.status == Deployment.STATUS_RUNNING:
        return []
    codes = ", ".join(deployment.error_codes)
    complaint = " ".join(part for part in (codes, deployment.reason) if part)
    return [f"   {complaint}"] if complaint else []


def progress_line(deployment: Deployment, progress: Sequence[Progress]) -> str:
    """A deployment's phase, status and what is being done for it."""
    doing = [f"{it.activity} {it.image}: {it.step}" for it in progress]
    notes = "; ".join([part for part in (deployment.reason, *doing) if part])
    return f"   {deployment.name:<15} {deployment.phase_name:<13} {deployment.status_name:<8} {notes}".rstrip()


def next_steps(deployments: Sequence[Deployment], with_ros2: bool) -> str:
    """What to try next, with what this machine has."""
    names = {it.name: _containers(it) for it in deployments}
    docker = "".join(
        f"  {command} {names[deployment][0]}{note}\n"
        for command, deployment, note in DOCKER
        if names.get(deployment)
    )
    first, rest = (WITH_ROS2, "") if with_ros2 else (WITHOUT_ROS2, ELSEWHERE + WITH_ROS2)
    return f"Try next:\n{first}{docker}{rest}\nStop everything with `make demo-stop`."


def attempt(action: Callable[[], Any]) -> bool:
    """Do something that may take too long or be refused, and say so when it is."""
    try:
        action()
        return True
    except (TimeoutError, GoalRefused) as error:
        print(f"   FAILED: {error}", file=sys.stderr)
        return False


def heading(text: str) -> None:
    """Begin a part of the output, as the set-up's scripts do."""
    print(f"\n== {text}", flush=True)
