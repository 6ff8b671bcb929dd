#include "data/timeparse.h"

#include "abi/time.h"

#include <stdlib.h>
#include <strings.h>

static const int64_t SECOND_NS = 1000000000;
static const int64_t DAY_NS = 86400000000000;
static const char *const MONTHS[12] = {"january", "february", "march",     "april",   "may",      "june",
                                       "july",    "august",   "september", "october", "november", "december"};

static int digit(char c) { return c >= '0' && c <= '9'; }
static int letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/* Up to `most` digits as a number; returns how many there were. */
static int32_t figures(const char **p, int32_t most, int64_t *out) {
  int32_t count = 0;
  *out = 0;
  while (count < most && digit(**p)) {
    *out = *out * 10 + (**p - '0');
    (*p)++;
    count++;
  }
  return count;
}

static int32_t run_of_digits(const char *p) {
  int32_t count = 0;
  while (count < 30 && digit(p[count])) count++;
  return count;
}

/* 1 … 12 for a month's name or its first three letters, 0 for another word. */
static int32_t month_of(const char **p) {
  int32_t length = 0;
  while (letter((*p)[length])) length++;
  for (int32_t i = 0; length >= 3 && i < 12; i++) {
    const int32_t whole = (int32_t)strlen(MONTHS[i]);
    if (length > whole || strncasecmp(*p, MONTHS[i], (size_t)length) != 0) continue;
    if (length != 3 && length != whole && !(i == 8 && length == 4)) continue; /* "Sept" */
    *p += length;
    return i + 1;
  }
  return 0;
}

static int32_t full_year(int64_t year, int32_t count) {
  if (count == 2) return (int32_t)(year < 69 ? 2000 + year : 1900 + year); /* POSIX strptime */
  return (int32_t)year;
}

static pln_time_result date_ns(int64_t year, int64_t month, int64_t day, int64_t *ns) {
  if (year < 1800 || year > 2199 || month < 1 || month > 12) return PLN_TIME_RANGE;
  if (day < 1 || day > pln_days_in_month(year, (int32_t)month)) return PLN_TIME_RANGE;
  *ns = pln_days_from_civil(year, (int32_t)month, (int32_t)day) * DAY_NS;
  return PLN_TIME_OK;
}

static int64_t fraction_ns(const char **p) {
  int64_t value = 0, weight = 100000000;
  while (digit(**p)) {
    value += (**p - '0') * weight;
    weight /= 10;
    (*p)++;
  }
  return value;
}

/* HH:MM[:SS[.f]], HHMM, HHMMSS[.f], HHMMSSmmm, each with AM or PM. */
static pln_time_result read_clock(const char **p, int32_t figures_of_day, int64_t *ns) {
  int64_t hour = 0, minute = 0, second = 0, fraction = 0;
  const int32_t run = run_of_digits(*p);
  if (run >= 1 && run <= 2 && (*p)[run] == ':') {
    figures(p, 2, &hour);
    (*p)++;
    if (figures(p, 2, &minute) != 2) return PLN_TIME_BAD;
    if (**p == ':') {
      (*p)++;
      if (figures(p, 2, &second) != 2) return PLN_TIME_BAD;
      if (**p == '.' || (**p == ':' && run_of_digits(*p + 1) == 3)) {
        (*p)++;
        fraction = fraction_ns(p);
      }
    }
  } else if (run == 4 || run == 6 || run == 9 || (figures_of_day && run >= 1 && run <= figures_of_day)) {
    int64_t value;
    if (run == 9) {
      figures(p, 9, &value);
      fraction = value % 1000 * 1000000;
      value /= 1000;
    } else {
      figures(p, run, &value);
      if (figures_of_day == 4 || (!figures_of_day && run == 4)) value *= 100;
    }
    hour = value / 10000;
    minute = value / 100 % 100;
    second = value % 100;
    if (run == 6 && **p == '.') {
      (*p)++;
      fraction = fraction_ns(p);
    }
  } else {
    return PLN_TIME_BAD;
  }
  const char *mark = *p;
  while (*mark == ' ') mark++;
  if ((mark[0] == 'A' || mark[0] == 'a' || mark[0] == 'P' || mark[0] == 'p') &&
      (mark[1] == 'M' || mark[1] == 'm')) {
    if (hour < 1 || hour > 12) return PLN_TIME_RANGE;
    hour = hour % 12 + (mark[0] == 'P' || mark[0] == 'p' ? 12 : 0);
    *p = mark + 2;
  }
  const int midnight =
      hour == 24 && minute == 0 && second == 0 && fraction == 0; /* ISO 8601: the day's end */
  if ((hour > 23 && !midnight) || minute > 59 || second > 59) return PLN_TIME_RANGE;
  *ns = (hour * 3600 + minute * 60 + second) * SECOND_NS + fraction;
  return PLN_TIME_OK;
}

/* Z, UTC, GMT, ±HH, ±HHMM, ±HH:MM; nothing. */
static pln_time_result read_zone(const char **p, int64_t *offset_ns, int32_t *zoned) {
  const char *mark = *p;
  while (*mark == ' ') mark++;
  *offset_ns = 0;
  if (*mark == 'Z' || *mark == 'z') {
    mark++;
    *zoned = 1;
  } else if (strncasecmp(mark, "UTC", 3) == 0 || strncasecmp(mark, "GMT", 3) == 0) {
    mark += 3;
    *zoned = 1;
  }
  if (*mark == '+' || *mark == '-') {
    const int minus = *mark++ == '-';
    int64_t hour, minute = 0;
    const int32_t run = run_of_digits(mark);
    if (run != 2 && run != 4 && run != 1) return PLN_TIME_BAD;
    figures(&mark, run < 2 ? 1 : 2, &hour);
    if (*mark == ':') mark++;
    if (digit(*mark) && figures(&mark, 2, &minute) != 2) return PLN_TIME_BAD;
    if (hour > 15 || minute > 59) return PLN_TIME_RANGE;
    *offset_ns = (hour * 3600 + minute * 60) * SECOND_NS * (minus ? -1 : 1);
    *zoned = 1;
  }
  *p = mark;
  return PLN_TIME_OK;
}

static int separator(char c) { return c == '-' || c == '/' || c == '.' || c == ' '; }

/* D Mon Y, Mon D Y, A/B/Y or Y/A/B with two digits of the year; `*p` at the first character. */
static pln_time_result read_day_first(const char **p, int32_t order, int64_t *ns, int32_t found[5]) {
  int64_t a = 0, b = 0, c;
  int32_t month = 0, digits = 0;
  if (letter(**p)) {
    month = month_of(p);
    if (!month) return PLN_TIME_BAD;
    while (separator(**p)) (*p)++;
    if (figures(p, 2, &a) == 0) return PLN_TIME_BAD;
  } else {
    digits = figures(p, 2, &a);
    if (digits == 0 || !separator(**p)) return PLN_TIME_BAD;
    const char mark = *(*p)++;
    if (letter(**p)) {
      month = month_of(p);
      if (!month) return PLN_TIME_BAD;
    } else if (mark == ' ' || figures(p, 2, &b) == 0 || **p != mark) {
      return PLN_TIME_BAD;
    }
  }
  while (separator(**p) || **p == ',') (*p)++;
  const int32_t count = figures(p, 4, &c);
  if ((count != 4 && count != 2) || digit(**p)) return PLN_TIME_BAD;
  if (month) return date_ns(full_year(c, count), month, a, ns);
  if (found) {
    const int32_t all[5] = {(int32_t)a, (int32_t)b, (int32_t)c, digits, count};
    memcpy(found, all, sizeof all);
  }
  if (order == PLN_ORDER_YMD)
    return digits == 2 && count == 2 ? date_ns(full_year(a, 2), b, c, ns) : PLN_TIME_RANGE;
  if (order == PLN_ORDER_UNKNOWN) {
    if (a > 12 && b <= 12)
      order = PLN_ORDER_DMY;
    else if (b > 12 && a <= 12)
      order = PLN_ORDER_MDY;
    else if (a > 12)
      return PLN_TIME_RANGE;
    else if (a != b)
      return PLN_TIME_ORDER;
  }
  const int64_t year = full_year(c, count);
  return order == PLN_ORDER_DMY ? date_ns(year, b, a, ns) : date_ns(year, a, b, ns);
}

static pln_time_result read_text(const pln_time_format *format, const char *p, int64_t *ns, int32_t *zoned,
                                 int32_t found[5]) {
  const int32_t run = run_of_digits(p);
  pln_time_result result;
  pln_time_result clock = PLN_TIME_OK;
  int64_t of_day = 0, year, month, day;
  if (run == 4 && separator(p[4]) && p[4] != ' ') {
    const char mark = p[4];
    figures(&p, 4, &year);
    p++;
    if (figures(&p, 2, &month) == 0 || *p != mark) return PLN_TIME_BAD;
    p++;
    if (figures(&p, 2, &day) == 0) return PLN_TIME_BAD;
    result = date_ns(year, month, day, ns);
  } else if (run == 8 || run == 12 || run == 14) {
    figures(&p, 4, &year);
    figures(&p, 2, &month);
    figures(&p, 2, &day);
    result = date_ns(year, month, day, ns);
    if (run > 8) clock = read_clock(&p, 0, &of_day);
  } else {
    result = read_day_first(&p, format->order, ns, found);
  }
  if (result == PLN_TIME_BAD || clock == PLN_TIME_BAD) return PLN_TIME_BAD;
  const char *mark = p;
  while (*mark == ' ' || *mark == ',') mark++;
  if (*mark == 'T' || *mark == '_' || *mark == ';' || ((*mark == ':' || *mark == '-') && mark == p)) mark++;
  if (digit(*mark) && mark > p) {
    clock = read_clock(&mark, 0, &of_day);
    if (clock == PLN_TIME_BAD) return PLN_TIME_BAD;
    p = mark;
  }
  int64_t offset;
  *zoned = 0;
  const pln_time_result zone = read_zone(&p, &offset, zoned);
  while (*p == ' ') p++;
  if (zone == PLN_TIME_BAD || *p) return PLN_TIME_BAD;
  if (result != PLN_TIME_OK) return result;
  if (clock != PLN_TIME_OK) return clock;
  if (zone != PLN_TIME_OK) return zone;
  *ns += of_day - offset;
  return PLN_TIME_OK;
}

static pln_time_result read_epoch(const char *p, int64_t unit, int64_t *ns) {
  const int minus = *p == '-';
  if (minus) p++;
  int64_t whole, fraction = 0;
  const int32_t count = figures(&p, 18, &whole);
  if (count == 0) return PLN_TIME_BAD;
  if (digit(*p)) { /* 19 digits: ns */
    if (digit(p[1])) return PLN_TIME_RANGE;
    if (__builtin_mul_overflow(whole, 10, &whole) || __builtin_add_overflow(whole, *p - '0', &whole))
      return PLN_TIME_RANGE;
    p++;
  }
  if (*p == '.') {
    p++;
    int64_t weight = unit / 10;
    while (digit(*p)) {
      fraction += (*p++ - '0') * weight;
      weight /= 10;
    }
  }
  if (*p) return PLN_TIME_BAD;
  if (__builtin_mul_overflow(whole, unit, ns) || __builtin_add_overflow(*ns, fraction, ns))
    return PLN_TIME_RANGE;
  if (minus) *ns = -*ns;
  if (*ns < -5364662400 * SECOND_NS || *ns >= 7258118400 * SECOND_NS) return PLN_TIME_RANGE;
  return PLN_TIME_OK;
}

static pln_time_result read_pattern(const char *pattern, const char *p, int64_t *ns, int32_t *zoned) {
  static const char *const expansions[][2] = {
      {"F", "%Y-%m-%d"}, {"T", "%H:%M:%S"}, {"D", "%m/%d/%y"}, {"R", "%H:%M"}};
  char expanded[256];
  size_t used = 0;
  for (const char *q = pattern; *q && used + 16 < sizeof expanded; q++) {
    expanded[used++] = *q;
    if (*q != '%' || !q[1]) continue;
    q++;
    size_t i = 0;
    while (i < 4 && expansions[i][0][0] != *q) i++;
    if (i < 4) {
      memcpy(expanded + used - 1, expansions[i][1], strlen(expansions[i][1]));
      used += strlen(expansions[i][1]) - 1;
    } else {
      expanded[used++] = *q;
    }
  }
  expanded[used] = 0;
  int64_t year = 1970, month = 1, day = 1, day_of_year = 0, hour = 0, minute = 0, second = 0, fraction = 0,
          value;
  int64_t offset = 0, epoch = 0;
  int afternoon = -1, is_epoch = 0;
  *zoned = 0;
  for (const char *q = expanded; *q; q++) {
    if (*q == ' ') {
      while (*p == ' ') p++;
      continue;
    }
    if (*q != '%') {
      if (*p++ != *q) return PLN_TIME_BAD;
      continue;
    }
    switch (*++q) {
    case 'Y':
      if (figures(&p, 4, &year) != 4) return PLN_TIME_BAD;
      break;
    case 'y':
      if (figures(&p, 2, &value) != 2) return PLN_TIME_BAD;
      year = full_year(value, 2);
      break;
    case 'm':
      if (!figures(&p, 2, &month)) return PLN_TIME_BAD;
      break;
    case 'd':
    case 'e':
      while (*p == ' ') p++;
      if (!figures(&p, 2, &day)) return PLN_TIME_BAD;
      break;
    case 'j':
      if (!figures(&p, 3, &day_of_year)) return PLN_TIME_BAD;
      break;
    case 'b':
    case 'B':
    case 'h':
      month = month_of(&p);
      if (!month) return PLN_TIME_BAD;
      break;
    case 'H':
    case 'I':
      if (!figures(&p, 2, &hour)) return PLN_TIME_BAD;
      break;
    case 'M':
      if (!figures(&p, 2, &minute)) return PLN_TIME_BAD;
      break;
    case 'S':
      if (!figures(&p, 2, &second)) return PLN_TIME_BAD;
      break;
    case 'f':
      if (!digit(*p)) return PLN_TIME_BAD;
      fraction = fraction_ns(&p);
      break;
    case 'p':
      if ((p[0] | 32) != 'a' && (p[0] | 32) != 'p') return PLN_TIME_BAD;
      if ((p[1] | 32) != 'm') return PLN_TIME_BAD;
      afternoon = (p[0] | 32) == 'p';
      p += 2;
      break;
    case 'z':
    case 'Z':
      if (read_zone(&p, &offset, zoned) != PLN_TIME_OK) return PLN_TIME_BAD;
      break;
    case 's': {
      char number[24];
      size_t length = 0;
      while (length < sizeof number - 1 && (digit(p[length]) || (p[length] == '-' && length == 0))) length++;
      memcpy(number, p, length);
      number[length] = 0;
      p += length;
      const pln_time_result result = read_epoch(number, SECOND_NS, &epoch);
      if (result != PLN_TIME_OK) return result;
      is_epoch = 1;
      break;
    }
    case '%':
      if (*p++ != '%') return PLN_TIME_BAD;
      break;
    default:
      return PLN_TIME_BAD;
    }
  }
  if (*p) return PLN_TIME_BAD;
  if (is_epoch) {
    *zoned = 1;
    *ns = epoch + fraction;
    return PLN_TIME_OK;
  }
  if (afternoon >= 0) {
    if (hour < 1 || hour > 12) return PLN_TIME_RANGE;
    hour = hour % 12 + (afternoon ? 12 : 0);
  }
  if (hour > 23 || minute > 59 || second > 59) return PLN_TIME_RANGE;
  if (day_of_year) {
    const int64_t length = pln_days_in_month(year, 2) == 29 ? 366 : 365;
    if (day_of_year > length) return PLN_TIME_RANGE;
    month = day = 1;
  }
  const pln_time_result result = date_ns(year, month, day, ns);
  if (result != PLN_TIME_OK) return result;
  if (day_of_year) *ns += (day_of_year - 1) * DAY_NS;
  *ns += (hour * 3600 + minute * 60 + second) * SECOND_NS + fraction - offset;
  return PLN_TIME_OK;
}

pln_time_result pln_time_read(const pln_time_format *format, const char *text, int64_t *ns, int32_t *zoned,
                              int32_t found[5]) {
  switch (format->kind) {
  case PLN_TIME_TEXT:
    return read_text(format, text, ns, zoned, found);
  case PLN_TIME_EPOCH:
    *zoned = 1;
    return read_epoch(text, format->unit, ns);
  case PLN_TIME_MS_OF_DAY: {
    *zoned = 0;
    const pln_time_result result = read_epoch(text, 1000000, ns);
    if (result != PLN_TIME_OK) return result;
    if (*ns < 0 || *ns > DAY_NS) return PLN_TIME_RANGE;
    *ns += format->base_ns;
    return PLN_TIME_OK;
  }
  case PLN_TIME_PATTERN:
    return read_pattern(format->pattern, text, ns, zoned);
  default:
    return PLN_TIME_BAD;
  }
}

pln_time_result pln_time_of_day_read(const pln_time_format *format, const char *text, int64_t *ns) {
  const pln_time_result result = read_clock(&text, format->figures_of_day, ns);
  while (*text == ' ') text++;
  return result == PLN_TIME_OK && *text ? PLN_TIME_BAD : result;
}

pln_time_kind pln_time_kind_of(const char *text, int32_t *digits) {
  const char *p = *text == '-' ? text + 1 : text;
  const int32_t run = run_of_digits(p);
  *digits = 0;
  const pln_time_format format = {.kind = PLN_TIME_TEXT};
  int64_t ns;
  int32_t zoned;
  const pln_time_result result = read_text(&format, text, &ns, &zoned, NULL);
  if (run > 0 && p[run] == 0) {
    *digits = run;
    /* Compact dates of 8, 12 and 14 digits are dates where they can be; other integers are epochs. */
    return result == PLN_TIME_OK ? PLN_TIME_TEXT : PLN_TIME_EPOCH;
  }
  if (result != PLN_TIME_BAD) return PLN_TIME_TEXT;
  if (run > 8 && p[run] == '.' && p[run + 1 + run_of_digits(p + run + 1)] == 0) return PLN_TIME_EPOCH;
  return PLN_TIME_UNKNOWN;
}

int64_t pln_epoch_unit(double value) {
  if (value < 0) value = -value;
  return value < 1e11 ? SECOND_NS : value < 1e14 ? 1000000 : value < 1e17 ? 1000 : 1;
}

int pln_date_in_name(const char *name, int64_t *ns) {
  const char *base = strrchr(name, '/');
  for (const char *p = base ? base + 1 : name; *p; p++) {
    if (!digit(*p)) continue;
    const int32_t run = run_of_digits(p);
    const char *q = p;
    int64_t year, month, day;
    if (run == 8) {
      figures(&q, 4, &year);
      figures(&q, 2, &month);
      figures(&q, 2, &day);
      if (date_ns(year, month, day, ns) == PLN_TIME_OK) return 1;
    } else if (run == 4 && (p[4] == '-' || p[4] == '_') && run_of_digits(p + 5) == 2 && p[7] == p[4] &&
               run_of_digits(p + 8) == 2) {
      figures(&q, 4, &year);
      q++;
      figures(&q, 2, &month);
      q++;
      figures(&q, 2, &day);
      if (date_ns(year, month, day, ns) == PLN_TIME_OK) return 1;
    }
    p += run - 1;
  }
  return 0;
}

int pln_time_pattern_valid(const char *pattern, int32_t *has_time) {
  *has_time = 0;
  int found = 0;
  if (strlen(pattern) > 100) return 0;
  for (const char *p = pattern; *p; p++) {
    if (*p != '%') continue;
    if (!*++p || !strchr("YymdejbBhHIMSfpzZsFTDR%", *p)) return 0;
    found = 1;
    if (strchr("HIsTR", *p)) *has_time = 1;
  }
  return found;
}
