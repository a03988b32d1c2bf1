"""The node is killed at every point of its code at which something has just changed, or is about to."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from harness import images
from harness.alone import NeverCameBack, alone
from harness.crash import Images, Tried, figures, points, table, try_one, ways
from harness.registry import a_registry

BESIDE_EACH_OTHER = 3
# The first time, and in the middle of things: one executable has got there, the other has not.
PASSES = (1, 2, 3)  # an update takes long, as it waits for actions that it might interrupt
# Most take a few seconds.
ONE_WITHIN_SECONDS = 240.0
BASE = "shipmate-tests/crash:local"


@pytest.fixture
def made_of(tmp_path: Path) -> Iterator[Images]:
    """An image in a registry, and one to build from."""
    with a_registry(tmp_path / "registry") as registry:
        pulled = registry.push("robots/tiny:1")
        images.load(BASE)
        try:
            yield Images(pulled, BASE)
        finally:
            images.remove(pulled)
            images.remove(BASE)


def to_try(found: dict[str, Counter[str]]) -> list[tuple[str, str]]:
    """Each operation, with each point that lies on its way."""
    return [
        (operation, f"{point}:{count}")
        for operation, passed in found.items()
        for point in points()
        for count in (PASSES[:1] if operation == "update" else PASSES)
        if passed[point] >= count
    ]


@pytest.mark.timeout(1500)
def test_whatever_the_node_is_doing_when_it_is_killed(tmp_path: Path, made_of: Images) -> None:
    """The next one ends what was begun: no orphan, no duplicate, nothing lost or half done."""
    found = alone(ways, tmp_path / "ways", made_of, within=ONE_WITHIN_SECONDS)
    never = [it for it in points() if not any(passed[it] for passed in found.values())]
    assert not never, f"no operation comes to {never}"

    hung: list[NeverCameBack] = []

    def attempt(what: tuple[int, tuple[str, str]]) -> Tried:
        index, (operation, point) = what
        one = made_of, operation, point
        try:
            return alone(try_one, tmp_path / f"crash-{index}", *one, within=ONE_WITHIN_SECONDS)
        except NeverCameBack as error:
            # Every wait for the node has a deadline: it was the client's DDS. Its own fault is not looked for here.
            hung.append(error)
            return alone(try_one, tmp_path / f"again-{index}", *one, within=ONE_WITHIN_SECONDS)

    with ThreadPoolExecutor(BESIDE_EACH_OTHER) as pool:
        tried = list(pool.map(attempt, enumerate(to_try(found))))

    print(table(tried))
    print(figures(tried))
    print(f"crash_clients_hung={len(hung)}", *hung, sep="\n")
    wrong = [it for it in tried if it.wrong]
    assert not wrong, table(wrong)
    crashed = {it.point.split(":")[0] for it in tried if it.crashed}
    assert crashed == set(points()), f"never crashed at {set(points()) - crashed}"
