"""A Ray cluster of one node on this machine's loopback, killed by process number."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil
import pytest

from rea.domain.errors import BackendUnreachable
from rea.executor.backends.ray import Client
from rea.testing.conformance_backend import real_until

MARK = "REA_RAY_TEST"
SHELLS = {"sh", "setsid", "env", "sleep"}  # what Ray's death leaves to end by itself
ON_LOOPBACK = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # or every part of Ray listens on all of the machine's addresses
    "RAY_enable_metrics_collection": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
}


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for probe in sockets:
        probe.bind(("127.0.0.1", 0))
    ports: list[int] = [probe.getsockname()[1] for probe in sockets]
    for probe in sockets:
        probe.close()
    return ports


@dataclass(slots=True)
class Cluster:
    """``place`` holds everything of it; ``variables`` are of its own environment."""

    place: Path
    variables: dict[str, str] = field(default_factory=dict)
    ports: list[int] = field(default_factory=lambda: free_ports(4))

    @property
    def client(self) -> Client:
        token = self.variables.get("RAY_AUTH_TOKEN_PATH", "/nonexistent")
        return Client(address=f"http://127.0.0.1:{self.ports[0]}", token=token, patience_s=20)

    def start(self) -> None:
        dashboard, head, agent, clients = self.ports
        words = (
            *("start", "--head", "--node-ip-address=127.0.0.1", "--dashboard-host=127.0.0.1"),
            *(f"--dashboard-port={dashboard}", f"--port={head}", f"--dashboard-agent-listen-port={agent}"),
            *(f"--ray-client-server-port={clients}", f"--temp-dir={self.place}/ray"),
            *("--num-cpus=4", "--num-gpus=2", "--object-store-memory=80000000"),
            *("--no-monitor", "--disable-usage-stats"),
        )
        env = {"PATH": os.environ["PATH"], "HOME": str(self.place), MARK: str(self.place), **ON_LOOPBACK}
        log = (self.place / "start.log").open("ab")
        argv = ("nice", "-n", "5", sys.executable, "-m", "ray.scripts.scripts", *words)
        subprocess.run(argv, env=env | self.variables, cwd="/", stdout=log, stderr=log, check=True, timeout=120)
        assert real_until(self.ready, 60), (self.place / "start.log").read_text()[-2000:]

    def ready(self) -> bool:
        """Whether a job can be handed in: the head's agent comes up after its dashboard."""
        try:
            self.client.stop("nobody")
            with socket.create_connection(("127.0.0.1", self.ports[2]), timeout=1):
                return True
        except (BackendUnreachable, OSError):
            return False

    def kill(self) -> None:
        """As when the head's machine loses Ray and nothing else: no chance to tell or save anything."""
        self._end({process for process in self.processes() if _name(process) not in SHELLS})

    def stop(self) -> None:
        self._end(self.processes())

    def processes(self) -> set[psutil.Process]:
        """Return what was started by this cluster, and by no other, its jobs aside: those have an environment of their own."""
        return {p for p in psutil.process_iter() if _environ(p).get(MARK) == str(self.place)}

    def _end(self, doomed: set[psutil.Process]) -> None:
        for process in doomed:
            try:
                os.kill(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        psutil.wait_procs(doomed, timeout=10)


def _environ(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except (psutil.Error, OSError):
        return {}


def _name(process: psutil.Process) -> str:
    try:
        return process.name()
    except psutil.Error:
        return ""


@contextmanager
def running(**variables: str) -> Iterator[Cluster]:
    """Yield a cluster that is up; skip loudly where Ray is not installed."""
    try:
        version("ray")  # not find_spec: this folder's own name would be found
    except PackageNotFoundError:
        pytest.skip("NO RAY HERE: pip install 'ranking-engineer-agent[ray]'")
    cluster = Cluster(Path(tempfile.mkdtemp(prefix="rea-ray-", dir="/tmp")), variables)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(cluster.place, ignore_errors=True)
