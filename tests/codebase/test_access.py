"""Access policies: each answers with its reason, and composed ones let nothing slip."""

import pytest

from rea.codebase.access import Policy, all_of, covers, no_secrets, of_workload, outside, relative, within

POLICY = of_workload(
    editable=("pkg/", "conf/*.yaml"), readable=("README.md",), protected=("pkg/judge/",), data="pkg/log.csv"
)
DENIED = {
    "pkg/judge/metric.py": "is protected",
    "pkg/log.csv": "holds the data",
    "other/file.py": "not among [paths]",
    "pkg2/file.py": "not among [paths]",
    "pkg/.env": "secrets",
    "pkg/deep/id_ed25519": "secrets",
    "pkg/server.pem": "secrets",
    "pkg/secrets.yaml": "secrets",
    "pkg/.git/config": "belongs to git",
    "/etc/passwd": "no path inside",
    "pkg/../etc/passwd": "no path inside",
    "pkg/./a.py": "no path inside",
    "pkg//a.py": "no path inside",
    "pkg\\a.py": "no path inside",
    "pkg/a\n.py": "no path inside",
    "pkg/a\x00.py": "no path inside",
    "": "no path inside",
}


def leaks(policy: Policy) -> list[str]:
    return [path for path in DENIED if policy(path).allowed]


def test_what_may_be_read_may_be_read() -> None:
    assert all(POLICY(path).allowed for path in ("pkg/train.py", "pkg/deep/er.py", "conf/a.yaml", "README.md"))


@pytest.mark.parametrize("path", DENIED)
def test_every_denial_says_why(path: str) -> None:
    told = POLICY(path)
    assert not told.allowed and DENIED[path] in told.reason


def test_planted_bug_a_policy_without_one_of_its_parts_leaks() -> None:
    parts: tuple[Policy, ...] = (
        relative,
        no_secrets,
        outside(("pkg/log.csv",), "holds the data"),
        outside(("pkg/judge/",), "is protected"),
        within(("pkg/", "conf/*.yaml", "README.md"), "[paths]"),
    )
    assert leaks(all_of(*parts)) == []
    for missing in range(1, len(parts)):
        assert leaks(all_of(*parts[:missing], *parts[missing + 1 :])), missing
    # without the first, an absolute path is still not among the allowed ones; a path upwards is not stopped
    assert "pkg/../etc/passwd" in leaks(all_of(*parts[1:]))


def test_a_folder_covers_what_lies_in_it_and_not_what_begins_like_it() -> None:
    assert covers(["pkg/"], "pkg/a/b.py") and covers(["pkg"], "pkg/a.py")
    assert not covers(["pkg/"], "pkg2/a.py") and not covers([], "a.py")


@pytest.mark.parametrize("spelling", ["pkg/log.csv", "./pkg/log.csv", "pkg//log.csv", "pkg/./log.csv", "pkg/log.csv/"])
def test_protected_is_protected_however_it_is_spelt(spelling: str) -> None:
    assert covers([spelling], "pkg/log.csv")
    for policy in (of_workload(("pkg/",), (), (), spelling), of_workload(("pkg/",), (), (spelling,), "")):
        assert not policy("pkg/log.csv").allowed and policy("pkg/a.py").allowed


def test_planted_bug_compared_as_spelt_the_data_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rea.codebase.access.normpath", lambda pattern: pattern.removesuffix("/"))
    assert of_workload(("pkg/",), (), (), "./pkg/log.csv")("pkg/log.csv").allowed
