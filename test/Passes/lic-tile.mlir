// RUN: licc-opt %s --lic-fuse --lic-tile | filecheck %s

// The line buffer holds the rows of a window and those that are filled meanwhile: 3 + 2 for a 3x3
// convolution of stride 2, 3 + 1 for the phases (3 and 2 rows) of a 5x5 transposed one of stride 2.

// CHECK-LABEL: func.func @g_a
// CHECK: }) {layer = "g_a.0", tile = #lic.tile<4 : i64, 5 : i64>}
!x = tensor<1x3x8x8x!quant.uniform<u8:f32, 1.0>>
!w = tensor<2x3x3x3x!quant.uniform<i8<-127:127>:f32:0, {1.0, 1.0}>>
!b = tensor<2x!quant.uniform<i32:f32:0, {1.0, 1.0}>>
!acc = tensor<1x2x4x4x!quant.uniform<i32<-1000:1000>:f32:1, {1.0, 1.0}>>
!y = tensor<1x2x4x4x!quant.uniform<i8:f32, 1.0>>
func.func @g_a(%x: !x {lic.role = "image"}) -> (!y {lic.role = "latent"}) {
  %w = "lic.constant"() {value = dense<1> : tensor<2x3x3x3xi8>} : () -> !w
  %b = "lic.constant"() {value = dense<7> : tensor<2xi32>} : () -> !b
  %c = "lic.conv2d"(%x, %w, %b) {layer = "g_a.0", strides = array<i64: 2, 2>, padding = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 1} : (!x, !w, !b) -> !acc
  %q = "lic.requantize"(%c) {multiplier = array<i64: 65536>, shift = array<i64: 20>} : (!acc) -> !y
  return %q : !y
}

// CHECK-LABEL: func.func @g_s
// CHECK: }) {layer = "g_s.abs"}
// CHECK: }) {layer = "g_s.0", tile = #lic.tile<8 : i64, 4 : i64>}
!v = tensor<2x3x5x5x!quant.uniform<i8<-127:127>:f32:1, {1.0, 1.0, 1.0}>>
!d = tensor<3x!quant.uniform<i32:f32:0, {1.0, 1.0, 1.0}>>
!sum = tensor<1x3x8x8x!quant.uniform<i32<-1000:1000>:f32:1, {1.0, 1.0, 1.0}>>
func.func @g_s(%y: !y {lic.role = "symbols"}) -> (!x {lic.role = "image"}) {
  %a = "lic.abs"(%y) {layer = "g_s.abs"} : (!y) -> !y
  %w = "lic.constant"() {value = dense<1> : tensor<2x3x5x5xi8>} : () -> !v
  %b = "lic.constant"() {value = dense<7> : tensor<3xi32>} : () -> !d
  %c = "lic.deconv2d"(%a, %w, %b) {layer = "g_s.0", strides = array<i64: 2, 2>, padding = array<i64: 2, 2>, output_padding = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 1} : (!y, !v, !d) -> !sum
  %q = "lic.requantize"(%c) {multiplier = array<i64: 65536>, shift = array<i64: 20>} : (!sum) -> !x
  return %q : !x
}
