#pragma once
#include "abi/data.h"
/* What trading costs: short forms, the models that can be chosen by name (src/exec/model_<name>.c), what was paid. */

typedef struct pln_commission {
  double pct;                /* percent of the notional, each way */
  double per_share;          /* currency for each unit, each way */
  double per_order;          /* currency for each order that fills */
  double minimum;            /* of pct + per_share together, for each order, 0 = none */
} pln_commission;

typedef enum pln_model_kind {
  PLN_MODEL_SLIPPAGE = 0,    /* moves the price of a fill */
  PLN_MODEL_COMMISSION = 1,  /* is charged for fills */
  PLN_MODEL_LATENCY = 2,     /* delays orders */
  PLN_MODEL_FINANCING = 3    /* is paid or earned for what is held, by calendar time */
} pln_model_kind;

/* What is known of a model; static, valid for ever. */
typedef struct pln_model_param {
  const char *name;
  const char *unit;          /* "basis points"; "" for words */
  const char *help;
  double default_value;      /* of a list: of its only item */
  double min_value;
  double max_value;
  const char *words;         /* names of the values 0, 1, …, space separated; NULL: a number */
  int32_t is_list;           /* 1: one or more numbers */
  int32_t is_integer;
} pln_model_param;

/* A feature that a model reads. `{name}` in the expression stands for the value of a parameter. */
typedef struct pln_model_gauge {
  const char *expression;    /* "sma(volume, {period})" */
  const char *timeframe;     /* on whose bars it is computed ("1d"; of coarser data, on the data's own); "" = on those
                                that the strategies see */
  const char *when;          /* parameter that has to have the value `equals` for the gauge to be read; NULL: always */
  double equals;
} pln_model_gauge;

typedef struct pln_model_info {
  const char *name;
  const char *help;          /* one line */
  const char *formula;       /* plain text, with its source */
  const pln_model_param *params;
  const pln_model_gauge *gauges;
  const char *series;        /* what a CSV file by time may give instead of a constant ("rate_pct"); NULL: nothing */
  int32_t n_params;
  int32_t n_gauges;
  int32_t kind;              /* pln_model_kind */
  int32_t reserved;
} pln_model_info;

const char *pln_cost_model_kind_name(int32_t kind);       /* "slippage"; static */
int32_t pln_cost_model_count(void);
const pln_model_info *pln_cost_model_get(int32_t index);  /* sorted by name; NULL out of range */
int32_t pln_cost_model_find(const char *name);            /* index, or PLN_ERR_NOT_FOUND */

/* A model with its parameters, for pln_exec_add_model. Everything is copied. */
typedef struct pln_model_setting {
  const double *const *values; /* of each parameter */
  const int32_t *counts;       /* how many numbers each has (1 but for lists); 0: its default */
  const int32_t *gauges;       /* numbers of pln_exec_add_gauge for each of info.gauges; -1 = none. NULL where it has none */
  int32_t model;               /* of pln_cost_model_find */
  int32_t instrument;          /* what it is for; -1 = all */
  int32_t replaces;            /* commission of one instrument: 1 = nothing else is charged for it */
  int32_t reserved;
} pln_model_setting;

/* Whether a setting's values are allowed, and go together: 0 or PLN_ERR_ARGUMENT. Instrument and gauges are not
 * looked at. */
int32_t pln_cost_model_check(const pln_model_setting *setting);

/* What trading cost, so far, in the account's currency, by kind; and how well orders were executed.
 *
 * account.fees = commission + exchange_fees, which the trades contain. Borrow and funding are part of account.income and
 * of the P&L of the trades that they were paid for. Interest is the account's (account.interest = interest -
 * margin_interest) and in no trade. Slippage, spread, impact and price improvement are in the fills' prices. */
typedef struct pln_execution_quality {
  double commission;         /* what conversion between currencies costs included */
  double exchange_fees;
  double borrow;             /* paid for short positions, >= 0 */
  double margin_interest;    /* paid for borrowed cash, >= 0 */
  double funding;            /* paid less received, of perpetual contracts */
  double interest;           /* earned on cash, >= 0 */
  double spread;             /* paid: half of it, each way */
  double slippage;           /* paid: fixed and by volatility, and what rounding to the tick adds */
  double impact;             /* paid: by volume share, square root and models in Lua */
  double price_improvement;  /* received */
  double notional;           /* of all fills */
  double arrival_cost;       /* sum over fills of side x (price - arrival) x quantity: against the last price that was
                                known when the order was made (of protective exits: their level) */
  double vwap_cost;          /* … against the mean of the typical prices (high + low + close) / 3, weighted by volume, of
                                the bars from the first that the order could fill in to that of the fill (without
                                volume: unweighted) */
  double opportunity_cost;   /* of what expired, or was canceled or refused at the fill: side x (last price - arrival) x
                                quantity */
  int64_t n_unpriced;        /* times that a model's gauge was not warm or its data missing, so that it cost nothing */
} pln_execution_quality;
