"""What the drivers of Pathos and Dask have in common: asking a worker of hpcsub for calls.

A worker writes lines of places to its driver; a place is a call's number in the part. Whoever the driver
hands a line to asks the worker of the node that it stands on for these calls and waits for them. The
worker makes and records them, in processes of its own: no value and no crash of a call comes this way.
"""
import fcntl
import importlib.util
import os
import socket
import struct
import sys
import time
from typing import Tuple

NOT_STARTED = "75"  # the worker would not start a call any more, or is gone
AGAIN = "again "  # before places that were handed out before: what is recorded as done is not called once more
PAUSE = 1.0  # seconds before a node without a worker takes the next line: it must not take all of them


def ask(places: str) -> str:
    """Has the worker of this node make the calls of a line; returns the worst exit code and the node.

    Whoever hands out a line tells once what became of it, and tries nothing again: the worker that has the queue
    gets a line back that nobody has answered for, and decides.
    """
    code = ""
    try:
        with socket.socket(socket.AF_UNIX) as worker:
            worker.connect(os.environ["HPCSUB_SOCKET"])
            worker.sendall(places.encode())
            with worker.makefile() as answer:
                code = answer.read().strip()
    except OSError:
        time.sleep(PAUSE)
    return (code or NOT_STARTED) + " " + os.environ["HPCSUB_NODE"]


def tell(answer: str, places: str) -> None:
    """Tells the worker that has the queue what became of a line; standard output is the worker's."""
    sys.stdout.write("answer {} {}\n".format(answer, places.replace(AGAIN, "").strip()))  # in one piece: threads tell
    sys.stdout.flush()


def meeting(name: str) -> str:
    """A file by which the drivers of all nodes of this job find each other. The folder is closed to others."""
    return os.path.join(os.environ["HPCSUB_MEETING"], name)


def rank() -> int:
    return int(os.environ["HPCSUB_RANK"])


def own_address() -> Tuple[str, str]:
    """Where to listen on this node, and what other nodes call that: of the network HPCSUB_INTERFACE, else of any."""
    interface = os.environ.get("HPCSUB_INTERFACE", "")
    if not interface:
        return "0.0.0.0", socket.gethostname()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        name = struct.pack("256s", interface.encode()[:15])
        address = socket.inet_ntoa(fcntl.ioctl(probe.fileno(), 0x8915, name)[20:24])  # SIOCGIFADDR, netdevice(7)
        return address, address


def need(strategy: str, *packages: str) -> None:
    """Ends the program when a package is missing, and tells the worker what to do about it."""
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        give_up("strategy {} needs the Python package {}, and {} on {} has none: pip install {}, or name the environment "
                "that has it in [environment] venv, conda or modules".format(
                    strategy, " and ".join(missing), sys.executable, socket.gethostname(), " ".join(missing)))


def give_up(why: str) -> None:
    print("error", why, flush=True)  # standard output is the worker's
    os._exit(1)
