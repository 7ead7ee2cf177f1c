// RUN: rm -rf %t && mkdir -p %t
// RUN: %python -c "from PIL import Image; Image.new('RGB', (40, 24), (255, 51, 0)).save(r'%t/a.png')"
// RUN: %python -c "open(r'%t/b.png', 'w').write('no image')"
// RUN: licc-opt %s "--lic-calibrate=images=%t size=64x64" 2> %t.err | filecheck %s
// RUN: filecheck %s --check-prefix=WARN < %t.err
// RUN: not licc-opt %s --lic-calibrate=images=%t/none 2>&1 | filecheck %s --check-prefix=NONE
// RUN: rm %t/a.png
// RUN: not licc-opt %s --lic-calibrate=images=%t 2>&1 | filecheck %s --check-prefix=EMPTY
// RUN: not licc-opt %s --lic-calibrate=size=64 2>&1 | filecheck %s --check-prefix=SIZE

// WARN: b.png: skipped, not a readable image
// NONE: error: {{.*}}none: not a folder; give a folder of PNG or JPEG images
// EMPTY: error: {{.*}}: no image to calibrate with; give a folder of PNG or JPEG images
// SIZE: error: {{.*}}'size' expected HxW, but got '64'

// The function is for 720p, the image is not. One pixel value: red is 1, green 0.2, blue 0. The latent is
// halved, the clipping magnitudes are of what a convolution reads; g_s runs on rounded latents.

// CHECK: module attributes {lic.calibration = {crop = true, images = "{{.*}}", max_images = 16 : i64, size = array<i64: 64, 64>}}
// CHECK-LABEL: func.func @g_a
// CHECK-SAME: lic.channel_clip = dense<{{.*}}> : tensor<3x13xf32>
// CHECK-SAME: lic.channels = dense<{{\[\[}}1.000000e+00, 1.000000e+00], [2.000000e-01, 0.0{{(400000|399999)[0-9]*}}], [0.000000e+00, 0.000000e+00]]>
// CHECK-SAME: lic.clip = dense<{{.*}}> : tensor<13xf32>
// CHECK-SAME: lic.correlation = #lic.observed<0.000000e+00 : f64, 0.000000e+00 : f64>
// CHECK-SAME: lic.observed = #lic.observed<0.000000e+00 : f64, 1.000000e+00 : f64>, lic.role = "image"
// CHECK: "lic.conv2d"
// CHECK-NOT: lic.clip
// CHECK-SAME: lic.observed = #lic.observed<1.200000e+01 : f64, 1.200000e+01 : f64>
// CHECK-LABEL: func.func @g_s
// CHECK-SAME: lic.observed = #lic.observed<1.200000e+01 : f64, 1.200000e+01 : f64>
// CHECK: "lic.relu"
// CHECK-SAME: lic.observed = #lic.observed<1.200000e+01 : f64, 1.200000e+01 : f64>

module {
  func.func @g_a(%image: tensor<1x3x720x1280xf32> {lic.role = "image"}) -> (tensor<1x1x720x1280xf32> {lic.role = "latent"}) {
    %w = "lic.constant"() {value = dense<10.0> : tensor<1x3x1x1xf32>} : () -> tensor<1x3x1x1xf32>
    %b = "lic.constant"() {value = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
    %0 = "lic.conv2d"(%image, %w, %b) {layer = "g_a.0", strides = array<i64: 1, 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1} : (tensor<1x3x720x1280xf32>, tensor<1x3x1x1xf32>, tensor<1xf32>) -> tensor<1x1x720x1280xf32>
    return %0 : tensor<1x1x720x1280xf32>
  }
  func.func @g_s(%symbols: tensor<1x1x720x1280xf32> {lic.role = "symbols"}) -> (tensor<1x1x720x1280xf32> {lic.role = "image"}) {
    %0 = "lic.relu"(%symbols) {layer = "g_s.0"} : (tensor<1x1x720x1280xf32>) -> tensor<1x1x720x1280xf32>
    return %0 : tensor<1x1x720x1280xf32>
  }
}
