#include "feature/hub.h"

static const int64_t NS_PER_S = 1000000000;

/* Each row gets the source's last value that is visible when the row is. */
void pln_hub_run_join(const pln_hub *hub, const pln_hub_unit *unit) {
  const pln_hub_node *n = pln_hub_unit_node(hub, unit, 0);
  pln_hub_state *state = pln_hub_state_of(hub, unit);
  const pln_hub_stream *to = &hub->streams[n->expr.stream], *from = &hub->streams[n->source];
  const double *values = hub->series[n->expr.args[0].node].values;
  double *out = hub->series[n->first_series].buffer;
  double carried = state->carried;
  int64_t row = to->first;
  for (int64_t i = from->first; i < from->last && row < to->last; i++) {
    const int64_t from_ns = pln_hub_visible(from->bars, i);
    for (; row < to->last && pln_hub_visible(to->bars, row) < from_ns; row++) out[row - to->first] = carried;
    carried = values[i - from->first];
  }
  for (; row < to->last; row++) out[row - to->first] = carried;
  if (from->last > from->first) state->carried = values[from->last - 1 - from->first];
}

static const double *column(const pln_bars *bars, int32_t index) {
  switch (index) {
  case 0:
    return bars->open;
  case 1:
    return bars->high;
  case 2:
    return bars->low;
  case 3:
    return bars->close;
  case 4:
    return bars->volume;
  default:
    return bars->extra[index - PLN_EXPR_COLUMNS];
  }
}

static double seconds(int64_t ns) {
  const int64_t whole = ns / NS_PER_S;
  return (double)whole + (double)(ns - whole * NS_PER_S) * 1e-9;
}

static double local_day(int64_t local_ns) { return floor(seconds(local_ns) / 86400.0); }

double pln_hub_clock_value(const pln_hub_stream *s, int32_t clock, int64_t open_ns, int64_t visible_ns,
                           pln_timezone_cursor *cursor) {
  switch (clock - PLN_EXPR_FIRST_CLOCK) {
  case 0:
    return seconds(open_ns);
  case 1:
    return seconds(pln_timezone_to_local_cursor(s->zone, open_ns, cursor));
  case 2:
    return seconds(pln_timezone_to_local_cursor(s->zone, visible_ns, cursor));
  default:
    return local_day(pln_timezone_to_local_cursor(s->zone, open_ns, cursor));
  }
}

void pln_hub_run_clock(const pln_hub *hub, const pln_hub_unit *unit) {
  const pln_hub_node *n = pln_hub_unit_node(hub, unit, 0);
  const pln_hub_stream *s = &hub->streams[unit->stream];
  double *out = hub->series[n->first_series].buffer;
  pln_timezone_cursor cursor = {0};
  for (int64_t row = s->first; row < s->last; row++, out++)
    *out =
        pln_hub_clock_value(s, n->expr.column, s->bars->ts_ns[row], pln_hub_visible(s->bars, row), &cursor);
}

void pln_hub_run_columns(const pln_hub *hub) {
  for (int32_t i = 0; i < hub->n_column_nodes; i++) {
    const pln_hub_node *n = &hub->nodes[hub->column_nodes[i]];
    const pln_hub_stream *s = &hub->streams[n->expr.stream];
    hub->series[n->first_series].values = column(s->bars, n->expr.column) + s->first;
  }
}

int64_t pln_hub_horizon(const pln_hub *hub) {
  int64_t horizon = INT64_MAX, end = INT64_MIN;
  for (int32_t i = 0; i < hub->n_streams; i++) {
    const pln_hub_stream *s = &hub->streams[i];
    const int64_t left = s->bars->n_bars - s->last;
    if (left == 0) continue;
    const int64_t last = pln_hub_visible(s->bars, s->bars->n_bars - 1);
    if (last > end) end = last;
    if (left <= hub->chunk_rows) continue;
    const int64_t bound = pln_hub_visible(s->bars, s->last + hub->chunk_rows) - 1;
    if (bound < horizon) horizon = bound;
  }
  if (end == INT64_MIN) return INT64_MAX;
  return horizon < end ? horizon : end;
}

/* First row at or after `first`, at most `limit`, that is not visible at until_ns. */
static int64_t upper_bound(const pln_bars *bars, int64_t first, int64_t limit, int64_t until_ns) {
  if (first == limit || pln_hub_visible(bars, limit - 1) <= until_ns) return limit;
  int64_t low = first, high = limit - 1;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (pln_hub_visible(bars, middle) <= until_ns)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

int64_t pln_hub_take_rows(pln_hub *hub, int64_t until_ns) {
  int64_t rows = 0;
  for (int32_t i = 0; i < hub->n_streams; i++) {
    pln_hub_stream *s = &hub->streams[i];
    const int64_t left = s->bars->n_bars - s->last;
    s->first = s->last;
    s->last = upper_bound(s->bars, s->first, s->first + (left < hub->chunk_rows ? left : hub->chunk_rows),
                          until_ns);
    rows += s->last - s->first;
  }
  return rows;
}
