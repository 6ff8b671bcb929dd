/* Bars within closed trades, entry and exit bars included, each counted once: as backtesting.py's exposure
 * time. */
#include "core/error.h"
#include "portfolio/stats_state.h"
#include <stdlib.h>
#include <string.h>

int32_t pln_exposure_add(pln_exposure *exposure, const pln_trade *trade) {
  pln_exposure *e = exposure;
  if (e->n > 0 && trade->instrument != e->instrument) e->is_mixed = 1;
  e->instrument = trade->instrument;
  if (e->n == e->capacity) {
    const int64_t capacity = e->capacity ? 2 * e->capacity : 64;
    pln_bar_span *spans = realloc(e->spans, (size_t)capacity * sizeof *spans);
    if (!spans) return pln_fail(PLN_ERR_MEMORY, "no memory for %lld spans of trades", (long long)capacity);
    e->spans = spans;
    e->capacity = capacity;
  }
  pln_bar_span made = {trade->entry_bar, trade->exit_bar};
  int64_t end = e->n; /* spans from here on begin after this trade: it closed a bar late at most */
  while (end > 0 && e->spans[end - 1].first > made.last) end--;
  int64_t first = end;
  for (; first > 0 && e->spans[first - 1].last >= made.first; first--) {
    const pln_bar_span *met = &e->spans[first - 1];
    e->bars -= met->last - met->first + 1;
    if (met->first < made.first) made.first = met->first;
    if (met->last > made.last) made.last = met->last;
  }
  memmove(&e->spans[first + 1], &e->spans[end], (size_t)(e->n - end) * sizeof *e->spans);
  e->spans[first] = made;
  e->n += 1 - (end - first);
  e->bars += made.last - made.first + 1;
  return PLN_OK;
}
