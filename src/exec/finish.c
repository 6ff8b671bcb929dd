#include "core/error.h"
#include "exec/exec.h"

bool pln_finish_at_open(const pln_exec *x, const pln_holding *h, int64_t last) {
  if (x->config.fill != PLN_FILL_NEXT_OPEN) return false;
  for (int64_t i = 0; i < h->n_lots; i++)
    if (h->lots[i].entry_bar == last && !h->lots[i].at_open) return false;
  return true;
}

/* Closes what a portfolio holds at the last bar of each instrument, as market orders, with costs. With
 * NEXT_OPEN the price is that bar's open (backtesting.py runs its orders on the last bar once more), unless
 * something was entered within the bar after its open; otherwise it is the close. */
static void finalize(pln_exec *x, int32_t portfolio) {
  pln_portfolio *p = x->portfolios[portfolio];
  for (int32_t k = 0; k < x->n_markets && !x->status; k++) {
    const pln_holding *h = &p->holdings[k];
    const pln_market *m = &x->markets[k];
    if (h->n_lots == 0) continue;
    const int64_t last = m->next - 1;
    const int32_t side = h->count > 0 ? PLN_SIDE_SELL : PLN_SIDE_BUY;
    const bool at_open = pln_finish_at_open(x, h, last);
    pln_fill_exit(
        x, portfolio, k, -1, PLN_EXIT_END_OF_WINDOW, x->view.now_ns,
        &(pln_hit){.price = at_open ? pln_market_open(m, last, side) : pln_market_close(m, last, side),
                   .worsens = 1,
                   .at_open = at_open,
                   .at_market = 1,
                   .bar = last});
  }
}

int32_t pln_exec_finish(pln_exec *exec) {
  pln_exec *x = exec;
  if (x->is_finished) return pln_fail(PLN_ERR_STATE, "the run is finished already");
  if (x->status) return x->status;
  if (!x->is_started) {
    const int32_t status = pln_exec_start(x);
    if (status) return status;
  }
  if (x->asks.is_on && x->config.finalize_trades) {
    if (x->asks.is_open) return pln_fail(PLN_ERR_STATE, "a question about costs was not answered");
    if (pln_asks_next_at_end(x)) return PLN_EXEC_ASK_COST;
  }
  if (pln_exec_end_instant(x)) return pln_fail(PLN_ERR_STATE, "a risk rule is asked: its answer comes first");
  pln_orders_forget(x);
  pln_actions_finish(x);
  for (int32_t j = 0; j < x->n_portfolios; j++) {
    if (x->config.finalize_trades && x->portfolios[j]->config.fill_price_quirk) pln_queue_finish(x, j);
  }
  for (int64_t i = 0; i < x->n_pending; i++)
    if (!pln_order_is_final(&x->pending[i].order))
      pln_orders_end(x, &x->pending[i], PLN_STATUS_EXPIRED, PLN_REFUSAL_END_OF_DATA);
  pln_orders_sweep(x);
  for (int32_t j = 0; j < x->n_portfolios; j++)
    if (x->config.finalize_trades && !x->portfolios[j]->config.fill_price_quirk) finalize(x, j);
  for (int32_t j = 0; j < x->n_portfolios; j++) {
    pln_portfolio *p = x->portfolios[j];
    const bool ends = x->config.finalize_trades && !p->master;
    pln_portfolio_mark(p);
    if (ends && p->account.equity <= 0 && !p->account.bankrupt) pln_portfolio_ruin(p);
    if (p->n_books > 0) p->exposure |= pln_books_exposure(p);
    if (p->held_row) {
      p->row_exposure[p->rows.n_rows] |= (int8_t)p->exposure;
      pln_recorder_amend(p);
      pln_recorder_publish(p);
    }
    p->exposure = 0;
  }
  x->view.n_new_fills = x->new_fills;
  x->view.n_new_orders = x->new_orders;
  x->new_fills = x->new_orders = 0;
  x->is_finished = 1;
  return x->status;
}
