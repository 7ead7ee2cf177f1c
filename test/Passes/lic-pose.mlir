// RUN: licc-opt %s --lic-fuse --lic-tile --lic-pose | filecheck %s
// RUN: licc-opt %s --lic-fuse --lic-tile "--lic-pose=target=kv260 clock-mhz=200 fps=50 dsp=20 bram18=30 lut=4000 ff=5000 role=codec effort=3 time-limit=7" | filecheck %s --check-prefix ASKED
// RUN: licc-opt %s --lic-fuse --lic-tile --lic-pose -o %t && licc-opt %t --lic-schedule | licc-opt --lic-check-schedule | filecheck %s --check-prefix SOLVED

// All that may be used of the target, as fast as it goes.

// CHECK: module attributes {lic.problem = {bram18 = 1732 : i64, clock_mhz = 300 : i64, dsp = {{[0-9]+}} : i64, effort = 20 : i64, ff = 411120 : i64, interval = 0 : i64, lut = 205560 : i64, ports = 7 : i64, roles = {encoder = ["g_a"]}, share = "auto", target = "zcu102", time_limit = 0 : i64, uram = 0 : i64}}

// What is to be folded: a MAC array, its drain, a norm and a root.

// CHECK: processes = [{in_bits = 8 : i64, input = array<i64: 3, 8, 8>, kind = "conv", macs = 864 : i64, name = "g_a_0_conv", out_bits = 32 : i64, output = array<i64: 2, 4, 4>, rows = 5 : i64, stride = 2 : i64, tap_columns = array<i64: 3>, tap_rows = array<i64: 3>, upsample = 1 : i64, value_bits = 9 : i64, weight_bits = 8 : i64},
// CHECK-SAME: kind = "drain",{{.*}}name = "g_a_0_drain",{{.*}}units = ["requantizer"]
// CHECK-SAME: kind = "norm", macs = 64 : i64, name = "g_a_1_norm"
// CHECK-SAME: kind = "root",{{.*}}name = "g_a_1_root"

// ASKED: module attributes {lic.problem = {bram18 = 30 : i64, clock_mhz = 200 : i64, dsp = 20 : i64, effort = 3 : i64, ff = 5000 : i64, interval = 4000000 : i64, lut = 4000 : i64, ports = 12 : i64, roles = {codec = ["g_a"]}, share = "role", target = "kv260", time_limit = 7 : i64, uram = {{[0-9]+}} : i64}}

// A dump of the problem is enough to solve it.

// SOLVED: lic.schedule = {encoder =

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
