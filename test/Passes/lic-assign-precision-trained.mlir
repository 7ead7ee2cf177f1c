// RUN: licc-opt %s --lic-quantize-pipeline | filecheck %s
// RUN: licc-opt %s --lic-calibrate | filecheck %s --check-prefix=LEFT
// RUN: licc-opt %s "--lic-calibrate=recalibrate=true size=64x64 max-images=1" | filecheck %s --check-prefix=AGAIN
// RUN: not licc-opt %s --lic-assign-precision=policy=int8 2>&1 | filecheck %s --check-prefix=POLICY

// POLICY: error: {{.*}}the codec carries what training chose, and a policy needs the facts of calibration; run lic-calibrate=recalibrate=true first

// Calibration leaves the codec as it is; asked to, it takes away what training chose.

// LEFT: module {
// LEFT: lic.forms
// LEFT-NOT: lic.observed
// AGAIN: lic.calibration
// AGAIN-NOT: lic.forms
// AGAIN-NOT: lic.weight_type
// AGAIN-NOT: lic.gamma_bits
// AGAIN: lic.observed

// Weights to the nearest, halves up, within their bits: 0.5 / 0.25, -0.5 / 0.25; 1 / 0.25 beyond 3 bits and a sign.
// The bias is 0.1 / (0.25 / 255) = 102. What the GDN gives is divided by 0.5 in channel 1, and the weights that read
// it are half as large: 1.0 * 0.5 / 0.1.

// CHECK: lic.policy = "trained"
// CHECK-LABEL: func.func @g_a
// CHECK-SAME: (%arg0: tensor<1x3x8x8x!quant.uniform<u8:f32, {{0.00392[0-9]+}}>> {lic.role = "image"})
// CHECK-SAME: -> (tensor<1x1x4x4x!quant.uniform<i16<-4080:4080>:f32, 6.250000e-02>> {lic.role = "latent"})
// CHECK-NOT: lic.forms
// CHECK: "lic.constant"() {value = dense<{{\[\[\[\[}}2]], {{\[\[}}0]], {{\[\[}}0]]], {{\[\[\[}}-2]], {{\[\[}}0]], {{\[\[}}0]]]]> : tensor<2x3x1x1xi8>} : () -> tensor<2x3x1x1x!quant.uniform<i8<-7:7>:f32:0, {2.500000e-01,2.500000e-01}>>
// CHECK: "lic.constant"() {value = dense<[102, 0]> : tensor<2xi32>}
// CHECK: "lic.conv2d"
// CHECK-SAME: !quant.uniform<i32<-510:612>:f32:1
// CHECK: "lic.requantize"
// CHECK-SAME: -> tensor<1x2x8x8x!quant.uniform<i32<-4096:4095>:f32, 3.000000e-04>>
// CHECK: "lic.gdn"
// CHECK-SAME: lic.channel_scales = dense<[1.000000e+00, 5.000000e-01]> : tensor<2xf32>
// CHECK-SAME: !quant.uniform<i32<0:255>:f32
// CHECK-SAME: -> tensor<1x2x8x8x!quant.uniform<i8:f32, 8.000000e-03>>
// CHECK: "lic.constant"() {value = dense<{{\[\[\[\[}}7]], {{\[\[}}5]]]]> : tensor<1x2x1x1xi8>}
// CHECK: "lic.conv2d"
// CHECK: "lic.requantize"
// CHECK-SAME: -> tensor<1x1x4x4x!quant.uniform<i16<-4080:4080>:f32, 6.250000e-02>>
// CHECK: return
func.func @g_a(%image: tensor<1x3x8x8xf32> {lic.role = "image", lic.forms = [{type = !quant.uniform<u8:f32, 0.003921569>}]}) -> (tensor<1x1x4x4xf32> {lic.role = "latent"}) {
  %w0 = "lic.constant"() {value = dense<[[[[0.5]], [[0.0]], [[0.0]]], [[[-0.5]], [[0.0]], [[0.0]]]]> : tensor<2x3x1x1xf32>} : () -> tensor<2x3x1x1xf32>
  %b0 = "lic.constant"() {value = dense<[0.1, 0.0]> : tensor<2xf32>} : () -> tensor<2xf32>
  %0 = "lic.conv2d"(%image, %w0, %b0) {layer = "g_a.0", strides = array<i64: 1, 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1, lic.weight_type = !quant.uniform<i8<-7:7>:f32:0, {0.25, 0.25}>, lic.forms = [{type = !quant.uniform<i32<-4096:4095>:f32, 0.0003>}]} : (tensor<1x3x8x8xf32>, tensor<2x3x1x1xf32>, tensor<2xf32>) -> tensor<1x2x8x8xf32>
  %beta = "lic.constant"() {value = dense<[1.0, 16.0]> : tensor<2xf32>} : () -> tensor<2xf32>
  %gamma = "lic.constant"() {value = dense<[[0.1, 0.0], [0.05, 0.2]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
  %1 = "lic.gdn"(%0, %beta, %gamma) {layer = "g_a.1", form = "rsqrt", inverse = false, lic.gamma_bits = 8, lic.forms = [{type = !quant.uniform<i8:f32, 0.008>, channel_scales = dense<[1.0, 0.5]> : tensor<2xf64>}]} : (tensor<1x2x8x8xf32>, tensor<2xf32>, tensor<2x2xf32>) -> tensor<1x2x8x8xf32>
  %w2 = "lic.constant"() {value = dense<1.0> : tensor<1x2x1x1xf32>} : () -> tensor<1x2x1x1xf32>
  %b2 = "lic.constant"() {value = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %2 = "lic.conv2d"(%1, %w2, %b2) {layer = "g_a.2", strides = array<i64: 2, 2>, padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1, lic.weight_type = !quant.uniform<i8<-7:7>:f32:0, {0.1}>, lic.forms = [{type = !quant.uniform<i16<-4080:4080>:f32, 0.0625>}]} : (tensor<1x2x8x8xf32>, tensor<1x2x1x1xf32>, tensor<1xf32>) -> tensor<1x1x4x4xf32>
  return %2 : tensor<1x1x4x4xf32>
}
