// RUN: licc-opt %s --split-input-file --verify-diagnostics

// The form that every op is checked for first: operands, results, regions, types, attributes.

// expected-error @+1 {{'lic.gdn' op expected 3 operands, but got 0}}
"lic.gdn"() : () -> ()

// -----

func.func @results(%x: tensor<1x1x2x2xf32>) {
  // expected-error @+1 {{'lic.relu' op expected 1 result, but got 0}}
  "lic.relu"(%x) {layer = "a"} : (tensor<1x1x2x2xf32>) -> ()
  return
}

// -----

func.func @regions(%x: tensor<1x1x2x2xf32>) {
  // expected-error @+1 {{'lic.stage' op expected 1 region, but got 0}}
  %0 = "lic.stage"(%x) {layer = "a"} : (tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return
}

// -----

func.func @no_block(%x: tensor<1x1x2x2xf32>) {
  // expected-error @+1 {{'lic.stage' op expected a body of one block, but got 0}}
  %0 = "lic.stage"(%x) ({}) {layer = "a"} : (tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return
}

// -----

func.func @two_blocks(%x: tensor<1x1x2x2xf32>) {
  // expected-error @+1 {{'lic.stage' op expected a body of one block, but got 2}}
  %0 = "lic.stage"(%x) ({
  ^bb0(%a: tensor<1x1x2x2xf32>):
    "lic.yield"(%a) : (tensor<1x1x2x2xf32>) -> ()
  ^bb1(%b: tensor<1x1x2x2xf32>):
    "lic.yield"(%b) : (tensor<1x1x2x2xf32>) -> ()
  }) {layer = "a"} : (tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return
}

// -----

func.func @empty_block(%x: tensor<1x1x2x2xf32>) {
  // expected-error @+1 {{empty block: expect at least a terminator}}
  %0 = "lic.stage"(%x) ({
  ^bb0(%a: tensor<1x1x2x2xf32>):
  }) {layer = "a"} : (tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return
}

// -----

func.func @successors(%x: tensor<1x1x2x2xf32>) {
  // expected-error @+1 {{'lic.yield' op expected no successors}}
  "lic.yield"(%x) [^bb1] : (tensor<1x1x2x2xf32>) -> ()
^bb1:
  return
}

// -----

func.func @no_tensor(%x: i32) {
  // expected-error @+1 {{'lic.abs' op expected 'input' to be a tensor of static shape, but got 'i32'}}
  %0 = "lic.abs"(%x) {layer = "a"} : (i32) -> i32
  return
}

// -----

func.func @unranked(%x: tensor<*xf32>) {
  // expected-error @+1 {{'lic.abs' op expected 'input' to be a tensor of static shape, but got 'tensor<*xf32>'}}
  %0 = "lic.abs"(%x) {layer = "a"} : (tensor<*xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @dynamic(%x: tensor<1x1x2x2xf32>) {
  // expected-error @+1 {{'lic.abs' op expected 'output' to be a tensor of static shape, but got 'tensor<1x?x2x2xf32>'}}
  %0 = "lic.abs"(%x) {layer = "a"} : (tensor<1x1x2x2xf32>) -> tensor<1x?x2x2xf32>
  return
}

// -----

func.func @missing(%x: tensor<1x1x2x2xf32>) {
  // expected-error @+1 {{'lic.round_latent' op requires attribute 'layer'}}
  %0 = "lic.round_latent"(%x) : (tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return
}

// -----

func.func @string(%x: tensor<1x1x2x2xf32>) {
  // expected-error @+1 {{'lic.relu' op attribute 'layer' expected string attribute, but got '1 : i64'}}
  %0 = "lic.relu"(%x) {layer = 1 : i64} : (tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return
}

// -----

func.func @float(%x: tensor<1x1x2x2xf32>) {
  // expected-error @+1 {{'lic.leaky_relu' op attribute 'slope' expected float attribute, but got '0 : i64'}}
  %0 = "lic.leaky_relu"(%x) {layer = "a", slope = 0 : i64} : (tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return
}

// -----

func.func @integer(%x: tensor<1x1x2x2xf32>) {
  // expected-error @+1 {{'lic.pixel_shuffle' op attribute 'factor' expected integer attribute, but got 'true'}}
  %0 = "lic.pixel_shuffle"(%x) {layer = "a", factor = true} : (tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return
}

// -----

func.func @bool(%x: tensor<1x1x2x2xf32>, %b: tensor<1xf32>, %c: tensor<1x1xf32>) {
  // expected-error @+1 {{'lic.gdn' op attribute 'inverse' expected bool attribute, but got '1 : i64'}}
  %0 = "lic.gdn"(%x, %b, %c) {layer = "a", form = "gdn1", inverse = 1 : i64} : (tensor<1x1x2x2xf32>, tensor<1xf32>, tensor<1x1xf32>) -> tensor<1x1x2x2xf32>
  return
}

// -----

func.func @type(%x: tensor<1x1x2x2xf32>, %b: tensor<1xf32>, %c: tensor<1x1xf32>) {
  // expected-error @+1 {{'lic.gdn' op attribute 'norm' expected type attribute, but got '"i32"'}}
  %0 = "lic.gdn"(%x, %b, %c) {layer = "a", form = "gdn1", inverse = true, norm = "i32"} : (tensor<1x1x2x2xf32>, tensor<1xf32>, tensor<1x1xf32>) -> tensor<1x1x2x2xf32>
  return
}

// -----

!act = !quant.uniform<i8:f32, 0.5>
func.func @i64_array(%x: tensor<1x1x2x2x!act>) {
  // expected-error @+1 {{'lic.requantize' op attribute 'shift' expected i64 array attribute, but got '[1]'}}
  %0 = "lic.requantize"(%x) {multiplier = array<i64: 65536>, shift = [1]} : (tensor<1x1x2x2x!act>) -> tensor<1x1x2x2x!act>
  return
}

// -----

// expected-error @+1 {{'lic.constant' op attribute 'value' expected elements attribute, but got '1 : i64'}}
%0 = "lic.constant"() {value = 1 : i64} : () -> tensor<2xf32>

// -----

func.func @own(%x: tensor<1x1x2x2xf32>) {
  // expected-error @+1 {{'lic.stage' op attribute 'folding' expected '#lic.folding', but got '#lic.tile<8 : i64, 3 : i64>'}}
  %0 = "lic.stage"(%x) ({
  ^bb0(%a: tensor<1x1x2x2xf32>):
    "lic.yield"(%a) : (tensor<1x1x2x2xf32>) -> ()
  }) {layer = "a", folding = #lic.tile<8, 3>} : (tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return
}

// -----

// The types that every op is checked for.

func.func @elements(%x: tensor<1x1x2x2xi8>) {
  // expected-error @+1 {{'lic.relu' op expected input of 'f32' or '!quant.uniform' elements, but got 'i8'}}
  %0 = "lic.relu"(%x) {layer = "a"} : (tensor<1x1x2x2xi8>) -> tensor<1x1x2x2xi8>
  return
}

// -----

!act = !quant.uniform<i8:f32, 0.5>
func.func @mixed(%x: tensor<1x1x2x2x!act>) {
  // expected-error @+1 {{'lic.relu' op expected all of its operands and results typed or none, but result is 'f32'}}
  %0 = "lic.relu"(%x) {layer = "a"} : (tensor<1x1x2x2x!act>) -> tensor<1x1x2x2xf32>
  return
}

// -----

!zero = !quant.uniform<u8:f32, 0.5:128>
func.func @zero_point(%x: tensor<1x1x2x2x!zero>) {
  // expected-error @+1 {{'lic.relu' op expected input with zero point '0', but got '128'}}
  %0 = "lic.relu"(%x) {layer = "a"} : (tensor<1x1x2x2x!zero>) -> tensor<1x1x2x2x!zero>
  return
}

// -----

!zero = !quant.uniform<i8:f32:1, {0.5,0.25:3}>
func.func @zero_points(%x: tensor<1x2x2x2x!zero>) {
  // expected-error @+1 {{'lic.relu' op expected input with zero point '0', but got '3'}}
  %0 = "lic.relu"(%x) {layer = "a"} : (tensor<1x2x2x2x!zero>) -> tensor<1x2x2x2x!zero>
  return
}

// -----

!act = !quant.uniform<i8:f32:1, {0.5,0.25}>
func.func @scales(%x: tensor<1x3x2x2x!act>) {
  // expected-error @+1 {{'lic.relu' op expected input with one scale per index of dimension '1', but got 2 for shape '1x3x2x2'}}
  %0 = "lic.relu"(%x) {layer = "a"} : (tensor<1x3x2x2x!act>) -> tensor<1x3x2x2x!act>
  return
}

// -----

!act = !quant.uniform<i8:f32, 0.5>
!wide = !quant.uniform<i8:f32, 0.25>
func.func @domain(%x: tensor<1x1x2x2x!act>) {
  // expected-error @+1 {{'lic.abs' op expected result with the scales of its input}}
  %0 = "lic.abs"(%x) {layer = "a"} : (tensor<1x1x2x2x!act>) -> tensor<1x1x2x2x!wide>
  return
}

// -----

func.func @shape(%x: tensor<1x1x2x2xf32>) {
  // expected-error @+1 {{'lic.abs' op expected result of shape '1x1x2x2', but got '1x1x2x3'}}
  %0 = "lic.abs"(%x) {layer = "a"} : (tensor<1x1x2x2xf32>) -> tensor<1x1x2x3xf32>
  return
}

// -----

// lic.constant

// expected-error @+1 {{'lic.constant' op expected value of shape '3', but got '2'}}
%0 = "lic.constant"() {value = dense<1.0> : tensor<2xf32>} : () -> tensor<3xf32>

// -----

// expected-error @+1 {{'lic.constant' op expected value of 'f32' elements, but got 'i8'}}
%0 = "lic.constant"() {value = dense<1> : tensor<2xi8>} : () -> tensor<2xf32>

// -----

// expected-error @+1 {{'lic.constant' op expected value of 'i8' elements, but got 'i32'}}
%0 = "lic.constant"() {value = dense<1> : tensor<2xi32>} : () -> tensor<2x!quant.uniform<i8:f32, 0.5>>

// -----

// lic.conv2d

func.func @rank(%x: tensor<1x2x4xf32>, %w: tensor<2x2x3x3xf32>, %b: tensor<2xf32>) {
  // expected-error @+1 {{'lic.conv2d' op expected input of rank 4 (NCHW), but got rank 3}}
  %0 = "lic.conv2d"(%x, %w, %b) {layer = "a", strides = array<i64: 2, 2>, padding = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x2x4xf32>, tensor<2x2x3x3xf32>, tensor<2xf32>) -> tensor<1x2x2x2xf32>
  return
}

// -----

func.func @batch(%x: tensor<2x2x4x4xf32>, %w: tensor<2x2x3x3xf32>, %b: tensor<2xf32>) {
  // expected-error @+1 {{'lic.conv2d' op expected input of batch 1, but got 2}}
  %0 = "lic.conv2d"(%x, %w, %b) {layer = "a", strides = array<i64: 2, 2>, padding = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<2x2x4x4xf32>, tensor<2x2x3x3xf32>, tensor<2xf32>) -> tensor<2x2x2x2xf32>
  return
}

// -----

func.func @weight_rank(%x: tensor<1x2x4x4xf32>, %w: tensor<2x2x3xf32>, %b: tensor<2xf32>) {
  // expected-error @+1 {{'lic.conv2d' op expected weight of rank 4, but got rank 3}}
  %0 = "lic.conv2d"(%x, %w, %b) {layer = "a", strides = array<i64: 2, 2>, padding = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x2x4x4xf32>, tensor<2x2x3xf32>, tensor<2xf32>) -> tensor<1x2x2x2xf32>
  return
}

// -----

func.func @groups(%x: tensor<1x2x4x4xf32>, %w: tensor<2x2x3x3xf32>, %b: tensor<2xf32>) {
  // expected-error @+1 {{'lic.conv2d' op expected weight for 2 input channels in 2 groups, but got '2x2x3x3'}}
  %0 = "lic.conv2d"(%x, %w, %b) {layer = "a", strides = array<i64: 2, 2>, padding = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 2 : i64}
    : (tensor<1x2x4x4xf32>, tensor<2x2x3x3xf32>, tensor<2xf32>) -> tensor<1x2x2x2xf32>
  return
}

// -----

func.func @no_groups(%x: tensor<1x2x4x4xf32>, %w: tensor<2x2x3x3xf32>, %b: tensor<2xf32>) {
  // expected-error @+1 {{'lic.conv2d' op expected weight for 2 input channels in 0 groups, but got '2x2x3x3'}}
  %0 = "lic.conv2d"(%x, %w, %b) {layer = "a", strides = array<i64: 2, 2>, padding = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 0 : i64}
    : (tensor<1x2x4x4xf32>, tensor<2x2x3x3xf32>, tensor<2xf32>) -> tensor<1x2x2x2xf32>
  return
}

// -----

func.func @bias(%x: tensor<1x2x4x4xf32>, %w: tensor<2x2x3x3xf32>, %b: tensor<3xf32>) {
  // expected-error @+1 {{'lic.conv2d' op expected bias of shape '2', but got '3'}}
  %0 = "lic.conv2d"(%x, %w, %b) {layer = "a", strides = array<i64: 2, 2>, padding = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x2x4x4xf32>, tensor<2x2x3x3xf32>, tensor<3xf32>) -> tensor<1x2x2x2xf32>
  return
}

// -----

func.func @stride_count(%x: tensor<1x2x4x4xf32>, %w: tensor<2x2x3x3xf32>, %b: tensor<2xf32>) {
  // expected-error @+1 {{'lic.conv2d' op expected 'strides' of 2 integers, but got 1}}
  %0 = "lic.conv2d"(%x, %w, %b) {layer = "a", strides = array<i64: 2>, padding = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x2x4x4xf32>, tensor<2x2x3x3xf32>, tensor<2xf32>) -> tensor<1x2x2x2xf32>
  return
}

// -----

func.func @stride(%x: tensor<1x2x4x4xf32>, %w: tensor<2x2x3x3xf32>, %b: tensor<2xf32>) {
  // expected-error @+1 {{'lic.conv2d' op expected 'strides' of at least 1, but got '0x2'}}
  %0 = "lic.conv2d"(%x, %w, %b) {layer = "a", strides = array<i64: 0, 2>, padding = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x2x4x4xf32>, tensor<2x2x3x3xf32>, tensor<2xf32>) -> tensor<1x2x2x2xf32>
  return
}

// -----

func.func @padding(%x: tensor<1x2x4x4xf32>, %w: tensor<2x2x3x3xf32>, %b: tensor<2xf32>) {
  // expected-error @+1 {{'lic.conv2d' op expected 'padding' of at least 0, but got '-1x1'}}
  %0 = "lic.conv2d"(%x, %w, %b) {layer = "a", strides = array<i64: 2, 2>, padding = array<i64: -1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x2x4x4xf32>, tensor<2x2x3x3xf32>, tensor<2xf32>) -> tensor<1x2x2x2xf32>
  return
}

// -----

func.func @dilations(%x: tensor<1x2x4x4xf32>, %w: tensor<2x2x3x3xf32>, %b: tensor<2xf32>) {
  // expected-error @+1 {{'lic.conv2d' op expected 'dilations' of at least 1, but got '1x0'}}
  %0 = "lic.conv2d"(%x, %w, %b) {layer = "a", strides = array<i64: 2, 2>, padding = array<i64: 1, 1>, dilations = array<i64: 1, 0>, groups = 1 : i64}
    : (tensor<1x2x4x4xf32>, tensor<2x2x3x3xf32>, tensor<2xf32>) -> tensor<1x2x2x2xf32>
  return
}

// -----

func.func @kernel(%x: tensor<1x2x2x2xf32>, %w: tensor<2x2x3x3xf32>, %b: tensor<2xf32>) {
  // expected-error @+1 {{'lic.conv2d' op expected input no smaller than the kernel}}
  %0 = "lic.conv2d"(%x, %w, %b) {layer = "a", strides = array<i64: 1, 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x2x2x2xf32>, tensor<2x2x3x3xf32>, tensor<2xf32>) -> tensor<1x2x0x0xf32>
  return
}

// -----

func.func @result(%x: tensor<1x2x4x4xf32>, %w: tensor<2x2x3x3xf32>, %b: tensor<2xf32>) {
  // expected-error @+1 {{'lic.conv2d' op expected result of shape '1x2x2x2', but got '1x2x4x4'}}
  %0 = "lic.conv2d"(%x, %w, %b) {layer = "a", strides = array<i64: 2, 2>, padding = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x2x4x4xf32>, tensor<2x2x3x3xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  return
}

// -----

!x = !quant.uniform<i8:f32:1, {0.5,0.5}>
!w = !quant.uniform<i8:f32:0, {0.5,0.25}>
!b = !quant.uniform<i32:f32:0, {0.25,0.125}>
!acc = !quant.uniform<i32:f32:1, {0.25,0.125}>
func.func @input_scale(%x: tensor<1x2x4x4x!x>, %w: tensor<2x2x1x1x!w>, %b: tensor<2x!b>) {
  // expected-error @+1 {{'lic.conv2d' op expected input with one scale for all channels}}
  %0 = "lic.conv2d"(%x, %w, %b) {layer = "a", strides = array<i64: 1, 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x2x4x4x!x>, tensor<2x2x1x1x!w>, tensor<2x!b>) -> tensor<1x2x4x4x!acc>
  return
}

// -----

!x = !quant.uniform<i8:f32, 0.5>
!w = !quant.uniform<i32:f32:0, {0.5,0.25}>
!b = !quant.uniform<i32:f32:0, {0.25,0.125}>
!acc = !quant.uniform<i32:f32:1, {0.25,0.125}>
func.func @weight_storage(%x: tensor<1x2x4x4x!x>, %w: tensor<2x2x1x1x!w>, %b: tensor<2x!b>) {
  // expected-error @+1 {{'lic.conv2d' op expected weights stored in at most 16 signed bits, but got 'i32'}}
  %0 = "lic.conv2d"(%x, %w, %b) {layer = "a", strides = array<i64: 1, 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x2x4x4x!x>, tensor<2x2x1x1x!w>, tensor<2x!b>) -> tensor<1x2x4x4x!acc>
  return
}

// -----

!x = !quant.uniform<u16:f32, 0.5>
!w = !quant.uniform<i8:f32:0, {0.5,0.25}>
!b = !quant.uniform<i32:f32:0, {0.25,0.125}>
!acc = !quant.uniform<i32:f32:1, {0.25,0.125}>
func.func @input_storage(%x: tensor<1x2x4x4x!x>, %w: tensor<2x2x1x1x!w>, %b: tensor<2x!b>) {
  // expected-error @+1 {{'lic.conv2d' op expected input stored in at most 8 bits or as 'i16', but got 'u16'}}
  %0 = "lic.conv2d"(%x, %w, %b) {layer = "a", strides = array<i64: 1, 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x2x4x4x!x>, tensor<2x2x1x1x!w>, tensor<2x!b>) -> tensor<1x2x4x4x!acc>
  return
}

// -----

!x = !quant.uniform<i8:f32, 0.5>
!w = !quant.uniform<i8:f32:1, {0.5,0.25}>
!b = !quant.uniform<i32:f32:0, {0.25,0.125}>
!acc = !quant.uniform<i32:f32:1, {0.25,0.125}>
func.func @weight_axis(%x: tensor<1x2x4x4x!x>, %w: tensor<2x2x1x1x!w>, %b: tensor<2x!b>) {
  // expected-error @+1 {{'lic.conv2d' op expected weight scales along dimension '0', but got '1'}}
  %0 = "lic.conv2d"(%x, %w, %b) {layer = "a", strides = array<i64: 1, 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x2x4x4x!x>, tensor<2x2x1x1x!w>, tensor<2x!b>) -> tensor<1x2x4x4x!acc>
  return
}

// -----

!x = !quant.uniform<i8:f32, 0.5>
!w = !quant.uniform<i8:f32:0, {0.5,0.25}>
!b = !quant.uniform<i32:f32:0, {0.25,0.125}>
!acc = !quant.uniform<i16:f32:1, {0.25,0.125}>
func.func @accumulator(%x: tensor<1x2x4x4x!x>, %w: tensor<2x2x1x1x!w>, %b: tensor<2x!b>) {
  // expected-error @+1 {{'lic.conv2d' op expected result stored as 'i32', but got 'i16'}}
  %0 = "lic.conv2d"(%x, %w, %b) {layer = "a", strides = array<i64: 1, 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x2x4x4x!x>, tensor<2x2x1x1x!w>, tensor<2x!b>) -> tensor<1x2x4x4x!acc>
  return
}

// -----

!x = !quant.uniform<i8:f32, 0.5>
!w = !quant.uniform<i8:f32:0, {0.5,0.25}>
!b = !quant.uniform<i32:f32, 0.25>
!acc = !quant.uniform<i32:f32:1, {0.25,0.125}>
func.func @bias_axis(%x: tensor<1x2x4x4x!x>, %w: tensor<2x2x1x1x!w>, %b: tensor<2x!b>) {
  // expected-error @+1 {{'lic.conv2d' op expected bias scales along dimension '0', but got 'None'}}
  %0 = "lic.conv2d"(%x, %w, %b) {layer = "a", strides = array<i64: 1, 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x2x4x4x!x>, tensor<2x2x1x1x!w>, tensor<2x!b>) -> tensor<1x2x4x4x!acc>
  return
}

// -----

!x = !quant.uniform<i8:f32, 0.5>
!w = !quant.uniform<i8:f32:0, {0.5,0.25}>
!b = !quant.uniform<i32:f32:0, {0.25,0.125}>
!acc = !quant.uniform<i32:f32:1, {0.25,0.5}>
func.func @products(%x: tensor<1x2x4x4x!x>, %w: tensor<2x2x1x1x!w>, %b: tensor<2x!b>) {
  // expected-error @+1 {{'lic.conv2d' op expected result scales to be the input scale times the weight scales}}
  %0 = "lic.conv2d"(%x, %w, %b) {layer = "a", strides = array<i64: 1, 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x2x4x4x!x>, tensor<2x2x1x1x!w>, tensor<2x!b>) -> tensor<1x2x4x4x!acc>
  return
}

// -----

!x = !quant.uniform<i8:f32, 0.5>
func.func @float_weight(%x: tensor<1x2x4x4x!x>, %w: tensor<2x2x1x1xf32>, %b: tensor<2xf32>) {
  // expected-error @+1 {{'lic.conv2d' op expected all of its operands and results typed or none, but bias, result, weight is 'f32'}}
  %0 = "lic.conv2d"(%x, %w, %b) {layer = "a", strides = array<i64: 1, 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x2x4x4x!x>, tensor<2x2x1x1xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  return
}

// -----

// lic.deconv2d

func.func @deconv_rank(%x: tensor<1x2x2x2xf32>, %w: tensor<2x1x5xf32>, %b: tensor<1xf32>) {
  // expected-error @+1 {{'lic.deconv2d' op expected weight of rank 4, but got rank 3}}
  %0 = "lic.deconv2d"(%x, %w, %b) {layer = "a", strides = array<i64: 2, 2>, padding = array<i64: 2, 2>, output_padding = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x2x2x2xf32>, tensor<2x1x5xf32>, tensor<1xf32>) -> tensor<1x1x4x4xf32>
  return
}

// -----

func.func @deconv_weight(%x: tensor<1x2x2x2xf32>, %w: tensor<1x2x5x5xf32>, %b: tensor<1xf32>) {
  // expected-error @+1 {{'lic.deconv2d' op expected weight for 2 input channels, but got '1x2x5x5'}}
  %0 = "lic.deconv2d"(%x, %w, %b) {layer = "a", strides = array<i64: 2, 2>, padding = array<i64: 2, 2>, output_padding = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x2x2x2xf32>, tensor<1x2x5x5xf32>, tensor<1xf32>) -> tensor<1x1x4x4xf32>
  return
}

// -----

func.func @output_padding(%x: tensor<1x2x2x2xf32>, %w: tensor<2x1x5x5xf32>, %b: tensor<1xf32>) {
  // expected-error @+1 {{'lic.deconv2d' op expected 'output_padding' smaller than strides '2x2', but got '2x2'}}
  %0 = "lic.deconv2d"(%x, %w, %b) {layer = "a", strides = array<i64: 2, 2>, padding = array<i64: 2, 2>, output_padding = array<i64: 2, 2>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x2x2x2xf32>, tensor<2x1x5x5xf32>, tensor<1xf32>) -> tensor<1x1x5x5xf32>
  return
}

// -----

func.func @deconv_bias(%x: tensor<1x2x2x2xf32>, %w: tensor<2x1x5x5xf32>, %b: tensor<2xf32>) {
  // expected-error @+1 {{'lic.deconv2d' op expected bias of shape '1', but got '2'}}
  %0 = "lic.deconv2d"(%x, %w, %b) {layer = "a", strides = array<i64: 2, 2>, padding = array<i64: 2, 2>, output_padding = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x2x2x2xf32>, tensor<2x1x5x5xf32>, tensor<2xf32>) -> tensor<1x1x4x4xf32>
  return
}

// -----

func.func @deconv_result(%x: tensor<1x2x2x2xf32>, %w: tensor<2x1x5x5xf32>, %b: tensor<1xf32>) {
  // expected-error @+1 {{'lic.deconv2d' op expected result of shape '1x1x4x4', but got '1x1x3x3'}}
  %0 = "lic.deconv2d"(%x, %w, %b) {layer = "a", strides = array<i64: 2, 2>, padding = array<i64: 2, 2>, output_padding = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x2x2x2xf32>, tensor<2x1x5x5xf32>, tensor<1xf32>) -> tensor<1x1x3x3xf32>
  return
}

// -----

!x = !quant.uniform<i8:f32, 0.5>
!w = !quant.uniform<i8:f32:0, {0.5,0.25}>
!b = !quant.uniform<i32:f32:0, {0.25,0.125}>
!acc = !quant.uniform<i32:f32:1, {0.25,0.125}>
func.func @deconv_axis(%x: tensor<1x2x2x2x!x>, %w: tensor<2x2x1x1x!w>, %b: tensor<2x!b>) {
  // expected-error @+1 {{'lic.deconv2d' op expected weight scales along dimension '1', but got '0'}}
  %0 = "lic.deconv2d"(%x, %w, %b) {layer = "a", strides = array<i64: 1, 1>, padding = array<i64: 0, 0>, output_padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x2x2x2x!x>, tensor<2x2x1x1x!w>, tensor<2x!b>) -> tensor<1x2x2x2x!acc>
  return
}

// -----

// lic.subpixel_conv2d

func.func @subpixel_rank(%x: tensor<1x2x2x2xf32>, %w: tensor<1x2x5xf32>, %b: tensor<1xf32>) {
  // expected-error @+1 {{'lic.subpixel_conv2d' op expected weight of rank 4, but got rank 3}}
  %0 = "lic.subpixel_conv2d"(%x, %w, %b) {layer = "a", strides = array<i64: 2, 2>, padding = array<i64: 2, 2>, output_padding = array<i64: 1, 1>}
    : (tensor<1x2x2x2xf32>, tensor<1x2x5xf32>, tensor<1xf32>) -> tensor<1x1x4x4xf32>
  return
}

// -----

func.func @subpixel_weight(%x: tensor<1x2x2x2xf32>, %w: tensor<2x1x5x5xf32>, %b: tensor<1xf32>) {
  // expected-error @+1 {{'lic.subpixel_conv2d' op expected weight for 2 input channels, but got '2x1x5x5'}}
  %0 = "lic.subpixel_conv2d"(%x, %w, %b) {layer = "a", strides = array<i64: 2, 2>, padding = array<i64: 2, 2>, output_padding = array<i64: 1, 1>}
    : (tensor<1x2x2x2xf32>, tensor<2x1x5x5xf32>, tensor<1xf32>) -> tensor<1x1x4x4xf32>
  return
}

// -----

func.func @phases(%x: tensor<1x2x2x2xf32>, %w: tensor<1x2x1x1xf32>, %b: tensor<1xf32>) {
  // expected-error @+1 {{'lic.subpixel_conv2d' op expected a kernel no smaller than the stride: every phase needs a tap}}
  %0 = "lic.subpixel_conv2d"(%x, %w, %b) {layer = "a", strides = array<i64: 2, 2>, padding = array<i64: 0, 0>, output_padding = array<i64: 1, 1>}
    : (tensor<1x2x2x2xf32>, tensor<1x2x1x1xf32>, tensor<1xf32>) -> tensor<1x1x4x4xf32>
  return
}

// -----

func.func @subpixel_padding(%x: tensor<1x2x2x2xf32>, %w: tensor<1x2x5x5xf32>, %b: tensor<1xf32>) {
  // expected-error @+1 {{'lic.subpixel_conv2d' op expected 'output_padding' of 2 integers, but got 0}}
  %0 = "lic.subpixel_conv2d"(%x, %w, %b) {layer = "a", strides = array<i64: 2, 2>, padding = array<i64: 2, 2>, output_padding = array<i64>}
    : (tensor<1x2x2x2xf32>, tensor<1x2x5x5xf32>, tensor<1xf32>) -> tensor<1x1x4x4xf32>
  return
}

// -----

// lic.gdn

func.func @beta(%x: tensor<1x2x2x2xf32>, %b: tensor<1xf32>, %c: tensor<2x2xf32>) {
  // expected-error @+1 {{'lic.gdn' op expected beta of shape '2', but got '1'}}
  %0 = "lic.gdn"(%x, %b, %c) {layer = "a", form = "gdn1", inverse = true} : (tensor<1x2x2x2xf32>, tensor<1xf32>, tensor<2x2xf32>) -> tensor<1x2x2x2xf32>
  return
}

// -----

func.func @gamma(%x: tensor<1x2x2x2xf32>, %b: tensor<2xf32>, %c: tensor<2x1xf32>) {
  // expected-error @+1 {{'lic.gdn' op expected gamma of shape '2x2', but got '2x1'}}
  %0 = "lic.gdn"(%x, %b, %c) {layer = "a", form = "gdn1", inverse = true} : (tensor<1x2x2x2xf32>, tensor<2xf32>, tensor<2x1xf32>) -> tensor<1x2x2x2xf32>
  return
}

// -----

func.func @form(%x: tensor<1x2x2x2xf32>, %b: tensor<2xf32>, %c: tensor<2x2xf32>) {
  // expected-error @+1 {{'lic.gdn' op expected form 'rsqrt' or 'gdn1', but got 'sqrt'}}
  %0 = "lic.gdn"(%x, %b, %c) {layer = "a", form = "sqrt", inverse = true} : (tensor<1x2x2x2xf32>, tensor<2xf32>, tensor<2x2xf32>) -> tensor<1x2x2x2xf32>
  return
}

// -----

func.func @float_beta(%x: tensor<1x2x2x2xf32>, %b: tensor<2xi64>, %c: tensor<2x2xf32>) {
  // expected-error @+1 {{'lic.gdn' op expected beta of 'f32' elements, but got 'i64'}}
  %0 = "lic.gdn"(%x, %b, %c) {layer = "a", form = "gdn1", inverse = true} : (tensor<1x2x2x2xf32>, tensor<2xi64>, tensor<2x2xf32>) -> tensor<1x2x2x2xf32>
  return
}

// -----

!x = !quant.uniform<i32<-4096:4095>:f32, 0.125>
!c = !quant.uniform<i32<0:131071>:f32, 0.001>
!y = !quant.uniform<i8:f32, 0.5>
func.func @untyped_norm(%x: tensor<1x2x2x2x!x>, %b: tensor<2xi64>, %c: tensor<2x2x!c>) {
  // expected-error @+1 {{'lic.gdn' op requires attribute 'norm' when typed}}
  %0 = "lic.gdn"(%x, %b, %c) {layer = "a", form = "rsqrt", inverse = false}
    : (tensor<1x2x2x2x!x>, tensor<2xi64>, tensor<2x2x!c>) -> tensor<1x2x2x2x!y>
  return
}

// -----

!x = !quant.uniform<i32<-4096:4095>:f32, 0.125>
!c = !quant.uniform<i32<0:131071>:f32, 0.001>
!y = !quant.uniform<i8:f32, 0.5>
func.func @norm(%x: tensor<1x2x2x2x!x>, %b: tensor<2xi64>, %c: tensor<2x2x!c>) {
  // expected-error @+1 {{'lic.gdn' op expected norm type 'i32', but got 'i16'}}
  %0 = "lic.gdn"(%x, %b, %c) {layer = "a", form = "rsqrt", inverse = false, norm = i16, norm_shift = 2 : i64, acc_range = array<i64: 4, 400>, norm_range = array<i64: 1, 100>, multiplier = array<i64: 65536>, shift = array<i64: 10>}
    : (tensor<1x2x2x2x!x>, tensor<2xi64>, tensor<2x2x!c>) -> tensor<1x2x2x2x!y>
  return
}

// -----

!x = !quant.uniform<i16:f32, 0.125>
!c = !quant.uniform<i32<0:131071>:f32, 0.001>
!y = !quant.uniform<i8:f32, 0.5>
func.func @gdn_storage(%x: tensor<1x2x2x2x!x>, %b: tensor<2xi64>, %c: tensor<2x2x!c>) {
  // expected-error @+1 {{'lic.gdn' op expected input stored as 'i32' with one scale, but got 'i16'}}
  %0 = "lic.gdn"(%x, %b, %c) {layer = "a", form = "rsqrt", inverse = false, norm = i32, norm_shift = 2 : i64, acc_range = array<i64: 4, 400>, norm_range = array<i64: 1, 100>, multiplier = array<i64: 65536>, shift = array<i64: 10>}
    : (tensor<1x2x2x2x!x>, tensor<2xi64>, tensor<2x2x!c>) -> tensor<1x2x2x2x!y>
  return
}

// -----

!x = !quant.uniform<i32<-4097:4095>:f32, 0.125>
!c = !quant.uniform<i32<0:131071>:f32, 0.001>
!y = !quant.uniform<i8:f32, 0.5>
func.func @gdn_bits(%x: tensor<1x2x2x2x!x>, %b: tensor<2xi64>, %c: tensor<2x2x!c>) {
  // expected-error @+1 {{'lic.gdn' op expected input of at most 13 bits, but got 14}}
  %0 = "lic.gdn"(%x, %b, %c) {layer = "a", form = "rsqrt", inverse = false, norm = i32, norm_shift = 2 : i64, acc_range = array<i64: 4, 400>, norm_range = array<i64: 1, 100>, multiplier = array<i64: 65536>, shift = array<i64: 10>}
    : (tensor<1x2x2x2x!x>, tensor<2xi64>, tensor<2x2x!c>) -> tensor<1x2x2x2x!y>
  return
}

// -----

!x = !quant.uniform<i32<-4096:4095>:f32, 0.125>
!c = !quant.uniform<i32<0:131072>:f32, 0.001>
!y = !quant.uniform<i8:f32, 0.5>
func.func @gamma_bits(%x: tensor<1x2x2x2x!x>, %b: tensor<2xi64>, %c: tensor<2x2x!c>) {
  // expected-error @+1 {{'lic.gdn' op expected gamma non-negative and of at most 17 bits}}
  %0 = "lic.gdn"(%x, %b, %c) {layer = "a", form = "rsqrt", inverse = false, norm = i32, norm_shift = 2 : i64, acc_range = array<i64: 4, 400>, norm_range = array<i64: 1, 100>, multiplier = array<i64: 65536>, shift = array<i64: 10>}
    : (tensor<1x2x2x2x!x>, tensor<2xi64>, tensor<2x2x!c>) -> tensor<1x2x2x2x!y>
  return
}

// -----

!x = !quant.uniform<i32<-4096:4095>:f32, 0.125>
!c = !quant.uniform<i32<0:131071>:f32, 0.001>
!y = !quant.uniform<i8:f32, 0.5>
func.func @typed_beta(%x: tensor<1x2x2x2x!x>, %b: tensor<2xf32>, %c: tensor<2x2x!c>) {
  // expected-error @+1 {{'lic.gdn' op expected beta of 'i64' elements, but got 'f32'}}
  %0 = "lic.gdn"(%x, %b, %c) {layer = "a", form = "rsqrt", inverse = false, norm = i32, norm_shift = 2 : i64, acc_range = array<i64: 4, 400>, norm_range = array<i64: 1, 100>, multiplier = array<i64: 65536>, shift = array<i64: 10>}
    : (tensor<1x2x2x2x!x>, tensor<2xf32>, tensor<2x2x!c>) -> tensor<1x2x2x2x!y>
  return
}

// -----

!x = !quant.uniform<i32<-4096:4095>:f32, 0.125>
!c = !quant.uniform<i32<0:131071>:f32, 0.001>
!y = !quant.uniform<i8:f32, 0.5>
func.func @acc_range(%x: tensor<1x2x2x2x!x>, %b: tensor<2xi64>, %c: tensor<2x2x!c>) {
  // expected-error @+1 {{'lic.gdn' op expected 'acc_range' ascending and within 48 bits, but got '4x140737488355328'}}
  %0 = "lic.gdn"(%x, %b, %c) {layer = "a", form = "rsqrt", inverse = false, norm = i32, norm_shift = 17 : i64, acc_range = array<i64: 4, 140737488355328>, norm_range = array<i64: 1, 1073741824>, multiplier = array<i64: 65536>, shift = array<i64: 10>}
    : (tensor<1x2x2x2x!x>, tensor<2xi64>, tensor<2x2x!c>) -> tensor<1x2x2x2x!y>
  return
}

// -----

!x = !quant.uniform<i32<-4096:4095>:f32, 0.125>
!c = !quant.uniform<i32<0:131071>:f32, 0.001>
!y = !quant.uniform<i8:f32, 0.5>
func.func @norm_shift(%x: tensor<1x2x2x2x!x>, %b: tensor<2xi64>, %c: tensor<2x2x!c>) {
  // expected-error @+1 {{'lic.gdn' op expected 'norm_shift' in [0, 62], but got '63'}}
  %0 = "lic.gdn"(%x, %b, %c) {layer = "a", form = "rsqrt", inverse = false, norm = i32, norm_shift = 63 : i64, acc_range = array<i64: 4, 400>, norm_range = array<i64: 1, 100>, multiplier = array<i64: 65536>, shift = array<i64: 10>}
    : (tensor<1x2x2x2x!x>, tensor<2xi64>, tensor<2x2x!c>) -> tensor<1x2x2x2x!y>
  return
}

// -----

!x = !quant.uniform<i32<-4096:4095>:f32, 0.125>
!c = !quant.uniform<i32<0:131071>:f32, 0.001>
!y = !quant.uniform<i8:f32, 0.5>
func.func @norm_range(%x: tensor<1x2x2x2x!x>, %b: tensor<2xi64>, %c: tensor<2x2x!c>) {
  // expected-error @+1 {{'lic.gdn' op expected 'norm_range' of '1x100' within i32, but got '1x99'}}
  %0 = "lic.gdn"(%x, %b, %c) {layer = "a", form = "rsqrt", inverse = false, norm = i32, norm_shift = 2 : i64, acc_range = array<i64: 4, 400>, norm_range = array<i64: 1, 99>, multiplier = array<i64: 65536>, shift = array<i64: 10>}
    : (tensor<1x2x2x2x!x>, tensor<2xi64>, tensor<2x2x!c>) -> tensor<1x2x2x2x!y>
  return
}

// -----

!x = !quant.uniform<i32<-4096:4095>:f32, 0.125>
!c = !quant.uniform<i32<0:131071>:f32, 0.001>
!y = !quant.uniform<i8:f32, 0.5>
func.func @norm_of_32_bits(%x: tensor<1x2x2x2x!x>, %b: tensor<2xi64>, %c: tensor<2x2x!c>) {
  // expected-error @+1 {{'lic.gdn' op expected 'norm_range' of '4x2147483648' within i32, but got '4x2147483648'}}
  %0 = "lic.gdn"(%x, %b, %c) {layer = "a", form = "rsqrt", inverse = false, norm = i32, norm_shift = 0 : i64, acc_range = array<i64: 4, 2147483648>, norm_range = array<i64: 4, 2147483648>, multiplier = array<i64: 65536>, shift = array<i64: 10>}
    : (tensor<1x2x2x2x!x>, tensor<2xi64>, tensor<2x2x!c>) -> tensor<1x2x2x2x!y>
  return
}

// -----

!x = !quant.uniform<i32<-4096:4095>:f32, 0.125>
!c = !quant.uniform<i32<0:131071>:f32, 0.001>
!y = !quant.uniform<i8:f32, 0.5>
func.func @multipliers(%x: tensor<1x2x2x2x!x>, %b: tensor<2xi64>, %c: tensor<2x2x!c>) {
  // expected-error @+1 {{'lic.gdn' op expected multipliers in [65536, 131071], but got '65535'}}
  %0 = "lic.gdn"(%x, %b, %c) {layer = "a", form = "rsqrt", inverse = false, norm = i32, norm_shift = 2 : i64, acc_range = array<i64: 4, 400>, norm_range = array<i64: 1, 100>, multiplier = array<i64: 65535>, shift = array<i64: 10>}
    : (tensor<1x2x2x2x!x>, tensor<2xi64>, tensor<2x2x!c>) -> tensor<1x2x2x2x!y>
  return
}

// -----

!x = !quant.uniform<i32<-4096:4095>:f32, 0.125>
!c = !quant.uniform<i32<0:131071>:f32, 0.001>
!y = !quant.uniform<i8:f32, 0.5>
func.func @total_shift(%x: tensor<1x2x2x2x!x>, %b: tensor<2xi64>, %c: tensor<2x2x!c>) {
  // expected-error @+1 {{'lic.gdn' op expected a total shift in [0, 62] for every norm, but got [60, 63]}}
  %0 = "lic.gdn"(%x, %b, %c) {layer = "a", form = "rsqrt", inverse = false, norm = i32, norm_shift = 2 : i64, acc_range = array<i64: 4, 400>, norm_range = array<i64: 1, 100>, multiplier = array<i64: 65536>, shift = array<i64: 44>}
    : (tensor<1x2x2x2x!x>, tensor<2xi64>, tensor<2x2x!c>) -> tensor<1x2x2x2x!y>
  return
}

// -----

// Elementwise

func.func @slope(%x: tensor<1x1x2x2xf32>) {
  // expected-error @+1 {{'lic.leaky_relu' op expected slope in [0, 1], but got '2.0'}}
  %0 = "lic.leaky_relu"(%x) {layer = "a", slope = 2.0 : f32} : (tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return
}

// -----

!act = !quant.uniform<i8:f32, 0.5>
func.func @untyped_slope(%x: tensor<1x1x2x2x!act>) {
  // expected-error @+1 {{'lic.leaky_relu' op requires attribute 'multiplier' when typed}}
  %0 = "lic.leaky_relu"(%x) {layer = "a", slope = 0.5 : f32} : (tensor<1x1x2x2x!act>) -> tensor<1x1x2x2x!act>
  return
}

// -----

!act = !quant.uniform<i8:f32, 0.5>
func.func @slope_multiplier(%x: tensor<1x1x2x2x!act>) {
  // expected-error @+1 {{'lic.leaky_relu' op expected multiplier in [0, 131071], but got '131072'}}
  %0 = "lic.leaky_relu"(%x) {layer = "a", slope = 0.5 : f32, multiplier = 131072 : i64, shift = 18 : i64} : (tensor<1x1x2x2x!act>) -> tensor<1x1x2x2x!act>
  return
}

// -----

!act = !quant.uniform<i8:f32, 0.5>
func.func @slope_shift(%x: tensor<1x1x2x2x!act>) {
  // expected-error @+1 {{'lic.leaky_relu' op expected shifts in [0, 62], but got '-1'}}
  %0 = "lic.leaky_relu"(%x) {layer = "a", slope = 0.5 : f32, multiplier = 1 : i64, shift = -1 : i64} : (tensor<1x1x2x2x!act>) -> tensor<1x1x2x2x!act>
  return
}

// -----

func.func @addend(%x: tensor<1x2x2x2xf32>, %y: tensor<1x1x2x2xf32>) {
  // expected-error @+1 {{'lic.add' op expected rhs of shape '1x2x2x2', but got '1x1x2x2'}}
  %0 = "lic.add"(%x, %y) {layer = "a"} : (tensor<1x2x2x2xf32>, tensor<1x1x2x2xf32>) -> tensor<1x2x2x2xf32>
  return
}

// -----

!act = !quant.uniform<i8:f32, 0.5>
func.func @untyped_add(%x: tensor<1x2x2x2x!act>) {
  // expected-error @+1 {{'lic.add' op requires attribute 'shift' when typed}}
  %0 = "lic.add"(%x, %x) {layer = "a", multiplier = array<i64: 1, 1>} : (tensor<1x2x2x2x!act>, tensor<1x2x2x2x!act>) -> tensor<1x2x2x2x!act>
  return
}

// -----

!act = !quant.uniform<i8:f32, 0.5>
func.func @add_multiplier(%x: tensor<1x2x2x2x!act>) {
  // expected-error @+1 {{'lic.add' op expected multipliers in [0, 131071], but got '131072'}}
  %0 = "lic.add"(%x, %x) {layer = "a", multiplier = array<i64: 1, 131072>, shift = 1 : i64} : (tensor<1x2x2x2x!act>, tensor<1x2x2x2x!act>) -> tensor<1x2x2x2x!act>
  return
}

// -----

func.func @factor(%x: tensor<1x4x2x2xf32>) {
  // expected-error @+1 {{'lic.pixel_shuffle' op expected factor of at least 1, but got 0}}
  %0 = "lic.pixel_shuffle"(%x) {layer = "a", factor = 0 : i64} : (tensor<1x4x2x2xf32>) -> tensor<1x1x4x4xf32>
  return
}

// -----

func.func @channels(%x: tensor<1x3x2x2xf32>) {
  // expected-error @+1 {{'lic.pixel_shuffle' op expected a multiple of 4 channels, but got 3}}
  %0 = "lic.pixel_shuffle"(%x) {layer = "a", factor = 2 : i64} : (tensor<1x3x2x2xf32>) -> tensor<1x1x4x4xf32>
  return
}

// -----

!act = !quant.uniform<i8:f32, 0.5>
func.func @shuffled_elements(%x: tensor<1x4x2x2x!act>) {
  // expected-error @+1 {{'lic.pixel_shuffle' op expected result with the element type of its input, '!quant.uniform<i8:f32, 5.000000e-01>'}}
  %0 = "lic.pixel_shuffle"(%x) {layer = "a", factor = 2 : i64} : (tensor<1x4x2x2x!act>) -> tensor<1x1x4x4xf32>
  return
}

// -----

!uneven = !quant.uniform<i32:f32:1, {0.5, 0.5, 0.25, 0.5}>
!one = !quant.uniform<i32:f32:1, {0.5}>

func.func @shuffled_scales(%x: tensor<1x4x2x2x!uneven>) -> tensor<1x1x4x4x!one> {
  // expected-error @+1 {{'lic.pixel_shuffle' op expected input with one scale for each 4 channels that become one}}
  %0 = "lic.pixel_shuffle"(%x) {layer = "a", factor = 2 : i64} : (tensor<1x4x2x2x!uneven>) -> tensor<1x1x4x4x!one>
  return %0 : tensor<1x1x4x4x!one>
}

// -----

!four = !quant.uniform<i32:f32:1, {0.5, 0.5, 0.5, 0.5}>
!other = !quant.uniform<i32:f32:1, {0.25}>

func.func @shuffled_scale(%x: tensor<1x4x2x2x!four>) -> tensor<1x1x4x4x!other> {
  // expected-error @+1 {{'lic.pixel_shuffle' op expected result with the element type of its input, '!quant.uniform<i32:f32:1, {5.000000e-01}>'}}
  %0 = "lic.pixel_shuffle"(%x) {layer = "a", factor = 2 : i64} : (tensor<1x4x2x2x!four>) -> tensor<1x1x4x4x!other>
  return %0 : tensor<1x1x4x4x!other>
}

// -----

// Between the domains

!act = !quant.uniform<i8:f32, 0.5>
func.func @quantize_typed(%x: tensor<1x1x2x2x!act>) {
  // expected-error @+1 {{'lic.quantize' op expected input of 'f32' elements}}
  %0 = "lic.quantize"(%x) : (tensor<1x1x2x2x!act>) -> tensor<1x1x2x2x!act>
  return
}

// -----

func.func @quantize_float(%x: tensor<1x1x2x2xf32>) {
  // expected-error @+1 {{'lic.quantize' op expected a typed result}}
  %0 = "lic.quantize"(%x) : (tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return
}

// -----

func.func @dequantize_float(%x: tensor<1x1x2x2xf32>) {
  // expected-error @+1 {{'lic.dequantize' op expected a typed input}}
  %0 = "lic.dequantize"(%x) : (tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return
}

// -----

!act = !quant.uniform<i8:f32, 0.5>
func.func @dequantize_typed(%x: tensor<1x1x2x2x!act>) {
  // expected-error @+1 {{'lic.dequantize' op expected result of 'f32' elements}}
  %0 = "lic.dequantize"(%x) : (tensor<1x1x2x2x!act>) -> tensor<1x1x2x2x!act>
  return
}

// -----

func.func @requantize_float(%x: tensor<1x1x2x2xf32>) {
  // expected-error @+1 {{'lic.requantize' op expected a typed input}}
  %0 = "lic.requantize"(%x) {multiplier = array<i64: 65536>, shift = array<i64: 1>} : (tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return
}

// -----

!act = !quant.uniform<i8:f32, 0.5>
func.func @requantize_to_float(%x: tensor<1x1x2x2x!act>) {
  // expected-error @+1 {{'lic.requantize' op expected a typed result}}
  %0 = "lic.requantize"(%x) {multiplier = array<i64: 65536>, shift = array<i64: 1>} : (tensor<1x1x2x2x!act>) -> tensor<1x1x2x2xf32>
  return
}

// -----

!act = !quant.uniform<i8:f32, 0.5>
func.func @requantize_channels(%x: tensor<1x3x2x2x!act>) {
  // expected-error @+1 {{'lic.requantize' op expected 'multiplier' of 1 or 3 integers, but got 2}}
  %0 = "lic.requantize"(%x) {multiplier = array<i64: 65536, 65536>, shift = array<i64: 1>} : (tensor<1x3x2x2x!act>) -> tensor<1x3x2x2x!act>
  return
}

// -----

!act = !quant.uniform<i8:f32, 0.5>
func.func @requantize_multiplier(%x: tensor<1x1x2x2x!act>) {
  // expected-error @+1 {{'lic.requantize' op expected multipliers in [65536, 131071], but got '131072'}}
  %0 = "lic.requantize"(%x) {multiplier = array<i64: 131072>, shift = array<i64: 1>} : (tensor<1x1x2x2x!act>) -> tensor<1x1x2x2x!act>
  return
}

// -----

!act = !quant.uniform<i8:f32, 0.5>
func.func @requantize_shift(%x: tensor<1x1x2x2x!act>) {
  // expected-error @+1 {{'lic.requantize' op expected shifts in [0, 62], but got '63'}}
  %0 = "lic.requantize"(%x) {multiplier = array<i64: 65536>, shift = array<i64: 63>} : (tensor<1x1x2x2x!act>) -> tensor<1x1x2x2x!act>
  return
}

// -----

!acc = !quant.uniform<i32:f32, 0.5>
!symbol = !quant.uniform<i16:f32, 1.0>
func.func @round_accumulator(%x: tensor<1x1x2x2x!acc>) {
  // expected-error @+1 {{'lic.round_latent' op expected input stored as 'i16' with one scale, but got 'i32'}}
  %0 = "lic.round_latent"(%x) {layer = "a"} : (tensor<1x1x2x2x!acc>) -> tensor<1x1x2x2x!symbol>
  return
}

// -----

!latent = !quant.uniform<i16:f32, 0.5>
func.func @round_scale(%x: tensor<1x1x2x2x!latent>) {
  // expected-error @+1 {{'lic.round_latent' op expected result of scale '1', but got '0.5'}}
  %0 = "lic.round_latent"(%x) {layer = "a"} : (tensor<1x1x2x2x!latent>) -> tensor<1x1x2x2x!latent>
  return
}

// -----

!latent = !quant.uniform<i16:f32, 0.3>
!symbol = !quant.uniform<i16:f32, 1.0>
func.func @round_fraction(%x: tensor<1x1x2x2x!latent>) {
  // expected-error @+1 {{'lic.round_latent' op expected input of a scale 2^-f, but got '0.3'}}
  %0 = "lic.round_latent"(%x) {layer = "a"} : (tensor<1x1x2x2x!latent>) -> tensor<1x1x2x2x!symbol>
  return
}

// -----

// lic.stage, lic.yield

func.func @arguments(%x: tensor<1x1x2x2xf32>) {
  // expected-error @+1 {{'lic.stage' op expected block arguments of the types of its operands}}
  %0 = "lic.stage"(%x) ({
  ^bb0(%a: tensor<1x1x3x3xf32>):
    "lic.yield"(%a) : (tensor<1x1x3x3xf32>) -> ()
  }) {layer = "a"} : (tensor<1x1x2x2xf32>) -> tensor<1x1x3x3xf32>
  return
}

// -----

func.func @folding(%x: tensor<1x1x2x2xf32>) {
  // expected-error @+1 {{'lic.stage' op expected 'folding' of at least 1, but got '8x0x1x1x1'}}
  %0 = "lic.stage"(%x) ({
  ^bb0(%a: tensor<1x1x2x2xf32>):
    "lic.yield"(%a) : (tensor<1x1x2x2xf32>) -> ()
  }) {layer = "a", folding = #lic.folding<8, 0, 1, 1, 1>} : (tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return
}

// -----

func.func @intake(%x: tensor<1x1x2x2xf32>) {
  // expected-error @+1 {{'lic.stage' op expected 'intake' of at least 1, but got '0'}}
  %0 = "lic.stage"(%x) ({
  ^bb0(%a: tensor<1x1x2x2xf32>):
    "lic.yield"(%a) : (tensor<1x1x2x2xf32>) -> ()
  }) {layer = "a", intake = 0 : i64} : (tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return
}

// -----

func.func @drain(%x: tensor<1x1x2x2xf32>) {
  // expected-error @+1 {{'lic.stage' op expected 'drain' of at least 1, but got '-1'}}
  %0 = "lic.stage"(%x) ({
  ^bb0(%a: tensor<1x1x2x2xf32>):
    "lic.yield"(%a) : (tensor<1x1x2x2xf32>) -> ()
  }) {layer = "a", drain = -1 : i64} : (tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return
}

// -----

func.func @roots(%x: tensor<1x1x2x2xf32>) {
  // expected-error @+1 {{'lic.stage' op expected 'gdn_roots' of at least 1, but got '0'}}
  %0 = "lic.stage"(%x) ({
  ^bb0(%a: tensor<1x1x2x2xf32>):
    "lic.yield"(%a) : (tensor<1x1x2x2xf32>) -> ()
  }) {layer = "a", gdn_roots = 0 : i64} : (tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return
}

// -----

func.func @depths(%x: tensor<1x1x2x2xf32>) {
  // expected-error @+1 {{'lic.stage' op expected 'fifo_depths' of at least 1, but got '16x0'}}
  %0 = "lic.stage"(%x) ({
  ^bb0(%a: tensor<1x1x2x2xf32>):
    "lic.yield"(%a) : (tensor<1x1x2x2xf32>) -> ()
  }) {layer = "a", fifo_depths = array<i64: 16, 0>} : (tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return
}

// -----

func.func @no_depths(%x: tensor<1x1x2x2xf32>) {
  // expected-error @+1 {{'lic.stage' op expected 'fifo_depths' of at least 1, but got ''}}
  %0 = "lic.stage"(%x) ({
  ^bb0(%a: tensor<1x1x2x2xf32>):
    "lic.yield"(%a) : (tensor<1x1x2x2xf32>) -> ()
  }) {layer = "a", fifo_depths = array<i64>} : (tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return
}

// -----

func.func @packing(%x: tensor<1x1x2x2xf32>) {
  // expected-error @+1 {{'lic.stage' op expected packing to be one of single, pair, pixels, quad, but got 'triple'}}
  %0 = "lic.stage"(%x) ({
  ^bb0(%a: tensor<1x1x2x2xf32>):
    "lic.yield"(%a) : (tensor<1x1x2x2xf32>) -> ()
  }) {layer = "a", packing = "triple"} : (tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return
}

// -----

func.func @fabric(%x: tensor<1x1x2x2xf32>) {
  // expected-error @+1 {{'lic.stage' op expected fabric of some of drain, norm, root, elementwise, each once, but got '["drain", "conv"]'}}
  %0 = "lic.stage"(%x) ({
  ^bb0(%a: tensor<1x1x2x2xf32>):
    "lic.yield"(%a) : (tensor<1x1x2x2xf32>) -> ()
  }) {layer = "a", fabric = ["drain", "conv"]} : (tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return
}

// -----

func.func @fabric(%x: tensor<1x1x2x2xf32>) {
  // expected-error @+1 {{'lic.stage' op expected fabric of some of drain, norm, root, elementwise, each once, but got '["norm", "norm"]'}}
  %0 = "lic.stage"(%x) ({
  ^bb0(%a: tensor<1x1x2x2xf32>):
    "lic.yield"(%a) : (tensor<1x1x2x2xf32>) -> ()
  }) {layer = "a", fabric = ["norm", "norm"]} : (tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return
}

// -----

func.func @fabric(%x: tensor<1x1x2x2xf32>) {
  // expected-error @+1 {{'lic.stage' op expected fabric of some of drain, norm, root, elementwise, each once, but got '[1]'}}
  %0 = "lic.stage"(%x) ({
  ^bb0(%a: tensor<1x1x2x2xf32>):
    "lic.yield"(%a) : (tensor<1x1x2x2xf32>) -> ()
  }) {layer = "a", fabric = [1 : i64]} : (tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return
}

// -----

func.func @fabric(%x: tensor<1x1x2x2xf32>) {
  // expected-error @+1 {{'lic.stage' op attribute 'fabric' expected string array attribute, but got '"drain"'}}
  %0 = "lic.stage"(%x) ({
  ^bb0(%a: tensor<1x1x2x2xf32>):
    "lic.yield"(%a) : (tensor<1x1x2x2xf32>) -> ()
  }) {layer = "a", fabric = "drain"} : (tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return
}

// -----

func.func @no_terminator(%x: tensor<1x1x2x2xf32>) {
  %0 = "lic.stage"(%x) ({
  ^bb0(%a: tensor<1x1x2x2xf32>):
    // expected-error @+1 {{block with no terminator}}
    %b = "lic.relu"(%a) {layer = "a"} : (tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  }) {layer = "a"} : (tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return
}

// -----

func.func @terminator(%x: tensor<1x1x2x2xf32>) {
  // expected-error @+1 {{'lic.stage' op expected body to end in 'lic.yield', but got 'ub.unreachable'}}
  %0 = "lic.stage"(%x) ({
  ^bb0(%a: tensor<1x1x2x2xf32>):
    "ub.unreachable"() : () -> ()
  }) {layer = "a"} : (tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return
}

// -----

func.func @yielded(%x: tensor<1x1x2x2xf32>) {
  // expected-error @+1 {{'lic.stage' op expected 'lic.yield' of 'tensor<1x1x3x3xf32>', but got 'tensor<1x1x2x2xf32>'}}
  %0 = "lic.stage"(%x) ({
  ^bb0(%a: tensor<1x1x2x2xf32>):
    "lic.yield"(%a) : (tensor<1x1x2x2xf32>) -> ()
  }) {layer = "a"} : (tensor<1x1x2x2xf32>) -> tensor<1x1x3x3xf32>
  return
}

// -----

func.func @parent(%x: tensor<1x1x2x2xf32>) {
  // expected-error @+1 {{'lic.yield' op expects parent op 'lic.stage', but got 'func.func'}}
  "lic.yield"(%x) : (tensor<1x1x2x2xf32>) -> ()
}

// -----

func.func @three(%x: tensor<1x1x2x2xf32>) {
  // expected-error @+1 {{'lic.stage' op expected 1 or 2 operands, but got 3}}
  %0 = "lic.stage"(%x, %x, %x) ({
  ^bb0(%a: tensor<1x1x2x2xf32>, %b: tensor<1x1x2x2xf32>, %c: tensor<1x1x2x2xf32>):
    "lic.yield"(%a) : (tensor<1x1x2x2xf32>) -> ()
  }) {layer = "a"} : (tensor<1x1x2x2xf32>, tensor<1x1x2x2xf32>, tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return
}

// -----

func.func @join(%x: tensor<1x1x2x2xf32>) {
  // expected-error @+1 {{'lic.stage' op expected body to start with 'lic.add' of its two arguments, but got 'lic.relu'}}
  %0 = "lic.stage"(%x, %x) ({
  ^bb0(%a: tensor<1x1x2x2xf32>, %b: tensor<1x1x2x2xf32>):
    %c = "lic.relu"(%a) {layer = "a"} : (tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
    %d = "lic.add"(%c, %b) {layer = "a"} : (tensor<1x1x2x2xf32>, tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
    "lic.yield"(%d) : (tensor<1x1x2x2xf32>) -> ()
  }) {layer = "a"} : (tensor<1x1x2x2xf32>, tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return
}

// -----

func.func @phases(%x: tensor<1x1x2x2xf32>, %w: tensor<3x1x2x2xf32>, %b: tensor<6xf32>) {
  // expected-error @+1 {{'lic.subpixel_conv2d' op expected bias of shape '12', but got '6'}}
  %0 = "lic.subpixel_conv2d"(%x, %w, %b) {layer = "a", strides = array<i64: 2, 2>, padding = array<i64: 0, 0>, output_padding = array<i64: 0, 0>} : (tensor<1x1x2x2xf32>, tensor<3x1x2x2xf32>, tensor<6xf32>) -> tensor<1x3x4x4xf32>
  return
}
