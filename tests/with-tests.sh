#!/usr/bin/env bash
# with-tests.sh BUILD - make the test suite part of a build folder that was set up where CUnit
# was missing, as ./dev demo does on a machine that has only what the demo needs.
set -euo pipefail
ninja -C "$1" -t query tests/vvm-tests >/dev/null 2>&1 || meson configure "$1" -Dtests=enabled
