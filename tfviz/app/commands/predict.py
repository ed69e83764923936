"""`predict`: a trained model's answer to a sentence."""

import argparse

from tfviz.app.parser import Parser, whole_number
from tfviz.launcher.process import say


def configure(parser: Parser) -> None:
    parser.description = "Print a trained model's own answer (free-running, greedy) to a sentence."
    parser.epilog = 'example:\n  %(prog)s model.safetensors "how are you"'
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


def run(arguments: argparse.Namespace) -> int:
    from tfviz.app.commands.files import read_model
    from tfviz.training.pretrained import Pretrained

    model = Pretrained(read_model(arguments.file, arguments.step))
    sentence = " ".join(arguments.words)
    answer = model.predict(sentence, arguments.strict)
    for word in model.unknown_words(sentence):
        say(f"warning: unknown {model.task.source_tokenizer.unit} {word!r} is read as <unk>")
    print(answer)
    return 0
