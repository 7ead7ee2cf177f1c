// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %python -m licc.target.emit %s | filecheck %s

// What multiplies in LUTs says so; units beside it in DSPs do not.

// CHECK:      powers[1 - half][fill + lane] = licc::square<licc::FABRIC>(value);
// CHECK:      const licc::Int<8> scaled = licc::scale_by_root<licc::FABRIC>(value,
// CHECK-NEXT:     licc::root_sqrt<false, licc::FABRIC>(licc::positive(norm), table),
// CHECK:      const licc::Int<8> rectified = licc::leaky_relu<8, licc::FABRIC>(scaled, 65536, 20,
// CHECK-NEXT:     -128, 127);
// CHECK-NEXT: const licc::Int<8> moved = licc::add<8, licc::FABRIC>(rectified, 65536,
// CHECK:      const licc::Int<8> requantized = licc::requantize<8, licc::FABRIC>(moved,
// CHECK:      const licc::Int<8> requantized_2 = licc::requantize<8>(requantized,

"hls.design"() ({
  %0 = "hls.port_in"() {name = "g_a_input", role = "image", shape = array<i64: 2, 2, 3>} : () -> !hls.stream<vector<2xi16>, 16 : i64>
  %1 = "hls.process"(%0) ({
    ^bb0(%in: !hls.stream<vector<2xi16>, 16 : i64>):
      %g = "hls.ram"() {name = "gamma", init = dense<9> : tensor<1x4xi32>} : () -> !hls.memory<vector<4xi32>, 1 : i64>
      %b = "hls.ram"() {name = "beta", init = dense<100> : tensor<1x2xi64>} : () -> !hls.memory<vector<2xi64>, 1 : i64>
      %p = "hls.gdn_norm"(%in, %g, %b) {shape = array<i64: 2, 2, 3>, form = "rsqrt", norm_shift = 2 : i64, acc_range = array<i64: 100, 4000>, norm_range = array<i64: 25, 1000>, folding = #hls.folding<2 : i64, 2 : i64, 1 : i64, 1 : i64, 1 : i64>, fabric} : (!hls.stream<vector<2xi16>, 16 : i64>, !hls.memory<vector<4xi32>, 1 : i64>, !hls.memory<vector<2xi64>, 1 : i64>) -> vector<4xi32>
      "hls.write"(%p) : (vector<4xi32>) -> ()
    }) {name = "g_a_1_norm", layer = "g_a.1"} : (!hls.stream<vector<2xi16>, 16 : i64>) -> !hls.stream<vector<4xi32>, 16 : i64>
  %2 = "hls.process"(%1) ({
    ^bb0(%in: !hls.stream<vector<4xi32>, 16 : i64>):
      %t = "hls.rom"() {name = "table", init = dense<65536> : tensor<256x1xi32>} : () -> !hls.memory<vector<1xi32>, 256 : i64>
      %m = "hls.ram"() {name = "multiplier", init = dense<65536> : tensor<1x2xi32>} : () -> !hls.memory<vector<2xi32>, 1 : i64>
      %s = "hls.ram"() {name = "shift", init = dense<10> : tensor<1x2xi8>} : () -> !hls.memory<vector<2xi8>, 1 : i64>
      %c = "hls.ram"() {name = "constant", init = dense<3> : tensor<1x2xi32>} : () -> !hls.memory<vector<2xi32>, 1 : i64>
      %pair = "hls.read"(%in) {shape = array<i64: 4, 2, 3>} : (!hls.stream<vector<4xi32>, 16 : i64>) -> vector<4xi32>
      %y = "hls.gdn_root"(%pair, %t, %m, %s) {form = "rsqrt", inverse = false, range = array<i64: -128, 127>, fabric} : (vector<4xi32>, !hls.memory<vector<1xi32>, 256 : i64>, !hls.memory<vector<2xi32>, 1 : i64>, !hls.memory<vector<2xi8>, 1 : i64>) -> vector<2xi8>
      %l = "hls.activation"(%y) {kind = "leaky_relu", range = array<i64: -128, 127>, multiplier = 65536 : i64, shift = 20 : i64, fabric} : (vector<2xi8>) -> vector<2xi8>
      %a = "hls.add"(%l, %c) {multiplier = array<i64: 65536, 65536>, shift = 16 : i64, range = array<i64: -128, 127>, fabric} : (vector<2xi8>, !hls.memory<vector<2xi32>, 1 : i64>) -> vector<2xi8>
      %q = "hls.requantizer"(%a, %m, %s) {range = array<i64: -128, 127>, fabric} : (vector<2xi8>, !hls.memory<vector<2xi32>, 1 : i64>, !hls.memory<vector<2xi8>, 1 : i64>) -> vector<2xi8>
      %r = "hls.requantizer"(%q, %m, %s) {range = array<i64: -128, 127>} : (vector<2xi8>, !hls.memory<vector<2xi32>, 1 : i64>, !hls.memory<vector<2xi8>, 1 : i64>) -> vector<2xi8>
      "hls.write"(%r) : (vector<2xi8>) -> ()
    }) {name = "g_a_1_root", layer = "g_a.1"} : (!hls.stream<vector<4xi32>, 16 : i64>) -> !hls.stream<vector<2xi8>, 16 : i64>
  "hls.port_out"(%2) {name = "g_a_output", role = "latent", shape = array<i64: 2, 2, 3>} : (!hls.stream<vector<2xi8>, 16 : i64>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()
