// RUN: licc-opt %s --split-input-file --verify-diagnostics

// The form that every op is checked for first.

// expected-error @+1 {{'hls.read' op expected 1 operand, but got 0}}
%0 = "hls.read"() {shape = array<i64: 1, 1, 1>} : () -> vector<2xi8>

// -----

// expected-error @+1 {{'hls.design' op expected 1 region, but got 0}}
"hls.design"() {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

// expected-error @+1 {{'hls.design' op expected a body of one block, but got 0}}
"hls.design"() ({}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

// expected-error @+1 {{empty block: expect at least a terminator}}
"hls.design"() ({
^bb0:
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  // expected-error @+1 {{'hls.process' op expected a body of one block, but got 0}}
  %y = "hls.process"(%x) ({}) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  // expected-error @+1 {{'hls.port_in' op requires attribute 'shape'}}
  %x = "hls.port_in"() {name = "x", role = "image"} : () -> !hls.stream<vector<2xi8>, 4>
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  // expected-error @+1 {{'hls.port_in' op requires attribute 'name'}}
  %x = "hls.port_in"() : () -> !hls.stream<vector<2xi8>, 4>
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

// expected-error @+1 {{'hls.design' op attribute 'device' expected string attribute, but got '102 : i64'}}
"hls.design"() ({
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = 102 : i64, clock_mhz = 300 : i64} : () -> ()

// -----

// expected-error @+1 {{'hls.design' op attribute 'clock_mhz' expected integer attribute, but got '3.000000e+02 : f64'}}
"hls.design"() ({
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300.0} : () -> ()

// -----

// hls.design, hls.end

// expected-error @+1 {{'hls.design' op expected name to be a lower-case C identifier, but got 'G_A'}}
"hls.design"() ({
  "hls.end"() : () -> ()
}) {name = "G_A", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

// expected-error @+1 {{'hls.design' op expected name to be a lower-case C identifier, but got 'g.a'}}
"hls.design"() ({
  "hls.end"() : () -> ()
}) {name = "g.a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

// expected-error @+1 {{'hls.design' op expected name to be a lower-case C identifier, but got '9a'}}
"hls.design"() ({
  "hls.end"() : () -> ()
}) {name = "9a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

// expected-error @+1 {{'hls.design' op expected name to be a lower-case C identifier, but got 'class'}}
"hls.design"() ({
  "hls.end"() : () -> ()
}) {name = "class", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

// expected-error @+1 {{'hls.design' op expected name to be a lower-case C identifier, but got 'g__a'}}
"hls.design"() ({
  "hls.end"() : () -> ()
}) {name = "g__a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

// expected-error @+1 {{'hls.design' op expected name to be a lower-case C identifier, but got ''}}
"hls.design"() ({
  "hls.end"() : () -> ()
}) {name = "", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

// expected-error @+1 {{'hls.design' op expected top to be one of encoder, decoder, hyper_encoder, hyper_decoder, but got 'main'}}
"hls.design"() ({
  "hls.end"() : () -> ()
}) {name = "g_a", top = "main", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

// expected-error @+1 {{'hls.design' op expected a clock of at least 1 MHz, but got '0'}}
"hls.design"() ({
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 0 : i64} : () -> ()

// -----

// expected-error @+1 {{'hls.design' op expected no block arguments, but got 1}}
"hls.design"() ({
^bb0(%a: i32):
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

// expected-error @+1 {{'hls.design' op expected only ports and processes in its body (canonical dataflow form), but got 'arith.constant'}}
"hls.design"() ({
  %c = arith.constant 1 : i32
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

// expected-error @+1 {{'hls.design' op expected body to end in 'hls.end', but got 'ub.unreachable'}}
"hls.design"() ({
  "ub.unreachable"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

// expected-error @+1 {{'hls.design' op expected unique names, but got 'x' twice}}
"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%x) {name = "x", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

// expected-error @+1 {{'hls.design' op attribute 'stripes' expected dictionary attribute, but got '2 : i64'}}
"hls.design"() ({
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64, stripes = 2 : i64} : () -> ()

// -----

// expected-error @+1 {{'hls.design' op expected 'stripes' with a positive 'count'}}
"hls.design"() ({
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64, stripes = {input_width = 9 : i64, output_width = 9 : i64, input_offsets = array<i64: 0, 4>, output_offsets = array<i64: 0, 4>, crop = array<i64: 0, 5>}} : () -> ()

// -----

// expected-error @+1 {{'hls.design' op expected 'stripes' with a positive 'count'}}
"hls.design"() ({
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64, stripes = {count = 0 : i64, input_width = 9 : i64, output_width = 9 : i64, input_offsets = array<i64: 0, 4>, output_offsets = array<i64: 0, 4>, crop = array<i64: 0, 5>}} : () -> ()

// -----

// expected-error @+1 {{'hls.design' op expected 'stripes' with a positive 'input_width'}}
"hls.design"() ({
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64, stripes = {count = 2 : i64, input_width = "9", output_width = 9 : i64, input_offsets = array<i64: 0, 4>, output_offsets = array<i64: 0, 4>, crop = array<i64: 0, 5>}} : () -> ()

// -----

// expected-error @+1 {{'hls.design' op expected 'stripes' with 'crop' of 2 columns that ascend from 0}}
"hls.design"() ({
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64, stripes = {count = 2 : i64, input_width = 9 : i64, output_width = 9 : i64, input_offsets = array<i64: 0, 4>, output_offsets = array<i64: 0, 4>}} : () -> ()

// -----

// expected-error @+1 {{'hls.design' op expected 'stripes' with 'input_offsets' of 2 columns that ascend from 0}}
"hls.design"() ({
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64, stripes = {count = 2 : i64, input_width = 9 : i64, output_width = 9 : i64, input_offsets = array<i64: 0, 4, 8>, output_offsets = array<i64: 0, 4>, crop = array<i64: 0, 5>}} : () -> ()

// -----

// expected-error @+1 {{'hls.design' op expected 'stripes' with 'output_offsets' of 2 columns that ascend from 0}}
"hls.design"() ({
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64, stripes = {count = 2 : i64, input_width = 9 : i64, output_width = 9 : i64, input_offsets = array<i64: 0, 4>, output_offsets = array<i64: 4, 0>, crop = array<i64: 0, 5>}} : () -> ()

// -----

// expected-error @+1 {{'hls.design' op expected 'stripes' with 'crop' of 2 columns that ascend from 0}}
"hls.design"() ({
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64, stripes = {count = 2 : i64, input_width = 9 : i64, output_width = 9 : i64, input_offsets = array<i64: 0, 4>, output_offsets = array<i64: 0, 4>, crop = array<i64: 1, 5>}} : () -> ()

// -----

// expected-error @+1 {{'hls.design' op expected 'p' to drain an 'hls.mac_array'}}
"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi32>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi32>, 4>):
    %out = "hls.drain"(%in) {shape = array<i64: 2, 4, 4>, upsample = 1 : i64, folding = #hls.folding<2, 2, 1, 1, 1>} : (!hls.stream<vector<2xi32>, 4>) -> vector<2xi32>
    "hls.write"(%out) : (vector<2xi32>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi32>, 4>) -> !hls.stream<vector<2xi32>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi32>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

// expected-error @+1 {{'hls.design' op expected 'drain' to drain the output, upsampling and folding of the array before it}}
"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %s = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 8>, folding = #hls.folding<2, 2, 1, 3, 2>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<12xi8>
    %weights = "hls.ram"() {name = "weights", init = dense<0> : tensor<6x12xi8>} : () -> !hls.memory<vector<12xi8>, 6>
    %bias = "hls.ram"() {name = "bias", init = dense<0> : tensor<2x2xi32>} : () -> !hls.memory<vector<2xi32>, 2>
    %sums = "hls.mac_array"(%window, %weights, %bias) {channels = array<i64: 2, 4>, steps = array<i64: 3>, packing = "pair", activation_range = array<i64: -128, 127>, weight_range = array<i64: -127, 127>, acc_range = array<i64: -9, 9>, folding = #hls.folding<2, 2, 1, 3, 2>}
      : (vector<12xi8>, !hls.memory<vector<12xi8>, 6>, !hls.memory<vector<2xi32>, 2>) -> vector<4xi32>
    "hls.write"(%sums) : (vector<4xi32>) -> ()
  }) {name = "conv", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<4xi32>, 4>
  %y = "hls.process"(%s) ({
  ^bb0(%in: !hls.stream<vector<4xi32>, 4>):
    %out = "hls.drain"(%in) {shape = array<i64: 4, 1, 4>, upsample = 1 : i64, folding = #hls.folding<2, 2, 1, 3, 2>} : (!hls.stream<vector<4xi32>, 4>) -> vector<2xi32>
    "hls.write"(%out) : (vector<2xi32>) -> ()
  }) {name = "drain", layer = "a"} : (!hls.stream<vector<4xi32>, 4>) -> !hls.stream<vector<2xi32>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 4, 2, 2>} : (!hls.stream<vector<2xi32>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

// expected-error @+1 {{'hls.design' op expected 'drain' to drain the output, upsampling and folding of the array before it}}
"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %s = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 8>, folding = #hls.folding<2, 2, 1, 3, 2>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<12xi8>
    %weights = "hls.ram"() {name = "weights", init = dense<0> : tensor<6x12xi8>} : () -> !hls.memory<vector<12xi8>, 6>
    %bias = "hls.ram"() {name = "bias", init = dense<0> : tensor<2x2xi32>} : () -> !hls.memory<vector<2xi32>, 2>
    %sums = "hls.mac_array"(%window, %weights, %bias) {channels = array<i64: 2, 4>, steps = array<i64: 3>, packing = "pair", activation_range = array<i64: -128, 127>, weight_range = array<i64: -127, 127>, acc_range = array<i64: -9, 9>, folding = #hls.folding<2, 2, 1, 3, 2>}
      : (vector<12xi8>, !hls.memory<vector<12xi8>, 6>, !hls.memory<vector<2xi32>, 2>) -> vector<4xi32>
    "hls.write"(%sums) : (vector<4xi32>) -> ()
  }) {name = "conv", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<4xi32>, 4>
  %y = "hls.process"(%s) ({
  ^bb0(%in: !hls.stream<vector<4xi32>, 4>):
    %out = "hls.drain"(%in) {shape = array<i64: 4, 2, 2>, upsample = 2 : i64, folding = #hls.folding<2, 2, 1, 3, 2>} : (!hls.stream<vector<4xi32>, 4>) -> vector<2xi32>
    "hls.write"(%out) : (vector<2xi32>) -> ()
  }) {name = "drain", layer = "a"} : (!hls.stream<vector<4xi32>, 4>) -> !hls.stream<vector<2xi32>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 4, 2, 2>} : (!hls.stream<vector<2xi32>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

// expected-error @+1 {{'hls.design' op expected 'drain' to drain the output, upsampling and folding of the array before it}}
"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %s = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 8>, folding = #hls.folding<2, 2, 1, 3, 2>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<12xi8>
    %weights = "hls.ram"() {name = "weights", init = dense<0> : tensor<6x12xi8>} : () -> !hls.memory<vector<12xi8>, 6>
    %bias = "hls.ram"() {name = "bias", init = dense<0> : tensor<2x2xi32>} : () -> !hls.memory<vector<2xi32>, 2>
    %sums = "hls.mac_array"(%window, %weights, %bias) {channels = array<i64: 2, 4>, steps = array<i64: 3>, packing = "pair", activation_range = array<i64: -128, 127>, weight_range = array<i64: -127, 127>, acc_range = array<i64: -9, 9>, folding = #hls.folding<2, 2, 1, 3, 2>}
      : (vector<12xi8>, !hls.memory<vector<12xi8>, 6>, !hls.memory<vector<2xi32>, 2>) -> vector<4xi32>
    "hls.write"(%sums) : (vector<4xi32>) -> ()
  }) {name = "conv", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<4xi32>, 4>
  %y = "hls.process"(%s) ({
  ^bb0(%in: !hls.stream<vector<4xi32>, 4>):
    %out = "hls.drain"(%in) {shape = array<i64: 4, 2, 2>, upsample = 1 : i64, folding = #hls.folding<1, 2, 1, 3, 4>} : (!hls.stream<vector<4xi32>, 4>) -> vector<2xi32>
    "hls.write"(%out) : (vector<2xi32>) -> ()
  }) {name = "drain", layer = "a"} : (!hls.stream<vector<4xi32>, 4>) -> !hls.stream<vector<2xi32>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 4, 2, 2>} : (!hls.stream<vector<2xi32>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

// expected-error @+1 {{'hls.design' op expected 'hls.drain' in 'p', as the array before it has an order of its own}}
"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %s = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 8>, folding = #hls.folding<2, 2, 1, 3, 2>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<12xi8>
    %weights = "hls.ram"() {name = "weights", init = dense<0> : tensor<6x12xi8>} : () -> !hls.memory<vector<12xi8>, 6>
    %bias = "hls.ram"() {name = "bias", init = dense<0> : tensor<2x2xi32>} : () -> !hls.memory<vector<2xi32>, 2>
    %sums = "hls.mac_array"(%window, %weights, %bias) {channels = array<i64: 2, 4>, steps = array<i64: 3>, packing = "pair", activation_range = array<i64: -128, 127>, weight_range = array<i64: -127, 127>, acc_range = array<i64: -9, 9>, folding = #hls.folding<2, 2, 1, 3, 2>}
      : (vector<12xi8>, !hls.memory<vector<12xi8>, 6>, !hls.memory<vector<2xi32>, 2>) -> vector<4xi32>
    "hls.write"(%sums) : (vector<4xi32>) -> ()
  }) {name = "conv", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<4xi32>, 4>
  %y = "hls.process"(%s) ({
  ^bb0(%in: !hls.stream<vector<4xi32>, 4>):
    %out = "hls.read"(%in) {shape = array<i64: 4, 2, 2>} : (!hls.stream<vector<4xi32>, 4>) -> vector<4xi32>
    "hls.write"(%out) : (vector<4xi32>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<4xi32>, 4>) -> !hls.stream<vector<4xi32>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 4, 2, 2>} : (!hls.stream<vector<4xi32>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

// expected-error @+1 {{'hls.design' op expected 'hls.drain' in 'y', as the array before it has an order of its own}}
"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %s = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 8>, folding = #hls.folding<2, 2, 1, 3, 2>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<12xi8>
    %weights = "hls.ram"() {name = "weights", init = dense<0> : tensor<6x12xi8>} : () -> !hls.memory<vector<12xi8>, 6>
    %bias = "hls.ram"() {name = "bias", init = dense<0> : tensor<2x2xi32>} : () -> !hls.memory<vector<2xi32>, 2>
    %sums = "hls.mac_array"(%window, %weights, %bias) {channels = array<i64: 2, 4>, steps = array<i64: 3>, packing = "pair", activation_range = array<i64: -128, 127>, weight_range = array<i64: -127, 127>, acc_range = array<i64: -9, 9>, folding = #hls.folding<2, 2, 1, 3, 2>}
      : (vector<12xi8>, !hls.memory<vector<12xi8>, 6>, !hls.memory<vector<2xi32>, 2>) -> vector<4xi32>
    "hls.write"(%sums) : (vector<4xi32>) -> ()
  }) {name = "conv", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<4xi32>, 4>
  "hls.port_out"(%s) {name = "y", role = "latent", shape = array<i64: 4, 2, 2>} : (!hls.stream<vector<4xi32>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  // expected-error @+1 {{'hls.process' op expected 'hls.mac_array' right before 'hls.write', of one stream: its sums are drained by the next process}}
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<6xi8>
    %weights = "hls.ram"() {name = "weights", init = dense<0> : tensor<6x12xi8>} : () -> !hls.memory<vector<12xi8>, 6>
    %bias = "hls.ram"() {name = "bias", init = dense<0> : tensor<2x2xi32>} : () -> !hls.memory<vector<2xi32>, 2>
    %sums = "hls.mac_array"(%window, %weights, %bias) {channels = array<i64: 2, 4>, steps = array<i64: 3>, packing = "pair", activation_range = array<i64: -128, 127>, weight_range = array<i64: -127, 127>, acc_range = array<i64: -9, 9>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (vector<6xi8>, !hls.memory<vector<12xi8>, 6>, !hls.memory<vector<2xi32>, 2>) -> vector<2xi32>
    %out = "hls.round"(%sums) {shift = 0 : i64, range = array<i64: -128, 127>} : (vector<2xi32>) -> vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 4, 2, 2>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

func.func @parent() {
  // expected-error @+1 {{'hls.end' op expects parent op 'hls.design', but got 'func.func'}}
  "hls.end"() : () -> ()
}

// -----

// hls.port_in, hls.port_out and streams

// expected-error @+1 {{'hls.port_in' op expects parent op 'hls.design', but got 'builtin.module'}}
%x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>

// -----

%x = builtin.unrealized_conversion_cast to !hls.stream<vector<2xi8>, 4>
// expected-error @+1 {{'hls.port_out' op expects parent op 'hls.design', but got 'builtin.module'}}
"hls.port_out"(%x) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()

// -----

"hls.design"() ({
  // expected-error @+1 {{'hls.port_in' op expected name to be a lower-case C identifier, but got 'int'}}
  %x = "hls.port_in"() {name = "int", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%x) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  // expected-error @+1 {{'hls.port_out' op expected name to be a lower-case C identifier, but got 'Y'}}
  "hls.port_out"(%x) {name = "Y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  // expected-error @+1 {{'hls.port_in' op expected 'shape' of 3 positive integers (channels, height, width)}}
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 0, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%x) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  // expected-error @+1 {{'hls.port_out' op expected 'shape' of 3 positive integers (channels, height, width)}}
  "hls.port_out"(%x) {name = "y", role = "latent", shape = array<i64: 2, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  // expected-error @+1 {{'hls.port_in' op expected result of '!hls.stream', but got 'vector<2xi8>'}}
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> vector<2xi8>
  "hls.port_out"(%x) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (vector<2xi8>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = builtin.unrealized_conversion_cast to vector<2xi8>
  // expected-error @+1 {{'hls.port_out' op expected operand of '!hls.stream', but got 'vector<2xi8>'}}
  "hls.port_out"(%x) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (vector<2xi8>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  // expected-error @+1 {{'hls.port_in' op expected a vector of one dimension, but got 'i8'}}
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<i8, 4>
  "hls.port_out"(%x) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<i8, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  // expected-error @+1 {{'hls.port_in' op expected a vector of one dimension, but got 'vector<2x2xi8>'}}
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2x2xi8>, 4>
  "hls.port_out"(%x) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2x2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  // expected-error @+1 {{'hls.port_in' op expected integer elements of up to 16, of 32 or 64 bits, but got 'f32'}}
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xf32>, 4>
  "hls.port_out"(%x) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xf32>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  // expected-error @+1 {{'hls.port_in' op expected integer elements of 8, 16, 32 or 64 bits, but got 'i9'}}
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi9>, 4>
  "hls.port_out"(%x) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi9>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  // expected-error @+1 {{'hls.port_in' op expected words of at most 4096 bits, but got 4104}}
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<513xi8>, 4>
  "hls.port_out"(%x) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<513xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  // expected-error @+1 {{'hls.port_in' op expected stream depth in [1, 1048576], but got '0'}}
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 0>
  "hls.port_out"(%x) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 0>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  // expected-error @+1 {{'hls.port_in' op expected stream depth in [1, 1048576], but got '1048577'}}
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 1048577>
  "hls.port_out"(%x) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 1048577>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  // expected-error @+1 {{'hls.port_in' op expected words of at most 2 lanes, or of whole pixels that divide a row of 4, but got 3}}
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<3xi8>, 4>
  "hls.port_out"(%x) {name = "y", role = "latent", shape = array<i64: 3, 4, 4>} : (!hls.stream<vector<3xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  // expected-error @+1 {{'hls.port_in' op expected words of at most 2 lanes, or of whole pixels that divide a row of 4, but got 6}}
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<6xi8>, 4>
  "hls.port_out"(%x) {name = "y", role = "latent", shape = array<i64: 6, 4, 4>} : (!hls.stream<vector<6xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 5, 4, 4>} : () -> !hls.stream<vector<5xi8>, 4>
  // expected-error @+1 {{'hls.port_out' op expected words of at most 2 lanes, or of whole pixels that divide a row of 4, but got 5}}
  "hls.port_out"(%x) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<5xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

// Dataflow: one producer, one consumer, no feedback, nothing but ports and processes.

"hls.design"() ({
  // expected-error @+1 {{'hls.port_in' op expected stream with exactly one consumer, but got 0}}
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  // expected-error @+1 {{'hls.port_in' op expected stream with exactly one consumer, but got 2}}
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%x) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.port_out"(%x) {name = "z", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  // expected-error @+1 {{'hls.process' op expected stream with exactly one consumer, but got 0}}
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    "hls.write"(%word) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  // expected-error @+1 {{'hls.process' op expected stream with exactly one consumer, but got 2}}
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    "hls.write"(%word) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.port_out"(%y) {name = "z", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  // expected-error @+1 {{operand #0 does not dominate this use}}
  %y = "hls.process"(%z) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    "hls.write"(%word) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  // expected-note @+1 {{operand defined here (op in the same block)}}
  %z = "hls.process"(%y) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    "hls.write"(%word) : (vector<2xi8>) -> ()
  }) {name = "q", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  // expected-note @+1 {{required by region isolation constraints}}
  %y = "hls.process"(%z) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    // expected-error @+1 {{'hls.read' op using value defined outside the region}}
    %word = "hls.read"(%x) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    %other = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    "hls.write"(%word) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  %z = "hls.port_in"() {name = "z", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

// hls.process, hls.write

%x = builtin.unrealized_conversion_cast to !hls.stream<vector<2xi8>, 4>
  // expected-error @+1 {{'hls.process' op expects parent op 'hls.design', but got 'builtin.module'}}
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    "hls.write"(%word) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  // expected-error @+1 {{'hls.process' op expected name to be a lower-case C identifier, but got 'g_a.0'}}
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    "hls.write"(%word) : (vector<2xi8>) -> ()
  }) {name = "g_a.0", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  // expected-error @+1 {{'hls.process' op requires attribute 'layer'}}
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    "hls.write"(%word) : (vector<2xi8>) -> ()
  }) {name = "p"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  // expected-error @+1 {{'hls.process' op attribute 'cycles' expected integer attribute, but got '"9"'}}
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    "hls.write"(%word) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a", cycles = "9"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = builtin.unrealized_conversion_cast to i8
  // expected-error @+1 {{'hls.process' op expected operand of '!hls.stream', but got 'i8'}}
  %y = "hls.process"(%x) ({
  ^bb0(%in: i8):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (i8) -> vector<2xi8>
    "hls.write"(%word) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (i8) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  // expected-error @+1 {{'hls.process' op expected result of '!hls.stream', but got 'i8'}}
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    "hls.write"(%word) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> i8
  %z = builtin.unrealized_conversion_cast %y : i8 to i32
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  // expected-error @+1 {{'hls.process' op expected block arguments of the types of its operands}}
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<4xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<4xi8>, 4>) -> vector<4xi8>
    "hls.write"(%word) : (vector<4xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  // expected-error @+1 {{'hls.process' op expected its stream to be read by exactly one unit, but got 0}}
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%word) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  // expected-error @+1 {{'hls.process' op expected its stream to be read by exactly one unit, but got 2}}
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    %again = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    "hls.write"(%word) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  // expected-error @+1 {{'hls.process' op expected only units in its body, but got 'arith.constant': no construct that HLS cannot synthesise}}
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    %c = arith.constant 1 : i32
    "hls.write"(%word) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  // expected-error @+1 {{'hls.process' op expected body to end in 'hls.write', but got 'ub.unreachable'}}
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    "ub.unreachable"() : () -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  // expected-error @+1 {{'hls.process' op expected 'hls.write' of 'vector<4xi8>', but got 'vector<2xi8>'}}
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    "hls.write"(%word) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<4xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<4xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  // expected-error @+1 {{'hls.process' op expected unique names, but got 'm' twice}}
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %a = "hls.ram"() {name = "m", init = dense<0> : tensor<1x1xi8>} : () -> !hls.memory<vector<1xi8>, 1>
    %b = "hls.ram"() {name = "m", init = dense<0> : tensor<1x1xi8>} : () -> !hls.memory<vector<1xi8>, 1>
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    "hls.write"(%word) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

%w = builtin.unrealized_conversion_cast to vector<2xi8>
// expected-error @+1 {{'hls.write' op expects parent op 'hls.process', but got 'builtin.module'}}
"hls.write"(%w) : (vector<2xi8>) -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = builtin.unrealized_conversion_cast %in : !hls.stream<vector<2xi8>, 4> to i8
    // expected-error @+1 {{'hls.write' op expected a vector of one dimension, but got 'i8'}}
    "hls.write"(%word) : (i8) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

// Memories

// expected-error @+1 {{'hls.ram' op expects parent op 'hls.process', but got 'builtin.module'}}
%m = "hls.ram"() {name = "m", init = dense<0> : tensor<1x1xi8>} : () -> !hls.memory<vector<1xi8>, 1>

// -----

// expected-error @+1 {{'hls.rom' op expects parent op 'hls.process', but got 'builtin.module'}}
%m = "hls.rom"() {name = "m", init = dense<0> : tensor<1x1xi8>} : () -> !hls.memory<vector<1xi8>, 1>

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    // expected-error @+1 {{'hls.rom' op expected name to be a lower-case C identifier, but got 'void'}}
    %m = "hls.rom"() {name = "void", init = dense<0> : tensor<1x1xi8>} : () -> !hls.memory<vector<1xi8>, 1>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    // expected-error @+1 {{'hls.ram' op attribute 'init' expected elements attribute, but got '0 : i64'}}
    %m = "hls.ram"() {name = "m", init = 0 : i64} : () -> !hls.memory<vector<1xi8>, 1>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    // expected-error @+1 {{'hls.ram' op expected '!hls.memory', but got 'vector<1xi8>'}}
    %m = "hls.ram"() {name = "m", init = dense<0> : tensor<1x1xi8>} : () -> vector<1xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    // expected-error @+1 {{'hls.rom' op expected a vector of one dimension, but got 'i8'}}
    %m = "hls.rom"() {name = "m", init = dense<0> : tensor<1x1xi8>} : () -> !hls.memory<i8, 1>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    // expected-error @+1 {{'hls.ram' op expected at least 1 word, but got 0}}
    %m = "hls.ram"() {name = "m", init = dense<0> : tensor<1x1xi8>} : () -> !hls.memory<vector<1xi8>, 0>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    // expected-error @+1 {{'hls.ram' op expected init of type 'tensor<2x1xi8>', but got 'tensor<1x1xi8>'}}
    %m = "hls.ram"() {name = "m", init = dense<0> : tensor<1x1xi8>} : () -> !hls.memory<vector<1xi8>, 2>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    // expected-error @+1 {{'hls.rom' op expected init of type 'tensor<1x1xi16>', but got 'tensor<1x1xi8>'}}
    %m = "hls.rom"() {name = "m", init = dense<0> : tensor<1x1xi8>} : () -> !hls.memory<vector<1xi16>, 1>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

// Units that read a stream

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    // expected-error @+1 {{'hls.read' op expected 'shape' of 3 positive integers (channels, height, width)}}
    %r = "hls.read"(%in) {shape = array<i64: 2, 4, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    // expected-error @+1 {{'hls.read' op expected result of the word of its stream}}
    %r = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<3xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    %w = builtin.unrealized_conversion_cast to vector<2xi8>
    // expected-error @+1 {{'hls.read' op expected '!hls.stream', but got 'vector<2xi8>'}}
    %r = "hls.read"(%w) {shape = array<i64: 2, 4, 4>} : (vector<2xi8>) -> vector<2xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    // expected-error @+1 {{'hls.repack' op expected result with the elements of its stream}}
    %r = "hls.repack"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<3xi16>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    // expected-error @+1 {{'hls.repack' op expected a vector of one dimension, but got 'i8'}}
    %r = "hls.repack"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> i8
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<4xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<4xi8>, 4>):
    // expected-error @+1 {{'hls.read' op expected words of at most 2 lanes, or of whole pixels that divide a row of 5, but got 4}}
    %r = "hls.read"(%in) {shape = array<i64: 2, 4, 5>} : (!hls.stream<vector<4xi8>, 4>) -> vector<4xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<4xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    // expected-error @+1 {{'hls.repack' op expected words of at most 2 lanes, but got 4}}
    %r = "hls.repack"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<4xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<4xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<4xi8>, 4>):
    // expected-error @+1 {{'hls.repack' op expected words of at most 2 lanes, but got 4}}
    %r = "hls.repack"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<4xi8>, 4>) -> vector<2xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<4xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    // expected-error @+1 {{'hls.window_buffer' op expected 'input' of 3 positive integers (channels, height, width)}}
    %r = "hls.window_buffer"(%in) {input = array<i64: 2, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<6xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    // expected-error @+1 {{'hls.window_buffer' op expected 'output' of 3 positive integers (channels, height, width)}}
    %r = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 0>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<6xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    // expected-error @+1 {{'hls.window_buffer' op attribute 'folding' expected '#hls.folding', but got '#lic.folding<2 : i64, 2 : i64, 1 : i64, 3 : i64, 1 : i64>'}}
    %r = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #lic.folding<2, 2, 1, 3, 1>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<6xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    // expected-error @+1 {{'hls.window_buffer' op expected folding of at least 1, but got '2x2x0x3x1'}}
    %r = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<2, 2, 0, 3, 1>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<6xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    // expected-error @+1 {{'hls.window_buffer' op expected stride or upsample of 1, but got '2' and '2'}}
    %r = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 2 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<6xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    // expected-error @+1 {{'hls.window_buffer' op expected stride or upsample of 1, but got '0' and '1'}}
    %r = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 0 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<6xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    // expected-error @+1 {{'hls.window_buffer' op expected 'row_taps' of an offset and a positive count for each of 1 phases}}
    %r = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3, 0>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<6xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    // expected-error @+1 {{'hls.window_buffer' op expected 'column_taps' of an offset and a positive count for each of 1 phases}}
    %r = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 0>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<6xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    // expected-error @+1 {{'hls.window_buffer' op expected at least 5 rows (window and the rows being filled), but got 4}}
    %r = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 4 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<6xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    // expected-error @+1 {{'hls.window_buffer' op expected stream words of a divisor of 1 channels, or of whole pixels where all 2 channels are folded, but got 2}}
    %r = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<2, 1, 1, 3, 1>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<6xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    // expected-error @+1 {{'hls.window_buffer' op expected result of 'vector<6xi8>', but got 'vector<5xi8>'}}
    %r = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<5xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    // expected-error @+1 {{'hls.window_buffer' op expected result of 'vector<6xi8>', but got 'vector<6xi16>'}}
    %r = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<6xi16>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<4xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<4xi8>, 4>):
    // expected-error @+1 {{'hls.window_buffer' op expected stream words of a divisor of 1 channels, or of whole pixels where all 2 channels are folded, but got 4}}
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<2, 1, 1, 3, 1>}
      : (!hls.stream<vector<4xi8>, 4>) -> vector<3xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<4xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 3, 3, 3>} : () -> !hls.stream<vector<3xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<3xi8>, 4>):
    // expected-error @+1 {{'hls.window_buffer' op expected words of at most 2 lanes, or of whole pixels that divide a row of 3, but got 3}}
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 3, 3>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (!hls.stream<vector<3xi8>, 4>) -> vector<6xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<3xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    // expected-error @+1 {{'hls.window_buffer' op expected result of 'vector<12xi8>', but got 'vector<6xi8>'}}
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 8>, folding = #hls.folding<2, 2, 1, 3, 2>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<6xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    // expected-error @+1 {{'hls.window_buffer' op expected 'banks' of 1 rows and 4 columns, but got '(5, 4)'}}
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 5, 4>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<6xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    // expected-error @+1 {{'hls.window_buffer' op expected 'banks' of 5 rows and 4 columns, but got '(1, 4)'}}
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<2, 2, 3, 3, 1>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<18xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    // expected-error @+1 {{'hls.window_buffer' op expected 'banks' of 1 rows and 8 columns, but got '(1, 4)'}}
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<2, 2, 1, 3, 2>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<12xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<8xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<8xi8>, 4>):
    // expected-error @+1 {{'hls.window_buffer' op expected 'banks' of 1 rows and 4 columns, but got '(1, 6)'}}
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 6>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (!hls.stream<vector<8xi8>, 4>) -> vector<6xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<8xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    // expected-error @+1 {{'hls.window_buffer' op expected at least 6 rows (window and the rows being filled), but got 5}}
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 7, 4>, output = array<i64: 4, 3, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<6xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

%x = builtin.unrealized_conversion_cast to !hls.stream<vector<2xi32>, 4>
// expected-error @+1 {{'hls.drain' op expects parent op 'hls.process', but got 'builtin.module'}}
%r = "hls.drain"(%x) {shape = array<i64: 2, 4, 4>, upsample = 1 : i64, folding = #hls.folding<2, 2, 1, 1, 1>} : (!hls.stream<vector<2xi32>, 4>) -> vector<2xi32>

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi32>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi32>, 4>):
    // expected-error @+1 {{'hls.drain' op expected 'shape' of 3 positive integers (channels, height, width)}}
    %r = "hls.drain"(%in) {shape = array<i64: 2, 4>, upsample = 1 : i64, folding = #hls.folding<2, 2, 1, 1, 1>} : (!hls.stream<vector<2xi32>, 4>) -> vector<2xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi32>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi32>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi32>, 4>):
    // expected-error @+1 {{'hls.drain' op expected folding of at least 1, but got '2x2x1x1x0'}}
    %r = "hls.drain"(%in) {shape = array<i64: 2, 4, 4>, upsample = 1 : i64, folding = #hls.folding<2, 2, 1, 1, 0>} : (!hls.stream<vector<2xi32>, 4>) -> vector<2xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi32>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi32>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi32>, 4>):
    // expected-error @+1 {{'hls.drain' op expected 'upsample' of at least 1, but got '0'}}
    %r = "hls.drain"(%in) {shape = array<i64: 2, 4, 4>, upsample = 0 : i64, folding = #hls.folding<2, 2, 1, 1, 1>} : (!hls.stream<vector<2xi32>, 4>) -> vector<2xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi32>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi32>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi32>, 4>):
    // expected-error @+1 {{'hls.drain' op expected stream words of 'vector<4xi32>' as folded, but got 'vector<2xi32>'}}
    %r = "hls.drain"(%in) {shape = array<i64: 2, 4, 4>, upsample = 1 : i64, folding = #hls.folding<2, 2, 1, 1, 2>} : (!hls.stream<vector<2xi32>, 4>) -> vector<2xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi32>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi16>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi16>, 4>):
    // expected-error @+1 {{'hls.drain' op expected stream words of 'vector<2xi32>' as folded, but got 'vector<2xi16>'}}
    %r = "hls.drain"(%in) {shape = array<i64: 2, 4, 4>, upsample = 1 : i64, folding = #hls.folding<2, 2, 1, 1, 1>} : (!hls.stream<vector<2xi16>, 4>) -> vector<2xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi16>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi32>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi32>, 4>):
    // expected-error @+1 {{'hls.drain' op expected result of 'i32', but got 'vector<2xi16>'}}
    %r = "hls.drain"(%in) {shape = array<i64: 2, 4, 4>, upsample = 1 : i64, folding = #hls.folding<2, 2, 1, 1, 1>} : (!hls.stream<vector<2xi32>, 4>) -> vector<2xi16>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi32>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi32>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi32>, 4>):
    // expected-error @+1 {{'hls.drain' op expected words of at most 2 lanes, or of whole pixels that divide a row of 4, but got 3}}
    %r = "hls.drain"(%in) {shape = array<i64: 2, 4, 4>, upsample = 1 : i64, folding = #hls.folding<2, 2, 1, 1, 1>} : (!hls.stream<vector<2xi32>, 4>) -> vector<3xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi32>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi32>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi32>, 4>):
    // expected-error @+1 {{'hls.drain' op expected words of at most 2 lanes, or of whole pixels that divide a row of 4, but got 6}}
    %r = "hls.drain"(%in) {shape = array<i64: 2, 4, 4>, upsample = 1 : i64, folding = #hls.folding<2, 2, 1, 1, 1>} : (!hls.stream<vector<2xi32>, 4>) -> vector<6xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi32>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 6, 4, 4>} : () -> !hls.stream<vector<6xi32>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<6xi32>, 4>):
    // expected-error @+1 {{'hls.drain' op expected words of pixels that divide a group of 3, but got 2}}
    %r = "hls.drain"(%in) {shape = array<i64: 2, 4, 4>, upsample = 1 : i64, folding = #hls.folding<2, 2, 1, 1, 3>} : (!hls.stream<vector<6xi32>, 4>) -> vector<4xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<6xi32>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %gamma = builtin.unrealized_conversion_cast to !hls.memory<vector<4xi32>, 1>
    %beta = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi64>, 1>
    // expected-error @+1 {{'hls.gdn_norm' op expected form 'rsqrt' or 'gdn1', but got 'sqrt'}}
    %r = "hls.gdn_norm"(%in, %gamma, %beta) {shape = array<i64: 2, 4, 4>, form = "sqrt", norm_shift = 2 : i64, acc_range = array<i64: 100, 4000>, norm_range = array<i64: 25, 1000>, folding = #hls.folding<2, 2, 1, 1, 1>}
      : (!hls.stream<vector<2xi8>, 4>, !hls.memory<vector<4xi32>, 1>, !hls.memory<vector<2xi64>, 1>) -> vector<4xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<4xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<4xi8>, 4>):
    %gamma = builtin.unrealized_conversion_cast to !hls.memory<vector<4xi32>, 1>
    %beta = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi64>, 1>
    // expected-error @+1 {{'hls.gdn_norm' op expected words of at most 2 lanes, but got 4}}
    %r = "hls.gdn_norm"(%in, %gamma, %beta) {shape = array<i64: 2, 4, 4>, form = "gdn1", norm_shift = 2 : i64, acc_range = array<i64: 100, 4000>, norm_range = array<i64: 25, 1000>, folding = #hls.folding<2, 2, 1, 1, 1>}
      : (!hls.stream<vector<4xi8>, 4>, !hls.memory<vector<4xi32>, 1>, !hls.memory<vector<2xi64>, 1>) -> vector<4xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<4xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %gamma = builtin.unrealized_conversion_cast to !hls.memory<vector<4xi32>, 1>
    %beta = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi64>, 1>
    // expected-error @+1 {{'hls.gdn_norm' op expected result of 'vector<4xi32>' (the norm is i32), but got 'vector<4xi16>'}}
    %r = "hls.gdn_norm"(%in, %gamma, %beta) {shape = array<i64: 2, 4, 4>, form = "gdn1", norm_shift = 2 : i64, acc_range = array<i64: 100, 4000>, norm_range = array<i64: 25, 1000>, folding = #hls.folding<2, 2, 1, 1, 1>}
      : (!hls.stream<vector<2xi8>, 4>, !hls.memory<vector<4xi32>, 1>, !hls.memory<vector<2xi64>, 1>) -> vector<4xi16>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %gamma = builtin.unrealized_conversion_cast to !hls.memory<vector<4xi32>, 2>
    %beta = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi64>, 1>
    // expected-error @+1 {{'hls.gdn_norm' op expected gamma of 1 words of 4, but got 2 of 4}}
    %r = "hls.gdn_norm"(%in, %gamma, %beta) {shape = array<i64: 2, 4, 4>, form = "gdn1", norm_shift = 2 : i64, acc_range = array<i64: 100, 4000>, norm_range = array<i64: 25, 1000>, folding = #hls.folding<2, 2, 1, 1, 1>}
      : (!hls.stream<vector<2xi8>, 4>, !hls.memory<vector<4xi32>, 2>, !hls.memory<vector<2xi64>, 1>) -> vector<4xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %gamma = builtin.unrealized_conversion_cast to !hls.memory<vector<4xi32>, 1>
    %beta = builtin.unrealized_conversion_cast to !hls.memory<vector<4xi64>, 1>
    // expected-error @+1 {{'hls.gdn_norm' op expected beta of 1 words of 2, but got 1 of 4}}
    %r = "hls.gdn_norm"(%in, %gamma, %beta) {shape = array<i64: 2, 4, 4>, form = "gdn1", norm_shift = 2 : i64, acc_range = array<i64: 100, 4000>, norm_range = array<i64: 25, 1000>, folding = #hls.folding<2, 2, 1, 1, 1>}
      : (!hls.stream<vector<2xi8>, 4>, !hls.memory<vector<4xi32>, 1>, !hls.memory<vector<4xi64>, 1>) -> vector<4xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %gamma = builtin.unrealized_conversion_cast to !hls.memory<vector<4xi32>, 1>
    %beta = builtin.unrealized_conversion_cast to vector<2xi8>
    // expected-error @+1 {{'hls.gdn_norm' op expected '!hls.memory', but got 'vector<2xi8>'}}
    %r = "hls.gdn_norm"(%in, %gamma, %beta) {shape = array<i64: 2, 4, 4>, form = "gdn1", norm_shift = 2 : i64, acc_range = array<i64: 100, 4000>, norm_range = array<i64: 25, 1000>, folding = #hls.folding<2, 2, 1, 1, 1>}
      : (!hls.stream<vector<2xi8>, 4>, !hls.memory<vector<4xi32>, 1>, vector<2xi8>) -> vector<4xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %gamma = builtin.unrealized_conversion_cast to !hls.memory<vector<4xi32>, 1>
    %beta = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi64>, 1>
    // expected-error @+1 {{'hls.gdn_norm' op expected 'norm_shift' in [0, 62], but got '63'}}
    %r = "hls.gdn_norm"(%in, %gamma, %beta) {shape = array<i64: 2, 4, 4>, form = "gdn1", norm_shift = 63 : i64, acc_range = array<i64: 100, 4000>, norm_range = array<i64: 25, 1000>, folding = #hls.folding<2, 2, 1, 1, 1>}
      : (!hls.stream<vector<2xi8>, 4>, !hls.memory<vector<4xi32>, 1>, !hls.memory<vector<2xi64>, 1>) -> vector<4xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %gamma = builtin.unrealized_conversion_cast to !hls.memory<vector<4xi32>, 1>
    %beta = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi64>, 1>
    // expected-error @+1 {{'hls.gdn_norm' op expected 'acc_range' of 2 ascending integers}}
    %r = "hls.gdn_norm"(%in, %gamma, %beta) {shape = array<i64: 2, 4, 4>, form = "gdn1", norm_shift = 2 : i64, acc_range = array<i64: 1>, norm_range = array<i64: 25, 1000>, folding = #hls.folding<2, 2, 1, 1, 1>}
      : (!hls.stream<vector<2xi8>, 4>, !hls.memory<vector<4xi32>, 1>, !hls.memory<vector<2xi64>, 1>) -> vector<4xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %gamma = builtin.unrealized_conversion_cast to !hls.memory<vector<4xi32>, 1>
    %beta = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi64>, 1>
    // expected-error @+1 {{'hls.gdn_norm' op expected 'norm_range' within positive i32, but got '0..1000'}}
    %r = "hls.gdn_norm"(%in, %gamma, %beta) {shape = array<i64: 2, 4, 4>, form = "gdn1", norm_shift = 2 : i64, acc_range = array<i64: 100, 4000>, norm_range = array<i64: 0, 1000>, folding = #hls.folding<2, 2, 1, 1, 1>}
      : (!hls.stream<vector<2xi8>, 4>, !hls.memory<vector<4xi32>, 1>, !hls.memory<vector<2xi64>, 1>) -> vector<4xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %gamma = builtin.unrealized_conversion_cast to !hls.memory<vector<4xi32>, 1>
    %beta = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi64>, 1>
    // expected-error @+1 {{'hls.gdn_norm' op expected 'norm_range' within positive i32, but got '1..2147483648'}}
    %r = "hls.gdn_norm"(%in, %gamma, %beta) {shape = array<i64: 2, 4, 4>, form = "gdn1", norm_shift = 2 : i64, acc_range = array<i64: 100, 4000>, norm_range = array<i64: 1, 2147483648>, folding = #hls.folding<2, 2, 1, 1, 1>}
      : (!hls.stream<vector<2xi8>, 4>, !hls.memory<vector<4xi32>, 1>, !hls.memory<vector<2xi64>, 1>) -> vector<4xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

// Units that compute

%w = builtin.unrealized_conversion_cast to vector<6xi8>
%m = builtin.unrealized_conversion_cast to !hls.memory<vector<12xi8>, 6>
%b = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi32>, 2>
// expected-error @+1 {{'hls.mac_array' op expects parent op 'hls.process', but got 'builtin.module'}}
%r = "hls.mac_array"(%w, %m, %b) {channels = array<i64: 2, 4>, steps = array<i64: 3>, packing = "pair", activation_range = array<i64: -128, 127>, weight_range = array<i64: -127, 127>, acc_range = array<i64: -9, 9>, folding = #hls.folding<2, 2, 1, 3, 1>}
  : (vector<6xi8>, !hls.memory<vector<12xi8>, 6>, !hls.memory<vector<2xi32>, 2>) -> vector<2xi32>

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<6xi8>
    %weights = builtin.unrealized_conversion_cast to !hls.memory<vector<12xi8>, 6>
    %bias = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi32>, 2>
    // expected-error @+1 {{'hls.mac_array' op expected 'channels' of 2 positive integers (inputs, outputs)}}
    %sums = "hls.mac_array"(%window, %weights, %bias) {channels = array<i64: 2>, steps = array<i64: 3>, packing = "pair", activation_range = array<i64: -128, 127>, weight_range = array<i64: -127, 127>, acc_range = array<i64: -9, 9>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (vector<6xi8>, !hls.memory<vector<12xi8>, 6>, !hls.memory<vector<2xi32>, 2>) -> vector<2xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<6xi8>
    %weights = builtin.unrealized_conversion_cast to !hls.memory<vector<12xi8>, 6>
    %bias = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi32>, 2>
    // expected-error @+1 {{'hls.mac_array' op expected positive 'steps' for each phase}}
    %sums = "hls.mac_array"(%window, %weights, %bias) {channels = array<i64: 2, 4>, steps = array<i64>, packing = "pair", activation_range = array<i64: -128, 127>, weight_range = array<i64: -127, 127>, acc_range = array<i64: -9, 9>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (vector<6xi8>, !hls.memory<vector<12xi8>, 6>, !hls.memory<vector<2xi32>, 2>) -> vector<2xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    %window = builtin.unrealized_conversion_cast to vector<5xi8>
    %weights = builtin.unrealized_conversion_cast to !hls.memory<vector<12xi8>, 6>
    %bias = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi32>, 2>
    // expected-error @+1 {{'hls.mac_array' op expected window of 6 values as folded, but got 5}}
    %sums = "hls.mac_array"(%window, %weights, %bias) {channels = array<i64: 2, 4>, steps = array<i64: 3>, packing = "pair", activation_range = array<i64: -128, 127>, weight_range = array<i64: -127, 127>, acc_range = array<i64: -9, 9>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (vector<5xi8>, !hls.memory<vector<12xi8>, 6>, !hls.memory<vector<2xi32>, 2>) -> vector<2xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    %window = builtin.unrealized_conversion_cast to vector<6xi8>
    %weights = builtin.unrealized_conversion_cast to !hls.memory<vector<12xi8>, 6>
    %bias = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi32>, 2>
    // expected-error @+1 {{'hls.mac_array' op expected the window of an 'hls.window_buffer'}}
    %sums = "hls.mac_array"(%window, %weights, %bias) {channels = array<i64: 2, 4>, steps = array<i64: 3>, packing = "pair", activation_range = array<i64: -128, 127>, weight_range = array<i64: -127, 127>, acc_range = array<i64: -9, 9>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (vector<6xi8>, !hls.memory<vector<12xi8>, 6>, !hls.memory<vector<2xi32>, 2>) -> vector<2xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %weights = builtin.unrealized_conversion_cast to !hls.memory<vector<12xi8>, 6>
    %bias = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi32>, 2>
    // expected-error @+1 {{'hls.mac_array' op expected a vector of one dimension, but got '!hls.stream<vector<2xi8>, 4 : i64>'}}
    %sums = "hls.mac_array"(%in, %weights, %bias) {channels = array<i64: 2, 4>, steps = array<i64: 3>, packing = "pair", activation_range = array<i64: -128, 127>, weight_range = array<i64: -127, 127>, acc_range = array<i64: -9, 9>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (!hls.stream<vector<2xi8>, 4>, !hls.memory<vector<12xi8>, 6>, !hls.memory<vector<2xi32>, 2>) -> vector<2xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<6xi8>
    %weights = builtin.unrealized_conversion_cast to !hls.memory<vector<12xi8>, 6>
    %bias = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi32>, 2>
    // expected-error @+1 {{'hls.mac_array' op expected the folding of its window, '#hls.folding<2 : i64, 2 : i64, 1 : i64, 3 : i64, 1 : i64>'}}
    %sums = "hls.mac_array"(%window, %weights, %bias) {channels = array<i64: 2, 4>, steps = array<i64: 3>, packing = "pair", activation_range = array<i64: -128, 127>, weight_range = array<i64: -127, 127>, acc_range = array<i64: -9, 9>, folding = #hls.folding<2, 2, 3, 1, 1>}
      : (vector<6xi8>, !hls.memory<vector<12xi8>, 6>, !hls.memory<vector<2xi32>, 2>) -> vector<2xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<6xi8>
    %weights = builtin.unrealized_conversion_cast to !hls.memory<vector<12xi8>, 6>
    %bias = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi32>, 2>
    // expected-error @+1 {{'hls.mac_array' op expected 'channels' of 2 inputs and 4 outputs as its window}}
    %sums = "hls.mac_array"(%window, %weights, %bias) {channels = array<i64: 2, 5>, steps = array<i64: 3>, packing = "pair", activation_range = array<i64: -128, 127>, weight_range = array<i64: -127, 127>, acc_range = array<i64: -9, 9>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (vector<6xi8>, !hls.memory<vector<12xi8>, 6>, !hls.memory<vector<2xi32>, 2>) -> vector<2xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<6xi8>
    %weights = builtin.unrealized_conversion_cast to !hls.memory<vector<12xi8>, 6>
    %bias = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi32>, 2>
    // expected-error @+1 {{'hls.mac_array' op expected 'steps' of [3] as its window, but got [2]}}
    %sums = "hls.mac_array"(%window, %weights, %bias) {channels = array<i64: 2, 4>, steps = array<i64: 2>, packing = "pair", activation_range = array<i64: -128, 127>, weight_range = array<i64: -127, 127>, acc_range = array<i64: -9, 9>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (vector<6xi8>, !hls.memory<vector<12xi8>, 6>, !hls.memory<vector<2xi32>, 2>) -> vector<2xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<6xi8>
    %weights = builtin.unrealized_conversion_cast to !hls.memory<vector<12xi8>, 5>
    %bias = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi32>, 2>
    // expected-error @+1 {{'hls.mac_array' op expected weights of 6 words of 12, but got 5 of 12}}
    %sums = "hls.mac_array"(%window, %weights, %bias) {channels = array<i64: 2, 4>, steps = array<i64: 3>, packing = "pair", activation_range = array<i64: -128, 127>, weight_range = array<i64: -127, 127>, acc_range = array<i64: -9, 9>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (vector<6xi8>, !hls.memory<vector<12xi8>, 5>, !hls.memory<vector<2xi32>, 2>) -> vector<2xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<6xi8>
    %weights = builtin.unrealized_conversion_cast to !hls.memory<vector<12xi8>, 6>
    %bias = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi32>, 1>
    // expected-error @+1 {{'hls.mac_array' op expected bias of 2 words of 2, but got 1 of 2}}
    %sums = "hls.mac_array"(%window, %weights, %bias) {channels = array<i64: 2, 4>, steps = array<i64: 3>, packing = "pair", activation_range = array<i64: -128, 127>, weight_range = array<i64: -127, 127>, acc_range = array<i64: -9, 9>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (vector<6xi8>, !hls.memory<vector<12xi8>, 6>, !hls.memory<vector<2xi32>, 1>) -> vector<2xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<6xi8>
    %weights = builtin.unrealized_conversion_cast to !hls.memory<vector<12xi8>, 6>
    %bias = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi32>, 2>
    // expected-error @+1 {{'hls.mac_array' op expected result of 'vector<2xi32>', but got 'vector<2xi64>'}}
    %sums = "hls.mac_array"(%window, %weights, %bias) {channels = array<i64: 2, 4>, steps = array<i64: 3>, packing = "pair", activation_range = array<i64: -128, 127>, weight_range = array<i64: -127, 127>, acc_range = array<i64: -9, 9>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (vector<6xi8>, !hls.memory<vector<12xi8>, 6>, !hls.memory<vector<2xi32>, 2>) -> vector<2xi64>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 8>, folding = #hls.folding<2, 2, 1, 3, 2>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<12xi8>
    %weights = builtin.unrealized_conversion_cast to !hls.memory<vector<12xi8>, 6>
    %bias = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi32>, 2>
    // expected-error @+1 {{'hls.mac_array' op expected result of 'vector<4xi32>', but got 'vector<2xi32>'}}
    %sums = "hls.mac_array"(%window, %weights, %bias) {channels = array<i64: 2, 4>, steps = array<i64: 3>, packing = "pair", activation_range = array<i64: -128, 127>, weight_range = array<i64: -127, 127>, acc_range = array<i64: -9, 9>, folding = #hls.folding<2, 2, 1, 3, 2>}
      : (vector<12xi8>, !hls.memory<vector<12xi8>, 6>, !hls.memory<vector<2xi32>, 2>) -> vector<2xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<6xi8>
    %weights = builtin.unrealized_conversion_cast to !hls.memory<vector<12xi8>, 6>
    %bias = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi32>, 2>
    // expected-error @+1 {{'hls.mac_array' op expected 'acc_range' of 2 ascending integers}}
    %sums = "hls.mac_array"(%window, %weights, %bias) {channels = array<i64: 2, 4>, steps = array<i64: 3>, packing = "pair", activation_range = array<i64: -128, 127>, weight_range = array<i64: -127, 127>, acc_range = array<i64: 9, -9>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (vector<6xi8>, !hls.memory<vector<12xi8>, 6>, !hls.memory<vector<2xi32>, 2>) -> vector<2xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<6xi8>
    %weights = builtin.unrealized_conversion_cast to !hls.memory<vector<12xi8>, 6>
    %bias = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi32>, 2>
    // expected-error @+1 {{'hls.mac_array' op expected 'acc_range' within i32}}
    %sums = "hls.mac_array"(%window, %weights, %bias) {channels = array<i64: 2, 4>, steps = array<i64: 3>, packing = "pair", activation_range = array<i64: -128, 127>, weight_range = array<i64: -127, 127>, acc_range = array<i64: -9, 2147483648>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (vector<6xi8>, !hls.memory<vector<12xi8>, 6>, !hls.memory<vector<2xi32>, 2>) -> vector<2xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<6xi8>
    %weights = builtin.unrealized_conversion_cast to !hls.memory<vector<12xi8>, 6>
    %bias = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi32>, 2>
    // expected-error @+1 {{'hls.mac_array' op expected 'activation_range' of 2 ascending integers}}
    %sums = "hls.mac_array"(%window, %weights, %bias) {channels = array<i64: 2, 4>, steps = array<i64: 3>, packing = "pair", activation_range = array<i64: 1>, weight_range = array<i64: -127, 127>, acc_range = array<i64: -9, 9>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (vector<6xi8>, !hls.memory<vector<12xi8>, 6>, !hls.memory<vector<2xi32>, 2>) -> vector<2xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<6xi8>
    %weights = builtin.unrealized_conversion_cast to !hls.memory<vector<12xi8>, 6>
    %bias = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi32>, 2>
    // expected-error @+1 {{'hls.mac_array' op expected 'activation_range' within 'i8', but got '-129..127'}}
    %sums = "hls.mac_array"(%window, %weights, %bias) {channels = array<i64: 2, 4>, steps = array<i64: 3>, packing = "pair", activation_range = array<i64: -129, 127>, weight_range = array<i64: -127, 127>, acc_range = array<i64: -9, 9>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (vector<6xi8>, !hls.memory<vector<12xi8>, 6>, !hls.memory<vector<2xi32>, 2>) -> vector<2xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<6xi8>
    %weights = builtin.unrealized_conversion_cast to !hls.memory<vector<12xi8>, 6>
    %bias = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi32>, 2>
    // expected-error @+1 {{'hls.mac_array' op expected 'weight_range' within 'i8', but got '-127..128'}}
    %sums = "hls.mac_array"(%window, %weights, %bias) {channels = array<i64: 2, 4>, steps = array<i64: 3>, packing = "pair", activation_range = array<i64: -128, 127>, weight_range = array<i64: -127, 128>, acc_range = array<i64: -9, 9>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (vector<6xi8>, !hls.memory<vector<12xi8>, 6>, !hls.memory<vector<2xi32>, 2>) -> vector<2xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xui8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xui8>, 4>):
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (!hls.stream<vector<2xui8>, 4>) -> vector<6xui8>
    %weights = builtin.unrealized_conversion_cast to !hls.memory<vector<12xi8>, 6>
    %bias = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi32>, 2>
    // expected-error @+1 {{'hls.mac_array' op expected 'activation_range' within 'ui8', but got '-1..255'}}
    %sums = "hls.mac_array"(%window, %weights, %bias) {channels = array<i64: 2, 4>, steps = array<i64: 3>, packing = "pair", activation_range = array<i64: -1, 255>, weight_range = array<i64: -127, 127>, acc_range = array<i64: -9, 9>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (vector<6xui8>, !hls.memory<vector<12xi8>, 6>, !hls.memory<vector<2xi32>, 2>) -> vector<2xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xui8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<6xi8>
    %weights = builtin.unrealized_conversion_cast to !hls.memory<vector<12xi8>, 6>
    %bias = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi32>, 2>
    // expected-error @+1 {{'hls.mac_array' op expected packing to be one of single, pair, pixels, quad, but got 'both'}}
    %sums = "hls.mac_array"(%window, %weights, %bias) {channels = array<i64: 2, 4>, steps = array<i64: 3>, packing = "both", activation_range = array<i64: -128, 127>, weight_range = array<i64: -127, 127>, acc_range = array<i64: -9, 9>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (vector<6xi8>, !hls.memory<vector<12xi8>, 6>, !hls.memory<vector<2xi32>, 2>) -> vector<2xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<1, 2, 1, 3, 1>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<6xi8>
    %weights = builtin.unrealized_conversion_cast to !hls.memory<vector<6xi8>, 12>
    %bias = builtin.unrealized_conversion_cast to !hls.memory<vector<1xi32>, 4>
    // expected-error @+1 {{'hls.mac_array' op expected an even number of outputs, not 1, to pack as 'pair'}}
    %sums = "hls.mac_array"(%window, %weights, %bias) {channels = array<i64: 2, 4>, steps = array<i64: 3>, packing = "pair", activation_range = array<i64: -128, 127>, weight_range = array<i64: -127, 127>, acc_range = array<i64: -9, 9>, folding = #hls.folding<1, 2, 1, 3, 1>}
      : (vector<6xi8>, !hls.memory<vector<6xi8>, 12>, !hls.memory<vector<1xi32>, 4>) -> vector<1xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi16>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi16>, 4>):
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (!hls.stream<vector<2xi16>, 4>) -> vector<6xi16>
    %weights = builtin.unrealized_conversion_cast to !hls.memory<vector<12xi8>, 6>
    %bias = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi32>, 2>
    // expected-error @+1 {{'hls.mac_array' op expected products within 262143, not 127 * 4096, to pack as 'pair'}}
    %sums = "hls.mac_array"(%window, %weights, %bias) {channels = array<i64: 2, 4>, steps = array<i64: 3>, packing = "pair", activation_range = array<i64: -4096, 4095>, weight_range = array<i64: -127, 127>, acc_range = array<i64: -9, 9>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (vector<6xi16>, !hls.memory<vector<12xi8>, 6>, !hls.memory<vector<2xi32>, 2>) -> vector<2xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi16>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<6xi8>
    %weights = builtin.unrealized_conversion_cast to !hls.memory<vector<12xi8>, 6>
    %bias = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi32>, 2>
    // expected-error @+1 {{'hls.mac_array' op expected an even number of positions, not 1, to pack as 'pixels'}}
    %sums = "hls.mac_array"(%window, %weights, %bias) {channels = array<i64: 2, 4>, steps = array<i64: 3>, packing = "pixels", activation_range = array<i64: -128, 127>, weight_range = array<i64: -127, 127>, acc_range = array<i64: -9, 9>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (vector<6xi8>, !hls.memory<vector<12xi8>, 6>, !hls.memory<vector<2xi32>, 2>) -> vector<2xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi16>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi16>, 4>):
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 8>, folding = #hls.folding<2, 2, 1, 3, 2>}
      : (!hls.stream<vector<2xi16>, 4>) -> vector<12xi16>
    %weights = builtin.unrealized_conversion_cast to !hls.memory<vector<12xi8>, 6>
    %bias = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi32>, 2>
    // expected-error @+1 {{'hls.mac_array' op expected products within 32767, not 127 * 512, to pack as 'pixels'}}
    %sums = "hls.mac_array"(%window, %weights, %bias) {channels = array<i64: 2, 4>, steps = array<i64: 3>, packing = "pixels", activation_range = array<i64: -512, 511>, weight_range = array<i64: -127, 127>, acc_range = array<i64: -9, 9>, folding = #hls.folding<2, 2, 1, 3, 2>}
      : (vector<12xi16>, !hls.memory<vector<12xi8>, 6>, !hls.memory<vector<2xi32>, 2>) -> vector<4xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi16>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi16>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi16>, 4>):
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 8>, folding = #hls.folding<2, 2, 1, 3, 2>}
      : (!hls.stream<vector<2xi16>, 4>) -> vector<12xi16>
    %weights = builtin.unrealized_conversion_cast to !hls.memory<vector<12xi8>, 6>
    %bias = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi32>, 2>
    // expected-error @+1 {{'hls.mac_array' op expected products within 255, not 7 * 128, to pack as 'quad'}}
    %sums = "hls.mac_array"(%window, %weights, %bias) {channels = array<i64: 2, 4>, steps = array<i64: 3>, packing = "quad", activation_range = array<i64: -128, 127>, weight_range = array<i64: -7, 7>, acc_range = array<i64: -9, 9>, folding = #hls.folding<2, 2, 1, 3, 2>}
      : (vector<12xi16>, !hls.memory<vector<12xi8>, 6>, !hls.memory<vector<2xi32>, 2>) -> vector<4xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi16>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<6xi8>
    %weights = builtin.unrealized_conversion_cast to !hls.memory<vector<12xi8>, 6>
    %bias = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi32>, 2>
    // expected-error @+1 {{'hls.mac_array' op expected outputs in fours, or an even number of outputs and positions, not 2 and 1, to pack as 'quad'}}
    %sums = "hls.mac_array"(%window, %weights, %bias) {channels = array<i64: 2, 4>, steps = array<i64: 3>, packing = "quad", activation_range = array<i64: -8, 7>, weight_range = array<i64: -7, 7>, acc_range = array<i64: -9, 9>, folding = #hls.folding<2, 2, 1, 3, 1>}
      : (vector<6xi8>, !hls.memory<vector<12xi8>, 6>, !hls.memory<vector<2xi32>, 2>) -> vector<2xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<4, 2, 1, 3, 1>}
      : (!hls.stream<vector<2xi8>, 4>) -> vector<6xi8>
    %weights = builtin.unrealized_conversion_cast to !hls.memory<vector<24xi8>, 3>
    %bias = builtin.unrealized_conversion_cast to !hls.memory<vector<4xi32>, 1>
    // expected-error @+1 {{'hls.mac_array' op expected products within 63, not 8 * 8, to pack as 'quad'}}
    %sums = "hls.mac_array"(%window, %weights, %bias) {channels = array<i64: 2, 4>, steps = array<i64: 3>, packing = "quad", activation_range = array<i64: -8, 7>, weight_range = array<i64: -8, 7>, acc_range = array<i64: -9, 9>, folding = #hls.folding<4, 2, 1, 3, 1>}
      : (vector<6xi8>, !hls.memory<vector<24xi8>, 3>, !hls.memory<vector<4xi32>, 1>) -> vector<4xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xui8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xui8>, 4>):
    %window = "hls.window_buffer"(%in) {input = array<i64: 2, 4, 4>, output = array<i64: 4, 2, 2>, stride = 2 : i64, upsample = 1 : i64, row_taps = array<i64: -1, 3>, column_taps = array<i64: -1, 3>, rows = 5 : i64, banks = array<i64: 1, 4>, folding = #hls.folding<4, 2, 1, 3, 1>}
      : (!hls.stream<vector<2xui8>, 4>) -> vector<6xui8>
    %weights = builtin.unrealized_conversion_cast to !hls.memory<vector<24xi8>, 3>
    %bias = builtin.unrealized_conversion_cast to !hls.memory<vector<4xi32>, 1>
    // expected-error @+1 {{'hls.mac_array' op expected products within 63, not 7 * 15, to pack as 'quad'}}
    %sums = "hls.mac_array"(%window, %weights, %bias) {channels = array<i64: 2, 4>, steps = array<i64: 3>, packing = "quad", activation_range = array<i64: 0, 15>, weight_range = array<i64: -7, 7>, acc_range = array<i64: -9, 9>, folding = #hls.folding<4, 2, 1, 3, 1>}
      : (vector<6xui8>, !hls.memory<vector<24xi8>, 3>, !hls.memory<vector<4xi32>, 1>) -> vector<4xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xui8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    %m = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi32>, 1>
    %s = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi8>, 1>
    // expected-error @+1 {{'hls.requantizer' op expected 'range' of 2 ascending integers}}
    %r = "hls.requantizer"(%word, %m, %s) {range = array<i64: 1, 0>} : (vector<2xi8>, !hls.memory<vector<2xi32>, 1>, !hls.memory<vector<2xi8>, 1>) -> vector<2xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    %m = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi32>, 1>
    %s = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi8>, 1>
    // expected-error @+1 {{'hls.requantizer' op expected result of 2 lanes, but got 3}}
    %r = "hls.requantizer"(%word, %m, %s) {range = array<i64: -128, 127>} : (vector<2xi8>, !hls.memory<vector<2xi32>, 1>, !hls.memory<vector<2xi8>, 1>) -> vector<3xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    %m = builtin.unrealized_conversion_cast to !hls.memory<vector<1xi32>, 1>
    %s = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi8>, 1>
    // expected-error @+1 {{'hls.requantizer' op expected multiplier of 2 lanes, but got 1}}
    %r = "hls.requantizer"(%word, %m, %s) {range = array<i64: -128, 127>} : (vector<2xi8>, !hls.memory<vector<1xi32>, 1>, !hls.memory<vector<2xi8>, 1>) -> vector<2xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    %m = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi32>, 1>
    %s = builtin.unrealized_conversion_cast to !hls.memory<vector<4xi8>, 1>
    // expected-error @+1 {{'hls.requantizer' op expected shift of 2 lanes, but got 4}}
    %r = "hls.requantizer"(%word, %m, %s) {range = array<i64: -128, 127>} : (vector<2xi8>, !hls.memory<vector<2xi32>, 1>, !hls.memory<vector<4xi8>, 1>) -> vector<2xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    // expected-error @+1 {{'hls.activation' op attribute 'multiplier' expected integer attribute, but got '1.000000e+00 : f64'}}
    %r = "hls.activation"(%word) {kind = "relu", multiplier = 1.0, shift = 0 : i64, range = array<i64: 0, 127>} : (vector<2xi8>) -> vector<2xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    // expected-error @+1 {{'hls.activation' op expected 'range' of 2 ascending integers}}
    %r = "hls.activation"(%word) {kind = "relu", multiplier = 0 : i64, shift = 0 : i64, range = array<i64>} : (vector<2xi8>) -> vector<2xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    // expected-error @+1 {{'hls.activation' op expected 'shift' in [0, 62], but got '-1'}}
    %r = "hls.activation"(%word) {kind = "relu", multiplier = 0 : i64, shift = -1 : i64, range = array<i64: 0, 127>} : (vector<2xi8>) -> vector<2xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    // expected-error @+1 {{'hls.activation' op expected kind 'relu', 'leaky_relu' or 'abs', but got 'gelu'}}
    %r = "hls.activation"(%word) {kind = "gelu", multiplier = 0 : i64, shift = 0 : i64, range = array<i64: 0, 127>} : (vector<2xi8>) -> vector<2xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    // expected-error @+1 {{'hls.activation' op expected result of 2 lanes, but got 1}}
    %r = "hls.activation"(%word) {kind = "relu", multiplier = 0 : i64, shift = 0 : i64, range = array<i64: 0, 127>} : (vector<2xi8>) -> vector<1xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    %c = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi8>, 1>
    // expected-error @+1 {{'hls.add' op expected 'range' of 2 ascending integers}}
    %r = "hls.add"(%word, %c) {multiplier = array<i64: 1, 1>, shift = 0 : i64, range = array<i64: 0, 1, 2>} : (vector<2xi8>, !hls.memory<vector<2xi8>, 1>) -> vector<2xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    %c = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi8>, 1>
    // expected-error @+1 {{'hls.add' op expected 'shift' in [0, 62], but got '63'}}
    %r = "hls.add"(%word, %c) {multiplier = array<i64: 1, 1>, shift = 63 : i64, range = array<i64: 0, 127>} : (vector<2xi8>, !hls.memory<vector<2xi8>, 1>) -> vector<2xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    %c = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi8>, 1>
    // expected-error @+1 {{'hls.add' op expected 2 multipliers, but got 1}}
    %r = "hls.add"(%word, %c) {multiplier = array<i64: 1>, shift = 0 : i64, range = array<i64: 0, 127>} : (vector<2xi8>, !hls.memory<vector<2xi8>, 1>) -> vector<2xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    %c = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi8>, 1>
    // expected-error @+1 {{'hls.add' op expected result of 2 lanes, but got 4}}
    %r = "hls.add"(%word, %c) {multiplier = array<i64: 1, 1>, shift = 0 : i64, range = array<i64: 0, 127>} : (vector<2xi8>, !hls.memory<vector<2xi8>, 1>) -> vector<4xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    %c = builtin.unrealized_conversion_cast to !hls.memory<vector<1xi8>, 1>
    // expected-error @+1 {{'hls.add' op expected constant of 2 lanes, but got 1}}
    %r = "hls.add"(%word, %c) {multiplier = array<i64: 1, 1>, shift = 0 : i64, range = array<i64: 0, 127>} : (vector<2xi8>, !hls.memory<vector<1xi8>, 1>) -> vector<2xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    // expected-error @+1 {{'hls.round' op expected 'range' of 2 ascending integers}}
    %r = "hls.round"(%word) {shift = 4 : i64, range = array<i64: 1>} : (vector<2xi8>) -> vector<2xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    // expected-error @+1 {{'hls.round' op expected 'shift' in [0, 62], but got '-4'}}
    %r = "hls.round"(%word) {shift = -4 : i64, range = array<i64: 0, 127>} : (vector<2xi8>) -> vector<2xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    // expected-error @+1 {{'hls.round' op expected result of 2 lanes, but got 1}}
    %r = "hls.round"(%word) {shift = 4 : i64, range = array<i64: 0, 127>} : (vector<2xi8>) -> vector<1xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    %p = builtin.unrealized_conversion_cast to vector<2xi32>
    %t = builtin.unrealized_conversion_cast to !hls.memory<vector<1xi32>, 256>
    %m = builtin.unrealized_conversion_cast to !hls.memory<vector<1xi32>, 1>
    %s = builtin.unrealized_conversion_cast to !hls.memory<vector<1xi8>, 1>
    // expected-error @+1 {{'hls.gdn_root' op attribute 'inverse' expected bool attribute, but got '0 : i64'}}
    %r = "hls.gdn_root"(%p, %t, %m, %s) {form = "rsqrt", inverse = 0 : i64, range = array<i64: 0, 127>} : (vector<2xi32>, !hls.memory<vector<1xi32>, 256>, !hls.memory<vector<1xi32>, 1>, !hls.memory<vector<1xi8>, 1>) -> vector<1xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    %p = builtin.unrealized_conversion_cast to vector<2xi32>
    %t = builtin.unrealized_conversion_cast to !hls.memory<vector<1xi32>, 256>
    %m = builtin.unrealized_conversion_cast to !hls.memory<vector<1xi32>, 1>
    %s = builtin.unrealized_conversion_cast to !hls.memory<vector<1xi8>, 1>
    // expected-error @+1 {{'hls.gdn_root' op expected 'range' of 2 ascending integers}}
    %r = "hls.gdn_root"(%p, %t, %m, %s) {form = "rsqrt", inverse = false, range = array<i64: 9, 1>} : (vector<2xi32>, !hls.memory<vector<1xi32>, 256>, !hls.memory<vector<1xi32>, 1>, !hls.memory<vector<1xi8>, 1>) -> vector<1xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    %p = builtin.unrealized_conversion_cast to vector<2xi32>
    %t = builtin.unrealized_conversion_cast to !hls.memory<vector<1xi32>, 256>
    %m = builtin.unrealized_conversion_cast to !hls.memory<vector<1xi32>, 1>
    %s = builtin.unrealized_conversion_cast to !hls.memory<vector<1xi8>, 1>
    // expected-error @+1 {{'hls.gdn_root' op expected form 'rsqrt' or 'gdn1', but got ''}}
    %r = "hls.gdn_root"(%p, %t, %m, %s) {form = "", inverse = false, range = array<i64: 0, 127>} : (vector<2xi32>, !hls.memory<vector<1xi32>, 256>, !hls.memory<vector<1xi32>, 1>, !hls.memory<vector<1xi8>, 1>) -> vector<1xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    %p = builtin.unrealized_conversion_cast to vector<2xi16>
    %t = builtin.unrealized_conversion_cast to !hls.memory<vector<1xi32>, 256>
    %m = builtin.unrealized_conversion_cast to !hls.memory<vector<1xi32>, 1>
    %s = builtin.unrealized_conversion_cast to !hls.memory<vector<1xi8>, 1>
    // expected-error @+1 {{'hls.gdn_root' op expected (x, norm) pairs of 'i32', but got 'vector<2xi16>'}}
    %r = "hls.gdn_root"(%p, %t, %m, %s) {form = "rsqrt", inverse = false, range = array<i64: 0, 127>} : (vector<2xi16>, !hls.memory<vector<1xi32>, 256>, !hls.memory<vector<1xi32>, 1>, !hls.memory<vector<1xi8>, 1>) -> vector<1xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    %p = builtin.unrealized_conversion_cast to vector<3xi32>
    %t = builtin.unrealized_conversion_cast to !hls.memory<vector<1xi32>, 256>
    %m = builtin.unrealized_conversion_cast to !hls.memory<vector<1xi32>, 1>
    %s = builtin.unrealized_conversion_cast to !hls.memory<vector<1xi8>, 1>
    // expected-error @+1 {{'hls.gdn_root' op expected (x, norm) pairs of 'i32', but got 'vector<3xi32>'}}
    %r = "hls.gdn_root"(%p, %t, %m, %s) {form = "rsqrt", inverse = false, range = array<i64: 0, 127>} : (vector<3xi32>, !hls.memory<vector<1xi32>, 256>, !hls.memory<vector<1xi32>, 1>, !hls.memory<vector<1xi8>, 1>) -> vector<1xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    %p = builtin.unrealized_conversion_cast to vector<2xi32>
    %t = builtin.unrealized_conversion_cast to !hls.memory<vector<1xi32>, 256>
    %m = builtin.unrealized_conversion_cast to !hls.memory<vector<1xi32>, 1>
    %s = builtin.unrealized_conversion_cast to !hls.memory<vector<1xi8>, 1>
    // expected-error @+1 {{'hls.gdn_root' op expected result of 1 lanes, but got 2}}
    %r = "hls.gdn_root"(%p, %t, %m, %s) {form = "rsqrt", inverse = false, range = array<i64: 0, 127>} : (vector<2xi32>, !hls.memory<vector<1xi32>, 256>, !hls.memory<vector<1xi32>, 1>, !hls.memory<vector<1xi8>, 1>) -> vector<2xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    %p = builtin.unrealized_conversion_cast to vector<2xi32>
    %t = builtin.unrealized_conversion_cast to !hls.memory<vector<1xi32>, 128>
    %m = builtin.unrealized_conversion_cast to !hls.memory<vector<1xi32>, 1>
    %s = builtin.unrealized_conversion_cast to !hls.memory<vector<1xi8>, 1>
    // expected-error @+1 {{'hls.gdn_root' op expected table of 256 words of 1, but got 128 of 1}}
    %r = "hls.gdn_root"(%p, %t, %m, %s) {form = "rsqrt", inverse = false, range = array<i64: 0, 127>} : (vector<2xi32>, !hls.memory<vector<1xi32>, 128>, !hls.memory<vector<1xi32>, 1>, !hls.memory<vector<1xi8>, 1>) -> vector<1xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    %p = builtin.unrealized_conversion_cast to vector<2xi32>
    %t = builtin.unrealized_conversion_cast to !hls.memory<vector<1xi32>, 256>
    %m = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi32>, 1>
    %s = builtin.unrealized_conversion_cast to !hls.memory<vector<1xi8>, 1>
    // expected-error @+1 {{'hls.gdn_root' op expected multiplier of 1 lanes, but got 2}}
    %r = "hls.gdn_root"(%p, %t, %m, %s) {form = "rsqrt", inverse = false, range = array<i64: 0, 127>} : (vector<2xi32>, !hls.memory<vector<1xi32>, 256>, !hls.memory<vector<2xi32>, 1>, !hls.memory<vector<1xi8>, 1>) -> vector<1xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    %p = builtin.unrealized_conversion_cast to vector<2xi32>
    %t = builtin.unrealized_conversion_cast to !hls.memory<vector<1xi32>, 256>
    %m = builtin.unrealized_conversion_cast to !hls.memory<vector<1xi32>, 1>
    %s = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi8>, 1>
    // expected-error @+1 {{'hls.gdn_root' op expected shift of 1 lanes, but got 2}}
    %r = "hls.gdn_root"(%p, %t, %m, %s) {form = "rsqrt", inverse = false, range = array<i64: 0, 127>} : (vector<2xi32>, !hls.memory<vector<1xi32>, 256>, !hls.memory<vector<1xi32>, 1>, !hls.memory<vector<2xi8>, 1>) -> vector<1xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    // expected-error @+1 {{'hls.activation' op expected 'fabric' only with kind 'leaky_relu'}}
    %r = "hls.activation"(%word) {fabric, kind = "relu", multiplier = 0 : i64, shift = 0 : i64, range = array<i64: 0, 127>} : (vector<2xi8>) -> vector<2xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    // expected-error @+1 {{'hls.activation' op attribute 'fabric' expected unit attribute, but got 'true'}}
    %r = "hls.activation"(%word) {fabric = true, kind = "leaky_relu", multiplier = 0 : i64, shift = 0 : i64, range = array<i64: 0, 127>} : (vector<2xi8>) -> vector<2xi8>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %gamma = builtin.unrealized_conversion_cast to !hls.memory<vector<4xi32>, 1>
    %beta = builtin.unrealized_conversion_cast to !hls.memory<vector<2xi64>, 1>
    // expected-error @+1 {{'hls.gdn_norm' op expected 'fabric' only with form 'rsqrt'}}
    %r = "hls.gdn_norm"(%in, %gamma, %beta) {shape = array<i64: 2, 4, 4>, fabric, form = "gdn1", norm_shift = 2 : i64, acc_range = array<i64: 100, 4000>, norm_range = array<i64: 25, 1000>, folding = #hls.folding<2, 2, 1, 1, 1>}
      : (!hls.stream<vector<2xi8>, 4>, !hls.memory<vector<4xi32>, 1>, !hls.memory<vector<2xi64>, 1>) -> vector<4xi32>
    %out = builtin.unrealized_conversion_cast to vector<2xi8>
    "hls.write"(%out) : (vector<2xi8>) -> ()
  }) {name = "p", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

// Ways that part and meet again.

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %p, %q = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    "hls.write"(%word) : (vector<2xi8>) -> ()
  }) {name = "split", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> (!hls.stream<vector<2xi8>, 4>, !hls.stream<vector<2xi8>, 4>)
  %y = "hls.process"(%p, %q) ({
  ^bb0(%l: !hls.stream<vector<2xi8>, 4>, %r: !hls.stream<vector<2xi8>, 4>):
    %a = "hls.read"(%l) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    %b = "hls.read"(%r) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    // expected-error @+1 {{'hls.join' op expected 2 multipliers, but got 1}}
    %c = "hls.join"(%a, %b) {multiplier = array<i64: 1>, shift = 0 : i64, range = array<i64: -128, 127>} : (vector<2xi8>, vector<2xi8>) -> vector<2xi8>
    "hls.write"(%c) : (vector<2xi8>) -> ()
  }) {name = "sum", layer = "a"} : (!hls.stream<vector<2xi8>, 4>, !hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %p, %q = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    "hls.write"(%word) : (vector<2xi8>) -> ()
  }) {name = "split", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> (!hls.stream<vector<2xi8>, 4>, !hls.stream<vector<2xi8>, 4>)
  %y = "hls.process"(%p, %q) ({
  ^bb0(%l: !hls.stream<vector<2xi8>, 4>, %r: !hls.stream<vector<2xi8>, 4>):
    %a = "hls.read"(%l) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    %b = "hls.read"(%r) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    // expected-error @+1 {{'hls.join' op expected 'shift' in [0, 62], but got '63'}}
    %c = "hls.join"(%a, %b) {multiplier = array<i64: 1, 1>, shift = 63 : i64, range = array<i64: -128, 127>} : (vector<2xi8>, vector<2xi8>) -> vector<2xi8>
    "hls.write"(%c) : (vector<2xi8>) -> ()
  }) {name = "sum", layer = "a"} : (!hls.stream<vector<2xi8>, 4>, !hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %p, %q = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    "hls.write"(%word) : (vector<2xi8>) -> ()
  }) {name = "split", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> (!hls.stream<vector<2xi8>, 4>, !hls.stream<vector<2xi8>, 4>)
  %y = "hls.process"(%p, %q) ({
  ^bb0(%l: !hls.stream<vector<2xi8>, 4>, %r: !hls.stream<vector<2xi8>, 4>):
    %a = "hls.read"(%l) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    %b = "hls.read"(%r) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    // expected-error @+1 {{'hls.join' op expected 'range' of 2 ascending integers}}
    %c = "hls.join"(%a, %b) {multiplier = array<i64: 1, 1>, shift = 0 : i64, range = array<i64: 0, 1, 2>} : (vector<2xi8>, vector<2xi8>) -> vector<2xi8>
    "hls.write"(%c) : (vector<2xi8>) -> ()
  }) {name = "sum", layer = "a"} : (!hls.stream<vector<2xi8>, 4>, !hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %p, %q = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    "hls.write"(%word) : (vector<2xi8>) -> ()
  }) {name = "split", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> (!hls.stream<vector<2xi8>, 4>, !hls.stream<vector<2xi8>, 4>)
  %y = "hls.process"(%p, %q) ({
  ^bb0(%l: !hls.stream<vector<2xi8>, 4>, %r: !hls.stream<vector<2xi8>, 4>):
    %a = "hls.read"(%l) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    %b = "hls.read"(%r) {shape = array<i64: 2, 2, 8>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    // expected-error @+1 {{'hls.join' op expected the words of two 'hls.read' of one shape}}
    %c = "hls.join"(%a, %b) {multiplier = array<i64: 1, 1>, shift = 0 : i64, range = array<i64: -128, 127>} : (vector<2xi8>, vector<2xi8>) -> vector<2xi8>
    "hls.write"(%c) : (vector<2xi8>) -> ()
  }) {name = "sum", layer = "a"} : (!hls.stream<vector<2xi8>, 4>, !hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %p, %q = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    "hls.write"(%word) : (vector<2xi8>) -> ()
  }) {name = "split", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> (!hls.stream<vector<2xi8>, 4>, !hls.stream<vector<2xi8>, 4>)
  %y = "hls.process"(%p, %q) ({
  ^bb0(%l: !hls.stream<vector<2xi8>, 4>, %r: !hls.stream<vector<2xi8>, 4>):
    %a = "hls.read"(%l) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    %b = "hls.read"(%r) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    // expected-error @+1 {{'hls.join' op expected result of 2 lanes, but got 1}}
    %c = "hls.join"(%a, %b) {multiplier = array<i64: 1, 1>, shift = 0 : i64, range = array<i64: -128, 127>} : (vector<2xi8>, vector<2xi8>) -> vector<1xi8>
    "hls.write"(%a) : (vector<2xi8>) -> ()
  }) {name = "sum", layer = "a"} : (!hls.stream<vector<2xi8>, 4>, !hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %p, %q = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    "hls.write"(%word) : (vector<2xi8>) -> ()
  }) {name = "split", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> (!hls.stream<vector<2xi8>, 4>, !hls.stream<vector<2xi8>, 4>)
  %y = "hls.process"(%p, %q) ({
  ^bb0(%l: !hls.stream<vector<2xi8>, 4>, %r: !hls.stream<vector<2xi8>, 4>):
    %a = "hls.read"(%l) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    %b = "hls.repack"(%r) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<1xi8>
    // expected-error @+1 {{'hls.join' op expected other word of 2 lanes, but got 1}}
    %c = "hls.join"(%a, %b) {multiplier = array<i64: 1, 1>, shift = 0 : i64, range = array<i64: -128, 127>} : (vector<2xi8>, vector<1xi8>) -> vector<2xi8>
    "hls.write"(%c) : (vector<2xi8>) -> ()
  }) {name = "sum", layer = "a"} : (!hls.stream<vector<2xi8>, 4>, !hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  %p, %q = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    "hls.write"(%word) : (vector<2xi8>) -> ()
  }) {name = "split", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> (!hls.stream<vector<2xi8>, 4>, !hls.stream<vector<2xi8>, 4>)
  // expected-error @+1 {{'hls.process' op expected a stream, or two and one 'hls.join', but got 2 and 0}}
  %y = "hls.process"(%p, %q) ({
  ^bb0(%l: !hls.stream<vector<2xi8>, 4>, %r: !hls.stream<vector<2xi8>, 4>):
    %a = "hls.read"(%l) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    %b = "hls.read"(%r) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    "hls.write"(%a) : (vector<2xi8>) -> ()
  }) {name = "sum", layer = "a"} : (!hls.stream<vector<2xi8>, 4>, !hls.stream<vector<2xi8>, 4>) -> !hls.stream<vector<2xi8>, 4>
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  // expected-error @+1 {{'hls.process' op expected stream with exactly one consumer, but got 0}}
  %y, %q = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    "hls.write"(%word) : (vector<2xi8>) -> ()
  }) {name = "split", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> (!hls.stream<vector<2xi8>, 4>, !hls.stream<vector<2xi8>, 4>)
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  // expected-error @+1 {{'hls.process' op expected 'hls.write' of 'vector<1xi8>', but got 'vector<2xi8>'}}
  %p, %q = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    "hls.write"(%word) : (vector<2xi8>) -> ()
  }) {name = "split", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> (!hls.stream<vector<2xi8>, 4>, !hls.stream<vector<1xi8>, 4>)
  "hls.port_out"(%q) {name = "z", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<1xi8>, 4>) -> ()
  "hls.port_out"(%p) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()

// -----

"hls.design"() ({
  %x = "hls.port_in"() {name = "x", role = "image", shape = array<i64: 2, 4, 4>} : () -> !hls.stream<vector<2xi8>, 4>
  // expected-error @+1 {{'hls.process' op expected 1 or 2 results, but got 3}}
  %p, %q, %y = "hls.process"(%x) ({
  ^bb0(%in: !hls.stream<vector<2xi8>, 4>):
    %word = "hls.read"(%in) {shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> vector<2xi8>
    "hls.write"(%word) : (vector<2xi8>) -> ()
  }) {name = "split", layer = "a"} : (!hls.stream<vector<2xi8>, 4>) -> (!hls.stream<vector<2xi8>, 4>, !hls.stream<vector<2xi8>, 4>, !hls.stream<vector<2xi8>, 4>)
  "hls.port_out"(%y) {name = "y", role = "latent", shape = array<i64: 2, 4, 4>} : (!hls.stream<vector<2xi8>, 4>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()
