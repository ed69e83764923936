"""The part of a configuration that says what model it is; the run panel and --set know its fields by their rules."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from tfviz.core.config import ACTIVATIONS, ARCHITECTURES, INITIALIZATIONS, POSITIONS, ModelConfig
from tfviz.training.rules import ConfigurationError, check_fields, rules_of, setting

SOME_VOCABULARY = 8  # stands for the vocabularies, which the task's tokenizers decide later


@dataclass(frozen=True)
class ModelSettings:
    """The fields of core's ModelConfig without the vocabularies, which come from the task's tokenizers."""

    # The defaults are ModelConfig's; what must fit together (d_model and nhead) is checked there as well.
    d_model: int = setting(
        int,
        ModelConfig.d_model,
        "Width of every residual stream; a multiple of nhead.",
        minimum=1,
        maximum=4096,
    )
    nhead: int = setting(int, ModelConfig.nhead, "Heads in each attention block.", minimum=1, maximum=256)
    num_encoder_layers: int = setting(
        int, ModelConfig.num_encoder_layers, "Layers of the encoder.", minimum=1, maximum=64
    )
    num_decoder_layers: int = setting(
        int, ModelConfig.num_decoder_layers, "Layers of the decoder.", minimum=1, maximum=64
    )
    dim_feedforward: int = setting(
        int, ModelConfig.dim_feedforward, "Width inside the feed-forward blocks.", minimum=1, maximum=16384
    )
    dropout: float = setting(
        float, ModelConfig.dropout, "Share of activations dropped while training.", minimum=0, below=1
    )
    activation: str = setting(
        str, ModelConfig.activation, "Activation of the feed-forward blocks.", choices=ACTIVATIONS
    )
    layer_norm_eps: float = setting(
        float, ModelConfig.layer_norm_eps, "Added to the variance in layer norm.", above=0, below=1
    )
    norm_first: bool = setting(
        bool, ModelConfig.norm_first, "Layer norm before each block (pre-norm) instead of after it."
    )
    architecture: str = setting(
        str,
        ModelConfig.architecture,
        "Encoder and decoder; an encoder alone, for targets as long as their source; or a decoder alone (GPT).",
        choices=ARCHITECTURES,
    )
    positions: str = setting(str, ModelConfig.positions, "How a token knows its place.", choices=POSITIONS)
    max_positions: int = setting(
        int,
        ModelConfig.max_positions,
        "Longest sequence that learned positions serve.",
        minimum=1,
        maximum=65_536,
    )
    tied_embeddings: bool = setting(
        bool,
        ModelConfig.tied_embeddings,
        "One table for the generator and the target embedding; for the source embedding too where tokens are shared.",
    )
    causal_mask: bool = setting(
        bool,
        ModelConfig.causal_mask,
        "The decoder sees no later position: not the answer that it is asked for.",
    )
    padding_mask: bool = setting(bool, ModelConfig.padding_mask, "No attention to padding.")
    scaled_scores: bool = setting(
        bool, ModelConfig.scaled_scores, "Attention scores are divided by the root of the head's width."
    )
    residual: bool = setting(bool, ModelConfig.residual, "Every block has a connection that leads past it.")
    layer_norm: bool = setting(bool, ModelConfig.layer_norm, "Layer norms; without, x passes unchanged.")
    initialization: str = setting(
        str,
        ModelConfig.initialization,
        "How weights begin: as in PyTorch, or all at zero.",
        choices=INITIALIZATIONS,
    )
    heads_off: tuple[str, ...] = setting(
        list, ModelConfig.heads_off, "Heads whose weights are all 0, such as encoder.0.3 or cross.1.0."
    )
    heads_uniform: tuple[str, ...] = setting(
        list, ModelConfig.heads_uniform, "Heads that look at every allowed key alike."
    )

    def __post_init__(self) -> None:
        check_fields(self, "model.")
        self.model_config(SOME_VOCABULARY, SOME_VOCABULARY, shared=True)

    def model_config(
        self, source_vocabulary: int, target_vocabulary: int, shared: bool = False
    ) -> ModelConfig:
        """The model for vocabularies of these sizes; `shared` where both are the same. ConfigurationError."""
        try:
            return ModelConfig(
                source_vocabulary, target_vocabulary, shared_vocabulary=shared, **dataclasses.asdict(self)
            )
        except ValueError as error:
            first = str(error).split(maxsplit=1)[0]
            path = f"model.{first}" if first in rules_of(type(self)) else "model"
            raise ConfigurationError(path, str(error)) from None

    def for_tokens(self, source: Sequence[str], target: Sequence[str]) -> ModelConfig:
        """The model for these vocabularies."""
        return self.model_config(len(source), len(target), tuple(source) == tuple(target))
