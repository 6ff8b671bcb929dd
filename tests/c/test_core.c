#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "core/error.h"
#include <string.h>

static void error_names_the_place(void **state) {
  (void)state;
  assert_int_equal(pln_fail_at(PLN_ERR_PARSE, "a.csv", 12, 3, "found '%s', expected a number", "x"),
                   PLN_ERR_PARSE);
  assert_string_equal(pln_error_last()->text, "a.csv:12:3: found 'x', expected a number");
  assert_int_equal(pln_error_last()->line, 12);
  pln_error_prepend("loading SPY");
  assert_string_equal(pln_error_last()->text, "loading SPY: a.csv:12:3: found 'x', expected a number");
  pln_error_clear();
  assert_int_equal(pln_error_last()->code, 0);
  assert_string_equal(pln_error_last()->text, "");
}

static void error_survives_text_longer_than_its_buffer(void **state) {
  (void)state;
  char longest[5000];
  memset(longest, 'x', sizeof longest - 1);
  longest[sizeof longest - 1] = 0;
  pln_fail_at(PLN_ERR_IO, longest, 1, 1, "%s", longest);
  assert_true(strlen(pln_error_last()->text) < 2048);
  pln_error_prepend(longest);
  assert_true(strlen(pln_error_last()->text) < 2048);
}

static void hash_is_stable(void **state) {
  (void)state;
  char hex[33];
  pln_hash128_hex("perilune", 8, hex);
  assert_int_equal(strlen(hex), 32);
  assert_true(pln_hash64("a", 1, 0) != pln_hash64("a", 1, 1));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(error_names_the_place),
      cmocka_unit_test(error_survives_text_longer_than_its_buffer),
      cmocka_unit_test(hash_is_stable),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
