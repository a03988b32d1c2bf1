"""Packages that need each other: who is bound to whom, who waits, who fails, who may not be stopped."""

import json
from typing import Any

import pytest
from action_msgs.msg import GoalStatus
from demo_client import LATCHED, look_until
from harness.again import a_new_client
from harness.manifests import executable, listener, package, sleeper, talker
from harness.outcomes import error_event, refused
from harness.output import wait_for_output
from harness.ports import a_free_port
from harness.servers import SERVER
from harness.ship import Ship
from shipmate.action import Deploy, Deprovision
from shipmate.msg import DependencyChoice, DependencyGraph, Deployment, GraphEdge
from shipmate.srv import GetBlastRadius
from std_msgs.msg import String

SEEN_WITHIN_SECONDS = 40.0
ANSWER_WITHIN_SECONDS = 15.0


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


def deploy_listeners(ship: Ship) -> None:
    """`arm` needs `base` and listens to it; so do `eye`, which needs nobody, and this process."""
    ship.deploy(manifest=base())
    ship.deploy(manifest=needs("arm", listener()))
    ship.deploy(manifest=package("eye", listener()))
    ship.ros.listen(String, "/chatter", 10)

    def all_listen(messages: Any) -> bool:
        edges = messages[-1].edges if messages else []
        chatter = [it for it in edges if (it.kind, it.name) == (GraphEdge.KIND_TOPIC, "/chatter")]
        from_base = all(it.source_name == "base" for it in chatter)
        ends = [end.ros_node for it in chatter for end in it.target_endpoints]
        named = all(end.ros_node for it in chatter for end in it.source_endpoints)
        return from_base and named and sorted(ends) == ["/listener", "/listener", "/test"]

    graph = ship.ros.listen(DependencyGraph, "/shipmate/dependency_graph", LATCHED)
    graph.wait_until(all_listen, SEEN_WITHIN_SECONDS, "all three listen")


def lost(result: Any) -> set[tuple[str, str, str]]:
    """Who would lose what; whoever is outside of deployments is nobody."""
    return {
        ("" if it.node.startswith("external:") else it.name, it.kind_name, it.item)
        for it in result.losses
    }


def test_a_stop_says_what_it_would_cost_and_changes_nothing(ship: Ship) -> None:
    """Dry runs and refusals tell what would be stopped and who would lose what."""
    deploy_listeners(ship)
    before = (ship.client.deployments(include_ended=True), ship.engine.containers())
    events = len(ship.events.all())
    others = {("eye", "topic", "/chatter"), ("", "topic", "/chatter")}
    arms = {("arm", "dependency", "base"), ("arm", "topic", "/chatter")}

    for dry_run in (True, False):
        goal = ship.client.deprovision("base", dry_run=dry_run)
        refusal = goal.result()
        assert goal.status() == GoalStatus.STATUS_ABORTED
        assert refusal.outcome == Deprovision.Result.OUTCOME_REFUSED
        assert (refusal.deployment, list(refusal.plan)) == (Deployment(), [])
        assert lost(refusal) == arms | others
        assert "needed by arm;" in refusal.message
        assert all(it.text in refusal.message for it in refusal.losses), refusal.message
        assert "eye subscribes to /chatter, which only base publishes" in refusal.message
        assert "/test (" in refusal.message
        nobody = ship.client.deprovision("nobody", dry_run=dry_run).result()
        assert nobody.outcome == Deprovision.Result.OUTCOME_REFUSED and not nobody.losses
        assert all(it in nobody.message for it in ("nobody", "arm", "base", "eye"))

    dry_runs = {
        ("base", "with_dependents"): (["arm", "base"], others),
        ("base", "force"): (["base"], arms | others),
        ("arm", ""): (["arm"], set()),
        ("arm", "with_dependents"): (["arm"], set()),
    }
    for (name, how), (plan, losses) in dry_runs.items():
        goal = ship.client.deprovision(name, dry_run=True, **({how: True} if how else {}))
        result = goal.result()
        assert result.outcome == Deprovision.Result.OUTCOME_PLANNED, result.message
        assert goal.status() == GoalStatus.STATUS_SUCCEEDED and goal.feedback.all() == []
        assert (list(result.plan), lost(result)) == (plan, losses), (name, how)
        assert result.deployment == ship.get(name)
        assert f"would stop {', then '.join(plan)}" in result.message
        assert ("nobody would lose anything" in result.message) == (not losses)

    assert (ship.client.deployments(include_ended=True), ship.engine.containers()) == before
    assert len(ship.events.all()) == events

    # It is done as it was said.
    result = ship.client.deprovision("base", with_dependents=True).result()
    assert result.outcome == Deprovision.Result.OUTCOME_STOPPED
    assert (list(result.plan), list(result.losses)) == ([], [])
    assert {it.name for it in ship.client.deployments()} == {"eye"}


def test_without_the_graph_a_stop_costs_dependencies(make_ship: Any) -> None:
    """They are known all the same, and there is no talk of what is not looked at."""
    ship = make_ship(parameters={"graph": False})
    ship.deploy(manifest=base())
    ship.deploy(manifest=needs("arm", listener()))
    for fields in ({}, {"dry_run": True}, {"dry_run": True, "force": True}):
        result = ship.client.deprovision("base", **fields).result()
        assert lost(result) == {("arm", "dependency", "base")}, fields
        assert "arm depends on base, as base" in result.message and "graph" not in result.message
    assert ship.get("base").status_name == "Running"


def test_what_is_over_costs_nothing(ship: Ship) -> None:
    """What was stopped is known, and others have lost it by then."""
    ship.deploy(manifest=base())
    ship.deploy(manifest=needs("arm"))
    assert ship.client.deprovision("base", force=True).result().outcome == (
        Deprovision.Result.OUTCOME_STOPPED
    )

    again = ship.client.deprovision("base", dry_run=True).result()
    assert again.outcome == Deprovision.Result.OUTCOME_PLANNED, again.message
    assert (list(again.plan), list(again.losses)) == ([], []) and "over already" in again.message
    assert again.deployment.phase_name == "Deployment stopped"
    client = ship.ros.run(
        lambda: ship.ros.node.create_client(GetBlastRadius, "/shipmate/get_blast_radius")
    )
    assert look_until(client.service_is_ready, ANSWER_WITHIN_SECONDS)
    for name, said in (("base", "over already"), ("arm", "nobody would lose anything")):
        question = GetBlastRadius.Request(deployment=name)
        begin = lambda question=question: client.call_async(question)  # noqa: E731
        answer = ship.ros.ask(begin, ANSWER_WITHIN_SECONDS, name)
        assert answer.success and not answer.losses and said in answer.message, answer


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
