"""Where branches left, as marks of the timeline."""

from collections.abc import Mapping

from tfviz.training.branching.branches import Line, shared_past
from tfviz.views.curves.branch_texts import branch_difference
from tfviz.views.timeline.markers import Marker


def branch_marks(lines: Mapping[int, Line], current: int) -> list[Marker]:
    """On the way that the current branch took: where it left its parent, and where others left it."""
    branches = {number: line.branch for number, line in lines.items()}
    marks = []
    for number, line in lines.items():
        fork, parent = line.branch.fork, line.branch.parent
        if parent is not None and (number == current or shared_past(branches, number, current) >= fork):
            text = f"{line.branch.name} leaves {branches[parent].name}: {branch_difference(line)}"
            marks.append(Marker(fork, "branch", text, number))
    return marks
