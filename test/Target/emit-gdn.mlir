// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %python -m licc.target.emit %s | filecheck %s

// CHECK:      // g_a.1: the norm of GDN beside its input, 4x2x3: max(1, rshr(beta + sum of gamma * p, 11)),
// CHECK-NEXT: // p = x^2. 2 outputs x 2 inputs = 4 MACs a cycle, 4 cycles a pixel, 24 a frame.
// CHECK-NEXT: void g_a_1_norm(
// CHECK:        static licc::UInt<17> gamma[4][4];
// CHECK:        static licc::Int<48> beta[2][2];
// A pixel comes in one word of four channels, spread over the steps of the one before; p is taken once.
// CHECK:            if (licc::spread<1, STEPS>(due) && pixel + 1 < total) {
// CHECK:                powers[1 - half][fill + lane] = licc::square(value);
// CHECK:              licc::multiply_add_norm<2, 2>(gamma[step], power, sums);
// CHECK:      // g_a.1: 8x2x3 from words of 4 channels to words of 2.
// CHECK-NEXT: void g_a_1_repack(hls::stream<licc::Pack<std::int32_t, 4>>& input,
// CHECK-NEXT:                   hls::stream<licc::Pack<std::int32_t, 2>>& output, int frames) {
// CHECK:      // g_a.1: every value of 4x2x3 by itself.
// CHECK-NEXT: void g_a_1_root(
// CHECK:        static const licc::UInt<17> table[256] = {
// CHECK-NEXT:       65408, 65155,
// CHECK:            licc::scale_by_root(value,
// CHECK-NEXT:         licc::root_sqrt<false>(licc::positive(norm), table),

"hls.design"() ({
  %0 = "hls.port_in"() {name = "g_a_input", role = "latent", shape = array<i64: 4, 2, 3>} : () -> !hls.stream<vector<4xi16>, 16 : i64>
  %1 = "hls.process"(%0) ({
    ^bb0(%in: !hls.stream<vector<4xi16>, 16 : i64>):
      %g = "hls.ram"() {name = "gamma", init = dense<"0x9C0C0000FDB601009F87010075010000CF1B010099080000C5060000B3000000B605000073030000490100001300000005000000531100007B0000001B000000"> : tensor<4x4xi32>} : () -> !hls.memory<vector<4xi32>, 4 : i64>
      %b = "hls.ram"() {name = "beta", init = dense<"0x1306000000000000F80A000000000000330F000000000000680A000000000000"> : tensor<2x2xi64>} : () -> !hls.memory<vector<2xi64>, 2 : i64>
      %p = "hls.gdn_norm"(%in, %g, %b) {shape = array<i64: 4, 2, 3>, form = "rsqrt", norm_shift = 11 : i64, acc_range = array<i64: 1, 3195472449536>, norm_range = array<i64: 1, 1560289282>, folding = #hls.folding<2 : i64, 2 : i64, 1 : i64, 1 : i64, 1 : i64>} : (!hls.stream<vector<4xi16>, 16 : i64>, !hls.memory<vector<4xi32>, 4 : i64>, !hls.memory<vector<2xi64>, 2 : i64>) -> vector<4xi32>
      "hls.write"(%p) : (vector<4xi32>) -> ()
    }) {name = "g_a_1_norm", layer = "g_a.1"} : (!hls.stream<vector<4xi16>, 16 : i64>) -> !hls.stream<vector<4xi32>, 16 : i64>
  %2 = "hls.process"(%1) ({
    ^bb0(%in: !hls.stream<vector<4xi32>, 16 : i64>):
      %p = "hls.repack"(%in) {shape = array<i64: 8, 2, 3>} : (!hls.stream<vector<4xi32>, 16 : i64>) -> vector<2xi32>
      "hls.write"(%p) : (vector<2xi32>) -> ()
    }) {name = "g_a_1_repack", layer = "g_a.1"} : (!hls.stream<vector<4xi32>, 16 : i64>) -> !hls.stream<vector<2xi32>, 16 : i64>
  %3 = "hls.process"(%2) ({
    ^bb0(%in: !hls.stream<vector<2xi32>, 16 : i64>):
      %t = "hls.rom"() {name = "table", init = dense<"0x80FF000083FE000089FD000092FC00009EFB0000ACFA0000BDF90000D0F80000E7F7000000F700001BF6000039F5000059F400007BF30000A0F20000C7F10000F1F000001DF000004AEF00007AEE0000ADED0000E1EC000017EC00004FEB000089EA0000C5E9000003E9000043E8000085E70000C9E600000EE6000055E500009EE40000E8E3000035E3000082E20000D2E1000023E1000076E00000CADF000020DF000077DE0000D0DD00002ADD000085DC0000E3DB000041DB0000A1DA000002DA000065D90000C9D800002ED8000094D70000FCD6000065D60000CFD500003BD50000A7D4000015D4000084D30000F4D2000066D20000D8D100004CD10000C0D0000036D00000ADCF000025CF00009ECE000018CE000093CD00000ECD00008BCC000009CC000088CB000008CB000089CA00000ACA00008DC9000011C9000095C800001AC80000A0C7000028C70000AFC6000038C60000C2C500004CC50000D7C4000063C40000F0C300007EC300000CC300009BC200002BC20000BCC100004DC10000E0C0000072C0000006C000009ABF00002FBF0000C5BE00005BBE0000F3BD00008ABD000023BD0000BCBC000056BC0000F0BB00008BBB000027BB0000C3BA000060BA0000FDB900009CB900003AB90000DAB8000079B800001AB80000BBB700005DB70000FFB60000A2B6000045B60000E9B500008DB5000032B50000ABB40000F8B3000047B3000098B20000EBB1000040B1000097B00000F0AF00004BAF0000A7AE000006AE000066AD0000C8AC00002BAC000090AB0000F7AA00005FAA0000C9A9000034A90000A1A8000010A800007FA70000F1A6000063A60000D8A500004DA50000C4A400003CA40000B6A3000030A30000ACA200002AA20000A8A1000028A10000A9A000002BA00000AE9F0000329F0000B79E00003E9E0000C69D00004E9D0000D89C0000639C0000EF9B00007B9B0000099B0000989A0000289A0000B89900004A990000DD98000070980000049800009A97000030970000C79600005E960000F7950000919500002B950000C694000062940000FF9300009C9300003A930000D99200007992000019920000BB9100005D910000FF900000A390000047900000EB8F0000918F0000378F0000DD8E0000858E00002D8E0000D58D00007E8D0000288D0000D38C00007E8C00002A8C0000D68B0000838B0000308B0000DE8A00008D8A00003C8A0000EB8900009C8900004C890000FE880000AF8800006288000015880000C88700007C87000030870000E58600009A8600005086000006860000BD850000748500002C850000E48400009D840000568400000F840000C9830000848300003F830000FA820000B5820000718200002E820000EB810000A88100006681000024810000E2800000A18000006080000020800000"> : tensor<256x1xi32>} : () -> !hls.memory<vector<1xi32>, 256 : i64>
      %m = "hls.ram"() {name = "multiplier", init = dense<"0x1ED701003EB0010039B4010090630100"> : tensor<4x1xi32>} : () -> !hls.memory<vector<1xi32>, 4 : i64>
      %s = "hls.ram"() {name = "shift", init = dense<"0x0A08090A"> : tensor<4x1xi8>} : () -> !hls.memory<vector<1xi8>, 4 : i64>
      %pair = "hls.read"(%in) {shape = array<i64: 8, 2, 3>} : (!hls.stream<vector<2xi32>, 16 : i64>) -> vector<2xi32>
      %y = "hls.gdn_root"(%pair, %t, %m, %s) {form = "rsqrt", inverse = false, range = array<i64: -128, 127>} : (vector<2xi32>, !hls.memory<vector<1xi32>, 256 : i64>, !hls.memory<vector<1xi32>, 4 : i64>, !hls.memory<vector<1xi8>, 4 : i64>) -> vector<1xi8>
      "hls.write"(%y) : (vector<1xi8>) -> ()
    }) {name = "g_a_1_root", layer = "g_a.1"} : (!hls.stream<vector<2xi32>, 16 : i64>) -> !hls.stream<vector<1xi8>, 16 : i64>
  "hls.port_out"(%3) {name = "g_a_output", role = "latent", shape = array<i64: 4, 2, 3>} : (!hls.stream<vector<1xi8>, 16 : i64>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()
