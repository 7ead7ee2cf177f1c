// RUN: licc-opt %s --lic-fuse --lic-tile --lic-schedule --lic-to-hls | filecheck %s

// A convolution is one process, a GDN two, with repacks where the words differ. Memories come first.

// CHECK: module attributes {lic.clock_mhz = 300 : i64, lic.target = "zcu102"}
// CHECK-NOT: func.func
// CHECK: "hls.design"() ({
// CHECK-NEXT: %[[IN:.*]] = "hls.port_in"() {name = "g_a_input", role = "image", shape = array<i64: 3, 8, 8>} : () -> !hls.stream<vector<3xui8>, 16 : i64>
// CHECK-NEXT: %[[CONV:.*]] = "hls.process"(%[[IN]]) ({
// CHECK-NEXT: ^bb0(%[[S:.*]]: !hls.stream<vector<3xui8>, 16 : i64>):
// CHECK-NEXT:   %[[W:.*]] = "hls.ram"() {init = dense<1> : tensor<1x54xi8>, name = "weights"}
// CHECK-NEXT:   %[[B:.*]] = "hls.ram"() {init = dense<{{\[}}[7, 8]]> : tensor<1x2xi32>, name = "bias"}
// CHECK-NEXT:   %[[M:.*]] = "hls.ram"() {init = dense<65536> : tensor<1x2xi32>, name = "multiplier"}
// CHECK-NEXT:   %[[H:.*]] = "hls.ram"() {init = dense<20> : tensor<1x2xi8>, name = "shift"}
// CHECK-NEXT:   %[[V:.*]] = "hls.window_buffer"(%[[S]]) {column_taps = array<i64: -1, 3>, folding = #hls.folding<2 : i64, 3 : i64, 3 : i64, 3 : i64, 1 : i64>, input = array<i64: 3, 8, 8>, output = array<i64: 2, 4, 4>, row_taps = array<i64: -1, 3>, rows = 5 : i64, stride = 2 : i64, upsample = 1 : i64}
// CHECK-NEXT:   %[[A:.*]] = "hls.mac_array"(%[[V]], %[[W]], %[[B]]) {acc_range = array<i64: -1000, 1000>, channels = array<i64: 3, 2>, {{.*}}packing = "pair", steps = array<i64: 1>}
// CHECK-NEXT:   %[[Q:.*]] = "hls.requantizer"(%[[A]], %[[M]], %[[H]]) {range = array<i64: -4096, 4095>}
// CHECK-NEXT:   "hls.write"(%[[Q]]) : (vector<2xi16>) -> ()
// CHECK-NEXT: }) {bram18 = 0 : i64, cycles = 68 : i64, dsp = 29 : i64, layer = "g_a.0", name = "g_a_0_conv"}
// CHECK: "hls.repack"
// CHECK: name = "g_a_1_norm_repack"}
// CHECK: %[[G:.*]] = "hls.ram"() {{.*}}name = "gamma"
// CHECK-NEXT: %[[E:.*]] = "hls.ram"() {{.*}}name = "beta"
// CHECK-NEXT: "hls.gdn_norm"(%{{.*}}, %[[G]], %[[E]]) {acc_range = array<i64: 1000, 120000000>
// CHECK: name = "g_a_1_norm"}
// CHECK: %[[T:.*]] = "hls.rom"() {{.*}}name = "table"
// CHECK: %[[P:.*]] = "hls.read"(%{{.*}}) {shape = array<i64: 4, 4, 4>}
// CHECK-NEXT: "hls.gdn_root"(%[[P]], %[[T]], %{{.*}}, %{{.*}}) {form = "rsqrt", inverse = false, range = array<i64: -128, 127>}
// CHECK: name = "g_a_1_root"}
// CHECK: "hls.port_out"(%{{.*}}) {name = "g_a_output", role = "latent", shape = array<i64: 2, 4, 4>}
// CHECK-NEXT: "hls.end"
// CHECK-NEXT: }) {clock_mhz = 300 : i64, device = "zcu102", name = "g_a", top = "encoder"}
!x = tensor<1x3x8x8x!quant.uniform<u8:f32, 1.0>>
!w = tensor<2x3x3x3x!quant.uniform<i8<-127:127>:f32:0, {1.0, 1.0}>>
!b = tensor<2x!quant.uniform<i32:f32:0, {1.0, 1.0}>>
!acc = tensor<1x2x4x4x!quant.uniform<i32<-1000:1000>:f32:1, {1.0, 1.0}>>
!g = tensor<1x2x4x4x!quant.uniform<i32<-4096:4095>:f32, 1.0>>
!gamma = tensor<2x2x!quant.uniform<i32<0:131071>:f32, 1.0>>
!y = tensor<1x2x4x4x!quant.uniform<i8:f32, 1.0>>
func.func @g_a(%x: !x {lic.role = "image"}) -> (!y {lic.role = "latent"}) {
  %w = "lic.constant"() {value = dense<1> : tensor<2x3x3x3xi8>} : () -> !w
  %b = "lic.constant"() {value = dense<[7, 8]> : tensor<2xi32>} : () -> !b
  %c = "lic.conv2d"(%x, %w, %b) {layer = "g_a.0", strides = array<i64: 2, 2>, padding = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 1} : (!x, !w, !b) -> !acc
  %q = "lic.requantize"(%c) {multiplier = array<i64: 65536>, shift = array<i64: 20>} : (!acc) -> !g
  %beta = "lic.constant"() {value = dense<[1000, 2000]> : tensor<2xi64>} : () -> tensor<2xi64>
  %gamma = "lic.constant"() {value = dense<[[1, 2], [3, 4]]> : tensor<2x2xi32>} : () -> !gamma
  %n = "lic.gdn"(%q, %beta, %gamma) {layer = "g_a.1", form = "rsqrt", inverse = false, norm = i32, norm_shift = 0, acc_range = array<i64: 1000, 120000000>, norm_range = array<i64: 1000, 120000000>, multiplier = array<i64: 65536>, shift = array<i64: 10>} : (!g, tensor<2xi64>, !gamma) -> !y
  return %n : !y
}
