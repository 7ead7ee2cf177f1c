// RUN: licc-opt %s --lic-assign-precision=policy=int8 --split-input-file | filecheck %s
// RUN: licc-opt %s --lic-assign-precision=channel-scales=false --split-input-file | filecheck %s --check-prefix=PLAIN
// RUN: licc-opt %s --lic-assign-precision --split-input-file | filecheck %s --check-prefix=HYBRID
// RUN: licc-opt %s --lic-assign-precision=policy=%S/Inputs/policies.py:Narrow --split-input-file | filecheck %s --check-prefix=NARROW
// RUN: licc-opt %s "--pass-pipeline=builtin.module(lic-assign-precision{policy=%S/Inputs/policies.py:Narrow{bits=5} clip=false})" --split-input-file | filecheck %s --check-prefix=FIVE

// Bytes in, accumulators with the range that the weights prove, 13 bits for GDN, i8 for the next
// convolution, fraction bits for the latent. Channel 1 of the GDN's result is a quarter of channel 0:
// its multiplier makes up for it, and the weights that read it shrink.

// CHECK-LABEL: func.func @g_a
// CHECK-SAME: (%arg0: tensor<1x1x8x8x!quant.uniform<u8:f32, {{0.00392[0-9]+}}>> {lic.role = "image"})
// CHECK-SAME: -> (tensor<1x1x4x4x!quant.uniform<i16:f32, 9.765625E-4>> {lic.role = "latent"})
// CHECK: %[[W:.*]] = "lic.constant"() {value = dense<{{\[\[\[\[}}127]]], {{\[\[\[}}-127]]]]> : tensor<2x1x1x1xi8>}
// CHECK-SAME: tensor<2x1x1x1x!quant.uniform<i8<-127:127>:f32:0
// CHECK: %[[B:.*]] = "lic.constant"{{.*}}tensor<2xi32>
// CHECK: %[[ACC:.*]] = "lic.conv2d"(%arg0, %[[W]], %[[B]])
// CHECK-SAME: layer = "g_a.0"
// CHECK-SAME: !quant.uniform<i32<-32385:35934>:f32:1
// CHECK: %[[X:.*]] = "lic.requantize"(%[[ACC]])
// CHECK-SAME: -> tensor<1x2x8x8x!quant.uniform<i32<-4096:4095>:f32, {{.*}}>>
// CHECK: %[[BETA:.*]] = "lic.constant"{{.*}}tensor<2xi64>
// CHECK: %[[GAMMA:.*]] = "lic.constant"{{.*}}!quant.uniform<i32<0:131071>:f32,
// CHECK: %[[Y:.*]] = "lic.gdn"(%[[X]], %[[BETA]], %[[GAMMA]])
// CHECK-SAME: acc_range = array<i64: {{[0-9]+}}, {{[0-9]+}}>
// CHECK-SAME: lic.channel_scales = dense<[1.000000e+00, {{[0-9.e-]+}}]>
// CHECK-SAME: multiplier = array<i64: {{[0-9]+}}, {{[0-9]+}}>, norm = i32, norm_range = array<i64: {{[0-9]+}}, {{[0-9]+}}>, norm_shift
// CHECK-SAME: -> tensor<1x2x8x8x!quant.uniform<i8:f32, {{0.00787[0-9]+}}>>
// CHECK: %[[ACC2:.*]] = "lic.conv2d"(%[[Y]],
// CHECK: %[[L:.*]] = "lic.requantize"(%[[ACC2]])
// CHECK: return %[[L]]

// Two products share a DSP up to 10 bits of what is read; weights stay at 8 but in g_s.

// HYBRID: lic.policy = "hybrid"
// HYBRID-LABEL: func.func @g_a
// HYBRID: tensor<2x1x1x1x!quant.uniform<i8<-127:127>:f32:0
// HYBRID: "lic.gdn"
// HYBRID-SAME: -> tensor<1x2x8x8x!quant.uniform<i16<-{{(511:511|255:255)}}>:f32, {{.*}}>>

// A policy from a file: 6 bits of weights in an i8, and 5 by its option.

// NARROW: lic.policy = "policies.py:Narrow"
// NARROW-LABEL: func.func @g_a
// NARROW: tensor<2x1x1x1x!quant.uniform<i8<-31:31>:f32:0
// NARROW: "lic.gdn"
// NARROW-SAME: lic.sensitivity = {activations = 2.500000e-01 : f32}
// NARROW-SAME: norm = i32
// FIVE: lic.policy = "policies.py:Narrow{bits=5}"
// FIVE: tensor<2x1x1x1x!quant.uniform<i8<-15:15>:f32:0

// PLAIN-LABEL: func.func @g_a
// PLAIN-NOT: lic.channel_scales
// PLAIN: "lic.gdn"
// PLAIN-SAME: multiplier = array<i64: {{[0-9]+}}>
func.func @g_a(%image: tensor<1x1x8x8xf32> {lic.role = "image"}) -> (tensor<1x1x4x4xf32> {lic.role = "latent"}) {
  %w0 = "lic.constant"() {value = dense<[[[[1.0]]], [[[-1.0]]]]> : tensor<2x1x1x1xf32>} : () -> tensor<2x1x1x1xf32>
  %b0 = "lic.constant"() {value = dense<[0.1096, 0.0]> : tensor<2xf32>} : () -> tensor<2xf32>
  %0 = "lic.conv2d"(%image, %w0, %b0) {layer = "g_a.0", strides = array<i64: 1, 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1, lic.observed = #lic.observed<-1.0 : f64, 1.1096 : f64>} : (tensor<1x1x8x8xf32>, tensor<2x1x1x1xf32>, tensor<2xf32>) -> tensor<1x2x8x8xf32>
  %beta = "lic.constant"() {value = dense<[1.0, 16.0]> : tensor<2xf32>} : () -> tensor<2xf32>
  %gamma = "lic.constant"() {value = dense<[[0.1, 0.0], [0.05, 0.2]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
  %1 = "lic.gdn"(%0, %beta, %gamma) {layer = "g_a.1", form = "rsqrt", inverse = false, lic.observed = #lic.observed<-0.25 : f64, 1.0 : f64>, lic.clip = dense<1.0> : tensor<1xf32>, lic.channels = dense<[[0.5, 0.3], [-0.1, 0.02]]> : tensor<2x2xf32>, lic.channel_clip = dense<[[1.0], [0.25]]> : tensor<2x1xf32>} : (tensor<1x2x8x8xf32>, tensor<2xf32>, tensor<2x2xf32>) -> tensor<1x2x8x8xf32>
  %w2 = "lic.constant"() {value = dense<1.0> : tensor<1x2x3x3xf32>} : () -> tensor<1x2x3x3xf32>
  %b2 = "lic.constant"() {value = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %2 = "lic.conv2d"(%1, %w2, %b2) {layer = "g_a.2", strides = array<i64: 2, 2>, padding = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 1, lic.observed = #lic.observed<-2.0 : f64, 9.0 : f64>} : (tensor<1x2x8x8xf32>, tensor<1x2x3x3xf32>, tensor<1xf32>) -> tensor<1x1x4x4xf32>
  return %2 : tensor<1x1x4x4xf32>
}

// -----

// Medians are added exactly: the symbols move up by 8 fraction bits. ReLU works on accumulators and the
// result is not negative; the pass leaves typed functions alone.

// CHECK-LABEL: func.func @h_s
// CHECK-SAME: !quant.uniform<i16<-31:31>:f32, 1.000000e+00>> {lic.role = "symbols"}
// CHECK: %[[M:.*]] = "lic.constant"() {value = dense<64> : tensor<1x1x1x1xi32>}
// CHECK: "lic.add"(%arg0, %[[M]])
// CHECK-SAME: multiplier = array<i64: 256, 1>, shift = 0
// CHECK-SAME: -> tensor<1x1x4x4x!quant.uniform<i16<-7936:8000>:f32, 3.906250e-03>>
// CHECK: "lic.deconv2d"
// CHECK-SAME: !quant.uniform<i32<[[LO:-[0-9]+]]:[[HI:[0-9]+]]>:f32:1, {[[S:.*]]}>>
// CHECK: "lic.relu"
// CHECK-SAME: -> tensor<1x1x8x8x!quant.uniform<i32<0:[[HI]]>:f32:1, {[[S]]}>>
// CHECK: "lic.requantize"
// CHECK-SAME: -> tensor<1x1x8x8x!quant.uniform<i16:f32, 9.765625E-4>>
func.func @h_s(%symbols: tensor<1x1x4x4xf32> {lic.role = "symbols", lic.observed = #lic.observed<-3.0 : f64, 4.0 : f64>}) -> (tensor<1x1x8x8xf32> {lic.role = "scales"}) {
  %m = "lic.constant"() {value = dense<0.25> : tensor<1x1x1x1xf32>} : () -> tensor<1x1x1x1xf32>
  %0 = "lic.add"(%symbols, %m) {layer = "h_s.medians", lic.observed = #lic.observed<-2.75 : f64, 4.25 : f64>} : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %w = "lic.constant"() {value = dense<1.0> : tensor<1x1x5x5xf32>} : () -> tensor<1x1x5x5xf32>
  %b = "lic.constant"() {value = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %1 = "lic.deconv2d"(%0, %w, %b) {layer = "h_s.0", strides = array<i64: 2, 2>, padding = array<i64: 2, 2>, output_padding = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 1, lic.observed = #lic.observed<-9.0 : f64, 9.0 : f64>} : (tensor<1x1x4x4xf32>, tensor<1x1x5x5xf32>, tensor<1xf32>) -> tensor<1x1x8x8xf32>
  %2 = "lic.relu"(%1) {layer = "h_s.1", lic.observed = #lic.observed<0.0 : f64, 9.0 : f64>} : (tensor<1x1x8x8xf32>) -> tensor<1x1x8x8xf32>
  return %2 : tensor<1x1x8x8xf32>
}

// CHECK-LABEL: func.func @typed
// CHECK-NEXT: return %arg0
func.func @typed(%x: tensor<1x1x4x4x!quant.uniform<u8:f32, 1.0>>) -> tensor<1x1x4x4x!quant.uniform<u8:f32, 1.0>> {
  return %x : tensor<1x1x4x4x!quant.uniform<u8:f32, 1.0>>
}

// -----

// |y| of a latent is never negative; rounding goes from the latent's fraction bits to integers.

// CHECK-LABEL: func.func @h_a
// CHECK-SAME: !quant.uniform<i16:f32, 1.562500e-02>> {lic.role = "latent"}
// CHECK: %[[A:.*]] = "lic.abs"(%arg0)
// CHECK-SAME: -> tensor<1x1x4x4x!quant.uniform<i16<0:32767>:f32, 1.562500e-02>>
// CHECK: "lic.conv2d"(%[[A]],
// CHECK: "lic.leaky_relu"
// CHECK-SAME: multiplier = 83886 : i64, shift = 23 : i64, slope = 0.00999999977 : f32
// CHECK: %[[Q:.*]] = "lic.requantize"
// CHECK-SAME: -> tensor<1x1x4x4x!quant.uniform<i16:f32, 9.765625E-4>>
// CHECK: "lic.round_latent"(%[[Q]])
// CHECK-SAME: -> tensor<1x1x4x4x!quant.uniform<i16<-31:31>:f32, 1.000000e+00>>
func.func @h_a(%y: tensor<1x1x4x4xf32> {lic.role = "latent", lic.observed = #lic.observed<-200.0 : f64, 40.0 : f64>}) -> (tensor<1x1x4x4xf32> {lic.role = "symbols"}) {
  %0 = "lic.abs"(%y) {layer = "h_a.abs", lic.observed = #lic.observed<0.0 : f64, 200.0 : f64>} : (tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  %w = "lic.constant"() {value = dense<0.05> : tensor<1x1x3x3xf32>} : () -> tensor<1x1x3x3xf32>
  %b = "lic.constant"() {value = dense<-1.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %1 = "lic.conv2d"(%0, %w, %b) {layer = "h_a.0", strides = array<i64: 1, 1>, padding = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 1, lic.observed = #lic.observed<-1.0 : f64, 9.0 : f64>} : (tensor<1x1x4x4xf32>, tensor<1x1x3x3xf32>, tensor<1xf32>) -> tensor<1x1x4x4xf32>
  %2 = "lic.leaky_relu"(%1) {layer = "h_a.1", slope = 0.01 : f32, lic.observed = #lic.observed<-0.01 : f64, 9.0 : f64>} : (tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  %3 = "lic.round_latent"(%2) {layer = "h_a.round", lic.observed = #lic.observed<0.0 : f64, 9.0 : f64>} : (tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  return %3 : tensor<1x1x4x4xf32>
}

// -----

// 16 bits of latent times 576 weights of 127 would overflow the accumulators: the latent gives up fraction
// bits first, in a step of its own that names the function.

// CHECK-LABEL: func.func @h_a
// CHECK: %[[R:.*]] = "lic.requantize"(%arg0)
// CHECK-SAME: layer = "h_a.requantize", multiplier = array<i64: 65536>, shift = array<i64: [[D:[0-9]+]]>
// CHECK-SAME: -> tensor<1x64x4x4x!quant.uniform<i16<-{{[0-9]+}}:{{[0-9]+}}>:f32,
// CHECK: "lic.conv2d"(%[[R]],
func.func @h_a(%y: tensor<1x64x4x4xf32> {lic.role = "latent", lic.observed = #lic.observed<-200.0 : f64, 40.0 : f64>}) -> (tensor<1x1x4x4xf32> {lic.role = "scales"}) {
  %w = "lic.constant"() {value = dense<0.05> : tensor<1x64x3x3xf32>} : () -> tensor<1x64x3x3xf32>
  %b = "lic.constant"() {value = dense<-1.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %0 = "lic.conv2d"(%y, %w, %b) {layer = "h_a.0", strides = array<i64: 1, 1>, padding = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 1, lic.observed = #lic.observed<-100.0 : f64, 100.0 : f64>} : (tensor<1x64x4x4xf32>, tensor<1x64x3x3xf32>, tensor<1xf32>) -> tensor<1x1x4x4xf32>
  return %0 : tensor<1x1x4x4xf32>
}

// -----

// Symbols have 10 significant bits at most, of both signs, whatever was seen; a latent that is coded leaves its
// function with no wider a range, and with all of its fraction bits.

// CHECK-LABEL: func.func @g_a
// CHECK-SAME: -> (tensor<1x1x8x8x!quant.uniform<i16<-16352:16352>:f32, 3.125000e-02>> {lic.role = "latent"})
func.func @g_a(%image: tensor<1x1x8x8xf32> {lic.role = "image"}) -> (tensor<1x1x8x8xf32> {lic.role = "latent"}) {
  %w = "lic.constant"() {value = dense<500.0> : tensor<1x1x1x1xf32>} : () -> tensor<1x1x1x1xf32>
  %b = "lic.constant"() {value = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %0 = "lic.conv2d"(%image, %w, %b) {layer = "g_a.0", strides = array<i64: 1, 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1, lic.observed = #lic.observed<0.0 : f64, 500.0 : f64>} : (tensor<1x1x8x8xf32>, tensor<1x1x1x1xf32>, tensor<1xf32>) -> tensor<1x1x8x8xf32>
  return %0 : tensor<1x1x8x8xf32>
}

// CHECK-LABEL: func.func @g_s
// CHECK-SAME: (%arg0: tensor<1x1x8x8x!quant.uniform<i16<-511:511>:f32, 1.000000e+00>> {lic.role = "symbols"})
// CHECK: "lic.conv2d"(%arg0,
func.func @g_s(%symbols: tensor<1x1x8x8xf32> {lic.role = "symbols", lic.observed = #lic.observed<0.0 : f64, 500.0 : f64>}) -> (tensor<1x1x8x8xf32> {lic.role = "image"}) {
  %w = "lic.constant"() {value = dense<0.002> : tensor<1x1x1x1xf32>} : () -> tensor<1x1x1x1xf32>
  %b = "lic.constant"() {value = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %0 = "lic.conv2d"(%symbols, %w, %b) {layer = "g_s.0", strides = array<i64: 1, 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1, lic.observed = #lic.observed<0.0 : f64, 1.0 : f64>} : (tensor<1x1x8x8xf32>, tensor<1x1x1x1xf32>, tensor<1xf32>) -> tensor<1x1x8x8xf32>
  return %0 : tensor<1x1x8x8xf32>
}

// -----

// Channel 1 of the symbols is quiet and has large weights: times a whole number, its weights are of one size with
// those of channel 0. What a relu leaves has no sign, and all of 8 bits.

// CHECK-LABEL: func.func @g_s
// CHECK: %[[X:.*]] = "lic.requantize"(%arg0) {layer = "g_s.requantize", lic.channel_scales = dense<[1.000000e+00, {{0.0[0-9]+|[0-9.]+e-02}}]> : tensor<2xf32>, multiplier = array<i64: 65536, {{[0-9]+}}>
// CHECK-SAME: -> tensor<1x2x8x8x!quant.uniform<i16<-511:511>:f32, 1.000000e+00>>
// CHECK: "lic.conv2d"(%[[X]],
// CHECK: "lic.relu"
// CHECK: "lic.requantize"
// CHECK-SAME: -> tensor<1x1x8x8x!quant.uniform<u8:f32,
// PLAIN-LABEL: func.func @g_s
// PLAIN: "lic.conv2d"(%arg0,
func.func @g_s(%symbols: tensor<1x2x8x8xf32> {lic.role = "symbols", lic.observed = #lic.observed<-400.0 : f64, 400.0 : f64>, lic.channels = dense<[[0.0, 1000.0], [0.0, 1.0]]> : tensor<2x2xf32>, lic.channel_clip = dense<[[400.0], [7.0]]> : tensor<2x1xf32>}) -> (tensor<1x1x8x8xf32> {lic.role = "image"}) {
  %w = "lic.constant"() {value = dense<[[[[0.001]], [[0.1]]]]> : tensor<1x2x1x1xf32>} : () -> tensor<1x2x1x1xf32>
  %b = "lic.constant"() {value = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %0 = "lic.conv2d"(%symbols, %w, %b) {layer = "g_s.0", strides = array<i64: 1, 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1, lic.observed = #lic.observed<-1.0 : f64, 1.0 : f64>} : (tensor<1x2x8x8xf32>, tensor<1x2x1x1xf32>, tensor<1xf32>) -> tensor<1x1x8x8xf32>
  %1 = "lic.relu"(%0) {layer = "g_s.1", lic.observed = #lic.observed<0.0 : f64, 1.0 : f64>} : (tensor<1x1x8x8xf32>) -> tensor<1x1x8x8xf32>
  %w2 = "lic.constant"() {value = dense<1.0> : tensor<1x1x1x1xf32>} : () -> tensor<1x1x1x1xf32>
  %2 = "lic.conv2d"(%1, %w2, %b) {layer = "g_s.2", strides = array<i64: 1, 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1, lic.observed = #lic.observed<-1.0 : f64, 1.0 : f64>} : (tensor<1x1x8x8xf32>, tensor<1x1x1x1xf32>, tensor<1xf32>) -> tensor<1x1x8x8xf32>
  return %2 : tensor<1x1x8x8xf32>
}
