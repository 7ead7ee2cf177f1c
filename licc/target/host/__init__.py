# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the host's library reads of a build: `host/`, beside what the accelerator itself is made of."""

from licc.target.host.files import CHECKSUMS, write_checksums
from licc.target.host.network import BINARY, DESCRIPTION, describe, write_network

__all__ = [
    "BINARY",
    "CHECKSUMS",
    "DESCRIPTION",
    "describe",
    "write_checksums",
    "write_network",
]
