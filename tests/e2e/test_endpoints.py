"""Endpoints: by name on networks of their own, at ports of the machine that stay, and conflicts."""

import json
from typing import Any

import pytest
from harness.again import a_new_client
from harness.manifests import executable, package, sleeper
from harness.outcomes import refused
from harness.output import wait_for_output
from harness.ports import a_free_port, a_taken_port
from harness.servers import SERVER
from harness.ship import Ship
from shipmate.action import Deprovision
from shipmate.msg import Deployment, Endpoint

# Says what the other one answers, and where.
CALLER = """
import os, signal, urllib.request
answer = urllib.request.urlopen(os.environ["MAP_API_URL"], timeout=10).read().decode()
print(answer, os.environ["MAP_API_URL"], flush=True)
signal.pause()
"""

PORT = 8080


def server(**endpoint: Any) -> str:
    """A package `map` whose only container has one endpoint `api`."""
    readiness = {"tcp": PORT, "period": 1}
    manifest = json.loads(
        package("map", executable("web_server", "python3", "-c", SERVER, str(PORT), readiness=readiness))
    )
    manifest["components"][0]["endpoints"] = [{"name": "api", "port": PORT, "scheme": "http", **endpoint}]
    return json.dumps(manifest)


def callers() -> str:
    """A package that calls it, from a container on either network."""
    both = [
        executable(f"on-{network}", "python3", "-c", CALLER, network=network, stop_signal="SIGKILL")
        for network in ("bridge", "host")
    ]
    return json.dumps({**json.loads(package("arm", *both)), "depends_on": {"map": {}}})


def the_endpoint(deployment: Deployment) -> Endpoint:
    """The deployment's only endpoint."""
    (endpoint,) = deployment.endpoints
    return endpoint


def test_an_internal_endpoint_is_called_by_name_and_at_the_loopback(ship: Ship) -> None:
    """A real call through the injected URL from both networks; the network goes with the last one on it."""
    endpoint = the_endpoint(ship.deploy(manifest=server()))
    name = f"{ship.place.prefix}-map-main-web-server".replace("_", "-")
    network = f"{ship.place.prefix}-map"
    assert (endpoint.external, endpoint.scheme, endpoint.port) == (False, "http", PORT)
    assert (endpoint.container_host, endpoint.network) == (name, network)
    assert endpoint.host_port > 0
    assert ship.engine.networks() == [network]
    (container,) = ship.engine.containers()
    (published,) = ship.engine.inspect(container.id)["NetworkSettings"]["Ports"][f"{PORT}/tcp"]
    assert published == {"HostIp": "127.0.0.1", "HostPort": str(endpoint.host_port)}

    ship.deploy(manifest=callers())
    for caller, url in (
        ("on-bridge", f"http://{name}:{PORT}"),
        ("on-host", f"http://127.0.0.1:{endpoint.host_port}"),
    ):
        wait_for_output(f"{ship.place.prefix}-arm-main-{caller}", f"here I am {url}")

    result = ship.client.deprovision("map", with_dependents=True).result()
    assert result.outcome == Deprovision.Result.OUTCOME_STOPPED
    assert ship.engine.leftovers() == []


def test_a_network_stays_as_long_as_a_dependent_is_on_it(ship: Ship) -> None:
    """The one that made it may go before; a successor takes it over."""
    ship.deploy(manifest=server())
    ship.deploy(manifest=callers())
    network = f"{ship.place.prefix}-map"
    ship.client.deprovision("map", force=True).result()
    assert ship.engine.networks() == [network]
    ship.deploy(manifest=server())
    ship.deprovision("arm")
    assert ship.engine.networks() == [network]
    ship.deprovision("map")
    assert ship.engine.networks() == []


@pytest.mark.parametrize("external", [False, True])
def test_a_picked_port_stays(ship: Ship, external: bool) -> None:
    """Over a restart of the container, and over one of the node."""
    before = the_endpoint(ship.deploy(manifest=server(external=external)))
    assert before.host_port > 0
    (container,) = ship.engine.containers()
    ship.engine.kill(container.id)
    shown = ship.wait_until(
        "map",
        lambda it: it.components[0].executables[0].restart_count == 1 and it.status_name == "Running",
        "it was restarted",
    )
    assert the_endpoint(shown).host_port == before.host_port
    ship.process.kill()
    with a_new_client(ship) as again:
        again.start()
        shown = again.wait_until("map", lambda it: it.status_name == "Running", "it is taken over")
        assert the_endpoint(shown).host_port == before.host_port
        published = again.engine.inspect(container.id)["NetworkSettings"]["Ports"][f"{PORT}/tcp"]
        assert {it["HostPort"] for it in published} == {str(before.host_port)}


def test_a_fixed_port_that_a_program_has_is_refused(ship: Ship) -> None:
    """Before anything is started."""
    with a_taken_port() as port:
        result = ship.client.deploy(manifest=server(external=True, host_port=port)).result()
    assert list(result.deployment.error_codes) == ["DEP_E302"]
    assert str(port) in result.deployment.reason
    assert ship.engine.leftovers() == []


def test_a_port_that_another_deployment_has_is_refused(ship: Ship) -> None:
    """A fixed one, and one that was picked for it."""
    port = a_free_port()
    ship.deploy(manifest=server(external=True, host_port=port), name="one")
    result = refused(ship, ship.client.deploy(manifest=server(external=True, host_port=port), name="two"))
    assert str(port) in result.message and "one" in result.message
    picked = the_endpoint(ship.deploy(manifest=server(), name="three")).host_port
    result = refused(ship, ship.client.deploy(manifest=server(external=True, host_port=picked), name="four"))
    assert str(picked) in result.message and "three" in result.message


def test_a_network_of_somebody_elses_is_left_alone(ship: Ship) -> None:
    """Nothing is started without it either."""
    network = f"{ship.place.prefix}-map"
    ship.engine.run("network", "create", "--internal", network)
    result = ship.client.deploy(manifest=server()).result()
    assert list(result.deployment.error_codes) == ["DEP_E301"]
    assert network in result.deployment.reason
    assert ship.engine.names() == []
    assert ship.engine.networks() == [network]


def test_without_endpoints_there_is_no_network(ship: Ship) -> None:
    """There are only about thirty of them."""
    ship.deploy(manifest=package("plain", sleeper()))
    ship.deploy(manifest=server(external=True))
    assert ship.engine.networks() == []
