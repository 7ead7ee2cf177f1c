// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Written by `python -m licc.dialects.irdl` from dialects/hls/ops.py.
module {
  irdl.dialect @hls {
    irdl.type @stream {
      %0 = irdl.base "#builtin.type"
      %1 = irdl.base "#builtin.integer"
      irdl.parameters(word: %0, depth: %1)
    }
    irdl.type @memory {
      %0 = irdl.base "#builtin.type"
      %1 = irdl.base "#builtin.integer"
      irdl.parameters(word: %0, words: %1)
    }
    irdl.attribute @folding {
      %0 = irdl.base "#builtin.integer"
      %1 = irdl.base "#builtin.integer"
      %2 = irdl.base "#builtin.integer"
      %3 = irdl.base "#builtin.integer"
      %4 = irdl.base "#builtin.integer"
      irdl.parameters(oc: %0, ic: %1, kh: %2, kw: %3, px: %4)
    }
    irdl.operation @design {
      %0 = irdl.base "#builtin.string"
      %1 = irdl.base "#builtin.string"
      %2 = irdl.base "#builtin.string"
      %3 = irdl.base "#builtin.integer"
      irdl.attributes {"name" = %0, "top" = %1, "device" = %2, "clock_mhz" = %3}
      %4 = irdl.region
      irdl.regions(body: %4)
    }
    irdl.operation @end
    irdl.operation @port_in {
      %0 = irdl.base "#builtin.string"
      %1 = irdl.base "#builtin.string"
      %2 = irdl.any
      irdl.attributes {"name" = %0, "role" = %1, "shape" = %2}
      %3 = irdl.any
      irdl.results(stream: %3)
    }
    irdl.operation @port_out {
      %0 = irdl.any
      irdl.operands(stream: %0)
      %1 = irdl.base "#builtin.string"
      %2 = irdl.base "#builtin.string"
      %3 = irdl.any
      irdl.attributes {"name" = %1, "role" = %2, "shape" = %3}
    }
    irdl.operation @process {
      %0 = irdl.any
      %1 = irdl.any
      irdl.operands(input: %0, other: optional %1)
      %2 = irdl.base "#builtin.string"
      %3 = irdl.base "#builtin.string"
      irdl.attributes {"name" = %2, "layer" = %3}
      %4 = irdl.any
      %5 = irdl.any
      irdl.results(output: %4, second: optional %5)
      %6 = irdl.region
      irdl.regions(body: %6)
    }
    irdl.operation @write {
      %0 = irdl.any
      irdl.operands(word: %0)
    }
    irdl.operation @ram {
      %0 = irdl.base "#builtin.string"
      %1 = irdl.any
      irdl.attributes {"name" = %0, "init" = %1}
      %2 = irdl.any
      irdl.results(memory: %2)
    }
    irdl.operation @rom {
      %0 = irdl.base "#builtin.string"
      %1 = irdl.any
      irdl.attributes {"name" = %0, "init" = %1}
      %2 = irdl.any
      irdl.results(memory: %2)
    }
    irdl.operation @read {
      %0 = irdl.any
      irdl.operands(stream: %0)
      %1 = irdl.any
      irdl.attributes {"shape" = %1}
      %2 = irdl.any
      irdl.results(word: %2)
    }
    irdl.operation @repack {
      %0 = irdl.any
      irdl.operands(stream: %0)
      %1 = irdl.any
      irdl.attributes {"shape" = %1}
      %2 = irdl.any
      irdl.results(word: %2)
    }
    irdl.operation @window_buffer {
      %0 = irdl.any
      irdl.operands(stream: %0)
      %1 = irdl.any
      %2 = irdl.any
      %3 = irdl.base "#builtin.integer"
      %4 = irdl.base "#builtin.integer"
      %5 = irdl.any
      %6 = irdl.any
      %7 = irdl.base "#builtin.integer"
      %8 = irdl.any
      %9 = irdl.any
      irdl.attributes {"input" = %1, "output" = %2, "stride" = %3, "upsample" = %4, "row_taps" = %5, "column_taps" = %6, "rows" = %7, "banks" = %8, "folding" = %9}
      %10 = irdl.any
      irdl.results(window: %10)
    }
    irdl.operation @drain {
      %0 = irdl.any
      irdl.operands(stream: %0)
      %1 = irdl.any
      %2 = irdl.base "#builtin.integer"
      %3 = irdl.any
      irdl.attributes {"shape" = %1, "upsample" = %2, "folding" = %3}
      %4 = irdl.any
      irdl.results(word: %4)
    }
    irdl.operation @gdn_norm {
      %0 = irdl.any
      %1 = irdl.any
      %2 = irdl.any
      irdl.operands(stream: %0, gamma: %1, beta: %2)
      %3 = irdl.any
      %4 = irdl.base "#builtin.string"
      %5 = irdl.base "#builtin.integer"
      %6 = irdl.any
      %7 = irdl.any
      %8 = irdl.any
      irdl.attributes {"shape" = %3, "form" = %4, "norm_shift" = %5, "acc_range" = %6, "norm_range" = %7, "folding" = %8}
      %9 = irdl.any
      irdl.results(pair: %9)
    }
    irdl.operation @mac_array {
      %0 = irdl.any
      %1 = irdl.any
      %2 = irdl.any
      irdl.operands(window: %0, weights: %1, bias: %2)
      %3 = irdl.any
      %4 = irdl.any
      %5 = irdl.base "#builtin.string"
      %6 = irdl.any
      %7 = irdl.any
      %8 = irdl.any
      %9 = irdl.any
      irdl.attributes {"channels" = %3, "steps" = %4, "packing" = %5, "activation_range" = %6, "weight_range" = %7, "acc_range" = %8, "folding" = %9}
      %10 = irdl.any
      irdl.results(sums: %10)
    }
    irdl.operation @requantizer {
      %0 = irdl.any
      %1 = irdl.any
      %2 = irdl.any
      irdl.operands(input: %0, multiplier: %1, shift: %2)
      %3 = irdl.any
      irdl.attributes {"range" = %3}
      %4 = irdl.any
      irdl.results(output: %4)
    }
    irdl.operation @activation {
      %0 = irdl.any
      irdl.operands(input: %0)
      %1 = irdl.base "#builtin.string"
      %2 = irdl.any
      %3 = irdl.base "#builtin.integer"
      %4 = irdl.base "#builtin.integer"
      irdl.attributes {"kind" = %1, "range" = %2, "multiplier" = %3, "shift" = %4}
      %5 = irdl.any
      irdl.results(output: %5)
    }
    irdl.operation @add {
      %0 = irdl.any
      %1 = irdl.any
      irdl.operands(input: %0, constant: %1)
      %2 = irdl.any
      %3 = irdl.base "#builtin.integer"
      %4 = irdl.any
      irdl.attributes {"multiplier" = %2, "shift" = %3, "range" = %4}
      %5 = irdl.any
      irdl.results(output: %5)
    }
    irdl.operation @join {
      %0 = irdl.any
      %1 = irdl.any
      irdl.operands(input: %0, other: %1)
      %2 = irdl.any
      %3 = irdl.base "#builtin.integer"
      %4 = irdl.any
      irdl.attributes {"multiplier" = %2, "shift" = %3, "range" = %4}
      %5 = irdl.any
      irdl.results(output: %5)
    }
    irdl.operation @round {
      %0 = irdl.any
      irdl.operands(input: %0)
      %1 = irdl.base "#builtin.integer"
      %2 = irdl.any
      irdl.attributes {"shift" = %1, "range" = %2}
      %3 = irdl.any
      irdl.results(output: %3)
    }
    irdl.operation @gdn_root {
      %0 = irdl.any
      %1 = irdl.any
      %2 = irdl.any
      %3 = irdl.any
      irdl.operands(pair: %0, table: %1, multiplier: %2, shift: %3)
      %4 = irdl.base "#builtin.string"
      %5 = irdl.any
      %6 = irdl.any
      irdl.attributes {"form" = %4, "inverse" = %5, "range" = %6}
      %7 = irdl.any
      irdl.results(output: %7)
    }
  }
}
