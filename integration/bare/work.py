"""What is called: a wait, so that eight CPUs can be had on a machine with two."""

import time


def uneven(n: int) -> int:
    """A wait of n milliseconds."""
    time.sleep(n / 1000)
    return n


def short(n: int) -> int:
    """A wait of 10 milliseconds."""
    time.sleep(0.01)
    return n


def nothing(n: int) -> int:
    return n
