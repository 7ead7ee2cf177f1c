// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: not %python -m licc.target.emit %s 2>&1 | filecheck %s

// A valid process, but one that no template prints.
// CHECK-NOT: {{^}}#include
// CHECK: error: loc("g_a.0"): 'hls.round' op cannot follow 'hls.repack'
"hls.design"() ({
  %0 = "hls.port_in"() {name = "g_a_input", role = "latent", shape = array<i64: 4, 2, 2>} : () -> !hls.stream<vector<4xi16>, 2 : i64>
  %1 = "hls.process"(%0) ({
    ^bb0(%in: !hls.stream<vector<4xi16>, 2 : i64>):
      %p = "hls.repack"(%in) {shape = array<i64: 4, 2, 2>} : (!hls.stream<vector<4xi16>, 2 : i64>) -> vector<2xi16>
      %r = "hls.round"(%p) {shift = 2 : i64, range = array<i64: -9, 9>} : (vector<2xi16>) -> vector<2xi16> loc("g_a.0")
      "hls.write"(%r) : (vector<2xi16>) -> ()
    }) {name = "g_a_0_repack", layer = "g_a.0"} : (!hls.stream<vector<4xi16>, 2 : i64>) -> !hls.stream<vector<2xi16>, 2 : i64>
  "hls.port_out"(%1) {name = "g_a_output", role = "symbols", shape = array<i64: 4, 2, 2>} : (!hls.stream<vector<2xi16>, 2 : i64>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()
