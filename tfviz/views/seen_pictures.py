"""Pictures that were on the screen: one of them stands in while a step of the past takes long to compute."""

from dataclasses import replace

from tfviz.training.snapshot import Snapshot
from tfviz.training.tasks import Example

MEMORY = 24 * 2**20
"""Bytes of attention that are kept."""


class SeenPictures:
    """Whole pictures of one branch and one sentence by step, thinned evenly when there are too many."""

    def __init__(self, memory: int = MEMORY) -> None:
        self._memory = memory
        self._key: tuple[int, Example] | None = None
        self._pictures: dict[int, Snapshot] = {}
        self._size = 0

    @property
    def steps(self) -> tuple[int, ...]:
        return tuple(sorted(self._pictures))

    def clear(self) -> None:
        self._pictures.clear()
        self._size = 0

    def add(self, branch: int, probe: Example, picture: Snapshot) -> None:
        """Keep a picture of this branch if it is whole and reads this sentence."""
        if (branch, probe) != self._key:
            self._key = branch, probe
            self.clear()
        if picture.attention is None or picture.prediction is None or picture.step in self._pictures:
            return
        if picture.attention.sentence != probe.source:
            return
        if picture.stages is not None or picture.playground is not None:
            picture = replace(picture, stages=None, playground=None)  # of whatever was chosen then
        self._pictures[picture.step] = picture
        self._size += _size(picture)
        while self._size > self._memory and len(self._pictures) > 1:
            for step in self.steps[1::2]:
                self._size -= _size(self._pictures.pop(step))

    def nearest(self, branch: int, probe: Example, step: int) -> Snapshot | None:
        """The picture whose step is the nearest one."""
        if (branch, probe) != self._key or not self._pictures:
            return None
        return self._pictures[min(self._pictures, key=lambda seen: abs(seen - step))]


def _size(picture: Snapshot) -> int:
    maps = picture.attention
    return 0 if maps is None else maps.encoder_self.nbytes + maps.decoder_self.nbytes + maps.cross.nbytes
