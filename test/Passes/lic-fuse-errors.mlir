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
  // expected-error @+1 {{'lic.abs' op layer 'g_a.0': expected a reader of its result, but got none}}
  %0 = "lic.abs"(%x) {layer = "g_a.0"} : (!x) -> !x
  %1 = "lic.abs"(%x) {layer = "g_a.1"} : (!x) -> !x
  return %1 : !x
}

// -----

!x = tensor<1x1x4x4xf32>
func.func @g_a(%x: !x) -> !x {
  %c = "lic.constant"() {value = dense<1.0> : !x} : () -> !x
  // expected-error @+1 {{'lic.add' op layer 'g_a.1': expected one or two inputs that are no constant, first, but got 1}}
  %1 = "lic.add"(%c, %x) {layer = "g_a.1"} : (!x, !x) -> !x
  return %1 : !x
}

// -----

!x = tensor<1x1x4x4xf32>
!w = tensor<1x1x1x1xf32>
func.func @g_a(%x: !x, %w: !w) -> !x {
  %b = "lic.constant"() {value = dense<1.0> : tensor<1xf32>} : () -> tensor<1xf32>
  // expected-error @+1 {{'lic.conv2d' op layer 'g_a.0': expected one input that is no constant, first, but got 2}}
  %0 = "lic.conv2d"(%x, %w, %b) {layer = "g_a.0", strides = array<i64: 1, 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1} : (!x, !w, tensor<1xf32>) -> !x
  return %0 : !x
}

// -----

// A pixel shuffle is part of a convolution of stride 1, or cannot be computed.

!x = tensor<1x4x4x4xf32>
!y = tensor<1x1x8x8xf32>
func.func @g_s(%x: !x) -> !y {
  %0 = "lic.abs"(%x) {layer = "g_s.0"} : (!x) -> !x
  // expected-error @+1 {{'lic.pixel_shuffle' op layer 'g_s.1': expected it behind a 'lic.conv2d' of stride 1, of which it makes a sub-pixel convolution}}
  %1 = "lic.pixel_shuffle"(%0) {layer = "g_s.1", factor = 2 : i64} : (!x) -> !y
  return %1 : !y
}

// -----

!x = tensor<1x1x4x4xf32>
!c = tensor<1x4x2x2xf32>
func.func @g_s(%x: !x) -> !x {
  %w = "lic.constant"() {value = dense<1.0> : tensor<4x1x1x1xf32>} : () -> tensor<4x1x1x1xf32>
  %b = "lic.constant"() {value = dense<1.0> : tensor<4xf32>} : () -> tensor<4xf32>
  %0 = "lic.conv2d"(%x, %w, %b) {layer = "g_s.0", strides = array<i64: 2, 2>, padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1} : (!x, tensor<4x1x1x1xf32>, tensor<4xf32>) -> !c
  // expected-error @+1 {{'lic.pixel_shuffle' op layer 'g_s.1': expected it behind a 'lic.conv2d' of stride 1, of which it makes a sub-pixel convolution}}
  %1 = "lic.pixel_shuffle"(%0) {layer = "g_s.1", factor = 2 : i64} : (!c) -> !x
  return %1 : !x
}

// -----

!x = tensor<1x1x2x2xf32>
!c = tensor<1x4x4x4xf32>
!y = tensor<1x1x8x8xf32>
func.func @g_s(%x: !x) -> !y {
  %w = "lic.constant"() {value = dense<1.0> : tensor<4x1x1x1xf32>} : () -> tensor<4x1x1x1xf32>
  %b = "lic.constant"() {value = dense<1.0> : tensor<4xf32>} : () -> tensor<4xf32>
  // expected-error @+1 {{'lic.conv2d' op layer 'g_s.0': expected padding of less than the kernel}}
  %0 = "lic.conv2d"(%x, %w, %b) {layer = "g_s.0", strides = array<i64: 1, 1>, padding = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 1} : (!x, tensor<4x1x1x1xf32>, tensor<4xf32>) -> !c
  %1 = "lic.pixel_shuffle"(%0) {layer = "g_s.1", factor = 2 : i64} : (!c) -> !y
  return %1 : !y
}

// -----

// What pixels of one channel share: scales, multipliers and shifts.

!x = tensor<1x1x2x2x!quant.uniform<i8:f32, 1.0>>
!w = tensor<4x1x1x1x!quant.uniform<i8<-127:127>:f32:0, {1.0, 1.0, 1.0, 2.0}>>
!b = tensor<4x!quant.uniform<i32:f32:0, {1.0, 1.0, 1.0, 2.0}>>
!acc = tensor<1x4x2x2x!quant.uniform<i32:f32:1, {1.0, 1.0, 1.0, 2.0}>>
!q = tensor<1x4x2x2x!quant.uniform<i8:f32, 1.0>>
!y = tensor<1x1x4x4x!quant.uniform<i8:f32, 1.0>>
func.func @g_s(%x: !x) -> !y {
  %w = "lic.constant"() {value = dense<1> : tensor<4x1x1x1xi8>} : () -> !w
  %b = "lic.constant"() {value = dense<1> : tensor<4xi32>} : () -> !b
  // expected-error @+1 {{'lic.conv2d' op layer 'g_s.0': expected the same scales for each 4 channels that 'lic.pixel_shuffle' makes pixels of}}
  %0 = "lic.conv2d"(%x, %w, %b) {layer = "g_s.0", strides = array<i64: 1, 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1} : (!x, !w, !b) -> !acc
  %1 = "lic.requantize"(%0) {multiplier = array<i64: 65536>, shift = array<i64: 20>} : (!acc) -> !q
  %2 = "lic.pixel_shuffle"(%1) {layer = "g_s.1", factor = 2 : i64} : (!q) -> !y
  return %2 : !y
}

// -----

!x = tensor<1x1x2x2x!quant.uniform<i8:f32, 1.0>>
!w = tensor<4x1x1x1x!quant.uniform<i8<-127:127>:f32:0, {1.0, 1.0, 1.0, 1.0}>>
!b = tensor<4x!quant.uniform<i32:f32:0, {1.0, 1.0, 1.0, 1.0}>>
!acc = tensor<1x4x2x2x!quant.uniform<i32:f32:1, {1.0, 1.0, 1.0, 1.0}>>
!q = tensor<1x4x2x2x!quant.uniform<i8:f32, 1.0>>
!y = tensor<1x1x4x4x!quant.uniform<i8:f32, 1.0>>
func.func @g_s(%x: !x) -> !y {
  %w = "lic.constant"() {value = dense<1> : tensor<4x1x1x1xi8>} : () -> !w
  %b = "lic.constant"() {value = dense<1> : tensor<4xi32>} : () -> !b
  %0 = "lic.conv2d"(%x, %w, %b) {layer = "g_s.0", strides = array<i64: 1, 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1} : (!x, !w, !b) -> !acc
  // expected-error @+1 {{'lic.requantize' op expected the same multiplier for each 4 channels that 'lic.pixel_shuffle' makes pixels of}}
  %1 = "lic.requantize"(%0) {multiplier = array<i64: 65536, 65536, 65537, 65536>, shift = array<i64: 20>} : (!acc) -> !q
  %2 = "lic.pixel_shuffle"(%1) {layer = "g_s.1", factor = 2 : i64} : (!q) -> !y
  return %2 : !y
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
