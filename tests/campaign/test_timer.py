"""The wake script and the timers, with a crontab and a systemctl of our own making."""

import subprocess
import sys
from pathlib import Path

import pytest

from rea.campaign import timer
from rea.campaign.timer import Timer

CRONTAB = '#!/bin/sh\ncase $1 in -l) exec /bin/cat "{table}" ;; -) exec /bin/cat >"{table}" ;; esac\n'
SYSTEMCTL = (
    '#!/bin/sh\necho "$@" >>"{calls}"\n'
    'case "$2" in is-enabled) [ -e "{calls}.on" ] ;; enable) : >"{calls}.on" ;; disable) /bin/rm -f "{calls}.on" ;; esac\n'
)


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "tools").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "tools"))
    return tmp_path / "tools"


def tool(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def test_where_there_is_no_timer_it_says_so(tools: Path, tmp_path: Path) -> None:
    assert timer.install_timer(tmp_path) is Timer.NONE
    assert timer.timer_installed(tmp_path) is Timer.NONE
    assert timer.timer_last_ran(tmp_path) is None
    timer.remove_timer(tmp_path)


def test_crontab_keeps_what_others_wrote(tools: Path, tmp_path: Path) -> None:
    table = tmp_path / "table"
    table.write_text("0 5 * * * backup --all")
    tool(tools / "crontab", CRONTAB.format(table=table))
    state = tmp_path / "100% mine"
    assert timer.install_timer(state) is Timer.CRON
    assert timer.install_timer(state) is Timer.CRON
    assert timer.timer_installed(state) is Timer.CRON
    assert timer.timer_installed(tmp_path / "other") is Timer.NONE
    assert table.read_text() == f"0 5 * * * backup --all\n*/2 * * * * '{tmp_path}/100\\% mine/bin/wake' --due\n"
    timer.remove_timer(state)
    assert table.read_text() == "0 5 * * * backup --all\n"


def test_systemd_timer_lets_jobs_live(tools: Path, tmp_path: Path) -> None:
    tool(tools / "systemctl", SYSTEMCTL.format(calls=tmp_path / "calls"))
    assert timer.install_timer(tmp_path, tmp_path / "units") is Timer.SYSTEMD
    assert timer.timer_installed(tmp_path) is Timer.SYSTEMD
    (service,) = (tmp_path / "units").glob("*.service")
    assert "KillMode=process" in service.read_text()
    assert f"{tmp_path}/bin/wake --due" in service.read_text()
    timer.remove_timer(tmp_path)
    assert timer.timer_installed(tmp_path) is Timer.NONE


@pytest.mark.real
def test_wake_script_runs_this_interpreter_with_a_clean_environment(tmp_path: Path) -> None:
    state = tmp_path / 'it\'s a "state"'
    shown = tmp_path / "python"
    tool(shown, f"#!{sys.executable}\nimport os, sys; print(sys.argv[1:], dict(os.environ), os.getcwd())\n")
    script = timer.write_wake_script(state, {"LC_ALL": "C", "QUOTED": "a 'b' $c"}, str(shown))
    assert timer.write_wake_script(state, {"LC_ALL": "C", "QUOTED": "a 'b' $c"}, str(shown)) == script
    assert script.stat().st_mode & 0o777 == 0o700
    subprocess.run([str(script), "a campaign"], check=True, env={"SECRET": "x", "PYTHONPATH": "/nowhere"})
    assert (state / "wake.log").read_text() == (
        f"{['-P', '-m', 'rea.gate', str(state), 'a campaign']} {{'LC_ALL': 'C', 'QUOTED': \"a 'b' $c\"}} /\n"
    )
