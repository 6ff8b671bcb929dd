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

/* Exits of a portfolio's lots: levels that follow from the entry's fill and from bars up to the previous one, so that
 * they replay. All of them hold together with those of pln_risk_config and with the prices that an order names: of
 * several stops the tightest, of several targets the nearest. 0 switches one off. An ATR is the gauge's value that was
 * known when the entry filled (at the open of its bar; at its close for fills at the close); without one there is no
 * entry (PLN_REFUSAL_UNPROTECTED). R, the risk of a lot, is the distance of its first stop from its price. */
enum { PLN_EXIT_MAX_RUNGS = 8 };

typedef struct pln_exit_rung {
  double pct;                /* gain in percent of the entry's price at which the rung is, or */
  double atr;                /* … in multiples of the ATR at the entry, or */
  double r;                  /* … in multiples of R: one of the three */
  double share_pct;          /* how much of the lot as it was opened is closed there; the last rung of 100 together
                                closes what is left */
} pln_exit_rung;

typedef struct pln_exit_config {
  double stop_amount;        /* price distance from the entry */
  double stop_atr;           /* multiples of the ATR at the entry */
  double target_amount;
  double target_atr;
  double target_r;           /* multiples of R */
  double trailing_amount;    /* price distance from the best price since the entry */
  double trailing_atr;       /* multiples of the ATR at the entry, from the best price */
  double chandelier_atr;     /* multiples of the present ATR below the highest high (above the lowest low) since the
                                entry; the level never moves back. (C. Le Beau's chandelier exit; A. Elder, "Come Into
                                My Trading Room", 2002) */
  double break_even_pct;     /* a gain of so many percent of the entry's price, of so many ATR or R, whichever comes */
  double break_even_atr;     /* first, moves the stop to the entry's price … */
  double break_even_r;
  double break_even_offset_pct; /* … and so many percent of it beyond, into the gain */
  int64_t max_bars;          /* closes at the open of the bar so many after the entry's (with THIS_CLOSE: its close) */
  int32_t has_time;          /* 1: closes at the open of the first bar that opens at or after `time_s` */
  int32_t time_s;            /* seconds since local midnight, in the zone of the instrument's data */
  int32_t atr_gauge;         /* what the ATR multiples read */
  int32_t chandelier_gauge;
  int32_t n_rungs;           /* target ladder: rungs in the order of their distance */
  int32_t reserved;
  pln_exit_rung rungs[8];    /* PLN_EXIT_MAX_RUNGS */
} pln_exit_config;

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
  PLN_REFUSAL_UNPROTECTED = 39,    /* an exit rule reads an ATR that is not known yet: no entry without its stop */
  PLN_REFUSAL_RISK_FIRST = 40,     /* + pln_risk_kind: bounded by a risk rule, to what was allowed (0: refused) */
  PLN_REFUSAL_COUNT = 60
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

/* ---- Rules --------------------------------------------------------------------------------------------------------
 *
 * A rule is data: a kind with its parameters. Rules of a portfolio see that portfolio, rules of a container all of its
 * portfolios together. They review orders at the end of the instant in which these were made, in the order in which
 * rules were added (a portfolio's first), and see what is held, what waits as it would be filled, and the last closes;
 * what only reduces a position passes. Watches (daily_loss, drawdown, loss_streak) look at each mark or trade and halt
 * entries. Rules over windows read bars that are visible; nothing is kept but what is said here. */
typedef enum pln_risk_kind {
  PLN_RISK_MAX_POSITION = 0,
  PLN_RISK_MAX_GROSS_EXPOSURE = 1,
  PLN_RISK_MAX_NET_EXPOSURE = 2,
  PLN_RISK_MAX_LEVERAGE = 3,
  PLN_RISK_MAX_CONCENTRATION = 4,
  PLN_RISK_MAX_GROUP = 5,
  PLN_RISK_MAX_POSITIONS = 6,
  PLN_RISK_MAX_ORDER_VOLUME = 7,
  PLN_RISK_MAX_POSITION_VOLUME = 8,
  PLN_RISK_MAX_CORRELATION = 9,
  PLN_RISK_MAX_VALUE_AT_RISK = 10,
  PLN_RISK_MAX_EXPECTED_SHORTFALL = 11,
  PLN_RISK_MAX_RISK_SCORE = 12,
  PLN_RISK_MAX_ORDER_SIZE = 13,
  PLN_RISK_PRICE_COLLAR = 14,
  PLN_RISK_ORDER_RATE = 15,
  PLN_RISK_DAILY_LOSS = 16,
  PLN_RISK_DRAWDOWN = 17,
  PLN_RISK_LOSS_STREAK = 18,
  PLN_RISK_LUA = 19,           /* answered with pln_exec_answer_risk */
  PLN_RISK_KIND_COUNT = 20
} pln_risk_kind;

/* What a rule does with an order, or did. */
typedef enum pln_risk_action {
  PLN_RISK_DEFAULT = 0,        /* of a rule: as its kind has it */
  PLN_RISK_ALLOW = 1,
  PLN_RISK_RESIZE = 2,         /* to the largest size within the limit; to none: refused */
  PLN_RISK_REFUSE = 3,
  PLN_RISK_HALT = 4,           /* of a decision: a watch stops entries */
  PLN_RISK_RESUME = 5          /* … and lets them go on */
} pln_risk_action;

enum { PLN_RISK_MAX_VALUES = 8 };

typedef struct pln_risk_rule {
  int32_t kind;                /* pln_risk_kind */
  int32_t action;              /* pln_risk_action: DEFAULT, RESIZE or REFUSE */
  int32_t gauge;               /* the average volume that the kind reads, -1 = none */
  int32_t n_groups;            /* entries of `groups`: 0, or one for each instrument */
  const int32_t *groups;       /* the group of each instrument, 0 = in none; copied */
  double value[8];             /* parameters in the order of the kind's description (PLN_RISK_MAX_VALUES); NaN = the
                                  default. Of those that are limits exactly one is given */
} pln_risk_rule;

typedef struct pln_risk_param {
  const char *name;            /* "pct" */
  const char *unit;
  const char *help;
  const char *choices;         /* "parametric,historical": names of the values 0, 1, …; NULL: a number */
  double fallback;             /* what it is when not given; NaN = none */
  double min;
  double max;
  int32_t is_limit;            /* one of the kind's limits */
  int32_t is_integer;
} pln_risk_param;

typedef struct pln_risk_info {
  const char *name;            /* "max_gross_exposure" */
  const char *help;
  const char *formula;
  const char *source;          /* who defines it so; "" = plain arithmetic */
  const char *gauge;           /* what `gauge` has to be, with %d for the parameter `gauge_param`; NULL = none */
  int32_t gauge_param;
  int32_t takes_groups;
  int32_t resizes;             /* the default action is RESIZE */
  int32_t n_params;
  pln_risk_param params[8];
} pln_risk_info;
/* NULL out of range; static. */
const pln_risk_info *pln_risk_kind_info(int32_t kind);

/* A rule's verdict on an order, or a watch's. */
typedef struct pln_decision {
  int64_t ts_ns;               /* the instant */
  int64_t order;               /* id, 0 = none: a watch */
  int32_t portfolio;
  int32_t instrument;          /* -1 = none */
  int32_t rule;                /* number of the rule: 1, 2, … in the order in which the container judges; 0: the limits
                                  at the fill */
  int32_t kind;                /* pln_risk_kind; -1: of rule 0 */
  int32_t scope;               /* 0: the portfolio's, 1: across portfolios */
  int32_t action;              /* pln_risk_action: ALLOW, RESIZE, REFUSE, HALT, RESUME */
  int32_t refusal;             /* pln_refusal; 0 with ALLOW */
  int32_t reserved;
  double asked;                /* units, as the order came to the rule */
  double allowed;              /* units, as it left it */
  double value;                /* what the rule measured, with the order as asked; in the limit's unit; NaN = not known */
  double limit;
} pln_decision;

/* What a rule in Lua is asked about: stable address, valid until it is answered. */
typedef struct pln_risk_request {
  int64_t ts_ns;               /* the instant */
  int64_t order;
  int32_t portfolio;
  int32_t instrument;
  int32_t rule;                /* what pln_portfolio_add_rule or pln_exec_add_rule returned */
  int32_t scope;               /* 0: a portfolio's rule, 1: the container's */
  int32_t side;                /* pln_side */
  int32_t type;                /* pln_order_type */
  double quantity;             /* > 0, units; rules before have had their say */
  double reduces;              /* how much of it closes what is held: that part passes */
  double limit_price;          /* 0 = none */
  double stop_price;
  double price;                /* last close of the instrument */
  double position;             /* signed units held */
  double value;                /* of the order at the last close, currency of the account */
} pln_risk_request;

/* The composite risk score: 0 (flat) to 100, Σ weight × min(1, measure / full) × 100 / Σ weight over six measures.
 * Measures that cannot be known yet (returns, volume) count as 0. */
typedef enum pln_score_part {
  PLN_SCORE_EXPOSURE = 0,      /* gross exposure, percent of the equity */
  PLN_SCORE_CONCENTRATION = 1, /* Herfindahl index of the positions' shares, 0 … 1 */
  PLN_SCORE_VOLATILITY = 2,    /* of what is held, over `bars`, percent a year */
  PLN_SCORE_DRAWDOWN = 3,      /* percent from the peak */
  PLN_SCORE_VALUE_AT_RISK = 4, /* parametric, one bar, percent of the equity */
  PLN_SCORE_LIQUIDITY = 5,     /* the largest position, in bars of average volume */
  PLN_SCORE_PARTS = 6
} pln_score_part;
typedef struct pln_score_config {
  double weight[6];            /* by pln_score_part; not all 0 */
  double full[6];              /* measure that counts in full, > 0 */
  double confidence_pct;       /* of the value at risk */
  int32_t bars;                /* window of returns, 2 … 100000 */
  int32_t gauge;               /* average volume, -1 = none */
  int32_t record;              /* 1: at each mark, for the mean and maximum */
  int32_t reserved;
} pln_score_config;
