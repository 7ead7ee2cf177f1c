// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %python -m licc.target.emit %s | filecheck %s
// RUN: %python -m licc.target.emit %s --testbench | filecheck %s --check-prefix=TB

// The header declares one function a process and the top, with what is needed to call them.
// CHECK:      /// image 'g_a_input': 2x4x6 values of 1 byte a frame, NHWC
// CHECK:      constexpr int G_A_INPUT_BYTES = 48;
// CHECK:      constexpr int G_A_PARAMETERS_BEATS = 17;
// CHECK:      void g_a_0_conv(hls::stream<licc::Pack<std::int8_t, 4>>& input,
// CHECK:                      int frames);
// CHECK:      extern "C" {
// CHECK-NEXT: void encoder(

// Every process gets its own parameters through its own stream.
// CHECK-LABEL: #include "g_a.hpp"
// CHECK:      G_A_0_CONV:
// CHECK-NEXT:   for (int beat = 0; beat < 14; ++beat) {
// CHECK-NEXT: #pragma HLS pipeline II=1 // one beat a cycle, so the port bursts
// CHECK-NEXT:     licc::cycle<1, licc::BEAT_STAGES>();
// CHECK-NEXT:     g_a_0_conv_parameters.write(parameters[0 + beat]);
// CHECK-NEXT:   }
// CHECK-NEXT:   licc::drain();

// Two pixels side by side, and words of two pixels come in: four windows of banks, two that they start in.
// CHECK:      // g_a.0: convolution of 3 x 3 taps, stride 2: 2x4x6 -> 4x2x3.
// CHECK-NEXT: // 2 pixels x 2 outputs x 1 x 3 taps x 2 inputs = 24 MACs a cycle, two outputs a DSP;
// CHECK-NEXT: // 24 cycles a frame, sums proven to fit 19 bits.
// CHECK-NEXT: void g_a_0_conv(
// CHECK:        constexpr int BANKS = 8;
// CHECK:        constexpr int SPAN = 5;
// CHECK:        constexpr int STARTS[2] = {3, 7};

// What is read first; then the rows of a frame. During the last one the next frame begins.
// CHECK:        constexpr licc::Row KINDS[3] = {
// CHECK-NEXT:       {0, 6, 6, 0, 0, 0, -1, 4, 0, 0, 1},
// CHECK-NEXT:       {12, 6, 12, 3, 0, 0, 2, 2, 0, 1, 2},
// CHECK-NEXT:       {12, 6, 12, 3, 0, 0, -2, 2, 0, 2, 1},
// CHECK-NEXT:   };
// CHECK-NEXT:   constexpr int FIRST_STEPS = 6;
// CHECK-NEXT:   constexpr int FRAME_STEPS = 24;
// CHECK:        static std::int8_t weights[6][12];
// CHECK-NEXT: #pragma HLS array_reshape variable=weights dim=2 complete
// CHECK:        if (load) {
// CHECK-NEXT:     licc::load_memory<std::int8_t>(parameters, weights);
// CHECK:        static licc::Pack<std::int8_t, 2> lines[BANKS][SLOTS];
// CHECK:      #pragma HLS dependence variable=lines type=inter direction=RAW distance=1 true
// CHECK:      STEP:
// CHECK-NEXT:   for (licc::Int<48> step = 0; step < total; ++step) {
// CHECK-NEXT: #pragma HLS loop_tripcount min=30 max=30
// CHECK-NEXT: #pragma HLS pipeline II=1
// CHECK-NEXT:     licc::cycle<1, licc::CONVOLUTION_STAGES>();
// CHECK:          const licc::Pack<std::int8_t, 4> whole = input.read();
// CHECK:              if (bank - bank % 2 == fill.bank) {
// CHECK:                  lines[bank][fill_slot + fill.address + fill_word].lane[lane] = whole.lane[bank % 2 * 2 + lane];
// CHECK:                if (column.bank == STARTS[start]) tap = picked[down][(STARTS[start] + right) % BANKS];
// CHECK:            licc::multiply_add_pairs<2, 2, 6, 127, 128>(weights[weight], window, sums);
// CHECK:                packed.lane[lane] = sums[lane] + bias[block][lane % 2];

// CHECK:      // g_a.0: sums of 4x2x3 from the order of the MAC array, words of 2 pixels x 2 outputs, to pixels in words of 4 channels.
// CHECK-NEXT: // A group of 2 pixels leaves while the next one comes in: 2 cycles each, 8 a frame.
// CHECK-NEXT: void g_a_0_drain(
// CHECK:        static licc::Int<19> held[BANKS][4][WORDS];
// CHECK:        static licc::UInt<17> multiplier[1][4];
// CHECK:            if (licc::spread<TAKEN, STEPS>(due) && group + 1 < total) {
// CHECK:              if (x < COLUMNS) { // the last group reaches beyond the row
// CHECK:                const licc::Int<19> rectified = licc::relu<19>(taken.lane[lane], -162056, 162056);
// CHECK-NEXT:           const licc::Int<13> requantized = licc::requantize<19>(rectified,
// CHECK-NEXT:               multiplier[block][lane], shift[block][lane], -4096, 4095);
// CHECK-NEXT:           packed.lane[lane] = static_cast<std::int16_t>(requantized);

// The top is in canonical form: streams, then calls.
// CHECK:      void encoder(const licc::Beat* g_a_input,
// CHECK:      #pragma HLS interface mode=m_axi port=g_a_input bundle=gmem_g_a_input depth=6
// CHECK:      #pragma HLS interface mode=s_axilite port=frames
// CHECK:      #pragma HLS dataflow
// CHECK:        hls::stream<licc::Pack<std::int8_t, 4>> g_a_input_stream("g_a_input_stream");
// CHECK-NEXT: #pragma HLS stream variable=g_a_input_stream depth=16 // from the schedule
// CHECK:        g_a_load_parameters(parameters, g_a_0_conv_parameters, g_a_0_drain_parameters, load);
// CHECK-NEXT:   g_a_input_load(g_a_input, g_a_input_beats, frames);
// CHECK-NEXT:   g_a_input_unpack(g_a_input_beats, g_a_input_stream, frames);
// CHECK-NEXT:   g_a_0_conv(g_a_input_stream, g_a_0_conv_stream, g_a_0_conv_parameters, load, frames);
// CHECK-NEXT:   g_a_0_drain(g_a_0_conv_stream, g_a_0_drain_stream, g_a_0_drain_parameters, load, frames);
// CHECK-NEXT:   g_a_output_pack(g_a_0_drain_stream, g_a_output_beats, frames);
// CHECK-NEXT:   g_a_output_store(g_a_output_beats, g_a_output, frames);
// CHECK-NEXT: }

// TB:      g_a_0_conv(g_a_input_stream, g_a_0_conv_stream, g_a_0_conv_parameters, true, frames);
// TB-NEXT: bench.check_stream("g_a.0", "g_a_0_conv", g_a_0_conv_stream, 4, 2, 3, licc::Order{2, 2, 1}, true);

"hls.design"() ({
  %0 = "hls.port_in"() {name = "g_a_input", role = "image", shape = array<i64: 2, 4, 6>} : () -> !hls.stream<vector<4xi8>, 16 : i64>
  %s1 = "hls.process"(%0) ({
    ^bb0(%in: !hls.stream<vector<4xi8>, 16 : i64>):
      %w = "hls.ram"() {name = "weights", init = dense<"0xF9D0035E41EC964A88A05DCE73C68954A5C241A056F40A7A52E97225C00D51A3D5E2F4E767FCB49E017B6C9EC7ED3A1FC34086764098A9F5D34778DD9039C8CB000BEC1D0446CB6A"> : tensor<6x12xi8>} : () -> !hls.memory<vector<12xi8>, 6 : i64>
      %b = "hls.ram"() {name = "bias", init = dense<"0x29FDFFFF03EEFFFF890800001E010000"> : tensor<2x2xi32>} : () -> !hls.memory<vector<2xi32>, 2 : i64>
      %win = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 6>, output = array<i64: 4, 2, 3>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 8>, folding = #hls.folding<2 : i64, 2 : i64, 1 : i64, 3 : i64, 2 : i64>} : (!hls.stream<vector<4xi8>, 16 : i64>) -> vector<12xi8>
      %acc = "hls.mac_array"(%win, %w, %b) {channels = array<i64: 2, 4>, steps = array<i64: 3>, packing = "pair", activation_range = array<i64: -128, 127>, weight_range = array<i64: -127, 127>, acc_range = array<i64: -162056, 162056>, folding = #hls.folding<2 : i64, 2 : i64, 1 : i64, 3 : i64, 2 : i64>} : (vector<12xi8>, !hls.memory<vector<12xi8>, 6 : i64>, !hls.memory<vector<2xi32>, 2 : i64>) -> vector<4xi32>
      "hls.write"(%acc) : (vector<4xi32>) -> ()
    }) {name = "g_a_0_conv", layer = "g_a.0"} : (!hls.stream<vector<4xi8>, 16 : i64>) -> !hls.stream<vector<4xi32>, 16 : i64>
  %1 = "hls.process"(%s1) ({
    ^bb0(%in: !hls.stream<vector<4xi32>, 16 : i64>):
      %m = "hls.ram"() {name = "multiplier", init = dense<"0x96D601004DA50100DC4001004BB80100"> : tensor<1x4xi32>} : () -> !hls.memory<vector<4xi32>, 1 : i64>
      %s = "hls.ram"() {name = "shift", init = dense<"0x15161614"> : tensor<1x4xi8>} : () -> !hls.memory<vector<4xi8>, 1 : i64>
      %acc = "hls.drain"(%in) {shape = array<i64: 4, 2, 3>, upsample = 1 : i64, folding = #hls.folding<2 : i64, 2 : i64, 1 : i64, 3 : i64, 2 : i64>} : (!hls.stream<vector<4xi32>, 16 : i64>) -> vector<4xi32>
      %act = "hls.activation"(%acc) {kind = "relu", range = array<i64: -162056, 162056>, multiplier = 65536 : i64, shift = 20 : i64} : (vector<4xi32>) -> vector<4xi32>
      %q = "hls.requantizer"(%act, %m, %s) {range = array<i64: -4096, 4095>} : (vector<4xi32>, !hls.memory<vector<4xi32>, 1 : i64>, !hls.memory<vector<4xi8>, 1 : i64>) -> vector<4xi16>
      "hls.write"(%q) : (vector<4xi16>) -> ()
    }) {name = "g_a_0_drain", layer = "g_a.0"} : (!hls.stream<vector<4xi32>, 16 : i64>) -> !hls.stream<vector<4xi16>, 16 : i64>
  "hls.port_out"(%1) {name = "g_a_output", role = "latent", shape = array<i64: 4, 2, 3>} : (!hls.stream<vector<4xi16>, 16 : i64>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()
