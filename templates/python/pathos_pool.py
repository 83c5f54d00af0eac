"""Hands out the calls of a part with a pool of Pathos on one node.

It is a pool of threads, because each only waits for a call that a process of the worker makes. A pool of
processes would wait for ever for one that was killed.

    python3 pathos_pool.py WORKERS
"""
import sys

from asking import ask, need


def main() -> None:
    need("pathos", "pathos")
    from pathos.pools import ThreadPool

    pool = ThreadPool(nodes=int(sys.argv[1]))
    for _ in pool.uimap(ask, sys.stdin):  # what became of a call is in its record
        pass


if __name__ == "__main__":
    main()
