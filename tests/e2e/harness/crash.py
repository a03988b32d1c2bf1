"""A node that is killed at a point of its code, and what the next one makes of it.

src/crash_point.rs has the points. `try_one` crashes at one of them.
"""

from __future__ import annotations

import json
import re
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from demo_client import Goal
from shipmate.msg import Deployment

from . import images
from .again import a_new_client
from .manifests import package
from .process import REPOSITORY, binary
from .pulls import PAUSE
from .ship import Ship, a_ship
from .state import database, deployments_on_disk

DIES_WITHIN_SECONDS = 30.0
KILLED = -9
NAME = "arm"
EXECUTABLES = ("built", "pulled")
# Only at these, what was asked for is not on the disk yet.
BEFORE_IT_IS_WRITTEN = {
    "goal-heard:1",
    "goal-answered:1",
    "deploy-taken:1",
    "deprovision-taken:1",
    "save-begins:1",
    "save-uncommitted:1",
}


def points() -> list[str]:
    """Every point, in the order of the list."""
    text = (REPOSITORY / "src" / "crash_point.rs").read_text()
    listed = text[text.index("pub const POINTS") : text.index("];")]
    return re.findall(r'^ *"([a-z-]+)",$', listed, re.MULTILINE)


def program() -> str:
    """The node that has the points."""
    path = Path(binary()).with_name("shipmate-crash-points")
    assert path.exists(), f"{path}: build it with scripts/crash-points.sh"
    return str(path)


@dataclass(frozen=True)
class Images:
    """What the deployments are made of."""

    pulled: str
    base: str


@dataclass(frozen=True)
class Tried:
    """What came of one crash."""

    operation: str
    point: str
    crashed: bool
    became: str
    wrong: str = ""


class Crash:
    """A node that may be killed, with one deployment to be made or taken down."""

    def __init__(self, ship: Ship, images_: Images) -> None:
        self.ship = ship
        self._wish = ship.folder / "crash-at"
        self._environment = {"SHIPMATE_CRASH_AT": str(self._wish)}
        ship.start(**self._environment)
        self._register(images_)
        self._said = 0

    def _register(self, images_: Images) -> None:
        folder = self.ship.folder / "package"
        folder.mkdir()
        # Another's build of the same would be taken from the engine's cache, and be gone with theirs.
        own = f"LABEL of={self.ship.place.prefix}"
        (folder / "Dockerfile").write_text(f"FROM {images_.base}\n{own}\nCOPY Dockerfile /\n")
        built = {"name": "built", "build": {"context": "."}, "command": PAUSE}
        built |= {"environment": {"WORD": "${word}"}, "update_guard": ["/nobody_serves_this"]}
        pulled = {"name": "pulled", "image": images_.pulled, "pull": "always", "command": PAUSE}
        word = {"type": "string", "default": "one"}
        manifest = json.loads(
            package(self.ship.place.prefix, built, pulled, parameters={"word": word})
        )
        # For which a network is made.
        endpoint = {"name": "web", "executable": "built", "port": 80}
        manifest["components"][0]["endpoints"] = [endpoint]
        # JSON is YAML.
        (folder / "shipmate.yaml").write_text(json.dumps(manifest))
        answer = self.ship.client.register(path=str(folder))
        assert answer.success, f"{answer.message} {answer.problems}"

    def arm(self, point: str) -> None:
        """Wish for a crash from now on."""
        self._said = len(self.ship.process.output())
        # At once, as the node may look at any moment.
        half = self._wish.with_suffix(".new")
        half.write_text(point)
        half.rename(self._wish)

    def passed(self) -> Counter[str]:
        """How often the node came to each point since the last wish."""
        said = self.ship.process.output()[self._said :]
        return Counter(re.findall(r"crash point ([a-z-]+)", said))

    def begin(self, operation: str) -> Goal | None:
        """Send the goal; or start the node again, with its state damaged meanwhile."""
        client = self.ship.client
        match operation:
            case "deploy":
                return client.deploy(self.ship.place.prefix, name=NAME)
            case "update":
                return client.deploy(name=NAME, replace=True, parameters={"word": "two"})
            case "deprovision":
                return client.deprovision(NAME)
        with database(self.ship.folder / "state").open("r+b") as file:
            file.write(bytes(16))
        self.ship.process.start(**self._environment)
        return None

    def containers(self) -> dict[str, tuple[str, str]]:
        """Each container's id and when it was started, by its name."""
        engine = self.ship.engine
        return {
            it.name: (it.id, engine.inspect(it.id)["State"]["StartedAt"])
            for it in engine.containers()
        }

    def expected(self) -> list[str]:
        """The names of the containers that were asked for."""
        return [f"{self.ship.place.prefix}-{NAME}-main-{it}" for it in EXECUTABLES]


@contextmanager
def a_crash(folder: Path, images_: Images) -> Iterator[Crash]:
    """A node that may be killed; nothing of it is left."""
    folder.mkdir()
    with a_ship(folder, start=False, program=program()) as ship:
        try:
            yield Crash(ship, images_)
        finally:
            ship.process.tidy_up()
            ship.engine.remove_everything()
            images.remove(f"shipmate/{ship.place.prefix}-main-built:1.0.0")


def ways(folder: Path, images_: Images) -> dict[str, Counter[str]]:
    """How often each point is passed in each operation when nothing crashes."""
    found = {}
    with a_crash(folder, images_) as crash:
        for operation in ("deploy", "recover", "update", "deprovision"):
            crash.arm("nowhere")
            goal = crash.begin(operation)
            if goal is None:
                with a_new_client(crash.ship) as again:
                    again.wait_until_ready()
                    again.wait_until(NAME, _runs, "it is recovered")
                crash.ship.wait_until_ready()
            else:
                assert goal.result().deployment.name == NAME
            if operation == "deploy":
                assert crash.ship.process.stop() == 0
            found[operation] = crash.passed()
        # What is written after the result, is written when it ends.
        assert crash.ship.process.stop() == 0
        found["deprovision"] = crash.passed()
    return found


def try_one(folder: Path, images_: Images, operation: str, point: str) -> Tried:
    """Kill a node at a point of an operation, start the next one, and see what becomes of it."""
    try:
        with a_crash(folder, images_) as crash:
            if operation != "deploy":
                crash.ship.deploy(crash.ship.place.prefix, name=NAME)
            before = crash.containers()
            if operation == "recover":
                assert crash.ship.process.stop() == 0
            crash.arm(point)
            goal = crash.begin(operation)
            code = crash.ship.process.wait(DIES_WITHIN_SECONDS)
            if code is None:
                return Tried(operation, point, False, "not reached")
            assert code == KILLED, f"the node ended with {code}: {crash.ship.process.output()}"
            written, became = CONVERGES[operation](crash, goal, before)
            assert written or point in BEFORE_IT_IS_WRITTEN, "it should have been written by now"
            return Tried(operation, point, True, became)
    except Exception as error:  # it is a line of the table; the other points are tried all the same
        where = traceback.extract_tb(error.__traceback__)[-1]
        wrong = f"{type(error).__name__}: {error} ({where.name}: {where.line})"
        return Tried(operation, point, True, "WRONG", wrong)


def _deploy(crash: Crash, goal: Goal, before: object) -> tuple[bool, str]:
    """All of it runs, or, if it was not on the disk, nothing of it is there."""
    ship, recorded = crash.ship, deployments_on_disk(crash.ship.folder / "state")
    assert len(recorded) <= 1, recorded
    if not recorded:
        assert goal.feedback.all() == [], "it was told of, and forgotten"
        assert ship.engine.leftovers() == [], "it was begun before it was written"
    with a_new_client(ship) as again:
        again.start()
        if not recorded:
            assert again.client.deployments(include_ended=True) == []
            # Its name is free.
            again.deploy(ship.place.prefix, name=NAME)
        runs = again.wait_until(NAME, _runs, "it runs")
        assert not recorded or [it["order"]["id"] for it in recorded] == [runs.id]
        assert len(again.client.deployments(include_ended=True)) == 1
        _has_its_containers(crash, runs)
    return bool(recorded), "Succeeded, Running" if recorded else "nothing, name free"


def _deprovision(
    crash: Crash, goal: Goal, before: dict[str, tuple[str, str]]
) -> tuple[bool, str]:
    """Nothing of it is left, or, if the goal was not on the disk, it runs as before."""
    ship = crash.ship
    (recorded,) = deployments_on_disk(ship.folder / "state")
    assert sorted(before) == crash.expected()
    written = recorded["wanted"] == "Stopped"
    with a_new_client(ship) as again:
        again.start()
        if written:
            now = again.wait_until(NAME, _is_stopped, "it is stopped")
            assert ship.engine.leftovers() == []
        else:
            assert goal.feedback.all() == [], "it was told of, and forgotten"
            now = again.wait_until(NAME, _runs, "it runs on")
            _has_its_containers(crash, now)
            assert crash.containers() == before, "it was touched before it was written"
        assert now.id == recorded["order"]["id"]
        assert [it.id for it in again.client.deployments(include_ended=True)] == [now.id]
    return written, "Deployment stopped" if written else "runs as before"


def _update(
    crash: Crash, goal: Goal, before: dict[str, tuple[str, str]]
) -> tuple[bool, str]:
    """What differs is replaced and nothing else, or, if the goal was not on the disk, it runs on."""
    ship = crash.ship
    (recorded,) = deployments_on_disk(ship.folder / "state")
    written = recorded["update"] is not None or recorded["order"]["revision"] > 1
    with a_new_client(ship) as again:
        again.start()
        if not written:
            assert goal.feedback.all() == [], "it was told of, and forgotten"
            again.wait_until(NAME, _runs, "it runs on")
            assert crash.containers() == before, "it was touched before it was written"
            return False, "runs as before"
        now = again.wait_until(NAME, lambda it: _runs(it) and _word(it) == "two", "it is updated")
        after = crash.containers()
        assert sorted(after) == crash.expected()
        same = {name for name in after if after[name] == before[name]}
        assert same == {f"{ship.place.prefix}-{NAME}-main-pulled"}, f"only {same} runs on"
        (built,) = [it for it in after if it not in same]
        assert "WORD=two" in ship.engine.inspect(built)["Config"]["Env"]
        assert [it.id for it in again.client.deployments(include_ended=True)] == [now.id]
    return True, "updated"


def _recover(crash: Crash, goal: None, before: dict[str, tuple[str, str]]) -> tuple[bool, str]:
    """It is known again, and its containers did not notice."""
    ship = crash.ship
    with a_new_client(ship) as again:
        again.start()
        runs = again.wait_until(NAME, _runs, "it is recovered")
        _has_its_containers(crash, runs)
        assert crash.containers() == before, "it was touched"
        assert len(again.client.deployments(include_ended=True)) == 1
        assert ship.process.stop() == 0
    assert [it["order"]["id"] for it in deployments_on_disk(ship.folder / "state")] == [runs.id]
    return True, "recovered, untouched"


CONVERGES: dict[str, Callable[..., tuple[bool, str]]] = {
    "deploy": _deploy,
    "update": _update,
    "deprovision": _deprovision,
    "recover": _recover,
}


def _runs(deployment: Deployment) -> bool:
    return (deployment.phase_name, deployment.status_name) == ("Succeeded", "Running")


def _word(deployment: Deployment) -> str:
    (word,) = [it.value for it in deployment.parameters if it.name == "word"]
    return word


def _is_stopped(deployment: Deployment) -> bool:
    return deployment.phase == Deployment.PHASE_DEPLOYMENT_STOPPED


def _has_its_containers(crash: Crash, deployment: Deployment) -> None:
    """Exactly what was asked for is on the engine, and it is what shipmate shows."""
    found = crash.ship.engine.containers()
    assert [it.name for it in found] == crash.expected()
    assert [it.state for it in found] == ["running"] * len(found)
    executables = [it for component in deployment.components for it in component.executables]
    assert {it.container_id for it in executables} == {it.id for it in found}
    assert [it.restart_count for it in executables] == [0] * len(found), "it was restarted"


def table(tried: list[Tried]) -> str:
    """One line for each crash."""
    lines = [f"{'point':<22} {'operation':<12} became"]
    lines += [f"{it.point:<22} {it.operation:<12} {it.became} {it.wrong}".rstrip() for it in tried]
    return "\n".join(lines)


def figures(tried: list[Tried]) -> str:
    """The figures of it all."""
    crashed = [it for it in tried if it.crashed]
    converged = [it for it in crashed if not it.wrong]
    return f"crash_points_tried={len(crashed)}\ncrash_points_converged={len(converged)}"

