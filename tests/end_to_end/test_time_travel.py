"""The story of time travel on a real screen: back, branch, compare, save, close, reopen, export what differs."""

from pathlib import Path

import pytest

from tests.end_to_end.conftest import Start
from tests.end_to_end.virtual_screen import Program

pytestmark = pytest.mark.end_to_end


def train(program: Program, steps: int) -> int:
    """Play until so many more steps are there, then park; the newest step."""
    newest = program.state["frontier"]
    program.key("space")
    program.wait(lambda: program.state["frontier"] >= newest + steps)
    program.key("space")
    program.wait_for(state="paused", parked=True)
    return int(program.state["frontier"])


def write(program: Program, name: str, text: str) -> None:
    """Replace the text of a field."""
    program.click(name, across=0.4)
    program.key("ctrl+a")
    program.type(text)


def save_in_dialog(program: Program, path: Path) -> None:
    """Type a path into the file dialog that is open."""
    program.wait(lambda: program.state["dialogs"])
    program.key("ctrl+a")
    program.type(str(path))
    program.key("Return")
    program.wait(path.exists)
    program.wait(lambda: program.state["message"] == f"Saved {path}")
    program.focus()


def test_back_branch_compare_save_reopen_and_export_the_difference(start: Start, tmp_path: Path) -> None:
    program = start()
    trained = train(program, 60)

    begin, end = program.place("timeline", 0.3, 0.36), program.place("timeline", 0.14, 0.36)
    for x, y, button in ((*begin, "mousedown"), (*end, "mouseup")):
        program.screen.xdotool("mousemove", str(x), str(y), button, "1")
    program.wait(lambda: program.state["clock"] == "paused" and 0 < program.state["step"] < trained)
    past = program.state["step"]
    program.key("Right", "Right", "Left")
    program.wait_for(step=past + 1, clock="paused", frontier=trained)

    program.key("p")
    program.wait(lambda: "compare_bar" in program.state["widgets"])
    program.key("b")
    program.wait(lambda: "branch_dialog" in program.state["dialogs"])
    write(program, "field_training.learning_rate", "0.02")
    program.wait(lambda: "0.02" in program.state["texts"].get("branch_difference", ""))
    program.click("branch_accept")
    program.wait_for(frontier=past + 1, parked=True, dialogs=[])
    program.focus()
    branched = train(program, 40)
    assert branched > past

    program.click("compare_sight", across=0.85)

    path = tmp_path / "run.tfviz"
    program.key("ctrl+s")
    save_in_dialog(program, path)
    assert program.quit() == 0

    program = start("--run", str(path))
    program.wait_for(frontier=branched, step=branched)
    assert "branch_button" in program.state["widgets"]
    program.key("Home")
    program.wait_for(step=0, clock="paused")
    program.key("p")
    program.wait(lambda: "compare_bar" in program.state["widgets"])
    program.key("End")
    program.wait_for(step=branched, clock="following")
    program.click("compare_sight", across=0.85)
    pictures = []
    for name in ("difference.png", "plain.png"):  # what is seen is what is offered; then without the mark
        program.key("ctrl+e")
        program.wait(lambda: "export_dialog" in program.state["dialogs"])
        program.wait(lambda: f"Step {branched}" in program.state["texts"].get("export_caption", ""))
        if pictures:
            program.click("export_difference", across=0.05)
        program.click("export_save")
        program.wait(lambda: len(program.state["dialogs"]) > 1)
        save_in_dialog(program, tmp_path / name)
        program.wait_for(dialogs=[])
        pictures.append((tmp_path / name).read_bytes())
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)
    assert pictures[0] != pictures[1]
    assert program.quit() == 0
