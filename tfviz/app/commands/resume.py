"""`train --run`: a new run file, or an old one that is gone on with."""

import argparse
import os

from tfviz.app.commands.options import changed_fields, has_run_options, run_config
from tfviz.launcher.process import say
from tfviz.training.branching.branches import CHANGEABLE
from tfviz.training.config import difference, with_shards
from tfviz.training.session import Session
from tfviz.training.train import last_step


def open_session(arguments: argparse.Namespace) -> Session:
    """The session that the options describe: new, recorded if asked for, or resumed. ValueError, OSError."""
    path = arguments.run
    if arguments.resume:
        if path is None:
            raise ValueError("--resume needs --run FILE: which run is to go on?")
        return _resumed(path, arguments)
    if path is not None and os.path.lexists(path):
        raise ValueError(f"{path} exists already; --resume goes on with it")
    session = Session(run_config(arguments))
    try:
        last_step(session)  # before anything is written
        if path is not None:
            session.record(path)
    except BaseException:
        session.close()
        raise
    return session


def _resumed(path: str, arguments: argparse.Namespace) -> Session:
    if not os.path.exists(path):
        raise ValueError(f"{path} does not exist, so there is nothing to resume; without --resume it is made")
    session = Session.open(path, record=True)
    try:
        _change(session, path, arguments)
    except BaseException:
        session.close()
        raise
    return session


def _change(session: Session, path: str, arguments: argparse.Namespace) -> None:
    """Options given again must say what the file says; what may change in the middle of a run does so from here on."""
    here = session.config
    if arguments.preset or arguments.config:
        asked = run_config(arguments)
    elif has_run_options(arguments):
        asked = here.with_values(changed_fields(arguments))
    else:
        return
    asked = with_shards(asked, here.training.shards)  # where it is left open, it is what the run began with
    changes = {field: pair for field, pair in difference(here, asked).items() if "." in field}
    for field, (old, new) in changes.items():
        if field not in CHANGEABLE:
            raise ValueError(
                f"{field} is {old} in {path}, not {new}; --resume goes on with the file's configuration, of which "
                f"only {', '.join(CHANGEABLE)} can change"
            )
    for field, (old, new) in changes.items():
        session.intervene(field, new)
        say(f"from step {session.step:,} on {field} is {new}; it was {old}")
