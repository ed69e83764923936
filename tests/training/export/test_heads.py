import pytest

from tfviz.training.export.heads import Head, all_heads


@pytest.mark.parametrize("text", ["cross.L1H3", "cross L1H3", " CROSS.l1h3 "])
def test_a_head_is_read_as_the_command_line_and_the_labels_write_it(text):
    assert Head.parse(text) == Head("cross", 1, 3)


def test_the_array_names_are_understood_too():
    assert Head.parse("encoder_self.L0H2") == Head("encoder", 0, 2)


def test_a_head_writes_itself_as_it_is_read():
    head = Head("decoder", 0, 12)
    assert Head.parse(str(head)) == Head.parse(head.label) == head
    assert (str(head), head.label) == ("decoder.L0H12", "decoder L0H12")


@pytest.mark.parametrize(
    "text", ["", "L0H3", "cross", "cross.L-1H0", "cross.L0", "middle.L0H0", "cross.L٣H0"]
)
def test_anything_else_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match=r"such as cross\.L0H3"):
        Head.parse(text)


@pytest.mark.parametrize("text", ["cross.L3H0", "cross.L0H4", "encoder.L2H0"])
def test_a_head_that_the_model_does_not_have_is_refused_with_those_it_has(snapshot, text):
    kind = text.split(".")[0]
    last = {"cross": "cross.L2H3", "encoder": "encoder.L1H3"}[kind]
    with pytest.raises(ValueError, match=f"{text} does not exist; this model has {kind}.L0H0 to {last}"):
        Head.parse(text).weights(snapshot.attention)


def test_rows_are_queries_and_columns_are_keys(snapshot):
    attention = snapshot.attention
    assert Head.parse("cross.L0H0").tokens(attention) == (attention.target_tokens, attention.source_tokens)
    assert Head.parse("encoder.L0H0").tokens(attention) == (attention.source_tokens,) * 2
    assert Head.parse("decoder.L0H0").tokens(attention) == (attention.target_tokens,) * 2


def test_all_heads_are_listed_once(snapshot):
    heads = all_heads(snapshot.attention)
    assert len(heads) == len(set(heads)) == (2 + 3 + 3) * 4
