"""Runs a program with a cluster of Dask around it, which it finds by Client() with no argument.

hpcsub's worker starts this for each item, on the first node. The scheduler is in this process; LAUNCHER (srun, where
there are several nodes) starts this program once more on each node, for Dask's workers. They find the scheduler by a
file in the job's meeting folder, the program by variables of its environment. All connections are TLS with a
certificate that was made for this job: whoever has none is refused. The exit code is the program's.

    python3 dask_cluster.py NODES CPUS MEMORY_MIB GPUS [LAUNCHER ...] -- PROGRAM [ARGUMENT ...]

CPUS, MEMORY_MIB and GPUS are of one node; without MEMORY_MIB (0) Dask takes the node's memory by its share of the CPUs.
"""
import asyncio
import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from typing import Any, Dict, List

import dask_sockets
from asking import meeting
from dask_tls import CLOSED, network, trust

ARRIVE = 120.0  # seconds for the first worker to come
TOGETHER = 20.0  # seconds from then on for the others: who comes later is taken in by Dask
LEAVE = 10.0  # seconds for them to end, and for a program without them
TOLD = 1.0  # seconds from one loss to the word of it
GPUS = ("CUDA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL", "ZE_AFFINITY_MASK")  # in which Slurm says which GPUs a job has
MISSING = "a program with parallel = \"dask\" needs the Python packages dask and distributed, and {} on {} lacks them " \
    "({}): pip install distributed, or name the environment that has it in [environment] venv, conda or modules\n"


def main() -> int:
    try:
        import dask
        import distributed
    except ImportError as error:
        sys.stderr.write(MISSING.format(sys.executable, socket.gethostname(), error))
        return 1
    os.umask(0o077)
    logging.getLogger(distributed.__name__).setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="hpcsub-dask-") as room:  # what does not fit into memory goes to a disk of the node
        dask.config.set({**CLOSED, "temporary-directory": room})
        if sys.argv[1] == "work":
            return asyncio.run(work(*(int(n) for n in sys.argv[2:5]), sys.argv[5]))
        at = sys.argv.index("--")
        sys.path[:1] = modules(sys.argv[at + 1:])  # in place of this program's own
        return asyncio.run(around(int(sys.argv[1]), sys.argv[2:5], sys.argv[5:at], sys.argv[at + 1:]))


def modules(program: List[str]) -> List[str]:
    """Where the program's modules are: Dask takes functions apart in other processes, which must find them too."""
    scripts = [os.path.dirname(os.path.abspath(word)) for word in program[:2] if word.endswith(".py")]
    return scripts + [os.getcwd()]


def processes(cpus: int, gpus: int) -> int:
    """How many workers share the CPUs of a node: one for each GPU, or as many as Dask has on a machine like that."""
    from distributed.deploy.utils import nprocesses_nthreads

    return gpus or int(nprocesses_nthreads(cpus)[0])


def devices(gpus: int) -> List[Dict[str, str]]:
    """What tells each of these workers that it has one GPU, in the names in which the job was given them."""
    given = {name: os.environ[name].split(",") for name in GPUS if os.environ.get(name)}
    if not given or min(map(len, given.values())) < gpus:
        sys.exit("{} has been given the GPUs {}, and {} workers of Dask want one each".format(socket.gethostname(), given or "none", gpus))
    return [{name: names[n] for name, names in given.items()} for n in range(gpus)]


async def around(nodes: int, share: List[str], launcher: List[str], program: List[str]) -> int:
    """Starts scheduler and workers, runs the program, and ends them."""
    from distributed import Scheduler

    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)  # the program gets it too: its end is waited for
    file = meeting("scheduler.{}.json".format(os.environ["HPCSUB_ITEM_INDEX"]))
    scheduler = await Scheduler(port=0, scheduler_file=file, **network())
    scheduler.http_server.stop()
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(modules(program) + os.environ.get("PYTHONPATH", "").split(os.pathsep)),
               "DASK_LOGGING__DISTRIBUTED": "warning"}
    workers = subprocess.Popen(launcher + [sys.executable, os.path.abspath(__file__), "work"] + share + [file],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environ)
    over = threading.Event()
    threading.Thread(target=relay, args=(workers, over), daemon=True).start()
    try:
        if not await arrived(scheduler, workers, nodes * processes(int(share[0]), int(share[2])), ended):
            return 1
        return await run(program, scheduler, workers, over)
    finally:
        over.set()
        await end(scheduler, workers)


async def arrived(scheduler: Any, workers: "subprocess.Popen[bytes]", wanted: int, ended: asyncio.Event) -> bool:
    """Waits for the workers; without any there is no cluster."""
    until, some = time.monotonic() + ARRIVE, False
    while len(scheduler.workers) < wanted and not ended.is_set():
        if workers.poll() is not None:
            sys.stderr.write("the workers of Dask ended as they started, exit code {}\n".format(workers.returncode))
            return False
        if not some and len(scheduler.workers) > 0:
            until, some = time.monotonic() + TOGETHER, True
        if time.monotonic() > until:
            sys.stderr.write("{} of {} workers of Dask have come by now\n".format(len(scheduler.workers), wanted))
            return some
        await asyncio.sleep(0.05)
    return not ended.is_set()


async def run(argv: List[str], scheduler: Any, workers: "subprocess.Popen[bytes]", over: threading.Event) -> int:
    """Runs the program; ends it where no worker is left, since it would wait for one for ever."""
    from distributed.core import Status

    try:
        program = subprocess.Popen(argv, env={**os.environ, **found(scheduler.address)})
    except OSError as error:
        sys.stderr.write("{!r}: {}\n".format(argv[0], error.strerror))
        return 127 if isinstance(error, FileNotFoundError) else 126
    while program.poll() is None:
        if scheduler.status != Status.running:  # client.shutdown()
            over.set()
        elif workers.poll() is not None:
            sys.stderr.write("the workers of Dask ended before the program, exit code {}\n".format(workers.returncode))
            await end_program(program)
            return 1
        await asyncio.sleep(0.05)
    return program.returncode


async def end_program(program: "subprocess.Popen[bytes]") -> None:
    """Ends a program that would otherwise go on beside the next item."""
    program.terminate()
    until = time.monotonic() + LEAVE
    while program.poll() is None and time.monotonic() < until:
        await asyncio.sleep(0.05)
    program.kill()


def found(address: str) -> Dict[str, str]:
    """The variables by which Client() finds the scheduler and what to show it."""
    tls = {"CA_FILE": "ca.pem", "CLIENT__CERT": "cert.pem", "CLIENT__KEY": "key.pem"}
    return {"DASK_SCHEDULER_ADDRESS": address, "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "True",
            **{"DASK_DISTRIBUTED__COMM__TLS__" + name: meeting(file) for name, file in tls.items()}}


async def end(scheduler: Any, workers: "subprocess.Popen[bytes]") -> None:
    """Ends the workers, by way of their nannies, which would start anew what ends by itself; then the scheduler."""
    try:
        await asyncio.wait_for(scheduler.broadcast(msg={"op": "terminate", "reply": False}, nanny=True), LEAVE)
    except Exception:  # the program has ended some of them, or the scheduler
        pass
    for stop in (workers.terminate, workers.kill, lambda: None):
        until = time.monotonic() + LEAVE
        while workers.poll() is None and time.monotonic() < until:
            await asyncio.sleep(0.05)
        if workers.poll() is None:
            stop()
    try:
        await asyncio.wait_for(scheduler.close(), LEAVE)
    except asyncio.TimeoutError:
        pass


def relay(workers: "subprocess.Popen[bytes]", over: threading.Event) -> None:
    """Passes on what the workers tell of themselves. At their end they complain of each other's, which is no news."""
    for line in workers.stdout or ():
        if not over.is_set():
            sys.stderr.buffer.write(line)
            sys.stderr.flush()


async def work(cpus: int, memory_mib: int, gpus: int, file: str) -> int:
    """Is the workers of this node until the scheduler ends. Their nannies start one again that takes too much memory."""
    from distributed import Nanny

    del sys.path[0]  # this program's modules; the others' come by PYTHONPATH
    del sys.modules["__main__"].__file__  # nor do the processes of nannies read this program again
    ended = asyncio.Event()  # a job's end may send more than one signal
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    count = processes(cpus, gpus)
    environ = devices(gpus) if gpus else [{}] * count
    limit = (memory_mib << 20) // count if memory_mib else "auto"
    nannies = [Nanny(scheduler_file=file, nthreads=cpus // count, memory_limit=limit, death_timeout=ARRIVE, preload=[dask_sockets.__file__],
                     silence_logs=logging.WARNING, env=environ[n], name="{}-{}".format(socket.gethostname(), n), **network())
               for n in range(count)]
    working = asyncio.ensure_future(until_finished(nannies))
    await asyncio.wait([working, asyncio.ensure_future(ended.wait())], return_when=asyncio.FIRST_COMPLETED)
    if working.done():
        working.result()
    else:
        await asyncio.gather(*(nanny.close() for nanny in nannies), return_exceptions=True)
    return 0


async def until_finished(nannies: List[Any]) -> None:
    """Returns when no worker is left, and tells of those that have gone before: Dask does not start them again."""
    await asyncio.gather(*nannies)
    left = {asyncio.ensure_future(nanny.finished()) for nanny in nannies}
    while left:
        _, left = await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)
        if left:  # at the end they go together
            _, left = await asyncio.wait(left, timeout=TOLD)
        sys.stderr.write("{} of {} workers of Dask on {} are left: the connections of the others broke, or the program ended them\n".format(
            len(left), len(nannies), socket.gethostname()))


if __name__ == "__main__":
    code = main()
    if code < 0:  # the program's signal is this one's
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)
