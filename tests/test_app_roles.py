"""What ``rea.app`` assembles around a model: nothing where there is none, and code from the mirror where there is one."""

from pathlib import Path

import pytest
from executor.materialise import toy
from scripted import Scripted

from rea import app
from rea.agent.question import NoModel
from rea.domain.errors import UsageError
from rea.domain.ids import CampaignId
from rea.executor.suggestion.reader import ModelReader
from rea.planner.sources.model.source import ModelSource
from rea.settings import Settings


@pytest.fixture
def campaign(tmp_path: Path) -> tuple[Settings, Path]:
    folder = toy.repository(tmp_path / "repo")
    toy.commit(folder)
    directory = tmp_path / "campaign"
    toy.workspace(directory, folder)
    (folder / "pkg/__init__.py").write_text("VALUE = 'uncommitted'\n")
    return Settings(state=tmp_path / "state"), directory


def test_by_default_there_is_no_model_and_nothing_of_it(campaign: tuple[Settings, Path]) -> None:
    config, directory = campaign
    none = app.model(config, app.recall_of(config, CampaignId("c")), app.journal(config))
    assert isinstance(none, NoModel) and app.reading(none) is None
    plain = app.every_source(directory, app.insights(config), none)
    assert not any(isinstance(source, ModelSource) for source in plain) and len(plain) == 2


def test_a_model_proposes_from_the_code_of_the_mirror(
    campaign: tuple[Settings, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    config, directory = campaign
    monkeypatch.delenv("REA_LITERATURE", raising=False)
    monkeypatch.delenv("REA_PAPERS", raising=False)
    *_, found = app.every_source(directory, app.insights(config), Scripted({}))
    assert isinstance(found, ModelSource) and found.code is not None and found.literature is None
    assert "'committed'" in found.code(toy.workload()).read("pkg/__init__.py").text
    assert [t.__name__ for t in found.tools] == ["skill"] and "ranking-metrics: " in found.tools[0]()
    assert isinstance(app.reading(Scripted({})), ModelReader)
    monkeypatch.setenv("REA_LITERATURE", "gopher")
    with pytest.raises(UsageError, match="no index 'gopher'"):
        app.every_source(directory, app.insights(config), Scripted({}))
