"""A campaign played before it is run: the real planner, executor, judge's rules and ledger on simulated jobs, in memory and in virtual time."""
