"""Pictures that were seen stand in for others of the same branch and sentence."""

from tests.views.hand_made import attention, prediction, snapshot
from tfviz.training.snapshot import Snapshot
from tfviz.training.tasks import Example
from tfviz.views.seen_pictures import SeenPictures

PROBE = Example("how are you", "how are you", "validation 1/64")


def whole(step: int) -> Snapshot:
    return snapshot(step, attention=attention(), prediction=prediction())


def test_the_nearest_picture_is_found() -> None:
    seen = SeenPictures()
    assert seen.nearest(0, PROBE, 5) is None
    for step in (3, 10, 40):
        seen.add(0, PROBE, whole(step))
    assert [seen.nearest(0, PROBE, step).step for step in (0, 6, 7, 24, 26, 900)] == [3, 3, 10, 10, 40, 40]


def test_another_branch_or_sentence_begins_anew() -> None:
    seen = SeenPictures()
    seen.add(0, PROBE, whole(3))
    other = PROBE._replace(source="who are you")
    assert seen.nearest(1, PROBE, 3) is None
    assert seen.nearest(0, other, 3) is None
    seen.add(1, PROBE, whole(5))
    assert seen.nearest(0, PROBE, 3) is None
    assert seen.steps == (5,)
    seen.add(1, other, whole(6))  # it reads the sentence before
    assert seen.steps == ()


def test_a_picture_that_lacks_something_is_not_kept() -> None:
    seen = SeenPictures()
    seen.add(0, PROBE, snapshot(3, attention=attention()))
    seen.add(0, PROBE, snapshot(4, prediction=prediction()))
    assert seen.steps == ()


def test_when_there_are_too_many_every_second_one_goes() -> None:
    size = sum(getattr(attention(), name).nbytes for name in ("encoder_self", "decoder_self", "cross"))
    seen = SeenPictures(memory=10 * size)
    for step in range(11):
        seen.add(0, PROBE, whole(step))
    assert seen.steps == (0, 2, 4, 6, 8, 10)
    for step in range(11, 100):
        seen.add(0, PROBE, whole(step))
    assert 5 <= len(seen.steps) <= 10
    assert seen.steps[0] == 0
