"""The minimal report of ydata-profiling, run with an environment that has it: `profile_ydata.py TABLE.csv RESULT.json`.

RESULT gets the seconds (wall clock, processor) of describing the table and writing the report as JSON, those of describing it alone
(`described`), the peak memory in bytes, and the figures. `duplicates` are switched on, which the minimal report leaves out, since they are
among the figures that are compared. No page is written.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
import warnings
from pathlib import Path

os.environ["YDATA_PROFILING_NO_ANALYTICS"] = "True"
os.environ["DO_NOT_TRACK"] = "1"
warnings.filterwarnings("ignore")

FIGURES = ("n_missing", "n_distinct", "mean", "std", "min", "max", "5%", "25%", "50%", "75%", "95%")


def main(source: Path, result: Path) -> None:
    """Describe the table once."""
    import pandas as pd
    from ydata_profiling import ProfileReport

    frame = pd.read_csv(source)
    wall, cpu = time.perf_counter(), time.process_time()
    report = ProfileReport(frame, minimal=True, progress_bar=False, duplicates={"head": 1})
    found = report.get_description()
    described = time.perf_counter() - wall
    report.to_json()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    columns = {name: {one: _plain(values.get(one)) for one in FIGURES} for name, values in found.variables.items()}
    table = {"duplicates": _plain(found.table.get("n_duplicates")), "columns": columns}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    result.write_text(json.dumps({"wall": wall, "cpu": cpu, "described": described, "peak": peak, **table}), "utf-8")


def _plain(value: object) -> float | None:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
