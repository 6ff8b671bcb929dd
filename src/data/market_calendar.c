/* Calendars as tables of sessions: looked up by halving, or by a cursor at the cost of a comparison. */
#include "data/market_calendar.h"
#include "core/error.h"
#include "data/timezone.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t MINUTE_NS = 60000000000;
enum {
  FIRST_YEAR = 1971,
  END_YEAR = 2100,
  MEAN_FROM = 2000,
  MEAN_UNTIL = 2020,
  N_BUILTINS = 4,
  NOTE_SIZE = 64
};

typedef struct day_note {
  int64_t day;
  char text[NOTE_SIZE];
} day_note;

struct pln_calendar {
  char name[64];
  const pln_timezone *zone;
  int64_t n; /* sessions, in the order of time */
  pln_session *sessions;
  int64_t n_notes;
  day_note *notes; /* by day */
  int32_t sessions_per_year;
};

void pln_calendar_free(pln_calendar *calendar) {
  if (!calendar) return;
  free(calendar->sessions);
  free(calendar->notes);
  free(calendar);
}

/* An empty one with room for the days of all years; NULL where memory ends. */
static pln_calendar *make_empty(const char *name, const pln_timezone *zone, int64_t n_days, int64_t n_notes) {
  pln_calendar *calendar = calloc(1, sizeof *calendar);
  if (!calendar) goto no_memory;
  snprintf(calendar->name, sizeof calendar->name, "%s", name);
  calendar->zone = zone;
  calendar->sessions = malloc((size_t)n_days * sizeof *calendar->sessions);
  calendar->notes = malloc((size_t)(n_notes + 1) * sizeof *calendar->notes);
  if (calendar->sessions && calendar->notes) return calendar;
no_memory:
  pln_calendar_free(calendar);
  pln_fail(PLN_ERR_MEMORY, "no memory for the calendar %s", name);
  return NULL;
}

static int is_closed(const pln_calendar_hours *hours) { return !hours->open_minute && !hours->close_minute; }

static int32_t add_day(pln_calendar *calendar, int64_t day, const pln_calendar_day *what,
                       pln_timezone_cursor *cursor) {
  if (what->note) {
    calendar->notes[calendar->n_notes].day = day;
    snprintf(calendar->notes[calendar->n_notes++].text, NOTE_SIZE, "%s", what->note);
  }
  if (is_closed(&what->hours)) return PLN_OK;
  const int64_t midnight = day * 1440;
  pln_session *made = &calendar->sessions[calendar->n];
  *made = (pln_session){.trading_day = day, .is_half_day = what->is_half_day};
  made->open_ns = pln_timezone_to_utc_cursor(calendar->zone, (midnight + what->hours.open_minute) * MINUTE_NS,
                                             cursor, NULL);
  made->close_ns = pln_timezone_to_utc_cursor(
      calendar->zone, (midnight + what->hours.close_minute) * MINUTE_NS, cursor, NULL);
  const int64_t before = calendar->n ? calendar->sessions[calendar->n - 1].close_ns : INT64_MIN;
  if (made->close_ns <= made->open_ns || made->open_ns < before) {
    char text[40];
    pln_time_format_iso(day * PLN_DAY_NS, text);
    return pln_fail(PLN_ERR_ARGUMENT, "calendar %s: the session of %.10s %s", calendar->name, text,
                    made->open_ns < before ? "opens before the one before it has closed"
                                           : "closes before it opens");
  }
  calendar->n++;
  return PLN_OK;
}

static int64_t first_at_or_after(const pln_calendar *calendar, int64_t open_ns) {
  int64_t low = 0, high = calendar->n;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (calendar->sessions[middle].open_ns < open_ns)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

int64_t pln_calendar_count(const pln_calendar *calendar, int64_t from_ns, int64_t until_ns) {
  if (until_ns <= from_ns) return 0;
  return first_at_or_after(calendar, until_ns) - first_at_or_after(calendar, from_ns);
}

static void finish(pln_calendar *calendar) {
  const int64_t from = pln_days_from_civil(MEAN_FROM, 1, 1), until = pln_days_from_civil(MEAN_UNTIL, 1, 1);
  int64_t n = 0;
  for (int64_t i = 0; i < calendar->n; i++)
    n += calendar->sessions[i].trading_day >= from && calendar->sessions[i].trading_day < until;
  calendar->sessions_per_year = (int32_t)((double)n / (MEAN_UNTIL - MEAN_FROM) + 0.5);
}

static pln_civil date_of(int64_t day) {
  pln_civil date;
  pln_civil_from_ns(day * PLN_DAY_NS, &date);
  return date;
}

/* Built-in ones
 * ---------------------------------------------------------------------------------------------*/

static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;
static pln_calendar *made_builtins[N_BUILTINS]; /* under the mutex */

static const pln_calendar_builtin *find_builtin(const char *name, int32_t *index) {
  if (!strcmp(name, "24_7") || !strcmp(name, "always")) name = "24/7";
  for (*index = 0; pln_calendar_builtins[*index].name; ++*index) {
    assert(*index < N_BUILTINS);
    if (!strcmp(pln_calendar_builtins[*index].name, name)) return &pln_calendar_builtins[*index];
  }
  return NULL;
}

static pln_calendar *make_builtin(const pln_calendar_builtin *builtin) {
  const pln_timezone *zone = pln_timezone_get(builtin->timezone);
  if (!zone) return NULL;
  const int64_t first = pln_days_from_civil(FIRST_YEAR, 1, 1), end = pln_days_from_civil(END_YEAR, 1, 1);
  pln_calendar *calendar = make_empty(builtin->name, zone, end - first, end - first);
  pln_timezone_cursor cursor = {0};
  for (int64_t day = first; calendar && day < end; day++) {
    const pln_civil date = date_of(day);
    const pln_calendar_day what = builtin->rule(&date, day);
    const int32_t status = add_day(calendar, day, &what, &cursor);
    assert(status == PLN_OK);
    (void)status;
  }
  if (calendar) finish(calendar);
  return calendar;
}

const pln_calendar *pln_calendar_get(const char *name) {
  int32_t index;
  const pln_calendar_builtin *builtin = find_builtin(name ? name : "", &index);
  if (!builtin) {
    pln_fail(PLN_ERR_NOT_FOUND,
             "there is no market calendar '%.60s', expected us_equity, cme_futures, fx or 24/7",
             name ? name : "");
    return NULL;
  }
  pthread_mutex_lock(&making);
  if (!made_builtins[index]) made_builtins[index] = make_builtin(builtin);
  const pln_calendar *calendar = made_builtins[index];
  pthread_mutex_unlock(&making);
  return calendar;
}

/* The caller's
 * ----------------------------------------------------------------------------------------------*/

static int32_t check_hours(const char *name, const char *what, const pln_calendar_hours *hours) {
  if (is_closed(hours)) return PLN_OK;
  if (hours->open_minute < -1440 || hours->open_minute >= 1440 || hours->close_minute <= hours->open_minute ||
      hours->close_minute > 2880)
    return pln_fail(
        PLN_ERR_ARGUMENT,
        "calendar %s: %s is open from minute %d to %d of the day, expected -1440 … 1439 to a later one, "
        "at most 2880",
        name, what, hours->open_minute, hours->close_minute);
  return PLN_OK;
}

static int compare_days(const void *left, const void *right) {
  const int64_t a = ((const pln_calendar_exception *)left)->day,
                b = ((const pln_calendar_exception *)right)->day;
  return a < b ? -1 : a > b;
}

static pln_calendar_day plain_day(const pln_calendar_spec *spec, const pln_calendar_builtin *base,
                                  int64_t day) {
  const pln_civil date = date_of(day);
  if (base) return base->rule(&date, day);
  return (pln_calendar_day){.hours = spec->week[date.weekday]};
}

/* Fills the table; `exceptions` are sorted by day. */
static int32_t fill(pln_calendar *calendar, const pln_calendar_spec *spec, const pln_calendar_builtin *base,
                    const pln_calendar_exception *exceptions) {
  pln_timezone_cursor cursor = {0};
  const int64_t first = pln_days_from_civil(FIRST_YEAR, 1, 1), end = pln_days_from_civil(END_YEAR, 1, 1);
  int32_t at = 0, status = PLN_OK;
  while (at < spec->n_exceptions && exceptions[at].day < first) at++;
  for (int64_t day = first; status == PLN_OK && day < end; day++) {
    pln_calendar_day what = plain_day(spec, base, day);
    if (at < spec->n_exceptions && exceptions[at].day == day) {
      const pln_calendar_exception *exception = &exceptions[at++];
      what.is_half_day = !is_closed(&what.hours) && !is_closed(&exception->hours) &&
                         exception->hours.close_minute < what.hours.close_minute;
      what.hours = exception->hours;
      what.note = exception->note ? exception->note : "";
    }
    status = add_day(calendar, day, &what, &cursor);
  }
  return status;
}

static int32_t check_spec(const pln_calendar_spec *spec, const pln_calendar_exception *exceptions) {
  static const char *const names[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                      "Friday", "Saturday", "Sunday"};
  for (int32_t i = 0; i < 7; i++)
    if (check_hours(spec->name, names[i], &spec->week[i])) return PLN_ERR_ARGUMENT;
  for (int32_t i = 0; i < spec->n_exceptions; i++) {
    char text[40];
    pln_time_format_iso(exceptions[i].day * PLN_DAY_NS, text);
    text[10] = 0;
    if (i > 0 && exceptions[i].day == exceptions[i - 1].day)
      return pln_fail(PLN_ERR_ARGUMENT, "calendar %s: %s is given twice", spec->name, text);
    if (check_hours(spec->name, text, &exceptions[i].hours)) return PLN_ERR_ARGUMENT;
  }
  return PLN_OK;
}

pln_calendar *pln_calendar_new(const pln_calendar_spec *spec) {
  if (!spec->name || !*spec->name) return pln_fail(PLN_ERR_ARGUMENT, "a calendar needs a name"), NULL;
  int32_t index;
  const pln_calendar_builtin *base = spec->base ? find_builtin(spec->base, &index) : NULL;
  if (spec->base && !base) return (void)pln_calendar_get(spec->base), NULL;
  const pln_timezone *zone = pln_timezone_get(base ? base->timezone : spec->timezone);
  if (!zone) return NULL;
  const size_t n = (size_t)(spec->n_exceptions > 0 ? spec->n_exceptions : 0);
  pln_calendar_exception *exceptions = malloc((n + 1) * sizeof *exceptions);
  if (!exceptions) return pln_fail(PLN_ERR_MEMORY, "no memory for the calendar %s", spec->name), NULL;
  if (n) memcpy(exceptions, spec->exceptions, n * sizeof *exceptions);
  qsort(exceptions, n, sizeof *exceptions, compare_days);
  pln_calendar *calendar = NULL;
  if (!check_spec(spec, exceptions)) {
    const int64_t n_days = pln_days_from_civil(END_YEAR, 1, 1) - pln_days_from_civil(FIRST_YEAR, 1, 1);
    calendar = make_empty(spec->name, zone, n_days, base ? n_days : (int64_t)n);
  }
  if (calendar && fill(calendar, spec, base, exceptions)) {
    pln_calendar_free(calendar);
    calendar = NULL;
  }
  free(exceptions);
  if (calendar) finish(calendar);
  return calendar;
}

/* Look-up
 * ---------------------------------------------------------------------------------------------------*/

const char *pln_calendar_name(const pln_calendar *calendar) { return calendar->name; }
const pln_timezone *pln_calendar_timezone(const pln_calendar *calendar) { return calendar->zone; }
int32_t pln_calendar_sessions_per_year(const pln_calendar *calendar) { return calendar->sessions_per_year; }

static int32_t outside(const pln_calendar *calendar, int64_t utc_ns) {
  char text[40];
  pln_time_format_iso(utc_ns, text);
  return pln_fail(PLN_ERR_RANGE, "the calendar %s knows the years %d to %d, which %s leads out of",
                  calendar->name, FIRST_YEAR, END_YEAR - 1, text);
}

/* Index of the first session that closes after utc_ns. */
static int64_t session_index(const pln_calendar *calendar, int64_t utc_ns) {
  const int64_t next = utc_ns == INT64_MAX ? calendar->n : first_at_or_after(calendar, utc_ns + 1);
  return next > 0 && calendar->sessions[next - 1].close_ns > utc_ns ? next - 1 : next;
}

int32_t pln_calendar_session_at(const pln_calendar *calendar, int64_t utc_ns, pln_session *out) {
  const int64_t index = session_index(calendar, utc_ns);
  if (index == calendar->n) return outside(calendar, utc_ns);
  *out = calendar->sessions[index];
  return out->open_ns <= utc_ns;
}

int32_t pln_calendar_session_at_cursor(const pln_calendar *calendar, int64_t utc_ns,
                                       pln_calendar_cursor *cursor) {
  if (utc_ns >= cursor->from_ns && utc_ns < cursor->until_ns) return cursor->is_open;
  const int64_t index = session_index(calendar, utc_ns);
  if (index == calendar->n) return outside(calendar, utc_ns);
  const pln_session *found = &calendar->sessions[index];
  cursor->session = *found;
  cursor->is_open = found->open_ns <= utc_ns;
  cursor->from_ns = cursor->is_open ? found->open_ns : index > 0 ? found[-1].close_ns : INT64_MIN;
  cursor->until_ns = cursor->is_open ? found->close_ns : found->open_ns;
  return cursor->is_open;
}

int32_t pln_calendar_next_session(const pln_calendar *calendar, int64_t utc_ns, pln_session *out) {
  const int64_t index = utc_ns == INT64_MAX ? calendar->n : first_at_or_after(calendar, utc_ns + 1);
  if (index == calendar->n) return outside(calendar, utc_ns);
  *out = calendar->sessions[index];
  return PLN_OK;
}

int32_t pln_calendar_previous_session(const pln_calendar *calendar, int64_t utc_ns, pln_session *out) {
  const int64_t index = first_at_or_after(calendar, utc_ns);
  if (index == 0) return outside(calendar, utc_ns);
  *out = calendar->sessions[index - 1];
  return PLN_OK;
}

/* Index of the first session whose trading day is `day` or later. */
static int64_t day_index(const pln_calendar *calendar, int64_t day) {
  int64_t low = 0, high = calendar->n;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (calendar->sessions[middle].trading_day < day)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

int32_t pln_calendar_day_session(const pln_calendar *calendar, int64_t day, pln_session *out) {
  const int64_t index = day_index(calendar, day);
  if (index == calendar->n || calendar->sessions[index].trading_day != day) return 0;
  *out = calendar->sessions[index];
  return 1;
}

const char *pln_calendar_day_note(const pln_calendar *calendar, int64_t day) {
  int64_t low = 0, high = calendar->n_notes;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (calendar->notes[middle].day < day)
      low = middle + 1;
    else
      high = middle;
  }
  return low < calendar->n_notes && calendar->notes[low].day == day ? calendar->notes[low].text : "";
}

int32_t pln_calendar_is_open(const pln_calendar *calendar, int64_t utc_ns) {
  const int64_t index = session_index(calendar, utc_ns);
  return index < calendar->n && calendar->sessions[index].open_ns <= utc_ns;
}

double pln_calendar_minutes_to_close(const pln_calendar *calendar, int64_t utc_ns) {
  const int64_t index = session_index(calendar, utc_ns);
  if (index == calendar->n || calendar->sessions[index].open_ns > utc_ns) return (double)NAN;
  return (double)(calendar->sessions[index].close_ns - utc_ns) / (double)MINUTE_NS;
}

int32_t pln_calendar_close_of_days(const pln_calendar *calendar, int64_t first_day, int64_t end_day,
                                   int64_t *close_ns) {
  const int64_t index = day_index(calendar, end_day);
  if (index == 0 || calendar->sessions[index - 1].trading_day < first_day) return 0;
  *close_ns = calendar->sessions[index - 1].close_ns;
  return 1;
}
