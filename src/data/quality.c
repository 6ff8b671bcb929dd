/* The rules of data quality. */
#include "data/quality.h"

#include "core/error.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUTLIER_WINDOW = 100 };
static const int64_t DAY_NS = 86400000000000;
static const int64_t GAP_DAYS = 5; /* Thursday to Tuesday, over Easter, is no gap */

/* What is being checked: raw rows, or the columns of bars (then nothing may be changed). */
typedef struct checker {
  pln_rows *rows;
  const pln_quality_config *config;
  pln_quality_report *report;
  int32_t read_only;
  const int64_t *ts_ns;
  const double *open;
  const double *high;
  const double *low;
  const double *close;
  const double *volume;
  int64_t n;
  uint8_t *dropped; /* made when first needed */
} checker;

static int32_t policy_of(const checker *c, int32_t rule) {
  const int32_t policy = c->config->policy[rule];
  return policy == PLN_QUALITY_DEFAULT ? pln_quality_rules[rule].policy : policy;
}

static int32_t note(checker *c, int32_t rule, int32_t action, int64_t i, double measure) {
  pln_quality_report_owner *owner = (pln_quality_report_owner *)c->report;
  pln_quality_report *report = c->report;
  report->found[rule]++;
  if (action == PLN_QUALITY_DROP) report->dropped[rule]++;
  if (action == PLN_QUALITY_REPAIR) report->repaired[rule]++;
  if (report->n_issues >= c->config->max_issues) return PLN_OK;
  if ((report->n_issues & (report->n_issues - 1)) == 0) { /* doubles: 0, 1, 2, 4, … */
    const size_t capacity = report->n_issues ? (size_t)report->n_issues * 2 : 1;
    pln_quality_issue *more = realloc(owner->issues, capacity * sizeof *more);
    if (!more) return pln_fail(PLN_ERR_MEMORY, "no memory for a report");
    owner->issues = more;
    report->issues = more;
  }
  owner->issues[report->n_issues++] = (pln_quality_issue){.rule = rule,
                                                          .action = action,
                                                          .file = c->rows ? pln_rows_file(c->rows, i) : -1,
                                                          .line = c->rows ? pln_rows_line(c->rows, i) : i + 1,
                                                          .ts_ns = c->ts_ns[i],
                                                          .open = c->open[i],
                                                          .high = c->high[i],
                                                          .low = c->low[i],
                                                          .close = c->close[i],
                                                          .volume = c->volume[i],
                                                          .measure = measure};
  return PLN_OK;
}

static int32_t reject(checker *c, int32_t rule, int64_t i, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static int32_t reject(checker *c, int32_t rule, int64_t i, const char *format, ...) {
  char message[700], time[40], choices[64] = "";
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  for (int32_t p = PLN_QUALITY_DROP; p <= PLN_QUALITY_FLAG; p++)
    if (pln_quality_rules[rule].allowed & 1u << p) {
      const size_t used = strlen(choices);
      snprintf(choices + used, sizeof choices - used, "%s%s", used ? " or " : "", pln_quality_policy_name(p));
    }
  pln_time_format_iso(c->ts_ns[i], time);
  const int32_t noted = note(c, rule, PLN_QUALITY_REJECT, i, 0);
  if (noted != PLN_OK) return noted;
  if (!c->rows) return pln_fail(PLN_ERR_RANGE, "bar %lld at %s: %s", (long long)i + 1, time, message);
  return pln_fail_at(PLN_ERR_RANGE, pln_rows_file_name(c->rows, i), pln_rows_line(c->rows, i), 0,
                     "%s: %s (correct the data, or say quality: {%s: %s})", time, message,
                     pln_quality_rules[rule].name, choices);
}

static int32_t drop(checker *c, int64_t i) {
  if (!c->dropped && !(c->dropped = calloc((size_t)c->n, 1)))
    return pln_fail(PLN_ERR_MEMORY, "no memory to drop rows");
  c->dropped[i] = 1;
  return PLN_OK;
}

static int is_dropped(const checker *c, int64_t i) { return c->dropped && c->dropped[i]; }

static void bind_rows(checker *c) {
  pln_rows *rows = c->rows;
  c->ts_ns = rows->ts_ns;
  c->open = rows->column[PLN_ROWS_OPEN];
  c->high = rows->column[PLN_ROWS_HIGH];
  c->low = rows->column[PLN_ROWS_LOW];
  c->close = rows->column[PLN_ROWS_CLOSE];
  c->volume = rows->column[PLN_ROWS_VOLUME];
  c->n = rows->n;
}

static void apply_drops(checker *c) {
  if (!c->dropped) return;
  pln_rows_drop(c->rows, 0, c->dropped);
  free(c->dropped);
  c->dropped = NULL;
  c->n = c->rows->n;
}

/* What a policy becomes on bars that exist. */
static int32_t action_of(const checker *c, int32_t policy) {
  return c->read_only && (policy == PLN_QUALITY_DROP || policy == PLN_QUALITY_REPAIR) ? PLN_QUALITY_FLAG
                                                                                      : policy;
}

static int32_t price_not_finite(checker *c, int64_t i) {
  const int32_t policy = action_of(c, policy_of(c, PLN_QUALITY_NON_FINITE));
  if (policy == PLN_QUALITY_DROP) {
    const int32_t result = note(c, PLN_QUALITY_NON_FINITE, policy, i, 0);
    return result != PLN_OK ? result : drop(c, i);
  }
  int64_t before = i - 1;
  while (before >= 0 && is_dropped(c, before)) before--;
  if (policy == PLN_QUALITY_REPAIR && before >= 0) {
    const int32_t result = note(c, PLN_QUALITY_NON_FINITE, policy, i, 0);
    const double close = c->rows->column[PLN_ROWS_CLOSE][before];
    for (int32_t k = PLN_ROWS_OPEN; k <= PLN_ROWS_CLOSE; k++) c->rows->column[k][i] = close;
    return result;
  }
  return reject(c, PLN_QUALITY_NON_FINITE, i,
                "non_finite: open %g, high %g, low %g, close %g, expected numbers", c->open[i], c->high[i],
                c->low[i], c->close[i]);
}

static int32_t volume_not_finite(checker *c, int64_t i) {
  int32_t policy = action_of(c, policy_of(c, PLN_QUALITY_NON_FINITE));
  if (policy == PLN_QUALITY_DEFAULT) policy = isnan(c->volume[i]) ? PLN_QUALITY_REPAIR : PLN_QUALITY_REJECT;
  if (policy == PLN_QUALITY_OFF) policy = PLN_QUALITY_REPAIR; /* bars cannot hold it */
  if (policy == PLN_QUALITY_REJECT)
    return reject(c, PLN_QUALITY_NON_FINITE, i, "non_finite: volume %g, expected a number", c->volume[i]);
  const int32_t result = note(c, PLN_QUALITY_NON_FINITE, policy, i, 0);
  if (result != PLN_OK) return result;
  if (policy == PLN_QUALITY_DROP) return drop(c, i);
  c->rows->column[PLN_ROWS_VOLUME][i] = 0;
  return PLN_OK;
}

static int32_t impossible(checker *c, int64_t i) {
  const int32_t policy = action_of(c, policy_of(c, PLN_QUALITY_IMPOSSIBLE_OHLC));
  if (policy == PLN_QUALITY_OFF) return PLN_OK;
  const double o = c->open[i], h = c->high[i], l = c->low[i], k = c->close[i];
  if (policy == PLN_QUALITY_REJECT)
    return reject(c, PLN_QUALITY_IMPOSSIBLE_OHLC, i,
                  "impossible_ohlc: open %.10g, high %.10g, low %.10g, close %.10g, expected the high to be "
                  "the highest and the "
                  "low the lowest (are the columns in this order?)",
                  o, h, l, k);
  const int32_t result = note(c, PLN_QUALITY_IMPOSSIBLE_OHLC, policy, i, 0);
  if (result != PLN_OK) return result;
  if (policy == PLN_QUALITY_DROP) return drop(c, i);
  if (policy == PLN_QUALITY_REPAIR) {
    const double a = o > k ? o : k, b = o < k ? o : k, top = h > l ? h : l, bottom = h < l ? h : l;
    c->rows->column[PLN_ROWS_HIGH][i] = a > top ? a : top;
    c->rows->column[PLN_ROWS_LOW][i] = b < bottom ? b : bottom;
  }
  return PLN_OK;
}

static int32_t negative(checker *c, int64_t i) {
  const int32_t policy = action_of(c, policy_of(c, PLN_QUALITY_NEGATIVE));
  if (policy == PLN_QUALITY_OFF) return PLN_OK;
  if (policy == PLN_QUALITY_REJECT)
    return reject(c, PLN_QUALITY_NEGATIVE, i,
                  "negative: open %.10g, high %.10g, low %.10g, close %.10g, volume %.10g, expected prices "
                  "above 0 and a volume "
                  "of 0 or more",
                  c->open[i], c->high[i], c->low[i], c->close[i], c->volume[i]);
  const int32_t result = note(c, PLN_QUALITY_NEGATIVE, policy, i, 0);
  return result == PLN_OK && policy == PLN_QUALITY_DROP ? drop(c, i) : result;
}

static int32_t check_values(checker *c) {
  for (int64_t i = 0; i < c->n; i++) {
    const double o = c->open[i], h = c->high[i], l = c->low[i], k = c->close[i], v = c->volume[i];
    /* One comparison chain that a NaN fails too. */
    if (__builtin_expect(h >= o && h >= k && l <= o && l <= k && h >= l && l > 0 && h < INFINITY && v >= 0 &&
                             v < INFINITY,
                         1))
      continue;
    int32_t result = PLN_OK;
    if (!isfinite(o) || !isfinite(h) || !isfinite(l) || !isfinite(k)) result = price_not_finite(c, i);
    if (result == PLN_OK && !is_dropped(c, i) && !isfinite(v)) result = volume_not_finite(c, i);
    if (result == PLN_OK && !is_dropped(c, i) &&
        !(c->high[i] >= c->open[i] && c->high[i] >= c->close[i] && c->low[i] <= c->open[i] &&
          c->low[i] <= c->close[i] && c->high[i] >= c->low[i]))
      result = impossible(c, i);
    if (result == PLN_OK && !is_dropped(c, i) &&
        (c->open[i] <= 0 || c->high[i] <= 0 || c->low[i] <= 0 || c->close[i] <= 0 || c->volume[i] < 0))
      result = negative(c, i);
    if (result != PLN_OK) return result;
  }
  return PLN_OK;
}

static int same_row(const checker *c, int64_t a, int64_t b) {
  for (int32_t k = 0; k < c->rows->n_columns; k++) {
    const double x = c->rows->column[k][a], y = c->rows->column[k][b];
    if (x != y && !(isnan(x) && isnan(y))) return 0;
  }
  return 1;
}

static int32_t check_order(checker *c) {
  const int32_t policy = policy_of(c, PLN_QUALITY_OUT_OF_ORDER);
  int64_t top = INT64_MIN;
  int64_t misplaced = 0;
  for (int64_t i = 0; i < c->n; i++) {
    if (c->ts_ns[i] >= top) {
      top = c->ts_ns[i];
      continue;
    }
    if (policy != PLN_QUALITY_DROP && policy != PLN_QUALITY_REPAIR) {
      char before[40];
      pln_time_format_iso(top, before);
      return reject(c, PLN_QUALITY_OUT_OF_ORDER, i,
                    "out_of_order: the row is earlier than one before it (%s)", before);
    }
    const int32_t result = note(c, PLN_QUALITY_OUT_OF_ORDER, policy, i, (double)(top - c->ts_ns[i]) / 1e9);
    if (result != PLN_OK) return result;
    if (policy == PLN_QUALITY_DROP && drop(c, i) != PLN_OK) return PLN_ERR_MEMORY;
    misplaced++;
  }
  if (misplaced && policy == PLN_QUALITY_REPAIR) return pln_rows_sort(c->rows);
  apply_drops(c);
  return PLN_OK;
}

static int32_t check_duplicates(checker *c, int ticks) {
  const int32_t policy = policy_of(c, PLN_QUALITY_DUPLICATES);
  int64_t kept = -1;
  for (int64_t i = 0; i < c->n; i++) {
    if (kept < 0 || c->ts_ns[i] > c->ts_ns[kept]) {
      kept = i;
      continue;
    }
    if (ticks && policy != PLN_QUALITY_DROP && policy != PLN_QUALITY_REJECT) {
      const int32_t result = note(c, PLN_QUALITY_DUPLICATES, PLN_QUALITY_REPAIR, i, 0);
      if (result != PLN_OK) return result;
      c->rows->ts_ns[i] = c->ts_ns[kept] + 1;
      kept = i;
      continue;
    }
    int32_t action = policy;
    if (policy == PLN_QUALITY_DEFAULT) action = same_row(c, i, kept) ? PLN_QUALITY_DROP : PLN_QUALITY_REJECT;
    if (action != PLN_QUALITY_DROP && action != PLN_QUALITY_REPAIR)
      return reject(c, PLN_QUALITY_DUPLICATES, i, "duplicates: line %lld of %s has the same time%s",
                    (long long)pln_rows_line(c->rows, kept), pln_rows_file_name(c->rows, kept),
                    policy == PLN_QUALITY_DEFAULT ? " and other values" : "");
    int32_t result = note(c, PLN_QUALITY_DUPLICATES, action, i, 0);
    if (result == PLN_OK) result = drop(c, action == PLN_QUALITY_DROP ? i : kept);
    if (result != PLN_OK) return result;
    if (action == PLN_QUALITY_REPAIR) kept = i;
  }
  apply_drops(c);
  return PLN_OK;
}

static int32_t start_report(pln_quality_report_owner *owner, const pln_rows *rows) {
  pln_quality_report_clear(owner);
  owner->files = calloc((size_t)rows->n_files + 1, sizeof *owner->files);
  if (!owner->files) return pln_fail(PLN_ERR_MEMORY, "no memory for a report");
  for (int32_t i = 0; i < rows->n_files; i++) {
    if (!(owner->files[i] = strdup(rows->file[i]))) return pln_fail(PLN_ERR_MEMORY, "no memory for a report");
    owner->report.n_files++;
  }
  owner->report.files = (const char *const *)owner->files;
  owner->report.n_rows = rows->n;
  owner->report.n_kept = rows->n;
  owner->report.reversed = rows->reversed;
  return PLN_OK;
}

int32_t pln_quality_rows(pln_rows *rows, const pln_quality_config *config, int ticks,
                         pln_quality_report *report) {
  int32_t result = start_report((pln_quality_report_owner *)report, rows);
  if (result != PLN_OK) return result;
  checker c = {.rows = rows, .config = config, .report = report};
  bind_rows(&c);
  result = check_values(&c);
  if (result == PLN_OK) {
    apply_drops(&c);
    int ordered = 1;
    for (int64_t i = 1; i < rows->n; i++) ordered &= rows->ts_ns[i] > rows->ts_ns[i - 1];
    if (!ordered) {
      result = check_order(&c);
      if (result == PLN_OK) result = check_duplicates(&c, ticks);
    }
  }
  free(c.dropped);
  report->n_kept = rows->n;
  return result;
}

static int64_t longest_step(const pln_timeframe *timeframe) {
  switch (timeframe->unit) {
  case PLN_TIMEFRAME_FIXED:
    return timeframe->ns;
  case PLN_TIMEFRAME_DAY:
    return (GAP_DAYS + timeframe->count - 1) * DAY_NS;
  case PLN_TIMEFRAME_WEEK:
    return (7 * (int64_t)timeframe->count + 6) * DAY_NS;
  case PLN_TIMEFRAME_MONTH:
    return (31 * (int64_t)timeframe->count + 15) * DAY_NS;
  default:
    return INT64_MAX;
  }
}

static int is_gap(const pln_timeframe *timeframe, const pln_timezone *zone, int64_t before, int64_t ts) {
  if (timeframe->unit != PLN_TIMEFRAME_FIXED || ts - before > GAP_DAYS * DAY_NS) return 1;
  return pln_timezone_day_start(zone, before) == pln_timezone_day_start(zone, ts);
}

/* Notes what was found and says whether the row goes. */
static int32_t suspicious(checker *c, int32_t rule, int64_t i, double measure, const char *unit) {
  const int32_t action = action_of(c, policy_of(c, rule));
  if (action == PLN_QUALITY_REJECT)
    return reject(c, rule, i, "%s: %.6g %s", pln_quality_rules[rule].name, measure, unit);
  const int32_t result = note(c, rule, action, i, measure);
  return result == PLN_OK && action == PLN_QUALITY_DROP ? drop(c, i) : result;
}

/* Whether a bar that opens at ts is in a session of the calendar; of days, whether there is one. */
static int in_calendar(const pln_calendar *calendar, const pln_timeframe *timeframe, const pln_timezone *zone,
                       int64_t ts, pln_calendar_cursor *cursor) {
  if (timeframe->unit <= PLN_TIMEFRAME_FIXED)
    return pln_calendar_session_at_cursor(calendar, ts, cursor) == 1;
  pln_session session;
  const int64_t local = pln_timezone_to_local(zone, ts);
  const int64_t day = local / DAY_NS - (local % DAY_NS < 0);
  return pln_calendar_day_session(calendar, day, &session);
}

static int in_session(const pln_quality_config *config, const pln_timezone *zone, int64_t ts) {
  const int64_t local = pln_timezone_to_local(zone, ts);
  const int64_t clock = (local % DAY_NS + DAY_NS) % DAY_NS;
  if (config->session_open_ns < config->session_close_ns)
    return clock >= config->session_open_ns && clock < config->session_close_ns;
  return clock >= config->session_open_ns || clock < config->session_close_ns;
}

static int32_t check_session(checker *c, const pln_timeframe *timeframe, const pln_timezone *zone) {
  const pln_quality_config *config = c->config;
  const int by_hours = config->session_open_ns != config->session_close_ns;
  if (!(by_hours || config->calendar) || policy_of(c, PLN_QUALITY_OUT_OF_SESSION) == PLN_QUALITY_OFF)
    return PLN_OK;
  const int is_daily = timeframe->unit == PLN_TIMEFRAME_DAY && timeframe->count == 1;
  if (timeframe->unit > PLN_TIMEFRAME_FIXED && (by_hours || !is_daily)) return PLN_OK;
  pln_calendar_cursor cursor = {0};
  for (int64_t i = 0; i < c->n; i++) {
    if (by_hours ? in_session(config, zone, c->ts_ns[i])
                 : in_calendar(config->calendar, timeframe, zone, c->ts_ns[i], &cursor))
      continue;
    const int32_t result = suspicious(c, PLN_QUALITY_OUT_OF_SESSION, i, 0, "outside the session");
    if (result != PLN_OK) return result;
  }
  return PLN_OK;
}

static int32_t check_gaps(checker *c, const pln_timeframe *timeframe, const pln_timezone *zone) {
  if (policy_of(c, PLN_QUALITY_GAPS) == PLN_QUALITY_OFF) return PLN_OK;
  const int64_t longest = longest_step(timeframe);
  for (int64_t i = 1; i < c->n; i++) {
    const int64_t step = c->ts_ns[i] - c->ts_ns[i - 1];
    if (__builtin_expect(step <= longest, 1) || !is_gap(timeframe, zone, c->ts_ns[i - 1], c->ts_ns[i]))
      continue;
    const int32_t result =
        suspicious(c, PLN_QUALITY_GAPS, i, (double)step / 1e9, "seconds since the row before");
    if (result != PLN_OK) return result;
  }
  return PLN_OK;
}

static int32_t check_jumps(checker *c) {
  if (policy_of(c, PLN_QUALITY_PRICE_JUMPS) == PLN_QUALITY_OFF) return PLN_OK;
  const double up = 1 + c->config->price_jump_pct / 100, down = 1 - c->config->price_jump_pct / 100;
  double before = c->n ? c->close[0] : 0;
  for (int64_t i = 1; i < c->n; i++) {
    const double close = c->close[i];
    if (__builtin_expect((close > before * up || close < before * down) && before > 0, 0)) {
      const int32_t result = suspicious(c, PLN_QUALITY_PRICE_JUMPS, i, 100 * (close / before - 1),
                                        "percent from the close before");
      if (result != PLN_OK) return result;
    }
    if (!is_dropped(c, i)) before = close;
  }
  return PLN_OK;
}

static int32_t check_volumes(checker *c) {
  if (policy_of(c, PLN_QUALITY_VOLUME_OUTLIERS) == PLN_QUALITY_OFF) return PLN_OK;
  const double factor = c->config->volume_outlier_multiple / OUTLIER_WINDOW;
  double sum = 0;
  for (int64_t i = 0; i < c->n; i++) {
    if (i % OUTLIER_WINDOW == 0) { /* anew, so that rounding does not pile up */
      sum = 0;
      for (int64_t k = i < OUTLIER_WINDOW ? 0 : i - OUTLIER_WINDOW; k < i; k++) sum += c->volume[k];
    }
    if (__builtin_expect(i >= OUTLIER_WINDOW && c->volume[i] > sum * factor && sum > 0, 0)) {
      const int32_t result = suspicious(c, PLN_QUALITY_VOLUME_OUTLIERS, i,
                                        c->volume[i] * OUTLIER_WINDOW / sum, "times the mean volume");
      if (result != PLN_OK) return result;
    }
    sum += c->volume[i];
    if (i >= OUTLIER_WINDOW) sum -= c->volume[i - OUTLIER_WINDOW];
  }
  return PLN_OK;
}

static int32_t check_sequence(checker *c, const pln_timeframe *timeframe, const pln_timezone *zone,
                              int has_volume) {
  int32_t result = check_session(c, timeframe, zone);
  if (result == PLN_OK && c->rows) apply_drops(c);
  if (result == PLN_OK) result = check_gaps(c, timeframe, zone);
  if (result == PLN_OK) result = check_jumps(c);
  if (result == PLN_OK && has_volume) result = check_volumes(c);
  if (result == PLN_OK && c->rows) apply_drops(c);
  return result;
}

int32_t pln_quality_sequence(pln_rows *rows, const pln_quality_config *config, const pln_timeframe *timeframe,
                             const pln_timezone *zone, pln_quality_report *report) {
  checker c = {.rows = rows, .config = config, .report = report};
  bind_rows(&c);
  const int32_t result = check_sequence(&c, timeframe, zone, rows->has_volume);
  free(c.dropped);
  report->n_kept = rows->n;
  return result;
}

int32_t pln_quality_check(const pln_bars *bars, const pln_quality_config *config,
                          pln_quality_report *report) {
  pln_quality_config defaults;
  pln_quality_config_init(&defaults);
  const pln_timezone *zone = pln_timezone_get(bars->timezone);
  if (!zone) return PLN_ERR_NOT_FOUND;
  pln_quality_report_clear((pln_quality_report_owner *)report);
  report->n_rows = report->n_kept = bars->n_bars;
  checker c = {.config = config ? config : &defaults,
               .report = report,
               .read_only = 1,
               .ts_ns = bars->ts_ns,
               .open = bars->open,
               .high = bars->high,
               .low = bars->low,
               .close = bars->close,
               .volume = bars->volume,
               .n = bars->n_bars};
  const int32_t result = check_values(&c);
  return result != PLN_OK ? result : check_sequence(&c, &bars->timeframe, zone, bars->has_volume);
}
