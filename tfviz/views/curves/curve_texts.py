"""The curves in words: what each of them is, and how they stand."""

import math

from tfviz.training.generation.free_running import DECODED, DECODED_EVERY
from tfviz.views.curves.curve_header import value_text
from tfviz.views.plots.run_curves import RunCurves

EXPLANATIONS = {
    "train": "Loss of each training batch before its update: recorded (faint) and smoothed",
    "validation": "Loss and accuracies (dashed, dots) on all held-out data, teacher-forced: every token is predicted "
    "from the right ones before it",
    "accuracy": "Share of target tokens predicted rightly (right axis)",
    "sequence": "Share of whole sequences predicted rightly (right axis)",
    "free": "Accuracies (dotted, rings) where the model goes on from its own words: greedy answers to the first "
    f"{DECODED} held-out sentences, or all where there are fewer, at most every {DECODED_EVERY} steps. The shares of "
    "tokens right at their place, and of answers right to the last token (right axis)",
}

SPOKEN = {
    "validation_loss": "validation loss",
    "token_accuracy": "token accuracy",
    "sequence_accuracy": "sequence accuracy",
    "validation_free_token_accuracy": "free-running token accuracy",
    "validation_free_sequence_accuracy": "free-running exact match",
}


def summary(curves: RunCurves) -> str:
    """How training stands, for who does not see the curves."""
    steps = len(curves)
    smoothed = curves.smoothed["loss"].values
    if not len(smoothed):
        return "Nothing recorded yet"
    before = float(smoothed[max(steps - 1 - max(steps // 10, 10), 0)])
    change = float(smoothed[-1]) - before
    if abs(change) <= 0.01 * abs(before) or math.isnan(change):
        trend = "steady"
    else:
        trend = "falling" if change < 0 else "rising"
    parts = [f"Training loss {value_text(curves.value('loss', steps))} at step {steps:,}, {trend}"]
    for column, name in SPOKEN.items():
        value = curves.envelopes[column].latest(steps)
        if not math.isnan(value):
            parts.append(f"{name} {value_text(value)}")
    return "; ".join(parts)
