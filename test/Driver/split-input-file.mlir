// RUN: licc-opt %s --split-input-file | filecheck %s
// Without the flag it is one module, in which @f is defined twice.
// RUN: not licc-opt %s 2>&1 | filecheck %s --check-prefix=WHOLE
// Lines are those of the file.
// RUN: not licc-opt %S/Inputs/second-is-bad.mlir --split-input-file 2>&1 | filecheck %s --check-prefix=SECOND

// CHECK: func.func private @f()
// CHECK: // -----
// CHECK: func.func private @f(i32)
// CHECK-NOT: // -----
// WHOLE: split-input-file.mlir:[[LINE:[0-9]+]]:1: error: redefinition of symbol named 'f'
// SECOND: second-is-bad.mlir:5:3: error: 'func.return' op has 0 operands, but enclosing function (@f) returns 1
func.func private @f()

// -----

func.func private @f(i32)
