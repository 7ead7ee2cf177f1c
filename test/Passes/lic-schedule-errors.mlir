// RUN: licc-opt %s "--lic-schedule=target=zcu102 dsp=1" --split-input-file --verify-diagnostics

// The smallest schedule needs more than is allowed, a DSP for each array (LUTs can requantize): the line names what binds.

!x = tensor<1x1x4x4x!quant.uniform<i8:f32, 1.0>>
!w = tensor<1x1x1x1x!quant.uniform<i8<-127:127>:f32:0, {1.0}>>
!b = tensor<1x!quant.uniform<i32:f32:0, {1.0}>>
!acc = tensor<1x1x4x4x!quant.uniform<i32<-1000:1000>:f32:1, {1.0}>>
// expected-error @+1 {{'func.func' op the encoder does not fit zcu102 however slow: it needs at least 2 DSPs, but only 1 may be used; all of zcu102 is enough}}
func.func @g_a(%x: !x {lic.role = "image"}) -> (!x {lic.role = "latent"}) {
  %0 = "lic.stage"(%x) ({
  ^bb0(%in: !x):
    %w = "lic.constant"() {value = dense<1> : tensor<1x1x1x1xi8>} : () -> !w
    %b = "lic.constant"() {value = dense<7> : tensor<1xi32>} : () -> !b
    %c = "lic.conv2d"(%in, %w, %b) {layer = "g_a.0", strides = array<i64: 1, 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1} : (!x, !w, !b) -> !acc
    %q = "lic.requantize"(%c) {multiplier = array<i64: 65536>, shift = array<i64: 20>} : (!acc) -> !x
    "lic.yield"(%q) : (!x) -> ()
  }) {layer = "g_a.0", tile = #lic.tile<4 : i64, 2 : i64>} : (!x) -> !x
  %1 = "lic.stage"(%0) ({
  ^bb0(%in: !x):
    %w = "lic.constant"() {value = dense<1> : tensor<1x1x1x1xi8>} : () -> !w
    %b = "lic.constant"() {value = dense<7> : tensor<1xi32>} : () -> !b
    %c = "lic.conv2d"(%in, %w, %b) {layer = "g_a.2", strides = array<i64: 1, 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1} : (!x, !w, !b) -> !acc
    %q = "lic.requantize"(%c) {multiplier = array<i64: 65536>, shift = array<i64: 20>} : (!acc) -> !x
    "lic.yield"(%q) : (!x) -> ()
  }) {layer = "g_a.2", tile = #lic.tile<4 : i64, 2 : i64>} : (!x) -> !x
  return %1 : !x
}

// -----

!x = tensor<1x1x4x4x!quant.uniform<i8:f32, 1.0>>
func.func @g_a(%x: !x) -> !x {
  // expected-error @+1 {{'lic.abs' op expected only 'lic.stage' ops; run lic-fuse first}}
  %0 = "lic.abs"(%x) {layer = "g_a.0"} : (!x) -> !x
  return %0 : !x
}

// -----

// A GDN that reads the image.

!g = tensor<1x2x4x4x!quant.uniform<i32<-4096:4095>:f32, 1.0>>
!gamma = tensor<2x2x!quant.uniform<i32<0:131071>:f32, 1.0>>
!y = tensor<1x2x4x4x!quant.uniform<i8:f32, 1.0>>
func.func @g_a(%x: !g) -> !y {
  // expected-error @+1 {{'lic.stage' op expected a convolution or elementwise ops before a GDN}}
  %0 = "lic.stage"(%x) ({
  ^bb0(%in: !g):
    %beta = "lic.constant"() {value = dense<[1000, 2000]> : tensor<2xi64>} : () -> tensor<2xi64>
    %gamma = "lic.constant"() {value = dense<[[1, 2], [3, 4]]> : tensor<2x2xi32>} : () -> !gamma
    %n = "lic.gdn"(%in, %beta, %gamma) {layer = "g_a.1", form = "rsqrt", inverse = false, norm = i32, norm_shift = 0, acc_range = array<i64: 1000, 120000000>, norm_range = array<i64: 1000, 120000000>, multiplier = array<i64: 65536>, shift = array<i64: 10>} : (!g, tensor<2xi64>, !gamma) -> !y
    "lic.yield"(%n) : (!y) -> ()
  }) {layer = "g_a.1"} : (!g) -> !y
  return %0 : !y
}

// -----

// A problem that lic-pose did not write like this.

!x = tensor<1x1x4x4x!quant.uniform<i8:f32, 1.0>>
// expected-error @+1 {{'builtin.module' op expected 'lic.problem.clock_mhz of an integer from 0'; run lic-pose again}}
module attributes {lic.problem = {target = "zcu102"}} {
  func.func @h_a(%x: !x) -> !x {
    %0 = "lic.stage"(%x) ({
    ^bb0(%in: !x):
      %a = "lic.abs"(%in) {layer = "h_a.0"} : (!x) -> !x
      "lic.yield"(%a) : (!x) -> ()
    }) {layer = "h_a.0"} : (!x) -> !x
    return %0 : !x
  }
}

// -----

!x = tensor<1x1x4x4x!quant.uniform<i8:f32, 1.0>>
// expected-error @+1 {{'builtin.module' op expected 'lic.problem.roles.codec of a string'; run lic-pose again}}
module attributes {lic.problem = {bram18 = 10, clock_mhz = 300, dsp = 1, effort = 1, ff = 9, interval = 0, lut = 9, ports = 7, roles = {codec = 3}, share = "role", target = "zcu102", time_limit = 0, uram = 0}} {
  func.func @h_a(%x: !x) -> !x {
    %0 = "lic.stage"(%x) ({
    ^bb0(%in: !x):
      %a = "lic.abs"(%in) {layer = "h_a.0"} : (!x) -> !x
      "lic.yield"(%a) : (!x) -> ()
    }) {layer = "h_a.0"} : (!x) -> !x
    return %0 : !x
  }
}

// -----

// A problem that was posed for other stages.

!x = tensor<1x1x4x4x!quant.uniform<i8:f32, 1.0>>
module attributes {lic.problem = {bram18 = 1732, clock_mhz = 300, dsp = 1, effort = 20, ff = 411120, interval = 0, lut = 205560, ports = 7, roles = {encoder = ["h_a"]}, share = "auto", target = "zcu102", time_limit = 0, uram = 0}} {
  func.func @h_a(%x: !x) -> !x {
    // expected-error @+1 {{'lic.stage' op layer 'h_a.0': expected 'processes' of what the stage does; run lic-pose again}}
    %0 = "lic.stage"(%x) ({
    ^bb0(%in: !x):
      %a = "lic.abs"(%in) {layer = "h_a.0"} : (!x) -> !x
      "lic.yield"(%a) : (!x) -> ()
    }) {layer = "h_a.0", processes = [{kind = "conv"}]} : (!x) -> !x
    return %0 : !x
  }
}

// -----

!x = tensor<1x1x4x4x!quant.uniform<i8:f32, 1.0>>
module attributes {lic.problem = {bram18 = 1732, clock_mhz = 300, dsp = 1, effort = 20, ff = 411120, interval = 0, lut = 205560, ports = 7, roles = {encoder = ["h_a"]}, share = "auto", target = "zcu102", time_limit = 0, uram = 0}} {
  func.func @h_a(%x: !x) -> !x {
    // expected-error @+1 {{'lic.stage' op requires attribute 'processes'; run lic-pose again}}
    %0 = "lic.stage"(%x) ({
    ^bb0(%in: !x):
      %a = "lic.abs"(%in) {layer = "h_a.0"} : (!x) -> !x
      "lic.yield"(%a) : (!x) -> ()
    }) {layer = "h_a.0"} : (!x) -> !x
    return %0 : !x
  }
}

// -----

// A transform that no role has.

!x = tensor<1x1x4x4x!quant.uniform<i8:f32, 1.0>>
// expected-error @+1 {{'builtin.module' op expected 'lic.problem.roles' with each transform once; run lic-pose again}}
module attributes {lic.problem = {bram18 = 1732, clock_mhz = 300, dsp = 1, effort = 20, ff = 411120, interval = 0, lut = 205560, ports = 7, roles = {encoder = ["g_a"]}, share = "auto", target = "zcu102", time_limit = 0, uram = 0}} {
  func.func @h_a(%x: !x) -> !x {
    %0 = "lic.stage"(%x) ({
    ^bb0(%in: !x):
      %a = "lic.abs"(%in) {layer = "h_a.0"} : (!x) -> !x
      "lic.yield"(%a) : (!x) -> ()
    }) {layer = "h_a.0", processes = [{in_bits = 8, input = array<i64: 1, 4, 4>, kind = "elementwise", macs = 0, name = "h_a_0_abs", out_bits = 8, output = array<i64: 1, 4, 4>, units = ["abs"], value_bits = 8}]} : (!x) -> !x
    return %0 : !x
  }
}
