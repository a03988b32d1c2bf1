"""What survives: a kill in the middle of things, and a state that is damaged, lost or of another version."""

import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from harness.again import a_new_client
from harness.disk import a_small_disk, fill
from harness.manifests import package, sleeper
from harness.ship import Ship
from harness.state import DATABASE, deployments_on_disk
from shipmate.msg import Deployment

END_WITHIN_SECONDS = 20.0
HEADER = 16


def database(ship: Ship) -> Path:
    """The file with everything in it."""
    return ship.folder / "state" / DATABASE


def sql(ship: Ship, statement: str) -> list[tuple[object, ...]]:
    """What a user gets who looks with sqlite3."""
    with closing(sqlite3.connect(database(ship), timeout=5)) as connection, connection:
        return connection.execute(statement).fetchall()


def container_ids(ship: Ship) -> dict[str, str]:
    """The id of each of the test's containers, by its name."""
    return {it.name: it.id for it in ship.engine.containers()}


def is_running(deployment: Deployment) -> bool:
    """Whether it succeeded and everything of it runs."""
    return (deployment.phase_name, deployment.status_name) == ("Succeeded", "Running")


def ends_with_a_message(ship: Ship, *words: str) -> None:
    """Start the node, which must not come up, and must say why."""
    said = len(ship.process.output())
    ship.process.start()
    assert ship.process.wait(END_WITHIN_SECONDS) not in (None, 0)
    for word in words:
        assert word in ship.process.output()[said:]


@pytest.fixture
def pair(ship: Ship) -> Ship:
    """Two deployments, and a node that was stopped."""
    ship.deploy(manifest=package("arm", sleeper("one"), sleeper("two")))
    ship.deploy(manifest=package("leg", sleeper()))
    ship.process.stop()
    return ship


@pytest.mark.parametrize("milliseconds", [1, 30, 100, 300])
def test_a_kill_at_some_moment_of_a_deploy(ship: Ship, milliseconds: int) -> None:
    """What was written down comes to be, what was not leaves nothing, and nobody was told of it."""
    goal = ship.client.deploy(manifest=package("arm", sleeper("one"), sleeper("two")))
    assert ship.process.wait(milliseconds / 1000) is None
    ship.process.send(signal.SIGKILL)
    ship.process.wait(END_WITHIN_SECONDS)

    written = deployments_on_disk(ship.folder / "state")
    with a_new_client(ship) as again:
        again.start()
        if written:
            runs = again.wait_until("arm", is_running, "it runs")
            assert [it["order"]["id"] for it in written] == [runs.id]
            assert len(container_ids(ship)) == 2
        else:
            assert goal.feedback.all() == []
            assert again.client.deployments(include_ended=True) == []
            assert ship.engine.leftovers() == []


def test_a_user_sees_the_phases_with_sqlite3(ship: Ship) -> None:
    """While the node runs, too."""
    ship.deploy(manifest=package("arm", sleeper()))
    ship.deploy(manifest=package("leg", sleeper()))
    ship.deprovision("leg")
    ship.client.register(package("foot", sleeper()))

    phases = dict(sql(ship, "SELECT name, phase FROM deployments"))
    assert phases == {"arm": "Succeeded", "leg": "Deployment stopped"}
    assert sql(ship, "SELECT name, version FROM packages") == [("foot", "1.0.0")]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "no database": lambda content: b"not a database" * 100,
    "cut off": lambda content: content[: len(content) // 2],
    "head": lambda content: bytes(HEADER) + content[HEADER:],
    "tail": lambda content: content[:4096] + b"\xff" * (len(content) - 4096),
}


def damage(ship: Ship, kind: str) -> bytes:
    """Damage the state; what it is now."""
    content = DAMAGES[kind](database(ship).read_bytes())
    database(ship).write_bytes(content)
    return content


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damaged_state_is_put_aside_and_told(pair: Ship, kind: str) -> None:
    """The node comes up, says where the damaged file is, and takes new deployments."""
    content = damage(pair, kind)

    with a_new_client(pair) as again:
        again.start()
        again.deploy(manifest=package("new", sleeper()))

    aside = database(pair).with_name(f"{DATABASE}.damaged-1")
    assert aside.read_bytes() == content
    assert f"it was put aside as {aside}" in pair.process.output()


@pytest.mark.parametrize("kind", DAMAGES)
def test_deployments_outlive_a_damaged_state(pair: Ship, kind: str) -> None:
    """The containers know what they belong to: the deployments are found again, and untouched."""
    before = container_ids(pair)
    damage(pair, kind)
    are_recovered(pair, before)


def test_deployments_outlive_a_lost_state(pair: Ship) -> None:
    """The same, when the file is not there at all."""
    before = container_ids(pair)
    database(pair).unlink()
    are_recovered(pair, before)


def test_a_kill_while_deployments_are_recovered(pair: Ship) -> None:
    """A node that comes after a killed one still knows that its state is not all there was."""
    before = container_ids(pair)
    damage(pair, "head")
    pair.process.start()
    assert pair.process.wait(0.1) is None
    pair.process.kill()
    are_recovered(pair, before)


def are_recovered(ship: Ship, before: dict[str, str]) -> None:
    """Both deployments run in the containers that they had, now and after another restart."""
    with a_new_client(ship) as again:
        again.start()
        for name in ("arm", "leg"):
            again.wait_until(name, is_running, "it is recovered")
        assert container_ids(ship) == before
    ship.process.stop()
    known = deployments_on_disk(ship.folder / "state")
    assert sorted(it["order"]["name"] for it in known) == ["arm", "leg"]
    # It is complete again: who would be told once more would not believe it.
    assert sql(ship, "SELECT value FROM meta WHERE key = 'incomplete'") == []


def test_a_row_that_cannot_be_read_does_not_take_the_others_with_it(pair: Ship) -> None:
    """It is moved to a table of its own and told; its deployment is recovered like all others."""
    before = container_ids(pair)
    sql(pair, "UPDATE deployments SET record = 'rubbish' WHERE name = 'arm'")

    are_recovered(pair, before)

    assert sql(pair, "SELECT kind, record FROM unreadable") == [("deployment", "rubbish")]
    assert "cannot be read" in pair.process.output()
    assert not database(pair).with_name(f"{DATABASE}.damaged-1").exists()


def test_the_id_of_the_node_outlives_its_file(pair: Ship) -> None:
    """Its containers are its own, although `owner-id` is gone."""
    before = container_ids(pair)
    (pair.folder / "state" / "owner-id").unlink()

    with a_new_client(pair) as again:
        again.start()
        for name in ("arm", "leg"):
            again.wait_until(name, is_running, "it is taken over")
    assert container_ids(pair) == before


def test_the_state_of_a_later_version_is_refused(pair: Ship) -> None:
    """With a message, and without touching it."""
    (version,) = sql(pair, "PRAGMA user_version")[0]
    sql(pair, "PRAGMA user_version = 99")
    content, before = database(pair).read_bytes(), container_ids(pair)

    ends_with_a_message(pair, "was written by a later shipmate", "format 99", "state_folder")

    assert database(pair).read_bytes() == content
    sql(pair, f"PRAGMA user_version = {version}")
    with a_new_client(pair) as again:
        again.start()
        again.wait_until("arm", is_running, "it is taken over")
    assert container_ids(pair) == before


def test_a_full_disk_is_no_damage(make_ship: Callable[..., Ship], tmp_path: Path) -> None:
    """The node does not start, says why, and finds everything when there is space again."""
    with a_small_disk(tmp_path / "disk", "1m"):
        ship = make_ship(tmp_path / "disk")
        ship.deploy(manifest=package("arm", sleeper()))
        ship.process.stop()
        before = container_ids(ship)
        # The log lies on the same disk.
        ship.process.log = tmp_path / "node.log"
        filler = fill(tmp_path / "disk")

        ends_with_a_message(ship, "free some space")

        filler.unlink()
        assert not database(ship).with_name(f"{DATABASE}.damaged-1").exists()
        with a_new_client(ship) as again:
            again.start()
            again.wait_until("arm", is_running, "it is taken over")
        assert container_ids(ship) == before
        ship.process.stop()
