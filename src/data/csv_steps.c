#include "data/csv_steps.h"

#include "core/error.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const int64_t DAY_NS = 86400000000000;

int32_t pln_csv_keep_symbol(pln_rows *rows, int64_t first, const char *label, const char *const *symbols,
                            int32_t n_symbols, const char *wanted, int32_t strict) {
  if (n_symbols == 0 || rows->n == first) return PLN_OK;
  const int named = wanted && *wanted;
  int32_t keep = -1;
  for (int32_t i = 0; named && i < n_symbols && keep < 0; i++)
    if (strcmp(symbols[i], wanted) == 0) keep = i;
  for (int32_t i = 0; named && i < n_symbols && keep < 0; i++)
    if (strcasecmp(symbols[i], wanted) == 0) keep = i;
  if (keep < 0) {
    if (n_symbols == 1 && !strict) return PLN_OK;
    char list[400] = "";
    for (int32_t i = 0; i < n_symbols; i++) {
      const size_t used = strlen(list);
      if (used + strlen(symbols[i]) + 8 > sizeof list) {
        snprintf(list + used, sizeof list - used, ", …");
        break;
      }
      snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", symbols[i]);
    }
    return named ? pln_fail_at(PLN_ERR_NOT_FOUND, label, 0, 0,
                               "the symbol column never holds '%s', expected one of %s", wanted, list)
                 : pln_fail_at(PLN_ERR_ARGUMENT, label, 0, 0, "holds %d symbols, say which one to read: %s",
                               n_symbols, list);
  }
  const int64_t n = rows->n - first;
  uint8_t *dropped = malloc((size_t)n);
  if (!dropped) return pln_fail(PLN_ERR_MEMORY, "no memory to select a symbol");
  for (int64_t i = 0; i < n; i++) dropped[i] = rows->symbol[first + i] != keep;
  pln_rows_drop(rows, first, dropped);
  free(dropped);
  return PLN_OK;
}

void pln_csv_fill_from_close(pln_rows *rows, int64_t first) {
  const size_t bytes = (size_t)(rows->n - first) * 8;
  for (int32_t c = PLN_ROWS_OPEN; c < PLN_ROWS_CLOSE; c++)
    memcpy(rows->column[c] + first, rows->column[PLN_ROWS_CLOSE] + first, bytes);
}

static const double *column_named(const pln_rows *rows, const char *name) {
  for (int32_t i = PLN_ROWS_EXTRA; i < rows->n_columns; i++)
    if (strcmp(rows->name[i], name) == 0) return rows->column[i];
  return NULL;
}

int32_t pln_csv_fill_from_quotes(pln_rows *rows, int64_t first, int32_t kind, const char *price) {
  static const char *const parts[] = {"open", "high", "low", "close"};
  const int bid_only = price && strcmp(price, "bid") == 0, ask_only = price && strcmp(price, "ask") == 0;
  if (price && *price && !bid_only && !ask_only && strcmp(price, "mid") != 0)
    return pln_fail(PLN_ERR_ARGUMENT, "price is '%s', expected mid, bid or ask", price);
  for (int32_t c = PLN_ROWS_OPEN; c <= PLN_ROWS_CLOSE; c++) {
    char name[16];
    snprintf(name, sizeof name, kind == 1 ? "bid_%s" : "bid", parts[c]);
    const double *bid = column_named(rows, name);
    snprintf(name, sizeof name, kind == 1 ? "ask_%s" : "ask", parts[c]);
    const double *ask = column_named(rows, name);
    for (int64_t i = first; i < rows->n; i++) {
      double value = (bid[i] + ask[i]) / 2;
      if (bid_only || isnan(ask[i])) value = bid[i];
      if (ask_only || (isnan(bid[i]) && !bid_only)) value = ask[i];
      rows->column[c][i] = value;
    }
  }
  return PLN_OK;
}

void pln_csv_orient(pln_rows *rows, int64_t first) {
  const int64_t n = rows->n - first;
  if (n < 2 || rows->ts_ns[first] <= rows->ts_ns[rows->n - 1]) return;
  /* Where clocks go back, a newest-first file in local time has an increasing step a year. */
  int64_t up = 0;
  for (int64_t i = first + 1; i < rows->n; i++) up += rows->ts_ns[i] > rows->ts_ns[i - 1];
  if (up * 500 > n) return;
  pln_rows_reverse(rows, first);
  rows->reversed = 1;
}

void pln_csv_to_utc(pln_rows *rows, int64_t first, const pln_timezone *zone) {
  if (strcmp(pln_timezone_name(zone), "UTC") == 0) return;
  pln_timezone_cursor cursor = {0};
  int64_t before = first > 0 ? rows->ts_ns[first - 1] : INT64_MIN;
  for (int64_t i = first; i < rows->n; i++) {
    int32_t kind;
    const int64_t local = rows->ts_ns[i];
    int64_t utc = pln_timezone_to_utc_cursor(zone, local, &cursor, &kind);
    if (kind == PLN_LOCAL_AMBIGUOUS && utc <= before) utc = pln_timezone_to_utc(zone, local, 1, NULL);
    rows->ts_ns[i] = utc;
    before = utc;
  }
}

/* Counts of distinct steps, open addressing. */
enum { STEP_SLOTS = 4096, STEP_ROWS = 200000 };
typedef struct step_count {
  int64_t step;
  int64_t count;
} step_count;

static void name_step(int64_t step, pln_timeframe *out) {
  *out = (pln_timeframe){.unit = PLN_TIMEFRAME_FIXED, .count = 1, .ns = step};
  if (step < DAY_NS) return;
  const int64_t days = (step + DAY_NS / 2) / DAY_NS;
  if (days < 6)
    *out = (pln_timeframe){PLN_TIMEFRAME_DAY, 1, DAY_NS};
  else if (days < 27)
    *out = (pln_timeframe){PLN_TIMEFRAME_WEEK, 1, 7 * DAY_NS};
  else {
    const int32_t months = days < 80 ? 1 : days < 170 ? 3 : days < 300 ? 6 : 12;
    *out = (pln_timeframe){PLN_TIMEFRAME_MONTH, months, 30 * DAY_NS * months};
  }
}

int32_t pln_csv_detect_timeframe(const pln_rows *rows, pln_timeframe *out) {
  const char *label = rows->file[0];
  if (rows->n < 2)
    return pln_fail_at(PLN_ERR_FORMAT, label, 0, 0,
                       "has one row, which shows no timeframe; state it, as in timeframe: 1d");
  step_count *slots = calloc(STEP_SLOTS, sizeof *slots);
  if (!slots) return pln_fail(PLN_ERR_MEMORY, "no memory to count steps");
  const int64_t last = rows->n < STEP_ROWS ? rows->n : STEP_ROWS;
  int32_t used = 0;
  step_count best = {0};
  for (int64_t i = 1; i < last; i++) {
    const int64_t step = rows->ts_ns[i] - rows->ts_ns[i - 1];
    uint64_t at = (uint64_t)step * 0x9e3779b97f4a7c15u >> 52;
    while (slots[at].count && slots[at].step != step) at = (at + 1) % STEP_SLOTS;
    if (!slots[at].count && used == STEP_SLOTS / 2) continue; /* irregular: the common steps came early */
    used += !slots[at].count;
    slots[at].step = step;
    slots[at].count++;
    if (slots[at].count > best.count || (slots[at].count == best.count && step < best.step)) best = slots[at];
  }
  free(slots);
  name_step(best.step, out);
  if (out->unit != PLN_TIMEFRAME_FIXED) return PLN_OK;
  if (best.step % 1000000000 == 0 && (best.count * 10 >= last - 1 || last < 20)) return PLN_OK;
  return pln_fail_at(
      PLN_ERR_FORMAT, label, pln_rows_line(rows, 0), 0,
      "rows are at irregular times, which shows no timeframe; state it, as in timeframe: tick");
}

void pln_csv_stamps_to_open(pln_rows *rows, const pln_timeframe *timeframe, const pln_timezone *zone) {
  if (timeframe->unit == PLN_TIMEFRAME_NONE) return;
  if (timeframe->unit == PLN_TIMEFRAME_FIXED) {
    for (int64_t i = 0; i < rows->n; i++) rows->ts_ns[i] -= timeframe->ns;
    return;
  }
  /* Dates name the day that they are; a time of day is the instant at which the period has ended. */
  int dates = 1;
  for (int64_t i = 0; dates && i < rows->n; i++)
    dates = pln_timezone_to_local(zone, rows->ts_ns[i]) % DAY_NS == 0;
  for (int64_t i = 0; i < rows->n; i++) {
    int64_t start, end;
    pln_timeframe_bucket(timeframe, zone, rows->ts_ns[i] - !dates, &start, &end);
    rows->ts_ns[i] = start;
  }
}

int32_t pln_csv_check_spacing(const pln_rows *rows, const pln_timeframe *timeframe, const pln_timezone *zone,
                              int stated) {
  if (timeframe->unit == PLN_TIMEFRAME_NONE) return PLN_OK;
  int64_t until = INT64_MIN, start = INT64_MIN;
  for (int64_t i = 0; i < rows->n; i++) {
    const int64_t ts = rows->ts_ns[i];
    if (__builtin_expect(ts < until, 0)) {
      char name[16], text[40];
      pln_timeframe_format(timeframe, name);
      pln_time_format_iso(ts, text);
      return pln_fail_at(
          PLN_ERR_RANGE, pln_rows_file_name(rows, i), pln_rows_line(rows, i), 0,
          "%s follows the row before it too closely for bars of %s%s; state the timeframe of the file, or "
          "\"tick\" where it has none",
          text, name, stated ? "" : " (the most common step)");
    }
    if (timeframe->unit == PLN_TIMEFRAME_FIXED)
      until = ts + timeframe->ns;
    else
      pln_timeframe_bucket(timeframe, zone, ts, &start, &until);
  }
  return PLN_OK;
}
