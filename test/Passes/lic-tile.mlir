// RUN: licc-opt %s --lic-fuse --lic-tile | filecheck %s
// RUN: licc-opt %s --lic-fuse --lic-tile=stripes=2 | filecheck %s --check-prefix=TWO

// The line buffer holds the rows of a window and those that are filled meanwhile: 3 + 2 for a 3x3
// convolution of stride 2, 3 + 1 for the phases (3 and 2 rows) of a 5x5 transposed one of stride 2.

// Two stripes of 6 of the 8 columns, at 0 and 2: output column 2 reads the input columns 3 to 5, so the
// second stripe, whose first column is 1, is right from there.

// CHECK-NOT: lic.stripes
// TWO-LABEL: func.func @g_a
// TWO-SAME: (%arg0: tensor<1x3x8x6x!quant.uniform<u8:f32, 1.000000e+00>> {lic.role = "image"})
// TWO-SAME: -> (tensor<1x2x4x3x!quant.uniform<i8:f32, 1.000000e+00>> {lic.role = "latent"})
// TWO-SAME: lic.stripes = {count = 2 : i64, crop = array<i64: 0, 2>, input_offsets = array<i64: 0, 2>, input_width = 8 : i64, output_offsets = array<i64: 0, 1>, output_width = 4 : i64}
// TWO: ^bb0(%arg1: tensor<1x3x8x6x
// TWO: lic.conv2d{{.*}} -> tensor<1x2x4x3x
// TWO: lic.requantize{{.*}} -> tensor<1x2x4x3x
// TWO: tile = #lic.tile<3 : i64, 5 : i64>
// TWO: -> tensor<1x2x4x3x
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

// Two stripes of 3 of the 4 columns, at 0 and 1; output column 3 reads input columns 1 and 2.

// TWO-LABEL: func.func @g_s
// TWO-SAME: crop = array<i64: 0, 3>, input_offsets = array<i64: 0, 1>, input_width = 4 : i64, output_offsets = array<i64: 0, 2>, output_width = 8 : i64
// TWO: lic.abs{{.*}} -> tensor<1x2x4x3x
// TWO: lic.subpixel_conv2d{{.*}} -> tensor<1x3x8x6x
// TWO: tile = #lic.tile<6 : i64, 4 : i64>
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
