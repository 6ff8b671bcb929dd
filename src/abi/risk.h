#pragma once
#include "abi/data.h"
/* Risk rules, protective exits, and why orders are refused. */

/* 0 switches a rule off. Percentages are of 100. Limits and affordability are judged when an order fills, at the price of
 * the fill, with everything else at its last price; they bind what opens or adds, never what closes or reduces. */
typedef struct pln_risk_config {
  double max_position_pct;   /* one position's notional, of equity: a larger order is reduced */
  double max_exposure_pct;   /* gross notional of all positions, of equity: a larger order is reduced */
  double stop_loss_pct;      /* from the fill price of the entry */
  double take_profit_pct;    /* from the fill price of the entry */
  double trailing_stop_pct;  /* from the best price since the entry */
  double max_drawdown_pct;   /* from the equity's peak, judged at each mark: closes everything at the next chance to fill,
                                refuses all further entries */
} pln_risk_config;

/* Why an order request was refused, reduced or cancelled. */
typedef enum pln_refusal {
  PLN_REFUSAL_NONE = 0,
  PLN_REFUSAL_ZERO_QUANTITY = 1,   /* rounds to nothing at the lot size */
  PLN_REFUSAL_CASH = 2,            /* cannot be afforded at all */
  PLN_REFUSAL_REDUCED_CASH = 3,    /* reduced to what can be afforded */
  PLN_REFUSAL_POSITION_LIMIT = 4,
  PLN_REFUSAL_REDUCED_POSITION = 5,
  PLN_REFUSAL_EXPOSURE_LIMIT = 6,
  PLN_REFUSAL_REDUCED_EXPOSURE = 7,
  PLN_REFUSAL_HALTED = 8,          /* drawdown halt in force */
  PLN_REFUSAL_SHORT_NOT_ALLOWED = 9,
  PLN_REFUSAL_STOPPED_OUT = 10,    /* re-entry waits for the signal to change */
  PLN_REFUSAL_INVALID_PRICE = 11,  /* limit or stop price not finite or not positive */
  PLN_REFUSAL_INVALID_QUANTITY = 12,
  PLN_REFUSAL_NO_PRICE = 13,       /* no bar of the instrument seen yet */
  PLN_REFUSAL_EXPIRED = 14,        /* DAY or IOC ran out */
  PLN_REFUSAL_END_OF_DATA = 15,    /* never filled: the data ended */
  PLN_REFUSAL_CANCELED = 16,       /* by the strategy */
  PLN_REFUSAL_REPLACED = 17,       /* the target changed before it filled */
  PLN_REFUSAL_BANKRUPT = 18,
  PLN_REFUSAL_DELISTED = 19,       /* the instrument is no longer traded */
  PLN_REFUSAL_NOT_MEMBER = 20,     /* the instrument is not in the universe */
  PLN_REFUSAL_NOT_TRADABLE = 21,   /* the instrument only gives prices */
  PLN_REFUSAL_WITHDRAWAL = 22,     /* more than equity less margin used: currency */
  PLN_REFUSAL_MARGIN_CALL = 23,    /* canceled by a margin call */
  PLN_REFUSAL_NO_STOP = 24,        /* fixed fractional size without a protective stop */
  PLN_REFUSAL_NO_GAUGE = 25,       /* the feature that the size or price is made from has no value yet */
  PLN_REFUSAL_NO_EDGE = 26,        /* the Kelly fraction of the last trades is not above 0 */
  PLN_REFUSAL_MAX_ENTRIES = 27,
  PLN_REFUSAL_PYRAMID_STEP = 28,   /* adding before the price gained step_pct */
  PLN_REFUSAL_REDUCED_ADDITION = 29, /* reduced to add_pct of the oldest open lot */
  PLN_REFUSAL_TRADING_HOURS = 30,  /* an entry outside the portfolio's trading hours */
  PLN_REFUSAL_FLAT_BY_CLOSE = 31,  /* an entry after the time at which positions are closed for the session */
  PLN_REFUSAL_OFF_TICK = 32,       /* a price is no multiple of the tick (off_tick: reject) */
  PLN_REFUSAL_OFF_LOT = 33,        /* a quantity is no multiple of the lot (off_lot: reject) */
  PLN_REFUSAL_REDUCE_ONLY = 34,    /* reduce-only, and there is no position against it (any more) */
  PLN_REFUSAL_OCO = 35,            /* another order of its group filled */
  PLN_REFUSAL_PARENT = 36,         /* its parent ended without a fill, or was not there */
  PLN_REFUSAL_VOLUME = 37,         /* FOK or IOC: the bar's volume did not suffice */
  PLN_REFUSAL_NO_BORROW = 38,      /* there is nothing to borrow, so that nothing can be sold short */
  PLN_REFUSAL_COUNT = 39
} pln_refusal;

/* Counter of one refusal code, with the numbers of its first and last occurrence: units of the instrument for
 * REDUCED_CASH, SHORT_NOT_ALLOWED and orders that ended unfilled (the size as asked, where it was never turned into
 * units); currency for CASH; percent for the position and exposure limits; target levels (-1 … 1) for STOPPED_OUT and
 * for refused signals. */
typedef struct pln_refusal_count {
  int64_t count;
  int64_t first_ts_ns;
  int64_t last_ts_ns;
  double first_asked;        /* what was asked, in the rule's unit (units, currency or percent) */
  double first_allowed;      /* what the rule allowed */
  double last_asked;
  double last_allowed;
  int32_t first_instrument;
  int32_t last_instrument;
} pln_refusal_count;

const char *pln_refusal_name(int32_t refusal);      /* "position_limit"; static; "?" out of range */
const char *pln_refusal_help(int32_t refusal);      /* one sentence with the likely fix; static */
