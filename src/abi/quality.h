#pragma once
#include "abi/market_calendar.h"
/* Data quality: rules that are checked on rows before they become bars, and on bars.
 *
 * What a rule finds is handled by its policy. Defaults: what would make the data wrong is rejected, what is
 * only suspicious is flagged.
 *
 *  rule             finds                                                default  may also be
 *  duplicates       a row with the time of an earlier one                (1)      reject drop repair
 *  out_of_order     a row earlier than one before it                     reject   drop repair
 *  gaps             a step much longer than the timeframe (2)            flag     reject
 *  impossible_ohlc  high below, or low above, another price              reject   drop repair flag
 *  non_finite       an empty, NaN or infinite price or volume (3)        reject   drop repair
 *  negative         price <= 0 or volume < 0                             reject   drop flag
 *  price_jumps      close moved by more than price_jump_pct              flag     drop reject
 *  volume_outliers  volume above a multiple of its trailing mean (4)     flag     drop reject
 *  out_of_session   a bar that opens outside the stated session (5)      flag     drop reject
 * and any rule may be `off`, except that duplicates, out_of_order and non_finite prices then reject.
 *
 * (1) Identical rows: drop. Rows with the same time and other values: reject. `drop` keeps the first,
 * `repair` the last. Ticks (timeframe "tick") may share a time: each is moved to 1 ns after the one before
 * it. Out-of-order `repair` sorts by time (stable). A file whose times never increase (newest first) is
 * reversed, whatever the policy, and the report says so.
 * (2) Intraday: more than one timeframe within a local day, or more than 5 days. Days: more than 5 days.
 * Weeks and months: a missing period.
 * (3) `repair` of a price takes the last close before it for all four; of a volume, 0. An empty volume alone
 * is repaired by default.
 * (4) Mean of the 100 bars before it, where there are 100.
 * (5) Of intraday bars by local hours or, where none are stated, by a market calendar; by a calendar also a day that is
 * no trading day. */

typedef enum pln_quality_rule {
  PLN_QUALITY_DUPLICATES = 0,
  PLN_QUALITY_OUT_OF_ORDER = 1,
  PLN_QUALITY_GAPS = 2,
  PLN_QUALITY_IMPOSSIBLE_OHLC = 3,
  PLN_QUALITY_NON_FINITE = 4,
  PLN_QUALITY_NEGATIVE = 5,
  PLN_QUALITY_PRICE_JUMPS = 6,
  PLN_QUALITY_VOLUME_OUTLIERS = 7,
  PLN_QUALITY_OUT_OF_SESSION = 8,
  PLN_QUALITY_RULES = 9
} pln_quality_rule;

typedef enum pln_quality_policy {
  PLN_QUALITY_DEFAULT = 0,
  PLN_QUALITY_REJECT = 1, /* an error that names file and line */
  PLN_QUALITY_DROP = 2,   /* leave the row out */
  PLN_QUALITY_REPAIR = 3, /* change the row, as the rule says */
  PLN_QUALITY_FLAG = 4,   /* keep the row, report it */
  PLN_QUALITY_OFF = 5
} pln_quality_policy;

typedef struct pln_quality_config {
  int32_t policy[9];              /* pln_quality_policy by pln_quality_rule */
  int32_t max_issues;             /* occurrences kept in the report, first ones first (default 100) */
  double price_jump_pct;          /* percent, > 0 (default 50) */
  double volume_outlier_multiple; /* > 1 (default 50) */
  int64_t session_open_ns;        /* local time of day at which the session opens… */
  int64_t session_close_ns;       /* …and closes (exclusive; before open: overnight); equal: no session */
  const pln_calendar *calendar;   /* sessions where no hours are stated; NULL: none. Borrowed */
} pln_quality_config;

void pln_quality_config_init(pln_quality_config *config);
/* Sets the policy of a rule by names ("gaps", "flag"). PLN_ERR_ARGUMENT where either is unknown or the rule
 * cannot have that policy. */
int32_t pln_quality_config_set(pln_quality_config *config, const char *rule, const char *policy);
const char *pln_quality_rule_name(int32_t rule);     /* NULL where out of range; static */
const char *pln_quality_policy_name(int32_t policy); /* NULL where out of range; static */

typedef struct pln_quality_issue {
  int32_t rule;
  int32_t action; /* the pln_quality_policy that was applied */
  int32_t file;   /* index into files, -1 where the bars came from no file */
  int32_t reserved;
  int64_t line; /* 1-based line of the file; for bars, 1-based index of the bar */
  int64_t ts_ns;
  double open; /* the row as it was found */
  double high;
  double low;
  double close;
  double volume;
  double measure; /* gap: seconds; jump: percent; outlier: multiple of the mean; otherwise 0 */
} pln_quality_issue;

typedef struct pln_quality_report {
  int64_t n_rows;   /* rows that were read */
  int64_t n_kept;   /* rows that became bars */
  int64_t found[9]; /* occurrences by rule, whether or not they are among `issues` */
  int64_t dropped[9];
  int64_t repaired[9];
  int32_t reversed; /* 1 where the file was newest first */
  int32_t n_issues;
  int32_t n_files;
  int32_t reserved;
  const pln_quality_issue *issues; /* owned by the report, as are the names of the files */
  const char *const *files;
} pln_quality_report;

pln_quality_report *pln_quality_report_new(void);
void pln_quality_report_free(pln_quality_report *report);
/* The report as lines of text; owned by the report, until it is freed or changes. */
const char *pln_quality_report_text(pln_quality_report *report);

/* Checks bars that exist: counts and lists; `reject` fails at the first occurrence, drop and repair only
 * flag. config NULL: the defaults. */
int32_t pln_quality_check(const pln_bars *bars, const pln_quality_config *config, pln_quality_report *report);
