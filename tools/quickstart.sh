#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Install licc into .venv (or $VENV) and compile the example student to build/.
# Needs Python 3.11, g++ and cmake.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/venv.sh

"$venv/bin/pip" install -q '.[csim]'
"$venv/bin/licc" examples/student_n32_0.025.pt -o build/ --target zcu102 --verbose

cat <<END

Look at
  build/report.html    the pipeline, resources, cycles and rates; report.txt has the tables
  build/ir/            the IR after every phase: 00-torch.mlir ... 70-hls.mlir
  build/hls/           the HLS C++: one readable function for each stage
and run its simulation, bit for bit against the interpreter (PATH has to have the Python of licc):
  PATH="$venv/bin:\$PATH" make -C build/hls csim
END
