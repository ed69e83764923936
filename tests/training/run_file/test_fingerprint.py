import numpy

from tfviz.training.run_file import differences, numerical_fingerprint


def test_the_fingerprint_names_what_decides_the_bits() -> None:
    found = numerical_fingerprint(2)
    assert found["numpy"] == numpy.__version__
    assert found["shards"] == 2
    assert all(isinstance(value, str) and value for name, value in found.items() if name != "shards")


def test_the_same_machine_computes_the_same() -> None:
    assert differences(numerical_fingerprint(1), numerical_fingerprint(1)) == {}


def test_another_split_or_processor_is_named_and_another_python_is_not() -> None:
    here = numerical_fingerprint(1)
    there = here | {"processor": "abacus", "shards": 2, "python": "9.9"}
    assert differences(there, here) == {"processor": ("abacus", here["processor"]), "shards": (2, 1)}
