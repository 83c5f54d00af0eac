"""Makes the calls of one slot, one after another, as hpcsub's worker asks for them.

The worker starts this program and speaks with it over file descriptor 3, in lines of JSON. Whatever a
call does to this process (os._exit, a segmentation fault, a kill for memory) ends that call alone: the
worker sees of what the process died, records it, and starts another one for the next call. A call is
read when the one before it is over, and its end is told at once: what lies in the socket when this
process dies, or when a call takes long, has not begun, and the worker takes it back.

    python3 call.py MODULE:NAME FILE_OF_VALUES
"""
from __future__ import annotations

import faulthandler
import importlib
import json
import math
import os
import resource
import sys
import time

TYPE_CHECKING = False  # each process of a job starts with this program: what takes it milliseconds is imported when it is wanted
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterator, Optional

WORKER = 3  # the file descriptor
PACKET = 1 << 16  # bytes that are read at once; a longer line comes in pieces
LONGEST = 4096  # bytes of a value that goes into the record; a longer one is kept beside
DEEPEST = 50  # brackets of such a value: readers of records bound their depth


def main() -> None:
    function, values = sys.argv[1:]
    folder = os.getcwd()
    sys.path[0] = folder  # in place of this program's own
    sys.argv[1:] = []
    faulthandler.enable()  # a crash leaves a traceback, too
    os.set_inheritable(WORKER, False)
    peak = memory_peak()
    call: Optional[Callable[..., Any]] = None
    for asked in calls():
        if not asked:  # there is none yet
            call = call or prepared(function)
            continue
        os.environ["HPCSUB_ITEM_ID"], os.environ["HPCSUB_ITEM_INDEX"] = asked["id"], str(asked["index"])
        os.chdir(folder)  # the call before may have left it
        meter = Meter(peak)
        try:
            if call is None:
                call = load(function)
                meter = Meter(peak)
            value = None
            if "arguments" in asked:  # else it is only to be imported
                with Profiler(asked.get("profile")):
                    value = call(**asked["arguments"])
        except BaseException as error:  # SystemExit too: nothing but the call is over
            outcome = '"cause":' + json.dumps("raised " + explain(error))
        else:
            outcome = keep(value, values)
        measured = meter.read()
        sys.stdout.flush()
        sys.stderr.flush()
        send("{%s,%s,%s}" % (outcome, measured, printed()))


def calls() -> Iterator[Dict[str, Any]]:
    """What the worker asks for, until it has nothing more."""
    line = b""
    while True:
        piece = os.read(WORKER, PACKET)
        if not piece:
            return
        line += piece
        if line.endswith(b"\n"):
            yield json.loads(line)
            line = b""


def send(message: str) -> None:
    os.write(WORKER, message.encode())


def load(function: str) -> Callable[..., Any]:
    """Imports the function "module:name"."""
    module, name = function.split(":")
    call: Callable[..., Any] = getattr(importlib.import_module(module), name)
    send('{"ready":%r}' % time.time())
    return call


def prepared(function: str) -> Optional[Callable[..., Any]]:
    """Imports the function before a call wants it. What is wrong with it is said by the call, which tries again."""
    try:
        return load(function)
    except BaseException:
        return None


def keep(value: Any, values: str) -> str:
    """Says what a call returned, or where that was put, as members of JSON: as JSON if it can be, else as a pickle."""
    if isinstance(value, float) and not math.isfinite(value):
        value = repr(float(value))  # JSON has no nan: it is text, as in the columns
    text = as_json(value)
    if text is not None and len(text) <= LONGEST and text.count("[") + text.count("{") <= DEEPEST:
        return '"done":true,"value":' + text
    try:
        form, data = ("pickle", late("pickle").dumps(value)) if text is None else ("json", text.encode())
    except Exception as error:
        return '"cause":' + json.dumps("its value is neither JSON nor can it be pickled, " + explain(error))
    try:
        return beside(form, data, values)
    except OSError as error:
        return '"cause":' + json.dumps("its value could not be written, " + explain(error))


def plain(value: Any) -> Any:
    """Makes a number of NumPy one of Python."""
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        return value.item()
    raise TypeError


ENCODER = json.JSONEncoder(allow_nan=False, default=plain)


def as_json(value: Any) -> Optional[str]:
    try:
        return ENCODER.encode(value)
    except Exception:
        return None


def beside(form: str, data: bytes, values: str) -> str:
    """Puts a value into the slot's file. Closing it has a network file system store it."""
    with open(values, "ab", opener=private) as file:
        offset = file.seek(0, os.SEEK_END)
        file.write(data)
    return '"done":true,"kept":{"format":"%s","span":[%d,%d]}' % (form, offset, len(data))


def private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def explain(error: BaseException) -> str:
    """Prints the traceback of a call, without the part that is this program's, and names the exception."""
    inner = error.__traceback__.tb_next if error.__traceback__ else None
    late("traceback").print_exception(type(error), error, inner)
    try:
        words = str(error)
    except Exception:
        words = "(its own words cannot be had)"
    return type(error).__name__ + (" " + json.dumps(words[:300], ensure_ascii=False) if words else "")


def late(name: str) -> Any:
    """Imports one of Python's own modules. The job's folder may have one of that name."""
    folder, sys.path[0] = sys.path[0], sys.path[1]
    try:
        return importlib.import_module(name)
    finally:
        sys.path[0] = folder


def printed() -> str:
    """How long the files are by now that take what is printed: the next call may print before the worker looks."""
    return '"printed":[%d,%d]' % (size(1), size(2))


def size(descriptor: int) -> int:
    try:
        return os.fstat(descriptor).st_size
    except OSError:  # the call has closed it: all that is there is its own
        return sys.maxsize


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


def memory_peak() -> int:
    """Opens the file that has the kernel begin a process's peak anew (proc(5)). It stays open: each call uses it."""
    try:
        return os.open("/proc/self/clear_refs", os.O_WRONLY)
    except OSError:
        return -1


class Meter:
    """Measures one call: elapsed time, CPU time, and the most memory of its largest process.

    The kernel's peak of this process is never below what the worker had as it started it, some 15 MiB.
    """

    def __init__(self, peak: int) -> None:
        try:
            os.write(peak, b"5")
        except OSError:
            pass  # then it is the peak of the calls before, too
        self.children = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.own = resource.getrusage(resource.RUSAGE_SELF)
        self.start = time.time()
        self.began = time.perf_counter()

    def read(self) -> str:
        elapsed = time.perf_counter() - self.began
        own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = own.ru_utime - self.own.ru_utime + own.ru_stime - self.own.ru_stime
        peak = own.ru_maxrss
        if children != self.children:  # some were waited for
            cpu += children.ru_utime - self.children.ru_utime + children.ru_stime - self.children.ru_stime
            peak = max(peak, children.ru_maxrss if children.ru_maxrss > self.children.ru_maxrss else 0)
        return '"start":%r,"elapsed_s":%r,"cpu_s":%r,"peak_kib":%d' % (self.start, elapsed, cpu, peak)


if __name__ == "__main__":
    main()
