"""What may be asked of sbatch, word by word."""

import pytest

from rea.domain.errors import UsageError
from rea.executor.backends.slurm import Options


def test_a_device_is_a_cpu_unless_the_options_say_where_devices_go() -> None:
    assert Options().of_job(2) == ("--cpus-per-task=2", "--no-requeue")
    asked = Options.of("--partition=gpu '--gres=gpu:a100:{devices}'")
    assert asked.of_job(2) == ("--partition=gpu", "--gres=gpu:a100:2", "--no-requeue")


def test_a_wake_takes_the_place_and_no_device() -> None:
    asked = Options.of("--partition=gpu --account=ads --gres=gpu:{devices} --mem=64G --exclusive --requeue")
    assert asked.of_wake() == ("--partition=gpu", "--account=ads", "--no-requeue")
    assert asked.requeue
    assert "--no-requeue" not in asked.of_job(1)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "--job-name=x",
            "--comment=x",
            "--time=1",
            "--wrap=id",
            "--array=1-3",
            "--export=ALL",
            "--output=/etc/passwd",
        ),
        *(
            "--dependency=singleton",
            "--partition",
            "gpu",
            "-p gpu",
            "--requeue=yes",
            "--",
            "/bin/sh",
            "--parttion=x",
            "'--mem=1",
        ),
    ],
)
def test_what_rea_decides_itself_and_what_is_no_option_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="REA_SLURM_OPTIONS"):
        Options.of(text)


def test_a_typing_error_names_the_nearest() -> None:
    with pytest.raises(UsageError) as refused:
        Options.of("--parttion=gpu")
    assert "--partition" in refused.value.hint


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ["--exclude=n1,n2"]),
        ("--exclude=bad --partition=x", ["--exclude=bad,n1,n2"]),
        ("--nodelist=n1", []),  # the site names the nodes: Slurm would refuse one that is wanted and excluded
    ],
)
def test_nodes_to_avoid_are_excluded_beside_those_of_the_site(text: str, told: list[str]) -> None:
    words = Options.of(text).of_job(1, ("n1", "n2"))
    assert [word for word in words if word.startswith("--exclude")] == told
    assert [word for word in Options.of(text).of_job(1) if "n2" in word] == []
