"""Every shape of the model is trained, looked into, gone back in, saved and stepped through like the first one."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open

from tests.training.small_runs import EVERYTHING, HARD, SMALL, fields
from tfviz.training.config import RunConfig
from tfviz.training.export.heads import all_heads
from tfviz.training.generation.decoding import speak
from tfviz.training.mailbox import Demand
from tfviz.training.model.model_file import load_model, save_model
from tfviz.training.model.pretrained import Pretrained
from tfviz.training.rules import ConfigurationError
from tfviz.training.session import Session
from tfviz.training.stepping.stages import StagesWish
from tfviz.training.train import exact_answers

SHAPES: dict[str, dict[str, Any]] = {
    "encoder": {"model.architecture": "encoder"},
    "encoder, tied, learned": {
        "model.architecture": "encoder", "model.tied_embeddings": True, "model.positions": "learned",
    },
    "decoder": {"model.architecture": "decoder"},
    "decoder, tied, learned": {
        "model.architecture": "decoder", "model.tied_embeddings": True, "model.positions": "learned",
    },
    "tied": {"model.tied_embeddings": True},
    "learned": {"model.positions": "learned", "model.max_positions": 12},
    "bare": {"model.residual": False, "model.layer_norm": False, "model.positions": "none"},
}  # fmt: skip
KINDS = {"encoder": ["encoder"], "decoder": ["decoder"], "encoder-decoder": ["encoder", "decoder", "cross"]}


@pytest.fixture(params=SHAPES)
def config(request: pytest.FixtureRequest) -> RunConfig:
    return HARD.with_values(SHAPES[request.param])


def test_a_run_goes_back_and_is_opened_again_to_the_same_bits(config: RunConfig, tmp_path: Path) -> None:
    with Session(config.replace("training.shards", 2)) as session:
        session.train(10)
        session.go_to(7)
        middle, picture = fields(session.trainer.state()), fields(session.snapshot(EVERYTHING))
        session.train(6)
        end = fields(session.trainer.state())
        session.save(tmp_path / "run.tfviz")
    with Session.open(tmp_path / "run.tfviz") as session:
        assert fields(session.trainer.state()) == end
        session.go_to(7)
        assert fields(session.trainer.state()) == middle
        assert fields(session.snapshot(EVERYTHING)) == picture


def test_a_stepper_takes_the_steps_of_the_run(config: RunConfig) -> None:
    with Session(config) as session:
        session.train(4)
        stepper = session.stepper(3)
        assert stepper is not None
        stepper.run_to_update()
        assert fields(stepper.state()) == fields(session.trainer.state())
        groups = [place.group for place in stepper.places]
        changes = [group for before, group in zip(["", *groups], groups, strict=False) if group != before]
        assert "" not in changes and not {"stream.order", "tied_embedding"} & {*changes}
        checked = next(stepper.check_layer("", 1))
        assert checked.error < 1e-5 or not checked.smooth


def test_a_snapshot_has_the_kinds_of_attention_that_exist(config: RunConfig) -> None:
    with Session(config) as session:
        session.train(3)
        attention = session.snapshot(EVERYTHING).attention
        assert attention is not None
        kinds = KINDS[config.model.architecture]
        assert list(dict.fromkeys(head.kind for head in all_heads(attention))) == kinds
        if "encoder" not in kinds:
            assert attention.target_tokens[: len(attention.source_tokens)] == attention.source_tokens
        for head in all_heads(attention):
            queries, keys = head.tokens(attention)
            weights = head.weights(attention)
            assert weights.shape == (len(queries), len(keys))
            assert weights.sum(axis=1) == pytest.approx(1.0, abs=1e-5)


def test_every_head_can_be_taken_apart_and_measured(config: RunConfig) -> None:
    with Session(config) as session:
        session.train(3)
        attention = session.snapshot(EVERYTHING).attention
        assert attention is not None
        for head in all_heads(attention):
            stages = session.snapshot(Demand(stages=StagesWish(head.label))).stages
            assert stages is not None and stages.head == head.label and stages.gradients is not None
            assert stages.values.weights == pytest.approx(head.weights(attention), abs=1e-6)
            assert (stages.queries, stages.keys) == head.tokens(attention)
        importance = session.head_importance()
        assert len(importance.heads) == len(all_heads(attention)) == len(list(importance.all()))


def test_a_flow_is_measured(config: RunConfig) -> None:
    with Session(config) as session:
        flow = session.snapshot(Demand(flow=True)).flow
        assert flow is not None and np.isfinite(list(flow.activations.values())).all()
        expected = {"decoder": ["decoder"], "encoder": ["encoder"]}.get(
            config.model.architecture, ["encoder", "decoder"]
        )
        assert [stack.name for stack in flow.chart.stacks] == expected


def test_a_model_file_holds_it_and_says_how_it_differs_from_torch(config: RunConfig, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    with Session(config) as session:
        session.train(5)
        tokens = session.task.source_tokenizer.tokens, session.task.target_tokenizer.tokens
        save_model(path, session.parameters, config, *tokens, session.step, session.seed)
        assert Pretrained(load_model(path)).predict("1 2 3") == session.predict("1 2 3")
    with safe_open(path, framework="numpy") as file:
        different = json.loads(file.metadata()["differs"])
    assert different and all(
        config.model.__getattribute__(name) == value for name, value in different.items()
    )


def test_a_plain_model_differs_in_nothing(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    with Session(SMALL) as session:
        tokens = session.task.source_tokenizer.tokens, session.task.target_tokenizer.tokens
        save_model(path, session.parameters, SMALL, *tokens, 0, 0)
    with safe_open(path, framework="numpy") as file:
        assert "differs" not in file.metadata()


@pytest.mark.parametrize("shape", ["encoder", "decoder", "decoder, tied, learned", "tied", "learned"])
def test_it_learns_to_copy(shape: str) -> None:
    config = SMALL.with_values(
        {**SHAPES[shape], "model.d_model": 16, "model.dim_feedforward": 32, "training.batch_size": 16,
         "task.length": 3, "task.alphabet": 4, "model.norm_first": True, "training.betas": (0.9, 0.98)}
    )  # fmt: skip
    with Session(config) as session:
        session.train(600 if "decoder" in shape else 400)
        assert exact_answers(session, session.task.validation) == len(session.task.validation)


@pytest.mark.parametrize("shape", ["encoder", "decoder"])
def test_an_answer_is_decoded_token_by_token(shape: str) -> None:
    with Session(SMALL.with_values(SHAPES[shape])) as session:
        session.train(40)
        spoken = speak(session.reader, "1 2 3")
        assert spoken.text == session.predict("1 2 3")
        for position, token in enumerate(spoken.decoded.tokens):
            step = spoken.step(position)
            assert step.token == token
            if shape == "decoder":
                assert step.decoder_self.sum(axis=-1) == pytest.approx(1.0, abs=1e-5)
                assert step.decoder_self.shape[-1] == 5 + position


def test_an_encoder_alone_refuses_a_task_whose_answers_have_another_length(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text("a b\tc d\na b c\td\n")
    values = {
        "task.name": "file",
        "task.path": str(path),
        "task.validation": 0,
        "model.architecture": "encoder",
    }
    with pytest.raises(ConfigurationError, match="“a b c” has 3 and “d” 1"):
        Session(SMALL.with_values(values))


def test_learned_positions_refuse_a_task_and_a_sentence_that_are_too_long() -> None:
    values = {"model.positions": "learned", "model.max_positions": 5}
    with pytest.raises(
        ConfigurationError, match=r"model\.max_positions is 5, but this task has sequences of 6 tokens"
    ):
        Session(SMALL.with_values(values))
    with Session(SMALL.with_values({**values, "model.max_positions": 7})) as session:
        assert isinstance(session.predict("1 2 3 4 0"), str)
        with pytest.raises(ValueError, match="the sentence has 6 words: at most 5"):
            session.predict("1 2 3 4 0 1")


def test_a_typed_sentence_of_another_length_is_answered_and_looked_at(config: RunConfig) -> None:
    with Session(config) as session:
        session.train(2)
        for sentence in ("1", "1 2 3 4 0"):
            session.set_probe(sentence)
            snapshot = session.snapshot(EVERYTHING)
            assert snapshot.attention is not None and snapshot.prediction is not None
            assert len(snapshot.attention.source_tokens) == len(sentence.split()) + 2


def test_gradients_of_what_nothing_reads_are_0(config: RunConfig) -> None:
    with Session(config.with_values({"model.layer_norm": False, "model.residual": False})) as session:
        session.train(2)
        norms = {name: session.history[name] for name in session.history.names if name.endswith(".norm")}
        assert norms and all(not np.any(column) for column in norms.values())
