"""Draws points in a square and counts those in the circle, on a GPU with CuPy or PyTorch, whichever is there.

Each item has one GPU of its own and sees no other, so the program takes the first that it finds. Where it finds
none it says so and goes on with fewer points on the CPU, so that it can be tried anywhere.
"""

import argparse
import json
import math
import os
import random
import sys
from typing import Callable, Optional, Tuple

Count = Callable[[int, int], int]  # of points and a seed, the points in the circle


def with_cupy() -> Optional[Tuple[str, Count]]:
    try:
        import cupy

        if cupy.cuda.runtime.getDeviceCount() == 0:
            return None
        name = cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()
    except Exception as why:  # ImportError, or what the driver's library says
        print(f"no CuPy: {why}", file=sys.stderr)
        return None

    def count(points: int, seed: int) -> int:
        x, y = cupy.random.default_rng(seed).random((2, points), dtype=cupy.float32)
        return int((x * x + y * y < 1).sum())

    return f"{name} (CuPy)", count


def with_torch() -> Optional[Tuple[str, Count]]:
    try:
        import torch

        if not torch.cuda.is_available():
            raise RuntimeError("it finds no GPU")
        name = torch.cuda.get_device_name(0)
    except Exception as why:
        print(f"no PyTorch: {why}", file=sys.stderr)
        return None

    def count(points: int, seed: int) -> int:
        dice = torch.Generator("cuda").manual_seed(seed)
        x, y = torch.rand((2, points), generator=dice, device="cuda")
        return int((x * x + y * y < 1).sum())

    return f"{name} (PyTorch)", count


def count_here(points: int, seed: int) -> int:
    """The same without a GPU: a hundredth of the points, so that it ends."""
    chance = random.Random(seed)
    return 100 * sum(math.hypot(chance.random(), chance.random()) < 1 for _ in range(points // 100))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--points", type=int, default=20_000_000)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()

    gpus = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    device, count = with_cupy() or with_torch() or ("the CPU", count_here)
    if count is count_here:
        print(f"NO GPU WAS USED: neither CuPy nor PyTorch finds one here (CUDA_VISIBLE_DEVICES={gpus!r})", file=sys.stderr)
    estimate = 4 * count(args.points, args.seed) / args.points
    with open(args.out, "w") as file:
        json.dump({"seed": args.seed, "pi": estimate, "device": device, "gpus": gpus}, file)
    print(f"pi is about {estimate:.4f}, counted on {device}")


if __name__ == "__main__":
    main()
