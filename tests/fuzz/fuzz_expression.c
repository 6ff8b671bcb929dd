/* Feature expressions: no text may crash the parser or the hub; what is accepted computes the same values in
 * chunks of 1, 3 and all rows, and what is refused says why. */
#include "abi/core.h"
#include "abi/feature.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { N = 40 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static pln_bars *make(const char *symbol, const char *timeframe, int64_t step, double price) {
  int64_t ts[N];
  double open[N], high[N], low[N], close[N], volume[N];
  for (int i = 0; i < N; i++) {
    ts[i] = i * step;
    open[i] = price + i % 5;
    close[i] = price + (i * 7) % 11;
    high[i] = price + 12;
    low[i] = price - i % 3;
    volume[i] = i % 4;
  }
  pln_bars *bars = pln_bars_from_arrays(symbol, timeframe, N, ts, open, high, low, close, volume);
  if (!bars) abort();
  return bars;
}

/* The feature on the first stream; 0 if the hub refuses it. */
static int compute(pln_bars *const bars[3], const char *text, int32_t chunk_rows, double out[N]) {
  pln_hub *hub = pln_hub_new(chunk_rows);
  for (int i = 0; i < 3; i++)
    if (pln_hub_add_stream(hub, bars[i]) != i) abort();
  pln_error_clear();
  const int32_t id = pln_hub_add_feature(hub, 0, text);
  if (id < 0 || pln_hub_seal(hub) != 0) {
    if (pln_error_last()->text[0] == 0) abort();
    pln_hub_free(hub);
    return 0;
  }
  for (int64_t until; (until = pln_hub_horizon(hub)) != INT64_MAX;) {
    if (pln_hub_advance(hub, until) <= 0) abort();
    const int64_t first = pln_hub_first_row(hub, 0), last = pln_hub_last_row(hub, 0);
    if (last > first) memcpy(out + first, pln_hub_column(hub, id), (size_t)(last - first) * sizeof *out);
  }
  for (int64_t i = 0; i < N && i < pln_hub_warmup(hub, id); i++)
    if (!isnan(out[i])) abort();
  pln_hub_free(hub);
  return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static pln_bars *bars[3];
  if (!bars[0]) {
    bars[0] = make("SPY", "1m", 60000000000, 100);
    bars[1] = make("SPY", "5m", 300000000000, 0);
    bars[2] = make("BRK.B", "1d", 86400000000000, -3);
  }
  char *text = malloc(size + 1);
  memcpy(text, data, size);
  text[size] = 0;
  char *scopes = malloc(size + 1);
  pln_expression_scopes(text, scopes, (int64_t)size + 1);
  double all[N], some[N];
  if (compute(bars, text, N, all)) {
    static const int32_t chunks[] = {1, 3};
    for (int k = 0; k < 2; k++) {
      if (!compute(bars, text, chunks[k], some)) abort();
      for (int i = 0; i < N; i++)
        if (memcmp(&all[i], &some[i], sizeof all[i]) != 0 && !(isnan(all[i]) && isnan(some[i]))) abort();
    }
  }
  free(scopes);
  free(text);
  return 0;
}
