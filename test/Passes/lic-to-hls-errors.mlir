// RUN: licc-opt %s --lic-to-hls --split-input-file --verify-diagnostics

!x = tensor<1x1x4x4x!quant.uniform<i8:f32, 1.0>>
// expected-error @+1 {{'builtin.module' op requires attribute 'lic.target'; run lic-schedule first}}
module {
}

// -----

!x = tensor<1x1x4x4x!quant.uniform<i8:f32, 1.0>>
module attributes {lic.target = "zcu102", lic.clock_mhz = 300 : i64} {
  func.func @g_a(%x: !x {lic.role = "image"}) -> (!x {lic.role = "latent"}) {
    // expected-error @+1 {{'lic.stage' op requires attribute 'intake'; run lic-schedule first}}
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
    // expected-error @+1 {{'lic.stage' op layer 'g_a.0': expected words of g_a_0_abs of at most 1 lanes, or of whole pixels that divide a row of 4, but got 3}}
    %0 = "lic.stage"(%x) ({
    ^bb0(%in: !x):
      %1 = "lic.abs"(%in) {layer = "g_a.0"} : (!x) -> !x
      "lic.yield"(%1) : (!x) -> ()
    }) {layer = "g_a.0", intake = 1 : i64, folding = #lic.folding<3 : i64, 1 : i64, 1 : i64, 1 : i64, 1 : i64>, fifo_depths = array<i64: 16>} : (!x) -> !x
    return %0 : !x
  }
}

// -----

!x = tensor<1x1x4x4x!quant.uniform<i8:f32, 1.0>>
module attributes {lic.target = "zcu102", lic.clock_mhz = 300 : i64} {
  func.func @g_a(%x: !x {lic.role = "image"}) -> (!x {lic.role = "latent"}) {
    // expected-error @+1 {{'lic.stage' op layer 'g_a.0': expected 'intake' of the 2 lanes of g_a_0_abs, but got 1}}
    %0 = "lic.stage"(%x) ({
    ^bb0(%in: !x):
      %1 = "lic.abs"(%in) {layer = "g_a.0"} : (!x) -> !x
      "lic.yield"(%1) : (!x) -> ()
    }) {layer = "g_a.0", intake = 1 : i64, folding = #lic.folding<2 : i64, 2 : i64, 1 : i64, 1 : i64, 1 : i64>, fifo_depths = array<i64: 16>} : (!x) -> !x
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
    }) {layer = "g_a.0", intake = 1 : i64, folding = #lic.folding<1 : i64, 1 : i64, 1 : i64, 1 : i64, 1 : i64>, fifo_depths = array<i64: 16>} : (!x) -> !x
    return %0 : !x
  }
}

// -----

// Words of several pixels meet no repack.

!x = tensor<1x1x4x4x!quant.uniform<i8:f32, 1.0>>
module attributes {lic.target = "zcu102", lic.clock_mhz = 300 : i64} {
  func.func @g_a(%x: !x {lic.role = "image"}) -> (!x {lic.role = "latent"}) {
    %0 = "lic.stage"(%x) ({
    ^bb0(%in: !x):
      %1 = "lic.abs"(%in) {layer = "g_a.0"} : (!x) -> !x
      "lic.yield"(%1) : (!x) -> ()
    }) {layer = "g_a.0", intake = 2 : i64, folding = #lic.folding<2 : i64, 2 : i64, 1 : i64, 1 : i64, 1 : i64>, fifo_depths = array<i64: 16>} : (!x) -> !x
    // expected-error @+1 {{'lic.stage' op expected words of several pixels only between processes that agree on them, but got 2 and 1 lanes of 1 channels}}
    %2 = "lic.stage"(%0) ({
    ^bb0(%in: !x):
      %3 = "lic.abs"(%in) {layer = "g_a.1"} : (!x) -> !x
      "lic.yield"(%3) : (!x) -> ()
    }) {layer = "g_a.1", intake = 1 : i64, folding = #lic.folding<1 : i64, 1 : i64, 1 : i64, 1 : i64, 1 : i64>, fifo_depths = array<i64: 16>} : (!x) -> !x
    return %2 : !x
  }
}

// -----

// Nothing is multiplied here.

!x = tensor<1x1x4x4x!quant.uniform<i8:f32, 1.0>>
module attributes {lic.target = "zcu102", lic.clock_mhz = 300 : i64} {
  func.func @g_a(%x: !x {lic.role = "image"}) -> (!x {lic.role = "latent"}) {
    // expected-error @+1 {{'lic.stage' op layer 'g_a.0': expected 'fabric' of processes that multiply (none), but got 'elementwise'}}
    %0 = "lic.stage"(%x) ({
    ^bb0(%in: !x):
      %1 = "lic.abs"(%in) {layer = "g_a.0"} : (!x) -> !x
      "lic.yield"(%1) : (!x) -> ()
    }) {layer = "g_a.0", intake = 1 : i64, folding = #lic.folding<1 : i64, 1 : i64, 1 : i64, 1 : i64, 1 : i64>, fabric = ["elementwise"], fifo_depths = array<i64: 16>} : (!x) -> !x
    return %0 : !x
  }
}
