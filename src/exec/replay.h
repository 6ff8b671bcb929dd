#pragma once
#include "abi/replay.h"
#include "exec/exec.h"
#include "portfolio/stats_state.h"

/* The inside of the replay. A combo is a lane: a portfolio, its costs, what it waits for, and the running
 * figures of its rows. A chunk is what all lanes go through before the next one is looked at; it fits the
 * second-level cache. */

enum { PLN_SPAN_CHUNK = 2048, PLN_SPAN_BLOCK = 32, PLN_SPAN_BLOCKS = PLN_SPAN_CHUNK / PLN_SPAN_BLOCK };
enum { PLN_SPAN_LEVELS = 6, PLN_SPAN_BUCKETS = 4096 };

/* Greatest close, close and low negated, greatest high, of some bars: all four are greatest values, so that
 * one vector instruction combines two of these. */
typedef struct pln_extremes {
  double close_max, close_min_neg, low_min_neg, high_max;
} pln_extremes;

/* Bars [first, first + n) of the market. Indices below are relative to `first`. */
typedef struct pln_chunk {
  int64_t first;
  int64_t n;
  int64_t end_rows; /* index of the window's last row if it is within this chunk, else n */
  const int64_t *ts_ns;
  const double *open, *high, *low, *close;
  double scale;                                              /* buckets a nanosecond */
  int64_t visible_ns[PLN_SPAN_CHUNK + 4];                    /* INT64_MAX after the last */
  int16_t bucket[PLN_SPAN_BUCKETS + 1];                      /* bars visible before the bucket begins */
  pln_extremes ahead[PLN_SPAN_CHUNK];                        /* of the bar's block, up to the bar */
  pln_extremes behind[PLN_SPAN_CHUNK];                       /* of the bar's block, from the bar on */
  pln_extremes blocks[PLN_SPAN_LEVELS + 1][PLN_SPAN_BLOCKS]; /* of 2^level blocks */
  const int64_t *period_rows;                                /* the row at which each period ends */
  const int64_t *period_ns;                                  /* the time at which it starts */
  int64_t n_periods;
  int64_t first_row; /* row of bar 0 */
  /* Rows of the lane that is being replayed, where they are wanted. */
  double equity[PLN_SPAN_CHUNK], cash[PLN_SPAN_CHUNK], gross[PLN_SPAN_CHUNK];
  int8_t exposure[PLN_SPAN_CHUNK];
} pln_chunk;

/* The changes of a list that fall into a chunk, one for each instant. */
typedef struct pln_turn {
  int64_t ts_ns; /* the instant */
  int32_t bar;   /* the last bar that is visible by then, -1 = the one before the chunk */
  int32_t direction;
  int32_t is_exact; /* the bar becomes visible at this very instant */
} pln_turn;

/* A market order that waits. */
typedef struct pln_waiting {
  int64_t id; /* 0 = none */
  int64_t created_ns;
  double count; /* COUNT: lots */
  double size;  /* CASH, PERCENT */
  int16_t mode; /* pln_size_mode */
  int16_t side;
  int16_t reason; /* pln_exit_reason */
  int16_t adds;   /* to a position that was held when it was made */
} pln_waiting;

typedef struct pln_lane {
  pln_portfolio *portfolio;
  pln_costs costs;
  double concession;
  double weight;
  double acted;    /* level that was last acted on */
  double quantity; /* units held, where something is */
  pln_waiting close, entry;
  pln_drawdowns falls; /* of the rows */
  int64_t n_orders;    /* made so far: their ids */
  int32_t fill;
  int32_t finalize;
  int32_t direction;
  int32_t is_blocked;
  int32_t row_bits; /* exposure of the latest row, which may still change */
  int32_t has_rows; /* rows are wanted one by one */
  int32_t is_sweep; /* `stats` takes periods and totals instead of rows */
  int32_t has_periods;
  int32_t gives_trades;
  int32_t is_protected; /* by a fixed stop or target */
  int32_t next;         /* lane of the same list, -1 = none */
  int64_t period;       /* the one that the next row belongs to */
  int64_t told;         /* id of the last trade that `stats` has */
  pln_replay_result result;
  pln_replay_combo combo;
} pln_lane;

/* Changes of direction; those yet to be turned into turns are [head, n). */
typedef struct pln_list {
  int64_t *ts_ns;
  int32_t *directions;
  int64_t head, n, capacity;
  int64_t last_ns;    /* of the latest signal that was pushed */
  int32_t pushed;     /* its direction */
  int32_t first_lane; /* -1 = none */
  int32_t last_lane;
} pln_list;

struct pln_replay {
  pln_exec *template; /* market and window; a source for each list */
  pln_portfolio *nobody;
  pln_lane *lanes;
  int32_t n_lanes;
  int64_t capacity;
  pln_list *lists; /* one for each source of the template */
  int64_t lists_capacity;
  int64_t *period_rows, *period_ns;
  int64_t n_periods;
  pln_turn *turns;
  int64_t turns_capacity;
  pln_signal *signals; /* of a rule in a slice */
  int64_t signals_capacity;
  int64_t first_row; /* bar of the window's first row */
  int32_t is_finished;
  int32_t status;
  pln_chunk chunk;
};

/* replay_span.c */
void pln_chunk_make(pln_chunk *c, const pln_market *m, int64_t first, int64_t n);
/* The bar within the chunk that is the last one visible at ts_ns; -1 = none. */
int64_t pln_chunk_find(const pln_chunk *c, int64_t ts_ns);
/* Takes the lane over bars [from, until) as far as nothing happens in them. Returns the first that was not
 * taken: something does in that one. */
int64_t pln_span_take(pln_lane *lane, pln_chunk *c, int64_t from, int64_t until);
/* A row of that equity. */
static inline void pln_lane_equity(pln_lane *lane, int64_t row, int64_t ts_ns, double equity) {
  pln_drawdowns *d = &lane->falls;
  if (equity >= d->peak) {
    if (d->low < d->peak) pln_drawdowns_close(d, row, ts_ns);
    d->peak = d->low = equity;
    d->peak_row = row;
    d->peak_ts_ns = ts_ns;
  } else if (equity < d->low) {
    d->low = equity;
  }
}
/* The latest row's exposure is final. */
static inline void pln_lane_commit(pln_lane *lane) {
  pln_replay_result *r = &lane->result;
  const int32_t bits = lane->row_bits;
  r->exposed_rows += (bits & 3) != 0;
  r->long_rows += bits & 1;
  r->short_rows += (bits >> 1) & 1;
  if (bits & 4) r->exposed_until_close = r->exposed_rows;
  lane->row_bits = 0;
}
/* The bar's row ends a period that is not the last. */
void pln_lane_period(pln_lane *lane, const pln_chunk *c, int64_t bar, double equity);
/* The bar at which the lane's current period ends. */
static inline int64_t pln_lane_period_end(const pln_lane *lane, const pln_chunk *c) {
  return lane->period < c->n_periods ? c->period_rows[lane->period] - c->first_row : INT64_MAX;
}

/* Closed trades for the lane's statistics. */
static inline int32_t pln_lane_tell_trades(const pln_lane *lane, const pln_trade *trades, int64_t n) {
  const pln_replay_combo *o = &lane->combo;
  int32_t status = o->regimes ? pln_regime_stats_add_trades(o->regimes, trades, n) : PLN_OK;
  if (!o->stats || status) return status;
  status = pln_stats_add_trades(o->stats, trades, n);
  pln_exposure_trim(&o->stats->exposure); /* a lane holds one lot at a time */
  return status;
}

/* replay_lane.c */
static inline bool pln_lane_waits(const pln_lane *lane) { return lane->close.id || lane->entry.id; }
/* One bar, with all that may happen in it, up to its mark. */
void pln_lane_bar(pln_lane *lane, const pln_market *m, pln_chunk *c, int64_t bar);
/* The signal's direction changed. */
void pln_lane_turn(pln_lane *lane, const pln_market *m, const pln_turn *turn);
/* THIS_CLOSE: what waits fills at the close of `bar`, whose instant it is. */
void pln_lane_fill_close(pln_lane *lane, const pln_market *m, pln_chunk *c, int64_t bar);
/* What pln_exec_finish does, at now_ns. */
void pln_lane_finish(pln_lane *lane, const pln_market *m, int64_t now_ns);
