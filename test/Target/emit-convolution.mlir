// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %python -m licc.target.emit %s | filecheck %s
// RUN: %python -m licc.target.emit %s --testbench | filecheck %s --check-prefix=TB

// The header declares one function a process and the top, with what is needed to call them.
// CHECK:      /// image 'g_a_input': 2x4x5 values of 1 byte, NHWC
// CHECK-NEXT: constexpr int G_A_INPUT_BEATS = 5;
// CHECK:      constexpr int G_A_PARAMETERS_BEATS = 18;
// CHECK:      void g_a_0_conv(hls::stream<licc::Pack<std::int8_t, 2>>& input,
// CHECK:      extern "C" {
// CHECK-NEXT: void encoder(

// Every process gets its own parameters through its own stream.
// CHECK-LABEL: #include "g_a.hpp"
// CHECK:      G_A_0_CONV:
// CHECK-NEXT:   for (int beat = 0; beat < 18; ++beat) {
// CHECK-NEXT: #pragma HLS pipeline II=1 // one beat a cycle, so the port bursts
// CHECK-NEXT:     licc::cycle<1, licc::BEAT_STAGES>();
// CHECK-NEXT:     g_a_0_conv_parameters.write(parameters[0 + beat]);
// CHECK-NEXT:   }
// CHECK-NEXT:   licc::drain();

// CHECK:      // g_a.0: convolution of 3 x 3 taps, stride 2: 2x4x5 -> 4x2x3.
// CHECK-NEXT: // 2 outputs x 1 x 3 taps x 2 inputs = 12 MACs a cycle, two a DSP;
// CHECK-NEXT: // 6 cycles a pixel, sums proven to fit 19 bits.
// CHECK-NEXT: void g_a_0_conv(
// CHECK:        static std::int8_t weights[6][12];
// CHECK-NEXT: #pragma HLS array_reshape variable=weights dim=2 complete
// CHECK:        static licc::UInt<17> multiplier[2][2];
// CHECK:        if (load) {
// CHECK-NEXT:     licc::load_memory<std::int8_t>(parameters, weights);
// CHECK:        static licc::Pack<std::int8_t, 2> lines[ROWS][BANKS][BANK_WORDS];
// CHECK:      ROW:
// CHECK-NEXT:   for (int row = -1; row < OUT_ROWS; ++row) {
// CHECK:        STEP:
// CHECK-NEXT:     for (int step = 0; step < trip; ++step) {
// CHECK-NEXT: #pragma HLS loop_tripcount max=18
// CHECK-NEXT: #pragma HLS pipeline II=1
// CHECK-NEXT:       licc::cycle<1, licc::CONVOLUTION_STAGES>();
// CHECK:            lines[fill_slot][fill.bank][fill.address + fill_word] = input.read();
// CHECK:            licc::multiply_add_pairs<2, 6>(weights[weight], window, sums);
// CHECK:                const licc::Int<19> total = sums[lane] + bias[block][lane];
// CHECK-NEXT:           const licc::Int<19> rectified = licc::relu<19>(total, -173320, 173320);
// CHECK-NEXT:           const licc::Int<13> requantized = licc::requantize<19>(rectified,
// CHECK-NEXT:               multiplier[block][lane], shift[block][lane], -4096, 4095);
// CHECK-NEXT:           packed.lane[lane] = static_cast<std::int16_t>(requantized);

// The top is in canonical form: streams, then calls.
// CHECK:      void encoder(const licc::Beat* g_a_input,
// CHECK:      #pragma HLS interface mode=m_axi port=g_a_input bundle=gmem_g_a_input depth=5
// CHECK:      #pragma HLS dataflow
// CHECK:        hls::stream<licc::Pack<std::int8_t, 2>> g_a_input_stream("g_a_input_stream");
// CHECK-NEXT: #pragma HLS stream variable=g_a_input_stream depth=16 // from the schedule
// CHECK:        g_a_load_parameters(parameters, g_a_0_conv_parameters, load);
// CHECK-NEXT:   g_a_input_load(g_a_input, g_a_input_beats);
// CHECK-NEXT:   g_a_input_unpack(g_a_input_beats, g_a_input_stream);
// CHECK-NEXT:   g_a_0_conv(g_a_input_stream, g_a_0_conv_stream, g_a_0_conv_parameters, load);
// CHECK-NEXT:   g_a_output_pack(g_a_0_conv_stream, g_a_output_beats);
// CHECK-NEXT:   g_a_output_store(g_a_output_beats, g_a_output);
// CHECK-NEXT: }

// TB:      g_a_0_conv(g_a_input_stream, g_a_0_conv_stream, g_a_0_conv_parameters, true);
// TB-NEXT: bench.check_stream("g_a.0", "g_a_0_conv", g_a_0_conv_stream, 4, 2, 3);

"hls.design"() ({
  %0 = "hls.port_in"() {name = "g_a_input", role = "image", shape = array<i64: 2, 4, 5>} : () -> !hls.stream<vector<2xi8>, 16 : i64>
  %1 = "hls.process"(%0) ({
    ^bb0(%in: !hls.stream<vector<2xi8>, 16 : i64>):
      %w = "hls.ram"() {name = "weights", init = dense<"0x5950232603690F896F44C73BC501CF1B8B7851582CAD8197943B8522AD0BE55D5B860E0B952CCD07FB264EE47B60E1A3ECC2E71D88432F147338265882E2A0F6837F570630E034D0"> : tensor<6x12xi8>} : () -> !hls.memory<vector<12xi8>, 6 : i64>
      %b = "hls.ram"() {name = "bias", init = dense<"0xFEFCFFFF72FFFFFF8C080000370F0000"> : tensor<2x2xi32>} : () -> !hls.memory<vector<2xi32>, 2 : i64>
      %m = "hls.ram"() {name = "multiplier", init = dense<"0x91B401000B3B01005AC40100510D0100"> : tensor<2x2xi32>} : () -> !hls.memory<vector<2xi32>, 2 : i64>
      %s = "hls.ram"() {name = "shift", init = dense<"0x15151614"> : tensor<2x2xi8>} : () -> !hls.memory<vector<2xi8>, 2 : i64>
      %win = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 5>, output = array<i64: 4, 2, 3>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, folding = #hls.folding<2 : i64, 2 : i64, 1 : i64, 3 : i64, 1 : i64>} : (!hls.stream<vector<2xi8>, 16 : i64>) -> vector<6xi8>
      %acc = "hls.mac_array"(%win, %w, %b) {channels = array<i64: 2, 4>, steps = array<i64: 3>, packing = "pair", acc_range = array<i64: -173320, 173320>, folding = #hls.folding<2 : i64, 2 : i64, 1 : i64, 3 : i64, 1 : i64>} : (vector<6xi8>, !hls.memory<vector<12xi8>, 6 : i64>, !hls.memory<vector<2xi32>, 2 : i64>) -> vector<2xi32>
      %act = "hls.activation"(%acc) {kind = "relu", range = array<i64: -173320, 173320>, multiplier = 65536 : i64, shift = 20 : i64} : (vector<2xi32>) -> vector<2xi32>
      %q = "hls.requantizer"(%act, %m, %s) {range = array<i64: -4096, 4095>} : (vector<2xi32>, !hls.memory<vector<2xi32>, 2 : i64>, !hls.memory<vector<2xi8>, 2 : i64>) -> vector<2xi16>
      "hls.write"(%q) : (vector<2xi16>) -> ()
    }) {name = "g_a_0_conv", layer = "g_a.0"} : (!hls.stream<vector<2xi8>, 16 : i64>) -> !hls.stream<vector<2xi16>, 16 : i64>
  "hls.port_out"(%1) {name = "g_a_output", role = "latent", shape = array<i64: 4, 2, 3>} : (!hls.stream<vector<2xi16>, 16 : i64>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()
