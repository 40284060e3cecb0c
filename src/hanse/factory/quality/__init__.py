"""The factory's room where the quality of data is measured: measures over a version's tables and texts, one report, its page and its PDF.

`assess.assess` makes a report of a `subject.Subject`; `report.read_report` reads one back, strictly; `dqv`, `page` and `pdf` show it.
Measures are plug-ins (`hanse.measures`, `base.Measure`). Measuring runs in the user's process, never in the server.
"""
