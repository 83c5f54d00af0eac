"""The largest eigenvalue of the covariance of a data matrix that no single node could hold, with Dask.

Client() finds the cluster that hpcsub has started for this item: a scheduler, and workers on all nodes of the job.
The matrix stays in their memory, in blocks of rows. Of pure noise the answer is known (Marchenko and Pastur):
(1 + sqrt(columns / rows))^2.
"""

import argparse
import collections
import math
from urllib.parse import urlparse

import dask.array
import numpy
from dask.distributed import Client, wait

BLOCK = 32 * 2**20  # bytes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gib", type=float, required=True, help="size of the matrix")
    parser.add_argument("--columns", type=int, default=64)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rows = int(args.gib * 2**30 / 8 / args.columns)

    with Client() as client:
        chunks = (BLOCK // 8 // args.columns, args.columns)
        noise = dask.array.random.RandomState(args.seed).normal(size=(rows, args.columns), chunks=chunks)
        noise = noise.persist()  # in the workers' memory: it is used twice
        wait(noise)
        held: "collections.Counter[str]" = collections.Counter()  # GiB, by node
        for worker, blocks in client.has_what().items():
            held[urlparse(worker).hostname or ""] += len(blocks) * BLOCK / 2**30
        print(f"{noise.nbytes / 2**30:.2f} GiB in the memory of {len(held)} nodes, {max(held.values()):.2f} GiB on one")
        centred = noise - noise.mean(axis=0)
        covariance = (centred.T @ centred / rows).compute()

    largest = float(numpy.linalg.eigvalsh(covariance)[-1])
    print(f"largest eigenvalue {largest:.4f}, for noise {(1 + math.sqrt(args.columns / rows)) ** 2:.4f} is expected")


if __name__ == "__main__":
    main()
