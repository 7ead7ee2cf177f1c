#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Install licc for development into .venv (or $VENV) and run all tests: CTest, lit, pytest.
# With --slow, run the slow tests of pytest too (more seeds, other compilers, half an hour more);
# with --coverage, measure line coverage of lit and pytest together and end with its table.
# Needs Python 3.11, g++ and cmake.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/venv.sh
jobs=${JOBS:-2}
selected=(-m "not slow")
[[ "${1:-}" != --slow ]] || selected=()
export PATH="$venv/bin:$PATH" # the Makefile of a build asks `python` where AMD's headers are

"$venv/bin/pip" install -q -e '.[dev]'

echo "== CTest"
cmake -S . -B build-cmake -DCMAKE_BUILD_TYPE=Release -DLICC_BUILD_TESTS=ON \
  -DPython_EXECUTABLE="$venv/bin/python" >build-cmake.log || { cat build-cmake.log; exit 1; }
cmake --build build-cmake -j "$jobs"
ctest --test-dir build-cmake --output-on-failure -j "$jobs"

if [[ "${1:-}" == --coverage ]]; then
  rm -f .coverage .coverage.*
  "$venv/bin/coverage" run "$venv/bin/lit" -sv -j "$jobs" test
  "$venv/bin/coverage" run "$venv/bin/pytest" -q -n "$jobs" "${selected[@]}"
  "$venv/bin/coverage" combine -q
  "$venv/bin/coverage" report --skip-covered
  exit
fi

echo "== lit"
"$venv/bin/lit" -sv -j "$jobs" test
echo "== pytest"
"$venv/bin/pytest" -q -n "$jobs" "${selected[@]}"
