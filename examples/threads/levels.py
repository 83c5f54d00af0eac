"""Do the energy levels of a random matrix repel each other? The ratio of neighbouring distances tells.

NumPy does all the work, in its linear algebra library. That may use as many threads as OMP_NUM_THREADS and its
like say, or only one: CPU time over elapsed time of `hpcsub results` tells which.
"""

import argparse
import json
import os
import time

import numpy


def ratio(size: int, seed: int) -> float:
    """The mean of the smaller over the larger of two neighbouring distances between eigenvalues.

    Levels that know nothing of each other have 0.386, those of a random symmetric matrix 0.531.
    """
    draw = numpy.random.default_rng(seed).standard_normal((size, size))
    gaps = numpy.diff(numpy.linalg.eigvalsh(draw + draw.T))
    return float((numpy.minimum(gaps[1:], gaps[:-1]) / numpy.maximum(gaps[1:], gaps[:-1])).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1000)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()

    began, used = time.perf_counter(), time.process_time()
    found = ratio(args.size, args.seed)
    elapsed, used = time.perf_counter() - began, time.process_time() - used
    summary = {
        "seed": args.seed,
        "ratio": round(found, 4),
        "threads_allowed": int(os.environ.get("OMP_NUM_THREADS", "0")),
        "cpus": len(os.sched_getaffinity(0)),
    }
    with open(args.out, "w") as file:
        json.dump(summary, file)
    print(f"ratio {found:.3f}; {used / elapsed:.1f} CPUs busy of {summary['threads_allowed']} allowed")


if __name__ == "__main__":
    main()
