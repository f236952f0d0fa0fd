"""A Slurm cluster of one node, or of several that are named, on this machine's loopback, started by hand and stopped by process number."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rea.executor.backends.slurm import Client
from rea.testing.conformance_backend import real_until

PROGRAMS = ("slurmctld", "slurmd", "munged", "sbatch", "squeue", "scancel", "scontrol")
ACCOUNTING = ("slurmdbd", "mariadbd", "mariadb-install-db", "sacct", "sacctmgr")
CONF = """ClusterName=rea
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
SlurmctldPort={controller}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={place}/munge.socket,cred_expire=5
StateSaveLocation={place}/state
SlurmdSpoolDir={place}/spool-%n
SlurmctldPidFile={place}/slurmctld.pid
SlurmdPidFile={place}/slurmd-%n.pid
SlurmctldLogFile={place}/slurmctld.log
SlurmdLogFile={place}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,sched_interval=1,bf_interval=1
ReturnToService=2
MpiDefault=none
SwitchType=switch/none
MessageTimeout=4
KillWait=2
MinJobAge={forget_s}
GresTypes=gpu
SlurmdParameters=config_overrides
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
{nodes}
PartitionName=low Nodes=ALL Default=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=high Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=10 PreemptMode=OFF
{more}
"""
# the first is preferred wherever it has room, as Slurm fills the lightest
NODE = "NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=8 RealMemory=1000 Gres=gpu:2 Weight={weight}"


def missing(programs: tuple[str, ...]) -> list[str]:
    """Return those that are not installed."""
    places = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    return [name for name in programs if shutil.which(name, path=places) is None]


def several() -> bool:
    """Whether this machine's slurmd can be one node of several."""
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    told = subprocess.run(("slurmd", "-h"), env=env, capture_output=True, text=True, check=False)
    return "-N node" in told.stdout + told.stderr


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def daemon(*argv: str, **environment: str) -> "subprocess.Popen[bytes]":
    """Start a server that stays in the foreground, in a session of its own."""
    null = subprocess.DEVNULL
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **environment}
    return subprocess.Popen(argv, env=env, cwd="/", stdin=null, stdout=null, stderr=null, start_new_session=True)


@dataclass(slots=True)
class Cluster:
    """``place`` holds everything of it. ``servers`` are its processes by name, ours alone to stop."""

    place: Path
    forget_s: int = 300
    more: str = ""
    names: tuple[str, ...] = ()  # of its nodes; none: one, called as the machine
    servers: "dict[str, subprocess.Popen[bytes]]" = field(default_factory=dict)

    @property
    def conf(self) -> Path:
        return self.place / "slurm.conf"

    @property
    def client(self) -> Client:
        return Client(conf=str(self.conf), patience_s=20)

    def prepare(self) -> None:
        host, names = socket.gethostname().split(".")[0], self.names or (socket.gethostname().split(".")[0],)
        ports = {free_port() for _ in range(4 + len(names))}
        nodes = [NODE.format(name=n, host=host, port=ports.pop(), weight=i) for i, n in enumerate(names, start=1)]
        user = os.environ.get("USER") or "root"
        self.place.chmod(0o755)
        (self.place / "state").mkdir()
        for name in names:
            (self.place / f"spool-{name}").mkdir()
        self.conf.write_text(
            CONF.format(
                host=host,
                user="root" if os.getuid() == 0 else user,
                place=self.place,
                controller=ports.pop(),
                nodes="\n".join(nodes),
                forget_s=self.forget_s,
                more=self.more,
            )
        )
        (self.place / "gres.conf").write_text("Name=gpu File=/dev/tty[0-1]\n")
        key = self.place / "munge.key"
        key.touch(mode=0o600)
        key.write_bytes(secrets.token_bytes(128))

    def start(self) -> None:
        self.prepare()
        self.start_munge()
        self.start_controller()
        for name in self.names or ("",):
            which = ("-N", name) if name else ()
            self.servers[f"slurmd{name}"] = daemon("slurmd", "-D", "-f", str(self.conf), *which)
        assert real_until(self.ready, 20), (self.place / "slurmctld.log").read_text()[-2000:]

    def start_munge(self) -> None:
        words = [f"--{name}={self.place}/munge.{end}" for name, end in MUNGE]
        self.servers["munged"] = daemon("munged", "--foreground", "--force", *words)
        assert real_until((self.place / "munge.socket").exists, 10)

    def start_controller(self) -> None:
        self.servers["slurmctld"] = daemon("slurmctld", "-D", "-f", str(self.conf))

    def kill_controller(self) -> None:
        """As a power cut does: no chance to save anything."""
        self.servers["slurmctld"].kill()
        self.servers.pop("slurmctld").wait()

    def ready(self) -> bool:
        states = self.command("sinfo", "--noheader", "--Node", "--partition=low", "--format=%t").split()
        return len(states) == max(1, len(self.names)) and set(states) == {"idle"}

    def command(self, *argv: str) -> str:
        """Run one of Slurm's commands as a person would, and return what it says."""
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "SLURM_CONF": str(self.conf)}
        return subprocess.run(argv, env=env, capture_output=True, text=True, check=False, timeout=60).stdout

    def stop(self) -> None:
        self.command("scancel", f"--user={os.getuid()}")
        real_until(lambda: not self.command("squeue", "--noheader").strip(), 10)
        for process in reversed(self.servers.values()):
            process.terminate()
        for process in self.servers.values():
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


MUNGE = (
    ("key-file", "key"),
    ("socket", "socket"),
    ("pid-file", "pid"),
    ("log-file", "log"),
    ("seed-file", "seed"),
)


@contextmanager
def running(forget_s: int = 300, names: tuple[str, ...] = ()) -> Iterator[Cluster]:
    """Yield a cluster that is up; skip loudly where Slurm is not installed."""
    if lacking := missing(PROGRAMS):
        pytest.skip(f"NO SLURM HERE ({', '.join(lacking)}): apt-get install slurm-wlm munge")
    if names and not several():
        pytest.skip("ONE NODE ONLY: this slurmd was built without --enable-multiple-slurmd")
    place = Path(tempfile.mkdtemp(prefix="rea-slurm-", dir="/tmp"))
    cluster = Cluster(place, forget_s=forget_s, names=names)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(place, ignore_errors=True)


def timed(what: Callable[[], object]) -> float:
    """Return how long ``what()`` takes, in seconds."""
    began = time.monotonic()
    what()
    return time.monotonic() - began
