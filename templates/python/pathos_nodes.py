"""Hands out the calls of a run over the nodes of a job with servers of Pathos.

srun starts a worker of hpcsub on every node, and each worker this program. It is a server of ppft, which Pathos
is built on, and on the node with the queue also the client of all of them. Servers are met by the address that
each leaves in the job's meeting folder. Client and servers show each other that they know a secret, which was
made for this job and stands in the same folder: whoever does not know it is refused. The servers' processes
only ask the worker of their node for calls (asking.py).

    python3 pathos_nodes.py WORKERS
"""
import contextlib
import os
import pickle
import queue
import socket
import subprocess
import sys
import threading
import time
from typing import Any, Iterator, List, Set, Tuple

from asking import NOT_STARTED, PAUSE, give_up, meeting, need, own_address, rank, tell

ASK = pickle.dumps(("ask", ["from asking import ask"], ()), 2)  # as ppft names a function, its source and its modules
YEAR = 365 * 86400  # of waiting for a call: ppft wants a number
STRANDED = 300.0  # seconds without any client, after which a server ends
DONE = 0.1  # the same, once there was one
POLL = 0.05  # seconds between looks for clients that have gone, and at first for servers that have come


def main() -> None:
    need("pathos", "ppft")
    send_at_once()
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
    lines: "queue.Queue[str]" = queue.Queue()
    left = Count()
    threading.Thread(target=meet, args=(lines, left, own), daemon=True).start()
    for places in sys.stdin:
        left.add(1)
        lines.put(places)
    left.wait()


def meet(lines: "queue.Queue[str]", left: "Count", own: "subprocess.Popen[bytes]") -> None:
    """Connects to each server as soon as its address is there, once for each of its processes."""
    known: Set[str] = set()
    pause = POLL
    while own.poll() is None:
        for name in os.listdir(os.path.dirname(meeting(""))):
            if name.startswith("server.") and name not in known:
                known.add(name)
                with open(meeting(name)) as file:
                    host, port = file.read().split(":")
                untold = threading.Lock()
                for _ in range(int(sys.argv[1])):
                    threading.Thread(target=use, args=((host, int(port)), untold, lines, left), daemon=True).start()
        time.sleep(pause)
        pause = min(1.0, 1.1 * pause)  # of a shared folder: seldom once the job is under way
    give_up("the server of Pathos on the node with the queue ended, exit code {}".format(own.returncode))


def use(address: Tuple[str, int], untold: threading.Lock, lines: "queue.Queue[str]", left: "Count") -> None:
    """Hands lines to a process of a server, one after another, as long as the server is there. One says that it has gone.

    It speaks ppft's protocol itself. ppft's own client hands out again, unseen, what a lost server had.
    """
    while True:
        try:
            server = connect(*address)
        except (OSError, RuntimeError) as error:
            if untold.acquire(blocking=False):
                sys.stderr.write("the server of Pathos on {} cannot be reached, its node makes no more calls, the others go on: {!r}\n".format(address[0], error))
            return
        while server is not None:
            places = lines.get()
            try:
                server.csend(ASK)
                server.send(pickle.dumps((places,), 2))
                answer = pickle.loads(server.receive())[0] or NOT_STARTED + " unknown"
            except Exception as error:  # whatever it is: a line without an answer would be waited for
                sys.stderr.write("calls {}: {}: {!r}\n".format(places.strip(), address[0], error))
                server.close()
                server, answer = None, NOT_STARTED + " unknown"
            tell(answer, places)
            left.add(-1)
        time.sleep(PAUSE)


def connect(host: str, port: int) -> Any:
    """Opens a connection that is noticed to be dead within half a minute."""
    from ppft.transport import CSocketTransport

    server = CSocketTransport(None, 30.0)
    server._connect(host, port)
    if not server.authenticate(secret()):
        raise RuntimeError("the server of Pathos on {} has another secret".format(host))
    server.send("EXEC")
    server.socket.settimeout(None)
    server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in ((socket.TCP_KEEPIDLE, 10), (socket.TCP_KEEPINTVL, 5), (socket.TCP_KEEPCNT, 4),
                          (socket.TCP_USER_TIMEOUT, 30000)):
        server.socket.setsockopt(socket.IPPROTO_TCP, option, value)
    return server


def serve(workers: int) -> None:
    """Is a server until its client has gone."""
    from ppft.server.__main__ import _NetworkServer

    here, host = own_address()
    with forked():
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
        time.sleep(POLL)


@contextlib.contextmanager
def forked() -> Iterator[None]:
    """Has a server fork its processes.

    By itself ppft starts a new interpreter for each, 60 ms of CPU time, and the next one when the one before has said
    its number. Nothing else runs in this process yet, so that a fork is safe.
    """
    from ppft._pp import _Worker

    plain = _Worker.start
    ends: List[int] = []  # of the pipes to other processes, which none may keep open
    _Worker.start = lambda worker: fork(worker, ends)
    yield
    _Worker.start = plain


def fork(worker: Any, ends: List[int]) -> None:
    """Starts a process of ppft's, and introduces it as ppft does."""
    from ppft.__main__ import _WorkerProcess
    from ppft.transport import CPipeTransport

    for_it, to_it = os.pipe()
    from_it, by_it = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.dup2(for_it, 0)
            os.dup2(by_it, 1)
            for end in ends + [for_it, to_it, from_it, by_it]:
                os.close(end)
            sys.stdin, sys.__stdout__ = open(0), open(1, "w")  # type: ignore[misc]
            _WorkerProcess().run()
        finally:
            os._exit(0)
    os.close(for_it)
    os.close(by_it)
    ends.extend([to_it, from_it])
    worker.t = CPipeTransport(os.fdopen(from_it, "rb"), os.fdopen(to_it, "wb"))
    worker.pid = int(worker.t.receive())
    worker.t.send(str(worker.pickle_proto))
    worker.is_free = True


def send_at_once() -> None:
    """Keeps the system from holding ppft's messages back.

    ppft writes the length of a message and then the message. Unless it is told otherwise, TCP sends the second only
    when the first is acknowledged, which takes 40 ms each way where the other side has nothing to say.
    """
    from ppft.transport import SocketTransport

    plain = SocketTransport.__init__

    def without_delay(self: Any, *args: Any) -> None:
        plain(self, *args)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    SocketTransport.__init__ = without_delay


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
