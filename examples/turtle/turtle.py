"""The demo's turtle: it drives to a point when it is told to.

Serves the action /turtle_0/goto_action. Goals are driven one after the other, in the order in which
they came, so that several clients can share the turtle; each of them can be cancelled.
"""

import signal
import sys

# Before the imports, which take a moment: a container's first process ignores SIGTERM until
# somebody handles it, and a stop during start-up would then wait for its whole grace time.
for ending in (signal.SIGINT, signal.SIGTERM):
    signal.signal(ending, lambda *_: sys.exit(0))

import math  # noqa: E402
import threading  # noqa: E402
from collections import deque  # noqa: E402

import rclpy  # noqa: E402
from rcl_interfaces.msg import ParameterDescriptor  # noqa: E402
from rclpy.action import ActionServer, CancelResponse, GoalResponse  # noqa: E402
from rclpy.action.server import ServerGoalHandle  # noqa: E402
from rclpy.callback_groups import ReentrantCallbackGroup  # noqa: E402
from rclpy.executors import MultiThreadedExecutor  # noqa: E402
from rclpy.node import Node  # noqa: E402
from rclpy.signals import SignalHandlerOptions  # noqa: E402
from turtle_interfaces.action import Goto  # noqa: E402

STEP_SECONDS = 0.05
FEEDBACK_EVERY_STEPS = 5
ARRIVED_WITHIN_METRES = 0.001
# So that no goal can keep the others waiting for ever.
FARTHEST_METRES = 100.0
SLOWEST_SPEED = 0.1
MOST_GOALS = 8
# One thread for the drive, one for everything else.
THREADS = 2
STOP_WITHIN_SECONDS = 0.5


class Turtle(Node):
    """The node /turtle_0 (or whatever the turtle's name is)."""

    def __init__(self) -> None:
        super().__init__("turtle_0")
        name = self._parameter("turtle", self.get_name(), "The turtle's name, before its action's.")
        self._speed = float(
            self._parameter("speed", 1.0, "Metres per second, unless a goal says else.")
        )
        if not SLOWEST_SPEED <= self._speed < math.inf:
            raise SystemExit(
                f"parameter 'speed' is {self._speed:g}: at least {SLOWEST_SPEED:g} is needed"
            )
        self._x, self._y, self._theta = 1.0, 1.0, 0.0
        self._stopped = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        self._lock = threading.Lock()
        # The goal that is being driven, and those that wait for it to end.
        self._goals: deque[ServerGoalHandle] = deque()
        self._server = ActionServer(
            self,
            Goto,
            f"/{name}/goto_action",
            execute_callback=self._execute,
            goal_callback=self._on_goal,
            handle_accepted_callback=self._on_accepted,
            cancel_callback=self._on_cancel,
            callback_group=ReentrantCallbackGroup(),
        )
        self.get_logger().info(f"ready to drive at {self._speed:g} m/s")

    def _parameter(self, name: str, default: str | float, description: str) -> str | float:
        descriptor = ParameterDescriptor(
            description=description, dynamic_typing=True, read_only=True
        )
        return self.declare_parameter(name, default, descriptor).value

    def _on_goal(self, goal: Goto.Goal) -> GoalResponse:
        wrong = self._wrong(goal)
        if wrong is None:
            return GoalResponse.ACCEPT
        self.get_logger().warning(f"refused a goal: {wrong}")
        return GoalResponse.REJECT

    def _wrong(self, goal: Goto.Goal) -> str | None:
        """Why a goal cannot be taken, or None when it can."""
        if not all(math.isfinite(number) for number in (goal.x, goal.y, goal.speed)):
            return "x, y and speed must be finite numbers"
        if max(abs(goal.x), abs(goal.y)) > FARTHEST_METRES:
            return f"({goal.x:g}, {goal.y:g}) is farther away than {FARTHEST_METRES:g} m"
        if goal.speed != 0.0 and goal.speed < SLOWEST_SPEED:
            return f"the speed must be 0 (the turtle's own) or at least {SLOWEST_SPEED:g} m/s"
        with self._lock:
            return (
                f"{MOST_GOALS} goals are waiting already"
                if len(self._goals) >= MOST_GOALS
                else None
            )

    def _on_accepted(self, goal_handle: ServerGoalHandle) -> None:
        """Drive there: now, or when the goals before it are done."""
        with self._lock:
            self._goals.append(goal_handle)
            self._idle.clear()
            first = len(self._goals) == 1
        if first:
            goal_handle.execute()

    def _on_cancel(self, goal_handle: ServerGoalHandle) -> CancelResponse:
        return CancelResponse.ACCEPT

    def stop(self) -> None:
        """End the drive where the turtle is, and let its client know, because the node ends."""
        self._stopped.set()
        self._idle.wait(STOP_WITHIN_SECONDS)

    def _execute(self, goal_handle: ServerGoalHandle) -> Goto.Result:
        try:
            return self._drive(goal_handle)
        finally:
            self._begin_next()

    def _begin_next(self) -> None:
        """Take the goal that has ended out of the queue and begin the one behind it."""
        with self._lock:
            self._goals.popleft()
            following = self._goals[0] if self._goals else None
        if following is None or self._stopped.is_set():
            self._idle.set()
        else:
            following.execute()

    def _drive(self, goal_handle: ServerGoalHandle) -> Goto.Result:
        """Drive until the goal is reached or cancelled, or the node ends."""
        goal, driven, steps = goal_handle.request, 0.0, 0
        speed = goal.speed or self._speed
        self.get_logger().info(f"driving to ({goal.x:.2f}, {goal.y:.2f})")
        while self._remaining(goal) > ARRIVED_WITHIN_METRES:
            if goal_handle.is_cancel_requested:
                goal_handle.canceled()
                return self._result(False, "cancelled on the way", driven)
            if self._stopped.wait(STEP_SECONDS):
                goal_handle.abort()
                return self._result(False, "the turtle is shutting down", driven)
            driven += self._step(goal, speed)
            steps += 1
            if steps % FEEDBACK_EVERY_STEPS == 0:
                goal_handle.publish_feedback(self._feedback(goal))
        goal_handle.succeed()
        return self._result(True, f"arrived at ({self._x:.2f}, {self._y:.2f})", driven)

    def _remaining(self, goal: Goto.Goal) -> float:
        return math.hypot(goal.x - self._x, goal.y - self._y)

    def _step(self, goal: Goto.Goal, speed: float) -> float:
        """Turn to the goal and drive for one step; how far it went."""
        self._theta = math.atan2(goal.y - self._y, goal.x - self._x)
        distance = min(speed * STEP_SECONDS, self._remaining(goal))
        self._x += distance * math.cos(self._theta)
        self._y += distance * math.sin(self._theta)
        return distance

    def _feedback(self, goal: Goto.Goal) -> Goto.Feedback:
        place = {"x": self._x, "y": self._y, "theta": self._theta}
        return Goto.Feedback(**place, distance_remaining=self._remaining(goal))

    def _result(self, success: bool, message: str, driven: float) -> Goto.Result:
        self.get_logger().info(message)
        place = {"x": self._x, "y": self._y, "theta": self._theta}
        return Goto.Result(success=success, message=message, **place, distance_driven=driven)


def main() -> None:
    """Run until SIGINT or SIGTERM, which both end the wait."""
    # rclpy's own handlers would take ROS away from under a drive that has yet to say how it ended.
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    turtle = Turtle()
    executor = MultiThreadedExecutor(num_threads=THREADS)
    executor.add_node(turtle)
    spinning = threading.Thread(target=executor.spin, daemon=True)
    try:
        spinning.start()
        threading.Event().wait()
    finally:
        turtle.stop()
        executor.shutdown()
        spinning.join(STOP_WITHIN_SECONDS)
        rclpy.try_shutdown()


if __name__ == "__main__":
    main()
