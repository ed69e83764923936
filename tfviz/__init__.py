"""tfviz: watch a Transformer, written from scratch in NumPy, learn. This page is the map of the code.

Floors
    tfviz/core/       The mathematics, NumPy alone: tensors, operations with their backward passes, the program that
                      runs them, the Transformer built from them, optimisers, schedules, the gradient check.
    tfviz/training/   What makes it learn, standard library and safetensors added: tasks, tokenizer, batches, trainer,
                      decoding, session, gate, history, run file, exports of data.
    tfviz/views/      What shows it, PySide6 and pyqtgraph added: bridge, style, and one package per panel; those that
                      several panels need are parts, plots and grids.
    tfviz/app/        What holds it together: window, application, command line, settings.

    Imports point down only (app > views > training > core), Qt begins at views, panels never import each other, and no
    two files import each other in a circle, however long; tests/test_layers.py reads every import and names those that
    break a rule. Beside the floors, for all of them: blas (one BLAS thread) and resources (where the shipped files
    are). tfviz/launcher/ is what main.py needs before any package is installed, so it imports the standard library
    alone.

The life of a step
    1. The worker thread asks the gate. Training waits there and nowhere else: paused, one batch, N batches, a speed.
    2. The task gives the batch of this step, a function of (configuration, step) alone: any step can be had again.
    3. The program's operations run forward, then backward in reverse order, those of attention some heads at a time;
       the trainer clips the gradients and updates all parameters, which lie in one flat vector.
    4. The step's scalars become a row of the history. Had the view asked for a picture, the worker copies what was
       asked for, and no more, into a frozen snapshot and puts it into the mailbox; the latest one wins.
    5. The bridge, on a timer in the window's thread, takes the snapshot and shows it to the visible panels, each at
       its own rate, or below it where showing takes long and training needs all cores. No signal is sent per step,
       and no panel knows that there are threads.
    6. Later somebody looks back. The clock stands at that step, whatever is trained meanwhile; a thread of its own
       (views/past_viewer.py) computes the step again in a second set of parameters, and the bridge shows its picture.
    7. Or somebody takes the step apart. A Stepper (training/stepping/stepper.py) takes it again, operation by
       operation, in the thread of views/operations/step_debugger.py; panels are shown it while it rests. What a number
       was made of is told by core/provenance, in float64.

To add
    an operation      a class in core/operations/FAMILY.py with forward() and backward() under it, or with pieces that
                      have both, which names in `remembers` what backward() reads; a builder method, a row in the
                      gradient table of the tests, a line in DERIVATIONS of core/provenance, which tells where its
                      numbers came from, and a formula in tests/figures/formulas.toml, from which its picture is drawn.
    a task            a class in training/tasks/FAMILY.py, its name in TASKS and in training/task_config.py, a preset.
    a panel           views/NAME/NAME_panel.py with a subclass of Panel, and a line in PANELS.
    a scalar          a field of the step's record; the history plots it by name.
    a preset          resources/presets/NAME.json.
    a “what if”       an entry of resources/what_if.json: what it changes, from where, and what is seen then, word for
                      word as tests/training/claims.py measures it.

Python
    The names below are loaded on first use: `import tfviz` imports neither NumPy nor Qt.

        session = tfviz.Session(tfviz.RunConfig.preset("identity"))
        session.train(steps=100)
        session.predict("how are you")
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfviz.core.config import ModelConfig
    from tfviz.core.transformer import Transformer
    from tfviz.training.config import RunConfig
    from tfviz.training.run_file import RunWriter
    from tfviz.training.session import Session

__version__ = "0.1.0"
__all__ = ["ModelConfig", "RunConfig", "RunWriter", "Session", "Transformer"]

_HOMES = {
    "ModelConfig": "tfviz.core.config",
    "Transformer": "tfviz.core.transformer",
    "RunConfig": "tfviz.training.config",
    "RunWriter": "tfviz.training.run_file",
    "Session": "tfviz.training.session",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'tfviz' has no attribute {name!r}")
    from tfviz import blas

    blas.use_one_thread()
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
