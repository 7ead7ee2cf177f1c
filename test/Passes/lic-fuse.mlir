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

// -----

// Two ways that part and meet again. The image is read by two: a stage without ops copies it. What joins starts a
// stage, and what follows is in it.

// CHECK-LABEL: func.func @g_a
// CHECK-NEXT: %[[X:.*]] = "lic.stage"(%arg0) ({
// CHECK-NEXT: ^bb0(%[[A:.*]]: tensor<1x1x4x4xf32>):
// CHECK-NEXT:   "lic.yield"(%[[A]])
// CHECK-NEXT: }) {layer = "g_a.input"}
// CHECK-NEXT: %[[C:.*]] = "lic.stage"(%[[X]]) ({
// CHECK: "lic.conv2d"
// CHECK-NEXT: "lic.leaky_relu"
// CHECK-NEXT: "lic.yield"
// CHECK-NEXT: }) {layer = "g_a.0"}
// CHECK-NEXT: %[[Y:.*]] = "lic.stage"(%[[C]], %[[X]]) ({
// CHECK-NEXT: ^bb0(%[[L:.*]]: tensor<1x1x4x4xf32>, %[[R:.*]]: tensor<1x1x4x4xf32>):
// CHECK-NEXT:   %[[S:.*]] = "lic.add"(%[[L]], %[[R]])
// CHECK-NEXT:   %[[V:.*]] = "lic.relu"(%[[S]])
// CHECK-NEXT:   "lic.yield"(%[[V]])
// CHECK-NEXT: }) {layer = "g_a.2"}
// CHECK-NEXT: return %[[Y]]
!x = tensor<1x1x4x4xf32>
!w = tensor<1x1x3x3xf32>
func.func @g_a(%x: !x {lic.role = "image"}) -> (!x {lic.role = "symbols"}) {
  %w = "lic.constant"() {value = dense<1.0> : !w} : () -> !w
  %b = "lic.constant"() {value = dense<1.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %0 = "lic.conv2d"(%x, %w, %b) {layer = "g_a.0", strides = array<i64: 1, 1>, padding = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 1} : (!x, !w, tensor<1xf32>) -> !x
  %1 = "lic.leaky_relu"(%0) {layer = "g_a.1", slope = 0.01 : f32} : (!x) -> !x
  %2 = "lic.add"(%1, %x) {layer = "g_a.2"} : (!x, !x) -> !x
  %3 = "lic.relu"(%2) {layer = "g_a.3"} : (!x) -> !x
  return %3 : !x
}

// -----

// Three read a value: of two of them one is a copy. What is returned has no other reader.

// CHECK-LABEL: func.func @h_a
// CHECK: %[[A:.*]] = "lic.stage"(%arg0)
// CHECK: "lic.abs"
// CHECK: %[[B:.*]] = "lic.stage"(%[[A]], %[[COPY:.*]]) ({
// CHECK: layer = "h_a.1"
// CHECK: return
!x = tensor<1x1x4x4xf32>
func.func @h_a(%x: !x {lic.role = "latent"}) -> (!x {lic.role = "symbols"}) {
  %0 = "lic.abs"(%x) {layer = "h_a.0"} : (!x) -> !x
  %1 = "lic.add"(%0, %0) {layer = "h_a.1"} : (!x, !x) -> !x
  %2 = "lic.add"(%1, %0) {layer = "h_a.2"} : (!x, !x) -> !x
  return %2 : !x
}

// -----

// A convolution and a pixel shuffle are a transposed convolution of a larger kernel: row 2u + a of the result has
// taps a + 2 (2 - j) on rows u + j - 1. The bias is that of each phase, and multipliers are of one channel.

// CHECK-LABEL: func.func @g_s
// CHECK: %[[W:.*]] = "lic.constant"() {value = dense<{{\[}}{{\[}}{{\[}}[9, 0, 8, 0, 7, 0], [0, 0, 0, 0, 0, 0], [6, 0, 5, 0, 4, 0], [0, 0, 0, 0, 0, 0], [3, 0, 2, 0, 1, 0], [0, 0, 0, 0, 0, 0]]]]> : tensor<1x1x6x6xi8>}
// CHECK: %[[B:.*]] = "lic.constant"() {value = dense<[1, 2, 3, 4]> : tensor<4xi32>}
// CHECK: "lic.subpixel_conv2d"(%{{.*}}, %[[W]], %[[B]]) {layer = "g_s.0", output_padding = array<i64: 0, 0>, padding = array<i64: 2, 2>, strides = array<i64: 2, 2>}
// CHECK-NEXT: "lic.requantize"(%{{.*}}) {multiplier = array<i64: 65536>, shift = array<i64: 20>}
// CHECK-NEXT: "lic.relu"
// CHECK-NEXT: "lic.yield"
!y = tensor<1x1x4x4x!quant.uniform<i8:f32, 1.0>>
!w = tensor<4x1x3x3x!quant.uniform<i8<-127:127>:f32:0, {0.25, 0.25, 0.25, 0.25}>>
!b = tensor<4x!quant.uniform<i32:f32:0, {0.25, 0.25, 0.25, 0.25}>>
!acc = tensor<1x4x4x4x!quant.uniform<i32:f32:1, {0.25, 0.25, 0.25, 0.25}>>
!q = tensor<1x4x4x4x!quant.uniform<i8:f32, 1.0>>
!x = tensor<1x1x8x8x!quant.uniform<i8:f32, 1.0>>
func.func @g_s(%y: !y {lic.role = "symbols"}) -> (!x {lic.role = "image"}) {
  %w = "lic.constant"() {value = dense<[[[[1, 2, 3], [4, 5, 6], [7, 8, 9]]], [[[0, 0, 0], [0, 0, 0], [0, 0, 0]]], [[[0, 0, 0], [0, 0, 0], [0, 0, 0]]], [[[0, 0, 0], [0, 0, 0], [0, 0, 0]]]]> : tensor<4x1x3x3xi8>} : () -> !w
  %b = "lic.constant"() {value = dense<[1, 2, 3, 4]> : tensor<4xi32>} : () -> !b
  %c = "lic.conv2d"(%y, %w, %b) {layer = "g_s.0", strides = array<i64: 1, 1>, padding = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 1} : (!y, !w, !b) -> !acc
  %q = "lic.requantize"(%c) {multiplier = array<i64: 65536, 65536, 65536, 65536>, shift = array<i64: 20>} : (!acc) -> !q
  %s = "lic.pixel_shuffle"(%q) {layer = "g_s.1", factor = 2 : i64} : (!q) -> !x
  %r = "lic.relu"(%s) {layer = "g_s.2"} : (!x) -> !x
  return %r : !x
}
