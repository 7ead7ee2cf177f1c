// A float encoder of two convolutions and a GDN, calibrated.
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
