#pragma once
#include "abi/portfolio.h"
/* Orders and fills.
 *
 * The life of an order (an impossible change ends the program):
 *
 *   from              may become                                            when
 *   NEW               PENDING, REJECTED                                     it is made, or refused at once
 *   PENDING           ACCEPTED, CANCELED, REJECTED, EXPIRED                 it waits for its first bar, or its parent
 *   ACCEPTED          PARTIALLY_FILLED, FILLED, CANCELED, REJECTED, EXPIRED  it works
 *   PARTIALLY_FILLED  PARTIALLY_FILLED, FILLED, CANCELED, EXPIRED           a part is filled, the rest works on
 *   FILLED, CANCELED, REJECTED, EXPIRED: final, each with a reason (`refusal`; FILLED may have one: reduced).
 *
 * A replaced order ends as CANCELED with REPLACED; what follows it is an order of its own, with its own id and
 * `replaces`, that is last in the queue. */

typedef enum pln_order_type {
  PLN_ORDER_MARKET = 0,
  PLN_ORDER_LIMIT = 1,
  PLN_ORDER_STOP = 2,
  PLN_ORDER_STOP_LIMIT = 3,
  PLN_ORDER_TRAILING_STOP = 4,       /* a stop that follows the best price at `trail`'s distance and never goes back */
  PLN_ORDER_TRAILING_STOP_LIMIT = 5, /* … with a limit at limit_offset beyond the stop */
  PLN_ORDER_MARKET_ON_OPEN = 6,      /* at the open of the first bar of a session */
  PLN_ORDER_MARKET_ON_CLOSE = 7      /* at the close of the last bar of the session */
} pln_order_type;

typedef enum pln_time_in_force {
  PLN_TIF_GTC = 0,
  PLN_TIF_DAY = 1,           /* until the end of the calendar day (data's time zone) of the first bar that it can fill in */
  PLN_TIF_IOC = 2,           /* at the first price that it can meet (the open of a bar, for market orders whatever the
                                fill policy says), as far as volume allows; the rest expires */
  PLN_TIF_FOK = 3,           /* likewise, but the whole quantity or nothing */
  PLN_TIF_GTD = 4,           /* in bars that open before `expires_ns` */
  PLN_TIF_OPG = 5,           /* what MARKET_ON_OPEN orders have */
  PLN_TIF_CLS = 6            /* what MARKET_ON_CLOSE orders have: for the session of the first bar that they meet */
} pln_time_in_force;

typedef enum pln_trail_type {
  PLN_TRAIL_AMOUNT = 0,      /* `trail` in units of price */
  PLN_TRAIL_PERCENT = 1,     /* percent of the best price */
  PLN_TRAIL_GAUGE = 2        /* times the gauge's value (an average true range) that is visible at each bar */
} pln_trail_type;

/* Algorithms cut a parent, which itself never meets the market, into child orders. */
typedef enum pln_order_algo {
  PLN_ALGO_NONE = 0,
  PLN_ALGO_TWAP = 1,         /* equal slices, evenly over the duration */
  PLN_ALGO_VWAP = 2,         /* slices by the volume that past sessions had at these times of day */
  PLN_ALGO_POV = 3,          /* after each bar a share of the volume that it had */
  PLN_ALGO_ICEBERG = 4       /* one limit order of the visible quantity after the other */
} pln_order_algo;

typedef enum pln_order_size {
  PLN_ORDER_SIZE_QUANTITY = 0,       /* `size` units */
  PLN_ORDER_SIZE_CASH = 1,           /* `size` currency */
  PLN_ORDER_SIZE_PERCENT = 2,        /* `size` percent of equity */
  PLN_ORDER_SIZE_TARGET_QUANTITY = 3,/* bring the position at the fill to `size` units (signed) */
  PLN_ORDER_SIZE_TARGET_PERCENT = 4, /* bring the position to `size` percent of equity (signed) */
  PLN_ORDER_SIZE_DEFAULT = 5         /* as the portfolio's sizing says */
} pln_order_size;

typedef enum pln_order_status {
  PLN_STATUS_NEW = 0,
  PLN_STATUS_PENDING = 1,
  PLN_STATUS_ACCEPTED = 2,
  PLN_STATUS_PARTIALLY_FILLED = 3,
  PLN_STATUS_FILLED = 4,
  PLN_STATUS_CANCELED = 5,
  PLN_STATUS_REJECTED = 6,
  PLN_STATUS_EXPIRED = 7
} pln_order_status;

typedef struct pln_order_request {
  int32_t instrument;
  int32_t side;              /* pln_side; ignored by target sizes */
  int32_t type;              /* pln_order_type */
  int32_t tif;               /* pln_time_in_force */
  int32_t size_type;         /* pln_order_size */
  int32_t size_at;           /* pln_size_at; for what is not a quantity */
  double size;
  double limit_price;        /* LIMIT and STOP_LIMIT */
  double stop_price;         /* STOP and STOP_LIMIT */
  double stop_loss;          /* price of a protective stop for the position that this order opens, 0 = none */
  double take_profit;        /* price of a target, 0 = none */
  int32_t tag;               /* the strategy's own number, carried to order, fill and trade */
  int32_t reduce_only;       /* 1: closes, never opens; canceled when the position is gone */
  double trail;              /* TRAILING_STOP*: distance > 0, by trail_type. It starts from the last close, for a child
                                from its parent's fill; the level moves when a bar is over, with its best price or close
                                (`trail_closes`) */
  double limit_offset;       /* TRAILING_STOP_LIMIT: price distance >= 0 of the limit beyond the stop */
  int64_t expires_ns;        /* GTD */
  int64_t parent;            /* id of a pending order: this one waits until the parent has a fill, and is canceled with
                                it if it ends without one; 0 = none. With SIZE_DEFAULT its quantity is what the parent
                                has filled */
  int64_t oco;               /* > 0: one cancels other: a fill of one order reduces the caller's others with this number
                                by as much (those of other instruments, or without a quantity yet, it cancels), one
                                that is filled cancels them; 0 = none */
  int64_t duration_ns;       /* TWAP, VWAP: > 0, over which the slices are made */
  double participation_pct;  /* POV: of each bar's volume, of 100 */
  double visible;            /* ICEBERG: units shown at a time */
  int32_t trail_type;        /* pln_trail_type */
  int32_t gauge;             /* TRAIL_GAUGE: a number of pln_exec_add_gauge */
  int32_t bracket;           /* 1: stop_loss and take_profit become orders of their own, children of this one that
                                reduce only and cancel each other, with the ids that follow its own (the stop first) */
  int32_t algo;              /* pln_order_algo: of MARKET orders (children at market) and LIMIT orders */
  int32_t slices;            /* TWAP, VWAP: children, 0 = 10 */
  int32_t reserved;
} pln_order_request;

/* What pln_exec_replace changes; NaN and 0 leave a field as it is. */
typedef struct pln_order_change {
  double quantity;           /* of the whole order, what has filled included, as in FIX; NaN = as it is */
  double limit_price;        /* NaN = as it is, as the others */
  double stop_price;
  double trail;
  int64_t expires_ns;        /* with GTD; 0 = as it is */
  int32_t tif;               /* pln_time_in_force, -1 = as it is */
  int32_t reserved;
} pln_order_change;

typedef struct pln_order {
  int64_t id;                /* 1, 2, … per container, in order of creation */
  int64_t created_ns;        /* the instant at which it was made */
  int64_t updated_ns;        /* … at which it reached its status */
  double quantity;           /* > 0; as sized (0 while it waits to be sized at the fill) */
  double filled;
  double limit_price;
  double stop_price;
  double average_fill_price; /* 0 before a fill */
  double fees;
  int32_t portfolio;
  int32_t source;            /* source or caller, -1 = a portfolio rule */
  int32_t instrument;
  int32_t side;
  int32_t type;
  int32_t tif;
  int32_t status;            /* pln_order_status */
  int32_t refusal;           /* pln_refusal: why it was reduced, rejected, cancelled or expired */
  int32_t reason;            /* pln_exit_reason: for orders that close */
  int32_t tag;
  int64_t parent;            /* id of the order that it is a child of, 0 = none */
  int64_t replaces;          /* id of the order that it replaced, 0 = none */
  int64_t expires_ns;        /* GTD */
  int64_t oco;               /* group of orders that cancel each other; < 0: a bracket's; 0 = none */
  double trail;              /* TRAILING_STOP*: distance by trail_type */
  int32_t trail_type;        /* pln_trail_type */
  int32_t reduce_only;
  int32_t algo;              /* pln_order_algo */
  int32_t n_children;        /* of an algorithm: orders that it has made so far */
} pln_order;

typedef struct pln_fill {
  int64_t id;                /* 1, 2, … per container */
  int64_t order;
  int64_t ts_ns;             /* open time of the bar in which it took place */
  int64_t bar;               /* index of that bar */
  double quantity;           /* > 0 */
  double price;              /* slippage and spread included */
  double reference_price;    /* before slippage and spread */
  double fee;
  int32_t portfolio;
  int32_t instrument;
  int32_t side;
  int32_t source;
  int32_t tag;               /* the order's */
  int32_t owner;             /* who is told: the source; of a protective stop or target, that of the lot; -1 = nobody */
  double rate;               /* currency of the account for one of the instrument's, 1 = the same; the fee is in the
                                account's */
} pln_fill;
