# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How a console script begins and ends: its parser, one line for what the user got wrong, an exit status."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import NoReturn

from licc.driver import build_dir
from licc.errors import UserError


class Parser(argparse.ArgumentParser):
    """argparse whose errors are one line and exit 1, as every error of licc is; names are not abbreviated."""

    def __init__(self, prog: str, description: str, epilog: str, usage: str | None = None) -> None:
        super().__init__(
            prog,
            usage,
            description,
            epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        """Raise a UserError."""
        raise UserError(f"{message}; see {self.prog} --help")


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
