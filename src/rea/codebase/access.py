"""Who may read what: small policies that each answer allow or deny with a reason, and compose. Pure."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from posixpath import normpath


@dataclass(frozen=True, slots=True)
class Access:
    """The answer about one path; ``reason`` says why it is denied."""

    allowed: bool
    reason: str = ""


Policy = Callable[[str], Access]
ALLOW = Access(True)

_SECRET = re.compile(
    r"(?i)(?:^|/)(?:\.env(?:\..*)?|\.netrc|\.pgpass|\.npmrc|\.pypirc|id_(?:rsa|dsa|ecdsa|ed25519)|credentials(?:\..*)?"
    r"|secrets?(?:\..*)?|.*\.(?:pem|key|p12|pfx|keystore|kdbx))$"
)
_GIT_OWN = frozenset((".git", ".gitmodules"))


def covers(patterns: Iterable[str], path: str) -> bool:
    """Whether a file lies at, in, or under one of the patterns: ``a.py``, ``model/``, ``./model``, ``conf/*.yaml``."""
    own = PurePosixPath(path)
    places = [str(one) for one in (own, *own.parents) if str(one) != "."]
    return any(fnmatchcase(place, normpath(pattern)) for pattern in patterns for place in places)


def within(patterns: Iterable[str], where: str) -> Policy:
    """Allow what ``patterns`` cover; ``where`` says what they are, such as ``[paths] editable``."""
    kept = tuple(patterns)
    return lambda path: ALLOW if covers(kept, path) else Access(False, f"{path} is not among {where}")


def outside(patterns: Iterable[str], why: str) -> Policy:
    """Deny what ``patterns`` cover, because of ``why``."""
    kept = tuple(patterns)
    return lambda path: Access(False, f"{path} {why}") if covers(kept, path) else ALLOW


def no_secrets(path: str) -> Access:
    """Deny files whose names say that they hold keys or passwords, and git's own."""
    if _GIT_OWN & set(PurePosixPath(path).parts):
        return Access(False, f"{path} belongs to git")
    return Access(False, f"{path} is named like a file of secrets") if _SECRET.search(path) else ALLOW


def relative(path: str) -> Access:
    """Deny what is no plain path inside the repository: absolute, upwards, with odd parts or characters."""
    parts = path.split("/")
    odd = not path or path.startswith("/") or "\\" in path or not path.isprintable()
    if odd or any(part in ("", ".", "..") for part in parts):
        return Access(False, f"{path[:80]!r} is no path inside the repository")
    return ALLOW


def all_of(*policies: Policy) -> Policy:
    """Allow what every policy allows; the first that denies gives the reason."""
    return lambda path: next((told for policy in policies if not (told := policy(path)).allowed), ALLOW)


def of_workload(editable: Iterable[str], readable: Iterable[str], protected: Iterable[str], data: str) -> Policy:
    """Return the policy of a workload: its editable and readable paths, without what is protected, the data and secrets."""
    return all_of(
        relative,
        no_secrets,
        outside((data,) if data else (), "holds the data, and with it labels"),
        outside(protected, "is protected: [paths] protected in workload.toml"),
        within((*editable, *readable), "[paths] editable and readable in workload.toml"),
    )
