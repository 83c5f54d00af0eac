//go:build integration

package regret

// program is work.py. A burn is so much CPU time, however many others want the CPU. A stream is a number of
// copies of 64 MiB, of which one takes about 12 ms alone.
const program = `import sys, time

def nap(s: float) -> float:
    time.sleep(s)
    return s

def burn(s: float) -> float:
    end = time.process_time() + s
    while time.process_time() < end:
        sum(range(1000))
    return s

def stream(s: float) -> float:
    a, b = bytearray(64 << 20), bytearray(64 << 20)
    for _ in range(max(1, round(s / 0.012))):
        a[:] = b
    return s

if __name__ == "__main__":
    globals()[sys.argv[1]](float(sys.argv[2]))
`
