#pragma once
#include "abi/types.h"
/* YAML text as a tree of nodes with their places. One document, of bounded size; aliases are resolved by
 * reference, merge keys (`<<`) by value; typing of scalars is the reader's (lua/yaml.lua).
 *
 * Refused, each with line and column: more than one document, duplicate keys, keys that are not plain text,
 * an anchor that contains itself, unknown tags and aliases, NUL and other control characters, UTF-16, and
 * whatever exceeds pln_yaml_limits. */

typedef enum pln_yaml_kind {
  PLN_YAML_SCALAR = 1,
  PLN_YAML_SEQUENCE = 2,
  PLN_YAML_MAPPING = 3
} pln_yaml_kind;

typedef struct pln_yaml_node {
  int32_t kind;             /* pln_yaml_kind */
  int32_t is_string;        /* scalars: 1 when quoted, a block scalar or tagged as a string: never a number */
  int32_t line;             /* 1-based; an alias has the place of the node that it stands for */
  int32_t column;           /* 1-based, in characters */
  int32_t length;           /* bytes of text */
  int32_t n_children;
  const char *text;         /* scalars: UTF-8 with a NUL after it, none within */
  const char *tag;          /* "int", "float", "bool", "null", "str", "seq" or "map" where one was given, else "" */
  const int32_t *children;  /* indices of nodes: items, or key, value, key, value, … in the file's order with merged
                               keys after those of the mapping itself */
} pln_yaml_node;

typedef struct pln_yaml_limits {
  int64_t max_bytes;        /* of the text */
  int32_t max_depth;        /* of nesting, aliases followed */
  int32_t max_nodes;        /* aliases followed: each use of an anchor counts all that it stands for */
} pln_yaml_limits;

typedef struct pln_yaml {
  int32_t n_nodes;
  int32_t root;             /* index of the document's node; an empty document is an empty plain scalar */
  const pln_yaml_node *nodes;
} pln_yaml;

/* 1 MiB, depth 64, 100,000 nodes; static. */
const pln_yaml_limits *pln_yaml_default_limits(void);
/* Parses `size` bytes; `file` names the text in messages. `limits` may be NULL. NULL on error: PLN_ERR_PARSE or
 * PLN_ERR_LIMIT with line and column. Everything belongs to the result. */
pln_yaml *pln_yaml_parse(const char *text, int64_t size, const char *file, const pln_yaml_limits *limits);
void pln_yaml_free(pln_yaml *yaml);
