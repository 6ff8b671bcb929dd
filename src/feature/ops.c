#include "feature/ops.h"
#include "feature/elementwise.h"

ELEMENTWISE(add, 2, pln_finite(a + b))
ELEMENTWISE(subtract, 2, pln_finite(a - b))
ELEMENTWISE(multiply, 2, pln_finite(a *b))
ELEMENTWISE(divide, 2, pln_finite(a / b))
ELEMENTWISE(negate, 1, -a)
ELEMENTWISE(greater, 2, a > b ? 1.0 : 0.0)
ELEMENTWISE(greater_equal, 2, a >= b ? 1.0 : 0.0)
ELEMENTWISE(less, 2, a < b ? 1.0 : 0.0)
ELEMENTWISE(less_equal, 2, a <= b ? 1.0 : 0.0)
ELEMENTWISE(equal, 2, a == b ? 1.0 : 0.0)
ELEMENTWISE(not_equal, 2, a != b ? 1.0 : 0.0)
ELEMENTWISE(both, 2, ((a != 0.0) & (b != 0.0)) ? 1.0 : 0.0)
ELEMENTWISE(either, 2, ((a != 0.0) | (b != 0.0)) ? 1.0 : 0.0)
ELEMENTWISE(none, 1, a == 0.0 ? 1.0 : 0.0)

#define OPERATOR(SYMBOL, N_IN, NAME)                                                                         \
  {                                                                                                          \
    .info = {.name = SYMBOL, .outputs = "value", .input_kind = PLN_INPUT_SERIES}, .n_inputs = N_IN,          \
    .n_outputs = 1, .is_stateless = 1, .step = NAME##_step, .batch = NAME##_batch                            \
  }

const pln_ind_desc pln_op_list[PLN_OP_COUNT] = {
    [PLN_OP_ADD] = OPERATOR("+", 2, add),
    [PLN_OP_SUBTRACT] = OPERATOR("-", 2, subtract),
    [PLN_OP_MULTIPLY] = OPERATOR("*", 2, multiply),
    [PLN_OP_DIVIDE] = OPERATOR("/", 2, divide),
    [PLN_OP_NEGATE] = OPERATOR("-", 1, negate),
    [PLN_OP_GREATER] = OPERATOR(">", 2, greater),
    [PLN_OP_GREATER_EQUAL] = OPERATOR(">=", 2, greater_equal),
    [PLN_OP_LESS] = OPERATOR("<", 2, less),
    [PLN_OP_LESS_EQUAL] = OPERATOR("<=", 2, less_equal),
    [PLN_OP_EQUAL] = OPERATOR("==", 2, equal),
    [PLN_OP_NOT_EQUAL] = OPERATOR("!=", 2, not_equal),
    [PLN_OP_AND] = OPERATOR("and", 2, both),
    [PLN_OP_OR] = OPERATOR("or", 2, either),
    [PLN_OP_NOT] = OPERATOR("not", 1, none),
};
