"""Work in a process of its own.

rclpy holds Python's lock while DDS takes a participant down. Should DDS never come back from that, no thread of the
process can end its wait: neither a deadline nor pytest's timeout. So whoever makes many participants beside each other
does it here, where it can be ended.
"""

from __future__ import annotations

import faulthandler
import multiprocessing
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, TypeVar

T = TypeVar("T")

# For a process to start, and to end when its deadline has passed.
GRACE_SECONDS = 20.0


class NeverCameBack(Exception):
    """The process had to be ended; where it was is in the output of the test."""


def alone(function: Callable[..., T], *arguments: Any, within: float) -> T:
    """What a function of a module returns, or raises, in a process of its own.

    NeverCameBack when it takes longer than `within` seconds, or the process ends without an answer.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(sender, within, function, arguments))
    process.start()
    # Its end is noticed when nobody here holds the other end of the pipe.
    sender.close()
    try:
        if not receiver.poll(within + GRACE_SECONDS):
            raise NeverCameBack(f"{function.__name__}{arguments}: not within {within:g} s")
        returned, answer = receiver.recv()
    except EOFError:
        process.join(GRACE_SECONDS)
        message = f"{function.__name__}{arguments}: ended with {process.exitcode}"
        raise NeverCameBack(message) from None
    finally:
        process.kill()
        process.join(GRACE_SECONDS)
        receiver.close()
    if returned:
        return answer
    raise answer


def _run(sender: Connection, within: float, function: Callable[..., Any], arguments: Any) -> None:
    # From a thread that needs no lock of Python's.
    faulthandler.dump_traceback_later(within, exit=True, file=sys.__stderr__)
    try:
        answer = True, function(*arguments)
    except Exception as error:  # it is raised again where the answer is waited for
        answer = False, error
    sender.send(answer)
