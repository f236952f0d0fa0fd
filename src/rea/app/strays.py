"""Everything that runs under our name: on this machine, and on each cluster that a campaign or the environment names."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from rea.domain.errors import BackendUnreachable, IntegrityError
from rea.executor.backends.chosen import recorded
from rea.executor.backends.stray import Stray
from rea.settings import Settings

SITE = Path("/etc/slurm/slurm.conf")

Asks = Callable[[], tuple[Stray, ...]]


def strays(config: Settings) -> tuple[tuple[Stray, ...], tuple[str, ...]]:
    """Return what is alive under our name, and who could not be asked, in words."""
    found: list[Stray] = []
    silent: list[str] = []
    for ask in _places(config, silent):
        try:
            found.extend(ask())
        except BackendUnreachable as error:
            silent.append(error.message)
    clustered = {stray.directory for stray in found if stray.backend != "local"}
    seen_twice = (stray.backend == "local" and stray.directory in clustered for stray in found)
    return tuple(stray for stray, twice in zip(found, seen_twice, strict=True) if not twice), tuple(silent)


def _places(config: Settings, silent: list[str]) -> Iterator[Asks]:
    from rea.executor.backends.local.strays import strays as here

    yield here
    slurm, ray = _named(config, silent)
    for conf in sorted(slurm):
        yield _slurm(conf)
    for address, token in sorted(ray):
        yield _ray(address, token)


def _named(config: Settings, silent: list[str]) -> tuple[set[str], set[tuple[str, str]]]:
    """Return the Slurm clusters by their configuration ("": the site's) and the Ray clusters by address and token."""
    slurm, ray = _of_environment(config)
    for record in sorted(config.campaign("").glob("*/backend.json")):
        try:
            chosen = recorded(record.parent)
        except IntegrityError as error:
            silent.append(error.message)
            continue
        told = chosen.environment
        if chosen.name == "slurm":
            slurm.add(told.get("SLURM_CONF", ""))
        elif chosen.name == "ray":
            ray.add((told.get("RAY_API_SERVER_ADDRESS", ""), told.get("RAY_AUTH_TOKEN_PATH", "")))
    return slurm, ray


def _of_environment(config: Settings) -> tuple[set[str], set[tuple[str, str]]]:
    conf, address = os.environ.get("SLURM_CONF", ""), os.environ.get("RAY_API_SERVER_ADDRESS", "")
    site = config.backend == "slurm" or (SITE.exists() and shutil.which("squeue") is not None)
    slurm = {conf} if conf or site else set()
    ray = {(address, os.environ.get("RAY_AUTH_TOKEN_PATH", ""))} if address or config.backend == "ray" else set()
    return slurm, ray


def _slurm(conf: str) -> Asks:
    from rea.executor.backends.slurm.client import Client
    from rea.executor.backends.slurm.strays import strays as listed

    return lambda: listed(Client(conf=conf or None))


def _ray(address: str, token: str) -> Asks:
    from rea.executor.backends.ray.client import Client
    from rea.executor.backends.ray.strays import strays as listed

    told = {"RAY_API_SERVER_ADDRESS": address, "RAY_AUTH_TOKEN_PATH": token}
    return lambda: listed(Client.of(told))
