"""Packages that need each other: who is bound to whom, who waits, who fails, who may not be stopped."""

import json
from typing import Any

import pytest
from harness.again import a_new_client
from harness.manifests import executable, package, sleeper, talker
from harness.outcomes import error_event, refused
from harness.output import wait_for_output
from harness.ports import a_free_port
from harness.servers import SERVER
from harness.ship import Ship
from shipmate.action import Deploy, Deprovision
from shipmate.msg import Deployment, DependencyChoice


def needs(name: str, *executables: dict[str, Any], **dependency: Any) -> str:
    """A package that needs the package `base`."""
    manifest = json.loads(package(name, *(executables or [sleeper()])))
    manifest["depends_on"] = {"base": dependency}
    return json.dumps(manifest)


def base(version: str = "1.2.0", **more: Any) -> str:
    """The package that is needed."""
    manifest = json.loads(package("base", talker(**more)))
    manifest["version"] = version
    return json.dumps(manifest)


def in_container(ship: Ship, executable: str, *command: str) -> None:
    """Run a program in the container of an executable."""
    (container,) = [it for it in ship.engine.containers() if it.name.endswith(f"-{executable}")]
    ship.engine.execute(container.id, *command)


def test_a_dependent_waits_until_what_it_needs_is_ready(ship: Ship) -> None:
    """Not until it runs: until its own probe says so, and the reason says whom it waits for."""
    readiness = {"command": ["test", "-e", "/tmp/ready"], "period": 1}
    first = ship.client.deploy(manifest=base(readiness=readiness))
    ship.wait_until("base", lambda it: "not ready" in it.reason, "it is not ready")
    second = ship.client.deploy(manifest=needs("arm", version="^1.0"))

    shown = ship.wait_until("arm", lambda it: "waiting for base" in it.reason, "it waits")
    assert (shown.phase_name, shown.status_name) == ("Provisioning", "Pending")
    (dependency,) = shown.dependencies
    assert (dependency.alias, dependency.package, dependency.version) == ("base", "base", "^1.0")
    assert (dependency.deployment_name, dependency.condition, dependency.met) == ("base", "ready", False)
    assert [it.name for it in ship.engine.containers() if "-arm-" in it.name] == []

    in_container(ship, "talker", "touch", "/tmp/ready")
    for goal in (first, second):
        assert goal.result().deployment.phase_name == "Succeeded"
    assert ship.get("arm").dependencies[0].met


def test_what_does_not_fit_is_refused_with_the_whole_chain(ship: Ship) -> None:
    """Missing, of another version, ambiguous; a choice in the goal settles it."""
    result = refused(ship, ship.client.deploy(manifest=needs("arm", version="^1.0")))
    assert "arm 1.0.0" in result.message and "base" in result.message
    ship.deploy(manifest=base("2.0.0"), name="newer")
    result = refused(ship, ship.client.deploy(manifest=needs("arm", version="^1.0")))
    assert "2.0.0" in result.message

    ship.deploy(manifest=base(), name="one")
    ship.deploy(manifest=base(), name="two")
    result = refused(ship, ship.client.deploy(manifest=needs("arm", version="^1.0")))
    assert "one" in result.message and "two" in result.message
    chosen = [DependencyChoice(alias="base", deployment="two")]
    deployment = ship.deploy(manifest=needs("arm", version="^1.0"), dependencies=chosen)
    assert deployment.dependencies[0].deployment_name == "two"


def test_what_is_missing_is_deployed_first_if_the_package_allows_it(ship: Ship) -> None:
    """From the catalogue, in order; it then belongs to nobody in particular."""
    ship.client.register(base("1.0.0"))
    ship.client.register(base("1.3.0"))
    deployment = ship.deploy(manifest=needs("arm", version="^1.0", deploy=True))
    needed = ship.get("base")
    assert needed.version == "1.3.0" and needed.phase_name == "Succeeded"
    assert deployment.dependencies[0].deployment_id == needed.id
    ship.deprovision("arm")
    assert ship.get("base").status_name == "Running"


def test_a_dry_run_says_what_would_be_done_and_changes_nothing(ship: Ship) -> None:
    """What would be bound and deployed, in which order, under which names and on which ports."""
    ship.client.register(base("1.3.0"))
    web = {"name": "web", "port": 8080, "external": True, "host_port": 18_080}
    manifest = json.loads(needs("arm", deploy=True))
    manifest["components"][0]["endpoints"] = [web, {"name": "any", "port": 81, "external": True}]
    result = ship.client.deploy(manifest=json.dumps(manifest), dry_run=True).result()

    assert result.outcome == Deploy.Result.OUTCOME_PLANNED, result.message
    first, second = result.plan
    assert (first.name, first.package, first.version) == ("base", "base", "1.3.0")
    assert [it.container_name for it in first.containers] == [f"{ship.place.prefix}-base-main-talker"]
    (dependency,) = second.dependencies
    assert (dependency.alias, dependency.deployment_name, dependency.deployment_id) == ("base", "base", "")
    (container,) = second.containers
    assert (container.target, container.fetch) == ("local", "none")
    assert sorted(container.ports) == ["18080/tcp", "any/tcp"]
    assert ship.client.deployments(include_ended=True) == []
    assert ship.engine.leftovers() == []

    refusal = ship.client.deploy(manifest=needs("arm", version="^9"), dry_run=True).result()
    assert refusal.outcome == Deploy.Result.OUTCOME_REFUSED and "^9" in refusal.message
    # It can be done for real as it was said.
    ship.deploy(manifest=json.dumps(manifest))
    assert {it.name for it in ship.engine.containers()} == {
        it.container_name for planned in result.plan for it in planned.containers
    }


def test_dependents_fail_and_recover_with_what_they_need(ship: Ship) -> None:
    """DEP_E156 names who is to blame; when that one runs again, all is well by itself."""
    ship.deploy(manifest=base(restart="never"))
    ship.deploy(manifest=needs("arm"))
    ship.deploy(manifest=json.dumps({**json.loads(package("hand", sleeper())), "depends_on": {"arm": {}}}))
    (container,) = [it for it in ship.engine.containers() if it.name.endswith("-talker")]

    ship.engine.execute(container.id, "bash", "-c", "kill -TERM $(pidof python3)")
    for name, blamed in (("arm", ["base"]), ("hand", ["arm", "base"])):
        event = error_event(ship, name, "DEP_E156")
        assert all(it in event.reason for it in blamed), event.reason
    arm = ship.get("arm")
    assert arm.phase_name == "Succeeded" and arm.components[0].status_name == "Running"
    result = refused(ship, ship.client.deploy(manifest=needs("leg")))
    assert "base" in result.message

    ship.engine.run("start", container.id)
    for name in ("base", "arm", "hand"):
        ship.wait_until(name, lambda it: it.status_name == "Running", "it is well again")


def test_what_is_needed_is_not_stopped_unless_it_is_asked_for(ship: Ship) -> None:
    """Refused with the names; with the dependents, which go first; or all the same."""
    ship.deploy(manifest=base())
    ship.deploy(manifest=needs("arm"))
    result = ship.client.deprovision("base").result()
    assert result.outcome == Deprovision.Result.OUTCOME_REFUSED and "arm" in result.message
    assert ship.get("base").status_name == "Running"

    result = ship.client.deprovision("base", with_dependents=True).result()
    assert result.outcome == Deprovision.Result.OUTCOME_STOPPED
    assert ship.engine.leftovers() == []
    over = {it.name: it for it in ship.client.deployments(include_ended=True)}
    stopped = (over["arm"].updated_at, over["base"].updated_at)
    assert (stopped[0].sec, stopped[0].nanosec) <= (stopped[1].sec, stopped[1].nanosec)

    ship.deploy(manifest=base())
    ship.deploy(manifest=needs("arm"))
    assert ship.client.deprovision("base", force=True).result().outcome == (
        Deprovision.Result.OUTCOME_STOPPED
    )
    shown = ship.wait_until("arm", lambda it: it.status_name == "Error", "it has lost what it needs")
    assert list(shown.error_codes) == ["DEP_E156"] and "deprovisioned" in shown.reason
    ship.deploy(manifest=base())
    ship.wait_until("arm", lambda it: it.status_name == "Running", "the successor will do")


def test_dependents_are_restarted_with_what_they_need(ship: Ship) -> None:
    """Where the package asks for it; that is no failure of theirs."""
    ship.deploy(manifest=base())
    ship.deploy(manifest=needs("arm", on_restart="restart"))
    ship.deploy(manifest=needs("leg"))
    (container,) = [it for it in ship.engine.containers() if it.name.endswith("-talker")]
    ship.engine.execute(container.id, "bash", "-c", "kill -TERM $(pidof python3)")

    def restarted(deployment: Deployment) -> bool:
        (it,) = deployment.components[0].executables
        return it.restart_count == 1 and deployment.status_name == "Running"

    for name in ("base", "arm"):
        ship.wait_until(name, restarted, "it was restarted")
    assert ship.get("arm").components[0].executables[0].first_failure == ""
    assert ship.get("leg").components[0].executables[0].restart_count == 0


def test_bindings_outlive_the_node(ship: Ship) -> None:
    """After kill -9 who needs whom is known as before."""
    ship.deploy(manifest=base())
    ship.deploy(manifest=needs("arm"))
    ship.process.kill()
    with a_new_client(ship) as again:
        again.start()
        shown = again.wait_until("arm", lambda it: it.status_name == "Running", "it is taken over")
        assert shown.dependencies[0].deployment_name == "base"
        result = again.client.deprovision("base").result()
        assert result.outcome == Deprovision.Result.OUTCOME_REFUSED


def test_a_dependency_that_never_becomes_ready_fails_the_dependent(make_ship: Any) -> None:
    """Nobody waits for ever."""
    ship = make_ship(parameters={"ready_timeout": 4.0})
    slow = base(readiness={"command": ["false"], "period": 1})
    first = ship.client.deploy(manifest=slow, name="slow")
    ship.wait_until("slow", lambda it: "not ready" in it.reason, "it is not ready")
    chosen = [DependencyChoice(alias="base", deployment="slow")]
    goal = ship.client.deploy(manifest=needs("arm"), dependencies=chosen)
    assert first.result().deployment.phase_name == "Provisioning"
    result = goal.result()
    assert list(result.deployment.error_codes) == ["DEP_E156"]
    assert "slow" in result.deployment.reason


def test_a_dependency_that_fails_meanwhile_fails_the_dependent(make_ship: Any) -> None:
    """A deployment in Provisioning whose dependency has failed does not stay so for ever."""
    ship = make_ship(parameters={"ready_timeout": 5.0})
    readiness = {"command": ["test", "-e", "/tmp/ready"], "period": 1}
    ship.client.deploy(manifest=base(readiness=readiness, restart="never"))
    ship.wait_until("base", lambda it: "not ready" in it.reason, "it is not ready")
    goal = ship.client.deploy(manifest=needs("arm"))
    ship.wait_until("arm", lambda it: "waiting for base" in it.reason, "it waits")
    in_container(ship, "talker", "bash", "-c", "kill -TERM $(pidof python3)")
    failed_one = error_event(ship, "base", "DEP_E152")
    assert failed_one.deployment_name == "base"
    result = goal.result()
    assert result.deployment.phase_name == "Provisioning"
    assert list(result.deployment.error_codes) == ["DEP_E156"]


# Says what the other one answers, and what it was told of it.
CALLER = """
import os, signal, urllib.request
answer = urllib.request.urlopen(os.environ["MAP_SERVER_WEB_UI_URL"], timeout=10).read().decode()
print(answer, os.environ["MAP_SERVER_FRAME"], os.environ["MAP_SERVER_WEB_UI_PORT"], flush=True)
signal.pause()
"""


@pytest.mark.parametrize("served", ["bridge", "host"])
def test_dependents_are_told_where_what_they_need_is(ship: Ship, served: str) -> None:
    """A real call through the injected URL, from a container on either network; what is exposed comes along."""
    port = a_free_port()
    inner = 8080 if served == "bridge" else port
    web = {"name": "web-ui", "port": inner, "external": True, "scheme": "http"}
    if served == "bridge":
        web["host_port"] = port
    readiness = {"tcp": inner, "period": 1}
    server = executable(
        "server", "python3", "-c", SERVER, str(inner), network=served, readiness=readiness
    )
    manifest = json.loads(package("map", server))
    manifest["parameters"] = {"frame": {"type": "string", "default": "odom"}}
    manifest["components"][0].update(endpoints=[web], exposes={"FRAME": "${frame}/2"})
    ship.deploy(manifest=json.dumps(manifest))

    callers = [
        executable(f"on-{network}", "python3", "-c", CALLER, network=network, stop_signal="SIGKILL")
        for network in ("bridge", "host")
    ]
    manifest = json.loads(package("arm", *callers))
    manifest["depends_on"] = {"map-server": {"package": "map"}}
    ship.deploy(manifest=json.dumps(manifest))
    for network in ("bridge", "host"):
        name = f"{ship.place.prefix}-arm-main-on-{network}"
        wait_for_output(name, f"here I am odom/2 {port}")
