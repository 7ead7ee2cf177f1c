// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %python -m licc.target.board %s | filecheck %s
// RUN: %python -m licc.target.board --vitis %s | filecheck %s --check-prefix=VITIS
// RUN: %python -m licc.target.emit --csim %s | filecheck %s --check-prefix=CSIM

// What the host has to know of a kernel, of one with stripes and parameters and of one without either, and what Vitis
// is told: who shares a bitstream comes from the schedule, banks and platform from the device.

// CHECK:        "version": 1,
// CHECK-NEXT:   "device": "zcu102",
// CHECK-NEXT:   "clock_mhz": 250,
// CHECK:        "file": "encoder.xclbin",
// CHECK-NEXT:   "functions": [
// CHECK-NEXT:    "g_a",
// CHECK-NEXT:    "h_a"
// CHECK:        "function": "g_a",
// CHECK-NEXT:   "kernel": "encoder",
// CHECK-NEXT:   "unit": "encoder_1",
// CHECK-NEXT:   "input": {
// CHECK-NEXT:    "argument": 0,
// CHECK-NEXT:    "name": "g_a_input",
// CHECK-NEXT:    "height": 2,
// CHECK-NEXT:    "width": 6,
// CHECK-NEXT:    "channels": 2,
// CHECK-NEXT:    "bytes": 1,
// CHECK-NEXT:    "signed": false
// CHECK:         "name": "g_a_output",
// CHECK:         "bytes": 2,
// CHECK-NEXT:    "signed": true
// CHECK:        "frames": {
// CHECK-NEXT:    "argument": 4
// CHECK:        "stripes": {
// CHECK-NEXT:    "input_width": 10,
// CHECK-NEXT:    "output_width": 10,
// CHECK-NEXT:    "input_offsets": [
// CHECK-NEXT:     0,
// CHECK-NEXT:     4
// CHECK:         "crop": [
// CHECK-NEXT:     0,
// CHECK-NEXT:     5
// CHECK:        "parameters": {
// CHECK-NEXT:    "argument": 2,
// CHECK-NEXT:    "load": 3,
// CHECK-NEXT:    "file": "weights/g_a.bin",
// CHECK-NEXT:    "bytes": 8,
// CHECK-NEXT:    "crc32": "f9187764",
// CHECK-NEXT:    "sha256": "f9815db16d8d228cca743c75d4cb4ddffd3a6d7cd6518658c9d3bd0e4fe27c82"
// CHECK:        "kernel": "hyper_encoder",
// CHECK:        "frames": {
// CHECK-NEXT:    "argument": 2
// CHECK:        "stripes": null,
// CHECK-NEXT:   "parameters": null

// VITIS:       === vitis/link_encoder.cfg
// VITIS-NEXT:  # encoder.xclbin: g_a, h_a on zcu102. Written by licc.
// VITIS-NEXT:  # Not run here
// VITIS:       platform=xilinx_zcu102_base_202310_1
// VITIS:       [connectivity]
// VITIS-NEXT:  nk=encoder:1:encoder_1
// VITIS-NEXT:  nk=hyper_encoder:1:hyper_encoder_1
// VITIS-NEXT:  sp=encoder_1.g_a_input:HP0
// VITIS-NEXT:  sp=encoder_1.g_a_output:HP1
// VITIS-NEXT:  sp=hyper_encoder_1.h_a_input:HP2
// VITIS-NEXT:  sp=hyper_encoder_1.h_a_output:HP3
// VITIS-NEXT:  sp=encoder_1.parameters:HPC0
// VITIS:       [clock]
// VITIS-NEXT:  freqHz=250000000:encoder_1.ap_clk
// VITIS-NEXT:  freqHz=250000000:hyper_encoder_1.ap_clk
// VITIS:       === vitis/Makefile
// VITIS:       # Not run here
// VITIS:       encoder.xo: $(HLS)/g_a.cpp $(HLS)/hls_config_g_a.cfg
// VITIS:       encoder.xclbin: link_encoder.cfg encoder.xo hyper_encoder.xo | platform
// VITIS-NEXT:  	$(VPP) --link --target $(TARGET) --platform $(PLATFORM) --config $< -o $@ $(filter %.xo,$^)
// VITIS:       === vitis/README.md
// VITIS:       **Not run here.**
// VITIS:       `parameters` on HPC0

// CSIM:        const char* licc_csim_sources() { return "{{[0-9a-f]+}}"; }
// CSIM:        void licc_csim_g_a(const licc::Beat* input, licc::Beat* output, const licc::Beat* parameters,
// CSIM:        encoder(input, output, parameters, load, frames);
// CSIM-NEXT:   load = false;
// CSIM:        void licc_csim_h_a(const licc::Beat* input, licc::Beat* output, const licc::Beat* /*parameters*/,
// CSIM:        hyper_encoder(input, output, frames);

module attributes {lic.schedule = {encoder = {transforms = ["g_a", "h_a"], cycles = 1 : i64}}} {
  "hls.design"() ({
    %0 = "hls.port_in"() {name = "g_a_input", role = "image", shape = array<i64: 2, 2, 6>} : () -> !hls.stream<vector<2xui8>, 16 : i64>
    %1 = "hls.process"(%0) ({
    ^bb0(%in: !hls.stream<vector<2xui8>, 16 : i64>):
      %c = "hls.ram"() {name = "constant", init = dense<3> : tensor<1x2xi32>} : () -> !hls.memory<vector<2xi32>, 1 : i64>
      %x = "hls.read"(%in) {shape = array<i64: 2, 2, 6>} : (!hls.stream<vector<2xui8>, 16 : i64>) -> vector<2xui8>
      %y = "hls.add"(%x, %c) {multiplier = array<i64: 65536, 65536>, shift = 16 : i64, range = array<i64: -1024, 1023>} : (vector<2xui8>, !hls.memory<vector<2xi32>, 1 : i64>) -> vector<2xi16>
      "hls.write"(%y) : (vector<2xi16>) -> ()
    }) {name = "g_a_0_add", layer = "g_a.0"} : (!hls.stream<vector<2xui8>, 16 : i64>) -> !hls.stream<vector<2xi16>, 16 : i64>
    "hls.port_out"(%1) {name = "g_a_output", role = "latent", shape = array<i64: 2, 2, 6>} : (!hls.stream<vector<2xi16>, 16 : i64>) -> ()
    "hls.end"() : () -> ()
  }) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 250 : i64, stripes = {count = 2 : i64, input_width = 10 : i64, output_width = 10 : i64, input_offsets = array<i64: 0, 4>, output_offsets = array<i64: 0, 4>, crop = array<i64: 0, 5>}} : () -> ()
  "hls.design"() ({
    %0 = "hls.port_in"() {name = "h_a_input", role = "latent", shape = array<i64: 2, 2, 3>} : () -> !hls.stream<vector<2xi16>, 16 : i64>
    %1 = "hls.process"(%0) ({
    ^bb0(%in: !hls.stream<vector<2xi16>, 16 : i64>):
      %x = "hls.read"(%in) {shape = array<i64: 2, 2, 3>} : (!hls.stream<vector<2xi16>, 16 : i64>) -> vector<2xi16>
      %y = "hls.activation"(%x) {kind = "leaky_relu", range = array<i64: -32768, 32767>, multiplier = 65536 : i64, shift = 20 : i64} : (vector<2xi16>) -> vector<2xi16>
      "hls.write"(%y) : (vector<2xi16>) -> ()
    }) {name = "h_a_0_leaky", layer = "h_a.0"} : (!hls.stream<vector<2xi16>, 16 : i64>) -> !hls.stream<vector<2xi16>, 16 : i64>
    "hls.port_out"(%1) {name = "h_a_output", role = "symbols", shape = array<i64: 2, 2, 3>} : (!hls.stream<vector<2xi16>, 16 : i64>) -> ()
    "hls.end"() : () -> ()
  }) {name = "h_a", top = "hyper_encoder", device = "zcu102", clock_mhz = 250 : i64} : () -> ()
}
