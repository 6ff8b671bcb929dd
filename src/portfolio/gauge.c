#include "portfolio/gauge.h"
#include "core/error.h"
#include <assert.h>
#include <math.h>
#include <stdlib.h>

int32_t pln_gauges_add(pln_gauges *gauges) {
  assert(gauges->n_instruments > 0);
  const size_t n = (size_t)gauges->n_instruments, used = (size_t)gauges->n_gauges * n;
  pln_gauge_series *series = realloc(gauges->series, (used + n) * sizeof *series);
  if (!series) return pln_fail(PLN_ERR_MEMORY, "no memory for %d gauges", gauges->n_gauges + 1);
  gauges->series = series;
  for (size_t i = 0; i < n; i++) series[used + i] = (pln_gauge_series){0};
  return gauges->n_gauges++;
}

void pln_gauges_set(pln_gauges *gauges, int32_t gauge, int32_t instrument, const pln_bars *bars,
                    const double *column) {
  assert(gauge >= 0 && gauge < gauges->n_gauges && instrument >= 0 && instrument < gauges->n_instruments);
  gauges->series[gauge * gauges->n_instruments + instrument] =
      (pln_gauge_series){.ts_ns = bars->ts_ns,
                         .visible_ns = bars->visible_ns,
                         .length_ns = bars->timeframe.ns,
                         .n_rows = bars->n_bars,
                         .column = column};
}

void pln_gauges_free(pln_gauges *gauges) {
  free(gauges->series);
  *gauges = (pln_gauges){0};
}

static int64_t visible(const pln_gauge_series *s, int64_t row) {
  return s->visible_ns ? s->visible_ns[row] : s->ts_ns[row] + s->length_ns;
}

/* The number of rows that are visible: near the last answer, or found by halving. */
static int64_t rows_visible(const pln_gauge_series *s, int64_t time_ns) {
  int64_t low = 0, high = s->n_rows;
  if (s->row > 0 && visible(s, s->row - 1) > time_ns) {
    high = s->row - 1;
  } else {
    low = s->row;
    for (int32_t near = 0; near < 4; near++, low++)
      if (low == s->n_rows || visible(s, low) > time_ns) return low;
  }
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (visible(s, middle) > time_ns)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

double pln_gauge_at(pln_gauges *gauges, int32_t gauge, int32_t instrument, int64_t time_ns) {
  assert(gauge >= 0 && gauge < gauges->n_gauges && instrument >= 0 && instrument < gauges->n_instruments);
  pln_gauge_series *s = &gauges->series[gauge * gauges->n_instruments + instrument];
  if (!s->column) return NAN;
  s->row = rows_visible(s, time_ns);
  return s->row > 0 ? s->column[s->row - 1] : NAN;
}
