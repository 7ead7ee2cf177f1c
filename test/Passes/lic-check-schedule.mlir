// RUN: licc-opt %S/lic-schedule.mlir --lic-fuse --lic-tile "--lic-schedule=fps=100000" -o %t
// RUN: licc-opt %t --lic-check-schedule | diff - %t
// RUN: sed -E 's/dsp = [0-9]+ : i64, ff/dsp = 1 : i64, ff/' %t > %t.dsp
// RUN: not licc-opt %t.dsp --lic-check-schedule 2>&1 | filecheck %s --check-prefix DSP
// RUN: sed -E 's/fifo_depths = array<i64: [0-9]+,/fifo_depths = array<i64: 2,/' %t > %t.fifo
// RUN: not licc-opt %t.fifo --lic-check-schedule 2>&1 | filecheck %s --check-prefix FIFO
// RUN: sed -E 's/bound = [0-9]+/bound = 99999/' %t > %t.bound
// RUN: not licc-opt %t.bound --lic-check-schedule 2>&1 | filecheck %s --check-prefix BOUND
// RUN: not licc-opt %s --lic-check-schedule 2>&1 | filecheck %s --check-prefix NONE

// What lic-schedule wrote holds, and nothing is changed. What is tampered with is refused: test_schedule.py does so for
// every number.

// DSP: error: 'lic.stage' op layer 'g_a.0': expected 'dsp' of {{[0-9]+}} for its folding, but got 1
// FIFO: error: 'lic.stage' op layer 'g_a.0': expected a FIFO of at least {{[0-9]+}} words in front of g_a_0_conv, but got 2
// BOUND: error: 'builtin.module' op 'encoder': expected 'bound' in [1, {{[0-9]+}}] in 'lic.schedule', but got 99999
// NONE: error: 'builtin.module' op requires attribute 'lic.clock_mhz'; run lic-schedule first

module attributes {lic.target = "zcu102"} {
}
