"""What each “what if” says, clause by clause, each with the number in which it is seen: in the tests and in
tests/benchmarks/what_if_table.py."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.training import symptoms
from tfviz.training.branching.what_if import what_if_preset
from tfviz.training.config import RunConfig
from tfviz.training.session import Session

Measure = Callable[[Session], float]


@dataclass(frozen=True)
class Claim:
    """Some words of a symptom, and when they are true."""

    words: str
    measure: Measure
    holds: Callable[[float, float, RunConfig], bool]
    """Of the healthy number, the broken one and the healthy configuration."""
    at_once: bool = False
    """Whether it is seen before the first step; else it is seen after training."""
    run: str = "shallow"
    """Of which healthy run it is said: "shallow", "deep", or "ended": one whose schedule has come nearly to its end."""


def right(broken: float, healthy: float) -> bool:
    return broken > 0.8 * healthy


WRONG_AT_ONCE = Claim(
    "some that were right turn wrong", symptoms.exact, lambda h, b, _: b < h - 0.03, at_once=True
)
RIGHT_AGAIN = Claim("until training makes up for it", symptoms.exact, lambda h, b, _: right(b, h))

CLAIMS: dict[str, tuple[Claim, ...]] = {
    "no causal mask": (
        Claim("The teacher-forced loss falls to nearly 0", symptoms.loss, lambda h, b, _: b < 0.1),
        Claim(
            "each answer is seen in advance",
            symptoms.sight_of_later_tokens,
            lambda h, b, _: h == 0 and b > 0.5,
        ),
        Claim("free-running answers are wrong", symptoms.exact, lambda h, b, _: b < 0.3 and h > 0.7),
    ),
    "no padding mask": (
        Claim(
            "Queries spend attention on padding",
            symptoms.attention_to_padding,
            lambda h, b, _: h == 0 and b > 0.03,
            at_once=True,
        ),
        Claim(
            "answers depend on how much of it stands behind the sentence",
            symptoms.dependence_on_padding,
            lambda h, b, _: h < 1e-4 and b > 0.1,
            at_once=True,
        ),
        WRONG_AT_ONCE,
        RIGHT_AGAIN,
    ),
    "no 1/sqrt(d)": (
        Claim(
            "Scores are larger by the root of the head's width",
            symptoms.size_of_scores,
            lambda h, b, config: math.isclose(
                b, h * math.sqrt(config.model.d_model / config.model.nhead), rel_tol=1e-3
            ),
            at_once=True,
        ),
        Claim(
            "attention turns sharper at once, its entropy falls",
            symptoms.entropy,
            lambda h, b, _: b < 0.8 * h,
            at_once=True,
        ),
        replace(WRONG_AT_ONCE, words="some answers that were right turn wrong"),
        RIGHT_AGAIN,
    ),
    "no positions": (
        Claim(
            "Source tokens that are equal are told apart by nothing",
            symptoms.distance_of_equal_tokens,
            lambda h, b, _: b < 1e-4 and h > 0.1,
        ),
        Claim(
            "the same words in another order get the same answer",
            symptoms.same_in_another_order,
            lambda h, b, _: b == 1 and h < 0.5,
        ),
    ),
    "no residual": (
        Claim(
            "Positions become alike from layer to layer",
            symptoms.spread_of_positions,
            lambda h, b, _: b < 0.3 and h > 0.5,
            at_once=True,
        ),
        Claim(
            "gradients fade on their way down the decoder",
            symptoms.gradient_at_the_bottom,
            lambda h, b, _: b < 0.1 and h > 0.3,
            at_once=True,
        ),
        Claim("the loss stays far above the healthy one", symptoms.loss, lambda h, b, _: b > 5 * h),
    ),
    "no norm": (
        Claim(
            "Residual streams grow from layer to layer",
            symptoms.growth_of_streams,
            lambda h, b, _: b > 1 and b > 1.1 * h,
            at_once=True,
        ),
        Claim(
            "the loss begins above that of guessing",
            symptoms.first_loss,
            lambda h, b, _: b > 1 and b > 1.1 * h,
        ),
    ),
    "no warm-up": (
        Claim(
            "The first updates have the full learning rate",
            symptoms.first_rate,
            lambda h, b, _: h < 0.1 and b > 0.99,
        ),
        Claim(
            "a deep stack with norms after its sums is lost, its loss stays where guessing leaves it",
            symptoms.loss_over_guessing,
            lambda h, b, _: h < 0.5 and b > 0.8,
            run="deep",
        ),
        Claim("a shallow one learns all the same", symptoms.loss_over_guessing, lambda h, b, _: b < 0.2),
    ),
    "learning rate times ten": (
        Claim(
            "The loss jumps up within a few steps",
            symptoms.rise_of_loss,
            lambda h, b, _: b > 3 and b > 2 * h,
        ),
        Claim("stays above that of the branch that it left", symptoms.loss, lambda h, b, _: b > 2 * h),
        Claim(
            "unless the schedule has brought the rate down already",
            symptoms.rise_of_loss,
            lambda h, b, _: b < 3,
            run="ended",
        ),
    ),
    "zero initialisation": (
        Claim("Every head stays exactly uniform", symptoms.unevenness, lambda h, b, _: b < 1e-6 and h > 0.5),
        Claim("the source is never read", symptoms.dependence_on_source, lambda h, b, _: b == 0 and h > 0.5),
        Claim(
            "the loss stops where guessing by place, and by the token before, leaves it",
            symptoms.loss_over_guessing,
            lambda h, b, _: 0.85 < b < 1.15 and h < 0.2,
        ),
    ),
    "label shift by one": (
        Claim("The training loss falls to nearly 0", symptoms.loss, lambda h, b, _: b < 0.05),
        Claim(
            "the model only repeats the tokens that it is given",
            symptoms.repeated,
            lambda h, b, _: b > 0.95 and h < 0.3,
        ),
        Claim("validation loss rises", symptoms.validation_loss, lambda h, b, _: b > 10 * h),
        Claim("answers are wrong", symptoms.exact, lambda h, b, _: b < 0.3 and h > 0.7),
    ),
}


def numbers(healthy: Session, name: str, run: str, steps: int, more: int) -> dict[str, tuple[float, float]]:
    """Words -> the healthy number and the broken one, of what is said of such a run; the healthy one is trained.

    What leaves from the start is trained for so many `steps`, what leaves from the newest step for `more`.
    """
    claims = [claim for claim in CLAIMS[name] if claim.run == run]
    what_if, healthy_numbers = what_if_preset(name), [claim.measure(healthy) for claim in claims]
    own = what_if.needs_new_run(healthy.config)
    if own:
        broken = Session(what_if.changed(healthy.config))
    else:
        broken = healthy
        broken.what_if(name)
    early = [claim.measure(broken) if claim.at_once else 0.0 for claim in claims]
    broken.train(steps if what_if.from_start else more)
    late = [0.0 if claim.at_once else claim.measure(broken) for claim in claims]
    if own:
        broken.close()
    else:
        healthy.switch(0)
    return {
        claim.words: (sound, early if claim.at_once else late)
        for claim, sound, early, late in zip(claims, healthy_numbers, early, late, strict=True)
    }
