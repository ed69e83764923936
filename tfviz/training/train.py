"""Training with a log like that of the original train.py: the loss, and what the model makes of a sentence."""

from collections.abc import Callable, Sequence

import numpy as np

from tfviz.training.counted import counted
from tfviz.training.data.pair_formats import Pair
from tfviz.training.session import Session
from tfviz.training.tokens.tokenizer import Tokenizer

EPOCHS_BETWEEN, STEPS_BETWEEN = 10, 100
"""Between two entries of the log, unless asked otherwise: where data are finite, and where they have no end."""

MOST_DECODED = 1000
"""So many sentences are decoded at the end; more would take longer than training a small model."""

Write = Callable[[str], None]


def train(
    session: Session, log: "Log | None" = None, interrupted: Callable[[], bool] = lambda: False
) -> None:
    """Train to the end of the run in the caller's thread, or until `interrupted`, asked between two steps, says so."""
    total = session.total_steps
    if total is None:
        raise ValueError(
            "the run has no last step: give a number of steps, or of epochs where data are finite"
        )
    while session.step < total and not interrupted():
        session.train(1)
        if log is not None:
            log.after_step()


def last_step(session: Session) -> int:
    """Where the run ends; ValueError where it does not."""
    if session.total_steps is None:
        raise ValueError(
            "the run has no last step: give a number of steps, or of epochs where data are finite"
        )
    return session.total_steps


class Log:
    """Writes an entry after every so many epochs or, where data have no end, steps; and after the last one."""

    def __init__(self, session: Session, every: int | None = None, write: Write = print) -> None:
        self.session, self.write = session, write
        self.per_epoch = session.task.steps_per_epoch
        self.unit, self.steps = ("Epoch", self.per_epoch) if self.per_epoch else ("Step", 1)
        self.every = every or (EPOCHS_BETWEEN if self.per_epoch else STEPS_BETWEEN)
        self._logged = session.step

    def after_step(self) -> None:
        count, rest = divmod(self.session.step, self.steps)
        is_last = self.session.step == self.session.total_steps
        if is_last or (rest == 0 and (count % self.every == 0 or count == 1)):
            self.entry()

    def entry(self) -> None:
        """Progress with the mean training loss, of the epoch or since the last entry; a sentence and its answer."""
        step, total = self.session.step, self.session.total_steps
        done, of = (-(-number // self.steps) for number in (step, total or step))
        loss = (
            last_epoch_loss(self.session) if self.per_epoch else mean_loss(self.session, self._logged, step)
        )
        self._logged = step
        self.write(f"{self.unit} {done}/{of} - Loss: {loss:7.4f}")
        for name, tokens in zip(("Input", "Prediction", "Target"), answered(self.session), strict=True):
            self.write(f"{name + ':':<11} {tokens}")


def introduction(session: Session) -> str:
    """What is going to be trained, in a line."""
    task, total = session.task, session.total_steps
    facts = [f"task {session.config.task.name}"]
    if task.pairs:
        facts.append(f"{len(task.pairs):,} training sentences in {task.steps_per_epoch:,} batches")
    if task.validation:
        facts.append(f"{len(task.validation):,} held out")
    facts += [f"{session.parameter_count:,} parameters", f"seed {session.seed}"]
    facts.append("no end" if total is None else counted(total, "step"))
    if session.step:
        facts.append("all done" if session.step == total else f"{session.step:,} of them done")
    return ", ".join(facts)


def answered(session: Session) -> tuple[list[str], list[str], list[str]]:
    """The tokens of the watched sentence, of the model's own answer (free-running), and of the right one."""
    source = session.reader.encode(session.probe.source)
    answer = [token for token, _ in session.reader.free_running([source])[0]]
    target = session.task.target_tokenizer.encode(session.probe.target)[1:]
    texts = session.task.target_tokenizer
    return _texts(session.task.source_tokenizer, source), _texts(texts, answer), _texts(texts, target)


def mean_loss(session: Session, start: int, stop: int) -> float:
    """Mean of the training losses of the steps after `start` up to `stop`, each taken before its update."""
    return float(np.mean(session.history.column("loss")[start:stop])) if stop > start else float("nan")


def last_epoch_loss(session: Session) -> float:
    """Mean training loss over the steps so far of the epoch that the present step belongs to."""
    length = session.task.steps_per_epoch or 1
    start = (session.step - 1) // length * length
    return mean_loss(session, max(start, 0), session.step)


def exact_answers(session: Session, pairs: Sequence[Pair], at_once: int = 64) -> int:
    """How many of the pairs the model answers word for word, decoding free-running."""
    exact = 0
    for start in range(0, len(pairs), at_once):
        piece = pairs[start : start + at_once]
        answers = session.reader.predict([source for source, _ in piece])
        exact += sum(answer == target for answer, (_, target) in zip(answers, piece, strict=True))
    return exact


def summary(session: Session, first_step: int, seconds: float) -> list[str]:
    """What was reached, in a few lines: all figures of the present state, decoded and counted now."""
    step, steps = session.step, session.step - first_step
    rate = f": {steps / seconds:.1f} steps per second" if steps else ""
    lines = [f"{counted(steps, 'step')} in {seconds:.1f} s{rate}"]
    if step:
        per_epoch = session.task.steps_per_epoch
        if per_epoch:
            lines.append(
                f"Mean training loss of epoch {-(-step // per_epoch)}: {last_epoch_loss(session):.6f}"
            )
        else:
            start = max(0, step - STEPS_BETWEEN)
            lines.append(
                f"Mean training loss of steps {start + 1} to {step}: {mean_loss(session, start, step):.6f}"
            )
    for name, pairs in (("training", session.task.pairs), ("validation", session.task.validation)):
        if pairs:
            some = pairs[:MOST_DECODED]
            first = "" if len(some) == len(pairs) else f"the first {len(some):,} of "
            exact = exact_answers(session, some)
            lines.append(
                f"Reproduced exactly, free-running: {exact:,} of {first}{len(pairs):,} {name} sentences"
            )
    return lines


def _texts(tokenizer: Tokenizer, ids: Sequence[int]) -> list[str]:
    return [tokenizer.token(number) for number in ids]
