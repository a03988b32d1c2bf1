"""The engine fails, its disk is full, containers fail, and the user's own hands are at work.

Each test has an engine of its own, which it may kill.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from demo_client import Messages
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from harness.manifests import package
from harness.outcomes import error_event, failed
from harness.own_engine import SHELL_IMAGE, OwnEngine, an_engine
from harness.pulls import MEGABYTE, of_image
from harness.registry import a_registry, serve_again
from harness.shells import shell
from harness.ship import CHANGE_WITHIN_SECONDS, Ship
from shipmate.action import Deploy, Deprovision
from shipmate.msg import Deployment, Executable

QUICK = {"restart_first_wait": 0.05, "restart_longest_wait": 1.0}
FLAPPERS = 50
# Enough for the figures to mean something, when all of them have flapped before.
FEWEST_CALLS = 100
PAUSE_SECONDS = 0.01


@pytest.fixture
def engine() -> Iterator[OwnEngine]:
    """An engine of the test's own."""
    with an_engine() as it:
        yield it


@pytest.fixture
def ship(engine: OwnEngine, make_ship: Callable[..., Ship]) -> Ship:
    """A node that uses that engine and restarts quickly."""
    return make_ship(docker_host=engine.host, parameters=QUICK)


def executables(deployment: Deployment) -> list[Executable]:
    """All executables of a deployment."""
    return [it for component in deployment.components for it in component.executables]


def only(deployment: Deployment) -> Executable:
    """The one executable of a deployment."""
    (it,) = executables(deployment)
    return it


def is_running(deployment: Deployment) -> bool:
    """Whether everything of it runs."""
    return deployment.status == Deployment.STATUS_RUNNING


def deploy_a_pair(ship: Ship) -> Deployment:
    """A deployment of two containers that runs."""
    ship.deploy(manifest=package("pair", shell("one"), shell("two")))
    return ship.wait_until("pair", is_running, "it runs")


def lives(ship: Ship) -> list[tuple[str, str, int, str]]:
    """Which containers there are, and which processes run in them since when."""
    facts = [(it.name, it.id, ship.engine.inspect(it.id)["State"]) for it in ship.engine.containers()]
    return [(name, key, state["Pid"], state["StartedAt"]) for name, key, state in facts]


def statuses(ship: Ship, name: str) -> list[str]:
    """The statuses that a deployment as a whole had, by its events."""
    ours = [it for it in ship.events.all() if it.deployment_name == name and not it.executable]
    return [it.status_name for it in ours if not it.component]


def listen_to_diagnostics(ship: Ship) -> Messages:
    """The topic /diagnostics."""
    return ship.ros.listen(DiagnosticArray, "/diagnostics")


def wait_until_unknown(ship: Ship, diagnostics: Messages, name: str) -> None:
    """Wait until a deployment is shown as unknown, with a reason, wherever one can look."""
    shown = ship.wait_until(name, lambda it: it.status == Deployment.STATUS_UNKNOWN, "it is unknown")
    assert shown.phase_name == "Succeeded"
    assert shown.reason and all(it.reason for it in executables(shown))
    told = ship.get(name)
    assert (told.status_name, told.reason) == ("Unknown", shown.reason)

    def stale(message: DiagnosticArray) -> bool:
        ours = [it for it in message.status if it.name.endswith(f"deployment {name}")]
        return any(it.level == DiagnosticStatus.STALE and it.message == shown.reason for it in ours)

    diagnostics.wait_for(stale, CHANGE_WITHIN_SECONDS, "diagnostics say so, too")


def test_an_engine_that_is_killed_takes_its_containers_along(engine: OwnEngine, ship: Ship) -> None:
    """Meanwhile nothing is known; when it is back, each container is started again, once."""
    before = deploy_a_pair(ship)
    diagnostics = listen_to_diagnostics(ship)
    ids = [it.id for it in ship.engine.containers()]

    engine.kill()
    wait_until_unknown(ship, diagnostics, "pair")
    engine.start()
    after = ship.wait_until("pair", is_running, "it runs again")

    assert [(it.id, it.state) for it in ship.engine.containers()] == [(it, "running") for it in ids]
    assert [it.restart_count for it in executables(after)] == [1, 1]
    assert (after.id, after.phase_name, after.created_at) == (before.id, "Succeeded", before.created_at)
    told = statuses(ship, "pair")
    assert told.count("Unknown") == 1 and told[-1] == "Running", told
    assert "Pending" in told[told.index("Unknown") :], "that they are started again is told"


def test_containers_that_outlive_their_engine(make_ship: Callable[..., Ship]) -> None:
    """With Docker's live restore they are found again as they were, and none is started anew."""
    with an_engine("--live-restore") as engine:
        ship = make_ship(docker_host=engine.host, parameters=QUICK)
        deploy_a_pair(ship)
        diagnostics = listen_to_diagnostics(ship)
        before = lives(ship)

        engine.kill()
        wait_until_unknown(ship, diagnostics, "pair")
        engine.start()
        after = ship.wait_until("pair", is_running, "it runs again")

        assert lives(ship) == before
        assert [it.restart_count for it in executables(after)] == [0, 0]
        told = statuses(ship, "pair")
        assert told[told.index("Unknown") :] == ["Unknown", "Running"]
        ship.deprovision("pair")
        assert ship.engine.leftovers() == []


def test_an_engine_that_hangs(engine: OwnEngine, ship: Ship) -> None:
    """It says nothing, and closes nothing: the deadlines tell. Afterwards all is as it was."""
    deploy_a_pair(ship)
    diagnostics = listen_to_diagnostics(ship)
    before = lives(ship)

    engine.send("STOP")
    try:
        wait_until_unknown(ship, diagnostics, "pair")
    finally:
        engine.send("CONT")
    after = ship.wait_until("pair", is_running, "it runs again")

    assert lives(ship) == before
    assert [it.restart_count for it in executables(after)] == [0, 0]
    told = statuses(ship, "pair")
    assert told[told.index("Unknown") :] == ["Unknown", "Running"]


def test_an_engine_that_hangs_while_containers_are_made(engine: OwnEngine, ship: Ship) -> None:
    """When it goes on, each container is made once, and all of them run."""
    names = [f"e{index}" for index in range(8)]
    goal = ship.client.deploy(manifest=package("many", *map(shell, names)))
    goal.feedback.wait_for(has_a_container, CHANGE_WITHIN_SECONDS, "one container is there")

    engine.send("STOP")
    try:
        ship.wait_until("many", lambda it: it.status_name == "Unknown", "it is unknown")
    finally:
        engine.send("CONT")

    after = ship.wait_until("many", is_running, "it runs")
    assert goal.result().deployment.phase_name == after.phase_name == "Succeeded"
    assert ship.engine.names() == [f"{ship.place.prefix}-many-main-{name}" for name in names]
    assert [it.restart_count for it in executables(after)] == [0] * len(names)


def test_an_engine_that_is_killed_while_containers_are_made(engine: OwnEngine, ship: Ship) -> None:
    """Either all of it runs when the engine is back, or the goal failed and nothing of it is left."""
    names = [f"e{index}" for index in range(8)]
    goal = ship.client.deploy(manifest=package("many", *map(shell, names)))
    goal.feedback.wait_for(has_a_container, CHANGE_WITHIN_SECONDS, "one container is there")

    engine.kill()
    ship.wait_until("many", lambda it: it.status_name in ("Unknown", "Error"), "it is not as it should be")
    engine.start()
    result = goal.result()

    if result.outcome == Deploy.Result.OUTCOME_SUCCEEDED:
        ship.wait_until("many", is_running, "it runs")
        assert ship.engine.names() == [f"{ship.place.prefix}-many-main-{name}" for name in names]
    else:
        assert result.outcome == Deploy.Result.OUTCOME_FAILED and result.message
        assert ship.get("many").reason
    ship.deprovision("many")
    assert ship.engine.leftovers() == []


def test_an_engine_that_is_killed_while_something_is_stopped(engine: OwnEngine, ship: Ship) -> None:
    """When it is back, the rest is stopped and removed, too."""
    stubborn = "trap '' INT TERM; while :; do sleep 1; done"
    ship.deploy(manifest=package("arm", shell("arm", stubborn, stop_grace_period="2s"), shell("leg")))
    goal = ship.client.deprovision("arm")
    goal.feedback.wait_for(lambda it: True, CHANGE_WITHIN_SECONDS, "it is being stopped")

    engine.kill()
    ship.wait_until("arm", lambda it: it.status_name in ("Unknown", "Error"), "it is not as it should be")
    engine.start()

    stopped = Deployment.PHASE_DEPLOYMENT_STOPPED
    ship.wait_until("arm", lambda it: it.phase == stopped, "it is stopped")
    assert goal.result().message
    assert ship.engine.leftovers() == []


def has_a_container(feedback: Any) -> bool:
    """Whether one of the deployment's containers was made."""
    return any(it.container_id for it in executables(feedback.deployment))


def test_a_socket_that_goes_away(engine: OwnEngine, ship: Ship) -> None:
    """Whether the engine can be asked decides, not how often: with the socket back, all is as it was."""
    deploy_a_pair(ship)
    diagnostics = listen_to_diagnostics(ship)
    before = lives(ship)

    with engine.without_its_socket():
        wait_until_unknown(ship, diagnostics, "pair")
    after = ship.wait_until("pair", is_running, "it runs again")

    assert lives(ship) == before
    assert [it.restart_count for it in executables(after)] == [0, 0]


def test_an_image_that_does_not_fit(make_ship: Callable[..., Ship], tmp_path: Path) -> None:
    """The pull ends with the disk as the reason, and an image that fits can be pulled then."""
    with an_engine(size="48m") as engine, a_registry(tmp_path / "registry") as registry:
        large, small = registry.push("robots/large:1", 40 * MEGABYTE), registry.push("robots/small:1")
        with serve_again(registry, engine.in_its_network):
            ship = make_ship(docker_host=engine.host, parameters=QUICK)

            goal = ship.client.deploy(manifest=of_image("arm", large))
            result = failed(ship, goal, "Provisioning", "DEP_E303")

            assert "e0" in result.deployment.reason and "full" in result.deployment.reason
            ship.deploy(manifest=of_image("arm", small))


def test_a_full_disk_of_the_engine(make_ship: Callable[..., Ship]) -> None:
    """What runs is not disturbed; what is deployed fails for the disk, until there is space."""
    with an_engine(size="64m") as engine:
        ship = make_ship(docker_host=engine.host, parameters=QUICK)
        deploy_a_pair(ship)
        before = lives(ship)

        engine.fill()
        result = ship.client.deploy(manifest=package("arm", shell("arm"))).result()

        assert (result.deployment.phase_name, result.deployment.status_name) == ("Provisioning", "Error")
        assert list(result.deployment.error_codes) == ["DEP_E303"]
        assert "full" in result.deployment.reason
        error_event(ship, "arm", "DEP_E303")
        assert lives(ship) == before
        assert is_running(ship.get("pair"))
        engine.free()
        ship.deploy(manifest=package("arm", shell("arm")))


# What the executable runs and how it is set up; how it is said to have ended.
ENDS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "it exits at once": ("echo no hand; exit 7", {}, {"exit_code": 7, "last_output": "no hand"}),
    # The inner shell: a container's first process cannot end itself by a signal. In a manifest, $$ is a $.
    "a signal": (
        "exec 2>&-; sh -c 'echo ouch; kill -SEGV $$$$'; exit $?",
        {},
        {"exit_code": 139, "exit_signal": "SIGSEGV", "last_output": "ouch"},
    ),
    # The child does not hold the container, nor its output.
    "it forks and dies": (
        "echo forked; sleep 1000000 & exit 3",
        {},
        {"exit_code": 3, "last_output": "forked"},
    ),
    "too much memory": (
        "echo hungry; exec tail -c 1000000000 /dev/zero",
        {"memory": "16M"},
        {"exit_code": 137, "exit_signal": "SIGKILL", "out_of_memory": True, "last_output": "hungry"},
    ),
}
NO_END = {"exit_signal": "", "out_of_memory": False}


@pytest.mark.parametrize("end", ENDS)
def test_how_a_container_ended(ship: Ship, end: str) -> None:
    """Code, signal, memory, the first failure and the last words are told, and stay."""
    script, settings, said = ENDS[end]
    ship.client.deploy(manifest=package("arm", shell("arm", script, restart="never", **settings)))

    event = error_event(ship, "arm", "DEP_E152")
    shown = ship.wait_until("arm", lambda it: it.status_name == "Error", "it is in error")

    arm = only(shown)
    assert {key: getattr(arm, key) for key in {**NO_END, **said}} == {**NO_END, **said}
    assert (arm.error_code, arm.restart_count) == ("DEP_E152", 0)
    assert arm.first_failure and arm.first_failure in event.reason
    assert arm.first_failure_at.sec > 0
    assert list(shown.error_codes) == ["DEP_E152"]
    ship.deprovision("arm")
    assert ship.engine.leftovers() == []


def test_the_first_failure_stays(ship: Ship) -> None:
    """What comes after it does not hide the cause."""
    script = "if [ -e /failed ]; then echo again; exit 4; fi; echo first; touch /failed; exit 3"
    ship.client.deploy(manifest=package("arm", shell("arm", script)))

    shown = ship.wait_until("arm", lambda it: only(it).restart_count > 1, "it was started again, twice")

    arm = only(shown)
    assert (arm.exit_code, arm.last_output) == (4, "first")
    assert "3" in arm.first_failure and "4" not in arm.first_failure


def test_a_container_that_ignores_being_stopped(ship: Ship) -> None:
    """It is killed when its grace is over, and that is no error."""
    script = "trap '' INT TERM; while :; do sleep 1; done"
    ship.deploy(manifest=package("arm", shell("arm", script, stop_grace_period="1s")))
    began = time.monotonic()

    result = ship.client.deprovision("arm").result()

    assert result.outcome == Deprovision.Result.OUTCOME_STOPPED, result.message
    assert time.monotonic() - began >= 1.0, "it had its grace"
    assert (result.deployment.phase_name, list(result.deployment.error_codes)) == ("Deployment stopped", [])
    assert ship.engine.leftovers() == []


def test_status_calls_while_everything_flaps(
    engine: OwnEngine, make_ship: Callable[..., Ship]
) -> None:
    """Fifty executables that fail together again and again keep nobody from being answered."""
    ship = make_ship(docker_host=engine.host, parameters={**QUICK, "restart_most_failures": 1_000_000})
    names = [f"e{index}" for index in range(FLAPPERS)]
    ship.client.deploy(manifest=package("many", *(shell(it, "sleep 0.2; exit 1") for it in names)))
    ship.wait_until("many", lambda it: len(executables(it)) == FLAPPERS, "it is there")

    took: list[float] = []
    flapped = False
    deadline = time.monotonic() + 4 * CHANGE_WITHIN_SECONDS
    while len(took) < FEWEST_CALLS or not flapped:
        assert time.monotonic() < deadline, "not all of them have flapped"
        began = time.monotonic()
        told = ship.get("many")
        took.append((time.monotonic() - began) * 1000)
        flapped = all(it.restart_count > 0 for it in executables(told))
        # As a dashboard would; asking without a pause would measure who asks.
        time.sleep(PAUSE_SECONDS)

    print(f"\nflapping_status_median_ms {statistics.median(took):.2f}")
    print(f"flapping_status_max_ms {max(took):.2f}")
    ship.deprovision("many")
    assert ship.engine.leftovers() == []


HANDS = ["stop", "kill", "pause", "rename", "rm"]


def by_hand(ship: Ship, hand: str, container: str) -> None:
    """What a user does to a container with the `docker` command."""
    arguments = {
        "stop": ["--time", "1", container],
        "rename": [container, f"{ship.place.prefix}-mine"],
        "rm": ["--force", container],
    }
    ship.engine.run(hand, *arguments.get(hand, [container]))


def with_policy(make_ship: Callable[..., Ship], engine: OwnEngine, folder: Path, policy: str) -> Ship:
    """A node with a word of the machine's owner on what users do by hand."""
    file = folder / "policy.yaml"
    file.write_text(f"changes_by_hand: {policy}\n")
    return make_ship(docker_host=engine.host, parameters={**QUICK, "policy_file": file})


@pytest.mark.parametrize("hand", HANDS)
def test_what_is_done_by_hand_is_undone(
    engine: OwnEngine, make_ship: Callable[..., Ship], tmp_path: Path, hand: str
) -> None:
    """The container runs again under its name, and what was done to it is told."""
    ship = with_policy(make_ship, engine, tmp_path, "restore")
    ship.deploy(manifest=package("arm", shell("arm")))
    ship.wait_until("arm", is_running, "it runs")
    (before,) = ship.engine.containers()

    by_hand(ship, hand, before.id)

    told = ship.events.wait_for(
        lambda it: it.executable == "arm" and "by hand" in it.reason,
        CHANGE_WITHIN_SECONDS,
        "what was done by hand is told",
    )
    assert told.deployment_name == "arm"

    def restored(deployment: Deployment) -> bool:
        there = ship.engine.containers()
        right = [(it.name, it.state) for it in there] == [(before.name, "running")]
        return is_running(deployment) and right and only(deployment).container_id == there[0].id

    shown = ship.wait_until("arm", restored, "it is as it was")
    same = only(shown).container_id == before.id
    assert same == (hand != "rm")
    # Resuming and renaming start nothing.
    assert only(shown).restart_count == (0 if hand in ("pause", "rename") else 1)
    assert list(shown.error_codes) == []


@pytest.mark.parametrize("hand", HANDS)
def test_what_is_done_by_hand_is_left(
    engine: OwnEngine, make_ship: Callable[..., Ship], tmp_path: Path, hand: str
) -> None:
    """The container stays as the user left it, and the deployment says why."""
    ship = with_policy(make_ship, engine, tmp_path, "leave")
    ship.deploy(manifest=package("arm", shell("arm")))
    ship.wait_until("arm", is_running, "it runs")
    (before,) = ship.engine.containers()

    by_hand(ship, hand, before.id)
    ship.events.wait_for(
        lambda it: it.executable == "arm" and "by hand" in it.reason,
        CHANGE_WITHIN_SECONDS,
        "what was done by hand is told",
    )
    left = [(it.id, it.name, it.state) for it in ship.engine.containers()]

    def says_so(deployment: Deployment) -> bool:
        if hand == "rename":
            # Nothing is wrong with it: it runs, under the name that it has now.
            renamed = only(deployment).container_name == f"{ship.place.prefix}-mine"
            return is_running(deployment) and renamed
        return deployment.status_name in ("Error", "Pending") and "by hand" in deployment.reason

    ship.wait_until("arm", says_so, "it says what was done by hand")
    # Time enough for a restart that ought not to be.
    ship.deploy(manifest=package("leg", shell("leg")))
    ship.deprovision("leg")
    assert [(it.id, it.name, it.state) for it in ship.engine.containers()] == left
    assert says_so(ship.get("arm"))
    ship.deprovision("arm")
    assert ship.engine.leftovers() == []


def test_containers_of_others_are_not_touched(engine: OwnEngine, ship: Ship) -> None:
    """Neither one with all of our labels, nor one with a name like ours, whatever is done around them."""
    ship.deploy(manifest=package("arm", shell("arm")))
    (ours,) = ship.engine.containers()
    labels = ship.engine.inspect(ours.id)["Config"]["Labels"]
    assert "io.shipmate.owner" in labels
    copied = [part for key, value in labels.items() for part in ("--label", f"{key}={value}")]
    foreign = {
        "copy": ship.engine.run("run", "--detach", "--name", "copy", *copied, *ENDLESS),
        "alike": ship.engine.run("run", "--detach", "--name", f"{ours.name}-2", *ENDLESS),
        "owner": ship.engine.run(
            *("run", "--detach", "--name", f"{ship.place.prefix}-arm-main-leg"),
            *("--label", f"io.shipmate.owner={labels['io.shipmate.owner']}", *ENDLESS),
        ),
    }
    before = {name: ship.engine.inspect(key) for name, key in foreign.items()}

    by_hand(ship, "kill", ours.id)
    ship.wait_until("arm", lambda it: only(it).restart_count == 1 and is_running(it), "it runs again")
    by_hand(ship, "rm", ours.id)
    ship.wait_until("arm", lambda it: is_running(it) and only(it).container_id != ours.id, "another runs")
    ship.deprovision("arm")

    assert {name: ship.engine.inspect(key) for name, key in foreign.items()} == before


ENDLESS = [SHELL_IMAGE, "sh", "-c", "sleep 1000000"]
