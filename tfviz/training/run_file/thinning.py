"""Which recorded frames to give up under a budget: those whose loss leaves the steps behind the recent part even."""

import heapq
from collections.abc import Mapping

RECENT = 8
"""The newest frames of every branch, which stay as they are."""


def superfluous(
    frames: Mapping[tuple[int, int], int], most_bytes: int, most_frames: int
) -> list[tuple[int, int]]:
    """The frames, (branch, step), to delete so that the rest keeps to both limits; `frames` gives their bytes.

    A branch's first and last frame are kept whatever the budget says, and so are its newest ones as long as
    they leave half of it free. Of the others, the one whose neighbours are closest goes first, again and again.
    """
    excess, surplus = sum(frames.values()) - most_bytes, len(frames) - most_frames
    if excess <= 0 and surplus <= 0:
        return []
    recent = max(1, min(RECENT, most_bytes // (2 * max(frames.values(), default=1))))
    before, after = _neighbours(list(frames), recent)
    heap = [(after[frame][1] - before[frame][1], frame) for frame in before if frame in after]
    heapq.heapify(heap)
    removed = []
    while heap and (excess > 0 or surplus > 0):
        gap, frame = heapq.heappop(heap)
        if gap != after[frame][1] - before[frame][1]:
            continue  # a neighbour went, so that it stands elsewhere in the heap
        removed.append(frame)
        excess, surplus = excess - frames[frame], surplus - 1
        left, right = before[frame], after[frame]
        for neighbour, side, other in ((left, after, right), (right, before, left)):
            if neighbour in side:
                side[neighbour] = other
                if neighbour in before and neighbour in after:
                    heapq.heappush(heap, (after[neighbour][1] - before[neighbour][1], neighbour))
    return removed


def _neighbours(
    frames: list[tuple[int, int]], recent: int
) -> tuple[dict[tuple[int, int], tuple[int, int]], dict[tuple[int, int], tuple[int, int]]]:
    """The frame before and the one after, for those that may go; a frame that must stay is in neither."""
    before, after = {}, {}
    branches: dict[int, list[tuple[int, int]]] = {}
    for frame in sorted(frames):
        branches.setdefault(frame[0], []).append(frame)
    for own in branches.values():
        for position in range(1, len(own) - recent):
            before[own[position]] = own[position - 1]
            after[own[position]] = own[position + 1]
    return before, after
