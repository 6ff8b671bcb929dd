#pragma once
/* From rows as a file has them to rows in time order, in UTC, at the bars' open. `first` is the first row of
 * the file that was read last. Internal to the CSV reader. */
#include "data/csv_rows.h"

/* Keeps the rows of the wanted symbol. A column with one symbol only is taken whole unless it is `strict`. */
int32_t pln_csv_keep_symbol(pln_rows *rows, int64_t first, const char *label, const char *const *symbols,
                            int32_t n_symbols, const char *wanted, int32_t strict);
void pln_csv_fill_from_close(pln_rows *rows, int64_t first);
/* Prices from quotes: kind 1 bid_open … ask_close, 2 bid and ask; price mid, bid or ask. */
int32_t pln_csv_fill_from_quotes(pln_rows *rows, int64_t first, int32_t kind, const char *price);
/* Reverses a file that is newest first. */
void pln_csv_orient(pln_rows *rows, int64_t first);
void pln_csv_to_utc(pln_rows *rows, int64_t first, const pln_timezone *zone);
/* The most common step; rows are in order. */
int32_t pln_csv_detect_timeframe(const pln_rows *rows, pln_timeframe *out);
void pln_csv_stamps_to_open(pln_rows *rows, const pln_timeframe *timeframe, const pln_timezone *zone);
/* No two rows may be closer than the timeframe, or in one day, week or month. */
int32_t pln_csv_check_spacing(const pln_rows *rows, const pln_timeframe *timeframe, const pln_timezone *zone,
                              int stated);
