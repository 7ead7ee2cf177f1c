# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Errors that a user can cause, as opposed to errors of the compiler itself."""

from __future__ import annotations


class UserError(Exception):
    """A mistake in what the user gave: printed as one line `error: MESSAGE`, exit status 1.

    The message names the file, then the layer or value, then what is wrong and what to do about it:
    `student.pt: g_a.3: unsupported layer MaxPool2d; licc compiles convolutions, GDN and ReLU`. It
    starts in lower case (unless with a name) and ends without a full stop.
    """


class StreamError(UserError):
    """A stream that is damaged, cut, or of another model."""
