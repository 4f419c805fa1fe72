package io.tatara.tornado;

import io.tatara.runtime.check.AbstractBackEndSuite;
import io.tatara.runtime.check.Options;

/**
 * The suite on TornadoVM's first device. Ragged and odd sizes are small ones: quick says nothing
 * less.
 */
class TornadoSuiteTest extends AbstractBackEndSuite {
    @Override
    protected String deviceName() {
        return "tornado:0";
    }

    @Override
    protected Options options() {
        return super.options().withSize(Options.Size.QUICK);
    }
}
