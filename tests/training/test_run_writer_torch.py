"""An example: a torch.nn.Transformer learns to repeat sentences, and tfviz.RunWriter records it for the window.

What is trained below knows nothing of tfviz; what is recorded of it stands in `train`. Runs where torch is installed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy
import pytest

import tfviz
from tfviz.training.record.followed import FollowedRun
from tfviz.training.run_file import RunReader

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch==2.13.0")
nn = torch.nn

TOKENS = ("<pad>", "<s>", "</s>", "<unk>", "how", "are", "you", "fine", "thanks")
SENTENCES = ("how are you", "you are fine", "fine thanks you", "are you fine", "thanks how are")
STEPS, BETWEEN = 60, 20


class Repeater(nn.Module):
    """Says what it hears."""

    def __init__(self, width: int = 16, heads: int = 2, layers: int = 2) -> None:
        super().__init__()
        self.words = nn.Embedding(len(TOKENS), width)
        self.positions = nn.Embedding(16, width)
        self.transformer = nn.Transformer(
            width, heads, layers, layers, 2 * width, dropout=0.0, batch_first=True
        )
        self.generator = nn.Linear(width, len(TOKENS))

    def forward(self, source: Any, target: Any) -> Any:
        mask = nn.Transformer.generate_square_subsequent_mask(target.shape[1])
        return self.generator(self.transformer(self.embed(source), self.embed(target), tgt_mask=mask))

    def embed(self, tokens: Any) -> Any:
        return self.words(tokens) + self.positions(torch.arange(tokens.shape[1]))


class Weights:
    """Attention of one forward pass: for each kind a list with an array (head, query, key) for each layer."""

    def __init__(self) -> None:
        self.encoder_self: list[Any] = []
        self.decoder_self: list[Any] = []
        self.cross: list[Any] = []


@contextmanager
def attention_of(model: Repeater) -> Iterator[Weights]:
    """Let every attention layer give its weights for each head, which PyTorch leaves out to save time; keep them."""
    found, hooks = Weights(), []

    def ask(layer: Any, arguments: Any, options: Any) -> Any:
        return arguments, {**options, "need_weights": True, "average_attn_weights": False}

    def keep_in(maps: list[Any]) -> Any:
        return lambda layer, arguments, result: maps.append(
            result[1][0]
        )  # of the first sentence of the batch

    for place, maps in (
        *((layer.self_attn, found.encoder_self) for layer in model.transformer.encoder.layers),
        *((layer.self_attn, found.decoder_self) for layer in model.transformer.decoder.layers),
        *((layer.multihead_attn, found.cross) for layer in model.transformer.decoder.layers),
    ):
        hooks += [
            place.register_forward_pre_hook(ask, with_kwargs=True),
            place.register_forward_hook(keep_in(maps)),
        ]
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()


def sentences() -> Any:
    """Token ids, (sentence, position), from <s> to </s>."""
    words = [["<s>", *sentence.split(), "</s>"] for sentence in SENTENCES]
    return torch.tensor([[TOKENS.index(word) for word in row] for row in words])


def train(path: Path) -> Repeater:
    """STEPS updates, recorded."""
    torch.manual_seed(7)
    model, rate = Repeater(), 0.01
    optimizer = torch.optim.Adam(model.parameters(), rate)
    source = target = sentences()
    config = {"name": "repeat", "seed": 7, "model": {"d_model": 16, "nhead": 2}, "learning_rate": rate}
    with tfviz.RunWriter(path, config, TOKENS, TOKENS, trainer="PyTorch nn.Transformer") as run:
        for step in range(1, STEPS + 1):
            logits = model(source, target[:, :-1])
            loss = nn.functional.cross_entropy(logits.flatten(0, 1), target[:, 1:].flatten())
            optimizer.zero_grad()
            loss.backward()
            norm = nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            right = (logits.argmax(-1) == target[:, 1:]).float().mean()
            run.scalars(step, loss=loss.item(), token_accuracy=right, gradient_norm=norm, learning_rate=rate)
            if step % BETWEEN == 0:
                with attention_of(model) as weights, torch.no_grad():
                    said = model(source[:1], target[:1, :-1])[0].softmax(-1)
                maps = weights.encoder_self, weights.decoder_self, weights.cross
                run.snapshot(step, source[0], target[0], *maps, said, origin="training 1/5")
                run.keyframe(step, model.state_dict())
    return model


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Repeater]:
    """A run file, and the model as it was at the end."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    path = tmp_path_factory.mktemp("torch") / "repeat.tfviz"
    model = train(path)
    torch.set_num_threads(threads)
    return path, model


def test_the_curves_are_in_the_file(recorded: tuple[Path, Repeater]) -> None:
    reader = RunReader(recorded[0])
    history = reader.history()
    assert (reader.foreign, reader.trainer, reader.closed) == (True, "PyTorch nn.Transformer", True)
    assert len(history) == STEPS
    assert history["loss"][-1] < history["loss"][0] / 4
    assert history["learning_rate"].tolist() == [0.01] * STEPS
    assert (history["gradient_norm"] > 0).all()


def test_the_keyframe_is_the_model(recorded: tuple[Path, Repeater]) -> None:
    path, model = recorded
    keyframe = RunReader(path).keyframe(0, STEPS)
    parameters = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    assert keyframe.keys() == parameters.keys()
    assert all(numpy.array_equal(keyframe[name], parameters[name]) for name in parameters)


def test_attention_is_what_torch_itself_computes(recorded: tuple[Path, Repeater]) -> None:
    path, model = recorded
    attention = RunReader(path).snapshot(0, STEPS).attention
    assert attention is not None
    assert attention.source_tokens == ("<s>", "how", "are", "you", "</s>")
    assert attention.target_tokens == ("<s>", "how", "are", "you")
    assert attention.encoder_self.shape == (2, 2, 5, 5)
    assert attention.cross.shape == (2, 2, 4, 5)
    options = {"need_weights": True, "average_attn_weights": False}
    with torch.no_grad():
        heard = model.embed(sentences()[:1])
        first = model.transformer.encoder.layers[0].self_attn(heard, heard, heard, **options)[1][0]
        said = model.embed(sentences()[:1, :-1])
        future = torch.ones(4, 4, dtype=torch.bool).triu(1)
        own = model.transformer.decoder.layers[0].self_attn(said, said, said, attn_mask=future, **options)[1][
            0
        ]
    assert numpy.allclose(attention.encoder_self[0], first.numpy(), atol=1e-6)
    assert numpy.allclose(attention.decoder_self[0], own.numpy(), atol=1e-6)
    for maps in (attention.encoder_self, attention.decoder_self, attention.cross):
        assert numpy.allclose(maps.sum(axis=-1), 1, atol=1e-6)


def test_the_window_s_followed_run_shows_it(recorded: tuple[Path, Repeater]) -> None:
    with FollowedRun(recorded[0]) as run:
        assert (run.frontier, run.seed, run.config.title) == (STEPS, 7, "repeat")
        assert run.description == f"written by PyTorch nn.Transformer, {STEPS} steps, finished"
        assert not run.can_be_continued
        newest, between, first = run.view(STEPS), run.view(2 * BETWEEN - 1), run.view(1)
    assert (
        newest is not None and newest.prediction is not None and newest.prediction.teacher_forced is not None
    )
    assert newest.prediction.teacher_forced.tokens == ("how", "are", "you", "</s>")
    assert between is not None and between.step == BETWEEN
    assert first is not None and first.attention is None
