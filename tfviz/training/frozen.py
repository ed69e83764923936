"""Parts of a model that training leaves as they are."""

from collections.abc import Iterable, Sequence

import numpy as np

from tfviz.core.parameters import Layout
from tfviz.training.model_settings import SOME_VOCABULARY, ModelSettings
from tfviz.training.rules import ConfigurationError

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


def check_frozen(model: ModelSettings, names: Iterable[str]) -> None:
    """ConfigurationError where training.frozen, here `names`, has what is no part of the model.

    Whether the vocabularies are shared, and so what is tied, is not known here: either will do.
    """
    shared = (True,) if model.architecture == "encoder" else (False, True)
    layouts = [Layout(model.model_config(SOME_VOCABULARY, SOME_VOCABULARY, one)) for one in shared]
    for name in names:
        if not any(_has(layout, name) for layout in layouts):
            raise ConfigurationError(
                "training.frozen",
                f"training.frozen has {name!r}, which is no part of the model: {', '.join(layouts[0].groups)}",
            )


def _has(layout: Layout, part: str) -> bool:
    try:
        return bool(layout.within(part))
    except ValueError:
        return False
