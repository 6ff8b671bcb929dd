#include "feature/elementwise.h"
#include "feature/ops.h"
#include "feature/vmath.h"

/* Functions that grow as e^x are those of ±709 beyond; e^x is 0 below -708. */
static const double LARGEST = 709.0, LEAST = -708.0;

PLN_INLINE double clamp(double x) { return x > LARGEST ? LARGEST : x < -LARGEST ? -LARGEST : x; }

PLN_INLINE double natural_exp_of(double x) {
  const double value = pln_exp(x > LARGEST ? LARGEST : x < LEAST ? LEAST : x);
  return x < LEAST ? 0.0 : value;
}

PLN_INLINE double natural_log_of(double x) {
  const double value = pln_log(x > 0.0 ? x : 1.0);
  return x > 0.0 ? value : 0.0;
}

/* Powers of ten, so that their logarithms are whole numbers. */
enum { TENS = 22 };
static const double tens[2 * TENS + 1] = {
    1e-22, 1e-21, 1e-20, 1e-19, 1e-18, 1e-17, 1e-16, 1e-15, 1e-14, 1e-13, 1e-12, 1e-11, 1e-10, 1e-9, 1e-8,
    1e-7,  1e-6,  1e-5,  1e-4,  1e-3,  1e-2,  1e-1,  1e0,   1e1,   1e2,   1e3,   1e4,   1e5,   1e6,  1e7,
    1e8,   1e9,   1e10,  1e11,  1e12,  1e13,  1e14,  1e15,  1e16,  1e17,  1e18,  1e19,  1e20,  1e21, 1e22};

PLN_INLINE double decimal_log_of(double x) { return natural_log_of(x) * 0.4342944819032518; }

PLN_INLINE int nearly_whole(double x) { return fabs(x - (x + pln_rounder - pln_rounder)) < 1e-12; }

/* The whole number that log10 x nearly is, if x is that power of ten. */
PLN_INLINE double whole_decimal_log(double x) {
  const double value = decimal_log_of(x), n = value + pln_rounder - pln_rounder;
  return fabs(n) <= TENS && x == tens[(int32_t)n + TENS] ? n : value;
}

PLN_INLINE double power(double a, double b) {
  if (a == 0.0 && b < 0.0) return 0.0;
  const double value = pow(a, b);
  if (isnan(value)) return 0.0;
  return isinf(value) ? copysign(pln_exp(LARGEST), value) : value;
}

/* 0 where there is none. */
PLN_INLINE double within_one(double x) { return fabs(x) <= 1.0 ? x : 0.0; }

PLN_INLINE double nearest(double x) {
  const double down = floor(x);
  return x - down < 0.5 ? down : down + 1.0;
}

ELEMENTWISE(absolute, 1, fabs(a))
ELEMENTWISE(natural_exp, 1, natural_exp_of(a))
ELEMENTWISE(natural_log, 1, natural_log_of(a))
ELEMENTWISE(larger, 2, a > b ? a : b)
ELEMENTWISE(smaller, 2, a < b ? a : b)
ELEMENTWISE(signum, 1, (a > 0.0 ? 1.0 : 0.0) - (a < 0.0 ? 1.0 : 0.0))
ELEMENTWISE(square_root, 1, a > 0.0 ? sqrt(a) : 0.0)
ELEMENTWISE(choose, 3, a != 0.0 ? b : c)
ELEMENTWISE(middle, 2, pln_finite((a + b) / 2.0))
ELEMENTWISE(typical, 3, pln_finite((a + b + c) / 3.0))
ELEMENTWISE(weighted, 3, pln_finite((a + b + c * 2.0) / 4.0))
ELEMENTWISE(average, 4, pln_finite((a + b + c + d) / 4.0))
ELEMENTWISE(sum_of, 2, pln_finite(a + b))
ELEMENTWISE(difference, 2, pln_finite(a - b))
ELEMENTWISE(product, 2, pln_finite(a *b))
ELEMENTWISE(quotient, 2, pln_finite(a / b))
ELEMENTWISE(to_the_power, 2, power(a, b))
ELEMENTWISE_RARE(decimal_log, decimal_log_of(a), nearly_whole(decimal_log_of(a)), whole_decimal_log(a))
ELEMENTWISE_RARE(sine, pln_sin(a), fabs(a) > pln_sin_limit, sin(a))
ELEMENTWISE_RARE(cosine, pln_cos(a), fabs(a) > pln_sin_limit, cos(a))
ELEMENTWISE_RARE(tangent, pln_tan(a), fabs(a) > pln_sin_limit, tan(a))
ELEMENTWISE(arc_sine, 1, pln_asin(within_one(a)))
ELEMENTWISE(arc_cosine, 1, fabs(a) <= 1.0 ? pln_acos(a) : 0.0)
ELEMENTWISE(arc_tangent, 1, pln_atan(a))
ELEMENTWISE(hyperbolic_sine, 1, pln_sinh(clamp(a)))
ELEMENTWISE(hyperbolic_cosine, 1, pln_cosh(clamp(a)))
ELEMENTWISE(hyperbolic_tangent, 1, pln_tanh(a))
ELEMENTWISE(rounded_up, 1, ceil(a))
ELEMENTWISE(rounded_down, 1, floor(a))
ELEMENTWISE(rounded, 1, nearest(a))
ELEMENTWISE(truncated, 1, trunc(a))
ELEMENTWISE(to_degrees, 1, pln_finite(a * 57.29577951308232))
ELEMENTWISE(to_radians, 1, a * 0.017453292519943295)

#define FUNCTION(NAME, ALIASES, INPUTS, N_IN, FN, HELP, FORMULA, EXAMPLE)                                    \
  {                                                                                                          \
    .info = {.name = NAME,                                                                                   \
             .aliases = ALIASES,                                                                             \
             .group = "math",                                                                                \
             .help = HELP,                                                                                   \
             .formula = FORMULA,                                                                             \
             .inputs = INPUTS,                                                                               \
             .outputs = "value",                                                                             \
             .example = EXAMPLE,                                                                             \
             .input_kind = PLN_INPUT_SERIES},                                                                \
    .n_inputs = N_IN, .n_outputs = 1, .is_stateless = 1, .step = FN##_step, .batch = FN##_batch              \
  }
#define DERIVED(NAME, ALIASES, INPUTS, N_IN, FN, HELP, FORMULA)                                              \
  {                                                                                                          \
    .info = {.name = NAME,                                                                                   \
             .aliases = ALIASES,                                                                             \
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
    FUNCTION("abs", NULL, "x", 1, absolute, "Absolute value", "|x|", "abs(close - open)"),
    FUNCTION("exp", NULL, "x", 1, natural_exp, "Exponential",
             "e^x; that of 709 where x is larger, 0 below -708", "exp(returns(1, log=1))"),
    FUNCTION("log", "ln", "x", 1, natural_log, "Natural logarithm", "ln x; 0 where x <= 0", "log(close)"),
    FUNCTION("max", NULL, "a b", 2, larger, "The larger of two series", "a where a > b, else b",
             "max(open, close)"),
    FUNCTION("min", NULL, "a b", 2, smaller, "The smaller of two series", "a where a < b, else b",
             "min(open, close)"),
    FUNCTION("sign", NULL, "x", 1, signum, "Sign", "1 where x > 0, -1 where x < 0, else 0",
             "sign(sma(10) - sma(30))"),
    FUNCTION("sqrt", NULL, "x", 1, square_root, "Square root", "√x; 0 where x < 0", "sqrt(volume)"),
    FUNCTION("where", NULL, "condition a b", 3, choose, "One series or the other",
             "a where the condition is not 0, else b", "where(close > open, high, low)"),
    FUNCTION("acos", NULL, "x", 1, arc_cosine, "Arc cosine", "arc cosine of x in radians; 0 where |x| > 1",
             "acos(close / high)"),
    FUNCTION("add", NULL, "a b", 2, sum_of, "Sum of two series", "a + b", "add(high, low)"),
    FUNCTION("asin", NULL, "x", 1, arc_sine, "Arc sine", "arc sine of x in radians; 0 where |x| > 1",
             "asin(low / close)"),
    FUNCTION("atan", NULL, "x", 1, arc_tangent, "Arc tangent", "arc tangent of x in radians",
             "atan(close - open)"),
    FUNCTION("ceil", NULL, "x", 1, rounded_up, "Rounded up", "the least whole number >= x", "ceil(close)"),
    FUNCTION("cos", NULL, "x", 1, cosine, "Cosine", "cosine of x, x in radians", "cos(time)"),
    FUNCTION("cosh", NULL, "x", 1, hyperbolic_cosine, "Hyperbolic cosine",
             "(e^x + e^-x) / 2; that of 709 where |x| is larger", "cosh(returns(1))"),
    FUNCTION("div", NULL, "a b", 2, quotient, "Quotient of two series", "a / b; 0 where b is 0",
             "div(high, low)"),
    FUNCTION("floor", NULL, "x", 1, rounded_down, "Rounded down", "the largest whole number <= x",
             "floor(close)"),
    FUNCTION("log10", NULL, "x", 1, decimal_log, "Logarithm to the base 10", "log10 x; 0 where x <= 0",
             "log10(volume)"),
    FUNCTION("mul", "mult", "a b", 2, product, "Product of two series", "a b", "mul(close, volume)"),
    FUNCTION("pow", "power", "a b", 2, to_the_power, "Power",
             "a^b; 0 where it is undefined (0 to a negative power, a negative number to a power that is not "
             "whole), ±e^709 where it is too large",
             "pow(close, 2)"),
    FUNCTION("round", NULL, "x", 1, rounded, "Rounded to the nearest whole number",
             "the nearest whole number, halves up (Tulip ROUND)", "round(close)"),
    FUNCTION("sin", NULL, "x", 1, sine, "Sine", "sine of x, x in radians", "sin(time)"),
    FUNCTION("sinh", NULL, "x", 1, hyperbolic_sine, "Hyperbolic sine",
             "(e^x - e^-x) / 2; that of ±709 beyond", "sinh(returns(1))"),
    FUNCTION("sub", NULL, "a b", 2, difference, "Difference of two series", "a - b", "sub(high, low)"),
    FUNCTION("tan", NULL, "x", 1, tangent, "Tangent", "tangent of x, x in radians", "tan(returns(1))"),
    FUNCTION("tanh", NULL, "x", 1, hyperbolic_tangent, "Hyperbolic tangent", "(e^x - e^-x) / (e^x + e^-x)",
             "tanh(returns(1))"),
    FUNCTION("todeg", "degrees", "x", 1, to_degrees, "Radians to degrees", "180 x / π",
             "todeg(atan(close - open))"),
    FUNCTION("torad", "radians", "x", 1, to_radians, "Degrees to radians", "π x / 180", "torad(close)"),
    FUNCTION("trunc", NULL, "x", 1, truncated, "Rounded toward zero", "x without its fraction",
             "trunc(close)"),
    DERIVED("hl2", "medprice", "high low", 2, middle, "Middle of the bar",
            "(high + low) / 2 (TA-Lib MEDPRICE)"),
    DERIVED("hlc3", "typprice", "high low close", 3, typical, "Typical price",
            "(high + low + close) / 3 (TA-Lib TYPPRICE)"),
    DERIVED("hlcc4", "wclprice wcprice", "high low close", 3, weighted, "Weighted close",
            "(high + low + 2 close) / 4 (TA-Lib WCLPRICE)"),
    DERIVED("ohlc4", "avgprice", "open high low close", 4, average, "Average price",
            "(open + high + low + close) / 4 (TA-Lib AVGPRICE)"),
};
const int32_t pln_function_count = (int32_t)(sizeof pln_function_list / sizeof pln_function_list[0]);
