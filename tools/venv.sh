# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Sourced by the other scripts: make the virtual environment $VENV (.venv) with Python 3.11; sets $venv.
venv=${VENV:-$PWD/.venv}
if [[ ! -x "$venv/bin/pip" ]]; then
  for python in "${PYTHON:-python3.11}" python3 python; do
    if "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
      "$python" -m venv "$venv"
      break
    fi
  done
fi
if [[ ! -x "$venv/bin/pip" ]]; then
  echo "error: licc needs Python 3.11 with its venv module; set PYTHON to it" >&2
  exit 1
fi
