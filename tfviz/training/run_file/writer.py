"""Recording the run of any trainer, so that tfviz shows it, live or afterwards.

    import tfviz

    with tfviz.RunWriter("run.tfviz", {"name": "my model", "seed": 0}, source_tokens, target_tokens) as run:
        for step, batch in enumerate(batches, 1):
            ...
            run.scalars(step, loss=loss, learning_rate=rate, gradient_norm=norm)
            if step % 100 == 0:
                run.snapshot(step, source, target, encoder_self, decoder_self, cross, predictions)
            if step % 1000 == 0:
                run.keyframe(step, model.state_dict())

Writing happens in a thread of its own, at least once a second; no call waits for a disk. Another program may
read the file meanwhile (`tfviz --run run.tfviz`).
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any, Self

from tfviz.training.config import RunConfig
from tfviz.training.run_file.branch import MAIN, Branch
from tfviz.training.run_file.errors import RunFileError
from tfviz.training.run_file.foreign import ForeignConfig
from tfviz.training.run_file.foreign_snapshot import foreign_snapshot
from tfviz.training.run_file.packing import plain_array
from tfviz.training.run_file.reader import RunReader
from tfviz.training.run_file.recorder import BUDGET, Recorder, Warn
from tfviz.training.run_file.rows import Backlog
from tfviz.training.run_file.schema import OURS

WIDEST_GAP = 10_000_000
"""Steps without scalars that a run may have in a row; more is a mistake, such as a time in place of a step."""
MOST_WAITING = 1 << 20


class RunWriter:
    """A run file that another trainer writes. Close it, or use it in a `with` block.

    Steps: 0 is the state before the first update; scalars of step t belong to the batch whose update leads from
    t - 1 to t, snapshots and keyframes of step t to the state after t updates.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        config: RunConfig | Mapping[str, Any],
        source_tokens: Sequence[str] = (),
        target_tokens: Sequence[str] = (),
        *,
        trainer: str = "another trainer",
        overwrite: bool = False,
        resume: bool = False,
        budget: int = BUDGET,
        warn: Warn | None = None,
    ) -> None:
        """Make the file, with a configuration (anything that JSON can hold; "name", "description" and "seed"
        are shown) and the tokens by their ids.

        With `resume`, go on in a file of the same trainer that exists; scalars of steps that it has already are
        left as they are. `warn(text, step)` hears, in another thread, when the disk fails: training is not
        disturbed, and the file catches up once it can be written again. Behind the recent part, snapshots and
        keyframes are thinned evenly so that the file stays within `budget` bytes.

        FileExistsError where there is a file and neither `overwrite` nor `resume` is asked for; OSError where
        the folder cannot be written; ValueError for a configuration that JSON cannot hold; RunFileError where
        the file to resume is none.
        """
        if trainer == OURS:
            raise ValueError(f"trainer cannot be {OURS!r}: its runs are trained further by tfviz itself")
        self._source_tokens, self._target_tokens = _tokens(source_tokens), _tokens(target_tokens)
        self._recorded = 0
        if resume and os.path.exists(path):
            self._recorded = _recorded_steps(path, trainer)
            self._recorder = Recorder(path, budget, warn)
        else:
            tokens = self._source_tokens, self._target_tokens
            self._recorder = Recorder.create(
                path, config, *tokens, overwrite=overwrite, trainer=trainer, budget=budget, warn=warn
            )
        self._config = config if isinstance(config, RunConfig) else ForeignConfig(dict(config))
        self._last = self._recorded
        self._names: set[str] = set()
        self._backlog = Backlog()
        self._recorder.follow(Branch(config=self._config), self._backlog)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def path(self) -> str:
        """Where the file is, without links."""
        return self._recorder.path

    @property
    def problem(self) -> str | None:
        """Why nothing is recorded at present, in one sentence; None as long as all is well."""
        return self._recorder.problem

    def scalars(self, step: int, **values: float) -> None:
        """Numbers of a step, from 1 on. Steps may be left out; a step may come again, with further numbers,
        until the next.

        Curves that tfviz draws: loss, token_accuracy, sequence_accuracy (0 to 1), learning_rate, gradient_norm,
        step_time (seconds), the first three also with the prefix validation_, and gradient_norm/GROUP for a
        group of parameters (pass it as **{"gradient_norm/encoder": 0.3}). Any other name is kept and exported.
        ValueError for a step that goes back, and for what is no number.
        """
        step = _step(step, 1)
        if step <= self._recorded:
            return
        if step < self._last:
            raise ValueError(
                f"step {step} comes after step {self._last}: scalars are recorded in the order of the steps"
            )
        if step - self._last > WIDEST_GAP:
            raise ValueError(
                f"step {step} comes after step {self._last}: a gap of more than {WIDEST_GAP} steps"
            )
        numbers = self._numbers(values)
        if (
            len(self._backlog) > MOST_WAITING
        ):  # only where rows come faster than a disk that works can take them
            self._recorder.flush()
        self._backlog.append(step, numbers)
        self._last = step

    def snapshot(
        self,
        step: int,
        source: Sequence[str] | Sequence[int],
        target: Sequence[str] | Sequence[int],
        encoder_self: Any,
        decoder_self: Any,
        cross: Any,
        predictions: Any = None,
        *,
        sentence: str | None = None,
        origin: str = "probe",
    ) -> None:
        """Attention and predictions of one sentence pair after `step` updates.

        `source` and `target` are tokens, as texts or as ids. Attention weights are arrays (layer, head, query,
        key), or lists with an array (head, query, key) for each layer: encoder_self (source by source),
        decoder_self (target by target), cross (target by source). A `target` that has one token more than the
        decoder's rows is taken whole, <s> ... </s>: the decoder read all but the last, and should have said all
        but the first.

        `predictions`, for each row of the decoder: the most probable token (text or id), or the probabilities
        of all target tokens, (position, vocabulary). Tensors of PyTorch are taken as they are. ValueError where
        shapes do not fit.
        """
        snapshot = foreign_snapshot(
            _step(step, 0),
            self._config,
            (self._source_tokens, self._target_tokens),
            (source, target),
            (encoder_self, decoder_self, cross),
            predictions,
            sentence,
            origin,
        )
        self._recorder.snapshot(MAIN, snapshot)

    def keyframe(self, step: int, parameters: Mapping[str, Any]) -> None:
        """Parameters after `step` updates: arrays or tensors under any names; they are copied. ValueError for
        others.
        """
        arrays = {str(name): plain_array(str(name), value) for name, value in parameters.items()}
        self._recorder.keyframe(MAIN, _step(step, 0), arrays)

    def _numbers(self, values: Mapping[str, Any]) -> dict[str, float]:
        """Checked once for every name, and for every number only where one is none: this runs at every step."""
        for name in values.keys() - self._names:
            if not name.isprintable() or not 0 < len(name) <= 200:
                raise ValueError(f"{name[:50]!r} is no name of a curve: 1 to 200 printable characters")
            self._names.add(name)
        try:
            return dict(zip(values, map(float, values.values()), strict=True))
        except (TypeError, ValueError, OverflowError):
            return {name: _number(name, value) for name, value in values.items()}

    def flush(self) -> bool:
        """Wait until all is in the file; False where the disk fails. Not needed in general."""
        return self._recorder.flush()

    def close(self) -> None:
        """Write what waits and leave one file. Nothing can be recorded afterwards."""
        self._recorder.close()


def _recorded_steps(path: str | os.PathLike[str], trainer: str) -> int:
    reader = RunReader(path)
    if reader.trainer != trainer:
        raise RunFileError(f"{os.fspath(path)} was written by {reader.trainer}, not by {trainer}")
    return len(reader.history())


def _tokens(tokens: Sequence[str]) -> tuple[str, ...]:
    if isinstance(tokens, str) or not all(isinstance(token, str) for token in tokens):
        raise ValueError("a vocabulary is a sequence of texts, in the order of their ids")
    return tuple(tokens)


def _step(step: Any, first: int) -> int:
    try:
        number = step.__index__()
    except (AttributeError, TypeError):
        raise ValueError(f"{step!r} is no step: steps are whole numbers from {first} on") from None
    if number < first:
        raise ValueError(f"step {number} cannot have this: it begins with step {first}")
    return int(number)


def _number(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} is {value!r:.50}, not a number") from None
