#include "core/error.h"
#include "exec/exec.h"

int32_t pln_exec_set_fx(pln_exec *exec, int32_t portfolio, int32_t instrument, const pln_fx *fx) {
  if (exec->is_started) return pln_fail(PLN_ERR_STATE, "the run has begun: nothing can be added any more");
  if (instrument < 0 || instrument >= exec->n_markets)
    return pln_fail(PLN_ERR_ARGUMENT, "instrument %d does not exist: there are %d", instrument,
                    exec->n_markets);
  if (portfolio < -1 || portfolio >= exec->n_portfolios)
    return pln_fail(PLN_ERR_ARGUMENT, "portfolio %d does not exist: there are %d", portfolio,
                    exec->n_portfolios);
  for (int32_t leg = 0; leg < 2; leg++)
    if (fx->rate[leg] < -1 || fx->rate[leg] >= exec->n_markets || fx->rate[leg] == instrument)
      return pln_fail(PLN_ERR_ARGUMENT,
                      "the rate of instrument %d is instrument %d: expected another one of %d", instrument,
                      fx->rate[leg], exec->n_markets);
  for (int32_t j = 0; j < exec->n_portfolios; j++) {
    if (portfolio >= 0 && j != portfolio) continue;
    pln_portfolio *p = exec->portfolios[j];
    pln_holding *h = &p->holdings[instrument];
    bool any = false;
    for (int32_t leg = 0; leg < 2; leg++) {
      h->rate_leg[leg] = fx->rate[leg];
      h->rate_inverse[leg] = fx->inverse[leg];
      any = any || fx->rate[leg] >= 0;
    }
    p->has_fx |= any;
    pln_portfolio_set_rate(p, instrument, any ? NAN : 1);
  }
  return PLN_OK;
}

void pln_currency_update(pln_portfolio *p) {
  for (int32_t k = 0; k < p->n_instruments; k++) {
    pln_holding *h = &p->holdings[k];
    double rate = 1;
    for (int32_t leg = 0; leg < 2; leg++) {
      if (h->rate_leg[leg] < 0) continue;
      const double close = p->positions[h->rate_leg[leg]].last_price;
      rate *= h->rate_inverse[leg] ? 1.0 / close : close;
    }
    /* A rate of nothing values nothing: the last one holds. */
    if (rate != h->rate && isfinite(rate) && rate > 0) pln_portfolio_set_rate(p, k, rate);
  }
}
