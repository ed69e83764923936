"""What the model is trained to make small."""

import numpy as np

from tfviz.core.operation import Operation
from tfviz.core.operations.mask import PADDING
from tfviz.core.tensor import Array, Features, Saved, SavedFeatures, Tokens
from tfviz.core.workspace import Workspace


class CrossEntropy(Operation):
    """L = the mean over the tokens that are not padding of -sum_v t[v] log p[v], with p = softmax(logits).

    t is the target's distribution: 1 - smoothing on the target token, plus smoothing / vocabulary on every token
    (Szegedy et al. 2016; as torch.nn.functional.cross_entropy has it). Since the t[v] of a position sum to one,

        dL/dlogits[v] = (p[v] - t[v]) / tokens,  and 0 at padding.

    `tokens`, how many there are to average over, is set before the pass: where a batch is split, each part averages
    over the tokens of the whole.
    """

    def __init__(
        self, name: str, logits: Features, target: Tokens, probabilities: SavedFeatures, loss: Saved, smoothing: float,
    ) -> None:  # fmt: skip
        self.name, self.logits, self.target, self.smoothing = name, logits, target, smoothing
        self.probabilities, self.loss = probabilities, loss
        self.inputs, self.outputs = (logits, target), (probabilities, loss)
        self.remembers = (probabilities,)
        for read_after_the_pass in (logits, probabilities, loss):
            read_after_the_pass.lasting = True
        self.tokens = 1

    def bind(self, workspace: Workspace) -> None:
        self.a, self.p = self.logits.data, self.probabilities.data
        self.vocabulary, columns = self.a.shape
        dtype = self.a.dtype
        self.ids = self.target.data.reshape(-1)
        self.column_numbers = np.arange(columns)
        self.ones = workspace.constant(1, (self.vocabulary,))
        self.largest = workspace.scratch((columns,))
        self.sums = workspace.scratch((columns,))
        self.share = np.zeros(columns, dtype)
        if self.logits.d_data is not None:
            self.d_a = self.logits.gradient
            self.loss.d_data = np.ones_like(self.loss.data)  # dL/dL, with which the backward pass begins

    def forward(self) -> None:
        np.maximum.reduce(self.a, axis=0, out=self.largest)
        np.subtract(self.a, self.largest, out=self.p)
        self.target_log = self.p[self.ids, self.column_numbers]  # log p[target] + log sum
        mean_log = self.p.mean(axis=0) if self.smoothing else 0.0
        np.exp(self.p, out=self.p)
        np.dot(self.ones, self.p, out=self.sums)
        np.divide(self.p, self.sums, out=self.p)
        np.copyto(self.share, self.ids != PADDING)
        np.divide(self.share, self.tokens, out=self.share)
        expected_log = (1.0 - self.smoothing) * self.target_log + self.smoothing * mean_log
        self.loss.data[0] = self.share @ (np.log(self.sums) - expected_log)

    def backward(self) -> None:
        # L = -sum_n share[n] sum_v t[v, n] log p[v, n]
        np.multiply(self.p, self.share, out=self.d_a)
        self.d_a[self.ids, self.column_numbers] -= (1.0 - self.smoothing) * self.share
        if self.smoothing:
            np.subtract(self.d_a, self.share * (self.smoothing / self.vocabulary), out=self.d_a)

    def correct(self) -> Array:
        """Where the target is the model's first choice, (batch, position) bool; of equal logits the first counts."""
        correct = self.target_log == 0.0
        ties = np.flatnonzero(correct & (self.p[self.ids, self.column_numbers] <= 0.5))
        if len(ties):
            correct[ties] = self.a[:, ties].argmax(axis=0) == self.ids[ties]
        return correct.reshape(self.target.data.shape)
