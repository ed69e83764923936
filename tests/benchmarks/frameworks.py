"""The same Transformer in PyTorch and in JAX, written as fast as each allows, for comparison with tfviz.

Both start from tfviz's parameters under torch's names, compute the same arithmetic (post-norm, ReLU, no dropout, every
padded position computed) and update with Adam. Joint query-key-value products, fused attention and fused optimiser are
used where the framework has them.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np

from tfviz.core.config import ModelConfig
from tfviz.core.operations.embedding import sinusoids

Batch = tuple[np.ndarray, np.ndarray, np.ndarray]
Step = Callable[[int], float]
LEARNING_RATE, BETAS, EPSILON = 1e-3, (0.9, 0.98), 1e-9


def torch_step(
    config: ModelConfig, parameters: Mapping[str, np.ndarray], batches: list[Batch], compiled: bool
) -> Step:
    """PyTorch, eager or through torch.compile: fused attention (SDPA) and the fused Adam."""
    import torch
    from torch.nn import functional

    weights = {name: torch.tensor(value, requires_grad=True) for name, value in parameters.items()}
    data = [tuple(torch.tensor(ids) for ids in batch) for batch in batches]
    width, heads, factor = config.d_model, config.nhead, math.sqrt(config.d_model)
    length = max(ids.shape[1] for batch in batches for ids in batch)
    positions = torch.tensor(sinusoids(length, width), dtype=torch.float32)
    causal = torch.full((length, length), -math.inf).triu(1)

    def linear(x, path):
        return functional.linear(x, weights[path + "weight"], weights[path + "bias"])

    def norm(x, path):
        return functional.layer_norm(
            x, (width,), weights[path + ".weight"], weights[path + ".bias"], config.layer_norm_eps
        )

    def split(x):
        return x.view(*x.shape[:2], heads, -1).transpose(1, 2)

    def attend(query, key, value, mask, path):
        context = functional.scaled_dot_product_attention(
            split(query), split(key), split(value), attn_mask=mask
        )
        return linear(context.transpose(1, 2).flatten(2), path + ".out_proj.")

    def self_attention(x, mask, path):
        return attend(*linear(x, path + ".in_proj_").chunk(3, dim=-1), mask, path)

    def cross_attention(x, memory, mask, path):
        weight, bias = weights[path + ".in_proj_weight"], weights[path + ".in_proj_bias"]
        query = functional.linear(x, weight[:width], bias[:width])
        key, value = functional.linear(memory, weight[width:], bias[width:]).chunk(2, dim=-1)
        return attend(query, key, value, mask, path)

    def feed_forward(x, path):
        return linear(functional.relu(linear(x, path + ".linear1.")), path + ".linear2.")

    def loss_of(source, target_in, target_out):
        source_mask = torch.zeros(source.shape).masked_fill(source == 0, -math.inf)[:, None, None]
        target_mask = torch.zeros(target_in.shape).masked_fill(target_in == 0, -math.inf)[:, None, None]
        target_mask = target_mask + causal[: target_in.shape[1], : target_in.shape[1]]
        x = (
            functional.embedding(source, weights["source_embedding.weight"]) * factor
            + positions[: source.shape[1]]
        )
        for layer in range(config.num_encoder_layers):
            path = f"transformer.encoder.layers.{layer}"
            x = norm(x + self_attention(x, source_mask, path + ".self_attn"), path + ".norm1")
            x = norm(x + feed_forward(x, path), path + ".norm2")
        memory = norm(x, "transformer.encoder.norm")
        x = (
            functional.embedding(target_in, weights["target_embedding.weight"]) * factor
            + positions[: target_in.shape[1]]
        )
        for layer in range(config.num_decoder_layers):
            path = f"transformer.decoder.layers.{layer}"
            x = norm(x + self_attention(x, target_mask, path + ".self_attn"), path + ".norm1")
            x = norm(x + cross_attention(x, memory, source_mask, path + ".multihead_attn"), path + ".norm2")
            x = norm(x + feed_forward(x, path), path + ".norm3")
        logits = linear(norm(x, "transformer.decoder.norm"), "generator.")
        return functional.cross_entropy(logits.flatten(0, 1), target_out.flatten(), ignore_index=0)

    optimizer = torch.optim.Adam(weights.values(), lr=LEARNING_RATE, betas=BETAS, eps=EPSILON, fused=True)
    compute = torch.compile(loss_of, dynamic=False) if compiled else loss_of

    def step(number: int) -> float:
        optimizer.zero_grad(set_to_none=True)
        loss = compute(*data[number % len(data)])
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def jax_step(config: ModelConfig, parameters: Mapping[str, np.ndarray], batches: list[Batch]) -> Step:
    """JAX: the whole step, optimiser included, as one jitted function that updates in place."""
    import jax
    import jax.numpy as jnp

    data = [tuple(jnp.asarray(ids, jnp.int32) for ids in batch) for batch in batches]
    width, heads, factor = config.d_model, config.nhead, math.sqrt(config.d_model)
    length = max(ids.shape[1] for batch in batches for ids in batch)
    positions = jnp.asarray(sinusoids(length, width), jnp.float32)
    causal = jnp.triu(jnp.full((length, length), -jnp.inf), 1)

    def loss_of(weights, source, target_in, target_out):
        def linear(x, path):
            return x @ weights[path + "weight"].T + weights[path + "bias"]

        def norm(x, path):
            centred = x - x.mean(-1, keepdims=True)
            scale = jax.lax.rsqrt((centred * centred).mean(-1, keepdims=True) + config.layer_norm_eps)
            return centred * scale * weights[path + ".weight"] + weights[path + ".bias"]

        def split(x):
            return x.reshape(*x.shape[:2], heads, -1)

        def attend(query, key, value, mask, path):
            scores = jnp.einsum("bqhw,bkhw->bhqk", split(query), split(key)) / math.sqrt(config.head_width)
            context = jnp.einsum("bhqk,bkhw->bqhw", jax.nn.softmax(scores + mask, axis=-1), split(value))
            return linear(context.reshape(query.shape), path + ".out_proj.")

        def self_attention(x, mask, path):
            return attend(*jnp.split(linear(x, path + ".in_proj_"), 3, axis=-1), mask, path)

        def cross_attention(x, memory, mask, path):
            weight, bias = weights[path + ".in_proj_weight"], weights[path + ".in_proj_bias"]
            query = x @ weight[:width].T + bias[:width]
            key, value = jnp.split(memory @ weight[width:].T + bias[width:], 2, axis=-1)
            return attend(query, key, value, mask, path)

        def feed_forward(x, path):
            return linear(jax.nn.relu(linear(x, path + ".linear1.")), path + ".linear2.")

        source_mask = jnp.where(source == 0, -jnp.inf, 0.0)[:, None, None]
        target_mask = jnp.where(target_in == 0, -jnp.inf, 0.0)[:, None, None]
        target_mask = target_mask + causal[: target_in.shape[1], : target_in.shape[1]]
        x = weights["source_embedding.weight"][source] * factor + positions[: source.shape[1]]
        for layer in range(config.num_encoder_layers):
            path = f"transformer.encoder.layers.{layer}"
            x = norm(x + self_attention(x, source_mask, path + ".self_attn"), path + ".norm1")
            x = norm(x + feed_forward(x, path), path + ".norm2")
        memory = norm(x, "transformer.encoder.norm")
        x = weights["target_embedding.weight"][target_in] * factor + positions[: target_in.shape[1]]
        for layer in range(config.num_decoder_layers):
            path = f"transformer.decoder.layers.{layer}"
            x = norm(x + self_attention(x, target_mask, path + ".self_attn"), path + ".norm1")
            x = norm(x + cross_attention(x, memory, source_mask, path + ".multihead_attn"), path + ".norm2")
            x = norm(x + feed_forward(x, path), path + ".norm3")
        logits = linear(norm(x, "transformer.decoder.norm"), "generator.")
        chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), target_out[..., None], axis=-1)[..., 0]
        kept = target_out != 0
        return -(chosen * kept).sum() / kept.sum()

    def update(weights, first, second, count, *batch):
        loss, gradients = jax.value_and_grad(loss_of)(weights, *batch)
        count = count + 1
        first = jax.tree.map(lambda m, g: BETAS[0] * m + (1 - BETAS[0]) * g, first, gradients)
        second = jax.tree.map(lambda v, g: BETAS[1] * v + (1 - BETAS[1]) * g * g, second, gradients)
        rate, correction = LEARNING_RATE / (1 - BETAS[0] ** count), 1 - BETAS[1] ** count
        weights = jax.tree.map(
            lambda w, m, v: w - rate * m / (jnp.sqrt(v / correction) + EPSILON), weights, first, second
        )
        return weights, first, second, count, loss

    jitted = jax.jit(update, donate_argnums=(0, 1, 2, 3))
    weights = {name: jnp.array(value) for name, value in parameters.items()}
    state = [
        weights, jax.tree.map(jnp.zeros_like, weights), jax.tree.map(jnp.zeros_like, weights), jnp.zeros(()),
    ]  # fmt: skip

    def step(number: int) -> float:
        *state[:], loss = jitted(*state, *data[number % len(data)])
        return float(loss)

    return step
