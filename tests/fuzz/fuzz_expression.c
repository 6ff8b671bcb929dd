/* Feature expressions: no text may crash the parser or the hub; what is accepted computes the same values in
 * chunks of 1, 3 and all rows, when it is peeked at, and in a hub that goes on from a snapshot; what is
 * refused says why. `mine` is an indicator of the caller's own. */
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

/* mine(source, period): 2 period values behind each other, in a ring that counts them. */
static void answer(pln_hub *hub) {
  pln_hub_request r;
  while (pln_hub_pending(hub, &r)) {
    double *ring = r.state;
    const int64_t n = (int64_t)r.params[0];
    for (int64_t i = 0; i < r.rows; i++) {
      const double before = ring[(r.seen + i) % n];
      ring[(r.seen + i) % n] = r.inputs[0][i];
      r.outputs[0][i] = r.seen + i < n ? (double)NAN : before * 0.5;
      r.outputs[1][i] = (double)(r.seen + i);
    }
    if (pln_hub_resume(hub) < 0) abort();
  }
}

static int32_t add(pln_hub *hub, const char *text) {
  static const pln_indicator_param params[] = {{"period", "", 3, 1, 50, NULL, 1, 0}};
  static const pln_indicator_info mine = {
      .name = "mine", .inputs = "source", .outputs = "value count", .params = params, .n_params = 1};
  if (pln_hub_define(hub, &mine) != 0) abort();
  const int32_t id = pln_hub_add_feature(hub, 0, text);
  for (int32_t call = 0; call < pln_hub_calls(hub); call++) {
    const int64_t n = (int64_t)pln_hub_call_params(hub, call)[0];
    if (pln_hub_answer_call(hub, call, n, n * 8) != 0) abort();
  }
  return id;
}

/* A sealed hub with the feature; NULL if it is refused. */
static pln_hub *open_hub(pln_bars *const bars[3], const char *text, int32_t chunk_rows, int32_t *id) {
  pln_hub *hub = pln_hub_new(chunk_rows);
  for (int i = 0; i < 3; i++)
    if (pln_hub_add_stream(hub, bars[i]) != i) abort();
  pln_error_clear();
  *id = add(hub, text);
  if (*id >= 0 && pln_hub_seal(hub) == 0) return hub;
  if (pln_error_last()->text[0] == 0) abort();
  pln_hub_free(hub);
  return NULL;
}

static pln_hub *reopened(pln_hub *hub, pln_bars *const bars[3], const char *text, int32_t chunk_rows,
                         int32_t *id) {
  const int64_t size = pln_hub_snapshot_size(hub);
  void *bytes = malloc((size_t)size);
  if (pln_hub_save(hub, bytes, size) != 0) abort();
  pln_hub_free(hub);
  hub = open_hub(bars, text, chunk_rows, id);
  if (!hub || pln_hub_load(hub, bytes, size) != 0) abort();
  free(bytes);
  return hub;
}

static int same(double a, double b) { return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b)); }

/* The feature on the first stream; 0 if the hub refuses it. */
static int compute(pln_bars *const bars[3], const char *text, int32_t chunk_rows, double out[N]) {
  int32_t id;
  pln_hub *hub = open_hub(bars, text, chunk_rows, &id);
  if (!hub) return 0;
  for (int64_t until; (until = pln_hub_horizon(hub)) != INT64_MAX;) {
    const int64_t next = pln_hub_last_row(hub, 0);
    double peeked = 0;
    if (next < N) {
      const pln_hub_row row = {.ts_ns = bars[0]->ts_ns[next],
                               .open = bars[0]->open[next],
                               .high = bars[0]->high[next],
                               .low = bars[0]->low[next],
                               .close = bars[0]->close[next],
                               .volume = bars[0]->volume[next]};
      if (pln_hub_peek(hub, 0, &row, &peeked) < 0) abort();
      answer(hub);
    }
    const int64_t rows = pln_hub_advance(hub, until);
    if (rows <= 0) abort();
    answer(hub);
    const int64_t first = pln_hub_first_row(hub, 0), last = pln_hub_last_row(hub, 0);
    if (last > first) memcpy(out + first, pln_hub_column(hub, id), (size_t)(last - first) * sizeof *out);
    if (rows == 1 && last > first && !same(peeked, out[first])) abort();
    if (first < N / 2 && last >= N / 2) hub = reopened(hub, bars, text, chunk_rows, &id);
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
        if (!same(all[i], some[i])) abort();
    }
  }
  free(scopes);
  free(text);
  return 0;
}
