#pragma once
#include "abi/data.h"
/* Position sizing: how a target becomes a quantity. */

typedef enum pln_size_type {
  PLN_SIZE_QUANTITY = 0,       /* `value` units of the instrument */
  PLN_SIZE_CASH = 1,           /* `value` of the account's currency, fees included */
  PLN_SIZE_PERCENT_OF_EQUITY = 2 /* `value` percent of the equity, fees included: 100 = all of it, more needs
                                  leverage */
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
  int32_t type;  /* pln_size_type */
  int32_t at;    /* pln_size_at */
  double value;  /* unit by type; > 0 */
} pln_sizing;
