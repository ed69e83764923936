"""Numbers in which it is seen that something is broken in a run; each is a function of a session at its newest step."""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from tfviz.core.transformer import Transformer
from tfviz.training.data.batches import Batch
from tfviz.training.data.pair_formats import Pair
from tfviz.training.session import Session
from tfviz.training.tokens.tokenizer import SPECIAL_TOKENS
from tfviz.training.train import exact_answers

ANSWERED, LOOKED_INTO = 256, 64
"""Pairs that are decoded, and pairs whose activations are looked into."""
FEW, SEVERAL = 10, 20
"""Steps in which something happens soon, and steps over which a loss is averaged."""
SPECIAL = len(SPECIAL_TOKENS)
TINY = 1e-12


# what is recorded


def loss(session: Session) -> float:
    """Of training, of the last steps together."""
    return float(np.mean(session.history.column("loss")[-SEVERAL:]))


def loss_over_guessing(session: Session) -> float:
    """The same, in units of what guessing leaves that knows how often a token follows another at each place."""
    return loss(session) / loss_of_guessing(session)


def first_loss(session: Session) -> float:
    """Of the first five steps, in units of what guessing leaves that holds all tokens for equally likely."""
    return float(np.mean(session.history.column("loss")[:5])) / math.log(len(session.task.target_tokenizer))


def rise_of_loss(session: Session) -> float:
    """The highest loss of the few steps since the branch left, or of the last ones, in units of that before them."""
    column = session.history.column("loss")
    since = session.line.branch.fork or len(column) - FEW
    return float(column[since : since + FEW].max() / column[since - SEVERAL : since].mean())


def loss_of_pairs(session: Session) -> float:
    """Of held-out pairs, teacher-forced, as the model is now."""
    batch = session.task.collate(some_pairs(session))
    model = session.trainer.models.evaluation(*batch.shape)
    return model.forward(batch.source, batch.target_in, batch.target_out)


def validation_loss(session: Session) -> float:
    """The last one."""
    column = session.history.column("validation_loss")
    return float(column[np.isfinite(column)][-1])


def first_rate(session: Session) -> float:
    """The learning rate of the first step, in units of the one that is set."""
    return float(session.history.column("learning_rate")[0]) / session.config.training.learning_rate


def loss_of_guessing(session: Session) -> float:
    """Mean entropy of a target token, given its place and the token before it."""
    tokens: Counter[tuple[int, int, int]] = Counter()
    for step in range(1, 201):
        batch = session.task.batch(step)
        for before, after in zip(batch.target_in.tolist(), batch.target_out.tolist(), strict=True):
            tokens.update(
                (place, *pair) for place, pair in enumerate(zip(before, after, strict=True)) if pair[1]
            )
    contexts: Counter[tuple[int, int]] = Counter()
    for (place, before, _), count in tokens.items():
        contexts[place, before] += count
    chances = ((count, count / contexts[place, before]) for (place, before, _), count in tokens.items())
    return -sum(count * math.log(chance) for count, chance in chances) / tokens.total()


# what it answers


def some_pairs(session: Session, count: int = LOOKED_INTO) -> list[Pair]:
    """The first held-out pairs, or training pairs where none is held out."""
    return list((session.task.validation or session.task.pairs)[:count])


def exact(session: Session) -> float:
    """Share of free-running answers that are right in every token."""
    pairs = some_pairs(session, ANSWERED)
    return exact_answers(session, pairs) / len(pairs)


def same_in_another_order(session: Session) -> float:
    """Share of sentences that get the same answer when their words stand in the reverse order."""
    asked = [words for source, _ in some_pairs(session, ANSWERED) if (words := source.split()) != words[::-1]]
    one, other = (
        session.reader.predict([" ".join(words[::direction]) for words in asked]) for direction in (1, -1)
    )
    return sum(a == b for a, b in zip(one, other, strict=True)) / len(asked)


def repeated(session: Session) -> float:
    """Share of places where the teacher-forced prediction is the token that stands there already."""
    batch = session.task.collate(some_pairs(session))
    chosen = probabilities(session, batch).argmax(-1)
    return float((chosen == batch.target_in)[batch.target_in != 0].mean())


# on what a probability depends


def probabilities(session: Session, batch: Batch) -> np.ndarray:
    model = session.trainer.models.evaluation(*batch.shape)
    model.forward(batch.source, batch.target_in, batch.target_out)
    return model.probabilities.astype(np.float64)


def sight_of_later_tokens(session: Session) -> float:
    """The largest change of a probability when tokens of the target behind its place become others."""
    batch = session.task.collate(some_pairs(session))
    place = 2
    other = batch.target_in.copy()
    other[:, place:] = np.where(other[:, place:] == 0, 0, np.roll(other[:, place:], 1, axis=0))
    return _difference(
        probabilities(session, batch), probabilities(session, replace(batch, target_in=other)), place
    )


def dependence_on_source(session: Session) -> float:
    """The largest change of a probability when every token of the source is another."""
    batch = session.task.collate(some_pairs(session))
    words = len(session.task.source_tokenizer) - SPECIAL
    other = np.where(batch.source < SPECIAL, batch.source, SPECIAL + (batch.source - SPECIAL + 1) % words)
    return _difference(probabilities(session, batch), probabilities(session, replace(batch, source=other)))


def dependence_on_padding(session: Session, more: int = 4) -> float:
    """The largest change of a probability when so much more padding stands behind the sentences."""
    alone = session.config.model.architecture == "encoder"
    changes = []
    for source in {source for source, _ in some_pairs(session)}:
        ids = session.reader.encode(source)
        found = []
        for width in (len(ids), len(ids) + more):
            padded = np.array([ids + [0] * (width - len(ids))])
            target = np.full((1, width - 1 if alone else 2), SPECIAL)
            model = session.trainer.models.evaluation(1, *padded.shape[1:], *target.shape[1:])
            model.forward(padded, target, target)
            found.append(model.probabilities.astype(np.float64))
        changes.append(_difference(*found, 2))
    return max(changes)


def _difference(one: np.ndarray, other: np.ndarray, places: int | None = None) -> float:
    return float(np.abs(one[:, :places] - other[:, :places]).max())


# what is seen inside


def looked_into(session: Session, pairs: Sequence[Pair]) -> Transformer:
    """The model with every activation and every gradient of some pairs, padded as in training, teacher-forced."""
    batch = session.task.collate(list(pairs))
    model = session.trainer.models.inspection(*batch.shape)
    model.forward(batch.source, batch.target_in, batch.target_out)
    model.backward()
    return model


def values(model: Transformer, ending: str) -> dict[str, np.ndarray]:
    """Name -> value, in float64, of the activations whose name ends so, in the order of the computation."""
    return {
        name: tensor.value.astype(np.float64)
        for name, tensor in model.tensors.items()
        if name.endswith(ending)
    }


def attention_to_padding(session: Session) -> float:
    """Share of the encoder's attention that keys take which are padding, mean over queries that are none."""
    pairs = some_pairs(session)
    padding = session.task.collate(pairs).source == 0
    shares = [
        (weights * padding[:, None, None, :]).sum(-1).mean(1)[~padding].mean()
        for name, weights in values(looked_into(session, pairs), "self_attn.weights").items()
        if name.startswith("encoder")
    ]
    return float(np.mean(shares))


def entropy(session: Session) -> float:
    """Mean entropy, in nats, of the attention of all heads."""
    found = values(looked_into(session, some_pairs(session)), "_attn.weights").values()
    return float(np.mean([-(x * np.log(np.maximum(x, TINY))).sum(-1).mean() for x in found]))


def unevenness(session: Session) -> float:
    """The largest difference between two weights above 0 of a query, in any head."""
    found = values(looked_into(session, some_pairs(session)), "_attn.weights").values()
    return float(max((x.max(-1) - np.where(x > 0, x, 1.0).min(-1)).max() for x in found))


def size_of_scores(session: Session) -> float:
    """Root mean square of the scores of the first attention, whose input depends on no other scores."""
    first = next(iter(values(looked_into(session, some_pairs(session)), "_attn.scores").values()))
    return float(np.sqrt(np.mean(first**2)))


def distance_of_equal_tokens(session: Session) -> float:
    """How far vectors of the memory lie apart whose tokens are equal, at most, against the vectors' size."""
    pairs = some_pairs(session)
    source = session.task.collate(pairs).source
    memory = looked_into(session, pairs).tensors["encoder.memory"].value.astype(np.float64)
    distances = [
        np.ptp(vectors[ids == token], axis=0).max()
        for ids, vectors in zip(source, memory, strict=True)
        for token in set(ids.tolist()) - {0}
    ]
    return float(max(distances) / np.abs(memory).mean())


def growth_of_streams(session: Session) -> float:
    """The smallest factor by which the numbers of a residual stream are larger than one layer below."""
    model = looked_into(session, some_pairs(session))
    factors = _factors(model, lambda stream: float(np.sqrt(np.mean(stream**2))))
    return min(min(stack) for stack in factors)


def spread_of_positions(session: Session) -> float:
    """How far the positions of a sentence lie apart at the top of a stack, in units of how far they do at its bottom;
    in that stack of which this is more."""
    longest = max(some_pairs(session), key=lambda pair: len(pair[0]))
    model = looked_into(session, [longest])
    return max(math.prod(factors) for factors in _factors(model, _spread))


def gradient_at_the_bottom(session: Session) -> float:
    """The length of the gradient of the decoder's input, in units of that of what its last layer gives out."""
    model = looked_into(session, some_pairs(session))
    bottom, *_, top = (model.tensors[name].grad for name in _streams(model, "decoder"))
    assert bottom is not None and top is not None
    return float(np.linalg.norm(bottom) / np.linalg.norm(top))


def _spread(stream: np.ndarray) -> float:
    return float(np.sqrt(stream.var(axis=1).sum() / (stream**2).mean(axis=1).sum()))


def _factors(model: Transformer, size: Callable[[np.ndarray], float]) -> Iterator[list[float]]:
    """For each stack: what the size of each layer's output is in units of that of its input."""
    for stack in ("encoder", "decoder"):
        sizes = [size(model.tensors[name].value.astype(np.float64)) for name in _streams(model, stack)]
        if sizes:
            yield [above / below for below, above in pairwise(sizes)]


def _streams(model: Transformer, stack: str) -> list[str]:
    """The input of a stack and what the last operation of each of its layers wrote; none where it does not exist."""
    inside = (name for name in model.tensors if name.startswith(f"{stack}.layers.") and name.count(".") == 3)
    last = {name.split(".")[2]: name for name in inside}
    return [f"{stack}.input", *last.values()] if last else []
