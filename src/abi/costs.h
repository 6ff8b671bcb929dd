#pragma once
#include "abi/data.h"
/* What trading costs. */

typedef struct pln_commission {
  double pct;                /* percent of the notional, each way */
  double per_share;          /* currency for each unit, each way */
  double per_order;          /* currency for each order that fills */
  double minimum;            /* of pct + per_share together, for each order, 0 = none */
} pln_commission;
