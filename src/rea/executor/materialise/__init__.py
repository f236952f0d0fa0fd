"""From a commit and a job to something that can be launched: a plain directory tree, an argv, an environment.

Git runs in a bare mirror of our own only, never where a patch has been: a tree is exported without ``.git``.
"""

from rea.executor.materialise.command import arguments, formatted
from rea.executor.materialise.interpreter import find_interpreter
from rea.executor.materialise.mirror import Mirror
from rea.executor.materialise.shown import shown
from rea.executor.materialise.workspace import LocalWorkspace, establish, reopen

__all__ = ["LocalWorkspace", "Mirror", "arguments", "establish", "find_interpreter", "formatted", "reopen", "shown"]
