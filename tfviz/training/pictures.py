"""What is shown of a run: the sentence that is watched, and pictures of what the model makes of it."""

from dataclasses import replace

from tfviz.training.branching.branches import Line
from tfviz.training.config import with_shards
from tfviz.training.generation.playground import play
from tfviz.training.mailbox import Demand
from tfviz.training.model.inference import Reader
from tfviz.training.run import Run
from tfviz.training.snapshot import OptimiserState, Snapshot
from tfviz.training.tasks import Example

SAMPLES = 4
"""Other sentences shown beside the probe."""


class Pictures:
    """Takes snapshots, of the present step with the run's own reader, of another with one that stands there."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._config = with_shards(run.first_config, run.trainer.shards)
        self.probe: Example = run.task.probe()
        """The sentence that is watched."""
        self.unknown_words: tuple[str, ...] = ()
        """Those of its words that are not in the vocabulary."""
        self._samples = self._other_examples()

    def watch(self, probe: str | int) -> None:
        """As Session.set_probe."""
        task = self._run.task
        if isinstance(probe, int):
            example = task.example(probe)
        else:
            sentence = " ".join(probe.split())
            self._run.reader.encode(sentence)
            example = Example(sentence, task.expected(sentence) or "", "typed")
        self.unknown_words = tuple(task.source_tokenizer.unknown(example.source))
        self.probe = example

    def take(
        self,
        line: Line,
        reader: Reader,
        step: int,
        demand: Demand,
        update: OptimiserState | None = None,
        hurried: bool = False,
    ) -> Snapshot:
        """Of what a reader sees at a step of a branch, with the model that is in force there.

        What is measured for it stays in the branch's history: the ratios of the `update` that led to the step, and what
        the heads do; the latter not each time if it is `hurried`.
        """
        attention = prediction = None
        if demand.prediction:
            attention, prediction = reader.read(self.probe)
        elif demand.attention:
            attention = reader.read_attention(self.probe)
        if update is not None:
            ratios = dict(zip(update.groups, update.update_ratio.tolist(), strict=True))
            line.history.update_ratios.add(step, ratios)
        snapshot = Snapshot(
            step,
            self._config.training.seed,
            replace(self._config, model=line.config_after(step).model),
            attention,
            prediction,
            reader.read_samples(self._samples) if demand.samples else (),
            self.unknown_words,
            reader.read_flow(self.probe) if demand.flow else None,
            reader.read_stages(self.probe, demand.stages) if demand.stages else None,
            update,
            play(reader, demand.playground) if demand.playground else None,
        )
        self.keep_heads(line, snapshot, hurried)
        return snapshot

    def keep_heads(self, line: Line, snapshot: Snapshot, hurried: bool = False) -> None:
        """Put what the heads do in a picture into the history, if it is of the sentence that is watched now."""
        found = snapshot.attention
        if found is not None and (found.sentence, found.target) == (self.probe.source, self.probe.target):
            line.history.heads.look(snapshot.step, found, self._run.task, hurried)

    def _other_examples(self) -> tuple[Example, ...]:
        task, first = self._run.task, self._config.task.probe
        numbers = dict.fromkeys(
            (first + offset - 1) % task.example_count + 1 for offset in range(1, SAMPLES + 1)
        )
        return tuple(task.example(number) for number in numbers if number != first)
