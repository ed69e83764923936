"""Writing a run that is there already, whole or not at all: what `Session.save` needs where nothing was recorded."""

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tfviz.training.config import RunConfig
from tfviz.training.run_file.files import replacing
from tfviz.training.run_file.recorder import BUDGET, Recorder


@contextlib.contextmanager
def saving(
    path: str | os.PathLike[str],
    config: RunConfig | Mapping[str, Any],
    source_tokens: Sequence[str],
    target_tokens: Sequence[str],
    *,
    shards: int | None = None,
    budget: int = BUDGET,
) -> Iterator[Recorder]:
    """A recorder whose file takes the place of `path` when the block ends well; otherwise nothing changes there.

    All frames that it is handed are written, for they lie in memory anyway. OSError where that fails.
    """
    with replacing(path) as temporary:
        tokens = source_tokens, target_tokens
        recorder = Recorder.create(temporary, config, *tokens, overwrite=True, shards=shards, budget=budget)
        with recorder:
            recorder.keep_all_frames()
            yield recorder
            if not recorder.flush(timeout=600):
                raise OSError(
                    (recorder.problem or "writing takes too long").replace(temporary, os.fspath(path))
                )
