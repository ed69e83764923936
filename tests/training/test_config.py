"""Configurations: refused with the field named, changed by text or value, the same after JSON."""

import dataclasses
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfviz.core.config import ModelConfig
from tfviz.core.optimizers import OPTIMIZERS
from tfviz.core.schedules import SCHEDULES
from tfviz.resources import resource_path
from tfviz.training.config import RunConfig, difference
from tfviz.training.model_settings import ModelSettings
from tfviz.training.rules import ConfigurationError, Rule
from tfviz.training.task_config import TaskConfig
from tfviz.training.tasks import TASKS
from tfviz.training.training_config import TrainingConfig

RULES = RunConfig.rules()


def test_the_model_settings_are_the_fields_of_the_model_without_vocabularies() -> None:
    names = [field.name for field in dataclasses.fields(ModelConfig)]
    vocabularies = {"source_vocabulary", "target_vocabulary", "shared_vocabulary"}
    assert [name for name in names if name not in vocabularies] == [
        field.name for field in dataclasses.fields(ModelSettings)
    ]
    assert ModelSettings().model_config(20, 30) == ModelConfig(20, 30)
    settings = ModelSettings(d_model=32, nhead=8, norm_first=True, activation="gelu")
    assert settings.model_config(20, 30) == ModelConfig(
        20, 30, d_model=32, nhead=8, norm_first=True, activation="gelu"
    )


def test_the_choices_are_those_of_the_parts_that_implement_them() -> None:
    assert set(RULES["training.optimizer"].choices) == set(OPTIMIZERS)
    assert set(RULES["training.schedule"].choices) == set(SCHEDULES)
    assert set(RULES["task.name"].choices) == set(TASKS)


def test_every_field_has_a_rule_with_a_help_text_and_its_default() -> None:
    default = RunConfig()
    for section, kind in (("model", ModelSettings), ("task", TaskConfig), ("training", TrainingConfig)):
        for field in dataclasses.fields(kind):
            rule = RULES[f"{section}.{field.name}"]
            assert rule.help.endswith(".") and "\n" not in rule.help
            assert rule.default == default.value(f"{section}.{field.name}")
            assert rule.check(field.name, rule.default) == rule.default


@pytest.mark.parametrize(
    ("path", "value", "allowed"),
    [
        ("model.d_model", 0, "a whole number of at least 1"),
        ("model.dropout", 1.0, "below 1"),
        ("model.activation", "tanh", "relu, gelu"),
        ("model.norm_first", 1, "true or false"),
        ("task.name", "translate", "identity"),
        ("task.alphabet", 1, "at least 2"),
        ("training.learning_rate", -0.1, "a number above 0"),
        ("training.learning_rate", math.nan, "a number above 0"),
        ("training.clip_norm", math.inf, "a number of at least 0"),
        ("training.batch_size", True, "a whole number"),
        ("training.seed", -1, "at least 0"),
        ("training.betas", [0.9, 1.0], "2 numbers"),
        ("training.shards", 3, "at most 2"),
        ("training.dtype", "float16", "float32, float64"),
    ],
)
def test_a_value_that_is_not_allowed_is_refused_with_field_value_and_range(
    path: str, value: Any, allowed: str
) -> None:
    with pytest.raises(ValueError) as caught:
        RunConfig().replace(path, value)
    assert path in str(caught.value) and allowed in str(caught.value)
    assert isinstance(caught.value, ConfigurationError) and caught.value.path == path


def test_what_does_not_fit_together_is_refused_with_both_numbers() -> None:
    with pytest.raises(ConfigurationError, match="d_model 64 is not divisible by nhead 5") as caught:
        RunConfig().replace("model.nhead", "5")
    assert caught.value.path.startswith("model.")
    with pytest.raises(ConfigurationError, match=r"minimum_length 9 is above task.length 4"):
        TaskConfig(name="copy", length=4, minimum_length=9)
    with pytest.raises(ConfigurationError, match=r"task.path"):
        TaskConfig(name="file")
    with pytest.raises(ConfigurationError, match="only the task file"):
        TaskConfig(name="identity", path="mine.tsv")
    with pytest.raises(ConfigurationError, match="at least 1 to watch"):
        TaskConfig(name="copy", validation=0)
    with pytest.raises(ConfigurationError, match="warmup_steps is 0"):
        TrainingConfig(schedule="warmup_inverse_sqrt")
    with pytest.raises(ConfigurationError, match="needs an end"):
        TrainingConfig(schedule="cosine")
    with pytest.raises(ConfigurationError, match=r"shards 2 is above training.batch_size 1"):
        TrainingConfig(shards=2, batch_size=1)
    with pytest.raises(ConfigurationError, match=r"no epochs; set training.steps"):
        RunConfig(task=TaskConfig(name="reverse"), training=TrainingConfig(epochs=10))
    with pytest.raises(TypeError, match=r"RunConfig.model is no ModelSettings"):
        RunConfig(model={})


def test_several_fields_can_change_together_where_one_alone_would_not_fit() -> None:
    config = RunConfig().with_values({"model.nhead": "5", "model.d_model": 30, "name": "odd"})
    assert (config.model.nhead, config.model.d_model, config.name) == (5, 30, "odd")


def test_a_field_is_replaced_by_text_or_by_a_typed_value_and_the_original_stays() -> None:
    config = RunConfig()
    assert config.replace("training.learning_rate", "0.01").training.learning_rate == 0.01
    assert config.replace("training.learning_rate", 1).training.learning_rate == 1.0
    assert config.replace("training.steps", "500").replace("training.steps", "none").training.steps is None
    assert config.replace("training.steps", None).training.steps is None
    assert config.replace("training.betas", "0.8,0.9").training.betas == (0.8, 0.9)
    assert config.replace("model.norm_first", "yes").model.norm_first is True
    assert config.replace("description", " kept as it is ").description == " kept as it is "
    assert config == RunConfig()


def test_an_unknown_field_is_answered_with_a_guess_and_the_list() -> None:
    with pytest.raises(ValueError, match=r"did you mean training\.learning_rate\?.*model\.d_model") as caught:
        RunConfig().replace("training.learning_rat", "1")
    assert "training.seed" in str(caught.value)
    with pytest.raises(ValueError, match="unknown"):
        RunConfig().replace("model", "1")
    with pytest.raises(ValueError, match="unknown"):
        RunConfig().replace("training.total_steps", "1")


def test_the_difference_names_exactly_the_fields_that_differ() -> None:
    old = RunConfig()
    new = old.with_values({"training.learning_rate": 0.5, "task.name": "reverse"})
    assert difference(old, old) == {}
    assert difference(old, new) == {
        "training.learning_rate": (1e-3, 0.5),
        "task.name": ("identity", "reverse"),
    }


def test_the_fingerprint_tells_runs_apart_and_ignores_their_names() -> None:
    config = RunConfig()
    assert config.fingerprint == RunConfig(name="another", description="words").fingerprint
    assert len(config.fingerprint) == 12
    others = [config.replace("training.seed", seed).fingerprint for seed in range(1, 20)]
    assert len({config.fingerprint, *others}) == 20


def test_a_run_ends_at_the_first_of_its_limits() -> None:
    assert TrainingConfig().total_steps(6) is None
    assert TrainingConfig(steps=10).total_steps(None) == 10
    assert TrainingConfig(epochs=3).total_steps(6) == 18
    assert TrainingConfig(steps=10, epochs=3).total_steps(6) == 10
    assert TrainingConfig(steps=100, epochs=3).total_steps(6) == 18


def values(rule: Rule) -> st.SearchStrategy[Any]:
    """Allowed values of a field (not all of them fit together)."""
    if rule.choices:
        return st.sampled_from(rule.choices)
    if rule.kind is bool:
        return st.booleans()
    if rule.kind is str:
        return st.text()
    if rule.kind is int:
        low = int(rule.minimum or 0)
        found: st.SearchStrategy[Any] = st.integers(low, int(rule.maximum or low + 1000))
    else:
        least, most = rule.minimum or rule.above or 0, rule.maximum or rule.below or 1e6
        found = st.floats(least, most, exclude_min=rule.above is not None, exclude_max=rule.below is not None)
        if rule.kind is tuple:
            found = st.tuples(found, found)
    return st.none() | found if rule.optional else found


@given(st.fixed_dictionaries({}, optional={path: values(rule) for path, rule in RULES.items()}))
def test_json_gives_back_the_same_configuration(changes: dict[str, Any]) -> None:
    try:
        config = RunConfig().with_values({path: value for path, value in changes.items() if value != ""})
    except ConfigurationError:
        return
    again = RunConfig.from_json(config.to_json())
    assert again == config and again.fingerprint == config.fingerprint
    assert isinstance(again.training.betas, tuple) and hash(again) == hash(config)
    assert RunConfig.from_json(config.to_json().encode()) == config


def test_fields_left_out_of_json_have_their_defaults() -> None:
    assert RunConfig.from_json("{}") == RunConfig()
    assert RunConfig.from_json('{"model": {"d_model": 32}}').model == ModelSettings(d_model=32)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"modle": {}}', r"'modle' is unknown; allowed: model, task, training, name, description"),
        ('{"model": {"heads": 4}}', r"'model\.heads' is unknown; allowed: model\.d_model"),
        ('{"model": 3}', "model is int, not an object"),
        ("[]", "the configuration is list, not an object"),
        ("null", "not an object"),
        ('{"training": {"seed": 1, "seed": 2}}', "'seed' stands twice"),
        ('{"training": {"learning_rate": NaN}}', r"training\.learning_rate is nan"),
        ('{"training": {"learning_rate": "0.1"}}', r"training\.learning_rate is '0\.1'"),
        ('{"training": {"seed": 1.5}}', r"training\.seed is 1\.5"),
        ('{"name": 5}', "name is 5"),
        ("{", "no JSON"),
        ("", "no JSON"),
        (b"\xff\xfe{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ('{"training": {"seed": ' + "9" * 5000 + "}}", "no JSON"),
    ],
)
def test_json_with_unknown_or_wrong_content_is_refused_in_a_sentence(text: str | bytes, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        RunConfig.from_json(text)


def test_the_presets_are_the_files_that_come_with_the_program() -> None:
    files = {file.stem for file in resource_path("presets").iterdir()}
    assert files == set(RunConfig.presets())
    for name in RunConfig.presets():
        preset = RunConfig.preset(name)
        assert preset.name == name and preset.description


def test_an_unknown_preset_is_answered_with_the_list() -> None:
    with pytest.raises(
        ValueError, match="preset 'idendity' is unknown; there are identity, identity_sgd, copy, reverse"
    ):
        RunConfig.preset("idendity")
    with pytest.raises(ValueError, match="unknown"):
        RunConfig.preset("../presets/identity")


def test_the_seed_task_is_trained_as_promised() -> None:
    sgd, adam = RunConfig.preset("identity_sgd"), RunConfig.preset("identity")
    assert sgd.training.optimizer == "sgd" and (sgd.training.epochs or math.inf) <= 1000
    assert adam.training.optimizer == "adam" and (adam.training.epochs or math.inf) <= 100
    for config in (sgd, adam):
        assert config.task.name == "identity" and config.task.validation is None
        assert config.model.dropout == 0 and config.training.label_smoothing == 0


SHAPES = {
    "tiny": (32, 4, 2, 64, 16, 12, 32),
    "small": (64, 4, 2, 256, 32, 16, 64),
    "medium": (128, 8, 3, 512, 32, 32, 128),
    "base": (256, 8, 4, 1024, 32, 64, 1000),
}


@pytest.mark.parametrize("name", SHAPES)
def test_the_bench_presets_have_the_shapes_of_the_budgets(name: str) -> None:
    config = RunConfig.preset(name)
    model, task = config.model, config.task
    assert model.num_encoder_layers == model.num_decoder_layers
    assert (
        model.d_model,
        model.nhead,
        model.num_encoder_layers,
        model.dim_feedforward,
        config.training.batch_size,
        task.length + 2,
        task.alphabet + 4,
    ) == SHAPES[name]
    assert task.name == "copy" and json.loads(config.to_json())["task"]["minimum_length"] == task.length // 2
