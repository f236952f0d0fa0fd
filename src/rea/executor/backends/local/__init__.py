"""Jobs as detached processes of this machine."""

from rea.executor.backends.local.backend import LocalBackend

__all__ = ["LocalBackend"]
