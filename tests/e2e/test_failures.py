"""What cannot be started although the goal was right: ports, names, disks, engines."""

import json
import os
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness.disk import a_small_disk, fill
from harness.manifests import executable, package, sleeper
from harness.outcomes import error_event, failed, refused
from harness.ports import a_taken_port
from harness.process import binary
from harness.relay import a_relay
from harness.ship import BASE_IMAGE, Ship
from shipmate.msg import Deployment

DOCKER = Path("/var/run/docker.sock")
END_WITHIN_SECONDS = 20.0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of one megabyte."""
    folder = tmp_path / "disk"
    with a_small_disk(folder, "1m"):
        yield folder


def with_port(name: str, port: int, protocol: str = "tcp") -> str:
    """A package that wants a port of the machine."""
    endpoint = {"name": "web", "port": 8080, "external": True, "host_port": port, "protocol": protocol}
    manifest = json.loads(package(name, sleeper()))
    manifest["components"][0]["endpoints"] = [endpoint]
    return json.dumps(manifest)


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_a_port_in_use(ship: Ship, protocol: str) -> None:
    """Nothing is started, and the port is named; with the port free again, it works."""
    with a_taken_port(protocol) as port:
        goal = ship.client.deploy(manifest=with_port("web", port, protocol))
        result = failed(ship, goal, "Failed to start", "DEP_E302")
        assert str(port) in result.deployment.reason

    deployment = ship.deploy(manifest=with_port("web", port, protocol))
    (endpoint,) = deployment.endpoints
    assert (endpoint.external, endpoint.host_port) == (True, port)


def test_a_command_that_is_not_in_the_image(ship: Ship) -> None:
    """Trying again would not help: it is in error, and the command is named."""
    ship.client.deploy(manifest=package("arm", executable("arm", "no-such-node", "--fast")))

    event = error_event(ship, "arm", "DEP_E152")
    shown = ship.wait_until("arm", lambda it: it.status_name == "Error", "it is in error")

    assert "no-such-node" in event.reason and "not in the image" in event.reason
    assert list(shown.error_codes) == ["DEP_E152"]
    container = shown.components[0].executables[0]
    assert container.exit_code == 127 and container.restart_count == 0
    ship.deprovision("arm")
    assert ship.engine.leftovers() == []


def test_a_container_name_that_is_taken(ship: Ship) -> None:
    """The container of somebody else's is named, and not touched."""
    name = f"{ship.place.prefix}-arm-main-sleeper"
    foreign = ship.engine.run("run", "--detach", "--name", name, BASE_IMAGE, "sleep", "infinity")
    before = ship.engine.inspect(foreign)

    goal = ship.client.deploy(manifest=package("arm", sleeper("first"), sleeper()))
    result = goal.result()

    assert (result.deployment.phase_name, result.deployment.status_name) == ("Provisioning", "Error")
    assert list(result.deployment.error_codes) == ["DEP_E301"]
    assert name in result.deployment.reason and foreign[:12] in result.deployment.reason
    assert ship.engine.inspect(foreign) == before
    assert ship.engine.names() == [name]
    ship.deprovision("arm")
    assert ship.engine.inspect(foreign) == before


def test_a_foreign_container_with_our_labels_is_not_touched(ship: Ship) -> None:
    """Whoever copies a container with its labels owns the copy."""
    ship.deploy(manifest=package("arm", sleeper()))
    labels = ship.engine.inspect(f"{ship.place.prefix}-arm-main-sleeper")["Config"]["Labels"]
    options = [part for key, value in labels.items() for part in ("--label", f"{key}={value}")]
    name = f"{ship.place.prefix}-copy"
    copy = ship.engine.run("run", "--detach", "--name", name, *options, BASE_IMAGE, "sleep", "infinity")

    ship.deprovision("arm")

    assert ship.engine.names() == [name]
    assert ship.engine.inspect(copy)["State"]["Running"]


@pytest.mark.parametrize("left_behind", [False, True])
def test_docker_that_does_not_run(
    make_ship: Callable[..., Ship], tmp_path: Path, left_behind: bool
) -> None:
    """Without a socket, or with one at which nobody listens, the reason says to start Docker."""
    path = tmp_path / "docker.sock"
    if left_behind:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
    ship = make_ship(parameters={"docker_host": f"unix://{path}"})

    goal = ship.client.deploy(manifest=package("arm", sleeper()))
    result = failed(ship, goal, "Failed to start", "DEP_E151")

    assert str(path) in result.deployment.reason and "start docker" in result.deployment.reason


def test_a_socket_that_is_not_permitted(
    make_ship: Callable[..., Ship], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason says which group to join."""
    monkeypatch.setenv("SHIPMATE_BIN", str(without_power_over_files(tmp_path)))
    with a_relay(DOCKER, at=tmp_path / "docker.sock"):
        path = tmp_path / "docker.sock"
        path.chmod(0)
        ship = make_ship(parameters={"docker_host": f"unix://{path}"})

        goal = ship.client.deploy(manifest=package("arm", sleeper()))
        result = failed(ship, goal, "Failed to start", "DEP_E151")

        assert str(path) in result.deployment.reason and "group docker" in result.deployment.reason
        # With the permission given, nothing has to be started anew.
        path.chmod(stat.S_IRUSR | stat.S_IWUSR)
        ship.deploy(manifest=package("arm", sleeper()))


def without_power_over_files(folder: Path) -> Path:
    """A program that starts the node such that even for root the modes of files count."""
    program = folder / "shipmate"
    command = "setpriv --bounding-set=-dac_override,-dac_read_search" if os.geteuid() == 0 else ""
    program.write_text(f'#!/bin/sh\nexec {command} "{binary()}" "$@"\n')
    program.chmod(0o755)
    return program


def test_docker_that_goes_away_and_comes_back(make_ship: Callable[..., Ship], tmp_path: Path) -> None:
    """Meanwhile the status is unknown, with the reason; the container runs on."""
    with a_relay(DOCKER, at=tmp_path / "docker.sock") as relay:
        ship = make_ship(parameters={"docker_host": f"unix://{tmp_path}/docker.sock"})
        ship.deploy(manifest=package("arm", sleeper()))
        ship.wait_until("arm", lambda it: it.status == Deployment.STATUS_RUNNING, "it runs")
        before = ship.engine.containers()

        relay.cut()
        lost = ship.wait_until("arm", lambda it: it.status == Deployment.STATUS_UNKNOWN, "it is unknown")
        assert "Docker does not answer" in lost.reason
        assert lost.phase == Deployment.PHASE_SUCCEEDED
        relay.open()

        ship.wait_until("arm", lambda it: it.status == Deployment.STATUS_RUNNING, "it runs again")
        assert ship.engine.containers() == before


def test_a_full_disk_takes_no_deployment(make_ship: Callable[..., Ship], disk: Path) -> None:
    """What could not be written down is refused and leaves nothing; what is there can be stopped."""
    ship = make_ship(parameters={"state_folder": disk / "state"})
    ship.deploy(manifest=package("first", sleeper()))
    filler = fill(disk)

    result = refused(ship, ship.client.deploy(manifest=package("second", sleeper())))
    assert "nothing was deployed" in result.message and "full" in result.message
    answer = ship.client.register(package("third", sleeper()))
    assert not answer.success and "full" in answer.message

    assert [it.name for it in ship.client.deployments(include_ended=True)] == ["first"]
    ship.deprovision("first")
    assert ship.engine.leftovers() == []
    filler.unlink()
    ship.deploy(manifest=package("second", sleeper()))


def test_a_full_disk_of_the_engine(ship: Ship) -> None:
    """A volume into which the image's files do not fit ends the start, with the disk as the reason."""
    volume = f"{ship.place.prefix}-small"
    small = ["--opt", "type=tmpfs", "--opt", "device=tmpfs", "--opt", "o=size=64k"]
    ship.engine.run("volume", "create", *small, volume)
    # A new volume gets what the image has at its place.
    arm = sleeper("arm", mounts=[{"source": volume, "target": "/opt/ros/jazzy/lib"}])

    result = ship.client.deploy(manifest=package("arm", arm)).result()

    assert list(result.deployment.error_codes) == ["DEP_E303"], result
    assert "full" in result.deployment.reason
    assert ship.engine.names() == []


def test_two_nodes_with_one_state_folder(make_ship: Callable[..., Ship]) -> None:
    """The second ends with a message, and the first does not notice."""
    first = make_ship()
    first.deploy(manifest=package("arm", sleeper()))
    state = first.folder / "state"
    second = make_ship(parameters={"state_folder": state}, start=False)

    second.process.start()
    code = second.process.wait(END_WITHIN_SECONDS)

    assert code not in (None, 0)
    assert f"the state folder {state} is used by another shipmate" in second.process.output()
    assert first.get("arm").status == Deployment.STATUS_RUNNING
