/* Folder listings: sorted, filtered, with errors that say which folder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "abi/core.h"
#include "abi/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void touch(const char *folder, const char *name) {
  char path[256];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fclose(file);
}

static void names_are_sorted_and_filtered(void **state) {
  (void)state;
  char folder[] = "/tmp/pln_folder_XXXXXX";
  assert_non_null(mkdtemp(folder));
  static const char *const names[] = {"b.lua", "a.lua", "B.lua", "c.txt", "lua", ".lua", "a b.lua"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) touch(folder, names[i]);

  pln_folder *listing = pln_folder_new(folder, ".lua");
  assert_non_null(listing);
  static const char *const expected[] = {".lua", "B.lua", "a b.lua", "a.lua", "b.lua"};
  assert_int_equal(pln_folder_count(listing), 5);
  for (int32_t i = 0; i < 5; i++) assert_string_equal(pln_folder_name(listing, i), expected[i]);
  assert_null(pln_folder_name(listing, 5));
  assert_null(pln_folder_name(listing, -1));
  pln_folder_free(listing);

  listing = pln_folder_new(folder, "");
  assert_int_equal(pln_folder_count(listing), 7);
  pln_folder_free(listing);
  listing = pln_folder_new(folder, ".yaml");
  assert_int_equal(pln_folder_count(listing), 0);
  pln_folder_free(listing);

  char path[256];
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    snprintf(path, sizeof path, "%s/%s", folder, names[i]);
    unlink(path);
  }
  rmdir(folder);
}

static void many_names_fit(void **state) {
  (void)state;
  char folder[] = "/tmp/pln_folder_XXXXXX", name[32], path[256];
  assert_non_null(mkdtemp(folder));
  for (int i = 0; i < 200; i++) {
    snprintf(name, sizeof name, "%03d", 199 - i);
    touch(folder, name);
  }
  pln_folder *listing = pln_folder_new(folder, "");
  assert_int_equal(pln_folder_count(listing), 200);
  for (int i = 0; i < 200; i++) {
    snprintf(name, sizeof name, "%03d", i);
    assert_string_equal(pln_folder_name(listing, i), name);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    unlink(path);
  }
  pln_folder_free(listing);
  rmdir(folder);
}

static void a_missing_folder_is_an_error(void **state) {
  (void)state;
  assert_null(pln_folder_new("/nowhere/at/all", ""));
  assert_int_equal(pln_error_last()->code, PLN_ERR_NOT_FOUND);
  assert_non_null(strstr(pln_error_last()->text, "/nowhere/at/all"));
  pln_folder_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_are_sorted_and_filtered),
      cmocka_unit_test(many_names_fit),
      cmocka_unit_test(a_missing_folder_is_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
