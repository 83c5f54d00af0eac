"""What the drivers of Pathos and Dask have in common: asking a worker of hpcsub for calls.

A worker writes lines of places to its driver; a place is a call's number in the part. Whoever the driver
hands a line to asks the worker of the node that it stands on for these calls and waits for them. The
worker makes and records them, in processes of its own: no value and no crash of a call comes this way.
"""
import importlib.util
import os
import socket
import sys

NOT_STARTED = 75  # the worker would not start a call any more, or is gone


def ask(places: str) -> int:
    """Has the worker of this node make the calls of a line; returns 0 when all are done."""
    try:
        with socket.socket(socket.AF_UNIX) as worker:
            worker.connect(os.environ["HPCSUB_SOCKET"])
            worker.sendall(places.encode())
            with worker.makefile() as answer:
                return int(answer.read() or NOT_STARTED)
    except OSError:
        return NOT_STARTED


def need(strategy: str, *packages: str) -> None:
    """Ends the program when a package is missing, and tells the worker what to do about it."""
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        give_up("strategy {} needs the Python package {}, and {} on {} has none: pip install {}, or name the environment "
                "that has it in [environment] venv, conda or modules".format(
                    strategy, " and ".join(missing), sys.executable, socket.gethostname(), " ".join(missing)))


def give_up(why: str) -> None:
    print("error", why, flush=True)  # standard output is the worker's
    sys.exit(1)
