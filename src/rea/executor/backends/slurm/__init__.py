"""Jobs on a Slurm cluster, over a file system that its nodes share."""

from rea.executor.backends.slurm.backend import SlurmBackend
from rea.executor.backends.slurm.client import Client
from rea.executor.backends.slurm.options import Options

__all__ = ["Client", "Options", "SlurmBackend"]
