#pragma once
#include "abi/actions.h"
#include "portfolio/gauge.h"
#include "portfolio/risk_rules.h"
#include "portfolio/sizing.h"

/* The inside of a portfolio, for this stage and for the execution container that steps it. Everything that a
 * snapshot has to keep is in these structs and the arrays that they point to. */

/* An open lot: what one fill opened, or what is left of it. */
typedef struct pln_lot {
  double count;     /* > 0, in lots of the instrument */
  double price;     /* as filled */
  double point;     /* of the entry: currency of the account for a unit of price and of quantity */
  double fee;       /* the share of the entry's fees that is still open */
  double income;    /* dividends and the like that were paid on it */
  double high, low; /* extremes seen while held, the entry price included */
  double best;      /* what a trailing stop follows: the best price up to the last marked bar */
  double stop;      /* fixed protective stop, 0 = none */
  double target;    /* take profit, 0 = none */
  int64_t entry_ts_ns;
  int64_t entry_bar;
  int64_t stop_bar;             /* first bar in which the stop is live */
  int64_t target_bar;           /* first bar in which the target is live */
  int64_t protect_ns;           /* since when: the creation time of the exit order that it may become */
  int64_t stop_key, target_key; /* places in the queue of `compat: backtesting.py`, 0 = none */
  int64_t order;
  int32_t source;
  int32_t at_open; /* entered at the bar's open: the whole bar counts for its extremes */
  /* exits.c */
  double trail;   /* distance of a trailing stop from `best`, 0 = none (the percentage is the portfolio's) */
  double ratchet; /* a stop that only moves towards the price, 0 = none yet */
  double even;    /* gain that moves the stop to `even_stop`, 0 = none */
  double even_stop;
  double ladder;       /* level of the next rung, 0 = none */
  double atr;          /* at the entry, NaN = no rule asked for it */
  double risk;         /* R: distance of the first stop, 0 = none */
  double opened;       /* `count` as it was opened */
  int64_t due_bar;     /* closed by time at this bar or later, or */
  int64_t due_ns;      /* … at the first bar that opens at this time or later; INT64_MAX = never */
  int32_t stop_reason; /* pln_exit_reason of `stop` */
  int32_t ratchet_reason;
  int32_t rung; /* rungs done */
} pln_lot;

/* What is held of one instrument. `positions[i]` is the public view of the same. */
typedef struct pln_holding {
  pln_lot *lots; /* oldest first */
  int64_t n_lots;
  int64_t capacity;
  double count;  /* signed, in lots */
  double weight; /* quantity x point, signed: value = weight x price - basis */
  double basis;  /* FUTURES: weight x average price; otherwise 0 */
  double
      touch_low; /* a bar whose low is at or below, or whose high is at or above these touches a protective */
  double touch_high; /* level: -inf and +inf where there is none */
  double point;      /* currency of the account for a unit of price and of quantity: multiplier x rate */
  double rate;       /* currency of the account for one of the instrument's; NaN = not known yet */
  double paid;       /* has_fx, CASH: signed value of the open lots when they were entered */
  int64_t due_bar;   /* the first of its lots' dates; INT64_MAX = none */
  int64_t due_ns;
  int64_t last_bar; /* the bar seen last, -1 before the first */
  int64_t last_ts_ns;
  pln_step lot;
  pln_instrument spec;
  double entry_price;  /* of the last entry, before costs … */
  int64_t entry_order; /* … and its order */
  int32_t n_entries;   /* since the position was opened */
  int32_t rate_leg[2]; /* instruments whose last closes are the rate; -1 = none */
  int32_t rate_inverse[2];
} pln_holding;

struct pln_portfolio {
  pln_account account;
  pln_portfolio_config config;
  int32_t n_instruments;
  int32_t bound;         /* 1 once an execution container knows it */
  int32_t is_trailing;   /* levels move with each mark */
  int32_t is_following;  /* … and more of them than the trailing percentage: pln_exits_follow. 2: with each
                            bar, moved  or not */
  int32_t has_exits;     /* some exit beyond those of pln_risk_config */
  int32_t exposure;      /* bits of the recorder: held at some moment since the previous mark */
  int32_t has_fx;        /* some instrument is in another currency */
  int32_t has_margin;    /* some instrument has a margin of its own, or margin calls are on */
  double floor;          /* at or below this equity a mark needs attention: bankruptcy or the drawdown rule */
  double drawdown_scale; /* 100 / peak: a product a bar instead of a quotient */
  pln_portfolio *master; /* of a book: whose account it is part of; NULL */
  pln_portfolio **books; /* of an account that is divided */
  int32_t n_books;
  int32_t book;     /* number of a book, 1 … */
  pln_account own;  /* of an account that is divided: the part of its sums that is not its books' … */
  pln_account told; /* … and what the sums came to last */
  pln_execution_quality own_quality, told_quality;
  pln_gauges *gauges;    /* of the container; NULL before there is one */
  const int64_t *now_ns; /* the container's present instant; NULL before there is one */
  const int64_t *row;    /* … and how many rows it has marked */
  pln_rules rules;
  int64_t watch_ns; /* rows from this time on need a look by the rules; INT64_MAX = none */
  pln_score_config score;
  int32_t has_score;
  int32_t scores_marks; /* the score is reckoned at each mark */
  double score_sum;
  int64_t n_scores;     /* marks so far */
  int64_t *score_ts_ns; /* scores that were not drained yet */
  double *score_values;
  int64_t n_score_rows, score_capacity;
  pln_execution_quality quality; /* what trading cost, by kind */
  pln_position *positions;
  pln_holding *holdings;
  pln_kelly kelly; /* with that sizing */
  pln_refusal_count refusals[PLN_REFUSAL_COUNT];
  pln_trade *trades;
  int64_t n_trades;
  int64_t trades_capacity;
  /* The recorder. Row `rows.n_rows` is written at a mark and published by the next one (or by finish), so
   * that what still happens at its instant can be put right. */
  pln_equity_rows rows;
  int64_t *row_ts_ns;
  double *row_equity;
  double *row_cash;
  double *row_benchmark;
  double benchmark_factor; /* of the benchmark's raw closes for splits and dividends since the first row; 1
                              without */
  int8_t *row_exposure;
  double *row_gross;
  double *row_flow; /* NULL: nothing ever comes from outside */
  double flow;      /* since the last row */
  int32_t held_row;
  pln_action *cash_actions; /* deposits and withdrawals by time */
  int64_t n_cash_actions, next_cash_action;
};

/* Tells a portfolio what an instrument is. */
void pln_portfolio_bind(pln_portfolio *p, int32_t instrument, const pln_instrument *spec);
/* Sets what a unit of the instrument's currency is worth; positions are valued at it from now on. */
void pln_portfolio_set_rate(pln_portfolio *p, int32_t instrument, double rate);

/* lots.c. `count` is in lots, `price` the slipped fill price, `fee` all that is charged for it. */
typedef struct pln_fill_info {
  double price;
  double fee;
  int64_t ts_ns;
  int64_t bar;
  int64_t order;
  int32_t source;
  int32_t reason; /* pln_exit_reason, for what closes */
} pln_fill_info;
/* Opens a lot and returns it (valid until the next opening); protection is the caller's to set, followed by
 * pln_portfolio_refresh. NULL when out of memory. */
pln_lot *pln_portfolio_open(pln_portfolio *p, int32_t instrument, int32_t side, double count,
                            const pln_fill_info *fill);
/* Closes `count` lots, oldest first, or of lot `only` alone where that is >= 0. Emits one trade for each lot.
 */
int32_t pln_portfolio_close(pln_portfolio *p, int32_t instrument, double count, int64_t only,
                            const pln_fill_info *fill);
/* Books what was paid (> 0) or charged (< 0) on what is held of an instrument, currency of the account: into
 * cash, and by count into the lots' income, so that it becomes part of their trades' P&L. Something is held.
 */
void pln_portfolio_earn(pln_portfolio *p, int32_t instrument, double amount);
/* A split: new units for each old one. The fraction of a lot that is left is paid out at `cash_price`, the
 * adjusted price, as a trade with exit reason SPLIT. */
int32_t pln_portfolio_split(pln_portfolio *p, int32_t instrument, double ratio, double cash_price);
/* x, or the whole number that it misses by rounding only. */
double pln_snap_count(double x);
/* Room for n more trades. */
int32_t pln_portfolio_reserve_trades(pln_portfolio *p, int64_t n);
/* What a lot has gained at a price and the present rate, currency of the account; quantity in units. */
double pln_lot_gain(const pln_holding *h, const pln_lot *lot, int32_t side, double quantity, double price);
/* The trade that closing `count` lots (a fraction, in lieu after a split) of a lot comes to. */
pln_trade pln_lot_trade(const pln_portfolio *p, int32_t instrument, const pln_lot *lot, double count,
                        bool is_long, double price, double fees, double income);

/* The entry price became an average: extremes include it, whatever the rounding. */
static inline void pln_lot_set_price(pln_lot *lot, double price) {
  lot->price = price;
  if (price > lot->high) lot->high = price;
  if (price < lot->low) lot->low = price;
}

/* margin.c */
/* Initial or maintenance margin of `quantity` units at a price, currency of the account. */
double pln_margin_of(const pln_portfolio *p, int32_t instrument, double quantity, double price,
                     bool maintenance);
/* … of all that is held, with `instrument` (-1: none) at `price` and everything else at its last price. */
double pln_margin_held(const pln_portfolio *p, int32_t instrument, double price, bool maintenance);
/* Initial margin of all that is held in the account, the other books included. */
double pln_margin_of_account(const pln_portfolio *p, int32_t instrument, double price);
/* The largest count of lots whose initial margin and fees are within the free margin. */
double pln_margin_affordable(const pln_portfolio *p, int32_t instrument, double price, double free_margin,
                             const pln_costs *costs);
/* What converting the notional of a fill costs, currency of the account. */
static inline double pln_fx_fee(const pln_portfolio *p, int32_t instrument, double notional) {
  const pln_holding *h = &p->holdings[instrument];
  const bool converts = (h->rate_leg[0] >= 0 || h->rate_leg[1] >= 0) && h->spec.settlement == PLN_SETTLE_CASH;
  return converts ? notional * p->config.fx_spread_bps / 10000.0 : 0;
}

/* risk.c: rules that count losing trades. */
void pln_portfolio_streak(pln_portfolio *p, double pnl);

/* exits.c */
int32_t pln_exits_check(const pln_exit_config *config);
/* What a portfolio has to do for its configuration's exits. */
void pln_exits_set(pln_portfolio *p);
/* Whether all that the exits read of an instrument at a time is known. */
bool pln_exits_ready(pln_portfolio *p, int32_t instrument, int64_t time_ns);
/* Sets what the exits make of a lot that was just opened, its plain stop and target being set. `due_ns`: when
 * the time of day comes that closes it, INT64_MAX = never. */
void pln_exits_protect(pln_portfolio *p, int32_t instrument, pln_lot *lot, int64_t time_ns, int64_t due_ns,
                       const pln_step *tick);
/* Moves levels after a bar was seen, and refreshes. */
void pln_exits_follow(pln_portfolio *p, int32_t instrument);
/* The level at which a lot's stop is, with all that moves; 0 = none. *moved: 0 where that is the fixed one,
 * of stop_reason; else the reason of the one that has moved beyond it. */
double pln_lot_stop(const pln_portfolio *p, const pln_lot *lot, bool is_long, int32_t *moved);
/* A split: what the exits know of a lot, in new units and prices. */
void pln_exits_scale(pln_lot *lot, double ratio);
/* Average cost: `last` became part of `lot`. The exits of what was entered last hold for all of it; a stop
 * that has moved stays, and so does the earlier date. */
void pln_exits_merge(pln_lot *lot, const pln_lot *last, bool is_long);
/* The nearest target: the fixed one, or the next rung. */
double pln_lot_target(const pln_lot *lot, bool is_long);
/* Lots that the rung which was reached closes, 0 where that rounds to nothing; the ladder goes on to the
 * next. */
double pln_exits_climb(const pln_portfolio *p, pln_lot *lot, bool is_long, const pln_step *tick);
/* After such an exit nothing is entered until the signal changes. */
static inline bool pln_exit_is_protective(int32_t reason) {
  return (reason >= PLN_EXIT_STOP_LOSS && reason <= PLN_EXIT_TRAILING_STOP) ||
         (reason >= PLN_EXIT_ATR_STOP && reason <= PLN_EXIT_LADDER);
}
/* Recomputes position and levels of an instrument after its lots changed. */
void pln_portfolio_refresh(pln_portfolio *p, int32_t instrument);

/* A bar of an instrument is seen: extremes of its lots, trailing levels, last price. Equity is not touched.
 */
static inline void pln_portfolio_see(pln_portfolio *p, int32_t instrument, int64_t bar, int64_t ts_ns,
                                     double high, double low, double close) {
  pln_holding *h = &p->holdings[instrument];
  pln_position *pos = &p->positions[instrument];
  pos->last_price = close;
  h->last_bar = bar;
  h->last_ts_ns = ts_ns;
  if (h->n_lots == 0) return;
  const bool is_long = h->count > 0;
  bool moved = false;
  for (int64_t i = 0; i < h->n_lots; i++) {
    pln_lot *lot = &h->lots[i];
    /* Of a bar that it was entered within, only the close is known to come after the entry. */
    const bool whole = lot->entry_bar != bar || lot->at_open;
    const double up = whole ? high : close, down = whole ? low : close;
    if (up > lot->high) lot->high = up;
    if (down < lot->low) lot->low = down;
    const double best = is_long ? lot->high : lot->low;
    moved = moved || best != lot->best;
    lot->best = best;
  }
  pos->bars_held = bar - h->lots[0].entry_bar + 1;
  if (!p->is_trailing) return;
  if (p->is_following && (moved || p->is_following > 1))
    pln_exits_follow(p, instrument);
  else if (moved)
    pln_portfolio_refresh(p, instrument);
}
/* Equity and exposures at the last prices; the peak is not moved. */
void pln_portfolio_revalue(pln_portfolio *p);
/* Revalues, moves the peak, sets the drawdown. */
void pln_portfolio_mark(pln_portfolio *p);
/* The floor below a peak: of bankruptcy and of max_drawdown_pct. */
static inline double pln_portfolio_own_floor(const pln_portfolio *p, double peak) {
  const double dd = p->config.risk.max_drawdown_pct;
  if (p->account.bankrupt || p->master) return -INFINITY; /* a book's account is attended to as a whole */
  if (dd <= 0 || p->account.halted) return 0;
  const double level = peak * (1.0 - dd / 100.0);
  return level > 0 ? level : 0;
}
/* … and of the rules that watch. */
static inline double pln_portfolio_floor(const pln_portfolio *p, double peak) {
  const double own = pln_portfolio_own_floor(p, peak);
  if (p->rules.n_marks == 0 || own == -INFINITY) return own;
  const double rules = pln_rules_floor(&p->rules, peak);
  return rules > own ? rules : own;
}
/* The equity is a new peak. */
static inline void pln_portfolio_peak(pln_portfolio *p, double equity) {
  p->account.peak_equity = equity;
  p->floor = pln_portfolio_floor(p, equity);
  p->drawdown_scale = 100.0 / equity;
}
static inline double pln_portfolio_drawdown(const pln_portfolio *p) {
  const double below = p->account.peak_equity - p->account.equity;
  return below > 0 ? below * p->drawdown_scale : 0;
}
/* Money comes from or goes outside: cash, peak and drawdown follow. False where a withdrawal is more than is
 * free. */
bool pln_portfolio_flow(pln_portfolio *p, double amount, double *free_cash);
/* Closes everything that is left at nothing: cash and equity become 0. */
void pln_portfolio_ruin(pln_portfolio *p);

/* risk.c */
void pln_portfolio_refuse(pln_portfolio *p, int32_t refusal, int64_t ts_ns, int32_t instrument, double asked,
                          double allowed);
/* Sets a new lot's fixed stop and target from the rules and the prices that the order named (0 = none). */
void pln_risk_protect(const pln_portfolio *p, pln_lot *lot, bool is_long, double stop_loss,
                      double take_profit, const pln_step *tick);
typedef struct pln_limits {
  double count;    /* what may be opened, in lots */
  int32_t refusal; /* of the rule that bound, 0 = none */
} pln_limits;
/* How much of an opening order may go through at `price` (slipped). `equity` and `gross` value the account at
 * the moment of the fill. Counts what it refuses. */
pln_limits pln_risk_allow(pln_portfolio *p, int32_t instrument, int32_t side, double count, double price,
                          double unslipped, double equity, double gross, const pln_costs *costs,
                          int64_t now_ns);

/* books.c */
/* Makes `book` a part of a portfolio's account. */
int32_t pln_books_add(pln_portfolio *master, pln_portfolio *book);
void pln_books_free(pln_portfolio *p);
/* Cash, counters and valuation of a divided account from its books, which are valued at their last prices. */
void pln_books_revalue(pln_portfolio *master);
/* Its cash now. */
double pln_books_cash(pln_portfolio *master);
/* What was held since the previous mark, of all books. */
int32_t pln_books_exposure(const pln_portfolio *master);
/* Tells all books that nothing is entered any more. */
void pln_books_halt(pln_portfolio *master, bool bankrupt);
/* Takes a trade into the portfolio's list, for which room was made, and its account's. */
void pln_portfolio_emit(pln_portfolio *p, const pln_trade *trade);

/* recorder.c */
int32_t pln_recorder_reserve(pln_portfolio *p, int64_t capacity);
/* Rows get the column of flows; before the first row. */
int32_t pln_recorder_reserve_flow(pln_portfolio *p);
static inline bool pln_recorder_is_full(const pln_portfolio *p) {
  return p->rows.n_rows + p->held_row > p->rows.capacity;
}
/* Publishes the row that is held and writes the next one. */
static inline void pln_recorder_put(pln_portfolio *p, int64_t ts_ns, double benchmark, int32_t exposure) {
  const int64_t i = p->rows.n_rows += p->held_row;
  p->held_row = 1;
  p->row_ts_ns[i] = ts_ns;
  p->row_equity[i] = p->account.equity;
  p->row_cash[i] = p->account.cash;
  p->row_benchmark[i] = benchmark * p->benchmark_factor;
  p->row_exposure[i] = (int8_t)exposure;
  p->row_gross[i] = p->account.gross_exposure;
  if (p->row_flow) {
    p->row_flow[i] = p->flow;
    p->flow = 0;
  }
}
/* Rewrites the held row's equity and cash from the account. */
void pln_recorder_amend(pln_portfolio *p);
void pln_recorder_publish(pln_portfolio *p);
