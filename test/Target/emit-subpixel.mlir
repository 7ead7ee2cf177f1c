// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %python -m licc.target.emit %s | filecheck %s

// CHECK:      // g_s.0: transposed convolution as 2 x 2 phases of 3 x 3 taps, stride 2: 2x3x3 -> 2x6x6.
// CHECK-NEXT: // 2 pixels x 2 outputs x 1 x 1 taps x 2 inputs = 8 MACs a cycle, two pixels a DSP;
// CHECK:      void g_s_0_deconv(
// CHECK:        constexpr int COLUMN_OFFSET[PHASES] = {0, 0};
// CHECK:        constexpr int COLUMN_TAPS[PHASES] = {1, 2};

// Rows 0 to 3 are two groups of two phases that are alike; during 5, the last one, the next frame begins.
// CHECK:        constexpr licc::Row KINDS[5] = {
// CHECK-NEXT:       {0, 6, 6, 0, 0, 0, 0, 0, 0, 0, 1},
// CHECK-NEXT:       {6, 6, 6, 1, 0, 0, 0, 0, 1, -1, 2},
// CHECK-NEXT:       {12, 0, 12, 2, 3, 0, 1, 2, 1, 1, 3},
// CHECK-NEXT:       {6, 0, 6, 1, 0, 0, 0, 0, 0, -1, 4},
// CHECK-NEXT:       {12, 6, 12, 2, 3, 0, -2, 2, 0, 3, 1},
// CHECK-NEXT:   };

// Words of one channel gather in one of two.
// CHECK:            whole.lane[fill_part * 1 + lane] = taken.lane[lane];
// CHECK:          if (++fill_part == 2) {
// CHECK:            licc::multiply_add_pixels<2, 2, 2, 127, 128>(weights[weight], window, sums);
// CHECK:                  if (++side == PHASES) {
// CHECK:                    weight = row.weight;

// Two channels of a block leave one after the other.
// CHECK:      // A group of 4 pixels leaves while the next one comes in: 8 cycles each, 96 a frame.
// CHECK:      void g_s_0_drain(
// CHECK:                taken.lane[lane] = picked[0][lane % 2];
// CHECK-NEXT:           if (offset == 1) {
// CHECK-NEXT:             taken.lane[lane] = picked[0][(1 + lane) % 2];
// CHECK:      void decoder(

"hls.design"() ({
  %0 = "hls.port_in"() {name = "g_s_input", role = "symbols", shape = array<i64: 2, 3, 3>} : () -> !hls.stream<vector<1xi8>, 16 : i64>
  %s1 = "hls.process"(%0) ({
    ^bb0(%in: !hls.stream<vector<1xi8>, 16 : i64>):
      %w = "hls.ram"() {name = "weights", init = dense<"0xEAB0C3225061A76FCD7E10B9980FEF5EC3502872D6C72E2FF48F40779C3ACEEC561AB42B"> : tensor<9x4xi8>} : () -> !hls.memory<vector<4xi8>, 9 : i64>
      %b = "hls.ram"() {name = "bias", init = dense<"0x52FBFFFFC4FBFFFF"> : tensor<1x2xi32>} : () -> !hls.memory<vector<2xi32>, 1 : i64>
      %win = "hls.window_buffer"(%in) {input = array<i64: 2, 3, 3>, output = array<i64: 2, 6, 6>, stride = 1 : i64, upsample = 2 : i64, row_taps = array<i64: 0, 1, 0, 2>, column_taps = array<i64: 0, 1, 0, 2>, rows = 2 : i64, banks = array<i64: 1, 2>, folding = #hls.folding<2 : i64, 2 : i64, 1 : i64, 1 : i64, 2 : i64>} : (!hls.stream<vector<1xi8>, 16 : i64>) -> vector<4xi8>
      %acc = "hls.mac_array"(%win, %w, %b) {channels = array<i64: 2, 2>, steps = array<i64: 1, 2, 2, 4>, packing = "pixels", activation_range = array<i64: -128, 127>, weight_range = array<i64: -127, 127>, acc_range = array<i64: -159880, 159880>, folding = #hls.folding<2 : i64, 2 : i64, 1 : i64, 1 : i64, 2 : i64>} : (vector<4xi8>, !hls.memory<vector<4xi8>, 9 : i64>, !hls.memory<vector<2xi32>, 1 : i64>) -> vector<4xi32>
      "hls.write"(%acc) : (vector<4xi32>) -> ()
    }) {name = "g_s_0_deconv", layer = "g_s.0"} : (!hls.stream<vector<1xi8>, 16 : i64>) -> !hls.stream<vector<4xi32>, 16 : i64>
  %1 = "hls.process"(%s1) ({
    ^bb0(%in: !hls.stream<vector<4xi32>, 16 : i64>):
      %m = "hls.ram"() {name = "multiplier", init = dense<"0x49B30100711B0100"> : tensor<2x1xi32>} : () -> !hls.memory<vector<1xi32>, 2 : i64>
      %s = "hls.ram"() {name = "shift", init = dense<"0x1C1B"> : tensor<2x1xi8>} : () -> !hls.memory<vector<1xi8>, 2 : i64>
      %acc = "hls.drain"(%in) {shape = array<i64: 2, 6, 6>, upsample = 2 : i64, folding = #hls.folding<2 : i64, 2 : i64, 1 : i64, 1 : i64, 2 : i64>} : (!hls.stream<vector<4xi32>, 16 : i64>) -> vector<1xi32>
      %q = "hls.requantizer"(%acc, %m, %s) {range = array<i64: -128, 127>} : (vector<1xi32>, !hls.memory<vector<1xi32>, 2 : i64>, !hls.memory<vector<1xi8>, 2 : i64>) -> vector<1xi8>
      "hls.write"(%q) : (vector<1xi8>) -> ()
    }) {name = "g_s_0_drain", layer = "g_s.0"} : (!hls.stream<vector<4xi32>, 16 : i64>) -> !hls.stream<vector<1xi8>, 16 : i64>
  "hls.port_out"(%1) {name = "g_s_output", role = "image", shape = array<i64: 2, 6, 6>} : (!hls.stream<vector<1xi8>, 16 : i64>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_s", top = "decoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()
