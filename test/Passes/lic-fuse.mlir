// RUN: licc-opt %s --lic-fuse --split-input-file | filecheck %s
// RUN: licc-opt %s --lic-fuse --split-input-file --lic-fuse | filecheck %s

// abs is a stage alone; the convolution takes ReLU and requantization with it; constants go inside.

// CHECK-LABEL: func.func @h_a
// CHECK-NEXT: %[[A:.*]] = "lic.stage"(%arg0) ({
// CHECK-NEXT: ^bb0(%[[X:.*]]: tensor<1x1x4x4x!quant.uniform<i16:f32, 1.000000e+00>>):
// CHECK-NEXT:   %[[V:.*]] = "lic.abs"(%[[X]]) {layer = "h_a.abs"}
// CHECK-NEXT:   "lic.yield"(%[[V]])
// CHECK-NEXT: }) {layer = "h_a.abs"}
// CHECK-NEXT: %[[B:.*]] = "lic.stage"(%[[A]]) ({
// CHECK-NEXT: ^bb0(%[[Y:.*]]: tensor
// CHECK-NEXT:   %[[W:.*]] = "lic.constant"
// CHECK-NEXT:   %[[C:.*]] = "lic.constant"
// CHECK-NEXT:   %[[ACC:.*]] = "lic.conv2d"(%[[Y]], %[[W]], %[[C]])
// CHECK-NEXT:   %[[R:.*]] = "lic.relu"(%[[ACC]])
// CHECK-NEXT:   %[[Q:.*]] = "lic.requantize"(%[[R]])
// CHECK-NEXT:   "lic.yield"(%[[Q]])
// CHECK-NEXT: }) {layer = "h_a.0"}
// CHECK-NEXT: return %[[B]]
!y = tensor<1x1x4x4x!quant.uniform<i16:f32, 1.0>>
!w = tensor<1x1x3x3x!quant.uniform<i8<-127:127>:f32:0, {1.0}>>
!b = tensor<1x!quant.uniform<i32:f32:0, {1.0}>>
!acc = tensor<1x1x4x4x!quant.uniform<i32:f32:1, {1.0}>>
func.func @h_a(%y: !y {lic.role = "latent"}) -> (!y {lic.role = "symbols"}) {
  %w = "lic.constant"() {value = dense<1> : tensor<1x1x3x3xi8>} : () -> !w
  %b = "lic.constant"() {value = dense<7> : tensor<1xi32>} : () -> !b
  %a = "lic.abs"(%y) {layer = "h_a.abs"} : (!y) -> !y
  %c = "lic.conv2d"(%a, %w, %b) {layer = "h_a.0", strides = array<i64: 1, 1>, padding = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 1} : (!y, !w, !b) -> !acc
  %r = "lic.relu"(%c) {layer = "h_a.1"} : (!acc) -> !acc
  %q = "lic.requantize"(%r) {multiplier = array<i64: 65536>, shift = array<i64: 20>} : (!acc) -> !y
  return %q : !y
}

// -----

// A transposed convolution becomes its sub-pixel form: the weight is [O, I, KH, KW], scales along O.

// CHECK-LABEL: func.func @g_s
// CHECK: %[[W:.*]] = "lic.constant"() {value = dense<{{\[}}{{\[}}{{\[}}[1, 2], [3, 4]], {{\[}}[5, 6], [7, 8]]]]> : tensor<1x2x2x2xi8>} : () -> tensor<1x2x2x2x!quant.uniform<i8<-127:127>:f32:0, {2.500000e-01}>>
// CHECK: "lic.subpixel_conv2d"(%{{.*}}, %[[W]], %{{.*}}) {layer = "g_s.0", output_padding = array<i64: 0, 0>, padding = array<i64: 0, 0>, strides = array<i64: 2, 2>}
// CHECK-NEXT: "lic.requantize"
// CHECK-NEXT: "lic.yield"
!y = tensor<1x2x4x4x!quant.uniform<i8:f32, 1.0>>
!w = tensor<2x1x2x2x!quant.uniform<i8<-127:127>:f32:1, {0.25}>>
!b = tensor<1x!quant.uniform<i32:f32:0, {0.25}>>
!acc = tensor<1x1x8x8x!quant.uniform<i32:f32:1, {0.25}>>
!x = tensor<1x1x8x8x!quant.uniform<u8:f32, 1.0>>
func.func @g_s(%y: !y {lic.role = "symbols"}) -> (!x {lic.role = "image"}) {
  %w = "lic.constant"() {value = dense<[[[[1, 2], [3, 4]]], [[[5, 6], [7, 8]]]]> : tensor<2x1x2x2xi8>} : () -> !w
  %b = "lic.constant"() {value = dense<7> : tensor<1xi32>} : () -> !b
  %c = "lic.deconv2d"(%y, %w, %b) {layer = "g_s.0", strides = array<i64: 2, 2>, padding = array<i64: 0, 0>, output_padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1} : (!y, !w, !b) -> !acc
  %q = "lic.requantize"(%c) {multiplier = array<i64: 65536>, shift = array<i64: 20>} : (!acc) -> !x
  return %q : !x
}

// -----

// Float codecs fuse as well. A second GDN starts a stage of its own.

// CHECK-LABEL: func.func @g_a
// CHECK: "lic.stage"
// CHECK: "lic.gdn"{{.*}}layer = "g_a.0"
// CHECK: }) {layer = "g_a.0"}
// CHECK: "lic.stage"
// CHECK: "lic.gdn"{{.*}}layer = "g_a.1"
// CHECK-NEXT: "lic.round_latent"
// CHECK: }) {layer = "g_a.1"}
!x = tensor<1x1x4x4xf32>
func.func @g_a(%x: !x {lic.role = "image"}) -> (!x {lic.role = "symbols"}) {
  %beta = "lic.constant"() {value = dense<1.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %gamma = "lic.constant"() {value = dense<1.0> : tensor<1x1xf32>} : () -> tensor<1x1xf32>
  %0 = "lic.gdn"(%x, %beta, %gamma) {layer = "g_a.0", form = "rsqrt", inverse = false} : (!x, tensor<1xf32>, tensor<1x1xf32>) -> !x
  %1 = "lic.gdn"(%0, %beta, %gamma) {layer = "g_a.1", form = "rsqrt", inverse = false} : (!x, tensor<1xf32>, tensor<1x1xf32>) -> !x
  %2 = "lic.round_latent"(%1) {layer = "g_a.2"} : (!x) -> !x
  return %2 : !x
}
