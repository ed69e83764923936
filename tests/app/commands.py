"""How these tests run the program: in this process, or as a user does."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

SMALL = [
    "--set=model.d_model=16",
    "--set=model.nhead=2",
    "--set=model.num_encoder_layers=1",
    "--set=model.num_decoder_layers=1",
    "--set=model.dim_feedforward=16",
]
"""Options that make any preset's model so small that a step takes a millisecond."""


def program(*arguments: str, code: str = "", cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """`python3 main.py ARGUMENTS`, or Python code, in a process of its own."""
    command = [sys.executable, "-c", code] if code else [sys.executable, str(ROOT / "main.py"), *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120)
