"""The inside of a measured process: `python -m suite.child module:function arguments answer`."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path


def main() -> None:
    """Call the function and write down what it returns."""
    function, arguments, answer = sys.argv[1:]
    module, name = function.split(":")
    told = getattr(importlib.import_module(module), name)(**json.loads(arguments))
    Path(answer).write_text(json.dumps(told or {}))


if __name__ == "__main__":
    main()
