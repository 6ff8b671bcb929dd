/* Metrics of what trading cost by kind, and of how well orders were executed. */
#include "portfolio/stats_figures.h"

#define QUALITY(NAME, EXPRESSION)                                                                            \
  static double NAME(pln_figures *f) {                                                                       \
    const pln_execution_quality *q = &f->stats->execution;                                                   \
    return f->stats->has_execution ? (EXPRESSION) : NAN;                                                     \
  }
QUALITY(commission_paid, q->commission)
QUALITY(exchange_fees, q->exchange_fees)
QUALITY(spread_cost, q->spread)
QUALITY(impact_cost, q->impact)
QUALITY(slippage_other, q->slippage)
QUALITY(price_improvement, q->price_improvement)
QUALITY(borrow_cost, q->borrow)
QUALITY(margin_interest, q->margin_interest)
QUALITY(funding_paid, q->funding)
QUALITY(interest_earned, q->interest)
QUALITY(arrival_cost, q->arrival_cost)
QUALITY(vwap_cost, q->vwap_cost)
QUALITY(opportunity_cost, q->opportunity_cost)
QUALITY(shortfall, q->arrival_cost + q->opportunity_cost + q->commission + q->exchange_fees)

static double per_notional(pln_figures *f, double cost) {
  if (!f->stats->has_execution) return NAN;
  if (f->stats->execution.notional == 0) return pln_figure_undefined(f, PLN_UNDEFINED_TOO_FEW);
  return cost / f->stats->execution.notional * 10000;
}
static double arrival_bps(pln_figures *f) { return per_notional(f, f->stats->execution.arrival_cost); }
static double vwap_bps(pln_figures *f) { return per_notional(f, f->stats->execution.vwap_cost); }
static double shortfall_bps(pln_figures *f) { return per_notional(f, shortfall(f)); }

static const pln_metric quality_entries[] = {
    {{"arrival_slippage_bps", "Slippage vs. Arrival (bps)", "ratio", "Costs",
      "Against the last price that was known when the order was made (of protective exits: their level): sum "
      "over "
      "fills of side x (fill price - arrival price) x quantity, in basis points of what was traded. Paid "
      "where "
      "positive."},
     arrival_bps},
    {{"vwap_slippage_bps", "Slippage vs. VWAP (bps)", "ratio", "Costs",
      "The same against the mean of the typical prices (high + low + close) / 3, weighted by volume, of the "
      "bars from "
      "the first that the order could fill in to that of the fill."},
     vwap_bps},
    {{"implementation_shortfall_bps", "Implementation Shortfall (bps)", "ratio", "Costs",
      "Paper less actual (Perold 1988): slippage against arrival, what was missed by orders that did not "
      "fill, and "
      "fees, in basis points of what was traded."},
     shortfall_bps},
};

const pln_metric_group pln_metrics_of_quality = {quality_entries,
                                                 sizeof quality_entries / sizeof *quality_entries};

static const pln_metric kind_entries[] = {
    {{"commission_paid", "Commission", "currency", "Costs",
      "Commission of all fills, conversion between currencies included: fees less exchange fees."},
     commission_paid},
    {{"exchange_fees", "Exchange Fees", "currency", "Costs", "Fees of exchanges, beside the commission."},
     exchange_fees},
    {{"spread_cost", "Spread", "currency", "Costs", "Part of the slippage: half of the spread, each way."},
     spread_cost},
    {{"impact_cost", "Market Impact", "currency", "Costs",
      "Part of the slippage: what orders' own size did to their price."},
     impact_cost},
    {{"slippage_other", "Other Slippage", "currency", "Costs",
      "Part of the slippage: fixed or by volatility, and rounding to the tick."},
     slippage_other},
    {{"price_improvement", "Price Improvement", "currency", "Costs",
      "What fills were better by; the slippage is net of it."},
     price_improvement},
    {{"borrow_cost", "Borrow Cost", "currency", "Costs",
      "Paid for short positions; part of the trades' P&L."},
     borrow_cost},
    {{"funding_paid", "Funding", "currency", "Costs",
      "Funding payments of perpetual contracts, paid less received; part of the trades' P&L."},
     funding_paid},
    {{"margin_interest", "Margin Interest", "currency", "Costs", "Paid for borrowed cash; in no trade."},
     margin_interest},
    {{"interest_earned", "Interest Earned", "currency", "Costs", "Earned on cash; in no trade."},
     interest_earned},
    {{"arrival_cost", "Slippage vs. Arrival", "currency", "Costs", "As arrival_slippage_bps, in currency."},
     arrival_cost},
    {{"vwap_cost", "Slippage vs. VWAP", "currency", "Costs", "As vwap_slippage_bps, in currency."},
     vwap_cost},
    {{"opportunity_cost", "Opportunity Cost", "currency", "Costs",
      "Sum over what expired, was canceled or was refused at its fill of side x (last price - arrival price) "
      "x "
      "quantity."},
     opportunity_cost},
    {{"implementation_shortfall", "Implementation Shortfall", "currency", "Costs",
      "As implementation_shortfall_bps, in currency."},
     shortfall},
};

const pln_metric_group pln_metrics_of_cost_kinds = {kind_entries, sizeof kind_entries / sizeof *kind_entries};
