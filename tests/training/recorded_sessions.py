"""A session and its file: all that has to come back of it, and when it is written."""

from tests.training.small_runs import fields, scalars
from tfviz.training.session import Session


def flush(session: Session) -> None:
    assert session._file.recording is not None
    session._file.recording.flush()


def everything(session: Session) -> dict[int, object]:
    """Of every branch: what it is, how it was configured, its scalars, and what its steps look like."""
    return {
        number: (
            line.branch,
            [line.config_after(step) for step in range(line.frontier + 1)],
            scalars(line.history),
            [fields(session.view(step, number)) for step in range(0, line.frontier + 1, 5)],
        )
        for number, line in session.lines.items()
    }
