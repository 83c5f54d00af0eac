"""Hands out the calls of a run over the nodes of a job with Dask.

srun starts a worker of hpcsub on every node, and each worker this program. It is a worker of Dask, and on the node
with the queue also the scheduler and its client, so that these take no node for themselves. Workers find the
scheduler by the file that it leaves in the job's meeting folder. All connections are TLS with a certificate that was
made for this job and stands in the same folder: whoever has none is refused. Dask's workers only ask the worker of
their node for calls (asking.py), so they need little memory, and a call that crashes takes none of them along. A worker
whose connection to the scheduler breaks begins anew: else its node would stand idle for the rest of the job.

    python3 dask_nodes.py WORKERS
"""
import asyncio
import itertools
import logging
import os
import socket
import subprocess
import sys
from typing import Any, Set

from asking import AGAIN, NOT_STARTED, ask, give_up, meeting, need, rank, tell
from dask_tls import CLOSED, network, trust

STRANDED = 300  # seconds that a worker waits for its scheduler
LOSSES = "HPCSUB_DASK_LOSSES"  # the variable that counts how often a node's worker has lost it
MOST = 10  # of them: what is handed to a worker that is lost must be handed out again
LEAVE = 5.0  # seconds for the workers to hear that all is over
MEMORY = 1 << 30  # bytes for a worker of Dask, which holds no values

SETTINGS = {"distributed.scheduler.allowed-failures": 0}  # what a lost worker had comes back, and is not handed out unseen


def main() -> None:
    need("dask", "dask", "distributed")
    os.umask(0o077)
    if rank() > 0 or sys.argv[2:] == ["work"]:
        settle()
        asyncio.run(work(int(sys.argv[1])))
        return
    with subprocess.Popen([sys.executable] + sys.argv + ["work"], stdin=subprocess.DEVNULL, stdout=2) as own:  # both import Dask, side by side
        try:
            settle()
            asyncio.run(hand_out(own))
        finally:
            own.kill()


def settle() -> None:
    import dask
    import distributed

    dask.config.set({**CLOSED, **SETTINGS})
    logging.getLogger(distributed.__name__).setLevel(logging.WARNING)  # each start and end is no news


async def work(threads: int) -> None:
    """Is a worker until its scheduler ends."""
    from distributed import Worker
    from distributed.core import Status

    worker = await Worker(scheduler_file=meeting("scheduler.json"), nthreads=threads, memory_limit=MEMORY,
                          death_timeout=STRANDED, **network())
    worker.http_server.stop()
    while worker.status not in (Status.closing, Status.closed, Status.failed):
        await asyncio.sleep(0.05)
    if not getattr(worker, "told", False):
        begin_anew()
    await worker.finished()


def begin_anew() -> None:
    """Is another worker in place of one that lost its scheduler, or that the scheduler has given up.

    At once, and as a new program: that closes the connections of what the calls were asked for by, so the worker of
    hpcsub ends these calls before other nodes make them.
    """
    losses = int(os.environ.get(LOSSES, "0")) + 1
    end = "begins anew" if losses <= MOST else "ends: this node makes no more calls; is its network well?"
    sys.stderr.write("the worker of Dask on {} has lost its scheduler, {} of {} times, and {}\n".format(socket.gethostname(), losses, MOST, end))
    sys.stderr.flush()
    if losses > MOST:
        os._exit(1)
    os.environ[LOSSES] = str(losses)
    os.execv(sys.executable, [sys.executable] + sys.argv)


async def hand_out(own: "subprocess.Popen[bytes]") -> None:
    """Reads lines of places from hpcsub's worker and has Dask's workers ask for them."""
    from distributed import Client, Scheduler

    async with Scheduler(port=0, scheduler_file=meeting("scheduler.json"), **network()) as scheduler:
        scheduler.http_server.stop()
        fresh = fence(scheduler)
        async with Client(scheduler.address, security=trust(), asynchronous=True) as client:
            watching = asyncio.ensure_future(watch(own))
            asked = set()
            for line in itertools.count():
                places = await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
                if not places:
                    break
                fresh.add(line)
                task = asyncio.ensure_future(answer(client, line, places))
                asked.add(task)
                task.add_done_callback(asked.discard)
            if asked:
                await asyncio.wait(asked)
            watching.cancel()
            try:
                await asyncio.wait_for(client.run(tell_over), LEAVE)
            except Exception:  # one was lost, or is: the worker of its node ends it
                pass


def tell_over(dask_worker: Any) -> None:
    """Tells a worker that its scheduler is about to end. One that was not told has lost it."""
    dask_worker.told = True


def fence(scheduler: Any) -> Set[int]:
    """Has the scheduler say whether a line is begun for the first time: whether its number is in the set, once."""
    fresh: Set[int] = set()

    def begin_line(comm: Any, line: int) -> bool:
        first = line in fresh
        fresh.discard(line)
        return first

    scheduler.handlers["begin_line"] = begin_line
    return fresh


async def answer(client: Any, line: int, places: str) -> None:
    """Has a line asked for, and tells what became of it."""
    try:
        said = await client.submit(ask_once, line, places, pure=False)
    except (Exception, asyncio.CancelledError) as error:  # its worker was lost
        sys.stderr.write("calls {}: {!r}\n".format(places.strip(), error))
        said = NOT_STARTED + " unknown"
    tell(said, places)


def ask_once(line: int, places: str) -> str:
    """Asks for a line on a worker of Dask.

    Dask makes a task again, without a word, whose result was lost with its worker before it was fetched. The
    scheduler knows which lines were begun before, and then the calls are asked for as such.
    """
    from distributed import get_worker
    from distributed.utils import sync

    worker = get_worker()
    first = sync(worker.loop, worker.scheduler.begin_line, line=line)
    return ask(places if first or places.startswith(AGAIN) else AGAIN + places)


async def watch(own: "subprocess.Popen[bytes]") -> None:
    """Gives up when the node with the queue has no worker any more."""
    while own.poll() is None:
        await asyncio.sleep(0.2)
    give_up("the worker of Dask on the node with the queue ended, exit code {}".format(own.returncode))


if __name__ == "__main__":
    main()
