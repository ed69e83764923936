"""A step taken apart on a real screen: through an attention block and back, to where a gradient came from, and on."""

import time

import pytest

from tests.end_to_end.conftest import Start
from tests.end_to_end.virtual_screen import Program

pytestmark = pytest.mark.end_to_end

FIRST_ROW = 38
"""Pixels down a table to the middle of its first row."""
ATTENTION = ("in_proj", "scores", "weights", "context", "output")
BACKWARD = "decoder.layers.1.multihead_attn"


def text(program: Program, name: str) -> str:
    return str(program.state["texts"].get(name, ""))


def begin(program: Program) -> int:
    """Train, pause and open the next step; its number."""
    program.key("space")
    program.wait(lambda: program.state["step"] > 20)
    program.key("space")
    program.wait_for(state="paused", parked=True)
    program.key("period")
    step = int(program.state["step"]) + 1
    program.wait(
        lambda: text(program, "operation_position").startswith(f"step {step}, before operation 1 of")
    )
    return step


def press_until(program: Program, key: str, operation: str, most: int = 30) -> None:
    """Go by one operation at a time until this one was the last."""
    for _ in range(most):
        before = text(program, "operation_position")
        program.key(key)
        program.wait(lambda before=before: text(program, "operation_position") != before)
        if text(program, "operation_last") == operation:
            return
    raise AssertionError(f"{operation} did not come; at {text(program, 'operation_last')}")


def appears(program: Program, name: str, seconds: float = 1.5) -> bool:
    """Whether a widget is there soon."""
    until = time.monotonic() + seconds
    while name not in program.state["widgets"]:
        if time.monotonic() > until:
            return False
        time.sleep(0.03)
    return True


def walk_on(program: Program, walked: int) -> None:
    """To the source of the largest term: along its row in the table, to the first number that leads on."""
    x, y = program.place("term_table", 0.0, 0.0)
    program.screen.xdotool("mousemove", str(x + 60), str(y + FIRST_ROW), "click", "1")
    for _ in range(6):
        program.key("Right", "Return")
        if appears(program, f"walk_{walked}"):
            return
    raise AssertionError(f"no number leads on; {sorted(program.state['widgets'])}")


def test_step_through_attention_walk_back_from_a_gradient_check_it_and_resume(start: Start) -> None:
    program = start()
    step = begin(program)

    for part in ATTENTION:
        press_until(program, "period", f"encoder.layers.0.self_attn.{part} (forward)")
    press_until(program, "comma", "encoder.layers.0.self_attn.context (forward)", most=1)
    assert text(program, "operation_loss") == "loss not computed yet"

    program.click("run_to_loss_in_panel")
    program.wait(lambda: text(program, "operation_last") == "loss (forward)")
    assert float(text(program, "operation_loss").removeprefix("loss ")) > 0
    press_until(program, "period", f"{BACKWARD}.weights (backward)")
    press_until(program, "period", f"{BACKWARD}.scores (backward)", most=1)

    program.click("operation_tensor_0_gradient")
    program.wait(lambda: "gradient_map" in program.state["widgets"])
    program.click("inspector_tabs:Cell")
    program.wait(lambda: "provenance_view" in program.state["widgets"])  # the maps have made room for it
    program.click("gradient_map", across=0.5, down=0.25)  # right of the longest words before its rows
    program.wait(lambda: text(program, "cell_formula") != "")
    for walked in (1, 2):
        walk_on(program, walked)

    program.click("inspector_tabs:Check")
    program.wait(lambda: any(name.startswith("parameter_transformer") for name in program.state["widgets"]))
    program.click(next(name for name in program.state["widgets"] if name.startswith("parameter_transformer")))
    program.wait(lambda: text(program, "check_note").startswith("Click a cell"))
    program.click("value_map", across=0.4, down=0.4)
    verdicts = ("They agree", "A ReLU switches", "Apart by no more")
    program.wait(lambda: text(program, "check_note").removeprefix("\N{CHECK MARK} ").startswith(verdicts))

    assert text(program, "operation_position").startswith(f"step {step}, after operation")
    program.click("play_pause_button")
    program.wait(lambda: program.state["step"] > step + 5 and not text(program, "operation_position"))
    program.click("play_pause_button")
    program.wait_for(state="paused", parked=True)
    assert program.quit() == 0
