#include "core/error.h"
#include "exec/exec.h"
#include <assert.h>
#include <stddef.h>

#define DAY_NS 86400000000000

int32_t pln_algo_check(const pln_order_request *r) {
  const bool timed = r->algo == PLN_ALGO_TWAP || r->algo == PLN_ALGO_VWAP;
  if (r->type != PLN_ORDER_LIMIT && (r->type != PLN_ORDER_MARKET || r->algo == PLN_ALGO_ICEBERG))
    return pln_fail(PLN_ERR_ARGUMENT, "an algorithm cuts market or limit orders, an iceberg limit orders");
  if (r->tif != PLN_TIF_GTC && r->tif != PLN_TIF_DAY && r->tif != PLN_TIF_GTD)
    return pln_fail(PLN_ERR_ARGUMENT, "the time in force of an algorithm is GTC, DAY or GTD");
  if (r->parent > 0) return pln_fail(PLN_ERR_ARGUMENT, "an algorithm is no child of another order");
  if (timed && r->duration_ns <= 0)
    return pln_fail(PLN_ERR_ARGUMENT, "a duration of %lld ns, expected more than 0",
                    (long long)r->duration_ns);
  if (timed && (r->slices < 0 || r->slices > 10000))
    return pln_fail(PLN_ERR_ARGUMENT, "%d slices, expected 1 to 10000", r->slices);
  if (r->algo == PLN_ALGO_POV && !(r->participation_pct > 0 && r->participation_pct <= 100))
    return pln_fail(PLN_ERR_ARGUMENT, "a participation of %g percent, expected more than 0, at most 100",
                    r->participation_pct);
  if (r->algo == PLN_ALGO_ICEBERG && !(isfinite(r->visible) && r->visible > 0))
    return pln_fail(PLN_ERR_ARGUMENT, "a visible quantity of %g, expected more than 0", r->visible);
  return PLN_OK;
}

void pln_algo_put(pln_exec *x, pln_pending *p, const pln_order_request *r) {
  const pln_step *lot = &x->portfolios[p->order.portfolio]->holdings[p->order.instrument].lot;
  p->order.algo = r->algo;
  p->is_held = 1;
  p->day = INT64_MIN;
  p->algo = (pln_algo){.duration_ns = r->duration_ns,
                       .share = r->participation_pct / 100.0,
                       .total = p->count,
                       .slices = r->slices > 0 ? r->slices : 10};
  if (r->algo == PLN_ALGO_ICEBERG) {
    const double visible =
        r->visible / lot->step < PLN_STEP_MAX_COUNT ? pln_step_floor(lot, r->visible) : p->count;
    p->algo.visible = visible < p->count ? visible : p->count;
    if (visible == 0) p->order.refusal = PLN_REFUSAL_ZERO_QUANTITY;
  }
  x->extras |= PLN_EXTRA_ALGOS;
}

void pln_algo_filled(pln_exec *x, const pln_pending *child, double quantity, double price, double fee) {
  pln_pending *p = pln_orders_find(x, child->order.parent);
  if (!p || !p->order.algo) return;
  pln_order *o = &p->order;
  const pln_step *lot = &x->portfolios[o->portfolio]->holdings[o->instrument].lot;
  const double count = rint(quantity / lot->step);
  o->average_fill_price =
      o->filled > 0 ? (o->filled * o->average_fill_price + quantity * price) / (o->filled + quantity) : price;
  p->count -= count;
  assert(p->count >= 0);
  o->filled = pln_step_value(lot, p->algo.total - p->count);
  o->fees += fee;
  pln_orders_move(x, p, p->count == 0 ? PLN_STATUS_FILLED : PLN_STATUS_PARTIALLY_FILLED, PLN_REFUSAL_NONE);
  pln_links_group(x, p, count);
}

void pln_algo_ended(pln_exec *x, const pln_pending *child) {
  if (child->order.status != PLN_STATUS_REJECTED) return;
  pln_pending *p = pln_orders_find(x, child->order.parent);
  if (p && p->order.algo) p->algo.refusal = child->order.refusal;
}

static int64_t first_at(const pln_bars *bars, int64_t t) {
  int64_t low = 0, high = bars->n_bars;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (bars->ts_ns[middle] < t)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* The volume that bars had which opened in [from, until), all of them over by `known_ns`. */
static double volume_of(const pln_market *m, int64_t from, int64_t until, int64_t known_ns) {
  double sum = 0;
  for (int64_t i = first_at(m->bars, from); i < m->bars->n_bars && m->ts_ns[i] < until; i++) {
    if (pln_market_visible(m, i) > known_ns) break;
    if (m->bars->volume[i] > 0) sum += m->bars->volume[i];
  }
  return sum;
}

/* The share of the order that is to be placed by the end of slot `slot`: by the clock, or by the volume that
 * the last 20 days with trading had at these times of day, of those over when the order was made. */
static double schedule(pln_market *m, const pln_pending *p, int32_t slot) {
  enum { SESSIONS = 20, MOST_DAYS = 40 };
  const double even = (double)slot / p->algo.slices;
  const int64_t start = p->order.created_ns, duration = p->algo.duration_ns;
  if (p->order.algo == PLN_ALGO_TWAP || !m->bars->volume || slot == p->algo.slices) return even;
  const pln_timezone *zone = pln_session_zone(m);
  const int64_t local = zone ? pln_timezone_to_local(zone, start) : start;
  double before = 0, all = 0;
  int32_t sessions = 0;
  for (int64_t d = duration / DAY_NS + 1, n = 0; n < MOST_DAYS && sessions < SESSIONS; d++, n++) {
    const int64_t then = zone ? pln_timezone_to_utc(zone, local - d * DAY_NS, 0, NULL) : start - d * DAY_NS;
    const double whole = volume_of(m, then, then + duration, start);
    if (whole == 0) continue;
    sessions++;
    all += whole;
    before += volume_of(m, then, then + (int64_t)((double)duration * even), start);
  }
  return all > 0 ? before / all : even;
}

/* Lots of an algorithm's children that still work. */
static double working(const pln_exec *x, int64_t id) {
  double count = 0;
  for (int64_t i = 0; i < x->n_pending; i++)
    if (x->pending[i].order.parent == id && !pln_order_is_final(&x->pending[i].order))
      count += x->pending[i].count;
  return count;
}

/* Queues a child; the array may move. */
static void cut(pln_exec *x, int64_t parent, double count) {
  pln_pending *p = &x->pending[parent];
  const pln_order *o = &p->order;
  if (!(count > 0)) return;
  if (o->status == PLN_STATUS_PENDING) pln_orders_move(x, p, PLN_STATUS_ACCEPTED, PLN_REFUSAL_NONE);
  p->order.n_children++;
  const pln_pending child = {
      .order = {.quantity = pln_step_value(&x->portfolios[o->portfolio]->holdings[o->instrument].lot, count),
                .limit_price = o->limit_price,
                .portfolio = o->portfolio,
                .source = o->source,
                .instrument = o->instrument,
                .side = o->side,
                .type = o->type,
                .reason = o->reason,
                .tag = o->tag,
                .parent = o->id,
                .reduce_only = o->reduce_only},
      .count = count,
      .stop_loss = p->stop_loss,
      .take_profit = p->take_profit,
      .owner = -1};
  pln_orders_queue(x, &child);
}

/* Lots that a slice adds now. Sets *over where nothing will be added any more. */
static double slice(pln_exec *x, pln_market *m, pln_pending *p, bool *over) {
  pln_algo *a = &p->algo;
  const int64_t passed = x->view.now_ns - p->order.created_ns;
  const double placed = a->total - p->count + working(x, p->order.id);
  double slot = floor((double)passed / (double)a->duration_ns * a->slices) + 1;
  if (slot > a->slices) slot = a->slices;
  *over = a->made == a->slices && passed >= a->duration_ns;
  if ((int32_t)slot == a->made) return 0;
  a->made = (int32_t)slot;
  const double due = a->made == a->slices ? a->total : floor(a->total * schedule(m, p, a->made) + 1e-9);
  return due > placed ? due - placed : 0;
}

static bool is_expired(pln_exec *x, pln_market *m, pln_pending *p) {
  const pln_order *o = &p->order;
  if (o->tif == PLN_TIF_GTD) return x->view.now_ns >= o->expires_ns;
  if (o->tif != PLN_TIF_DAY || !m->is_visible || m->ts_ns[m->next - 1] < o->created_ns) return false;
  const int64_t day = pln_session_day(m, m->ts_ns[m->next - 1]);
  if (p->day == INT64_MIN) p->day = day;
  return day > p->day || pln_session_closes(m, m->next - 1);
}

static void step(pln_exec *x, int64_t i) {
  pln_pending *p = &x->pending[i];
  pln_market *m = &x->markets[p->order.instrument];
  const int64_t id = p->order.id;
  const pln_step *lot = &x->portfolios[p->order.portfolio]->holdings[p->order.instrument].lot;
  if (p->algo.refusal) {
    pln_orders_end(x, p, p->order.filled > 0 ? PLN_STATUS_CANCELED : PLN_STATUS_REJECTED, p->algo.refusal);
    return;
  }
  if (is_expired(x, m, p)) {
    pln_orders_end(x, p, PLN_STATUS_EXPIRED, PLN_REFUSAL_EXPIRED);
    return;
  }
  const double left = p->count - working(x, id);
  double count = 0;
  bool over = false;
  if (p->order.algo == PLN_ALGO_ICEBERG) {
    count = left == p->count ? p->algo.visible < left ? p->algo.visible : left : 0;
  } else if (p->order.algo == PLN_ALGO_POV) {
    const int64_t bar = m->next - 1;
    if (!m->is_visible || m->ts_ns[bar] < p->order.created_ns || !m->bars->volume) return;
    const double share = m->bars->volume[bar] * p->algo.share;
    if (!(share > 0)) return;
    count = share / lot->step < left ? pln_step_floor(lot, share) : left;
  } else {
    count = slice(x, m, p, &over);
    if (over && (p->order.type == PLN_ORDER_LIMIT || left == p->count)) {
      pln_orders_end(x, p, PLN_STATUS_EXPIRED, PLN_REFUSAL_EXPIRED);
      return;
    }
  }
  cut(x, i, count < left ? count : left);
}

void pln_algo_step(pln_exec *x) {
  const int64_t n = x->n_pending;
  for (int64_t i = 0; i < n && !x->status; i++)
    if (x->pending[i].order.algo && !pln_order_is_final(&x->pending[i].order)) step(x, i);
  pln_orders_sweep(x);
}
