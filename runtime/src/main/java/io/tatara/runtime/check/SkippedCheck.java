package io.tatara.runtime.check;

import io.tatara.kernels.check.Case;

/** A check that is left out, and why. */
final class SkippedCheck extends Check {
    private final String reason;

    SkippedCheck(Case c, Result.Kind kind, String reason) {
        super(null, c, kind);
        this.reason = reason;
    }

    @Override
    Finding find() {
        throw new IllegalStateException("a skipped check has nothing to find");
    }

    @Override
    public Result run() {
        return result(
                Result.Status.SKIPPED, Double.NaN, Double.NaN, "", System.nanoTime(), reason, null);
    }
}
