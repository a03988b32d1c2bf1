"""A real registry on a loopback port, with a password if wanted."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from demo_client import look_until

from . import images
from .ports import a_free_port

USER, PASSWORD = "robot", "open sesame"
# The password, in the only form that the registry takes.
HTPASSWD = "robot:$2b$05$OMeoCry4ub4.zrSheWiWLOvTbB8gw19GXGpiRYtdLeTNB5MlP1mt6\n"
ANSWER_WITHIN_SECONDS = 20.0
PUSH_WITHIN_SECONDS = 60.0


@dataclass(frozen=True)
class Registry:
    """Debian's docker-registry."""

    folder: Path
    port: int

    @property
    def host(self) -> str:
        """What the names of its images begin with."""
        return f"127.0.0.1:{self.port}"

    def push(self, name: str, *sizes: int) -> str:
        """Put an image into it, with a layer for each size; what the image is called then."""
        reference = f"{self.host}/{name}"
        images.load(reference, *sizes)
        try:
            subprocess.run(
                ["docker", "push", "--quiet", reference],
                env={**os.environ, "DOCKER_CONFIG": str(self.login(PASSWORD))},
                capture_output=True,
                check=True,
                timeout=PUSH_WITHIN_SECONDS,
            )
        finally:
            images.remove(reference)
        return reference

    def login(self, password: str, host: str = "") -> Path:
        """A folder for $DOCKER_CONFIG, as `docker login` with this password would have left it."""
        folder = Path(tempfile.mkdtemp(prefix="login-", dir=self.folder))
        secret = base64.b64encode(f"{USER}:{password}".encode()).decode()
        config = {"auths": {host or self.host: {"auth": secret}}}
        (folder / "config.json").write_text(json.dumps(config))
        return folder


@contextmanager
def a_registry(folder: Path, locked: bool = False) -> Iterator[Registry]:
    """A registry that is gone afterwards."""
    folder.mkdir()
    registry = Registry(folder, a_free_port())
    settings = folder / "config.json"
    settings.write_text(json.dumps(_settings(registry, locked)))
    with _served(registry, [], settings):
        yield registry


@contextmanager
def serve_again(registry: Registry, network: Callable[..., list[str]]) -> Iterator[None]:
    """The same images at the same address of another network, into which `network` takes a command."""
    with _served(registry, network(), registry.folder / "config.json", elsewhere=True):
        yield


@contextmanager
def _served(
    registry: Registry, before: list[str], settings: Path, elsewhere: bool = False
) -> Iterator[None]:
    path = registry.folder / ("elsewhere.log" if elsewhere else "log")
    with path.open("wb") as log:
        server = subprocess.Popen(
            # When the test's own process is killed, the kernel kills it too.
            ["setpriv", "--pdeathsig", "KILL", *before, "docker-registry", "serve", settings],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        look = [*before, *_look(registry.port)]
        if not look_until(lambda: subprocess.run(look).returncode == 0, ANSWER_WITHIN_SECONDS):
            raise TimeoutError(f"the registry does not answer: {path.read_text()}")
        yield
    finally:
        server.kill()
        server.wait()


def _settings(registry: Registry, locked: bool) -> dict[str, object]:
    settings: dict[str, object] = {
        "version": 0.1,
        "log": {"level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(registry.folder / "data")}},
        "http": {"addr": registry.host},
    }
    if locked:
        passwords = registry.folder / "htpasswd"
        passwords.write_text(HTPASSWD)
        settings["auth"] = {"htpasswd": {"realm": "test", "path": str(passwords)}}
    return settings


def _look(port: int) -> list[str]:
    """A command that ends well when something listens on a port."""
    program = f"import socket, sys; sys.exit(socket.socket().connect_ex(('127.0.0.1', {port})) != 0)"
    return [sys.executable, "-c", program]
