#include "feature/hub.h"
#include "core/error.h"

static double column_value(const pln_hub *hub, const pln_hub_node *n) {
  const pln_hub_row *row = &hub->peek.row;
  switch (n->expr.column) {
  case 0:
    return row->open;
  case 1:
    return row->high;
  case 2:
    return row->low;
  case 3:
    return row->close;
  case 4:
    return row->volume;
  default:
    return row->extra ? row->extra[n->expr.column - PLN_EXPR_COLUMNS] : (double)NAN;
  }
}

static double clock_value(const pln_hub *hub, const pln_hub_node *n) {
  const pln_hub_row *row = &hub->peek.row;
  const pln_hub_stream *s = &hub->streams[hub->peek.stream];
  const int64_t visible_ns =
      row->visible_ns > row->ts_ns ? row->visible_ns : row->ts_ns + s->bars->timeframe.ns;
  pln_timezone_cursor cursor = {0};
  return pln_hub_clock_value(s, n->expr.column, row->ts_ns, visible_ns, &cursor);
}

/* The row's values of a unit's outputs: `out`, in the order of its columns. */
static void keep(pln_hub *hub, const pln_hub_unit *unit, const double *out) {
  for (int32_t k = 0; k < unit->n_nodes; k++) {
    const pln_hub_node *n = pln_hub_unit_node(hub, unit, k);
    for (int32_t i = 0; i < n->n_outputs; i++) hub->peek.values[n->first_series + i] = *out++;
  }
}

/* A call on a copy of its state. 1: it is asked for. */
static int peek_call(pln_hub *hub, const pln_hub_unit *unit) {
  const pln_hub_node *n = pln_hub_unit_node(hub, unit, 0);
  pln_hub_state *state = (pln_hub_state *)(void *)hub->peek.state;
  double *values = hub->peek.values, in[PLN_IND_MAX_INPUTS];
  double *out = hub->peek.step_values, **at = hub->at + unit->first_column;
  int is_nan = 0;
  for (int32_t i = 0; i < n->expr.n_args; i++) {
    in[i] = values[n->expr.args[i].node];
    is_nan |= isnan(in[i]);
  }
  if (is_nan) {
    pln_hub_fill_nan(out, 0, unit->n_columns);
    keep(hub, unit, out);
    return 0;
  }
  memcpy(state, hub->state + unit->state_offset, (size_t)unit->state_size);
  if (unit->kind == PLN_HUB_FOREIGN) {
    pln_hub_cursor *c = &hub->cursor;
    c->request = pln_hub_request_of(hub, unit, state, 1);
    for (int32_t i = 0; i < n->expr.n_args; i++) c->request.inputs[i] = &values[n->expr.args[i].node];
    for (int32_t i = 0; i < n->n_outputs; i++) c->request.outputs[i] = &values[n->first_series + i];
    c->is_pending = 1;
    return 1;
  }
  pln_hub_step(unit, state + 1, in, out);
  for (int32_t i = 0; i < unit->n_columns; i++) at[i] = &out[i];
  pln_hub_finish_rows(hub, unit, state, at, 1);
  keep(hub, unit, out);
  return 0;
}

void pln_hub_run_peek(pln_hub *hub) {
  pln_hub_peek_data *peek = &hub->peek;
  for (; hub->cursor.batch < hub->n_units; hub->cursor.batch++) {
    hub->cursor.unit = hub->order[hub->cursor.batch];
    const pln_hub_unit *unit = &hub->units[hub->cursor.unit];
    const pln_hub_node *n = pln_hub_unit_node(hub, unit, 0);
    if (unit->stream != peek->stream) continue;
    if (unit->kind == PLN_HUB_CLOCK)
      peek->values[n->first_series] = clock_value(hub, n);
    else if (unit->kind == PLN_HUB_JOIN)
      peek->values[n->first_series] = pln_hub_state_of(hub, unit)->carried;
    else if (peek_call(hub, unit))
      return;
  }
  for (int32_t i = 0; i < hub->n_features; i++)
    peek->out[i] =
        hub->features[i].stream == peek->stream ? peek->values[hub->features[i].series] : (double)NAN;
  peek->is_active = 0;
}

int32_t pln_hub_peek(pln_hub *hub, int32_t stream, const pln_hub_row *row, double *out) {
  if (pln_hub_check_idle(hub, "peek") < 0) return PLN_ERR_STATE;
  if (stream < 0 || stream >= hub->n_streams)
    return pln_fail(PLN_ERR_ARGUMENT, "feature hub: there is no stream %d", (int)stream);
  pln_hub_peek_data *peek = &hub->peek;
  peek->is_active = 1;
  peek->stream = stream;
  peek->row = *row;
  peek->out = out;
  for (int32_t i = 0; i < hub->n_column_nodes; i++) {
    const pln_hub_node *n = &hub->nodes[hub->column_nodes[i]];
    if (n->expr.stream == stream) peek->values[n->first_series] = column_value(hub, n);
  }
  hub->cursor.batch = 0;
  pln_hub_run_peek(hub);
  return hub->cursor.is_pending;
}
