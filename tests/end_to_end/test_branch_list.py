"""The list of branches on a real screen, where it opens above its button and takes the mouse."""

import pytest

from tests.end_to_end.conftest import Start

pytestmark = pytest.mark.end_to_end


def test_branches_are_listed_switched_to_and_deleted_by_mouse(start: Start) -> None:
    program = start()
    program.key("Right", "Right", "Right")
    program.wait_for(step=3, parked=True)
    assert "branch_button" not in program.state["widgets"]
    program.key("b")
    program.wait(lambda: "branch_dialog" in program.state["dialogs"])
    program.click("branch_accept")
    program.wait(lambda: "branch_button" in program.state["widgets"])
    program.wait_for(dialogs=[])
    program.focus()
    program.key("Right")
    program.wait_for(step=4, parked=True)

    program.click("branch_button")
    program.wait_for(dialogs=["branch_list"])
    program.click("delete_branch_1")
    refusal = "Branch 'again' cannot be deleted: it is the main or the current one."
    program.wait(lambda: program.state["texts"].get("branch_message") == refusal)
    program.click("switch_branch_0")
    program.wait_for(step=3, frontier=3, dialogs=[], message="Branch main, recorded up to step 3")

    program.click("branch_button")
    program.wait_for(dialogs=["branch_list"])
    program.key("Escape")
    program.wait_for(dialogs=[])
    program.click("branch_button")
    program.wait_for(dialogs=["branch_list"])
    program.click("delete_branch_1")
    program.wait_for(dialogs=["delete_branch"])
    program.click("delete_branch_accept")
    program.wait_for(dialogs=[], message="Deleted branch again")
    assert "branch_button" not in program.state["widgets"]
    assert program.quit() == 0
