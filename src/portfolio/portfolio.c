#include "portfolio/portfolio.h"
#include "core/error.h"
#include <assert.h>
#include <stdlib.h>

static int32_t check_pct(const char *name, double value) {
  if (isfinite(value) && value >= 0) return PLN_OK;
  return pln_fail(PLN_ERR_ARGUMENT, "%s is %g, expected a percentage that is not negative (0 = off)", name,
                  value);
}

static int32_t check_config(const pln_portfolio_config *c, int32_t n_instruments) {
  const pln_risk_config *r = &c->risk;
  if (n_instruments < 1) return pln_fail(PLN_ERR_ARGUMENT, "a portfolio of %d instruments", n_instruments);
  if (!(isfinite(c->capital) && c->capital > 0))
    return pln_fail(PLN_ERR_ARGUMENT, "capital is %g, expected more than 0", c->capital);
  if (!(isfinite(c->leverage) && c->leverage >= 1))
    return pln_fail(PLN_ERR_ARGUMENT, "leverage is %g, expected 1 or more", c->leverage);
  if (c->accounting < PLN_ACCOUNTING_FIFO || c->accounting > PLN_ACCOUNTING_AVERAGE)
    return pln_fail(PLN_ERR_ARGUMENT, "accounting method %d does not exist", c->accounting);
  if (c->fill_price_quirk && c->accounting != PLN_ACCOUNTING_FIFO)
    return pln_fail(PLN_ERR_ARGUMENT,
                    "backtesting.py closes its trades first in, first out: expected accounting fifo");
  if (c->margin_call < PLN_MARGIN_CALL_OFF || c->margin_call > PLN_MARGIN_CALL_CLOSE_ALL)
    return pln_fail(PLN_ERR_ARGUMENT, "margin call policy %d does not exist", c->margin_call);
  if (c->on_leave != PLN_ON_LEAVE_CLOSE && c->on_leave != PLN_ON_LEAVE_HOLD)
    return pln_fail(PLN_ERR_ARGUMENT, "on_leave %d does not exist", c->on_leave);
  if (!(c->fx_spread_bps >= 0 && c->fx_spread_bps < 10000))
    return pln_fail(PLN_ERR_ARGUMENT, "fx_spread_bps is %g, expected 0 or more and below 10000",
                    c->fx_spread_bps);
  int32_t status = pln_sizing_check(&c->sizing);
  if (!status) status = pln_scaling_check(&c->scaling);
  if (!status) status = check_pct("maintenance_pct", c->maintenance_pct);
  if (!status) status = check_pct("max_position_pct", r->max_position_pct);
  if (!status) status = check_pct("max_exposure_pct", r->max_exposure_pct);
  if (!status) status = check_pct("stop_loss_pct", r->stop_loss_pct);
  if (!status) status = check_pct("take_profit_pct", r->take_profit_pct);
  if (!status) status = check_pct("trailing_stop_pct", r->trailing_stop_pct);
  if (!status) status = check_pct("max_drawdown_pct", r->max_drawdown_pct);
  if (!status) status = pln_exits_check(&c->exits);
  return status;
}

pln_portfolio *pln_portfolio_new(const pln_portfolio_config *config, int32_t n_instruments) {
  if (check_config(config, n_instruments)) return NULL;
  pln_portfolio *p = calloc(1, sizeof *p);
  if (!p) return pln_fail(PLN_ERR_MEMORY, "no memory for a portfolio"), NULL;
  p->positions = calloc((size_t)n_instruments, sizeof *p->positions);
  p->holdings = calloc((size_t)n_instruments, sizeof *p->holdings);
  if (!p->positions || !p->holdings) {
    pln_portfolio_free(p);
    return pln_fail(PLN_ERR_MEMORY, "no memory for a portfolio of %d instruments", n_instruments), NULL;
  }
  if (config->sizing.type == PLN_SIZE_KELLY && pln_kelly_reserve(&p->kelly, config->sizing.window)) {
    pln_portfolio_free(p);
    return NULL;
  }
  p->config = *config;
  p->n_instruments = n_instruments;
  p->has_margin = config->margin_call != PLN_MARGIN_CALL_OFF;
  pln_exits_set(p);
  if (p->has_exits && config->fill_price_quirk) {
    pln_portfolio_free(p);
    return pln_fail(PLN_ERR_ARGUMENT,
                    "exits beyond percentages go without fill_price_quirk: that engine has none"),
           NULL;
  }
  p->account.cash = p->account.equity = config->capital;
  p->watch_ns = INT64_MAX;
  pln_portfolio_peak(p, config->capital);
  for (int32_t i = 0; i < n_instruments; i++) {
    p->positions[i].last_price = NAN;
    pln_portfolio_bind(p, i, &(pln_instrument){.lot_size = 1, .multiplier = 1});
    p->holdings[i].last_bar = -1;
    pln_portfolio_refresh(p, i);
  }
  p->bound = 0;
  return p;
}

void pln_portfolio_free(pln_portfolio *portfolio) {
  if (!portfolio) return;
  for (int32_t i = 0; portfolio->holdings && i < portfolio->n_instruments; i++)
    free(portfolio->holdings[i].lots);
  free(portfolio->holdings);
  free(portfolio->positions);
  free(portfolio->trades);
  pln_books_free(portfolio);
  pln_kelly_free(&portfolio->kelly);
  free(portfolio->row_ts_ns);
  free(portfolio->row_equity);
  free(portfolio->row_cash);
  free(portfolio->row_benchmark);
  free(portfolio->row_exposure);
  free(portfolio->row_gross);
  free(portfolio->row_flow);
  free(portfolio->cash_actions);
  free(portfolio->score_ts_ns);
  free(portfolio->score_values);
  pln_rules_free(&portfolio->rules);
  free(portfolio);
}

void pln_portfolio_bind(pln_portfolio *p, int32_t instrument, const pln_instrument *spec) {
  assert(instrument >= 0 && instrument < p->n_instruments);
  pln_holding *h = &p->holdings[instrument];
  assert(h->n_lots == 0);
  h->lot = pln_step_make(spec->lot_size);
  h->spec = *spec;
  h->point = spec->multiplier;
  h->rate = 1;
  h->rate_leg[0] = h->rate_leg[1] = -1;
  if (spec->margin_type != PLN_MARGIN_BY_LEVERAGE || spec->maintenance_type != PLN_MARGIN_BY_LEVERAGE ||
      spec->settlement != PLN_SETTLE_CASH)
    p->has_margin = 1;
}

void pln_portfolio_set_rate(pln_portfolio *p, int32_t instrument, double rate) {
  pln_holding *h = &p->holdings[instrument];
  h->rate = rate;
  h->point = h->spec.multiplier * rate;
  if (h->n_lots > 0) pln_portfolio_refresh(p, instrument);
}

const pln_account *pln_portfolio_account(const pln_portfolio *portfolio) { return &portfolio->account; }
const pln_execution_quality *pln_portfolio_quality(const pln_portfolio *portfolio) {
  return &portfolio->quality;
}
const pln_position *pln_portfolio_positions(const pln_portfolio *portfolio) { return portfolio->positions; }
const pln_refusal_count *pln_portfolio_refusals(const pln_portfolio *portfolio) {
  return portfolio->refusals;
}

int64_t pln_portfolio_trades(const pln_portfolio *portfolio, const pln_trade **out) {
  *out = portfolio->trades;
  return portfolio->n_trades;
}

void pln_portfolio_clear_trades(pln_portfolio *portfolio) { portfolio->n_trades = 0; }

void pln_portfolio_revalue(pln_portfolio *p) {
  if (p->n_books > 0) {
    pln_books_revalue(p);
    return;
  }
  pln_account *a = &p->account;
  double value = 0, gross = 0, net = 0;
  for (int32_t i = 0; i < p->n_instruments; i++) {
    const pln_holding *h = &p->holdings[i];
    if (h->weight == 0) continue;
    pln_position *pos = &p->positions[i];
    const double v = h->weight * pos->last_price;
    value += v - h->basis;
    net += v;
    gross += fabs(v);
    pos->unrealized_pnl = h->weight * (pos->last_price - pos->average_price);
    if (p->has_fx && h->basis == 0) pos->unrealized_pnl = v - h->paid;
  }
  a->equity = a->cash + value;
  a->gross_exposure = gross;
  a->net_exposure = net;
  a->margin_used = p->has_margin ? pln_margin_held(p, -1, 0, false) : gross / p->config.leverage;
  if (p->has_margin) a->margin_maintenance = pln_margin_held(p, -1, 0, true);
  a->drawdown_pct = pln_portfolio_drawdown(p);
}

void pln_portfolio_mark(pln_portfolio *p) {
  pln_portfolio_revalue(p);
  if (p->account.equity > p->account.peak_equity) pln_portfolio_peak(p, p->account.equity);
}

double pln_portfolio_buying_power(const pln_portfolio *portfolio) {
  const pln_account *a = &portfolio->account;
  const double free_margin = a->equity - a->margin_used;
  return free_margin > 0 ? free_margin * portfolio->config.leverage : 0;
}

/* Time-weighted: a flow changes what the account is, not how well it did, so that peak and drawdown are as
 * far from the equity, in percent, as before it. */
bool pln_portfolio_flow(pln_portfolio *p, double amount, double *free_cash) {
  pln_portfolio_revalue(p);
  pln_account *a = &p->account;
  const double before = a->equity, after = before + amount, free_margin = before - a->margin_used;
  *free_cash = free_margin > 0 ? free_margin : 0;
  if (a->bankrupt || !(before > 0) || (amount < 0 && (-amount > *free_cash || !(after > 0)))) return false;
  const double peak = a->peak_equity * (after / before);
  a->cash += amount;
  a->flows += amount;
  p->flow += amount;
  pln_portfolio_revalue(p);
  pln_portfolio_peak(p, peak);
  return true;
}

void pln_portfolio_ruin(pln_portfolio *p) {
  for (int32_t i = 0; i < p->n_instruments; i++) assert(p->holdings[i].n_lots == 0);
  if (p->n_books > 0) pln_books_revalue(p); /* so that what follows sets the sum, not a part of it */
  p->account.bankrupt = 1;
  p->account.cash = 0;
  pln_books_halt(p, true);
  pln_portfolio_revalue(p);
  p->floor = pln_portfolio_floor(p, p->account.peak_equity);
}
