/* Offsets of IANA time zones. The C library reads the tz database; its answers from 1900 to 2100 are
 * tabulated once a zone, so that look-ups need neither TZ nor a lock. */
#include "data/timezone.h"
#include "core/error.h"

#include <assert.h>
#include <ctype.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static const int64_t SECOND = 1000000000;
enum { NAME_SIZE = 64 };

struct pln_timezone {
  pln_timezone *next; /* in the list of all zones, which only grows */
  char name[NAME_SIZE];
  int32_t n; /* intervals */
  pln_timezone_interval *intervals;
};

static pln_timezone_interval utc_interval = {INT64_MIN, INT64_MAX, 0};
static pln_timezone utc_zone = {NULL, "UTC", 1, &utc_interval};
static _Atomic(pln_timezone *) zones = &utc_zone;
static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;

static const pln_timezone *find_zone(const char *name) {
  for (pln_timezone *zone = atomic_load(&zones); zone; zone = zone->next)
    if (!strcmp(zone->name, name)) return zone;
  return NULL;
}

static const char *database_folder(void) {
  const char *folder = getenv("TZDIR");
  return folder && *folder ? folder : "/usr/share/zoneinfo";
}

static int is_plain_name(const char *name) {
  if (strlen(name) >= NAME_SIZE || name[0] == '/' || strstr(name, "..")) return 0;
  for (const char *p = name; *p; p++)
    if (!isalnum((unsigned char)*p) && !strchr("_+-/", *p)) return 0;
  return 1;
}

/* The C library takes an unknown name for UTC without a word, so the file is looked for first. */
static int in_database(const char *name) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%s", database_folder(), name);
  FILE *file = fopen(path, "rb");
  char magic[4] = "";
  const int found = file && fread(magic, 1, 4, file) == 4 && !memcmp(magic, "TZif", 4);
  if (file) fclose(file);
  return found;
}

static const char *last_part(const char *name) {
  const char *slash = strrchr(name, '/');
  return slash ? slash + 1 : name;
}

/* A zone whose name or city is `name` in another spelling, or "". */
static void suggest(const char *name, char *out, size_t size) {
  static const char *const aliases[][2] = {
      {"ET", "America/New_York"},
      {"Eastern", "America/New_York"},
      {"EDT", "America/New_York"},
      {"CT", "America/Chicago"},
      {"Central", "America/Chicago"},
      {"CDT", "America/Chicago"},
      {"PT", "America/Los_Angeles"},
      {"PST", "America/Los_Angeles"},
      {"PDT", "America/Los_Angeles"},
      {"CST", "America/Chicago"},
      {"Pacific", "America/Los_Angeles"},
      {"BST", "Europe/London"},
      {"CEST", "Europe/Berlin"},
      {"JST", "Asia/Tokyo"},
      {"HKT", "Asia/Hong_Kong"},
      {"IST", "Asia/Kolkata"},
      {"Z", "UTC"},
      {"utc", "UTC"},
      {"local", "America/New_York"},
  };
  char wanted[NAME_SIZE];
  snprintf(wanted, sizeof wanted, "%.63s", name);
  for (char *p = wanted; *p; p++)
    if (*p == ' ') *p = '_';
  out[0] = 0;
  for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
    if (!strcasecmp(aliases[i][0], wanted)) {
      snprintf(out, size, "%s", aliases[i][1]);
      return;
    }
  char path[1024], line[512];
  snprintf(path, sizeof path, "%s/zone.tab", database_folder());
  FILE *file = fopen(path, "r");
  while (file && fgets(line, sizeof line, file)) {
    char zone[NAME_SIZE];
    if (line[0] == '#' || sscanf(line, "%*s %*s %63s", zone) != 1) continue;
    if (!strcasecmp(zone, wanted) || !strcasecmp(last_part(zone), last_part(wanted))) {
      snprintf(out, size, "%s", zone);
      break;
    }
  }
  if (file) fclose(file);
}

static int64_t offset_at(int64_t seconds) {
  const time_t t = (time_t)seconds;
  struct tm local;
  return localtime_r(&t, &local) ? local.tm_gmtoff : 0;
}

/* Fills the table with the C library set to the zone; NULL where memory ends. The shortest stay at another
 * offset in the tz database, Noronha's of October 2000, is a week: steps of three days miss none. */
static pln_timezone *tabulate(const char *name) {
  const int64_t first = -2208988800, last = 4102444800, step = 3 * 86400; /* 1900 … 2100 */
  pln_timezone *zone = calloc(1, sizeof *zone);
  int32_t capacity = 256;
  pln_timezone_interval *intervals = malloc((size_t)capacity * sizeof *intervals);
  if (!zone || !intervals) goto no_memory;
  snprintf(zone->name, NAME_SIZE, "%s", name);
  int64_t offset = offset_at(first);
  int32_t n = 1;
  intervals[0] = (pln_timezone_interval){INT64_MIN, INT64_MAX, offset * SECOND};
  for (int64_t t = first; t < last; t += step) {
    const int64_t then = offset_at(t + step);
    if (then == offset) continue;
    int64_t low = t, high = t + step; /* offset(low) is the old one, offset(high) is not */
    while (high - low > 1) {
      const int64_t middle = low + (high - low) / 2;
      if (offset_at(middle) == offset)
        low = middle;
      else
        high = middle;
    }
    if (n == capacity) {
      pln_timezone_interval *more = realloc(intervals, (size_t)(capacity *= 2) * sizeof *intervals);
      if (!more) goto no_memory;
      intervals = more;
    }
    offset = offset_at(high);
    intervals[n - 1].until_ns = high * SECOND;
    intervals[n++] = (pln_timezone_interval){high * SECOND, INT64_MAX, offset * SECOND};
    t = high - step; /* a second change may follow within the day */
  }
  zone->n = n;
  zone->intervals = intervals;
  return zone;
no_memory:
  free(intervals);
  free(zone);
  pln_fail(PLN_ERR_MEMORY, "no memory for time zone %s", name);
  return NULL;
}

/* Under the mutex. */
static const pln_timezone *make_zone(const char *name) {
  pln_timezone *zone;
  if (!strcmp(name, "Etc/UTC") || !strcmp(name, "GMT") || !strcmp(name, "Etc/GMT")) {
    zone = malloc(sizeof *zone);
    if (!zone) return pln_fail(PLN_ERR_MEMORY, "no memory for time zone %s", name), NULL;
    *zone = utc_zone;
    snprintf(zone->name, NAME_SIZE, "%s", name);
  } else {
    if (!is_plain_name(name) || !in_database(name)) {
      char hint[NAME_SIZE];
      suggest(name, hint, sizeof hint);
      if (*hint)
        pln_fail(PLN_ERR_NOT_FOUND, "time zone '%.60s' is not known; did you mean %s?", name, hint);
      else
        pln_fail(PLN_ERR_NOT_FOUND,
                 "time zone '%.60s' is not in %s, expected an IANA name such as America/New_York (%s)", name,
                 database_folder(),
                 in_database("Europe/London") ? "see timedatectl list-timezones"
                                              : "install the package tzdata");
      return NULL;
    }
    const char *set = getenv("TZ");
    char *before = set ? strdup(set) : NULL;
    char value[NAME_SIZE + 1];
    snprintf(value, sizeof value, ":%s", name);
    setenv("TZ", value, 1);
    tzset();
    zone = tabulate(name);
    if (set && before)
      setenv("TZ", before, 1);
    else
      unsetenv("TZ");
    tzset();
    free(before);
    if (!zone) return NULL;
  }
  zone->next = atomic_load(&zones);
  atomic_store(&zones, zone);
  return zone;
}

const pln_timezone *pln_timezone_get(const char *name) {
  if (!name || !*name) return &utc_zone;
  const pln_timezone *zone = find_zone(name);
  if (zone) return zone;
  pthread_mutex_lock(&making);
  zone = find_zone(name);
  if (!zone) zone = make_zone(name);
  pthread_mutex_unlock(&making);
  return zone;
}

const char *pln_timezone_name(const pln_timezone *zone) { return zone->name; }

/* Index of the interval that holds utc_ns. */
static int32_t interval_index(const pln_timezone *zone, int64_t utc_ns) {
  int32_t low = 0, high = zone->n - 1;
  while (low < high) {
    const int32_t middle = (low + high + 1) / 2;
    if (zone->intervals[middle].from_ns <= utc_ns)
      low = middle;
    else
      high = middle - 1;
  }
  return low;
}

pln_timezone_interval pln_timezone_interval_at(const pln_timezone *zone, int64_t utc_ns) {
  return zone->intervals[interval_index(zone, utc_ns)];
}

int64_t pln_timezone_offset_ns(const pln_timezone *zone, int64_t utc_ns) {
  return zone->intervals[interval_index(zone, utc_ns)].offset_ns;
}

int64_t pln_timezone_to_local(const pln_timezone *zone, int64_t utc_ns) {
  return utc_ns + pln_timezone_offset_ns(zone, utc_ns);
}

int64_t pln_timezone_to_local_cursor(const pln_timezone *zone, int64_t utc_ns, pln_timezone_cursor *cursor) {
  if (utc_ns < cursor->from_ns || utc_ns >= cursor->until_ns) {
    const pln_timezone_interval found = pln_timezone_interval_at(zone, utc_ns);
    *cursor = (pln_timezone_cursor){found.from_ns, found.until_ns, found.offset_ns};
  }
  return utc_ns + cursor->offset_ns;
}

static int64_t local_bound(int64_t utc_ns, int64_t offset_ns) {
  return utc_ns == INT64_MIN || utc_ns == INT64_MAX ? utc_ns : utc_ns + offset_ns;
}

static int64_t resolve(const pln_timezone *zone, int64_t local_ns, int32_t later, int32_t *kind,
                       pln_timezone_cursor *cursor) {
  /* An offset is below a day, so the instant lies within one of the guess's neighbours. */
  int32_t index = interval_index(zone, local_ns);
  const pln_timezone_interval *all = zone->intervals;
  int32_t first = index, last = index;
  while (first > 0 && all[first].from_ns > local_ns - 86400 * SECOND) first--;
  while (last < zone->n - 1 && all[last].until_ns <= local_ns + 86400 * SECOND) last++;
  int32_t found[2] = {-1, -1}, before_gap = -1;
  for (int32_t i = first; i <= last; i++) {
    const int64_t utc = local_ns - all[i].offset_ns;
    if (utc >= all[i].from_ns && utc < all[i].until_ns) found[found[0] >= 0] = i;
    if (i < last && utc >= all[i].until_ns && local_ns - all[i + 1].offset_ns < all[i + 1].from_ns)
      before_gap = i;
  }
  int32_t result_kind = PLN_LOCAL_UNIQUE;
  if (found[0] < 0) {
    assert(before_gap >= 0);
    index = before_gap;
    result_kind = PLN_LOCAL_NONEXISTENT;
  } else if (found[1] >= 0) {
    index = found[later ? 1 : 0];
    result_kind = PLN_LOCAL_AMBIGUOUS;
  } else {
    index = found[0];
    if (cursor) {
      /* The local times of this interval that no neighbour shares. */
      int64_t from = local_bound(all[index].from_ns, all[index].offset_ns);
      int64_t until = local_bound(all[index].until_ns, all[index].offset_ns);
      if (index > 0) {
        const int64_t other = all[index].from_ns + all[index - 1].offset_ns;
        if (other > from) from = other;
      }
      if (index < zone->n - 1) {
        const int64_t other = all[index].until_ns + all[index + 1].offset_ns;
        if (other < until) until = other;
      }
      if (local_ns >= from && local_ns < until)
        *cursor = (pln_timezone_cursor){from, until, all[index].offset_ns};
    }
  }
  if (kind) *kind = result_kind;
  return local_ns - all[index].offset_ns;
}

int64_t pln_timezone_to_utc(const pln_timezone *zone, int64_t local_ns, int32_t later, int32_t *kind) {
  return resolve(zone, local_ns, later, kind, NULL);
}

int64_t pln_timezone_to_utc_cursor(const pln_timezone *zone, int64_t local_ns, pln_timezone_cursor *cursor,
                                   int32_t *kind) {
  if (local_ns >= cursor->from_ns && local_ns < cursor->until_ns) {
    if (kind) *kind = PLN_LOCAL_UNIQUE;
    return local_ns - cursor->offset_ns;
  }
  return resolve(zone, local_ns, 0, kind, cursor);
}
