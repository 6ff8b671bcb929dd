#pragma once
#include "abi/types.h"
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
