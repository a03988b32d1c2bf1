"""The demo's simulator: turtles that move through a square room.

Publishes /sim/pose and /sim/sensors, serves /sim/register_sim_turtle and /sim/teleport_turtle.
One turtle lives there from the start, so that there is data even when nobody registers another.
"""

import signal
import sys

# Before the imports, which take a moment: a container's first process ignores SIGTERM until
# somebody handles it, and a stop during start-up would then wait for its whole grace time.
for ending in (signal.SIGINT, signal.SIGTERM):
    signal.signal(ending, lambda *_: sys.exit(0))

import math  # noqa: E402
from dataclasses import dataclass  # noqa: E402

import rclpy  # noqa: E402
from rcl_interfaces.msg import ParameterDescriptor  # noqa: E402
from rclpy.executors import ExternalShutdownException  # noqa: E402
from rclpy.node import Node  # noqa: E402
from turtle_interfaces.msg import Pose, Sensors  # noqa: E402
from turtle_interfaces.srv import RegisterSimTurtle, TeleportTurtle  # noqa: E402

SENSORS_EVERY_SECONDS = 0.2
BATTERY_LIFE_SECONDS = 3600.0


@dataclass
class Turtle:
    """One simulated turtle: it drives a circle, and slides along the walls that it meets."""

    x: float
    y: float
    theta: float
    linear_velocity: float = 0.5
    angular_velocity: float = 0.4
    battery: float = 1.0
    bumper: bool = False

    def step(self, seconds: float, room: float) -> None:
        """Move on by `seconds` in a room of `room` by `room` metres."""
        self.theta = math.remainder(self.theta + self.angular_velocity * seconds, math.tau)
        x = self.x + self.linear_velocity * math.cos(self.theta) * seconds
        y = self.y + self.linear_velocity * math.sin(self.theta) * seconds
        self.x, self.y = min(max(x, 0.0), room), min(max(y, 0.0), room)
        self.bumper = (self.x, self.y) != (x, y)
        self.battery = max(0.0, self.battery - seconds / BATTERY_LIFE_SECONDS)

    def range_ahead(self, room: float) -> float:
        """Metres to the wall straight ahead."""
        return min(
            _distance_to_wall(self.x, math.cos(self.theta), room),
            _distance_to_wall(self.y, math.sin(self.theta), room),
        )


def _distance_to_wall(position: float, direction: float, room: float) -> float:
    """How far one can go along one axis, in metres of the way itself."""
    if abs(direction) < 1e-9:
        return math.inf
    wall = room if direction > 0.0 else 0.0
    return (wall - position) / direction


def _wrong_place(x: float, y: float, theta: float, room: float) -> str | None:
    """Why a turtle cannot be there, or None when it can."""
    if not all(math.isfinite(value) for value in (x, y, theta)):
        return "x, y and theta must be finite numbers"
    if not (0.0 <= x <= room and 0.0 <= y <= room):
        return f"({x:g}, {y:g}) is outside of the room, which reaches from 0 to {room:g}"
    return None


class Simulator(Node):
    """The node /simulator."""

    def __init__(self) -> None:
        super().__init__("simulator")
        rate = self._positive("rate", 20.0, "How often poses are published, in hertz.")
        self._room = self._positive("room", 11.0, "The length of the room's sides, in metres.")
        self._period = 1.0 / rate
        self._turtles = {"resident": Turtle(self._room / 2.0, self._room / 4.0, 0.0)}
        self._pose = self.create_publisher(Pose, "/sim/pose", 10)
        self._sensors = self.create_publisher(Sensors, "/sim/sensors", 10)
        self.create_service(RegisterSimTurtle, "/sim/register_sim_turtle", self._register)
        self.create_service(TeleportTurtle, "/sim/teleport_turtle", self._teleport)
        self.create_timer(self._period, self._step)
        self.create_timer(SENSORS_EVERY_SECONDS, self._sense)
        self.get_logger().info(f"a room of {self._room:g} m by {self._room:g} m, {rate:g} Hz")

    def _positive(self, name: str, default: float, description: str) -> float:
        """Declare a parameter that must be greater than 0."""
        descriptor = ParameterDescriptor(
            description=description, dynamic_typing=True, read_only=True
        )
        value = self.declare_parameter(name, default, descriptor).value
        if (
            isinstance(value, bool)
            or not isinstance(value, (int, float))
            or not 0 < value < math.inf
        ):
            raise SystemExit(f"parameter '{name}' is {value!r}: it must be a number greater than 0")
        return float(value)

    def _register(
        self, request: RegisterSimTurtle.Request, response: RegisterSimTurtle.Response
    ) -> RegisterSimTurtle.Response:
        response.success, response.message = self._add(request)
        self.get_logger().info(response.message)
        return response

    def _add(self, request: RegisterSimTurtle.Request) -> tuple[bool, str]:
        """Add a turtle; a caller that lost the answer may simply ask again."""
        if not request.name:
            return False, "a turtle needs a name"
        if request.name in self._turtles:
            return True, f"{request.name} is registered already"
        wrong = _wrong_place(request.x, request.y, request.theta, self._room)
        if wrong:
            return False, wrong
        self._turtles[request.name] = Turtle(request.x, request.y, request.theta)
        return True, f"{request.name} is registered at ({request.x:.2f}, {request.y:.2f})"

    def _teleport(
        self, request: TeleportTurtle.Request, response: TeleportTurtle.Response
    ) -> TeleportTurtle.Response:
        response.success, response.message = self._move(request)
        self.get_logger().info(response.message)
        return response

    def _move(self, request: TeleportTurtle.Request) -> tuple[bool, str]:
        turtle = self._turtles.get(request.name)
        if turtle is None:
            known = ", ".join(sorted(self._turtles))
            return False, f"there is no turtle '{request.name}'; registered are: {known}"
        wrong = _wrong_place(request.x, request.y, request.theta, self._room)
        if wrong:
            return False, wrong
        turtle.x, turtle.y, turtle.theta = request.x, request.y, request.theta
        return True, f"{request.name} is now at ({request.x:.2f}, {request.y:.2f})"

    def _step(self) -> None:
        """Move every turtle and say where it is."""
        stamp = self.get_clock().now().to_msg()
        for name, turtle in self._turtles.items():
            turtle.step(self._period, self._room)
            message = Pose(turtle=name, x=turtle.x, y=turtle.y, theta=turtle.theta)
            message.header.stamp, message.header.frame_id = stamp, "sim"
            message.linear_velocity = turtle.linear_velocity
            message.angular_velocity = turtle.angular_velocity
            self._pose.publish(message)

    def _sense(self) -> None:
        """Say what every turtle senses."""
        stamp = self.get_clock().now().to_msg()
        for name, turtle in self._turtles.items():
            message = Sensors(turtle=name, bumper=turtle.bumper, battery=turtle.battery)
            message.range_ahead = turtle.range_ahead(self._room)
            message.header.stamp, message.header.frame_id = stamp, name
            self._sensors.publish(message)


def main() -> None:
    """Run until SIGINT or SIGTERM."""
    rclpy.init()
    try:
        rclpy.spin(Simulator())
    except ExternalShutdownException:
        pass
    finally:
        rclpy.try_shutdown()


if __name__ == "__main__":
    main()
