// RUN: licc-opt %s "--lic-tile=target=ultra96v2" --split-input-file --verify-diagnostics

// expected-error @+1 {{'func.func' op expected one of g_a, h_a, h_s, g_s, but got 'f'}}
func.func @f(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  return %x : tensor<1x1x4x4xf32>
}

// -----

!x = tensor<1x1x4x4x!quant.uniform<i8:f32, 1.0>>
func.func @g_a(%x: !x) -> !x {
  // expected-error @+1 {{'lic.abs' op expected only 'lic.stage' ops; run lic-fuse first}}
  %0 = "lic.abs"(%x) {layer = "g_a.0"} : (!x) -> !x
  return %0 : !x
}

// -----

!x = tensor<1x1x4x4xf32>
func.func @g_a(%x: !x) -> !x {
  // expected-error @+1 {{'lic.stage' op expected typed values; run lic-assign-precision first}}
  %0 = "lic.stage"(%x) ({
  ^bb0(%y: !x):
    %1 = "lic.abs"(%y) {layer = "g_a.0"} : (!x) -> !x
    "lic.yield"(%1) : (!x) -> ()
  }) {layer = "g_a.0"} : (!x) -> !x
  return %0 : !x
}

// -----

!x = tensor<1x4x4x4x!quant.uniform<i8:f32, 1.0>>
!y = tensor<1x1x8x8x!quant.uniform<i8:f32, 1.0>>
func.func @g_a(%x: !x) -> !y {
  %0 = "lic.stage"(%x) ({
  ^bb0(%in: !x):
    // expected-error @+1 {{'lic.pixel_shuffle' op layer 'g_a.0': no process can do this op}}
    %1 = "lic.pixel_shuffle"(%in) {layer = "g_a.0", factor = 2} : (!x) -> !y
    "lic.yield"(%1) : (!y) -> ()
  }) {layer = "g_a.0"} : (!x) -> !y
  return %0 : !y
}

// -----

// The line buffer of 5 rows of 4000 pixels of 64 channels takes 10.2 Mb, and h_a is never striped.

!x = tensor<1x64x8x4000x!quant.uniform<i8:f32, 1.0>>
!w = tensor<1x64x3x3x!quant.uniform<i8<-127:127>:f32:0, {1.0}>>
!b = tensor<1x!quant.uniform<i32:f32:0, {1.0}>>
!acc = tensor<1x1x4x2000x!quant.uniform<i32<-1000:1000>:f32:1, {1.0}>>
!y = tensor<1x1x4x2000x!quant.uniform<i8:f32, 1.0>>
func.func @h_a(%x: !x) -> !y {
  // expected-error @+1 {{'lic.stage' op layer 'h_a.0': expected a line buffer of at most 7557120 bits on ultra96v2, but got 10240000: 5 rows of 4000 pixels of 64 channels; use more stripes, a larger target or a smaller network}}
  %0 = "lic.stage"(%x) ({
  ^bb0(%in: !x):
    %w = "lic.constant"() {value = dense<1> : tensor<1x64x3x3xi8>} : () -> !w
    %b = "lic.constant"() {value = dense<7> : tensor<1xi32>} : () -> !b
    %c = "lic.conv2d"(%in, %w, %b) {layer = "h_a.0", strides = array<i64: 2, 2>, padding = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 1} : (!x, !w, !b) -> !acc
    %q = "lic.requantize"(%c) {multiplier = array<i64: 65536>, shift = array<i64: 20>} : (!acc) -> !y
    "lic.yield"(%q) : (!y) -> ()
  }) {layer = "h_a.0"} : (!x) -> !y
  return %0 : !y
}

// -----

// Weights of 10.6 Mb: no stripe is narrow enough.

!x = tensor<1x16384x16x64x!quant.uniform<i8:f32, 1.0>>
!w = tensor<1x16384x9x9x!quant.uniform<i8<-127:127>:f32:0, {1.0}>>
!b = tensor<1x!quant.uniform<i32:f32:0, {1.0}>>
!acc = tensor<1x1x16x64x!quant.uniform<i32<-1000:1000>:f32:1, {1.0}>>
!y = tensor<1x1x16x64x!quant.uniform<i8:f32, 1.0>>
func.func @g_a(%x: !x) -> !y {
  // expected-error-re @+1 {{'lic.stage' op layer 'g_a.0': expected line buffers and weights of 'g_a' of at most 7557120 bits on ultra96v2, but got {{[0-9]+}} in stripes of 9 columns; choose a larger target or a smaller network}}
  %0 = "lic.stage"(%x) ({
  ^bb0(%in: !x):
    %w = "lic.constant"() {value = dense<1> : tensor<1x16384x9x9xi8>} : () -> !w
    %b = "lic.constant"() {value = dense<7> : tensor<1xi32>} : () -> !b
    %c = "lic.conv2d"(%in, %w, %b) {layer = "g_a.0", strides = array<i64: 1, 1>, padding = array<i64: 4, 4>, dilations = array<i64: 1, 1>, groups = 1} : (!x, !w, !b) -> !acc
    %q = "lic.requantize"(%c) {multiplier = array<i64: 65536>, shift = array<i64: 20>} : (!acc) -> !y
    "lic.yield"(%q) : (!y) -> ()
  }) {layer = "g_a.0"} : (!x) -> !y
  return %0 : !y
}

// -----

// One stride for rows and columns.

!x = tensor<1x1x4x4x!quant.uniform<i8:f32, 1.0>>
!w = tensor<1x1x1x1x!quant.uniform<i8<-127:127>:f32:0, {1.0}>>
!b = tensor<1x!quant.uniform<i32:f32:0, {1.0}>>
!acc = tensor<1x1x4x2x!quant.uniform<i32<-1000:1000>:f32:1, {1.0}>>
func.func @g_a(%x: !x) -> !acc {
  %0 = "lic.stage"(%x) ({
  ^bb0(%in: !x):
    %w = "lic.constant"() {value = dense<1> : tensor<1x1x1x1xi8>} : () -> !w
    %b = "lic.constant"() {value = dense<7> : tensor<1xi32>} : () -> !b
    // expected-error @+1 {{'lic.conv2d' op layer 'g_a.0': expected one stride for rows and columns, but got '1x2'}}
    %c = "lic.conv2d"(%in, %w, %b) {layer = "g_a.0", strides = array<i64: 1, 2>, padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1} : (!x, !w, !b) -> !acc
    "lic.yield"(%c) : (!acc) -> ()
  }) {layer = "g_a.0"} : (!x) -> !acc
  return %0 : !acc
}
