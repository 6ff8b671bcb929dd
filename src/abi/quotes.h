#pragma once
#include "abi/data.h"
/* Bars of quotes: both sides of the market beside their middle. */

/* Bars of one side ("bid" or "ask") from the extra columns of `bars` (bid_open … bid_close or, of ticks, bid), at the
 * same times; where a side is empty (NaN) the bars' own prices. Volume is bid_size or ask_size where there is one. NULL
 * on error: PLN_ERR_NOT_FOUND where the columns are missing. pln_bars_free. */
pln_bars *pln_bars_quote_side(const pln_bars *bars, const char *side);

/* Bars of the middle, with the extra columns bid_open … ask_close, from bars of each side: those whose times both have.
 * *n_left_out (may be NULL) gets how many of either have no partner. Volume is the sum where both have one. NULL on
 * error: timeframes or zones that differ, no time in common. pln_bars_free. */
pln_bars *pln_bars_join_quotes(const pln_bars *bid, const pln_bars *ask, int64_t *n_left_out);
