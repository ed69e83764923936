"""Every task, split in every way, goes through all that a run goes through: training, record, the way back, a model."""

from pathlib import Path

import numpy
import pytest

from tests.training.small_runs import SMALL
from tfviz.training.config import RunConfig
from tfviz.training.model.model_file import load_model, save_model
from tfviz.training.model.pretrained import Pretrained
from tfviz.training.session import Session
from tfviz.training.task_config import GENERATED_TASKS, RULE_TASKS, TOKENIZER_KINDS

CASES = [
    *((name, "auto") for name in GENERATED_TASKS),
    *((name, kind) for name in ("identity", "file", *RULE_TASKS) for kind in TOKENIZER_KINDS),
]


def config(name: str, kind: str, folder: Path) -> RunConfig:
    changes = {"task.name": name, "task.tokenizer": kind, "task.alphabet": 6, "task.bpe_size": 280}
    if name == "file":
        path = folder / "pairs.tsv"
        path.write_text("".join(f"ä{n} b\tc ö{n % 3}\n" for n in range(20)), encoding="utf-8")
        changes |= {"task.path": str(path)}
    return SMALL.with_values(changes | {"task.examples": 40, "training.steps": 6})


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_a_run_is_recorded_opened_and_stepped_back_bit_for_bit(name: str, kind: str, tmp_path: Path) -> None:
    made = config(name, kind, tmp_path).replace("task.validation", 0 if name == "identity" else 6)
    with Session(made) as session:
        session.train(3)
        early = session.parameters
        session.train(3)
        answer = session.predict(session.probe.source)
        session.save(tmp_path / "run.tfviz")
        tokens = session.task.source_tokenizer.tokens, session.task.target_tokenizer.tokens
        save_model(tmp_path / "model.safetensors", session.parameters, made, *tokens, 6, 0)
        picture = session.snapshot()
        assert picture.attention is not None and picture.attention.source_tokens[1:-1] == tuple(
            session.task.source_tokenizer.split(session.probe.source)
        )
    with Session.open(tmp_path / "run.tfviz") as again:
        assert again.predict(again.probe.source) == answer
        again.go_to(3)
        assert all(numpy.array_equal(array, again.parameters[key]) for key, array in early.items())
    loaded = load_model(tmp_path / "model.safetensors")
    assert (loaded.source_tokens, loaded.target_tokens) == tokens
    assert Pretrained(loaded).predict(picture.attention.sentence) == answer


@pytest.mark.parametrize("kind", TOKENIZER_KINDS)
def test_a_model_whose_data_have_gone_splits_sentences_as_before(kind: str, tmp_path: Path) -> None:
    made = config("file", kind, tmp_path)
    with Session(made) as session:
        session.train(4)
        answer = session.predict("ä3 b")
        tokens = session.task.source_tokenizer.tokens, session.task.target_tokenizer.tokens
        save_model(tmp_path / "model.safetensors", session.parameters, made, *tokens, 4, 0)
    (tmp_path / "pairs.tsv").unlink()
    model = Pretrained(load_model(tmp_path / "model.safetensors"))
    assert model.task.source_tokenizer.kind == kind
    given = model.reader.free_running([model.reader.encode("ä3 b")])[0]
    assert model.task.target_tokenizer.decode([token for token, _ in given]).startswith(answer)
