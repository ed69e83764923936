"""Parts of a model that training leaves as they are."""

from collections.abc import Iterable, Sequence

import numpy as np

from tfviz.core.parameters import Layout

Numbers = list[np.ndarray]


class Frozen:
    """Some parameters, and their moments: what an update made of them is taken back.

    Their gradients are computed all the same, shown, and part of the norm that clipping looks at.
    """

    def __init__(self, layout: Layout, names: Sequence[str], vectors: Iterable[np.ndarray]) -> None:
        """`names` as Layout.within; `vectors` are the flat ones that an update changes. ValueError for unknown ones."""
        self.names = tuple(dict.fromkeys(parameter for name in names for parameter in layout.within(name)))
        """Of the parameters."""
        entries = [layout.entries[parameter] for parameter in self.names]
        self._views: Numbers = [entry.view(vector) for vector in vectors for entry in entries]

    def numbers(self) -> Numbers:
        """Copies of what may not change."""
        return [view.copy() for view in self._views]

    def put_back(self, numbers: Numbers) -> None:
        for view, number in zip(self._views, numbers, strict=True):
            view[...] = number
