"""Makes the calls of one slot, one after another, as hpcsub's worker asks for them.

The worker starts this program and speaks with it over file descriptor 3, in lines of JSON. Whatever a
call does to this process (os._exit, a segmentation fault, a kill for memory) ends that call alone: the
worker sees of what the process died, records it, and starts another one for the next call.

    python3 call.py MODULE:NAME FILE_OF_VALUES
"""
import faulthandler
import importlib
import json
import math
import os
import pickle
import resource
import socket
import sys
import time
import traceback
from typing import Any, Callable, Dict, Optional

LONGEST = 4096  # bytes of a value that goes into the record; a longer one is kept beside
DEEPEST = 50  # brackets of such a value: readers of records bound their depth


def main() -> None:
    function, values = sys.argv[1:]
    folder = os.getcwd()
    sys.path[0] = folder  # in place of this program's own
    sys.argv[1:] = []
    faulthandler.enable()  # a crash leaves a traceback, too
    worker = socket.socket(fileno=3)
    worker.set_inheritable(False)
    call: Optional[Callable[..., Any]] = None
    for line in worker.makefile("r", encoding="utf-8"):
        asked = json.loads(line)
        os.environ["HPCSUB_ITEM_ID"], os.environ["HPCSUB_ITEM_INDEX"] = asked["id"], str(asked["index"])
        os.chdir(folder)  # the call before may have left it
        meter = Meter()
        try:
            if call is None:
                call = load(function)
                send(worker, {"ready": time.time()})
                meter = Meter()
            value = None
            if "arguments" in asked:  # else it is only to be imported
                with Profiler(asked.get("profile")):
                    value = call(**asked["arguments"])
        except BaseException as error:  # SystemExit too: nothing but the call is over
            outcome = {"cause": "raised " + explain(error)}
        else:
            outcome = keep(value, values)
        outcome.update(meter.read())
        sys.stdout.flush()
        sys.stderr.flush()
        send(worker, outcome)


def send(worker: socket.socket, message: Dict[str, Any]) -> None:
    worker.sendall(json.dumps(message).encode() + b"\n")


def load(function: str) -> Callable[..., Any]:
    """Imports the function "module:name"."""
    module, name = function.split(":")
    return getattr(importlib.import_module(module), name)


def keep(value: Any, values: str) -> Dict[str, Any]:
    """Says what a call returned, or where that was put: as JSON if it can be, else as a pickle."""
    if isinstance(value, float) and not math.isfinite(value):
        value = repr(value)  # JSON has no nan: it is text, as in the columns
    text = as_json(value)
    if text is None:
        try:
            return beside("pickle", pickle.dumps(value), values)
        except Exception as error:
            return {"cause": "its value is neither JSON nor can it be pickled, " + explain(error)}
    if len(text) > LONGEST or text.count("[") + text.count("{") > DEEPEST:
        return beside("json", text.encode(), values)
    return {"done": True, "value": json.loads(text)}


def as_json(value: Any) -> Optional[str]:
    try:
        return json.dumps(value, allow_nan=False, default=plain)
    except Exception:
        return None


def plain(value: Any) -> Any:
    """Makes a number of NumPy one of Python."""
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        return value.item()
    raise TypeError


def beside(form: str, data: bytes, values: str) -> Dict[str, Any]:
    """Puts a value into the slot's file. Closing it has a network file system store it."""
    with open(values, "ab", opener=private) as file:
        offset = file.seek(0, os.SEEK_END)
        file.write(data)
    return {"done": True, "kept": {"format": form, "span": [offset, len(data)]}}


def private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def explain(error: BaseException) -> str:
    """Prints the traceback of a call, without the part that is this program's, and names the exception."""
    inner = error.__traceback__.tb_next if error.__traceback__ else None
    traceback.print_exception(type(error), error, inner)
    try:
        words = str(error)
    except Exception:
        words = "(its own words cannot be had)"
    return type(error).__name__ + (" " + json.dumps(words[:300], ensure_ascii=False) if words else "")


class Profiler:
    """Profiles a call into a file, where the worker names one."""

    def __init__(self, path: Optional[str]) -> None:
        self.path = path

    def __enter__(self) -> None:
        if self.path is not None:
            import cProfile

            self.profile = cProfile.Profile()
            self.profile.enable()

    def __exit__(self, *raised: object) -> None:
        if self.path is not None:
            self.profile.disable()
            self.profile.dump_stats(self.path)


class Meter:
    """Measures one call: elapsed time, CPU time, and the most memory of its largest process."""

    def __init__(self) -> None:
        try:
            with open("/proc/self/clear_refs", "w") as file:
                file.write("5")  # the peak begins anew (proc(5))
        except OSError:
            pass  # then it is the peak of the calls before, too
        self.children = children_kib()
        self.cpu = cpu_seconds()
        self.began = time.perf_counter()

    def read(self) -> Dict[str, float]:
        elapsed = time.perf_counter() - self.began
        children = children_kib()
        peak = max(own_peak_kib(), children if children > self.children else 0)
        return {"elapsed_s": elapsed, "cpu_s": cpu_seconds() - self.cpu, "peak_kib": peak}


def cpu_seconds() -> float:
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(used.ru_utime + used.ru_stime for used in both)


def children_kib() -> int:
    """The peak of the largest child that was waited for, of all calls."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss


def own_peak_kib() -> int:
    try:
        with open("/proc/self/status") as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1])
    except OSError:
        pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main()
