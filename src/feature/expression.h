#pragma once
#include "feature/ops.h"

/* Feature expressions (docs/expressions.md), read into a tree in which every name is resolved, every
 * parameter is checked and filled in, and constants are folded. */
enum {
  PLN_EXPR_MAX_LENGTH = 8192,
  PLN_EXPR_MAX_DEPTH = 256,
  PLN_EXPR_MAX_NODES = 2048,
  PLN_EXPR_COLUMNS = 5,
  PLN_EXPR_CLOCKS = 4,           /* time, local_time, close_time, session */
  PLN_EXPR_FIRST_CLOCK = 1 << 24 /* columns from here on are these */
};

typedef enum pln_expr_kind {
  PLN_EXPR_CONSTANT, /* value */
  PLN_EXPR_COLUMN,   /* column of the stream's bars */
  PLN_EXPR_CALL,     /* desc with params over args, on the stream's rows */
  PLN_EXPR_JOIN      /* args[0], of another stream, as of the stream's rows */
} pln_expr_kind;

typedef struct pln_expr_ref {
  int32_t node;
  int32_t output;
} pln_expr_ref;

typedef struct pln_expr_node {
  int32_t kind;   /* pln_expr_kind */
  int32_t stream; /* -1 for constants */
  int32_t
      column; /* 0 … 4: open high low close volume; 5 …: further columns; PLN_EXPR_FIRST_CLOCK …: clocks */
  int32_t n_args;
  int32_t valid; /* 1: the call's `valid` output alone */
  int32_t reserved;
  pln_expr_ref args[PLN_IND_MAX_INPUTS]; /* nodes before this one */
  const pln_ind_desc *desc;
  double params[PLN_IND_MAX_PARAMS];
  double value;
} pln_expr_node;

/* What a scope names. */
typedef struct pln_expr_stream {
  const char *name; /* "SPY_1m" */
  const pln_bars *bars;
} pln_expr_stream;

/* All names that an expression may use, beside the built-in indicators. */
typedef struct pln_expr_names {
  const pln_expr_stream *streams;
  const pln_ind_desc *const *definitions; /* the caller's own indicators */
  int32_t n_streams;
  int32_t n_definitions;
} pln_expr_names;

typedef struct pln_expr {
  pln_expr_node *nodes;
  int32_t n_nodes;
  int32_t capacity;
  pln_expr_ref root;
} pln_expr;

/* Reads `text` for the rows of names->streams[stream]. 0, or a status with the error's column (1-based, in
 * bytes). The nodes belong to `out` in either case: pln_expr_free. */
int32_t pln_expr_parse(const char *text, const pln_expr_names *names, int32_t stream, pln_expr *out);
void pln_expr_free(pln_expr *expr);

/* Whether the indicator can stand by itself, without brackets, with its parameters' defaults: hl2, tr, atr.
 */
int pln_expr_is_bare(const pln_ind_desc *desc);
/* Whether a name is one of the columns open … volume, of the clocks or of the words of the grammar. */
int pln_expr_is_reserved(const char *name, int32_t length);
