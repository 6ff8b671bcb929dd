#pragma once
#include "feature/ind.h"

/* Operators and functions of the expression language that need no memory, in the shape of indicators. */
typedef enum pln_op {
  PLN_OP_ADD,
  PLN_OP_SUBTRACT,
  PLN_OP_MULTIPLY,
  PLN_OP_DIVIDE,
  PLN_OP_NEGATE,
  PLN_OP_GREATER,
  PLN_OP_GREATER_EQUAL,
  PLN_OP_LESS,
  PLN_OP_LESS_EQUAL,
  PLN_OP_EQUAL,
  PLN_OP_NOT_EQUAL,
  PLN_OP_AND,
  PLN_OP_OR,
  PLN_OP_NOT,
  PLN_OP_COUNT
} pln_op;

extern const pln_ind_desc pln_op_list[PLN_OP_COUNT];
/* Functions (abs, min, …) and series derived from a row (hl2, …), by name. */
extern const pln_ind_desc pln_function_list[];
extern const int32_t pln_function_count;

/* The indicator or function of that name, or NULL. */
const pln_ind_desc *pln_ind_find(const char *name, int64_t length);
/* The nearer of `best` (at `*distance`) and `candidate` to what was written. Start with NULL and
 * PLN_SUGGEST_FAR. */
enum { PLN_SUGGEST_FAR = 3 };
const char *pln_suggest(const char *written, int64_t length, const char *candidate, const char *best,
                        int32_t *distance);
