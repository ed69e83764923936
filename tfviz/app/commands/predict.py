"""`predict`: a trained model's answer to a sentence."""

import argparse
from typing import TYPE_CHECKING

from tfviz.app.outputs import printable
from tfviz.app.parser import Parser, whole_number
from tfviz.launcher.process import say

if TYPE_CHECKING:
    from tfviz.training.generation.decoding import Method

EXAMPLES = """examples:
  %(prog)s model.safetensors "how are you"
  %(prog)s model.safetensors "how are you" --sample --temperature 0.7 --top-k 5 --seed 1
  %(prog)s run.tfviz "how are you" --beam 4

The same seed gives the same sample. Without --sample or --beam each token is the most
probable one."""
OF_SAMPLING = ("temperature", "top_k", "top_p", "seed")


def configure(parser: Parser) -> None:
    parser.description = "Print a trained model's own answer (free-running) to a sentence."
    parser.epilog = EXAMPLES
    parser.add_argument("file", metavar="FILE", help="a safetensors model saved by tfviz, or a run file")
    parser.add_argument("words", metavar="SENTENCE", nargs="+", help="in quotation marks or not")
    parser.add_argument(
        "--strict", action="store_true", help="refuse unknown words; otherwise they are read as <unk>"
    )
    parser.add_argument(
        "--step",
        type=whole_number(0),
        metavar="N",
        help="the model after N updates, from a run file (default: the last)",
    )
    ways = parser.add_argument_group("how tokens are chosen (without: the most probable one each time)")
    way = ways.add_mutually_exclusive_group()
    way.add_argument(
        "--sample", action="store_true", help="draw them at random, as probable as the model says"
    )
    way.add_argument(
        "--beam", type=whole_number(1), metavar="N", help="follow the N most probable beginnings side by side"
    )
    ways.add_argument(
        "--temperature", metavar="T", help="with --sample: below 1 more cautious, above 1 bolder"
    )
    ways.add_argument("--top-k", metavar="K", help="with --sample: among the K most probable tokens only")
    ways.add_argument(
        "--top-p",
        metavar="P",
        help="with --sample: among the most probable tokens that reach P together only",
    )
    ways.add_argument("--seed", type=whole_number(0), metavar="S", help="with --sample (default: the run's)")


def run(arguments: argparse.Namespace) -> int:
    if not arguments.sample:
        for name in OF_SAMPLING:
            if getattr(arguments, name) is not None:
                raise ValueError(f"--{name.replace('_', '-')} means nothing without --sample")
    from tfviz.app.commands.files import read_model
    from tfviz.training.model.pretrained import Pretrained

    method = _method(arguments)
    model = Pretrained(read_model(arguments.file, arguments.step))
    sentence = " ".join(arguments.words)
    answer = model.predict(sentence, arguments.strict, method, arguments.seed)
    for word in model.unknown_words(sentence):
        say(f"warning: unknown {model.task.source_tokenizer.unit} {word!r} is read as <unk>")
    print(printable(answer))
    return 0


def _method(arguments: argparse.Namespace) -> "Method":
    """What the options say; ValueError names one that cannot be."""
    from tfviz.training.generation.beam_search import Beam
    from tfviz.training.generation.sampling import Sampling
    from tfviz.training.rules import rules_of

    if arguments.beam is not None:
        return Beam(rules_of(Beam)["width"].check("--beam", arguments.beam))
    if not arguments.sample:
        return None
    rules = rules_of(Sampling)
    texts = {name: getattr(arguments, name) for name in rules if getattr(arguments, name) is not None}
    values = {name: rules[name].parse(f"--{name.replace('_', '-')}", text) for name, text in texts.items()}
    return Sampling(**values)
