"""Skills are in the open format, name only what exists, and state no figure that the code contradicts."""

import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from documented import calls, wrong

from rea.cli.main import rea
from rea.codebase.page import MOST_TOKENS, WIDEST, tokens_at_most
from rea.domain.errors import UsageError
from rea.domain.evidence import Flag, SealLevel, Verdict
from rea.domain.lever import Role
from rea.domain.plan import Policy
from rea.domain.workload import MetricName
from rea.executor.workload.document import Limits
from rea.judge import compare, metrics, seal, slices
from rea.knowledge.skills.library import BUILT_IN, Skill, load, named, read, tool
from rea.statistics import multiplicity, power

SKILLS = load()
POLICY = Policy()
FIGURES: list[tuple[str, str, float]] = [
    ("ranking-metrics", r"p is held ([\d.e-]+) from 0 and 1", metrics.CLIP),
    ("ranking-metrics", r"one sure miss costs ([\d.]+) nats", round(-float(np.log(metrics.CLIP)), 1)),
    ("ranking-metrics", r"NE 0.8000 to 0.7960 is \+([\d.]+) %", 100 * compare._improvement(MetricName.NE, 0.8, 0.796)),
    (
        "ranking-metrics",
        r"AUC 0.7500 to 0.7550 is \+([\d.]+) %",
        100 * compare._improvement(MetricName.AUC, 0.75, 0.755),
    ),
    ("ranking-metrics", r"1.20 to 1.05 is \+([\d.]+\d)", compare._improvement(MetricName.CALIBRATION, 1.2, 1.05)),
    ("ranking-metrics", r"A slice needs at least (\d+) rows", slices.FEWEST_IN_A_SLICE),
    ("ranking-metrics", r"rows and at least (\d+) of each label", slices.FEWEST_OF_A_LABEL),
    ("reading-learning-curves", r"n = ([\d.]+) \(s/d\)\^2", 2 * power.standard_errors_needed() ** 2),
    ("reading-learning-curves", r"For s = 0.006 and d = 0.003 that is (\d+)", power.runs_needed(0.006, 0.003)),
    ("reading-learning-curves", r"s = 0.006 and d = 0.01 it is (\d+)", power.runs_needed(0.006, 0.01)),
    ("reading-learning-curves", r"with (\d+) % power", 80),
    ("feature-and-embedding-hygiene", r"(\d+) % at n = m", 100 * (1 - np.exp(-1))),
    ("feature-and-embedding-hygiene", r"(\d+) % at m = 10 n", 100 * (1 - np.exp(-0.1))),
    ("adopting-a-repository", r"At least (\d+) rows", seal.FEWEST_ROWS),
    ("adopting-a-repository", r"rows and (\d+) of each label", seal.FEWEST_OF_A_LABEL),
    ("reading-a-verdict", r"discovery rate of (\d+) %", 100 * POLICY.fdr),
    ("reading-a-verdict", r"at most (\d+) finalists", POLICY.finalists),
    ("reading-a-verdict", r"finalists at alpha ([\d.]+\d)", POLICY.alpha),
    ("reading-a-verdict", r"after (\d+) openings", multiplicity.OPENINGS_AT_MOST),
    ("reading-a-verdict", r"spends\s+([\d.]+) of 0.05", multiplicity.alpha_for_opening(1, 0.05)),
    ("reading-a-verdict", r"relative loss of at most ([\d.]+\d)", POLICY.margin),
    (
        "reading-a-verdict",
        r"beyond a relative ([\d.]+\d)",
        Limits().largest_plausible_effect,
    ),
    ("reading-a-verdict", r"after 1, 2 and (\d) runs", POLICY.looks[-1]),
]


def agrees(text: str, pattern: str, value: float) -> bool:
    """Whether the text states the figure once, as the code has it, to the digits that it is written with."""
    found = re.findall(pattern, text)
    if len(found) != 1:
        return False
    digits = 0 if "e" in found[0] else len(found[0].partition(".")[2])
    return float(found[0]) == pytest.approx(value, abs=0.5 * 10**-digits if "e" not in found[0] else 0.0)


@pytest.mark.parametrize(("name", "pattern", "value"), FIGURES)
def test_no_figure_contradicts_the_code(name: str, pattern: str, value: float) -> None:
    assert agrees(SKILLS[name].body, pattern, value)


@pytest.mark.parametrize(("name", "pattern", "value"), FIGURES)
def test_a_figure_that_is_off_would_be_found(name: str, pattern: str, value: float) -> None:
    assert not agrees(SKILLS[name].body, pattern, value * 1.3)


def test_looks_are_the_policy_s() -> None:
    assert POLICY.looks == (1, 2, 4)


@pytest.mark.parametrize("skill", SKILLS.values(), ids=lambda s: s.name)
def test_every_command_and_every_lever_role_exists(skill: Skill) -> None:
    assert wrong(skill.body) == []
    assert list(calls(skill.body))
    roles = {str(r) for r in Role}
    words = {w for row in skill.body.splitlines() if row.startswith("|") for w in re.findall(r"`([a-z_0-9]+)`", row)}
    if skill.name == "reading-learning-curves":
        assert words - roles == set()


def test_a_skill_that_names_what_does_not_exist_is_found() -> None:
    assert wrong("Call `rea verdicts`.") == ["rea verdicts"]


def test_the_words_of_verdicts_flags_and_metrics_are_the_code_s() -> None:
    body = SKILLS["reading-a-verdict"].body
    assert all(f"| {v} |" in body for v in Verdict)
    assert all(f"`{f}`" in body for f in Flag)
    assert all(str(level).replace("_", " ") in body for level in SealLevel)
    assert all(f"`{m}`" in SKILLS["ranking-metrics"].body for m in MetricName)


def test_the_correction_of_downsampling_is_right() -> None:
    p, w = 0.02, 0.1  # a true rate, and the share of negatives that is kept
    seen = p / (p + (1 - p) * w)
    assert seen / (seen + (1 - seen) / w) == pytest.approx(p)


def test_there_are_five_and_each_fits_a_context() -> None:
    assert sorted(SKILLS) == [
        "adopting-a-repository",
        "feature-and-embedding-hygiene",
        "ranking-metrics",
        "reading-a-verdict",
        "reading-learning-curves",
    ]
    assert all(len(s.body) < 8_000 for s in SKILLS.values())
    assert all("Use " in s.description for s in SKILLS.values())


BAD = [
    "no front matter",
    "---\nname: other\ndescription: x\n---\nbody",
    "---\nname: bad\n---\nbody",
    "---\nname: bad\ndescription: x\nallowed-tools: all\n---\nbody",
    "---\nname: bad\ndescription: x\n---\n",
    "---\nname: [bad\ndescription: x\n---\nbody",
    "---\nname: bad\ndescription: " + "x" * 1025 + "\n---\nbody",
    "---\n- a list\n---\nbody",
]


@pytest.mark.parametrize("text", BAD)
def test_what_is_not_in_the_format_is_refused_by_name(text: str, tmp_path: Path) -> None:
    path = tmp_path / "bad" / "SKILL.md"
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(UsageError, match=r"bad/SKILL\.md"):
        read(path)


@pytest.mark.parametrize("name", ["", "../ranking-metrics", "/etc/passwd", "Ranking-Metrics", "x" * 10_000])
def test_a_name_is_never_a_path(name: str) -> None:
    with pytest.raises(UsageError, match="there is no skill"):
        named(name)


def test_people_list_and_read_them() -> None:
    listed = CliRunner().invoke(rea, ["skills"], standalone_mode=False).output
    assert all(name in listed for name in SKILLS)
    assert "H(r)" in CliRunner().invoke(rea, ["skills", "ranking-metrics"], standalone_mode=False).output
    near = CliRunner().invoke(rea, ["skills", "ranking-metric", "--json"], standalone_mode=False).output
    assert "did you mean ranking-metrics?" in near
    assert {p.parent.name for p in BUILT_IN.glob("*/SKILL.md")} == set(SKILLS)


def test_a_model_loads_them_on_demand_in_pages_and_by_name_alone() -> None:
    skill = tool()
    assert all(f"{s.name}: {s.description}" in skill() for s in SKILLS.values())
    for known in SKILLS.values():
        pages = [skill(known.name, page) for page in range(1, 6)]
        assert all(line in "\n".join(pages) for line in known.body.splitlines() if len(line) < WIDEST)
        assert all(tokens_at_most(page) <= MOST_TOKENS for page in pages)
    assert "did you mean ranking-metrics?" in skill("ranking-metric")
    assert skill("../../techniques/catalogue.py").startswith("refused: there is no skill")
