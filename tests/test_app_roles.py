"""What ``rea.app`` assembles around a model: nothing where there is none, and code from the mirror where there is one."""

from pathlib import Path

import pytest
from executor.materialise import toy
from scripted import Scripted

from rea import app
from rea.agent.question import NoModel
from rea.domain.campaign import Campaign
from rea.domain.errors import UsageError
from rea.domain.ids import CampaignId
from rea.executor.materialise import Mirror
from rea.executor.materialise.layout import mirror_of
from rea.executor.suggestion.reader import ModelReader
from rea.planner.sources.model.source import ModelSource
from rea.settings import Settings


@pytest.fixture
def campaign(tmp_path: Path) -> tuple[Settings, Path, Campaign]:
    folder = toy.repository(tmp_path / "repo")
    commit = toy.commit(folder)
    directory = tmp_path / "campaign"
    Mirror(mirror_of(directory)).fetch(folder, commit)
    return Settings(state=tmp_path / "state"), directory, Campaign(commit=commit, workload=toy.workload())


def test_by_default_there_is_no_model_and_nothing_of_it(campaign: tuple[Settings, Path, Campaign]) -> None:
    config, directory, c = campaign
    none = app.model(config, CampaignId("c"))
    assert isinstance(none, NoModel)
    assert app.proposing(none, directory, c, app.insights(config)) == () and app.reading(none) is None


def test_a_model_proposes_from_the_code_of_the_mirror(
    campaign: tuple[Settings, Path, Campaign], monkeypatch: pytest.MonkeyPatch
) -> None:
    config, directory, c = campaign
    monkeypatch.delenv("REA_LITERATURE", raising=False)
    monkeypatch.delenv("REA_PAPERS", raising=False)
    (found,) = app.proposing(Scripted({}), directory, c, app.insights(config))
    assert isinstance(found, ModelSource) and found.code is not None and found.literature is None
    assert "committed" in found.code.read("pkg/__init__.py").text
    assert isinstance(app.reading(Scripted({})), ModelReader)
    monkeypatch.setenv("REA_LITERATURE", "gopher")
    with pytest.raises(UsageError, match="no index 'gopher'"):
        app.proposing(Scripted({}), directory, c, app.insights(config))
