"""Who lies where: values and gradients have memory as long as they are needed, and leave that of others alone."""

from dataclasses import replace

import numpy as np
import pytest

from tfviz.core import blocks, memory, storage
from tfviz.core.attention_tensors import AttentionMap
from tfviz.core.gradient_check import small_config
from tfviz.core.storage import Slot, Use, allocate, gradient, joined, plan, value
from tfviz.core.tensor import Features, Form
from tfviz.core.transformer import Transformer

carve = storage.carve


def features(*names: str) -> list[Features]:
    return [Features(name, 3, 2, 4) for name in names]


def test_what_was_used_for_the_last_time_makes_room_for_the_next() -> None:
    a, b, c = features("a", "b", "c")
    uses = [Use([value(a)]), Use([value(a), value(b)]), Use([value(b), value(c)])]
    places, forms = plan(uses, recycle=True)
    assert places == {value(a): 0, value(b): 1, value(c): 0}
    assert forms == [a.form, a.form]
    assert plan(uses, recycle=False)[0] == {value(a): 0, value(b): 1, value(c): 2}


def test_an_operation_that_works_in_place_takes_its_operands_memory_if_nobody_reads_it_again() -> None:
    a, b, c = features("a", "b", "c")
    over = {value(b): [value(a)]}
    assert plan([Use([value(a)]), Use([value(a), value(b)], over)], True)[0][value(b)] == 0
    read_again = [Use([value(a)]), Use([value(a), value(b)], over), Use([value(a), value(c)])]
    assert plan(read_again, True)[0][value(b)] == 1


def test_memory_of_another_form_is_not_taken() -> None:
    a, b = Features("a", 3, 2, 4), Features("b", 3, 2, 5)
    uses = [Use([value(a)]), Use([value(a), value(b)], {value(b): [value(a)]}), Use([gradient(b)])]
    places, forms = plan(uses, recycle=True)
    assert [forms[places[slot]] for slot in (value(a), value(b), gradient(b))] == [a.form, b.form, b.form]


def test_what_must_last_is_never_given_away() -> None:
    a, b = features("a", "b")
    a.lasting = True
    places, _ = plan([Use([value(a)]), Use([value(a), value(b)], {value(b): [value(a)]})], recycle=True)
    assert places[value(a)] != places[value(b)]


def test_storage_lies_side_by_side_without_touching_and_has_its_row_of_ones() -> None:
    tensors = features("a", "b", "c")
    allocate([Use([value(tensor) for tensor in tensors])], list(tensors), np.dtype(np.float32), recycle=True)
    for number, tensor in enumerate(tensors):
        tensor.data[...] = number + 2
    for number, tensor in enumerate(tensors):
        assert (tensor.data == number + 2).all()
        assert (tensor.with_ones[-1] == 1).all()
        assert tensor.data.ctypes.data % memory.LINE == 0


@pytest.mark.parametrize("columns", [511, 512, 1024])
def test_spread_rows_do_not_lie_a_multiple_of_two_kilobytes_apart(columns: int) -> None:
    form, dtype = Form(4, columns, spread=True), np.dtype(np.float32)
    matrix = form.shaped(np.zeros(form.size(dtype), dtype))
    assert matrix.shape == (4, columns)
    assert matrix.strides[0] % 2048


def test_recycling_takes_less_than_half_of_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    monkeypatch.setattr(
        storage,
        "carve",
        lambda forms, dtype: sizes.append(sum(form.size(dtype) for form in forms)) or carve(forms, dtype),
    )
    config = replace(small_config(norm_first=False), num_encoder_layers=3, num_decoder_layers=3)
    for recycle in (True, False):
        Transformer(config, 3, 5, 4, recycle=recycle)
    assert sizes[0] < 0.5 * sizes[1]


def test_what_is_used_at_one_time_alone_has_room_for_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 40)  # two heads of 3 * 2 * 3 numbers
    once, twice, lasting = (AttentionMap(name, 5, 2, 3, 3) for name in ("once", "twice", "lasting"))
    lasting.lasting = True
    uses = [
        joined([Use([value(once)]), Use([value(once), value(twice), value(lasting)])]),
        Use([value(twice)]),
    ]
    allocate(uses, [once, twice, lasting], np.dtype(np.float32), recycle=True)
    assert [tensor.data.shape[1] for tensor in (once, twice, lasting)] == [2, 5, 5]
    assert once.cuts == [slice(0, 2), slice(2, 4), slice(4, 5)]
    assert [once.of(heads, once.data).shape[1] for heads in once.cuts] == [2, 2, 1]
    allocate(uses, [once, twice, lasting], np.dtype(np.float32), recycle=False)
    assert [tensor.data.shape[1] for tensor in (once, twice, lasting)] == [5, 5, 5]


def test_operations_that_take_turns_keep_what_one_of_them_still_needs() -> None:
    a, b, c = features("a", "b", "c")
    apart = [Use([value(a), value(b)]), Use([value(b), value(c)])]
    assert plan(apart, recycle=True)[0][value(c)] == 0
    places, _ = plan([joined(apart)], recycle=True)
    assert len(set(places.values())) == 3


def test_a_slot_is_found_under_the_tensor_that_holds_it() -> None:
    a, b = features("a", "b")
    b.value_of = a
    assert Slot(b, "value").root == value(a)
    assert Slot(b, "gradient").root == gradient(b)


@pytest.mark.parametrize("shape", [7, (3, 5), (0,)])
def test_large_pages_hold_zeros_of_the_shape_asked_for(shape: int | tuple[int, ...]) -> None:
    array = memory.zeros(shape, np.float64)
    assert array.shape == np.zeros(shape).shape
    assert array.dtype == np.float64
    assert not array.any()
    assert not array.size or array.ctypes.data % memory.PAGE == 0
    array[...] = 1  # writable
