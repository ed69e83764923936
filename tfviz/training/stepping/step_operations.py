"""Which operations of a program make a tensor and which reads it, whatever of several names it is asked for by."""

from tfviz.core.attention_tensors import Heads
from tfviz.core.operation import Operation
from tfviz.core.program import Program
from tfviz.core.tensor import ParameterReader
from tfviz.training.stepping.step_places import group_of, whole_name


def made_by(program: Program, name: str) -> Operation | None:
    """The operation that computes a tensor's value; None for parameters and tokens."""
    names = _names(program, name)
    for operation in program.operations:
        if any(tensor.name in names for tensor in operation.outputs):
            return operation
    return None


def read_by(program: Program, name: str) -> Operation | None:
    """The operation whose backward pass computes the gradient of a tensor or a parameter, the first one of several."""
    names = _names(program, name)
    for operation in program.operations:
        if any(whole_name(tensor.name) in names for tensor in operation.inputs):
            return operation
    return None


def parameters_of(operation: Operation) -> list[str]:
    """The names of the parameters that it uses, or uses some rows of."""
    names = []
    for tensor in operation.inputs:
        if isinstance(tensor, ParameterReader):
            names.append(tensor.parameter.name)
        elif tensor.kind == "parameter":
            names.append(whole_name(tensor.name))
    return names


def nearest_with_parameters(program: Program, name: str) -> list[Operation]:
    """The operation that makes a tensor, if it has parameters; else those before it that have, with no other between
    them and the tensor: all of the nearest layer, in the program's order. None for tokens and masks.
    """
    asked, seen, found = [name], {name}, []
    while asked:
        operation = made_by(program, asked.pop(0))
        if operation is None or operation in found:
            continue
        if parameters_of(operation):
            found.append(operation)
            continue
        for tensor in operation.inputs:
            if tensor.name not in seen:
                seen.add(tensor.name)
                asked.append(tensor.name)
    layers = [group_of(operation.name) for operation in found[:1]]
    return [each for each in program.operations if each in found and group_of(each.name) in layers]


def _names(program: Program, name: str) -> set[str]:
    """The tensor itself and what is the same numbers head by head, or as a projection's rows."""
    tensor, names = program.tensors.get(name), {name}
    if isinstance(tensor, Heads):
        names.add(tensor.features.name)
    else:
        names |= {
            heads.name
            for heads in program.tensors.values()
            if isinstance(heads, Heads) and heads.features is tensor
        }
    return names
