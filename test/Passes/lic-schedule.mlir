// RUN: licc-opt %s --lic-fuse --lic-tile --lic-schedule | filecheck %s
// RUN: licc-opt %s --lic-fuse --lic-tile "--lic-schedule=target=kv260 clock-mhz=200 dsp=20" | filecheck %s --check-prefix SMALL

// As fast as the image comes in: a pixel a cycle, 64 for a frame of 8x8 (and what the rows cost).

// CHECK: module attributes {lic.clock_mhz = 300 : i64, lic.target = "zcu102"}
// CHECK: }) {bram18 = {{[0-9]+}} : i64, cycles = [[CYCLES:[0-9]+]] : i64, dsp = {{[0-9]+}} : i64, fifo_depth = 16 : i64, folding = #lic.folding<2 : i64, 3 : i64, {{[13]}} : i64, {{[13]}} : i64, 1 : i64>, gdn_folding = #lic.folding<{{.*}}>, gdn_roots = {{[12]}} : i64, layer = "g_a.0", packing = "pair", tile = #lic.tile<4 : i64, 5 : i64>}

// With 20 DSPs, nothing unrolls much.

// SMALL: module attributes {lic.clock_mhz = 200 : i64, lic.target = "kv260"}
// SMALL: dsp = {{[1-9]|1[0-9]|20}} : i64

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
