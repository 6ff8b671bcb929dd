#include "feature/hub.h"
#include "core/error.h"

#include <assert.h>
#include <stdlib.h>

enum { MAX_NODES = 1 << 20 };

static uint64_t node_hash(const pln_expr_node *expr) { return pln_hash64(expr, sizeof *expr, 0); }

static int rehash(pln_hub *hub) {
  if ((hub->n_nodes + 1) * 2 <= hub->table_size) return 1;
  const int32_t size = hub->table_size ? hub->table_size * 2 : 64;
  int32_t *table = malloc((size_t)size * sizeof *table);
  if (!table) return pln_fail(PLN_ERR_MEMORY, "feature hub: out of memory"), 0;
  for (int32_t i = 0; i < size; i++) table[i] = -1;
  for (int32_t i = 0; i < hub->n_nodes; i++) {
    uint64_t slot = node_hash(&hub->nodes[i].expr);
    while (table[slot & (uint64_t)(size - 1)] >= 0) slot++;
    table[slot & (uint64_t)(size - 1)] = i;
  }
  free(hub->table);
  hub->table = table;
  hub->table_size = size;
  return 1;
}

static int32_t add_series(pln_hub *hub, int32_t of_node) {
  if (!PLN_HUB_GROW(hub, series, cap_series, hub->n_series + 1) ||
      !PLN_HUB_GROW(hub, series_node, cap_series_node, hub->n_series + 1))
    return PLN_ERR_MEMORY;
  hub->series[hub->n_series] = (pln_hub_series){0};
  hub->series_node[hub->n_series] = of_node;
  return hub->n_series++;
}

const pln_hub_node *pln_hub_node_of(const pln_hub *hub, int32_t series) {
  assert(series >= 0 && series < hub->n_series && hub->series_node);
  return &hub->nodes[hub->series_node[series]];
}

static void settle(const pln_hub *hub, pln_hub_node *n) {
  n->warmup = 0;
  for (int32_t i = 0; i < n->expr.n_args && n->expr.kind == PLN_EXPR_CALL; i++) {
    const pln_hub_node *input = pln_hub_node_of(hub, n->expr.args[i].node);
    if (input->warmup > n->warmup) n->warmup = input->warmup;
  }
  n->warmup += n->lookback;
}

void pln_hub_settle(pln_hub *hub, int32_t first) {
  for (int32_t i = first; i < hub->n_nodes; i++) settle(hub, &hub->nodes[i]);
}

static void complete_node(const pln_hub *hub, pln_hub_node *n) {
  const pln_expr_node *expr = &n->expr;
  const int is_call = expr->kind == PLN_EXPR_CALL, is_foreign = is_call && !expr->desc->step;
  n->call = -1;
  n->n_outputs = is_call && !expr->valid ? expr->desc->n_outputs : 1;
  if (is_foreign && expr->desc->info.has_valid) n->n_outputs++;
  n->may_gap = expr->kind == PLN_EXPR_COLUMN && expr->column >= PLN_EXPR_COLUMNS && !pln_hub_is_clock(expr);
  for (int32_t i = 0; i < expr->n_args; i++) {
    const pln_hub_node *input = pln_hub_node_of(hub, expr->args[i].node);
    if (input->may_gap) n->may_gap = 1;
    if (expr->kind == PLN_EXPR_JOIN) n->source = input->expr.stream;
  }
  if (is_call && expr->desc->lookback) n->lookback = expr->desc->lookback(expr->params);
  if (is_call && expr->desc->size) n->state_size = expr->desc->size(expr->params);
  settle(hub, n);
}

/* The node with this content, made if it is new; its inputs are series of the hub. */
static int32_t intern(pln_hub *hub, const pln_expr_node *expr) {
  if (!rehash(hub)) return PLN_ERR_MEMORY;
  uint64_t slot = node_hash(expr);
  for (;; slot++) {
    const int32_t i = hub->table[slot & (uint64_t)(hub->table_size - 1)];
    if (i < 0) break;
    if (memcmp(&hub->nodes[i].expr, expr, sizeof *expr) == 0) return i;
  }
  if (hub->n_nodes == MAX_NODES)
    return pln_fail(PLN_ERR_LIMIT, "feature hub: more than %d distinct subexpressions", (int)MAX_NODES);
  if (!PLN_HUB_GROW(hub, nodes, cap_nodes, hub->n_nodes + 1)) return PLN_ERR_MEMORY;
  pln_hub_node *n = &hub->nodes[hub->n_nodes];
  memset(n, 0, sizeof *n);
  n->expr = *expr;
  complete_node(hub, n);
  if (expr->kind == PLN_EXPR_CALL && !expr->desc->step &&
      (n->call = pln_hub_note_call(hub, hub->n_nodes)) < 0)
    return PLN_ERR_MEMORY;
  n->first_series = hub->n_series;
  for (int32_t i = 0; i < n->n_outputs; i++)
    if (add_series(hub, hub->n_nodes) < 0) return PLN_ERR_MEMORY;
  hub->table[slot & (uint64_t)(hub->table_size - 1)] = hub->n_nodes;
  return hub->n_nodes++;
}

/* The series of a parsed expression's root. */
static int32_t intern_tree(pln_hub *hub, const pln_expr *tree) {
  int32_t *made = malloc((size_t)tree->n_nodes * sizeof *made);
  if (!made) return pln_fail(PLN_ERR_MEMORY, "feature hub: out of memory");
  /* Numbers that became parameters are not of the graph: only what the root reaches is made. */
  for (int32_t i = 0; i < tree->n_nodes; i++) made[i] = -1;
  made[tree->root.node] = 0;
  for (int32_t i = tree->root.node; i >= 0; i--)
    for (int32_t k = 0; made[i] >= 0 && k < tree->nodes[i].n_args; k++) made[tree->nodes[i].args[k].node] = 0;
  int32_t status = 0;
  for (int32_t i = 0; i < tree->n_nodes && status >= 0; i++) {
    if (made[i] < 0) continue;
    /* A copy by fields into zeroed memory, so that contents compare as bytes. */
    const pln_expr_node *from = &tree->nodes[i];
    pln_expr_node expr;
    memset(&expr, 0, sizeof expr);
    expr.kind = from->kind;
    expr.stream = from->stream;
    expr.column = from->column;
    expr.n_args = from->n_args;
    expr.valid = from->valid;
    expr.desc = from->desc;
    expr.value = from->value;
    memcpy(expr.params, from->params, sizeof expr.params);
    for (int32_t k = 0; k < from->n_args; k++)
      expr.args[k].node = hub->nodes[made[from->args[k].node]].first_series + from->args[k].output;
    status = made[i] = intern(hub, &expr);
  }
  assert(status < 0 || hub->nodes);
  const int32_t result =
      status < 0 ? status : hub->nodes[made[tree->root.node]].first_series + tree->root.output;
  free(made);
  return result;
}

int32_t pln_hub_add_feature(pln_hub *hub, int32_t stream, const char *expression) {
  if (hub->sealed) return pln_fail(PLN_ERR_STATE, "feature hub: a feature cannot be added after seal");
  if (stream < 0 || stream >= hub->n_streams)
    return pln_fail(PLN_ERR_ARGUMENT, "feature hub: there is no stream %d", (int)stream);
  pln_expr_stream *scopes = malloc((size_t)hub->n_streams * sizeof *scopes);
  if (!scopes) return pln_fail(PLN_ERR_MEMORY, "feature hub: out of memory");
  for (int32_t i = 0; i < hub->n_streams; i++)
    scopes[i] = (pln_expr_stream){hub->streams[i].name, hub->streams[i].bars};
  const pln_expr_names names = {scopes, (const pln_ind_desc *const *)hub->definitions, hub->n_streams,
                                hub->n_definitions};
  pln_expr tree;
  const int32_t status = pln_expr_parse(expression, &names, stream, &tree);
  free(scopes);
  const int32_t root = status < 0 ? status : intern_tree(hub, &tree);
  pln_expr_free(&tree);
  if (root < 0) return root;
  for (int32_t i = 0; i < hub->n_features; i++)
    if (hub->features[i].series == root && hub->features[i].stream == stream) return i;
  if (!PLN_HUB_GROW(hub, features, cap_features, hub->n_features + 1)) return PLN_ERR_MEMORY;
  hub->features[hub->n_features] = (pln_hub_feature){root, stream};
  return hub->n_features++;
}
