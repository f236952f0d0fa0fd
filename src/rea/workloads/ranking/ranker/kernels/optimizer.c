/* Adam (1412.6980) with L2 and a moving average of weights, in one pass. */

#include "common.h"

#define BLOCK 1024 /* numbers that stay in the cache until they are averaged */

/* ``gradient`` is read; ``rate`` is corrected for the first moment, ``correct`` is the factor that the root of the second one needs;
 * ``average``, if there is one, goes towards the new values by ``share``. */
API long adam(float *restrict value, const float *restrict gradient, float *restrict first, float *restrict second, long count, float rate,
              float correct, float l2, float *restrict average, float share) {
    const float slow = 1e-3f, fast = 0.1f, least = 1e-8f; /* 1 - the betas, epsilon */
    for (long begin = 0; begin < count; begin += BLOCK) {
        long end = begin + BLOCK < count ? begin + BLOCK : count;
        for (long i = begin; i < end; i++) {
            float g = gradient[i] + l2 * value[i];
            first[i] += fast * (g - first[i]);
            second[i] += slow * (g * g - second[i]);
            value[i] -= rate * first[i] / (sqrtf(second[i]) * correct + least);
        }
        if (average)
            for (long i = begin; i < end; i++) average[i] += share * (value[i] - average[i]);
    }
    return 0;
}
