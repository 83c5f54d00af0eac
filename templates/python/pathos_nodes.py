"""Hands out the calls of a run over the nodes of a job with servers of Pathos.

srun starts a worker of hpcsub on every node, and each worker this program. It is a server of ppft, which Pathos
is built on, and on the node with the queue also the client of all of them. Servers are met by the address that
each leaves in the job's meeting folder. Client and servers show each other that they know a secret, which was
made for this job and stands in the same folder: whoever does not know it is refused. The servers' processes
only ask the worker of their node for calls (asking.py).

    python3 pathos_nodes.py WORKERS
"""
import os
import pickle
import subprocess
import sys
import threading
import time
from typing import Any, Optional, Set

from asking import AGAIN, NOT_STARTED, PAUSE, TRIES, ask, give_up, meeting, need, own_address, rank, tell

YEAR = 365 * 86400  # of waiting for a call: ppft wants a number
STRANDED = 300.0  # seconds without any client, after which a server ends
DONE = 0.5  # the same, once there was one


def main() -> None:
    need("pathos", "ppft")
    if rank() > 0 or sys.argv[2:] == ["serve"]:
        serve(int(sys.argv[1]))
    else:
        with subprocess.Popen([sys.executable] + sys.argv + ["serve"], stdin=subprocess.DEVNULL, stdout=2) as own:
            hand_out(own)
            own.kill()
    sys.stdout.flush()
    os._exit(0)  # threads of ppft would go on waiting


def secret() -> str:
    with open(meeting("secret")) as file:
        return file.read()


def hand_out(own: "subprocess.Popen[bytes]") -> None:
    """Reads lines of places from the worker and has the servers ask for them."""
    import ppft

    class Client(ppft.Server):  # type: ignore[misc]
        def insert(self, sfunc: Any, sargs: Any, task: Any = None) -> Any:
            """Is called with a task when the server that had it was lost."""
            if task:
                time.sleep(PAUSE)
                sargs = pickle.dumps((AGAIN + task.callbackargs[0].places,), 2)
            return super().insert(sfunc, sargs, task)

    client = Client(ncpus=0, ppservers=(), secret=secret(), socket_timeout=YEAR)
    threading.Thread(target=meet, args=(client, own), daemon=True).start()
    left = Count()
    for places in sys.stdin:
        left.add(1)
        Line(client, places, left).submit(places)
    left.wait()


class Line:
    """Places that are handed out together, and again where a server would not start a call."""

    def __init__(self, client: Any, places: str, left: "Count") -> None:
        self.client, self.places, self.left, self.tries = client, places, left, TRIES

    def submit(self, text: str) -> None:
        self.client.submit(ask, (text,), modules=("asking",), callback=Line.answered, callbackargs=(self,))

    def answered(self, answer: Optional[str]) -> None:
        answer = answer or NOT_STARTED + " unknown"
        if answer.startswith(NOT_STARTED) and self.tries > 0:
            self.tries -= 1
            threading.Timer(PAUSE, self.submit, (AGAIN + self.places,)).start()
            return
        tell(answer, self.places)
        self.left.add(-1)


def meet(client: Any, own: "subprocess.Popen[bytes]") -> None:
    """Connects to each server as soon as its address is there."""
    known: Set[str] = set()
    while own.poll() is None:
        for name in os.listdir(os.path.dirname(meeting(""))):
            if name.startswith("server.") and name not in known:
                known.add(name)
                with open(meeting(name)) as file:
                    host, port = file.read().split(":")
                threading.Thread(target=client.connect1, args=(host, int(port)), daemon=True).start()
        time.sleep(0.2)
    give_up("the server of Pathos on the node with the queue ended, exit code {}".format(own.returncode))


def serve(workers: int) -> None:
    """Is a server until its client has gone."""
    from ppft.server.__main__ import _NetworkServer

    here, host = own_address()
    server = _NetworkServer(workers, interface=here, port=0, secret=secret(), socket_timeout=YEAR)
    threading.Thread(target=server.listen, daemon=True).start()
    port = 0
    while port == 0:  # the system chooses one that is free
        time.sleep(0.01)
        try:
            port = server.ssocket.getsockname()[1]
        except (AttributeError, OSError):
            pass
    leave("server.{}".format(rank()), "{}:{}".format(host, port))
    seen, patience = time.monotonic(), STRANDED
    while not a_child_ended():  # ppft would wait for it for ever; without this server the client goes on with the others
        if server.ncon > 0:
            seen, patience = time.monotonic(), DONE
        elif time.monotonic() - seen > patience:
            break
        time.sleep(0.2)


def leave(name: str, text: str) -> None:
    """Writes a file of the meeting, whole or not at all."""
    new = meeting("." + name)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    os.rename(new, meeting(name))


def a_child_ended() -> bool:
    try:
        return os.waitpid(-1, os.WNOHANG) != (0, 0)
    except ChildProcessError:
        return True


class Count:
    """A number that can be waited for to be 0."""

    def __init__(self) -> None:
        self.number = 0
        self.changed = threading.Condition()

    def add(self, number: int) -> None:
        with self.changed:
            self.number += number
            self.changed.notify_all()

    def wait(self) -> None:
        with self.changed:
            self.changed.wait_for(lambda: self.number == 0)


if __name__ == "__main__":
    main()
