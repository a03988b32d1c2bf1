"""The demo, as a user's own program would do it: everything goes through the node's ROS interfaces.

Called by scripts/demo.sh, which sets up the environment; `scripts/demo.sh help` tells the commands.
"""

from __future__ import annotations

import argparse
import importlib
import shutil
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import Any

from demo_client import DEPLOY_WITHIN_SECONDS, Goal, GoalRefused, RosThread, Shipmate, look_until
from demo_node import BackgroundNode, cache_folder
from demo_picture import write_picture
from demo_show import attempt, heading, next_steps, progress_line, table
from shipmate.action import Deploy, Deprovision
from shipmate.msg import Deployment, DeploymentArray
from turtle_interfaces.action import Goto

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
PACKAGES = ("simulator", "command_center", "turtle")
NEEDED_BY_OTHERS = "simulator"
ANSWERS_WITHIN_SECONDS = 2.0
STARTS_WITHIN_SECONDS = 20.0
DATA_WITHIN_SECONDS = 20.0
GOAL_WITHIN_SECONDS = 60.0
GOAL_SPEED = 4.0
RATE_MESSAGES = 40
COMING_PHASES = (Deployment.PHASE_IN_PROGRESS, Deployment.PHASE_PROVISIONING)


class Demo:
    """One run of the demo: a client of the node, and what it says to the terminal."""

    def __init__(self, ros: RosThread, background: BackgroundNode) -> None:
        self._ros, self._background = ros, background
        self._shipmate = Shipmate(ros)
        self._said: dict[str, str] = {}
        self._lock = threading.Lock()

    def find_node(self) -> bool:
        """Whether a node answers, whoever started it; no long wait when ours is known not to run."""
        ours = self._background.pid() is not None
        return self._shipmate.wait_until_ready(
            STARTS_WITHIN_SECONDS if ours else ANSWERS_WITHIN_SECONDS
        )

    def ensure_node(self) -> None:
        """Use the node that is there, or start one."""
        if self.find_node():
            print("   /shipmate answers already")
            return
        self._background.stop()
        self._background.start()
        if not self._shipmate.wait_until_ready(STARTS_WITHIN_SECONDS, self._pace):
            self._give_up("The node does not answer on the ROS graph.")
        print(
            f"   started /shipmate (pid {self._background.pid()}), its log is {self._background.log}"
        )

    def _pace(self, seconds: float) -> None:
        """Wait a moment for the node that was started, but not for one that has died."""
        if self._background.pid() is None:
            self._give_up("The node ended at once.")
        time.sleep(seconds)

    def _give_up(self, why: str) -> None:
        raise SystemExit(
            f"{why} The end of its log, {self._background.log}:\n{self._background.last_output()}"
        )

    def register(self) -> None:
        """Put the three packages into the catalogue; again, when their manifests have changed."""
        for package in PACKAGES:
            answer = self._shipmate.register(path=str(EXAMPLES / package), replace=True)
            for problem in answer.problems:
                print(
                    f"   {problem.file}:{problem.line}:{problem.column}: {problem.path}: {problem.message}"
                )
            if not answer.success:
                raise SystemExit(f"{package} was not registered: {answer.message}")
            print(f"   {package}: {answer.message}")

    def deploy(self) -> bool:
        """Deploy what is not deployed yet, what others need first; whether everything runs."""
        known = {it.name: it for it in self._shipmate.deployments()}
        goals: dict[str, Goal] = {}
        begun: list[Deployment] = []
        for package in PACKAGES:
            there = known.get(package)
            if there is not None and there.phase == Deployment.PHASE_SUCCEEDED:
                print(f"   {package}: already deployed ({there.status_name})")
            elif there is not None and _is_coming(there):
                begun.append(there)
            else:
                self._clear(there)
                goals[package] = self._send(package)
                if package == NEEDED_BY_OTHERS:
                    # They can only be bound to what is there.
                    goals[package].result(DEPLOY_WITHIN_SECONDS)
        return self._all_succeed(goals) & all([self._watch(it) for it in begun])

    def _clear(self, remains: Deployment | None) -> None:
        """Take away what failed earlier: it holds the name."""
        if remains is not None:
            self._shipmate.deprovision(remains.id).result()

    def _send(self, package: str) -> Goal:
        goal = self._shipmate.deploy(package, name=package, request_id=f"demo-{uuid.uuid4()}")
        goal.feedback.on_each(lambda feedback: self._say(feedback.deployment, feedback.progress))
        return goal

    def _say(self, deployment: Deployment, progress: list[Any]) -> None:
        """Tell a change, unless it is told already."""
        line = progress_line(deployment, progress)
        with self._lock:
            if self._said.get(deployment.name) != line:
                self._said[deployment.name] = line
                print(line, flush=True)

    def _all_succeed(self, goals: dict[str, Goal]) -> bool:
        """Wait for the results; a failure is told in full."""
        good = True
        for package, goal in goals.items():
            result: Deploy.Result = goal.result(DEPLOY_WITHIN_SECONDS)
            self._say(result.deployment, [])
            if result.outcome != Deploy.Result.OUTCOME_SUCCEEDED:
                good = False
                print(f"   {package}: {result.message}")
                for problem in result.problems:
                    print(f"      {problem.path}: {problem.message}")
        return good

    def _watch(self, begun: Deployment) -> bool:
        """Wait for a deployment that an interrupted run has begun."""

        def settled(array: DeploymentArray) -> Deployment | None:
            now = [it for it in array.deployments if it.id == begun.id]
            return next((it for it in now if not _is_coming(it)), None)

        arrays = self._shipmate.listen_to_deployments()
        array = arrays.wait_for(settled, DEPLOY_WITHIN_SECONDS, f"{begun.name} is deployed")
        deployment = settled(array)
        self._say(deployment, [])
        return deployment.phase == Deployment.PHASE_SUCCEEDED

    def show(self) -> None:
        """Print the table of deployments."""
        print(table(self._shipmate.deployments()))

    def show_next_steps(self) -> None:
        """Print what to try next."""
        print(next_steps(self._shipmate.deployments(), bool(shutil.which("ros2"))))

    def show_data(self) -> bool:
        """Prove that data flows between the containers and this machine."""
        return attempt(lambda: self.rate("/sim/pose")) & attempt(lambda: self.goto(5.0, 5.0))

    def rate(self, topic: str) -> None:
        """How often something is published on a topic."""
        messages = self._ros.listen(self._type_of(topic), topic)
        arrivals: list[float] = []
        messages.on_each(lambda _: arrivals.append(time.monotonic()))
        what = f"{RATE_MESSAGES} messages on {topic}"
        messages.wait_until(lambda all_: len(all_) > RATE_MESSAGES, DATA_WITHIN_SECONDS, what)
        rate = (len(arrivals) - 1) / (arrivals[-1] - arrivals[0])
        print(f"   {topic}: {rate:.1f} messages per second, heard on this machine")

    def _type_of(self, topic: str) -> type:
        """The message class of a topic."""
        found: dict[str, list[str]] = {}

        def look() -> bool:
            found.update(self._ros.node.get_topic_names_and_types())
            return topic in found

        if not look_until(look, DATA_WITHIN_SECONDS):
            raise TimeoutError(f"not within {DATA_WITHIN_SECONDS:g} s: somebody publishes {topic}")
        package, _, message = found[topic][0].split("/")
        return getattr(importlib.import_module(f"{package}.msg"), message)

    def goto(self, x: float, y: float) -> None:
        """Send the turtle somewhere."""
        client = self._ros.action(Goto, "/turtle_0/goto_action", DATA_WITHIN_SECONDS)
        goal = Goal(
            self._ros, client, Goto.Goal(x=x, y=y, speed=GOAL_SPEED), f"go to ({x:g}, {y:g})"
        )
        result: Goto.Result = goal.result(GOAL_WITHIN_SECONDS)
        print(
            f"   /turtle_0/goto_action to ({x:g}, {y:g}): {result.message}, {result.distance_driven:.1f} m driven"
        )

    def draw(self) -> None:
        """Write a picture of who depends on whom and who talks to whom, and say where it is."""
        print(f"   {write_picture(self._shipmate, self._background.picture)}")

    def events(self) -> None:
        """Print events until Ctrl-C."""
        self._shipmate.listen_to_events().on_each(_print_event)
        print("Waiting for events; Ctrl-C ends it.", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print()

    def stop(self) -> bool:
        """Deprovision the demo's deployments, all at once."""
        names = [it.name for it in self._shipmate.deployments() if it.package in PACKAGES]
        # What others need goes after them.
        goals = {
            name: self._shipmate.deprovision(name, with_dependents=True)
            for name in names
            if name in PACKAGES
        }
        good = True
        for name, goal in goals.items():
            result: Deprovision.Result = goal.result(DEPLOY_WITHIN_SECONDS)
            print(f"   {name}: {result.deployment.phase_name or result.message}")
            good &= result.outcome == Deprovision.Result.OUTCOME_STOPPED
        return good


def _is_coming(deployment: Deployment) -> bool:
    """Whether it is on its way to Succeeded; what has failed there stays as it is."""
    return deployment.phase in COMING_PHASES and deployment.status != Deployment.STATUS_ERROR


def _print_event(event: Any) -> None:
    """One event in one line, as a person would say it."""
    where = "/".join(
        part for part in (event.deployment_name, event.component, event.executable) if part
    )
    before = event.previous_status_name or "nothing"
    reason = f": {event.reason}" if event.reason else ""
    print(f"{where}: {event.phase_name}, {before} -> {event.status_name}{reason}", flush=True)


def start(demo: Demo, background: BackgroundNode) -> int:
    """`make demo`, after the set-up and the images."""
    with background.alone():
        heading("The node")
        demo.ensure_node()
        heading("The packages")
        demo.register()
        heading("The deployments")
        good = demo.deploy()
    print()
    demo.show()
    if good:
        heading("The data")
        good = demo.show_data()
        heading("The dependency graph")
        attempt(demo.draw)
    if good:
        print()
        demo.show_next_steps()
        return 0
    print(
        f"\nNot everything works. The node's log is {background.log}; `make demo-stop` takes it down."
    )
    return 1


def stop(demo: Demo, background: BackgroundNode) -> int:
    """`make demo-stop`: take down what the demo started, even when the node itself was stopped since."""
    with background.alone():
        if not demo.find_node():
            if not background.was_started():
                print("Nothing to stop: the demo is not running.")
                return 0
            demo.ensure_node()
        heading("The deployments")
        good = demo.stop()
        if good and background.stop():
            heading("The node is stopped")
    return 0 if good else 1


def inspect(demo: Demo, arguments: argparse.Namespace) -> int:
    """The commands that look, or drive the turtle."""
    if not demo.find_node():
        print("No node /shipmate answers: start the demo with `make demo`.", file=sys.stderr)
        return 1
    if arguments.command == "status":
        demo.show()
    elif arguments.command == "events":
        demo.events()
    elif arguments.command == "rate":
        return 0 if attempt(lambda: demo.rate(arguments.topic)) else 1
    else:
        return 0 if attempt(lambda: demo.goto(arguments.x, arguments.y)) else 1
    return 0


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="scripts/demo.sh", description="shipmate's demo")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("start", help="build the images, start the node, deploy the three packages")
    commands.add_parser("stop", help="deprovision the three packages and stop the node")
    commands.add_parser("status", help="the table of deployments")
    commands.add_parser("events", help="print what happens to deployments, until Ctrl-C")
    rate = commands.add_parser("rate", help="how often something is published on a topic")
    rate.add_argument("topic", nargs="?", default="/sim/pose")
    goto = commands.add_parser("goto", help="send the turtle somewhere")
    goto.add_argument("x", type=float)
    goto.add_argument("y", type=float)
    return parser.parse_args()


def main() -> int:
    """Run one command; Ctrl-C leaves what was begun as it is, and the next run goes on from there."""
    arguments = parse()
    background = BackgroundNode(cache_folder())
    try:
        with RosThread("demo") as ros:
            demo = Demo(ros, background)
            if arguments.command == "start":
                return start(demo, background)
            if arguments.command == "stop":
                return stop(demo, background)
            return inspect(demo, arguments)
    except (TimeoutError, GoalRefused) as error:
        print(f"FAILED: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "\nInterrupted; `make demo` goes on from here, `make demo-stop` takes everything down."
        )
        return 130


if __name__ == "__main__":
    sys.exit(main())
