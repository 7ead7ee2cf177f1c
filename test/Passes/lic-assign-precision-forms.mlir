// RUN: licc-opt %s --lic-assign-precision=policy=trained | filecheck %s

// A latent that two read in different ways: the convolution in 10 bits, which are made of 12; the addition as it is.
// A requantization to the same type is emitted once.

// CHECK-LABEL: func.func @g_s
// CHECK: %[[A:.*]] = "lic.requantize"(%arg0) {{.*}} -> tensor<1x1x4x4x!quant.uniform<i16<-2048:2047>:f32, 1.250000e-01>>
// CHECK-NEXT: %[[B:.*]] = "lic.requantize"(%[[A]]) {{.*}} -> tensor<1x1x4x4x!quant.uniform<i16<-511:511>:f32, 5.000000e-01>>
// CHECK: %[[C:.*]] = "lic.conv2d"(%[[B]],
// CHECK: %[[D:.*]] = "lic.requantize"(%[[C]])
// CHECK: %[[E:.*]] = "lic.add"(%[[D]], %arg0)
// CHECK-SAME: -> tensor<1x1x4x4x!quant.uniform<i8:f32, 1.000000e+00>>
// CHECK: "lic.requantize"(%[[E]]) {{.*}} -> tensor<1x1x4x4x!quant.uniform<u8:f32
func.func @g_s(%y: tensor<1x1x4x4xf32> {lic.role = "latent", lic.forms = [{type = !quant.uniform<i16:f32, 0.0625>}, {type = !quant.uniform<i16<-2048:2047>:f32, 0.125>, readers = array<i64>}, {type = !quant.uniform<i16<-511:511>:f32, 0.5>, readers = array<i64: 0>, of = 1 : i64}]}) -> (tensor<1x1x4x4xf32> {lic.role = "image"}) {
  %w = "lic.constant"() {value = dense<1.0> : tensor<1x1x1x1xf32>} : () -> tensor<1x1x1x1xf32>
  %b = "lic.constant"() {value = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %0 = "lic.conv2d"(%y, %w, %b) {layer = "g_s.0.conv1", strides = array<i64: 1, 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1, lic.weight_type = !quant.uniform<i8<-127:127>:f32:0, {0.01}>, lic.forms = [{type = !quant.uniform<i8:f32, 1.0>}]} : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>, tensor<1xf32>) -> tensor<1x1x4x4xf32>
  %1 = "lic.add"(%0, %y) {layer = "g_s.0", lic.forms = [{type = !quant.uniform<i8:f32, 1.0>}, {type = !quant.uniform<u8:f32, 0.003921569>}]} : (tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  return %1 : tensor<1x1x4x4xf32>
}
