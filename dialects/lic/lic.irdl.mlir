// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Written by `python -m licc.dialects.irdl` from dialects/lic/ops.py.
module {
  irdl.dialect @lic {
    irdl.attribute @observed {
      %0 = irdl.base "#builtin.float"
      %1 = irdl.base "#builtin.float"
      irdl.parameters(min: %0, max: %1)
    }
    irdl.attribute @tile {
      %0 = irdl.base "#builtin.integer"
      %1 = irdl.base "#builtin.integer"
      irdl.parameters(stripe: %0, rows: %1)
    }
    irdl.attribute @folding {
      %0 = irdl.base "#builtin.integer"
      %1 = irdl.base "#builtin.integer"
      %2 = irdl.base "#builtin.integer"
      %3 = irdl.base "#builtin.integer"
      %4 = irdl.base "#builtin.integer"
      irdl.parameters(oc: %0, ic: %1, kh: %2, kw: %3, px: %4)
    }
    irdl.operation @constant {
      %0 = irdl.any
      irdl.attributes {"value" = %0}
      %1 = irdl.base "!builtin.tensor"
      irdl.results(output: %1)
    }
    irdl.operation @conv2d {
      %0 = irdl.base "!builtin.tensor"
      %1 = irdl.base "!builtin.tensor"
      %2 = irdl.base "!builtin.tensor"
      irdl.operands(input: %0, weight: %1, bias: %2)
      %3 = irdl.base "#builtin.string"
      %4 = irdl.any
      %5 = irdl.any
      %6 = irdl.any
      %7 = irdl.base "#builtin.integer"
      irdl.attributes {"layer" = %3, "strides" = %4, "padding" = %5, "dilations" = %6, "groups" = %7}
      %8 = irdl.base "!builtin.tensor"
      irdl.results(output: %8)
    }
    irdl.operation @deconv2d {
      %0 = irdl.base "!builtin.tensor"
      %1 = irdl.base "!builtin.tensor"
      %2 = irdl.base "!builtin.tensor"
      irdl.operands(input: %0, weight: %1, bias: %2)
      %3 = irdl.base "#builtin.string"
      %4 = irdl.any
      %5 = irdl.any
      %6 = irdl.any
      %7 = irdl.any
      %8 = irdl.base "#builtin.integer"
      irdl.attributes {"layer" = %3, "strides" = %4, "padding" = %5, "output_padding" = %6, "dilations" = %7, "groups" = %8}
      %9 = irdl.base "!builtin.tensor"
      irdl.results(output: %9)
    }
    irdl.operation @subpixel_conv2d {
      %0 = irdl.base "!builtin.tensor"
      %1 = irdl.base "!builtin.tensor"
      %2 = irdl.base "!builtin.tensor"
      irdl.operands(input: %0, weight: %1, bias: %2)
      %3 = irdl.base "#builtin.string"
      %4 = irdl.any
      %5 = irdl.any
      %6 = irdl.any
      irdl.attributes {"layer" = %3, "strides" = %4, "padding" = %5, "output_padding" = %6}
      %7 = irdl.base "!builtin.tensor"
      irdl.results(output: %7)
    }
    irdl.operation @gdn {
      %0 = irdl.base "!builtin.tensor"
      %1 = irdl.base "!builtin.tensor"
      %2 = irdl.base "!builtin.tensor"
      irdl.operands(input: %0, beta: %1, gamma: %2)
      %3 = irdl.base "#builtin.string"
      %4 = irdl.base "#builtin.string"
      %5 = irdl.any
      irdl.attributes {"layer" = %3, "form" = %4, "inverse" = %5}
      %6 = irdl.base "!builtin.tensor"
      irdl.results(output: %6)
    }
    irdl.operation @relu {
      %0 = irdl.base "!builtin.tensor"
      irdl.operands(input: %0)
      %1 = irdl.base "#builtin.string"
      irdl.attributes {"layer" = %1}
      %2 = irdl.base "!builtin.tensor"
      irdl.results(output: %2)
    }
    irdl.operation @leaky_relu {
      %0 = irdl.base "!builtin.tensor"
      irdl.operands(input: %0)
      %1 = irdl.base "#builtin.string"
      %2 = irdl.base "#builtin.float"
      irdl.attributes {"layer" = %1, "slope" = %2}
      %3 = irdl.base "!builtin.tensor"
      irdl.results(output: %3)
    }
    irdl.operation @abs {
      %0 = irdl.base "!builtin.tensor"
      irdl.operands(input: %0)
      %1 = irdl.base "#builtin.string"
      irdl.attributes {"layer" = %1}
      %2 = irdl.base "!builtin.tensor"
      irdl.results(output: %2)
    }
    irdl.operation @add {
      %0 = irdl.base "!builtin.tensor"
      %1 = irdl.base "!builtin.tensor"
      irdl.operands(lhs: %0, rhs: %1)
      %2 = irdl.base "#builtin.string"
      irdl.attributes {"layer" = %2}
      %3 = irdl.base "!builtin.tensor"
      irdl.results(output: %3)
    }
    irdl.operation @pixel_shuffle {
      %0 = irdl.base "!builtin.tensor"
      irdl.operands(input: %0)
      %1 = irdl.base "#builtin.string"
      %2 = irdl.base "#builtin.integer"
      irdl.attributes {"layer" = %1, "factor" = %2}
      %3 = irdl.base "!builtin.tensor"
      irdl.results(output: %3)
    }
    irdl.operation @quantize {
      %0 = irdl.base "!builtin.tensor"
      irdl.operands(input: %0)
      %1 = irdl.base "!builtin.tensor"
      irdl.results(output: %1)
    }
    irdl.operation @dequantize {
      %0 = irdl.base "!builtin.tensor"
      irdl.operands(input: %0)
      %1 = irdl.base "!builtin.tensor"
      irdl.results(output: %1)
    }
    irdl.operation @requantize {
      %0 = irdl.base "!builtin.tensor"
      irdl.operands(input: %0)
      %1 = irdl.any
      %2 = irdl.any
      irdl.attributes {"multiplier" = %1, "shift" = %2}
      %3 = irdl.base "!builtin.tensor"
      irdl.results(output: %3)
    }
    irdl.operation @round_latent {
      %0 = irdl.base "!builtin.tensor"
      irdl.operands(input: %0)
      %1 = irdl.base "#builtin.string"
      irdl.attributes {"layer" = %1}
      %2 = irdl.base "!builtin.tensor"
      irdl.results(output: %2)
    }
    irdl.operation @stage {
      %0 = irdl.base "!builtin.tensor"
      %1 = irdl.base "!builtin.tensor"
      irdl.operands(input: %0, other: optional %1)
      %2 = irdl.base "#builtin.string"
      irdl.attributes {"layer" = %2}
      %3 = irdl.base "!builtin.tensor"
      irdl.results(output: %3)
      %4 = irdl.region
      irdl.regions(body: %4)
    }
    irdl.operation @yield {
      %0 = irdl.base "!builtin.tensor"
      irdl.operands(value: %0)
    }
  }
}
