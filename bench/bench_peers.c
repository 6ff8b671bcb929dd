/* Common indicators beside TA-Lib and Tulip Indicators on the same series: for each, the three programs run
 * in turns, and the medians of their times are printed in ns a bar, with the ratios (theirs over ours). Ours
 * is what a user gets: an expression, parsed, computed by the hub in chunks, its outputs copied into arrays
 * as long as theirs. bench/peers/fetch gets the other two. bench_peers [ROWS] [REPEATS] [NAME] */
#include "abi/core.h"
#include "abi/feature.h"
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_REPEATS = 101, MAX_OUTPUTS = 3 };

static int N = 1000000;
static double *o, *h, *l, *c, *v, *out[MAX_OUTPUTS];
static int begin, count;

typedef int ta_function(); /* each call passes what the function wants */
typedef int tulip_function(int size, const double *const *inputs, const double *options,
                           double *const *outputs);

/* id, ours (outputs split by '|'), TA-Lib's function and its arguments after the range, Tulip's function,
 * inputs (letters), options. */
#define INDICATORS(X)                                                                                        \
  X(sma, "sma(20)", TA_SMA, (c, 20, TAIL1), "sma", "c", {20})                                                \
  X(ema, "ema(20)", TA_EMA, (c, 20, TAIL1), "ema", "c", {20})                                                \
  X(wma, "wma(20)", TA_WMA, (c, 20, TAIL1), "wma", "c", {20})                                                \
  X(dema, "dema(20)", TA_DEMA, (c, 20, TAIL1), "dema", "c", {20})                                            \
  X(tema, "tema(20)", TA_TEMA, (c, 20, TAIL1), "tema", "c", {20})                                            \
  X(trima, "trima(20)", TA_TRIMA, (c, 20, TAIL1), "trima", "c", {20})                                        \
  X(kama, "kama(20)", TA_KAMA, (c, 20, TAIL1), "kama", "c", {20})                                            \
  X(t3, "t3(5)", TA_T3, (c, 5, 0.7, TAIL1), NULL, "", {0})                                                   \
  X(hma, "hma(16)", TA_HMA, (c, 16, TAIL1), "hma", "c", {16})                                                \
  X(ht_trendline, "ht_trendline()", TA_HT_TRENDLINE, (c, TAIL1), NULL, "", {0})                              \
  X(mama, "mama()|mama().fama", TA_MAMA, (c, 0.5, 0.05, TAIL2), NULL, "", {0})                               \
  X(bbands, "bbands(20, 2).upper|bbands(20, 2).middle|bbands(20, 2).lower", TA_BBANDS,                       \
    (c, 20, 2.0, 2.0, 0, TAIL3), "bbands", "c", {20 COMMA 2})                                                \
  X(stddev, "stddev(20)", TA_STDDEV, (c, 20, 1.0, TAIL1), "stddev", "c", {20})                               \
  X(variance, "variance(20)", TA_VAR, (c, 20, 1.0, TAIL1), "var", "c", {20})                                 \
  X(linearreg, "linearreg(14)", TA_LINEARREG, (c, 14, TAIL1), "linreg", "c", {14})                           \
  X(linearreg_slope, "linearreg_slope(14)", TA_LINEARREG_SLOPE, (c, 14, TAIL1), "linregslope", "c", {14})    \
  X(tsf, "tsf(14)", TA_TSF, (c, 14, TAIL1), "tsf", "c", {14})                                                \
  X(correlation, "correlation(close, open, 30)", TA_CORREL, (c, o, 30, TAIL1), NULL, "", {0})                \
  X(beta, "beta(close, open, 5)", TA_BETA, (c, o, 5, TAIL1), NULL, "", {0})                                  \
  X(highest, "highest(30)", TA_MAX, (c, 30, TAIL1), "max", "c", {30})                                        \
  X(lowest, "lowest(30)", TA_MIN, (c, 30, TAIL1), "min", "c", {30})                                          \
  X(midprice, "midprice(14)", TA_MIDPRICE, (h, l, 14, TAIL1), NULL, "", {0})                                 \
  X(rsi, "rsi(14)", TA_RSI, (c, 14, TAIL1), "rsi", "c", {14})                                                \
  X(macd, "macd(12, 26, 9)|macd(12, 26, 9).signal|macd(12, 26, 9).histogram", TA_MACD,                       \
    (c, 12, 26, 9, TAIL3), "macd", "c", {12 COMMA 26 COMMA 9})                                               \
  X(stoch, "stoch(5, 3, 3)|stoch(5, 3, 3).slowd", TA_STOCH, (h, l, c, 5, 3, 0, 3, 0, TAIL2), "stoch", "hlc", \
    {5 COMMA 3 COMMA 3})                                                                                     \
  X(stochf, "stochf(5, 3)|stochf(5, 3).fastd", TA_STOCHF, (h, l, c, 5, 3, 0, TAIL2), NULL, "", {0})          \
  X(stochrsi, "stochrsi(14, 5, 3)|stochrsi(14, 5, 3).fastd", TA_STOCHRSI, (c, 14, 5, 3, 0, TAIL2), NULL, "", \
    {0})                                                                                                     \
  X(cci, "cci(20)", TA_CCI, (h, l, c, 20, TAIL1), "cci", "hlc", {20})                                        \
  X(cmo, "cmo(14)", TA_CMO, (c, 14, TAIL1), "cmo", "c", {14})                                                \
  X(willr, "willr(14)", TA_WILLR, (h, l, c, 14, TAIL1), "willr", "hlc", {14})                                \
  X(mfi, "mfi(14)", TA_MFI, (h, l, c, v, 14, TAIL1), "mfi", "hlcv", {14})                                    \
  X(ultosc, "ultosc(7, 14, 28)", TA_ULTOSC, (h, l, c, 7, 14, 28, TAIL1), "ultosc", "hlc",                    \
    {7 COMMA 14 COMMA 28})                                                                                   \
  X(roc, "roc(10)", TA_ROC, (c, 10, TAIL1), "roc", "c", {10})                                                \
  X(mom, "mom(10)", TA_MOM, (c, 10, TAIL1), "mom", "c", {10})                                                \
  X(trix, "trix(15)", TA_TRIX, (c, 15, TAIL1), "trix", "c", {15})                                            \
  X(ppo, "ppo(12, 26, ma=ema)", TA_PPO, (c, 12, 26, 1, TAIL1), "ppo", "c", {12 COMMA 26})                    \
  X(apo, "apo(12, 26, ma=ema)", TA_APO, (c, 12, 26, 1, TAIL1), "apo", "c", {12 COMMA 26})                    \
  X(adx, "adx(14)", TA_ADX, (h, l, c, 14, TAIL1), "adx", "hlc", {14})                                        \
  X(dx, "dx(14)", TA_DX, (h, l, c, 14, TAIL1), "dx", "hlc", {14})                                            \
  X(plus_di, "plus_di(14)", TA_PLUS_DI, (h, l, c, 14, TAIL1), NULL, "", {0})                                 \
  X(aroon, "aroon(14).down|aroon(14).up", TA_AROON, (h, l, 14, TAIL2), "aroon", "hl", {14})                  \
  X(sar, "sar()", TA_SAR, (h, l, 0.02, 0.2, TAIL1), "psar", "hl", {0.02 COMMA 0.2})                          \
  X(atr, "atr(14)", TA_ATR, (h, l, c, 14, TAIL1), "atr", "hlc", {14})                                        \
  X(natr, "natr(14)", TA_NATR, (h, l, c, 14, TAIL1), "natr", "hlc", {14})                                    \
  X(tr, "tr", TA_TRANGE, (h, l, c, TAIL1), "tr", "hlc", {0})                                                 \
  X(obv, "obv()", TA_OBV, (c, v, TAIL1), "obv", "cv", {0})                                                   \
  X(ad, "ad()", TA_AD, (h, l, c, v, TAIL1), "ad", "hlcv", {0})                                               \
  X(adosc, "adosc(3, 10)", TA_ADOSC, (h, l, c, v, 3, 10, TAIL1), "adosc", "hlcv", {3 COMMA 10})              \
  X(bop, "bop()", TA_BOP, (o, h, l, c, TAIL1), "bop", "ohlc", {0})                                           \
  X(cdl_engulfing, "cdl_engulfing()", TA_CDLENGULFING, (o, h, l, c, TAIL1), NULL, "", {0})                   \
  X(cdl_morning_star, "cdl_morning_star()", TA_CDLMORNINGSTAR, (o, h, l, c, 0.3, TAIL1), NULL, "", {0})
#define COMMA ,
#define TAIL1 &begin, &count, out[0]
#define TAIL2 &begin, &count, out[0], out[1]
#define TAIL3 &begin, &count, out[0], out[1], out[2]

#define ARGUMENTS(...) 0, N - 1, __VA_ARGS__
#define CALLER(id, ours, ta, args, tulip, inputs, ...)                                                       \
  static void call_##id(ta_function *f) { f(ARGUMENTS args); }
INDICATORS(CALLER)

typedef struct indicator {
  const char *name, *ours, *ta;
  void (*call)(ta_function *f);
  const char *tulip, *inputs;
  double options[3];
} indicator;
#define ENTRY(id, ours, ta, args, tulip, inputs, ...) {#id, ours, #ta, call_##id, tulip, inputs, __VA_ARGS__},
static const indicator indicators[] = {INDICATORS(ENTRY)};
enum { N_INDICATORS = sizeof indicators / sizeof indicators[0] };

static void random_bars(void) {
  double **columns[] = {&o, &h, &l, &c, &v, &out[0], &out[1], &out[2]};
  for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
    if (!(*columns[i] = calloc((size_t)N, sizeof(double)))) abort();
  uint64_t random = 88172645463325252u;
  double price = 100;
  for (int i = 0; i < N; i++) {
    double u[4];
    for (int k = 0; k < 4; k++) {
      random ^= random << 13, random ^= random >> 7, random ^= random << 17;
      u[k] = (double)(random >> 11) / 9007199254740992.0;
    }
    o[i] = price;
    price *= 1.0 + (u[0] - 0.5) * 0.002;
    c[i] = price;
    h[i] = fmax(o[i], c[i]) * (1.0 + u[1] * 0.0006);
    l[i] = fmin(o[i], c[i]) * (1.0 - u[2] * 0.0006);
    v[i] = floor(u[3] * 1000.0);
  }
}

static int by_value(const void *a, const void *b) {
  return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

static double median(double *x, int n) {
  qsort(x, (size_t)n, sizeof *x, by_value);
  return n % 2 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2.0;
}

static double since(int64_t start) { return (double)(pln_clock_monotonic_ns() - start) / N; }

/* ns a bar, or a negative number: not known. */
static double run_ours(const pln_bars *bars, const char *expressions) {
  pln_hub *hub = pln_hub_new(4096);
  int32_t ids[MAX_OUTPUTS], n = 0;
  char text[256];
  const int64_t start = pln_clock_monotonic_ns();
  pln_hub_add_stream(hub, bars);
  for (const char *s = expressions; *s;) {
    const size_t length = strcspn(s, "|");
    snprintf(text, sizeof text, "%.*s", (int)length, s);
    ids[n] = pln_hub_add_feature(hub, 0, text);
    if (ids[n++] < 0) {
      pln_hub_free(hub);
      return -1.0;
    }
    s += length + (s[length] == '|');
  }
  pln_hub_seal(hub);
  for (int32_t i = 0; i < n; i++) pln_hub_bind(hub, ids[i], out[i]);
  for (int64_t until; (until = pln_hub_horizon(hub)) != INT64_MAX;) pln_hub_advance(hub, until);
  const double ns = since(start);
  pln_hub_free(hub);
  return ns;
}

static double run_ta(void *library, const indicator *x) {
  ta_function *f;
  *(void **)&f = library ? dlsym(library, x->ta) : NULL;
  if (!f) return -1.0;
  const int64_t start = pln_clock_monotonic_ns();
  x->call(f);
  return since(start);
}

static double run_tulip(void *library, const indicator *x) {
  char name[64];
  if (!library || !x->tulip) return -1.0;
  snprintf(name, sizeof name, "ti_%s", x->tulip);
  tulip_function *f;
  *(void **)&f = dlsym(library, name);
  if (!f) return -1.0;
  const double *inputs[5];
  for (int i = 0; x->inputs[i]; i++) {
    const char which = x->inputs[i];
    inputs[i] = which == 'o' ? o : which == 'h' ? h : which == 'l' ? l : which == 'v' ? v : c;
  }
  const int64_t start = pln_clock_monotonic_ns();
  f(N, inputs, x->options, out);
  return since(start);
}

static void *open_library(const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) fprintf(stderr, "%s (bench/peers/fetch gets it)\n", dlerror());
  return library;
}

static void print_cell(double ns, double ratio) {
  if (ns < 0)
    printf("  %8s %6s", "-", "");
  else if (ratio < 0)
    printf("  %8.2f %6s", ns, "");
  else
    printf("  %8.2f %5.1fx", ns, ratio);
}

int main(int argc, char **argv) {
  if (argc > 1) N = atoi(argv[1]);
  const int repeats = argc > 2 ? atoi(argv[2]) : 7;
  if (N < 1000 || repeats < 1 || repeats > MAX_REPEATS) {
    fprintf(stderr, "bench_peers [ROWS >= 1000] [REPEATS 1 … %d] [NAME]\n", MAX_REPEATS);
    return 2;
  }
  void *ta = open_library("build/peers/libta-lib.so"), *tulip = open_library("build/peers/libtulip.so");
  if (ta) {
    ta_function *initialize;
    *(void **)&initialize = dlsym(ta, "TA_Initialize");
    if (initialize) initialize();
  }
  random_bars();
  int64_t *ts = malloc((size_t)N * sizeof *ts);
  for (int i = 0; ts && i < N; i++) ts[i] = i * 60000000000;
  pln_bars *bars = pln_bars_from_arrays("BENCH", "1m", N, ts, o, h, l, c, v);
  free(ts);
  if (!bars) return 1;
  printf("%-18s  %8s %6s  %8s %6s  %8s\n", "median ns a bar", "ours", "", "TA-Lib", "", "Tulip");
  double log_ratio[2] = {0, 0};
  int known[2] = {0, 0}, slower = 0;
  for (int i = 0; i < N_INDICATORS; i++) {
    const indicator *x = &indicators[i];
    if (argc > 3 && strcmp(argv[3], x->name) != 0) continue;
    double times[3][MAX_REPEATS], ns[3];
    for (int k = 0; k < repeats; k++) {
      times[0][k] = run_ours(bars, x->ours);
      times[1][k] = run_ta(ta, x);
      times[2][k] = run_tulip(tulip, x);
    }
    for (int k = 0; k < 3; k++) ns[k] = median(times[k], repeats);
    printf("%-18s", x->name);
    print_cell(ns[0], -1.0);
    for (int k = 1; k < 3; k++) {
      const double ratio = ns[0] > 0 && ns[k] > 0 ? ns[k] / ns[0] : -1.0;
      print_cell(ns[k], ratio);
      if (ratio < 0) continue;
      log_ratio[k - 1] += log(ratio);
      known[k - 1]++;
      slower += ratio < 1.0;
    }
    printf("\n");
    fflush(stdout);
  }
  static const char *const names[] = {"TA-Lib", "Tulip"};
  for (int k = 0; k < 2; k++)
    if (known[k])
      printf("%s: geometric mean %.2fx over %d indicators\n", names[k], exp(log_ratio[k] / known[k]),
             known[k]);
  printf("slower than one of them: %d\n", slower);
  pln_bars_free(bars);
  return 0;
}
