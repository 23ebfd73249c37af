/** {@code unwrite chaos}: a pair under load and under faults that one seed decides, and the verdict on what it did. */
@NullMarked
package dev.unwrite.chaos.campaign;

import org.jspecify.annotations.NullMarked;
