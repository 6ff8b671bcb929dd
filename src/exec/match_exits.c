#include "exec/exec.h"

pln_levels pln_exit_levels(const pln_portfolio *p, const pln_market *m, const pln_lot *lot, bool is_long) {
  pln_levels l = {.target = lot->target};
  l.stop = pln_lot_stop(p, lot, is_long, &l.trailing);
  if (l.trailing && m->tick.step > 0) l.stop = pln_step_round(&m->tick, l.stop, !is_long);
  if (lot->stop_bar >= m->next) l.stop = 0;
  if (lot->target_bar >= m->next) l.target = 0;
  return l;
}

void pln_exits_try(pln_exec *x, int32_t portfolio, int32_t k, const pln_bar *bar, pln_match_phase phase,
                   int32_t kinds) {
  pln_portfolio *p = x->portfolios[portfolio];
  pln_holding *h = &p->holdings[k];
  const pln_market *m = &x->markets[k];
  for (int64_t i = 0; i < h->n_lots && !x->status;) {
    const bool is_long = h->count > 0;
    const pln_levels l = pln_exit_levels(p, m, &h->lots[i], is_long);
    int32_t reason = l.trailing ? PLN_EXIT_TRAILING_STOP : PLN_EXIT_STOP_LOSS, type = PLN_ORDER_STOP;
    double price = 0;
    if (l.stop > 0 && (kinds & PLN_EXIT_STOPS)) price = pln_match_stop(l.stop, !is_long, bar, phase);
    if (price == 0 && l.target > 0 && (kinds & PLN_EXIT_TARGETS)) {
      price = pln_match_limit(l.target, !is_long, bar, phase);
      reason = PLN_EXIT_TAKE_PROFIT;
      type = PLN_ORDER_LIMIT;
    }
    if (price == 0) {
      i++;
      continue;
    }
    const int64_t before = h->n_lots;
    pln_fill_exit(x, portfolio, k, i, reason, h->lots[i].protect_ns,
                  &(pln_hit){.price = price,
                             .worsens = type == PLN_ORDER_STOP,
                             .at_open = phase == PLN_MATCH_AT_OPEN,
                             .type = type,
                             .bar = m->next - 1});
    if (h->n_lots == before) i++; /* the bar's volume did not suffice for all of the lot */
  }
}
