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

void pln_hub_finish_rows(const pln_hub_node *n, pln_hub_state *state, double *const *out, int64_t rows) {
  if (state->rows < n->lookback) {
    const int64_t cold = n->lookback - state->rows < rows ? n->lookback - state->rows : rows;
    for (int32_t i = 0; i < n->n_outputs; i++) pln_hub_fill_nan(out[i], 0, cold);
  }
  state->rows += rows;
}

/* A batch of so few rows is dearer than a step for each. */
enum { STEP_ROWS = 4 };

static void step_rows(const pln_expr_node *expr, void *state, const double *const *in, double *const *out,
                      int64_t rows) {
  const pln_ind_desc *desc = expr->desc;
  for (int64_t row = 0; row < rows; row++) {
    double x[PLN_IND_MAX_INPUTS], y[PLN_IND_MAX_OUTPUTS + 1];
    for (int32_t i = 0; i < expr->n_args; i++) x[i] = in[i][row];
    desc->step(state, x, y);
    if (expr->valid)
      out[0][row] = y[desc->n_outputs];
    else
      for (int32_t i = 0; i < desc->n_outputs; i++) out[i][row] = y[i];
  }
}

/* Rows [first, last) to the kernel, all without NaN. */
static void run_rows(const pln_hub *hub, const pln_hub_node *n, pln_hub_state *state, const double *const *in,
                     int64_t first, int64_t last) {
  const double *x[PLN_IND_MAX_INPUTS] = {0};
  double *y[PLN_IND_MAX_OUTPUTS + 1] = {0};
  for (int32_t i = 0; i < n->expr.n_args; i++) x[i] = in[i] + first;
  for (int32_t i = 0; i < n->n_outputs; i++) y[i] = hub->series[n->first_series + i].buffer + first;
  if (n->expr.valid || last - first < STEP_ROWS)
    step_rows(&n->expr, state + 1, x, y, last - first);
  else
    n->expr.desc->batch(state + 1, x, y, last - first);
  pln_hub_finish_rows(n, state, y, last - first);
}

static void run_call(const pln_hub *hub, const pln_hub_node *n, int64_t rows) {
  pln_hub_state *state = pln_hub_state_of(hub, n);
  const double *in[PLN_IND_MAX_INPUTS] = {0};
  pln_hub_inputs(hub, n, in);
  if (state->rows > 0 && !n->may_gap) {
    run_rows(hub, n, state, in, 0, rows);
    return;
  }
  /* Rows with a NaN input are not given to the kernel: it does not know that they exist. */
  for (int64_t row = 0; row < rows;) {
    const int64_t first = pln_hub_next_row(in, n->expr.n_args, row, rows, 0);
    for (int32_t i = 0; i < n->n_outputs; i++)
      pln_hub_fill_nan(hub->series[n->first_series + i].buffer, row, first);
    if (first == rows) break;
    row = n->may_gap ? pln_hub_next_row(in, n->expr.n_args, first, rows, 1) : rows;
    run_rows(hub, n, state, in, first, row);
  }
}

static void run_node(const pln_hub *hub, const pln_hub_node *n) {
  if (n->expr.kind == PLN_EXPR_CONSTANT) return;
  const pln_hub_stream *s = &hub->streams[n->expr.stream];
  if (n->expr.kind == PLN_EXPR_COLUMN)
    pln_hub_run_column(hub, n);
  else if (n->expr.kind == PLN_EXPR_JOIN)
    pln_hub_run_join(hub, n);
  else if (s->last > s->first)
    run_call(hub, n, s->last - s->first);
}

void pln_hub_run(pln_hub *hub) {
  for (; hub->cursor.node < hub->n_nodes; hub->cursor.node++) {
    const pln_hub_node *n = &hub->nodes[hub->cursor.node];
    if (n->call < 0)
      run_node(hub, n);
    else if (pln_hub_ask(hub, n))
      return;
  }
}

int64_t pln_hub_advance(pln_hub *hub, int64_t until_ns) {
  if (!hub->sealed) return pln_fail(PLN_ERR_STATE, "feature hub: advance before seal");
  if (hub->failed) return pln_fail(PLN_ERR_STATE, "feature hub: advance after a failure");
  if (hub->cursor.is_pending)
    return pln_fail(PLN_ERR_STATE, "feature hub: advance while a request waits for its answer");
  const int64_t horizon = pln_hub_horizon(hub);
  if (until_ns > horizon)
    return pln_fail(PLN_ERR_ARGUMENT, "feature hub: advance to %lld is beyond the horizon, %lld",
                    (long long)until_ns, (long long)horizon);
  const int64_t rows = pln_hub_take_rows(hub, until_ns);
  if (rows > 0) {
    hub->cursor = (pln_hub_cursor){0};
    pln_hub_run(hub);
  }
  return rows;
}
