// RUN: licc-opt %s --split-input-file | filecheck %s
// RUN: licc-opt %s --split-input-file | licc-opt --split-input-file | filecheck %s

// A 3x3 convolution of stride 2 from 2 to 4 channels, a GDN of 4 channels and the rounding of a latent.

// CHECK: "hls.design"() ({
"hls.design"() ({
  // CHECK-NEXT: %[[X:.*]] = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xui8>, 16 : i64>
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xui8>, 16>
  // CHECK-NEXT: %[[CONV:.*]] = "hls.process"(%[[X]]) ({
  // CHECK-NEXT: ^bb0(%[[IN:.*]]: !hls.stream<vector<2xui8>, 16 : i64>):
  %conv = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xui8>, 16>):
    // CHECK-NEXT: %[[W:.*]] = "hls.ram"() {init = dense<1> : tensor<6x12xi8>, name = "weights"} : () -> !hls.memory<vector<12xi8>, 6 : i64>
    %weights = "hls.ram"() {name = "weights", init = dense<1> : tensor<6x12xi8>} : () -> !hls.memory<vector<12xi8>, 6>
    // CHECK-NEXT: %[[B:.*]] = "hls.ram"() {init = dense<{{\[}}[0, -1], [2, 3]]> : tensor<2x2xi32>, name = "bias"} : () -> !hls.memory<vector<2xi32>, 2 : i64>
    %bias = "hls.ram"() {name = "bias", init = dense<[[0, -1], [2, 3]]> : tensor<2x2xi32>} : () -> !hls.memory<vector<2xi32>, 2>
    // CHECK-NEXT: %[[WINDOW:.*]] = "hls.window_buffer"(%[[IN]]) {banks = array<i64: 1, 8>, column_taps = array<i64: -1, 3>, folding = #hls.folding<2 : i64, 2 : i64, 1 : i64, 3 : i64, 2 : i64>, input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, row_taps = array<i64: -1, 3>, rows = 5 : i64, stride = 2 : i64, upsample = 1 : i64} : (!hls.stream<vector<2xui8>, 16 : i64>) -> vector<12xui8>
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 8>, folding = #hls.folding<2, 2, 1, 3, 2>}
      : (!hls.stream<vector<2xui8>, 16>) -> vector<12xui8>
    // CHECK-NEXT: %[[SUMS:.*]] = "hls.mac_array"(%[[WINDOW]], %[[W]], %[[B]]) {acc_range = array<i64: -1000, 1000>, activation_range = array<i64: 0, 255>, channels = array<i64: 2, 4>, folding = #hls.folding<2 : i64, 2 : i64, 1 : i64, 3 : i64, 2 : i64>, packing = "pixels", steps = array<i64: 3>, weight_range = array<i64: -127, 127>} : (vector<12xui8>, !hls.memory<vector<12xi8>, 6 : i64>, !hls.memory<vector<2xi32>, 2 : i64>) -> vector<4xi32>
    %sums = "hls.mac_array"(%window, %weights, %bias) {channels = array<i64: 2, 4>, steps = array<i64: 3>, packing = "pixels", activation_range = array<i64: 0, 255>, weight_range = array<i64: -127, 127>, acc_range = array<i64: -1000, 1000>, folding = #hls.folding<2, 2, 1, 3, 2>}
      : (vector<12xui8>, !hls.memory<vector<12xi8>, 6>, !hls.memory<vector<2xi32>, 2>) -> vector<4xi32>
    // CHECK-NEXT: "hls.write"(%[[SUMS]]) : (vector<4xi32>) -> ()
    "hls.write"(%sums) : (vector<4xi32>) -> ()
  // CHECK-NEXT: }) {bram18 = 1 : i64, cycles = 24 : i64, dsp = 6 : i64, ff = 900 : i64, layer = "g_a.0", lut = 700 : i64, name = "g_a_0_conv", uram = 0 : i64} : (!hls.stream<vector<2xui8>, 16 : i64>) -> !hls.stream<vector<4xi32>, 16 : i64>
  }) {name = "g_a_0_conv", layer = "g_a.0", cycles = 24 : i64, dsp = 6 : i64, bram18 = 1 : i64, lut = 700 : i64, ff = 900 : i64, uram = 0 : i64} : (!hls.stream<vector<2xui8>, 16>) -> !hls.stream<vector<4xi32>, 16>
  // CHECK-NEXT: %[[DRAIN:.*]] = "hls.process"(%[[CONV]]) ({
  // CHECK-NEXT: ^bb0(%[[IN:.*]]: !hls.stream<vector<4xi32>, 16 : i64>):
  %drain = "hls.process"(%conv) ({
  ^bb0(%in: !hls.stream<vector<4xi32>, 16>):
    // CHECK-NEXT: %[[M:.*]] = "hls.ram"() {init = dense<65536> : tensor<2x2xi32>, name = "multiplier"}
    %multiplier = "hls.ram"() {name = "multiplier", init = dense<65536> : tensor<2x2xi32>} : () -> !hls.memory<vector<2xi32>, 2>
    // CHECK-NEXT: %[[S:.*]] = "hls.ram"() {init = dense_resource<__elided__> : tensor<2x2xi8>, name = "shift"}
    %shift = "hls.ram"() {name = "shift", init = dense_resource<__elided__> : tensor<2x2xi8>} : () -> !hls.memory<vector<2xi8>, 2>
    // CHECK-NEXT: %[[WORD:.*]] = "hls.drain"(%[[IN]]) {folding = #hls.folding<2 : i64, 2 : i64, 1 : i64, 3 : i64, 2 : i64>, shape = array<i64: 4, 2, 2>, upsample = 1 : i64} : (!hls.stream<vector<4xi32>, 16 : i64>) -> vector<2xi32>
    %word = "hls.drain"(%in) {shape = array<i64: 4, 2, 2>, upsample = 1 : i64, folding = #hls.folding<2, 2, 1, 3, 2>} : (!hls.stream<vector<4xi32>, 16>) -> vector<2xi32>
    // CHECK-NEXT: %[[Q:.*]] = "hls.requantizer"(%[[WORD]], %[[M]], %[[S]]) {fabric, range = array<i64: -4096, 4095>} : (vector<2xi32>, !hls.memory<vector<2xi32>, 2 : i64>, !hls.memory<vector<2xi8>, 2 : i64>) -> vector<2xi16>
    %q = "hls.requantizer"(%word, %multiplier, %shift) {fabric, range = array<i64: -4096, 4095>} : (vector<2xi32>, !hls.memory<vector<2xi32>, 2>, !hls.memory<vector<2xi8>, 2>) -> vector<2xi16>
    // CHECK-NEXT: "hls.write"(%[[Q]]) : (vector<2xi16>) -> ()
    "hls.write"(%q) : (vector<2xi16>) -> ()
  // CHECK-NEXT: }) {layer = "g_a.0", name = "g_a_0_drain"} : (!hls.stream<vector<4xi32>, 16 : i64>) -> !hls.stream<vector<2xi16>, 8 : i64>
  }) {name = "g_a_0_drain", layer = "g_a.0"} : (!hls.stream<vector<4xi32>, 16>) -> !hls.stream<vector<2xi16>, 8>
  // CHECK-NEXT: %[[NORM:.*]] = "hls.process"(%[[DRAIN]]) ({
  // CHECK-NEXT: ^bb0
  %norm = "hls.process"(%drain) ({
  ^bb0(%in: !hls.stream<vector<2xi16>, 8>):
    // CHECK-NEXT: %[[GAMMA:.*]] = "hls.ram"() {init = dense<9> : tensor<4x4xi32>, name = "gamma"} : () -> !hls.memory<vector<4xi32>, 4 : i64>
    %gamma = "hls.ram"() {name = "gamma", init = dense<9> : tensor<4x4xi32>} : () -> !hls.memory<vector<4xi32>, 4>
    // CHECK-NEXT: %[[BETA:.*]] = "hls.ram"() {init = dense<100> : tensor<2x2xi64>, name = "beta"} : () -> !hls.memory<vector<2xi64>, 2 : i64>
    %beta = "hls.ram"() {name = "beta", init = dense<100> : tensor<2x2xi64>} : () -> !hls.memory<vector<2xi64>, 2>
    // CHECK-NEXT: %[[PAIR:.*]] = "hls.gdn_norm"(%{{.*}}, %[[GAMMA]], %[[BETA]]) {acc_range = array<i64: 100, 4000>, fabric, folding = #hls.folding<2 : i64, 2 : i64, 1 : i64, 1 : i64, 1 : i64>, form = "rsqrt", norm_range = array<i64: 25, 1000>, norm_shift = 2 : i64, shape = array<i64: 4, 2, 2>} : (!hls.stream<vector<2xi16>, 8 : i64>, !hls.memory<vector<4xi32>, 4 : i64>, !hls.memory<vector<2xi64>, 2 : i64>) -> vector<4xi32>
    %pair = "hls.gdn_norm"(%in, %gamma, %beta) {shape = array<i64: 4, 2, 2>, form = "rsqrt", norm_shift = 2 : i64, acc_range = array<i64: 100, 4000>, norm_range = array<i64: 25, 1000>, folding = #hls.folding<2, 2, 1, 1, 1>, fabric}
      : (!hls.stream<vector<2xi16>, 8>, !hls.memory<vector<4xi32>, 4>, !hls.memory<vector<2xi64>, 2>) -> vector<4xi32>
    // CHECK-NEXT: "hls.write"(%[[PAIR]])
    "hls.write"(%pair) : (vector<4xi32>) -> ()
  // CHECK-NEXT: }) {layer = "g_a.1", name = "g_a_1_norm"}
  }) {name = "g_a_1_norm", layer = "g_a.1"} : (!hls.stream<vector<2xi16>, 8>) -> !hls.stream<vector<4xi32>, 8>
  // CHECK-NEXT: %[[REPACKED:.*]] = "hls.process"(%[[NORM]]) ({
  // CHECK-NEXT: ^bb0
  %repacked = "hls.process"(%norm) ({
  ^bb0(%in: !hls.stream<vector<4xi32>, 8>):
    // CHECK-NEXT: %[[WORD:.*]] = "hls.repack"(%{{.*}}) {shape = array<i64: 8, 2, 2>} : (!hls.stream<vector<4xi32>, 8 : i64>) -> vector<2xi32>
    %word = "hls.repack"(%in) {shape = array<i64: 8, 2, 2>} : (!hls.stream<vector<4xi32>, 8>) -> vector<2xi32>
    // CHECK-NEXT: "hls.write"(%[[WORD]])
    "hls.write"(%word) : (vector<2xi32>) -> ()
  // CHECK-NEXT: }) {layer = "g_a.1", name = "g_a_1_repack"}
  }) {name = "g_a_1_repack", layer = "g_a.1"} : (!hls.stream<vector<4xi32>, 8>) -> !hls.stream<vector<2xi32>, 8>
  // CHECK-NEXT: %[[ROOT:.*]] = "hls.process"(%[[REPACKED]]) ({
  // CHECK-NEXT: ^bb0
  %root = "hls.process"(%repacked) ({
  ^bb0(%in: !hls.stream<vector<2xi32>, 8>):
    // CHECK-NEXT: %[[TABLE:.*]] = "hls.rom"() {init = dense<65536> : tensor<256x1xi32>, name = "table"} : () -> !hls.memory<vector<1xi32>, 256 : i64>
    %table = "hls.rom"() {name = "table", init = dense<65536> : tensor<256x1xi32>} : () -> !hls.memory<vector<1xi32>, 256>
    %multiplier = "hls.ram"() {name = "multiplier", init = dense<65536> : tensor<4x1xi32>} : () -> !hls.memory<vector<1xi32>, 4>
    %shift = "hls.ram"() {name = "shift", init = dense<17> : tensor<4x1xi8>} : () -> !hls.memory<vector<1xi8>, 4>
    // CHECK: %[[PAIR:.*]] = "hls.read"(%{{.*}}) {shape = array<i64: 8, 2, 2>} : (!hls.stream<vector<2xi32>, 8 : i64>) -> vector<2xi32>
    %pair = "hls.read"(%in) {shape = array<i64: 8, 2, 2>} : (!hls.stream<vector<2xi32>, 8>) -> vector<2xi32>
    // CHECK-NEXT: %[[Y:.*]] = "hls.gdn_root"(%[[PAIR]], %[[TABLE]], %{{.*}}, %{{.*}}) {fabric, form = "rsqrt", inverse = false, range = array<i64: -32768, 32767>} : (vector<2xi32>, !hls.memory<vector<1xi32>, 256 : i64>, !hls.memory<vector<1xi32>, 4 : i64>, !hls.memory<vector<1xi8>, 4 : i64>) -> vector<1xi16>
    %y = "hls.gdn_root"(%pair, %table, %multiplier, %shift) {fabric, form = "rsqrt", inverse = false, range = array<i64: -32768, 32767>}
      : (vector<2xi32>, !hls.memory<vector<1xi32>, 256>, !hls.memory<vector<1xi32>, 4>, !hls.memory<vector<1xi8>, 4>) -> vector<1xi16>
    // CHECK-NEXT: %[[RELU:.*]] = "hls.activation"(%[[Y]]) {fabric, kind = "leaky_relu", multiplier = 65536 : i64, range = array<i64: -512, 32767>, shift = 22 : i64} : (vector<1xi16>) -> vector<1xi16>
    %leaky = "hls.activation"(%y) {fabric, kind = "leaky_relu", multiplier = 65536 : i64, shift = 22 : i64, range = array<i64: -512, 32767>} : (vector<1xi16>) -> vector<1xi16>
    // CHECK-NEXT: "hls.ram"() {init = dense<1> : tensor<4x1xi16>, name = "medians"}
    %medians = "hls.ram"() {name = "medians", init = dense<1> : tensor<4x1xi16>} : () -> !hls.memory<vector<1xi16>, 4>
    // CHECK-NEXT: %[[SUM:.*]] = "hls.add"(%[[RELU]], %{{.*}}) {fabric, multiplier = array<i64: 1, 1>, range = array<i64: -32768, 32767>, shift = 0 : i64} : (vector<1xi16>, !hls.memory<vector<1xi16>, 4 : i64>) -> vector<1xi16>
    %sum = "hls.add"(%leaky, %medians) {fabric, multiplier = array<i64: 1, 1>, shift = 0 : i64, range = array<i64: -32768, 32767>} : (vector<1xi16>, !hls.memory<vector<1xi16>, 4>) -> vector<1xi16>
    // CHECK-NEXT: %[[SYMBOL:.*]] = "hls.round"(%[[SUM]]) {range = array<i64: -32768, 32767>, shift = 4 : i64} : (vector<1xi16>) -> vector<1xi16>
    %symbol = "hls.round"(%sum) {shift = 4 : i64, range = array<i64: -32768, 32767>} : (vector<1xi16>) -> vector<1xi16>
    // CHECK-NEXT: "hls.write"(%[[SYMBOL]])
    "hls.write"(%symbol) : (vector<1xi16>) -> ()
  // CHECK-NEXT: }) {layer = "g_a.1", name = "g_a_1_root"}
  }) {name = "g_a_1_root", layer = "g_a.1"} : (!hls.stream<vector<2xi32>, 8>) -> !hls.stream<vector<1xi16>, 8>
  // CHECK-NEXT: "hls.port_out"(%[[ROOT]]) {name = "y", role = "symbols", shape = array<i64: 4, 2, 2>} : (!hls.stream<vector<1xi16>, 8 : i64>) -> ()
  "hls.port_out"(%root) {name = "y", role = "symbols", shape = array<i64: 4, 2, 2>} : (!hls.stream<vector<1xi16>, 8>) -> ()
  // CHECK-NEXT: "hls.end"() : () -> ()
  "hls.end"() : () -> ()
// CHECK-NEXT: }) {clock_mhz = 300 : i64, device = "zcu102", name = "g_a", stripes = {count = 2 : i64, crop = array<i64: 0, 2>, input_offsets = array<i64: 0, 4>, input_width = 8 : i64, output_offsets = array<i64: 0, 2>, output_width = 4 : i64}, top = "encoder"} : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64, stripes = {count = 2 : i64, input_width = 8 : i64, output_width = 4 : i64, input_offsets = array<i64: 0, 4>, output_offsets = array<i64: 0, 2>, crop = array<i64: 0, 2>}} : () -> ()

// -----

// A sub-pixel transposed 3x3 convolution of stride 2: two phases a dimension, weights of both phases one after another.
// Two pixels come in a word. Position by position its sums have the order of a stream and need no drain.

// CHECK: "hls.design"() ({
"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "symbols", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<4xi16>, 16>
  %deconv = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<4xi16>, 16>):
    %weights = "hls.ram"() {name = "weights", init = dense<1> : tensor<9x2xi8>} : () -> !hls.memory<vector<2xi8>, 9>
    %bias = "hls.ram"() {name = "bias", init = dense<0> : tensor<1x1xi32>} : () -> !hls.memory<vector<1xi32>, 1>
    // CHECK: "hls.window_buffer"(%{{.*}}) {banks = array<i64: 1, 2>, column_taps = array<i64: 0, 1, 0, 2>, {{.*}}, row_taps = array<i64: 0, 1, 0, 2>, rows = 3 : i64, stride = 1 : i64, upsample = 2 : i64}
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 1, 8, 8>, stride = 1 : i64, upsample = 2 : i64, row_taps = array<i64: 0, 1, 0, 2>, column_taps = array<i64: 0, 1, 0, 2>, rows = 3 : i64, banks = array<i64: 1, 2>, folding = #hls.folding<1, 2, 1, 1, 1>}
      : (!hls.stream<vector<4xi16>, 16>) -> vector<2xi16>
    // CHECK-NEXT: "hls.mac_array"({{.*}}) {acc_range = array<i64: -2147483648, 2147483647>, activation_range = array<i64: -32768, 32767>, channels = array<i64: 2, 1>, folding = #hls.folding<1 : i64, 2 : i64, 1 : i64, 1 : i64, 1 : i64>, packing = "single", steps = array<i64: 1, 2, 2, 4>, weight_range = array<i64: -128, 127>}
    %sums = "hls.mac_array"(%window, %weights, %bias) {channels = array<i64: 2, 1>, steps = array<i64: 1, 2, 2, 4>, packing = "single", activation_range = array<i64: -32768, 32767>, weight_range = array<i64: -128, 127>, acc_range = array<i64: -2147483648, 2147483647>, folding = #hls.folding<1, 2, 1, 1, 1>}
      : (vector<2xi16>, !hls.memory<vector<2xi8>, 9>, !hls.memory<vector<1xi32>, 1>) -> vector<1xi32>
    "hls.write"(%sums) : (vector<1xi32>) -> ()
  }) {name = "g_s_0_deconv", layer = "g_s.0"} : (!hls.stream<vector<4xi16>, 16>) -> !hls.stream<vector<1xi32>, 16>
  "hls.port_out"(%deconv) {name = "y", role = "image", shape = array<i64: 1, 8, 8>} : (!hls.stream<vector<1xi32>, 16>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_s", top = "decoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

// What is read is given to two, one of which adds to it what the other makes of it: bytes and wider integers.

// CHECK: %[[X:.*]] = "hls.port_in"()
// CHECK: %[[S:.*]]:2 = "hls.process"(%[[X]]) ({
// CHECK: }) {layer = "a", name = "split"} : (!hls.stream<vector<2xui8>, 4 : i64>) -> (!hls.stream<vector<2xui8>, 4 : i64>, !hls.stream<vector<2xui8>, 64 : i64>)
// CHECK: %[[R:.*]] = "hls.process"(%[[S]]#0) ({
// CHECK: %[[Y:.*]] = "hls.process"(%[[R]], %[[S]]#1) ({
// CHECK-NEXT: ^bb0(%[[A:.*]]: !hls.stream<vector<2xi16>, 4 : i64>, %[[B:.*]]: !hls.stream<vector<2xui8>, 64 : i64>):
// CHECK-NEXT:   %[[L:.*]] = "hls.read"(%[[A]])
// CHECK-NEXT:   %[[O:.*]] = "hls.read"(%[[B]])
// CHECK-NEXT:   %[[J:.*]] = "hls.join"(%[[L]], %[[O]]) {fabric, multiplier = array<i64: 3, 65536>, range = array<i64: -128, 127>, shift = 16 : i64} : (vector<2xi16>, vector<2xui8>) -> vector<2xi8>
// CHECK-NEXT:   "hls.write"(%[[J]]) : (vector<2xi8>) -> ()
"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xui8>, 4>
  %p, %q = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xui8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xui8>, 4>) -> vector<2xui8>
    "hls.write"(%word) : (vector<2xui8>) -> ()
  }) {name = "split", layer = "a"} : (!hls.stream<vector<2xui8>, 4>) -> (!hls.stream<vector<2xui8>, 4>, !hls.stream<vector<2xui8>, 64>)
  %r = "hls.process"(%p) ({
  ^bb0(%in: !hls.stream<vector<2xui8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xui8>, 4>) -> vector<2xui8>
    %out = "hls.round"(%word) {shift = 0 : i64, range = array<i64: 0, 255>} : (vector<2xui8>) -> vector<2xi16>
    "hls.write"(%out) : (vector<2xi16>) -> ()
  }) {name = "wide", layer = "a"} : (!hls.stream<vector<2xui8>, 4>) -> !hls.stream<vector<2xi16>, 4>
  %y = "hls.process"(%r, %q) ({
  ^bb0(%l: !hls.stream<vector<2xi16>, 4>, %o: !hls.stream<vector<2xui8>, 64>):
    %a = "hls.read"(%l) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi16>, 4>) -> vector<2xi16>
    %b = "hls.read"(%o) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xui8>, 64>) -> vector<2xui8>
    %c = "hls.join"(%a, %b) {multiplier = array<i64: 3, 65536>, shift = 16 : i64, range = array<i64: -128, 127>, fabric} : (vector<2xi16>, vector<2xui8>) -> vector<2xi8>
    "hls.write"(%c) : (vector<2xi8>) -> ()
  }) {name = "sum", layer = "b"} : (!hls.stream<vector<2xi16>, 4>, !hls.stream<vector<2xui8>, 64>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()
