"""What is measured, against whom, and how it is told. Run it by `benchmarks/run.py`.

Modules of `work` measure one thing each; `harness` runs and times their children; `report` turns
figures into RESULTS.md. The process that times imports nothing but the standard library: a child's
peak memory begins with that of the process that started it.
"""
