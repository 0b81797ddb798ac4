/* SPDX-License-Identifier: Apache-2.0 */
/* nearest.c - edit distance. */
#include "nearest.h"

#include <string.h>

#define LETTERS 63 /* more of a word do not count */

static unsigned least(unsigned a, unsigned b) { return a < b ? a : b; }

/* Rows of the usual table: before[j] is the distance of one letter less of `word` to the
 * first j letters of `other`, two rows back is needed for swaps. */
static unsigned distance(const char *word, const char *other)
{
    unsigned rows[3][LETTERS + 1], n = (unsigned)strnlen(word, LETTERS),
                                   m = (unsigned)strnlen(other, LETTERS);
    unsigned *row = rows[0], i, j;

    for (j = 0; j <= m; j++) row[j] = j;
    for (i = 1; i <= n; i++) {
        const unsigned *before = row, *two_before = rows[(i + 1) % 3];

        row = rows[i % 3];
        row[0] = i;
        for (j = 1; j <= m; j++) {
            row[j] = least(before[j - 1] + (word[i - 1] != other[j - 1]), least(before[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && word[i - 1] == other[j - 2] && word[i - 2] == other[j - 1])
                row[j] = least(row[j], two_before[j - 2] + 1);
        }
    }
    return row[m];
}

void nearest_try(struct nearest *nearest, const char *candidate)
{
    unsigned d = distance(nearest->word, candidate);

    if (nearest->best && nearest->distance <= d) return;
    nearest->best = candidate;
    nearest->distance = d;
}
