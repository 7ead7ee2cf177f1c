// Every way to say where a diagnostic is expected.
// RUN: licc-opt %s --split-input-file --verify-diagnostics

func.func @f() -> i32 {
  return // expected-error {{'func.return' op has 0 operands, but}}
}

// -----

func.func @f() -> i32 {
  // expected-error@+1 {{has 0 operands}}
  return
}

// -----

func.func @f() -> i32 {
  return
  // expected-error@-1 {{has 0 operands}}
}

// -----

func.func @f() -> i32 {
  // expected-error-re @below {{'func.{{[a-z]+}}' op has {{[0-9]}} operands, but enclosing function (@f)}}
  return
}

// -----

func.func @f() -> i32 {
  return
  // expected-error@above {{has 0 operands}}
}

// -----

// A note is expected by itself.
// expected-note@below {{prior use here}}
func.func @f(%x: i32) -> i64 {
  // expected-error@below {{use of value '%x' expects different type than prior uses}}
  return %x : i64
}
