#pragma once
#include "abi/regimes.h"
#include "abi/rule.h"
#include "abi/stats.h"
/* Replay of captured signals over one instrument for many combos at once: what pln_exec_run and pln_exec_finish would
 * do for each of them alone, to the last bit (equity of every bar, trades, account, refusals), many times faster.
 *
 * Between two events of a combo (a signal, a fill, a protective level, the drawdown rule) its equity is
 * cash + weight x close. So a bar is not visited unless something happens in it: the extremes of closes, highs and
 * lows over any span of a chunk of bars are made once for all combos, and tell for a whole span whether a level was
 * touched, what the greatest and the least equity was, and so peak and deepest drawdown.
 *
 * Life: new, (add_signals, push_signals, add_combo)…, (push_signals, run)…, finish, free. Bars, portfolios and what a
 * combo points to are borrowed and must outlive it. One thread at a time; replays share nothing but the bars.
 *
 * The subset: one instrument, one signal source for each combo; both fill policies; the commission, slippage and
 * spread of pln_exec_config; sizes by quantity, cash and percent of the equity; risk rules of pln_risk_config; leverage,
 * shorts, lots, ticks. Not in it, and refused with PLN_ERR_UNSUPPORTED: `rebalance`, `compat: backtesting.py`, order
 * records, any field that is not named here. Those combos are for pln_exec. */
typedef struct pln_replay pln_replay;

/* What a combo is: a list of signals under the settings of a container and a portfolio; and what is wanted of it.
 * Arrays are the caller's, of pln_replay_n_rows entries, NULL = not wanted. */
typedef struct pln_replay_combo {
  pln_exec_config exec;      /* its trading window must be that of the replay; record_equity and recorder_rows
                                are ignored: rows go to the fields below */
  pln_portfolio *portfolio;  /* of one instrument, as pln_portfolio_new made it; afterwards as pln_exec would have left it,
                                but for its recorder and its execution quality, which stay empty */
  double weight;             /* of the source, as for pln_exec_add_source */
  pln_stats *stats;          /* NULL = none. With is_sweep: gets every trade, and instead of rows what they come to, at
                                the end (pln_stats_set_first_trading_row is for before finish). Otherwise gets every
                                row and trade, as from a run */
  pln_regime_stats *regimes; /* gets the equity of every row, and every trade; NULL = none. Its first bar is that of the
                                window */
  double *equity;            /* of each row */
  double *cash;
  int8_t *exposure;          /* bits as in pln_equity_rows */
  double *gross;
  double *period_equity;     /* at the end of each period, of pln_replay_periods entries */
  int32_t signals;           /* list of pln_replay_add_signals; may be shared by combos */
  int32_t keep_trades;       /* 1: closed trades stay in the portfolio until it is cleared; 0: they are dropped once
                                `stats` has them */
} pln_replay_combo;

/* Figures of a combo besides its portfolio's account; complete after finish. */
typedef struct pln_replay_result {
  double max_drawdown;       /* deepest fall of equity from its peak over the rows, fraction >= 0: max_drawdown_pct of
                                pln_stats is -100 times it */
  double equity_final;       /* of the last row */
  double equity_peak;        /* greatest of any row */
  int64_t n_rows;            /* given so far: the bars of the window */
  int64_t exposed_rows;      /* with any position */
  int64_t exposed_until_close; /* … up to the last row in which a trade was closed: what exposure_pct counts */
  int64_t long_rows;
  int64_t short_rows;
  int64_t ambiguous_bars;    /* as pln_exec_view.ambiguous_bars */
  int64_t n_visited;         /* bars that something happened in; the rest was skipped */
  int32_t status;            /* 0; PLN_ERR_UNSUPPORTED: given up, because two changes of the signal between two bars ask for
                                adding to a position that is held; PLN_ERR_MEMORY */
  int32_t reserved;
} pln_replay_result;

/* The window is that of pln_exec_config, 0 = no bound. NULL on a value out of range, and (PLN_ERR_UNSUPPORTED) for bars
 * of which two become visible at the same time. */
pln_replay *pln_replay_new(const pln_bars *bars, const pln_instrument *spec, int64_t trade_from_ns,
                           int64_t trade_until_ns);
void pln_replay_free(pln_replay *replay);

/* Rows of each combo: bars within the window. */
int64_t pln_replay_n_rows(const pln_replay *replay);
/* Periods of returns (days in the bars' time zone; weeks or months for weekly or monthly bars), as pln_stats has them;
 * `last_rows` (may be NULL) gets the row at which each ends, valid as long as the replay. */
int64_t pln_replay_periods(const pln_replay *replay, const int64_t **last_rows);

/* A list of signals, numbered 0, 1, … */
int32_t pln_replay_add_signals(pln_replay *replay);
/* As pln_exec_push_signals. */
int32_t pln_replay_push_signals(pln_replay *replay, int32_t list, const pln_signal *signals, int64_t n);

/* Pushes what n rules over streams with these bars say in the hub's slice, each to its list. */
int32_t pln_replay_push_rules(pln_replay *replay, const pln_hub *hub, const pln_bars *bars, pln_signal_rule *const *rules,
                              const int32_t *lists, int64_t n);

/* 0 where a combo of these settings can be replayed, else PLN_ERR_UNSUPPORTED (or PLN_ERR_ARGUMENT) and why. */
int32_t pln_replay_check(const pln_exec_config *exec, const pln_portfolio_config *portfolio);
/* The combo's number, or a status. Before the first run. */
int32_t pln_replay_add_combo(pln_replay *replay, const pln_replay_combo *combo);

/* Processes every instant at or before until_ns, for all combos. 0 or a status. */
int32_t pln_replay_run(pln_replay *replay, int64_t until_ns);
/* The rest of the data, then what pln_exec_finish does. 0 or a status. */
int32_t pln_replay_finish(pln_replay *replay);
/* Valid until the next combo is added; NULL where there is no such combo. */
const pln_replay_result *pln_replay_result_of(const pln_replay *replay, int32_t combo);
