"""`shipmate import`: a Docker Compose file becomes a package that can be deployed."""

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from demo_client import look_until
from harness import images
from harness.manifests import TALKER
from harness.ports import a_free_port
from harness.process import binary
from harness.ship import BASE_IMAGE, Ship
from std_msgs.msg import String

IMPORTED_WITHIN_SECONDS = 30.0

# As such files are written for robots: anchors, variables, a health check, an order.
COMPOSE = f"""
name: chatter
x-ros: &ros
  image: {BASE_IMAGE}
  network_mode: host
  restart: unless-stopped
services:
  talker:
    <<: *ros
    command: ["python3", "-c", {json.dumps(TALKER)}]
    environment:
      - GREETING=${{GREETING:-ahoy}}
      - ROBOT
    healthcheck:
      test: ["CMD", "test", "-e", "/proc/1"]
      interval: 1s
  watcher:
    <<: *ros
    command: bash -c "trap 'exit 0' INT TERM; sleep infinity & wait"
    depends_on: [talker]
    volumes: ["notes:/notes"]
volumes:
  notes: {{}}
"""

# Passes on what it hears, or says something itself, and tells of it over HTTP if it has a port.
NODE = """
import os, signal, sys, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda *_: sys.exit(0))
import rclpy
from std_msgs.msg import String
says = open(os.environ.get("SAYS_FILE", "/dev/null")).read().strip() or os.environ.get("SAYS", "")
latest = ["nothing"]
class Web(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(latest[0].encode())
rclpy.init()
node = rclpy.create_node(sys.argv[1])
publisher = node.create_publisher(String, sys.argv[1], 10)
def say(text):
    latest[0] = text
    publisher.publish(String(data=text))
if len(sys.argv) > 2:
    node.create_subscription(String, sys.argv[2], lambda it: say(it.data + " " + says), 10)
else:
    node.create_timer(0.1, lambda: say(says))
if "PORT" in os.environ:
    server = HTTPServer(("", int(os.environ["PORT"])), Web)
    threading.Thread(target=server.serve_forever, daemon=True).start()
try:
    rclpy.spin(node)
except rclpy.executors.ExternalShutdownException:
    pass
"""

# What asks another service by its name whenever it is asked itself.
BRIDGE = """
import os, signal, sys, urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda *_: sys.exit(0))
class Web(BaseHTTPRequestHandler):
    def do_GET(self):
        answer = urllib.request.urlopen(os.environ["NAVIGATION_URL"], timeout=5).read()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"bridged: " + answer)
HTTPServer(("", 8080), Web).serve_forever()
"""

# A driver, navigation that needs it, and a bridge to the web that finds navigation by its name.
ROBOT = """
name: {name}
x-logging: &logging
  driver: json-file
  options: {{max-size: 10m}}
services:
  driver:
    build:
      context: ./driver
      args: {{SAYS: scan}}
    command: python3 /node.py scan
    healthcheck:
      test: ["CMD", "test", "-e", "/node.py"]
      interval: 1s
      timeout: 5s
      start_period: 2s
    volumes: ["{name}-calibration:/calibration"]
    restart: unless-stopped
    logging: *logging
  navigation:
    image: {image}
    command: ["python3", "/nodes/node.py", "cmd", "scan"]
    depends_on:
      driver: {{condition: service_healthy}}
    environment:
      SAYS_FILE: /config/navigation.txt
      PORT: 9090
    volumes:
      - ./driver:/nodes:ro
      - type: bind
        source: ./config
        target: /config
        read_only: true
    expose: ["9090"]
    restart: always
    logging: *logging
  web_bridge:
    image: {image}
    command: ["python3", "/web/bridge.py"]
    depends_on: [navigation]
    environment:
      - NAVIGATION_URL=http://navigation:9090/
    volumes: ["./web:/web:ro"]
    ports: ["{port}:8080"]
    healthcheck:
      test: python3 -c "import socket; socket.create_connection(('localhost', 8080))"
      interval: 1s
    restart: on-failure
volumes:
  {name}-calibration:
"""

# A simulator, what drives in it, and what shows it, for a machine with more than the test's.
SIMULATION = """
x-base: &base
  image: {image}
  network_mode: host
  ipc: host
  volumes: ["./nodes:/nodes:ro"]
x-environment: &environment
  TEAM: ${{TEAM:-blue}}
services:
  simulator:
    <<: *base
    container_name: simulator
    command: python3 /nodes/node.py world
    env_file: [simulator.env]
    environment:
      <<: *environment
      SAYS: ${{WORLD:-maze}}
    deploy:
      resources:
        limits: {{cpus: "1.5", memory: 1g}}
        reservations: {{memory: 256m}}
    ulimits: {{rtprio: 99}}
  autonomy:
    <<: *base
    extends: {{file: common.yaml, service: autonomy}}
    command: python3 /nodes/node.py plan world
    environment:
      <<: *environment
      SAYS: planned
    depends_on:
      simulator: {{condition: service_started}}
    shm_size: 128m
  visualiser:
    <<: *base
    profiles: [gui]
    command: python3 /nodes/node.py picture plan
    environment:
      <<: *environment
      SAYS: drawn
    tty: true
"""


def run_import(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the subcommand."""
    return subprocess.run(
        [binary(), "import", *arguments],
        capture_output=True,
        text=True,
        timeout=IMPORTED_WITHIN_SECONDS,
    )


def test_an_imported_compose_file_runs(ship: Ship, tmp_path: Path) -> None:
    """What it says of order and surroundings is listed; the rest runs as it did."""
    compose = tmp_path / "compose.yaml"
    compose.write_text(COMPOSE)
    target = tmp_path / "shipmate.yaml"
    done = run_import(str(compose), "--output", str(target))
    assert done.returncode == 0, done.stderr
    assert "depends_on" in done.stderr and "ROBOT" in done.stderr

    assert ship.client.register(path=str(target)).success
    heard = ship.ros.listen(String, "/chatter")
    goal = ship.client.deploy("chatter", parameters={"ROBOT": "r2"})
    deployment = goal.result().deployment
    assert deployment.phase_name == "Succeeded", goal.result().message
    heard.wait_for(lambda it: it.data == "hello", 30.0, "the talker is heard")
    (talker,) = [it for it in ship.engine.containers() if it.name.endswith("-talker")]
    environment = ship.engine.inspect(talker.id)["Config"]["Env"]
    assert "GREETING=ahoy" in environment and "ROBOT=r2" in environment
    ship.deprovision("chatter")
    ship.engine.run("volume", "rm", "--force", "notes")


def the_notes_of(folder: Path, compose: str, name: str) -> str:
    """Import a file beside itself; what was said."""
    file = folder / "compose.yaml"
    file.write_text(compose)
    done = run_import(str(file), "--name", name, "--output", str(folder / "shipmate.yaml"))
    assert done.returncode == 0, done.stderr
    return done.stderr


def deploy_imported(ship: Ship, folder: Path, name: str) -> None:
    """Register what was imported, and wait until all of it is ready."""
    answer = ship.client.register(path=str(folder))
    assert answer.success, f"{answer.message} {answer.problems}"
    result = ship.client.deploy(name).result()
    assert result.deployment.phase_name == "Succeeded", result.message
    components = result.deployment.components
    assert [it.status_name for it in components] == ["Running"], components


def fetch(url: str) -> bytes:
    """What a server in a container answers. The container runs before its server listens, and until
    then the engine's proxy takes connections and drops them."""
    answers: list[bytes] = []

    def answers_now() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=10.0) as answer:
                answers.append(answer.read())
        except (ConnectionError, urllib.error.URLError):  # also one that ends without an answer
            return False
        return True

    assert look_until(answers_now, 30.0), f"nobody answers at {url}"
    return answers[0]


def test_an_imported_robot_runs(ship: Ship, tmp_path: Path) -> None:
    """Its driver is built, its topics flow, and the bridge finds navigation under its Compose name."""
    name, port = ship.place.prefix, a_free_port()
    folder = tmp_path / "robot"
    for part in ("driver", "config", "web"):
        (folder / part).mkdir(parents=True)
    lines = [f"FROM {BASE_IMAGE}", "ARG SAYS", "ENV SAYS=$SAYS", "COPY node.py /node.py"]
    (folder / "driver" / "Dockerfile").write_text("\n".join(lines))
    (folder / "driver" / "node.py").write_text(NODE)
    (folder / "config" / "navigation.txt").write_text("navigated\n")
    (folder / "web" / "bridge.py").write_text(BRIDGE)
    compose = ROBOT.format(name=name, image=BASE_IMAGE, port=port)
    told = the_notes_of(folder, compose, name)
    for key in ("navigation.depends_on", "web_bridge.depends_on", "driver.logging", "start_period"):
        assert key in told, told
    try:
        heard = ship.ros.listen(String, "/cmd")
        deploy_imported(ship, folder, name)
        heard.wait_for(lambda it: it.data == "scan navigated", 30.0, "navigation drives")
        assert fetch(f"http://localhost:{port}/") == b"bridged: scan navigated"
        assert f"{name}-calibration" in ship.engine.run("volume", "ls", "--format", "{{.Name}}")
        ship.deprovision(name)
        assert ship.engine.containers() == []
    finally:
        ship.engine.remove_everything()
        images.remove(f"shipmate/{name}-main-driver:0.1.0")
        ship.engine.run("volume", "rm", "--force", f"{name}-calibration")


def test_an_imported_simulation_runs(make_ship: Callable[..., Ship], tmp_path: Path) -> None:
    """With the machine's network and IPC, which the policy has to allow; the rest is listed."""
    policy = tmp_path / "policy.yaml"
    policy.write_text("host_ipc: true\n")
    ship = make_ship(parameters={"policy_file": policy})
    name = ship.place.prefix
    folder = tmp_path / "simulation"
    (folder / "nodes").mkdir(parents=True)
    (folder / "nodes" / "node.py").write_text(NODE)
    (folder / "simulator.env").write_text("UNREAD=1\n")
    told = the_notes_of(folder, SIMULATION.format(image=BASE_IMAGE), name)
    for key in (
        "simulator.container_name",
        "simulator.env_file",
        "simulator.deploy.resources.reservations.memory",
        "simulator.ulimits",
        "autonomy.extends",
        "autonomy.depends_on",
        "visualiser.profiles",
        "visualiser.tty",
        "host_ipc: true",
    ):
        assert key in told, told

    heard = ship.ros.listen(String, "/picture")
    deploy_imported(ship, folder, name)
    heard.wait_for(lambda it: it.data == "maze planned drawn", 30.0, "the picture is drawn")
    (simulator,) = [it for it in ship.engine.containers() if it.name.endswith("-simulator")]
    about = ship.engine.inspect(simulator.id)
    host = about["HostConfig"]
    assert (host["NetworkMode"], host["IpcMode"]) == ("host", "host")
    assert (host["NanoCpus"], host["Memory"]) == (1_500_000_000, 1 << 30)
    assert "TEAM=blue" in about["Config"]["Env"]
    ship.deprovision(name)
    assert ship.engine.containers() == []


def test_what_cannot_be_imported_is_said_with_its_place(tmp_path: Path) -> None:
    """Nothing is written then; and nothing is ever written over."""
    bad = tmp_path / "compose.yaml"
    bad.write_text("services: [a, b]\n")
    target = tmp_path / "out.yaml"
    done = run_import(str(bad), "--output", str(target))
    assert done.returncode == 2 and "services" in done.stderr and not target.exists()

    bad.write_text("services: {a: {image: b}}\n")
    target.write_text("mine")
    done = run_import(str(bad), "--output", str(target))
    assert done.returncode == 2 and target.read_text() == "mine"
    assert run_import("--nonsense").returncode == 2
