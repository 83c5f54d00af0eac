"""Calls a function of work.py for a range of numbers with Dask on one node, and writes what it returns.

    python3 with_dask.py WORKERS THREADS FUNCTION FIRST LAST OUT

WORKERS processes of THREADS each: plain Python wants processes; what only waits, or leaves Python's lock, is served
fastest by threads of one process, this one.
"""

import sys

from dask.distributed import Client, as_completed

import work


def main() -> None:
    workers, threads, function = int(sys.argv[1]), int(sys.argv[2]), getattr(work, sys.argv[3])
    numbers = range(int(sys.argv[4]), int(sys.argv[5]) + 1)
    with Client(n_workers=workers, threads_per_worker=threads, processes=workers > 1, dashboard_address=None) as client:
        calls = client.map(function, numbers, pure=False)
        with open(sys.argv[6], "w") as out:
            for batch in as_completed(calls, with_results=True).batches():
                out.writelines(f"{value}\n" for _, value in batch)


if __name__ == "__main__":
    main()
