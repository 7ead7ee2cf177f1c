// Passes of MLIR run by flag and by pipeline text, nested in an op or not.
// RUN: licc-opt %s --cse | filecheck %s --check-prefix=CSE
// RUN: licc-opt %s --pass-pipeline='builtin.module(func.func(cse, canonicalize{max-iterations=3}), symbol-dce)' | filecheck %s --check-prefix=ALL
// RUN: licc-opt %s --elide-constants=2 | filecheck %s --check-prefix=ELIDED
// RUN: licc-opt %s --elide-constants | filecheck %s --check-prefix=KEPT
// RUN: licc-opt < %s --mlir-print-op-generic | filecheck %s --check-prefix=GENERIC
// RUN: licc-opt %s --mlir-print-debuginfo | filecheck %s --check-prefix=DEBUG

// CSE: func.func private @unused
// CSE: "lic.relu"
// CSE-NOT: "lic.relu"
// ALL-NOT: @unused
// ALL: "lic.constant"
// ALL: "lic.relu"
// ALL-NOT: "lic.relu"
// ELIDED: dense_resource<__elided__> : tensor<4xf32>
// KEPT: dense<[1.000000e+00, 2.000000e+00, 3.000000e+00, 4.000000e+00]>
// GENERIC: "func.func"() <{
// DEBUG: loc("{{.*}}pipeline.mlir":[[LINE:[0-9]+]]:
func.func private @unused()

func.func @f(%x: tensor<1x2x4x4xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>, tensor<4xf32>) {
  %c = "lic.constant"() {value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
  %y = "lic.relu"(%x) {layer = "g_a.0"} : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %z = "lic.relu"(%x) {layer = "g_a.0"} : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  return %y, %z, %c : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>, tensor<4xf32>
}
