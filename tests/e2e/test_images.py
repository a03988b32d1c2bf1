"""Images that have to be pulled or built before a container can be made."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from action_msgs.msg import GoalStatus
from demo_client import Goal
from harness import images
from harness.manifests import package, sleeper
from harness.outcomes import failed
from harness.ports import a_free_port
from harness.registry import PASSWORD, Registry, a_registry
from harness.relay import Relay, a_relay
from harness.ship import CHANGE_WITHIN_SECONDS, Ship
from shipmate.action import Deploy
from shipmate.msg import Deployment, Progress

MEGABYTE = 1 << 20
# More than a registry says beside layers, less than a layer.
SOME_OF_A_LAYER = MEGABYTE
PAUSE = ["sh", "-c", "trap 'exit 0' INT; while true; do sleep 1; done"]


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    """A registry that anyone may use."""
    with a_registry(tmp_path / "registry") as it:
        yield it


@pytest.fixture
def locked_registry(tmp_path: Path) -> Iterator[Registry]:
    """A registry that wants a password."""
    with a_registry(tmp_path / "locked", locked=True) as it:
        yield it


@pytest.fixture
def unwanted() -> Iterator[list[str]]:
    """Names of images that must not be left on the engine."""
    names: list[str] = []
    yield names
    for name in names:
        images.remove(name)


@pytest.fixture
def slow(registry: Registry, unwanted: list[str]) -> Iterator[tuple[Relay, str]]:
    """An image of which only a part arrives, and that drop by drop."""
    yield from through_a_relay(registry, unwanted, drops=True)


@pytest.fixture
def stalled(registry: Registry, unwanted: list[str]) -> Iterator[tuple[Relay, str]]:
    """An image of which a part arrives, and then nothing."""
    yield from through_a_relay(registry, unwanted, drops=False)


def through_a_relay(
    registry: Registry, unwanted: list[str], drops: bool
) -> Iterator[tuple[Relay, str]]:
    """A large image, and the relay that holds most of it back."""
    pushed = registry.push("robots/slow:1", 4 * MEGABYTE)
    server = ("127.0.0.1", registry.port)
    with a_relay(server, let_through=SOME_OF_A_LAYER, drops=drops) as relay:
        image = pushed.replace(registry.host, relay.host)
        unwanted.append(image)
        yield relay, image


def of_image(name: str, *images: str) -> str:
    """A package with one executable for each image."""
    executables = [
        {"name": f"e{index}", "image": image, "command": PAUSE}
        for index, image in enumerate(images)
    ]
    return package(name, *executables)


def wait_for_progress(
    goal: Goal, predicate: Callable[[Progress], object], what: str
) -> Progress:
    """The first progress in a goal's feedback of which `predicate` is true."""

    def look(feedback: Deploy.Feedback) -> object:
        return any(predicate(it) for it in feedback.progress)

    found = goal.feedback.wait_for(look, CHANGE_WITHIN_SECONDS, what)
    return next(it for it in found.progress if predicate(it))


def test_an_image_that_does_not_exist(ship: Ship, registry: Registry) -> None:
    """The reason names the image; the deployment's name is free again."""
    image = f"{registry.host}/robots/typo:1"

    result = failed(ship, ship.client.deploy(manifest=of_image("arm", image)), "Provisioning", "DEP_E161")

    assert image in result.deployment.reason
    assert not images.exists(image)
    ship.deploy(manifest=package("arm", sleeper()))


def test_an_image_that_must_not_be_pulled(ship: Ship, registry: Registry) -> None:
    """With `pull: never` an image of the registry is as good as none."""
    image = registry.push("robots/arm:1")
    executable = {"name": "arm", "image": image, "pull": "never", "command": PAUSE}

    failed(ship, ship.client.deploy(manifest=package("arm", executable)), "Provisioning", "DEP_E161")

    assert not images.exists(image)


def test_a_registry_that_does_not_answer(ship: Ship) -> None:
    """The reason names the image, and with it the registry."""
    image = f"127.0.0.1:{a_free_port()}/robots/arm:1"

    result = failed(ship, ship.client.deploy(manifest=of_image("arm", image)), "Provisioning", "DEP_E304")

    assert image in result.deployment.reason


def test_a_registry_that_wants_a_password(ship: Ship, locked_registry: Registry) -> None:
    """Without a login, the reason says to log in."""
    image = locked_registry.push("robots/arm:1")

    result = failed(ship, ship.client.deploy(manifest=of_image("arm", image)), "Provisioning", "DEP_E305")

    assert image in result.deployment.reason and "docker login" in result.deployment.reason
    assert not images.exists(image)


def test_a_password_that_is_wrong(
    make_ship: Callable[..., Ship], locked_registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refused like none, and shown nowhere."""
    image = locked_registry.push("robots/arm:1")
    wrong = "open barley"
    monkeypatch.setenv("DOCKER_CONFIG", str(locked_registry.login(wrong)))
    ship = make_ship()

    result = failed(ship, ship.client.deploy(manifest=of_image("arm", image)), "Provisioning", "DEP_E305")

    assert wrong not in str(result)
    assert wrong not in ship.process.output()


def test_a_login_is_used_and_the_pull_is_followed(
    make_ship: Callable[..., Ship],
    locked_registry: Registry,
    unwanted: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the user's login the image arrives: layers and bytes are told while it does."""
    pushed = locked_registry.push("robots/arm:1", 4 * MEGABYTE)
    server = ("127.0.0.1", locked_registry.port)
    with a_relay(server, let_through=SOME_OF_A_LAYER) as relay:
        image = pushed.replace(locked_registry.host, relay.host)
        unwanted.append(image)
        monkeypatch.setenv("DOCKER_CONFIG", str(locked_registry.login(PASSWORD, relay.host)))
        ship = make_ship()
        goal = ship.client.deploy(manifest=of_image("arm", image))

        some = wait_for_progress(goal, lambda it: it.bytes_done > 0, "bytes arrive")
        assert (some.component, some.executable, some.image) == ("main", "e0", image)
        assert some.activity == "pulling"
        assert 0 < some.bytes_done < some.bytes_total
        assert some.layers_done < some.layers_total == 2
        relay.let_all_through()
        result = goal.result()

    assert result.outcome == Deploy.Result.OUTCOME_SUCCEEDED, result.message
    container = ship.engine.inspect(f"{ship.place.prefix}-arm-main-e0")
    assert container["Config"]["Image"] == image
    assert PASSWORD not in str(container) + str(goal.feedback.all()) + ship.process.output()
    assert PASSWORD not in everything_in(ship.folder / "state")


def everything_in(folder: Path) -> str:
    """The content of all files in a folder, as text."""
    files = [Path(at) / name for at, _, names in os.walk(folder) for name in names]
    return "\n".join(it.read_bytes().decode(errors="replace") for it in files)


def test_a_goal_that_is_cancelled_while_it_pulls(ship: Ship, slow: tuple[Relay, str]) -> None:
    """The pull ends, nothing of the deployment is left, and its name is free again."""
    relay, image = slow
    goal = ship.client.deploy(manifest=of_image("arm", image, "shipmate/ros:local"))
    relay.wait_until_stuck()

    assert goal.cancel()
    result: Deploy.Result = goal.result()

    assert goal.status() == GoalStatus.STATUS_CANCELED
    assert result.outcome == Deploy.Result.OUTCOME_CANCELED
    assert result.deployment.phase == Deployment.PHASE_DEPLOYMENT_STOPPED
    assert result.deployment.status == Deployment.STATUS_NONE
    relay.wait_until_let_go()
    assert ship.engine.leftovers() == []
    assert not images.exists(image)
    ship.deploy(manifest=package("arm", sleeper()))


def test_a_deployment_that_is_stopped_while_it_pulls(ship: Ship, slow: tuple[Relay, str]) -> None:
    """Who waits for the deployment is told that somebody else stopped it."""
    relay, image = slow
    goal = ship.client.deploy(manifest=of_image("arm", image))
    relay.wait_until_stuck()

    ship.deprovision("arm")

    assert goal.result().outcome == Deploy.Result.OUTCOME_CANCELED
    assert goal.status() == GoalStatus.STATUS_ABORTED
    relay.wait_until_let_go()
    assert not images.exists(image)


def test_a_pull_that_stalls(make_ship: Callable[..., Ship], stalled: tuple[Relay, str]) -> None:
    """It is given up when nothing has arrived for as long as the parameter says."""
    ship = make_ship(parameters={"pull_stall_timeout": 1.0})
    _, image = stalled

    result = failed(ship, ship.client.deploy(manifest=of_image("arm", image)), "Provisioning", "DEP_E306")

    assert image in result.deployment.reason
    assert not images.exists(image)


def test_a_slow_pull_is_not_a_stalled_one(
    make_ship: Callable[..., Ship], slow: tuple[Relay, str]
) -> None:
    """As long as bytes arrive, there is no hurry."""
    ship = make_ship(parameters={"pull_stall_timeout": 1.0})
    relay, image = slow
    goal = ship.client.deploy(manifest=of_image("arm", image))
    first = wait_for_progress(goal, lambda it: it.bytes_done > 0, "bytes arrive").bytes_done

    # At fifty drops of a kilobyte in a second, this takes longer than the time-out.
    enough = first + 100 * 1024
    wait_for_progress(goal, lambda it: it.bytes_done > enough, "more bytes arrive")

    assert ship.get("arm").status == Deployment.STATUS_PENDING
    relay.let_all_through()
    assert goal.result().outcome == Deploy.Result.OUTCOME_SUCCEEDED


def test_long_pulls_hold_nothing_up(ship: Ship, stalled: tuple[Relay, str]) -> None:
    """While ten pulls are stuck, every other request is answered and another package runs."""
    relay, image = stalled
    names = [f"arm-{index}" for index in range(10)]
    goals = [ship.client.deploy(manifest=of_image(name, image)) for name in names]
    for goal in goals:
        wait_for_progress(goal, lambda it: it.activity == "pulling", "it is being pulled")
    relay.wait_until_stuck()

    assert ship.get("arm-0").phase == Deployment.PHASE_PROVISIONING
    assert ship.client.register(package("light", sleeper())).success
    ship.deploy("light")
    ship.deprovision("light")

    waiting = {it.name: it for it in ship.client.deployments()}
    assert sorted(waiting) == names
    assert {it.status_name for it in waiting.values()} == {"Pending"}
    assert all("pulling image" in it.reason for it in waiting.values())


def test_nothing_starts_before_every_image_is_there(ship: Ship, stalled: tuple[Relay, str]) -> None:
    """A robot does not begin to move because half of its software has arrived."""
    relay, image = stalled
    goal = ship.client.deploy(manifest=of_image("arm", "shipmate/ros:local", image))
    relay.wait_until_stuck()
    wait_for_progress(goal, lambda it: it.bytes_done > 0, "bytes arrive")

    first, second = ship.get("arm").components[0].executables
    assert first.reason == "waiting for the deployment's other images"
    assert "pulling image" in second.reason
    assert ship.engine.containers() == []
    relay.let_all_through()
    assert goal.result().outcome == Deploy.Result.OUTCOME_SUCCEEDED


def a_package_to_build(folder: Path, *lines: str) -> str:
    """A package whose image is built in its folder, from an image that is there."""
    executable = {"name": "arm", "build": {"context": "."}, "command": PAUSE}
    folder.mkdir()
    (folder / "Dockerfile").write_text("\n".join(["FROM shipmate/ros:local", *lines]))
    # JSON is YAML.
    (folder / "shipmate.yaml").write_text(package("arm", executable))
    return str(folder)


def test_a_build_that_fails(ship: Ship, tmp_path: Path) -> None:
    """The last lines of the build are in the reason."""
    path = a_package_to_build(tmp_path / "arm", "RUN echo this will not do >&2; exit 3")
    assert ship.client.register(path=path).success

    result = failed(ship, ship.client.deploy("arm"), "Provisioning", "DEP_E307")

    assert "this will not do" in result.deployment.reason
    assert not images.exists("shipmate/arm-main-arm:1.0.0")


def test_a_build_that_works(ship: Ship, tmp_path: Path, unwanted: list[str]) -> None:
    """The image is built from the package's folder, its steps are told, and it runs."""
    unwanted.append("shipmate/arm-main-arm:1.0.0")
    path = a_package_to_build(tmp_path / "arm", "COPY words /words", "RUN cat /words")
    (tmp_path / "arm" / "words").write_text("from the folder")
    assert ship.client.register(path=path).success

    goal = ship.client.deploy("arm")
    result: Deploy.Result = goal.result()

    assert result.outcome == Deploy.Result.OUTCOME_SUCCEEDED, result.message
    wait_for_progress(goal, lambda it: it.activity == "building" and it.step, "the build is told of")
    name = f"{ship.place.prefix}-arm-main-arm"
    assert ship.engine.execute(name, "cat", "/words") == "from the folder"
