// RUN: licc-opt %s --lic-to-hls --split-input-file --verify-diagnostics

!x = tensor<1x1x4x4x!quant.uniform<i8:f32, 1.0>>
// expected-error @+1 {{'builtin.module' op requires attribute 'lic.target'; run lic-schedule first}}
module {
}

// -----

!x = tensor<1x1x4x4x!quant.uniform<i8:f32, 1.0>>
module attributes {lic.target = "zcu102", lic.clock_mhz = 300 : i64} {
  func.func @g_a(%x: !x {lic.role = "image"}) -> (!x {lic.role = "latent"}) {
    // expected-error @+1 {{'lic.stage' op requires attribute 'folding'; run lic-schedule first}}
    %0 = "lic.stage"(%x) ({
    ^bb0(%in: !x):
      %1 = "lic.abs"(%in) {layer = "g_a.0"} : (!x) -> !x
      "lic.yield"(%1) : (!x) -> ()
    }) {layer = "g_a.0"} : (!x) -> !x
    return %0 : !x
  }
}

// -----

!x = tensor<1x1x4x4x!quant.uniform<i8:f32, 1.0>>
module attributes {lic.target = "zcu102", lic.clock_mhz = 300 : i64} {
  func.func @g_a(%x: !x {lic.role = "image"}) -> (!x {lic.role = "latent"}) {
    // expected-error @+1 {{'lic.stage' op layer 'g_a.0': expected folding oc of g_a_0_abs in [1, 2], but got 3}}
    %0 = "lic.stage"(%x) ({
    ^bb0(%in: !x):
      %1 = "lic.abs"(%in) {layer = "g_a.0"} : (!x) -> !x
      "lic.yield"(%1) : (!x) -> ()
    }) {layer = "g_a.0", folding = #lic.folding<3 : i64, 1 : i64, 1 : i64, 1 : i64, 1 : i64>} : (!x) -> !x
    return %0 : !x
  }
}

// -----

!x = tensor<1x1x4x4x!quant.uniform<i8:f32, 1.0>>
module attributes {lic.target = "zcu102", lic.clock_mhz = 300 : i64} {
  func.func @g_a(%x: !x {lic.role = "image"}) -> (!x {lic.role = "latent"}) {
    // expected-error @+1 {{'lic.stage' op expected one pixel at a time, but got 2}}
    %0 = "lic.stage"(%x) ({
    ^bb0(%in: !x):
      %1 = "lic.abs"(%in) {layer = "g_a.0"} : (!x) -> !x
      "lic.yield"(%1) : (!x) -> ()
    }) {layer = "g_a.0", folding = #lic.folding<1 : i64, 1 : i64, 1 : i64, 1 : i64, 2 : i64>} : (!x) -> !x
    return %0 : !x
  }
}

// -----

!x = tensor<1x1x4x4x!quant.uniform<i8:f32, 1.0>>
module attributes {lic.target = "zcu102", lic.clock_mhz = 300 : i64} {
  // expected-error @+1 {{'func.func' op requires 'lic.role' in 'arg_attrs'}}
  func.func @g_a(%x: !x) -> !x {
    %0 = "lic.stage"(%x) ({
    ^bb0(%in: !x):
      %1 = "lic.abs"(%in) {layer = "g_a.0"} : (!x) -> !x
      "lic.yield"(%1) : (!x) -> ()
    }) {layer = "g_a.0", folding = #lic.folding<1 : i64, 1 : i64, 1 : i64, 1 : i64, 1 : i64>, fifo_depth = 16 : i64} : (!x) -> !x
    return %0 : !x
  }
}
