"""Packages that may be deployed once in each group."""

from collections import Counter

from harness.manifests import package, sleeper
from harness.outcomes import refused
from harness.ship import Ship
from shipmate.action import Deploy


def test_of_fifty_goals_one_wins_in_each_group(ship: Ship) -> None:
    """However they arrive; also after the node was started again."""
    ship.client.register(package("base", sleeper(), singleton={"scope": "group"}))
    groups = ["", "north", "south"]

    goals = [ship.client.deploy("base", name=f"base-{n}", group=groups[n % 3]) for n in range(50)]
    results = [it.result() for it in goals]

    won = [it for it in results if it.outcome == Deploy.Result.OUTCOME_SUCCEEDED]
    lost = [it for it in results if it.outcome == Deploy.Result.OUTCOME_REFUSED]
    assert Counter(it.deployment.group for it in won) == Counter(groups)
    assert len(lost) == 47 and all("singleton" in it.message for it in lost)

    ship.process.stop()
    ship.start()
    (north,) = [it.deployment for it in won if it.deployment.group == "north"]
    result = refused(ship, ship.client.deploy("base", name="again", group="north"))
    assert north.name in result.message and '"north"' in result.message
    assert ship.get(north.name).group == "north"
    (shown,) = ship.client.packages("base")
    assert (shown.singleton, shown.singleton_scope) == (True, "group")
