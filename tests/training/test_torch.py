"""A saved model in PyTorch: the file itself loads, strictly, and says the same. Runs where torch is installed."""

from pathlib import Path

import numpy as np
import pytest

from tfviz.training.config import RunConfig
from tfviz.training.model.model_file import save_model
from tfviz.training.session import Session

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch==2.13.0")


@pytest.mark.parametrize("norm_first", [False, True], ids=["post_norm", "pre_norm"])
def test_a_saved_model_file_loads_into_torch_and_gives_the_same_logits(
    tmp_path: Path, norm_first: bool
) -> None:
    from safetensors.torch import load_file

    from tests.core.test_torch import Reference

    config = RunConfig.preset("identity").with_values(
        {"model.norm_first": norm_first, "training.dtype": "float64"}
    )
    session = Session(config)
    session.train(20)
    task, path = session.task, tmp_path / "model.safetensors"
    tokens = task.source_tokenizer.tokens, task.target_tokenizer.tokens
    save_model(path, session.parameters, config, *tokens, session.step, session.seed)

    reference = Reference(session.trainer.parameters.config).double()
    reference.load_state_dict(load_file(path), strict=True)
    batch = task.batch(21)
    model = session.trainer.models.evaluation(len(batch), *batch.source.shape[1:], *batch.target_in.shape[1:])
    model.forward(batch.source, batch.target_in, batch.target_out)
    logits = reference(torch.from_numpy(batch.source), torch.from_numpy(batch.target_in)).detach().numpy()
    assert np.abs(model.tensors["logits"].value - logits).max() <= 1e-9 * np.abs(logits).max()
    session.close()
