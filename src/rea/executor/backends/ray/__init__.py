"""Jobs on a Ray cluster, over a file system that its nodes share. Ray itself is never imported: its Jobs API is HTTP."""

from rea.executor.backends.ray.backend import RayBackend
from rea.executor.backends.ray.client import Client
from rea.executor.backends.ray.options import Options

__all__ = ["Client", "Options", "RayBackend"]
