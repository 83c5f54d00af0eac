"""Magnetisation of a small two-dimensional Ising magnet at one temperature.

Metropolis sampling on a periodic lattice, in plain Python. Below the critical temperature
(2.269 in these units) the magnet keeps a direction; above it, it does not.
"""

import argparse
import csv
import math
import random


def simulate(temperature: float, seed: int, size: int, sweeps: int) -> list[float]:
    """Return the magnetisation per site after each sweep."""
    chance = random.Random(seed)
    spin = [[1] * size for _ in range(size)]
    accept = {cost: math.exp(-cost / temperature) for cost in (4, 8)}
    total, history = size * size, []
    for _ in range(sweeps):
        for _ in range(size * size):
            x, y = chance.randrange(size), chance.randrange(size)
            here = spin[x][y]
            around = spin[x - 1][y] + spin[(x + 1) % size][y] + spin[x][y - 1] + spin[x][(y + 1) % size]
            cost = 2 * here * around
            if cost <= 0 or chance.random() < accept[cost]:
                spin[x][y] = -here
                total -= 2 * here
        history.append(total / size**2)
    return history


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--temperature", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--size", type=int, default=24)
    parser.add_argument("--sweeps", type=int, default=300)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()

    history = simulate(args.temperature, args.seed, args.size, args.sweeps)
    with open(args.out, "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["sweep", "magnetisation"])
        rows.writerows(enumerate(history, start=1))
    settled = history[len(history) // 2 :]
    print(f"{args.temperature:.2f} {args.seed} {abs(sum(settled)) / len(settled):.4f}")


if __name__ == "__main__":
    main()
