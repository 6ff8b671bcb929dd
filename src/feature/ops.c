#include "feature/ops.h"

/* ROW computes one row from a, b, c. */
#define ELEMENTWISE(NAME, N_IN, ROW)                                                                         \
  static void NAME##_step(void *state, const double *in, double *out) {                                      \
    (void)state;                                                                                             \
    const double a = in[0], b = (N_IN) > 1 ? in[1] : 0.0, c = (N_IN) > 2 ? in[2] : 0.0,                      \
                 d = (N_IN) > 3 ? in[3] : 0.0;                                                               \
    (void)b, (void)c, (void)d;                                                                               \
    out[0] = (ROW);                                                                                          \
  }                                                                                                          \
  PLN_INLINE void NAME##_body(void *state, const double *const *in, double *const *out, int64_t n) {         \
    (void)state;                                                                                             \
    const double *pa = in[0], *pb = in[(N_IN) > 1 ? 1 : 0], *pc = in[(N_IN) > 2 ? 2 : 0],                    \
                 *pd = in[(N_IN) > 3 ? 3 : 0];                                                               \
    double *o = out[0];                                                                                      \
    PLN_IVDEP                                                                                                \
    for (int64_t i = 0; i < n; i++) {                                                                        \
      const double a = pa[i], b = pb[i], c = pc[i], d = pd[i];                                               \
      (void)b, (void)c, (void)d;                                                                             \
      o[i] = (ROW);                                                                                          \
    }                                                                                                        \
  }                                                                                                          \
  PLN_IND_SIMD(NAME##_batch, NAME##_body)

ELEMENTWISE(add, 2, a + b)
ELEMENTWISE(subtract, 2, a - b)
ELEMENTWISE(multiply, 2, a *b)
ELEMENTWISE(divide, 2, b == 0.0 ? 0.0 : a / b)
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
ELEMENTWISE(absolute, 1, fabs(a))
ELEMENTWISE(natural_exp, 1, a < 709.0 ? exp(a) : exp(709.0))
ELEMENTWISE(natural_log, 1, a > 0.0 ? log(a) : 0.0)
ELEMENTWISE(larger, 2, a > b ? a : b)
ELEMENTWISE(smaller, 2, a < b ? a : b)
ELEMENTWISE(signum, 1, (a > 0.0 ? 1.0 : 0.0) - (a < 0.0 ? 1.0 : 0.0))
ELEMENTWISE(square_root, 1, a > 0.0 ? sqrt(a) : 0.0)
ELEMENTWISE(choose, 3, a != 0.0 ? b : c)
ELEMENTWISE(middle, 2, (a + b) / 2.0)
ELEMENTWISE(typical, 3, (a + b + c) / 3.0)
ELEMENTWISE(average, 4, (a + b + c + d) / 4.0)

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

#define FUNCTION(NAME, INPUTS, N_IN, FN, HELP, FORMULA, EXAMPLE)                                             \
  {                                                                                                          \
    .info = {.name = NAME,                                                                                   \
             .group = "math",                                                                                \
             .help = HELP,                                                                                   \
             .formula = FORMULA,                                                                             \
             .inputs = INPUTS,                                                                               \
             .outputs = "value",                                                                             \
             .example = EXAMPLE,                                                                             \
             .input_kind = PLN_INPUT_SERIES},                                                                \
    .n_inputs = N_IN, .n_outputs = 1, .is_stateless = 1, .step = FN##_step, .batch = FN##_batch              \
  }
#define DERIVED(NAME, INPUTS, N_IN, FN, HELP, FORMULA)                                                       \
  {                                                                                                          \
    .info = {.name = NAME,                                                                                   \
             .group = "series",                                                                              \
             .help = HELP,                                                                                   \
             .formula = FORMULA,                                                                             \
             .inputs = INPUTS,                                                                               \
             .outputs = "value",                                                                             \
             .example = NAME,                                                                                \
             .input_kind = PLN_INPUT_COLUMNS},                                                               \
    .n_inputs = N_IN, .n_outputs = 1, .is_stateless = 1, .step = FN##_step, .batch = FN##_batch              \
  }

const pln_ind_desc pln_function_list[] = {
    FUNCTION("abs", "x", 1, absolute, "Absolute value", "|x|", "abs(close - open)"),
    FUNCTION("exp", "x", 1, natural_exp, "Exponential", "e^x; that of 709 where x is larger",
             "exp(returns(1, log=1))"),
    FUNCTION("log", "x", 1, natural_log, "Natural logarithm", "ln x; 0 where x <= 0", "log(close)"),
    FUNCTION("max", "a b", 2, larger, "The larger of two series", "a where a > b, else b",
             "max(open, close)"),
    FUNCTION("min", "a b", 2, smaller, "The smaller of two series", "a where a < b, else b",
             "min(open, close)"),
    FUNCTION("sign", "x", 1, signum, "Sign", "1 where x > 0, -1 where x < 0, else 0",
             "sign(sma(10) - sma(30))"),
    FUNCTION("sqrt", "x", 1, square_root, "Square root", "√x; 0 where x < 0", "sqrt(volume)"),
    FUNCTION("where", "condition a b", 3, choose, "One series or the other",
             "a where the condition is not 0, else b", "where(close > open, high, low)"),
    DERIVED("hl2", "high low", 2, middle, "Middle of the bar", "(high + low) / 2"),
    DERIVED("hlc3", "high low close", 3, typical, "Typical price",
            "(high + low + close) / 3 (TA-Lib TYPPRICE)"),
    DERIVED("ohlc4", "open high low close", 4, average, "Average price",
            "(open + high + low + close) / 4 (TA-Lib AVGPRICE)"),
};
const int32_t pln_function_count = (int32_t)(sizeof pln_function_list / sizeof pln_function_list[0]);
