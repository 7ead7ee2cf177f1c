// RUN: licc-opt %s --lic-raise-torch --split-input-file --verify-diagnostics

func.func @g_a(%x: !torch.vtensor<[1,4,2,2],f32>) -> !torch.vtensor<[1,4,2,2],f32> {
  // expected-error @+1 {{'torch.aten.sigmoid' op is an unsupported layer g_a.3; licc compiles convolutions, GDN,}}
  %y = torch.aten.sigmoid %x {layer = "g_a.3"} : !torch.vtensor<[1,4,2,2],f32> -> !torch.vtensor<[1,4,2,2],f32>
  return %y : !torch.vtensor<[1,4,2,2],f32>
}

// -----

// A product of an activation with itself is no GDN.
func.func @g_a(%x: !torch.vtensor<[1,4,2,2],f32>) -> !torch.vtensor<[1,4,2,2],f32> {
  // expected-error @+1 {{'torch.aten.mul.Tensor' op is an unsupported layer; licc compiles}}
  %y = torch.aten.mul.Tensor %x, %x : !torch.vtensor<[1,4,2,2],f32>, !torch.vtensor<[1,4,2,2],f32> -> !torch.vtensor<[1,4,2,2],f32>
  return %y : !torch.vtensor<[1,4,2,2],f32>
}

// -----

func.func @g_a(%x: !torch.vtensor<[1,1,2,2],f32>) -> !torch.vtensor<[1,1,2,2],f32> {
  %beta = torch.vtensor.literal(dense<0.000000e+00> : tensor<1xf32>) : !torch.vtensor<[1],f32>
  %gamma = torch.vtensor.literal(dense<1.000000e+00> : tensor<1x1x1x1xf32>) : !torch.vtensor<[1,1,1,1],f32>
  %zero = torch.constant.int 0
  %one = torch.constant.int 1
  %zeros = torch.prim.ListConstruct %zero, %zero : (!torch.int, !torch.int) -> !torch.list<int>
  %ones = torch.prim.ListConstruct %one, %one : (!torch.int, !torch.int) -> !torch.list<int>
  %power = torch.aten.abs %x : !torch.vtensor<[1,1,2,2],f32> -> !torch.vtensor<[1,1,2,2],f32>
  %norm = torch.aten.conv2d %power, %gamma, %beta, %ones, %zeros, %ones, %one : !torch.vtensor<[1,1,2,2],f32>, !torch.vtensor<[1,1,1,1],f32>, !torch.vtensor<[1],f32>, !torch.list<int>, !torch.list<int>, !torch.list<int>, !torch.int -> !torch.vtensor<[1,1,2,2],f32>
  // expected-error @+1 {{'torch.aten.div.Tensor' op g_a.1: expected positive beta, but got 0}}
  %y = torch.aten.div.Tensor %x, %norm {layer = "g_a.1"} : !torch.vtensor<[1,1,2,2],f32>, !torch.vtensor<[1,1,2,2],f32> -> !torch.vtensor<[1,1,2,2],f32>
  return %y : !torch.vtensor<[1,1,2,2],f32>
}

// -----

func.func @g_a(%x: !torch.vtensor<[1,1,2,2],f32>) -> !torch.vtensor<[1,1,2,2],f32> {
  %beta = torch.vtensor.literal(dense<1.000000e+00> : tensor<1xf32>) : !torch.vtensor<[1],f32>
  %gamma = torch.vtensor.literal(dense<-1.000000e+00> : tensor<1x1x1x1xf32>) : !torch.vtensor<[1,1,1,1],f32>
  %zero = torch.constant.int 0
  %one = torch.constant.int 1
  %zeros = torch.prim.ListConstruct %zero, %zero : (!torch.int, !torch.int) -> !torch.list<int>
  %ones = torch.prim.ListConstruct %one, %one : (!torch.int, !torch.int) -> !torch.list<int>
  %power = torch.aten.abs %x : !torch.vtensor<[1,1,2,2],f32> -> !torch.vtensor<[1,1,2,2],f32>
  %norm = torch.aten.conv2d %power, %gamma, %beta, %ones, %zeros, %ones, %one : !torch.vtensor<[1,1,2,2],f32>, !torch.vtensor<[1,1,1,1],f32>, !torch.vtensor<[1],f32>, !torch.list<int>, !torch.list<int>, !torch.list<int>, !torch.int -> !torch.vtensor<[1,1,2,2],f32>
  // expected-error @+1 {{'torch.aten.div.Tensor' op g_a.1: expected non-negative gamma, but got -1}}
  %y = torch.aten.div.Tensor %x, %norm {layer = "g_a.1"} : !torch.vtensor<[1,1,2,2],f32>, !torch.vtensor<[1,1,2,2],f32> -> !torch.vtensor<[1,1,2,2],f32>
  return %y : !torch.vtensor<[1,1,2,2],f32>
}

// -----

// Weights have to be constants.
func.func @g_a(%x: !torch.vtensor<[1,1,2,2],f32>) -> !torch.vtensor<[1,1,1,1],f32> {
  %none = torch.constant.none
  %zero = torch.constant.int 0
  %one = torch.constant.int 1
  %zeros = torch.prim.ListConstruct %zero, %zero : (!torch.int, !torch.int) -> !torch.list<int>
  %ones = torch.prim.ListConstruct %one, %one : (!torch.int, !torch.int) -> !torch.list<int>
  // expected-error @+1 {{'torch.aten.conv2d' op expected constant weights}}
  %y = torch.aten.conv2d %x, %x, %none, %ones, %zeros, %ones, %one : !torch.vtensor<[1,1,2,2],f32>, !torch.vtensor<[1,1,2,2],f32>, !torch.none, !torch.list<int>, !torch.list<int>, !torch.list<int>, !torch.int -> !torch.vtensor<[1,1,1,1],f32>
  return %y : !torch.vtensor<[1,1,1,1],f32>
}

// -----

// expected-error @+1 {{'func.func' op expected a '!torch.vtensor' of static shape and f32, but got '!torch.vtensor<[1,4,?,2],f32>'}}
func.func @g_a(%x: !torch.vtensor<[1,4,?,2],f32>) -> !torch.vtensor<[1,4,?,2],f32> {
  %y = torch.aten.relu %x : !torch.vtensor<[1,4,?,2],f32> -> !torch.vtensor<[1,4,?,2],f32>
  return %y : !torch.vtensor<[1,4,?,2],f32>
}

// -----

// expected-error @+1 {{'func.func' op expected one block and one argument}}
func.func @g_a(%x: !torch.vtensor<[1,4,2,2],f32>, %y: !torch.vtensor<[1,4,2,2],f32>) -> !torch.vtensor<[1,4,2,2],f32> {
  return %x : !torch.vtensor<[1,4,2,2],f32>
}

// -----

// A constant that differs from pixel to pixel cannot be added.
func.func @g_a(%x: !torch.vtensor<[1,2,2,2],f32>) -> !torch.vtensor<[1,2,2,2],f32> {
  %one = torch.constant.int 1
  %c = torch.vtensor.literal(dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>) : !torch.vtensor<[2,2],f32>
  // expected-error @+1 {{'torch.aten.add.Tensor' op expected a constant of one value a channel, but got (2, 2)}}
  %y = torch.aten.add.Tensor %x, %c, %one : !torch.vtensor<[1,2,2,2],f32>, !torch.vtensor<[2,2],f32>, !torch.int -> !torch.vtensor<[1,2,2,2],f32>
  return %y : !torch.vtensor<[1,2,2,2],f32>
}
