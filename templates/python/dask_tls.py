"""What Dask's processes of one job have in common: whom they trust, and on which network they listen.

All connections are TLS with a certificate that was made for this job and stands in its meeting folder.
"""
import os
from typing import Any, Dict

import dask_sockets
from asking import meeting

# No dashboard: its port would be open to everybody. No time to live: after a job was suspended (scontrol suspend) each
# worker would count as lost, with all that it does and has; a node that is lost is told by its connection.
CLOSED = {"distributed.scheduler.http.routes": [], "distributed.worker.http.routes": [],
          "distributed.worker.use-file-locking": False, "distributed.scheduler.worker-ttl": None}


def trust() -> Any:
    """What every connection must show and is shown."""
    from distributed import Security

    dask_sockets.keep_apart()
    files = {"tls_{}_{}".format(role, part): meeting(name)
             for role in ("scheduler", "worker", "client") for part, name in (("cert", "cert.pem"), ("key", "key.pem"))}
    return Security(require_encryption=True, tls_ca_file=meeting("ca.pem"), **files)


def network() -> Dict[str, Any]:
    """The network to listen on: that of HPCSUB_INTERFACE, else any. What would be the dashboard is for nobody."""
    return {"interface": os.environ.get("HPCSUB_INTERFACE") or None, "protocol": "tls", "security": trust(),
            "dashboard": False, "dashboard_address": "127.0.0.1:0"}
