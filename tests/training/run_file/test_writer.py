import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy
import pytest

import tfviz
from tests.training.run_file.runs import CONFIG, TOKENS, foreign_run, record_run, same_arrays
from tfviz.training.run_file import RunFileError, RunReader, RunWriter

SOURCE, TARGET = ("<s>", "how", "are", "</s>"), ("<s>", "you", "grün", "</s>")
ENCODER, DECODER, CROSS = (numpy.full(shape, 0.25) for shape in ((2, 3, 4, 4), (2, 3, 3, 3), (2, 3, 3, 4)))


def writer(path: Path, **options: Any) -> RunWriter:
    return RunWriter(path / "run.tfviz", {"name": "theirs", "seed": 5}, TOKENS, TOKENS, **options)


def read(path: Path) -> RunReader:
    return RunReader(path / "run.tfviz")


def test_the_public_name_is_the_package_s() -> None:
    assert tfviz.RunWriter is RunWriter


def test_what_another_trainer_records_comes_back(tmp_path: Path) -> None:
    weights = {"any name, even 'this'; DROP TABLE run": numpy.arange(6.0).reshape(2, 3), "count": 3}
    with writer(tmp_path, trainer="PyTorch") as run:
        for step in range(1, 2501):
            run.scalars(step, loss=1 / step, **{"gradient_norm/encoder": step / 7})
        run.keyframe(2500, weights)
        run.snapshot(2500, SOURCE, TARGET, ENCODER, DECODER, CROSS, ["you", "grün", "</s>"])
    reader = read(tmp_path)
    assert (reader.foreign, reader.trainer, reader.seed, reader.config.name) == (True, "PyTorch", 5, "theirs")
    assert reader.config.to_dict() == {"name": "theirs", "seed": 5}
    assert numpy.array_equal(reader.history()["loss"], 1 / numpy.arange(1, 2501))
    assert reader.history().groups == ("encoder",)
    assert same_arrays(
        reader.keyframe(0, 2500), {name: numpy.asarray(value) for name, value in weights.items()}
    )
    found = reader.snapshot_at_or_before(0, 9999)
    assert found is not None
    assert found.attention is not None and found.prediction is not None
    assert found.attention.source_tokens == SOURCE
    assert found.attention.target_tokens == TARGET[:-1]
    assert numpy.array_equal(found.attention.cross, CROSS)
    assert found.prediction.target_tokens == TARGET[1:]
    assert found.prediction.teacher_forced is not None
    assert found.prediction.teacher_forced.tokens == ("you", "grün", "</s>")
    assert (found.prediction.sentence, found.prediction.target) == ("how are", "you grün")
    assert found.config.to_dict() == reader.config.to_dict()
    assert reader.snapshot_at_or_before(0, 2499) is None


def test_a_run_configuration_may_be_given_too(tmp_path: Path) -> None:
    RunWriter(tmp_path / "run.tfviz", CONFIG, TOKENS, TOKENS).close()
    assert (read(tmp_path).config, read(tmp_path).foreign) == (CONFIG, True)


def test_probabilities_become_candidates(tmp_path: Path) -> None:
    probabilities = numpy.full((3, len(TOKENS)), 0.02)
    for row, token in enumerate((6, 7, 2)):
        probabilities[row, token] = 1 - 0.02 * (len(TOKENS) - 1)
    with writer(tmp_path) as run:
        run.snapshot(0, SOURCE, TARGET, ENCODER, DECODER, CROSS, probabilities)
    decoded = read(tmp_path).snapshot(0, 0).prediction.teacher_forced
    assert decoded is not None
    assert decoded.tokens == ("you", "grün", "</s>")
    assert decoded.candidates[0] == ("you", "<pad>", "<s>", "</s>", "<unk>", "how", "are", "grün")
    assert numpy.allclose(decoded.probabilities, 0.86)


def test_ids_layer_lists_and_the_decoder_s_input_alone_do_as_well(tmp_path: Path) -> None:
    ids = numpy.array([1, 4, 5, 2])
    with writer(tmp_path) as run:
        run.snapshot(0, ids, [1, 6, 7], list(ENCODER), list(DECODER), list(CROSS), numpy.array([6, 7, 2]))
        run.snapshot(1, ids, [1, 6, 7], list(ENCODER), list(DECODER), list(CROSS))
    found = read(tmp_path).snapshot(0, 0)
    assert found.attention is not None and found.prediction is not None
    assert (found.attention.source_tokens, found.attention.target_tokens) == (SOURCE, TARGET[:-1])
    assert found.prediction.target_tokens == ()
    assert found.prediction.teacher_forced is not None
    assert found.prediction.teacher_forced.tokens == ("you", "grün", "</s>")
    assert read(tmp_path).snapshot(0, 1).prediction.teacher_forced is None


class Tensor:
    """What RunWriter asks of a tensor of PyTorch, which refuses NumPy while it needs a gradient or lies on a device."""

    def __init__(self, values: Any, dtype: str = "torch.float32", ready: bool = False) -> None:
        self.values, self.dtype, self.ready = values, dtype, ready

    def detach(self) -> "Tensor":
        return self

    def cpu(self) -> "Tensor":
        return Tensor(self.values, self.dtype, True)

    def float(self) -> "Tensor":
        return Tensor(self.values, ready=self.ready)

    def __array__(self, dtype: Any = None, copy: Any = None) -> numpy.ndarray:
        assert self.ready and self.dtype != "torch.bfloat16"
        return numpy.array(self.values, dtype)


@pytest.mark.parametrize("dtype", ["torch.float32", "torch.bfloat16"])
def test_tensors_are_taken_as_they_are(tmp_path: Path, dtype: str) -> None:
    with writer(tmp_path) as run:
        run.keyframe(0, {"weight": Tensor([[1.0, 2.0]], dtype)})
        run.snapshot(
            0, SOURCE, TARGET, *([Tensor(layer) for layer in maps] for maps in (ENCODER, DECODER, CROSS))
        )
    assert numpy.array_equal(read(tmp_path).keyframe(0, 0)["weight"], [[1, 2]])
    assert numpy.array_equal(read(tmp_path).snapshot(0, 0).attention.cross, CROSS)


def test_parameters_are_copied(tmp_path: Path) -> None:
    weight = numpy.zeros(3)
    with writer(tmp_path) as run:
        run.keyframe(0, {"weight": weight})
        weight += 1
    assert not read(tmp_path).keyframe(0, 0)["weight"].any()


def test_a_step_may_come_again_with_further_numbers(tmp_path: Path) -> None:
    with writer(tmp_path) as run:
        reader = read(tmp_path)
        found = reader.history()
        for step in range(1, 1100):
            run.scalars(step, loss=step)
            if step in (3, 1024, 1025, 1099):
                run.flush()
                reader.refresh()
                run.scalars(step, validation_loss=2 * step)
                run.flush()
                reader.refresh()
                assert found["validation_loss"][step - 1] == 2 * step
    assert numpy.array_equal(found["loss"], numpy.arange(1, 1100))
    assert numpy.array_equal(
        read(tmp_path).history()["validation_loss"], found["validation_loss"], equal_nan=True
    )


def test_steps_may_be_left_out(tmp_path: Path) -> None:
    steps = [10, 20, 30, 1024, 1025, 5000, 5001, 123_456]
    with writer(tmp_path) as run:
        for number, step in enumerate(steps):
            run.scalars(step, loss=step)
            if number % 2:
                run.flush()
    loss = read(tmp_path).history()["loss"]
    assert len(loss) == 123_456
    assert numpy.flatnonzero(~numpy.isnan(loss)).tolist() == [step - 1 for step in steps]
    assert (tmp_path / "run.tfviz").stat().st_size < 1 << 18


@pytest.mark.parametrize(
    ("step", "values", "message"),
    [
        (0, {"loss": 1.0}, "step 0 cannot have this: it begins with step 1"),
        (4, {"loss": 1.0}, "step 4 comes after step 5"),
        (1.5, {"loss": 1.0}, "1.5 is no step"),
        (6, {"loss": "high"}, "loss is 'high', not a number"),
        (6, {"loss": [1, 2]}, r"loss is \[1, 2\], not a number"),
        (6, {"": 1.0}, "'' is no name of a curve"),
        (6, {"a\0b": 1.0}, "no name of a curve"),
        (6, {"x" * 300: 1.0}, "no name of a curve"),
        (10**18, {"loss": 1.0}, "a gap of more than 10000000 steps"),
    ],
)
def test_scalars_that_cannot_be_are_refused(
    tmp_path: Path, step: Any, values: dict[str, Any], message: str
) -> None:
    with writer(tmp_path) as run:
        run.scalars(5, loss=1.0)
        with pytest.raises(ValueError, match=message):
            run.scalars(step, **values)
        run.scalars(6, loss=math.inf)
    assert read(tmp_path).history()["loss"].tolist()[4:] == [1.0, math.inf]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"step": -1}, "begins with step 0"),
        ({"source": "how are"}, "source is a text; give its tokens one by one"),
        ({"source": SOURCE[:3]}, r"encoder_self has shape \(2, 3, 4, 4\)"),
        ({"target": TARGET[:2]}, "target has 2 tokens; decoder_self has 3 rows, so 3 or 4 would fit"),
        ({"source": [1, 4, 5, 99]}, "token id 99; the vocabulary has 8 tokens"),
        ({"source": [1, 4, 5, None]}, "the token None, which is neither a text nor an id"),
        ({"cross": CROSS[0]}, r"cross has shape \(3, 3, 4\), not \(layer, head, query, key\)"),
        ({"cross": "x"}, "cross has the type <U1"),
        ({"decoder_self": [DECODER[0], DECODER[0][:2]]}, "the layers of decoder_self have the shapes"),
        ({"predictions": ["you"]}, "predictions has 1 tokens; the decoder has 3 rows"),
        ({"predictions": numpy.zeros((3, 5))}, r"3 decoder rows and 8 target tokens need \(3, 8\)"),
        ({"predictions": numpy.zeros((3, 8))}, "predictions are no probabilities"),
    ],
)
def test_snapshots_that_do_not_fit_together_are_refused(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    good = {
        "step": 1,
        "source": SOURCE,
        "target": TARGET,
        "encoder_self": ENCODER,
        "decoder_self": DECODER,
        "cross": CROSS,
    }
    with writer(tmp_path) as run, pytest.raises(ValueError, match=message):
        run.snapshot(**(good | changes))


def test_parameters_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    with writer(tmp_path) as run, pytest.raises(ValueError, match="w has the type object"):
        run.keyframe(1, {"w": object()})


@pytest.mark.parametrize("config", [{"a": object()}, {"a": math.nan}, {"a": {1, 2}}])
def test_a_configuration_that_json_cannot_hold_is_refused(tmp_path: Path, config: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="configuration cannot be written as JSON"):
        RunWriter(tmp_path / "run.tfviz", config)
    assert not (tmp_path / "run.tfviz").exists()


def test_a_trainer_cannot_pass_for_tfviz(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="trainer cannot be 'tfviz'"):
        writer(tmp_path, trainer="tfviz")


def test_a_vocabulary_is_no_text(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a vocabulary is a sequence of texts"):
        RunWriter(tmp_path / "run.tfviz", {}, "abc", TOKENS)


def test_a_run_goes_on_after_a_restart(tmp_path: Path) -> None:
    foreign_run(tmp_path / "run.tfviz", 30)
    with writer(tmp_path, resume=True) as run:
        for step in range(25, 41):  # from its own last state on, before the last step of the file
            run.scalars(step, loss=-1.0)
        run.keyframe(40, {"layer.weight": numpy.zeros(2)})
    loss = read(tmp_path).history()["loss"]
    assert numpy.array_equal(loss[:30], 1 / numpy.arange(1, 31))
    assert numpy.array_equal(loss[30:], numpy.full(10, -1.0))
    assert read(tmp_path).keyframe_steps() == [30, 40]


def test_resuming_where_nothing_is_begins_a_run(tmp_path: Path) -> None:
    with writer(tmp_path, resume=True) as run:
        run.scalars(1, loss=1.0)
    assert len(read(tmp_path).history()) == 1


def test_a_session_s_run_is_not_resumed_by_another_trainer(tmp_path: Path) -> None:
    record_run(tmp_path / "run.tfviz")
    with pytest.raises(RunFileError, match="was written by tfviz, not by another trainer"):
        writer(tmp_path, resume=True)


def test_a_program_that_forgets_to_close_loses_nothing(tmp_path: Path) -> None:
    program = f"""
import tfviz
run = tfviz.RunWriter({str(tmp_path / "run.tfviz")!r}, {{}})
run.scalars(1, loss=0.5)
"""
    subprocess.run(
        [sys.executable, "-c", program], check=True, timeout=60, cwd=Path(tfviz.__file__).parents[1]
    )
    assert read(tmp_path).history()["loss"].tolist() == [0.5]
    assert read(tmp_path).closed


def test_the_backlog_of_a_long_run_stays_short(tmp_path: Path) -> None:
    with writer(tmp_path) as run:
        for step in range(1, 40_001):
            run.scalars(step, loss=step)
            if step % 4000 == 0:
                run.flush()
        assert len(run._backlog._state[1]) < 20_000
    assert numpy.array_equal(read(tmp_path).history()["loss"], numpy.arange(1, 40_001))
