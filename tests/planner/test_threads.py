"""Linear algebra of the planner runs by one thread, and whoever called it has theirs back."""

from threadpoolctl import threadpool_info

from rea.planner.threads import by_one_thread


def threads() -> set[int]:
    """Of numpy's own linear algebra; another library may have loaded another one since."""
    blas = [library for library in threadpool_info() if library["user_api"] == "blas"]
    return {library["num_threads"] for library in blas if "numpy" in library["filepath"] or len(blas) == 1}


def test_one_thread_while_it_runs_and_as_before_afterwards() -> None:
    import numpy as np

    assert np.linalg.inv(np.eye(2)).shape == (2, 2)
    before = threads()
    assert by_one_thread(threads)() == {1}
    assert threads() == before
