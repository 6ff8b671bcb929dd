#pragma once
#include "exec_util.h"

/* Orders on a rig, and what became of them. */

static const int64_t MINUTE = RIG_STEP_NS, DAY = 86400000000000;

static inline rig *make(double (*rows)[4], int64_t n, const pln_exec_config *config) {
  pln_portfolio_config p = rig_portfolio();
  rig *r = rig_new(rows, n, config ? config : &(pln_exec_config){0}, &p);
  for (int64_t i = 0; i < n; i++) ((double *)r->bars[0].volume)[i] = 100;
  assert_int_equal(pln_exec_add_caller(r->exec, 0, &r->bars[0]), 0);
  return r;
}

static inline int64_t put(rig *r, pln_order_request q) {
  if (q.size == 0 && q.size_type == PLN_ORDER_SIZE_QUANTITY) q.size = 10;
  return pln_exec_submit(r->exec, 0, &q);
}
#define BUY(...) ((pln_order_request){.side = PLN_SIDE_BUY, __VA_ARGS__})
#define SELL(...) ((pln_order_request){.side = PLN_SIDE_SELL, __VA_ARGS__})

static inline const pln_fill *fill(const rig *r, int64_t i) {
  const pln_fill *fills;
  assert_true(i < pln_exec_fills(r->exec, &fills));
  return &fills[i];
}
static inline int64_t n_fills(const rig *r) {
  const pln_fill *fills;
  return pln_exec_fills(r->exec, &fills);
}
/* The final order with this id. */
static inline const pln_order *ended(const rig *r, int64_t id) {
  const pln_order *orders;
  const int64_t n = pln_exec_orders(r->exec, &orders);
  for (int64_t i = 0; i < n; i++)
    if (orders[i].id == id) return &orders[i];
  fail_msg("order %lld has not ended", (long long)id);
  return NULL;
}
static inline const pln_order *pending(const rig *r, int64_t id) {
  const pln_order *orders;
  const int64_t n = pln_exec_pending(r->exec, 0, &orders);
  for (int64_t i = 0; i < n; i++)
    if (orders[i].id == id) return &orders[i];
  return NULL;
}
static inline void is_fill(const rig *r, int64_t i, int64_t bar, double quantity, double price) {
  const pln_fill *f = fill(r, i);
  assert_int_equal(f->bar, bar);
  NEAR(f->quantity, quantity);
  NEAR(f->price, price);
}
static inline void is_end(const rig *r, int64_t id, int32_t status, int32_t refusal) {
  assert_int_equal(ended(r, id)->status, status);
  assert_int_equal(ended(r, id)->refusal, refusal);
}

static const pln_order_change SAME = {NAN, NAN, NAN, NAN, 0, -1, 0};
