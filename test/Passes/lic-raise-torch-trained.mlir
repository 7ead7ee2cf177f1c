// RUN: licc-opt %s --lic-raise-torch | filecheck %s
// RUN: sed s/g_a.0.weight_bits/g_a.0.gamma_bits/ %s | not licc-opt - --lic-raise-torch 2>&1 | filecheck %s --check-prefix=MISSING
// RUN: sed s/3.0e-04/-3.0e-04/ %s | not licc-opt - --lic-raise-torch 2>&1 | filecheck %s --check-prefix=NEGATIVE

// Scales of a checkpoint go from the module to the ops that they are about, whatever made those. Those of functions that
// are not there are left out.

// CHECK-NOT: lic.integers
// CHECK-LABEL: func.func @g_a
// CHECK-SAME: lic.forms = [{type = !quant.uniform<u8:f32, {{0.00392[0-9]+}}>}], lic.role = "image"
// CHECK: "lic.conv2d"
// CHECK-SAME: lic.forms = [{channel_scales = dense<[1.000000e+00, 2.500000e-01]> : tensor<2xf64>, type = !quant.uniform<i8:f32, {{2.99[0-9]+E-4|3.0*e-04}}>}]
// CHECK-SAME: lic.weight_type = !quant.uniform<i8<-127:127>:f32:0, {2.500000e-01,5.000000e-01}>
// CHECK-NOT: lic.integers
// MISSING: error: integers: g_a.0.weight_bits: missing
// NEGATIVE: error: integers: g_a.0.scale: expected scales from 1e-15 to 1e+09, but got -0.0003
module attributes {lic.integers = {
  g_a.argument.range = dense<[8, 0, 0, 255]> : tensor<4xi64>, g_a.argument.scale = dense<0.003921569> : tensor<f64>,
  g_a.0.range = dense<[8, 1, -128, 127]> : tensor<4xi64>, g_a.0.scale = dense<3.0e-04> : tensor<f64>,
  g_a.0.channel_scales = dense<[1.0, 0.25]> : tensor<2xf64>,
  g_a.0.weight_scales = dense<[0.25, 0.5]> : tensor<2xf64>, g_a.0.weight_bits = dense<8> : tensor<i64>,
  h_a.argument.scale = dense<0.5> : tensor<f64>}} {
  func.func @g_a(%x: tensor<1x1x4x4xf32> {lic.role = "image"}) -> (tensor<1x2x4x4xf32> {lic.role = "latent"}) {
    %w = "lic.constant"() {value = dense<1.0> : tensor<2x1x1x1xf32>} : () -> tensor<2x1x1x1xf32>
    %b = "lic.constant"() {value = dense<0.0> : tensor<2xf32>} : () -> tensor<2xf32>
    %0 = "lic.conv2d"(%x, %w, %b) {layer = "g_a.0", strides = array<i64: 1, 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1} : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
    return %0 : tensor<1x2x4x4xf32>
  }
}
