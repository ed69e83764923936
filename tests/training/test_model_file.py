import dataclasses
import json
import tracemalloc

import numpy
import pytest
from safetensors.numpy import load_file, save_file

from tfviz.core.parameters import Parameters
from tfviz.training.config import RunConfig
from tfviz.training.model.model_file import load_model, save_model
from tfviz.training.model_settings import ModelSettings
from tfviz.training.training_config import TrainingConfig

SOURCE = ("<pad>", "<s>", "</s>", "<unk>", "how", "are", "you", "日本", "a&b")
TARGET = ("<pad>", "<s>", "</s>", "<unk>", "fine", "thanks")
CONFIG = RunConfig(
    model=ModelSettings(d_model=8, nhead=2, num_encoder_layers=1, num_decoder_layers=2, dim_feedforward=12),
    training=TrainingConfig(seed=5, learning_rate=0.01),
    name="a run",
)


def parameters_of(config=CONFIG):
    model = config.model.model_config(len(SOURCE), len(TARGET))
    return Parameters(model, dtype=config.training.dtype, seed=5)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "model.safetensors"
    save_model(path, parameters_of(), CONFIG, SOURCE, TARGET, step=37, seed=5)
    return path


def rewritten(path, tensors=None, **metadata):
    """The same file with other tensors or metadata (None: without it), written by the library itself."""
    content = path.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    merged = header["__metadata__"] | metadata
    kept = {name: value for name, value in merged.items() if value is not None}
    save_file(load_file(path) if tensors is None else tensors, path, kept)
    return path


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_model_comes_back_bit_for_bit(tmp_path, dtype):
    config = dataclasses.replace(CONFIG, training=TrainingConfig(dtype=dtype))
    parameters = parameters_of(config)
    save_model(tmp_path / "m", parameters, config, SOURCE, TARGET, step=37, seed=5)
    model = load_model(tmp_path / "m")
    assert list(model.parameters) == list(parameters)
    for name, value in parameters.items():
        assert model.parameters[name].dtype == dtype
        numpy.testing.assert_array_equal(model.parameters[name], value)
    assert (model.config, model.step, model.seed) == (config, 37, 5)
    assert (model.source_tokens, model.target_tokens) == (SOURCE, TARGET)


def test_a_loaded_model_can_be_put_into_parameters(path):
    other = Parameters(CONFIG.model.model_config(len(SOURCE), len(TARGET)), seed=99)
    other.load(load_model(path).parameters)
    numpy.testing.assert_array_equal(other.flat, parameters_of().flat)


def test_any_program_that_reads_safetensors_finds_torch_names_and_shapes(path):
    tensors = load_file(path)
    assert tensors["transformer.encoder.layers.0.self_attn.in_proj_weight"].shape == (24, 8)
    assert tensors["transformer.decoder.layers.1.multihead_attn.out_proj.bias"].shape == (8,)
    assert tensors["source_embedding.weight"].shape == (9, 8)
    assert tensors["generator.weight"].shape == (6, 8)


def test_equal_models_give_equal_bytes(path, tmp_path):
    for _ in range(5):
        save_model(tmp_path / "again", parameters_of(), CONFIG, SOURCE, TARGET, step=37, seed=5)
        assert (tmp_path / "again").read_bytes() == path.read_bytes()


def test_views_that_are_not_contiguous_are_written_as_they_read(tmp_path):
    arrays = {name: numpy.array(value) for name, value in parameters_of().items()}
    strided = {name: numpy.repeat(value, 2, axis=-1)[..., ::2] for name, value in arrays.items()}
    assert not all(value.flags.c_contiguous for value in strided.values())
    save_model(tmp_path / "m", strided, CONFIG, SOURCE, TARGET, step=0, seed=5)
    for name, value in load_model(tmp_path / "m").parameters.items():
        numpy.testing.assert_array_equal(value, arrays[name])


@pytest.mark.parametrize("content", [b"", b"abc", b"PK\x03\x04" * 50, b"\0" * 100, b"SQLite format 3\0" * 20])
def test_a_file_of_another_kind_is_refused(tmp_path, content):
    (tmp_path / "m").write_bytes(content)
    with pytest.raises(ValueError, match=r"m is no safetensors file, or a damaged one"):
        load_model(tmp_path / "m")


def test_every_truncation_is_refused(path):
    content = path.read_bytes()
    for length in [*range(0, 200, 7), len(content) // 2, len(content) - 1]:
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match="no safetensors file, or a damaged one"):
            load_model(path)


@pytest.mark.parametrize("size", [2**63 - 1, 2**40, 99_000_000])
def test_a_header_that_claims_to_be_huge_takes_no_memory(path, size):
    path.write_bytes(size.to_bytes(8, "little") + path.read_bytes()[8:])
    tracemalloc.start()
    with pytest.raises(ValueError, match="no safetensors file, or a damaged one"):
        load_model(path)
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_a_tensor_that_claims_to_be_huge_is_refused(path):
    header = {"generator.weight": {"dtype": "F32", "shape": [2**40, 2**20], "data_offsets": [0, 4]}}
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(4))
    with pytest.raises(ValueError, match="no safetensors file, or a damaged one"):
        load_model(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    for missing in (tmp_path / "m", tmp_path):
        with pytest.raises(FileNotFoundError, match=f"cannot read {missing}"):
            load_model(missing)


def test_a_model_of_another_program_is_refused(tmp_path):
    save_file({"weight": numpy.zeros(3, numpy.float32)}, tmp_path / "m", {"format": "pt"})
    with pytest.raises(ValueError, match="m cannot be used: it was not saved by tfviz"):
        load_model(tmp_path / "m")


def test_a_newer_format_is_refused_whatever_else_it_holds(path):
    rewritten(path, tfviz_format="2", config="of a kind not known yet")
    with pytest.raises(ValueError, match="model format 2 of a newer tfviz; this one reads up to 1"):
        load_model(path)


@pytest.mark.parametrize("name", ["config", "source_tokens", "target_tokens", "step", "seed"])
def test_missing_metadata_are_named(path, name):
    with pytest.raises(ValueError, match=f"its metadata lack {name}"):
        load_model(rewritten(path, **{name: None}))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("config", "{", "the configuration is no JSON"),
        ("config", '{"model": {"d_model": 30}}', "d_model 30 is not divisible by nhead 4"),
        ("config", '{"colour": 1}', "field 'colour' is unknown"),
        ("source_tokens", "[", "its source_tokens are no vocabulary"),
        ("source_tokens", "[" * 100_000, "its source_tokens are no vocabulary"),
        ("target_tokens", '["a"]', "its target_tokens are no vocabulary"),
        ("target_tokens", '{"a": 1}', "its target_tokens are no vocabulary"),
        ("step", "-1", "its step is '-1', not a whole number"),
        ("step", "9" * 5000, "its step is '9999"),
        ("seed", "1.5", "its seed is '1.5', not a whole number"),
        ("tfviz_format", "one", "its tfviz_format is 'one', not a whole number"),
    ],
)
def test_metadata_that_make_no_sense_are_refused(path, name, text, said):
    with pytest.raises(ValueError, match=said):
        load_model(rewritten(path, **{name: text}))


def test_a_vocabulary_of_another_size_than_the_embedding_is_refused(path):
    tokens = json.dumps([*SOURCE, "more"])
    with pytest.raises(
        ValueError, match=r"source_embedding.weight is float32 \[9, 8\]; the model needs float32 \[10, 8\]"
    ):
        load_model(rewritten(path, source_tokens=tokens))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.pop("generator.bias"), "the model lacks parameters: generator.bias"),
        (lambda t: t.update(extra=numpy.zeros(1)), "the model has unknown parameters: extra"),
        (
            lambda t: t.clear() or t.update(extra=numpy.zeros(1)),
            r"lacks parameters: \S+, \S+, \S+ and \d+ more",
        ),
        (
            lambda t: t.update({"generator.bias": numpy.zeros(7, numpy.float32)}),
            r"generator.bias is float32 \[7\]; the model needs float32 \[6\]",
        ),
        (
            lambda t: t.update({"generator.bias": numpy.zeros(6)}),
            r"generator.bias is float64 \[6\]; the model needs float32 \[6\]",
        ),
        (
            lambda t: t.update({"generator.bias": numpy.zeros(6, numpy.int64)}),
            r"generator.bias is I64 \[6\]; the model needs float32 \[6\]",
        ),
    ],
)
def test_tensors_that_are_not_the_model_s_are_refused(path, change, said):
    tensors = load_file(path)
    change(tensors)
    with pytest.raises(ValueError, match=said):
        load_model(rewritten(path, tensors))


@pytest.mark.parametrize("bad", [numpy.nan, numpy.inf, -numpy.inf])
def test_weights_that_are_not_finite_are_neither_read_nor_written(path, bad):
    tensors = load_file(path)
    tensors["generator.weight"][2, 3] = bad
    with pytest.raises(ValueError, match=r"1 of the 48 values of generator.weight are NaN or infinite"):
        load_model(rewritten(path, tensors))
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"1 of the 48 values of generator.weight are NaN or infinite"):
        save_model(path, tensors, CONFIG, SOURCE, TARGET, step=1, seed=5)
    assert path.read_bytes() == before


def test_parameters_of_another_model_are_not_written(tmp_path):
    with pytest.raises(ValueError, match=r"source_embedding\.weight is float32"):
        save_model(tmp_path / "m", parameters_of(), CONFIG, [*SOURCE, "more"], TARGET, step=1, seed=5)
    assert list(tmp_path.iterdir()) == []


def test_a_failing_write_leaves_the_old_model(path, full_disk):
    before = path.read_bytes()
    with pytest.raises(OSError, match=r"cannot write .*: no space left on device"):
        save_model(path, parameters_of(), CONFIG, SOURCE, TARGET, step=99, seed=5)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]
