"""Draws small grey pictures to work on: python3 make_images.py [HOW MANY]."""

import random
import sys
from pathlib import Path

SIZE = 96


def draw(seed: int) -> bytes:
    """A binary PGM of a bright disc on noise; the seed says where, how large and how bright."""
    chance = random.Random(seed)
    x0, y0, radius = chance.randrange(SIZE), chance.randrange(SIZE), chance.randrange(8, 40)
    bright = chance.randrange(120, 200)
    pixels = bytes(
        (bright if (x - x0) ** 2 + (y - y0) ** 2 < radius**2 else 20) + chance.randrange(40)
        for y in range(SIZE)
        for x in range(SIZE)
    )
    return b"P5\n%d %d\n255\n" % (SIZE, SIZE) + pixels


def main() -> None:
    folder = Path("images")
    folder.mkdir(exist_ok=True)
    for seed in range(1, int(sys.argv[1]) + 1 if len(sys.argv) > 1 else 25):
        (folder / f"disc {seed:02}.pgm").write_bytes(draw(seed))


if __name__ == "__main__":
    main()
