# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`python -m licc.report`."""

import sys

from licc.report.main import entry

if __name__ == "__main__":
    sys.exit(entry())
