/* Nanoseconds a value for each indicator over a million rows, through the hub in chunks of 4096, beside the
 * plain loops that one would write by hand. */
#include "feature/ops.h"
#include "abi/core.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = 1000000, REPEATS = 5 };

static double *column(void) {
  double *x = malloc(N * sizeof *x);
  if (!x) abort();
  return x;
}

/* The fastest of some runs of n features over the first `rows` rows, in ns a row. */
static double fastest(pln_bars *bars, const char *const *expressions, int n, int32_t chunk_rows,
                      int32_t threads, int64_t rows) {
  double least = 1e300;
  for (int repeat = 0; repeat < REPEATS; repeat++) {
    pln_hub *hub = pln_hub_new(chunk_rows);
    int32_t status = pln_hub_add_stream(hub, bars);
    for (int i = 0; i < n && status >= 0; i++) status = pln_hub_add_feature(hub, 0, expressions[i]);
    if (status < 0 || pln_hub_set_threads(hub, threads) < 0 || pln_hub_seal(hub) < 0) {
      fprintf(stderr, "%s\n", pln_error_last()->text);
      exit(1);
    }
    int64_t done = 0;
    const int64_t start = pln_clock_monotonic_ns();
    for (int64_t until; done < rows && (until = pln_hub_horizon(hub)) != INT64_MAX;)
      done += pln_hub_advance(hub, until);
    const double ns = (double)(pln_clock_monotonic_ns() - start) / (double)done;
    if (ns < least) least = ns;
    pln_hub_free(hub);
  }
  return least;
}

static double best_of(pln_bars *bars, const char *const *expressions, int n, int32_t chunk_rows) {
  return fastest(bars, expressions, n, chunk_rows, 1, N);
}

static double best(pln_bars *bars, const char *expression) { return best_of(bars, &expression, 1, 4096); }

static double plain_sma(const double *x, double *out) {
  const int64_t start = pln_clock_monotonic_ns();
  double sum = 0;
  for (int64_t i = 0; i < N; i++) {
    sum += x[i];
    if (i >= 20) sum -= x[i - 20];
    out[i] = sum / 20;
  }
  return (double)(pln_clock_monotonic_ns() - start) / N;
}

static double plain_ema(const double *x, double *out) {
  const int64_t start = pln_clock_monotonic_ns();
  double e = x[0];
  const double alpha = 2.0 / 21.0;
  for (int64_t i = 0; i < N; i++) out[i] = e += alpha * (x[i] - e);
  return (double)(pln_clock_monotonic_ns() - start) / N;
}

static double plain_highest(const double *x, double *out) {
  const int64_t start = pln_clock_monotonic_ns();
  for (int64_t i = 19; i < N; i++) {
    double high = x[i];
    for (int64_t j = i - 19; j < i; j++)
      if (x[j] > high) high = x[j];
    out[i] = high;
  }
  return (double)(pln_clock_monotonic_ns() - start) / N;
}

/* Calls that differ in a parameter only, as a sweep asks for them; row by row is what live use does. */
static void many(pln_bars *bars) {
  enum { MANY = 96 };
  static const char *const names[] = {"sma", "ema", "highest", "stddev", "wma", "rsi"};
  char text[MANY][32];
  const char *expressions[MANY];
  printf("\n%-40s %8s %8s %8s\n", "96 of periods 5 to 195, ns/value", "4096", "2 thr.", "1 row");
  for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
    for (int i = 0; i < MANY; i++) {
      snprintf(text[i], sizeof text[i], "%s(close, %d)", names[k], 5 + 2 * i);
      expressions[i] = text[i];
    }
    printf("%-40s %8.3f %8.3f %8.2f\n", names[k], fastest(bars, expressions, MANY, 4096, 1, N / 2) / MANY,
           fastest(bars, expressions, MANY, 4096, 2, N / 2) / MANY,
           fastest(bars, expressions, MANY, 1, 1, N / 50) / MANY);
  }
}

int main(void) {
  int64_t *ts = malloc(N * sizeof *ts);
  double *o = column(), *h = column(), *l = column(), *c = column(), *v = column(), *out = column();
  uint64_t random = 88172645463325252u;
  double price = 100;
  for (int64_t i = 0; i < N; i++) {
    random ^= random << 13, random ^= random >> 7, random ^= random << 17;
    ts[i] = i * 60000000000;
    o[i] = price;
    price *= 1.0 + ((double)(random >> 40) / 16777216.0 - 0.5) * 0.002;
    c[i] = price;
    h[i] = (o[i] > c[i] ? o[i] : c[i]) * 1.0003;
    l[i] = (o[i] < c[i] ? o[i] : c[i]) * 0.9997;
    v[i] = (double)(random & 1023);
  }
  pln_bars *bars = pln_bars_from_arrays("BENCH", "1m", N, ts, o, h, l, c, v);
  if (!bars) return 1;
  double sma = 1e300, ema = 1e300, highest = 1e300;
  for (int repeat = 0; repeat < REPEATS; repeat++) {
    sma = fmin(sma, plain_sma(c, out));
    ema = fmin(ema, plain_ema(c, out));
    highest = fmin(highest, plain_highest(c, out));
  }
  printf("%-40s %8s\n", "one million rows, one core", "ns/value");
  printf("%-40s %8.2f\n%-40s %8.2f\n%-40s %8.2f\n", "plain C: sma 20, running sum", sma, "plain C: ema 20",
         ema, "plain C: highest 20, scan", highest);
  for (int32_t i = 0; i < pln_indicator_count(); i++) {
    const pln_indicator_info *info = pln_indicator_get(i);
    printf("%-40s %8.2f\n", info->example, best(bars, info->example));
  }
  static const char *const more[] = {"sma(200)",    "sma(5000)",       "highest(200)",
                                     "stddev(200)", "ema(ema(20), 5)", "close > sma(50)"};
  for (size_t i = 0; i < sizeof more / sizeof more[0]; i++)
    printf("%-40s %8.2f\n", more[i], best(bars, more[i]));

  static const char *const pair[] = {"sma(close, 10)", "sma(close, 30)"};
  printf("\n%-40s %8s\n", "sma 10 and sma 30 together", "ns/row");
  static const int32_t chunks[] = {1, 16, 256, 4096};
  for (size_t i = 0; i < sizeof chunks / sizeof chunks[0]; i++)
    printf("in slices of %-27d %8.2f\n", (int)chunks[i], best_of(bars, pair, 2, chunks[i]));
  many(bars);
  pln_bars_free(bars);
  return 0;
}
