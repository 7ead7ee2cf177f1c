// RUN: licc-opt %s --lic-fuse --split-input-file --verify-diagnostics

!x = tensor<1x2x4x4xf32>
func.func @g_a(%x: !x) -> !x {
  %w = "lic.constant"() {value = dense<1.0> : tensor<2x1x1x1xf32>} : () -> tensor<2x1x1x1xf32>
  %b = "lic.constant"() {value = dense<1.0> : tensor<2xf32>} : () -> tensor<2xf32>
  // expected-error @+1 {{'lic.conv2d' op layer 'g_a.0': expected a convolution of 1 group, but got 2}}
  %0 = "lic.conv2d"(%x, %w, %b) {layer = "g_a.0", strides = array<i64: 1, 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 2} : (!x, tensor<2x1x1x1xf32>, tensor<2xf32>) -> !x
  return %0 : !x
}

// -----

!x = tensor<1x1x5x5xf32>
func.func @g_a(%x: !x) -> tensor<1x1x3x3xf32> {
  %w = "lic.constant"() {value = dense<1.0> : tensor<1x1x2x2xf32>} : () -> tensor<1x1x2x2xf32>
  %b = "lic.constant"() {value = dense<1.0> : tensor<1xf32>} : () -> tensor<1xf32>
  // expected-error @+1 {{'lic.conv2d' op layer 'g_a.0': expected dilations of 1, but got '2x2'}}
  %0 = "lic.conv2d"(%x, %w, %b) {layer = "g_a.0", strides = array<i64: 1, 1>, padding = array<i64: 0, 0>, dilations = array<i64: 2, 2>, groups = 1} : (!x, tensor<1x1x2x2xf32>, tensor<1xf32>) -> tensor<1x1x3x3xf32>
  return %0 : tensor<1x1x3x3xf32>
}

// -----

!x = tensor<1x1x4x4xf32>
func.func @g_a(%x: !x) -> !x {
  // expected-error @+1 {{'lic.abs' op layer 'g_a.0': expected a chain: one user, but got 2}}
  %0 = "lic.abs"(%x) {layer = "g_a.0"} : (!x) -> !x
  %1 = "lic.add"(%0, %0) {layer = "g_a.1"} : (!x, !x) -> !x
  return %1 : !x
}

// -----

!x = tensor<1x1x4x4xf32>
func.func @g_a(%x: !x) -> !x {
  %0 = "lic.abs"(%x) {layer = "g_a.0"} : (!x) -> !x
  // expected-error @+1 {{'lic.add' op layer 'g_a.1': expected a chain: one input, the op before}}
  %1 = "lic.add"(%0, %x) {layer = "g_a.1"} : (!x, !x) -> !x
  return %1 : !x
}

// -----

!x = tensor<1x1x4x4xf32>
func.func @g_a(%x: !x) -> !x {
  // expected-error @+1 {{'arith.negf' op expected only 'lic' ops; run lic-raise-torch first}}
  %0 = arith.negf %x : !x
  return %0 : !x
}

// -----

!x = tensor<1x1x4x4xf32>
func.func @g_s(%x: !x) -> tensor<1x1x10x10xf32> {
  %w = "lic.constant"() {value = dense<1.0> : tensor<1x1x1x1xf32>} : () -> tensor<1x1x1x1xf32>
  %b = "lic.constant"() {value = dense<1.0> : tensor<1xf32>} : () -> tensor<1xf32>
  // expected-error @+1 {{'lic.deconv2d' op layer 'g_s.0': expected a kernel no smaller than the stride}}
  %0 = "lic.deconv2d"(%x, %w, %b) {layer = "g_s.0", strides = array<i64: 3, 3>, padding = array<i64: 0, 0>, output_padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1} : (!x, tensor<1x1x1x1xf32>, tensor<1xf32>) -> tensor<1x1x10x10xf32>
  return %0 : tensor<1x1x10x10xf32>
}
