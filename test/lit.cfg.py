# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""lit finds the tests of test/*/ here: `lit -sv test`.

Tests use the tools of the Python that runs lit. Optional tools are features: `g++`, `clang`,
`torch-mlir-opt`.
"""

import os
import shutil
import sys
import sysconfig
from pathlib import Path

import lit.formats
import torch_mlir.ir

config.name = "licc"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "Output", "unit"]
config.test_source_root = str(Path(__file__).parent)
config.test_exec_root = str(Path(__file__).parent.parent / "build-lit")

scripts = sysconfig.get_path("scripts")
config.environment["PATH"] = os.pathsep.join((scripts, config.environment["PATH"]))
# Coverage of the tools that tests start (see tools/check.sh), the cap on threads, and where temporary
# files go.
for variable in ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG", "OMP_NUM_THREADS", "TMPDIR"):
    if variable in os.environ:
        config.environment[variable] = os.environ[variable]

torch_mlir_opt = Path(torch_mlir.ir.__file__).parent / "_mlir_libs" / "torch-mlir-opt"
config.substitutions += [
    ("%python", sys.executable),
    ("%torch-mlir-opt", str(torch_mlir_opt)),
    ("%root", str(Path(__file__).parent.parent)),
]
for feature in ("g++", "clang++", "make"):
    if shutil.which(feature):
        config.available_features.add(feature)
if torch_mlir_opt.exists():
    config.available_features.add("torch-mlir-opt")
