#pragma once
#include "abi/data.h"
/* Coarser bars from finer ones. */

/* Bars of `timeframe` made from `bars`: left-closed buckets as pln_timeframe_bucket defines them (abi/time.h), in
 * `timezone` (NULL = that of the bars), stamped with their start; empty buckets make no bar. Open is the first, high
 * the highest, low the lowest, close the last, volume the sum in time order, each extra column the last (NaN too).
 * A bar becomes visible at the end of its bucket, or at the close of its last source bar where that is later (a bar
 * that reaches over the end of its bucket).
 *
 * PLN_ERR_ARGUMENT where `timeframe` is finer than the bars' own, or no multiple of it, so that bars would straddle
 * buckets: 7m from 5m, 1d from 7m, 1mo from 1w. The same timeframe is allowed; ticks go to anything but ticks.
 *
 * A result that may exceed a million bars lies in an unlinked temporary file ($TMPDIR or /var/tmp) and is mapped, so
 * that memory stays flat. The result does not borrow from `bars`; pln_bars_free. NULL on error. */
pln_bars *pln_bars_resample(const pln_bars *bars, const pln_timeframe *timeframe, const char *timezone);
/* Whether it could be: 0 or PLN_ERR_ARGUMENT with the reason. */
int32_t pln_timeframe_can_resample(const pln_timeframe *from, const pln_timeframe *to);
