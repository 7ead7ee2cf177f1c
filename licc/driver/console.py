# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How a console script ends: one line for what the user got wrong, an exit status, never a traceback for it."""

from __future__ import annotations

import sys
from collections.abc import Callable

from licc.driver import build_dir
from licc.errors import UserError


def exit_status(run: Callable[[], int], interrupted: str) -> int:
    """The exit status of `run`: 1 after a `UserError`, 128 + the signal's number after an interruption.

    Args:
        run: the tool.
        interrupted: what an interruption leaves behind, for its line.
    """
    try:
        with build_dir.interruptible():
            return run()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
    except build_dir.Interrupted as signal:
        print(f"error: interrupted; {interrupted}", file=sys.stderr)
        return 128 + signal.signum
    except BrokenPipeError:
        sys.stderr.close()
    return 1
