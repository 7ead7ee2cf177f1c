// RUN: licc-opt %s --lic-assign-precision --split-input-file --verify-diagnostics

// expected-error @+1 {{'func.func' op expected an image's '!quant.uniform<u8:f32, 0.0039215689999999997>', but got '!quant.uniform<u8:f32, 4.000000e-03>'}}
func.func @g_a(%x: tensor<1x1x4x4xf32> {lic.role = "image", lic.forms = [{type = !quant.uniform<u8:f32, 0.004>}]}) -> (tensor<1x1x4x4xf32> {lic.role = "image"}) {
  return %x : tensor<1x1x4x4xf32>
}

// -----

// expected-error @+1 {{'func.func' op expected attribute 'lic.forms' to be a list}}
func.func @g_a(%x: tensor<1x1x4x4xf32> {lic.role = "image", lic.forms = 3 : i64}) -> (tensor<1x1x4x4xf32> {lic.role = "image"}) {
  return %x : tensor<1x1x4x4xf32>
}

// -----

// expected-error @+1 {{'func.func' op expected 'lic.forms' with a 'type' of one scale}}
func.func @g_a(%x: tensor<1x1x4x4xf32> {lic.role = "image", lic.forms = [{type = i8}]}) -> (tensor<1x1x4x4xf32> {lic.role = "image"}) {
  return %x : tensor<1x1x4x4xf32>
}

// -----

// expected-error @+1 {{'func.func' op expected 'lic.forms' with 1 positive 'channel_scales'}}
func.func @g_a(%x: tensor<1x1x4x4xf32> {lic.role = "image", lic.forms = [{type = !quant.uniform<u8:f32, 0.003921569>, channel_scales = dense<[1.0, 0.0]> : tensor<2xf64>}]}) -> (tensor<1x1x4x4xf32> {lic.role = "image"}) {
  return %x : tensor<1x1x4x4xf32>
}

// -----

// expected-error @+1 {{'func.func' op expected 'lic.forms' with 'of' a form before it}}
func.func @g_a(%x: tensor<1x1x4x4xf32> {lic.role = "image", lic.forms = [{type = !quant.uniform<u8:f32, 0.003921569>, of = 0 : i64}]}) -> (tensor<1x1x4x4xf32> {lic.role = "image"}) {
  return %x : tensor<1x1x4x4xf32>
}

// -----

// expected-error @+1 {{'func.func' op has a form 2 that nothing reads}}
func.func @g_a(%x: tensor<1x1x4x4xf32> {lic.role = "image", lic.forms = [{type = !quant.uniform<u8:f32, 0.003921569>}, {type = !quant.uniform<i8:f32, 0.1>, readers = array<i64: 4>}]}) -> (tensor<1x1x4x4xf32> {lic.role = "image"}) {
  return %x : tensor<1x1x4x4xf32>
}

// -----

func.func @g_a(%x: tensor<1x1x4x4xf32> {lic.role = "image", lic.forms = [{type = !quant.uniform<u8:f32, 0.003921569>}]}) -> (tensor<1x1x4x4xf32> {lic.role = "symbols"}) {
  // expected-error @+1 {{'lic.round_latent' op requires attribute 'lic.forms' with its type}}
  %0 = "lic.round_latent"(%x) {layer = "g_a.round"} : (tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  return %0 : tensor<1x1x4x4xf32>
}

// -----

func.func @g_a(%x: tensor<1x1x4x4xf32> {lic.role = "image", lic.forms = [{type = !quant.uniform<u8:f32, 0.003921569>}]}) -> (tensor<1x1x4x4xf32> {lic.role = "latent"}) {
  %w = "lic.constant"() {value = dense<1.0> : tensor<1x1x1x1xf32>} : () -> tensor<1x1x1x1xf32>
  %b = "lic.constant"() {value = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  // expected-error @+1 {{'lic.conv2d' op requires attribute 'lic.weight_type', signed with one scale an output on axis 0}}
  %0 = "lic.conv2d"(%x, %w, %b) {layer = "g_a.0", strides = array<i64: 1, 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1, lic.forms = [{type = !quant.uniform<i16:f32, 0.0625>}]} : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>, tensor<1xf32>) -> tensor<1x1x4x4xf32>
  return %0 : tensor<1x1x4x4xf32>
}

// -----

// Accumulators that nothing brings into 8 bits.
func.func @g_a(%x: tensor<1x1x4x4xf32> {lic.role = "image", lic.forms = [{type = !quant.uniform<u8:f32, 0.003921569>}]}) -> (tensor<1x1x4x4xf32> {lic.role = "latent"}) {
  %w = "lic.constant"() {value = dense<1.0> : tensor<1x1x1x1xf32>} : () -> tensor<1x1x1x1xf32>
  %b = "lic.constant"() {value = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  // expected-error @+1 {{'lic.conv2d' op requires a form for 'g_a.1', which reads it}}
  %0 = "lic.conv2d"(%x, %w, %b) {layer = "g_a.0", strides = array<i64: 1, 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1, lic.weight_type = !quant.uniform<i8<-127:127>:f32:0, {0.01}>} : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>, tensor<1xf32>) -> tensor<1x1x4x4xf32>
  %1 = "lic.conv2d"(%0, %w, %b) {layer = "g_a.1", strides = array<i64: 1, 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1, lic.weight_type = !quant.uniform<i8<-127:127>:f32:0, {0.01}>, lic.forms = [{type = !quant.uniform<i16:f32, 0.0625>}]} : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>, tensor<1xf32>) -> tensor<1x1x4x4xf32>
  return %1 : tensor<1x1x4x4xf32>
}

// -----

// The result would need a scale of its own.
func.func @g_s(%x: tensor<1x1x4x4xf32> {lic.role = "symbols", lic.forms = [{type = !quant.uniform<i16<-511:511>:f32, 1.0>}]}) -> (tensor<1x1x4x4xf32> {lic.role = "symbols"}) {
  %m = "lic.constant"() {value = dense<0.5> : tensor<1x1x1x1xf32>} : () -> tensor<1x1x1x1xf32>
  // expected-error @+1 {{'lic.add' op expected scale 1 * 2^-f with f in 0 to 8, but got 0.3}}
  %0 = "lic.add"(%x, %m) {layer = "g_s.medians", lic.forms = [{type = !quant.uniform<i16:f32, 0.3>}, {type = !quant.uniform<i16<-511:511>:f32, 1.0>}]} : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  return %0 : tensor<1x1x4x4xf32>
}
