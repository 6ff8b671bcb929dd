#include "feature/hub.h"
#include "core/error.h"

#include <stdlib.h>

/* More than so many calls are several families, which threads can share among them. The state, and with it a
 * snapshot, must not depend on the number of threads: so they are several without threads too. */
enum { ALIGNMENT = 64, MAX_FAMILY = 48 };

typedef struct plan {
  pln_hub *hub;
  int32_t *unit_of;  /* of each node; -1: none */
  int32_t *families; /* open addressing by kinship: the family that is being filled; -1: free */
  uint64_t mask;
} plan;

static int64_t aligned(int64_t size) { return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT; }

/* Zeroed memory, or NULL. */
static void *make(int64_t n, size_t size) {
  const size_t bytes = (size_t)aligned(n * (int64_t)size + 1);
  void *made = aligned_alloc(ALIGNMENT, bytes);
  if (made) return memset(made, 0, bytes);
  pln_fail(PLN_ERR_MEMORY, "feature hub: no memory for %zu bytes", bytes);
  return NULL;
}

static int32_t kind_of(const pln_expr_node *expr) {
  if (expr->kind == PLN_EXPR_JOIN) return PLN_HUB_JOIN;
  if (expr->kind == PLN_EXPR_COLUMN) return PLN_HUB_CLOCK;
  if (!expr->desc->step) return PLN_HUB_FOREIGN;
  const pln_ind_desc *desc = expr->desc;
  const int joins = desc->family && !expr->valid && (!desc->joins || desc->joins(expr->params));
  return joins ? PLN_HUB_FAMILY : PLN_HUB_CALL;
}

/* Whether two calls may be of one family: all but the parameters is the same. */
static int is_kin(const pln_expr_node *a, const pln_expr_node *b) {
  return a->desc == b->desc && a->stream == b->stream && a->n_args == b->n_args &&
         memcmp(a->args, b->args, sizeof a->args) == 0;
}

static int32_t new_unit(plan *p, int32_t node, int32_t kind) {
  p->hub->units[p->hub->n_units] =
      (pln_hub_unit){.kind = kind, .stream = p->hub->nodes[node].expr.stream, .first_node = node};
  return p->hub->n_units++;
}

/* The unit of a call that has kin, which may be a new one. Meanwhile first_node is a node, not yet a member.
 */
static int32_t family_of(plan *p, int32_t node) {
  const pln_expr_node *expr = &p->hub->nodes[node].expr;
  const uint64_t seed = pln_hash64(&expr->desc, sizeof expr->desc, (uint64_t)expr->stream);
  uint64_t slot = pln_hash64(expr->args, sizeof expr->args, seed);
  for (;; slot++) {
    int32_t *at = &p->families[slot & p->mask];
    if (*at >= 0 && !is_kin(&p->hub->nodes[p->hub->units[*at].first_node].expr, expr)) continue;
    if (*at < 0 || p->hub->units[*at].n_nodes == MAX_FAMILY) *at = new_unit(p, node, PLN_HUB_FAMILY);
    return *at;
  }
}

static void make_units(plan *p) {
  pln_hub *hub = p->hub;
  for (int32_t i = 0; i < hub->n_nodes; i++) {
    const pln_hub_node *n = &hub->nodes[i];
    p->unit_of[i] = -1;
    if (n->expr.kind == PLN_EXPR_COLUMN && !pln_hub_is_clock(&n->expr))
      hub->column_nodes[hub->n_column_nodes++] = i;
    if (!pln_hub_has_buffer(&n->expr) || n->expr.kind == PLN_EXPR_CONSTANT) continue;
    const int32_t kind = kind_of(&n->expr);
    const int32_t u = p->unit_of[i] = kind == PLN_HUB_FAMILY ? family_of(p, i) : new_unit(p, i, kind);
    pln_hub_unit *unit = &hub->units[u];
    unit->n_nodes++;
    unit->n_columns += n->n_outputs;
    if (n->lookback > unit->max_lookback) unit->max_lookback = n->lookback;
    for (int32_t k = 0; k < n->expr.n_args; k++) {
      const int32_t input = p->unit_of[hub->series_node[n->expr.args[k].node]];
      if (input >= 0 && hub->units[input].level >= unit->level) unit->level = hub->units[input].level + 1;
    }
  }
}

/* What each row needs, at hand. */
static void set_kernel(pln_hub_unit *unit, const pln_hub_node *n) {
  const pln_expr_node *expr = &n->expr;
  unit->may_gap = n->may_gap;
  unit->n_args = expr->n_args;
  for (int32_t i = 0; i < expr->n_args; i++) unit->args[i] = expr->args[i].node;
  unit->valid_at = expr->valid ? expr->desc->n_outputs : -1;
  if (unit->kind == PLN_HUB_CALL) unit->step = expr->desc->step;
  if (unit->kind == PLN_HUB_FAMILY) unit->step = expr->desc->family->step;
}

/* Members next to each other, in the order of making. */
static void place_members(plan *p) {
  pln_hub *hub = p->hub;
  for (int32_t u = 0; u < hub->n_units; u++) {
    pln_hub_unit *unit = &hub->units[u];
    if (unit->kind == PLN_HUB_FAMILY && unit->n_nodes == 1) unit->kind = PLN_HUB_CALL;
    set_kernel(unit, &hub->nodes[unit->first_node]);
    unit->first_node = hub->n_members;
    unit->first_column = hub->n_columns;
    hub->n_members += unit->n_nodes;
    hub->n_columns += unit->n_columns;
    unit->n_nodes = 0;
  }
  for (int32_t i = 0; i < hub->n_nodes; i++) {
    if (p->unit_of[i] < 0) continue;
    pln_hub_unit *unit = &hub->units[p->unit_of[i]];
    hub->members[unit->first_node + unit->n_nodes++] = i;
  }
}

static void family_params(const pln_hub *hub, const pln_hub_unit *unit, const double *params[MAX_FAMILY]) {
  for (int32_t k = 0; k < unit->n_nodes; k++) params[k] = pln_hub_unit_node(hub, unit, k)->expr.params;
}

static int64_t kernel_size(const pln_hub *hub, const pln_hub_unit *unit) {
  const double *params[MAX_FAMILY];
  const pln_hub_node *n = pln_hub_unit_node(hub, unit, 0);
  if (unit->kind != PLN_HUB_FAMILY) return n->state_size;
  family_params(hub, unit, params);
  return n->expr.desc->family->size(params, unit->n_nodes);
}

static int place_state(pln_hub *hub) {
  int64_t largest = 0;
  for (int32_t u = 0; u < hub->n_units; u++) {
    pln_hub_unit *unit = &hub->units[u];
    unit->state_offset = hub->state_size;
    unit->state_size = aligned((int64_t)sizeof(pln_hub_state) + kernel_size(hub, unit));
    hub->state_size += unit->state_size;
    if (unit->state_size > largest) largest = unit->state_size;
  }
  hub->state = make(hub->state_size, 1);
  hub->peek.state = make(largest, 1);
  hub->peek.values = make(hub->n_series, sizeof *hub->peek.values);
  hub->peek.step_values = make(hub->n_columns + PLN_IND_MAX_OUTPUTS, sizeof *hub->peek.step_values);
  if (!hub->state || !hub->peek.state || !hub->peek.values || !hub->peek.step_values) return 0;
  for (int32_t u = 0; u < hub->n_units; u++) {
    const pln_hub_unit *unit = &hub->units[u];
    const pln_expr_node *expr = &pln_hub_unit_node(hub, unit, 0)->expr;
    pln_hub_state *state = pln_hub_state_of(hub, unit);
    const double *params[MAX_FAMILY];
    family_params(hub, unit, params);
    state->carried = (double)NAN;
    if (unit->kind == PLN_HUB_FAMILY)
      expr->desc->family->init(state + 1, params, unit->n_nodes);
    else if (unit->kind == PLN_HUB_CALL && expr->desc->init && kernel_size(hub, unit) > 0)
      expr->desc->init(state + 1, expr->params);
  }
  return 1;
}

static int place_buffers(pln_hub *hub) {
  int64_t n_buffers = hub->n_columns, used = 0;
  for (int32_t i = 0; i < hub->n_nodes; i++) n_buffers += hub->nodes[i].expr.kind == PLN_EXPR_CONSTANT;
  const int64_t stride = aligned(hub->chunk_rows * (int64_t)sizeof(double)) / (int64_t)sizeof(double);
  hub->buffers = make(n_buffers * stride, sizeof *hub->buffers);
  if (!hub->buffers) return 0;
  for (int32_t i = 0; i < hub->n_members; i++) {
    const pln_hub_node *n = &hub->nodes[hub->members[i]];
    for (int32_t k = 0; k < n->n_outputs; k++, used++) {
      pln_hub_series *s = &hub->series[n->first_series + k];
      s->values = s->buffer = hub->columns[used] = hub->buffers + used * stride;
    }
  }
  for (int32_t i = 0; i < hub->n_nodes; i++) {
    const pln_hub_node *n = &hub->nodes[i];
    if (n->expr.kind != PLN_EXPR_CONSTANT) continue;
    pln_hub_series *s = &hub->series[n->first_series];
    s->values = s->buffer = hub->buffers + used++ * stride;
    for (int32_t row = 0; row < hub->chunk_rows; row++) s->buffer[row] = n->expr.value;
    hub->peek.values[n->first_series] = n->expr.value;
  }
  return 1;
}

/* Units by the order in which they were made or, for threads, by level, foreign ones last. */
static int make_order(pln_hub *hub) {
  int32_t n = 0, n_levels = 1;
  for (int32_t u = 0; u < hub->n_units; u++)
    if (hub->units[u].level >= n_levels) n_levels = hub->units[u].level + 1;
  if (hub->n_threads == 1) {
    for (int32_t u = 0; u < hub->n_units; u++) hub->order[u] = u;
    return 1;
  }
  int32_t *starts = make(2 * (int64_t)n_levels, sizeof *starts);
  if (!starts) return 0;
  for (int32_t u = 0; u < hub->n_units; u++)
    starts[2 * hub->units[u].level + (hub->units[u].kind == PLN_HUB_FOREIGN)]++;
  for (int32_t k = 0; k < 2 * n_levels; k++) {
    const int32_t count = starts[k];
    starts[k] = n;
    n += count;
  }
  for (int32_t u = 0; u < hub->n_units; u++)
    hub->order[starts[2 * hub->units[u].level + (hub->units[u].kind == PLN_HUB_FOREIGN)]++] = u;
  free(starts);
  return 1;
}

static void make_batches(pln_hub *hub) {
  int32_t level = -1;
  for (int32_t i = 0; i < hub->n_units; i++) {
    const pln_hub_unit *unit = &hub->units[hub->order[i]];
    const int is_foreign = unit->kind == PLN_HUB_FOREIGN;
    pln_hub_batch *last = &hub->batches[hub->n_batches - (hub->n_batches > 0)];
    if (hub->n_batches == 0 || is_foreign || last->is_foreign ||
        (hub->n_threads > 1 && unit->level != level)) {
      last = &hub->batches[hub->n_batches++];
      *last = (pln_hub_batch){.first = i, .is_foreign = is_foreign};
    }
    last->n++;
    last->n_columns += unit->n_columns;
    level = unit->level;
  }
}

int32_t pln_hub_plan(pln_hub *hub) {
  int64_t table_size = 64;
  while (table_size < 2 * (int64_t)hub->n_nodes) table_size *= 2;
  plan p = {.hub = hub, .mask = (uint64_t)table_size - 1};
  p.unit_of = make(hub->n_nodes, sizeof *p.unit_of);
  p.families = make(table_size, sizeof *p.families);
  hub->units = make(hub->n_nodes, sizeof *hub->units);
  hub->order = make(hub->n_nodes, sizeof *hub->order);
  hub->batches = make(hub->n_nodes, sizeof *hub->batches);
  hub->members = make(hub->n_nodes, sizeof *hub->members);
  hub->column_nodes = make(hub->n_nodes, sizeof *hub->column_nodes);
  hub->columns = make(hub->n_series, sizeof *hub->columns);
  hub->at = make(hub->n_series, sizeof *hub->at);
  int ok = p.unit_of && p.families && hub->units && hub->order && hub->batches && hub->members &&
           hub->column_nodes && hub->columns && hub->at;
  if (ok) {
    memset(p.families, 0xff, (size_t)table_size * sizeof *p.families);
    make_units(&p);
    place_members(&p);
    ok = place_state(hub) && place_buffers(hub) && make_order(hub);
    if (ok) make_batches(hub);
  }
  free(p.unit_of);
  free(p.families);
  return ok ? PLN_OK : PLN_ERR_MEMORY;
}
