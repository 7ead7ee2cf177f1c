// REQUIRES: torch-mlir-opt
// RUN: cat %root/dialects/lic/lic.irdl.mlir %root/dialects/hls/hls.irdl.mlir > %t.irdl.mlir

// The IR of both dialects goes through an mlir-opt that knows the IRDL files only, and comes back as it was. IRDL has
// no terminators, so the verifier is off here; licc-opt's runs on what comes back.
// RUN: %torch-mlir-opt %S/lic/round-trip.mlir --irdl-file=%t.irdl.mlir --mlir-very-unsafe-disable-verifier-on-parsing --split-input-file \
// RUN:   | licc-opt --split-input-file | filecheck %S/lic/round-trip.mlir
// RUN: %torch-mlir-opt %S/hls/round-trip.mlir --irdl-file=%t.irdl.mlir --mlir-very-unsafe-disable-verifier-on-parsing --split-input-file \
// RUN:   | licc-opt --split-input-file | filecheck %S/hls/round-trip.mlir

// With the terminators named after a dialect that nobody knows, the IRDL files verify everything else.
// RUN: sed 's/"lic.yield"/"end.yield"/' %S/lic/round-trip.mlir \
// RUN:   | %torch-mlir-opt --irdl-file=%t.irdl.mlir --allow-unregistered-dialect --split-input-file -o %t.lic
// RUN: sed 's/"hls.write"/"end.write"/; s/"hls.end"/"end.end"/' %S/hls/round-trip.mlir \
// RUN:   | %torch-mlir-opt --irdl-file=%t.irdl.mlir --allow-unregistered-dialect --split-input-file -o %t.hls

// Where there are no regions, they verify the IR as it is.
// RUN: %torch-mlir-opt %s --irdl-file=%t.irdl.mlir --split-input-file --verify-diagnostics

func.func @holds(%x: tensor<1x2x4x4xf32> {lic.observed = #lic.observed<0.0, 1.0>}, %s: !hls.stream<vector<8xi8>, 16 : i64>) {
  %a = "lic.constant"() {value = dense_resource<__elided__> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
  %b = "lic.constant"() {value = dense<1> : tensor<2xi32>} : () -> tensor<2x!quant.uniform<i32:f32, 0.5>>
  // Attributes that may be absent, and foreign ones.
  %0 = "lic.leaky_relu"(%x) {layer = "a", slope = 0.5 : f32} : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %1 = "lic.leaky_relu"(%x) {layer = "a", slope = 0.5 : f32, multiplier = 1 : i64, shift = 1 : i64, lic.observed = #lic.observed<0.0, 1.0>, more} : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %2 = "lic.gdn"(%x, %a, %a) {layer = "a", form = "gdn1", inverse = true} : (tensor<1x2x4x4xf32>, tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<1x2x4x4xf32>
  return
}

// -----

func.func @operands(%x: tensor<1x2x4x4xf32>) {
  // expected-error @+1 {{op expects exactly 3 operands, but got 1}}
  %0 = "lic.gdn"(%x) {layer = "a", form = "gdn1", inverse = true} : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  return
}

// -----

func.func @tensor(%x: i32) {
  // expected-error @+1 {{expected base type 'builtin.tensor' but got 'builtin.integer'}}
  %0 = "lic.relu"(%x) {layer = "a"} : (i32) -> i32
  return
}

// -----

func.func @attribute(%x: tensor<1x2x4x4xf32>) {
  // expected-error @+1 {{attribute "layer" is expected but not provided}}
  %0 = "lic.relu"(%x) : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  return
}

// -----

// expected-error @+1 {{expected base attribute 'builtin.type' but got 'builtin.integer'}}
func.func private @stream(!hls.stream<8, 16>)
