/* Signals of rules. Signs stay what they are for long: rows are looked at in blocks, and one by one only
 * where the sign changes within a block. */
#include "abi/rule.h"
#include <float.h>
#include <math.h>
#include <stddef.h>

enum { BLOCK = 32, PIECE = 8 };

#define INLINE static inline __attribute__((always_inline))
#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2")))
#define HAS_AVX2 __builtin_cpu_supports("avx2")
#else
#define AVX2
#define HAS_AVX2 0
#endif

/* What the hub makes of a difference: one that is too large for a double is 0 (pln_finite). */
INLINE double difference(double a, double b) {
  const double d = a - b;
  return fabs(d) <= DBL_MAX ? d : 0;
}

/* Whether all signs of the block are the direction. */
INLINE int block_keeps(const double *a, const double *b, int32_t direction, int n) {
  int64_t others = 0;
  if (direction > 0)
    for (int i = 0; i < n; i++) others += difference(a[i], b ? b[i] : 0) > 0 ? 0 : 1;
  else if (direction < 0)
    for (int i = 0; i < n; i++) others += difference(a[i], b ? b[i] : 0) < 0 ? 0 : 1;
  else
    for (int i = 0; i < n; i++) others += difference(a[i], b ? b[i] : 0) != 0 ? 1 : 0;
  return others == 0;
}

/* Rows from the first on at which the sign stays, in whole pieces. */
INLINE int64_t keeps(const double *a, const double *b, int32_t direction, int64_t n) {
  int64_t i = 0;
  if (b) {
    while (i + BLOCK <= n && block_keeps(a + i, b + i, direction, BLOCK)) i += BLOCK;
    while (i + PIECE <= n && block_keeps(a + i, b + i, direction, PIECE)) i += PIECE;
  } else {
    while (i + BLOCK <= n && block_keeps(a + i, NULL, direction, BLOCK)) i += BLOCK;
    while (i + PIECE <= n && block_keeps(a + i, NULL, direction, PIECE)) i += PIECE;
  }
  return i;
}

typedef int64_t keeps_fn(const double *a, const double *b, int32_t direction, int64_t n);
static int64_t keeps_baseline(const double *a, const double *b, int32_t direction, int64_t n) {
  return keeps(a, b, direction, n);
}
AVX2 static int64_t keeps_avx2(const double *a, const double *b, int32_t direction, int64_t n) {
  return keeps(a, b, direction, n);
}

int64_t pln_rule_signals(pln_signal_rule *rule, const pln_hub *hub, const pln_bars *bars, pln_signal *out) {
  const int64_t begin = pln_hub_first_row(hub, rule->stream), end = pln_hub_last_row(hub, rule->stream);
  int64_t first = begin > rule->first_row ? begin : rule->first_row;
  const int64_t last = end < rule->last_row ? end : rule->last_row;
  if (first >= last) return 0;
  if (rule->warm_row < 0) {
    const int64_t warm = pln_hub_first_warm(hub, rule->stream, &rule->feature, rule->less < 0 ? 1 : 2, first);
    if (warm >= last) return 0;
    rule->warm_row = warm;
  }
  if (rule->warm_row > first) first = rule->warm_row;
  const double *a = pln_hub_column(hub, rule->feature) + (first - begin);
  const double *b = rule->less < 0 ? NULL : pln_hub_column(hub, rule->less) + (first - begin);
  const int64_t n = last - first;
  int32_t direction = rule->direction;
  keeps_fn *stays = HAS_AVX2 ? keeps_avx2 : keeps_baseline;
  int64_t changes = 0, look = 0; /* rows before it were found to need a look */
  for (int64_t i = 0; i < n; i++) {
    if (i >= look) {
      i += stays(a + i, b ? b + i : NULL, direction, n - i);
      look = i + PIECE;
      if (i >= n) break;
    }
    const double d = difference(a[i], b ? b[i] : 0);
    const int32_t now = (d > 0) - (d < 0);
    if (now == direction) continue;
    direction = now;
    out[changes++] = (pln_signal){.ts_ns = pln_bars_visible_ns(bars, first + i),
                                  .strength = 1,
                                  .confidence = 1,
                                  .direction = now,
                                  .row = (int32_t)i};
    look = i + 1; /* the rest of a block may well stay as it is now */
  }
  rule->direction = direction;
  rule->n_changes += changes;
  return changes;
}
