// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %python -m licc.target.emit %s | filecheck %s

// CHECK:      // g_s.0: transposed convolution as 2 x 2 phases of 3 x 3 taps, stride 2: 2x3x3 -> 2x6x6.
// CHECK:      void g_s_0_deconv(
// CHECK:        constexpr int ROW_OFFSET[PHASES] = {0, 0};
// CHECK:        constexpr int ROW_TAPS[PHASES] = {1, 2};
// CHECK:        constexpr int ROW_STEPS[PHASES] = {9, 18};
// CHECK:        constexpr int WEIGHT_START[PHASES * PHASES] = {0, 1, 3, 5};
// CHECK:          const int steps = row < 0 ? 0 : ROW_STEPS[phase];
// CHECK:                      weight = WEIGHT_START[phase * PHASES + side];
// CHECK:      void decoder(

"hls.design"() ({
  %0 = "hls.port_in"() {name = "g_s_input", role = "symbols", shape = array<i64: 2, 3, 3>} : () -> !hls.stream<vector<2xi8>, 16 : i64>
  %1 = "hls.process"(%0) ({
    ^bb0(%in: !hls.stream<vector<2xi8>, 16 : i64>):
      %w = "hls.ram"() {name = "weights", init = dense<"0x895456F4A5C20A7A73C641A07225D5E2035E88A0C00DF4E752E951A341EC5DCEF9D0964A"> : tensor<9x4xi8>} : () -> !hls.memory<vector<4xi8>, 9 : i64>
      %b = "hls.ram"() {name = "bias", init = dense<"0xC70F00006AF4FFFF"> : tensor<1x2xi32>} : () -> !hls.memory<vector<2xi32>, 1 : i64>
      %m = "hls.ram"() {name = "multiplier", init = dense<"0xD2B9010020290100"> : tensor<1x2xi32>} : () -> !hls.memory<vector<2xi32>, 1 : i64>
      %s = "hls.ram"() {name = "shift", init = dense<"0x1B1D"> : tensor<1x2xi8>} : () -> !hls.memory<vector<2xi8>, 1 : i64>
      %win = "hls.window_buffer"(%in) {input = array<i64: 2, 3, 3>, output = array<i64: 2, 6, 6>, stride = 1 : i64, upsample = 2 : i64, row_taps = array<i64: 0, 1, 0, 2>, column_taps = array<i64: 0, 1, 0, 2>, rows = 3 : i64, folding = #hls.folding<2 : i64, 2 : i64, 1 : i64, 1 : i64, 1 : i64>} : (!hls.stream<vector<2xi8>, 16 : i64>) -> vector<2xi8>
      %acc = "hls.mac_array"(%win, %w, %b) {channels = array<i64: 2, 2>, steps = array<i64: 1, 2, 2, 4>, packing = "pair", acc_range = array<i64: -160392, 160392>, folding = #hls.folding<2 : i64, 2 : i64, 1 : i64, 1 : i64, 1 : i64>} : (vector<2xi8>, !hls.memory<vector<4xi8>, 9 : i64>, !hls.memory<vector<2xi32>, 1 : i64>) -> vector<2xi32>
      %q = "hls.requantizer"(%acc, %m, %s) {range = array<i64: -128, 127>} : (vector<2xi32>, !hls.memory<vector<2xi32>, 1 : i64>, !hls.memory<vector<2xi8>, 1 : i64>) -> vector<2xi8>
      "hls.write"(%q) : (vector<2xi8>) -> ()
    }) {name = "g_s_0_deconv", layer = "g_s.0"} : (!hls.stream<vector<2xi8>, 16 : i64>) -> !hls.stream<vector<2xi8>, 16 : i64>
  "hls.port_out"(%1) {name = "g_s_output", role = "image", shape = array<i64: 2, 6, 6>} : (!hls.stream<vector<2xi8>, 16 : i64>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_s", top = "decoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()
