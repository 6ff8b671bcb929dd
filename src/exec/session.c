#include "exec/exec.h"

#define DAY_NS 86400000000000

const pln_timezone *pln_session_zone(pln_market *m) {
  if (!m->timezone) m->timezone = pln_timezone_get(m->bars->timezone);
  return m->timezone;
}

static int64_t local_ns(pln_market *m, int64_t ts_ns) {
  const pln_timezone *zone = pln_session_zone(m);
  return zone ? pln_timezone_to_local(zone, ts_ns) : ts_ns;
}

static int64_t day_of(int64_t local) { return local / DAY_NS - (local % DAY_NS < 0); }

int64_t pln_session_day(pln_market *m, int64_t ts_ns) {
  pln_session session;
  if (m->calendar && pln_calendar_session_at(m->calendar, ts_ns, &session) >= 0) return session.trading_day;
  return day_of(local_ns(m, ts_ns));
}

bool pln_session_opens(pln_market *m, int64_t i) {
  return i == 0 || pln_session_day(m, m->ts_ns[i]) != pln_session_day(m, m->ts_ns[i - 1]);
}

/* The last bar of the day before that of bar i; -1 = none. */
static int64_t last_before(pln_market *m, int64_t i) {
  const int64_t day = pln_session_day(m, m->ts_ns[i]);
  int64_t low = 0, high = i;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (pln_session_day(m, m->ts_ns[middle]) < day)
      low = middle + 1;
    else
      high = middle;
  }
  return low - 1;
}

/* When in its day, in ns after its midnight, a bar ends. */
static int64_t end_of(pln_market *m, int64_t i) {
  return local_ns(m, pln_market_visible(m, i)) - pln_session_day(m, m->ts_ns[i]) * DAY_NS;
}

bool pln_session_closes(pln_market *m, int64_t i) {
  enum { DAYS = 5 };
  pln_session session;
  if (m->calendar && pln_calendar_session_at(m->calendar, m->ts_ns[i], &session) >= 0)
    return pln_market_visible(m, i) >= session.close_ns;
  const int64_t end = end_of(m, i);
  if (end >= DAY_NS) return true;
  int64_t last = last_before(m, i), usual = -1;
  for (int32_t d = 0; d < DAYS && last >= 0; d++, last = last_before(m, last))
    if (end_of(m, last) > usual) usual = end_of(m, last);
  return usual >= 0 && end >= usual;
}
