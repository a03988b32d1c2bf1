"""Reading and following what executables write, and what error codes mean."""

from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

from action_msgs.msg import GoalStatus
from builtin_interfaces.msg import Time
from demo_client import Goal
from harness.manifests import executable, package, sleeper
from harness.relay import a_relay
from harness.ship import CHANGE_WITHIN_SECONDS, Ship
from shipmate.action import FollowLogs
from shipmate.msg import Deployment, LogLine
from shipmate.srv import GetLogs

DOCKER = Path("/var/run/docker.sock")
REST = "trap 'echo bye; exit 0' INT TERM; sleep infinity & wait"
# More than can be sent: some 20000 lines in a second.
FLOOD = "trap 'exit 0' INT TERM; while true; do for n in {1..1000}; do echo $n; done; sleep 0.05; done"


def writer(name: str, script: str, **more: Any) -> dict[str, Any]:
    """A container that runs a script, and then does nothing until it is told to end."""
    return executable(name, "bash", "-c", f"{script}; {REST}", **more)


def texts(lines: list[LogLine]) -> list[str]:
    """What the lines say."""
    return [it.text for it in lines]


def nanoseconds(time: Time) -> int:
    """A moment as one number."""
    return time.sec * 10**9 + time.nanosec


def read(ship: Ship, deployment: str, until: str, **fields: Any) -> GetLogs.Response:
    """What can be read once a text was written; it takes a moment from the start to the words."""
    deadline = monotonic() + CHANGE_WITHIN_SECONDS
    while True:
        answer = ship.client.get_logs(deployment, **fields)
        assert answer.success, answer.message
        if until in texts(answer.lines):
            return answer
        if monotonic() > deadline:
            raise TimeoutError(f"{until!r} is not written; there are only {texts(answer.lines)}")
        ship.process.pace(0.05)


def followed(goal: Goal) -> list[LogLine]:
    """Every line that a goal was told so far."""
    return [line for it in goal.feedback.all() for line in it.lines]


def follow_until(goal: Goal, predicate: Callable[[list[str]], Any], what: str) -> list[str]:
    """What a goal was told, once `predicate` is true of it."""

    def lines(messages: Any) -> list[str]:
        all_ = [line.text for it in messages for line in it.lines]
        return all_ if predicate(all_) else []

    return goal.feedback.wait_until(lines, CHANGE_WITHIN_SECONDS, what)


def test_two_executables_are_merged_by_time(ship: Ship) -> None:
    """Each line says who wrote it, where to and when; the oldest comes first."""
    one = writer("one", "for n in 1 2 3; do echo one $n; sleep 0.2; done")
    two = writer("two", "for n in 1 2 3; do echo two $n >&2; sleep 0.2; done; echo two last")
    ship.deploy(manifest=package("pair", one, two))
    read(ship, "pair", "one 3")

    answer = read(ship, "pair", "two last")

    assert (answer.message, answer.truncated) == ("", False)
    stamps = [nanoseconds(it.stamp) for it in answer.lines]
    assert stamps == sorted(stamps) and stamps[0] > 1_500_000_000 * 10**9
    for name, stream, expected in [
        ("one", "stdout", ["one 1", "one 2", "one 3"]),
        ("two", "stderr", ["two 1", "two 2", "two 3"]),
        ("two", "stdout", ["two last"]),
    ]:
        mine = [it for it in answer.lines if (it.executable, it.stream) == (name, stream)]
        assert texts(mine) == expected
        assert {it.component for it in mine} == {"main"}


def test_tail_since_and_names_narrow_it_down(ship: Ship) -> None:
    """The latest lines of each executable, since a moment, of one executable."""
    script = "for n in {1..150}; do echo $n; done"
    deployment = ship.deploy(
        manifest=package("pair", writer("one", script), writer("two", f"sleep 0.2; {script}"))
    )
    read(ship, "pair", "150", executable="one")
    read(ship, "pair", "150", executable="two")

    def ask(**fields: Any) -> list[LogLine]:
        answer = ship.client.get_logs(deployment.id, **fields)
        assert answer.success and not answer.message, answer.message
        return list(answer.lines)

    assert texts(ask(tail=2)) == ["149", "150", "149", "150"]
    assert texts(ask(component="main", executable="two", tail=1)) == ["150"]
    assert [it.text for it in ask(executable="one")] == [str(n) for n in range(51, 151)]
    last = ask(executable="two", tail=3)
    assert ask(since=last[1].stamp) == last[1:]
    assert ask(since=last[1].stamp, tail=1) != []


def test_who_is_not_there(ship: Ship) -> None:
    """The answer says who is."""
    ship.deploy(manifest=package("arm", sleeper()))

    for fields, message in [
        ({"deployment": "leg"}, 'there is no deployment "leg"; there are: arm'),
        ({"deployment": ""}, "which deployment?"),
        ({"deployment": "arm", "component": "hand"}, 'no component "hand"; it has: main'),
        ({"deployment": "arm", "executable": "finger"}, "there are: main/sleeper"),
    ]:
        answer = ship.client.get_logs(**fields)
        assert not answer.success and message in answer.message, answer.message
        goal = ship.client.follow_logs(**fields)
        assert goal.status() == GoalStatus.STATUS_ABORTED
        result = goal.result()
        assert result.outcome == FollowLogs.Result.OUTCOME_REFUSED
        assert message in result.message


def test_what_is_gone_has_nothing_to_read(ship: Ship) -> None:
    """A deployment that is over has no output any more; that is no error."""
    ship.deploy(manifest=package("arm", writer("sayer", "echo hello")))
    ship.deprovision("arm")

    answer = ship.client.get_logs("arm")
    assert answer.success and list(answer.lines) == []
    assert "nothing of arm is left" in answer.message
    result = ship.client.follow_logs("arm").result()
    assert (result.outcome, result.lines) == (FollowLogs.Result.OUTCOME_ENDED, 0)


def test_an_engine_that_is_lost(make_ship: Callable[..., Ship], tmp_path: Path) -> None:
    """Reading says so, and following goes on when the engine is back, without a gap."""
    with a_relay(DOCKER, at=tmp_path / "docker.sock") as relay:
        ship = make_ship(parameters={"docker_host": f"unix://{tmp_path}/docker.sock"})
        script = "n=0; while sleep 0.1; do n=$((n+1)); echo $n; done & echo up"
        ship.deploy(manifest=package("arm", writer("counter", script)))
        goal = ship.client.follow_logs("arm", tail=1000)
        follow_until(goal, lambda it: "5" in it, "it counts")

        relay.cut()
        ship.wait_until("arm", lambda it: it.status == Deployment.STATUS_UNKNOWN, "it is unknown")
        answer = ship.client.get_logs("arm")
        assert not answer.success and "Docker does not answer" in answer.message
        before = len(followed(goal))
        relay.open()

        lines = follow_until(goal, lambda it: len(it) > before + 40, "it goes on")
        numbers = [int(it) for it in lines if it != "up"]
        assert numbers == list(range(1, len(numbers) + 1))


def test_following_begins_with_the_latest_lines_and_ends_with_the_deployment(ship: Ship) -> None:
    """Who deprovisions sees the last words, unless the engine forgot them (those before 23 may)."""
    ship.deploy(manifest=package("arm", writer("sayer", "echo a; echo b; echo c")))
    read(ship, "arm", "c")
    goal = ship.client.follow_logs("arm", tail=2)
    follow_until(goal, lambda it: len(it) >= 2, "the earlier lines come")

    ship.deprovision("arm")

    assert goal.status() == GoalStatus.STATUS_SUCCEEDED
    result = goal.result()
    assert (result.outcome, result.dropped) == (FollowLogs.Result.OUTCOME_ENDED, 0)
    lines = texts(followed(goal))
    assert lines in (["b", "c"], ["b", "c", "bye"])
    assert result.lines == len(lines)


def test_following_begins_before_there_is_anything(ship: Ship) -> None:
    """A goal may come while a deployment is only just being made."""
    deploy = ship.client.deploy(manifest=package("arm", writer("sayer", "echo first")))
    assert deploy.accepted()
    deploy.feedback.wait_for(lambda it: True, CHANGE_WITHIN_SECONDS, "it is known")
    goal = ship.client.follow_logs("arm", tail=10)

    assert follow_until(goal, lambda it: it, "it says something") == ["first"]


def test_restarts_are_followed(ship: Ship) -> None:
    """Each line of each run comes once, whether the container is started again or made anew."""
    script = "echo begin $(cat /proc/sys/kernel/random/uuid)"
    ship.deploy(manifest=package("arm", writer("sayer", script)))
    goal = ship.client.follow_logs("arm", tail=10)
    follow_until(goal, lambda it: len(it) == 1, "the first run")

    ship.engine.kill(ship.engine.names()[0])
    follow_until(goal, lambda it: len(it) == 2, "the second run")
    ship.engine.run("rm", "--force", ship.engine.names()[0])
    lines = follow_until(goal, lambda it: len(it) == 3, "the third run")

    assert len(set(lines)) == 3 and all(it.startswith("begin ") for it in lines)
    ship.deprovision("arm")
    goal.result()
    assert [it for it in texts(followed(goal)) if it != "bye"] == lines


def test_who_cancels_ends_the_following_and_nothing_else(ship: Ship) -> None:
    """The deployment runs on."""
    ship.deploy(manifest=package("arm", writer("sayer", "echo hello")))
    goal = ship.client.follow_logs("arm", tail=1)
    follow_until(goal, lambda it: it == ["hello"], "it is followed")

    assert goal.cancel()

    assert goal.status() == GoalStatus.STATUS_CANCELED
    result = goal.result()
    assert (result.outcome, result.lines) == (FollowLogs.Result.OUTCOME_CANCELED, 1)
    assert ship.get("arm").status == Deployment.STATUS_RUNNING


def test_only_so_many_follow_at_once(ship: Ship) -> None:
    """One more is refused, and may come when another has gone."""
    # Again and again: of the feedback of many goals at once, a client keeps ten messages.
    program = "trap 'exit 0' INT TERM; while :; do echo hello; sleep 0.3 & wait $!; done"
    ship.deploy(manifest=package("arm", executable("sayer", "bash", "-c", program)))
    goals = [ship.client.follow_logs("arm", tail=1) for _ in range(16)]
    for goal in goals:
        follow_until(goal, lambda it: "hello" in it, "it is followed")

    refused = ship.client.follow_logs("arm").result()
    assert refused.outcome == FollowLogs.Result.OUTCOME_REFUSED and "16" in refused.message
    assert goals[0].cancel() and goals[0].result()
    again = ship.client.follow_logs("arm", tail=1)
    follow_until(again, lambda it: "hello" in it, "there is room again")


def test_a_flood_does_not_keep_the_node_from_answering(ship: Ship) -> None:
    """What comes too fast is counted; whoever asks something else waits as little as ever."""
    ship.deploy(manifest=package("arm", executable("flood", "bash", "-c", FLOOD)))
    goal = ship.client.follow_logs("arm")
    follow_until(goal, lambda it: len(it) > 1000, "it is followed")

    slowest = 0.0
    while not any(it.dropped for it in goal.feedback.all()[-1:]):
        begin = monotonic()
        assert ship.get("arm").status == Deployment.STATUS_RUNNING
        slowest = max(slowest, monotonic() - begin)
        if len(goal.feedback.all()) > 2000:
            break
        ship.process.pace(0.05)

    answer = ship.client.get_logs("arm", tail=1_000_000)
    assert answer.success and answer.truncated
    assert sum(len(it.text) for it in answer.lines) <= 2**20
    assert goal.cancel() and goal.status() == GoalStatus.STATUS_CANCELED
    result = goal.result()
    assert result.lines >= len(followed(goal)) > 0
    print(f"sent {result.lines}, left out {result.dropped}, slowest answer {slowest:.3f} s")


def test_error_codes_are_explained(ship: Ship) -> None:
    """All of them, sorted; those of the cloud too, which are never shown."""
    answer = ship.client.error_codes()

    assert answer.success and not answer.message
    codes = [it.code for it in answer.codes]
    assert codes == sorted(set(codes))
    raised = {it.code: it.raised for it in answer.codes}
    assert raised["DEP_E151"] and raised["DEP_E152"] and raised["DEP_E161"] and raised["DEP_E301"]
    assert not any(raised[it] for it in ("DEP_E153", "DEP_E154", "DEP_E155", "DEP_E200"))
    assert all(it.description and it.recommended_action for it in answer.codes)


def test_one_error_code_is_explained_and_an_unknown_one_is_named(ship: Ship) -> None:
    """What is known is given all the same."""
    answer = ship.client.error_codes("DEP_E161", "DEP_E151")
    assert answer.success and [it.code for it in answer.codes] == ["DEP_E151", "DEP_E161"]
    assert "device" in answer.codes[0].description

    answer = ship.client.error_codes("DEP_E999", "DEP_E151")
    assert not answer.success and "DEP_E999" in answer.message
    assert [it.code for it in answer.codes] == ["DEP_E151"]
