"""What Hanse is compared with: it runs in an environment of its own, by a script in `rivals`, on texts."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent / "rivals"
PYTHON: Final = FOLDER.parent.parent / ".venv-rivals" / "bin" / "python"
_ONE_CORE: Final = {"TOKENIZERS_PARALLELISM": "false", "RAYON_NUM_THREADS": "1"}


def answer(script: str, texts: Sequence[str], *more: Path) -> Any:
    """Run `script TEXTS MORE… RESULT`, where TEXTS has one JSON string a line, on one core; return the JSON of RESULT."""
    with tempfile.TemporaryDirectory() as name:
        source, result = Path(name) / "texts", Path(name) / "result"
        source.write_text("".join(f"{json.dumps(text)}\n" for text in texts), "utf-8")
        command = [PYTHON, FOLDER / script, source, *more, result]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | _ONE_CORE)
        return json.loads(result.read_text("utf-8"))
