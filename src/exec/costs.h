#pragma once
#include "abi/exec.h"
#include "exec/model.h"
#include "portfolio/portfolio.h"

/* What an execution container knows of costs: the models that were chosen. Where none is, nothing here is
 * called but for what every fill is accounted with. */
enum { PLN_MODELS_MAX = 64, PLN_MODELS_AT_ONCE = 8 };

typedef struct pln_pending pln_pending;
typedef struct pln_hit pln_hit;

typedef struct pln_model_series {
  int64_t *ts_ns;
  double *values;
  int64_t n;
  int64_t next; /* entries before it are of the past */
} pln_model_series;

typedef struct pln_month {
  int64_t month; /* years x 12 + months, + 1; 0 = none yet */
  double quantity, notional;
} pln_month;

typedef struct pln_model {
  const pln_model_desc *desc;
  pln_model_values values;
  double *numbers; /* what `values` points to */
  int32_t instrument;
  int32_t gauges[PLN_MODEL_MAX_GAUGES];
  pln_month *months;        /* of each portfolio, where the model reads them */
  pln_model_series *series; /* of each instrument; of the account the first; NULL: none */
  int32_t n_series;         /* instruments of the container, where there are series */
  int64_t next_ns;          /* FINANCING: the next boundary or payment */
} pln_model;

typedef struct pln_models {
  pln_model *list;
  int32_t n;
  int32_t n_of_kind[4];
  int8_t *own_commission; /* of each instrument: only models of its own are charged; NULL: none */
  uint64_t seed;
  int64_t accrue_ns; /* when something is to be accrued next; INT64_MAX without such models */
} pln_models;

/* Distances of a fill's price from the reference, against the order, by kind. */
typedef struct pln_cost_parts {
  double spread, slippage, impact, improvement;
} pln_cost_parts;

/* What a model in Lua said of an order in a bar. */
typedef struct pln_answer {
  int64_t ts_ns; /* open time of the bar */
  double offset, fee, most;
  double asked;  /* units that it was asked for */
  double wanted; /* of exits: what the bar's orders may open, 0 = nothing */
  int32_t wanted_side;
} pln_answer;

/* What a pending order carries for its account of costs. */
typedef struct pln_order_costs {
  double arrival;  /* the last price when it was made; 0 or NaN = none was known */
  double variable; /* commission of the short forms by rate and unit so far */
  double exchange; /* of its fees so far */
  pln_tally tally;
  /* Bars from the first that it could fill in up to vwap_next: typical price x volume, volume, typical price.
   */
  double vwap_sum, vwap_volume, vwap_plain;
  int64_t vwap_next; /* bar + 1 that comes next; 0 = none yet */
  int64_t vwap_bars;
  double asked_fee; /* by models in Lua, so far */
  pln_answer answer;
} pln_order_costs;

/* cost_models.c */
void pln_models_free(pln_models *m, int32_t n_instruments);
/* Before the first instant: room for what depends on the number of portfolios. */
int32_t pln_models_start(pln_exec *x);
/* The value of a series at a time (the last entry at or before it); NaN before the first, or without a
 * series. */
double pln_model_series_at(const pln_model_series *s, int64_t time_ns);

/* costs.c */
/* The price of a fill of an order that trades `quantity` units in this bar: hit->price with what slippage and
 * spread add or take. `entry`: it opens. `parts` (may be NULL) gets what makes the difference. */
double pln_cost_fill_price(pln_exec *x, const pln_pending *p, double quantity, const pln_hit *hit, bool entry,
                           pln_cost_parts *parts);
/* The same by the short forms alone. `worsens`: a market or stop fill. */
double pln_cost_price(const pln_exec *x, int32_t k, int32_t side, double price, bool worsens, bool entry);
/* What this part of an order is charged: the per-order part and the minimum count once for all of its fills.
 */
double pln_cost_charge(pln_exec *x, pln_pending *p, double quantity, double notional, const pln_hit *hit);
/* The largest count of lots whose cost, at `price` before concessions, is within `budget`; fees as of an
 * order that has filled what `p` has (NULL: nothing yet; with `p` the budget is margin where instruments have
 * margins of their own). What is sold short counts at its price without market impact. `before`:
 * units that the order has traded in this bar already. */
double pln_cost_affordable(const pln_exec *x, int32_t portfolio, int32_t k, int32_t side, double budget,
                           double price, const pln_pending *p, double before);
/* backtesting.py's reading (pln_sizing_compat), which knows the short forms only. */
double pln_cost_compat(const pln_exec *x, int32_t portfolio, int32_t k, int32_t side, double budget,
                       double fraction, double price);
/* Whether models of slippage or commission are configured. */
bool pln_cost_is_modelled(const pln_exec *x);

/* financing.c */
void pln_financing_start(pln_exec *x);
/* Accrues what is due at or before a time; at the closes of the bars of this instant, or else at the last
 * prices. */
void pln_financing_accrue(pln_exec *x, int64_t until_ns, bool at_close);
/* Why an instrument cannot be sold short at a time: NO_BORROW, or 0. */
int32_t pln_financing_refusal(const pln_exec *x, int32_t k, int64_t time_ns);
/* Whether a model of financing is for an instrument: its own one comes before that for all. */
bool pln_model_is_for(const pln_exec *x, const pln_model *m, int32_t k);

/* ask.c */
typedef struct pln_asks {
  pln_cost_request request;
  pln_answer *exits; /* [portfolio * n_markets + instrument] */
  int64_t item;      /* the question that comes next */
  int32_t is_on;
  int32_t is_open; /* a question waits for its answer */
  int32_t is_ending;
  /* The instant whose bars wait to be met. */
  int32_t any, touched;
  int64_t newest_ns;
} pln_asks;
int32_t pln_asks_start(pln_exec *x);
/* A new instant: the bars of it are known. */
void pln_asks_begin(pln_exec *x);
/* Puts the next question; false when there is none. */
bool pln_asks_next(pln_exec *x);
bool pln_asks_next_at_end(pln_exec *x);
/* The answer for an order in a bar, or that for protective levels; NULL without one. */
const pln_answer *pln_asks_answer(const pln_exec *x, const pln_pending *p, int64_t bar);
/* Lots that an order may fill in a bar. */
double pln_asks_room(const pln_exec *x, const pln_pending *p, int64_t bar);

/* quality.c */
void pln_quality_fill(pln_exec *x, pln_pending *p, const pln_fill *fill, const pln_cost_parts *parts,
                      double exchange);
/* `quantity` units of an order will never fill; the price is now `price`. */
void pln_quality_missed(pln_exec *x, const pln_pending *p, double quantity, double price);
