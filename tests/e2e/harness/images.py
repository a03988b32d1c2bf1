"""Images that are made here: a static shell, and as many bytes beside it as a test wants to see pulled."""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import subprocess
import tarfile
from pathlib import Path

# Debian's busybox-static: one program that needs no library.
SHELL = Path("/bin/busybox")
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
LOAD_WITHIN_SECONDS = 60.0


def load(reference: str, *sizes: int, host: str | None = None) -> None:
    """Make an image: one layer with a shell, and one with that many random bytes for each size.

    It is made on the engine at `host`, or on the one that `docker` itself finds.
    """
    layers = [_layer("bin/sh", SHELL.read_bytes())]
    layers += [_layer(f"data/{index}", os.urandom(size)) for index, size in enumerate(sizes)]
    subprocess.run(
        ["docker", "load", "--quiet"],
        env={**os.environ, "DOCKER_HOST": host} if host else None,
        input=_archive(reference, layers),
        capture_output=True,
        check=True,
        timeout=LOAD_WITHIN_SECONDS,
    )


def remove(reference: str) -> None:
    """Remove an image, if it is there."""
    subprocess.run(
        ["docker", "image", "rm", "--force", reference],
        capture_output=True,
        timeout=LOAD_WITHIN_SECONDS,
    )


def exists(reference: str) -> bool:
    """Whether the engine has an image."""
    asked = subprocess.run(
        ["docker", "image", "inspect", reference], capture_output=True, timeout=LOAD_WITHIN_SECONDS
    )
    return asked.returncode == 0


def _layer(path: str, content: bytes) -> bytes:
    return _tar({path: content})


def _archive(reference: str, layers: list[bytes]) -> bytes:
    """What `docker save` would have written."""
    names = [f"{index}/layer.tar" for index in range(len(layers))]
    config = {
        "architecture": ARCHITECTURES[platform.machine()],
        "os": "linux",
        "config": {"Env": ["PATH=/bin"]},
        "rootfs": {"type": "layers", "diff_ids": [_digest(it) for it in layers]},
    }
    manifest = [{"Config": "config.json", "RepoTags": [reference], "Layers": names}]
    files = {
        "config.json": json.dumps(config).encode(),
        "manifest.json": json.dumps(manifest).encode(),
    }
    return _tar({**files, **dict(zip(names, layers))})


def _tar(files: dict[str, bytes]) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o755
            tar.addfile(entry, io.BytesIO(content))
    return archive.getvalue()


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
