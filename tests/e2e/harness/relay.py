"""A way to a server that can be cut and opened again, or that lets only so much through."""

from __future__ import annotations

import asyncio
import threading
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

CHUNK = 64 * 1024
DROP = 2048
SECONDS_BETWEEN_DROPS = 0.02
WAIT_SECONDS = 20.0

# A host and a port, or the path of a socket.
Address = tuple[str, int] | Path


class Relay:
    """Stands before a server and passes on what both sides say.

    With `let_through`, so many bytes of the answers on each connection; then it stays silent, or
    lets drops through, with which the rest would take for ever.
    """

    def __init__(
        self, at: Address, server: Address, let_through: int | None = None, drops: bool = False
    ) -> None:
        self._at, self._server = at, server
        self._let_through, self._drops = let_through, drops
        self._changed = threading.Condition()
        self._stuck = 0
        self._all = asyncio.Event()
        self._listener: asyncio.Server | None = None
        self._connections: set[asyncio.Task[Any]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="relay", daemon=True)
        self._thread.start()
        self.open()

    @property
    def host(self) -> str:
        """Where it listens, as host:port."""
        assert self._listener is not None, "the relay is cut"
        host, port = self._listener.sockets[0].getsockname()
        return f"{host}:{port}"

    def open(self) -> None:
        """Take connections."""
        self._run(self._open())

    def cut(self) -> None:
        """End every connection and take no more."""
        self._run(self._cut())

    def close(self) -> None:
        """End for good."""
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(WAIT_SECONDS)
        self._loop.close()

    def let_all_through(self) -> None:
        """Hold nothing back any more, not even what was held back so far."""
        self._loop.call_soon_threadsafe(self._all.set)

    def wait_until_stuck(self, connections: int = 1) -> None:
        """Wait until that many connections got all that they will get."""
        self._wait(lambda: self._stuck >= connections, f"{connections} connections are stuck")

    def wait_until_let_go(self) -> None:
        """Wait until everybody who was stuck has hung up."""
        self._wait(lambda: self._stuck == 0, "whoever was stuck has hung up")

    def _wait(self, predicate: Callable[[], bool], what: str) -> None:
        with self._changed:
            if not self._changed.wait_for(predicate, WAIT_SECONDS):
                raise TimeoutError(f"not within {WAIT_SECONDS:g} s: {what}; stuck are {self._stuck}")

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(WAIT_SECONDS)

    async def _open(self) -> None:
        if isinstance(self._at, Path):
            self._listener = await asyncio.start_unix_server(self._serve, self._at)
        else:
            self._listener = await asyncio.start_server(self._serve, *self._at)

    async def _cut(self) -> None:
        if self._listener is None:
            return
        self._listener.close()
        self._listener = None
        if isinstance(self._at, Path):
            self._at.unlink(missing_ok=True)
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, asks: StreamReader, hears: StreamWriter) -> None:
        connection = asyncio.create_task(self._relay(asks, hears))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _relay(self, asks: StreamReader, hears: StreamWriter) -> None:
        with suppress(OSError):
            answers, questions = await _connect(self._server)
            ends = [
                asyncio.create_task(_pass_on(asks, questions)),
                asyncio.create_task(self._answer(answers, hears)),
            ]
            try:
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for end in ends:
                    end.cancel()
                questions.close()
                hears.close()

    async def _answer(self, answers: StreamReader, hears: StreamWriter) -> None:
        await _pass_on(answers, hears, self._let_through)
        if self._let_through is None or answers.at_eof():
            return
        self._count(1)
        try:
            await self._hold_back(answers, hears)
        finally:
            self._count(-1)
        await _pass_on(answers, hears)

    async def _hold_back(self, answers: StreamReader, hears: StreamWriter) -> None:
        while not self._all.is_set():
            if self._drops:
                await _pass_on(answers, hears, DROP)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._all.wait(), SECONDS_BETWEEN_DROPS)

    def _count(self, more: int) -> None:
        with self._changed:
            self._stuck += more
            self._changed.notify_all()


@contextmanager
def a_relay(server: Address, at: Address = ("127.0.0.1", 0), **limits: Any) -> Iterator[Relay]:
    """A relay that is gone afterwards."""
    relay = Relay(at, server, **limits)
    try:
        yield relay
    finally:
        relay.close()


async def _connect(server: Address) -> tuple[StreamReader, StreamWriter]:
    if isinstance(server, Path):
        return await asyncio.open_unix_connection(server)
    return await asyncio.open_connection(*server)


async def _pass_on(source: StreamReader, sink: StreamWriter, at_most: int | None = None) -> None:
    """Until the source ends, or so many bytes were passed on."""
    passed = 0
    with suppress(OSError):
        while at_most is None or passed < at_most:
            some = await source.read(CHUNK if at_most is None else min(CHUNK, at_most - passed))
            if not some:
                return
            passed += len(some)
            sink.write(some)
            await sink.drain()
