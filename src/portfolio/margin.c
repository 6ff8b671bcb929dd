#include "portfolio/portfolio.h"

double pln_margin_of(const pln_portfolio *p, int32_t instrument, double quantity, double price,
                     bool maintenance) {
  const pln_holding *h = &p->holdings[instrument];
  const pln_instrument *spec = &h->spec;
  const double notional = quantity * price * h->point;
  const bool keeps = maintenance && spec->maintenance_type != PLN_MARGIN_BY_LEVERAGE;
  const int32_t type = keeps ? spec->maintenance_type : spec->margin_type;
  const double own = keeps ? spec->margin_maintenance : spec->margin_initial;
  if (type == PLN_MARGIN_CURRENCY) return quantity * own * h->rate;
  if (type == PLN_MARGIN_PERCENT) return notional * own / 100.0;
  if (maintenance && p->config.maintenance_pct > 0) return notional * p->config.maintenance_pct / 100.0;
  return notional / p->config.leverage;
}

double pln_margin_held(const pln_portfolio *p, int32_t instrument, double price, bool maintenance) {
  double margin = 0;
  for (int32_t k = 0; k < p->n_instruments; k++) {
    const pln_holding *h = &p->holdings[k];
    if (h->n_lots == 0) continue;
    const double at = k == instrument ? price : p->positions[k].last_price;
    margin += pln_margin_of(p, k, pln_step_value(&h->lot, fabs(h->count)), at, maintenance);
  }
  return margin;
}

double pln_margin_of_account(const pln_portfolio *p, int32_t instrument, double price) {
  const pln_portfolio *m = p->master;
  if (!m) return pln_margin_held(p, instrument, price, false);
  double margin = 0;
  for (int32_t i = 0; i < m->n_books; i++) margin += pln_margin_held(m->books[i], instrument, price, false);
  return margin;
}

double pln_margin_affordable(const pln_portfolio *p, int32_t instrument, double price, double free_margin,
                             const pln_costs *costs) {
  const pln_holding *h = &p->holdings[instrument];
  const double unit = pln_margin_of(p, instrument, 1, price, false);
  if (!(unit > 0)) return 0;
  pln_costs scaled = *costs;
  scaled.rate *= price * h->point / unit; /* the rate is of the notional, not of the margin */
  return pln_sizing_affordable(free_margin, unit, &scaled, &h->lot);
}
