#pragma once
#include "abi/data.h"
/* Position sizing: how a target becomes a quantity, and when a position that is held is changed. All of it is plain
 * state of the portfolio, so that captured signals give the same sizes as the strategy that emitted them. */

/* `value` by type. Gauges are read when the order is made, in the last row that is visible then. */
typedef enum pln_size_type {
  PLN_SIZE_QUANTITY = 0,           /* units of the instrument */
  PLN_SIZE_CASH = 1,               /* of the account's currency, fees included */
  PLN_SIZE_PERCENT_OF_EQUITY = 2,  /* percent of the equity, fees included: 100 = all of it, more needs leverage */
  PLN_SIZE_VOLATILITY_TARGET = 3,  /* percent a year: notional = equity x value / 100 / the gauge, which is the
                                      annualised volatility of the instrument as a fraction; fees included */
  PLN_SIZE_ATR_RISK = 4,           /* percent of the equity that is lost when the price moves by `multiple` x the gauge
                                      (an average true range, in units of price) */
  PLN_SIZE_FIXED_FRACTIONAL = 5,   /* percent of the equity that is lost between the entry and its protective stop: the
                                      order's own stop_loss, or the portfolio's rule, whichever is nearer (R. Vince, The
                                      Mathematics of Money Management, 1992); refused where there is no stop */
  PLN_SIZE_KELLY = 6               /* `fraction` x (W - (1 - W) / R) of the equity (J. L. Kelly, A New Interpretation of
                                      Information Rate, 1956), from the portfolio's last `window` closed trades: W the
                                      share of those that gained, R their mean return over the mean loss of the others;
                                      with fewer than `min_trades` of them: percent of the equity */
} pln_size_type;

typedef enum pln_size_at {
  PLN_SIZE_AT_SIGNAL = 0, /* at the close that was seen when the order was made */
  PLN_SIZE_AT_FILL = 1    /* at the price of the fill; 100 percent is then the largest fraction below 1, as in
                             backtesting.py */
} pln_size_at;

/* A size becomes the largest number of whole lots whose cost is within it: price (with the slippage and spread that are
 * to be expected) and commission. The rounding is exact: 0.3 units at a lot of 0.1 are three lots, and what was
 * opened closes to exactly 0. */
typedef struct pln_sizing {
  int32_t type;              /* pln_size_type */
  int32_t at;                /* pln_size_at */
  double value;              /* unit by type; > 0 */
  double max_pct;            /* bound of what the type comes to, percent of the equity, of a full target (1); 0 = none */
  double multiple;           /* ATR_RISK; > 0 */
  double fraction;           /* KELLY; > 0, 1 = full Kelly */
  double min_pct;            /* KELLY: percent of the equity where the estimate is lower; 0: where it is not above 0,
                                entries are refused, which nothing can then change */
  int32_t window;            /* KELLY: trades, >= 1 */
  int32_t min_trades;        /* KELLY: 1 … window */
  int32_t gauge;             /* VOLATILITY_TARGET and ATR_RISK */
  int32_t reserved;
} pln_sizing;

/* When a position that is held is changed, and how an account is shared by a long and a short side. 0 = off. */
typedef struct pln_scaling {
  double band_pct;           /* a position is brought to a target of the same side only where it is away from it by more
                                than so much, percent of the equity … */
  double band_relative_pct;  /* … or by more than so much, percent of the target (one that is exceeded suffices) */
  double step_pct;           /* adding needs the price to have gained so much since the last entry, percent of it */
  double add_pct;            /* bound of what one order adds, percent of the oldest lot that is open */
  double long_pct;           /* gross exposure of the long side, percent of the equity, shared by its instruments in
                                proportion to their levels; with short_pct in place of `sizing` for signals */
  double short_pct;          /* … and of the short side */
  int32_t max_entries;       /* entries that may be open at once, by instrument (lots of one order count as one) */
  int32_t every_bar;         /* 1: positions are compared with their targets at each bar, not only when signals change */
} pln_scaling;
