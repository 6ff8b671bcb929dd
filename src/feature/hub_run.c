#include "feature/hub.h"
#include "core/error.h"

void pln_hub_fill_nan(double *out, int64_t first, int64_t last) {
  for (int64_t i = first; i < last; i++) out[i] = (double)NAN;
}

int64_t pln_hub_next_row(const double *const *in, int32_t n_inputs, int64_t from, int64_t rows,
                         int want_nan) {
  for (int64_t row = from; row < rows; row++) {
    int is_nan = 0;
    for (int32_t i = 0; i < n_inputs; i++) is_nan |= isnan(in[i][row]);
    if (is_nan == want_nan) return row;
  }
  return rows;
}

void pln_hub_inputs(const pln_hub *hub, const pln_hub_node *n, const double *in[PLN_IND_MAX_INPUTS]) {
  for (int32_t i = 0; i < n->expr.n_args; i++) in[i] = hub->series[n->expr.args[i].node].values;
}

void pln_hub_finish_rows(const pln_hub *hub, const pln_hub_unit *unit, pln_hub_state *state,
                         double *const *out, int64_t rows) {
  const int64_t seen = state->rows;
  state->rows += rows;
  if (seen >= unit->max_lookback) return;
  for (int32_t k = 0; k < unit->n_nodes; k++) {
    const pln_hub_node *n = pln_hub_unit_node(hub, unit, k);
    const int64_t cold = n->lookback - seen < rows ? n->lookback - seen : rows;
    for (int32_t i = 0; i < n->n_outputs; i++) pln_hub_fill_nan(*out++, 0, cold);
  }
}

/* A batch of so few rows is dearer than a step for each. */
enum { STEP_ROWS = 4, MAX_STEP_COLUMNS = 256 };

static void step_rows(const pln_hub_unit *unit, void *state, const double *const *in, double *const *out,
                      int64_t rows) {
  for (int64_t row = 0; row < rows; row++) {
    double x[PLN_IND_MAX_INPUTS], y[MAX_STEP_COLUMNS + PLN_IND_MAX_OUTPUTS];
    for (int32_t i = 0; i < unit->n_args; i++) x[i] = in[i][row];
    pln_hub_step(unit, state, x, y);
    for (int32_t i = 0; i < unit->n_columns; i++) out[i][row] = y[i];
  }
}

/* Rows [first, last) to the kernel, all without NaN. */
static void run_rows(const pln_hub *hub, const pln_hub_unit *unit, pln_hub_state *state,
                     const double *const *in, int64_t first, int64_t last) {
  const pln_expr_node *expr = &pln_hub_unit_node(hub, unit, 0)->expr;
  const double *x[PLN_IND_MAX_INPUTS] = {0};
  double **y = hub->at + unit->first_column;
  for (int32_t i = 0; i < expr->n_args; i++) x[i] = in[i] + first;
  for (int32_t i = 0; i < unit->n_columns; i++) y[i] = hub->columns[unit->first_column + i] + first;
  if ((expr->valid || last - first < STEP_ROWS) && unit->n_columns <= MAX_STEP_COLUMNS)
    step_rows(unit, state + 1, x, y, last - first);
  else if (unit->kind == PLN_HUB_FAMILY)
    expr->desc->family->batch(state + 1, x, y, last - first);
  else
    expr->desc->batch(state + 1, x, y, last - first);
  pln_hub_finish_rows(hub, unit, state, y, last - first);
}

static void run_call(const pln_hub *hub, const pln_hub_unit *unit, int64_t rows) {
  const pln_hub_node *n = pln_hub_unit_node(hub, unit, 0);
  pln_hub_state *state = pln_hub_state_of(hub, unit);
  const double *in[PLN_IND_MAX_INPUTS] = {0};
  pln_hub_inputs(hub, n, in);
  if (state->rows > 0 && !n->may_gap) {
    run_rows(hub, unit, state, in, 0, rows);
    return;
  }
  /* Rows with a NaN input are not given to the kernel: it does not know that they exist. */
  for (int64_t row = 0; row < rows;) {
    const int64_t first = pln_hub_next_row(in, n->expr.n_args, row, rows, 0);
    for (int32_t i = 0; i < unit->n_columns; i++)
      pln_hub_fill_nan(hub->columns[unit->first_column + i], row, first);
    if (first == rows) break;
    row = n->may_gap ? pln_hub_next_row(in, n->expr.n_args, first, rows, 1) : rows;
    run_rows(hub, unit, state, in, first, row);
  }
}

/* The slices of live use, without the detours of longer ones. */
static void run_row(const pln_hub *hub, const pln_hub_unit *unit) {
  pln_hub_state *state = pln_hub_state_of(hub, unit);
  double *const *out = hub->columns + unit->first_column;
  double x[PLN_IND_MAX_INPUTS], y[MAX_STEP_COLUMNS + PLN_IND_MAX_OUTPUTS];
  int is_nan = 0;
  for (int32_t i = 0; i < unit->n_args; i++) x[i] = hub->series[unit->args[i]].values[0];
  if (state->rows == 0 || unit->may_gap)
    for (int32_t i = 0; i < unit->n_args; i++) is_nan |= isnan(x[i]);
  if (!is_nan) pln_hub_step(unit, state + 1, x, y);
  for (int32_t i = 0; i < unit->n_columns; i++) out[i][0] = is_nan ? (double)NAN : y[i];
  if (is_nan) return;
  if (state->rows < unit->max_lookback)
    pln_hub_finish_rows(hub, unit, state, out, 1);
  else
    state->rows++;
}

static void run_unit(const pln_hub *hub, const pln_hub_unit *unit) {
  const pln_hub_stream *s = &hub->streams[unit->stream];
  if (unit->kind == PLN_HUB_JOIN)
    pln_hub_run_join(hub, unit);
  else if (s->first == s->last)
    return;
  else if (unit->kind == PLN_HUB_CLOCK)
    pln_hub_run_clock(hub, unit);
  else if (s->last - s->first == 1 && unit->n_columns <= MAX_STEP_COLUMNS)
    run_row(hub, unit);
  else
    run_call(hub, unit, s->last - s->first);
}

void pln_hub_run_part(const void *context, int32_t place) {
  const pln_hub *hub = context;
  run_unit(hub, &hub->units[hub->order[place]]);
}

/* With fewer values than this to compute, the caller is done before another thread is awake. */
enum { PARALLEL_VALUES = 32768 };

static void run_batch(const pln_hub *hub, const pln_hub_batch *batch) {
  if (hub->pool && batch->n > 1 && batch->n_columns * hub->slice_rows >= PARALLEL_VALUES)
    pln_pool_run(hub->pool, batch->first, batch->first + batch->n);
  else
    for (int32_t i = 0; i < batch->n; i++) pln_hub_run_part(hub, batch->first + i);
}

void pln_hub_run(pln_hub *hub) {
  for (; hub->cursor.batch < hub->n_batches; hub->cursor.batch++) {
    const pln_hub_batch *batch = &hub->batches[hub->cursor.batch];
    if (!batch->is_foreign) {
      run_batch(hub, batch);
      continue;
    }
    hub->cursor.unit = hub->order[batch->first];
    if (pln_hub_ask(hub, &hub->units[hub->cursor.unit])) return;
  }
  pln_hub_copy_bound(hub);
}

int64_t pln_hub_advance(pln_hub *hub, int64_t until_ns) {
  if (pln_hub_check_idle(hub, "advance") < 0) return PLN_ERR_STATE;
  const int64_t horizon = pln_hub_horizon(hub);
  if (until_ns > horizon)
    return pln_fail(PLN_ERR_ARGUMENT, "feature hub: advance to %lld is beyond the horizon, %lld",
                    (long long)until_ns, (long long)horizon);
  const int64_t rows = pln_hub_take_rows(hub, until_ns);
  if (rows > 0) {
    hub->slice_rows = rows;
    hub->cursor.batch = 0;
    hub->cursor.last = 0;
    pln_hub_place_bound(hub);
    pln_hub_run_columns(hub);
    pln_hub_run(hub);
  }
  return rows;
}
