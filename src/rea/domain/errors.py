"""What can go wrong, named by what the reader can do about it.

ReaError                     anything we raise on purpose; ``exit_code`` is stable and documented
├── UsageError          2    the request cannot be understood or applied: change it
│   ├── WorkloadError   2    workload.toml or the repository is not as required
│   ├── Undetectable    2    the budget cannot detect what is predicted: ask for more of it, or predict more
│   └── NotAdmitted     2    a patch does not pass the gate
├── NotApproved        10    an engineer has to decide first
├── OverBudget         12    the approved envelope does not cover it
├── Conflict            2    two changes cannot be stacked
├── StaleDecision      20    the journal moved on while we decided: look again
├── CampaignBusy       20    another wake holds the campaign
├── StoreError         21    the store cannot be read or written
├── BackendUnreachable 22    nothing is known about the jobs; nothing is lost
├── IntegrityError     23    recorded bytes are not the bytes that were recorded
└── JudgeRefused        1    predictions that no score may be computed from
"""


class ReaError(Exception):
    """An error with a next step: ``message`` says what happened and why, ``hint`` what to do."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(ReaError):
    exit_code = 2


class WorkloadError(UsageError):
    pass


class Undetectable(UsageError):
    pass


class NotAdmitted(UsageError):
    """``patch`` is what it would have been called."""

    def __init__(self, message: str, hint: str, patch: str) -> None:
        super().__init__(message, hint)
        self.patch = patch


class Conflict(UsageError):
    pass


class NotApproved(ReaError):
    exit_code = 10


class OverBudget(ReaError):
    exit_code = 12


class StaleDecision(ReaError):
    exit_code = 20


class CampaignBusy(ReaError):
    exit_code = 20


class StoreError(ReaError):
    exit_code = 21


class BackendUnreachable(ReaError):
    exit_code = 22


class IntegrityError(ReaError):
    exit_code = 23


class JudgeRefused(ReaError):
    exit_code = 1
