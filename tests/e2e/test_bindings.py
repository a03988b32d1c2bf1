"""What deployments are told of each other: templates, secrets, and how their nodes join the graph."""

import json
from typing import Any

from demo_client import RosThread, look_until
from harness.again import a_new_client
from harness.manifests import executable, package, sleeper
from harness.outcomes import refused
from harness.output import wait_for_output
from harness.peers import Reports, peer
from harness.place import a_place
from harness.ship import Ship

SECRET = "hush-4711-hush"
REST = "trap 'exit 0' INT TERM; sleep infinity & wait"


def base(*executables: dict[str, Any], ros: dict[str, Any] | None = None, **more: Any) -> str:
    """The package that is needed, with what it exposes."""
    manifest = json.loads(package("base", *(executables or [sleeper()])))
    manifest["components"][0].update({"exposes": {"FRAME": "map"}, **more})
    if ros:
        manifest["components"][0]["ros"] = ros
    return json.dumps(manifest)


def arm(*executables: dict[str, Any], ros: dict[str, Any] | None = None, **dependency: Any) -> str:
    """A package that needs `base`."""
    manifest = json.loads(package("arm", *executables))
    manifest["depends_on"] = {"base": dependency}
    if ros:
        manifest["components"][0]["ros"] = ros
    return json.dumps(manifest)


def with_secret(manifest: str) -> str:
    """The package with a secret parameter `token`."""
    token = {"type": "string", "required": True, "secret": True}
    return json.dumps({**json.loads(manifest), "parameters": {"token": token}})


def writer(name: str, text: str, **more: Any) -> dict[str, Any]:
    """A container that writes one line, by a shell, and stays."""
    return executable(name, "bash", "-c", f"echo {text}; {REST}", **more)


def test_a_dependent_uses_what_the_other_one_offers(ship: Ship) -> None:
    """In its command and its environment; what it is told is shown, too."""
    web = {"name": "web", "port": 80, "external": True, "host_port": 18_173, "scheme": "http"}
    ship.deploy(manifest=base(endpoints=[web]))
    environment = {"ROBOT_FRAME": "${base.FRAME}_2", "FROM": "${base.deployment}"}
    said = "'I am told ${base.web.url}' $ROBOT_FRAME $FROM $BASE_FRAME"
    deployment = ship.deploy(manifest=arm(writer("node", said, environment=environment)))

    container = f"{ship.place.prefix}-arm-main-node"
    wait_for_output(container, "I am told http://host.docker.internal:18173 map_2 base map")
    bindings = {it.name: (it.value, it.secret) for it in deployment.dependencies[0].bindings}
    assert bindings["BASE_FRAME"] == ("map", False)
    assert bindings["BASE_WEB_PORT"] == ("18173", False)
    assert bindings["BASE_ROS_DOMAIN_ID"] == (str(ship.place.domain), False)


def test_what_the_other_one_does_not_have_is_found_when_it_is_registered(ship: Ship) -> None:
    """With the version that lacks it; what is not in the catalogue yet is found when it is deployed."""
    wrong = arm(writer("node", "${base.FRAM}"), version="^1.0")
    assert ship.client.register(wrong).success, "base may come later"
    ship.deploy(manifest=base())
    result = refused(ship, ship.client.deploy("arm"))
    assert "FRAM" in result.message and "did you mean `FRAME`" in result.message

    assert ship.client.register(base()).success
    answer = ship.client.register(wrong, replace=True)
    assert not answer.success and "base 1.0.0 exposes no variable `FRAM`" in answer.message
    answer = ship.client.register(arm(writer("node", "${bse.FRAME}")))
    assert not answer.success
    (problem,) = answer.problems
    assert problem.line == 1 and "did you mean `base`" in problem.message


def test_a_secret_reaches_containers_and_nothing_else(ship: Ship) -> None:
    """Also when it is handed on to a dependent, which writes it out and fails."""
    environment = {"TOKEN": "${token}"}
    manifest = with_secret(base(writer("node", "$TOKEN", environment=environment)))
    manifest = manifest.replace('"FRAME": "map"', '"KEY": "Bearer ${token}"')
    assert ship.client.register(manifest).success
    (described,) = ship.client.packages("base")[0].parameters
    assert described.secret and described.required and described.default_value == ""
    ship.deploy("base", parameters={"token": SECRET})
    fails = executable("node", "bash", "-c", "echo $BASE_KEY; sleep 1; exit 3", restart="never")
    ship.client.deploy(manifest=arm(fails)).result()
    ship.wait_until("arm", lambda it: it.status_name == "Error", "it has failed")

    first, second = (f"{ship.place.prefix}-{it}" for it in ("base-main-node", "arm-main-node"))
    wait_for_output(first, SECRET)
    wait_for_output(second, f"Bearer {SECRET}")
    for container in (first, second):
        facts = ship.engine.inspect(container)
        assert SECRET in json.dumps(facts["Config"]["Env"])
        assert SECRET not in json.dumps(facts["Config"]["Labels"])
    shown = ship.get("base")
    assert [(it.name, it.value) for it in shown.parameters] == [("token", "***")]
    (key,) = [it for it in ship.get("arm").dependencies[0].bindings if it.name == "BASE_KEY"]
    assert (key.value, key.secret) == ("***", True)
    assert "***" in ship.get("arm").components[0].executables[0].last_output
    logs = ship.client.get_logs("base")
    assert [it.text for it in logs.lines] == ["***"]

    said = [*ship.deployments.all(), *ship.events.all(), logs, ship.client.get_logs("arm")]
    assert len(ship.events.all()) > 0
    assert all(SECRET not in str(it) for it in said)
    assert SECRET not in ship.process.output()
    state = ship.folder / "state"
    files = [it for it in state.rglob("*") if it.is_file()]
    holders = [it for it in files if SECRET.encode() in it.read_bytes()]
    assert [it.parent.name for it in holders] == ["secrets"]
    assert (holders[0].stat().st_mode & 0o777, holders[0].parent.stat().st_mode & 0o777) == (0o600, 0o700)

    ship.deprovision("arm")
    ship.deprovision("base")
    # The disk is told after the client.
    assert look_until(lambda: list((state / "secrets").iterdir()) == [], 10.0)


def test_a_secret_is_known_after_a_restart_of_the_node(ship: Ship) -> None:
    """A container that is gone meanwhile is made again with it; without its file it fails in words."""
    environment = {"TOKEN": "${token}"}
    manifest = with_secret(package("arm", sleeper(environment=environment)))
    ship.deploy(manifest=manifest, parameters={"token": SECRET})
    name = f"{ship.place.prefix}-arm-main-sleeper"
    before = ship.engine.inspect(name)["Id"]

    ship.process.kill()
    ship.engine.run("rm", "--force", name)
    with a_new_client(ship) as again:
        again.start()
        shown = again.wait_until("arm", lambda it: it.status_name == "Running", "it runs again")
        assert shown.components[0].executables[0].container_id != before
        assert f"TOKEN={SECRET}" in ship.engine.inspect(name)["Config"]["Env"]

        again.process.kill()
        for file in (ship.folder / "state" / "secrets").iterdir():
            file.unlink()
        with a_new_client(again) as third:
            third.start()
            third.wait_until("arm", lambda it: it.status_name == "Running", "it is taken over")
            ship.engine.run("rm", "--force", name)
            third.wait_until(
                "arm", lambda it: "`token`" in it.reason and "not known any more" in it.reason, "it fails"
            )


def test_namespace_and_domain_are_taken_over(ship: Ship) -> None:
    """The dependent's node is in the namespace and the domain of the other one, and hears it."""
    with a_place() as other, RosThread("other", other.domain) as elsewhere:
        reports = Reports(elsewhere, "/front/report")
        here = Reports(ship.ros, "/front/report")
        ros = {"namespace": "/front", "domain_id": other.domain}
        ready = {"readiness": {"ros": {"topic": "/front/talk"}}}
        ship.deploy(manifest=base(peer("first"), ros=ros))
        # Its probe looks in the domain that it took over.
        manifest = arm(peer("second", **ready), take_over=["namespace", "domain_id"])
        deployment = ship.deploy(manifest=manifest)

        reports.wait_until_all_know(["first", "second"])
        assert here.of("second") == []
        bindings = {it.name: it.value for it in deployment.dependencies[0].bindings}
        assert bindings["BASE_ROS_NAMESPACE"] == "/front"
        assert bindings["BASE_ROS_DOMAIN_ID"] == str(other.domain)
        ship.deprovision("arm")
        ship.deprovision("base")
