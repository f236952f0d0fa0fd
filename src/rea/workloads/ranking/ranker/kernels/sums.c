/* What is added up, and what is narrowed on its own. */

#include "common.h"

#define BLOCK 16

/* total += more. */
API long add(float *restrict total, const low *restrict more, long count) {
    for (long i = 0; i < count; i++) total[i] += wide(more[i]);
    return 0;
}

/* total (columns, rows) += the transpose of more (rows, columns). */
API long add_transposed(float *restrict total, const low *restrict more, long rows, long columns) {
    for (long begin = 0; begin < columns; begin += BLOCK) {
        long end = begin + BLOCK < columns ? begin + BLOCK : columns;
        for (long r = 0; r < rows; r++)
            for (long c = begin; c < end; c++) total[c * rows + r] += wide(more[r * columns + c]);
    }
    return 0;
}

/* total += more, which is one number for all where it is not ``by_row``. */
API long grow(float *restrict total, const float *restrict more, long count, long by_row) {
    if (by_row)
        for (long i = 0; i < count; i++) total[i] += more[i];
    else
        for (long i = 0; i < count; i++) total[i] += *more;
    return 0;
}

/* total += the sum of g. */
API long add_sum(const float *restrict g, long count, float *restrict total) {
    double lanes[BLOCK] = {0};
    for (long i = 0; i < count; i += BLOCK)
        for (long l = 0; l < BLOCK && i + l < count; l++) lanes[l] += g[i + l];
    for (long l = 1; l < BLOCK; l++) lanes[0] += lanes[l];
    *total += (float)lanes[0];
    return 0;
}

/* x in the type of products. */
API long narrowed(const float *restrict x, long count, low *restrict x_low) {
    narrow_row(x, count, x_low);
    return 0;
}
