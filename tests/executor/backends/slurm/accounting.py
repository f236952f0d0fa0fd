"""Slurm's accounting by hand: a database server and slurmdbd on loopback, beside a cluster."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from executor.backends.slurm.cluster import ACCOUNTING, PROGRAMS, Cluster, daemon, free_port, missing

from rea.testing.conformance_backend import real_until

DBD = """AuthType=auth/munge
AuthInfo=socket={place}/munge.socket
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort={dbd}
SlurmUser={user}
LogFile={place}/slurmdbd.log
PidFile={place}/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={sql}
StorageUser={user}
StorageLoc=slurm_acct_db
"""
MORE = """AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort={dbd}
AccountingStoragePass={place}/munge.socket
JobAcctGatherType=jobacct_gather/none"""


@contextmanager
def accounted() -> Iterator[Cluster]:
    """Yield a cluster that keeps accounts; skip loudly where what it takes is not installed."""
    if lacking := missing((*PROGRAMS, *ACCOUNTING)):
        pytest.skip(
            f"NO SLURM ACCOUNTING HERE ({', '.join(lacking)}): apt-get install slurm-wlm slurmdbd mariadb-server"
        )
    place = Path(tempfile.mkdtemp(prefix="rea-slurm-", dir="/tmp"))
    cluster = Cluster(place)
    try:
        _start(cluster)
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(place, ignore_errors=True)


def _start(cluster: Cluster) -> None:
    place, sql, dbd = cluster.place, free_port(), free_port()
    user = pwd.getpwuid(os.getuid()).pw_name
    cluster.more = MORE.format(dbd=dbd, place=place)
    cluster.prepare()
    cluster.start_munge()
    _start_database(cluster, user, sql)
    conf = place / "slurmdbd.conf"
    conf.touch(mode=0o600)
    conf.write_text(DBD.format(place=place, dbd=dbd, sql=sql, user=user))
    cluster.servers["slurmdbd"] = daemon("slurmdbd", "-D", SLURM_CONF=str(cluster.conf))
    assert real_until(lambda: "rea" in _registered(cluster), 30), (place / "slurmdbd.log").read_text()[-2000:]
    cluster.start_controller()
    cluster.servers["slurmd"] = daemon("slurmd", "-D", "-f", str(cluster.conf))
    assert real_until(cluster.ready, 20), (place / "slurmctld.log").read_text()[-2000:]


def _registered(cluster: Cluster) -> str:
    cluster.command("sacctmgr", "--immediate", "add", "cluster", "rea")
    return cluster.command("sacctmgr", "--noheader", "list", "cluster", "format=cluster")


def _start_database(cluster: Cluster, user: str, port: int) -> None:
    """Without passwords, and reachable from this machine alone."""
    data, socket = cluster.place / "sql", cluster.place / "sql.socket"
    subprocess.run(
        ("mariadb-install-db", "--no-defaults", f"--user={user}", f"--datadir={data}", "--skip-test-db"),
        capture_output=True,
        check=True,
    )
    words = (f"--user={user}", f"--datadir={data}", f"--socket={socket}", f"--port={port}", "--bind-address=127.0.0.1")
    cluster.servers["mariadbd"] = daemon("mariadbd", "--no-defaults", *words, "--skip-grant-tables")
    assert real_until(socket.exists, 30)
