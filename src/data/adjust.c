/* Splits and dividends taken out of prices. */
#include "abi/actions.h"
#include "core/error.h"
#include "data/bars_copy.h"
#include "data/timezone.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void day_text(int64_t ts_ns, char *out) {
  pln_time_format_iso(ts_ns, out);
  out[10] = 0;
}

static int32_t fail_action(const pln_bars *bars, const pln_action *action, const char *what, double against) {
  char day[40];
  day_text(action->ts_ns, day);
  return pln_fail(PLN_ERR_RANGE, "%s: the %s of %s is %.15g, expected %s%.15g", bars->symbol,
                  action->kind == PLN_ACTION_SPLIT ? "split" : "dividend", day, action->value, what, against);
}

/* 1 - dividend / last close before it. */
static int32_t dividend_factor(const pln_bars *bars, const pln_action *action, double *factor) {
  const int64_t next = pln_bars_lower_bound(bars, action->ts_ns);
  *factor = 1;
  if (next == 0) return PLN_OK; /* no bar that it could change */
  const double close = bars->close[next - 1];
  if (!(action->value >= 0)) return fail_action(bars, action, "at least ", 0);
  if (action->value >= close) return fail_action(bars, action, "less than the close before it, ", close);
  *factor = 1 - action->value / close;
  return PLN_OK;
}

int32_t pln_price_factors_of(const pln_bars *bars, const pln_action *actions, int32_t n,
                             pln_price_factor *out) {
  double price = 1, split = 1;
  int32_t rows = 0;
  for (int32_t i = n - 1; i >= 0; i--) {
    const pln_action *action = &actions[i];
    if (i + 1 < n && action->ts_ns > actions[i + 1].ts_ns)
      return pln_fail(PLN_ERR_ARGUMENT, "%s: actions are not in the order of time", bars->symbol);
    if (action->kind == PLN_ACTION_SPLIT) {
      if (!(action->value > 0) || !isfinite(action->value)) return fail_action(bars, action, "more than ", 0);
      split /= action->value;
    } else if (action->kind == PLN_ACTION_DIVIDEND) {
      double factor;
      const int32_t status = dividend_factor(bars, action, &factor);
      if (status) return status;
      price *= factor;
    } else {
      continue;
    }
    if (rows == 0 || out[rows - 1].until_ns != action->ts_ns) rows++;
    out[rows - 1] = (pln_price_factor){action->ts_ns, price, split};
  }
  for (int32_t i = 0; i < rows / 2; i++) {
    const pln_price_factor last = out[rows - 1 - i];
    out[rows - 1 - i] = out[i];
    out[i] = last;
  }
  return rows;
}

enum { NO_PART, PRICE_PART, SIZE_PART };

static int part_of(const char *name) {
  static const char *const prices[] = {"bid",       "ask",      "bid_open", "bid_high", "bid_low",
                                       "bid_close", "ask_open", "ask_high", "ask_low",  "ask_close"};
  for (size_t i = 0; i < sizeof prices / sizeof *prices; i++)
    if (strcmp(name, prices[i]) == 0) return PRICE_PART;
  return strcmp(name, "bid_size") == 0 || strcmp(name, "ask_size") == 0 ? SIZE_PART : NO_PART;
}

static int32_t check_factors(const pln_bars *bars, const pln_price_factor *factors, int32_t n) {
  for (int32_t i = 0; i < n; i++) {
    char day[40];
    day_text(factors[i].until_ns, day);
    if (i > 0 && factors[i].until_ns <= factors[i - 1].until_ns)
      return pln_fail(PLN_ERR_ARGUMENT, "%s: the factors until %s are not after those before them",
                      bars->symbol, day);
    if (!(factors[i].price_factor > 0) || !(factors[i].split_factor > 0) ||
        !isfinite(factors[i].price_factor) || !isfinite(factors[i].split_factor))
      return pln_fail(PLN_ERR_RANGE, "%s: the factors until %s are %g and %g, expected more than 0",
                      bars->symbol, day, factors[i].price_factor, factors[i].split_factor);
  }
  return PLN_OK;
}

static int32_t check_within(const pln_bars *bars, int64_t i, int64_t until_ns) {
  char day[40], name[16];
  day_text(until_ns, day);
  pln_timeframe_format(&bars->timeframe, name);
  return pln_fail(
      PLN_ERR_UNSUPPORTED,
      "%s: the split or dividend of %s lies within bar %lld of %s, which cannot be adjusted; take daily "
      "bars, from which timeframes makes longer ones",
      bars->symbol, day, (long long)(i + 1), name);
}

static void scale(pln_bars_build *build, int64_t i, double price, double size) {
  build->open[i] *= price;
  build->high[i] *= price;
  build->low[i] *= price;
  build->close[i] *= price;
  build->volume[i] /= size;
  for (int32_t c = 0; c < build->n_extra; c++) {
    const int part = part_of(build->extra_names[c]);
    if (part == PRICE_PART) build->extra[c][i] *= price;
    if (part == SIZE_PART) build->extra[c][i] /= size;
  }
}

pln_bars *pln_bars_adjust(const pln_bars *bars, const pln_price_factor *factors, int32_t n, int32_t mode) {
  pln_bars_build build;
  if (check_factors(bars, factors, n) || pln_bars_copy_begin(bars, &build)) return NULL;
  const int long_bars =
      bars->timeframe.unit == PLN_TIMEFRAME_WEEK || bars->timeframe.unit == PLN_TIMEFRAME_MONTH;
  int32_t row = 0;
  for (int64_t i = 0; i < build.n_bars; i++) {
    while (row < n && factors[row].until_ns <= build.ts_ns[i]) row++;
    if (row == n) break;
    if (long_bars && factors[row].until_ns < pln_bars_visible_ns(bars, i)) {
      check_within(bars, i, factors[row].until_ns);
      pln_bars_build_discard(&build);
      return NULL;
    }
    const double split = factors[row].split_factor;
    scale(&build, i, mode == PLN_ADJUST_SPLITS ? split : factors[row].price_factor * split, split);
  }
  return pln_bars_build_finish(&build);
}
