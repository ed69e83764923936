"""The tensors of attention: projections read head by head, and numbers for every query and key of every head."""

from tfviz.core.blocks import blocks
from tfviz.core.tensor import Array, Features, Form, Saved, Tensor


class Heads(Tensor):
    """Some rows of a feature tensor read head by head: (batch, heads, position, width)."""

    axes = ("batch", "heads", "position", "width")

    def __init__(self, name: str, features: Features, first_row: int, heads: int, width: int) -> None:
        super().__init__(name)
        self.features, self.heads, self.width = features, heads, width
        self.batch, self.length = features.batch, features.length
        self.rows = slice(first_row, first_row + heads * width)

    @property
    def value_root(self) -> Tensor | None:
        return self.features.value_root

    @property
    def gradient_root(self) -> Tensor | None:
        return self.features.gradient_root

    def take_value(self, storage: Array) -> None:
        self.data = storage[self.rows]

    def take_gradient(self, storage: Array) -> None:
        self.d_data = storage[self.rows]

    def of(self, heads: slice, data: Array) -> Array:
        """What belongs to some heads in storage."""
        return data[heads.start * self.width : heads.stop * self.width]

    def per_head(self, data: Array) -> Array:
        """Storage, of all heads or some, as matrices (width, position), one for each of (heads, batch): a view."""
        return data.reshape(-1, self.width, self.batch, self.length).transpose(0, 2, 1, 3)

    def present(self, data: Array) -> Array:
        return data.reshape(self.heads, self.width, self.batch, self.length).transpose(2, 0, 3, 1)


class AttentionMap(Tensor):
    """A number for each query and key of each head: (batch, heads, query, key), stored (key, heads, batch, query).

    With the keys leading, a softmax reduces whole rows of contiguous numbers.
    """

    axes = ("batch", "heads", "query", "key")

    def __init__(self, name: str, heads: int, batch: int, queries: int, keys: int) -> None:
        super().__init__(name)
        self.shape = (keys, heads, batch, queries)

    @property
    def cuts(self) -> list[slice]:
        """The heads that are computed at a time: what belongs to them stays in the processor's cache."""
        keys, heads, batch, queries = self.shape
        return blocks(heads, keys * batch * queries)

    @property
    def form(self) -> Form:
        return self._form_of(self.shape[1])

    @property
    def piece_form(self) -> Form:
        return self._form_of(self.cuts[0].stop)

    def _form_of(self, heads: int) -> Form:
        keys, _, batch, queries = self.shape
        return Form(keys, heads * batch * queries, spread=True)

    @property
    def value_root(self) -> Tensor:
        return self

    @property
    def gradient_root(self) -> Tensor:
        return self

    def take_value(self, storage: Array) -> None:
        self.data = self._shaped(storage)

    def take_gradient(self, storage: Array) -> None:
        self.d_data = self._shaped(storage)

    def _shaped(self, storage: Array) -> Array:
        """Of all heads, or of those that there is room for."""
        keys, _, batch, queries = self.shape
        return storage.reshape(keys, -1, batch, queries)

    def of(self, heads: slice, data: Array) -> Array:
        """What belongs to some heads in storage; where that has room for one piece, as a piece."""
        return data[:, heads] if data.shape == self.shape else data[:, : heads.stop - heads.start]

    @staticmethod
    def per_head(data: Array) -> Array:
        """Storage, of all heads or some, as matrices (key, query), one for each of (heads, batch): a view."""
        return data.transpose(1, 2, 0, 3)

    def present(self, data: Array) -> Array:
        return data.transpose(2, 1, 3, 0)


class SavedMap(Saved):
    """A saved number for each query and key, under the axes of an AttentionMap and stored as that is."""

    def __init__(self, name: str, heads: int, batch: int, queries: int, keys: int) -> None:
        super().__init__(name, (keys, heads, batch, queries), AttentionMap.axes)

    def present(self, data: Array) -> Array:
        return data.transpose(2, 1, 3, 0)
