"""What the tests of the views share."""

from collections.abc import Iterator

import pytest

from tfviz.views.operations.step_debugger import StepDebugger


@pytest.fixture
def debugger() -> Iterator[StepDebugger]:
    """With a thread of its own, which ends with the test."""
    made = StepDebugger()
    yield made
    made.stop()
