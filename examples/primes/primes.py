"""Is a number a prime? Each answer first waits up to a second, as a call does that takes an uneven time.

The number itself is the seed of the wait, so that everybody can say beforehand how long all calls take together:

    python3 primes.py FIRST LAST        prints the seconds of waiting, and how many of the numbers are primes
"""

import math
import random
import sys
import time


def pause(n: int) -> float:
    """How many seconds is_prime(n) waits."""
    return random.Random(n).random()


def has_divisor(n: int) -> bool:
    return any(n % divisor == 0 for divisor in range(2, math.isqrt(n) + 1))


def is_prime(n: int) -> bool:
    time.sleep(pause(n))
    return n > 1 and not has_divisor(n)


if __name__ == "__main__":
    numbers = range(int(sys.argv[1]), int(sys.argv[2]) + 1)
    primes = sum(n > 1 and not has_divisor(n) for n in numbers)
    print(f"{sum(map(pause, numbers)):.3f} s of waiting, {primes} primes")
