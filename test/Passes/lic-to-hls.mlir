// RUN: licc-opt %s --lic-to-hls --split-input-file | filecheck %s

// A convolution is two processes, a GDN two more, with repacks where the words differ. Memories come first. Two
// positions side by side: the sums have to be brought in order. GDN squares and scales in LUTs, the drain in DSPs.

// CHECK: module attributes {lic.clock_mhz = 300 : i64, lic.target = "zcu102"}
// CHECK-NOT: func.func
// CHECK: "hls.design"() ({
// CHECK-NEXT: %[[IN:.*]] = "hls.port_in"() {name = "g_a_input", role = "image", shape = array<i64: 3, 8, 8>} : () -> !hls.stream<vector<6xui8>, 20 : i64>
// CHECK-NEXT: %[[CONV:.*]] = "hls.process"(%[[IN]]) ({
// CHECK-NEXT: ^bb0(%[[S:.*]]: !hls.stream<vector<6xui8>, 20 : i64>):
// CHECK-NEXT:   %[[W:.*]] = "hls.ram"() {init = dense<1> : tensor<3x18xi8>, name = "weights"}
// CHECK-NEXT:   %[[B:.*]] = "hls.ram"() {init = dense<{{\[}}[7, 8]]> : tensor<1x2xi32>, name = "bias"}
// CHECK-NEXT:   %[[V:.*]] = "hls.window_buffer"(%[[S]]) {banks = array<i64: 1, 8>, column_taps = array<i64: -1, 3>, folding = #hls.folding<2 : i64, 3 : i64, 1 : i64, 3 : i64, 2 : i64>, input = array<i64: 3, 8, 8>, output = array<i64: 2, 4, 4>, row_taps = array<i64: -1, 3>, rows = 5 : i64, stride = 2 : i64, upsample = 1 : i64} : (!hls.stream<vector<6xui8>, 20 : i64>) -> vector<18xui8>
// CHECK-NEXT:   %[[A:.*]] = "hls.mac_array"(%[[V]], %[[W]], %[[B]]) {acc_range = array<i64: -1000, 1000>, activation_range = array<i64: 0, 255>, channels = array<i64: 3, 2>, folding = #hls.folding<2 : i64, 3 : i64, 1 : i64, 3 : i64, 2 : i64>, packing = "pixels", steps = array<i64: 3>, weight_range = array<i64: -127, 127>}
// CHECK-NEXT:   "hls.write"(%[[A]]) : (vector<4xi32>) -> ()
// CHECK-NEXT: }) {bram18 = {{.*}}, cycles = 32 : i64, dsp = 18 : i64, ff = {{.*}}, layer = "g_a.0", lut = {{.*}}, name = "g_a_0_conv", uram = 0 : i64} : (!hls.stream<vector<6xui8>, 20 : i64>) -> !hls.stream<vector<4xi32>, 21 : i64>
// CHECK-NEXT: %[[DRAIN:.*]] = "hls.process"(%[[CONV]]) ({
// CHECK-NEXT: ^bb0(%[[S:.*]]: !hls.stream<vector<4xi32>, 21 : i64>):
// CHECK-NEXT:   %[[M:.*]] = "hls.ram"() {init = dense<65536> : tensor<2x1xi32>, name = "multiplier"}
// CHECK-NEXT:   %[[H:.*]] = "hls.ram"() {init = dense<20> : tensor<2x1xi8>, name = "shift"}
// CHECK-NEXT:   %[[V:.*]] = "hls.drain"(%[[S]]) {folding = #hls.folding<2 : i64, 3 : i64, 1 : i64, 3 : i64, 2 : i64>, shape = array<i64: 2, 4, 4>, upsample = 1 : i64} : (!hls.stream<vector<4xi32>, 21 : i64>) -> vector<1xi32>
// CHECK-NEXT:   %[[Q:.*]] = "hls.requantizer"(%[[V]], %[[M]], %[[H]]) {range = array<i64: -4096, 4095>}
// CHECK-NEXT:   "hls.write"(%[[Q]]) : (vector<1xi16>) -> ()
// CHECK-NEXT: }) {{.*}}name = "g_a_0_drain", {{.*}}-> !hls.stream<vector<1xi16>, 22 : i64>
// The norm reads what the drain writes, whatever it folds.
// CHECK: %[[G:.*]] = "hls.ram"() {init = dense<{{\[}}[1, 3], [2, 4]]> : tensor<2x2xi32>, name = "gamma"}
// CHECK-NEXT: %[[E:.*]] = "hls.ram"() {{.*}}name = "beta"
// CHECK-NEXT: "hls.gdn_norm"(%{{.*}}, %[[G]], %[[E]]) {acc_range = array<i64: 1000, 120000000>, fabric, folding = #hls.folding<2 : i64, 1 : i64, 1 : i64, 1 : i64, 1 : i64>{{.*}} : (!hls.stream<vector<1xi16>, 22 : i64>
// CHECK: name = "g_a_1_norm", {{.*}}-> !hls.stream<vector<4xi32>, 16 : i64>
// CHECK: "hls.repack"({{.*}} -> vector<2xi32>
// CHECK: name = "g_a_1_root_repack", {{.*}}-> !hls.stream<vector<2xi32>, 23 : i64>
// CHECK: %[[T:.*]] = "hls.rom"() {{.*}}name = "table"
// CHECK: %[[P:.*]] = "hls.read"(%{{.*}}) {shape = array<i64: 4, 4, 4>}
// CHECK-NEXT: "hls.gdn_root"(%[[P]], %[[T]], %{{.*}}, %{{.*}}) {fabric, form = "rsqrt", inverse = false, range = array<i64: -128, 127>}
// CHECK: name = "g_a_1_root", {{.*}}-> !hls.stream<vector<1xi8>, 16 : i64>
// CHECK: "hls.port_out"(%{{.*}}) {name = "g_a_output", role = "latent", shape = array<i64: 2, 4, 4>}
// CHECK-NEXT: "hls.end"
// CHECK-NEXT: }) {clock_mhz = 300 : i64, device = "zcu102", name = "g_a", stripes = {count = 2 : i64, {{.*}}}, top = "encoder"}
!x = tensor<1x3x8x8x!quant.uniform<u8:f32, 1.0>>
!w = tensor<2x3x3x3x!quant.uniform<i8<-127:127>:f32:0, {1.0, 1.0}>>
!b = tensor<2x!quant.uniform<i32:f32:0, {1.0, 1.0}>>
!acc = tensor<1x2x4x4x!quant.uniform<i32<-1000:1000>:f32:1, {1.0, 1.0}>>
!g = tensor<1x2x4x4x!quant.uniform<i32<-4096:4095>:f32, 1.0>>
!gamma = tensor<2x2x!quant.uniform<i32<0:131071>:f32, 1.0>>
!y = tensor<1x2x4x4x!quant.uniform<i8:f32, 1.0>>
module attributes {lic.target = "zcu102", lic.clock_mhz = 300 : i64} {
  func.func @g_a(%x: !x {lic.role = "image"}) -> (!y {lic.role = "latent"}) attributes {lic.stripes = {count = 2 : i64, input_width = 14 : i64, output_width = 7 : i64, input_offsets = array<i64: 0, 6>, output_offsets = array<i64: 0, 3>, crop = array<i64: 0, 4>}} {
    %0 = "lic.stage"(%x) ({
    ^bb0(%in: !x):
      %w = "lic.constant"() {value = dense<1> : tensor<2x3x3x3xi8>} : () -> !w
      %b = "lic.constant"() {value = dense<[7, 8]> : tensor<2xi32>} : () -> !b
      %c = "lic.conv2d"(%in, %w, %b) {layer = "g_a.0", strides = array<i64: 2, 2>, padding = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 1} : (!x, !w, !b) -> !acc
      %q = "lic.requantize"(%c) {multiplier = array<i64: 65536>, shift = array<i64: 20>} : (!acc) -> !g
      %beta = "lic.constant"() {value = dense<[1000, 2000]> : tensor<2xi64>} : () -> tensor<2xi64>
      %gamma = "lic.constant"() {value = dense<[[1, 2], [3, 4]]> : tensor<2x2xi32>} : () -> !gamma
      %n = "lic.gdn"(%q, %beta, %gamma) {layer = "g_a.1", form = "rsqrt", inverse = false, norm = i32, norm_shift = 0, acc_range = array<i64: 1000, 120000000>, norm_range = array<i64: 1000, 120000000>, multiplier = array<i64: 65536>, shift = array<i64: 10>} : (!g, tensor<2xi64>, !gamma) -> !y
      "lic.yield"(%n) : (!y) -> ()
    }) {layer = "g_a.0", tile = #lic.tile<4, 5>, intake = 6 : i64, folding = #lic.folding<2, 3, 1, 3, 2>, packing = "pixels", drain = 1 : i64, gdn_folding = #lic.folding<2, 1, 1, 1, 1>, gdn_roots = 1 : i64, fabric = ["norm", "root"], fifo_depths = array<i64: 20, 21, 22, 23>} : (!x) -> !y
    return %0 : !y
  }
}

// -----

// Two stages whose words differ. The sums of the first have the order of a stream and are read as they are; those
// of the second leave as whole pixels, with their memories' values once for each. The first drain multiplies in LUTs.

// CHECK: "hls.port_in"() {{.*}}-> !hls.stream<vector<2xi16>, 4 : i64>
// CHECK: name = "g_s_0_conv", {{.*}}-> !hls.stream<vector<2xi32>, 5 : i64>
// CHECK: %[[V:.*]] = "hls.read"(%{{.*}}) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi32>, 5 : i64>) -> vector<2xi32>
// CHECK-NEXT: "hls.requantizer"(%[[V]], {{.*}}) {fabric, range
// CHECK: dsp = 0 : i64, {{.*}}name = "g_s_0_drain", {{.*}}-> !hls.stream<vector<2xi8>, 16 : i64>
// CHECK: "hls.repack"(%{{.*}}) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 16 : i64>) -> vector<1xi8>
// CHECK: name = "g_s_1_conv_repack", {{.*}}-> !hls.stream<vector<1xi8>, 6 : i64>
// CHECK: "hls.window_buffer"(%{{.*}}) {banks = array<i64: 1, 4>, {{.*}} : (!hls.stream<vector<1xi8>, 6 : i64>) -> vector<8xi8>
// CHECK: name = "g_s_1_conv", {{.*}}-> !hls.stream<vector<4xi32>, 7 : i64>
// CHECK: "hls.ram"() {init = dense<{{\[}}[65537, 65538, 65537, 65538]]> : tensor<1x4xi32>, name = "multiplier"}
// CHECK: "hls.ram"() {init = dense<9> : tensor<1x4xi8>, name = "shift"}
// CHECK: "hls.drain"(%{{.*}}) {{.*}}-> vector<4xi32>
// CHECK: name = "g_s_1_drain", {{.*}}-> !hls.stream<vector<4xi8>, 16 : i64>
!x = tensor<1x2x4x4x!quant.uniform<i16<-511:511>:f32, 1.0>>
!w = tensor<2x2x1x1x!quant.uniform<i8<-127:127>:f32:0, {1.0, 1.0}>>
!b = tensor<2x!quant.uniform<i32:f32:0, {1.0, 1.0}>>
!acc = tensor<1x2x4x4x!quant.uniform<i32<-200000:200000>:f32:1, {1.0, 1.0}>>
!y = tensor<1x2x4x4x!quant.uniform<i8:f32, 1.0>>
module attributes {lic.target = "zcu102", lic.clock_mhz = 300 : i64} {
  func.func @g_s(%x: !x {lic.role = "symbols"}) -> (!y {lic.role = "image"}) {
    %0 = "lic.stage"(%x) ({
    ^bb0(%in: !x):
      %w = "lic.constant"() {value = dense<1> : tensor<2x2x1x1xi8>} : () -> !w
      %b = "lic.constant"() {value = dense<0> : tensor<2xi32>} : () -> !b
      %c = "lic.conv2d"(%in, %w, %b) {layer = "g_s.0", strides = array<i64: 1, 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1} : (!x, !w, !b) -> !acc
      %q = "lic.requantize"(%c) {multiplier = array<i64: 65536>, shift = array<i64: 20>} : (!acc) -> !y
      "lic.yield"(%q) : (!y) -> ()
    }) {layer = "g_s.0", intake = 2 : i64, folding = #lic.folding<2, 2, 1, 1, 1>, packing = "pair", drain = 2 : i64, fabric = ["drain"], fifo_depths = array<i64: 4, 5>} : (!x) -> !y
    %1 = "lic.stage"(%0) ({
    ^bb0(%in: !y):
      %w = "lic.constant"() {value = dense<1> : tensor<2x2x1x1xi8>} : () -> !w
      %b = "lic.constant"() {value = dense<0> : tensor<2xi32>} : () -> !b
      %c = "lic.conv2d"(%in, %w, %b) {layer = "g_s.1", strides = array<i64: 1, 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1} : (!y, !w, !b) -> !acc
      %q = "lic.requantize"(%c) {multiplier = array<i64: 65537, 65538>, shift = array<i64: 9>} : (!acc) -> !y
      "lic.yield"(%q) : (!y) -> ()
    }) {layer = "g_s.1", intake = 1 : i64, folding = #lic.folding<1, 2, 1, 1, 4>, packing = "single", drain = 4 : i64, fifo_depths = array<i64: 6, 7>} : (!y) -> !y
    return %1 : !y
  }
}
