"""A random life of the node, and what it leaves: containers, files, threads, memory, descriptors.

Called by scripts/soak.sh, which sets up the environment. The node, its ROS domain and the names of its
containers are the soak's own; of other containers nothing is seen or touched. Ends with exit code 1
when something is left that should not be.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "e2e"))

from demo_client import Goal  # noqa: E402
from harness.manifests import executable, package, sleeper  # noqa: E402
from harness.place import tidy_up_after_killed_tests  # noqa: E402
from harness.ship import Ship, a_ship  # noqa: E402
from shipmate.action import Deploy, Deprovision  # noqa: E402

OPERATIONS = 300
# Until then, caches fill and pools grow; a short soak warms up for half of its operations.
WARM_UP = 60
# What runs at once, which bounds what the machine has to bear.
MOST_DEPLOYMENTS = 5
MOST_GOALS = 6
PACKAGES = 4
# Fast, and a history that is full after the warm-up, so that growth is not what it is meant to keep.
SETTINGS = {"history": 5, "restart_first_wait": 0.1, "restart_longest_wait": 1.0}
# Threads for blocking work live on for ten seconds; samples are taken until they are gone.
REST_SECONDS = 12.0
SETTLE_WITHIN_SECONDS = 30.0
SAMPLE_EVERY_SECONDS = 0.5
END_WITHIN_SECONDS = 60.0
MEGABYTE = 1 << 20
OWNER_LABEL = "io.shipmate.owner"


@dataclass(frozen=True)
class Sample:
    """What the node takes at rest: the least of several looks, since allocators and pools let go late."""

    memory: int
    threads: int
    descriptors: int

    def least(self, other: Sample) -> Sample:
        """The least of both."""
        return Sample(
            min(self.memory, other.memory),
            min(self.threads, other.threads),
            min(self.descriptors, other.descriptors),
        )


def look(process: int) -> Sample:
    """What a process takes now."""
    folder = Path(f"/proc/{process}")
    pages = int((folder / "statm").read_text().split()[1])
    threads, descriptors = (len(list((folder / it).iterdir())) for it in ("task", "fd"))
    return Sample(pages * os.sysconf("SC_PAGE_SIZE"), threads, descriptors)


def at_rest(process: int, seconds: float, enough: Callable[[Sample], bool] | None = None) -> Sample:
    """The least that a process takes within some seconds, or until that is `enough`."""
    least = look(process)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not (enough and enough(least)):
        time.sleep(SAMPLE_EVERY_SECONDS)
        least = least.least(look(process))
    return least


@dataclass
class Soak:
    """What is done to a node, by chance."""

    ship: Ship
    dice: random.Random
    counts: Counter[str] = field(default_factory=Counter)
    goals: list[Goal] = field(default_factory=list)
    names: int = 0

    def operate(self, count: int) -> None:
        """Do so many things."""
        weights: dict[Callable[[], None], int] = {
            self.deploy: 6,
            self.break_something: 6,
            self.deprovision: 3,
            self.cancel: 2,
            self.change_the_catalogue: 2,
            self.ask: 4,
            self.ask_for_nonsense: 1,
        }
        for operation in self.dice.choices([*weights], [*weights.values()], k=count):
            self.counts[operation.__name__] += 1
            operation()

    def deploy(self) -> None:
        """Send a deploy goal, of a manifest or of a package in the catalogue; wait for it now and then."""
        if len(self.goals) >= MOST_GOALS:
            self.end(self.goals.pop(0))
        if len(self.ship.client.deployments()) >= MOST_DEPLOYMENTS:
            self.deprovision()
        self.names += 1
        name = f"d{self.names}"
        if self.dice.random() < 0.5:
            goal = self.ship.client.deploy(self.a_package(), name=name)
        else:
            goal = self.ship.client.deploy(manifest=self.a_manifest(name), name=name)
        if self.dice.random() < 0.4:
            self.end(goal)
        else:
            self.goals.append(goal)

    def a_package(self) -> str:
        return f"p{self.dice.randrange(PACKAGES)}"

    def a_manifest(self, name: str) -> str:
        """Something that runs, beside something that may fail, once or again and again."""
        script = self.dice.choice(["exit 3", "sleep 0.5; exit 3", "sleep 1; kill -KILL $$$$", "sleep 2"])
        restart = self.dice.choice(["always", "on-failure", "never"])
        flaky = executable("flaky", "bash", "-c", f"echo words; {script}", restart=restart)
        more = self.dice.choice([[], [flaky], [sleeper("other")]])
        return package(name, sleeper(), *more)

    def break_something(self) -> None:
        """Do to one of the containers what users do by hand."""
        there = self.ship.engine.containers()
        if not there:
            return
        it = self.dice.choice(there)
        commands = {
            "kill": ["kill", it.id],
            "stop": ["stop", "--time", "1", it.id],
            "rm": ["rm", "--force", it.id],
            "pause": ["pause", it.id],
            "unpause": ["unpause", it.id],
            "rename": ["rename", it.id, f"{self.ship.place.prefix}-renamed-{self.dice.randrange(10**9)}"],
        }
        # It may be gone by now, or not be in the state for it.
        self.ship.engine.run(*self.dice.choice([*commands.values()]), check=False)

    def deprovision(self) -> None:
        """Take down one of the deployments; wait for it now and then."""
        living = self.ship.client.deployments()
        if living:
            goal = self.ship.client.deprovision(self.dice.choice(living).id)
            if self.dice.random() < 0.5:
                self.end(goal)
            else:
                self.goals.append(goal)

    def cancel(self) -> None:
        """Cancel a goal, which may have ended already."""
        if self.goals:
            goal = self.goals.pop(self.dice.randrange(len(self.goals)))
            goal.cancel()
            self.end(goal)

    def change_the_catalogue(self) -> None:
        """Register a package anew, or take it out."""
        name = self.a_package()
        if self.dice.random() < 0.7:
            answer = self.ship.client.register(self.a_manifest(name), replace=True)
            assert answer.success, answer
        else:
            self.ship.client.remove(name)

    def ask(self) -> None:
        """Ask what there is; each question is answered."""
        known = self.ship.client.deployments(include_ended=True)
        assert len(known) <= MOST_DEPLOYMENTS + MOST_GOALS + SETTINGS["history"] + 1, len(known)
        if known:
            one = self.dice.choice(known).id
            self.ship.client.get(one)
            result = self.ship.client.deprovision(one, dry_run=True).result(END_WITHIN_SECONDS)
            # It may be forgotten by now.
            planned, refused = Deprovision.Result.OUTCOME_PLANNED, Deprovision.Result.OUTCOME_REFUSED
            assert result.outcome in (planned, refused), result.message
        self.ship.client.packages()

    def ask_for_nonsense(self) -> None:
        """What cannot be is refused, and changes nothing."""
        assert not self.ship.client.get("no-such-deployment").success
        for goal in (self.ship.client.deploy(manifest="{"), self.ship.client.deploy("no-such-package")):
            assert goal.result().outcome == Deploy.Result.OUTCOME_REFUSED

    def end(self, goal: Goal) -> None:
        """Wait for a goal's end, whatever it is."""
        goal.result(END_WITHIN_SECONDS)

    def come_to_rest(self) -> None:
        """Take everything down; each deployment has to be gone then."""
        while self.goals:
            self.end(self.goals.pop())
        goals = [self.ship.client.deprovision(it.id) for it in self.ship.client.deployments()]
        for goal in goals:
            result: Deprovision.Result = goal.result(END_WITHIN_SECONDS)
            assert result.outcome == Deprovision.Result.OUTCOME_STOPPED, result.message
        for name in {it.name for it in self.ship.client.packages()}:
            assert self.ship.client.remove(name).success
        assert self.ship.client.deployments() == []

    def state_files(self) -> set[str]:
        """What lies in the node's state folder."""
        folder = self.ship.folder / "state"
        return {str(it.relative_to(folder)) for it in folder.rglob("*")}

    def left_on_the_engine(self) -> list[str]:
        """What is left under our prefix, or bears our label under whatever name."""
        owner = (self.ship.folder / "state" / "owner-id").read_text().strip()
        labelled = self.ship.engine.run(
            *("ps", "--all", "--filter", f"label={OWNER_LABEL}={owner}", "--format", "{{.Names}}")
        )
        return sorted({*self.ship.engine.leftovers(), *(f"container {it}" for it in labelled.split())})


def soak(ship: Ship, dice: random.Random, operations: int, say: Callable[[str], None]) -> int:
    """Do it; the exit code."""
    it = Soak(ship, dice)
    warm_up = min(WARM_UP, operations // 2)
    it.operate(warm_up)
    it.come_to_rest()
    before, files = at_rest(ship.process.pid, REST_SECONDS), it.state_files()
    say(f"   warm after {warm_up} operations: {before}")

    it.operate(operations - warm_up)
    it.come_to_rest()
    after = at_rest(
        ship.process.pid,
        SETTLE_WITHIN_SECONDS,
        lambda now: now.threads <= before.threads and now.descriptors <= before.descriptors,
    )
    say(f"   in the end: {after}")
    say(f"   {', '.join(f'{name} {count}' for name, count in sorted(it.counts.items()))}")

    left = it.left_on_the_engine()
    left += [f"file {name}" for name in sorted(it.state_files() - files)]
    left += ["thread"] * max(0, after.threads - before.threads)
    for line in left:
        say(f"   left: {line}")
    descriptors = max(0, after.descriptors - before.descriptors)
    say(f"soak_operations {operations}")
    say(f"soak_leftovers {len(left)}")
    say(f"soak_rss_growth {(after.memory - before.memory) / MEGABYTE:.2f}")
    say(f"soak_fd_growth {descriptors}")
    return 1 if left or descriptors else 0


def main() -> int:
    """Parse the arguments, and soak a node of our own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    environment = os.environ.get
    parser.add_argument(
        "--operations", type=int, default=environment("SHIPMATE_SOAK_OPERATIONS") or OPERATIONS
    )
    parser.add_argument(
        "--seed", type=int, default=environment("SHIPMATE_SOAK_SEED") or random.randrange(10**9)
    )
    arguments = parser.parse_args()

    def say(text: str) -> None:
        print(text, file=sys.__stdout__, flush=True)

    # As after Ctrl-C: what was begun is tidied up.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    tidy_up_after_killed_tests()
    say(f"soak_seed {arguments.seed}")
    log = io.StringIO()
    try:
        with (
            contextlib.redirect_stdout(log),
            tempfile.TemporaryDirectory(prefix="shipmate-soak-") as folder,
            a_ship(Path(folder), parameters=SETTINGS) as ship,
        ):
            return soak(ship, random.Random(arguments.seed), arguments.operations, say)
    except KeyboardInterrupt:
        say("   interrupted; everything is taken down")
        return 130
    except (AssertionError, TimeoutError, RuntimeError, subprocess.SubprocessError):
        sys.stderr.write(log.getvalue())
        traceback.print_exc()
        return 1


if __name__ == "__main__":
    sys.exit(main())
