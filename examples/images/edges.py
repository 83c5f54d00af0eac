"""Finds the edges in a grey picture (binary PGM): smooths it, then takes the gradient of each pixel."""

import argparse
import math
import re
from pathlib import Path

Picture = list[list[int]]


def read(path: Path) -> Picture:
    data = path.read_bytes()
    header = re.match(rb"P5\s+(\d+)\s+(\d+)\s+255\s", data)
    if not header:
        raise SystemExit(f"{path}: want a binary PGM of 8 bits, as make_images.py draws it")
    wide, high = map(int, header.groups())
    pixels = data[header.end() :]
    return [list(pixels[y * wide : (y + 1) * wide]) for y in range(high)]


def smooth(picture: Picture) -> Picture:
    """The mean of each pixel and its eight neighbours; those beyond the border count as the border."""
    high, wide = len(picture), len(picture[0])
    rows = [[max(0, y - 1), y, min(high - 1, y + 1)] for y in range(high)]
    columns = [[max(0, x - 1), x, min(wide - 1, x + 1)] for x in range(wide)]
    return [[sum(picture[b][a] for b in rows[y] for a in columns[x]) // 9 for x in range(wide)] for y in range(high)]


def edges(picture: Picture) -> Picture:
    high, wide = len(picture), len(picture[0])
    result = [[0] * wide for _ in range(high)]
    for y in range(1, high - 1):
        for x in range(1, wide - 1):
            across = picture[y][x + 1] - picture[y][x - 1]
            down = picture[y + 1][x] - picture[y - 1][x]
            result[y][x] = min(255, round(math.hypot(across, down)))
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("image", type=Path)
    parser.add_argument("--smooth", type=int, default=3, help="how often to smooth before")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()

    picture = read(args.image)
    for _ in range(args.smooth):
        picture = smooth(picture)
    found = edges(picture)
    header = b"P5\n%d %d\n255\n" % (len(found[0]), len(found))
    args.out.write_bytes(header + b"".join(map(bytes, found)))
    strong = sum(pixel > 15 for row in found for pixel in row)
    print(f"{args.image.name}: {strong} pixels on an edge")


if __name__ == "__main__":
    main()
