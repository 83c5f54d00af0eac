"""Hands out the calls of a part with Dask on one node.

Scheduler, worker and client of Dask are in this one process and open no port: its threads only ask the worker of
hpcsub for calls, which it makes in processes of its own (asking.py).

    python3 dask_pool.py WORKERS
"""
import asyncio
import logging
import os
import sys
import tempfile
from typing import Any

from asking import ask, need
from dask_tls import CLOSED

MEMORY = 1 << 30  # bytes for a worker of Dask, which holds no values


def main() -> None:
    need("dask", "dask", "distributed")
    import dask
    import distributed

    dask.config.set(CLOSED)
    logging.getLogger(distributed.__name__).setLevel(logging.WARNING)  # each start and end is no news
    asyncio.run(hand_out(int(sys.argv[1])))


async def hand_out(threads: int) -> None:
    """Reads lines of places from hpcsub's worker and has Dask's worker ask for them."""
    from distributed import Client, Scheduler, Worker

    scheduler = await Scheduler(protocol="inproc", dashboard=False, dashboard_address="127.0.0.1:0")
    scheduler.http_server.stop()
    room = tempfile.TemporaryDirectory(prefix="hpcsub-dask-")
    worker = await Worker(scheduler.address, nthreads=threads, memory_limit=MEMORY, local_directory=room.name,
                          dashboard_address="127.0.0.1:0")
    worker.http_server.stop()
    client = await Client(scheduler.address, asynchronous=True)
    asked = set()
    while True:
        places = await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        if not places:
            break
        task = asyncio.ensure_future(answer(client, places))
        asked.add(task)
        task.add_done_callback(asked.discard)
    if asked:
        await asyncio.wait(asked)
    room.cleanup()
    sys.stderr.flush()
    os._exit(0)  # what became of each call is in its record: Dask would take its time to end


async def answer(client: Any, places: str) -> None:
    """Has a line asked for."""
    try:
        await client.submit(ask, places, pure=False)
    except (Exception, asyncio.CancelledError) as error:
        sys.stderr.write("calls {}: {!r}\n".format(places.strip(), error))


if __name__ == "__main__":
    main()
