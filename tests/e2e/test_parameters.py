"""Parameters reach ROS nodes as a parameter file and as environment."""

import json

from harness.manifests import executable, package
from harness.output import wait_for_output
from harness.ship import Ship

# Declares what it is given, and says what came, with types.
NODE = """
import json, os, signal, sys, time
import rclpy
rclpy.init(args=sys.argv)
node = rclpy.create_node("node", automatically_declare_parameters_from_overrides=True)
names = ["text", "word", "count", "speed", "loud"]
print("values", json.dumps([node.get_parameter(it).value for it in names]), flush=True)
print("speed is", os.environ["SHIPMATE_PARAMETER_SPEED"], flush=True)
signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
while True:
    signal.pause()
"""
EXPECTED = 'values ["3", "a \\"true\\" \\\\ story", 3, 3.0, true]'


def robot() -> str:
    """A package with a parameter of each type."""
    types = {"text": "string", "word": "string", "count": "integer", "speed": "number", "loud": "boolean"}
    parameters = {name: {"type": kind, "required": True} for name, kind in types.items()}
    nodes = [executable(name, "python3", "-c", NODE, ros=True, **more) for name, more in USERS.items()]
    return package("robot", *nodes, parameters=parameters)


USERS = {"root": {}, "user": {"user": "1000"}}


def test_a_node_sees_the_values_with_their_types(ship: Ship) -> None:
    """As root and as another user; also after the container was started again and made again."""
    values = {"text": "3", "word": 'a "true" \\ story', "count": 3, "speed": 3, "loud": True}
    ship.client.register(robot())
    ship.deploy("robot", parameters=values)
    names = {user: f"{ship.place.prefix}-robot-main-{user}" for user in USERS}
    for name in names.values():
        wait_for_output(name, EXPECTED)
        wait_for_output(name, "speed is 3.0")

    ship.engine.kill(names["root"])
    ship.wait_until(
        "robot",
        lambda it: it.components[0].executables[0].restart_count == 1 and it.status_name == "Running",
        "it was started again",
    )
    ship.engine.run("rm", "--force", names["user"])
    ship.wait_until(
        "robot",
        lambda it: it.components[0].executables[1].restart_count == 1 and it.status_name == "Running",
        "it was made again",
    )
    wait_for_output(names["user"], EXPECTED)
    assert ship.engine.logs(names["root"]).count("values") == ship.engine.logs(names["root"]).count(EXPECTED)


def test_the_components_own_arguments_win(ship: Ship) -> None:
    """They come after the file in the one block of ROS arguments."""
    manifest = json.loads(
        package("arm", executable("arm", "bash", "-c", "sleep 1h", ros=True), parameters={"a": {"type": "integer", "default": 1}})
    )
    manifest["components"][0]["ros"] = {"args": ["-p", "a:=2"]}
    ship.deploy(manifest=json.dumps(manifest))

    command = ship.engine.inspect(f"{ship.place.prefix}-arm-main-arm")["Config"]["Cmd"]
    file = "/run/shipmate/parameters.yaml"
    assert command == ["bash", "-c", "sleep 1h", "--ros-args", "--params-file", file, "-p", "a:=2"]
