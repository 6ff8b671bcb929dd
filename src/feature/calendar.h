#pragma once
#include "feature/ind.h"

/* Parts of local times, which are seconds since the local 1970-01-01 00:00. */
enum { PLN_DAY_MINUTES = 1440, PLN_DAY_SECONDS = 86400 };

PLN_INLINE double pln_day_of(double local) { return floor(local / PLN_DAY_SECONDS); }
PLN_INLINE double pln_second_of_day(double local) { return local - pln_day_of(local) * PLN_DAY_SECONDS; }
PLN_INLINE double pln_minute_of_day(double local) { return floor(pln_second_of_day(local) / 60.0); }

/* ISO 8601: Monday is 1, Sunday 7. 1970-01-01 was a Thursday. */
PLN_INLINE double pln_day_of_week(double local) {
  const double since_monday = pln_day_of(local) + 3.0;
  return since_monday - floor(since_monday / 7.0) * 7.0 + 1.0;
}

typedef struct pln_civil {
  int64_t month;   /* 1 … 12 */
  int64_t day;     /* of the month, 1 … 31 */
  int64_t of_year; /* 1 … 366 */
} pln_civil;

/* The date of a day, by the Gregorian calendar. A year is taken to begin with March: its months then have
 * lengths that follow from one division, and the leap day comes last. */
PLN_INLINE pln_civil pln_civil_of(double local) {
  static const int64_t before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  const int64_t days = (int64_t)pln_day_of(local) + 719468; /* since 0000-03-01 */
  const int64_t era = (days >= 0 ? days : days - 146096) / 146097, in_era = days - era * 146097;
  const int64_t of_era = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
  const int64_t since_march = in_era - (365 * of_era + of_era / 4 - of_era / 100);
  const int64_t shifted = (5 * since_march + 2) / 153;
  pln_civil date;
  date.day = since_march - (153 * shifted + 2) / 5 + 1;
  date.month = shifted < 10 ? shifted + 3 : shifted - 9;
  const int64_t year = of_era + era * 400 + (date.month <= 2);
  const int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  date.of_year = before[date.month - 1] + date.day + (leap && date.month > 2);
  return date;
}

/* A session of each day, in minutes of the local day; it may end on the day after. */
typedef struct pln_session {
  double open;
  double length;
} pln_session;

#define PLN_SESSION_PARAMS                                                                                   \
  PLN_PARAM("open", "minute of the local day at which the session opens", 570, 0, 1439),                     \
      PLN_PARAM("close", "minute at which it closes; not after `open`: on the next day", 960, 0, 1440)

static inline pln_session pln_session_make(const double *p) {
  const pln_session s = {p[0], p[1] > p[0] ? p[1] - p[0] : p[1] - p[0] + PLN_DAY_MINUTES};
  return s;
}

/* Minutes from the last opening to a local time, 0 … 1440. */
PLN_INLINE double pln_session_elapsed(const pln_session *s, double local) {
  const double minutes = local / 60.0 - s->open;
  return minutes - floor(minutes / PLN_DAY_MINUTES) * PLN_DAY_MINUTES;
}

/* The kernel of a stateless indicator of the calendar: ROW(in, out) gives N_OUT outputs, and `valid`. */
#define PLN_CALENDAR_KERNEL(N_IN, N_OUT, ROW)                                                                \
  static void step_row(void *state, const double *in, double *out) {                                         \
    (void)state;                                                                                             \
    ROW(in, out);                                                                                            \
  }                                                                                                          \
  PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {                \
    (void)state;                                                                                             \
    PLN_IVDEP                                                                                                \
    for (int64_t i = 0; i < n; i++) {                                                                        \
      double x[N_IN], y[(N_OUT) + 1];                                                                        \
      for (int32_t k = 0; k < (N_IN); k++) x[k] = in[k][i];                                                  \
      ROW(x, y);                                                                                             \
      for (int32_t k = 0; k < (N_OUT); k++) out[k][i] = y[k];                                                \
    }                                                                                                        \
  }                                                                                                          \
  PLN_IND_SIMD(batch, rows)
