#pragma once
#include "abi/data.h"
/* The synthetic market: bars for demonstrations and tests, from a seed. Computed with integers and + - * / sqrt
 * alone, so that the same options give the same bytes on any machine.
 *
 * One market for all symbols of a seed: a Markov chain of regimes, a mean-reverting variance that reacts to its own
 * moves (volatility clustering), a market factor. A symbol adds moves of its own, so symbols of one seed are
 * correlated, and each is the same whether or not the others are made. */

typedef enum pln_synth_regime {
  PLN_SYNTH_CALM = 0,
  PLN_SYNTH_TRENDING = 1,    /* up or down, more often up */
  PLN_SYNTH_VOLATILE = 2,
  PLN_SYNTH_REGIMES = 3
} pln_synth_regime;

typedef enum pln_synth_session {
  PLN_SYNTH_ALWAYS = 0,      /* every minute of every day, in UTC */
  PLN_SYNTH_SESSION = 1      /* session_open to session_close local time, Monday to Friday, no holidays */
} pln_synth_session;

typedef struct pln_synth_regime_options {
  double volatility_pct;     /* annual, of a symbol of ordinary risk; 0 … 400 */
  double drift_pct;          /* annual; its sign is drawn anew at each start of a trend; -500 … 500 */
  double mean_days;          /* mean duration in trading days, >= 1 */
  double correlation;        /* between two symbols' moves, 0 … 1 */
} pln_synth_regime_options;

typedef struct pln_synth_options {
  const char *symbol;        /* name only */
  const char *timezone;      /* of the session; ignored (UTC) where there is none */
  pln_timeframe timeframe;   /* fixed, up to a day, or 1d */
  int64_t n_bars;
  int64_t start_ns;          /* no bar is before it */
  uint64_t seed;
  int32_t symbol_index;      /* 0, 1, …: which symbol of the seed's market; 0 has ordinary risk */
  int32_t session;           /* pln_synth_session */
  int32_t session_open_minute;  /* minutes after local midnight */
  int32_t session_close_minute;
  int32_t price_decimals;    /* 0 … 6: prices are multiples of 10^-decimals */
  int32_t with_regime;       /* 1: an extra column `regime` holds the pln_synth_regime of each bar */
  double start_price;        /* 0: 100 for symbol 0, others between 30 and 250 */
  double volume_per_day;     /* mean, in units */
  pln_synth_regime_options regimes[3];
} pln_synth_options;

/* 10,000 bars of 1m from 2000-01-03, every minute of every day, seed 1, two decimals; volatility 11, 16 and 34 %. */
void pln_synth_options_init(pln_synth_options *options);
/* 0, or what is wrong with the options. */
int32_t pln_synth_options_check(const pln_synth_options *options);
/* pln_bars_free. More than four million bars lie in an unlinked temporary file ($TMPDIR or /var/tmp) and are mapped, so
 * that memory stays flat. NULL on an option out of range, with its name. */
pln_bars *pln_synth_bars(const pln_synth_options *options);
/* The same bars straight into a column file, in constant memory. 0 or a status. */
int32_t pln_synth_write(const pln_synth_options *options, const char *path);

/* The same in steps, for a caller that shows how far it is. */
typedef struct pln_synth_writer pln_synth_writer;
pln_synth_writer *pln_synth_writer_new(const pln_synth_options *options, const char *path);
/* Makes up to n more bars. Returns how many are still to come, or a status, after which only _free is left. */
int64_t pln_synth_writer_step(pln_synth_writer *writer, int64_t n);
/* Makes what is still to come, completes the file and puts it in place; frees the writer, also on failure. */
int32_t pln_synth_writer_finish(pln_synth_writer *writer);
void pln_synth_writer_free(pln_synth_writer *writer); /* abandons it: nothing is left behind */

/* "calm", "trending", "volatile"; static; "?" out of range. */
const char *pln_synth_regime_name(int32_t regime);
