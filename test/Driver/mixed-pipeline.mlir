// One pipeline runs licc's passes and MLIR's in the order of its text.
// RUN: licc-opt %s --pass-pipeline='builtin.module(lic-raise-torch, func.func(cse))' --mlir-print-ir-after-all 2>&1 | filecheck %s
// RUN: licc-opt %s --lic-raise-torch --cse --mlir-print-ir-before=cse 2>&1 >/dev/null | filecheck %s --check-prefix=BEFORE
// RUN: licc-opt %s --cse --lic-raise-torch --mlir-print-ir-after=cse,lic-raise-torch 2>&1 >/dev/null | filecheck %s --check-prefix=SWAPPED

// CHECK: IR Dump After lic-raise-torch
// CHECK: "lic.relu"
// CHECK: "lic.relu"
// CHECK: IR Dump After cse
// CHECK: "lic.relu"
// CHECK: return
// CHECK: module
// CHECK: "lic.relu"

// BEFORE-NOT: IR Dump Before lic-raise-torch
// BEFORE: IR Dump Before cse
// BEFORE: "lic.relu"
// BEFORE: "lic.relu"

// SWAPPED: IR Dump After cse
// SWAPPED: torch.aten.relu
// SWAPPED: IR Dump After lic-raise-torch
// SWAPPED-NOT: torch.aten.relu
func.func @g_a(%x: !torch.vtensor<[1,4,2,2],f32>) -> !torch.vtensor<[1,4,2,2],f32> {
  %y = torch.aten.relu %x {layer = "g_a.0"} : !torch.vtensor<[1,4,2,2],f32> -> !torch.vtensor<[1,4,2,2],f32>
  %z = torch.aten.relu %y {layer = "g_a.1"} : !torch.vtensor<[1,4,2,2],f32> -> !torch.vtensor<[1,4,2,2],f32>
  return %z : !torch.vtensor<[1,4,2,2],f32>
}
