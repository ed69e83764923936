"""What a model is: its sizes and switches, under the names torch.nn.Transformer uses."""

import math
from dataclasses import dataclass, fields

ACTIVATIONS = ("relu", "gelu")
POSITIONS = ("sinusoidal", "learned", "none")
ARCHITECTURES = ("encoder-decoder", "encoder", "decoder")
INITIALIZATIONS = ("torch", "zero")


@dataclass(frozen=True)
class ModelConfig:
    """Sizes and switches of a Transformer; the default sizes are small enough to train while one watches.

    With every switch at its default it is torch.nn.Transformer. An "encoder" alone predicts a target token for each
    source token after <s>; a "decoder" alone reads source and target in one stream (as GPT does).
    """

    source_vocabulary: int
    target_vocabulary: int
    d_model: int = 64
    nhead: int = 4
    num_encoder_layers: int = 2
    num_decoder_layers: int = 2
    dim_feedforward: int = 128
    dropout: float = 0.0
    activation: str = "relu"
    layer_norm_eps: float = 1e-5
    norm_first: bool = False
    architecture: str = "encoder-decoder"
    positions: str = "sinusoidal"
    max_positions: int = 256
    """Rows of a table of learned positions, and so the longest sequence then."""
    tied_embeddings: bool = False
    """The generator's weights are the target embedding and, where vocabularies are shared, the source embedding too."""
    shared_vocabulary: bool = False
    """Whether source and target have the same tokens under the same ids."""
    causal_mask: bool = True
    padding_mask: bool = True
    scaled_scores: bool = True
    residual: bool = True
    layer_norm: bool = True
    initialization: str = "torch"
    heads_off: tuple[str, ...] = ()
    """Heads whose attention weights are all 0, such as "encoder.0.3": kind of attention, layer, head."""
    heads_uniform: tuple[str, ...] = ()
    """Heads that look at every allowed key alike."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type is int and (not isinstance(value, int) or isinstance(value, bool)):
                raise ValueError(f"{field.name} must be a whole number, not {value!r}")
            if field.type is int and value < 1:
                raise ValueError(f"{field.name} {value} is too small: at least 1")
        if self.d_model % self.nhead:
            raise ValueError(f"d_model {self.d_model} is not divisible by nhead {self.nhead}")
        for name, choices in CHOICES.items():
            if (value := getattr(self, name)) not in choices:
                raise ValueError(f"{name} {value!r} is unknown: one of {', '.join(choices)}")
        if not _is_number(self.dropout) or not 0.0 <= self.dropout < 1.0:
            raise ValueError(f"dropout {self.dropout!r} is out of range: at least 0 and below 1")
        if not _is_number(self.layer_norm_eps) or not 0.0 < self.layer_norm_eps < 1.0:
            raise ValueError(f"layer_norm_eps {self.layer_norm_eps!r} is out of range: above 0 and below 1")
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type is bool and not isinstance(value, bool):
                raise ValueError(f"{field.name} must be true or false, not {value!r}")
        self._check_vocabularies()
        self._check_heads()

    @property
    def head_width(self) -> int:
        return self.d_model // self.nhead

    @property
    def attentions(self) -> dict[str, int]:
        """Kind of attention -> its layers: "encoder", "decoder" (both self-attention) and "cross", where it exists."""
        stacks = {
            "encoder-decoder": ("encoder", "decoder", "cross"), "encoder": ("encoder",), "decoder": ("decoder",),
        }  # fmt: skip
        layers = {"encoder": self.num_encoder_layers}
        return {kind: layers.get(kind, self.num_decoder_layers) for kind in stacks[self.architecture]}

    @property
    def heads(self) -> tuple[str, ...]:
        """Every head by name: "encoder.0.0", "encoder.0.1", ..., "cross.1.3"."""
        return tuple(
            f"{kind}.{layer}.{head}"
            for kind, layers in self.attentions.items()
            for layer in range(layers)
            for head in range(self.nhead)
        )

    def embedding_of(self, side: str) -> str:
        """The parameter that embeds the tokens of a side, "source" or "target"."""
        of_target = self.tied_embeddings and self.shared_vocabulary and self.architecture != "encoder"
        return "target_embedding.weight" if of_target else f"{side}_embedding.weight"

    @property
    def generator_weight(self) -> str:
        """The parameter that the generator multiplies by."""
        if not self.tied_embeddings:
            return "generator.weight"
        return self.embedding_of("source" if self.architecture == "encoder" else "target")

    def _check_vocabularies(self) -> None:
        if self.shared_vocabulary and self.source_vocabulary != self.target_vocabulary:
            raise ValueError(
                f"shared_vocabulary is true, but source_vocabulary is {self.source_vocabulary} and "
                f"target_vocabulary {self.target_vocabulary}"
            )
        if self.tied_embeddings and self.architecture == "encoder" and not self.shared_vocabulary:
            raise ValueError(
                "tied_embeddings needs a shared vocabulary where there is an encoder alone: it embeds source tokens, "
                "and generates target tokens"
            )

    def _check_heads(self) -> None:
        for name in ("heads_off", "heads_uniform"):
            value = getattr(self, name)
            if not isinstance(value, tuple) or not all(isinstance(head, str) for head in value):
                raise ValueError(f"{name} must be a tuple of names, not {value!r}")
            for head in value:
                if head not in self.heads:
                    there = ", ".join(
                        f"{kind}.0.0 to {kind}.{layers - 1}.{self.nhead - 1}"
                        for kind, layers in self.attentions.items()
                    )
                    raise ValueError(f"{name} has {head!r}; the heads of this model are {there}")
        if both := sorted({*self.heads_off} & {*self.heads_uniform}):
            raise ValueError(f"heads_uniform has {both[0]!r}, which heads_off has too")


CHOICES = {
    "activation": ACTIVATIONS,
    "architecture": ARCHITECTURES,
    "positions": POSITIONS,
    "initialization": INITIALIZATIONS,
}


def heads_of(names: tuple[str, ...], path: str) -> tuple[int, ...]:
    """The heads, by number, that belong to an attention: of ("encoder.0.3",) at "encoder.layers.0.self_attn" 3."""
    stack, _, layer, attention = path.split(".")
    kind = "cross" if attention == "multihead_attn" else stack
    found = (name.split(".") for name in names)
    return tuple(
        sorted({int(head) for its_kind, its_layer, head in found if (its_kind, its_layer) == (kind, layer)})
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
