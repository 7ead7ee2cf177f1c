// RUN: licc-opt %s --lic-fuse --lic-tile --lic-schedule | filecheck %s
// RUN: licc-opt %s --lic-fuse --lic-tile --lic-pose --lic-schedule | filecheck %s
// RUN: licc-opt %s --lic-fuse --lic-tile --lic-schedule --lic-check-schedule | filecheck %s
// RUN: licc-opt %s --lic-fuse --lic-tile "--lic-schedule=target=kv260 clock-mhz=200 dsp=20" | filecheck %s --check-prefix SMALL
// RUN: licc-opt %s --lic-fuse --lic-tile "--lic-schedule=fps=100000" | filecheck %s --check-prefix FPS
// RUN: licc-opt %s --lic-fuse --lic-tile "--lic-schedule=share=transform" | filecheck %s --check-prefix CHECK
// RUN: licc-opt %s --lic-fuse --lic-tile "--lic-schedule=role=codec" | filecheck %s --check-prefix CODEC

// As fast as the image comes in: eight bytes a cycle, 24 cycles for a frame of 8x8 pixels and 3 channels; the bound says
// that nothing is faster. The problem stays, without what was to be folded.

// CHECK: module attributes {lic.clock_mhz = 300 : i64, lic.problem = {{{.*}}target = "zcu102"{{.*}}}, lic.schedule = {encoder = {bound = [[CYCLES:[0-9]+]] : i64, bram18 = {{[0-9]+}} : i64, cycles = [[CYCLES]] : i64, {{.*}}gap_ppm = 0 : i64, {{.*}}optimal = true, transforms = ["g_a"], {{.*}}}}, lic.target = "zcu102"}
// CHECK-NOT: processes
// CHECK: }) {bram18 = {{[0-9]+}} : i64, cycles = {{[0-9]+}} : i64, drain = {{[0-9]+}} : i64, dsp = {{[0-9]+}} : i64, ff = {{[0-9]+}} : i64, fifo_depths = array<i64: {{[0-9]+}}, {{[0-9]+}}, {{[0-9]+}}, {{[0-9]+}}>, folding = #lic.folding<{{.*}}>, gdn_folding = #lic.folding<{{.*}}>, gdn_roots = {{[0-9]+}} : i64, intake = {{[0-9]+}} : i64, layer = "g_a.0", lut = {{[0-9]+}} : i64, packing = "{{pair|pixels}}", tile = #lic.tile<4 : i64, 5 : i64>, uram = 0 : i64}

// With 20 DSPs, nothing unrolls much.

// SMALL: module attributes {lic.clock_mhz = 200 : i64, lic.problem = {{{.*}}dsp = 20 : i64{{.*}}}, lic.schedule = {encoder = {{{.*}}dsp = {{[1-9]|1[0-9]|20}} : i64, {{.*}}}}, lic.target = "kv260"}

// 100000 frames a second are 3000 cycles: few DSPs are enough, and no more are taken.

// FPS: lic.problem = {{{.*}}interval = 3000 : i64{{.*}}}, lic.schedule = {encoder = {{{.*}}dsp = {{[1-9]|1[0-9]}} : i64,

// CODEC: lic.problem = {{{.*}}roles = {codec = ["g_a"]}, share = "role"{{.*}}}, lic.schedule = {codec = {

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
