#include "portfolio/risk_rules.h"
#include <math.h>
#include <stddef.h>

/* What each kind of rule is: the schema of the configuration, the help and docs/risk.md are made from this.
 * Limits come first among the parameters. */

#define LIMIT(n, u, h, lo, hi)                                                                               \
  { .name = n, .unit = u, .help = h, .fallback = NAN, .min = lo, .max = hi, .is_limit = 1 }
#define WHOLE_LIMIT(n, u, h, lo, hi)                                                                         \
  { .name = n, .unit = u, .help = h, .fallback = NAN, .min = lo, .max = hi, .is_limit = 1, .is_integer = 1 }
#define NUMBER(n, u, h, d, lo, hi)                                                                           \
  { .name = n, .unit = u, .help = h, .fallback = d, .min = lo, .max = hi }
#define WHOLE(n, u, h, d, lo, hi)                                                                            \
  { .name = n, .unit = u, .help = h, .fallback = d, .min = lo, .max = hi, .is_integer = 1 }
#define CHOICE(n, h, c, d, hi)                                                                               \
  { .name = n, .unit = "", .help = h, .choices = c, .fallback = d, .min = 0, .max = hi, .is_integer = 1 }

#define PCT_OF_EQUITY(h) LIMIT("pct", "percent of the equity", h, 0, 1e6)
#define CASH(h) LIMIT("cash", "currency of the account", h, 0, 1e18)
#define WINDOW(d) WHOLE("bars", "bars", "window of returns, on the instrument's finest bars", d, 2, 100000)
#define AVERAGE                                                                                              \
  WHOLE("average_bars", "bars", "of the average volume, on the symbol's first timeframe", 20, 1, 100000)

#define RISK_PARAMS                                                                                          \
  PCT_OF_EQUITY("bound of the loss"), CASH("bound of the loss"),                                             \
      CHOICE("method", "how losses are made from past returns", "parametric,historical,monte_carlo", 1, 2),  \
      NUMBER("confidence_pct", "percent", "share of bars in which the loss stays within the measure", 95,    \
             50, 99.99),                                                                                     \
      WINDOW(250), WHOLE("horizon", "bars", "how long the positions are held", 1, 1, 10000),                 \
      WHOLE("paths", "paths", "of monte_carlo", 1000, 100, 100000),                                          \
      WHOLE("seed", "", "of monte_carlo", 1, 0, 9007199254740992.0)

static const pln_risk_info kinds[PLN_RISK_KIND_COUNT] = {
    [PLN_RISK_MAX_POSITION] =
        {.name = "max_position",
         .help = "Bounds one position.",
         .formula = "|quantity| in units, × last close × multiplier in currency, / equity × 100 in percent",
         .source = "",
         .resizes = 1,
         .n_params = 3,
         .params = {PCT_OF_EQUITY("bound of a position"), CASH("bound of a position"),
                    LIMIT("quantity", "units", "bound of a position", 0, 1e18)}},
    [PLN_RISK_MAX_GROSS_EXPOSURE] = {.name = "max_gross_exposure",
                                     .help = "Bounds the sum of all positions, long and short.",
                                     .formula = "Σ |value| / equity × 100",
                                     .source = "",
                                     .resizes = 1,
                                     .n_params = 2,
                                     .params = {PCT_OF_EQUITY("bound of the sum"), CASH("bound of the sum")}},
    [PLN_RISK_MAX_NET_EXPOSURE] = {.name = "max_net_exposure",
                                   .help = "Bounds the difference of long and short positions, either way.",
                                   .formula = "|Σ value| / equity × 100",
                                   .source = "",
                                   .resizes = 1,
                                   .n_params = 2,
                                   .params = {PCT_OF_EQUITY("bound of the difference"),
                                              CASH("bound of the difference")}},
    [PLN_RISK_MAX_LEVERAGE] = {.name = "max_leverage",
                               .help = "Bounds the gross exposure as a multiple of the equity.",
                               .formula = "Σ |value| / equity",
                               .source = "",
                               .resizes = 1,
                               .n_params = 1,
                               .params = {LIMIT("times", "times the equity", "bound", 0, 1e4)}},
    [PLN_RISK_MAX_CONCENTRATION] =
        {.name = "max_concentration",
         .help = "Bounds the share of the largest position in all of them, or their Herfindahl index.",
         .formula = "max |value| / Σ |value| × 100, or Σ (|value| / Σ |value|)²",
         .source = "A. O. Hirschman, National Power and the Structure of Foreign Trade (1945)",
         .resizes = 1,
         .n_params = 3,
         .params = {LIMIT("largest_pct", "percent of the gross exposure", "bound of the largest share", 0,
                          100),
                    LIMIT("herfindahl", "0 … 1", "bound of the index; 1/n for n equal positions", 0, 1),
                    WHOLE("min_positions", "positions", "with fewer of them the rule is silent", 3, 1,
                          10000)}},
    [PLN_RISK_MAX_GROUP] =
        {.name = "max_group",
         .help = "Bounds what is held of one sector or group of instruments.",
         .formula = "Σ |value| of the group, / equity × 100; or the number of its instruments that are held",
         .source = "",
         .takes_groups = 1,
         .resizes = 1,
         .n_params = 3,
         .params = {PCT_OF_EQUITY("bound of a group"), CASH("bound of a group"),
                    WHOLE_LIMIT("positions", "positions", "bound of their number in a group", 0, 1e6)}},
    [PLN_RISK_MAX_POSITIONS] = {.name = "max_positions",
                                .help = "Bounds the number of open positions.",
                                .formula = "number of instruments held",
                                .source = "",
                                .n_params = 1,
                                .params = {WHOLE_LIMIT("positions", "positions", "bound of their number", 0,
                                                       1e6)}},
    [PLN_RISK_MAX_ORDER_VOLUME] = {.name = "max_order_volume",
                                   .help = "Bounds an order by the volume that is usually traded.",
                                   .formula = "quantity / mean(volume, average_bars) × 100",
                                   .source = "",
                                   .gauge = "sma(volume, %d)",
                                   .gauge_param = 1,
                                   .resizes = 1,
                                   .n_params = 2,
                                   .params = {LIMIT("pct", "percent of the average volume of a bar",
                                                    "bound of an order", 0, 1e6),
                                              AVERAGE}},
    [PLN_RISK_MAX_POSITION_VOLUME] =
        {.name = "max_position_volume",
         .help =
             "Bounds a position by the volume that is usually traded: how many bars it would take to leave.",
         .formula = "|quantity| / mean(volume, average_bars)",
         .source = "",
         .gauge = "sma(volume, %d)",
         .gauge_param = 1,
         .resizes = 1,
         .n_params = 2,
         .params = {LIMIT("days", "bars of average volume (days, on daily bars)", "bound of a position", 0,
                          1e6),
                    AVERAGE}},
    [PLN_RISK_MAX_CORRELATION] =
        {.name = "max_correlation",
         .help = "Refuses, or scales down, what moves with something that is held already.",
         .formula =
             "largest side × side of the held × Pearson correlation of returns with an instrument held",
         .source = "K. Pearson, Proc. R. Soc. London 58 (1895)",
         .n_params = 4,
         .params = {LIMIT("limit", "correlation", "bound", -1, 1), WINDOW(60),
                    NUMBER("scale", "of the order", "with action: resize, what is left of it", 0.5, 0, 1),
                    WHOLE("min_bars", "bars", "with fewer returns the rule is silent", 20, 2, 100000)}},
    [PLN_RISK_MAX_VALUE_AT_RISK] =
        {.name = "max_value_at_risk",
         .help = "Bounds the loss that is exceeded in one of so many cases.",
         .formula =
             "−quantile of Σ value × return: parametric −(h·mean + z·√h·sd), z the normal quantile of "
             "1 − confidence; historical the type-7 quantile × √h; monte_carlo that of h bars drawn at "
             "random with replacement, jointly, and compounded",
         .source = "P. Jorion, Value at Risk, 3rd ed. (2007), ch. 5, 10; R. J. Hyndman, Y. Fan, American "
                   "Statistician 50 (1996); P. Glasserman, Monte Carlo Methods in Financial Engineering "
                   "(2003), 9.1",
         .resizes = 1,
         .n_params = 8,
         .params = {RISK_PARAMS}},
    [PLN_RISK_MAX_EXPECTED_SHORTFALL] =
        {.name = "max_expected_shortfall",
         .help = "Bounds the mean of the losses at and beyond the value at risk.",
         .formula =
             "parametric −h·mean + √h·sd·φ(z) / (1 − confidence); historical and monte_carlo the mean of the "
             "cases at or below the quantile",
         .source = "P. Artzner et al., Mathematical Finance 9 (1999); R. T. Rockafellar, S. Uryasev, J. Risk "
                   "2 (2000)",
         .resizes = 1,
         .n_params = 8,
         .params = {RISK_PARAMS}},
    [PLN_RISK_MAX_RISK_SCORE] = {.name = "max_risk_score",
                                 .help = "Bounds the composite risk score.",
                                 .formula = "Σ weight × min(1, measure / full) × 100 / Σ weight",
                                 .source = "",
                                 .resizes = 1,
                                 .n_params = 1,
                                 .params = {LIMIT("score", "0 … 100", "bound of the score", 0, 100)}},
    [PLN_RISK_MAX_ORDER_SIZE] =
        {.name = "max_order_size",
         .help = "Refuses orders that are too large to be meant (fat finger).",
         .formula = "quantity in units, × last close × multiplier in currency, / equity × 100 in percent",
         .source = "FIA, Best Practices for Automated Trading Risk Controls (2024), 1.1",
         .n_params = 3,
         .params = {PCT_OF_EQUITY("bound of an order"), CASH("bound of an order"),
                    LIMIT("quantity", "units", "bound of an order", 0, 1e18)}},
    [PLN_RISK_PRICE_COLLAR] =
        {.name = "price_collar",
         .help = "Refuses orders whose limit or stop price is far from the market (fat finger).",
         .formula = "|price / last close − 1| × 100, the larger of limit and stop",
         .source = "Commission Delegated Regulation (EU) 2017/589 (MiFID II RTS 6), Art. 15",
         .n_params = 1,
         .params = {LIMIT("pct", "percent of the last close", "bound of the distance", 0, 1e6)}},
    [PLN_RISK_ORDER_RATE] = {.name = "order_rate",
                             .help = "Bounds how many orders are made in any stretch of simulated time.",
                             .formula = "orders in (now − period, now], this one included",
                             .source =
                                 "Commission Delegated Regulation (EU) 2017/589 (MiFID II RTS 6), Art. 15",
                             .n_params = 2,
                             .params = {WHOLE_LIMIT("orders", "orders", "bound of their number", 0, 100000),
                                        CHOICE("per", "the period", "second,minute,hour,day", 1, 3)}},
    [PLN_RISK_DAILY_LOSS] =
        {.name = "daily_loss",
         .help = "Ends entries for the day after a loss, judged at each mark; orders that would open are "
                 "canceled.",
         .formula = "1 − equity / equity at the last mark of the day before, × 100; days of the data's zone",
         .source = "",
         .n_params = 3,
         .params = {LIMIT("pct", "percent of the equity of the day before", "bound of the loss", 0, 100),
                    CASH("bound of the loss"),
                    CHOICE("close", "whether positions are closed too", "no,yes", 0, 1)}},
    [PLN_RISK_DRAWDOWN] =
        {.name = "drawdown",
         .help = "Ends entries after a drawdown, judged at each mark, or makes them smaller; resumes after a "
                 "cool-down.",
         .formula = "1 − equity / its peak, × 100; the peak begins anew at a resumption",
         .source = "",
         .n_params = 5,
         .params = {LIMIT("pct", "percent of the peak", "bound of the drawdown", 0, 100),
                    CHOICE("then",
                           "halt ends entries, close closes positions too, scale makes entries smaller",
                           "halt,close,scale", 0, 2),
                    NUMBER("scale", "of the order", "what is left of an entry with then: scale", 0.5, 0, 1),
                    WHOLE("cooldown_bars", "bars, 0 = none", "entries go on after so many marks", 0, 0, 1e9),
                    NUMBER("cooldown_days", "days, 0 = none",
                           "entries go on after so long; without either never", 0, 0, 36500)}},
    [PLN_RISK_LOSS_STREAK] =
        {.name = "loss_streak",
         .help = "Ends entries for a while after so many losing trades in a row.",
         .formula = "closed trades with P&L below 0 since the last that was not",
         .source = "",
         .n_params = 3,
         .params = {WHOLE_LIMIT("trades", "trades", "bound of the streak", 1, 1e6),
                    WHOLE("pause_bars", "bars, 0 = none", "entries go on after so many marks", 0, 0, 1e9),
                    NUMBER("pause_days", "days, 0 = none",
                           "entries go on after so long; one of both is given", 0, 0, 36500)}},
    [PLN_RISK_LUA] = {.name = "lua",
                      .help = "A rule written in Lua: risk_rule{…}.",
                      .formula = "its check",
                      .source = "",
                      .resizes = 1,
                      .n_params = 0},
};

const pln_risk_info *pln_risk_kind_info(int32_t kind) {
  return kind >= 0 && kind < PLN_RISK_KIND_COUNT ? &kinds[kind] : NULL;
}
