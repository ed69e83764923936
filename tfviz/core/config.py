"""What a model is: its sizes and switches, under the names torch.nn.Transformer uses."""

import math
from dataclasses import dataclass, fields

ACTIVATIONS = ("relu", "gelu")


@dataclass(frozen=True)
class ModelConfig:
    """Sizes of an encoder-decoder Transformer; the defaults are small enough to train while one watches."""

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

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type is int and (not isinstance(value, int) or isinstance(value, bool)):
                raise ValueError(f"{field.name} must be a whole number, not {value!r}")
            if field.type is int and value < 1:
                raise ValueError(f"{field.name} {value} is too small: at least 1")
        if self.d_model % self.nhead:
            raise ValueError(f"d_model {self.d_model} is not divisible by nhead {self.nhead}")
        if self.activation not in ACTIVATIONS:
            raise ValueError(f"activation {self.activation!r} is unknown: one of {', '.join(ACTIVATIONS)}")
        if not _is_number(self.dropout) or not 0.0 <= self.dropout < 1.0:
            raise ValueError(f"dropout {self.dropout!r} is out of range: at least 0 and below 1")
        if not _is_number(self.layer_norm_eps) or not 0.0 < self.layer_norm_eps < 1.0:
            raise ValueError(f"layer_norm_eps {self.layer_norm_eps!r} is out of range: above 0 and below 1")
        if not isinstance(self.norm_first, bool):
            raise ValueError(f"norm_first must be true or false, not {self.norm_first!r}")

    @property
    def head_width(self) -> int:
        return self.d_model // self.nhead


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
