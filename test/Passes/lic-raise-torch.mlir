// RUN: licc-opt %s --lic-raise-torch --split-input-file | filecheck %s

// A convolution and a GDN as torch.export writes them: the re-parametrisation max(p, bound)^2 - pedestal is
// folded, here to beta = max(2, 1)^2 - 1 = 3 and gamma = max([3, 0], 1)^2 - 1 = [8, 0].
// The roles stay, and so do the module's attributes.

// CHECK: module attributes {lic.architecture = "bls2017", lic.input = array<i64: 3, 4>, lic.padded = array<i64: 4, 4>} {
// CHECK-NEXT: func.func @g_a(%[[X:.*]]: tensor<1x1x4x4xf32> {lic.role = "image"}) -> (tensor<1x2x2x2xf32> {lic.role = "latent"}) {
// CHECK-NEXT: %[[W:.*]] = "lic.constant"() {value = dense<5.000000e-01> : tensor<2x1x3x3xf32>} : () -> tensor<2x1x3x3xf32>
// CHECK-NEXT: %[[B:.*]] = "lic.constant"() {value = dense<0.000000e+00> : tensor<2xf32>} : () -> tensor<2xf32>
// CHECK-NEXT: %[[C:.*]] = "lic.conv2d"(%[[X]], %[[W]], %[[B]]) {dilations = array<i64: 1, 1>, groups = 1 : i64, layer = "g_a.0", padding = array<i64: 1, 1>, strides = array<i64: 2, 2>}
// CHECK-SAME: -> tensor<1x2x2x2xf32>
// CHECK-NEXT: %[[BETA:.*]] = "lic.constant"() {value = dense<3.000000e+00> : tensor<2xf32>}
// CHECK-NEXT: %[[GAMMA:.*]] = "lic.constant"() {value = dense<{{\[}}[8.000000e+00, 0.000000e+00], [0.000000e+00, 8.000000e+00]]> : tensor<2x2xf32>}
// CHECK-NEXT: %[[G:.*]] = "lic.gdn"(%[[C]], %[[BETA]], %[[GAMMA]]) {form = "rsqrt", inverse = false, layer = "g_a.1"}
// CHECK-NEXT: return %[[G]] : tensor<1x2x2x2xf32>
module attributes {lic.architecture = "bls2017", lic.input = array<i64: 3, 4>, lic.padded = array<i64: 4, 4>} {
  func.func @g_a(%x: !torch.vtensor<[1,1,4,4],f32> {lic.role = "image"}) -> (!torch.vtensor<[1,2,2,2],f32> {lic.role = "latent"}) {
    %w = torch.vtensor.literal(dense<5.000000e-01> : tensor<2x1x3x3xf32>) : !torch.vtensor<[2,1,3,3],f32>
    %none = torch.constant.none
    %zero = torch.constant.int 0
    %one = torch.constant.int 1
    %two = torch.constant.int 2
    %zeros = torch.prim.ListConstruct %zero, %zero : (!torch.int, !torch.int) -> !torch.list<int>
    %ones = torch.prim.ListConstruct %one, %one : (!torch.int, !torch.int) -> !torch.list<int>
    %twos = torch.prim.ListConstruct %two, %two : (!torch.int, !torch.int) -> !torch.list<int>
    %c = torch.aten.conv2d %x, %w, %none, %twos, %ones, %ones, %one {layer = "g_a.0"} : !torch.vtensor<[1,1,4,4],f32>, !torch.vtensor<[2,1,3,3],f32>, !torch.none, !torch.list<int>, !torch.list<int>, !torch.list<int>, !torch.int -> !torch.vtensor<[1,2,2,2],f32>
    %bound = torch.vtensor.literal(dense<1.000000e+00> : tensor<1xf32>) : !torch.vtensor<[1],f32>
    %p0 = torch.vtensor.literal(dense<2.000000e+00> : tensor<2xf32>) : !torch.vtensor<[2],f32>
    %p1 = torch.aten.max.other %p0, %bound : !torch.vtensor<[2],f32>, !torch.vtensor<[1],f32> -> !torch.vtensor<[2],f32>
    %p2 = torch.aten.pow.Tensor_Scalar %p1, %two : !torch.vtensor<[2],f32>, !torch.int -> !torch.vtensor<[2],f32>
    %beta = torch.aten.sub.Tensor %p2, %bound, %one : !torch.vtensor<[2],f32>, !torch.vtensor<[1],f32>, !torch.int -> !torch.vtensor<[2],f32>
    %q0 = torch.vtensor.literal(dense<[[3.0, -4.0], [0.5, 3.0]]> : tensor<2x2xf32>) : !torch.vtensor<[2,2],f32>
    %q1 = torch.aten.maximum %q0, %bound : !torch.vtensor<[2,2],f32>, !torch.vtensor<[1],f32> -> !torch.vtensor<[2,2],f32>
    %q2 = torch.aten.pow.Tensor_Scalar %q1, %two : !torch.vtensor<[2,2],f32>, !torch.int -> !torch.vtensor<[2,2],f32>
    %q3 = torch.aten.sub.Tensor %q2, %bound, %one : !torch.vtensor<[2,2],f32>, !torch.vtensor<[1],f32>, !torch.int -> !torch.vtensor<[2,2],f32>
    %shape = torch.prim.ListConstruct %two, %two, %one, %one : (!torch.int, !torch.int, !torch.int, !torch.int) -> !torch.list<int>
    %gamma = torch.aten.view %q3, %shape : !torch.vtensor<[2,2],f32>, !torch.list<int> -> !torch.vtensor<[2,2,1,1],f32>
    %power = torch.aten.pow.Tensor_Scalar %c, %two : !torch.vtensor<[1,2,2,2],f32>, !torch.int -> !torch.vtensor<[1,2,2,2],f32>
    %norm = torch.aten.conv2d %power, %gamma, %beta, %ones, %zeros, %ones, %one : !torch.vtensor<[1,2,2,2],f32>, !torch.vtensor<[2,2,1,1],f32>, !torch.vtensor<[2],f32>, !torch.list<int>, !torch.list<int>, !torch.list<int>, !torch.int -> !torch.vtensor<[1,2,2,2],f32>
    %root = torch.aten.rsqrt %norm : !torch.vtensor<[1,2,2,2],f32> -> !torch.vtensor<[1,2,2,2],f32>
    %y = torch.aten.mul.Tensor %c, %root {layer = "g_a.1"} : !torch.vtensor<[1,2,2,2],f32>, !torch.vtensor<[1,2,2,2],f32> -> !torch.vtensor<[1,2,2,2],f32>
    return %y : !torch.vtensor<[1,2,2,2],f32>
  }
}

// -----

// An inverse GDN1 over the general convolution op, transposed; the layer comes from the location.

// CHECK-LABEL: func.func @g_s
// CHECK: "lic.deconv2d"
// CHECK-SAME: groups = 1 : i64, layer = "g_s.0", output_padding = array<i64: 1, 1>, padding = array<i64: 1, 1>, strides = array<i64: 2, 2>
// CHECK-SAME: (tensor<1x2x2x2xf32>, tensor<2x1x3x3xf32>, tensor<1xf32>) -> tensor<1x1x4x4xf32>
// CHECK: "lic.gdn"
// CHECK-SAME: {form = "gdn1", inverse = true, layer = "g_s.1"}
func.func @g_s(%x: !torch.vtensor<[1,2,2,2],f32> {lic.role = "symbols"}) -> (!torch.vtensor<[1,1,4,4],f32> {lic.role = "image"}) {
  %w = torch.vtensor.literal(dense<5.000000e-01> : tensor<2x1x3x3xf32>) : !torch.vtensor<[2,1,3,3],f32>
  %b = torch.vtensor.literal(dense<1.000000e+00> : tensor<1xf32>) : !torch.vtensor<[1],f32>
  %g = torch.vtensor.literal(dense<1.000000e+00> : tensor<1x1x1x1xf32>) : !torch.vtensor<[1,1,1,1],f32>
  %zero = torch.constant.int 0
  %one = torch.constant.int 1
  %two = torch.constant.int 2
  %true = torch.constant.bool true
  %false = torch.constant.bool false
  %empty = torch.prim.ListConstruct : () -> !torch.list<int>
  %zeros = torch.prim.ListConstruct %zero, %zero : (!torch.int, !torch.int) -> !torch.list<int>
  %ones = torch.prim.ListConstruct %one, %one : (!torch.int, !torch.int) -> !torch.list<int>
  %twos = torch.prim.ListConstruct %two, %two : (!torch.int, !torch.int) -> !torch.list<int>
  %c = torch.aten.convolution %x, %w, %b, %twos, %ones, %ones, %true, %ones, %one : !torch.vtensor<[1,2,2,2],f32>, !torch.vtensor<[2,1,3,3],f32>, !torch.vtensor<[1],f32>, !torch.list<int>, !torch.list<int>, !torch.list<int>, !torch.bool, !torch.list<int>, !torch.int -> !torch.vtensor<[1,1,4,4],f32> loc("g_s.0")
  %power = torch.aten.abs %c : !torch.vtensor<[1,1,4,4],f32> -> !torch.vtensor<[1,1,4,4],f32>
  %norm = torch.aten.convolution %power, %g, %b, %ones, %zeros, %ones, %false, %empty, %one : !torch.vtensor<[1,1,4,4],f32>, !torch.vtensor<[1,1,1,1],f32>, !torch.vtensor<[1],f32>, !torch.list<int>, !torch.list<int>, !torch.list<int>, !torch.bool, !torch.list<int>, !torch.int -> !torch.vtensor<[1,1,4,4],f32>
  %y = torch.aten.mul.Tensor %norm, %c : !torch.vtensor<[1,1,4,4],f32>, !torch.vtensor<[1,1,4,4],f32> -> !torch.vtensor<[1,1,4,4],f32> loc("g_s.1")
  return %y : !torch.vtensor<[1,1,4,4],f32>
}

// -----

// Elementwise layers; a layer without a path is named after its function and its place.

// CHECK-LABEL: func.func @h_a(
// CHECK-SAME: %[[X:.*]]: tensor<1x4x2x2xf32>)
// CHECK-NEXT: %[[A:.*]] = "lic.abs"(%[[X]]) {layer = "h_a.0"}
// CHECK-NEXT: %[[R:.*]] = "lic.relu"(%[[A]]) {layer = "h_a.1"}
// CHECK-NEXT: %[[L:.*]] = "lic.leaky_relu"(%[[R]]) {layer = "h_a.2", slope = 0.00999999977 : f32}
// CHECK-NEXT: %[[V:.*]] = "lic.constant"() {value = dense<{{.*}}-1.000000e+00{{.*}}> : tensor<1x4x1x1xf32>}
// CHECK-NEXT: %[[S:.*]] = "lic.add"(%[[L]], %[[V]]) {layer = "h_a.3"}
// CHECK-NEXT: %[[D:.*]] = "lic.add"(%[[S]], %[[X]]) {layer = "h_a.4"}
// CHECK-NEXT: %[[P:.*]] = "lic.pixel_shuffle"(%[[D]]) {factor = 2 : i64, layer = "h_a.5"} : (tensor<1x4x2x2xf32>) -> tensor<1x1x4x4xf32>
// CHECK-NEXT: %[[Z:.*]] = "lic.round_latent"(%[[P]]) {layer = "h_a.6"}
// CHECK-NEXT: return %[[Z]]
func.func @h_a(%x: !torch.vtensor<[1,4,2,2],f32>) -> !torch.vtensor<[1,1,4,4],f32> {
  %one = torch.constant.int 1
  %two = torch.constant.int 2
  %slope = torch.constant.float 1.000000e-02
  %medians = torch.vtensor.literal(dense<[[[1.0]], [[2.0]], [[3.0]], [[4.0]]]> : tensor<4x1x1xf32>) : !torch.vtensor<[4,1,1],f32>
  %a = torch.aten.abs %x : !torch.vtensor<[1,4,2,2],f32> -> !torch.vtensor<[1,4,2,2],f32>
  %r = torch.aten.relu %a : !torch.vtensor<[1,4,2,2],f32> -> !torch.vtensor<[1,4,2,2],f32>
  %l = torch.aten.leaky_relu %r, %slope : !torch.vtensor<[1,4,2,2],f32>, !torch.float -> !torch.vtensor<[1,4,2,2],f32>
  %s = torch.aten.sub.Tensor %l, %medians, %one : !torch.vtensor<[1,4,2,2],f32>, !torch.vtensor<[4,1,1],f32>, !torch.int -> !torch.vtensor<[1,4,2,2],f32>
  %d = torch.aten.add.Tensor %s, %x, %one : !torch.vtensor<[1,4,2,2],f32>, !torch.vtensor<[1,4,2,2],f32>, !torch.int -> !torch.vtensor<[1,4,2,2],f32>
  %p = torch.aten.pixel_shuffle %d, %two : !torch.vtensor<[1,4,2,2],f32>, !torch.int -> !torch.vtensor<[1,1,4,4],f32>
  %z = torch.aten.round %p : !torch.vtensor<[1,1,4,4],f32> -> !torch.vtensor<[1,1,4,4],f32>
  return %z : !torch.vtensor<[1,1,4,4],f32>
}

// -----

// A module that is called twice, as the activation of a residual block, is two layers.

// CHECK-LABEL: func.func @g_s
// CHECK-NEXT: %[[A:.*]] = "lic.relu"({{.*}}) {layer = "g_s.0.relu"}
// CHECK-NEXT: %[[B:.*]] = "lic.relu"(%[[A]]) {layer = "g_s.0.relu_2"}
// CHECK-NEXT: "lic.add"(%[[B]], %{{.*}}) {layer = "g_s.0"}
func.func @g_s(%x: !torch.vtensor<[1,4,2,2],f32>) -> !torch.vtensor<[1,4,2,2],f32> {
  %one = torch.constant.int 1
  %a = torch.aten.relu %x {layer = "g_s.0.relu"} : !torch.vtensor<[1,4,2,2],f32> -> !torch.vtensor<[1,4,2,2],f32>
  %b = torch.aten.relu %a {layer = "g_s.0.relu"} : !torch.vtensor<[1,4,2,2],f32> -> !torch.vtensor<[1,4,2,2],f32>
  %s = torch.aten.add.Tensor %b, %x, %one {layer = "g_s.0"} : !torch.vtensor<[1,4,2,2],f32>, !torch.vtensor<[1,4,2,2],f32>, !torch.int -> !torch.vtensor<[1,4,2,2],f32>
  return %s : !torch.vtensor<[1,4,2,2],f32>
}

// -----

// What is in lic already is left alone.

// CHECK-LABEL: func.func @g_a
// CHECK-NEXT: "lic.relu"
func.func @g_a(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %y = "lic.relu"(%x) {layer = "g_a.0"} : (tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}
