"""The containers of one test, through the `docker` command, as a user sees them."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from typing import Any

COMMAND_WITHIN_SECONDS = 60.0


@dataclass(frozen=True)
class Container:
    """One line of `docker ps`."""

    name: str
    id: str
    state: str
    image: str


class Engine:
    """What is on an engine under one test's prefix, and nothing else.

    `host` is the engine's address; nothing for the one that `docker` itself finds.
    """

    def __init__(self, prefix: str, host: str | None = None) -> None:
        self.prefix, self.host = prefix, host

    def run(self, *arguments: str, check: bool = True) -> str:
        """What a `docker` command prints."""
        done = subprocess.run(
            ["docker", *arguments],
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=COMMAND_WITHIN_SECONDS,
            stdin=subprocess.DEVNULL,
        )
        if check and done.returncode != 0:
            raise RuntimeError(f"docker {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout.strip()

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "DOCKER_HOST": self.host} if self.host else dict(os.environ)

    def containers(self) -> list[Container]:
        """The test's containers, whatever they do, sorted by name."""
        lines = self.run(
            *("ps", "--all", "--no-trunc", "--filter", f"name=^{self.prefix}-"),
            *(
                "--format",
                '{"name":{{json .Names}},"id":{{json .ID}},"state":{{json .State}},"image":{{json .Image}}}',
            ),
        )
        found = [Container(**json.loads(line)) for line in lines.splitlines()]
        return sorted(found, key=lambda it: it.name)

    def names(self) -> list[str]:
        """The names of the test's containers."""
        return [it.name for it in self.containers()]

    def networks(self) -> list[str]:
        """The names of the test's networks."""
        return self._names("network")

    def volumes(self) -> list[str]:
        """The names of the test's volumes."""
        return self._names("volume")

    def _names(self, kind: str) -> list[str]:
        # The engine's own filter finds the text anywhere in a name.
        lines = self.run(kind, "ls", "--filter", f"name={self.prefix}-", "--format", "{{.Name}}")
        return sorted(it for it in lines.splitlines() if it.startswith(f"{self.prefix}-"))

    def inspect(self, container: str) -> dict[str, Any]:
        """Everything that the engine knows of a container."""
        return json.loads(self.run("inspect", "--type", "container", container))[0]

    def logs(self, container: str) -> str:
        """What a container wrote, on both streams."""
        done = subprocess.run(
            ["docker", "logs", container],
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=COMMAND_WITHIN_SECONDS,
        )
        return done.stdout

    def kill(self, container: str, signal: str = "KILL") -> None:
        """Send a signal to a container's first process."""
        self.run("kill", "--signal", signal, container)

    def execute(self, container: str, *command: str) -> str:
        """What a command prints that runs in a container."""
        return self.run("exec", container, *command)

    def leftovers(self) -> list[str]:
        """Everything that is left under the prefix, by kind and name."""
        return [
            *(f"container {name}" for name in self.names()),
            *(f"network {name}" for name in self.networks()),
            *(f"volume {name}" for name in self.volumes()),
        ]

    def remove_everything(self) -> None:
        """Remove what is left under the prefix, even when a part of it cannot be removed."""
        for kind, names in (
            ("container", self.names()),
            ("network", self.networks()),
            ("volume", self.volumes()),
        ):
            if names:
                force = [] if kind == "network" else ["--force"]
                self.run(kind, "rm", *force, *names, check=False)
