// RUN: licc-opt %s --lic-assign-precision --split-input-file --verify-diagnostics

// expected-error @+1 {{'func.func' op requires attribute 'lic.observed'; run lic-calibrate first}}
func.func @g_s(%x: tensor<1x1x4x4xf32> {lic.role = "symbols"}) -> (tensor<1x1x4x4xf32> {lic.role = "image"}) {
  return %x : tensor<1x1x4x4xf32>
}

// -----

func.func @g_a(%x: tensor<1x1x4x4xf32> {lic.role = "image"}) -> (tensor<1x1x4x4xf32> {lic.role = "symbols"}) {
  // expected-error @+1 {{'lic.abs' op requires attribute 'lic.observed'; run lic-calibrate first}}
  %0 = "lic.abs"(%x) {layer = "g_a.0"} : (tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  %1 = "lic.round_latent"(%0) {layer = "g_a.1"} : (tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  return %1 : tensor<1x1x4x4xf32>
}

// -----

// expected-error @+1 {{'func.func' op requires a known 'lic.role', but got ''}}
func.func @g_a(%x: tensor<1x1x4x4xf32>) -> (tensor<1x1x4x4xf32> {lic.role = "image"}) {
  return %x : tensor<1x1x4x4xf32>
}

// -----

func.func @g_a(%x: tensor<1x1x4x4xf32> {lic.role = "image"}) -> (tensor<1x1x4x4xf32> {lic.role = "image"}) {
  // expected-error @+1 {{'lic.stage' op has no typed form}}
  %0 = "lic.stage"(%x) ({
  ^bb0(%y: tensor<1x1x4x4xf32>):
    "lic.yield"(%y) : (tensor<1x1x4x4xf32>) -> ()
  }) {layer = "g_a.0"} : (tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  return %0 : tensor<1x1x4x4xf32>
}
