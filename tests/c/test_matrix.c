#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "abi/core.h"
#include "abi/matrix.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static uint64_t seed = 88172645463325252u;
static double uniform(void) { /* xorshift64 (Marsaglia 2003) */
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return (double)(seed >> 11) * 0x1p-53;
}

enum { N = 700, MAX_F = 19 };

typedef struct data {
  double values[N][MAX_F];
} data;

/* Random walks of very different sizes, a constant, an alternating one; holes with the probability `holes`.
 */
static void fill(data *d, int32_t f, double holes) {
  double level[MAX_F];
  for (int32_t k = 0; k < f; k++) level[k] = k % 3 == 0 ? 1e6 : k % 3 == 1 ? 1.0 : 1e-7;
  for (int32_t i = 0; i < N; i++)
    for (int32_t k = 0; k < f; k++) {
      level[k] *= 1.0 + (uniform() - 0.5) * 1e-3;
      double x = k == 4 ? 0.1 : k == 5 ? (i % 2 ? 3.5 : -2.0) : level[k];
      if (uniform() < holes) x = uniform() < 0.9 ? (double)NAN : (double)INFINITY;
      d->values[i][k] = x;
    }
}

/* The definition in long doubles, from the raw rows, without any of the module's means. */
static int expected(const data *d, const pln_matrix_options *o, int64_t last, double *out, uint8_t *mask) {
  const int64_t n = o->n_rows, f = o->n_features;
  int complete = 1;
  for (int64_t k = 0; k < f; k++) {
    long double mean = 0, square = 0;
    int64_t there = 0;
    for (int64_t r = 0; r < n; r++) {
      const int64_t i = last - n + 1 + r;
      double x = i < 0 ? (double)NAN : d->values[i][k];
      if (o->missing == PLN_MATRIX_CARRY)
        for (int64_t j = i; j >= 0 && i >= 0 && !isfinite(x); j--) x = d->values[j][k];
      mask[r * f + k] = isfinite(x) != 0;
      out[r * f + k] = isfinite(x) ? x : 0.0;
      if (!isfinite(x)) {
        complete = 0;
        continue;
      }
      mean += x;
      there++;
    }
    if (there) mean /= there;
    for (int64_t r = 0; r < n; r++)
      if (mask[r * f + k]) square += (out[r * f + k] - mean) * (out[r * f + k] - mean);
    const int64_t divisor = o->scale == PLN_MATRIX_SAMPLE ? there - 1 : there;
    const long double deviation = divisor > 0 ? sqrtl(square / divisor) : 0;
    for (int64_t r = 0; r < n && o->scale != PLN_MATRIX_RAW; r++) {
      long double z =
          mask[r * f + k] && deviation > 1e-15L * fabsl(mean) ? (out[r * f + k] - mean) / deviation : 0;
      if (o->clip > 0 && z > o->clip) z = o->clip;
      if (o->clip > 0 && z < -o->clip) z = -o->clip;
      out[r * f + k] = (double)z;
    }
  }
  return o->missing == PLN_MATRIX_ZERO ? last + 1 >= n : complete;
}

static void agrees_with(const data *d, const pln_matrix_options *o) {
  pln_matrix *m = pln_matrix_new(o);
  assert_non_null(m);
  const int64_t size = (int64_t)o->n_rows * o->n_features;
  double *want = malloc((size_t)size * sizeof *want);
  uint8_t *mask = malloc((size_t)size);
  const double *const place = m->values;
  int ready = 0;
  for (int64_t i = 0; i < N; i++) {
    pln_matrix_push(m, d->values[i]);
    assert_int_equal(m->fresh, 0);
    assert_int_equal(pln_matrix_refresh(m), m->ready);
    assert_int_equal(m->ready, expected(d, o, i, want, mask));
    assert_ptr_equal(m->values, place);
    ready += m->ready;
    int64_t missing = 0;
    for (int64_t k = 0; k < size; k++) {
      assert_int_equal(m->mask[k], mask[k]);
      missing += !mask[k];
      if (!(fabs(m->values[k] - want[k]) <= 1e-7 * (1.0 + fabs(want[k]))))
        fail_msg("row %d, value %d: %.17g, expected %.17g", (int)i, (int)k, m->values[k], want[k]);
    }
    assert_int_equal(m->n_missing, missing);
  }
  if (o->n_rows < 20 && o->missing != PLN_MATRIX_WAIT) assert_true(ready > N / 2);
  free(want);
  free(mask);
  pln_matrix_free(m);
}

static void agrees_with_the_definition(void **state) {
  (void)state;
  const int32_t features[] = {1, 7, 8, 16, 19}, rows[] = {2, 5, 16, 63};
  static data whole, holes;
  for (size_t a = 0; a < sizeof features / sizeof *features; a++) {
    fill(&whole, features[a], 0.0);
    fill(&holes, features[a], 0.02);
    for (size_t b = 0; b < sizeof rows / sizeof *rows; b++)
      for (int32_t missing = PLN_MATRIX_WAIT; missing <= PLN_MATRIX_ZERO; missing++)
        for (int32_t scale = PLN_MATRIX_RAW; scale <= PLN_MATRIX_SAMPLE; scale++) {
          const pln_matrix_options o = {features[a], rows[b], missing, scale, scale == 1 ? 1.5 : 0.0};
          agrees_with(&whole, &o);
          agrees_with(&holes, &o);
        }
  }
}

/* A constant is 0 throughout, whatever its mean is rounded to; so is a feature whose values differ by less
 * than doubles can square. */
static void a_constant_is_zero(void **state) {
  (void)state;
  const pln_matrix_options o = {3, 49, PLN_MATRIX_WAIT, PLN_MATRIX_POPULATION, 0.0};
  pln_matrix *m = pln_matrix_new(&o);
  for (int i = 0; i < 500; i++) {
    const double row[] = {0.1, 1e300 / 3, i % 2 ? 1e-200 : 0};
    pln_matrix_push(m, row);
    pln_matrix_refresh(m);
    for (int k = 0; k < 3 * 49; k++) assert_true(m->values[k] == 0.0);
  }
  pln_matrix_free(m);
}

/* Columns in pieces of any size, with a snapshot between, give the bits of single rows, after a million rows
 * too. */
static void chunks_and_snapshots(void **state) {
  (void)state;
  static data d;
  fill(&d, 6, 0.01);
  double *columns[6];
  for (int k = 0; k < 6; k++) {
    columns[k] = malloc(N * sizeof(double));
    for (int i = 0; i < N; i++) columns[k][i] = d.values[i][k];
  }
  for (int32_t missing = PLN_MATRIX_WAIT; missing <= PLN_MATRIX_ZERO; missing++) {
    const pln_matrix_options o = {6, 24, missing, PLN_MATRIX_SAMPLE, 3.0};
    pln_matrix *one = pln_matrix_new(&o), *other = pln_matrix_new(&o);
    int first_ready = -1;
    pln_matrix_bind(other, (const double *const *)columns, 0);
    const int64_t promised = pln_matrix_first_ready(other, N);
    for (int i = 0; i < N; i++) {
      pln_matrix_push(one, d.values[i]);
      if (one->ready && first_ready < 0) first_ready = i;
      if (uniform() < 0.2 || i == N - 1) {
        assert_int_equal(pln_matrix_to(other, i), one->ready);
        pln_matrix_refresh(one);
        pln_matrix_refresh(other);
        assert_memory_equal(one->values, other->values, 6 * 24 * sizeof(double));
        assert_memory_equal(one->mask, other->mask, 6 * 24);
        const int64_t size = pln_matrix_snapshot_size(other);
        char *saved = malloc((size_t)size);
        pln_matrix_save(other, saved);
        pln_matrix_free(other);
        other = pln_matrix_new(&o);
        assert_int_equal(pln_matrix_load(other, saved, size), PLN_OK);
        assert_int_equal(pln_matrix_load(other, saved, size - 1), PLN_ERR_ARGUMENT);
        free(saved);
        pln_matrix_refresh(other);
        assert_memory_equal(one->values, other->values, 6 * 24 * sizeof(double));
        assert_int_equal(one->seen, other->seen);
        pln_matrix_bind(other, (const double *const *)columns, i + 1);
      }
    }
    assert_int_equal(promised, first_ready < 0 ? N : first_ready);
    pln_matrix_free(one);
    pln_matrix_free(other);
  }
  for (int k = 0; k < 6; k++) free(columns[k]);
}

static void mistakes(void **state) {
  (void)state;
  const pln_matrix_options wrong[] = {{0, 5, 0, 0, 0},
                                      {5, 0, 0, 0, 0},
                                      {5, 5, 3, 0, 0},
                                      {5, 5, 0, 3, 0},
                                      {5, 1, 0, PLN_MATRIX_SAMPLE, 0},
                                      {5, 5, 0, 0, -1},
                                      {5, 5, -1, 0, 0},
                                      {5, 5, 0, 0, (double)NAN}};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) assert_null(pln_matrix_new(&wrong[i]));
  pln_matrix_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(agrees_with_the_definition),
      cmocka_unit_test(a_constant_is_zero),
      cmocka_unit_test(chunks_and_snapshots),
      cmocka_unit_test(mistakes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
