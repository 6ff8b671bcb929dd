#include "abi/matrix.h"
#include "core/error.h"
#include "feature/ind.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FEATURES = 4096, MAX_ROWS = 65536, LANES = 8, ALIGNMENT = 64 };

/* What is kept between rows, beside the rows themselves. */
typedef struct kept {
  int64_t seen;
  int64_t run;       /* rows in a row, up to the last, that have all values */
  int64_t n_missing; /* in the window, of rows that are there */
  int64_t newest;    /* place of the newest row in the buffer */
} kept;

/* Rows lie one after the other in a buffer of twice the window, so that a window is one piece: at the end of
 * the buffer the window moves to its front. A row has `stride` values, a multiple of LANES; the surplus is 0.
 */
typedef struct matrix {
  pln_matrix view;
  pln_matrix_options options;
  kept kept;
  int64_t stride;
  double *rows;     /* 2 * n_rows rows */
  uint8_t *present; /* 2 * n_rows * n_features */
  double *carried;  /* the last value of each feature, NaN before there is one */
  double *values;
  uint8_t *mask;
  const double *const *columns;
  int64_t next;
} matrix;

static int32_t check(const pln_matrix_options *o) {
  if (o->n_features < 1 || o->n_features > MAX_FEATURES)
    return pln_fail(PLN_ERR_ARGUMENT, "matrix: %d features, expected 1 to %d", (int)o->n_features,
                    (int)MAX_FEATURES);
  if (o->n_rows < 1 || o->n_rows > MAX_ROWS)
    return pln_fail(PLN_ERR_ARGUMENT, "matrix: %d rows, expected 1 to %d", (int)o->n_rows, (int)MAX_ROWS);
  if (o->missing < PLN_MATRIX_WAIT || o->missing > PLN_MATRIX_ZERO || o->scale < PLN_MATRIX_RAW ||
      o->scale > PLN_MATRIX_SAMPLE)
    return pln_fail(PLN_ERR_ARGUMENT, "matrix: unknown rule for missing values or scale");
  if (o->scale == PLN_MATRIX_SAMPLE && o->n_rows < 2)
    return pln_fail(PLN_ERR_ARGUMENT, "matrix: a sample deviation needs two rows");
  if (!(o->clip >= 0.0) || !isfinite(o->clip))
    return pln_fail(PLN_ERR_ARGUMENT, "matrix: clip %g, expected 0 or more", o->clip);
  return PLN_OK;
}

static void *zeroed(int64_t bytes) {
  const int64_t size = (bytes + ALIGNMENT) / ALIGNMENT * ALIGNMENT;
  void *memory = aligned_alloc(ALIGNMENT, (size_t)size);
  if (memory) memset(memory, 0, (size_t)size);
  return memory;
}

pln_matrix *pln_matrix_new(const pln_matrix_options *options) {
  if (check(options) < 0) return NULL;
  matrix *m = calloc(1, sizeof *m);
  if (!m) {
    pln_fail(PLN_ERR_MEMORY, "matrix: out of memory");
    return NULL;
  }
  const int64_t n = options->n_rows, f = options->n_features;
  m->options = *options;
  m->stride = (f + LANES - 1) / LANES * LANES;
  m->rows = zeroed(2 * n * m->stride * (int64_t)sizeof(double));
  m->present = zeroed(2 * n * f);
  m->carried = zeroed(f * (int64_t)sizeof(double));
  m->values = zeroed((n * f + LANES) * (int64_t)sizeof(double));
  m->mask = zeroed(n * f);
  if (!m->rows || !m->present || !m->carried || !m->values || !m->mask) {
    pln_matrix_free(&m->view);
    pln_fail(PLN_ERR_MEMORY, "matrix: no memory for %lld rows of %lld features", (long long)n, (long long)f);
    return NULL;
  }
  for (int64_t k = 0; k < f; k++) m->carried[k] = (double)NAN;
  m->kept.newest = n - 1;
  m->view = (pln_matrix){.values = m->values,
                         .mask = m->mask,
                         .n_features = options->n_features,
                         .n_rows = options->n_rows,
                         .n_missing = n * f};
  return &m->view;
}

void pln_matrix_free(pln_matrix *view) {
  if (!view) return;
  matrix *m = (matrix *)view;
  free(m->rows);
  free(m->present);
  free(m->carried);
  free(m->values);
  free(m->mask);
  free(m);
}

static int64_t count_missing(const uint8_t *present, int64_t n) {
  int64_t missing = 0;
  for (int64_t k = 0; k < n; k++) missing += !present[k];
  return missing;
}

static void update_view(matrix *m) {
  const int64_t n = m->options.n_rows, f = m->options.n_features, seen = m->kept.seen;
  m->view.seen = seen;
  m->view.n_missing = m->kept.n_missing + (seen < n ? (n - seen) * f : 0);
  m->view.ready = m->options.missing == PLN_MATRIX_ZERO ? seen >= n : m->kept.run >= n;
  m->view.fresh = 0;
}

/* Value k of a row from either form. */
static inline double value_of(const double *row, const double *const *columns, int64_t at, int64_t k) {
  return row ? row[k] : columns[k][at];
}

static void push(matrix *m, const double *row, const double *const *columns, int64_t at) {
  const int64_t n = m->options.n_rows, f = m->options.n_features;
  kept *s = &m->kept;
  if (s->newest == 2 * n - 1) {
    memcpy(m->rows, m->rows + n * m->stride, (size_t)(n * m->stride) * sizeof(double));
    memcpy(m->present, m->present + n * f, (size_t)(n * f));
    s->newest = n - 1;
  }
  if (s->seen >= n) s->n_missing -= count_missing(m->present + (s->newest - n + 1) * f, f);
  s->newest++;
  double *to = m->rows + s->newest * m->stride;
  uint8_t *present = m->present + s->newest * f;
  int64_t missing = 0;
  for (int64_t k = 0; k < f; k++) {
    double x = value_of(row, columns, at, k);
    if (!isfinite(x) && m->options.missing == PLN_MATRIX_CARRY) x = m->carried[k];
    present[k] = isfinite(x) != 0;
    to[k] = present[k] ? x : 0.0;
    if (present[k]) m->carried[k] = x;
    missing += !present[k];
  }
  s->seen++;
  s->n_missing += missing;
  s->run = missing ? 0 : s->run + 1;
}

void pln_matrix_push(pln_matrix *view, const double *row) {
  matrix *m = (matrix *)view;
  push(m, row, NULL, 0);
  update_view(m);
}

void pln_matrix_bind(pln_matrix *view, const double *const *columns, int64_t next) {
  matrix *m = (matrix *)view;
  m->columns = columns;
  m->next = next;
}

int32_t pln_matrix_to(pln_matrix *view, int64_t row) {
  matrix *m = (matrix *)view;
  if (m->next > row) return view->ready;
  assert(m->columns);
  for (; m->next <= row; m->next++) push(m, NULL, m->columns, m->next);
  update_view(m);
  return view->ready;
}

int64_t pln_matrix_first_ready(const pln_matrix *view, int64_t last) {
  const matrix *m = (const matrix *)view;
  const int64_t n = m->options.n_rows, f = m->options.n_features;
  if (m->options.missing == PLN_MATRIX_ZERO) {
    const int64_t row = m->next + (m->kept.seen + 1 < n ? n - m->kept.seen - 1 : 0);
    return row < last ? row : last;
  }
  if (m->options.missing == PLN_MATRIX_CARRY) {
    int64_t complete = m->next; /* first row at which each feature has had a value */
    for (int64_t k = 0; k < f; k++) {
      if (isfinite(m->carried[k])) continue;
      int64_t row = m->next;
      while (row < last && !isfinite(m->columns[k][row])) row++;
      if (row > complete) complete = row;
    }
    const int64_t row = complete + (m->kept.run < n ? n - m->kept.run - 1 : 0);
    return row < last ? row : last;
  }
  int64_t run = m->kept.run;
  for (int64_t row = m->next; row < last; row++) {
    int complete = 1;
    for (int64_t k = 0; k < f && complete; k++) complete = isfinite(m->columns[k][row]) != 0;
    run = complete ? run + 1 : 0;
    if (run >= n) return row;
  }
  return last;
}

/* The window, scaled: LANES features at a time, side by side; each by itself is summed from the oldest row to
 * the newest in four interleaved sums, whatever the width of the processor's vectors. Sums are of differences
 * from the oldest row's value, so that a feature that does not change has a deviation of exactly 0. */
typedef double lanes __attribute__((vector_size(LANES * sizeof(double)), may_alias));
#define LANES_AT(X) (*(const lanes *)(const void *)(X)) /* rows are aligned */

PLN_INLINE void scale_lanes(const double *x, int64_t n, int64_t stride, double divisor, double clip,
                            double *out, int64_t out_stride) {
  const lanes anchor = LANES_AT(x);
  lanes s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0}, q0 = {0}, q1 = {0}, q2 = {0}, q3 = {0};
  int64_t row = 0;
  for (; row + 4 <= n; row += 4) {
    s0 += LANES_AT(x + row * stride) - anchor;
    s1 += LANES_AT(x + (row + 1) * stride) - anchor;
    s2 += LANES_AT(x + (row + 2) * stride) - anchor;
    s3 += LANES_AT(x + (row + 3) * stride) - anchor;
  }
  for (; row < n; row++) s0 += LANES_AT(x + row * stride) - anchor;
  const lanes mean = ((s0 + s1) + (s2 + s3)) / (double)n;
  for (row = 0; row + 4 <= n; row += 4) {
    const lanes d0 = LANES_AT(x + row * stride) - anchor - mean;
    const lanes d1 = LANES_AT(x + (row + 1) * stride) - anchor - mean;
    const lanes d2 = LANES_AT(x + (row + 2) * stride) - anchor - mean;
    const lanes d3 = LANES_AT(x + (row + 3) * stride) - anchor - mean;
    q0 += d0 * d0;
    q1 += d1 * d1;
    q2 += d2 * d2;
    q3 += d3 * d3;
  }
  for (; row < n; row++) {
    const lanes d = LANES_AT(x + row * stride) - anchor - mean;
    q0 += d * d;
  }
  const lanes variance = ((q0 + q1) + (q2 + q3)) / divisor;
  lanes factor;
  for (int32_t k = 0; k < LANES; k++) {
    const double inverse = 1.0 / sqrt(variance[k]);
    factor[k] = variance[k] > 0.0 && inverse > 0.0 && isfinite(inverse) ? inverse : 0.0;
  }
  for (row = 0; row < n; row++) {
    lanes z = (LANES_AT(x + row * stride) - anchor - mean) * factor;
    for (int32_t k = 0; k < LANES; k++) z[k] = z[k] > clip ? clip : z[k];
    for (int32_t k = 0; k < LANES; k++) z[k] = z[k] < -clip ? -clip : z[k];
    memcpy(out + row * out_stride, &z, sizeof z);
  }
}

/* All features. What is left over of a row's LANES comes first: it writes over the next row's first values.
 */
PLN_INLINE void scale_window(const double *x, int64_t n, int64_t stride, int64_t f, double divisor,
                             double clip, double *out) {
  const int64_t whole = f / LANES * LANES;
  if (whole < f) scale_lanes(x + whole, n, stride, divisor, clip, out + whole, f);
  for (int64_t k = 0; k < whole; k += LANES) scale_lanes(x + k, n, stride, divisor, clip, out + k, f);
}

#define SCALE_VARIANT(NAME, TARGET)                                                                          \
  TARGET static void NAME(const double *x, int64_t n, int64_t stride, int64_t f, double divisor,             \
                          double clip, double *out) {                                                        \
    scale_window(x, n, stride, f, divisor, clip, out);                                                       \
  }
SCALE_VARIANT(scale_baseline, )
#if defined(__x86_64__)
SCALE_VARIANT(scale_avx2, __attribute__((target("avx2"))))
SCALE_VARIANT(scale_avx512, PLN_IND_AVX512)
#endif

static void scale_complete(const double *x, int64_t n, int64_t stride, int64_t f, double divisor, double clip,
                           double *out) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
    scale_avx512(x, n, stride, f, divisor, clip, out);
  else if (__builtin_cpu_supports("avx2"))
    scale_avx2(x, n, stride, f, divisor, clip, out);
  else
#endif
    scale_baseline(x, n, stride, f, divisor, clip, out);
}

/* One feature of a window with holes, of `rows` rows; missing values become 0. Without holes the same bits.
 */
static void scale_feature(const double *x, int64_t stride, const uint8_t *present, int64_t f, int64_t rows,
                          int32_t scale, double clip, double *out) {
  double anchor = 0.0, s[4] = {0}, q[4] = {0};
  const int64_t whole = rows / 4 * 4;
  int64_t n = 0;
  for (int64_t row = 0; row < rows; row++) {
    if (!present[row * f]) continue;
    if (n++ == 0) anchor = x[row * stride];
    s[row < whole ? row % 4 : 0] += x[row * stride] - anchor;
  }
  const double mean = n > 0 ? ((s[0] + s[1]) + (s[2] + s[3])) / (double)n : 0.0;
  for (int64_t row = 0; row < rows; row++) {
    const double d = present[row * f] ? x[row * stride] - anchor - mean : 0.0;
    q[row < whole ? row % 4 : 0] += d * d;
  }
  const int64_t divisor = scale == PLN_MATRIX_SAMPLE ? n - 1 : n;
  const double variance = divisor > 0 ? ((q[0] + q[1]) + (q[2] + q[3])) / (double)divisor : 0.0;
  const double inverse = 1.0 / sqrt(variance);
  const double factor = variance > 0.0 && inverse > 0.0 && isfinite(inverse) ? inverse : 0.0;
  for (int64_t row = 0; row < rows; row++) {
    double z = present[row * f] ? (x[row * stride] - anchor - mean) * factor : 0.0;
    z = z > clip ? clip : z;
    out[row * f] = z < -clip ? -clip : z;
  }
}

int32_t pln_matrix_refresh(pln_matrix *view) {
  matrix *m = (matrix *)view;
  if (view->fresh) return view->ready;
  const int64_t n = m->options.n_rows, f = m->options.n_features;
  const int64_t there = m->kept.seen < n ? m->kept.seen : n, empty = n - there;
  const double *x = m->rows + (m->kept.newest - there + 1) * m->stride;
  const uint8_t *present = m->present + (m->kept.newest - there + 1) * f;
  const double clip = m->options.clip > 0.0 ? m->options.clip : (double)INFINITY;
  double *out = m->values + empty * f;
  memset(m->values, 0, (size_t)(empty * f) * sizeof(double));
  memset(m->mask, 0, (size_t)(empty * f));
  memcpy(m->mask + empty * f, present, (size_t)(there * f));
  if (m->options.scale == PLN_MATRIX_RAW)
    for (int64_t row = 0; row < there; row++)
      memcpy(out + row * f, x + row * m->stride, (size_t)f * sizeof(double));
  else if (view->n_missing == 0)
    scale_complete(x, n, m->stride, f, (double)(m->options.scale == PLN_MATRIX_SAMPLE ? n - 1 : n), clip,
                   out);
  else
    for (int64_t k = 0; k < f; k++)
      scale_feature(x + k, m->stride, present + k, f, there, m->options.scale, clip, out + k);
  view->fresh = 1;
  return view->ready;
}

/* Snapshots: `kept`, the carried values, the window's rows and what is present of them. */

int64_t pln_matrix_snapshot_size(const pln_matrix *view) {
  const matrix *m = (const matrix *)view;
  const int64_t n = m->options.n_rows, f = m->options.n_features;
  return (int64_t)sizeof(kept) + f * (int64_t)sizeof(double) + n * m->stride * (int64_t)sizeof(double) +
         n * f;
}

void pln_matrix_save(const pln_matrix *view, void *out) {
  const matrix *m = (const matrix *)view;
  const int64_t n = m->options.n_rows, f = m->options.n_features, first = m->kept.newest - n + 1;
  char *to = out;
  kept s = m->kept;
  s.newest = n - 1;
  memcpy(to, &s, sizeof s);
  to += sizeof s;
  memcpy(to, m->carried, (size_t)f * sizeof(double));
  to += (size_t)f * sizeof(double);
  memcpy(to, m->rows + first * m->stride, (size_t)(n * m->stride) * sizeof(double));
  to += (size_t)(n * m->stride) * sizeof(double);
  memcpy(to, m->present + first * f, (size_t)(n * f));
}

int32_t pln_matrix_load(pln_matrix *view, const void *data, int64_t size) {
  matrix *m = (matrix *)view;
  if (size != pln_matrix_snapshot_size(view))
    return pln_fail(PLN_ERR_ARGUMENT,
                    "matrix: %lld bytes were saved by a matrix of other options, expected %lld",
                    (long long)size, (long long)pln_matrix_snapshot_size(view));
  const int64_t n = m->options.n_rows, f = m->options.n_features;
  const char *from = data;
  memcpy(&m->kept, from, sizeof m->kept);
  from += sizeof m->kept;
  memcpy(m->carried, from, (size_t)f * sizeof(double));
  from += (size_t)f * sizeof(double);
  memcpy(m->rows, from, (size_t)(n * m->stride) * sizeof(double));
  from += (size_t)(n * m->stride) * sizeof(double);
  memcpy(m->present, from, (size_t)(n * f));
  m->kept.newest = n - 1;
  update_view(m);
  return PLN_OK;
}
