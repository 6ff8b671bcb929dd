#pragma once
#include "abi/types.h"
/* Names of the files in a folder. Thread safe. */

typedef struct pln_folder pln_folder;

/* Reads the names in a folder that end with `suffix` ("" = all), without "." and "..", sorted by bytes. NULL on
 * error (PLN_ERR_NOT_FOUND where there is no such folder). */
pln_folder *pln_folder_new(const char *path, const char *suffix);
void pln_folder_free(pln_folder *folder);
int32_t pln_folder_count(const pln_folder *folder);
/* Name (without the folder's path) by index; valid until the folder is freed; NULL out of range. */
const char *pln_folder_name(const pln_folder *folder, int32_t index);
/* Makes a folder and those above it, as far as they are missing; private to the user. 0 or PLN_ERR_IO. */
int32_t pln_folder_make(const char *path);
/* 1 where files can be made in the folder: it exists, its mode allows writing to anyone, and to this user. */
int32_t pln_folder_writable(const char *path);
