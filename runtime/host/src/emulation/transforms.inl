// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Winograd's transforms of tiles (winograd.hpp), on vectors of VECTOR bytes: included once for each set of
// kernels, within its namespace, with ATTRIBUTE on every function. Unsigned, as sums may wrap on the way to a
// result that fits.

typedef std::uint16_t Shorts __attribute__((vector_size(VECTOR)));
typedef std::uint32_t Longs __attribute__((vector_size(VECTOR)));
typedef Shorts ShortsAt __attribute__((may_alias, aligned(2)));
typedef Longs LongsAt __attribute__((may_alias, aligned(4)));

/// Values of a line of an input tile, at the points of F(M, R). `v` has the points of F(M, 3), of which F(M,
/// 2) uses all but the last but one.
template <int M, int R>
ATTRIBUTE inline void spread_line(const Shorts* d, std::ptrdiff_t s, Shorts* v, std::ptrdiff_t t);

template <>
ATTRIBUTE inline void spread_line<4, 3>(const Shorts* d, std::ptrdiff_t s, Shorts* v, std::ptrdiff_t t) {
  const Shorts even = d[4 * s] - (d[2 * s] << 2);
  const Shorts odd = d[3 * s] - (d[s] << 2);
  const Shorts sum = d[4 * s] - d[2 * s];
  const Shorts difference = (d[3 * s] - d[s]) << 1;
  v[0] = (d[0] << 2) + even - d[2 * s];
  v[t] = even + odd;
  v[2 * t] = even - odd;
  v[3 * t] = sum + difference;
  v[4 * t] = sum - difference;
  v[5 * t] = (d[s] << 2) - (d[3 * s] << 2) - d[3 * s] + d[5 * s];
}

template <>
ATTRIBUTE inline void spread_line<4, 2>(const Shorts* d, std::ptrdiff_t s, Shorts* v, std::ptrdiff_t t) {
  const Shorts twice = d[s] << 1;
  v[0] = (d[0] << 1) - d[s] - (d[2 * s] << 1) + d[3 * s];
  v[t] = d[3 * s] - d[2 * s] - twice;
  v[2 * t] = twice - (d[2 * s] << 1) - d[2 * s] + d[3 * s];
  v[3 * t] = d[3 * s] - d[s];
  v[5 * t] = twice - d[2 * s] - (d[3 * s] << 1) + d[4 * s];
}

template <>
ATTRIBUTE inline void spread_line<2, 3>(const Shorts* d, std::ptrdiff_t s, Shorts* v, std::ptrdiff_t t) {
  v[0] = d[2 * s] - d[0];
  v[t] = d[s] + d[2 * s];
  v[2 * t] = d[2 * s] - d[s];
  v[3 * t] = d[3 * s] - d[s];
}

template <>
ATTRIBUTE inline void spread_line<2, 2>(const Shorts* d, std::ptrdiff_t s, Shorts* v, std::ptrdiff_t t) {
  v[0] = d[s] - d[0];
  v[t] = d[s];
  v[3 * t] = d[2 * s] - d[s];
}

template <int M, int R0, int R1>
ATTRIBUTE void spread_of(const SpreadArguments& a) {
  constexpr int N = M + 2;  // points
  constexpr int WORDS = static_cast<int>(VECTOR / sizeof(std::int16_t));
  for (int c = 0; c < a.channels; c += WORDS) {
    Shorts tile[M + R0 - 1][M + R1 - 1];
    Shorts lines[N][M + R1 - 1];
    Shorts points[N];
    for (int i = 0; i < M + R0 - 1; ++i)
      for (int j = 0; j < M + R1 - 1; ++j)
        tile[i][j] = *reinterpret_cast<const ShortsAt*>(a.x + i * a.row_step + j * a.column_step + c);
    for (int j = 0; j < M + R1 - 1; ++j)
      spread_line<M, R0>(&tile[0][j], M + R1 - 1, &lines[0][j], M + R1 - 1);
    for (int i = 0; i < N; ++i) {
      if (R0 == 2 && i == N - 2) continue;
      spread_line<M, R1>(lines[i], 1, points, 1);
      for (int j = 0; j < N; ++j)
        if (R1 == 3 || j != N - 2)
          *reinterpret_cast<ShortsAt*>(a.points + (i * N + j) * a.point_step + c) = points[j];
    }
  }
}

template <int M>
ATTRIBUTE void spread_taps(const SpreadArguments& a) {
  if (a.row_taps == 3) return a.column_taps == 3 ? spread_of<M, 3, 3>(a) : spread_of<M, 3, 2>(a);
  return a.column_taps == 3 ? spread_of<M, 2, 3>(a) : spread_of<M, 2, 2>(a);
}

ATTRIBUTE void spread(int tile, const SpreadArguments& a) {
  return tile == 4 ? spread_taps<4>(a) : spread_taps<2>(a);
}

/// Sums of a line of products: the result times the scale of F(M, 3).
template <int M>
ATTRIBUTE inline void collect_line(const Longs* p, std::ptrdiff_t s, Longs* y, std::ptrdiff_t t);

template <>
ATTRIBUTE inline void collect_line<4>(const Longs* p, std::ptrdiff_t s, Longs* y, std::ptrdiff_t t) {
  const Longs ones = (p[s] + p[2 * s]) << 2;
  const Longs signs = (p[s] - p[2 * s]) << 2;
  const Longs twos = p[3 * s] + p[4 * s];
  const Longs differences = (p[3 * s] - p[4 * s]) << 1;
  y[0] = (p[0] << 2) + (p[0] << 1) - ones + twos;
  y[t] = differences - signs;
  y[2 * t] = (twos << 2) - ones;
  y[3 * t] = (differences << 2) - signs + (p[5 * s] << 4) + (p[5 * s] << 3);
}

template <>
ATTRIBUTE inline void collect_line<2>(const Longs* p, std::ptrdiff_t s, Longs* y, std::ptrdiff_t t) {
  y[0] = p[s] + p[2 * s] - (p[0] << 1);
  y[t] = p[s] - p[2 * s] + (p[3 * s] << 1);
}

/// The scale is 24^2 = 9 * 2^6 or 2^2. What is odd in it has an inverse modulo 2^32, and what is left is a
/// shift.
template <int M>
ATTRIBUTE inline Longs unscaled(Longs v) {
  typedef std::int32_t Signed __attribute__((vector_size(VECTOR)));
  constexpr std::uint32_t INVERSE = M == 4 ? 954437177U : 1U;
  static_assert(M != 4 || INVERSE * 9U == 1U, "the inverse of 9");
  return (Longs)((Signed)(v * INVERSE) >> (M == 4 ? 6 : 2));
}

template <int M>
ATTRIBUTE void collect_of(const CollectArguments& a) {
  constexpr int N = M + 2;
  constexpr int WORDS = static_cast<int>(VECTOR / sizeof(std::int32_t));
  for (int l = 0; l < LANES; l += WORDS) {
    Longs products[N][N];
    Longs lines[M][N];
    Longs sums[M];
    for (int i = 0; i < N; ++i)
      for (int j = 0; j < N; ++j) {
        const bool there = (a.row_taps == 3 || i != N - 2) && (a.column_taps == 3 || j != N - 2);
        products[i][j] =
            there ? *reinterpret_cast<const LongsAt*>(a.products + (i * N + j) * a.point_step + l) : Longs{};
      }
    const Longs bias = *reinterpret_cast<const LongsAt*>(a.bias + l);
    for (int j = 0; j < N; ++j) collect_line<M>(&products[0][j], N, &lines[0][j], N);
    for (int i = 0; i < M; ++i) {
      collect_line<M>(lines[i], 1, sums, 1);
      for (int j = 0; j < M; ++j)
        *reinterpret_cast<LongsAt*>(a.sums + i * a.row_step + j * a.column_step + l) =
            unscaled<M>(sums[j]) + bias;
    }
  }
}

ATTRIBUTE void collect(int tile, const CollectArguments& a) {
  return tile == 4 ? collect_of<4>(a) : collect_of<2>(a);
}
