"""Which paths of a repository a patch may touch. Pure."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from rea.codebase.access import covers

__all__ = ["covers", "may_edit"]

_GIT_OWN = (".git", ".gitattributes", ".gitmodules", ".gitignore")


def may_edit(path: str, editable: Iterable[str], protected: Iterable[str]) -> bool:
    """Whether a patch may touch ``path``: editable, not protected, and nothing that git itself reads."""
    own = any(part in _GIT_OWN for part in PurePosixPath(path).parts)
    return not own and covers(editable, path) and not covers(protected, path)


def startup(path: str) -> bool:
    """Whether Python runs a file of this name without being asked to, or it belongs to the tests that a patch has to pass."""
    one = PurePosixPath(path)
    unasked = (
        "sitecustomize.py",
        "usercustomize.py",
        "conftest.py",
        "*.pth",
        "*.so",
        "*.pyc",
        "test_*.py",
        "*_test.py",
    )
    return any(fnmatchcase(one.name, pattern) for pattern in unasked) or "tests" in one.parts[:-1]
