// What is not as expected is told, and fails.
// RUN: not licc-opt %s --verify-diagnostics 2>&1 | filecheck %s

// CHECK-DAG: verify-diagnostics-fails.mlir:11:3: error: unexpected error: 'func.return' op has 0 operands
// CHECK-DAG: verify-diagnostics-fails.mlir:9:{{.*}} expected error "has 7 operands" was not produced
// CHECK-DAG: verify-diagnostics-fails.mlir:10:{{.*}} expected warning "has 0 operands" was not produced
// CHECK-DAG: verify-diagnostics-fails.mlir:12:{{.*}} expected error "has 0 operands" was not produced
func.func @f() -> i32 {
  // expected-error@+2 {{has 7 operands}}
  // expected-warning@+1 {{has 0 operands}}
  return
  // expected-error@below {{has 0 operands}}
}
