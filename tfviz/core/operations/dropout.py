"""Dropout, with masks that any step can draw again."""

import numpy as np

from tfviz.core.operation import Operation
from tfviz.core.storage import gradient, value
from tfviz.core.tensor import Tensor
from tfviz.core.workspace import Workspace


class Randomness:
    """One counter-based generator for all dropout masks of a program.

    A mask is a function of (seed, step, part of the batch, site) alone: the generator's counter is set to them,
    never advanced from step to step, so any step's masks can be drawn again in any order (Salmon et al. 2011).
    """

    def __init__(self, seed: int, part: int = 0) -> None:
        self.part = part
        self.step = 0
        self.sites = 0
        self._bits = np.random.Philox(key=[seed, 0x6D61736B])
        self._state = self._bits.state
        self.generator = np.random.Generator(self._bits)

    def new_site(self) -> int:
        """The number of another place that draws masks."""
        self.sites += 1
        return self.sites

    def uniform(self, site: int, out: np.ndarray) -> None:
        """Fill a float32 array with numbers in [0, 1) that belong to this step and site."""
        self._state["state"]["counter"][:] = (0, site, self.step, self.part)
        self._state["buffer_pos"] = 4
        self._bits.state = self._state
        self.generator.random(out=out, dtype=np.float32)


class Dropout(Operation):
    """y = x * mask, with mask 0 at the given rate and 1 / (1 - rate) elsewhere (Srivastava et al. 2014).

    dL/dx = dL/dy * mask. Every place that drops has an operation, and so a mask, of its own.
    """

    def __init__(
        self, name: str, x: Tensor, mask: Tensor, y: Tensor, rate: float, randomness: Randomness
    ) -> None:
        self.name, self.x, self.mask, self.y, self.rate, self.randomness = name, x, mask, y, rate, randomness
        self.site = randomness.new_site()
        self.inputs, self.outputs = (x,), (mask, y)
        self.remembers = (mask,)
        self.in_place = ((value(y), value(x)), (gradient(x), gradient(y)))

    def bind(self, workspace: Workspace) -> None:
        self.a, self.out, self.factors = self.x.data, self.y.data, self.mask.data
        self.uniform = np.zeros(self.a.shape, np.float32)
        self.kept = np.zeros(self.a.shape, np.bool_)
        if self.y.d_data is not None:
            self.d_y, self.d_x = self.y.gradient, self.x.gradient

    def forward(self) -> None:
        self.randomness.uniform(self.site, self.uniform)
        np.greater_equal(self.uniform, self.rate, out=self.kept)
        np.copyto(self.factors, self.kept)
        np.multiply(self.factors, 1.0 / (1.0 - self.rate), out=self.factors)
        np.multiply(self.a, self.factors, out=self.out)

    def backward(self) -> None:
        # y = x * mask
        np.multiply(self.d_y, self.factors, out=self.d_x)
