/* Gradients in the type of products that are added to wide ones. */

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
