func.func private @f()
// -----

func.func @f() -> i32 {
  return
}
