"""Images that have to be pulled or built before a container can be made."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from action_msgs.msg import GoalStatus
from action_msgs.srv import CancelGoal
from demo_client import ANSWER_WITHIN_SECONDS, Goal, look_until
from harness import images
from harness.manifests import package, sleeper
from harness.outcomes import failed
from harness.ports import a_free_port
from harness.pulls import MEGABYTE, PAUSE, HeldBack, a_held_back_image, behind_a_relay, of_image
from harness.registry import PASSWORD, Registry, a_registry
from harness.ship import BASE_IMAGE, CHANGE_WITHIN_SECONDS, Ship
from shipmate.action import Deploy
from shipmate.msg import Deployment, Progress


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
def slow(tmp_path: Path) -> Iterator[HeldBack]:
    """An image of which a part arrives, and the rest drop by drop."""
    with a_held_back_image(tmp_path / "slow", drops=True) as it:
        yield it


@pytest.fixture
def stalled(tmp_path: Path) -> Iterator[HeldBack]:
    """An image of which a part arrives, and then nothing."""
    with a_held_back_image(tmp_path / "stalled") as it:
        yield it


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
    make_ship: Callable[..., Ship], locked_registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the user's login the image arrives: layers and bytes are told while it does."""
    pushed = locked_registry.push("robots/arm:1", 4 * MEGABYTE)
    with behind_a_relay(locked_registry, pushed) as held_back:
        image, relay = held_back.image, held_back.relay
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
        # Before the image can be removed.
        ship.deprovision("arm")


def everything_in(folder: Path) -> str:
    """The content of all files in a folder, as text."""
    files = [Path(at) / name for at, _, names in os.walk(folder) for name in names]
    return "\n".join(it.read_bytes().decode(errors="replace") for it in files)


def test_a_goal_that_is_cancelled_while_it_pulls(ship: Ship, slow: HeldBack) -> None:
    """The pull ends, nothing of the deployment is left, and its name is free again."""
    relay, image = slow.relay, slow.image
    goal = ship.client.deploy(manifest=of_image("arm", image, BASE_IMAGE))
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


def test_a_deployment_that_is_stopped_while_it_pulls(ship: Ship, slow: HeldBack) -> None:
    """Who waits for the deployment is told that somebody else stopped it."""
    relay, image = slow.relay, slow.image
    goal = ship.client.deploy(manifest=of_image("arm", image))
    relay.wait_until_stuck()

    ship.deprovision("arm")

    assert goal.result().outcome == Deploy.Result.OUTCOME_CANCELED
    assert goal.status() == GoalStatus.STATUS_ABORTED
    relay.wait_until_let_go()
    assert not images.exists(image)


def test_goals_are_cancelled_together(ship: Ship, slow: HeldBack) -> None:
    """One request that cancels all goals is answered with each of them, and each ends so."""
    goals = [ship.client.deploy(manifest=of_image(it, slow.image)) for it in ("arm", "leg")]
    for goal in goals:
        wait_for_progress(goal, lambda it: it.activity == "pulling", "it is being pulled")

    answer = cancel_all(ship)

    assert answer.return_code == CancelGoal.Response.ERROR_NONE
    ids = {bytes(it.goal_id.uuid) for it in answer.goals_canceling}
    assert ids == {bytes(it.handle().goal_id.uuid) for it in goals}
    assert [it.status() for it in goals] == [GoalStatus.STATUS_CANCELED] * 2
    assert {it.result().outcome for it in goals} == {Deploy.Result.OUTCOME_CANCELED}
    assert ship.client.deployments() == []
    slow.relay.wait_until_let_go()


def cancel_all(ship: Ship) -> CancelGoal.Response:
    """Cancel every deploy goal with one request: an empty id and no time mean all."""
    node = ship.ros.node
    client = ship.ros.run(lambda: node.create_client(CancelGoal, "/shipmate/deploy/_action/cancel_goal"))
    assert look_until(client.service_is_ready, ANSWER_WITHIN_SECONDS)
    return ship.ros.ask(lambda: client.call_async(CancelGoal.Request()), ANSWER_WITHIN_SECONDS, "cancel all")


def test_a_pull_that_stalls(make_ship: Callable[..., Ship], stalled: HeldBack) -> None:
    """It is given up when nothing has arrived for as long as the parameter says."""
    ship = make_ship(parameters={"pull_stall_timeout": 1.0})

    result = failed(ship, ship.client.deploy(manifest=of_image("arm", stalled.image)), "Provisioning", "DEP_E306")

    assert stalled.image in result.deployment.reason
    assert not images.exists(stalled.image)


def test_a_slow_pull_is_not_a_stalled_one(
    make_ship: Callable[..., Ship], slow: HeldBack
) -> None:
    """As long as bytes arrive, there is no hurry."""
    ship = make_ship(parameters={"pull_stall_timeout": 3.0})
    relay, image = slow.relay, slow.image
    goal = ship.client.deploy(manifest=of_image("arm", image))
    first = wait_for_progress(goal, lambda it: it.bytes_done > 0, "bytes arrive").bytes_done

    # At fifty drops of two kilobytes in a second, this takes longer than the time-out. The engine
    # tells of each hundredth.
    enough = first + 400 * 1024
    wait_for_progress(goal, lambda it: it.bytes_done > enough, "more bytes arrive")

    assert ship.get("arm").status == Deployment.STATUS_PENDING
    relay.let_all_through()
    assert goal.result().outcome == Deploy.Result.OUTCOME_SUCCEEDED


def test_long_pulls_hold_nothing_up(ship: Ship, stalled: HeldBack) -> None:
    """While ten pulls are stuck, every other request is answered and another package runs."""
    relay, image = stalled.relay, stalled.image
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


def test_nothing_starts_before_every_image_is_there(ship: Ship, stalled: HeldBack) -> None:
    """A robot does not begin to move because half of its software has arrived."""
    relay, image = stalled.relay, stalled.image
    goal = ship.client.deploy(manifest=of_image("arm", BASE_IMAGE, image))
    relay.wait_until_stuck()
    wait_for_progress(goal, lambda it: it.bytes_done > 0, "bytes arrive")

    first, second = ship.get("arm").components[0].executables
    assert first.reason == "waiting for the deployment's other images"
    assert "pulling image" in second.reason
    assert ship.engine.containers() == []
    relay.let_all_through()
    assert goal.result().outcome == Deploy.Result.OUTCOME_SUCCEEDED


@pytest.fixture
def built(ship: Ship) -> Iterator[str]:
    """A package that no other test builds; its image is not left on the engine."""
    name = ship.place.prefix
    yield name
    ship.engine.remove_everything()
    images.remove(built_image(name))


def built_image(name: str) -> str:
    """What the image of a package is called that is built."""
    return f"shipmate/{name}-main-arm:1.0.0"


def register_to_build(ship: Ship, name: str, *lines: str) -> None:
    """Register a package whose image is built in its folder, from an image that is there."""
    folder = ship.folder / "package"
    folder.mkdir()
    executable = {"name": "arm", "build": {"context": "."}, "command": PAUSE}
    (folder / "Dockerfile").write_text("\n".join([f"FROM {BASE_IMAGE}", *lines]))
    (folder / "words").write_text("from the folder")
    # JSON is YAML.
    (folder / "shipmate.yaml").write_text(package(name, executable))
    answer = ship.client.register(path=str(folder))
    assert answer.success, f"{answer.message} {answer.problems}"


def test_a_build_that_fails(ship: Ship, built: str) -> None:
    """The last lines of the build are in the reason."""
    register_to_build(ship, built, "RUN echo this will not do >&2; exit 3")

    result = failed(ship, ship.client.deploy(built), "Provisioning", "DEP_E307")

    assert "this will not do" in result.deployment.reason
    assert not images.exists(built_image(built))
    answer = ship.client.get_logs(built, build=True)
    assert answer.success and "main/arm: the build failed" in answer.message
    written = [it.text for it in answer.lines]
    assert "this will not do" in written and written[-1].endswith("returned a non-zero code: 3")


def test_a_build_that_works(ship: Ship, built: str) -> None:
    """The image is built from the package's folder, its steps are told, and it runs."""
    register_to_build(ship, built, "COPY words /words", "RUN cat /words")

    goal = ship.client.deploy(built)
    result: Deploy.Result = goal.result()

    assert result.outcome == Deploy.Result.OUTCOME_SUCCEEDED, result.message
    wait_for_progress(goal, lambda it: it.activity == "building" and it.step, "the build is told of")
    name = f"{ship.place.prefix}-{built}-main-arm"
    assert ship.engine.execute(name, "cat", "/words") == "from the folder"
    ship.deprovision(built)


def test_what_did_not_change_is_not_built_again(ship: Ship, built: str) -> None:
    """The image stays the same, and its build's log is still there; a change makes another image."""
    register_to_build(ship, built, "COPY words /words", f"RUN echo the words of {built}; cat /words")
    assert list(ship.client.get_logs(ship.deploy(built).id, build=True, tail=1).lines) != []
    first = ship.client.get_logs(built, build=True, component="main", executable="arm")
    assert first.success and not first.message, first.message
    assert f"the words of {built}" in [it.text for it in first.lines]
    assert {(it.component, it.executable, it.stream) for it in first.lines} == {("main", "arm", "stdout")}
    image = image_id(ship, built)
    ship.deprovision(built)

    (ship.folder / "package" / "words").touch()
    goal = ship.client.deploy(built)
    assert goal.result().outcome == Deploy.Result.OUTCOME_SUCCEEDED, goal.result().message
    assert image_id(ship, built) == image
    again = ship.client.get_logs(built, build=True)
    assert again.lines == first.lines and "not built again" in again.message
    ship.deprovision(built)

    (ship.folder / "package" / "words").write_text("other ones\n")
    ship.deploy(built)
    assert image_id(ship, built) != image
    changed = ship.client.get_logs(built, build=True)
    assert "other ones" in [it.text for it in changed.lines] and not changed.message
    ship.deprovision(built)


def image_id(ship: Ship, name: str) -> str:
    """The engine's id of the image that was built."""
    return ship.engine.run("image", "inspect", "--format", "{{.Id}}", built_image(name)).strip()
