// RUN: licc-opt %s --split-input-file | filecheck %s
// RUN: licc-opt %s --split-input-file | licc-opt --split-input-file | filecheck %s

// What the printer writes is what was read: every op, float and typed, with every attribute.

// CHECK-LABEL: func.func @float(
// CHECK-SAME: %{{.*}}: tensor<1x2x4x4xf32> {lic.observed = #lic.observed<0.000000e+00 : f64, 1.000000e+00 : f64>, lic.role = "image"}
func.func @float(%x: tensor<1x2x4x4xf32> {lic.observed = #lic.observed<0.0, 1.0>, lic.role = "image"}) -> (tensor<1x1x4x4xf32> {lic.role = "symbols"}) {
  // CHECK-NEXT: "lic.constant"() {value = dense<5.000000e-01> : tensor<4x2x3x3xf32>} : () -> tensor<4x2x3x3xf32>
  %w = "lic.constant"() {value = dense<0.5> : tensor<4x2x3x3xf32>} : () -> tensor<4x2x3x3xf32>
  // CHECK-NEXT: "lic.constant"() {value = dense<[0.000000e+00, 1.000000e+00, 2.000000e+00, 3.000000e+00]> : tensor<4xf32>} : () -> tensor<4xf32>
  %b = "lic.constant"() {value = dense<[0.0, 1.0, 2.0, 3.0]> : tensor<4xf32>} : () -> tensor<4xf32>
  // CHECK-NEXT: "lic.conv2d"({{.*}}) {dilations = array<i64: 1, 1>, groups = 1 : i64, layer = "g_a.0", lic.observed = #lic.observed<-1.000000e+00 : f64, 1.000000e+00 : f64>, padding = array<i64: 1, 1>, strides = array<i64: 2, 2>} : (tensor<1x2x4x4xf32>, tensor<4x2x3x3xf32>, tensor<4xf32>) -> tensor<1x4x2x2xf32>
  %conv = "lic.conv2d"(%x, %w, %b) {layer = "g_a.0", strides = array<i64: 2, 2>, padding = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, lic.observed = #lic.observed<-1.0, 1.0>}
    : (tensor<1x2x4x4xf32>, tensor<4x2x3x3xf32>, tensor<4xf32>) -> tensor<1x4x2x2xf32>
  // CHECK-NEXT: "lic.constant"() {value = dense_resource<__elided__> : tensor<4x4xf32>} : () -> tensor<4x4xf32>
  %gamma = "lic.constant"() {value = dense_resource<__elided__> : tensor<4x4xf32>} : () -> tensor<4x4xf32>
  // CHECK-NEXT: "lic.gdn"({{.*}}) {form = "rsqrt", inverse = false, layer = "g_a.1"} : (tensor<1x4x2x2xf32>, tensor<4xf32>, tensor<4x4xf32>) -> tensor<1x4x2x2xf32>
  %gdn = "lic.gdn"(%conv, %b, %gamma) {layer = "g_a.1", form = "rsqrt", inverse = false} : (tensor<1x4x2x2xf32>, tensor<4xf32>, tensor<4x4xf32>) -> tensor<1x4x2x2xf32>
  // CHECK-NEXT: "lic.gdn"({{.*}}) {form = "gdn1", inverse = true, layer = "g_a.2"} : (tensor<1x4x2x2xf32>, tensor<4xf32>, tensor<4x4xf32>) -> tensor<1x4x2x2xf32>
  %gdn1 = "lic.gdn"(%gdn, %b, %gamma) {layer = "g_a.2", form = "gdn1", inverse = true} : (tensor<1x4x2x2xf32>, tensor<4xf32>, tensor<4x4xf32>) -> tensor<1x4x2x2xf32>
  // CHECK-NEXT: "lic.relu"({{.*}}) {layer = "g_a.3"} : (tensor<1x4x2x2xf32>) -> tensor<1x4x2x2xf32>
  %relu = "lic.relu"(%gdn1) {layer = "g_a.3"} : (tensor<1x4x2x2xf32>) -> tensor<1x4x2x2xf32>
  // CHECK-NEXT: "lic.leaky_relu"({{.*}}) {layer = "g_a.4", slope = 2.500000e-01 : f32} : (tensor<1x4x2x2xf32>) -> tensor<1x4x2x2xf32>
  %leaky = "lic.leaky_relu"(%relu) {layer = "g_a.4", slope = 0.25 : f32} : (tensor<1x4x2x2xf32>) -> tensor<1x4x2x2xf32>
  // CHECK-NEXT: "lic.abs"({{.*}}) {layer = "h_a.abs"} : (tensor<1x4x2x2xf32>) -> tensor<1x4x2x2xf32>
  %abs = "lic.abs"(%leaky) {layer = "h_a.abs"} : (tensor<1x4x2x2xf32>) -> tensor<1x4x2x2xf32>
  // CHECK-NEXT: "lic.add"({{.*}}) {layer = "h_s.medians"} : (tensor<1x4x2x2xf32>, tensor<1x4x2x2xf32>) -> tensor<1x4x2x2xf32>
  %sum = "lic.add"(%abs, %relu) {layer = "h_s.medians"} : (tensor<1x4x2x2xf32>, tensor<1x4x2x2xf32>) -> tensor<1x4x2x2xf32>
  // CHECK-NEXT: "lic.constant"() {value = dense<1.000000e+00> : tensor<1x4x1x1xf32>} : () -> tensor<1x4x1x1xf32>
  %medians = "lic.constant"() {value = dense<1.0> : tensor<1x4x1x1xf32>} : () -> tensor<1x4x1x1xf32>
  // CHECK-NEXT: "lic.add"({{.*}}) {layer = "h_s.medians"} : (tensor<1x4x2x2xf32>, tensor<1x4x1x1xf32>) -> tensor<1x4x2x2xf32>
  %moved = "lic.add"(%sum, %medians) {layer = "h_s.medians"} : (tensor<1x4x2x2xf32>, tensor<1x4x1x1xf32>) -> tensor<1x4x2x2xf32>
  // CHECK-NEXT: "lic.pixel_shuffle"({{.*}}) {factor = 2 : i64, layer = "g_s.0"} : (tensor<1x4x2x2xf32>) -> tensor<1x1x4x4xf32>
  %shuffled = "lic.pixel_shuffle"(%moved) {layer = "g_s.0", factor = 2 : i64} : (tensor<1x4x2x2xf32>) -> tensor<1x1x4x4xf32>
  // CHECK-NEXT: "lic.round_latent"({{.*}}) {layer = "g_a.round"} : (tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  %symbols = "lic.round_latent"(%shuffled) {layer = "g_a.round"} : (tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  return %symbols : tensor<1x1x4x4xf32>
}

// -----

// CHECK-LABEL: func.func @transposed(
func.func @transposed(%x: tensor<1x4x2x2xf32>, %w: tensor<4x1x5x5xf32>, %w2: tensor<2x4x5x5xf32>, %b: tensor<2xf32>) {
  // CHECK-NEXT: "lic.deconv2d"({{.*}}) {dilations = array<i64: 1, 1>, groups = 2 : i64, layer = "g_s.0", output_padding = array<i64: 1, 1>, padding = array<i64: 2, 2>, strides = array<i64: 2, 2>} : (tensor<1x4x2x2xf32>, tensor<4x1x5x5xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  %0 = "lic.deconv2d"(%x, %w, %b) {layer = "g_s.0", strides = array<i64: 2, 2>, padding = array<i64: 2, 2>, output_padding = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 2 : i64}
    : (tensor<1x4x2x2xf32>, tensor<4x1x5x5xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  // CHECK-NEXT: "lic.subpixel_conv2d"({{.*}}) {layer = "g_s.0", output_padding = array<i64: 1, 1>, padding = array<i64: 2, 2>, strides = array<i64: 2, 2>} : (tensor<1x4x2x2xf32>, tensor<2x4x5x5xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  %1 = "lic.subpixel_conv2d"(%x, %w2, %b) {layer = "g_s.0", strides = array<i64: 2, 2>, padding = array<i64: 2, 2>, output_padding = array<i64: 1, 1>}
    : (tensor<1x4x2x2xf32>, tensor<2x4x5x5xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  return
}

// -----

// The typed forms. The scales of an accumulator are the input's times the weights'.

!image = !quant.uniform<u8:f32, 0.5>
!weight = !quant.uniform<i8<-127:127>:f32:0, {0.5, 0.25}>
!bias = !quant.uniform<i32:f32:0, {0.25, 0.125}>
!acc = !quant.uniform<i32<-100000:100000>:f32:1, {0.25, 0.125}>
!x13 = !quant.uniform<i32<-4096:4095>:f32, 0.125>
!gamma = !quant.uniform<i32<0:131071>:f32, 0.001>
!act = !quant.uniform<i8:f32, 0.5>
!relu = !quant.uniform<i8<0:127>:f32, 0.5>
!latent = !quant.uniform<i16:f32, 0.0625>
!symbol = !quant.uniform<i16:f32, 1.0>

// CHECK-LABEL: func.func @typed(
// CHECK-SAME: %{{.*}}: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
func.func @typed(%image: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  // CHECK-NEXT: "lic.quantize"({{.*}}) : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4x!quant.uniform<u8:f32, 5.000000e-01>>
  %x = "lic.quantize"(%image) : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4x!image>
  // CHECK-NEXT: "lic.constant"() {value = dense<3> : tensor<2x2x1x1xi8>} : () -> tensor<2x2x1x1x!quant.uniform<i8<-127:127>:f32:0, {5.000000e-01,2.500000e-01}>>
  %w = "lic.constant"() {value = dense<3> : tensor<2x2x1x1xi8>} : () -> tensor<2x2x1x1x!weight>
  // CHECK-NEXT: "lic.constant"() {value = dense<[1, -2]> : tensor<2xi32>} : () -> tensor<2x!quant.uniform<i32:f32:0, {2.500000e-01,1.250000e-01}>>
  %b = "lic.constant"() {value = dense<[1, -2]> : tensor<2xi32>} : () -> tensor<2x!bias>
  // CHECK-NEXT: "lic.conv2d"({{.*}}) {dilations = array<i64: 1, 1>, groups = 1 : i64, layer = "g_a.0", padding = array<i64: 0, 0>, strides = array<i64: 1, 1>}
  // CHECK-SAME: -> tensor<1x2x4x4x!quant.uniform<i32<-100000:100000>:f32:1, {2.500000e-01,1.250000e-01}>>
  %acc = "lic.conv2d"(%x, %w, %b) {layer = "g_a.0", strides = array<i64: 1, 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x2x4x4x!image>, tensor<2x2x1x1x!weight>, tensor<2x!bias>) -> tensor<1x2x4x4x!acc>
  // CHECK-NEXT: "lic.requantize"({{.*}}) {multiplier = array<i64: 65536, 131071>, shift = array<i64: 17, 18>}
  // CHECK-SAME: -> tensor<1x2x4x4x!quant.uniform<i32<-4096:4095>:f32, 1.250000e-01>>
  %x13 = "lic.requantize"(%acc) {multiplier = array<i64: 65536, 131071>, shift = array<i64: 17, 18>} : (tensor<1x2x4x4x!acc>) -> tensor<1x2x4x4x!x13>
  // CHECK-NEXT: "lic.constant"() {value = dense<100> : tensor<2xi64>} : () -> tensor<2xi64>
  %beta = "lic.constant"() {value = dense<100> : tensor<2xi64>} : () -> tensor<2xi64>
  // CHECK-NEXT: "lic.constant"() {value = dense<7> : tensor<2x2xi32>} : () -> tensor<2x2x!quant.uniform<i32<0:131071>:f32, 1.000000e-03>>
  %gamma = "lic.constant"() {value = dense<7> : tensor<2x2xi32>} : () -> tensor<2x2x!gamma>
  // CHECK-NEXT: "lic.gdn"({{.*}}) {acc_range = array<i64: 100, 234881124>, form = "rsqrt", inverse = false, layer = "g_a.1", multiplier = array<i64: 65536>, norm = i32, norm_range = array<i64: 25, 58720281>, norm_shift = 2 : i64, shift = array<i64: 10>}
  // CHECK-SAME: -> tensor<1x2x4x4x!quant.uniform<i8:f32, 5.000000e-01>>
  %gdn = "lic.gdn"(%x13, %beta, %gamma) {layer = "g_a.1", form = "rsqrt", inverse = false, norm = i32, norm_shift = 2 : i64, acc_range = array<i64: 100, 234881124>, norm_range = array<i64: 25, 58720281>, multiplier = array<i64: 65536>, shift = array<i64: 10>}
    : (tensor<1x2x4x4x!x13>, tensor<2xi64>, tensor<2x2x!gamma>) -> tensor<1x2x4x4x!act>
  // CHECK-NEXT: "lic.leaky_relu"({{.*}}) {layer = "g_a.2", multiplier = 65536 : i64, shift = 22 : i64, slope = 1.562500e-02 : f32}
  %leaky = "lic.leaky_relu"(%gdn) {layer = "g_a.2", slope = 0.015625 : f32, multiplier = 65536 : i64, shift = 22 : i64} : (tensor<1x2x4x4x!act>) -> tensor<1x2x4x4x!act>
  // CHECK-NEXT: "lic.abs"({{.*}}) {layer = "h_a.abs"} : {{.*}} -> tensor<1x2x4x4x!quant.uniform<i8<0:127>:f32, 5.000000e-01>>
  %abs = "lic.abs"(%leaky) {layer = "h_a.abs"} : (tensor<1x2x4x4x!act>) -> tensor<1x2x4x4x!relu>
  // CHECK-NEXT: "lic.relu"({{.*}}) {layer = "g_a.3"}
  %relu = "lic.relu"(%abs) {layer = "g_a.3"} : (tensor<1x2x4x4x!relu>) -> tensor<1x2x4x4x!relu>
  // CHECK-NEXT: "lic.add"({{.*}}) {layer = "g_a.4", multiplier = array<i64: 65536, 131071>, shift = 13 : i64}
  // CHECK-SAME: -> tensor<1x2x4x4x!quant.uniform<i16:f32, 6.250000e-02>>
  %sum = "lic.add"(%relu, %gdn) {layer = "g_a.4", multiplier = array<i64: 65536, 131071>, shift = 13 : i64} : (tensor<1x2x4x4x!relu>, tensor<1x2x4x4x!act>) -> tensor<1x2x4x4x!latent>
  // CHECK-NEXT: "lic.round_latent"({{.*}}) {layer = "g_a.round"}
  // CHECK-SAME: -> tensor<1x2x4x4x!quant.uniform<i16:f32, 1.000000e+00>>
  %symbols = "lic.round_latent"(%sum) {layer = "g_a.round"} : (tensor<1x2x4x4x!latent>) -> tensor<1x2x4x4x!symbol>
  // CHECK-NEXT: "lic.dequantize"({{.*}}) : {{.*}} -> tensor<1x2x4x4xf32>
  %y = "lic.dequantize"(%symbols) : (tensor<1x2x4x4x!symbol>) -> tensor<1x2x4x4xf32>
  return %y : tensor<1x2x4x4xf32>
}

// -----

!act = !quant.uniform<i8:f32, 0.5>
!weight0 = !quant.uniform<i8<-127:127>:f32:0, {0.5, 0.25}>
!weight1 = !quant.uniform<i8<-127:127>:f32:1, {0.5, 0.25}>
!bias = !quant.uniform<i32:f32:0, {0.25, 0.125}>
!acc = !quant.uniform<i32<-100000:100000>:f32:1, {0.25, 0.125}>

// CHECK-LABEL: func.func @typed_transposed(
func.func @typed_transposed(%x: tensor<1x4x2x2x!act>, %w: tensor<4x2x5x5x!weight1>, %w2: tensor<2x4x5x5x!weight0>, %b: tensor<2x!bias>) {
  // CHECK-NEXT: "lic.deconv2d"
  // CHECK-SAME: tensor<4x2x5x5x!quant.uniform<i8<-127:127>:f32:1, {5.000000e-01,2.500000e-01}>>
  %0 = "lic.deconv2d"(%x, %w, %b) {layer = "g_s.0", strides = array<i64: 2, 2>, padding = array<i64: 2, 2>, output_padding = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x4x2x2x!act>, tensor<4x2x5x5x!weight1>, tensor<2x!bias>) -> tensor<1x2x4x4x!acc>
  // CHECK-NEXT: "lic.subpixel_conv2d"
  // CHECK-SAME: tensor<2x4x5x5x!quant.uniform<i8<-127:127>:f32:0, {5.000000e-01,2.500000e-01}>>
  %1 = "lic.subpixel_conv2d"(%x, %w2, %b) {layer = "g_s.0", strides = array<i64: 2, 2>, padding = array<i64: 2, 2>, output_padding = array<i64: 1, 1>}
    : (tensor<1x4x2x2x!act>, tensor<2x4x5x5x!weight0>, tensor<2x!bias>) -> tensor<1x2x4x4x!acc>
  return
}

// -----

!act = !quant.uniform<i8:f32, 0.5>

// CHECK-LABEL: func.func @pixel_shuffle(
func.func @pixel_shuffle(%x: tensor<1x4x2x2x!act>) -> tensor<1x1x4x4x!act> {
  // CHECK-NEXT: "lic.pixel_shuffle"({{.*}}) {factor = 2 : i64, layer = "g_s.0"} : (tensor<1x4x2x2x!quant.uniform<i8:f32, 5.000000e-01>>) -> tensor<1x1x4x4x!quant.uniform<i8:f32, 5.000000e-01>>
  %y = "lic.pixel_shuffle"(%x) {layer = "g_s.0", factor = 2 : i64} : (tensor<1x4x2x2x!act>) -> tensor<1x1x4x4x!act>
  return %y : tensor<1x1x4x4x!act>
}

// CHECK-LABEL: func.func @pixel_shuffle_of_accumulators(
func.func @pixel_shuffle_of_accumulators(%x: tensor<1x8x2x2x!quant.uniform<i32:f32:1, {0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25}>>) -> tensor<1x2x4x4x!quant.uniform<i32:f32:1, {0.5, 0.25}>> {
  // CHECK-NEXT: "lic.pixel_shuffle"({{.*}}) -> tensor<1x2x4x4x!quant.uniform<i32:f32:1, {5.000000e-01,2.500000e-01}>>
  %y = "lic.pixel_shuffle"(%x) {layer = "g_s.0", factor = 2 : i64} : (tensor<1x8x2x2x!quant.uniform<i32:f32:1, {0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25}>>) -> tensor<1x2x4x4x!quant.uniform<i32:f32:1, {0.5, 0.25}>>
  return %y : tensor<1x2x4x4x!quant.uniform<i32:f32:1, {0.5, 0.25}>>
}

// -----

// CHECK-LABEL: func.func @stage(
func.func @stage(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  // CHECK-NEXT: "lic.stage"(%{{.*}}) ({
  // CHECK-NEXT: ^bb0(%[[IN:.*]]: tensor<1x2x4x4xf32>):
  // CHECK-NEXT: %[[OUT:.*]] = "lic.relu"(%[[IN]])
  // CHECK-NEXT: "lic.yield"(%[[OUT]]) : (tensor<1x2x4x4xf32>) -> ()
  // CHECK-NEXT: }) {bram18 = 3 : i64, cycles = 1000 : i64, drain = 4 : i64, dsp = 64 : i64, fabric = ["drain", "root"], ff = 2000 : i64, fifo_depths = array<i64: 16, 16, 32, 16>, folding = #lic.folding<8 : i64, 4 : i64, 1 : i64, 5 : i64, 3 : i64>, gdn_folding = #lic.folding<8 : i64, 8 : i64, 1 : i64, 1 : i64, 1 : i64>, gdn_roots = 2 : i64, intake = 2 : i64, layer = "g_a.0", lut = 1500 : i64, packing = "pair", problem = "x", tile = #lic.tile<1280 : i64, 7 : i64>, uram = 1 : i64} : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %y = "lic.stage"(%x) ({
  ^bb0(%in: tensor<1x2x4x4xf32>):
    %out = "lic.relu"(%in) {layer = "g_a.0"} : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
    "lic.yield"(%out) : (tensor<1x2x4x4xf32>) -> ()
  }) {layer = "g_a.0", tile = #lic.tile<1280, 7>, intake = 2 : i64, folding = #lic.folding<8, 4, 1, 5, 3>, drain = 4 : i64, gdn_folding = #lic.folding<8, 8, 1, 1, 1>, gdn_roots = 2 : i64, packing = "pair", fabric = ["drain", "root"], fifo_depths = array<i64: 16, 16, 32, 16>, cycles = 1000 : i64, dsp = 64 : i64, bram18 = 3 : i64, lut = 1500 : i64, ff = 2000 : i64, uram = 1 : i64, problem = "x"}
    : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  return %y : tensor<1x2x4x4xf32>
}

// -----

// Stages that part and meet again; one without ops.

// CHECK-LABEL: func.func @graph(
// CHECK-NEXT: %[[X:.*]] = "lic.stage"(%{{.*}}) ({
// CHECK-NEXT: ^bb0(%[[IN:.*]]: tensor<1x2x4x4xf32>):
// CHECK-NEXT:   "lic.yield"(%[[IN]])
// CHECK: "lic.stage"(%[[X]], %[[X]]) ({
// CHECK-NEXT: ^bb0(%[[A:.*]]: tensor<1x2x4x4xf32>, %[[B:.*]]: tensor<1x2x4x4xf32>):
// CHECK-NEXT:   "lic.add"(%[[A]], %[[B]])
func.func @graph(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %0 = "lic.stage"(%x) ({
  ^bb0(%in: tensor<1x2x4x4xf32>):
    "lic.yield"(%in) : (tensor<1x2x4x4xf32>) -> ()
  }) {layer = "g_a.input"} : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %1 = "lic.stage"(%0, %0) ({
  ^bb0(%a: tensor<1x2x4x4xf32>, %b: tensor<1x2x4x4xf32>):
    %2 = "lic.add"(%a, %b) {layer = "g_a.0"} : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
    "lic.yield"(%2) : (tensor<1x2x4x4xf32>) -> ()
  }) {layer = "g_a.0", fifo_depths = array<i64: 16, 32>} : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  return %1 : tensor<1x2x4x4xf32>
}

// -----

// A bias for each phase.

// CHECK-LABEL: func.func @phases(
// CHECK-NEXT: "lic.subpixel_conv2d"{{.*}} : (tensor<1x1x2x2xf32>, tensor<3x1x2x2xf32>, tensor<12xf32>) -> tensor<1x3x4x4xf32>
func.func @phases(%x: tensor<1x1x2x2xf32>, %w: tensor<3x1x2x2xf32>, %b: tensor<12xf32>) -> tensor<1x3x4x4xf32> {
  %0 = "lic.subpixel_conv2d"(%x, %w, %b) {layer = "a", strides = array<i64: 2, 2>, padding = array<i64: 0, 0>, output_padding = array<i64: 0, 0>} : (tensor<1x1x2x2xf32>, tensor<3x1x2x2xf32>, tensor<12xf32>) -> tensor<1x3x4x4xf32>
  return %0 : tensor<1x3x4x4xf32>
}
