"""Ray's Jobs API: a handful of requests to the head's dashboard, over the standard library's HTTP and nothing of Ray's."""

from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import ip_address
from json import dumps
from pathlib import Path
from typing import Self
from urllib.parse import SplitResult, quote, urlsplit

import msgspec

from rea.domain.errors import BackendUnreachable, UsageError

VARIABLE = "RAY_API_SERVER_ADDRESS"
DEFAULT = "http://127.0.0.1:8265"
LEAVE_VARIABLE = "RAY_AUTH_TOKEN_PATH"
LEAVE = "~/.ray/auth_token"  # where Ray itself looks for one
PATIENCE_S = 30.0
_MOST_BYTES = 8 << 20
_NONE = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One job as the head tells it."""

    submission_id: str | None
    status: str
    message: str | None = None
    error_type: str | None = None
    driver_exit_code: int | None = None
    entrypoint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """The cluster whose dashboard is at ``address``. Every call raises BackendUnreachable where it cannot be done.

    ``token`` is the file that holds the cluster's token, read at each call; a cluster without authentication needs none.
    Whoever reaches a dashboard may run anything on its cluster, so plain HTTP goes to this machine only: UsageError otherwise.
    """

    address: str = DEFAULT
    token: str = LEAVE
    patience_s: float = PATIENCE_S

    def __post_init__(self) -> None:
        _check(self.address)

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> Self:
        return cls(address=variables.get(VARIABLE) or DEFAULT, token=variables.get(LEAVE_VARIABLE) or LEAVE)

    def find(self, key: str) -> Entry | None:
        """Return the job that was submitted under ``key``, None where the head knows of none."""
        code, told = self._call("GET", key)
        if code == _NONE:
            return None
        try:
            return msgspec.json.decode(told, type=Entry)
        except msgspec.DecodeError as error:
            raise BackendUnreachable(f"{self.address} is no Ray dashboard: {error}", f"check {VARIABLE}") from error

    def every(self) -> tuple[Entry, ...]:
        """Return all jobs that the head knows of, whoever submitted them."""
        _, told = self._call("GET", "")
        try:
            return msgspec.json.decode(told, type=tuple[Entry, ...])
        except msgspec.DecodeError as error:
            raise BackendUnreachable(f"{self.address} is no Ray dashboard: {error}", f"check {VARIABLE}") from error

    def submit(self, key: str, entrypoint: str, resources: Mapping[str, object]) -> None:
        """Have ``entrypoint``, a line for the shell, run once under ``key``; a key that was used before is refused."""
        body = {"submission_id": key, "entrypoint": entrypoint, "metadata": {"rea": key}, **resources}
        self._call("POST", "", body)

    def stop(self, key: str) -> None:
        """Stop the job; that there is none is no error."""
        self._call("POST", f"{key}/stop")

    def delete(self, key: str) -> None:
        """Have the head forget a job that is over, so that its key can be used again."""
        self._call("DELETE", key)

    def _call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> tuple[int, bytes]:
        where = urlsplit(self.address)
        connection = _connect(where, self.patience_s)
        try:
            words = None if body is None else dumps(body)
            target = f"{where.path.rstrip('/')}/api/jobs/{quote(path)}"
            connection.request(method, target, words, {"Content-Type": "application/json", **_leave(self.token)})
            answer = connection.getresponse()
            code, told = answer.status, answer.read(_MOST_BYTES)
        except (OSError, HTTPException) as error:
            raise BackendUnreachable(
                f"the Ray head at {self.address} could not be asked: {error or type(error).__name__}",
                "is it up? nothing is lost: rea asks again",
            ) from error
        finally:
            connection.close()
        if code not in (200, _NONE) or (code == _NONE and not _says_none(told)):
            raise BackendUnreachable(f"the Ray head said {code}: {_last_line(told)}", "nothing is lost: rea asks again")
        return code, told


def _connect(where: SplitResult, patience_s: float) -> HTTPConnection:
    kind = HTTPSConnection if where.scheme == "https" else HTTPConnection
    return kind(where.hostname or "", where.port, timeout=patience_s)


def _leave(token: str) -> Mapping[str, str]:
    try:
        return {"Authorization": f"Bearer {Path(token).expanduser().read_text().strip()}"}
    except FileNotFoundError:
        return {}


def _check(address: str) -> None:
    where = urlsplit(address)
    try:
        usable = bool(where.hostname) and (where.port or 1) > 0
    except ValueError:
        usable = False
    if not usable or where.scheme not in ("http", "https") or where.query or where.username or where.password:
        raise UsageError(f"{VARIABLE} is no address of a Ray dashboard", f"such as {DEFAULT}, without a user")
    if where.scheme == "http" and not _here(where.hostname or ""):
        raise UsageError(
            f"{VARIABLE}={address}: plain HTTP to another machine, where whoever listens may run jobs as you",
            "use a tunnel (`ssh -L 8265:localhost:8265 HEAD`, `kubectl port-forward`) or https",
        )


def _here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _says_none(told: bytes) -> bool:
    """Tell whether it is Ray that knows of no such job, and not any server that knows of no such page."""
    return told.strip().endswith(b"does not exist")


def _last_line(told: bytes) -> str:
    """Return what a traceback ends with: the head answers with whole ones."""
    lines = [line.strip() for line in told.decode(errors="replace").splitlines() if len(line.strip()) > 1]
    return lines[-1][:400] if lines else "nothing"
