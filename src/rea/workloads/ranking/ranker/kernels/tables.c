/* Lookups in embedding tables and their gradients. */

#include "common.h"

#define AHEAD 32 /* rows of a table that are fetched before their turn */

INLINE void fetch(const float *row, long dim) { /* its first line and its last */
    __builtin_prefetch(row);
    __builtin_prefetch(row + dim - 1);
}

INLINE long copy_rows(const float *table, const int32_t *rows, long count, long height, long dim, float *out) {
    for (long i = 0; i < count; i++) {
        if (i + AHEAD < count) fetch(table + rows[i + AHEAD] * dim, dim);
        if ((uint32_t)rows[i] >= (uint64_t)height) return -1;
        const float *from = table + rows[i] * dim;
        for (long d = 0; d < dim; d++) out[i * dim + d] = from[d];
    }
    return 0;
}

INLINE long add_rows(float *total, const int32_t *rows, long count, long dim, const float *by_row) {
    for (long i = 0; i < count; i++) {
        if (i + AHEAD < count) fetch(total + rows[i + AHEAD] * dim, dim);
        float *to = total + rows[i] * dim;
        for (long d = 0; d < dim; d++) to[d] += by_row[i * dim + d];
    }
    return 0;
}

/* out[i] = table[rows[i]]; -1 if there is no such row. */
API long gather(const float *restrict table, const int32_t *restrict rows, long count, long height, long dim, float *restrict out) {
    BY_DIM(copy_rows(table, rows, count, height, D, out))
}

/* total[rows[i]] += by_row[i], in order. */
API long scatter(float *restrict total, const int32_t *restrict rows, long count, long dim, const float *restrict by_row) {
    BY_DIM(add_rows(total, rows, count, D, by_row))
}

/* out[i] = the sum of the numbers at the ``fields`` places rows[i]; -1 if one is not in the table. */
API long gather_sum(const float *restrict table, const int32_t *restrict rows, long count, long fields, long height, float *restrict out) {
    for (long i = 0; i < count; i++) {
        float total = 0;
        for (long f = 0; f < fields; f++) {
            if ((uint32_t)rows[i * fields + f] >= (uint64_t)height) return -1;
            total += table[rows[i * fields + f]];
        }
        out[i] = total;
    }
    return 0;
}

/* Its gradient: total[each of rows[i]] += g[i], in order. */
API long scatter_sum(float *restrict total, const int32_t *restrict rows, long count, long fields, const float *restrict g) {
    for (long i = 0; i < count; i++)
        for (long f = 0; f < fields; f++) total[rows[i * fields + f]] += g[i];
    return 0;
}
