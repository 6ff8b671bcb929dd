/* Names of codes that the portfolio stage names itself: these stand in where that stage is not linked. */
#include "abi/portfolio.h"

__attribute__((weak)) const char *pln_refusal_name(int32_t refusal) {
  static const char *const names[PLN_REFUSAL_COUNT] = {"none",
                                                       "zero_quantity",
                                                       "cash",
                                                       "reduced_cash",
                                                       "position_limit",
                                                       "reduced_position",
                                                       "exposure_limit",
                                                       "reduced_exposure",
                                                       "halted",
                                                       "short_not_allowed",
                                                       "stopped_out",
                                                       "invalid_price",
                                                       "invalid_quantity",
                                                       "no_price",
                                                       "expired",
                                                       "end_of_data",
                                                       "canceled",
                                                       "replaced",
                                                       "bankrupt"};
  return refusal >= 0 && refusal < PLN_REFUSAL_COUNT ? names[refusal] : "?";
}

__attribute__((weak)) const char *pln_exit_reason_name(int32_t reason) {
  static const char *const names[] = {"signal",        "stop_loss",     "take_profit", "trailing_stop",
                                      "drawdown_halt", "end_of_window", "bankrupt",    "order"};
  return reason >= 0 && reason <= PLN_EXIT_ORDER ? names[reason] : "?";
}
