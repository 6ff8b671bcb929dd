#include "abi/yaml.h"
#include "core/error.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { MAX_ANCHORS = 1000, BLOCK_SIZE = 16384, STACK_SIZE = 256 };

/* Text and child lists live in blocks that never move. */
typedef struct block {
  struct block *next;
  size_t used, size;
  _Alignas(8) char data[];
} block;

typedef struct document {
  pln_yaml public;
  block *blocks;
} document;

/* What aliases make of a node: how much it counts for when it is used again. */
typedef struct weight {
  int64_t nodes;
  int32_t height;
} weight;

typedef struct anchor {
  const char *name;
  int32_t node;
} anchor;

/* A sequence or mapping whose end has not been seen. */
typedef struct frame {
  int32_t node;
  int32_t first; /* of its children in `pending` */
} frame;

typedef struct builder {
  document *doc;
  yaml_parser_t parser;
  const char *text;
  size_t size;
  const char *file;
  pln_yaml_limits limits;
  pln_yaml_node *nodes;
  weight *weights;
  int32_t n_nodes, node_capacity;
  int32_t *pending;
  int32_t n_pending, pending_capacity;
  anchor anchors[MAX_ANCHORS];
  int32_t n_anchors;
  frame stack[STACK_SIZE];
  int32_t depth;
  int32_t root;
} builder;

const pln_yaml_limits *pln_yaml_default_limits(void) {
  static const pln_yaml_limits limits = {.max_bytes = 1 << 20, .max_depth = 64, .max_nodes = 100000};
  return &limits;
}

static int32_t no_memory(void) { return pln_fail(PLN_ERR_MEMORY, "no memory for a YAML document"); }

static void *allocate(builder *b, size_t size) {
  size = (size + 7) & ~(size_t)7;
  block *top = b->doc->blocks;
  if (!top || top->size - top->used < size) {
    const size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
    top = malloc(sizeof *top + room);
    if (!top) return NULL;
    *top = (block){.next = b->doc->blocks, .size = room};
    b->doc->blocks = top;
  }
  void *result = top->data + top->used;
  top->used += size;
  return result;
}

static const char *copy_text(builder *b, const void *text, size_t length) {
  char *copy = allocate(b, length + 1);
  if (!copy) return NULL;
  memcpy(copy, text, length);
  copy[length] = 0;
  return copy;
}

/* --- places --------------------------------------------------------------------------------------------- */

static int is_break(const char *text, size_t size, size_t at) {
  if (text[at] == '\n') return 1;
  return text[at] == '\r' && !(at + 1 < size && text[at + 1] == '\n');
}

static void place_of_byte(const builder *b, size_t offset, int64_t *line, int64_t *column) {
  *line = *column = 1;
  if (offset > b->size) offset = b->size;
  for (size_t i = 0; i < offset; i++) {
    if (is_break(b->text, b->size, i)) {
      ++*line;
      *column = 1;
    } else if (((unsigned char)b->text[i] & 0xC0) != 0x80) {
      ++*column;
    }
  }
}

static int byte_at(const builder *b, yaml_mark_t mark) {
  size_t i = 0;
  for (size_t line = 0; line < mark.line && i < b->size; i++) line += (size_t)is_break(b->text, b->size, i);
  for (size_t column = 0; i < b->size; i++) {
    if (((unsigned char)b->text[i] & 0xC0) == 0x80) continue;
    if (column++ == mark.column) return (unsigned char)b->text[i];
  }
  return -1;
}

#define FAIL_AT(b, code, mark, ...)                                                                          \
  pln_fail_at((code), (b)->file, (int64_t)(mark).line + 1, (int64_t)(mark).column + 1, __VA_ARGS__)

static const char *fix_for(const char *problem) {
  static const char *const fixes[][2] = {
      {"mapping values are not allowed", "; quote a value that holds ': ', or check the indentation"},
      {"could not find expected ':'", "; expected 'key: value'"},
      {"did not find expected key",
       "; check the indentation, and quote a value that begins with a quote or bracket"},
      {"did not find expected '-' indicator", "; check the indentation of the list"},
      {"did not find expected ',' or '}'",
       "; is a closing '}' missing, or are quotes around a value that holds braces?"},
      {"did not find expected ',' or ']'",
       "; is a closing ']' missing, or are quotes around a value that holds brackets?"},
      {"found unexpected end of stream", "; is a closing quote missing?"},
      {"found character that cannot start any token", "; quote a value that begins with @, ` or %"},
  };
  for (size_t i = 0; i < sizeof fixes / sizeof *fixes; i++)
    if (strstr(problem, fixes[i][0])) return fixes[i][1];
  return "";
}

static int32_t fail_parser(builder *b) {
  const yaml_parser_t *p = &b->parser;
  if (p->error == YAML_MEMORY_ERROR) return no_memory();
  const char *problem = p->problem ? p->problem : "not YAML";
  if (p->error == YAML_READER_ERROR) {
    int64_t line, column;
    place_of_byte(b, p->problem_offset, &line, &column);
    return pln_fail_at(PLN_ERR_PARSE, b->file, line, column,
                       "%s: this is not UTF-8 text (is it the right file?)", problem);
  }
  const yaml_mark_t mark = p->problem_mark;
  if (byte_at(b, mark) == '\t' &&
      (strstr(problem, "cannot start any token") || strstr(problem, "violates indentation")))
    return FAIL_AT(b, PLN_ERR_PARSE, mark, "a tab cannot indent in YAML; use spaces");
  if (p->context && p->context_mark.line != mark.line)
    return FAIL_AT(b, PLN_ERR_PARSE, mark, "%s %s that began at line %zu%s", problem, p->context,
                   p->context_mark.line + 1, fix_for(problem));
  return FAIL_AT(b, PLN_ERR_PARSE, mark, "%s%s%s%s", problem, p->context ? " " : "",
                 p->context ? p->context : "", fix_for(problem));
}

/* libyaml's reader names only an offset for these; here they get what they mean. */
static int32_t check_encoding(builder *b) {
  const unsigned char *text = (const unsigned char *)b->text;
  if (b->size >= 2 && ((text[0] == 0xFF && text[1] == 0xFE) || (text[0] == 0xFE && text[1] == 0xFF)))
    return pln_fail_at(PLN_ERR_PARSE, b->file, 1, 1, "UTF-16 text; save the file as UTF-8");
  for (size_t i = 0; i < b->size; i++) {
    const unsigned char c = text[i];
    if (c >= 0x20 ? c != 0x7F : c == '\t' || c == '\n' || c == '\r') continue;
    int64_t line, column;
    place_of_byte(b, i, &line, &column);
    if (c == 0)
      return pln_fail_at(PLN_ERR_PARSE, b->file, line, column,
                         "a NUL byte: this is a binary file, expected YAML text");
    return pln_fail_at(PLN_ERR_PARSE, b->file, line, column,
                       "control character 0x%02X: this is no YAML text (is it the right file?)", c);
  }
  return 0;
}

/* --- building ------------------------------------------------------------------------------------------- */

static int32_t new_node(builder *b, int32_t kind, yaml_mark_t mark) {
  if (b->n_nodes >= b->limits.max_nodes)
    return FAIL_AT(b, PLN_ERR_LIMIT, mark, "more than %d nodes", b->limits.max_nodes);
  if (b->n_nodes == b->node_capacity) {
    const int32_t capacity = b->node_capacity ? 2 * b->node_capacity : 64;
    pln_yaml_node *nodes = realloc(b->nodes, (size_t)capacity * sizeof *nodes);
    if (nodes) b->nodes = nodes;
    weight *weights = realloc(b->weights, (size_t)capacity * sizeof *weights);
    if (weights) b->weights = weights;
    if (!nodes || !weights) return no_memory();
    b->node_capacity = capacity;
  }
  b->nodes[b->n_nodes] = (pln_yaml_node){.kind = kind,
                                         .line = (int32_t)mark.line + 1,
                                         .column = (int32_t)mark.column + 1,
                                         .text = "",
                                         .tag = ""};
  b->weights[b->n_nodes] = (weight){.nodes = 1, .height = 1};
  return b->n_nodes++;
}

/* Hangs a finished node, or an alias of one, on the open container. */
static int32_t attach(builder *b, int32_t node, yaml_mark_t mark) {
  if (b->depth == 0) {
    b->root = node;
    return 0;
  }
  const frame *top = &b->stack[b->depth - 1];
  weight *parent = &b->weights[top->node];
  const weight *child = &b->weights[node];
  if (b->depth + child->height > b->limits.max_depth)
    return FAIL_AT(b, PLN_ERR_LIMIT, mark, "nested more than %d deep", b->limits.max_depth);
  parent->nodes += child->nodes;
  if (parent->nodes > b->limits.max_nodes)
    return FAIL_AT(b, PLN_ERR_LIMIT, mark, "more than %d nodes once aliases are followed",
                   b->limits.max_nodes);
  if (child->height >= parent->height) parent->height = child->height + 1;
  if (b->n_pending == b->pending_capacity) {
    const int32_t capacity = b->pending_capacity ? 2 * b->pending_capacity : 64;
    int32_t *pending = realloc(b->pending, (size_t)capacity * sizeof *pending);
    if (!pending) return no_memory();
    b->pending = pending;
    b->pending_capacity = capacity;
  }
  b->pending[b->n_pending++] = node;
  return 0;
}

static int32_t add_anchor(builder *b, const yaml_char_t *name, int32_t node, yaml_mark_t mark) {
  if (!name) return 0;
  if (b->n_anchors == MAX_ANCHORS)
    return FAIL_AT(b, PLN_ERR_LIMIT, mark, "more than %d anchors", MAX_ANCHORS);
  const char *copy = copy_text(b, name, strlen((const char *)name));
  if (!copy) return no_memory();
  b->anchors[b->n_anchors++] = (anchor){copy, node};
  return 0;
}

static int32_t set_tag(builder *b, pln_yaml_node *node, const yaml_char_t *tag, yaml_mark_t mark) {
  static const struct {
    const char *name;
    int32_t kind;
  } tags[] = {{"str", PLN_YAML_SCALAR},  {"int", PLN_YAML_SCALAR},  {"float", PLN_YAML_SCALAR},
              {"bool", PLN_YAML_SCALAR}, {"null", PLN_YAML_SCALAR}, {"seq", PLN_YAML_SEQUENCE},
              {"map", PLN_YAML_MAPPING}};
  static const char prefix[] = "tag:yaml.org,2002:";
  if (!tag) return 0;
  const char *name = (const char *)tag;
  if (strcmp(name, "!") == 0) {
    node->is_string = node->kind == PLN_YAML_SCALAR;
    return 0;
  }
  if (strncmp(name, prefix, sizeof prefix - 1) == 0) {
    name += sizeof prefix - 1;
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
      if (strcmp(name, tags[i].name) != 0 || node->kind != tags[i].kind) continue;
      node->tag = tags[i].name;
      if (i == 0) node->is_string = 1;
      return 0;
    }
  }
  return FAIL_AT(b, PLN_ERR_PARSE, mark, "tag '%.100s' is not supported here; leave it out",
                 (const char *)tag);
}

static int32_t add_scalar(builder *b, const yaml_event_t *event) {
  const yaml_mark_t mark = event->start_mark;
  const int32_t index = new_node(b, PLN_YAML_SCALAR, mark);
  if (index < 0) return index;
  pln_yaml_node *node = &b->nodes[index];
  const char *value = (const char *)event->data.scalar.value;
  const size_t length = event->data.scalar.length;
  if (memchr(value, 0, length))
    return FAIL_AT(b, PLN_ERR_PARSE, mark, "a NUL character in a string is not supported");
  node->text = copy_text(b, value, length);
  if (!node->text) return no_memory();
  node->length = (int32_t)length;
  node->is_string = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
  int32_t status = set_tag(b, node, event->data.scalar.tag, mark);
  if (status == 0) status = add_anchor(b, event->data.scalar.anchor, index, mark);
  return status ? status : attach(b, index, mark);
}

static int32_t add_alias(builder *b, const yaml_event_t *event) {
  const char *name = (const char *)event->data.alias.anchor;
  for (int32_t i = b->n_anchors - 1; i >= 0; i--) {
    if (strcmp(b->anchors[i].name, name) != 0) continue;
    for (int32_t level = 0; level < b->depth; level++)
      if (b->stack[level].node == b->anchors[i].node)
        return FAIL_AT(b, PLN_ERR_PARSE, event->start_mark,
                       "alias '*%.100s' lies inside what it stands for (anchor at line %d)", name,
                       b->nodes[b->anchors[i].node].line);
    return attach(b, b->anchors[i].node, event->start_mark);
  }
  return FAIL_AT(b, PLN_ERR_PARSE, event->start_mark, "alias '*%.100s' has no anchor '&%.100s' before it",
                 name, name);
}

static int32_t open_container(builder *b, int32_t kind, const yaml_char_t *anchor_name,
                              const yaml_char_t *tag, yaml_mark_t mark) {
  if (b->depth == b->limits.max_depth)
    return FAIL_AT(b, PLN_ERR_LIMIT, mark, "nested more than %d deep", b->limits.max_depth);
  const int32_t index = new_node(b, kind, mark);
  if (index < 0) return index;
  int32_t status = set_tag(b, &b->nodes[index], tag, mark);
  if (status == 0) status = add_anchor(b, anchor_name, index, mark);
  if (status) return status;
  b->stack[b->depth++] = (frame){.node = index, .first = b->n_pending};
  return 0;
}

/* A key of a mapping with its value; `order` is its place: own keys first, then merged ones. */
typedef struct entry {
  const char *name;
  int32_t key, value, order;
} entry;

static int by_name(const void *left, const void *right) {
  const entry *a = left, *b = right;
  const int names = strcmp(a->name, b->name);
  return names ? names : (a->order > b->order) - (a->order < b->order);
}

static int by_order(const void *left, const void *right) {
  const entry *a = left, *b = right;
  return (a->order > b->order) - (a->order < b->order);
}

static int is_merge_key(const pln_yaml_node *key) { return !key->is_string && strcmp(key->text, "<<") == 0; }

static int32_t fail_node(const builder *b, const pln_yaml_node *node, const char *message) {
  return pln_fail_at(PLN_ERR_PARSE, b->file, node->line, node->column, "%s", message);
}

static int32_t count_merged(const builder *b, const pln_yaml_node *key, int32_t value, int64_t *count) {
  const pln_yaml_node *node = &b->nodes[value];
  if (node->kind == PLN_YAML_MAPPING) {
    *count += node->n_children / 2;
    return 0;
  }
  if (node->kind == PLN_YAML_SEQUENCE) {
    for (int32_t i = 0; i < node->n_children; i++) {
      const pln_yaml_node *item = &b->nodes[node->children[i]];
      if (item->kind != PLN_YAML_MAPPING)
        return fail_node(b, item, "'<<' merges mappings; this item is none");
      *count += item->n_children / 2;
    }
    return 0;
  }
  return fail_node(b, key, "'<<' merges a mapping or a list of mappings; expected '<<: *anchor'");
}

static int32_t add_entries(const builder *b, const int32_t *children, int32_t n, entry *out, int32_t order) {
  for (int32_t i = 0; i < n; i += 2, order++)
    out[order] = (entry){b->nodes[children[i]].text, children[i], children[i + 1], order};
  return order;
}

static int32_t check_keys(const builder *b, const int32_t *children, int32_t n) {
  for (int32_t i = 0; i < n; i += 2) {
    const pln_yaml_node *key = &b->nodes[children[i]];
    if (key->kind != PLN_YAML_SCALAR)
      return fail_node(b, key, "a key has to be plain text; quote braces and brackets");
    if (key->length == 0) return fail_node(b, key, "a key is empty; expected 'key: value'");
  }
  return 0;
}

/* Fails on the first key of the file that repeats an earlier one; `entries` are sorted by name. */
static int32_t check_duplicates(const builder *b, const entry *entries, int32_t n_own) {
  const entry *found = NULL, *first = NULL;
  for (int32_t i = 1; i < n_own; i++) {
    if (strcmp(entries[i].name, entries[i - 1].name) != 0) continue;
    if (!found || entries[i].order < found->order) {
      found = &entries[i];
      first = &entries[i - 1];
    }
  }
  if (!found) return 0;
  const pln_yaml_node *key = &b->nodes[found->key];
  return pln_fail_at(PLN_ERR_PARSE, b->file, key->line, key->column,
                     "duplicate key '%.100s' (first given at line %d)", found->name,
                     b->nodes[first->key].line);
}

static int32_t merge(builder *b, pln_yaml_node *node, entry *entries, int32_t n_own, int32_t total) {
  qsort(entries, (size_t)total, sizeof *entries, by_name);
  int32_t kept = 0;
  for (int32_t i = 0; i < total; i++)
    if (kept == 0 || strcmp(entries[kept - 1].name, entries[i].name) != 0) entries[kept++] = entries[i];
  qsort(entries, (size_t)kept, sizeof *entries, by_order);
  assert(kept >= n_own);
  int32_t *children = allocate(b, 2 * (size_t)kept * sizeof *children + 1);
  if (!children) return no_memory();
  weight sum = {.nodes = 1, .height = 1};
  for (int32_t i = 0; i < kept; i++) {
    children[2 * i] = entries[i].key;
    children[2 * i + 1] = entries[i].value;
    const weight *value = &b->weights[entries[i].value];
    sum.nodes += 1 + value->nodes;
    if (value->height >= sum.height) sum.height = value->height + 1;
  }
  node->children = children;
  node->n_children = 2 * kept;
  /* The `<<` entry weighed at least as much as what came of it. */
  assert(sum.nodes <= b->weights[node - b->nodes].nodes);
  b->weights[node - b->nodes] = sum;
  return 0;
}

static int32_t close_mapping(builder *b, pln_yaml_node *node, const int32_t *children, int32_t n) {
  int32_t status = check_keys(b, children, n);
  if (status) return status;
  int32_t merge_at = -1;
  int64_t total = n / 2;
  for (int32_t i = 0; i < n && merge_at < 0; i += 2)
    if (is_merge_key(&b->nodes[children[i]])) merge_at = i;
  if (merge_at >= 0) {
    status = count_merged(b, &b->nodes[children[merge_at]], children[merge_at + 1], &total);
    if (status) return status;
  }
  entry *entries = malloc((size_t)(total + 1) * sizeof *entries);
  if (!entries) return no_memory();
  int32_t count = add_entries(b, children, n, entries, 0);
  qsort(entries, (size_t)count, sizeof *entries, by_name);
  status = check_duplicates(b, entries, count);
  if (status == 0 && merge_at >= 0) {
    int32_t own = add_entries(b, children, merge_at, entries, 0);
    own = add_entries(b, children + merge_at + 2, n - merge_at - 2, entries, own);
    const pln_yaml_node *source = &b->nodes[children[merge_at + 1]];
    count = own;
    if (source->kind == PLN_YAML_MAPPING)
      count = add_entries(b, source->children, source->n_children, entries, count);
    else
      for (int32_t i = 0; i < source->n_children; i++) {
        const pln_yaml_node *item = &b->nodes[source->children[i]];
        count = add_entries(b, item->children, item->n_children, entries, count);
      }
    status = merge(b, node, entries, own, count);
  } else if (status == 0) {
    int32_t *copy = allocate(b, (size_t)n * sizeof *copy + 1);
    if (copy) {
      if (n) memcpy(copy, children, (size_t)n * sizeof *copy);
      node->children = copy;
      node->n_children = n;
    } else {
      status = no_memory();
    }
  }
  free(entries);
  return status;
}

static int32_t close_container(builder *b) {
  assert(b->depth > 0);
  const frame top = b->stack[--b->depth];
  pln_yaml_node *node = &b->nodes[top.node];
  const int32_t n = b->n_pending - top.first;
  const int32_t *children = n ? b->pending + top.first : NULL;
  if (node->kind == PLN_YAML_MAPPING) {
    assert(n % 2 == 0);
    const int32_t status = close_mapping(b, node, children, n);
    if (status) return status;
  } else {
    int32_t *copy = allocate(b, (size_t)n * sizeof *copy + 1);
    if (!copy) return no_memory();
    if (n) memcpy(copy, children, (size_t)n * sizeof *copy);
    node->children = copy;
    node->n_children = n;
  }
  b->n_pending = top.first;
  const yaml_mark_t mark = {.line = (size_t)node->line - 1, .column = (size_t)node->column - 1};
  return attach(b, top.node, mark);
}

static int32_t take_event(builder *b, const yaml_event_t *event) {
  switch (event->type) {
  case YAML_DOCUMENT_START_EVENT:
    if (b->root >= 0)
      return FAIL_AT(b, PLN_ERR_PARSE, event->start_mark,
                     "a second document begins here; expected one (take out the '---')");
    return 0;
  case YAML_SCALAR_EVENT:
    return add_scalar(b, event);
  case YAML_ALIAS_EVENT:
    return add_alias(b, event);
  case YAML_SEQUENCE_START_EVENT:
    return open_container(b, PLN_YAML_SEQUENCE, event->data.sequence_start.anchor,
                          event->data.sequence_start.tag, event->start_mark);
  case YAML_MAPPING_START_EVENT:
    return open_container(b, PLN_YAML_MAPPING, event->data.mapping_start.anchor,
                          event->data.mapping_start.tag, event->start_mark);
  case YAML_SEQUENCE_END_EVENT:
  case YAML_MAPPING_END_EVENT:
    return close_container(b);
  default:
    return 0;
  }
}

static int32_t build(builder *b) {
  int32_t status = check_encoding(b);
  if (status) return status;
  if (!yaml_parser_initialize(&b->parser)) return no_memory();
  yaml_parser_set_encoding(&b->parser, YAML_UTF8_ENCODING);
  size_t bom = b->size >= 3 && memcmp(b->text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  yaml_parser_set_input_string(&b->parser, (const unsigned char *)b->text + bom, b->size - bom);
  b->text += bom;
  b->size -= bom;
  for (int done = 0; !done && status == 0;) {
    yaml_event_t event;
    if (!yaml_parser_parse(&b->parser, &event)) {
      status = fail_parser(b);
      break;
    }
    status = take_event(b, &event);
    done = event.type == YAML_STREAM_END_EVENT;
    yaml_event_delete(&event);
  }
  yaml_parser_delete(&b->parser);
  if (status == 0 && b->root < 0) {
    const yaml_mark_t start = {0};
    b->root = new_node(b, PLN_YAML_SCALAR, start);
    if (b->root < 0) status = b->root;
  }
  return status;
}

pln_yaml *pln_yaml_parse(const char *text, int64_t size, const char *file, const pln_yaml_limits *limits) {
  if (!text || size < 0) {
    pln_fail(PLN_ERR_ARGUMENT, "pln_yaml_parse: no text");
    return NULL;
  }
  if (!limits) limits = pln_yaml_default_limits();
  if (limits->max_depth < 1 || limits->max_depth > STACK_SIZE || limits->max_nodes < 1) {
    pln_fail(PLN_ERR_ARGUMENT, "pln_yaml_parse: max_depth has to be 1 … %d, max_nodes positive", STACK_SIZE);
    return NULL;
  }
  if (size > limits->max_bytes) {
    pln_fail_at(PLN_ERR_LIMIT, file, 0, 0,
                "%lld bytes of YAML; at most %lld are read (is it the right file?)", (long long)size,
                (long long)limits->max_bytes);
    return NULL;
  }
  builder *b = calloc(1, sizeof *b);
  document *doc = calloc(1, sizeof *doc);
  if (!b || !doc) {
    free(b);
    free(doc);
    no_memory();
    return NULL;
  }
  b->doc = doc;
  b->text = text;
  b->size = (size_t)size;
  b->file = file;
  b->limits = *limits;
  b->root = -1;
  const int32_t status = build(b);
  doc->public = (pln_yaml){.n_nodes = b->n_nodes, .root = b->root, .nodes = b->nodes};
  free(b->weights);
  free(b->pending);
  free(b);
  if (status) {
    pln_yaml_free(&doc->public);
    return NULL;
  }
  return &doc->public;
}

void pln_yaml_free(pln_yaml *yaml) {
  if (!yaml) return;
  document *doc = (document *)yaml; /* `public` is its first member */
  for (block *top = doc->blocks; top;) {
    block *next = top->next;
    free(top);
    top = next;
  }
  free((void *)(uintptr_t)doc->public.nodes);
  free(doc);
}
