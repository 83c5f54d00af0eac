"""Draw what a command printed as an SVG picture of a terminal: hpcsub plan | python3 picture.py 'hpcsub plan' > plan.svg"""

import html
import re
import sys

WIDTH, LINE, LEFT, TOP = 8.0, 18, 16, 44


def main() -> None:
    lines = [f"$ {sys.argv[1]}", *sys.stdin.read().rstrip("\n").split("\n")]
    width = int(max(map(len, lines)) * WIDTH + 2 * LEFT)
    height = TOP + len(lines) * LINE + 12
    print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">')
    print(f'<rect width="{width}" height="{height}" rx="8" fill="#16181d"/>')
    for i, colour in enumerate(("#ff5f57", "#febc2e", "#28c840")):
        print(f'<circle cx="{20 + 20 * i}" cy="18" r="6" fill="{colour}"/>')
    print('<g font-family="ui-monospace,Menlo,Consolas,monospace" font-size="13.3" fill="#d7dae0">')
    for i, line in enumerate(lines):
        fill = ' fill="#8ae234"' if i == 0 or line.startswith("1 ") else ""
        words = re.finditer(r"\S+", line)
        spans = "".join(  # each word at its column, whatever font the viewer has
            f'<tspan x="{LEFT + word.start() * WIDTH:.0f}" textLength="{len(word.group()) * WIDTH:.0f}">{html.escape(word.group())}</tspan>'
            for word in words
        )
        print(f'<text y="{TOP + i * LINE}"{fill}>{spans}</text>')
    print("</g></svg>")


if __name__ == "__main__":
    main()
