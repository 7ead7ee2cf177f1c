// RUN: licc-opt %s "--lic-schedule=target=zcu102 dsp=1" --split-input-file --verify-diagnostics

// The smallest schedule needs more than is allowed: the line names what binds.

!x = tensor<1x1x4x4x!quant.uniform<i8:f32, 1.0>>
!w = tensor<1x1x1x1x!quant.uniform<i8<-127:127>:f32:0, {1.0}>>
!b = tensor<1x!quant.uniform<i32:f32:0, {1.0}>>
!acc = tensor<1x1x4x4x!quant.uniform<i32<-1000:1000>:f32:1, {1.0}>>
// expected-error @+1 {{'func.func' op the encoder needs at least 2 DSPs, but only 1 may be used on zcu102; choose a larger target, a smaller input or a smaller network}}
func.func @g_a(%x: !x {lic.role = "image"}) -> (!x {lic.role = "latent"}) {
  %0 = "lic.stage"(%x) ({
  ^bb0(%in: !x):
    %w = "lic.constant"() {value = dense<1> : tensor<1x1x1x1xi8>} : () -> !w
    %b = "lic.constant"() {value = dense<7> : tensor<1xi32>} : () -> !b
    %c = "lic.conv2d"(%in, %w, %b) {layer = "g_a.0", strides = array<i64: 1, 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1} : (!x, !w, !b) -> !acc
    %q = "lic.requantize"(%c) {multiplier = array<i64: 65536>, shift = array<i64: 20>} : (!acc) -> !x
    "lic.yield"(%q) : (!x) -> ()
  }) {layer = "g_a.0", tile = #lic.tile<4 : i64, 2 : i64>} : (!x) -> !x
  return %0 : !x
}

// -----

!x = tensor<1x1x4x4x!quant.uniform<i8:f32, 1.0>>
func.func @g_a(%x: !x) -> !x {
  // expected-error @+1 {{'lic.abs' op expected only 'lic.stage' ops; run lic-fuse first}}
  %0 = "lic.abs"(%x) {layer = "g_a.0"} : (!x) -> !x
  return %0 : !x
}
