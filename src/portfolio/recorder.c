#include "core/error.h"
#include "portfolio/portfolio.h"
#include <stdlib.h>

int32_t pln_recorder_reserve(pln_portfolio *p, int64_t capacity) {
  const size_t n = (size_t)capacity + 1; /* one more for the held row */
  p->row_ts_ns = calloc(n, sizeof *p->row_ts_ns);
  p->row_equity = calloc(n, sizeof *p->row_equity);
  p->row_cash = calloc(n, sizeof *p->row_cash);
  p->row_benchmark = calloc(n, sizeof *p->row_benchmark);
  p->benchmark_factor = 1;
  p->row_exposure = calloc(n, sizeof *p->row_exposure);
  p->row_gross = calloc(n, sizeof *p->row_gross);
  if (!p->row_ts_ns || !p->row_equity || !p->row_cash || !p->row_benchmark || !p->row_exposure ||
      !p->row_gross)
    return pln_fail(PLN_ERR_MEMORY, "no memory for a recorder of %lld rows", (long long)capacity);
  p->rows = (pln_equity_rows){.n_rows = 0,
                              .capacity = capacity,
                              .ts_ns = p->row_ts_ns,
                              .equity = p->row_equity,
                              .cash = p->row_cash,
                              .benchmark = p->row_benchmark,
                              .exposure = p->row_exposure,
                              .gross = p->row_gross};
  return PLN_OK;
}

int32_t pln_recorder_reserve_flow(pln_portfolio *p) {
  if (p->row_flow || p->rows.capacity == 0) return PLN_OK; /* there, or nothing is recorded */
  p->row_flow = calloc((size_t)p->rows.capacity + 1, sizeof *p->row_flow);
  if (!p->row_flow)
    return pln_fail(PLN_ERR_MEMORY, "no memory for a recorder of %lld rows", (long long)p->rows.capacity);
  p->rows.flow = p->row_flow;
  return PLN_OK;
}

void pln_recorder_amend(pln_portfolio *p) {
  if (!p->held_row) return;
  p->row_equity[p->rows.n_rows] = p->account.equity;
  p->row_cash[p->rows.n_rows] = p->account.cash;
  p->row_gross[p->rows.n_rows] = p->account.gross_exposure;
}

void pln_recorder_publish(pln_portfolio *p) {
  p->rows.n_rows += p->held_row;
  p->held_row = 0;
}

const pln_equity_rows *pln_portfolio_equity(const pln_portfolio *portfolio) { return &portfolio->rows; }

void pln_portfolio_clear_equity(pln_portfolio *portfolio) {
  const int64_t i = portfolio->rows.n_rows;
  if (portfolio->held_row && i > 0) {
    portfolio->row_ts_ns[0] = portfolio->row_ts_ns[i];
    portfolio->row_equity[0] = portfolio->row_equity[i];
    portfolio->row_cash[0] = portfolio->row_cash[i];
    portfolio->row_benchmark[0] = portfolio->row_benchmark[i];
    portfolio->row_exposure[0] = portfolio->row_exposure[i];
    portfolio->row_gross[0] = portfolio->row_gross[i];
    if (portfolio->row_flow) portfolio->row_flow[0] = portfolio->row_flow[i];
  }
  portfolio->rows.n_rows = 0;
}
