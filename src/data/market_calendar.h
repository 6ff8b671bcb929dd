#pragma once
/* Rules of the built-in calendars. Internal to the data stage. */
#include "abi/market_calendar.h"

/* What a day is in a calendar. */
typedef struct pln_calendar_day {
  pln_calendar_hours hours; /* both 0: closed */
  int32_t is_half_day;
  const char *note; /* static: why the day is not like others of its weekday; NULL: it is */
} pln_calendar_day;

/* `date` is the day's date with its weekday. */
typedef pln_calendar_day (*pln_calendar_rule)(const pln_civil *date, int64_t day);

typedef struct pln_calendar_builtin {
  const char *name;
  const char *timezone;
  pln_calendar_rule rule;
} pln_calendar_builtin;

/* NULL-terminated by name. */
extern const pln_calendar_builtin pln_calendar_builtins[];

/* When the last session among the trading days [first_day, end_day) closes: 1, or 0 where there is none. */
int32_t pln_calendar_close_of_days(const pln_calendar *calendar, int64_t first_day, int64_t end_day,
                                   int64_t *close_ns);
