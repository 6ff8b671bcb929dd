/* What columns are called. */
#include "data/csv_schema.h"

#include <ctype.h>
#include <strings.h>

typedef struct pln_csv_synonym {
  const char *name;
  int32_t role;
  int32_t rank; /* where two columns of a file claim a role, the lower rank has it */
} pln_csv_synonym;

/* From Yahoo, Stooq, MetaTrader, Alpha Vantage, Binance, Kraken, Polygon, Databento, TradingView, Bloomberg,
 * pandas. */
static const pln_csv_synonym SYNONYMS[] = {
    {"datetime", PLN_CSV_TIME, 0},
    {"date_time", PLN_CSV_TIME, 0},
    {"timestamp", PLN_CSV_TIME, 1},
    {"time_stamp", PLN_CSV_TIME, 1},
    {"ts", PLN_CSV_TIME, 2},
    {"ts_ns", PLN_CSV_TIME, 2},
    {"ts_event", PLN_CSV_TIME, 2},
    {"open_time", PLN_CSV_TIME, 2},
    {"opentime", PLN_CSV_TIME, 2},
    {"bar_time", PLN_CSV_TIME, 2},
    {"start_time", PLN_CSV_TIME, 2},
    {"begins_at", PLN_CSV_TIME, 2},
    {"gmt_time", PLN_CSV_TIME, 2},
    {"gmttime", PLN_CSV_TIME, 2},
    {"local_time", PLN_CSV_TIME, 3},
    {"utc", PLN_CSV_TIME, 3},
    {"time", PLN_CSV_TIME, 4},
    {"date", PLN_CSV_TIME, 5},
    {"dtyyyymmdd", PLN_CSV_TIME, 5},
    {"day", PLN_CSV_TIME, 6},
    {"dt", PLN_CSV_TIME, 6},
    {"month", PLN_CSV_TIME, 7},
    {"period", PLN_CSV_TIME, 7},
    {"trade_date", PLN_CSV_TIME, 7},
    {"trading_day", PLN_CSV_TIME, 7},
    {"unix", PLN_CSV_TIME, 8},
    {"unix_timestamp", PLN_CSV_TIME, 8},
    {"unixtime", PLN_CSV_TIME, 8},
    {"epoch", PLN_CSV_TIME, 8},
    {"index", PLN_CSV_TIME, 9},
    {"t", PLN_CSV_TIME, 9},
    {"open", PLN_CSV_OPEN, 0},
    {"open_price", PLN_CSV_OPEN, 1},
    {"price_open", PLN_CSV_OPEN, 1},
    {"px_open", PLN_CSV_OPEN, 1},
    {"opening_price", PLN_CSV_OPEN, 1},
    {"o", PLN_CSV_OPEN, 9},
    {"high", PLN_CSV_HIGH, 0},
    {"high_price", PLN_CSV_HIGH, 1},
    {"price_high", PLN_CSV_HIGH, 1},
    {"px_high", PLN_CSV_HIGH, 1},
    {"h", PLN_CSV_HIGH, 9},
    {"low", PLN_CSV_LOW, 0},
    {"low_price", PLN_CSV_LOW, 1},
    {"price_low", PLN_CSV_LOW, 1},
    {"px_low", PLN_CSV_LOW, 1},
    {"l", PLN_CSV_LOW, 9},
    {"close", PLN_CSV_CLOSE, 0},
    {"close_price", PLN_CSV_CLOSE, 1},
    {"price_close", PLN_CSV_CLOSE, 1},
    {"px_last", PLN_CSV_CLOSE, 1},
    {"closing_price", PLN_CSV_CLOSE, 1},
    {"close_last", PLN_CSV_CLOSE, 1},
    {"last", PLN_CSV_CLOSE, 3},
    {"last_price", PLN_CSV_CLOSE, 3},
    {"price", PLN_CSV_CLOSE, 4},
    {"settle", PLN_CSV_CLOSE, 5},
    {"c", PLN_CSV_CLOSE, 9},
    {"volume", PLN_CSV_VOLUME, 0},
    {"vol", PLN_CSV_VOLUME, 1},
    {"px_volume", PLN_CSV_VOLUME, 1},
    {"total_volume", PLN_CSV_VOLUME, 2},
    {"real_volume", PLN_CSV_VOLUME, 3},
    {"tick_volume", PLN_CSV_VOLUME, 4},
    {"tickvol", PLN_CSV_VOLUME, 4},
    {"tickvolume", PLN_CSV_VOLUME, 4},
    {"qty", PLN_CSV_VOLUME, 5},
    {"quantity", PLN_CSV_VOLUME, 5},
    {"size", PLN_CSV_VOLUME, 5},
    {"v", PLN_CSV_VOLUME, 9},
    {"symbol", PLN_CSV_SYMBOL, 0},
    {"ticker", PLN_CSV_SYMBOL, 1},
    {"instrument", PLN_CSV_SYMBOL, 2},
    {"tic", PLN_CSV_SYMBOL, 2},
    {"sym", PLN_CSV_SYMBOL, 2},
    {"asset", PLN_CSV_SYMBOL, 3},
    {"pair", PLN_CSV_SYMBOL, 3},
    {"secid", PLN_CSV_SYMBOL, 3},
    {"permno", PLN_CSV_SYMBOL, 3},
};

int pln_csv_role_of(const char *name, int32_t *role, int32_t *rank) {
  for (size_t i = 0; i < sizeof SYNONYMS / sizeof *SYNONYMS; i++) {
    if (strcmp(SYNONYMS[i].name, name) != 0) continue;
    *role = SYNONYMS[i].role;
    *rank = SYNONYMS[i].rank;
    return 1;
  }
  /* "timestamp_ct", "datetime_utc", "date_est" */
  if (strncmp(name, "timestamp_", 10) == 0 || strncmp(name, "datetime_", 9) == 0 ||
      strncmp(name, "date_", 5) == 0) {
    *role = PLN_CSV_TIME;
    *rank = 6;
    return 1;
  }
  return 0;
}

void pln_csv_normalise(const char *text, char *out, size_t size) {
  const char *p = text;
  while (isdigit((unsigned char)*p)) p++;
  if (p > text && p[0] == '.' && p[1] == ' ') text = p + 2;
  size_t used = 0;
  for (; *text && used + 1 < size; text++) {
    const unsigned char c = (unsigned char)*text;
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80)
      out[used++] = (char)c;
    else if (c >= 'A' && c <= 'Z')
      out[used++] = (char)(c | 32);
    else if (used > 0 && out[used - 1] != '_')
      out[used++] = '_';
  }
  while (used > 0 && out[used - 1] == '_') used--;
  out[used] = 0;
}

const char *const *pln_csv_layout(const char *name) {
  static const char *const lean_trade[] = {"time", "open", "high", "low", "close", "volume", NULL};
  static const char *const lean_quote[] = {"time",      "bid_open",  "bid_high", "bid_low",
                                           "bid_close", "bid_size",  "ask_open", "ask_high",
                                           "ask_low",   "ask_close", "ask_size", NULL};
  static const char *const binance[] = {"time",
                                        "open",
                                        "high",
                                        "low",
                                        "close",
                                        "volume",
                                        "_",
                                        "quote_volume",
                                        "trades",
                                        "taker_buy_volume",
                                        "taker_buy_quote_volume",
                                        "_",
                                        NULL};
  if (strcmp(name, "lean_trade") == 0) return lean_trade;
  if (strcmp(name, "lean_quote") == 0) return lean_quote;
  if (strcmp(name, "binance") == 0) return binance;
  return NULL;
}

int pln_csv_is_missing(const char *text) {
  static const char *const words[] = {"",    "nan",  "-nan", "-nan(ind)", "nat", "null", "na",
                                      "n/a", "none", "nil",  "-",         ".",   "#n/a"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcasecmp(text, words[i]) == 0) return 1;
  return 0;
}
