"""kill -9 of the real window while it trains, and what the next start makes of it."""

import re
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Start
from tfviz.training.record.run_library import RunLibrary
from tfviz.training.run_file import RunReader

pytestmark = pytest.mark.end_to_end


def test_a_killed_window_is_offered_its_run_which_goes_on_where_it_was(start: Start, tmp_path: Path) -> None:
    library = RunLibrary(tmp_path / "data" / "tfviz" / "runs")
    program = start("--set=training.epochs=5000")
    assert library.runs() == []
    program.key("space")
    program.wait(lambda: bool(library.runs()))
    (run,) = library.runs()
    assert run.claimed
    program.wait(lambda: len(RunReader(run.path).history(0)) > 50)
    program.close()
    recorded = len(RunReader(run.path).history(0))
    assert recorded > 50

    program = start()
    program.wait(lambda: "recovery_bar" in program.state["widgets"])
    text = program.state["texts"]["recovery_text"]
    assert re.fullmatch(rf"A run from \d\d:\d\d \(identity, {recorded:,} steps?\) was not saved\.", text)
    program.click("open_unsaved")
    program.wait_for(frontier=recorded, parked=True)
    program.wait(lambda: "recovery_bar" not in program.state["widgets"])
    program.focus()
    program.key("Right")
    program.wait_for(frontier=recorded + 1, parked=True)
    program.wait(lambda: len(RunReader(run.path).history(0)) == recorded + 1)
    program.key("ctrl+comma")
    program.wait_for(dialogs=["settings_dialog"])
    assert program.state["texts"]["runs_folder"] == str(library.folder)
    program.click("clear_runs")  # nothing but the run that is open: the button is off
    program.focus()
    assert program.quit() == 0
    assert len(RunReader(run.path).history(0)) == recorded + 1
    assert library.interrupted() == []
