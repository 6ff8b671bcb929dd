#pragma once
#include "abi/exec.h"
#include <stdbool.h>

/* A slow model of the execution container with one instrument and one caller, written from docs/execution.md
 * alone, for comparison. It keeps everything in plain lists, searches where the container computes, and
 * shares no code with it. Units are whole. */

enum { SLOW_MAX_ORDERS = 4096, SLOW_MAX_LOTS = 512 };

typedef struct slow_bar {
  int64_t ts_ns;
  double open, high, low, close, volume;
} slow_bar;

typedef struct slow_config {
  int32_t fill;                              /* pln_fill_policy */
  int32_t intrabar;                          /* pln_intrabar */
  double pct, per_share, per_order, minimum; /* commission */
  double worsening;                          /* slippage and half the spread, a fraction */
  double capital, leverage, multiplier;
  bool allow_short;
  double stop_loss_pct, take_profit_pct, trailing_stop_pct;
  double max_volume_pct; /* 0 = no bound */
  double max_position_pct, max_exposure_pct, max_drawdown_pct;
} slow_config;

typedef struct slow_order {
  pln_order_request request;
  int64_t id;
  int64_t made_at;  /* bar at whose close */
  int64_t first_ns; /* open time of the first bar that it met, 0 = none yet */
  int32_t status, side;
  double quantity; /* asked for; of targets, when it was made */
  double filled, paid, variable, fees;
  double best;        /* trailing: the best price so far */
  bool is_triggered;  /* stop-limit: is a limit from … */
  int64_t limit_from; /* … this bar on (or for the rest of it) */
  bool is_target;
  bool is_reduced; /* by rules or money */
  bool is_halt;    /* the drawdown rule's own */
} slow_order;

typedef struct slow_lot {
  double quantity, price, stop, target, high, low;
  int64_t bar, live_from;
  bool at_open;
} slow_lot;

typedef struct slow_exec {
  slow_config config;
  const slow_bar *bars;
  int64_t now; /* the bar that closed last, -1 = none */
  slow_order orders[SLOW_MAX_ORDERS];
  int64_t n_orders; /* ids are 1 … n_orders, those of rules and of exits included */
  slow_lot lots[SLOW_MAX_LOTS];
  int64_t n_lots;
  int32_t side; /* of the position, 0 = flat */
  double room;  /* units that the bar's volume still has */
  double cash, equity, peak, fees;
  int64_t n_trades;
  bool is_halted, is_bankrupt;
} slow_exec;

void slow_begin(slow_exec *x, const slow_config *config, const slow_bar *bars);
/* The next bar closes: fills and mark. */
void slow_bar_closes(slow_exec *x);
/* At the close. As pln_exec_submit and so on. */
int64_t slow_submit(slow_exec *x, const pln_order_request *request);
int32_t slow_cancel(slow_exec *x, int64_t id);
int32_t slow_cancel_all(slow_exec *x);
/* The strategy is done with this close: what fills at it. */
void slow_close_orders(slow_exec *x);
/* The data are over. */
void slow_end(slow_exec *x);
double slow_position(const slow_exec *x); /* signed */
bool slow_is_final(const slow_order *o);
