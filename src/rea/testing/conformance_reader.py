"""What every ``LogReader`` must do. Subclass ``ReaderConformance`` in a test, give it a ``reader`` and a ``failed`` fixture, and run it."""

from dataclasses import replace

from rea.domain.records import JobRecord
from rea.domain.runbook import Remedy
from rea.domain.workload import Workload
from rea.ports import LogReader


class ReaderConformance:
    """``reader`` is the implementation, ``failed`` the record of a failed job with a log, and its workload."""

    def test_it_speaks_of_the_job_it_was_asked_about(
        self, reader: LogReader, failed: tuple[JobRecord, Workload]
    ) -> None:
        record, workload = failed
        assert reader.read(record, workload).job == record.job.id

    def test_asked_again_it_says_the_same(self, reader: LogReader, failed: tuple[JobRecord, Workload]) -> None:
        assert reader.read(*failed) == reader.read(*failed)

    def test_what_it_quotes_stands_in_the_log(self, reader: LogReader, failed: tuple[JobRecord, Workload]) -> None:
        record, workload = failed
        assert record.status is not None
        said = reader.read(record, workload)
        assert all(line in record.status.log_tail for line in said.lines)

    def test_a_remedy_has_a_cause(self, reader: LogReader, failed: tuple[JobRecord, Workload]) -> None:
        said = reader.read(*failed)
        assert said.cause is not None or (said.remedy, said.moves) == (Remedy.DROP, ())

    def test_a_log_of_nothing_is_no_error(self, reader: LogReader, failed: tuple[JobRecord, Workload]) -> None:
        record, workload = failed
        assert record.status is not None
        silent = replace(record, status=replace(record.status, log_tail=""))
        assert reader.read(silent, workload).lines == ()
