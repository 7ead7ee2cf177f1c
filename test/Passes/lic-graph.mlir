// RUN: licc-opt %s --lic-fuse --lic-tile | filecheck %s --check-prefix TILE
// RUN: licc-opt %s --lic-fuse --lic-tile=stripes=2 | filecheck %s --check-prefix TWO
// RUN: licc-opt %s --lic-fuse --lic-tile --lic-pose | filecheck %s --check-prefix POSE
// RUN: licc-opt %s --lic-fuse --lic-tile "--lic-schedule=fps=100000" -o %t
// RUN: licc-opt %t --lic-check-schedule | diff - %t
// RUN: filecheck %s --check-prefix PLAN --input-file %t
// RUN: sed -E 's/array<i64: ([0-9]+), [0-9]+>(, folding = #lic.folding<[^>]*>, intake = 1 : i64, layer = "g_a.1")/array<i64: \1, 40>\2/' %t > %t.short
// RUN: not licc-opt %t.short --lic-check-schedule 2>&1 | filecheck %s --check-prefix SHORT
// RUN: licc-opt %t --lic-to-hls | filecheck %s --check-prefix HLS

// A residual block of one channel: the image is read by two, by a convolution and by the sum with what that gives.

// TILE-COUNT-3: "lic.stage"
// TILE-NOT: "lic.stage"
// TILE: return

// Two stripes of 20 of the 32 columns, of all stages; the tap on the right makes column 19 of the first one wrong.
// TWO: lic.stripes = {count = 2 : i64, crop = array<i64: 0, 16>, input_offsets = array<i64: 0, [[AT:[0-9]+]]>, input_width = 32 : i64, output_offsets = array<i64: 0, [[AT]]>, output_width = 32 : i64}
// TWO: "lic.add"{{.*}} -> tensor<1x1x8x[[WIDE:[0-9]+]]x

// POSE: processes = [{{.*}}kind = "elementwise"{{.*}}name = "g_a_input_copy"
// POSE: processes = [{{.*}}name = "g_a_0_conv"{{.*}}name = "g_a_0_drain"
// POSE: processes = [{{.*}}kind = "elementwise"{{.*}}name = "g_a_1_add"{{.*}}units = ["join", "relu"]

// A row and a half of 32 pixels, and what is on its way, wait for the convolution.
// PLAN: fifo_depths = array<i64: {{[0-9]+}}>, {{.*}}layer = "g_a.input"
// PLAN: layer = "g_a.0"
// PLAN: fifo_depths = array<i64: {{[0-9]+}}, [[SKIP:[0-9]+]]>, folding = #lic.folding<1 : i64, 1 : i64, 1 : i64, 1 : i64, 1 : i64>, intake = 1 : i64, layer = "g_a.1"

// SHORT: error: 'lic.stage' op layer 'g_a.1': expected a FIFO of at least {{[0-9]+}} words in front of g_a_1_add, but got 40

// HLS: %[[X:.*]] = "hls.port_in"()
// HLS: %[[C:.*]]:2 = "hls.process"(%[[X]]) ({
// HLS: name = "g_a_input_copy"{{.*}} -> (!hls.stream<vector<1xui8>, {{[0-9]+}} : i64>, !hls.stream<vector<1xui8>, [[SKIP:[0-9]+]] : i64>)
// HLS: %[[A:.*]] = "hls.process"(%[[C]]#0) ({
// HLS: name = "g_a_0_conv"
// HLS: %[[D:.*]] = "hls.process"(%[[A]]) ({
// HLS: name = "g_a_0_drain"
// HLS: %[[S:.*]] = "hls.process"(%[[D]], %[[C]]#1) ({
// HLS-NEXT: ^bb0(%[[L:.*]]: !hls.stream<{{.*}}>, %[[R:.*]]: !hls.stream<vector<1xui8>, [[SKIP]] : i64>):
// HLS-NEXT:   %[[V:.*]] = "hls.read"(%[[L]])
// HLS-NEXT:   %[[W:.*]] = "hls.read"(%[[R]])
// HLS-NEXT:   %[[J:.*]] = "hls.join"(%[[V]], %[[W]])
// HLS-NEXT:   %[[U:.*]] = "hls.activation"(%[[J]])
// HLS-NEXT:   "hls.write"(%[[U]])
// HLS: "hls.port_out"(%[[S]])

!x = tensor<1x1x8x32x!quant.uniform<u8:f32, 1.0>>
!w = tensor<1x1x3x3x!quant.uniform<i8<-127:127>:f32:0, {1.0}>>
!b = tensor<1x!quant.uniform<i32:f32:0, {1.0}>>
!acc = tensor<1x1x8x32x!quant.uniform<i32<-9000:9000>:f32:1, {1.0}>>
!y = tensor<1x1x8x32x!quant.uniform<i8:f32, 1.0>>
func.func @g_a(%x: !x {lic.role = "image"}) -> (!y {lic.role = "latent"}) {
  %w = "lic.constant"() {value = dense<1> : tensor<1x1x3x3xi8>} : () -> !w
  %b = "lic.constant"() {value = dense<7> : tensor<1xi32>} : () -> !b
  %c = "lic.conv2d"(%x, %w, %b) {layer = "g_a.0", strides = array<i64: 1, 1>, padding = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 1} : (!x, !w, !b) -> !acc
  %q = "lic.requantize"(%c) {multiplier = array<i64: 65536>, shift = array<i64: 20>} : (!acc) -> !y
  %s = "lic.add"(%q, %x) {layer = "g_a.1", multiplier = array<i64: 65536, 32768>, shift = 17} : (!y, !x) -> !y
  %r = "lic.relu"(%s) {layer = "g_a.2"} : (!y) -> !y
  return %r : !y
}
