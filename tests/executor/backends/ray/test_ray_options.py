"""What may be asked of Ray, word by word."""

import pytest

from rea.domain.errors import UsageError
from rea.executor.backends.ray import Options


def test_a_device_is_a_cpu_unless_the_options_say_where_devices_go() -> None:
    assert Options().of_job(2) == {"entrypoint_num_cpus": 2}
    asked = Options.of("--entrypoint-num-gpus={devices} --entrypoint-num-cpus=4 --entrypoint-memory=1000000")
    assert asked.of_job(2) == {"entrypoint_num_gpus": 2.0, "entrypoint_num_cpus": 4.0, "entrypoint_memory": 1000000}
    assert (asked.gpus, Options().gpus) == (True, False)


def test_resources_of_the_sites_own_are_json() -> None:
    asked = Options.of("""'--entrypoint-resources={"spot": {devices}}' '--entrypoint-label-selector={"zone": "b"}'""")
    assert asked.of_job(3) == {
        "entrypoint_resources": {"spot": 3},
        "entrypoint_label_selector": {"zone": "b"},
    }


@pytest.mark.parametrize(
    "text",
    [
        *("--submission-id=x", "--runtime-env=x", "--entrypoint=x", "--no-wait", "entrypoint-num-gpus=1", "--", "x"),
        *("--entrypoint-num-gpus", "--entrypoint-num-gpus=", "--entrypoint-num-gpus=one", "--entrypoint-num-gpus=-1"),
        *("--entrypoint-num-cpus=nan", "--entrypoint-memory=1.5", "--entrypoint-resources=[1]", "'--entrypoint-num"),
    ],
)
def test_what_rea_decides_itself_and_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="REA_RAY_OPTIONS"):
        Options.of(text)


def test_a_typing_error_names_the_nearest() -> None:
    with pytest.raises(UsageError) as refused:
        Options.of("--entrypoint-num-gpu=1")
    assert "--entrypoint-num-gpus" in refused.value.hint
