#pragma once
#include "abi/portfolio.h"
/* Orders and fills. */

typedef enum pln_order_type {
  PLN_ORDER_MARKET = 0,
  PLN_ORDER_LIMIT = 1,
  PLN_ORDER_STOP = 2,
  PLN_ORDER_STOP_LIMIT = 3
} pln_order_type;

typedef enum pln_time_in_force {
  PLN_TIF_GTC = 0,
  PLN_TIF_DAY = 1,           /* until the end of the calendar day (data's time zone) of the first bar that it can fill in */
  PLN_TIF_IOC = 2            /* at the open of the first bar that it can fill in, or never */
} pln_time_in_force;

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
  int32_t reserved;
} pln_order_request;

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
