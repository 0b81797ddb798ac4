/* SPDX-License-Identifier: Apache-2.0 */
#include "measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

uint64_t nanoseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void measure(struct column *columns, unsigned count, unsigned times)
{
    double taken[COLUMNS_MAX][ROUNDS];
    for (unsigned c = 0; c < count; c++) columns[c].run(columns[c].data, times); /* warm up */
    for (unsigned r = 0; r < ROUNDS; r++)
        for (unsigned c = 0; c < count; c++) {
            uint64_t began = nanoseconds();
            columns[c].run(columns[c].data, times);
            taken[c][r] = (double)(nanoseconds() - began) / times;
        }
    for (unsigned c = 0; c < count; c++) {
        qsort(taken[c], ROUNDS, sizeof(double), by_value);
        columns[c].median = taken[c][ROUNDS / 2];
        columns[c].spread = (taken[c][ROUNDS * 9 / 10] - taken[c][ROUNDS / 10]) / columns[c].median;
    }
}

static double c_median(const struct column *columns, unsigned count)
{
    for (unsigned c = 0; c < count; c++)
        if (!strcmp(columns[c].name, "c")) return columns[c].median;
    return 0;
}

static void print_json(const char *row, const struct column *c, const char *unit, double base)
{
    printf("{\"row\": \"%s\", \"column\": \"%s\", \"value\": %.3f, \"unit\": \"%s\", ", row, c->name,
           c->median, unit);
    if (base > 0) printf("\"ratio_to_c\": %.3f, ", c->median / base);
    else printf("\"ratio_to_c\": null, ");
    printf("\"spread\": %.3f}\n", c->spread);
}

void print_row(const char *row, const struct column *columns, unsigned count, const char *unit, bool json)
{
    double base = c_median(columns, count);
    for (unsigned c = 0; json && c < count; c++) print_json(row, &columns[c], unit, base);
    if (json) return;
    printf("%-34s", row);
    for (unsigned c = 0; c < count; c++) {
        printf("  %s %.2f %s", columns[c].name, columns[c].median, unit);
        if (base > 0 && strcmp(columns[c].name, "c")) printf(" (%.1fx)", columns[c].median / base);
        printf(" +-%.0f%%", 50 * columns[c].spread);
    }
    putchar('\n');
}

void print_value_row(const char *row, const char *column, double value, const char *unit, bool json)
{
    if (json)
        printf("{\"row\": \"%s\", \"column\": \"%s\", \"value\": %.3f, \"unit\": \"%s\", \"ratio_to_c\": "
               "null, \"spread\": 0}\n",
               row, column, value, unit);
    else printf("%-34s  %s %.6g %s\n", row, column, value, unit);
}

double cycles_per_nanosecond(void)
{
#if defined(__x86_64__)
    uint64_t began = nanoseconds(), cycles = __builtin_ia32_rdtsc();
    while (nanoseconds() - began < 50000000) {}
    return (double)(__builtin_ia32_rdtsc() - cycles) / (double)(nanoseconds() - began);
#else
    return 0;
#endif
}
