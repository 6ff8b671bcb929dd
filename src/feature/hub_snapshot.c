#include "feature/hub.h"
#include "core/error.h"

/* A snapshot: this head, one place for each stream, the states of the units. */
typedef struct head {
  uint64_t magic;
  uint64_t graph;   /* fingerprint */
  uint64_t content; /* hash of what follows */
  int64_t size;     /* of all */
} head;

typedef struct place {
  int64_t rows;  /* that were computed */
  int64_t ts_ns; /* of the last of them; 0: there is none */
} place;

static const uint64_t MAGIC = 0x31304255484e4c50; /* "PLNHUB01" */

static uint64_t mix_text(const char *text, uint64_t seed) {
  return pln_hash64(text, (int64_t)strlen(text), seed);
}

static uint64_t mix_node(const pln_hub *hub, const pln_hub_node *n, uint64_t seed) {
  const pln_expr_node *expr = &n->expr;
  const int64_t facts[] = {expr->kind,  expr->stream,  expr->column, expr->n_args, expr->valid,
                           n->lookback, n->state_size, n->n_outputs, n->source};
  uint64_t hash = pln_hash64(facts, (int64_t)sizeof facts, seed);
  hash = pln_hash64(expr->args, (int64_t)sizeof expr->args, hash);
  hash = pln_hash64(expr->params, (int64_t)sizeof expr->params, hash);
  hash = pln_hash64(&expr->value, (int64_t)sizeof expr->value, hash);
  if (expr->desc) hash = mix_text(expr->desc->info.name, hash);
  const int is_extra =
      expr->kind == PLN_EXPR_COLUMN && expr->column >= PLN_EXPR_COLUMNS && !pln_hub_is_clock(expr);
  if (is_extra)
    hash = mix_text(hub->streams[expr->stream].bars->extra_names[expr->column - PLN_EXPR_COLUMNS], hash);
  return hash;
}

/* Equal for hubs whose states mean the same: the same version, streams, nodes and units. Where units come
 * after each other does not count, nor how long slices are. */
static uint64_t fingerprint(const pln_hub *hub) {
  uint64_t hash = mix_text(PLN_VERSION, 0);
  for (int32_t i = 0; i < hub->n_streams; i++) {
    hash = mix_text(hub->streams[i].name, hash);
    hash = mix_text(hub->streams[i].bars->timezone ? hub->streams[i].bars->timezone : "UTC", hash);
  }
  for (int32_t i = 0; i < hub->n_nodes; i++) hash = mix_node(hub, &hub->nodes[i], hash);
  for (int32_t i = 0; i < hub->n_units; i++) {
    const pln_hub_unit *unit = &hub->units[i];
    const int64_t facts[] = {unit->kind, unit->state_size, unit->state_offset, unit->n_nodes};
    hash = pln_hash64(facts, (int64_t)sizeof facts, hash);
    hash = pln_hash64(hub->members + unit->first_node, unit->n_nodes * (int64_t)sizeof *hub->members, hash);
  }
  return hash;
}

static int64_t size_of(const pln_hub *hub) {
  return (int64_t)sizeof(head) + hub->n_streams * (int64_t)sizeof(place) + hub->state_size;
}

int64_t pln_hub_snapshot_size(const pln_hub *hub) {
  if (!hub->sealed) return pln_fail(PLN_ERR_STATE, "feature hub: snapshot before seal");
  return size_of(hub);
}

int32_t pln_hub_save(const pln_hub *hub, void *out, int64_t size) {
  if (pln_hub_check_idle(hub, "save") < 0) return PLN_ERR_STATE;
  if (size < size_of(hub))
    return pln_fail(PLN_ERR_LIMIT, "feature hub: a snapshot has %lld bytes, not %lld",
                    (long long)size_of(hub), (long long)size);
  char *at = (char *)out + sizeof(head);
  for (int32_t i = 0; i < hub->n_streams; i++, at += sizeof(place)) {
    const pln_hub_stream *s = &hub->streams[i];
    const place p = {s->last, s->last > 0 ? s->bars->ts_ns[s->last - 1] : 0};
    memcpy(at, &p, sizeof p);
  }
  memcpy(at, hub->state, (size_t)hub->state_size);
  const char *content = (const char *)out + sizeof(head);
  const head h = {MAGIC, fingerprint(hub), pln_hash64(content, size_of(hub) - (int64_t)sizeof h, 0),
                  size_of(hub)};
  memcpy(out, &h, sizeof h);
  return PLN_OK;
}

static int32_t check_places(const pln_hub *hub, const char *at) {
  for (int32_t i = 0; i < hub->n_streams; i++) {
    const pln_hub_stream *s = &hub->streams[i];
    place p;
    memcpy(&p, at + i * (int64_t)sizeof p, sizeof p);
    if (p.rows > s->bars->n_bars || (p.rows > 0 && s->bars->ts_ns[p.rows - 1] != p.ts_ns))
      return pln_fail(PLN_ERR_ARGUMENT,
                      "feature hub: the snapshot's %lld bars of %s are not those that are here",
                      (long long)p.rows, s->name);
  }
  return PLN_OK;
}

int32_t pln_hub_load(pln_hub *hub, const void *data, int64_t size) {
  if (pln_hub_check_idle(hub, "load") < 0) return PLN_ERR_STATE;
  head h;
  if (size < (int64_t)sizeof h || (memcpy(&h, data, sizeof h), h.magic != MAGIC))
    return pln_fail(PLN_ERR_PARSE, "feature hub: the bytes are no snapshot of a hub");
  if (h.graph != fingerprint(hub) || h.size != size_of(hub))
    return pln_fail(PLN_ERR_ARGUMENT, "feature hub: the snapshot is of other features or of another version");
  const char *content = (const char *)data + sizeof h;
  if (size < h.size || h.content != pln_hash64(content, h.size - (int64_t)sizeof h, 0))
    return pln_fail(PLN_ERR_PARSE, "feature hub: the snapshot is damaged");
  if (check_places(hub, content) < 0) return PLN_ERR_ARGUMENT;
  for (int32_t i = 0; i < hub->n_streams; i++, content += sizeof(place)) {
    place p;
    memcpy(&p, content, sizeof p);
    hub->streams[i].first = hub->streams[i].last = p.rows;
  }
  memcpy(hub->state, content, (size_t)hub->state_size);
  return PLN_OK;
}
