#pragma once
/* Times as data files write them. */
#include <stdint.h>
#include <string.h>

typedef enum pln_time_kind {
  PLN_TIME_UNKNOWN = 0,
  PLN_TIME_TEXT = 1,      /* a date in figures or with a month's name, and maybe a time of day and a zone */
  PLN_TIME_EPOCH = 2,     /* a number of `unit` ns since 1970 */
  PLN_TIME_MS_OF_DAY = 3, /* milliseconds since the midnight of `base_ns` */
  PLN_TIME_PATTERN = 4    /* as `pattern` says */
} pln_time_kind;

/* Of dates in figures that do not begin with a year of four digits; bits, so that they make sets. */
typedef enum pln_time_order {
  PLN_ORDER_UNKNOWN = 0,
  PLN_ORDER_MDY = 1,
  PLN_ORDER_DMY = 2,
  PLN_ORDER_YMD = 4 /* 15/01/31 */
} pln_time_order;

typedef enum pln_time_result {
  PLN_TIME_OK = 0,
  PLN_TIME_BAD = -1,   /* is no time of this kind */
  PLN_TIME_RANGE = -2, /* a field out of its range, or a year outside 1800 … 2199 */
  PLN_TIME_ORDER = -3  /* month and day cannot be told apart */
} pln_time_result;

typedef struct pln_time_format {
  int32_t kind;
  int32_t order;          /* pln_time_order */
  int64_t unit;           /* ns, for EPOCH */
  int64_t base_ns;        /* for MS_OF_DAY, local */
  const char *pattern;    /* borrowed */
  int32_t space_ends;     /* 1 where a space is the delimiter, so that it cannot be inside a time */
  int32_t figures_of_day; /* a time of day without colons: 4 = HHMM, 6 = HHMMSS */
  char date[10];          /* the last date that was read, and its ns: neighbouring rows share it */
  int64_t date_ns;
} pln_time_format;

/* Reads a NUL-terminated time; `*zoned` is 1 where it holds a zone or is an epoch: then `*ns` is UTC, else
 * local. Of an A/B/C date `figures` (may be NULL) gets A, B, C and how many digits A and C have; with an
 * unknown order PLN_TIME_ORDER is the result where A and B do not decide. */
pln_time_result pln_time_read(const pln_time_format *format, const char *text, int64_t *ns, int32_t *zoned,
                              int32_t figures[5]);
/* Reads a time of day ("09:30", "9:30 PM", "093000", "09:30:00.5"). */
pln_time_result pln_time_of_day_read(const pln_time_format *format, const char *text, int64_t *ns);

/* What kind of time the text is, UNKNOWN if none; `*digits` gets the count of digits where it is a plain
 * integer. */
pln_time_kind pln_time_kind_of(const char *text, int32_t *digits);
/* Unit by magnitude: |n| < 1e11 seconds, < 1e14 ms, < 1e17 us, else ns. */
int64_t pln_epoch_unit(double value);
/* The date YYYYMMDD or YYYY-MM-DD in a file's name, as ns. 1 if there is one. */
int pln_date_in_name(const char *name, int64_t *ns);
/* Whether a strptime-like pattern can be used; `*has_time` is set where it reads the time of day. */
int pln_time_pattern_valid(const char *pattern, int32_t *has_time);

static inline int pln_two_digits(const char *p, int32_t *out) {
  const uint32_t a = (uint32_t)(unsigned char)p[0] - '0';
  if (a > 9) return 0;
  const uint32_t b = (uint32_t)(unsigned char)p[1] - '0';
  if (b > 9) return 0;
  *out = (int32_t)(a * 10 + b);
  return 1;
}

/* The fast path: YYYY-MM-DD[T ]HH:MM[:SS[.fraction]] or YYYY-MM-DD with no zone or Z, in place, for the date
 * that the row before had. Returns its end or NULL, then the caller takes the slow path. */
static inline const char *pln_time_fast(const pln_time_format *format, const char *p, int64_t *ns,
                                        int32_t *zoned) {
  if (memcmp(p, format->date, 10) != 0) return NULL;
  p += 10;
  int64_t value = format->date_ns;
  *zoned = 0;
  if (*p == 'T' || (*p == ' ' && !format->space_ends)) {
    int32_t hour, minute, second = 0;
    if (!pln_two_digits(p + 1, &hour) || p[3] != ':' || !pln_two_digits(p + 4, &minute)) return NULL;
    p += 6;
    int64_t fraction = 0;
    if (*p == ':') {
      if (!pln_two_digits(p + 1, &second)) return NULL;
      p += 3;
      if (*p == '.') {
        int64_t weight = 100000000;
        p++;
        while ((uint32_t)(unsigned char)*p - '0' <= 9) {
          fraction += (*p++ - '0') * weight;
          weight /= 10;
        }
      }
    }
    if (hour > 23 || minute > 59 || second > 59) return NULL;
    value += ((int64_t)hour * 3600 + minute * 60 + second) * 1000000000 + fraction;
    if (*p == 'Z') {
      *zoned = 1;
      p++;
    }
  }
  *ns = value;
  return p;
}
