// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: not %python -m licc.target.emit %s 2>&1 | filecheck %s

// What the printer does not know is an error with its location, and nothing is printed.
// CHECK-NOT: {{^}}#include
// CHECK: error: loc("g_a.7"): 'func.func' op is unknown to the printer
func.func @g_a() { return } loc("g_a.7")
