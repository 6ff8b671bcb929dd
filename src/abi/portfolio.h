#pragma once
#include "abi/costs.h"
#include "abi/risk.h"
#include "abi/sizing.h"
/* Portfolios: an account, its positions and round-trip trades, sizing and risk rules.
 *
 * A portfolio is made before the execution container that it is added to, and freed after it. It is plain state
 * with no pointer to anything of Lua's. One thread at a time. */

typedef enum pln_side { PLN_SIDE_SELL = -1, PLN_SIDE_BUY = 1 } pln_side;

/* How closing trades are matched with opening ones. Equity and the sum of realised and unrealised P&L are the same by
 * all three. A protective level closes its own lot, whatever the method. */
typedef enum pln_accounting {
  PLN_ACCOUNTING_FIFO = 0,   /* what was opened first is closed first */
  PLN_ACCOUNTING_LIFO = 1,   /* what was opened last is closed first */
  PLN_ACCOUNTING_AVERAGE = 2 /* one lot at the average price: time, order and source are those of its first entry; its
                                protective levels those of the latest entry, or the earlier ones where that has none */
} pln_accounting;

typedef enum pln_margin_call {
  PLN_MARGIN_CALL_OFF = 0,       /* maintenance margin is reported, nothing is closed */
  PLN_MARGIN_CALL_LIQUIDATE = 1, /* whole positions, largest loss first, until the rest is covered at the last prices */
  PLN_MARGIN_CALL_CLOSE_ALL = 2
} pln_margin_call;

typedef enum pln_on_leave {
  PLN_ON_LEAVE_CLOSE = 0,    /* a symbol that leaves the universe is closed, at the open of its next bar */
  PLN_ON_LEAVE_HOLD = 1      /* what is held stays, and may be closed; nothing is added */
} pln_on_leave;

typedef struct pln_portfolio_config {
  double capital;            /* > 0, currency of the account */
  double leverage;           /* >= 1: gross notional may reach leverage x equity (1 / initial margin) */
  pln_sizing sizing;
  pln_scaling scaling;
  pln_risk_config risk;
  int32_t allow_short;       /* 0: SHORT signals close and stay flat, each refusal counted */
  int32_t rebalance;         /* 1: act on changes of strength too (the position is brought to the new level), not of
                                direction only */
  int32_t fill_price_quirk;  /* 1: `compat: backtesting.py`, for comparison only. At a fill, open positions count at
                                the fill bar's close (a look-ahead); percent sizes are of the margin that is left,
                                times leverage; what cannot be paid is canceled, not reduced; the fixed commission
                                is charged per fraction when sizing; within a bar its queue holds: what closes,
                                stops, targets, then orders as they were made (docs/execution.md) */
  int32_t accounting;        /* pln_accounting */
  double maintenance_pct;    /* maintenance margin of instruments without a margin of their own, percent of the
                                notional; 0 = as the initial margin, 100 / leverage */
  double fx_spread_bps;      /* what a conversion costs: of the notional of each fill of an instrument in another
                                currency that moves its notional, added to the fee */
  int32_t margin_call;       /* pln_margin_call: what happens when, at a mark, equity is below the maintenance margin */
  int32_t on_leave;          /* pln_on_leave */
  pln_exit_config exits;
} pln_portfolio_config;

typedef enum pln_settlement {
  PLN_SETTLE_CASH = 0,       /* the notional is paid: a position is worth quantity x price */
  PLN_SETTLE_FUTURES = 1     /* no notional moves: a position is worth its unrealised P&L (variation margin) */
} pln_settlement;

typedef enum pln_margin_type {
  PLN_MARGIN_BY_LEVERAGE = 0, /* initial: notional / leverage of the portfolio */
  PLN_MARGIN_CURRENCY = 1,    /* currency of the instrument for each unit (contract) */
  PLN_MARGIN_PERCENT = 2      /* percent of the notional */
} pln_margin_type;

typedef struct pln_instrument {
  double lot_size;           /* smallest tradable step of quantity, > 0; 1 by default */
  double tick_size;          /* 0 = prices are not rounded */
  double multiplier;         /* currency per unit of price, 1 by default */
  double margin_initial;     /* by margin_type, > 0 there: what opening a unit needs */
  double margin_maintenance; /* by maintenance_type, > 0 there: below what a margin call closes */
  int32_t margin_type;       /* pln_margin_type */
  int32_t maintenance_type;  /* pln_margin_type; BY_LEVERAGE: as the initial margin, or, where that is by leverage, the
                                portfolio's maintenance_pct */
  int32_t settlement;        /* pln_settlement */
  int32_t is_rate;           /* 1: gives prices (of a currency, of a benchmark) and is not traded */
} pln_instrument;

/* Live view of the account; stable address for the portfolio's life; read-only. */
typedef struct pln_account {
  double cash;               /* capital + realised P&L - fees - cost of what is held (short sales add) */
  double equity;             /* cash + sum of what the positions are worth (pln_settlement), at the last prices and
                                rates */
  double peak_equity;
  double drawdown_pct;       /* >= 0, from the peak, of 100 */
  double margin_used;        /* initial margin of what is held: gross notional / leverage, or as the instruments say */
  double gross_exposure;     /* sum of |quantity| x last price x multiplier, currency of the account */
  double net_exposure;
  double realized_pnl;       /* of closed trades, net of their fees */
  double fees;               /* all commission so far */
  double slippage_cost;      /* what slippage and spread cost, so far */
  double turnover;           /* sum of |quantity| x fill price, so far */
  int64_t n_orders;          /* made, refused ones included */
  int64_t n_fills;
  int64_t n_trades;          /* closed round trips */
  int32_t halted;            /* 1 after the drawdown rule fired */
  double risk_score;         /* at the last mark; 0 where no score is recorded (pln_exec_risk_score asks for it) */
  double risk_score_mean;    /* over all marks */
  double risk_score_max;
  int32_t bankrupt;          /* 1 after equity <= 0: everything is closed at zero and the run stops */
  double income;             /* dividends and whatever else was paid on what was held, less what was charged; part of
                                the trades' P&L */
  double flows;              /* deposits less withdrawals so far; no part of P&L, peak or drawdown */
  double margin_maintenance; /* at the last mark, where margin_call is on or an instrument has a margin; otherwise 0 */
  int64_t n_margin_calls;
  double interest;           /* earned on cash less paid for borrowed cash; in no trade */
} pln_account;

/* Live view of one position; array indexed by instrument; stable address; read-only. `stop_price` and `target_price` are
 * those that the price reaches first, of all open lots, trailing included. */
typedef struct pln_position {
  double quantity;           /* signed units; 0 = flat */
  double average_price;      /* of the open lots; 0 when flat */
  double last_price;         /* last close seen (also from before the window), NaN before the first bar */
  double unrealized_pnl;     /* value less what was paid for it, at the rates of then and now; before exit costs */
  double stop_price;         /* protective stop in force, 0 = none */
  double target_price;       /* take profit in force, 0 = none */
  int64_t entry_bar;         /* bar index (of the instrument) of the oldest open lot, -1 when flat */
  int64_t bars_held;         /* bars marked since then */
} pln_position;

typedef enum pln_exit_reason {
  PLN_EXIT_SIGNAL = 0,       /* the target level changed, or the strategy's own order */
  PLN_EXIT_STOP_LOSS = 1,
  PLN_EXIT_TAKE_PROFIT = 2,
  PLN_EXIT_TRAILING_STOP = 3,
  PLN_EXIT_DRAWDOWN_HALT = 4,
  PLN_EXIT_END_OF_WINDOW = 5,  /* finalize_trades */
  PLN_EXIT_BANKRUPT = 6,
  PLN_EXIT_ORDER = 7,        /* a limit or stop order placed by the strategy */
  PLN_EXIT_MARGIN_CALL = 8,
  PLN_EXIT_DELISTED = 9,     /* at the final price, without costs */
  PLN_EXIT_SPLIT = 10,       /* cash in lieu of the fraction of a lot that a split left */
  PLN_EXIT_LEFT_UNIVERSE = 11,
  PLN_EXIT_FLAT_BY_CLOSE = 12, /* before the close of the session */
  PLN_EXIT_ATR_STOP = 13,    /* the stop at a multiple of the ATR */
  PLN_EXIT_CHANDELIER = 14,
  PLN_EXIT_BREAK_EVEN = 15,  /* the stop that a gain had moved to the entry's price */
  PLN_EXIT_TIME = 16,        /* held for so many bars, or the time of day */
  PLN_EXIT_LADDER = 17,      /* a rung of the target ladder */
  PLN_EXIT_RISK_RULE = 18,   /* a risk rule closed everything */
  PLN_EXIT_REASON_COUNT = 19
} pln_exit_reason;

/* A closed round trip (a lot, or a part of one, by pln_accounting), or an open one when the run ended (is_open = 1,
 * marked at the last close). Quantity and prices are in units after the splits up to its exit. */
typedef struct pln_trade {
  int64_t id;                /* 1, 2, … in order of closing, per portfolio */
  int64_t entry_ts_ns;       /* open time of the bar in which the fill took place */
  int64_t exit_ts_ns;
  int64_t entry_bar;         /* index of that bar among the instrument's bars */
  int64_t exit_bar;
  double quantity;           /* > 0 */
  double entry_price;        /* as filled, slippage included */
  double exit_price;
  double pnl;                /* currency of the account: exit value at exit_rate less entry value at entry_rate (futures:
                                the difference, at exit_rate), plus income, less fees */
  double return_pct;         /* pnl / (entry price x quantity x multiplier) x 100 */
  double fees;               /* entry share + exit */
  double mae;                /* maximum adverse excursion, price distance >= 0. Over whole bars, but of the bar of an
                                entry that was not at the open only the close, of the exit's bar only the exit */
  double mfe;                /* maximum favourable excursion, likewise */
  int64_t entry_order;
  int64_t exit_order;
  int32_t instrument;
  int32_t source;            /* signal source or strategy instance of the entry, -1 = none */
  int32_t side;              /* pln_side of the entry: BUY = long */
  int32_t exit_reason;       /* pln_exit_reason */
  int32_t is_open;
  int32_t book;              /* 1, 2, … in the order in which they were added; 0 = the account has none */
  double income;             /* dividends received less paid and the like, currency of the account */
  double entry_rate;         /* currency of the account for one of the instrument's; 1 = the same currency */
  double exit_rate;
} pln_trade;

const char *pln_exit_reason_name(int32_t reason);   /* "stop_loss"; static */

typedef struct pln_portfolio pln_portfolio;
/* NULL on a value out of range. */
pln_portfolio *pln_portfolio_new(const pln_portfolio_config *config, int32_t n_instruments);
void pln_portfolio_free(pln_portfolio *portfolio);
/* Adds a risk rule of this portfolio, before it belongs to a container: the rule's number (0, 1, …) or a status. */
int32_t pln_portfolio_add_rule(pln_portfolio *portfolio, const pln_risk_rule *rule);
/* Sets what the risk score is made of, likewise. */
int32_t pln_portfolio_set_score(pln_portfolio *portfolio, const pln_score_config *config);
const pln_account *pln_portfolio_account(const pln_portfolio *portfolio);
const pln_position *pln_portfolio_positions(const pln_portfolio *portfolio);
/* How much notional may still be opened: (equity - margin used) x leverage, 0 at least. */
double pln_portfolio_buying_power(const pln_portfolio *portfolio);
const pln_execution_quality *pln_portfolio_quality(const pln_portfolio *portfolio); /* stable address */
/* Array of PLN_REFUSAL_COUNT counters. */
const pln_refusal_count *pln_portfolio_refusals(const pln_portfolio *portfolio);

/* Closed trades since the last clear; the array is valid until the portfolio next changes. Drained by the
 * caller after each chunk, so that memory does not grow with the run. */
int64_t pln_portfolio_trades(const pln_portfolio *portfolio, const pln_trade **out);
void pln_portfolio_clear_trades(pln_portfolio *portfolio);
/* Open lots as trades with is_open = 1, at the last mark. */
int64_t pln_portfolio_open_trades(const pln_portfolio *portfolio, pln_trade *out, int64_t capacity);

/* The recorder: one row for each instant at which a bar of any instrument was marked. The row of an instant appears when
 * the next one begins, the last row with pln_exec_finish (which may still change it: finalize_trades). */
typedef struct pln_equity_rows {
  int64_t n_rows;
  int64_t capacity;
  const int64_t *ts_ns;      /* open time of the bar (the latest one, where several were marked) */
  const double *equity;
  const double *cash;
  const double *benchmark;   /* close of the benchmark instrument (last known; NaN before its first bar), of raw
                                prices with the splits and dividends since the first row put back in */
  const int8_t *exposure;    /* bit 0: some long position during this bar, bit 1: some short one (positions that
                                were closed in this bar count), bit 2: some trade was closed in this bar */
  const double *gross;       /* gross exposure at the mark, currency; NULL = not known */
  const double *flow;        /* net cash that came from outside since the row before (deposits less withdrawals), before
                                the fills of this row: the return of the row is equity / (equity before + flow) - 1.
                                NULL = none at all */
} pln_equity_rows;
const pln_equity_rows *pln_portfolio_equity(const pln_portfolio *portfolio); /* stable address */
void pln_portfolio_clear_equity(pln_portfolio *portfolio);
