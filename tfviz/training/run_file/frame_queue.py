"""Keyframes and snapshots on their way to the disk, in bounded memory."""

import math
import threading
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy

Key = tuple[str, int, int]
"""Kind, branch, step."""
Content = Callable[[], Mapping[str, numpy.ndarray]]


class Waiting(NamedTuple):
    """A frame that is not written yet; its arrays are made when it is its turn."""

    key: Key
    size: int
    content: Content
    optional: bool
    """Whether it may be left out where others are near."""


class FrameQueue:
    """First in, first out; a frame of the same key takes the place of one that waits.

    Where the disk is too slow, frames between the oldest and the newest are given up, evenly over the steps.
    """

    def __init__(self, most_bytes: float = 64 << 20) -> None:
        self.most_bytes = most_bytes
        self._frames: dict[Key, Waiting] = {}
        self._bytes = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._frames)

    def put(self, frame: Waiting) -> None:
        """Hand over a frame; its size is the memory that it holds, in bytes."""
        with self._lock:
            self._remove(frame.key)
            self._frames[frame.key] = frame
            self._bytes += frame.size
            while self._bytes > self.most_bytes and self._give_up_one():
                pass

    def spare(self, most_bytes: float, most_frames: float) -> None:
        """Give up optional frames, evenly, so that about as many wait as the limits say; the newest always stays."""
        with self._lock:
            optional = [frame for frame in self._frames.values() if frame.optional]
            size = sum(frame.size for frame in optional)
            every = math.ceil(max(size / max(most_bytes, 1), len(optional) / max(most_frames, 1)))
            kept = {frame.key for frame in optional[:: -max(every, 1)]}
            for frame in optional:
                if frame.key not in kept:
                    self._remove(frame.key)

    def first(self) -> Waiting | None:
        """The oldest frame, which stays until it is dropped."""
        with self._lock:
            return next(iter(self._frames.values()), None)

    def drop(self, frame: Waiting) -> None:
        """Let go of a frame, unless a newer one took its place meanwhile."""
        with self._lock:
            if self._frames.get(frame.key) is frame:
                self._remove(frame.key)

    def drop_branch(self, branch: int) -> None:
        """Let go of all frames of a branch."""
        with self._lock:
            for key in [key for key in self._frames if key[1] == branch]:
                self._remove(key)

    def _give_up_one(self) -> bool:
        """Of the kind and branch that takes most memory, the frame whose neighbours are closest; False for none."""
        groups: dict[tuple[str, int], list[Waiting]] = {}
        for frame in self._frames.values():
            groups.setdefault(frame.key[:2], []).append(frame)
        frames = max(groups.values(), key=lambda group: sum(frame.size for frame in group))
        if len(frames) < 3:
            return False
        gaps = [after.key[2] - before.key[2] for before, after in zip(frames, frames[2:], strict=False)]
        self._remove(frames[1 + gaps.index(min(gaps))].key)
        return True

    def _remove(self, key: Key) -> None:
        frame = self._frames.pop(key, None)
        if frame is not None:
            self._bytes -= frame.size
