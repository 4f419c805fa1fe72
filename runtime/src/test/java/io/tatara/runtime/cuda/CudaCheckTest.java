package io.tatara.runtime.cuda;

import io.tatara.runtime.check.AbstractBackEndSuite;
import io.tatara.runtime.check.Options;

/** The suite that every back end must pass, gradients included: the smallest case of each op. */
public class CudaCheckTest extends AbstractBackEndSuite {
    @Override
    protected String deviceName() {
        return "cuda";
    }

    @Override
    protected Options options() {
        return super.options().withSize(Options.Size.SMALLEST);
    }
}
