#include "core/error.h"
#include "portfolio/portfolio.h"
#include <assert.h>

static const char *const refusal_names[PLN_REFUSAL_COUNT] = {"none",
                                                             "zero_quantity",
                                                             "cash",
                                                             "reduced_cash",
                                                             "position_limit",
                                                             "reduced_position",
                                                             "exposure_limit",
                                                             "reduced_exposure",
                                                             "halted",
                                                             "short_not_allowed",
                                                             "stopped_out",
                                                             "invalid_price",
                                                             "invalid_quantity",
                                                             "no_price",
                                                             "expired",
                                                             "end_of_data",
                                                             "canceled",
                                                             "replaced",
                                                             "bankrupt",
                                                             "delisted",
                                                             "not_member",
                                                             "not_tradable",
                                                             "withdrawal",
                                                             "margin_call",
                                                             "no_stop",
                                                             "no_gauge",
                                                             "no_edge",
                                                             "max_entries",
                                                             "pyramid_step",
                                                             "reduced_addition",
                                                             "trading_hours",
                                                             "flat_by_close",
                                                             "off_tick",
                                                             "off_lot",
                                                             "reduce_only",
                                                             "one_cancels_other",
                                                             "parent",
                                                             "volume",
                                                             "no_borrow",
                                                             "unprotected",
                                                             "risk_max_position",
                                                             "risk_max_gross_exposure",
                                                             "risk_max_net_exposure",
                                                             "risk_max_leverage",
                                                             "risk_max_concentration",
                                                             "risk_max_group",
                                                             "risk_max_positions",
                                                             "risk_max_order_volume",
                                                             "risk_max_position_volume",
                                                             "risk_max_correlation",
                                                             "risk_max_value_at_risk",
                                                             "risk_max_expected_shortfall",
                                                             "risk_max_risk_score",
                                                             "risk_max_order_size",
                                                             "risk_price_collar",
                                                             "risk_order_rate",
                                                             "risk_daily_loss",
                                                             "risk_drawdown",
                                                             "risk_loss_streak",
                                                             "risk_lua"};

static const char *const refusal_help[PLN_REFUSAL_RISK_FIRST] = {
    "Nothing was refused.",
    "The size rounds to nothing at the instrument's lot size: raise capital or the sizing's value, or lower "
    "lot_size.",
    "The account cannot pay for one lot: raise capital or leverage, or close something first.",
    "Reduced to what the account can pay, fees included: lower the sizing's value, or raise capital or "
    "leverage.",
    "The position is already at max_position_pct of the equity: raise the limit or lower the sizing's value.",
    "Reduced so that the position stays within max_position_pct of the equity.",
    "All positions together are already at max_exposure_pct of the equity: raise the limit or hold fewer "
    "positions.",
    "Reduced so that all positions together stay within max_exposure_pct of the equity.",
    "The drawdown rule (max_drawdown_pct) fired: everything is closed and nothing more is entered.",
    "The portfolio does not sell short: set allow_short, or emit FLAT instead of SHORT.",
    "A stop, target or trailing stop closed the position: nothing is entered until the signal changes "
    "direction.",
    "A limit or stop price is not a finite number above 0: check the strategy's price.",
    "The quantity is not a finite number above 0: check the strategy's size.",
    "No bar of the instrument was seen yet, so there is no price to size the order with.",
    "A DAY or IOC order ran out before it could fill: use GTC, or a price nearer to the market.",
    "The data ended before the order could fill.",
    "Canceled by the strategy.",
    "The target changed, or the position was gone, before the order could fill.",
    "The equity fell to 0: everything is closed and the portfolio trades no more.",
    "The instrument was delisted: its positions are closed and nothing is traded any more.",
    "The instrument is not in the universe at that time: nothing is opened before it enters or after it "
    "leaves.",
    "The instrument only gives prices (a currency's rate): trade another one.",
    "The account has less free money (equity less margin used) than was to be withdrawn: withdraw less, or "
    "close something first.",
    "Canceled by a margin call: equity fell below the maintenance margin.",
    "A fixed fractional size needs a protective stop: set risk.stop_loss_pct or another stop, or give the "
    "order a stop_loss.",
    "The feature that the size (or a trailing stop) is made from has no value yet: trade later, or make its "
    "bars fewer.",
    "The last trades have no edge, so that Kelly's fraction is not above 0: set the sizing's min_pct to "
    "trade on.",
    "As many entries are open as pyramiding.max_entries allows.",
    "The price has not gained pyramiding.step_pct since the last entry.",
    "Reduced to pyramiding.add_pct of the oldest entry.",
    "An entry outside the portfolio's trading_hours.",
    "An entry between flat_by_close_minutes before the session's close and the next session's open.",
    "A price of the order is no multiple of tick_size: round it, or set execution.off_tick: round.",
    "A quantity is no multiple of lot_size: round it, or set execution.off_lot: round.",
    "A reduce-only order, and no position (any more) that it would reduce.",
    "Another order of its group (one cancels other) filled.",
    "Its parent order ended without a fill, or had ended before.",
    "The bar had not the volume for it (execution.max_volume_pct) and the order does not wait (IOC, FOK).",
    "There was nothing to borrow, so that nothing could be sold short: available, or the file, of the model "
    "borrow.",
    "An exit rule reads an ATR that is not known yet: begin later, or let the ATR take fewer bars."};

static const char *const reason_names[PLN_EXIT_REASON_COUNT] = {
    "signal",     "stop_loss",   "take_profit", "trailing_stop", "drawdown_halt", "end_of_window", "bankrupt",
    "order",      "margin_call", "delisted",    "split",         "left_universe", "flat_by_close", "atr_stop",
    "chandelier", "break_even",  "time",        "ladder",        "risk_rule"};

const char *pln_refusal_name(int32_t refusal) {
  return refusal >= 0 && refusal < PLN_REFUSAL_COUNT ? refusal_names[refusal] : "?";
}

const char *pln_refusal_help(int32_t refusal) {
  if (refusal >= PLN_REFUSAL_RISK_FIRST && refusal < PLN_REFUSAL_COUNT)
    return pln_risk_kind_info(refusal - PLN_REFUSAL_RISK_FIRST)->help;
  return refusal >= 0 && refusal < PLN_REFUSAL_COUNT ? refusal_help[refusal] : "?";
}

const char *pln_exit_reason_name(int32_t reason) {
  return reason >= PLN_EXIT_SIGNAL && reason < PLN_EXIT_REASON_COUNT ? reason_names[reason] : "?";
}

void pln_portfolio_refuse(pln_portfolio *p, int32_t refusal, int64_t ts_ns, int32_t instrument, double asked,
                          double allowed) {
  assert(refusal > PLN_REFUSAL_NONE && refusal < PLN_REFUSAL_COUNT);
  if (p->master) pln_portfolio_refuse(p->master, refusal, ts_ns, instrument, asked, allowed);
  pln_refusal_count *c = &p->refusals[refusal];
  if (c->count++ == 0) {
    c->first_ts_ns = ts_ns;
    c->first_instrument = instrument;
    c->first_asked = asked;
    c->first_allowed = allowed;
  }
  c->last_ts_ns = ts_ns;
  c->last_instrument = instrument;
  c->last_asked = asked;
  c->last_allowed = allowed;
}

/* The level that is reached first, of two that may be 0. `above`: the level is above the price. */
static double nearer(double a, double b, bool above) {
  if (a == 0) return b;
  if (b == 0) return a;
  return above == (a < b) ? a : b;
}

void pln_risk_protect(const pln_portfolio *p, pln_lot *lot, bool is_long, double stop_loss,
                      double take_profit, const pln_step *tick) {
  const pln_risk_config *r = &p->config.risk;
  const double down = r->stop_loss_pct / 100.0, up = r->take_profit_pct / 100.0;
  double stop = 0, target = 0;
  if (r->stop_loss_pct > 0) stop = lot->price * (is_long ? 1.0 - down : 1.0 + down);
  if (r->take_profit_pct > 0) target = lot->price * (is_long ? 1.0 + up : 1.0 - up);
  if (stop < 0) stop = 0; /* a stop further away than the price itself is never reached */
  if (target < 0) target = 0;
  lot->stop = nearer(stop, stop_loss, !is_long);
  lot->target = nearer(target, take_profit, is_long);
  if (tick->step > 0) { /* away from the price: never earlier than the rule says */
    if (lot->stop > 0) lot->stop = pln_step_round(tick, lot->stop, !is_long);
    if (lot->target > 0) lot->target = pln_step_round(tick, lot->target, is_long);
  }
}

/* Lots that fit into `room` of notional at `unit` a lot. */
static double fit(double room, double unit) { return room > 0 ? pln_floor_div(room, unit) : 0; }

pln_limits pln_risk_allow(pln_portfolio *p, int32_t instrument, int32_t side, double count, double price,
                          double unslipped, double equity, double gross, const pln_costs *costs,
                          int64_t now_ns) {
  const pln_holding *h = &p->holdings[instrument];
  const pln_portfolio_config *c = &p->config;
  const double unit = price * h->point * pln_step_value(&h->lot, 1);
  pln_limits out = {.count = count, .refusal = PLN_REFUSAL_NONE};
  if (p->account.bankrupt || p->account.halted) {
    out.refusal = p->account.bankrupt ? PLN_REFUSAL_BANKRUPT : PLN_REFUSAL_HALTED;
    pln_portfolio_refuse(p, out.refusal, now_ns, instrument, count * unit, 0);
    return (pln_limits){.count = 0, .refusal = out.refusal};
  }
  if (side < 0 && !c->allow_short) {
    pln_portfolio_refuse(p, PLN_REFUSAL_SHORT_NOT_ALLOWED, now_ns, instrument, pln_step_value(&h->lot, count),
                         0);
    return (pln_limits){.count = 0, .refusal = PLN_REFUSAL_SHORT_NOT_ALLOWED};
  }
  assert(h->count * side >= 0);
  assert(!c->fill_price_quirk); /* match_queue.c has its own tests */
  if (c->risk.max_position_pct > 0) {
    const double held = fabs(h->count) * unit, limit = equity * c->risk.max_position_pct / 100.0;
    const double n = fit(limit - held, unit);
    if (n < out.count) {
      const double asked = (held + out.count * unit) / equity * 100.0;
      out.refusal = n > 0 ? PLN_REFUSAL_REDUCED_POSITION : PLN_REFUSAL_POSITION_LIMIT;
      pln_portfolio_refuse(p, out.refusal, now_ns, instrument, asked, c->risk.max_position_pct);
      out.count = n;
    }
  }
  if (out.count > 0 && c->risk.max_exposure_pct > 0) {
    const double limit = equity * c->risk.max_exposure_pct / 100.0;
    const double n = fit(limit - gross, unit);
    if (n < out.count) {
      const double asked = (gross + out.count * unit) / equity * 100.0;
      out.refusal = n > 0 ? PLN_REFUSAL_REDUCED_EXPOSURE : PLN_REFUSAL_EXPOSURE_LIMIT;
      pln_portfolio_refuse(p, out.refusal, now_ns, instrument, asked, c->risk.max_exposure_pct);
      out.count = n;
    }
  }
  if (out.count == 0) return out;
  const double available = equity * c->leverage - gross;
  const double quantity = pln_step_value(&h->lot, out.count);
  const double variable = pln_costs_variable(costs, quantity, quantity * price * h->point);
  const double cost = out.count * unit + pln_costs_fee(costs, variable);
  const double free_margin = p->has_margin ? equity - pln_margin_of_account(p, instrument, unslipped) : 0;
  const double n = p->has_margin ? pln_margin_affordable(p, instrument, price, free_margin, costs)
                                 : pln_sizing_affordable(available, price * h->point, costs, &h->lot);
  if (n < out.count) {
    out.refusal = n > 0 ? PLN_REFUSAL_REDUCED_CASH : PLN_REFUSAL_CASH;
    if (n > 0)
      pln_portfolio_refuse(p, out.refusal, now_ns, instrument, quantity, pln_step_value(&h->lot, n));
    else
      pln_portfolio_refuse(p, out.refusal, now_ns, instrument, cost, available > 0 ? available : 0);
    out.count = n;
  }
  return out;
}

int32_t pln_portfolio_add_rule(pln_portfolio *portfolio, const pln_risk_rule *rule) {
  if (portfolio->bound)
    return pln_fail(PLN_ERR_STATE,
                    "the portfolio belongs to an execution container already: rules come before");
  const int32_t number = pln_rules_add(&portfolio->rules, rule, portfolio->n_instruments);
  if (number >= 0 && portfolio->rules.n_marks > 0) portfolio->watch_ns = INT64_MIN;
  return number;
}

int32_t pln_portfolio_set_score(pln_portfolio *portfolio, const pln_score_config *config) {
  double sum = 0;
  if (portfolio->bound)
    return pln_fail(PLN_ERR_STATE,
                    "the portfolio belongs to an execution container already: the score comes before");
  for (int32_t i = 0; i < PLN_SCORE_PARTS; i++) {
    if (!(isfinite(config->weight[i]) && config->weight[i] >= 0))
      return pln_fail(PLN_ERR_ARGUMENT, "weight %d of the risk score is %g, expected 0 or more", i,
                      config->weight[i]);
    if (!(isfinite(config->full[i]) && config->full[i] > 0))
      return pln_fail(PLN_ERR_ARGUMENT, "full measure %d of the risk score is %g, expected more than 0", i,
                      config->full[i]);
    sum += config->weight[i];
  }
  if (!(sum > 0)) return pln_fail(PLN_ERR_ARGUMENT, "all weights of the risk score are 0");
  if (!(config->confidence_pct >= 50 && config->confidence_pct < 100))
    return pln_fail(PLN_ERR_ARGUMENT, "confidence_pct of the risk score is %g, expected 50 to below 100",
                    config->confidence_pct);
  if (config->bars < 2 || config->bars > 100000)
    return pln_fail(PLN_ERR_ARGUMENT, "the risk score's window is %d bars, expected 2 to 100000",
                    config->bars);
  portfolio->score = *config;
  portfolio->has_score = 1;
  portfolio->scores_marks = config->record != 0;
  return PLN_OK;
}

void pln_portfolio_streak(pln_portfolio *p, double pnl) {
  if (!p->now_ns) return;
  pln_rules_trade(&p->rules, pnl, *p->now_ns, *p->row);
  p->watch_ns = pln_rules_next_tick(&p->rules);
}
