"""The job directory and the wrapper that every backend shares.

``jobs/J/control/`` is ours: ``spec``, ``lock``, ``claim``, ``node``, ``job``, ``log``, ``cancel``, ``exit``. ``jobs/J/out/`` is
the job's, and what lies there is only claimed. A job's state follows from the files alone: ``exit`` => ended; no
``claim`` => new; ``lock`` held => running; else lost. The log is not bounded: a runaway one ends as a full disk.
"""

from rea.executor.contract.control import Control, Life, read_state
from rea.executor.contract.directory import prepare
from rea.executor.contract.environment import clean_environment
from rea.executor.contract.exit import Exit
from rea.executor.contract.spec import Spec
from rea.executor.contract.stop import request_stop

__all__ = ["Control", "Exit", "Life", "Spec", "clean_environment", "prepare", "read_state", "request_stop"]
