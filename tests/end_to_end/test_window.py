"""The real window on a screen: what a person does in the first minutes, by keys and by mouse."""

from pathlib import Path

import numpy
import pytest

from tests.end_to_end.conftest import Start
from tests.end_to_end.virtual_screen import Program, changed

pytestmark = pytest.mark.end_to_end


def park(program: Program) -> int:
    """Wait until training is parked; the step that is shown."""
    program.wait_for(state="paused", parked=True)
    step = program.state["step"]
    program.wait(lambda: program.state["texts"]["step_label"].startswith(f"Step {step:,}"))
    return int(step)


def still(program: Program) -> numpy.ndarray:
    """The screen once nothing moves any more."""
    pictures = [program.screen.pixels()]

    def settled() -> bool:
        pictures.append(program.screen.pixels())
        return changed(pictures[-1], pictures[-2]) == 0 and len(pictures) > 20

    program.wait(settled)
    return pictures[-1]


def test_keys_train_pause_step_and_quit(start: Start) -> None:
    program = start()
    untrained = still(program)
    assert program.state["step"] == 0
    program.key("space")
    program.wait(lambda: program.state["step"] > 30)
    program.key("space")
    trained = park(program)
    paused = still(program)
    assert changed(untrained, paused) > 10_000
    program.key("Right")
    program.wait_for(step=trained + 1, parked=True)
    assert changed(paused, still(program)) > 500
    program.key("Left", "Left")
    program.wait_for(step=trained - 1, parked=True, clock="paused")
    program.key("shift+Left")
    program.wait_for(step=trained - 11, parked=True)
    program.key("End")
    program.wait_for(step=trained + 1, clock="following")
    assert program.quit() == 0


def test_the_mouse_plays_goes_back_on_the_timeline_and_changes_the_theme(start: Start) -> None:
    program = start()
    program.click("play_pause_button")
    program.wait(lambda: program.state["step"] > 60)
    program.click("play_pause_button")
    trained = park(program)
    program.click("timeline", across=0.2, down=0.36)
    program.wait(lambda: program.state["clock"] == "paused" and program.state["step"] < trained)
    program.wait_for(parked=True, frontier=trained)
    program.click("live_chip")
    program.wait_for(step=trained, clock="following")
    dark = still(program)
    program.click("toggle_theme_button")
    program.wait_for(theme="light")
    light = still(program)
    assert light.mean() > dark.mean() + 80
    program.click("step_batch_button")
    program.wait_for(step=trained + 1, parked=True)
    program.click("restart_button")
    program.wait_for(step=0, frontier=0, parked=True)
    assert program.state["seed"] == 0
    assert program.quit() == 0


def test_a_paused_window_does_not_move(start: Start) -> None:
    program = start()
    program.key("space")
    program.wait(lambda: program.state["step"] > 20)
    program.key("space")
    park(program)
    paused = still(program)
    program.wait(lambda: True)
    assert changed(paused, still(program)) == 0
    assert program.quit() == 0


def test_attention_is_exported_through_the_file_dialog(start: Start, tmp_path: Path) -> None:
    program = start()
    program.key("Right")
    program.wait_for(step=1, parked=True)
    program.key("ctrl+e")
    program.wait(lambda: "export_dialog" in program.state["dialogs"])
    program.wait(lambda: program.state["texts"].get("export_caption", "Step 1").startswith("Step 1"))
    place = program.place("export_save")
    program.screen.xdotool("mousemove", str(place[0]), str(place[1]), "click", "1")
    path = tmp_path / "attention.png"
    program.wait(lambda: len(program.state["dialogs"]) > 1)
    program.key("ctrl+a")
    program.type(str(path))
    program.key("Return")
    program.wait(path.exists)
    program.wait(lambda: program.state["message"] == f"Saved {path}")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert program.quit() == 0


def test_typing_a_sentence_does_not_press_the_transport(start: Start) -> None:
    program = start()
    program.click("probe_edit")
    program.wait_for(focus="probe_edit")
    program.type("how are you")
    program.wait(lambda: program.state["texts"]["probe_edit"] == "how are you")
    assert program.state["step"] == 0
    program.key("Return")
    program.wait(lambda: "how are you" in program.state["texts"]["probe_label"])
    program.key("Escape")
    program.wait(lambda: program.state["focus"] != "probe_edit")
    program.key("Right")
    program.wait_for(step=1)
    assert program.quit() == 0


def test_quitting_in_the_middle_of_training_ends_with_0(start: Start) -> None:
    program = start()
    program.key("space")
    program.wait(lambda: program.state["step"] > 10)
    assert program.state["state"] == "running"
    assert program.quit() == 0


def test_control_c_in_the_terminal_closes_the_window(start: Start) -> None:
    import signal

    program = start()
    program.key("space")
    program.wait(lambda: program.state["step"] > 10)
    program.process.send_signal(signal.SIGINT)
    assert program.process.wait(30) == 130
