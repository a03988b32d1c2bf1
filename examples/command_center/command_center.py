"""The demo's command center: it sends a turtle from waypoint to waypoint.

Subscribes to /sim/pose and /sim/sensors, calls /sim/register_sim_turtle and /sim/teleport_turtle,
and sends goals to /turtle_0/goto_action. The simulator and the turtle may start later, stop and
come back: one timer looks twice a second at what is there and does the next thing that can be done.
"""

import signal
import sys

# Before the imports, which take a moment: a container's first process ignores SIGTERM until
# somebody handles it, and a stop during start-up would then wait for its whole grace time.
for ending in (signal.SIGINT, signal.SIGTERM):
    signal.signal(ending, lambda *_: sys.exit(0))

import itertools  # noqa: E402
import time  # noqa: E402
from typing import Any  # noqa: E402

import rclpy  # noqa: E402
from action_msgs.msg import GoalStatus  # noqa: E402
from rcl_interfaces.msg import ParameterDescriptor  # noqa: E402
from rclpy.action import ActionClient  # noqa: E402
from rclpy.action.client import ClientGoalHandle  # noqa: E402
from rclpy.executors import ExternalShutdownException  # noqa: E402
from rclpy.node import Node  # noqa: E402
from rclpy.task import Future  # noqa: E402
from turtle_interfaces.action import Goto  # noqa: E402
from turtle_interfaces.msg import Pose, Sensors  # noqa: E402
from turtle_interfaces.srv import RegisterSimTurtle, TeleportTurtle  # noqa: E402

TICK_SECONDS = 0.5
ANSWER_WITHIN_SECONDS = 5.0
DRIVE_WITHIN_SECONDS = 20.0
SIMULATOR_SILENT_SECONDS = 3.0
REPORT_EVERY_SECONDS = 5.0
WAYPOINTS = ((2.0, 2.0), (9.0, 2.0), (9.0, 9.0), (2.0, 9.0))


class Errand:
    """Something asked of another node, which may die before it answers."""

    def __init__(self) -> None:
        self._future: Future | None = None
        self._deadline = 0.0

    def begin(self, future: Future, seconds: float = ANSWER_WITHIN_SECONDS) -> None:
        """Remember what was asked, and until when an answer is worth something."""
        self._future, self._deadline = future, time.monotonic() + seconds

    def forget(self) -> None:
        """Stop waiting; a late answer finds nobody."""
        if self._future is not None:
            self._future.cancel()
        self._future = None

    @property
    def pending(self) -> bool:
        """Whether an answer is still being waited for."""
        return self._future is not None

    @property
    def overdue(self) -> bool:
        """Whether it is time to give up."""
        return self.pending and time.monotonic() > self._deadline

    def take(self) -> Any | None:
        """The answer, once, when it is there."""
        if self._future is None or not self._future.done():
            return None
        future, self._future = self._future, None
        return future.result()


class CommandCenter(Node):
    """The node /command_center."""

    def __init__(self) -> None:
        super().__init__("command_center")
        self._turtle = self._text("turtle", "turtle_0", "The turtle that is sent around.")
        self._waypoints = itertools.cycle(WAYPOINTS)
        self._waypoint = next(self._waypoints)
        self._registered = False
        self._heard: dict[str, float] = {}
        self._pose: Pose | None = None
        self._sensors: Sensors | None = None
        self._next_report = 0.0
        self._registration, self._teleport = Errand(), Errand()
        self._goal, self._drive = Errand(), Errand()
        self.create_subscription(Pose, "/sim/pose", self._on_pose, 10)
        self.create_subscription(Sensors, "/sim/sensors", self._on_sensors, 10)
        self._register_client = self.create_client(RegisterSimTurtle, "/sim/register_sim_turtle")
        self._teleport_client = self.create_client(TeleportTurtle, "/sim/teleport_turtle")
        self._goto_client = ActionClient(self, Goto, f"/{self._turtle}/goto_action")
        self.create_timer(TICK_SECONDS, self._tick)
        self.get_logger().info(f"in command of {self._turtle}")

    def _text(self, name: str, default: str, description: str) -> str:
        descriptor = ParameterDescriptor(description=description, read_only=True)
        return self.declare_parameter(name, default, descriptor).value

    def _on_pose(self, message: Pose) -> None:
        self._heard[message.turtle] = time.monotonic()
        if message.turtle == self._turtle:
            self._pose = message

    def _on_sensors(self, message: Sensors) -> None:
        if message.turtle == self._turtle:
            self._sensors = message

    def _tick(self) -> None:
        """Take the answers that came, then do what can be done now."""
        self._settle_registration()
        self._settle_teleport()
        self._settle_goal()
        self._settle_drive()
        self._report()

    def _settle_registration(self) -> None:
        """Have the turtle simulated; again when the simulator was restarted and forgot it."""
        answer = self._registration.take()
        if answer is not None:
            self._registered = answer.success
            self._heard[self._turtle] = time.monotonic()
            self.get_logger().info(f"simulator: {answer.message}")
        elif self._registration.overdue:
            self._registration.forget()
        silent = time.monotonic() - self._heard.get(self._turtle, 0.0) > SIMULATOR_SILENT_SECONDS
        if self._registered and silent:
            self._registered = False
            self.get_logger().warning("the simulator is silent about the turtle")
        if (
            not (self._registered or self._registration.pending)
            and self._register_client.service_is_ready()
        ):
            request = RegisterSimTurtle.Request(name=self._turtle, x=1.0, y=1.0, theta=0.0)
            self._registration.begin(self._register_client.call_async(request))

    def _settle_teleport(self) -> None:
        answer = self._teleport.take()
        if answer is not None:
            self.get_logger().info(f"simulator: {answer.message}")
        elif self._teleport.overdue:
            self._teleport.forget()

    def _settle_goal(self) -> None:
        """Send the next goal when the turtle is there and has nothing to do.

        One whose answer was lost is sent again: that happens while nodes are still finding each other.
        """
        handle: ClientGoalHandle | None = self._goal.take()
        if handle is not None and handle.accepted:
            self._drive.begin(handle.get_result_async(), DRIVE_WITHIN_SECONDS)
        elif handle is not None:
            self.get_logger().warning(f"{self._turtle} refused the goal")
        elif self._goal.overdue:
            self._goal.forget()
        if not (self._goal.pending or self._drive.pending) and self._goto_client.server_is_ready():
            x, y = self._waypoint
            self.get_logger().info(f"{self._turtle}: go to ({x:g}, {y:g})")
            self._goal.begin(self._goto_client.send_goal_async(Goto.Goal(x=x, y=y)))

    def _settle_drive(self) -> None:
        """When the turtle has arrived, have the simulator put its image to where it really is."""
        answer = self._drive.take()
        if answer is not None:
            self._arrived(answer.status, answer.result)
        elif self._drive.pending and not self._goto_client.server_is_ready():
            self._drive.forget()
            self.get_logger().warning(f"{self._turtle} went away while it was driving")
        elif self._drive.overdue:
            self._drive.forget()
            self.get_logger().warning(f"{self._turtle} did not arrive in time")

    def _arrived(self, status: int, result: Goto.Result) -> None:
        self.get_logger().info(f"{self._turtle}: {result.message or 'no answer'}")
        self._waypoint = next(self._waypoints)
        free = not self._teleport.pending and self._teleport_client.service_is_ready()
        if status == GoalStatus.STATUS_SUCCEEDED and self._registered and free:
            place = {"x": result.x, "y": result.y, "theta": result.theta}
            request = TeleportTurtle.Request(name=self._turtle, **place)
            self._teleport.begin(self._teleport_client.call_async(request))

    def _report(self) -> None:
        """Log now and then what is heard from the simulator."""
        if time.monotonic() < self._next_report or self._pose is None or self._sensors is None:
            return
        self._next_report = time.monotonic() + REPORT_EVERY_SECONDS
        place = f"({self._pose.x:.2f}, {self._pose.y:.2f})"
        ahead, battery = self._sensors.range_ahead, self._sensors.battery
        self.get_logger().info(
            f"simulated at {place}, wall in {ahead:.2f} m, battery {battery:.0%}"
        )


def main() -> None:
    """Run until SIGINT or SIGTERM."""
    rclpy.init()
    try:
        rclpy.spin(CommandCenter())
    except ExternalShutdownException:
        pass
    finally:
        rclpy.try_shutdown()


if __name__ == "__main__":
    main()
