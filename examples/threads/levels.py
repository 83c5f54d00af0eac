"""How far apart are the energy levels of a random matrix? (Wigner's surmise says how they repel each other.)

NumPy does all the work, in its linear algebra library. That may use as many threads as OMP_NUM_THREADS and its
like say, or only one: CPU time over elapsed time of `hpcsub results` tells which.
"""

import argparse
import json
import os
import time

import numpy


def spacings(size: int, seed: int) -> numpy.ndarray:
    """Distances between neighbouring eigenvalues in the middle of the spectrum, in units of their mean."""
    draw = numpy.random.default_rng(seed).standard_normal((size, size))
    levels = numpy.linalg.eigvalsh(draw + draw.T)
    middle = levels[size // 4 : -size // 4]
    gaps = numpy.diff(middle)
    return gaps / gaps.mean()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1000)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()

    began, used = time.perf_counter(), time.process_time()
    gaps = spacings(args.size, args.seed)
    elapsed, used = time.perf_counter() - began, time.process_time() - used
    summary = {
        "seed": args.seed,
        "close": round(float((gaps < 0.1).mean()), 4),  # independent levels: 0.095; levels that repel: 0.008
        "threads_allowed": int(os.environ.get("OMP_NUM_THREADS", "0")),
        "cpus": len(os.sched_getaffinity(0)),
    }
    with open(args.out, "w") as file:
        json.dump(summary, file)
    print(f"{summary['close']:.2%} of the gaps are below a tenth of the mean; {used / elapsed:.1f} CPUs busy "
          f"of {summary['threads_allowed']} allowed")


if __name__ == "__main__":
    main()
