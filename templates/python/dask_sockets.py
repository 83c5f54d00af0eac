"""Keeps the end of one TLS connection from ending others of the same process.

OpenSSL keeps a list of errors for each thread, and Python (seen with 3.13) does not empty it where a connection broke
while it was written to. The next read of another connection, for which nothing has come yet, then looks like that error,
and Dask gives up a worker that is well: in every third cluster of four workers one or more, as they started
(https://github.com/python/cpython/issues/148594).

Dask imports this in the process of each worker too, as a preload, so it imports nothing of hpcsub's.
"""
import ssl
from typing import Any

SPARE = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
WAITS = (ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Socket(ssl.SSLSocket):
    """A connection whose errors are its own."""

    def send(self, *args: Any, **kwargs: Any) -> int:
        try:
            return super().send(*args, **kwargs)
        except WAITS:
            raise
        except OSError:
            forget()
            raise

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        try:
            return super().recv_into(*args, **kwargs)
        except WAITS:
            raise
        except OSError:
            forget()
            raise


def forget() -> None:
    """Empties OpenSSL's list of errors, which a refused list of ciphers always does."""
    try:
        SPARE.set_ciphers("none such")
    except ssl.SSLError:
        pass


def keep_apart() -> None:
    """Has all TLS connections of this process be such sockets."""
    ssl.SSLContext.sslsocket_class = Socket


def dask_setup(worker: Any) -> None:
    """Dask calls this when a worker starts, before it meets its scheduler. What would be its dashboard is for nobody."""
    keep_apart()
    worker.http_server.stop()
