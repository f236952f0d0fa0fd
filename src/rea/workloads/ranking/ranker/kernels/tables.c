/* Rows of a batch, lookups in embedding tables and their gradients. An id of field f stands for row offset[f] + id of its table. */

#include "common.h"

#define AHEAD 4 /* rows of a batch whose lookups are fetched before their turn */
#define FAR 40  /* and where each is one lookup */

INLINE void fetch(const float *row, long dim) { /* its first line and its last */
    __builtin_prefetch(row);
    __builtin_prefetch(row + dim - 1);
}

INLINE long take_rows(const int32_t *restrict source, const int64_t *restrict index, long count, long height, long width, int32_t *restrict out) {
    for (long i = 0; i < count; i++) {
        if (i + FAR < count) fetch((const float *)source + index[i + FAR] * width, width);
        if ((uint64_t)index[i] >= (uint64_t)height) return -1;
        for (long w = 0; w < width; w++) out[i * width + w] = source[index[i] * width + w];
    }
    return 0;
}

/* out[i] = source[index[i]], rows of ``dim`` numbers of four bytes; -1 if there is no such row. */
API long take(const int32_t *source, const int64_t *index, long count, long height, long dim, int32_t *out) {
    BY_DIM(take_rows(source, index, count, height, D, out))
}

INLINE long copy_rows(const float *restrict table, const int32_t *restrict ids, const int32_t *restrict offsets, long rows, long fields,
                      long height, long dim, float *restrict out) {
    for (long r = 0; r < rows; r++, ids += fields)
        for (long f = 0; f < fields; f++, out += dim) {
            if (r + AHEAD < rows) fetch(table + (ids[AHEAD * fields + f] + offsets[f]) * (long)dim, dim);
            long row = ids[f] + offsets[f];
            if ((uint64_t)row >= (uint64_t)height) return -1;
            for (long d = 0; d < dim; d++) out[d] = table[row * dim + d];
        }
    return 0;
}

INLINE long add_rows(float *restrict total, const int32_t *restrict ids, const int32_t *restrict offsets, long rows, long fields, long dim,
                     const float *restrict by_out) {
    for (long r = 0; r < rows; r++, ids += fields)
        for (long f = 0; f < fields; f++, by_out += dim) {
            if (r + AHEAD < rows) fetch(total + (ids[AHEAD * fields + f] + offsets[f]) * (long)dim, dim);
            float *to = total + (ids[f] + offsets[f]) * (long)dim, sum[dim]; /* read and written in equal parts, the sum is there sooner */
            for (long d = 0; d < dim; d++) sum[d] = to[d] + by_out[d];
            memcpy(to, sum, dim * sizeof *to);
        }
    return 0;
}

/* out (rows, fields, dim) = the table's rows of ids (rows, fields); -1 if there is no such row. */
API long gather(const float *table, const int32_t *ids, const int32_t *offsets, long rows, long fields, long height, long dim, float *out) {
    BY_DIM(copy_rows(table, ids, offsets, rows, fields, height, D, out))
}

/* total[each of ids] += its part of by_out (rows, fields, dim), in order. */
API long scatter(float *total, const int32_t *ids, const int32_t *offsets, long rows, long fields, long height, long dim, const float *by_out) {
    BY_DIM(add_rows(total, ids, offsets, rows, fields, D, by_out))
}

/* out (rows) = the sums over fields of a table whose ``dim`` is 1; -1 if there is no such row. */
API long gather_sum(const float *restrict table, const int32_t *restrict ids, const int32_t *restrict offsets, long rows, long fields,
                    long height, long dim, float *restrict out) {
    for (long r = 0; r < rows; r++, ids += fields) {
        float total = 0;
        for (long f = 0; f < fields; f++) {
            long row = ids[f] + offsets[f];
            if ((uint64_t)row >= (uint64_t)height) return -1;
            total += table[row];
        }
        out[r] = total;
    }
    return 0;
}

/* total[each of ids] += by_out[its row], in order. */
API long scatter_sum(float *restrict total, const int32_t *restrict ids, const int32_t *restrict offsets, long rows, long fields,
                     long height, long dim, const float *restrict by_out) {
    for (long r = 0; r < rows; r++, ids += fields)
        for (long f = 0; f < fields; f++) total[ids[f] + offsets[f]] += by_out[r];
    return 0;
}
