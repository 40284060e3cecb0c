"""Lives that end at random points: `python -m tests.scenarios.factory.prepare.killing FOLDER COUNT` prints what came of them as JSON.

One process imports everything and forks each life, so that one costs a tenth of a second. A life ends by SIGKILL at a random step of
those that change the disk (rename, fsync, unlink, mkdir), or at a random time.
"""

from __future__ import annotations

import gc
import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from hanse.factory.prepare import worker  # noqa: F401 - imported once, for all lives
from hanse.factory.prepare.engine import prepare
from hanse.factory.prepare.limits import Limits
from hanse.factory.prepare.pipeline import pipeline_of
from hanse.factory.prepare.runner import DaftRunner
from tests.unit.factory.prepare import tiny

STEPS = ("replace", "rename", "fsync", "unlink", "rmdir", "mkdir")
PIPELINE = pipeline_of([tiny.Lines(), tiny.Short(), tiny.Once(), tiny.Twice(), tiny.Texts()])
TEXTS = {f"f{n}.txt": "\n".join([f"line {n} {m}" if m % 4 else ("same" if m % 8 else "") for m in range(9)] + ["ab"]) for n in range(4)}


def live(root: Path, *, daft: bool = False) -> None:
    """Prepare in a workshop, from the beginning or from wherever an earlier life ended."""
    runner = DaftRunner(workers=1) if daft else tiny.Here()
    prepare(PIPELINE, [tiny.folder_input(TEXTS)], root, runner, limits=Limits(records=12, files=2))


def product_of(root: Path) -> dict[str, str]:
    """Return the product's files in hexadecimal."""
    return {one.relative_to(root / "out").as_posix(): one.read_bytes().hex() for one in sorted((root / "out").rglob("*")) if one.is_file()}


def forked(work: Callable[[], None], *, until: float | None = None) -> int:
    """Run something in a process of its own, which is killed after so many seconds; return how it ended (as `waitpid` says)."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException as error:  # noqa: BLE001 - the parent hears of it by the exit code
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        os._exit(code)
    if until is not None:
        time.sleep(until)
        os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


def counting(at: int, told: Callable[[int], None] | None = None) -> None:
    """Kill this process at the step of that number."""
    done = 0

    def counted(real: Callable[..., object]) -> Callable[..., object]:
        def step(*args: object, **kwargs: object) -> object:
            nonlocal done
            done += 1
            if told is not None:
                told(done)
            if done == at:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **kwargs)

        return step

    for name in STEPS:
        setattr(os, name, counted(getattr(os, name)))


def damage(root: Path, chance: random.Random) -> None:
    """Spoil one file that a life left behind."""
    files = sorted(one for one in root.rglob("*") if one.is_file() and one.name not in ("lock", "workshop.json"))
    if not files:
        return
    file = chance.choice(files)
    data = bytearray(file.read_bytes())
    if data and chance.random() < 0.6:
        data[chance.randrange(len(data))] ^= 0xFF
        file.write_bytes(data)
    else:
        file.write_bytes(data[: len(data) // 2])


def main(folder: Path, count: int) -> None:
    """Live and die, and print how it went."""
    whole = folder / "whole"
    steps_file = folder / "steps"
    folder.mkdir()
    live(folder / "first")  # in this process, so that all is imported and compiled
    gc.freeze()
    begun = time.monotonic()

    def once() -> None:
        counting(-1, lambda done: steps_file.write_text(str(done)))
        live(whole)

    assert forked(once) == 0
    most, seconds = int(steps_file.read_text()), time.monotonic() - begun
    expected, wrong, killed, modes = product_of(whole), [], 0, set()
    for number in range(count):
        chance, root = random.Random(number), folder / f"w{number:02d}"
        for _ in range(chance.choice((1, 1, 1, 2))):
            if number % 5 == 4:
                status = forked(lambda: live(root, daft=True), until=chance.uniform(0, seconds))  # noqa: B023 - it is called at once
            else:
                at = chance.randrange(1, most + 1)

                def dying() -> None:
                    counting(at)  # noqa: B023 - it is called at once
                    live(root)  # noqa: B023

                status = forked(dying)
            killed += os.WIFSIGNALED(status)
            modes |= {one.stat().st_mode & 0o777 for one in (root, root / "plain") if one.exists()}
            if number % 3 == 0 and root.exists():
                damage(root, chance)
        if forked(lambda: live(root)) != 0 or product_of(root) != expected or (root / "plain").exists():  # noqa: B023
            wrong.append(number)
        shutil.rmtree(root)
    print(json.dumps({"wrong": wrong, "killed": killed, "steps": most, "files": sorted(expected), "modes": sorted(modes)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
