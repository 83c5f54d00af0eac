"""Calls a function of work.py for a range of numbers with a pool of Pathos, and writes what it returns.

python3 with_pathos.py WORKERS FUNCTION FIRST LAST OUT
"""

import sys

from pathos.pools import ProcessPool

import work


def main() -> None:
    workers, function, first, last = int(sys.argv[1]), getattr(work, sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    numbers = range(first, last + 1)
    # Long calls one at a time, since they are uneven; short ones in bunches, as few as keep all processes at work.
    bunch = 1 if function is work.uneven else len(numbers) // (20 * workers)
    pool = ProcessPool(nodes=workers)
    with open(sys.argv[5], "w") as out:
        for n, value in zip(numbers, pool.imap(function, numbers, chunksize=bunch)):
            out.write(f"{n},{value}\n")


if __name__ == "__main__":
    main()
