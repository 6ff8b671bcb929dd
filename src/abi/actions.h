#pragma once
#include "abi/data.h"
/* What happens to an instrument or an account at a time, other than prices: corporate actions, halts, membership of
 * a universe, deposits. The data side reads them from files and sorts them by time; the execution container applies
 * each before the fills of the first bar that opens at or after its time. */

typedef enum pln_action_kind {
  PLN_ACTION_SPLIT = 1,    /* value: new units for each old one, > 0 (2: two for one, 0.1: one for ten) */
  PLN_ACTION_DIVIDEND = 2, /* value: currency of the instrument for each unit held before the ex-date, >= 0 */
  PLN_ACTION_DELIST = 3,   /* value: final price at which positions are closed, >= 0; NaN: the last close */
  PLN_ACTION_HALT = 4,     /* from here on no fill, until RESUME; value: 0 */
  PLN_ACTION_RESUME = 5,   /* value: 0 */
  PLN_ACTION_ENTER = 6,    /* becomes a member of the universe; value: 0 */
  PLN_ACTION_LEAVE = 7,    /* is no member from here on: nothing is opened; value: 0 */
  PLN_ACTION_CASH = 8      /* of a portfolio: deposit > 0, withdrawal < 0; value: currency of the account */
} pln_action_kind;

/* Arrays of these are sorted by ts_ns; those of one time in the order in which they apply. An instrument that has an
 * ENTER anywhere is no member before its first one. */
typedef struct pln_action {
  int64_t ts_ns;     /* when it holds from: of splits and dividends, the start of the ex-date */
  int32_t kind;      /* pln_action_kind */
  int32_t reserved;  /* 0 */
  double value;      /* by kind */
} pln_action;

/* Back-adjustment: what prices of bars are multiplied by so that splits and dividends leave no jump. Rows are sorted by
 * until_ns; row i holds for bars that open in [until_ns of row i - 1, until_ns of row i), 1 from the last one on: prices
 * are adjusted to the units of the last date. Since later actions change earlier prices, an adjusted *level* knows the
 * future; ratios between bars do not. */
typedef struct pln_price_factor {
  int64_t until_ns;
  double price_factor; /* of dividends, > 0 */
  double split_factor; /* of splits, > 0; volumes are divided by it */
} pln_price_factor;

typedef enum pln_adjust_mode {
  PLN_ADJUST_ALL = 0,
  PLN_ADJUST_SPLITS = 1 /* not for dividends */
} pln_adjust_mode;

/* The factors of `actions` (splits and dividends; others are passed over) for raw `bars`, into out[n]: of a split one
 * over its value; of a dividend 1 - value / the last close before it (CRSP's method, also Yahoo's). Returns how many
 * rows, or a status: a dividend that is not below that close, a split that is not above 0, actions out of order. */
int32_t pln_price_factors_of(const pln_bars *bars, const pln_action *actions, int32_t n, pln_price_factor *out);
/* Adjusted copy of `bars`: prices (bid, ask and their open, high, low, close among the extra columns too) times the
 * factors, volume (bid_size, ask_size) divided by the split factor. NULL on error: rows out of order, a factor that is
 * not above 0, a week or month within which factors change. pln_bars_free. */
pln_bars *pln_bars_adjust(const pln_bars *bars, const pln_price_factor *factors, int32_t n, int32_t mode);
